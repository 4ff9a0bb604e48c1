//! Read-only inspection of a database (used by the commands): never created, changed or locked.

use super::{
    Kind, Pool,
    files::{beside, real},
    is_postgres,
    migrate::{POSTGRES_STEPS, SQLITE_STEPS},
    pooler, postgres,
    tables::TABLES,
};
use crate::with_pool;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, FromRow,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};
use tokio::time::timeout;

/// Longest time for connecting to a server.
const PATIENCE: Duration = Duration::from_secs(5);

/// Not an option at the start, which a pooler may refuse.
const READ_ONLY: &str = "set default_transaction_read_only = on";

/// A process that has given a sign of life within this time is there, in microseconds.
const ALIVE: i64 = 10_000_000;

/// The table of the steps that were taken.
const STEPS: &str = "_sqlx_migrations";

/// The state of the tables, compared with those that this program works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// There are none yet.
    Empty,
    /// They are the same.
    Current,
    /// They are older.
    Behind,
    /// They were made by a newer program.
    Newer,
    /// They are of something else, or a step to them has broken off.
    Strange,
}

impl SchemaState {
    /// Tells why this program cannot work with them, and what to do, in words that follow the name of
    /// the database.
    pub fn problem(self) -> Option<&'static str> {
        match self {
            Self::Empty | Self::Current | Self::Behind => None,
            Self::Newer => Some(
                "was created by a newer version of Damso: use that version, or restore a backup",
            ),
            Self::Strange => Some(
                "contains tables that are not Damso's, or damaged ones: set DATABASE_URL to another \
                 database, or restore a backup",
            ),
        }
    }
}

/// Facts that a PostgreSQL server tells about itself.
#[derive(Clone, Debug, FromRow)]
pub struct Server {
    /// Its version in words.
    pub version: String,
    /// The number of its version, as in 150003.
    pub number: i32,
    /// The encoding of text.
    pub encoding: String,
    /// The schema of its tables, if there is one.
    pub schema: Option<String>,
    /// True if tables may be created there.
    pub can_create: bool,
    /// True if it is a read-only replica of another server.
    pub is_replica: bool,
}

/// A look at a database.
#[derive(Debug)]
pub struct Inspection(Pool);

impl Inspection {
    /// Looks at the database. One that is missing stays so.
    ///
    /// # Errors
    /// When it is not there or cannot be reached or read.
    pub async fn at(url: &str) -> sqlx::Result<Self> {
        let pool = match sqlite_file(url)? {
            Some(file) => Kind::Sqlite(
                SqlitePoolOptions::new()
                    .max_connections(1)
                    .connect_with(looking_at(url, &file)?)
                    .await?,
            ),
            None => {
                let options = postgres::options(url)?;
                // A pool would say no more than that it has waited in vain.
                let connecting = timeout(PATIENCE, options.connect()).await;
                let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
                connecting.map_err(late)??.close().await?;
                let pool = PgPoolOptions::new()
                    .max_connections(1)
                    .after_connect(|db, _| {
                        Box::pin(async move { db.execute(READ_ONLY).await.map(drop) })
                    });
                Kind::Postgres(pool.connect_lazy_with(options))
            }
        };
        Ok(Self(pool))
    }

    /// A look by connections that are there.
    pub(crate) fn through(pool: Pool) -> Self {
        Self(pool)
    }

    /// Tells whether each connection to a PostgreSQL server is a session of its own, as it must be.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn has_sessions(&self) -> sqlx::Result<bool> {
        match &self.0 {
            Kind::Sqlite(_) => Ok(true),
            Kind::Postgres(pool) => pooler::has_sessions(&pool.connect_options()).await,
        }
    }

    /// Compares the tables with those of this program.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing(&self) -> sqlx::Result<SchemaState> {
        if !self.has(STEPS).await? {
            if self.tables().await?.is_empty() {
                return Ok(SchemaState::Empty);
            }
            // Another process may have made them just now.
            if !self.has(STEPS).await? {
                return Ok(SchemaState::Strange);
            }
        }
        let sql = "select version, success, checksum from _sqlx_migrations";
        let taken: Vec<Step> = with_pool!(self.0, db => sqlx::query_as(sql).fetch_all(db).await?);
        Ok(match self.0 {
            Kind::Sqlite(_) => compare(&taken, &SQLITE_STEPS),
            Kind::Postgres(_) => compare(&taken, &POSTGRES_STEPS),
        })
    }

    /// Returns the last step that was taken, of a database that has taken one.
    pub(super) async fn last_step(&self) -> sqlx::Result<i64> {
        let sql = "select coalesce(max(version), 0) from _sqlx_migrations";
        with_pool!(self.0, db => sqlx::query_scalar(sql).fetch_one(db).await)
    }

    /// Lists those of our tables that are there, with their numbers of rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tables(&self) -> sqlx::Result<Vec<(&'static str, i64)>> {
        let mut tables = Vec::new();
        for table in &TABLES {
            if self.has(table.name).await? {
                let sql = AssertSqlSafe(format!("select count(*) from {}", table.name));
                let rows = with_pool!(self.0, db => sqlx::query_scalar(sql).fetch_one(db).await?);
                tables.push((table.name, rows));
            }
        }
        Ok(tables)
    }

    async fn has(&self, table: &str) -> sqlx::Result<bool> {
        match &self.0 {
            Kind::Sqlite(db) => {
                let sql = "select exists (select 1 from sqlite_master
                           where type = 'table' and name = $1)";
                sqlx::query_scalar(sql).bind(table).fetch_one(db).await
            }
            Kind::Postgres(db) => {
                let sql = "select exists (select 1 from pg_tables
                           where schemaname = current_schema() and tablename = $1)";
                sqlx::query_scalar(sql).bind(table).fetch_one(db).await
            }
        }
    }

    /// Counts the processes that use a PostgreSQL database; those that an SQLite file has, a lock
    /// tells.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn servers(&self) -> sqlx::Result<i64> {
        let Kind::Postgres(db) = &self.0 else {
            return Ok(0);
        };
        if !self.has("instances").await? {
            return Ok(0);
        }
        let sql = "select count(*) from instances
                   where heartbeat > extract(epoch from clock_timestamp()) * 1000000 - $1";
        sqlx::query_scalar(sql).bind(ALIVE).fetch_one(db).await
    }

    /// Returns what the server says about itself, if it is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn server(&self) -> sqlx::Result<Option<Server>> {
        let Kind::Postgres(db) = &self.0 else {
            return Ok(None);
        };
        let sql = "select current_setting('server_version') as version,
                       current_setting('server_version_num')::int as number,
                       current_setting('server_encoding') as encoding,
                       current_schema()::text as schema,
                       coalesce(has_schema_privilege(current_schema(), 'create'), false) as can_create,
                       pg_is_in_recovery() as is_replica";
        sqlx::query_as(sql).fetch_one(db).await.map(Some)
    }

    /// Tells what is wrong with the pages of an SQLite file, or with what refers to what in it.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub async fn damage(&self) -> sqlx::Result<Option<String>> {
        let Kind::Sqlite(db) = &self.0 else {
            return Ok(None);
        };
        let said: String = sqlx::query_scalar("pragma integrity_check(1)")
            .fetch_one(db)
            .await?;
        if said != "ok" {
            return Ok(Some(said));
        }
        let astray = sqlx::query("pragma foreign_key_check")
            .fetch_optional(db)
            .await?;
        Ok(astray.map(|_| "a row refers to a missing row".to_owned()))
    }

    /// Ends the look.
    pub async fn close(self) {
        with_pool!(self.0, db => db.close().await);
    }
}

/// A step that a database has taken.
#[derive(FromRow)]
struct Step {
    version: i64,
    success: bool,
    checksum: Vec<u8>,
}

fn compare(taken: &[Step], steps: &Migrator) -> SchemaState {
    let last = steps.iter().map(|step| step.version).max().unwrap_or(0);
    if taken.iter().any(|step| step.version > last) {
        return SchemaState::Newer;
    }
    let is_ours = |taken: &Step| {
        let mut ours = steps.iter();
        let same = ours.find(|step| step.version == taken.version);
        taken.success && same.is_some_and(|step| *step.checksum == *taken.checksum)
    };
    if !taken.iter().all(is_ours) {
        return SchemaState::Strange;
    }
    match taken.len() {
        0 => SchemaState::Empty,
        taken if taken < steps.iter().count() => SchemaState::Behind,
        _ => SchemaState::Current,
    }
}

/// A connection to an SQLite file that leaves nothing beside it.
fn looking_at(url: &str, file: &Path) -> sqlx::Result<SqliteConnectOptions> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(false)
        .read_only(true);
    // What was written last is in a file of its own. Where that is not there nobody writes; then
    // SQLite need not make one to read.
    let is_at_rest = !beside(&real(file), "-wal").exists();
    Ok(options.immutable(is_at_rest))
}

/// The path of an SQLite file; none for a PostgreSQL server.
///
/// # Errors
/// When the address has what no address has.
pub fn sqlite_file(url: &str) -> sqlx::Result<Option<PathBuf>> {
    if is_postgres(url) {
        return Ok(None);
    }
    let options = SqliteConnectOptions::from_str(url)?;
    Ok(Some(options.get_filename().to_owned()))
}

/// Returns the address of a database without the names and passwords that open it.
pub fn place(url: &str) -> String {
    if let Ok(Some(file)) = sqlite_file(url) {
        return file.display().to_string();
    }
    match PgConnectOptions::from_str(url) {
        Ok(options) => {
            let database = options.get_database().unwrap_or(options.get_username());
            let (host, port) = (options.get_host(), options.get_port());
            format!("postgres://{host}:{port}/{database}")
        }
        Err(_) => "the PostgreSQL server".to_owned(),
    }
}
