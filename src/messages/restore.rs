//! Deleted messages: bringing them back, and erasing them for good.

use super::rows::{Chat, Role, chat_columns};
use crate::{
    db::{DELETE_BATCH, Db},
    error::Result,
    ids::{ChatId, MessageId},
    time::now,
    users::User,
    with_pool, with_tx,
};
use std::time::Duration;

/// Time for which a deleted message can be restored.
pub(crate) const UNDO: Duration = Duration::from_secs(3600);

/// Delay after which it is then gone for good: the clocks of several servers differ a little.
pub(crate) const LATER: Duration = Duration::from_secs(300);

/// The result of restoring a message.
pub(crate) enum Restored {
    /// It is there, or was there already.
    Yes,
    /// Its parent is deleted, too.
    Orphan,
    /// It was deleted too long ago.
    TooLate,
}

/// Messages that were deleted at once.
#[derive(sqlx::FromRow)]
pub(crate) struct Deleted {
    /// The message at its top.
    pub(crate) deleted_with: MessageId,
    /// The parent of that one.
    pub(crate) parent_id: Option<MessageId>,
    pub(crate) count: i64,
}

impl Db {
    /// The user's chat that a message is in, even if that is deleted, and whose the message is.
    pub(crate) async fn chat_with(&self, user: &User, message: MessageId) -> Result<(Chat, Role)> {
        let sql = concat!(
            "select ",
            chat_columns!(),
            ", m.role from chats c
             join messages m on m.chat_id = c.id where m.id = $1 and c.user_id = $2"
        );
        #[derive(sqlx::FromRow)]
        struct Row {
            #[sqlx(flatten)]
            chat: Chat,
            role: Role,
        }
        let row: Row = with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(message)
            .bind(user.id)
            .fetch_one(db)
            .await?);
        Ok((row.chat, row.role))
    }

    /// Returns what a message was deleted with, if it was.
    pub(crate) async fn deleted(
        &self,
        chat: ChatId,
        message: MessageId,
    ) -> Result<Option<Deleted>> {
        let sql = "select m.deleted_with, top.parent_id, (
                       select count(*) from messages o where o.chat_id = $1
                       and o.deleted_at = m.deleted_at and o.deleted_with = m.deleted_with) as count
                   from messages m join messages top on top.id = m.deleted_with
                   where m.id = $2 and m.chat_id = $1 and m.deleted_at is not null";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(chat)
            .bind(message)
            .fetch_optional(db)
            .await?))
    }

    /// Brings back a message with all that was deleted with it.
    pub(crate) async fn restore_message(
        &self,
        user: &User,
        chat: &Chat,
        message: MessageId,
    ) -> Result<Restored> {
        let mut tx = self.begin().await?;
        tx.lock_chat(user, chat.id).await?;
        if tx.is_there(message).await? {
            return Ok(Restored::Yes);
        }
        let sql = "select parent_id, deleted_at, deleted_with from messages where id = $1";
        let (parent, deleted_at, deleted_with): (Option<MessageId>, i64, Option<MessageId>) =
            with_tx!(tx, db => sqlx::query_as(sql).bind(message).fetch_one(db).await?);
        if deleted_with != Some(message) {
            return Ok(Restored::Orphan);
        }
        if let Some(parent) = parent
            && !tx.is_there(parent).await?
        {
            return Ok(Restored::Orphan);
        }
        if deleted_at < now() - micros(UNDO) {
            return Ok(Restored::TooLate);
        }
        // Not what was deleted below it before: that had its own reason.
        let sql = "update messages set deleted_at = null, deleted_with = null
                   where chat_id = $1 and deleted_at = $2 and deleted_with = $3";
        with_tx!(tx, db => sqlx::query(sql)
            .bind(chat.id)
            .bind(deleted_at)
            .bind(message)
            .execute(db)
            .await?
            .rows_affected());
        let leaf = tx.newest_below(chat.id, message).await?;
        tx.set_leaf(chat.id, leaf).await?;
        tx.commit().await?;
        Ok(Restored::Yes)
    }

    /// Deletes for good what can no longer be brought back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge_messages(&self) -> Result<()> {
        let before = now() - micros(UNDO + LATER);
        // First each by itself: one would take the next with it and so on, deeper than SQLite goes.
        for sql in [
            "update messages set parent_id = null where id in (
                 select id from messages where deleted_at < $1 and parent_id is not null limit $2)",
            "delete from messages where id in (
                 select id from messages where deleted_at < $1
                 and state not in ('queued', 'streaming') limit $2)",
        ] {
            while with_pool!(self.writer()?, db => sqlx::query(sql)
                .bind(before)
                .bind(DELETE_BATCH)
                .execute(db)
                .await?
                .rows_affected())
                > 0
            {}
        }
        Ok(())
    }
}

pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
