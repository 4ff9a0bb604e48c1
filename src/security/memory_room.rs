//! Room in memory for what is on its way: forms that people send, and pages that they have not read.
//!
//! Whoever sends or reads slowly has it kept here meanwhile. So that nobody fills the memory that way,
//! each person has so much room, and all of them together.

use crate::ids::UserId;
use bytes::Bytes;
use quick_cache::sync::Cache;
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The bytes that one person has: three or four pages with replies as long as they can be.
const OF_A_PERSON: usize = 32 * 1024 * 1024;

/// The number of a person's requests that are worked at at once. Each may need as much memory as a page
/// with a whole chat before it is known how much that is.
const AT_ONCE: usize = 4;

/// The number of people whose turns are known.
const PEOPLE: usize = 1_000;

/// The bytes that all have together. A small computer has half a gigabyte.
const OF_ALL: usize = 192 * 1024 * 1024;

/// The room that is taken. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Room {
    taken: Arc<Mutex<Taken>>,
    /// Of those who were here last.
    turns: Arc<Cache<UserId, Arc<Semaphore>>>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            taken: Arc::default(),
            turns: Arc::new(Cache::new(PEOPLE)),
        }
    }
}

#[derive(Default)]
struct Taken {
    in_all: usize,
    people: HashMap<UserId, usize>,
}

/// One of a person's requests is being worked at, until this is dropped.
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

/// The reason why there is no room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    /// The person has taken all of theirs.
    Theirs,
    /// All together have taken it.
    Everybodys,
}

/// Some room, given back when it is dropped.
pub(crate) struct Part {
    room: Room,
    user: Option<UserId>,
    size: usize,
}

impl Room {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until few enough of a person's requests are being worked at.
    pub(crate) async fn turn(&self, user: UserId) -> Result<Turn, NoRoom> {
        let turns = self
            .turns
            .get_or_insert_with(&user, || {
                Ok::<_, Infallible>(Arc::new(Semaphore::new(AT_ONCE)))
            })
            .unwrap_or_else(|never| match never {});
        // It is never closed.
        let permit = turns.acquire_owned().await.ok();
        let theirs = self.lock().people.get(&user).copied();
        if theirs.is_some_and(|theirs| theirs >= OF_A_PERSON) {
            return Err(NoRoom::Theirs);
        }
        Ok(Turn { _permit: permit })
    }

    /// Room for so many bytes. Whoever has taken nothing yet gets it, however much it is.
    pub(crate) fn take(&self, user: Option<UserId>, size: usize) -> Result<Part, NoRoom> {
        let mut taken = self.lock();
        let theirs = user.and_then(|user| taken.people.get(&user).copied());
        if theirs.is_some_and(|theirs| theirs + size > OF_A_PERSON) {
            return Err(NoRoom::Theirs);
        }
        if taken.in_all > 0 && taken.in_all + size > OF_ALL {
            return Err(NoRoom::Everybodys);
        }
        taken.in_all += size;
        if let Some(user) = user {
            *taken.people.entry(user).or_default() += size;
        }
        let room = self.clone();
        Ok(Part { room, user, size })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut taken = self.room.lock();
        taken.in_all -= self.size;
        if let Some(user) = self.user
            && let Some(theirs) = taken.people.get_mut(&user)
        {
            *theirs -= self.size;
            if *theirs == 0 {
                taken.people.remove(&user);
            }
        }
    }
}

impl Part {
    /// The same bytes, which give their room back when the last of them has been sent.
    pub(crate) fn holding(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Holding { bytes, _part: self })
    }
}

struct Holding {
    bytes: Bytes,
    _part: Part,
}

impl AsRef<[u8]> for Holding {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use uuid::Uuid;

    const MB: usize = 1024 * 1024;

    #[tokio::test]
    async fn few_requests_of_a_person_are_worked_at_at_once() {
        let room = Room::default();
        let user = |n| UserId(Uuid::from_u128(n));
        let mut turns = Vec::new();
        for _ in 0..AT_ONCE {
            turns.push(room.turn(user(1)).now_or_never().unwrap().unwrap());
        }
        assert!(room.turn(user(1)).now_or_never().is_none());
        assert!(room.turn(user(2)).now_or_never().is_some());
        turns.pop();
        assert!(room.turn(user(1)).now_or_never().is_some());
        let all = room.take(Some(user(1)), OF_A_PERSON).unwrap();
        let refused = room.turn(user(1)).await.err();
        assert_eq!(refused, Some(NoRoom::Theirs));
        drop(all);
        assert!(room.turn(user(1)).await.is_ok());
    }

    #[test]
    fn nobody_takes_more_than_their_room_and_it_comes_back() {
        let room = Room::default();
        let user = |n| Some(UserId(Uuid::from_u128(n)));
        let four = [8, 8, 8, 8].map(|size| room.take(user(1), size * MB).ok());
        assert!(four.iter().all(Option::is_some));
        assert_eq!(room.take(user(1), 1).err(), Some(NoRoom::Theirs));
        assert!(room.take(user(2), 8 * MB).is_ok());
        drop(four);
        // What is larger than all of it can be had by itself.
        let large = room.take(user(1), 40 * MB).unwrap();
        assert_eq!(room.take(user(1), 1).err(), Some(NoRoom::Theirs));
        let bytes = large.holding(Bytes::from_static(b"a page"));
        let (start, rest) = (bytes.slice(..2), bytes.slice(2..));
        drop((bytes, start));
        assert_eq!(room.take(user(1), 1).err(), Some(NoRoom::Theirs));
        drop(rest);
        assert!(room.take(user(1), 32 * MB).is_ok());
    }

    #[test]
    fn all_together_have_so_much() {
        let room = Room::default();
        let people = (1..=6).map(|n| room.take(Some(UserId(Uuid::from_u128(n))), 32 * MB));
        let people: Vec<_> = people.map(Result::ok).collect();
        assert!(people.iter().all(Option::is_some));
        let more = UserId(Uuid::from_u128(7));
        assert_eq!(room.take(Some(more), 1).err(), Some(NoRoom::Everybodys));
        assert_eq!(room.take(None, 1).err(), Some(NoRoom::Everybodys));
        drop(people);
        assert_eq!(room.lock().in_all, 0);
        assert!(room.lock().people.is_empty());
    }
}
