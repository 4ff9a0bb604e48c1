//! The life of a reply, in one place.
//!
//! ```text
//!            claim                finish
//!   queued ────────▶ streaming ────────────▶ complete | stopped | interrupted | failed
//!    │  ▲                │                          │
//!    │  │                │ interrupt: its process   │ continue (with text that ended before
//!    │  │                │ is gone                  │ its end; a new attempt is a reply of
//!    │  │                ▼                          │ its own)
//!    │  │           interrupted                     │
//!    │  └───────────────────────────────────────────┘
//!    └─ stop waiting ─▶ stopped
//! ```
//!
//! An interrupted reply may still end normally: if its instance was only slow and nobody has continued
//! the reply, the original attempt may finish it.
//!
//! Each transition is one guarded `UPDATE … WHERE state IN (…)`. Of two competing callers exactly one
//! sees an affected row. A claim counts the reply's attempts. Whoever makes the reply writes only as
//! that attempt, so that an instance that was declared dead, and comes back, can change nothing.

use super::{
    heartbeat::micros,
    usage::{Asked, count},
};
use crate::{
    db::{Db, Topic, Tx},
    error::Result,
    ids::{ChatId, MessageId, UserId},
    messages::rows::MessageState,
    time::now,
    with_pool, with_tx,
};
use std::{collections::HashMap, time::Duration};
use uuid::Uuid;

/// The key of a process that makes replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct InstanceId(pub Uuid);

/// A reply and the attempt as which it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::FromRow)]
pub(crate) struct Lease {
    pub id: MessageId,
    pub attempt: i64,
}

/// A reply that is now this process's to make.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Claimed {
    #[sqlx(flatten)]
    pub lease: Lease,
    pub chat_id: ChatId,
    /// Its owner.
    pub user_id: UserId,
    /// The message it answers.
    pub parent_id: Option<MessageId>,
    /// The text it has already, when it is carried on.
    #[sqlx(try_from = "crate::db::Legible")]
    pub body: String,
    /// The thoughts from before.
    #[sqlx(try_from = "crate::db::Legible")]
    pub reasoning: String,
    /// The model that was asked for, where it is not the chat's.
    #[sqlx(try_from = "crate::db::MaybeLegible")]
    pub asked_model: Option<String>,
}

/// A reply that a process makes, as the database has it.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(super) struct OwnedReply {
    #[sqlx(flatten)]
    pub lease: Lease,
    pub stop_asked: bool,
}

/// The end of a reply.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub state: MessageState,
    /// The reason, when it is not simply complete.
    pub problem: Option<&'static str>,
    /// The model server's words about that.
    pub said: Option<String>,
    pub body: String,
    pub reasoning: String,
    /// Tokens of its request, as far as there was an answer.
    pub asked: Option<Asked>,
    /// From its first word, or thought, to its end.
    pub written_in: Option<Duration>,
}

impl Ending {
    /// Of a reply for which no model was asked.
    pub(super) fn not_begun(state: MessageState, claimed: Claimed, reasoning: String) -> Self {
        Self {
            state,
            problem: None,
            said: None,
            body: claimed.body,
            reasoning,
            asked: None,
            written_in: None,
        }
    }
}

/// The replies that wait, each with its turn: after so many others of the same person, running ones
/// included. Those with the lowest turn come first, and of these the ones whose person has waited
/// longest, so that nobody waits behind somebody who asked for much.
macro_rules! line {
    ($rest:literal) => {
        concat!(
            "with running as (
                 select user_id, count(*) as n from messages
                 where state = 'streaming' group by user_id
             ), line as (
                 select m.id, m.queued_at, u.served_at, coalesce(r.n, 0) + row_number() over (
                     partition by m.user_id order by m.queued_at, m.id) as turn
                 from messages m
                 join users u on u.id = m.user_id left join running r on r.user_id = m.user_id
                 where m.state = 'queued'
             ) ",
            $rest
        )
    };
}

impl Db {
    /// `queued → streaming`, for the first in the line, at most so many.
    pub(super) async fn claim_replies(
        &self,
        instance: InstanceId,
        slots: usize,
        per_person: usize,
    ) -> Result<Vec<Claimed>> {
        let waiting = "select exists (select 1 from messages where state = 'queued')";
        if slots == 0
            || !with_pool!(self.read, db => sqlx::query_scalar(waiting).fetch_one(db).await?)
        {
            return Ok(Vec::new());
        }
        let sql = line!(
            "update messages set state = 'streaming', instance = $1, attempt = attempt + 1,
                 stop_asked = false, problem = null, said = null, ended_at = null
             where state = 'queued' and id in (
                 select id from line where turn <= $2 order by turn, served_at, queued_at, id limit $3)
             returning id, attempt, chat_id, user_id, parent_id, body, reasoning, asked_model"
        );
        let mut tx = self.begin().await?;
        // How many somebody has running is counted by one process after the other.
        tx.advisory_lock("line").await?;
        let claimed: Vec<Claimed> = with_tx!(tx, db => sqlx::query_as(sql)
            .bind(instance)
            .bind(number(per_person))
            .bind(number(slots))
            .fetch_all(db)
            .await?);
        let sql = "update users set served_at = $2 where id = $1";
        for claimed in &claimed {
            with_tx!(tx, db => sqlx::query(sql)
                .bind(claimed.user_id)
                .bind(now())
                .execute(db)
                .await?
                .rows_affected());
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// The places in line of all that wait, from 1.
    pub(super) async fn places(&self) -> Result<HashMap<MessageId, u64>> {
        let sql = line!("select id from line order by turn, served_at, queued_at, id");
        let line: Vec<MessageId> =
            with_pool!(self.read, db => sqlx::query_scalar(sql).fetch_all(db).await?);
        Ok(line.into_iter().zip(1..).collect())
    }

    /// Says which model is asked, and how much of the chat it is not told.
    pub(super) async fn set_model(&self, lease: Lease, model: &str, dropped: usize) -> Result<()> {
        let sql = "update messages set model = $3, dropped = $4
                   where id = $1 and attempt = $2 and state = 'streaming'";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(lease.id)
            .bind(lease.attempt)
            .bind(model)
            .bind(number(dropped))
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// `streaming | interrupted → complete | stopped | interrupted | failed`: its row gets the whole
    /// text, its journal goes, and what it took is counted. False when it is no longer this attempt's to end.
    pub(super) async fn end_reply(&self, lease: Lease, ending: &Ending) -> Result<bool> {
        let sql = "update messages set state = $3, problem = $4, body = $5, reasoning = $6,
                       prompt_tokens = coalesce($7, prompt_tokens),
                       completion_tokens = coalesce(completion_tokens + $8, $8, completion_tokens),
                       ended_at = $9, is_estimate = is_estimate or $10,
                       written_in = coalesce(written_in + $11, $11, written_in), said = $12
                   where id = $1 and attempt = $2 and state in ('streaming', 'interrupted')";
        let asked = ending.asked.as_ref();
        let mut tx = self.begin().await?;
        let ended = with_tx!(tx, db => sqlx::query(sql)
            .bind(lease.id)
            .bind(lease.attempt)
            .bind(ending.state)
            .bind(ending.problem)
            .bind(&ending.body)
            .bind(&ending.reasoning)
            .bind(asked.map(|asked| count(asked.usage.prompt_tokens)))
            .bind(asked.map(|asked| count(asked.usage.completion_tokens)))
            .bind(now())
            .bind(asked.is_some_and(|asked| asked.is_estimate))
            .bind(ending.written_in.map(micros))
            .bind(&ending.said)
            .execute(db)
            .await?
            .rows_affected());
        if ended == 1 {
            tx.delete_journal(lease.id).await?;
            self.notify_others(&mut tx, Topic::Replies).await?;
        }
        // Also when the reply was deleted meanwhile, or is another attempt's: it was made.
        if let Some(asked) = asked {
            tx.add_usage(asked).await?;
        }
        tx.commit().await?;
        Ok(ended == 1)
    }

    /// `queued → stopped`. False when it does not wait.
    pub(super) async fn stop_waiting(&self, id: MessageId) -> Result<bool> {
        let sql = "update messages set state = 'stopped', ended_at = $2
                   where id = $1 and state = 'queued'";
        let stopped = with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(id)
            .bind(now())
            .execute(db)
            .await?
            .rows_affected());
        Ok(stopped == 1)
    }

    /// Leaves word for whoever makes the reply that it is to stop.
    pub(super) async fn ask_to_stop(&self, id: MessageId) -> Result<()> {
        let sql = "update messages set stop_asked = true where id = $1 and state = 'streaming'";
        with_pool!(self.writer()?, db => sqlx::query(sql).bind(id).execute(db).await?.rows_affected());
        Ok(())
    }

    /// `streaming → interrupted`, with the text that the journal has. False when it is no longer
    /// this attempt's to end.
    pub(super) async fn interrupt_reply(&self, lease: Lease) -> Result<bool> {
        let end = "update messages set state = 'interrupted', ended_at = $3
                   where id = $1 and attempt = $2 and state = 'streaming'";
        // Not in the same statement, which would not see what was being written to the journal when
        // it began.
        let keep = "update messages set
                        body = body || coalesce((
                            select string_agg(p.text, '' order by p.seq) from reply_parts p
                            where p.message_id = messages.id and p.kind = 'body'), ''),
                        reasoning = reasoning || coalesce((
                            select string_agg(p.text, '' order by p.seq) from reply_parts p
                            where p.message_id = messages.id and p.kind = 'reasoning'), '')
                    where id = $1";
        let mut tx = self.begin().await?;
        let ended = with_tx!(tx, db => sqlx::query(end)
            .bind(lease.id)
            .bind(lease.attempt)
            .bind(now())
            .execute(db)
            .await?
            .rows_affected());
        if ended == 1 {
            with_tx!(tx, db => sqlx::query(keep).bind(lease.id).execute(db).await?.rows_affected());
            tx.delete_journal(lease.id).await?;
            self.notify_others(&mut tx, Topic::Replies).await?;
        }
        tx.commit().await?;
        Ok(ended == 1)
    }

    /// The replies whose processes have given no sign of life since.
    pub(super) async fn left_replies(&self, since: i64) -> Result<Vec<Lease>> {
        let sql = "select id, attempt from messages where state = 'streaming' and not exists (
                       select 1 from instances i
                       where i.id = messages.instance and i.heartbeat >= $1)";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql).bind(since).fetch_all(db).await?))
    }

    /// The replies that the database has as made by this process.
    pub(super) async fn replies_of_instance(
        &self,
        instance: InstanceId,
    ) -> Result<Vec<OwnedReply>> {
        let sql = "select id, attempt, stop_asked from messages
                   where state = 'streaming' and instance = $1";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql).bind(instance).fetch_all(db).await?))
    }

    /// Gives a sign of life.
    pub(super) async fn beat(&self, instance: InstanceId, time: i64, ending: bool) -> Result<()> {
        let sql = "insert into instances (id, heartbeat, is_ending) values ($1, $2, $3)
                   on conflict (id) do update set heartbeat = $2, is_ending = $3";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(instance)
            .bind(time)
            .bind(ending)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Forgets processes that have given no sign of life since.
    pub(super) async fn forget_instances(&self, since: i64) -> Result<()> {
        let sql = "delete from instances where heartbeat < $1";
        with_pool!(self.writer()?, db => sqlx::query(sql).bind(since).execute(db).await?.rows_affected());
        Ok(())
    }

    /// Forgets this process, which makes no replies any more.
    pub(super) async fn forget_instance(&self, instance: InstanceId) -> Result<()> {
        let sql = "delete from instances where id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql).bind(instance).execute(db).await?.rows_affected());
        Ok(())
    }

    /// Tells whether another process is there that begins replies.
    pub(super) async fn has_other_instances(
        &self,
        instance: InstanceId,
        since: i64,
    ) -> Result<bool> {
        let sql = "select exists (select 1 from instances
                   where id <> $1 and heartbeat >= $2 and not is_ending)";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(instance)
            .bind(since)
            .fetch_one(db)
            .await?))
    }
}

impl Tx {
    /// `stopped | interrupted | failed | complete for its length → queued`. False when it is in none
    /// of them.
    pub(crate) async fn continue_reply(&mut self, id: MessageId) -> Result<bool> {
        let sql = "update messages set state = 'queued', queued_at = $2, ended_at = null
                   where id = $1 and role = 'assistant' and (
                       state in ('stopped', 'interrupted', 'failed')
                       or (state = 'complete' and problem in ('length', 'cut_short')))";
        let queued = with_tx!(*self, db => sqlx::query(sql)
            .bind(id)
            .bind(now())
            .execute(db)
            .await?
            .rows_affected());
        Ok(queued == 1)
    }

    async fn delete_journal(&mut self, id: MessageId) -> Result<()> {
        let sql = "delete from reply_parts where message_id = $1";
        with_tx!(*self, db => sqlx::query(sql).bind(id).execute(db).await?.rows_affected());
        Ok(())
    }
}

pub(super) fn number(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
