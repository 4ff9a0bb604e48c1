//! Replies: one task writes each, and any number of pages and event streams follow it.

mod elsewhere;
mod events;
mod held;
mod journal;
mod keeper;
mod known;
mod lifecycle;
mod live;
mod routes;
mod seats;
mod threads;
mod ticks;
mod writer;

use crate::{
    auth::User,
    chats::MessageId,
    db::{Db, Topic},
    error::{Error, Result},
    models::Models,
};
use known::Known;
use lifecycle::{Claimed, Ending, InstanceId, Lease};
use live::Cut;
use seats::{Seat, Seats};
use std::{sync::Arc, thread, time::Duration};
use threads::Threads;
use tokio::{runtime::Handle, time::sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use writer::Around;

pub(crate) use held::{Held, hold, is_graphical};
pub(crate) use live::{LiveReply, News, Note, Reader};
pub use routes::routes;

/// How many threads write replies, at most. They are apart from those that answer requests, as the
/// state of a highlighter cannot move to another thread, and as rendering takes its time.
const WRITER_THREADS: usize = 4;

/// Pauses in milliseconds before trying again what the database could not do; about two minutes in
/// all. After that the reply is an interrupted one, with what the journal has of it.
const PAUSES: [u64; 9] = [50, 200, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000];

/// How many replies there may be at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Running in this process.
    pub at_once: usize,
    /// Running for one person, in all processes together.
    pub per_person: usize,
}

/// The replies that run or wait. Cheap to clone.
#[derive(Clone)]
pub struct Replies {
    db: Db,
    instance: InstanceId,
    limits: Limits,
    known: Arc<Known>,
    writers: Threads,
    /// Held while replies are claimed.
    claiming: Arc<tokio::sync::Mutex<()>>,
    /// Set when no more replies are begun.
    ending: CancellationToken,
    /// Set when those who watch are to come back later.
    closing: CancellationToken,
    seats: Seats,
}

impl Replies {
    /// Starts what keeps the replies to come, after ending what was left by an earlier run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start(db: Db, models: Models, limits: Limits) -> Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let models = (0..cores.min(WRITER_THREADS)).map(|_| models.with_own_connections());
        let models = models.collect::<Result<_, _>>().map_err(Error::internal)?;
        let known = Arc::default();
        let replies = Self {
            db,
            instance: InstanceId(Uuid::now_v7()),
            limits,
            writers: Threads::start(models, &known).map_err(Error::internal)?,
            known,
            claiming: Arc::default(),
            ending: CancellationToken::new(),
            closing: CancellationToken::new(),
            seats: Seats::default(),
        };
        replies.take_over().await?;
        tokio::spawn(journal::keep(replies.db.clone(), replies.known.clone()));
        tokio::spawn(replies.clone().keep());
        tokio::spawn(replies.clone().keep_following());
        Ok(replies)
    }

    /// To be called when a reply was put into the line: it is begun, here if there is room.
    pub(crate) async fn added(&self) {
        let replies = self.clone();
        // To its end even if whoever asked leaves meanwhile: a reply that was claimed is to be made.
        let begun = tokio::spawn(async move { replies.begin_waiting().await });
        if !begun.await.unwrap_or(false) {
            // Another process may have room.
            self.db.wake(Topic::Line).await;
        }
    }

    /// Begins as many of those that wait as there is room for; whether there is room for more.
    async fn begin_waiting(&self) -> bool {
        let _claiming = self.claiming.lock().await;
        if self.is_ending() {
            return false;
        }
        let running = self.known.written_count();
        let slots = self.limits.at_once.saturating_sub(running);
        let claimed = self
            .db
            .claim_replies(self.instance, slots, self.limits.per_person);
        let claimed = claimed.await.unwrap_or_else(|error| {
            // It is looked again in a moment.
            tracing::warn!(%error, "the line could not be looked at");
            Vec::new()
        });
        let has_room = claimed.len() < slots;
        if !claimed.is_empty() {
            // The line has moved.
            self.db.wake_here(Topic::Replies);
        }
        for claimed in claimed {
            self.write(claimed);
        }
        has_room
    }

    /// Makes a reply that was claimed.
    fn write(&self, claimed: Claimed) {
        let lease = claimed.lease;
        let live = self.known.write(lease.id, || {
            Arc::new(LiveReply::new(lease.id, self.closing.clone()))
        });
        live.write_as(lease, claimed.body.len(), claimed.reasoning.len());
        let replies = self.clone();
        tokio::spawn(async move {
            replies.make(live.clone(), claimed).await;
            replies.known.remove(lease.id);
            live.end();
            // There is room for another one.
            replies.db.wake_here(Topic::Line);
        });
    }

    /// Makes a reply and stores it.
    async fn make(&self, live: Arc<LiveReply>, claimed: Claimed) {
        let lease = claimed.lease;
        let turns = match writer::turns(&self.db, &claimed).await {
            Ok(turns) => turns,
            Err(error) => {
                tracing::error!(%error, reply = %lease.id, "a reply could not be begun");
                return self.store(lease, &Ending::not_begun(claimed)).await;
            }
        };
        let around = Around {
            db: self.db.clone(),
            known: self.known.clone(),
            main: Handle::current(),
        };
        let writing = self
            .writers
            .spawn(move |models| writer::write(around, models.reply(turns), live, claimed));
        match writing.await {
            Ok(Some(ending)) => self.store(lease, &ending).await,
            Ok(None) => {}
            // Even a panic leaves no reply running for ever.
            Err(_) => {
                tracing::error!(reply = %lease.id, "writing a reply ended badly");
                if let Err(error) = self.db.interrupt_reply(lease).await {
                    tracing::error!(%error, reply = %lease.id, "a reply could not be ended");
                }
            }
        }
    }

    /// Brings a reply to its final state in the database.
    async fn store(&self, lease: Lease, ending: &Ending) {
        for pause in PAUSES {
            match self.db.end_reply(lease, ending).await {
                Ok(_) => break,
                // The journal still has the text.
                Err(error) => {
                    tracing::error!(reply = %lease.id, %error, "a reply could not be stored")
                }
            }
            sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Asks a reply to stop, wherever it is made. What it has so far stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stop(&self, id: MessageId) -> Result<()> {
        if let Some(live) = self.known.written_here(id) {
            live.cut(Cut::Stopped);
        } else if self.db.stop_waiting(id).await? {
            self.db.wake(Topic::Replies).await;
        } else {
            self.db.ask_to_stop(id).await?;
            self.db.wake(Topic::Stops).await;
        }
        Ok(())
    }

    /// Lets go of replies that were deleted.
    pub(crate) async fn forget(&self, deleted: &[MessageId]) {
        for live in deleted.iter().filter_map(|id| self.known.written_here(*id)) {
            live.cut(Cut::Lost);
        }
        if !deleted.is_empty() {
            self.db.wake(Topic::Stops).await;
            self.db.wake(Topic::Replies).await;
        }
    }

    /// A place to watch from.
    ///
    /// # Errors
    /// When the person has too many already.
    pub(crate) fn seat(&self, user: &User) -> Result<Seat> {
        self.seats.take(user.id).ok_or(Error::TooManyOpen)
    }

    /// Whether the program is about to end, and begins no more replies.
    pub fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }
}
