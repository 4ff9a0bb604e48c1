//! Users and their known browsers in the database.

use super::{
    session::key_hash,
    user::{Found, UserId},
};
use crate::{
    db::{Db, now},
    error::Result,
};
use sha2::{Digest, Sha256};
use tower_sessions::session::Id;
use uuid::Uuid;

/// What signing in needs to know of an account.
#[derive(Clone, sqlx::FromRow)]
pub(super) struct Account {
    pub id: UserId,
    pub password_hash: String,
    pub language: Option<String>,
}

/// Why an account was not made.
pub(super) enum NotMade {
    NameTaken,
    Closed,
}

impl Db {
    /// Who is signed in by this session.
    pub(super) async fn user_of_session(&self, id: Id) -> Result<Option<Found>> {
        let found = sqlx::query_as(
            "select u.id, u.name, u.is_admin, u.language, s.expires_at
             from sessions s join users u on u.id = s.user_id
             where s.key_hash = $1 and s.expires_at > $2",
        );
        Ok(found
            .bind(key_hash(id))
            .bind(now())
            .fetch_optional(&self.read)
            .await?)
    }

    /// Whether nobody has an account yet.
    pub(super) async fn has_no_users(&self) -> Result<bool> {
        let sql = "select not exists (select 1 from users)";
        Ok(sqlx::query_scalar(sql).fetch_one(&self.read).await?)
    }

    /// Makes an account. The first one is the administrator and is made even when `open` is
    /// false; both are decided by the one statement that inserts it.
    pub(super) async fn add_user(
        &self,
        name: &str,
        password_hash: &str,
        language: Option<&str>,
        open: bool,
    ) -> Result<Result<UserId, NotMade>> {
        let id = UserId(Uuid::now_v7());
        let made = sqlx::query(
            "insert into users (id, name, name_key, password_hash, is_admin, language, created_at)
             select $1, $2, $3, $4, not exists (select 1 from users), $5, $6
             where $7 or not exists (select 1 from users)
             on conflict (name_key) do nothing",
        );
        let made = made
            .bind(id)
            .bind(name)
            .bind(super::name_key(name))
            .bind(password_hash)
            .bind(language)
            .bind(now())
            .bind(open)
            .execute(&self.write)
            .await?;
        if made.rows_affected() == 1 {
            return Ok(Ok(id));
        }
        let taken = self.account(name).await?.is_some();
        Ok(Err(if taken {
            NotMade::NameTaken
        } else {
            NotMade::Closed
        }))
    }

    /// The account with this name, however it is written.
    pub(super) async fn account(&self, name: &str) -> Result<Option<Account>> {
        let sql = "select id, password_hash, language from users where name_key = $1";
        Ok(sqlx::query_as(sql)
            .bind(super::name_key(name))
            .fetch_optional(&self.read)
            .await?)
    }

    /// Replaces a hash by one of the same password with today's parameters.
    pub(super) async fn renew_password_hash(&self, account: &Account, fresh: &str) -> Result<()> {
        // Compared with the old hash: a password changed meanwhile is not brought back.
        sqlx::query("update users set password_hash = $3 where id = $1 and password_hash = $2")
            .bind(account.id)
            .bind(&account.password_hash)
            .bind(fresh)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Remembers that this browser has signed in to the account.
    pub(super) async fn add_device(&self, user: UserId, token: &str) -> Result<()> {
        sqlx::query(
            "insert into devices (token_hash, user_id, created_at) values ($1, $2, $3)
             on conflict (token_hash, user_id) do nothing",
        )
        .bind(token_hash(token))
        .bind(user)
        .bind(now())
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// Whether the browser with this token has signed in to the account before.
    pub(super) async fn knows_device(&self, user: UserId, token: &str) -> Result<bool> {
        let sql = "select exists (select 1 from devices where token_hash = $1 and user_id = $2)";
        let known = sqlx::query_scalar(sql).bind(token_hash(token)).bind(user);
        Ok(known.fetch_one(&self.read).await?)
    }

    /// Keeps the language that a user chose.
    pub(crate) async fn set_language(&self, user: UserId, language: &str) -> Result<()> {
        let sql = "update users set language = $2 where id = $1";
        sqlx::query(sql)
            .bind(user)
            .bind(language)
            .execute(&self.write)
            .await?;
        Ok(())
    }
}

fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}
