//! Limits on how often something may be tried, for all processes that share the database.

use crate::{
    db::{Db, now},
    error::Result,
    with_pool,
};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// At most `burst` tries at once for each key, then one more every `every` (GCRA: all that is
/// kept for a key is the time at which its whole burst is there again).
pub(crate) struct Limit {
    /// What is tried; each has keys of its own.
    pub what: &'static str,
    pub burst: u32,
    pub every: Duration,
}

impl Limit {
    fn key_hash(&self, key: &str) -> Vec<u8> {
        // The length keeps what is tried and the key apart.
        let mut hash = Sha256::new_with_prefix([self.what.len() as u8]);
        hash.update(self.what);
        hash.update(key);
        hash.finalize().to_vec()
    }
}

/// The key of two things together.
pub(super) fn both(one: &str, other: &str) -> String {
    format!("{}:{one}{other}", one.len())
}

impl Db {
    /// Counts a try. The inner error is how long to wait, when there have been too many; such a try
    /// does not count.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn count_try(&self, limit: &Limit, key: &str) -> Result<Result<(), Duration>> {
        let sql = "insert into tries (key_hash, fresh_at) values ($1, $2 + $3)
                   on conflict (key_hash) do update
                   set fresh_at = $3 + case when tries.fresh_at > $2 then tries.fresh_at else $2 end
                   where tries.fresh_at + $3 <= $2 + $4";
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let (key, now) = (limit.key_hash(key), self.clock().await?);
        let (every, burst) = (micros(limit.every), micros(limit.every * limit.burst));
        let counted = with_pool!(self.write, db => sqlx::query(sql)
            .bind(&key)
            .bind(now)
            .bind(every)
            .bind(burst)
            .execute(db)
            .await?
            .rows_affected());
        if counted == 1 {
            return Ok(Ok(()));
        }
        let sql = "select fresh_at from tries where key_hash = $1";
        let fresh_at: Option<i64> = with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(&key)
            .fetch_optional(db)
            .await?);
        let wait = fresh_at.unwrap_or(now) + every - (now + burst);
        Ok(Err(Duration::from_micros(u64::try_from(wait).unwrap_or(0))))
    }

    /// Forgets the tries of a key, after one that was right.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn forget_tries(&self, limit: &Limit, key: &str) -> Result<()> {
        let sql = "delete from tries where key_hash = $1";
        with_pool!(self.write, db => sqlx::query(sql)
            .bind(limit.key_hash(key))
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Forgets the keys whose tries are all there again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_fresh_tries(&self) -> Result<()> {
        let sql = "delete from tries where fresh_at <= $1";
        with_pool!(self.write, db => sqlx::query(sql).bind(now()).execute(db).await?.rows_affected());
        Ok(())
    }
}
