//! Opening an SQLite file, and what is watched of it while it is open.
//!
//! SQLite takes one writer at a time, so writes go through a pool of one connection: writers wait
//! in the pool's fair queue and never see "database is locked".

use super::{
    Db, Kind, crash,
    files::{self, Place},
    health::Health,
    migrate::{Backup, migrate_sqlite},
    notify::Notifier,
    space::Space,
};
use crate::error::{Error, Result};
use sqlx::{
    Connection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{fs::File, str::FromStr, sync::Arc, time::Duration};

/// The number of queries that read at the same time.
const READERS: u32 = 4;

/// The time that a statement waits for its turn, and that of it for the file's lock: it is told which
/// of them it was.
const PATIENCE: Duration = Duration::from_secs(5);
const LOCK_PATIENCE: Duration = Duration::from_secs(4);

/// An SQLite file that is open.
#[derive(Debug)]
pub(super) struct Sqlite {
    /// The place where it was when it was opened.
    pub place: Place,
    /// The room that is left where it is.
    pub space: Space,
    /// Held while the file is open: two programs on one file would end each other's replies.
    pub lock: File,
}

impl Db {
    pub(super) async fn open_sqlite(url: &str, backup: Backup) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            // Only another program can hold the lock.
            .busy_timeout(LOCK_PATIENCE)
            .pragma("temp_store", "memory")
            // Few pages of its own: those of the file are mapped.
            .pragma("cache_size", "-2000")
            .pragma("mmap_size", "268435456")
            .pragma("journal_size_limit", "67108864")
            .pragma("trusted_schema", "off")
            // Made below. Later a file that is missing is not to be replaced by an empty one.
            .create_if_missing(false);
        crash::watch();
        let options = options.thread_name(crash::worker);
        let file = options.get_filename().to_owned();
        files::may_be_used(&file).map_err(Error::internal)?;
        let lock = files::lock(&file)?;
        migrate_sqlite(&options, backup).await?;
        // Connections are kept for good, and with them the statements they have prepared. When one
        // comes back it is seen that it is alive; until it is used again nothing can happen to it.
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
        };
        let write = pool()
            .max_connections(1)
            .after_release(|connection, _| {
                Box::pin(async move {
                    // A transaction that was dropped is rolled back before this is answered.
                    connection.ping().await?;
                    // When a COMMIT fails SQLite ends the transaction, but sqlx still counts it:
                    // whatever came next would be a part of one that nobody commits.
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(options.clone().optimize_on_close(true, Some(400)))
            .await?;
        // A reader cannot optimize: its close would fail half done, and leave the last words of the
        // database in a file beside it.
        let read = pool()
            // All of them at once: later there may be no file, or none of the system's handles.
            .min_connections(READERS)
            .max_connections(READERS)
            .connect_with(options.pragma("query_only", "on"))
            .await?;
        let sqlite = Sqlite {
            place: Place::of(&file),
            space: Space::around(&file),
            lock,
        };
        let db = Self {
            read: Kind::Sqlite(read),
            write: Kind::Sqlite(write),
            notifier: Notifier::default(),
            sqlite: Some(Arc::new(sqlite)),
            reach: None,
            health: Health::default(),
        };
        tokio::spawn(db.clone().watch_disk_space());
        Ok(db)
    }
}
