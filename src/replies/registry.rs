//! Registry of the replies in this process: written here, or followed for a reader.

use super::{
    follower::Follower,
    lifecycle::Lease,
    live::{Cut, LiveReply},
    reader::Position,
};
use crate::ids::MessageId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// The replies that this process knows.
#[derive(Default)]
pub(crate) struct Registry {
    replies: Mutex<Both>,
    count: watch::Sender<Count>,
}

/// The number of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    written: usize,
    followed: usize,
}

/// Each reply is in one of the two.
#[derive(Default)]
pub(crate) struct Both {
    written: HashMap<MessageId, Arc<LiveReply>>,
    pub(crate) followed: HashMap<MessageId, Follower>,
}

impl Both {
    pub(crate) fn live(&self, id: MessageId) -> Option<Arc<LiveReply>> {
        let followed = || self.followed.get(&id).map(|followed| &followed.live);
        self.written.get(&id).or_else(followed).cloned()
    }

    /// Tells whether it is made here as this attempt.
    pub(crate) fn writes(&self, lease: Lease) -> bool {
        let live = self.written.get(&lease.id);
        live.is_some_and(|live| live.lease() == Some(lease))
    }

    /// Those that are followed, and how much is known of each; what nobody has watched for a
    /// while is forgotten.
    pub(crate) fn followed_now(&mut self) -> Vec<(MessageId, Position)> {
        self.followed.retain(|_, followed| !followed.is_forgotten());
        let followed = self.followed.iter();
        followed
            .map(|(id, followed)| (*id, followed.known()))
            .collect()
    }
}

impl Registry {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Both> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reply, if it is known.
    pub(crate) fn live(&self, id: MessageId) -> Option<Arc<LiveReply>> {
        self.lock().live(id)
    }

    /// The reply, if it is made here.
    pub(crate) fn written_here(&self, id: MessageId) -> Option<Arc<LiveReply>> {
        self.lock().written.get(&id).cloned()
    }

    /// All that are made here.
    pub(crate) fn written(&self) -> Vec<Arc<LiveReply>> {
        self.lock().written.values().cloned().collect()
    }

    pub(crate) fn written_count(&self) -> usize {
        self.lock().written.len()
    }

    /// The reply is made here from now on: the one that is watched already, or a new one.
    pub(crate) fn write(
        &self,
        id: MessageId,
        new: impl FnOnce() -> Arc<LiveReply>,
    ) -> Arc<LiveReply> {
        let live = {
            let mut replies = self.lock();
            let followed = replies.followed.remove(&id);
            let live = followed.map_or_else(new, |followed| followed.live);
            if let Some(earlier) = replies.written.insert(id, live.clone()) {
                earlier.cut(Cut::Lost);
            }
            live
        };
        self.told();
        live
    }

    /// The reply is no longer made here as this attempt; it may be as the next one already.
    pub(crate) fn remove(&self, lease: Lease) {
        let mut replies = self.lock();
        if replies.writes(lease) {
            replies.written.remove(&lease.id);
        }
        drop(replies);
        self.told();
    }

    /// Counts again after a change.
    pub(crate) fn told(&self) {
        let replies = self.lock();
        let count = Count {
            written: replies.written.len(),
            followed: replies.followed.len(),
        };
        self.count.send_if_modified(|before| {
            let changed = *before != count;
            *before = count;
            changed
        });
    }

    /// Returns when at least one reply is made here.
    pub(crate) async fn wait_for_one(&self) {
        self.wait(|count| count.written > 0).await;
    }

    /// Returns when none is made here.
    pub(crate) async fn wait_for_none(&self) {
        self.wait(|count| count.written == 0).await;
    }

    /// Returns when at least one is followed.
    pub(crate) async fn wait_for_followed(&self) {
        self.wait(|count| count.followed > 0).await;
    }

    async fn wait(&self, until: impl Fn(&Count) -> bool) {
        // The sender is part of self, so it cannot be gone.
        let _ = self.count.subscribe().wait_for(|count| until(count)).await;
    }
}
