//! Accounts: making one, signing in and out, changing and deleting it.

use crate::{
    App,
    error::{Error, Result},
    ids::UserId,
    urls::HOME,
};
mod device;
pub(crate) mod erase;
pub(crate) mod rows;
pub(crate) mod sender;
pub(crate) mod session_list;
pub(crate) mod session_store;
pub(crate) mod session_watch;
pub(crate) mod sign_in_attempt;
pub(crate) mod user;
pub(crate) mod user_agent;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use device::Device;
use tower_sessions::Session;
use unicode_normalization::UnicodeNormalization;

/// Returns the key by which two names are the same: compatible forms and case do not matter.
pub(crate) fn name_key(name: &str) -> String {
    let key: String = name.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    key.trim().to_owned()
}

/// Begins a session with this password of somebody's, under a new key; the old one ends.
pub(crate) async fn begin_session(
    session: &Session,
    headers: &HeaderMap,
    user: UserId,
    password_no: i64,
) -> Result<()> {
    session.cycle_id().await?;
    session.insert(session_store::USER, user).await?;
    session
        .insert(session_store::PASSWORD_NO, password_no)
        .await?;
    session
        .insert(session_store::BROWSER, user_agent::said(headers))
        .await?;
    Ok(())
}

/// Finds who sends a request, by its session, or by a browser that had one until it ended: for what
/// strangers may not send, before anything else is known of it.
pub(crate) async fn known_sender(app: &App, headers: &HeaderMap) -> Result<Option<UserId>> {
    if let Some(id) = session_store::key(headers, app.config.secure())
        && let Some(found) = app.db.user_of_session(id).await?
    {
        return Ok(Some(found.user.id));
    }
    Device::of(headers).owner(&app.db).await
}

/// Signs somebody in, and their browser is known from now on.
pub(crate) async fn sign_in(
    app: &App,
    session: &Session,
    headers: &HeaderMap,
    (user, password_no): (UserId, i64),
    next: &str,
) -> Result<Response> {
    begin_session(session, headers, user, password_no).await?;
    // Kept now, not after the answer, when it could only fail without a word.
    session.save().await?;
    let mut response = Redirect::to(if next == "/" { HOME } else { next }).into_response();
    let (device, secure) = (Device::of(headers), app.config.secure());
    device
        .remember(&app.db, user, &mut response, secure)
        .await?;
    Ok(response)
}

/// A refused form, refused because there were too many before it: status 429.
pub(crate) fn too_many(mut response: Response, seconds: u64) -> Response {
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let wait = HeaderValue::from(seconds);
    response.headers_mut().insert(header::RETRY_AFTER, wait);
    response
}

/// Runs to completion even if the client disconnects; open streams depend on the notification at
/// the end.
pub(crate) async fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(work).await.map_err(Error::internal)?
}

/// Redirects somebody who is signed out from now on.
pub(crate) fn gone_to(path: &str) -> Response {
    ([("Clear-Site-Data", "\"cache\"")], Redirect::to(path)).into_response()
}
