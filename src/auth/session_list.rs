//! Rows of a person's sessions: listing them, and ending them from elsewhere.

use super::session_store::{key_hash, oldest_session};
use crate::{
    db::{Db, readable},
    error::Result,
    ids::UserId,
    time::now,
    with_pool,
};
use tower_sessions::session::Id;

/// A session as its owner sees it.
#[derive(sqlx::FromRow)]
pub(crate) struct Seen {
    pub key_hash: Vec<u8>,
    #[sqlx(try_from = "crate::db::MaybeLegible")]
    pub user_agent: Option<String>,
    pub created_at: Option<i64>,
    pub seen_at: Option<i64>,
}

impl Db {
    /// The user's sessions, those used last first.
    pub(crate) async fn sessions(&self, user: UserId) -> Result<Vec<Seen>> {
        let sql = "select s.key_hash, s.user_agent, s.created_at, s.seen_at
                   from sessions s join users u on u.id = s.user_id
                   where s.user_id = $1 and s.expires_at > $2 and s.password_no = u.password_no
                       and (s.created_at is null or s.created_at > $4)
                   order by s.expires_at desc, s.key_hash limit $3";
        Ok(with_pool!(self.read, db => readable(&sqlx::query(sql)
            .bind(user)
            .bind(now())
            .bind(SHOWN)
            .bind(oldest_session())
            .fetch_all(db)
            .await?)))
    }

    pub(crate) async fn end_session(&self, user: UserId, key_hash: &[u8]) -> Result<()> {
        let sql = "delete from sessions where key_hash = $2 and user_id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(user)
            .bind(key_hash)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    pub(crate) async fn end_other_sessions(&self, user: UserId, this: Id) -> Result<()> {
        let sql = "delete from sessions where user_id = $1 and key_hash <> $2";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(user)
            .bind(key_hash(this))
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }
}

/// Most sessions shown: those used last.
pub(crate) const SHOWN: i64 = 200;
