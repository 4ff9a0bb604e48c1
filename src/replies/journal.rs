//! The journal: every 200 ms what has come of all running replies goes to the database together.

use super::{
    lifecycle::{Lease, number},
    live::{LiveReply, Unsaved},
    reader::Position,
    registry::Registry,
};
use crate::{
    db::{Db, Topic},
    error::Result,
    ids::MessageId,
    with_pool, with_tx,
};
use sqlx::QueryBuilder;
use std::{sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// Time whose text a crash may cost. One transaction each, however many replies run.
const TICK: Duration = Duration::from_millis(200);

/// Most rows in one statement; SQLite takes 32,766 parameters.
const ROWS_AT_ONCE: usize = 1_000;

/// Writes the journal for as long as the program runs.
pub(super) async fn keep(db: Db, known: Arc<Registry>) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut fails = false;
    loop {
        known.wait_for_one().await;
        tick.tick().await;
        let written = write(&db, &known.written()).await;
        // Once for each change: a log on the same full disk is no help.
        match (&written, fails) {
            (Err(error), false) => {
                tracing::warn!(%error, "could not write the reply journal; trying again");
            }
            (Ok(true), true) => tracing::info!("the reply journal is being written again"),
            _ => {}
        }
        fails = written.map_or(true, |any| fails && !any);
    }
}

/// Writes what has come of these replies and is not in the journal yet. Whether there was any.
async fn write(db: &Db, replies: &[Arc<LiveReply>]) -> Result<bool> {
    let parts: Vec<(&Arc<LiveReply>, Lease, Unsaved)> = replies
        .iter()
        .filter_map(|live| Some((live, live.lease()?)))
        .flat_map(|(live, lease)| {
            let unsaved = live.take_unsaved().into_iter();
            unsaved.map(move |unsaved| (live, lease, unsaved))
        })
        .collect();
    if parts.is_empty() {
        return Ok(false);
    }
    let rows: Vec<_> = parts
        .iter()
        .map(|(_, lease, unsaved)| (*lease, unsaved))
        .collect();
    if let Err(error) = db.add_reply_parts(&rows).await {
        for (live, _, unsaved) in parts {
            live.put_back(unsaved);
        }
        return Err(error);
    }
    Ok(true)
}

/// The text that another process, or the database, has of a reply that is watched here.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Progress {
    pub id: MessageId,
    pub state: crate::messages::rows::MessageState,
    /// The text in its row, when that has more than is known here; else nothing.
    #[sqlx(try_from = "crate::db::Legible")]
    pub body: String,
    /// The journal's text of it, from what is known here.
    #[sqlx(try_from = "crate::db::Legible")]
    pub more: String,
    /// The same of what the model has thought.
    #[sqlx(try_from = "crate::db::Legible")]
    pub reasoning: String,
    #[sqlx(try_from = "crate::db::Legible")]
    pub more_reasoning: String,
}

impl Db {
    /// Appends to the journal, all in one transaction. What is no longer an attempt's to write is
    /// passed over.
    async fn add_reply_parts(&self, parts: &[(Lease, &Unsaved)]) -> Result<()> {
        // So that none of the replies ends before this is there: its end would leave it behind.
        let lock = if self.is_shared() { " for share" } else { "" };
        let mut tx = self.begin().await?;
        for rows in parts.chunks(ROWS_AT_ONCE) {
            with_tx!(tx, db => {
                let mut sql =
                    QueryBuilder::new("with parts (message_id, attempt, kind, seq, text) as (");
                sql.push_values(rows, |mut row, (lease, unsaved)| {
                    row.push_bind(lease.id)
                        .push_bind(lease.attempt)
                        .push_bind(unsaved.kind.name())
                        .push_bind(number(unsaved.from))
                        .push_bind(unsaved.text.as_str());
                });
                sql.push(
                    ") insert into reply_parts (message_id, kind, seq, text)
                     select message_id, kind, seq, text from parts where exists (
                         select 1 from messages m where m.id = parts.message_id
                         and m.attempt = parts.attempt and m.state = 'streaming'",
                );
                // Of what was tried before it is not known whether it is there.
                sql.push(lock).push(") on conflict (message_id, kind, seq) do nothing");
                // The statement's text depends on how many rows there are: not worth keeping.
                sql.build().persistent(false).execute(db).await?.rows_affected()
            });
        }
        self.notify_others(&mut tx, Topic::Replies).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns how far these replies have come, of which so much is known. Those that are gone are
    /// left out.
    pub(super) async fn progress(&self, known: &[(MessageId, Position)]) -> Result<Vec<Progress>> {
        let mut all = Vec::with_capacity(known.len());
        for rows in known.chunks(ROWS_AT_ONCE) {
            let found: Vec<Progress> = with_pool!(self.read, db => {
                let mut sql = QueryBuilder::new("with known (id, bytes, thoughts) as (");
                sql.push_values(rows, |mut row, (id, known)| {
                    row.push_bind(*id)
                        .push_bind(number(known.body))
                        .push_bind(number(known.thoughts));
                });
                sql.push(
                    ") select m.id, m.state,
                         case when octet_length(m.body) > known.bytes then m.body else '' end as body,
                         coalesce((
                             select string_agg(p.text, '' order by p.seq) from reply_parts p
                             where p.message_id = m.id and p.kind = 'body' and p.seq >= known.bytes
                         ), '') as more,
                         case when octet_length(m.reasoning) > known.thoughts
                             then m.reasoning else '' end as reasoning,
                         coalesce((
                             select string_agg(p.text, '' order by p.seq) from reply_parts p
                             where p.message_id = m.id and p.kind = 'reasoning'
                             and p.seq >= known.thoughts
                         ), '') as more_reasoning
                     from known join messages m on m.id = known.id",
                );
                sql.build_query_as().persistent(false).fetch_all(db).await?
            });
            all.extend(found);
        }
        Ok(all)
    }
}
