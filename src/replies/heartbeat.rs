//! Background loops of an instance: write the heartbeat, start queued replies, mark the replies of
//! dead instances as interrupted.

use super::{
    Replies,
    lifecycle::{Lease, OwnedReply},
    live::Cut,
};
use crate::{db::Topic, error::Result};
use std::{
    collections::HashMap,
    sync::{MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

/// Interval of the heartbeat, and of looking after other instances and the queue.
const BEAT: Duration = Duration::from_secs(2);

/// After so long without one its replies are interrupted by whoever sees it first.
const OVERDUE: Duration = Duration::from_secs(8);

/// After so long it is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// Longest time for one look; the database can hang.
const PATIENCE: Duration = Duration::from_secs(5);

/// Last successful heartbeat, and the start of the current unbroken run of them. By the database's
/// clock, because a local clock does not show that the machine was suspended.
#[derive(Default)]
pub(crate) struct Pulse {
    last: i64,
    steady_since: i64,
}

impl Pulse {
    fn beat(&mut self, now: i64) {
        if now - self.last > micros(OVERDUE) / 2 {
            self.steady_since = now;
        }
        self.last = now;
    }

    /// Tells whether a missing heartbeat means that the other instance is dead. Not if we
    /// ourselves, or the database, were unreachable.
    fn may_judge(&self) -> bool {
        self.last - self.steady_since > micros(OVERDUE)
    }
}

pub(crate) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

impl Replies {
    /// Ends what an earlier run of the program has left, where no other process can be making it.
    pub(crate) async fn take_over(&self) -> Result<()> {
        let now = self.db.clock().await?;
        if !self.db.is_shared() {
            self.db.forget_instances(i64::MAX).await?;
            self.interrupt_left(now).await?;
        }
        self.db.beat(self.instance, now, false).await
    }

    /// Gives signs of life for as long as the database is open, whatever else there is to do.
    pub(crate) async fn keep_beating(self) {
        let mut tick = interval(BEAT);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.is_open() {
            tick.tick().await;
            if self.is_open() {
                within_reason("could not write this server's heartbeat", self.beat()).await;
            }
        }
    }

    async fn beat(&self) -> Result<()> {
        let now = self.db.clock().await?;
        self.db.beat(self.instance, now, self.is_ending()).await?;
        self.pulse().beat(now);
        Ok(())
    }

    fn pulse(&self) -> MutexGuard<'_, Pulse> {
        self.pulse.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether to go on: it has not ended, and the database is open.
    fn is_open(&self) -> bool {
        !self.db.is_closed() && !self.closing.is_cancelled()
    }

    /// Looks after the line, and what others have left, for as long as the database is open.
    pub(crate) async fn keep(self) {
        let (mut stops, mut line) = (
            self.db.subscribe(Topic::Stops),
            self.db.subscribe(Topic::Line),
        );
        let mut due = Instant::now();
        while self.is_open() {
            if Instant::now() >= due {
                due = Instant::now() + BEAT;
                within_reason("could not check for abandoned replies", self.look_after()).await;
                self.begin_waiting().await;
            }
            tokio::select! {
                () = sleep_until(due) => {}
                _ = stops.changed() => {
                    within_reason("could not check for stop requests", self.check_held()).await;
                }
                _ = line.changed() => drop(self.begin_waiting().await),
            }
        }
    }

    async fn look_after(&self) -> Result<()> {
        self.check_held().await?;
        let (now, may_judge) = {
            let pulse = self.pulse();
            (pulse.last, pulse.may_judge())
        };
        if may_judge {
            self.interrupt_left(now - micros(OVERDUE)).await?;
            self.db.forget_instances(now - micros(FORGOTTEN)).await?;
        }
        Ok(())
    }

    async fn interrupt_left(&self, since: i64) -> Result<()> {
        let left = self.db.left_replies(since).await?;
        for lease in &left {
            self.db.interrupt_reply(*lease).await?;
        }
        if !left.is_empty() {
            tracing::warn!(
                replies = left.len(),
                "marked replies of a stopped server as interrupted"
            );
            self.db.notify_here(Topic::Replies);
            self.db.notify_here(Topic::Line);
        }
        Ok(())
    }

    /// Compares what is made here with what the database says is.
    async fn check_held(&self) -> Result<()> {
        // So that nothing is begun meanwhile.
        let _claiming = self.claiming.lock().await;
        let here = self.known.written();
        let held = self.db.replies_of_instance(self.instance).await?;
        let mut held: HashMap<Lease, OwnedReply> =
            held.into_iter().map(|held| (held.lease, held)).collect();
        for live in here {
            let Some(lease) = live.lease() else { continue };
            match held.remove(&lease) {
                // Ended by others, who thought this process gone, or deleted.
                None => live.cut(Cut::Lost),
                Some(held) if held.stop_asked => live.cut(Cut::Stopped),
                Some(_) => {}
            }
        }
        // What nobody makes here any more, as its end could not be stored.
        for lease in held.into_keys() {
            if self.known.lock().writes(lease) {
                continue;
            }
            self.db.interrupt_reply(lease).await?;
        }
        Ok(())
    }

    /// Tells whether another process would take what is sent now.
    pub(crate) async fn others_take_over(&self) -> Result<bool> {
        if !self.db.is_shared() {
            return Ok(false);
        }
        let since = self.db.clock().await? - micros(OVERDUE);
        self.db.has_other_instances(self.instance, since).await
    }
}

/// Does what can be tried again in a moment.
async fn within_reason(failure: &str, work: impl Future<Output = Result<()>>) {
    match timeout(PATIENCE, work).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "{failure}"),
        Err(_) => tracing::warn!("{failure}: the database did not respond in time"),
    }
}
