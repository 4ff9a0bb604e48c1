//! Rows of an account, closed at once and erased in steps.

use crate::{
    db::{DELETE_BATCH, Db, Tx},
    error::Result,
    ids::{ChatId, MessageId, UserId},
    time::now,
    users::User,
    with_pool, with_tx,
};

/// The chats and personas of an account, in numbers.
#[derive(sqlx::FromRow)]
pub(crate) struct Holdings {
    pub chats: i64,
    pub personas: i64,
    /// Other people have accounts here, but none of them is an administrator.
    pub is_needed: bool,
    /// Nobody else has an account here.
    pub is_alone: bool,
}

impl Db {
    pub(crate) async fn holdings(&self, user: &User) -> Result<Holdings> {
        let sql = "select (select count(*) from chats where user_id = $1) as chats,
                       (select count(*) from personas where user_id = $1) as personas,
                       not exists (select 1 from users
                                   where id <> $1 and deleted_at is null) as is_alone,
                       $2 and exists (select 1 from users where id <> $1 and deleted_at is null)
                           and not exists (select 1 from users where role = 'administrator'
                                           and id <> $1 and deleted_at is null) as is_needed";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(user.id)
            .bind(user.is_admin())
            .fetch_one(db)
            .await?))
    }

    /// Makes an account nobody's, in one step: nobody is signed in to it, nobody can sign in to it,
    /// and its name is free. False when it is the only administrator's and others are there.
    pub(crate) async fn close_account(&self, user: UserId) -> Result<bool> {
        // No name begins with a space.
        let sql = "update users set name = '', name_key = $2, password_hash = '',
                       password_no = password_no + 1, role = 'member', deleted_at = $3
                   where id = $1 and deleted_at is null and (
                       role <> 'administrator'
                       or exists (select 1 from users o
                                  where o.role = 'administrator' and o.id <> $1
                                  and o.deleted_at is null)
                       or not exists (select 1 from users o
                                      where o.id <> $1 and o.deleted_at is null))";
        let mut tx = self.begin().await?;
        // Of two administrators who leave at the same time one stays, and whoever comes first to an
        // empty house is its administrator.
        tx.advisory_lock("users").await?;
        let closed = with_tx!(tx, db => sqlx::query(sql)
            .bind(user)
            .bind(format!(" {}", user.0))
            .bind(now())
            .execute(db)
            .await?
            .rows_affected());
        for sql in [
            "delete from sessions where user_id = $1",
            "delete from devices where user_id = $1",
        ] {
            if closed == 1 {
                with_tx!(tx, db => sqlx::query(sql).bind(user).execute(db).await?.rows_affected());
            }
        }
        tx.commit().await?;
        Ok(closed == 1)
    }

    pub(crate) async fn running_replies(&self, user: UserId) -> Result<Vec<MessageId>> {
        let sql = "select id from messages
                   where state in ('queued', 'streaming') and user_id = $1";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql).bind(user).fetch_all(db).await?))
    }

    /// Erases what is left of accounts that were closed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn erase_closed_accounts(&self) -> Result<()> {
        let sql = "select id from users where deleted_at is not null";
        let closed: Vec<UserId> =
            with_pool!(self.read, db => sqlx::query_scalar(sql).fetch_all(db).await?);
        for user in closed {
            self.erase(user).await?;
        }
        Ok(())
    }

    /// Erases an account that was closed: chat by chat, and what else it has with it at the end.
    pub(crate) async fn erase(&self, user: UserId) -> Result<()> {
        loop {
            let mut tx = self.begin().await?;
            let mut changed = 0;
            while changed < DELETE_BATCH as u64 {
                let Some(more) = tx.erase_some_of_a_chat(user).await? else {
                    break;
                };
                changed += more;
            }
            tx.commit().await?;
            // Another process may be at the last chat.
            let sql = "delete from users where id = $1 and deleted_at is not null
                       and not exists (select 1 from chats where user_id = $1)";
            let is_last = changed < DELETE_BATCH as u64;
            if is_last
                && with_pool!(self.writer()?, db => sqlx::query(sql)
                    .bind(user)
                    .execute(db)
                    .await?
                    .rows_affected())
                    == 1
            {
                return Ok(());
            }
            if is_last && !self.is_there(user).await? {
                return Ok(());
            }
        }
    }

    pub(crate) async fn is_there(&self, user: UserId) -> Result<bool> {
        let sql = "select exists (select 1 from users where id = $1)";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql).bind(user).fetch_one(db).await?))
    }
}

impl Tx {
    /// Deletes some messages of one of the user's chats, and the chat when it has none left. How many
    /// rows that were; none when there is no chat.
    pub(crate) async fn erase_some_of_a_chat(&mut self, user: UserId) -> Result<Option<u64>> {
        // The chat first, as when something is sent: in the other order each could wait for the other.
        let sql = "update chats set leaf = null
                   where id = (select id from chats where user_id = $1 limit 1) returning id";
        let chat: Option<ChatId> =
            with_tx!(*self, db => sqlx::query_scalar(sql).bind(user).fetch_optional(db).await?);
        let Some(chat) = chat else { return Ok(None) };
        let mut changed = 1;
        // First each by itself: one would take the next with it and so on, deeper than SQLite goes.
        for sql in [
            "update messages set parent_id = null where id in (
                 select id from messages where chat_id = $1 and parent_id is not null limit $2)",
            "delete from messages where id in (
                 select id from messages where chat_id = $1 limit $2)",
        ] {
            let rows = with_tx!(*self, db => sqlx::query(sql)
                .bind(chat)
                .bind(DELETE_BATCH)
                .execute(db)
                .await?
                .rows_affected());
            changed += rows;
            if rows == DELETE_BATCH as u64 {
                return Ok(Some(changed));
            }
        }
        let sql = "delete from chats where id = $1";
        with_tx!(*self, db => sqlx::query(sql).bind(chat).execute(db).await?.rows_affected());
        Ok(Some(changed))
    }
}
