//! The limits on what one person may ask for: replies at a time, and messages in a minute.

use crate::{
    db::Tx,
    error::{Refusal, Result},
    security::rate_limit::Limit,
    users::User,
    with_tx,
};
use std::time::Duration;

/// The most that one person may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Replies running and waiting.
    pub replies: usize,
    /// Messages, and replies made again, in a minute for as long as they like, and twice as many at
    /// once; 0 for any number.
    pub pace: usize,
}

impl Most {
    fn pace(self) -> Option<Limit> {
        let pace = u32::try_from(self.pace).unwrap_or(u32::MAX);
        let every = Duration::from_secs(60).checked_div(pace)?;
        Some(Limit {
            what: "messages",
            burst: pace.saturating_mul(2),
            every,
        })
    }
}

impl Tx {
    /// Counts a request for another reply, if it is kept, or refuses it.
    pub(crate) async fn count_request(&mut self, user: &User, most: Most) -> Result<()> {
        let key = user.id.0.to_string();
        self.advisory_lock(&key).await?;
        let sql = "select count(*) from messages
                   where state in ('queued', 'streaming') and user_id = $1";
        let present: i64 =
            with_tx!(*self, db => sqlx::query_scalar(sql).bind(user.id).fetch_one(db).await?);
        if usize::try_from(present).is_ok_and(|present| present >= most.replies) {
            return Err(Refusal::TooManyRunning.into());
        }
        let Some(pace) = most.pace() else {
            return Ok(());
        };
        match self.count_try(&pace, &key).await? {
            None => Ok(()),
            Some(wait) => Err(Refusal::TooFast(wait.as_secs().max(1)).into()),
        }
    }
}
