//! The end of a process that makes replies.

use super::{Replies, live::Cut};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Time that a server whose replies have all ended stays up for those who watched them.
const FAREWELL: Duration = Duration::from_secs(1);

/// Longest time for storing the ends of interrupted replies. The journal goes on meanwhile.
const LAST_WORDS: Duration = Duration::from_secs(5);

impl Replies {
    /// Lets what runs come to its end, for so long, and begins nothing more; then interrupts the
    /// rest. `hurry` cuts the waiting short.
    pub async fn end(&self, patience: Duration, hurry: impl Future<Output = ()>) {
        let had_work = self.known.written_count() > 0;
        self.ending.cancel();
        // What is being claimed at this moment is to be seen.
        drop(self.claiming.lock().await);
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
        if self.known.written().is_empty() {
            self.db.forget_instance(self.instance).await.ok();
        }
    }
}
