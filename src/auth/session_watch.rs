//! Ends open streams when their session ends.

use super::user::signed_in_by;
use crate::{
    App,
    db::{Db, Subscription, Topic},
};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::{convert::Infallible, future::pending, time::Duration};
use tokio::time::{sleep, timeout};
use tower_sessions::{Session, session::Id};

/// Pause after a failure before the database is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// The time after which it is looked whether a session has ended that nobody ended.
const NOW_AND_THEN: Duration = Duration::from_secs(900);

/// The session that a request came with, for as long as its answer lasts.
pub(crate) struct Access {
    db: Db,
    session: Option<Id>,
    sign_outs: Subscription,
}

impl Access {
    /// Returns when the session has ended; never, if it does not.
    pub(crate) async fn lost(mut self) {
        let Some(session) = self.session else {
            return pending().await;
        };
        // Somebody has signed out: was it this one? And sessions end by time as well.
        while let Ok(Ok(())) | Err(_) = timeout(NOW_AND_THEN, self.sign_outs.changed()).await {
            if !self.is_signed_in(session).await {
                return;
            }
        }
        pending().await
    }

    /// Asked until the database answers.
    async fn is_signed_in(&self, session: Id) -> bool {
        loop {
            match signed_in_by(&self.db, session).await {
                Ok(signed_in) => return signed_in,
                Err(_) => sleep(PAUSE).await,
            }
        }
    }
}

impl FromRequestParts<App> for Access {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self {
            db: app.db.clone(),
            session: parts.extensions.get::<Session>().and_then(Session::id),
            sign_outs: app.db.subscribe(Topic::SignOuts),
        })
    }
}
