//! Presets in the database: of chats, and people's defaults.

use super::Preset;
use crate::{
    db::{Db, Legible},
    error::Result,
    ids::ChatId,
    users::User,
    with_pool,
};

/// Defaults of a person's new chats.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Defaults {
    #[sqlx(try_from = "Legible")]
    pub preset: Preset,
    /// True if the model makes titles.
    pub titles: bool,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            titles: true,
        }
    }
}

impl Db {
    /// Returns the settings of a chat that was found to be the user's, or whose reply is to be
    /// made.
    pub(crate) async fn chat_preset(&self, chat: ChatId) -> Result<Preset> {
        let sql = "select preset from chats where id = $1";
        let preset: Legible =
            with_pool!(self.read, db => sqlx::query_scalar(sql).bind(chat).fetch_one(db).await?);
        Ok(preset.into())
    }

    /// Sets what is to hold from now on for replies in a chat that was found to be the user's.
    pub(crate) async fn set_chat_preset(&self, chat: ChatId, preset: &Preset) -> Result<()> {
        let sql = "update chats set preset = $2 where id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(chat)
            .bind(preset.json())
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Returns the defaults of the user's new chats.
    pub(crate) async fn defaults(&self, user: &User) -> Result<Defaults> {
        let sql = "select preset, titles from defaults where user_id = $1";
        let set = with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(user.id)
            .fetch_optional(db)
            .await?);
        Ok(set.unwrap_or_default())
    }

    /// Sets what the user's new chats begin with.
    pub(crate) async fn set_defaults(&self, user: &User, defaults: &Defaults) -> Result<()> {
        let before = self.defaults(user).await?;
        let preset = defaults.preset.in_place_of(&before.preset).json();
        let sql = "insert into defaults (user_id, preset, titles) values ($1, $2, $3)
                   on conflict (user_id) do update set preset = $2, titles = $3";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(user.id)
            .bind(preset)
            .bind(defaults.titles)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }
}
