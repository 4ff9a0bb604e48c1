//! Messages as they are added to a chat, each with the reply that is to be made.

use super::{
    add_reply::{add_reply, as_end},
    pace::Most,
    rows::{Chat, Message},
};
use crate::{
    db::{Db, Tx},
    error::{Error, Refusal, Result},
    ids::{ChatId, MessageId},
    time::now,
    users::User,
    with_pool, with_tx,
};

/// A message that is being sent.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The key it will have: that of the form, which may come twice.
    pub key: MessageId,
    /// The message it was written under, at the end of the branch that its page showed; `None` for
    /// a page that does not tell.
    pub seen: Option<MessageId>,
    /// The text.
    pub text: String,
    /// The most that its person may ask for.
    pub most: Most,
}

/// A message that was taken, and the reply that is now to be made.
pub struct Exchange {
    /// The chat it is in.
    pub chat: ChatId,
    /// The reply; `None` when this very form had been sent before.
    pub reply: Option<MessageId>,
}

impl Db {
    /// Adds a message at the end of a branch, and the reply to it, which waits in line.
    ///
    /// # Errors
    /// When the message is not taken, or the database fails.
    pub async fn add_message(
        &self,
        user: &User,
        chat: &Chat,
        new: &NewMessage,
    ) -> Result<Exchange> {
        let mut tx = self.begin().await?;
        let leaf = tx.last_message(user, chat).await?;
        let parent = new.seen.or(leaf);
        let refusal = match parent {
            Some(parent) => as_end(&mut tx, chat.id, parent, new.key).await?,
            None => None,
        };
        let parent = parent.filter(|_| refusal.is_none());
        let reply = add_exchange(&mut tx, user, chat.id, parent, new).await?;
        // A form that came before is answered as it was then.
        if let (Some(_), Some(refusal)) = (reply, refusal) {
            return Err(refusal.into());
        }
        self.settle(tx, user, chat.id, new, reply).await
    }

    /// Adds a message beside another one, as another version of it, and the reply to it.
    ///
    /// # Errors
    /// When the other one is not there, the message is not taken, or the database fails.
    pub async fn add_beside(
        &self,
        user: &User,
        chat: &Chat,
        other: &Message,
        new: &NewMessage,
    ) -> Result<Exchange> {
        let mut tx = self.begin().await?;
        tx.last_message(user, chat).await?;
        if !tx.is_there(other.id).await? {
            return Err(Error::NotFound);
        }
        let reply = add_exchange(&mut tx, user, chat.id, other.parent_id, new).await?;
        self.settle(tx, user, chat.id, new, reply).await
    }

    /// Keeps what was taken. A message that is there already came with the same form before: it is
    /// told where that one went.
    pub(crate) async fn settle(
        &self,
        tx: Tx,
        user: &User,
        chat: ChatId,
        new: &NewMessage,
        reply: Option<MessageId>,
    ) -> Result<Exchange> {
        if reply.is_some() {
            tx.commit().await?;
            return Ok(Exchange { chat, reply });
        }
        drop(tx);
        // A page that came back from the browser's memory has its old key, and maybe a new text.
        let sql = "select c.id from chats c join messages m on m.chat_id = c.id
                   where m.id = $1 and c.user_id = $2 and m.body = $3";
        let before = with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(new.key)
            .bind(user.id)
            .bind(&new.text)
            .fetch_optional(db)
            .await?);
        let chat = before.ok_or(Refusal::KeyUsed)?;
        Ok(Exchange { chat, reply })
    }
}

/// Inserts a message and the reply to it, the reply's key in return; none when this message is
/// there already.
pub(crate) async fn add_exchange(
    tx: &mut Tx,
    user: &User,
    chat: ChatId,
    parent: Option<MessageId>,
    new: &NewMessage,
) -> Result<Option<MessageId>> {
    let sql =
        "insert into messages (id, chat_id, user_id, parent_id, role, body, state, created_at)
               values ($1, $2, $6, $3, 'user', $4, 'complete', $5) on conflict (id) do nothing";
    let added = with_tx!(*tx, db => sqlx::query(sql)
        .bind(new.key)
        .bind(chat)
        .bind(parent)
        .bind(&new.text)
        .bind(now())
        .bind(user.id)
        .execute(db)
        .await?
        .rows_affected());
    if added == 0 {
        return Ok(None);
    }
    let reply = MessageId::new();
    let reply = add_reply(tx, user, chat, new.key, reply, None, new.most).await?;
    Ok(Some(reply))
}
