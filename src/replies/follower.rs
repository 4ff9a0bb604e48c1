//! Followers: copies of replies that another instance is writing, or that are still queued, fed
//! from the journal.

use super::{
    Replies,
    journal::Progress,
    live::{LiveReply, Note},
    reader::Position,
    rendering::Rendering,
};
use crate::{db::Topic, error::Result, ids::MessageId, messages::rows::MessageState};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, timeout},
};

/// Shortest and longest pause between two looks at how far they have come.
const LEAST: Duration = Duration::from_millis(200);
const MOST: Duration = Duration::from_secs(2);

/// Time for which a reply that nobody watches is still followed: a page asks for the reply's text
/// first and opens its event stream a moment later.
const GRACE: Duration = Duration::from_secs(10);

/// A reply that is followed from the journal.
pub(crate) struct Follower {
    pub live: Arc<LiveReply>,
    /// The part of its text that is known.
    known: Position,
    feed: mpsc::UnboundedSender<Fed>,
    /// The time since when nobody watches it.
    unwatched: Option<Instant>,
}

/// News for a follower.
enum Fed {
    /// More of what the model thinks.
    Thoughts(String),
    /// More of the text.
    Text(String),
    /// That is all there will be.
    End,
    /// Answered when everything before is shown.
    Shown(oneshot::Sender<()>),
}

impl Replies {
    /// The reply as it is watched here, if it runs or waits.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn follow(&self, id: MessageId) -> Result<Option<Arc<LiveReply>>> {
        if let Some(live) = self.known.live(id) {
            return Ok(Some(live));
        }
        let Some(progress) = self.db.progress(&[(id, Position::default())]).await?.pop() else {
            return Ok(None);
        };
        if !progress.state.is_running() {
            return Ok(None);
        }
        let place = match progress.state {
            MessageState::Queued => self.db.places().await?.remove(&id),
            _ => None,
        };
        let (live, feed) = {
            let mut replies = self.known.lock();
            if let Some(live) = replies.live(id) {
                return Ok(Some(live));
            }
            let (feed, fed) = mpsc::unbounded_channel();
            let live = Arc::new(LiveReply::new(id, &self.closing));
            let mut followed = Follower {
                live: live.clone(),
                known: Position::default(),
                feed: feed.clone(),
                unwatched: None,
            };
            followed.take(&progress, place);
            replies.followed.insert(id, followed);
            let shown = live.clone();
            drop(self.writers.spawn(|_| show(shown, fed)));
            (live, feed)
        };
        self.known.told();
        let (shown, seen) = oneshot::channel();
        if feed.send(Fed::Shown(shown)).is_ok() {
            seen.await.ok();
        }
        Ok(Some(live))
    }

    /// Keeps what is followed up to date for as long as the database is open.
    pub(crate) async fn keep_following(self) {
        let (mut replies, mut line) = (
            self.db.subscribe(Topic::Replies),
            self.db.subscribe(Topic::Line),
        );
        while !self.db.is_closed() {
            self.known.wait_for_followed().await;
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "could not read replies of other servers");
            }
            sleep(LEAST).await;
            let woken = async {
                tokio::select! { _ = replies.changed() => (), _ = line.changed() => () }
            };
            timeout(MOST, woken).await.ok();
        }
    }

    async fn look(&self) -> Result<()> {
        let wanted = self.known.lock().followed_now();
        let mut found: HashMap<MessageId, Progress> = self
            .db
            .progress(&wanted)
            .await?
            .into_iter()
            .map(|progress| (progress.id, progress))
            .collect();
        let waits = |progress: &Progress| progress.state == MessageState::Queued;
        let places = match found.values().any(waits) {
            true => self.db.places().await?,
            false => HashMap::new(),
        };
        let mut replies = self.known.lock();
        for (id, _) in wanted {
            let Some(followed) = replies.followed.get_mut(&id) else {
                continue;
            };
            let goes_on = match found.remove(&id) {
                Some(progress) => followed.take(&progress, places.get(&id).copied()),
                // Deleted.
                None => followed.end(),
            };
            if !goes_on {
                replies.followed.remove(&id);
            }
        }
        drop(replies);
        self.known.told();
        Ok(())
    }
}

impl Follower {
    /// Hands on what is new. False at the end.
    fn take(&mut self, progress: &Progress, place: Option<u64>) -> bool {
        let thoughts = new(
            &progress.reasoning,
            self.known.thoughts,
            &progress.more_reasoning,
        );
        if !thoughts.is_empty() {
            self.known.thoughts += thoughts.len();
            self.feed.send(Fed::Thoughts(thoughts)).ok();
        }
        let text = new(&progress.body, self.known.body, &progress.more);
        if !text.is_empty() {
            self.known.body += text.len();
            self.feed.send(Fed::Text(text)).ok();
        }
        match (progress.state, place) {
            (MessageState::Queued, Some(place)) => self.live.say_elsewhere(Note::Queued(place)),
            (MessageState::Streaming, _) if self.known.body == 0 => {
                let note = match self.known.thoughts {
                    0 => Note::Waiting,
                    _ => Note::Thinking,
                };
                self.live.say_elsewhere(note);
            }
            _ => {}
        }
        if progress.state.is_running() {
            return true;
        }
        self.end()
    }

    fn end(&mut self) -> bool {
        self.feed.send(Fed::End).ok();
        false
    }

    /// Tells whether nobody has watched it for a while.
    pub(crate) fn is_forgotten(&mut self) -> bool {
        if self.live.readers() > 0 {
            self.unwatched = None;
            return false;
        }
        let is_forgotten = self.unwatched.get_or_insert_with(Instant::now).elapsed() > GRACE;
        if is_forgotten {
            self.live.give_up();
        }
        is_forgotten
    }

    /// Returns the part of it that is known.
    pub(crate) fn known(&self) -> Position {
        self.known
    }
}

/// Returns the new part of a text: the end of what its row has, and what the journal has after
/// that.
fn new(row: &str, known: usize, more: &str) -> String {
    row.get(known..).unwrap_or_default().to_owned() + more
}

/// Renders what one follower is told, on a thread of those that write.
async fn show(live: Arc<LiveReply>, mut fed: mpsc::UnboundedReceiver<Fed>) {
    let mut rendering = Rendering::new(&live, LiveReply::show_elsewhere);
    while let Some(next) = fed.recv().await {
        match next {
            Fed::Thoughts(thoughts) => live.think_elsewhere(&thoughts),
            Fed::Text(text) => {
                rendering.push(&text);
                rendering.show().await;
            }
            Fed::End => rendering.end(LiveReply::end_elsewhere).await,
            Fed::Shown(shown) => {
                shown.send(()).ok();
            }
        }
    }
}
