//! `User`: who is asking.

use super::{sender::Sender, session_store, user_agent};
use crate::{
    App,
    db::Db,
    error::{Error, Result},
    time::{A_DAY, now},
    users::User,
};
use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, request::Parts},
};
use tower_sessions::{Session, session::Id};

/// A user together with the session they were found by.
#[derive(sqlx::FromRow)]
pub(crate) struct Found {
    #[sqlx(flatten)]
    pub user: User,
    expires_at: i64,
}

impl User {
    /// Keeps of a request that with which its sender can be found later.
    pub(crate) fn asking(app: &App, request: &Request) -> Visitor {
        Visitor(session_store::key(request.headers(), app.config.secure()))
    }

    /// Finds who sends this request: one read by the session's key, once for each request.
    pub(crate) async fn of(parts: &mut Parts, app: &App) -> Result<Option<Self>> {
        if let Some(known) = parts.extensions.get::<Option<Self>>() {
            return Ok(known.clone());
        }
        let session = parts.extensions.get::<Session>().cloned();
        let user = match session
            .as_ref()
            .and_then(|session| Some((session, session.id()?)))
        {
            None => None,
            Some((session, id)) => match app.db.user_of_session(id).await? {
                None => None,
                Some(found) => {
                    keep_alive(session, found.expires_at, &parts.headers).await?;
                    Some(found.user)
                }
            },
        };
        if let (Some(user), Some(sender)) = (&user, parts.extensions.get::<Sender>()) {
            sender.is(user.id, &app.room).await?;
        }
        parts.extensions.insert(user.clone());
        Ok(user)
    }
}

/// Somebody who may be signed in.
pub(crate) struct Visitor(Option<Id>);

impl Visitor {
    /// Finds who that is, for saying so only: their session is kept no longer for it.
    pub(crate) async fn look_up(self, app: &App) -> Result<Option<User>> {
        let Some(id) = self.0 else { return Ok(None) };
        let found = app.db.user_of_session(id).await?;
        Ok(found.map(|found| found.user))
    }
}

/// Tells whether somebody is signed in by this session.
pub(super) async fn signed_in_by(db: &Db, session: Id) -> Result<bool> {
    Ok(db.user_of_session(session).await?.is_some())
}

/// Moves the end of a session that is in use, and the day on which it was last used: once a day, so
/// that looking writes nothing.
async fn keep_alive(session: &Session, expires_at: i64, headers: &HeaderMap) -> Result<()> {
    let today = now() / A_DAY;
    if expires_at / A_DAY < today + session_store::DAYS {
        session
            .insert(session_store::BROWSER, user_agent::said(headers))
            .await?;
        session.insert(session_store::SEEN, today).await?;
    }
    Ok(())
}

impl FromRequestParts<App> for User {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        Self::of(parts, app).await?.ok_or(Error::SignedOut)
    }
}
