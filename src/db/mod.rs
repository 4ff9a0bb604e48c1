//! The database: connecting, migrating, and what every query needs. This folder alone knows that
//! there are two kinds.
//!
//! Every statement is written once, with `$1` for its parameters, and runs on both kinds through
//! [`with_pool!`] and [`with_tx!`], which compile it for each.

mod copy;
mod look;
mod tables;
mod wakes;

pub use copy::{Row, Value};
pub use look::{Look, Server, Standing, is_in_use, place, sqlite_file};
pub use tables::{LEFT_BEHIND, TABLES, Table, Type};
pub use wakes::{Topic, Waker};

use crate::error::{Error, Result};
use sqlx::{
    Connection, PgConnection, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::timeout;
use wakes::Wakes;

/// The steps that lead to the tables of today.
static SQLITE_STEPS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_STEPS: Migrator = sqlx::migrate!("migrations/postgres");

/// How many queries read at the same time.
const SQLITE_READERS: u32 = 4;

/// How many connections to PostgreSQL a process has at most.
const POSTGRES_CONNECTIONS: u32 = 16;

/// So that a process which stands still, or whose machine is gone, in the middle of a transaction
/// does not make the others stand still: what it has locked is soon free, and who waits for it gives
/// up before it counts as gone itself.
const POSTGRES_LIMITS: [(&str, &str); 6] = [
    ("idle_in_transaction_session_timeout", "5s"),
    ("lock_timeout", "3s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "10s"),
];

/// How long a query waits for a connection, before its request is told that the database is away.
const PATIENCE: Duration = Duration::from_secs(3);

/// Something that there is of each kind of database.
#[derive(Clone, Debug)]
pub enum Kind<S, P> {
    /// A file on this machine.
    Sqlite(S),
    /// A server that many processes may share.
    Postgres(P),
}

/// Connections that wait for something to do.
pub type Pool = Kind<SqlitePool, PgPool>;

/// Changes that come to be together, or not at all.
pub type Tx = Kind<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>;

/// Runs the expression with the pool of the database that it is.
#[macro_export]
macro_rules! with_pool {
    ($pool:expr, $db:ident => $run:expr) => {
        match &$pool {
            $crate::db::Kind::Sqlite($db) => $run,
            $crate::db::Kind::Postgres($db) => $run,
        }
    };
}

/// Runs the expression with the transaction's connection.
#[macro_export]
macro_rules! with_tx {
    ($tx:expr, $db:ident => $run:expr) => {
        match &mut $tx {
            $crate::db::Kind::Sqlite(tx) => {
                let $db = &mut **tx;
                $run
            }
            $crate::db::Kind::Postgres(tx) => {
                let $db = &mut **tx;
                $run
            }
        }
    };
}

impl Tx {
    /// Waits until no other process is at the same place, up to the end of this transaction. (Those
    /// of one SQLite file are alone anyway.)
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alone(&mut self, place: &str) -> sqlx::Result<()> {
        let Self::Postgres(tx) = self else {
            return Ok(());
        };
        let sql = "select pg_advisory_xact_lock(hashtextextended(current_schema() || $1, 0))";
        sqlx::query(sql).bind(place).execute(&mut **tx).await?;
        Ok(())
    }

    /// Keeps the changes. Dropped without this, they never were.
    ///
    /// # Errors
    /// When the database fails; then they may or may not be kept.
    pub async fn commit(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// The application's database. Cheap to clone.
///
/// SQLite takes one writer at a time, so writes go through a pool of one connection: writers wait
/// in the pool's fair queue and never see "database is locked". PostgreSQL has one pool for both.
#[derive(Clone, Debug)]
pub struct Db {
    /// For statements that only read.
    pub read: Pool,
    /// For everything else.
    pub write: Pool,
    wakes: Wakes,
    /// Held while the file is open: two programs on one file would end each other's replies.
    lock: Option<Arc<File>>,
}

impl Db {
    /// Opens the database, makes an SQLite file when it is missing, and brings the tables up to
    /// date. Several processes may do so at once on PostgreSQL.
    ///
    /// # Errors
    /// When it cannot be reached, opened or made, is in use, or a migration fails.
    pub async fn open(url: &str) -> Result<Self> {
        if is_postgres(url) {
            Self::open_postgres(url).await
        } else {
            Self::open_sqlite(url).await
        }
    }

    async fn open_sqlite(url: &str) -> Result<Self> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            // Only another program, a backup for example, can hold the lock.
            .busy_timeout(Duration::from_secs(5))
            .pragma("temp_store", "memory")
            // Few pages of its own: those of the file are mapped.
            .pragma("cache_size", "-2000")
            .pragma("mmap_size", "268435456")
            .pragma("journal_size_limit", "67108864")
            .pragma("trusted_schema", "off");
        let lock = lock(options.get_filename())?;
        // Connections are kept for good, and with them the statements they have prepared.
        let pool = || {
            SqlitePoolOptions::new()
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let write = pool()
            .max_connections(1)
            .connect_with(options.clone().optimize_on_close(true, Some(400)))
            .await?;
        SQLITE_STEPS.run(&write).await?;
        // A reader cannot optimize: its close would fail half done, and leave the last words of the
        // database in a file beside it.
        let read = pool()
            .max_connections(SQLITE_READERS)
            .connect_with(options.pragma("query_only", "on"))
            .await?;
        Ok(Self {
            read: Kind::Sqlite(read),
            write: Kind::Sqlite(write),
            wakes: Wakes::default(),
            lock: Some(lock),
        })
    }

    async fn open_postgres(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)?.application_name("damso");
        // Another process may be at the migrations, however long they take.
        let connecting = timeout(PATIENCE, PgConnection::connect_with(&options));
        let mut migrating = connecting.await.map_err(Error::internal)??;
        POSTGRES_STEPS.run(&mut migrating).await?;
        migrating.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_with(options.options(POSTGRES_LIMITS))
            .await?;
        let wakes = Wakes::default();
        tokio::spawn(wakes::listen(pool.clone(), wakes.clone()));
        Ok(Self {
            read: Kind::Postgres(pool.clone()),
            write: Kind::Postgres(pool),
            wakes,
            lock: None,
        })
    }

    /// Whether other processes may use this database too.
    pub fn is_shared(&self) -> bool {
        matches!(self.write, Kind::Postgres(_))
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// When the database cannot be had.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        Ok(match &self.write {
            Kind::Sqlite(pool) => Kind::Sqlite(pool.begin().await?),
            Kind::Postgres(pool) => Kind::Postgres(pool.begin().await?),
        })
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        with_pool!(self.read, db => sqlx::query("select 1").execute(db).await?.rows_affected());
        Ok(())
    }

    /// The time by the one clock that all processes share, in microseconds since 1970 (UTC).
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clock(&self) -> Result<i64> {
        let Kind::Postgres(pool) = &self.read else {
            return Ok(now());
        };
        let sql = "select (extract(epoch from clock_timestamp()) * 1000000)::bigint";
        Ok(sqlx::query_scalar(sql).fetch_one(pool).await?)
    }

    /// Whether [`Db::close`] was called.
    pub fn is_closed(&self) -> bool {
        with_pool!(self.write, db => db.is_closed())
    }

    /// Closes every connection, after what they are doing.
    pub async fn close(&self) {
        with_pool!(self.read, db => db.close().await);
        with_pool!(self.write, db => db.close().await);
        if let Some(lock) = &self.lock {
            // It would end with the program anyway.
            lock.unlock().ok();
        }
    }
}

/// Whether the address is one of PostgreSQL; else it is of an SQLite file.
pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres:") || url.starts_with("postgresql:")
}

/// The file beside an SQLite file whose lock a running Damso holds. (Not the file itself: closing
/// it would drop SQLite's own locks.)
fn lock_file(database: &Path) -> PathBuf {
    beside(database, "-lock")
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// Takes the lock of an SQLite file.
fn lock(database: &Path) -> Result<Arc<File>> {
    // What is in a database is nobody else's; SQLite gives its other files the same mode.
    open_private(database).map_err(Error::internal)?;
    let file = open_private(&lock_file(database)).map_err(Error::internal)?;
    let locked = file.try_lock().or_else(|_| {
        // `damso check` may have looked at it just now.
        std::thread::sleep(Duration::from_millis(50));
        file.try_lock()
    });
    match locked {
        Ok(()) => Ok(Arc::new(file)),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Error::internal("another Damso is using this file"))
        }
        // Some network file systems know no locks; then it is up to the person who runs it.
        Err(std::fs::TryLockError::Error(_)) => Ok(Arc::new(file)),
    }
}

/// Opens a file, which is made for its owner alone when it is missing.
fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// How many rows are erased in one transaction, so that nobody else waits long for the database.
pub const ERASED_AT_ONCE: i64 = 500;

/// The present time in microseconds since 1970 (UTC), as all times in the database.
pub fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
