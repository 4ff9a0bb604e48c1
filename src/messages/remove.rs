//! Deleting a message with all that follows it, for as long as it can be brought back.

use super::rows::Chat;
use crate::{
    db::{Db, Tx},
    error::Result,
    ids::{ChatId, MessageId},
    time::now,
    users::User,
    with_pool, with_tx,
};

/// A statement about the message `$2` of the chat `$1` and all below it that is there, whatever goes
/// round in a circle; for SQLite and for PostgreSQL. Each must be kept from looking through the whole
/// chat at each level: SQLite keeps the order of a cross join, and PostgreSQL a subquery with an offset.
macro_rules! below {
    ($rest:literal) => {
        [
            below!("messages m", $rest),
            below!(
                "lateral (select * from messages c where c.chat_id = $1
                     and c.parent_id = below.id offset 0) m",
                $rest
            ),
        ]
    };
    ($children:literal, $rest:literal) => {
        concat!(
            "with recursive below (id) as (
                 select id from messages where id = $2 and chat_id = $1 and deleted_at is null
                 union
                 select m.id from below cross join ",
            $children,
            "    where m.chat_id = $1 and m.parent_id = below.id and m.deleted_at is null
             ) ",
            $rest
        )
    };
}

/// Characters of a message that are shown in a question about it.
pub(crate) const EXCERPT: usize = 200;

impl Db {
    /// Counts the messages from this one down.
    pub(crate) async fn count_below(&self, chat: ChatId, message: MessageId) -> Result<i64> {
        let sql = below!("select count(*) from below")[usize::from(self.is_shared())];
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(message)
            .fetch_one(db)
            .await?))
    }

    /// Deletes a message with all below it, if it is still there; the replies of these that are being
    /// made are returned.
    pub(crate) async fn delete_message(
        &self,
        user: &User,
        chat: &Chat,
        message: MessageId,
    ) -> Result<Vec<MessageId>> {
        let mut tx = self.begin().await?;
        let leaf = tx.lock_chat(user, chat.id).await?;
        let sql = below!(
            "update messages set deleted_at = $3, deleted_with = $2
             where id in (select id from below)"
        )[usize::from(self.is_shared())];
        with_tx!(tx, db => sqlx::query(sql)
            .bind(chat.id)
            .bind(message)
            .bind(now())
            .execute(db)
            .await?
            .rows_affected());
        let sql = "select id from messages where chat_id = $1 and deleted_with = $2
                   and state in ('queued', 'streaming')";
        let running = with_tx!(tx, db => sqlx::query_scalar(sql)
            .bind(chat.id)
            .bind(message)
            .fetch_all(db)
            .await?);
        if let Some(leaf) = leaf
            && !tx.is_there(leaf).await?
        {
            let leaf = tx.left_over(chat.id, message).await?;
            tx.set_leaf(chat.id, leaf).await?;
        }
        tx.commit().await?;
        Ok(running)
    }
}

impl Tx {
    /// The end of what is nearest to a message that was deleted: the newest branch from what it hung
    /// on, or of what else the chat begins with.
    pub(crate) async fn left_over(
        &mut self,
        chat: ChatId,
        deleted: MessageId,
    ) -> Result<Option<MessageId>> {
        let sql = "select coalesce(d.parent_id, (
                       select s.id from messages s where s.chat_id = $1 and s.parent_id is null
                       and s.deleted_at is null order by s.id desc limit 1))
                   from messages d where d.id = $2";
        let near: Option<MessageId> = with_tx!(*self, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(deleted)
            .fetch_one(db)
            .await?);
        match near {
            Some(near) => self.newest_below(chat, near).await,
            None => Ok(None),
        }
    }
}
