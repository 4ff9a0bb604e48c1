//! Replies: one task writes each, and any number of pages and event streams follow it.

pub(crate) mod follower;
pub(crate) mod heartbeat;
mod journal;
mod lifecycle;
pub(crate) mod live;
pub(crate) mod pacing;
pub(crate) mod reader;
pub(crate) mod registry;
mod rendering;
pub(crate) mod run;
pub(crate) mod shutdown;
pub(crate) mod stream_limit;
mod title_dress;
pub(crate) mod title_job;
mod title_text;
mod usage;
mod writer;
pub(crate) mod writer_pool;

use crate::{
    db::{Db, Topic},
    error::{Error, Result},
    ids::MessageId,
    models::Models,
    users::User,
};
use heartbeat::Pulse;
use lifecycle::InstanceId;
use live::Cut;
use registry::Registry;
use std::{
    sync::{Arc, Mutex},
    thread,
};
use stream_limit::{StreamLimit, StreamSlot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use writer_pool::WriterPool;

pub(crate) use live::{LiveReply, Note};
pub(crate) use reader::{News, Position, Reader};

/// Most threads that write replies. They are apart from those that answer requests, as the state of
/// a highlighter cannot move to another thread, and as rendering takes its time.
const WRITER_THREADS: usize = 4;

/// Limits on replies at once, and on what is read for each.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Running in this process.
    pub at_once: usize,
    /// Running for one person, in all processes together.
    pub per_person: usize,
    /// Characters of a conversation that a model is sent at most; what is before them is not read.
    pub history: usize,
}

/// The replies that run or wait. Cheap to clone.
#[derive(Clone)]
pub struct Replies {
    db: Db,
    instance: InstanceId,
    limits: Limits,
    known: Arc<Registry>,
    writers: WriterPool,
    /// Held while replies are claimed.
    claiming: Arc<tokio::sync::Mutex<()>>,
    /// Set when no more replies are begun.
    ending: CancellationToken,
    /// Set when those who watch are to come back later.
    closing: CancellationToken,
    seats: StreamLimit,
    pulse: Arc<Mutex<Pulse>>,
    /// The models that make titles, unless that is switched off.
    titles: Option<Models>,
}

impl Replies {
    /// Starts what keeps the replies to come, after ending what was left by an earlier run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn start(db: Db, models: Models, limits: Limits, titles: bool) -> Result<Self> {
        let titles = titles.then(|| models.clone());
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let models = (0..cores.min(WRITER_THREADS)).map(|_| models.with_own_connections());
        let models = models.collect::<Result<_, _>>().map_err(Error::internal)?;
        let known = Arc::default();
        let replies = Self {
            db,
            instance: InstanceId(Uuid::now_v7()),
            limits,
            writers: WriterPool::start(models, &known).map_err(Error::internal)?,
            known,
            claiming: Arc::default(),
            ending: CancellationToken::new(),
            closing: CancellationToken::new(),
            seats: StreamLimit::default(),
            pulse: Arc::default(),
            titles,
        };
        replies.take_over().await?;
        tokio::spawn(journal::keep(replies.db.clone(), replies.known.clone()));
        tokio::spawn(replies.clone().keep_beating());
        tokio::spawn(replies.clone().keep());
        tokio::spawn(replies.clone().keep_following());
        Ok(replies)
    }

    /// Asks a reply to stop, wherever it is made. What it has so far stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stop(&self, id: MessageId) -> Result<()> {
        let live = self.known.written_here(id);
        if let Some(live) = &live {
            live.cut(Cut::Stopped);
        }
        // Also then: another process may have gone on with it.
        match self.leave_word_to_stop(id).await {
            // It has stopped here, and is kept so once something can be kept.
            Err(error) if live.is_some() && error.is_passing() => {
                tracing::warn!(%error, "could not save a stop request; stopped the reply on this server only");
                Ok(())
            }
            done => done,
        }
    }

    async fn leave_word_to_stop(&self, id: MessageId) -> Result<()> {
        if self.db.stop_waiting(id).await? {
            self.db.notify(Topic::Replies).await;
        } else {
            self.db.ask_to_stop(id).await?;
            self.db.notify(Topic::Stops).await;
        }
        Ok(())
    }

    /// Lets go of replies that were deleted.
    pub(crate) async fn forget(&self, deleted: &[MessageId]) {
        for live in deleted.iter().filter_map(|id| self.known.written_here(*id)) {
            live.cut(Cut::Lost);
        }
        if !deleted.is_empty() {
            self.db.notify(Topic::Stops).await;
            self.db.notify(Topic::Replies).await;
        }
    }

    /// A place to watch from.
    ///
    /// # Errors
    /// When the person has too many already.
    pub(crate) fn seat(&self, user: &User) -> Result<StreamSlot> {
        self.seats.take(user.id).ok_or(Error::TooManyOpen)
    }

    /// Tells whether the program is about to end, and begins no more replies.
    pub fn is_ending(&self) -> bool {
        self.ending.is_cancelled()
    }
}
