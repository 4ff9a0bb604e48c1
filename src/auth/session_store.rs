//! Sessions kept in our own database, under the SHA-256 of the key that the cookie holds.

use crate::{
    cookies::cookie,
    db::Db,
    ids::UserId,
    time::{A_DAY, now},
    with_pool,
};
use async_trait::async_trait;
use axum::http::HeaderMap;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tower_sessions::{
    Expiry, SessionManagerLayer, SessionStore,
    cookie::{
        SameSite,
        time::{Duration, OffsetDateTime},
    },
    session::{Id, Record},
    session_store::{Error, Result},
};

/// Days after which a session that nobody uses ends.
pub const DAYS: i64 = 30;

/// Days after which any session ends, however much it is used: whoever has stolen its key has it no
/// longer than that.
const MOST_DAYS: i64 = 180;

/// The name of the cookie, over plain http.
pub const NAME: &str = "session";

/// The names under which a session says who is signed in, with which of their passwords, and in what
/// browser.
pub const USER: &str = "user";
pub const PASSWORD_NO: &str = "password";
pub const BROWSER: &str = "browser";

/// The name of the day on which it was last used.
pub const SEEN: &str = "seen";

/// The name of the cookie. Browsers take a `__Host-` cookie only when it is secure, so over plain http
/// it has another one.
fn name(secure: bool) -> &'static str {
    if secure { "__Host-session" } else { NAME }
}

/// The key of the session that a request names.
pub fn key(headers: &HeaderMap, secure: bool) -> Option<Id> {
    cookie(headers, name(secure))?.parse().ok()
}

/// The layer that reads the session cookie and sets it again when the session has changed.
pub fn layer(db: &Db, secure: bool) -> SessionManagerLayer<Db> {
    SessionManagerLayer::new(db.clone())
        .with_name(name(secure))
        .with_secure(secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(Duration::days(DAYS)))
}

/// Returns what is stored instead of a session's key, so that a stolen database opens no session.
pub fn key_hash(id: Id) -> Vec<u8> {
    Sha256::digest(id.0.to_be_bytes()).to_vec()
}

/// The earliest time at which a session that has not ended yet may have begun.
pub fn oldest_session() -> i64 {
    now() - MOST_DAYS * A_DAY
}

fn data(record: &Record) -> Result<String> {
    serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn value<T: DeserializeOwned>(record: &Record, name: &str) -> Option<T> {
    serde_json::from_value(record.data.get(name)?.clone()).ok()
}

fn expires_at(record: &Record) -> i64 {
    i64::try_from(record.expiry_date.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// The words of the database, in front of them why it took nothing, if that is why.
fn backend(error: sqlx::Error) -> Error {
    Error::Backend(match crate::error::Error::from(error) {
        crate::error::Error::NotWritten(why, cause) => format!("{why:?}: {cause}"),
        error => error.to_string(),
    })
}

#[async_trait]
impl SessionStore for Db {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let data = data(record)?;
        loop {
            let sql = "insert into sessions (key_hash, user_id, data, expires_at, password_no,
                           user_agent, created_at, seen_at)
                       values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict (key_hash) do nothing";
            let made = with_pool!(self.writer().map_err(backend)?, db => sqlx::query(sql)
                .bind(key_hash(record.id))
                .bind(value::<UserId>(record, USER))
                .bind(&data)
                .bind(expires_at(record))
                .bind(value::<i64>(record, PASSWORD_NO).unwrap_or_default())
                .bind(value::<String>(record, BROWSER))
                .bind(now())
                .execute(db)
                .await
                .map_err(backend)?
                .rows_affected());
            if made == 1 {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let saved = self.save_changes(record).await;
        match &saved {
            // Who is signed in need not be told that this was not kept: nothing of it changes for them.
            Err(error) if self.has_the_same(record).await => {
                tracing::warn!(%error, "could not extend a session");
                Ok(())
            }
            _ => saved,
        }
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let sql = "select data, expires_at from sessions where key_hash = $1 and expires_at > $2";
        let row: Option<(String, i64)> = with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(key_hash(*id))
            .bind(now())
            .fetch_optional(db)
            .await
            .map_err(backend)?);
        let Some((data, expires_at)) = row else {
            return Ok(None);
        };
        let expiry = OffsetDateTime::from_unix_timestamp_nanos(i128::from(expires_at) * 1_000);
        Ok(Some(Record {
            id: *id,
            data: serde_json::from_str(&data).map_err(|error| Error::Decode(error.to_string()))?,
            expiry_date: expiry.map_err(|error| Error::Decode(error.to_string()))?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let sql = "delete from sessions where key_hash = $1";
        with_pool!(self.writer().map_err(backend)?, db => sqlx::query(sql)
            .bind(key_hash(*id))
            .execute(db)
            .await
            .map(drop)
            .map_err(backend))
    }
}

impl Db {
    async fn save_changes(&self, record: &Record) -> Result<()> {
        // Not who is signed in and by which password: that is as it began.
        let sql = "update sessions set data = $2, expires_at = $3, user_agent = $4, seen_at = $5,
                       created_at = coalesce(created_at, $5)
                   where key_hash = $1";
        with_pool!(self.writer().map_err(backend)?, db => sqlx::query(sql)
            .bind(key_hash(record.id))
            .bind(data(record)?)
            .bind(expires_at(record))
            .bind(value::<String>(record, BROWSER))
            .bind(now())
            .execute(db)
            .await
            .map(drop)
            .map_err(backend))
    }

    /// Tells whether a session is kept with the same content, apart from when and where it was used.
    async fn has_the_same(&self, record: &Record) -> bool {
        let content = |record: &Record| {
            let mut data = record.data.clone();
            data.remove(BROWSER);
            data.remove(SEEN);
            data
        };
        let kept = self.load(&record.id).await;
        matches!(kept, Ok(Some(kept)) if content(&kept) == content(record))
    }

    /// Forgets the sessions that have ended by themselves.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_expired_sessions(&self) -> crate::error::Result<()> {
        let sql = "delete from sessions where expires_at <= $1 or created_at <= $2";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(now())
            .bind(oldest_session())
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }
}
