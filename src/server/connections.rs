//! All connections that are open: how many there may be, and who goes when there are too many.

use super::activity::Activity;
use std::{
    cmp::Reverse,
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};
use tokio_util::sync::CancellationToken;

/// Of so many connections one makes room when there is none: looking who goes takes a while.
const ONE_OF: usize = 100;

/// The most that may be about to go while others come, and how long is waited for the rest of them.
const MOST_LEAVING: usize = 16;
const PATIENCE: Duration = Duration::from_millis(200);

/// All connections that are open.
pub(super) struct Connections {
    most: usize,
    most_of_a_network: usize,
    open: Mutex<Open>,
    /// Those whose slot is somebody else's already, but who have not gone yet.
    leaving: AtomicUsize,
    gone: Notify,
}

#[derive(Default)]
struct Open {
    next: u64,
    all: HashMap<u64, Entry>,
    /// The number of them that each network has; a proxy's are nobody's.
    networks: HashMap<IpAddr, usize>,
}

struct Entry {
    network: Option<IpAddr>,
    activity: Arc<Activity>,
    leave: CancellationToken,
}

/// A connection's slot among all, until it is dropped.
pub(super) struct Slot {
    connections: Arc<Connections>,
    number: u64,
    pub(super) activity: Arc<Activity>,
    /// Others need the slot.
    pub(super) leave: CancellationToken,
}

impl Connections {
    /// So many at most, and so many of each network; one alone never takes the last quarter.
    pub(super) fn new(most: usize, most_of_a_network: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_of_a_network: most_of_a_network.min(most - most / 4),
            open: Mutex::default(),
            leaving: AtomicUsize::new(0),
            gone: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for a connection from this network, for which others that are waited for leave if need
    /// be. None when all of them are being answered.
    pub(super) fn admit(self: &Arc<Self>, network: Option<IpAddr>) -> Option<Slot> {
        let mut open = self.lock();
        let of_network = network.and_then(|network| open.networks.get(&network).copied());
        let is_too_many = of_network.is_some_and(|number| number >= self.most_of_a_network);
        let mut left = 0;
        if is_too_many {
            left = open.evict(|entry| entry.network == network);
        } else if open.all.len() >= self.most {
            left = open.evict(|_| true);
        }
        self.leaving.fetch_add(left, Ordering::Relaxed);
        if left == 0 && (is_too_many || open.all.len() >= self.most) {
            return None;
        }
        let entry = Entry {
            network,
            activity: Arc::new(Activity::new()),
            leave: CancellationToken::new(),
        };
        let slot = Slot {
            connections: self.clone(),
            number: open.next,
            activity: entry.activity.clone(),
            leave: entry.leave.clone(),
        };
        if let Some(network) = network {
            *open.networks.entry(network).or_default() += 1;
        }
        open.next += 1;
        open.all.insert(slot.number, entry);
        Some(slot)
    }

    /// Lets some of those go that are waited for.
    pub(super) fn make_room(&self) {
        let left = self.lock().evict(|_| true);
        self.leaving.fetch_add(left, Ordering::Relaxed);
    }

    /// Waits until not many have to go yet, so that they and those who have come in their slots are
    /// not more than there may be.
    pub(super) async fn settle(&self) {
        let settled = async {
            while self.leaving.load(Ordering::Relaxed) > MOST_LEAVING {
                self.gone.notified().await;
            }
        };
        // They go at once; but nobody waits for them for ever.
        timeout(PATIENCE, settled).await.ok();
    }
}

impl Open {
    /// Some that are waited for leave: of the networks that have the most connections, and of these those
    /// that ask nothing, or else have not sent the whole of it, and have been so longest. How many left.
    fn evict(&mut self, may_go: impl Fn(&Entry) -> bool) -> usize {
        let candidates = self.all.iter().filter(|(_, entry)| may_go(entry));
        let mut waiting: Vec<_> = candidates
            .filter_map(|(number, entry)| {
                let since = entry.activity.waits_since()?;
                let network = entry
                    .network
                    .and_then(|network| self.networks.get(&network));
                Some((Reverse(network.copied().unwrap_or(0)), since, *number))
            })
            .collect();
        let enough = self.all.len().div_ceil(ONE_OF).min(waiting.len());
        if enough == 0 {
            return 0;
        }
        waiting.select_nth_unstable(enough - 1);
        for (_, _, number) in &waiting[..enough] {
            // Its slot is free at once, so that nobody counts it twice.
            if let Some(entry) = self.remove(*number) {
                entry.leave.cancel();
            }
        }
        enough
    }

    fn remove(&mut self, number: u64) -> Option<Entry> {
        let entry = self.all.remove(&number)?;
        if let Some(network) = entry.network
            && let Some(count) = self.networks.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                self.networks.remove(&network);
            }
        }
        Some(entry)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let was_there = self.connections.lock().remove(self.number).is_some();
        if !was_there {
            self.connections.leaving.fetch_sub(1, Ordering::Relaxed);
            self.connections.gone.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(n: u8) -> Option<IpAddr> {
        Some(IpAddr::from([10, 0, 0, n]))
    }

    fn left(slots: &[Slot]) -> Vec<usize> {
        let gone = |slot: &Slot| slot.leave.is_cancelled();
        (0..slots.len()).filter(|n| gone(&slots[*n])).collect()
    }

    #[test]
    fn who_asks_nothing_makes_room_and_first_in_the_largest_network() {
        let connections = Connections::new(5, 4);
        let join = |n| connections.admit(network(n)).unwrap();
        let mut slots = vec![join(1), join(2), join(2), join(2), join(3)];
        slots[1].activity.begins(false);
        slots.push(join(4));
        assert_eq!(
            left(&slots),
            [2],
            "the one of network 2 that is silent longest"
        );
        slots.push(join(4));
        assert_eq!(left(&slots).len(), 2);
        drop(slots.pop());
        slots.push(join(4));
        assert_eq!(left(&slots).len(), 2, "one that has gone made room");
    }

    #[test]
    fn a_network_that_is_full_costs_no_other_network_anything() {
        let connections = Connections::new(100, 2);
        let join = |n| connections.admit(network(n));
        let slots: Vec<_> = [1, 2, 2].into_iter().filter_map(join).collect();
        let third = join(2).unwrap();
        assert_eq!(left(&slots), [1]);
        for slot in slots.iter().chain([&third]) {
            slot.activity.begins(false);
        }
        assert!(join(2).is_none(), "all of it are being answered");
        assert!(join(1).is_some());
        // A proxy's connections are not one network's.
        for _ in 0..5 {
            let slot = connections.admit(None).unwrap();
            slot.activity.begins(false);
            std::mem::forget(slot);
        }
    }

    #[test]
    fn who_has_not_sent_all_of_a_request_makes_room_behind_who_asks_nothing() {
        let connections = Connections::new(4, 4);
        let join = |n| connections.admit(network(n)).unwrap();
        let mut slots: Vec<_> = (1..5).map(join).collect();
        for slot in &slots[..3] {
            slot.activity.begins(false);
        }
        slots[0].activity.body_begins();
        for gone in [vec![3], vec![0, 3]] {
            let slot = join(5);
            slot.activity.begins(false);
            slots.push(slot);
            assert_eq!(left(&slots), gone);
        }
        assert!(connections.admit(network(6)).is_none(), "all have sent all");
        slots[2].activity.body_begins();
        // Over HTTP/2 another request of it is being answered.
        slots[2].activity.begins(true);
        assert!(connections.admit(network(6)).is_none());
        slots[2].activity.ends();
        assert!(connections.admit(network(6)).is_some());
    }

    #[test]
    fn nobody_is_let_in_while_all_are_being_answered() {
        let connections = Connections::new(2, 2);
        let slots = [
            connections.admit(network(1)).unwrap(),
            connections.admit(None).unwrap(),
        ];
        for slot in &slots {
            slot.activity.begins(false);
        }
        assert!(connections.admit(network(3)).is_none());
        slots[0].activity.ends();
        assert!(connections.admit(network(3)).is_some());
    }
}
