//! The tree of a chat's messages: which of them a page shows. It is walked by the database, one
//! level after the other and so many levels at most, and only what is shown is loaded.

use super::{Chat, ChatId, Message, MessageId};
use crate::{
    db::{Db, Tx},
    error::{Error, Result},
    with_pool, with_tx,
};

/// How many messages a page shows. More than anybody sees without scrolling far, and few enough that
/// a page of them is made and drawn in a moment.
pub(super) const WINDOW: usize = 50;

/// How many of them are after the one that was asked for, where that is not among the newest.
const AFTER: usize = WINDOW / 2;

/// How many levels are walked. It also ends a walk in a circle.
pub(super) const LEVELS: i64 = 100_000;

/// The part of a branch that a page shows.
pub(super) struct Window {
    pub messages: Vec<Message>,
    /// The message at the branch's end.
    pub leaf: Option<MessageId>,
    /// There are earlier messages than these.
    pub has_earlier: bool,
    /// The first message after these.
    pub later: Option<MessageId>,
}

/// A message's place among those that follow the same one.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Siblings {
    pub id: MessageId,
    pub place: i64,
    pub count: i64,
    pub previous: Option<MessageId>,
    pub next: Option<MessageId>,
}

/// What is to be done with a branch of the chat `$1`, walked up from the message `$2`, at most `$3`
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
pub(super) use branch;

/// The columns of a [`Message`] `m`.
macro_rules! columns {
    () => {
        "m.id, m.parent_id, m.role, m.body, m.reasoning, m.state, m.problem, m.model, m.dropped,
         m.prompt_tokens, m.completion_tokens, m.is_estimate, m.written_in, m.ended_at"
    };
}
pub(super) use columns;

/// A message's siblings, where the condition says which those are.
macro_rules! siblings {
    ($same:literal) => {
        concat!(
            "select b.id,
                 (select count(*) from messages s where s.chat_id = $1 and ",
            $same,
            "         and s.id <= b.id and s.deleted_at is null) as place,
                 (select count(*) from messages s where s.chat_id = $1 and ",
            $same,
            "         and s.deleted_at is null) as count,
                 (select s.id from messages s where s.chat_id = $1 and ",
            $same,
            "         and s.id < b.id and s.deleted_at is null order by s.id desc limit 1) as previous,
                 (select s.id from messages s where s.chat_id = $1 and ",
            $same,
            "         and s.id > b.id and s.deleted_at is null order by s.id limit 1) as next
             from branch b where exists (select 1 from messages s where s.chat_id = $1 and ",
            $same,
            "         and s.id <> b.id and s.deleted_at is null)"
        )
    };
}

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
            columns!(),
            " from branch join messages m on m.id = branch.id order by depth desc"
        );
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(chat)
            .bind(leaf)
            .bind(i64::try_from(limit).unwrap_or(LEVELS).min(LEVELS))
            .fetch_all(db)
            .await?))
    }

    /// How many messages the branch has that ends here.
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

    /// The newest messages of the branch that ends here.
    pub(super) async fn window(&self, chat: ChatId, leaf: Option<MessageId>) -> Result<Window> {
        let mut messages = self.branch_end(chat, leaf, WINDOW + 1).await?;
        let has_earlier = messages.len() > WINDOW;
        if has_earlier {
            messages.remove(0);
        }
        Ok(Window {
            messages,
            leaf,
            has_earlier,
            later: None,
        })
    }

    /// The branch that goes through this message, where it shows the message.
    ///
    /// # Errors
    /// When the message is not in the chat.
    pub(super) async fn window_at(&self, chat: &Chat, message: MessageId) -> Result<Window> {
        let (leaf, way) = self.way_down(chat, message).await?;
        if way.len() <= WINDOW {
            return self.window(chat.id, Some(leaf)).await;
        }
        let last = way.get(AFTER - 1).copied();
        let window = self.window(chat.id, last).await?;
        Ok(Window {
            leaf: Some(leaf),
            later: way.get(AFTER).copied(),
            ..window
        })
    }

    /// The messages before this one, of the branch that goes through it.
    ///
    /// # Errors
    /// When the message is not in the chat.
    pub(super) async fn window_before(&self, chat: &Chat, message: MessageId) -> Result<Window> {
        let (leaf, _) = self.way_down(chat, message).await?;
        let parent = self.message(message).await?.parent_id;
        Ok(Window {
            leaf: Some(leaf),
            later: Some(message),
            ..self.window(chat.id, parent).await?
        })
    }

    /// The message at the end of the branch that goes through this one.
    ///
    /// # Errors
    /// When the message is not in the chat.
    pub(super) async fn leaf_through(&self, chat: &Chat, message: MessageId) -> Result<MessageId> {
        Ok(self.way_down(chat, message).await?.0)
    }

    /// Whether the chat has this message.
    pub(super) async fn is_in(&self, chat: ChatId, message: MessageId) -> Result<bool> {
        let sql = "select exists (select 1 from messages
                   where id = $2 and chat_id = $1 and deleted_at is null)";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(message)
            .fetch_one(db)
            .await?))
    }

    /// The end of the branch that goes through this message, and the first messages on the way there
    /// from it. That is the chat's own branch where it is part of that, else the newest one.
    async fn way_down(
        &self,
        chat: &Chat,
        message: MessageId,
    ) -> Result<(MessageId, Vec<MessageId>)> {
        if let Some(leaf) = chat.leaf {
            let way = self.way(chat.id, message, leaf).await?;
            if way.first() == Some(&message) {
                return Ok((leaf, way));
            }
        }
        let leaf = self.newest_below(chat.id, message).await?;
        let leaf = leaf.ok_or(Error::NotFound)?;
        Ok((leaf, self.way(chat.id, message, leaf).await?))
    }

    /// The first messages from one message down to another one; of something else if there is no way.
    async fn way(&self, chat: ChatId, from: MessageId, to: MessageId) -> Result<Vec<MessageId>> {
        let sql = branch!(to "$4", "select id from branch order by depth desc limit $5");
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(to)
            .bind(LEVELS)
            .bind(from)
            .bind(i64::try_from(WINDOW + 1).unwrap_or(LEVELS))
            .fetch_all(db)
            .await?))
    }

    /// The end of the newest branch below a message; none if the chat has no such message.
    async fn newest_below(&self, chat: ChatId, message: MessageId) -> Result<Option<MessageId>> {
        Ok(with_pool!(self.read, db => sqlx::query_scalar(NEWEST_BELOW)
            .bind(chat)
            .bind(message)
            .bind(LEVELS)
            .fetch_optional(db)
            .await?))
    }

    /// The places among their siblings of those messages that have any, of the last ones of the
    /// branch that ends here.
    pub(super) async fn siblings(
        &self,
        chat: ChatId,
        last: MessageId,
        shown: usize,
    ) -> Result<Vec<Siblings>> {
        let sql = branch!(
            siblings!("s.parent_id = b.parent_id"),
            " union all ",
            siblings!("s.parent_id is null"),
            " and b.parent_id is null"
        );
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(chat)
            .bind(last)
            .bind(i64::try_from(shown).unwrap_or(LEVELS))
            .fetch_all(db)
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
    pub(super) async fn newest_below(
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
