//! Users and their known browsers in the database.

use super::{
    session_store::{key_hash, oldest_session},
    user::Found,
};
use crate::{
    appearance::Appearance, db::Db, error::Result, ids::UserId, time::now, with_pool, with_tx,
};
use sha2::{Digest, Sha256};
use tower_sessions::session::Id;
use uuid::Uuid;

/// The part of an account that signing in needs.
#[derive(Clone, sqlx::FromRow)]
pub(crate) struct Account {
    pub id: UserId,
    pub password_hash: String,
    /// The number of its current password.
    pub password_no: i64,
    pub language: Option<String>,
    #[sqlx(flatten)]
    pub appearance: Appearance,
}

/// The number of an account's first password.
pub(crate) const FIRST_PASSWORD: i64 = 1;

/// What became of an account that was to be created.
pub(crate) enum Creation {
    Created(UserId),
    NameTaken,
    Closed,
}

impl Db {
    /// Returns who is signed in by this session.
    pub(crate) async fn user_of_session(&self, id: Id) -> Result<Option<Found>> {
        let sql = "select u.id, u.name, u.role, u.language, u.theme, u.text_size, u.density,
                       u.composer, u.time_zone, u.created_at, s.expires_at
                   from sessions s join users u on u.id = s.user_id
                   where s.key_hash = $1 and s.expires_at > $2 and s.password_no = u.password_no
                       and (s.created_at is null or s.created_at > $3)";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(key_hash(id))
            .bind(now())
            .bind(oldest_session())
            .fetch_optional(db)
            .await?))
    }

    /// Tells whether nobody has an account yet.
    pub(crate) async fn has_no_users(&self) -> Result<bool> {
        let sql = "select not exists (select 1 from users where deleted_at is null)";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql).fetch_one(db).await?))
    }

    /// Makes an account. The first one is the administrator and is made even when `open` is
    /// false; both are decided by the one statement that inserts it.
    pub(crate) async fn add_user(
        &self,
        name: &str,
        password_hash: &str,
        language: Option<&str>,
        appearance: &Appearance,
        open: bool,
    ) -> Result<Creation> {
        let id = UserId(Uuid::now_v7());
        let sql = "with others (present) as (
                       select exists (select 1 from users where deleted_at is null)
                   )
                   insert into users (id, name, name_key, password_hash, role, language,
                       created_at, password_no, theme, text_size, density)
                   select $1, $2, $3, $4, case when present then 'member' else 'administrator' end,
                       $5, $6, $8, $9, $10, $11 from others
                   where $7 or not present
                   on conflict (name_key) do nothing";
        let mut tx = self.begin().await?;
        tx.advisory_lock("users").await?;
        let made = with_tx!(tx, db => sqlx::query(sql)
            .bind(id)
            .bind(name)
            .bind(crate::auth::name_key(name))
            .bind(password_hash)
            .bind(language)
            .bind(now())
            .bind(open)
            .bind(FIRST_PASSWORD)
            .bind(&appearance.theme)
            .bind(&appearance.text_size)
            .bind(&appearance.density)
            .execute(db)
            .await?
            .rows_affected());
        tx.commit().await?;
        if made == 1 {
            return Ok(Creation::Created(id));
        }
        Ok(match self.account(name).await? {
            Some(_) => Creation::NameTaken,
            None => Creation::Closed,
        })
    }

    /// The account with this name, however it is written.
    pub(crate) async fn account(&self, name: &str) -> Result<Option<Account>> {
        let sql = "select id, password_hash, password_no, language, theme, text_size, density
                   from users where name_key = $1";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(crate::auth::name_key(name))
            .fetch_optional(db)
            .await?))
    }

    /// Gives an account another name. False when that is somebody else's.
    pub(crate) async fn rename(&self, user: UserId, name: &str) -> Result<bool> {
        let sql = "update users set name = $2, name_key = $3 where id = $1 and deleted_at is null
                   and not exists (select 1 from users where name_key = $3 and id <> $1)";
        let mut tx = self.begin().await?;
        // As when an account is made: two with the same name are seen one after the other.
        tx.advisory_lock("users").await?;
        let renamed = with_tx!(tx, db => sqlx::query(sql)
            .bind(user)
            .bind(name)
            .bind(crate::auth::name_key(name))
            .execute(db)
            .await?
            .rows_affected());
        tx.commit().await?;
        Ok(renamed == 1)
    }

    /// Gives an account a new password, which ends every session that began with the one before,
    /// and returns its number. None when that one is no longer its password.
    pub(crate) async fn set_password(&self, account: &Account, hash: &str) -> Result<Option<i64>> {
        let sql = "update users set password_hash = $3, password_no = password_no + 1
                   where id = $1 and password_no = $2 returning password_no";
        let mut tx = self.begin().await?;
        let number: Option<i64> = with_tx!(tx, db => sqlx::query_scalar(sql)
            .bind(account.id)
            .bind(account.password_no)
            .bind(hash)
            .fetch_optional(db)
            .await?);
        let sql = "delete from sessions where user_id = $1 and password_no < $2";
        if number.is_some() {
            with_tx!(tx, db => sqlx::query(sql)
                .bind(account.id)
                .bind(number)
                .execute(db)
                .await?
                .rows_affected());
        }
        tx.commit().await?;
        Ok(number)
    }

    /// Replaces a hash by one of the same password with today's parameters.
    pub(crate) async fn renew_password_hash(&self, account: &Account, fresh: &str) -> Result<()> {
        // Compared with the old hash: a password changed meanwhile is not brought back.
        let sql = "update users set password_hash = $3 where id = $1 and password_hash = $2";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(account.id)
            .bind(&account.password_hash)
            .bind(fresh)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Remembers that this browser has signed in to the account.
    pub(crate) async fn add_device(&self, user: UserId, token: &str) -> Result<()> {
        let sql = "insert into devices (token_hash, user_id, created_at) values ($1, $2, $3)
                   on conflict (token_hash, user_id) do nothing";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(token_hash(token))
            .bind(user)
            .bind(now())
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Tells whether the browser with this token has signed in to the account before.
    pub(crate) async fn knows_device(&self, user: UserId, token: &str) -> Result<bool> {
        let sql = "select exists (select 1 from devices where token_hash = $1 and user_id = $2)";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(token_hash(token))
            .bind(user)
            .fetch_one(db)
            .await?))
    }

    /// Somebody who has signed in with this token.
    pub(crate) async fn owner_of_device(&self, token: &str) -> Result<Option<UserId>> {
        let sql = "select user_id from devices where token_hash = $1 limit 1";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(token_hash(token))
            .fetch_optional(db)
            .await?))
    }

    /// Keeps the language that a user chose.
    pub(crate) async fn set_language(&self, user: UserId, language: &str) -> Result<()> {
        let sql = "update users set language = $2 where id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(user)
            .bind(language)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Keeps the time zone that a user chose; `None` is the server's.
    pub(crate) async fn set_time_zone(&self, user: UserId, zone: Option<&str>) -> Result<()> {
        let sql = "update users set time_zone = $2 where id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(user)
            .bind(zone)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }
}

fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}
