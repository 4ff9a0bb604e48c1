//! The database: connecting, migrating, and what every query needs.

use crate::error::Result;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How many queries read at the same time.
const READERS: u32 = 4;

/// The application's database. Cheap to clone.
///
/// SQLite takes one writer at a time, so writes go through a pool of one connection: writers wait
/// in the pool's fair queue and never see "database is locked".
#[derive(Clone, Debug)]
pub struct Db {
    /// For statements that only read.
    pub read: SqlitePool,
    /// For everything else.
    pub write: SqlitePool,
}

impl Db {
    /// Opens the database, makes it when it is missing, and brings its tables up to date.
    ///
    /// # Errors
    /// When the file cannot be opened or made, or a migration fails.
    pub async fn open(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            // Only another program, a backup for example, can hold the lock.
            .busy_timeout(Duration::from_secs(5))
            .pragma("temp_store", "memory")
            .pragma("cache_size", "-8000")
            .pragma("mmap_size", "268435456")
            .pragma("journal_size_limit", "67108864")
            .pragma("trusted_schema", "off")
            .optimize_on_close(true, Some(400));
        // Connections are kept for good, and with them the statements they have prepared.
        let pool = || {
            SqlitePoolOptions::new()
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let write = pool()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("migrations/sqlite").run(&write).await?;
        let read = pool()
            .max_connections(READERS)
            .connect_with(options.pragma("query_only", "on"))
            .await?;
        Ok(Self { read, write })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("select 1").execute(&self.read).await?;
        Ok(())
    }

    /// Closes every connection, after what they are doing.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// The present time in microseconds since 1970 (UTC), as all times in the database.
pub fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
