//! Queries for chats and messages, and the row lock taken while a chat changes.

use super::rows::{Chat, Message, Role, chat_columns, message_columns};
use crate::{
    db::{Db, Tx},
    error::{Error, Result},
    ids::{ChatId, MessageId},
    time::now,
    users::User,
    with_pool, with_tx,
};

impl Db {
    /// The user's chat. Somebody else's is not found.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn chat(&self, user: &User, id: ChatId) -> Result<Chat> {
        let sql = concat!(
            "select ",
            chat_columns!(),
            " from chats c where id = $1 and user_id = $2"
        );
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?))
    }

    /// A reply in one of the user's chats, and the chat.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn reply(&self, user: &User, id: MessageId) -> Result<(Message, Chat)> {
        let (message, chat) = self.message_of(user, id).await?;
        match message.role {
            Role::Assistant => Ok((message, chat)),
            Role::User => Err(Error::NotFound),
        }
    }

    /// A message that the user wrote, and the chat.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) async fn own_message(&self, user: &User, id: MessageId) -> Result<(Message, Chat)> {
        let (message, chat) = self.message_of(user, id).await?;
        match message.role {
            Role::User => Ok((message, chat)),
            Role::Assistant => Err(Error::NotFound),
        }
    }

    /// A message in one of the user's chats, and the chat.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) async fn message_of(&self, user: &User, id: MessageId) -> Result<(Message, Chat)> {
        let sql = concat!(
            "select ",
            chat_columns!(),
            " from chats c join messages m on m.chat_id = c.id where m.id = $1 and c.user_id = $2"
        );
        let chat = with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?);
        Ok((self.message(id).await?, chat))
    }

    /// A message whose chat was found to be the user's.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) async fn message(&self, id: MessageId) -> Result<Message> {
        let sql = concat!(
            "select ",
            message_columns!(),
            " from messages m where m.id = $1 and m.deleted_at is null"
        );
        Ok(with_pool!(self.read, db => sqlx::query_as(sql).bind(id).fetch_one(db).await?))
    }
}

impl Tx {
    /// The message that the chat ends with now. It is read by a write, with which the transaction
    /// starts, so that nobody adds another one meanwhile.
    pub(crate) async fn last_message(
        &mut self,
        user: &User,
        chat: &Chat,
    ) -> Result<Option<MessageId>> {
        let sql = "update chats set active_at = $3 where id = $1 and user_id = $2 returning leaf";
        Ok(with_tx!(*self, db => sqlx::query_scalar(sql)
            .bind(chat.id)
            .bind(user.id)
            .bind(now())
            .fetch_one(db)
            .await?))
    }

    /// Lets nobody else change the chat's tree meanwhile, and gives its leaf.
    pub(crate) async fn lock_chat(
        &mut self,
        user: &User,
        chat: ChatId,
    ) -> Result<Option<MessageId>> {
        let sql = "update chats set leaf = leaf where id = $1 and user_id = $2 returning leaf";
        Ok(with_tx!(*self, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(user.id)
            .fetch_one(db)
            .await?))
    }

    /// Tells whether this message is there.
    pub(crate) async fn is_there(&mut self, message: MessageId) -> Result<bool> {
        let sql = "select exists (select 1 from messages where id = $1 and deleted_at is null)";
        Ok(with_tx!(*self, db => sqlx::query_scalar(sql).bind(message).fetch_one(db).await?))
    }

    /// Makes this the end of the branch that the chat shows.
    pub(crate) async fn set_leaf(&mut self, chat: ChatId, leaf: Option<MessageId>) -> Result<()> {
        let sql = "update chats set leaf = $2 where id = $1";
        with_tx!(*self, db => sqlx::query(sql)
            .bind(chat)
            .bind(leaf)
            .execute(db)
            .await?
            .rows_affected());
        Ok(())
    }
}
