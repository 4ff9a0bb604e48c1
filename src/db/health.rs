//! The health of the database: whether it takes changes, seen by making one.

use super::Db;
use crate::{
    error::{Error, NotWritten, Result},
    time::now,
    with_pool, with_tx,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use uuid::Uuid;

/// The time for which one look is good, whoever asks.
const FRESH: Duration = Duration::from_secs(1);

/// The longest that it may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The time that what is written stays, in microseconds: what clears old tries away must not take it
/// before it is looked for.
const KEPT: i64 = 60_000_000;

/// The time when it was seen last, and how it was.
#[derive(Clone, Debug)]
pub(super) struct Health {
    last: Arc<Mutex<Option<(Instant, Seen)>>>,
    /// The key that is written, which is of this process.
    me: Uuid,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            last: Arc::default(),
            me: Uuid::new_v4(),
        }
    }
}

/// The answer: if not, why, as far as that is known.
type Seen = std::result::Result<(), Option<NotWritten>>;

impl Db {
    /// Tells whether a change is kept, and seen by others.
    ///
    /// # Errors
    /// When it is not.
    pub async fn can_write(&self) -> Result<()> {
        let mut last = self.health.last.lock().await;
        let seen = match &*last {
            Some((at, seen)) if at.elapsed() < FRESH => *seen,
            _ => {
                let seen = match timeout(PATIENCE, self.write_something()).await {
                    Ok(Ok(true)) => Ok(()),
                    Ok(Err(Error::NotWritten(why, _))) => Err(Some(why)),
                    Ok(Ok(false) | Err(_)) | Err(_) => Err(None),
                };
                *last = Some((Instant::now(), seen));
                seen
            }
        };
        seen.map_err(|why| match why {
            Some(why) => Error::NotWritten(why, "nothing can be written".into()),
            None => Error::Unavailable("nothing can be written".into()),
        })
    }

    /// Writes something, and tells whether it is there.
    async fn write_something(&self) -> Result<bool> {
        // A key that nobody tries, of this process; it is cleared away with those of old tries.
        let (key, time) = (self.health.me.as_bytes().as_slice(), now() + KEPT);
        let sql = "insert into tries (key_hash, fresh_at) values ($1, $2)
                   on conflict (key_hash) do update set fresh_at = $2";
        let mut tx = self.begin().await?;
        with_tx!(tx, db => sqlx::query(sql).bind(key).bind(time).execute(db).await?.rows_affected());
        tx.commit().await?;
        let sql = "select fresh_at from tries where key_hash = $1";
        let kept: Option<i64> = with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(key)
            .fetch_optional(db)
            .await?);
        Ok(kept == Some(time))
    }
}
