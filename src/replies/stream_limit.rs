//! Limits the open streams of one user, because each costs memory.

use crate::ids::UserId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Most pages and event streams that one person may have open at one server. A browser opens at
/// most six over HTTP/1.1, and closes the streams of tabs that are not looked at.
const SEATS: usize = 64;

/// The seats that are taken. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct StreamLimit(Arc<Mutex<HashMap<UserId, usize>>>);

/// A place to watch from, given back when it is dropped.
pub(crate) struct StreamSlot {
    seats: StreamLimit,
    user: UserId,
}

impl StreamLimit {
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat, if the person has one left.
    pub(crate) fn take(&self, user: UserId) -> Option<StreamSlot> {
        let mut seats = self.lock();
        let taken = seats.entry(user).or_default();
        if *taken >= SEATS {
            return None;
        }
        *taken += 1;
        let seats = self.clone();
        Some(StreamSlot { seats, user })
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut seats = self.seats.lock();
        if let Some(taken) = seats.get_mut(&self.user) {
            *taken -= 1;
            if *taken == 0 {
                seats.remove(&self.user);
            }
        }
    }
}
