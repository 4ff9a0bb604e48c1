//! The journal: every 200 ms what has come of all running replies goes to the database together.

use super::{Running, live::LiveReply};
use crate::db::Db;
use std::{sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// How much text a crash may cost, as time. One transaction each, however many replies run.
const TICK: Duration = Duration::from_millis(200);

/// Writes the journal for as long as the program runs.
pub(super) async fn keep(db: Db, running: Arc<Running>) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        running.wait_for_one().await;
        tick.tick().await;
        write(&db, &running.all()).await;
    }
}

pub(super) async fn write(db: &Db, replies: &[Arc<LiveReply>]) {
    let parts: Vec<_> = replies
        .iter()
        .filter_map(|live| live.take_unsaved().map(|(from, text)| (live, from, text)))
        .collect();
    if parts.is_empty() {
        return;
    }
    let rows = parts
        .iter()
        .map(|(live, from, text)| (live.id(), *from, text.as_str()));
    if let Err(error) = db.add_reply_parts(rows).await {
        tracing::warn!(%error, "the journal could not be written; trying again");
        for (live, from, text) in parts {
            live.put_back(from, text);
        }
    }
}
