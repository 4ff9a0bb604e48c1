//! Opening a PostgreSQL database.

use super::{Db, Kind, health::Health, migrate::migrate_postgres, notify, pooler, reach::Reach};
use crate::error::{Error, Result};
use sqlx::{
    ConnectOptions, Connection, Executor,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr, sync::Arc, time::Duration};
use tokio::time::timeout;

/// The most connections to PostgreSQL that a process has.
const CONNECTIONS: u32 = 16;

/// So that a process which stands still, or whose machine is gone, in the middle of a transaction
/// does not make the others stand still: what it has locked is soon free, and who waits for it gives
/// up before it counts as gone itself. Set once there is a connection: poolers take no options.
const LIMITS: &str = "
    set idle_in_transaction_session_timeout = '5s';
    set lock_timeout = '3s';
    set tcp_keepalives_idle = '5';
    set tcp_keepalives_interval = '2';
    set tcp_keepalives_count = '3';
    set tcp_user_timeout = '10s'";

/// The time that a query waits for a connection, before its request is told that the database is away.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// Reads how to connect to a server.
///
/// # Errors
/// When the address makes no sense.
pub(super) fn options(url: &str) -> sqlx::Result<PgConnectOptions> {
    let options = PgConnectOptions::from_str(url)?.application_name("damso");
    // It is about numbers as text, which nobody asks for, and poolers refuse it.
    Ok(options.extra_float_digits(None))
}

impl Db {
    pub(super) async fn open_postgres(url: &str) -> Result<Self> {
        let options = options(url)?;
        let refused = |error: sqlx::Error| {
            let advice = pooler::advice(&error);
            Error::internal(format!("cannot be opened: {error}{advice}"))
        };
        let connecting = timeout(PATIENCE, options.connect()).await;
        let connected = connecting.map_err(|_| Error::internal("does not answer"))?;
        connected.map_err(refused)?.close().await?;
        if !pooler::has_sessions(&options).await.map_err(refused)? {
            return Err(Error::internal(pooler::NO_SESSIONS));
        }
        // Another process may be at the migrations, however long they take.
        let migrating = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options.clone());
        migrate_postgres(&migrating).await?;
        migrating.close().await;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .after_connect(|db, _| Box::pin(async move { db.execute(LIMITS).await.map(drop) }))
            .connect_with(options.clone())
            .await?;
        let db = Self {
            read: Kind::Postgres(pool.clone()),
            write: Kind::Postgres(pool.clone()),
            notifier: notify::Notifier::default(),
            sqlite: None,
            reach: Some(Arc::new(Reach::of(options))),
            health: Health::default(),
        };
        tokio::spawn(notify::listen(pool, db.clone()));
        Ok(db)
    }
}
