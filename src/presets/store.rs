//! Presets in the database: of chats, and people's defaults.

use super::Preset;
use crate::{db::Db, error::Result, ids::ChatId, users::User, with_pool};

/// Adds what is set to a query's values, in this order: model, system_prompt, temperature, top_p,
/// max_tokens, effort. A macro, as the type of a query differs between the databases.
macro_rules! bind_preset {
    ($query:expr, $preset:expr) => {
        $query
            .bind(&$preset.model)
            .bind(&$preset.system_prompt)
            .bind($preset.temperature)
            .bind($preset.top_p)
            .bind($preset.max_tokens)
            .bind(&$preset.effort)
    };
}
pub(crate) use bind_preset;

/// Defaults of a person's new chats.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Defaults {
    #[sqlx(flatten)]
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
        let sql = "select model, system_prompt, temperature, top_p, max_tokens, effort
                   from chats where id = $1";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql).bind(chat).fetch_one(db).await?))
    }

    /// Sets what is to hold from now on for replies in a chat that was found to be the user's.
    pub(crate) async fn set_chat_preset(&self, chat: ChatId, preset: &Preset) -> Result<()> {
        let sql = "update chats set model = $2, system_prompt = $3, temperature = $4, top_p = $5,
                       max_tokens = $6, effort = $7
                   where id = $1";
        with_pool!(self.writer()?, db => bind_preset!(sqlx::query(sql).bind(chat), preset)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Returns the defaults of the user's new chats.
    pub(crate) async fn defaults(&self, user: &User) -> Result<Defaults> {
        let sql = "select model, system_prompt, temperature, top_p, max_tokens, effort, titles
                   from defaults where user_id = $1";
        let set = with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(user.id)
            .fetch_optional(db)
            .await?);
        Ok(set.unwrap_or_default())
    }

    /// Sets what the user's new chats begin with.
    pub(crate) async fn set_defaults(&self, user: &User, defaults: &Defaults) -> Result<()> {
        let sql = "insert into defaults
                       (user_id, model, system_prompt, temperature, top_p, max_tokens, effort, titles)
                   values ($1, $2, $3, $4, $5, $6, $7, $8)
                   on conflict (user_id) do update set model = $2, system_prompt = $3,
                       temperature = $4, top_p = $5, max_tokens = $6, effort = $7, titles = $8";
        let preset = &defaults.preset;
        with_pool!(self.writer()?, db => bind_preset!(sqlx::query(sql).bind(user.id), preset)
            .bind(defaults.titles)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }
}
