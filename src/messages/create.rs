//! A new chat with its first message.

use super::{
    add::{Exchange, NewMessage, add_exchange},
    title::title_from,
};
use crate::{db::Db, error::Result, ids::ChatId, presets::Preset, time::now, users::User, with_tx};

/// The persona and the model with which a chat begins.
#[derive(Clone, Debug, Default)]
pub struct Beginning {
    /// The settings of its replies.
    pub preset: Preset,
    /// The name of its persona.
    pub persona: Option<String>,
    /// True if the model may be asked for a title.
    pub titled: bool,
}

impl Db {
    /// Makes a chat with its first message and the reply to it, which waits in line.
    ///
    /// # Errors
    /// When the message is not taken, or the database fails.
    pub async fn add_chat(
        &self,
        user: &User,
        new: &NewMessage,
        beginning: &Beginning,
    ) -> Result<Exchange> {
        let chat = ChatId::new();
        let sql = "insert into chats (id, user_id, title, created_at, active_at, preset, persona,
                       title_by)
                   values ($1, $2, $3, $4, $4, $5, $6, $7)";
        let mut tx = self.begin().await?;
        with_tx!(tx, db => sqlx::query(sql)
            .bind(chat)
            .bind(user.id)
            .bind(title_from(&new.text))
            .bind(now())
            .bind(beginning.preset.json())
            .bind(&beginning.persona)
            .bind(if beginning.titled { "line" } else { "person" })
            .execute(db)
            .await?.rows_affected());
        let reply = add_exchange(&mut tx, user, chat, None, new).await?;
        self.settle(tx, user, chat, new, reply).await
    }
}
