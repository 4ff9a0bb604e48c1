//! From the line to the final state: how a reply is begun, made and stored.

use super::{
    Replies,
    lifecycle::{Claimed, Ending, Lease},
    live::{Cut, LiveReply},
    writer::{self, Around},
};
use crate::{
    db::Topic,
    error::Result,
    messages::rows::MessageState,
    models::{Options, Turn},
};
use std::{future::pending, iter, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};

/// Pauses in milliseconds before trying again what the database could not do; the last one comes
/// again and again. A second after it can, all is well.
const PAUSES: [u64; 3] = [50, 200, 800];

/// For so long it is tried to store a reply's end that the database does not take, though it answers.
/// After that it is an interrupted one, with what the journal has of it.
const TRYING: Duration = Duration::from_secs(120);

impl Replies {
    /// To be called when a reply was put into the line: it is begun, here if there is room.
    pub(crate) async fn added(&self) {
        let replies = self.clone();
        // To its end even if whoever asked leaves meanwhile: a reply that was claimed is to be made.
        let begun = tokio::spawn(async move { replies.begin_waiting().await });
        if !begun.await.unwrap_or(false) {
            // Another process may have room.
            self.db.notify(Topic::Line).await;
        }
    }

    /// Begins as many of those that wait as there is room for; whether there is room for more.
    pub(crate) async fn begin_waiting(&self) -> bool {
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
            tracing::warn!(%error, "could not read the reply queue");
            Vec::new()
        });
        let has_room = claimed.len() < slots;
        if !claimed.is_empty() {
            // The line has moved.
            self.db.notify_here(Topic::Replies);
        }
        for claimed in claimed {
            self.begin(claimed);
        }
        has_room
    }

    /// Begins a reply that was claimed.
    fn begin(&self, mut claimed: Claimed) {
        let lease = claimed.lease;
        let live = self.known.write(lease.id, || {
            Arc::new(LiveReply::new(lease.id, &self.closing))
        });
        // From here on they are kept in one place.
        let thoughts = std::mem::take(&mut claimed.reasoning);
        live.write_as(lease, claimed.body.len(), thoughts);
        let replies = self.clone();
        tokio::spawn(async move {
            replies.make(live.clone(), claimed).await;
            replies.known.remove(lease);
            live.end();
            // There is room for another one.
            replies.db.notify_here(Topic::Line);
        });
    }

    /// Makes a reply and stores it.
    async fn make(&self, live: Arc<LiveReply>, claimed: Claimed) {
        let (lease, chat, user) = (claimed.lease, claimed.chat_id, claimed.user_id);
        // Boxed, so that the reply does not hold the place of a query for as long as it runs.
        let (turns, options) = match Box::pin(self.turns(&live, &claimed)).await {
            Ok(Start::Ask(turns, options)) => (turns, options),
            Ok(Start::End(state)) => {
                let ending = Ending::not_begun(state, claimed, live.thoughts());
                return Box::pin(self.store(&live, lease, &ending)).await;
            }
            Err(error) => {
                tracing::error!(%error, reply = %lease.id, "could not start a reply");
                let ending = Ending {
                    problem: Some("internal"),
                    ..Ending::not_begun(MessageState::Failed, claimed, live.thoughts())
                };
                return Box::pin(self.store(&live, lease, &ending)).await;
            }
        };
        let asked = turns.iter().map(Turn::tokens).collect();
        let around = Around {
            db: self.db.clone(),
            known: self.known.clone(),
            main: Handle::current(),
        };
        let writing = live.clone();
        let writing = self.writers.spawn(move |models| {
            let events = models.reply_with(turns, options);
            writer::write(around, events, writing, claimed, asked)
        });
        match writing.await {
            Ok(ending) => {
                Box::pin(self.store(&live, lease, &ending)).await;
                if ending.state == MessageState::Complete {
                    self.see_to_title(user, chat, lease.id);
                }
            }
            // Even a panic leaves no reply running for ever.
            Err(_) => {
                tracing::error!(reply = %lease.id, "a reply task panicked");
                if let Err(error) = Box::pin(self.db.interrupt_reply(lease)).await {
                    tracing::error!(%error, reply = %lease.id, "could not mark the reply as interrupted");
                }
            }
        }
    }

    /// Gathers what the model is to be asked, as soon as the database tells; or tells how the reply
    /// ends before it is begun.
    async fn turns(&self, live: &LiveReply, claimed: &Claimed) -> Result<Start> {
        let (mut pauses, mut told) = (pauses(), false);
        loop {
            let error = match writer::turns(&self.db, claimed, self.limits.history).await {
                Ok(Some((turns, options))) => return Ok(Start::Ask(turns, options)),
                // Deleted before its turn came, and about to be stopped by whoever did that.
                Ok(None) => return Ok(Start::End(MessageState::Stopped)),
                Err(error) if error.is_passing() => error,
                Err(error) => return Err(error),
            };
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(reply = %claimed.lease.id, %error, "could not start a reply yet; trying again");
            }
            let pause = pauses.next().unwrap_or_default();
            match timeout(pause, live.was_cut()).await {
                Ok(Cut::Stopped) => return Ok(Start::End(MessageState::Stopped)),
                Ok(Cut::Ending | Cut::Lost) => return Ok(Start::End(MessageState::Interrupted)),
                Err(_) => {}
            }
        }
    }

    /// Brings a reply to its final state in the database. While that takes nothing it waits with the
    /// whole text.
    async fn store(&self, live: &LiveReply, lease: Lease, ending: &Ending) {
        let (began, mut pauses) = (Instant::now(), pauses());
        let mut told = false;
        while let Err(error) = self.db.end_reply(lease, ending).await {
            if !std::mem::replace(&mut told, true) {
                tracing::error!(reply = %lease.id, %error, "could not save a reply; trying again");
            }
            let pause = pauses.next().unwrap_or_default();
            // The journal still has the text, or as much as it could take.
            let is_hopeless = !error.is_passing() && began.elapsed() > TRYING;
            if is_hopeless || is_lost_within(live, pause).await {
                return;
            }
        }
        if told {
            let seconds = began.elapsed().as_secs();
            tracing::info!(reply = %lease.id, seconds, "saved the reply");
        }
    }
}

/// How a reply starts.
enum Start {
    /// The model is asked this.
    Ask(Vec<Turn>, Options),
    /// It ends before it is begun, in this state.
    End(MessageState),
}

/// Gives the pause before each further try, without end.
fn pauses() -> impl Iterator<Item = Duration> {
    let [.., last] = PAUSES;
    let pauses = PAUSES.into_iter().chain(iter::repeat(last));
    pauses.map(Duration::from_millis)
}

/// Waits that long; true if the reply is not ours to end any more.
async fn is_lost_within(live: &LiveReply, time: Duration) -> bool {
    let lost = async {
        match live.was_cut().await {
            Cut::Lost => (),
            _ => pending().await,
        }
    };
    timeout(time, lost).await.is_ok()
}
