//! Limits on how often something may be tried, for all processes that share the database.

use crate::{
    db::{Db, Tx},
    error::Result,
    time::now,
    with_pool, with_tx,
};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// At most `burst` tries at once for each key, then one more every `every` (GCRA: all that is
/// kept for a key is the time at which its whole burst is there again).
pub(crate) struct Limit {
    /// The kind of attempt; each has keys of its own.
    pub what: &'static str,
    pub burst: u32,
    pub every: Duration,
}

impl Limit {
    /// The same with another burst.
    pub(crate) fn with_burst(&self, burst: usize) -> Self {
        Self {
            burst: u32::try_from(burst).unwrap_or(u32::MAX),
            ..*self
        }
    }

    /// The time that it takes until the whole burst is there again.
    pub(crate) fn window(&self) -> Duration {
        self.every.saturating_mul(self.burst)
    }

    pub(crate) fn key_hash(&self, key: &str) -> Vec<u8> {
        // The length keeps what is tried and the key apart.
        let mut hash = Sha256::new_with_prefix([self.what.len() as u8]);
        hash.update(self.what);
        hash.update(key);
        hash.finalize().to_vec()
    }

    /// Tells how long to wait at this time, if the whole burst is there again at that one. (A time
    /// later than the whole window is of a clock that was wrong, and counts as its end.)
    fn wait(&self, now: i64, fresh_at: i64) -> Option<Duration> {
        let end = now + micros(self.window());
        let wait = fresh_at.min(end) + micros(self.every) - end;
        u64::try_from(wait)
            .ok()
            .filter(|wait| *wait > 0)
            .map(Duration::from_micros)
    }

    /// Counts the tries at this time, if the whole burst is there again at that one.
    fn tries(&self, now: i64, fresh_at: i64) -> i64 {
        let left = (fresh_at - now).clamp(0, micros(self.window()));
        let every = micros(self.every).max(1);
        left / every + i64::from(left % every > 0)
    }
}

/// A limit, and a key for which it counts.
pub(crate) type Counted = (&'static Limit, String);

fn micros(time: Duration) -> i64 {
    // Of a thousand years, so that it can be added to a time.
    const MOST: i64 = 1_000 * 365 * 86_400 * 1_000_000;
    i64::try_from(time.as_micros()).map_or(MOST, |micros| micros.min(MOST))
}

/// Counts one more, unless that is one too many.
const COUNT: &str = "insert into tries (key_hash, fresh_at) values ($1, $2 + $3)
    on conflict (key_hash) do update
    set fresh_at = $3 + case when tries.fresh_at > $2 then tries.fresh_at else $2 end
    where tries.fresh_at + $3 <= $2 + $4";

/// Counts one more, unless that is one too many; begins anew where tries were counted while the clock was
/// ahead.
const COUNT_OR_BEGIN: &str = "insert into tries (key_hash, fresh_at) values ($1, $2 + $3)
    on conflict (key_hash) do update
    set fresh_at = $3 + case when tries.fresh_at between $2 and $2 + $4 then tries.fresh_at else $2 end
    where tries.fresh_at + $3 <= $2 + $4 or tries.fresh_at > $2 + $4";

/// Gives back what was counted for a key in so much time.
const GIVE_BACK: &str = "update tries set fresh_at = fresh_at - $2 where key_hash = $1";

/// The key of two things together.
pub(crate) fn both(one: &str, other: &str) -> String {
    format!("{}:{one}{other}", one.len())
}

impl Tx {
    /// Counts a try with what else is changed, if that is kept, by the clock of this process. When
    /// there have been too many, tells how long to wait.
    pub(crate) async fn count_try(&mut self, limit: &Limit, key: &str) -> Result<Option<Duration>> {
        let (hash, now) = (limit.key_hash(key), now());
        // Nothing may be kept of what is refused, so no time that is wrong is set right for later.
        let counted = with_tx!(*self, db => sqlx::query(COUNT_OR_BEGIN)
            .bind(&hash)
            .bind(now)
            .bind(micros(limit.every))
            .bind(micros(limit.window()))
            .execute(db)
            .await?
            .rows_affected());
        if counted == 1 {
            return Ok(None);
        }
        let sql = "select fresh_at from tries where key_hash = $1";
        let fresh_at: Option<i64> = with_tx!(*self, db => sqlx::query_scalar(sql)
            .bind(&hash)
            .fetch_optional(db)
            .await?);
        let wait = fresh_at.and_then(|fresh_at| limit.wait(now, fresh_at));
        Ok(Some(wait.unwrap_or_default()))
    }
}

impl Db {
    /// Counts a try. When there have been too many it does not count, and this tells how long to
    /// wait.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn count_try(&self, limit: &Limit, key: &str) -> Result<Option<Duration>> {
        let (hash, now) = (limit.key_hash(key), self.clock().await?);
        let counted = with_pool!(self.writer()?, db => sqlx::query(COUNT)
            .bind(&hash)
            .bind(now)
            .bind(micros(limit.every))
            .bind(micros(limit.window()))
            .execute(db)
            .await?
            .rows_affected());
        if counted == 1 {
            return Ok(None);
        }
        self.may_try(limit, key).await
    }

    /// Tells how long to wait until a try is allowed, if none is now, without counting one.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn may_try(&self, limit: &Limit, key: &str) -> Result<Option<Duration>> {
        let sql = "select fresh_at from tries where key_hash = $1";
        let fresh_at: Option<i64> = with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(limit.key_hash(key))
            .fetch_optional(db)
            .await?);
        let Some(fresh_at) = fresh_at else {
            return Ok(None);
        };
        let now = self.clock().await?;
        let end = now + micros(limit.window());
        if fresh_at > end {
            // Counted while the clock was ahead: from here on it runs down as usual.
            let sql = "update tries set fresh_at = $2 where key_hash = $1 and fresh_at > $2";
            with_pool!(self.writer()?, db => sqlx::query(sql)
                .bind(limit.key_hash(key))
                .bind(end)
                .execute(db)
                .await?
                .rows_affected());
        }
        Ok(limit.wait(now, fresh_at))
    }

    /// Gives back a try that was counted.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn give_back_try(&self, limit: &Limit, key: &str) -> Result<()> {
        with_pool!(self.writer()?, db => sqlx::query(GIVE_BACK)
            .bind(limit.key_hash(key))
            .bind(micros(limit.every))
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Gives back all tries of a key after one that was right, and as many of those keys by which each of
    /// them was counted too.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn give_back_tries(
        &self,
        (limit, key): &Counted,
        beside: &[Counted],
    ) -> Result<()> {
        let now = self.clock().await?;
        let mut tx = self.begin().await?;
        let sql = "delete from tries where key_hash = $1 returning fresh_at";
        let fresh_at: Option<i64> = with_tx!(tx, db => sqlx::query_scalar(sql)
            .bind(limit.key_hash(key))
            .fetch_optional(db)
            .await?);
        let tries = limit.tries(now, fresh_at.unwrap_or(now)).max(1);
        for (limit, key) in beside {
            with_tx!(tx, db => sqlx::query(GIVE_BACK)
                .bind(limit.key_hash(key))
                .bind(micros(limit.every).saturating_mul(tries))
                .execute(db)
                .await?
                .rows_affected());
        }
        tx.commit().await?;
        Ok(())
    }

    /// Forgets the keys whose tries are all there again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_fresh_tries(&self) -> Result<()> {
        let sql = "delete from tries where fresh_at <= $1";
        with_pool!(self.writer()?, db => sqlx::query(sql).bind(now()).execute(db).await?.rows_affected());
        Ok(())
    }
}
