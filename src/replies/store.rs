//! Replies in the database: their states and the journal.
//!
//! A reply goes `queued → streaming → complete | stopped | interrupted | failed`. Each change is
//! one update that names the states it may come from; its affected rows tell who won.

use crate::{
    chats::{MessageId, MessageState},
    db::{Db, now},
    error::Result,
    models::Usage,
};
use sqlx::QueryBuilder;

/// How many rows go into one statement; SQLite takes 32,766 parameters.
const ROWS_AT_ONCE: usize = 1_000;

/// How a reply ended.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub state: MessageState,
    /// Why, when it is not simply whole.
    pub problem: Option<&'static str>,
    pub body: String,
    pub usage: Option<Usage>,
}

impl Db {
    /// The model is being asked: `queued → streaming`. False when the reply is no longer queued.
    pub(super) async fn start_reply(
        &self,
        id: MessageId,
        model: &str,
        dropped: usize,
    ) -> Result<bool> {
        let started = sqlx::query(
            "update messages set state = 'streaming', model = $2, dropped = $3
             where id = $1 and state in ('queued', 'streaming')",
        );
        let dropped = i64::try_from(dropped).unwrap_or(i64::MAX);
        let started = started
            .bind(id)
            .bind(model)
            .bind(dropped)
            .execute(&self.write)
            .await?;
        Ok(started.rows_affected() == 1)
    }

    /// Appends to the journal, all in one transaction. Replies that have ended are passed over.
    pub(super) async fn add_reply_parts<'a>(
        &self,
        parts: impl Iterator<Item = (MessageId, usize, &'a str)>,
    ) -> Result<()> {
        let parts: Vec<_> = parts.collect();
        let mut tx = self.write.begin().await?;
        for rows in parts.chunks(ROWS_AT_ONCE) {
            let mut sql = QueryBuilder::new("with parts (message_id, seq, text) as (");
            sql.push_values(rows, |mut row, (id, from, text)| {
                row.push_bind(*id)
                    .push_bind(i64::try_from(*from).unwrap_or(i64::MAX))
                    .push_bind(*text);
            });
            sql.push(
                ") insert into reply_parts (message_id, kind, seq, text)
                 select message_id, 'body', seq, text from parts where exists (
                     select 1 from messages m
                     where m.id = parts.message_id and m.state in ('queued', 'streaming'))",
            );
            // The statement's text depends on how many rows there are: not worth keeping.
            sql.build().persistent(false).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Ends a reply: its row gets the whole text and its journal goes. False when it has ended before.
    pub(super) async fn end_reply(&self, id: MessageId, ending: &Ending) -> Result<bool> {
        let count = |tokens: fn(&Usage) -> u64| {
            ending
                .usage
                .as_ref()
                .map(|usage| i64::try_from(tokens(usage)).unwrap_or(i64::MAX))
        };
        let mut tx = self.write.begin().await?;
        let ended = sqlx::query(
            "update messages set state = $2, problem = $3, body = $4, prompt_tokens = $5,
                 completion_tokens = $6, ended_at = $7
             where id = $1 and state in ('queued', 'streaming')",
        )
        .bind(id)
        .bind(ending.state)
        .bind(ending.problem)
        .bind(&ending.body)
        .bind(count(|usage| usage.prompt_tokens))
        .bind(count(|usage| usage.completion_tokens))
        .bind(now())
        .execute(&mut *tx)
        .await?;
        let sql = "delete from reply_parts where message_id = $1";
        sqlx::query(sql).bind(id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(ended.rows_affected() == 1)
    }

    /// Ends what an earlier run of the program left running. How many replies that were is returned.
    pub(crate) async fn interrupt_left_replies(&self) -> Result<u64> {
        let sql = "select id from messages where state in ('queued', 'streaming')";
        let left: Vec<MessageId> = sqlx::query_scalar(sql).fetch_all(&self.write).await?;
        for reply in &left {
            self.interrupt_reply(*reply).await?;
        }
        Ok(left.len() as u64)
    }

    /// Ends a reply that nobody writes any more, with what the journal has of it.
    pub(super) async fn interrupt_reply(&self, id: MessageId) -> Result<()> {
        let sql =
            "select text from reply_parts where message_id = $1 and kind = 'body' order by seq";
        let parts: Vec<String> = sqlx::query_scalar(sql)
            .bind(id)
            .fetch_all(&self.write)
            .await?;
        let ending = Ending {
            state: MessageState::Interrupted,
            problem: None,
            body: parts.concat(),
            usage: None,
        };
        self.end_reply(id, &ending).await?;
        Ok(())
    }
}
