//! Notifications between tasks and instances (`LISTEN/NOTIFY`). They carry no payload; the receiver
//! re-reads the tables.

use super::{Db, Kind, Tx, postgres::PATIENCE};
use sqlx::{Executor, PgPool, postgres::PgListener};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

/// Pause after losing the database before listening to it again.
const PAUSE: Duration = Duration::from_secs(1);

/// After so long without a word it is seen whether the server is still there.
const SILENCE: Duration = Duration::from_secs(30);

/// The kinds of things to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Replies have grown or ended.
    Replies,
    /// A reply waits in line, or the line has moved.
    Line,
    /// A reply is to be stopped, or is gone.
    Stops,
    /// Somebody has signed out.
    SignOuts,
}

impl Topic {
    const ALL: [Self; 4] = [Self::Replies, Self::Line, Self::Stops, Self::SignOuts];

    const fn name(self) -> &'static str {
        match self {
            Self::Replies => "replies",
            Self::Line => "line",
            Self::Stops => "stops",
            Self::SignOuts => "sign-outs",
        }
    }
}

/// Tells the processes that share a PostgreSQL schema, and no others.
const NOTIFY: &str = "select pg_notify('damso.' || current_schema(), $1)";

/// One counter for each topic. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notifier(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    topics: [watch::Sender<u64>; Topic::ALL.len()],
    /// Tells what this process has said from what others have.
    me: Uuid,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            topics: Default::default(),
            me: Uuid::new_v4(),
        }
    }
}

/// Is woken when there is something to look at.
pub type Subscription = watch::Receiver<u64>;

impl Notifier {
    fn here(&self, topic: Topic) {
        self.0.topics[topic as usize].send_modify(|count| *count += 1);
    }

    /// Returns the payload of a topic's notice.
    fn notice(&self, topic: Topic) -> String {
        format!("{} {}", topic.name(), self.0.me)
    }

    /// Hands on what another process has said.
    fn hear(&self, notice: &str) {
        let Some((name, from)) = notice.split_once(' ') else {
            return;
        };
        let topic = Topic::ALL.into_iter().find(|topic| topic.name() == name);
        if let Some(topic) = topic
            && from.parse() != Ok(self.0.me)
        {
            self.here(topic);
        }
    }

    fn all(&self) {
        Topic::ALL.into_iter().for_each(|topic| self.here(topic));
    }
}

impl Db {
    /// Subscribes to a topic from now on.
    pub fn subscribe(&self, topic: Topic) -> Subscription {
        self.notifier.0.topics[topic as usize].subscribe()
    }

    /// Notifies those in this process.
    pub fn notify_here(&self, topic: Topic) {
        self.notifier.here(topic);
    }

    /// Wakes the other processes once the transaction is kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notify_others(&self, tx: &mut Tx, topic: Topic) -> sqlx::Result<()> {
        if let Kind::Postgres(tx) = tx {
            let notice = self.notifier.notice(topic);
            sqlx::query(NOTIFY).bind(notice).execute(&mut **tx).await?;
        }
        Ok(())
    }

    /// Notifies everybody. A notification may be lost with the database; who waits also looks now and then.
    pub async fn notify(&self, topic: Topic) {
        self.notifier.here(topic);
        if let Kind::Postgres(pool) = &self.write
            && let Err(error) = sqlx::query(NOTIFY)
                .bind(self.notifier.notice(topic))
                .execute(pool)
                .await
        {
            tracing::warn!(%error, topic = topic.name(), "could not notify other servers (NOTIFY)");
        }
    }
}

/// Hands on what other processes say, for as long as the pool is open. What was said while nobody
/// could hear it is made up for by waking everybody.
pub(crate) async fn listen(pool: PgPool, db: Db) {
    while !pool.is_closed() {
        if let Err(error) = hear(&pool, &db.notifier).await
            && !pool.is_closed()
        {
            tracing::debug!(%error, "lost the LISTEN connection; reconnecting");
        }
        // What listens is the first to notice that the server is away.
        while !pool.is_closed() && !db.can_be_reached().await {
            sleep(PAUSE).await;
        }
        sleep(PAUSE).await;
    }
}

async fn hear(pool: &PgPool, notifier: &Notifier) -> sqlx::Result<()> {
    let schema: String = sqlx::query_scalar("select current_schema()::text")
        .fetch_one(pool)
        .await?;
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(&format!("damso.{schema}")).await?;
    notifier.all();
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(notice) => match notice? {
                Some(notice) => notifier.hear(notice.payload()),
                None => return Ok(()),
            },
            // A server that is gone without a word says nothing for ever.
            Err(_) => {
                let asked = timeout(PATIENCE, listener.execute("select 1")).await;
                asked.map_err(|_| sqlx::Error::Io(io::ErrorKind::TimedOut.into()))??;
            }
        }
    }
}
