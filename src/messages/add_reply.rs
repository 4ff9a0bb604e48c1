//! Replies as they are put into the line: empty ones, and those that are carried on.

use super::{
    pace::Most,
    rows::{Chat, Message},
};
use crate::{
    db::{Db, Legible, Tx},
    error::{Error, Refusal, Result},
    ids::{ChatId, MessageId},
    presets::Preset,
    time::now,
    users::User,
    with_tx,
};

impl Db {
    /// Makes a reply to a person's message that has none.
    ///
    /// # Errors
    /// When the message is not there, the reply is refused, or the database fails.
    pub async fn add_answer(
        &self,
        user: &User,
        chat: &Chat,
        asked: &Message,
        most: Most,
    ) -> Result<MessageId> {
        let mut tx = self.begin().await?;
        tx.last_message(user, chat).await?;
        if let Some(refusal) = as_end(&mut tx, chat.id, asked.id, asked.id).await? {
            return Err(refusal.into());
        }
        let key = MessageId::new();
        let reply = add_reply(&mut tx, user, chat.id, asked.id, key, None, most).await?;
        tx.commit().await?;
        Ok(reply)
    }

    /// Makes another reply to the message that this one answers, beside it. Its key is that of the
    /// form, which may come twice.
    ///
    /// # Errors
    /// When the reply is refused, or the database fails.
    pub async fn add_attempt(
        &self,
        user: &User,
        chat: &Chat,
        ended: &Message,
        key: MessageId,
        model: Option<&str>,
        most: Most,
    ) -> Result<MessageId> {
        let mut tx = self.begin().await?;
        tx.last_message(user, chat).await?;
        if !tx.is_there(ended.id).await? {
            return Err(Error::NotFound);
        }
        let parent = ended.parent_id.ok_or(Error::NotFound)?;
        if is_being_answered(&mut tx, chat.id, parent).await? {
            // Another tab was faster.
            return Err(Refusal::StillReplying.into());
        }
        let reply = add_reply(&mut tx, user, chat.id, parent, key, model, most).await?;
        tx.commit().await?;
        Ok(reply)
    }

    /// Puts a reply into the line again, to be carried on from the text it has.
    ///
    /// # Errors
    /// When that is refused, or the database fails.
    pub async fn continue_reply(
        &self,
        user: &User,
        chat: &Chat,
        reply: &Message,
        most: Most,
    ) -> Result<MessageId> {
        let mut tx = self.begin().await?;
        tx.last_message(user, chat).await?;
        if let Some(refusal) = as_end(&mut tx, chat.id, reply.id, reply.id).await? {
            return Err(refusal.into());
        }
        let parent = reply.parent_id.ok_or(Error::NotFound)?;
        if is_being_answered(&mut tx, chat.id, parent).await? {
            return Err(Refusal::StillReplying.into());
        }
        tx.count_request(user, most).await?;
        if !tx.continue_reply(reply.id).await? {
            return Err(Refusal::StillReplying.into());
        }
        tx.set_leaf(chat.id, Some(reply.id)).await?;
        tx.commit().await?;
        Ok(reply.id)
    }
}

/// Tells what keeps something from being put under this message, if anything: no branch of the chat
/// ends with it, apart from a new one that is there already, or it is still being written.
pub(crate) async fn as_end(
    tx: &mut Tx,
    chat: ChatId,
    message: MessageId,
    new: MessageId,
) -> Result<Option<Refusal>> {
    let sql = "select m.state in ('queued', 'streaming') as is_running, exists (
                   select 1 from messages c where c.chat_id = $2 and c.parent_id = m.id
                   and c.id <> $3 and c.deleted_at is null) as has_gone_on
               from messages m where m.id = $1 and m.chat_id = $2 and m.deleted_at is null";
    let end: Option<(bool, bool)> = with_tx!(*tx, db => sqlx::query_as(sql)
        .bind(message)
        .bind(chat)
        .bind(new)
        .fetch_optional(db)
        .await?);
    Ok(match end {
        Some((false, false)) => None,
        Some((true, false)) => Some(Refusal::StillReplying),
        Some((_, true)) | None => Some(Refusal::GoneOn),
    })
}

/// Tells whether a reply to this message runs or waits.
async fn is_being_answered(tx: &mut Tx, chat: ChatId, message: MessageId) -> Result<bool> {
    let sql = "select exists (select 1 from messages where chat_id = $1 and parent_id = $2
               and deleted_at is null and state in ('queued', 'streaming'))";
    Ok(with_tx!(*tx, db => sqlx::query_scalar(sql)
        .bind(chat)
        .bind(message)
        .fetch_one(db)
        .await?))
}

/// Inserts an empty reply under a message, by this model or the chat's, at the end of the line, and
/// makes it the chat's leaf.
pub(crate) async fn add_reply(
    tx: &mut Tx,
    user: &User,
    chat: ChatId,
    parent: MessageId,
    reply: MessageId,
    model: Option<&str>,
    most: Most,
) -> Result<MessageId> {
    tx.count_request(user, most).await?;
    // Until it is asked, the model is named that will be.
    let sql = "select preset from chats where id = $1";
    let preset: Legible =
        with_tx!(*tx, db => sqlx::query_scalar(sql).bind(chat).fetch_one(db).await?);
    let usual = Preset::from(preset).model;
    let sql =
        "insert into messages (id, chat_id, user_id, parent_id, role, body, state, created_at,
                   queued_at, asked_model, model)
               values ($1, $2, $6, $3, 'assistant', '', 'queued', $4, $4, $5, coalesce($5, $7))
               on conflict (id) do nothing";
    let added = with_tx!(*tx, db => sqlx::query(sql)
        .bind(reply)
        .bind(chat)
        .bind(parent)
        .bind(now())
        .bind(model)
        .bind(user.id)
        .bind(usual)
        .execute(db)
        .await?.rows_affected());
    if added == 0 {
        // The same form came before.
        return Err(Refusal::GoneOn.into());
    }
    tx.set_leaf(chat, Some(reply)).await?;
    Ok(reply)
}
