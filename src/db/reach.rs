//! The reach of a PostgreSQL server: whether there is a way to it, and why not. A pool says no more
//! than that it has waited in vain.

use super::{Db, postgres::PATIENCE};
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};
use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// The shortest time between two looks at one.
const PAUSE: Duration = Duration::from_secs(1);

/// A server, and when it went away.
#[derive(Debug)]
pub(super) struct Reach {
    options: PgConnectOptions,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    looked_at: Option<Instant>,
    away_since: Option<Instant>,
    /// The reason, as the log was told.
    told: String,
}

impl Reach {
    pub(super) fn of(options: PgConnectOptions) -> Self {
        Self {
            options,
            seen: Mutex::default(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects once, unless that was tried just now, and has the log told what came of it, once for
    /// each change. Whether the server is there.
    async fn look(&self) -> bool {
        {
            let mut seen = self.seen();
            if seen.looked_at.is_some_and(|at| at.elapsed() < PAUSE) {
                return seen.away_since.is_none();
            }
            seen.looked_at = Some(Instant::now());
        }
        let error = match timeout(PATIENCE, self.options.connect()).await {
            Ok(Ok(connection)) => {
                connection.close().await.ok();
                None
            }
            Ok(Err(error)) => Some(error),
            Err(_) => Some(sqlx::Error::Io(io::ErrorKind::TimedOut.into())),
        };
        let mut seen = self.seen();
        match error {
            Some(error) => {
                let why = error.to_string();
                if seen.told != why {
                    tracing::error!(%error, "could not connect to PostgreSQL");
                    seen.told = why;
                }
                seen.away_since.get_or_insert_with(Instant::now);
                false
            }
            None => {
                if let Some(since) = seen.away_since.take() {
                    let seconds = since.elapsed().as_secs();
                    tracing::info!(seconds, "connected to PostgreSQL again");
                    seen.told.clear();
                }
                true
            }
        }
    }
}

impl Db {
    /// Looks whether the server can be reached, and has the log told when it cannot, and why.
    pub(super) async fn can_be_reached(&self) -> bool {
        match &self.reach {
            Some(reach) => reach.look().await,
            None => true,
        }
    }

    /// The same meanwhile, after a query has waited for a connection in vain.
    pub(crate) fn ask_why(&self) {
        let db = self.clone();
        tokio::spawn(async move { db.can_be_reached().await });
    }

    /// Tells whether the server has been away for so long that it is better not waited for. (A
    /// restart takes a moment only.)
    pub(crate) fn is_away(&self) -> bool {
        let reach = self.reach.as_ref();
        let since = reach.and_then(|reach| reach.seen().away_since);
        since.is_some_and(|since| since.elapsed() > PATIENCE)
    }
}
