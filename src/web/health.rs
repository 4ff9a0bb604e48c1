//! Health of the server: for those who watch it, and for those who ask while it is not well.

use super::errors::{ForPrograms, WaitedInVain};
use crate::{
    App,
    db::Db,
    error::{Error, NotWritten},
    urls::SIGN_OUT,
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Answers at once while the database is away for good; and when nobody knows yet why it cannot be
/// had, sees to it that the log is told.
pub(crate) async fn see_to_database(
    State(db): State<Db>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    // A browser is signed out without it.
    let needs_it = !["/healthz", SIGN_OUT].contains(&path) && !path.starts_with("/static/");
    if needs_it && db.is_away() {
        return Error::Unavailable("the database is away".into()).into_response();
    }
    let response = next.run(request).await;
    if response.extensions().get::<WaitedInVain>().is_some() {
        db.ask_why();
    }
    response
}

/// `GET /healthz`: 200 when the database answers and takes changes, and this server is not about to
/// end; else a line that says what is wrong.
pub(crate) async fn healthz(State(app): State<App>) -> Response {
    if app.replies.is_ending() {
        return unwell("ending");
    }
    if app.db.is_away() {
        return unwell("the database is away");
    }
    match app.db.can_write().await {
        Ok(()) => "ok\n".into_response(),
        Err(Error::NotWritten(NotWritten::NoRoom, _)) => unwell("cannot write: the disk is full"),
        Err(Error::NotWritten(NotWritten::Broken, _)) => unwell("cannot write: the disk fails"),
        Err(Error::NotWritten(NotWritten::ReadOnly, _)) => {
            unwell("cannot write: the database may only be read")
        }
        Err(Error::NotWritten(NotWritten::Moved, _)) => {
            unwell("cannot write: the database file is not where it was")
        }
        Err(_) => unwell("the database does not answer"),
    }
}

fn unwell(why: &str) -> Response {
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response();
    response.extensions_mut().insert(ForPrograms);
    response
}
