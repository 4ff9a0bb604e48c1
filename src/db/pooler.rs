//! Poolers between us and a PostgreSQL server: they must give each connection a session of its own.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// The longest that a word from one connection to another may take; it is there at once, or never.
const PATIENCE: Duration = Duration::from_secs(5);

/// The words for a server whose connections are not sessions, after its name.
pub const NO_SESSIONS: &str =
    "is behind a connection pooler that shares sessions: set its pool_mode to session";

/// Tells whether a connection hears what is said to it later, which is all that we need of a session
/// that others do not. Where a pooler hands out another one for each transaction it hears nothing.
pub(super) async fn has_sessions(options: &PgConnectOptions) -> sqlx::Result<bool> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options.clone());
    let channel = format!("damso.{}", Uuid::new_v4().simple());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(&channel).await?;
    let mut other = options.connect().await?;
    // Without a prepared statement, which the next one might find there.
    let word = AssertSqlSafe(format!("notify \"{channel}\""));
    let heard = match other.execute(word).await {
        // It has got the session that listens, and hears itself.
        Err(sqlx::Error::Protocol(_)) => false,
        Err(error) => return Err(error),
        Ok(_) => {
            let heard = timeout(PATIENCE, listener.try_recv()).await;
            matches!(heard, Ok(Ok(Some(_))))
        }
    };
    other.close().await.ok();
    drop(listener);
    pool.close().await;
    Ok(heard)
}

/// Tells what to do about an error that comes from a pooler; empty for others.
pub fn advice(error: &sqlx::Error) -> String {
    let sqlx::Error::Database(error) = error else {
        return String::new();
    };
    let (message, code) = (error.message(), error.code().unwrap_or_default());
    if let Some((_, names)) = message.split_once("unsupported startup parameter") {
        let names = names.trim_start_matches([':', 's', ' ']);
        return format!("; in pgbouncer.ini set ignore_startup_parameters = {names}");
    }
    // A statement that another client has prepared, or that was prepared elsewhere.
    match &*code {
        "42P05" | "26000" => format!("; it {NO_SESSIONS}"),
        _ => String::new(),
    }
}
