//! The database: connecting, migrating, and what every query needs. This folder alone knows that
//! there are two kinds.
//!
//! Every statement is written once, with `$1` for its parameters, and runs on both kinds through
//! [`with_pool!`] and [`with_tx!`], which compile it for each.

mod backup;
mod copy;
mod crash;
pub(crate) mod failure;
mod files;
mod health;
pub(crate) mod inspect;
mod legible;
mod migrate;
pub(crate) mod notify;
mod pooler;
mod postgres;
mod reach;
mod space;
mod sqlite;
mod tables;

pub use backup::copy_to;
pub use copy::{Row, Value};
pub use crash::is_in_doubt;
pub use files::{Moved, is_in_use, may_be_used};
pub use inspect::{Inspection, SchemaState, Server, place, sqlite_file};
pub use legible::{Legible, MaybeLegible, readable};
pub use migrate::Backup;
pub use notify::{Subscription, Topic};
pub use pooler::{NO_SESSIONS, advice};
pub use space::{DiskSpace, disk_space_for};
pub use tables::{NOT_COPIED, TABLES, Table, Type};

use crate::{error::Result, time::now};
use notify::Notifier;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use std::{io, sync::Arc};

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
    pub async fn advisory_lock(&mut self, place: &str) -> sqlx::Result<()> {
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
/// SQLite takes one writer at a time, so there are connections that only read, and one that writes.
/// PostgreSQL has one pool for both.
#[derive(Clone, Debug)]
pub struct Db {
    /// For statements that only read.
    pub read: Pool,
    write: Pool,
    notifier: Notifier,
    sqlite: Option<Arc<sqlite::Sqlite>>,
    reach: Option<Arc<reach::Reach>>,
    health: health::Health,
}

impl Db {
    /// Opens the database, makes an SQLite file when it is missing, and brings the tables up to
    /// date, with a backup beside the file before its rows are rewritten. Several processes may do so
    /// at once on PostgreSQL.
    ///
    /// # Errors
    /// When it cannot be reached, opened or made, is in use, or a migration fails. The words follow
    /// the name of the database.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_with(url, Backup::Make).await
    }

    /// The same, with or without that backup.
    ///
    /// # Errors
    /// The same.
    pub async fn open_with(url: &str, backup: Backup) -> Result<Self> {
        if is_postgres(url) {
            Self::open_postgres(url).await
        } else {
            Self::open_sqlite(url, backup).await
        }
    }

    /// For statements that change something.
    ///
    /// # Errors
    /// When what is written would be lost, as the database's file is not where it was.
    pub fn writer(&self) -> sqlx::Result<&Pool> {
        match &self.sqlite {
            Some(sqlite) if !sqlite.place.is_kept() => {
                Err(sqlx::Error::Io(io::Error::other(Moved)))
            }
            _ => Ok(&self.write),
        }
    }

    /// Tells whether other processes may use this database too.
    pub fn is_shared(&self) -> bool {
        matches!(self.write, Kind::Postgres(_))
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// When the database cannot be had.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        Ok(match self.writer()? {
            // This cannot be a part of another transaction.
            Kind::Sqlite(pool) => Kind::Sqlite(pool.begin_with("begin immediate").await?),
            Kind::Postgres(pool) => Kind::Postgres(pool.begin().await?),
        })
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

    /// Tells whether [`Db::close`] was called.
    pub fn is_closed(&self) -> bool {
        with_pool!(self.write, db => db.is_closed())
    }

    /// Closes every connection, after what they are doing.
    pub async fn close(&self) {
        with_pool!(self.read, db => db.close().await);
        with_pool!(self.write, db => db.close().await);
        if let Some(sqlite) = &self.sqlite {
            // It would end with the program anyway.
            sqlite.lock.unlock().ok();
        }
    }
}

/// Tells whether the address is one of PostgreSQL; else it is of an SQLite file.
pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres:") || url.starts_with("postgresql:")
}

/// Rows that are erased in one transaction, so that nobody else waits long for the database.
pub const DELETE_BATCH: i64 = 500;
