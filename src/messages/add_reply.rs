//! Replies as they are put into the line: empty ones, and those that are carried on.

use super::{
    pace::Most,
    refusal::NotTaken,
    rows::{Chat, Message},
};
use crate::{
    db::{Db, Legible, Tx},
    error::{Error, Result},
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
    /// When the message is not there. In it, what keeps the reply from being made.
    pub async fn add_answer(
        &self,
        user: &User,
        chat: &Chat,
        asked: &Message,
        most: Most,
    ) -> Result<Result<MessageId, NotTaken>> {
        let mut tx = self.begin().await?;
        tx.last_message(user, chat).await?;
        if let Err(not_taken) = as_end(&mut tx, chat.id, asked.id, asked.id).await? {
            return Ok(Err(not_taken));
        }
        let key = MessageId::new();
        let taken = add_reply(&mut tx, user, chat.id, asked.id, key, None, most).await?;
        if taken.is_ok() {
            tx.commit().await?;
        }
        Ok(taken)
    }

    /// Makes another reply to the message that this one answers, beside it. Its key is that of the
    /// form, which may come twice.
    ///
    /// # Errors
    /// When the database fails. In it, what keeps the reply from being made.
    pub async fn add_attempt(
        &self,
        user: &User,
        chat: &Chat,
        ended: &Message,
        key: MessageId,
        model: Option<&str>,
        most: Most,
    ) -> Result<Result<MessageId, NotTaken>> {
        let mut tx = self.begin().await?;
        tx.last_message(user, chat).await?;
        if !tx.is_there(ended.id).await? {
            return Err(Error::NotFound);
        }
        let parent = ended.parent_id.ok_or(Error::NotFound)?;
        if is_being_answered(&mut tx, chat.id, parent).await? {
            // Another tab was faster.
            return Ok(Err(NotTaken::StillReplying));
        }
        let taken = add_reply(&mut tx, user, chat.id, parent, key, model, most).await?;
        if taken.is_ok() {
            tx.commit().await?;
        }
        Ok(taken)
    }

    /// Puts a reply into the line again, to be carried on from the text it has.
    ///
    /// # Errors
    /// When the database fails. In it, what keeps it from going on.
    pub async fn continue_reply(
        &self,
        user: &User,
        chat: &Chat,
        reply: &Message,
        most: Most,
    ) -> Result<Result<MessageId, NotTaken>> {
        let mut tx = self.begin().await?;
        tx.last_message(user, chat).await?;
        if let Err(not_taken) = as_end(&mut tx, chat.id, reply.id, reply.id).await? {
            return Ok(Err(not_taken));
        }
        let parent = reply.parent_id.ok_or(Error::NotFound)?;
        if is_being_answered(&mut tx, chat.id, parent).await? {
            return Ok(Err(NotTaken::StillReplying));
        }
        if let Err(too_much) = tx.may_ask(user, most).await? {
            return Ok(Err(too_much));
        }
        if !tx.continue_reply(reply.id).await? {
            return Ok(Err(NotTaken::StillReplying));
        }
        tx.set_leaf(chat.id, Some(reply.id)).await?;
        tx.commit().await?;
        Ok(Ok(reply.id))
    }
}

/// Tells whether a branch of the chat ends with this message, apart from a new one that is there
/// already, so that something can be put under it.
pub(crate) async fn as_end(
    tx: &mut Tx,
    chat: ChatId,
    message: MessageId,
    new: MessageId,
) -> Result<Result<(), NotTaken>> {
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
        Some((false, false)) => Ok(()),
        Some((true, false)) => Err(NotTaken::StillReplying),
        Some((_, true)) | None => Err(NotTaken::GoneOn),
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
) -> Result<Result<MessageId, NotTaken>> {
    if let Err(too_much) = tx.may_ask(user, most).await? {
        return Ok(Err(too_much));
    }
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
        return Ok(Err(NotTaken::GoneOn));
    }
    tx.set_leaf(chat, Some(reply)).await?;
    Ok(Ok(reply))
}
