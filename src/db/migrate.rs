//! Bringing the tables up to date.
//!
//! Each step is one transaction, together with the note that it was taken: a start that is killed
//! half-way leaves the database as it was before the step, and the next start takes it again.

use super::{
    Inspection, Kind, SchemaState,
    backup::{Before, back_up},
};
use crate::error::{Error, Result};
use sqlx::{
    PgPool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

/// The steps that lead to the tables of today.
pub(super) static SQLITE_STEPS: Migrator = sqlx::migrate!("migrations/sqlite");
pub(super) static POSTGRES_STEPS: Migrator = sqlx::migrate!("migrations/postgres");

/// The steps that rewrite rows. All others only add tables, columns and indices, so that an older
/// server can go on beside a newer one.
const REWRITES: [i64; 1] = [10];

/// Says whether a copy of an SQLite file is made before its rows are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backup {
    /// It is made, or nothing is rewritten.
    Make,
    /// There is no room for it.
    Skip,
}

impl Inspection {
    /// The last step that rewrites rows, where it is still to come and there are rows.
    async fn rewrite_ahead(&self) -> Result<Option<i64>> {
        let standing = self.standing().await?;
        if let Some(problem) = standing.problem() {
            return Err(Error::internal(problem));
        }
        if standing != SchemaState::Behind {
            return Ok(None);
        }
        let taken = self.last_step().await?;
        Ok(REWRITES.into_iter().filter(|step| *step > taken).max())
    }
}

/// Brings the tables of an SQLite file up to date, which nobody else has open.
pub(super) async fn migrate_sqlite(options: &SqliteConnectOptions, backup: Backup) -> Result<()> {
    // A connection of its own: a table is built anew by dropping the old one, which would take with it
    // whatever refers to its rows. Inside a transaction this cannot be switched off.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone().foreign_keys(false))
        .await?;
    let migrated = async {
        let look = Inspection::through(Kind::Sqlite(pool.clone()));
        if let Some(step) = look.rewrite_ahead().await? {
            let file = options.get_filename();
            match backup {
                Backup::Make => back_up(&pool, file, Before(step)).await?,
                Backup::Skip => tracing::warn!("updating the database's tables without a backup"),
            }
        }
        SQLITE_STEPS.run(&pool).await.map_err(not_migrated)
    };
    let migrated = migrated.await;
    pool.close().await;
    migrated
}

/// Brings the tables of a PostgreSQL database up to date. Several processes may do so at once.
pub(super) async fn migrate_postgres(pool: &PgPool) -> Result<()> {
    let look = Inspection::through(Kind::Postgres(pool.clone()));
    // In this order: a server that is there before the tables are found to be old is an old one.
    let servers = look.servers().await?;
    if look.rewrite_ahead().await?.is_some() && servers > 0 {
        return Err(Error::internal(format!(
            "is in use by {servers} older Damso servers: stop every server, wait ten seconds, then start \
             this one, which updates the tables"
        )));
    }
    POSTGRES_STEPS.run(pool).await.map_err(not_migrated)
}

fn not_migrated(error: MigrateError) -> Error {
    Error::internal(format!(
        "cannot be updated to this version; nothing in it is lost: {error}"
    ))
}
