//! The activity of a connection, and until when it may go on like that.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// The time that a request's head may take from its first byte on.
const HEAD: Duration = Duration::from_secs(15);

/// The time that a connection may be open without asking anything, and without taking what it is sent.
const IDLE: Duration = Duration::from_secs(75);

/// The activity of a connection. Its own task writes it, and whoever looks for room reads it.
pub(super) struct Activity {
    began: Instant,
    /// The number of its requests that are being answered.
    requests: AtomicU32,
    /// The number of these that have not come whole: their bodies are still being sent.
    receiving: AtomicU32,
    /// The time since when there is one of these, in milliseconds from the beginning.
    receiving_since: AtomicU64,
    /// The time since when there is none, in milliseconds from the beginning.
    idle_since: AtomicU64,
    /// The time since when a head is being read, plus one; zero when none is.
    head_since: AtomicU64,
    /// The time when it took something last, in milliseconds from the beginning.
    wrote_at: AtomicU64,
    /// It does not take what is written.
    is_blocked: AtomicBool,
    /// Its requests are not each preceded by silence: HTTP/2, where what is read may be anything.
    has_streams: AtomicBool,
}

/// The thing that a connection is waited for to do, and since when. The least goes first, if some
/// have to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Waiting {
    /// It asks and takes nothing.
    ForRequest(Instant),
    /// All that it asks has yet to come whole.
    ForBody(Instant),
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            requests: AtomicU32::new(0),
            receiving: AtomicU32::new(0),
            receiving_since: AtomicU64::new(0),
            idle_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            wrote_at: AtomicU64::new(0),
            is_blocked: AtomicBool::new(false),
            has_streams: AtomicBool::new(false),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Something was read: if nothing is being answered, a head begins.
    pub(super) fn reads(&self) {
        let is_head = self.requests.load(Relaxed) == 0 && self.head_since.load(Relaxed) == 0;
        if is_head && !self.has_streams.load(Relaxed) {
            self.head_since.store(self.now() + 1, Relaxed);
        }
    }

    /// Something was written, or could not be.
    pub(super) fn writes(&self, is_blocked: bool) {
        let was_blocked = self.is_blocked.swap(is_blocked, Relaxed);
        if was_blocked && !is_blocked {
            self.wrote_at.store(self.now(), Relaxed);
        }
    }

    /// A request has come with its whole head.
    pub(super) fn begins(&self, has_streams: bool) {
        self.requests.fetch_add(1, Relaxed);
        self.head_since.store(0, Relaxed);
        self.has_streams.store(has_streams, Relaxed);
    }

    /// A request is answered.
    pub(super) fn ends(&self) {
        if self.requests.load(Relaxed) == 1 {
            self.idle_since.store(self.now(), Relaxed);
        }
        self.requests.fetch_sub(1, Relaxed);
    }

    /// A request's body begins to come.
    pub(super) fn body_begins(&self) {
        if self.receiving.fetch_add(1, Relaxed) == 0 {
            self.receiving_since.store(self.now(), Relaxed);
        }
    }

    /// All of it has come, or nobody wants the rest.
    pub(super) fn body_ends(&self) {
        self.receiving.fetch_sub(1, Relaxed);
    }

    /// Returns since when nothing is done for it, if that is so: the longer, the sooner it may go.
    pub(super) fn waits_since(&self) -> Option<Waiting> {
        if self.is_blocked.load(Relaxed) {
            return None;
        }
        let requests = self.requests.load(Relaxed);
        if requests == 0 {
            let since = self.at(self.idle_since.load(Relaxed));
            return Some(Waiting::ForRequest(since));
        }
        let is_receiving = self.receiving.load(Relaxed) >= requests;
        is_receiving.then(|| Waiting::ForBody(self.at(self.receiving_since.load(Relaxed))))
    }

    /// The time when it has to end unless it does something else until then.
    pub(super) fn deadline(&self) -> Instant {
        if self.requests.load(Relaxed) > 0 {
            // Who is being answered has time limits elsewhere.
            return Instant::now() + IDLE;
        }
        let idle_since = self.idle_since.load(Relaxed);
        if self.is_blocked.load(Relaxed) {
            // The end of an answer is on its way for as long as some of it arrives.
            return self.at(idle_since.max(self.wrote_at.load(Relaxed))) + IDLE;
        }
        let idle = self.at(idle_since) + IDLE;
        match self.head_since.load(Relaxed) {
            0 => idle,
            since => idle.min(self.at(since - 1) + HEAD),
        }
    }

    fn at(&self, millis: u64) -> Instant {
        self.began + Duration::from_millis(millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In how many seconds it has to end.
    fn left(activity: &Activity) -> u64 {
        let left = activity.deadline().duration_since(Instant::now());
        left.as_millis().div_ceil(1000) as u64
    }

    fn pass(activity: &mut Activity, seconds: u64) {
        activity.began -= Duration::from_secs(seconds);
    }

    #[test]
    fn a_head_has_15_seconds_however_it_trickles_and_silence_75() {
        let mut activity = Activity::new();
        assert_eq!(left(&activity), 75);
        pass(&mut activity, 20);
        assert_eq!(left(&activity), 55);
        activity.reads();
        assert_eq!(left(&activity), 15);
        pass(&mut activity, 10);
        activity.reads();
        assert_eq!(left(&activity), 5);
        activity.begins(false);
        pass(&mut activity, 1_000);
        assert_eq!(left(&activity), 75, "for as long as it is answered");
        assert_eq!(activity.waits_since(), None);
        activity.ends();
        assert_eq!(left(&activity), 75);
        pass(&mut activity, 30);
        activity.reads();
        assert_eq!(left(&activity), 15);
    }

    #[test]
    fn over_http2_what_is_read_after_the_first_request_is_no_head() {
        let mut activity = Activity::new();
        activity.reads();
        assert_eq!(left(&activity), 15);
        activity.begins(true);
        activity.begins(true);
        activity.ends();
        pass(&mut activity, 100);
        assert_eq!(left(&activity), 75);
        activity.ends();
        activity.reads();
        assert_eq!(left(&activity), 75);
    }

    #[test]
    fn the_rest_of_an_answer_may_arrive_slowly() {
        let mut activity = Activity::new();
        activity.begins(false);
        activity.writes(true);
        activity.ends();
        for _ in 0..10 {
            pass(&mut activity, 60);
            activity.writes(false);
            activity.writes(true);
            assert_eq!(left(&activity), 75);
            assert_eq!(activity.waits_since(), None, "nobody takes its place");
        }
        pass(&mut activity, 75);
        assert_eq!(left(&activity), 0);
    }
}
