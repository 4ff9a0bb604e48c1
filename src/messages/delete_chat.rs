//! Deleting a chat.

use super::rows::Chat;
use crate::{
    db::{Db, Kind},
    error::Result,
    ids::MessageId,
    with_tx,
};

impl Db {
    /// Deletes the chat with all that is in it; the replies that were being made are returned.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_chat(&self, chat: &Chat) -> Result<Vec<MessageId>> {
        let mut tx = self.begin().await?;
        // The chat first, as when something is sent: in the other order each could wait for the other.
        let sql = "update chats set leaf = null where id = $1";
        with_tx!(tx, db => sqlx::query(sql).bind(chat.id).execute(db).await?.rows_affected());
        let sql = "delete from messages where chat_id = $1 and state in ('queued', 'streaming')
                   returning id";
        let running =
            with_tx!(tx, db => sqlx::query_scalar(sql).bind(chat.id).fetch_all(db).await?);
        if let Kind::Sqlite(tx) = &mut tx {
            // Or one would take the next with it and so on, deeper than SQLite goes.
            let sql = "update messages set parent_id = null where chat_id = $1";
            sqlx::query(sql).bind(chat.id).execute(&mut **tx).await?;
        }
        let sql = "delete from chats where id = $1";
        with_tx!(tx, db => sqlx::query(sql).bind(chat.id).execute(db).await?.rows_affected());
        tx.commit().await?;
        Ok(running)
    }
}
