//! The tree of a chat's messages. It is walked by the database, one level after the other and so many
//! levels at most, and only what is shown is loaded.

use super::rows::{Message, message_columns};
use crate::{
    db::{Db, Tx},
    error::Result,
    ids::{ChatId, MessageId},
    with_pool, with_tx,
};

/// Most levels that are walked. It also ends a walk in a circle.
pub(crate) const LEVELS: i64 = 100_000;

/// A statement about a branch of the chat `$1`, walked up from the message `$2`, at most `$3`
/// levels, or to the message that is named: each message's `id` and `parent_id`, and as its `depth`
/// how many levels that took.
macro_rules! branch {
    (to $end:literal, $($rest:tt)+) => { branch!(@ concat!("and branch.id <> ", $end), $($rest)+) };
    (@ $stop:expr, $($rest:tt)+) => {
        concat!(
            "with recursive branch (id, parent_id, depth) as (
                 select id, parent_id, 1 from messages
                 where id = $2 and chat_id = $1 and deleted_at is null
                 union all
                 select m.id, m.parent_id, depth + 1 from branch
                 join messages m on m.id = branch.parent_id
                 where m.chat_id = $1 and depth < $3 ",
            $stop,
            ") ",
            $($rest)+
        )
    };
    ($($rest:tt)+) => { branch!(@ "", $($rest)+) };
}

pub(crate) use branch;

impl Db {
    /// The newest messages of the branch that ends here, at most so many, from the earliest.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn branch_end(
        &self,
        chat: ChatId,
        leaf: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let sql = branch!(
            "select ",
            message_columns!(),
            " from branch join messages m on m.id = branch.id order by depth desc"
        );
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(chat)
            .bind(leaf)
            .bind(i64::try_from(limit).unwrap_or(LEVELS).min(LEVELS))
            .fetch_all(db)
            .await?))
    }

    /// Counts the messages of the branch that ends here.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn branch_length(
        &self,
        chat: ChatId,
        leaf: Option<MessageId>,
    ) -> Result<usize> {
        let sql = branch!("select count(*) from branch");
        let length: i64 = with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(leaf)
            .bind(LEVELS)
            .fetch_one(db)
            .await?);
        Ok(usize::try_from(length).unwrap_or(0))
    }

    /// Tells whether the chat has this message.
    pub(crate) async fn is_in(&self, chat: ChatId, message: MessageId) -> Result<bool> {
        let sql = "select exists (select 1 from messages
                   where id = $2 and chat_id = $1 and deleted_at is null)";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(message)
            .fetch_one(db)
            .await?))
    }

    /// The end of the newest branch below a message; none if the chat has no such message.
    pub(crate) async fn newest_below(
        &self,
        chat: ChatId,
        message: MessageId,
    ) -> Result<Option<MessageId>> {
        Ok(with_pool!(self.read, db => sqlx::query_scalar(NEWEST_BELOW)
            .bind(chat)
            .bind(message)
            .bind(LEVELS)
            .fetch_optional(db)
            .await?))
    }
}

/// The end of the newest branch below the message `$2` of the chat `$1`.
const NEWEST_BELOW: &str = "with recursive down (id, depth) as (
        select id, 1 from messages where id = $2 and chat_id = $1 and deleted_at is null
        union all
        select (select c.id from messages c
                where c.chat_id = $1 and c.parent_id = down.id and c.deleted_at is null
                order by c.id desc limit 1), depth + 1
        from down where down.id is not null and depth < $3
    ) select id from down where id is not null order by depth desc limit 1";

impl Tx {
    /// The end of the newest branch below a message, which is this message if nothing is.
    pub(crate) async fn newest_below(
        &mut self,
        chat: ChatId,
        message: MessageId,
    ) -> Result<Option<MessageId>> {
        Ok(with_tx!(*self, db => sqlx::query_scalar(NEWEST_BELOW)
            .bind(chat)
            .bind(message)
            .bind(LEVELS)
            .fetch_optional(db)
            .await?))
    }
}
