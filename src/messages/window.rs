//! The part of a chat's tree that a page shows.

use super::{
    rows::{Chat, Message},
    tree::{LEVELS, branch},
};
use crate::{
    db::Db,
    error::{Error, Result},
    ids::{ChatId, MessageId},
    with_pool,
};

/// Most messages on a page. More than anybody sees without scrolling far, and few enough that a page
/// of them is made and drawn in a moment.
const WINDOW: usize = 50;

/// Those of them after the one that was asked for, where that is not among the newest.
const AFTER: usize = WINDOW / 2;

/// The part of a branch that a page shows.
pub(crate) struct Window {
    pub messages: Vec<Message>,
    /// The message at the branch's end.
    pub leaf: Option<MessageId>,
    /// There are earlier messages than these.
    pub has_earlier: bool,
    /// The first message after these.
    pub later: Option<MessageId>,
}

impl Db {
    /// The newest messages of the branch that ends here.
    pub(crate) async fn window(&self, chat: ChatId, leaf: Option<MessageId>) -> Result<Window> {
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
    pub(crate) async fn window_at(&self, chat: &Chat, message: MessageId) -> Result<Window> {
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
    pub(crate) async fn window_before(&self, chat: &Chat, message: MessageId) -> Result<Window> {
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
    pub(crate) async fn leaf_through(&self, chat: &Chat, message: MessageId) -> Result<MessageId> {
        Ok(self.way_down(chat, message).await?.0)
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
}
