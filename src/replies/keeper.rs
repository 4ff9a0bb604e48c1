//! What every process that makes replies does all the time: gives signs of life, begins what waits
//! in line, and ends what others have left behind.

use super::{
    Replies,
    lifecycle::{Held, Lease},
    live::Cut,
};
use crate::{db::Topic, error::Result};
use std::{collections::HashMap, time::Duration};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How often a process gives a sign of life, and looks after others and the line.
const BEAT: Duration = Duration::from_secs(2);

/// After so long without one its replies are interrupted by whoever sees it first.
const OVERDUE: Duration = Duration::from_secs(8);

/// After so long it is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(3600);

/// When this process could last give a sign of life, and since when it could without a break.
pub(super) struct Pulse {
    last: Option<Instant>,
    steady_since: Instant,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self {
            last: None,
            steady_since: Instant::now(),
        }
    }

    fn beat(&mut self) {
        let now = Instant::now();
        if self.last.is_none_or(|last| now - last > OVERDUE / 2) {
            self.steady_since = now;
        }
        self.last = Some(now);
    }

    /// Whether silence of others says something about them: when the database was away, nobody
    /// could be heard.
    fn may_judge(&self) -> bool {
        self.steady_since.elapsed() > OVERDUE
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

impl Replies {
    /// Ends what an earlier run of the program has left, where no other process can be making it.
    pub(super) async fn take_over(&self) -> Result<()> {
        let now = self.db.clock().await?;
        if !self.db.is_shared() {
            self.db.forget_instances(i64::MAX).await?;
            self.interrupt_left(now).await?;
        }
        self.db.beat(self.instance, now, false).await
    }

    /// Looks after everything for as long as the database is open.
    pub(super) async fn keep(self) {
        let (mut stops, mut line) = (self.db.waker(Topic::Stops), self.db.waker(Topic::Line));
        let mut pulse = Pulse::new();
        let mut due = Instant::now();
        while !self.db.is_closed() {
            if Instant::now() >= due {
                due = Instant::now() + BEAT;
                if let Err(error) = self.beat(&mut pulse).await {
                    tracing::warn!(%error, "no sign of life could be given");
                }
                self.begin_waiting().await;
            }
            tokio::select! {
                () = sleep_until(due) => {}
                _ = stops.changed() => self.check_held_now().await,
                _ = line.changed() => drop(self.begin_waiting().await),
            }
        }
    }

    async fn beat(&self, pulse: &mut Pulse) -> Result<()> {
        let now = self.db.clock().await?;
        self.db.beat(self.instance, now, self.is_ending()).await?;
        pulse.beat();
        self.check_held().await?;
        if pulse.may_judge() {
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
                "the process that made these replies is gone"
            );
            self.db.wake_here(Topic::Replies);
            self.db.wake_here(Topic::Line);
        }
        Ok(())
    }

    async fn check_held_now(&self) {
        if let Err(error) = self.check_held().await {
            tracing::warn!(%error, "it could not be seen which replies are to stop");
        }
    }

    /// Compares what is made here with what the database says is.
    async fn check_held(&self) -> Result<()> {
        // So that nothing is begun meanwhile.
        let _claiming = self.claiming.lock().await;
        let here = self.known.written();
        let held = self.db.held_replies(self.instance).await?;
        let mut held: HashMap<Lease, Held> =
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

    /// Lets what runs come to its end, for so long, and begins nothing more; then interrupts the
    /// rest. `hurry` cuts the waiting short.
    pub async fn end(&self, patience: Duration, hurry: impl Future<Output = ()>) {
        let had_work = self.known.written_count() > 0;
        self.ending.cancel();
        if let Ok(now) = self.db.clock().await {
            self.db.beat(self.instance, now, true).await.ok();
        }
        tokio::select! {
            _ = timeout(patience, self.known.wait_for_none()) => {}
            () = hurry => {}
        }
        let left = self.known.written();
        if had_work && left.is_empty() {
            // Pages ask for the final form of what has just ended.
            sleep(FAREWELL).await;
        }
        // The readers of the others come back to the server that comes next.
        self.closing.cancel();
        for live in left {
            live.cut(Cut::Ending);
        }
        timeout(LAST_WORDS, self.known.wait_for_none()).await.ok();
        super::journal::write(&self.db, &self.known.written()).await;
        if self.known.written().is_empty() {
            self.db.forget_instance(self.instance).await.ok();
        }
    }

    /// Whether another process would take what is sent now.
    pub(crate) async fn others_take_over(&self) -> Result<bool> {
        if !self.db.is_shared() {
            return Ok(false);
        }
        let since = self.db.clock().await? - micros(OVERDUE);
        self.db.has_other_instances(self.instance, since).await
    }
}

/// How long a server whose replies have all ended stays for those who watched them.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long the ends of interrupted replies may take to be stored.
const LAST_WORDS: Duration = Duration::from_secs(5);
