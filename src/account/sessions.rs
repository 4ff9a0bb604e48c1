//! The list of sessions in which somebody is signed in, and ending them.

use crate::{
    App,
    auth::{run_to_completion, session_list::Seen, session_store::key_hash, user_agent},
    db::Topic,
    error::{Error, Result},
    security::{client_address::Network, log::Event},
    time::{A_DAY, now},
    users::User,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::{Path, State},
    response::Redirect,
};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use tower_sessions::Session;

impl Seen {
    /// Returns its name in addresses: nothing that would open it.
    fn id(&self) -> String {
        let hash = Sha256::new_with_prefix("session ").chain_update(&self.key_hash);
        let hash = hash.finalize();
        hash[..16].iter().fold(String::new(), |mut id, byte| {
            write!(id, "{byte:02x}").ok();
            id
        })
    }

    fn browser(&self) -> Option<String> {
        user_agent::name(self.user_agent.as_deref()?)
    }

    /// Returns how many days ago it was last used.
    fn used(&self) -> Option<u64> {
        self.seen_at.map(days_since)
    }

    /// Returns how many days ago it began.
    fn began(&self) -> Option<u64> {
        self.created_at.map(days_since)
    }
}

/// In days of UTC, as the last use is kept once for each of these.
fn days_since(at: i64) -> u64 {
    u64::try_from(now() / A_DAY - at / A_DAY).unwrap_or(0)
}

/// The sessions in which somebody is signed in.
#[derive(Template)]
#[template(path = "fragments/session_list.html")]
pub(crate) struct SessionList {
    pub view: View,
    /// The one that asks.
    pub this: Option<Seen>,
    pub others: Vec<Seen>,
}

impl HtmlSafe for SessionList {}

impl SessionList {
    pub(crate) async fn new(app: &App, view: View, user: &User, session: &Session) -> Result<Self> {
        let mut others = app.db.sessions(user.id).await?;
        let this = session.id().map(key_hash);
        let this = others
            .iter()
            .position(|seen| Some(&seen.key_hash) == this.as_ref());
        Ok(Self {
            view,
            this: this.map(|at| others.remove(at)),
            others,
        })
    }
}

/// `POST /settings/account/sessions/{id}/end`
pub(crate) async fn end(
    user: User,
    network: Network,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Redirect> {
    let mut sessions = app.db.sessions(user.id).await?.into_iter();
    let session = sessions
        .find(|session| session.id() == id)
        .ok_or(Error::NotFound)?;
    run_to_completion(async move {
        app.db.end_session(user.id, &session.key_hash).await?;
        Event::SessionEnded.log(Some(&network), Some(user.id));
        app.db.notify(Topic::SignOuts).await;
        Ok(())
    })
    .await?;
    Ok(Redirect::to("/settings/account/done/session"))
}

/// `POST /settings/account/sessions/end`: all but the one that asks.
pub(crate) async fn end_others(
    user: User,
    network: Network,
    session: Session,
    State(app): State<App>,
) -> Result<Redirect> {
    let this = session.id().ok_or(Error::SignedOut)?;
    run_to_completion(async move {
        app.db.end_other_sessions(user.id, this).await?;
        Event::OtherSessionsEnded.log(Some(&network), Some(user.id));
        app.db.notify(Topic::SignOuts).await;
        Ok(())
    })
    .await?;
    Ok(Redirect::to("/settings/account/done/sessions"))
}
