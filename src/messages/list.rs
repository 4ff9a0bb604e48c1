//! The chats of a person, the last used first.

use crate::{
    db::{Db, readable},
    error::Result,
    ids::ChatId,
    users::User,
    with_pool,
};

/// Page size of the chat list, as a number in SQL and in Rust.
macro_rules! shown {
    () => {
        100
    };
}

/// Page size of the chat list.
pub(crate) const SHOWN: usize = shown!();

/// A chat as the list shows it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Listed {
    pub id: ChatId,
    #[sqlx(try_from = "crate::db::Legible")]
    pub title: String,
    pub active_at: i64,
    /// A reply in it is being made.
    pub is_running: bool,
}

impl Db {
    /// The user's chats before this place in the list, and one more than are shown if there are more.
    pub(crate) async fn chats(
        &self,
        user: &User,
        (active_at, id): (i64, ChatId),
    ) -> Result<Vec<Listed>> {
        // Were the limit bound, SQLite would plan the query anew each time.
        let sql = concat!(
            "select id, title, active_at, exists (
                 select 1 from messages m where m.chat_id = chats.id
                 and m.state in ('queued', 'streaming') and m.deleted_at is null) as is_running
             from chats where user_id = $1 and (active_at, id) < ($2, $3)
             order by active_at desc, id desc limit 1 + ",
            shown!()
        );
        Ok(with_pool!(self.read, db => readable(&sqlx::query(sql)
            .bind(user.id)
            .bind(active_at)
            .bind(id)
            .fetch_all(db)
            .await?)))
    }

    /// One of the user's chats.
    pub(crate) async fn listed(&self, user: &User, id: ChatId) -> Result<Listed> {
        let sql = "select id, title, active_at, exists (
                 select 1 from messages m where m.chat_id = chats.id
                 and m.state in ('queued', 'streaming') and m.deleted_at is null) as is_running
                   from chats where id = $1 and user_id = $2";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?))
    }

    /// Returns when something was last sent in the user's chat.
    pub(crate) async fn active_at(&self, user: &User, id: ChatId) -> Result<i64> {
        let sql = "select active_at from chats where id = $1 and user_id = $2";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?))
    }
}
