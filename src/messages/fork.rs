//! A new chat with the messages of a branch.

use super::{
    rows::Chat,
    tree::{LEVELS, branch},
};
use crate::{
    db::Db,
    error::{Error, Refusal, Result},
    ids::{ChatId, MessageId},
    time::now,
    users::User,
    with_tx,
};
use sqlx::QueryBuilder;

/// Messages that are copied with one statement.
pub(crate) const ROWS_AT_ONCE: usize = 200;

impl Db {
    /// Copies a branch, up to this message, into a new chat.
    pub(crate) async fn branch_off(
        &self,
        user: &User,
        chat: &Chat,
        last: MessageId,
    ) -> Result<ChatId> {
        let mut tx = self.begin().await?;
        tx.lock_chat(user, chat.id).await?;
        let sql = branch!(
            "select b.id, m.state in ('queued', 'streaming') from branch b
             join messages m on m.id = b.id order by depth desc"
        );
        let branch: Vec<(MessageId, bool)> = with_tx!(tx, db => sqlx::query_as(sql)
            .bind(chat.id)
            .bind(last)
            .bind(LEVELS)
            .fetch_all(db)
            .await?);
        if branch.is_empty() {
            return Err(Error::NotFound);
        }
        if branch.iter().any(|(_, is_running)| *is_running) {
            // What it will say is not known yet.
            return Err(Refusal::StillReplying.into());
        }
        let copy = ChatId::new();
        let sql = "insert into chats (id, user_id, title, created_at, active_at)
                   select $2, user_id, title, $3, $3 from chats where id = $1";
        with_tx!(tx, db => sqlx::query(sql)
            .bind(chat.id)
            .bind(copy)
            .bind(now())
            .execute(db)
            .await?
            .rows_affected());
        let mut parent = None;
        for rows in branch.chunks(ROWS_AT_ONCE) {
            let mut keys = Vec::with_capacity(rows.len());
            for (old, _) in rows {
                let new = MessageId::new();
                keys.push((*old, new, parent));
                parent = Some(new);
            }
            with_tx!(tx, db => {
                let mut sql = QueryBuilder::new("with keys (old, new, parent) as (");
                sql.push_values(keys, |mut row, (old, new, parent)| {
                    row.push_bind(old).push_bind(new).push_bind(parent);
                });
                sql.push(
                    ") insert into messages (id, chat_id, user_id, parent_id, role, body, reasoning, state,
                         problem, model, dropped, prompt_tokens, completion_tokens, is_estimate,
                         written_in, created_at, ended_at)
                     select k.new, ",
                )
                .push_bind(copy)
                .push(
                    ", m.user_id, k.parent, m.role, m.body, m.reasoning, m.state, m.problem, m.model,
                         m.dropped, m.prompt_tokens, m.completion_tokens, m.is_estimate,
                         m.written_in, m.created_at, m.ended_at
                     from keys k join messages m on m.id = k.old",
                );
                sql.build().persistent(false).execute(db).await?.rows_affected()
            });
        }
        tx.set_leaf(copy, parent).await?;
        tx.commit().await?;
        Ok(copy)
    }
}
