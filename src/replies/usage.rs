//! Requests to models, and their tokens: a row for each request that has ended, which stays
//! when the chat goes.

use crate::{
    db::Tx,
    error::Result,
    ids::UserId,
    models::{Usage, estimate},
    time::{A_DAY, now},
    with_tx,
};
use uuid::Uuid;

/// A request to a model.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Its row's key: what is stored twice, as it was in doubt, counts once.
    id: Uuid,
    /// Who it was for.
    user: UserId,
    model: String,
    /// The replies that it made: 1, or 0 for a title.
    replies: i64,
    pub usage: Usage,
    /// The server did not tell the usage.
    pub is_estimate: bool,
}

impl Asked {
    /// For a reply.
    pub(super) fn for_reply(user: UserId, model: &str, usage: Usage, is_estimate: bool) -> Self {
        Self {
            id: Uuid::now_v7(),
            user,
            model: model.to_owned(),
            replies: 1,
            usage,
            is_estimate,
        }
    }

    /// For a title, of which nothing has come yet.
    pub(super) fn for_title(user: UserId, model: &str) -> Self {
        Self {
            replies: 0,
            ..Self::for_reply(user, model, Usage::default(), true)
        }
    }

    /// Counts what has come, as long as the server has not told what all of it takes.
    pub(super) fn has_brought(&mut self, prompt_tokens: u64, text: &str) {
        self.usage.prompt_tokens = prompt_tokens;
        self.usage.completion_tokens += estimate(text);
    }

    /// Takes what the server tells.
    pub(super) fn took(&mut self, usage: Usage) {
        self.usage = usage;
        self.is_estimate = false;
    }
}

/// A number of tokens as it is stored.
pub(super) fn count(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}

impl Tx {
    /// Keeps what a request took, unless its person is gone.
    pub(super) async fn add_usage(&mut self, asked: &Asked) -> Result<()> {
        let sql = "insert into usage (id, user_id, day, model, prompt_tokens, cached_tokens,
                       completion_tokens, reasoning_tokens, replies, is_estimate)
                   select $1, id, $3, $4, $5, $6, $7, $8, $9, $10 from users where id = $2
                   on conflict (id) do nothing";
        let usage = &asked.usage;
        with_tx!(*self, db => sqlx::query(sql)
            .bind(asked.id)
            .bind(asked.user)
            .bind(now() / A_DAY)
            .bind(&asked.model)
            .bind(count(usage.prompt_tokens))
            .bind(count(usage.cached_tokens))
            .bind(count(usage.completion_tokens))
            .bind(count(usage.reasoning_tokens))
            .bind(asked.replies)
            .bind(asked.is_estimate)
            .execute(db)
            .await?
            .rows_affected());
        Ok(())
    }
}
