//! Making an account, signing in and signing out.

mod guard;
mod limit;
mod login;
mod network;
mod own_forms;
mod password;
mod register;
pub mod session;
mod store;
mod user;

use crate::{App, error::Result, view::cookie};
use axum::{
    Router,
    http::{HeaderMap, HeaderName, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::post,
};
use tower_sessions::{
    Session,
    cookie::{Cookie, SameSite},
};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

pub use guard::Guard;
pub(crate) use login::{sign_in_again, take_draft};
pub(crate) use own_forms::{own_forms_only, refuse_unknown_origin};
pub use user::{User, UserId};

/// The cookie by which a browser is known to have signed in before.
const DEVICE: &str = "device";

/// The routes of this feature.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(register::routes())
        .merge(login::routes())
        .route("/logout", post(logout))
}

/// What makes two names the same: compatible forms and case do not matter.
fn name_key(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// Signs somebody in: a session under a new key, and their browser known from now on.
async fn let_in(
    app: &App,
    session: &Session,
    headers: &HeaderMap,
    user: UserId,
    next: &str,
) -> Result<Response> {
    session.cycle_id().await?;
    session.insert(session::USER, user).await?;
    let device = cookie(headers, DEVICE).filter(|token| token.len() == 32);
    let device = device.unwrap_or_else(|| Uuid::new_v4().simple().to_string());
    app.db.add_device(user, &device).await?;
    let known = AppendHeaders([long_cookie(DEVICE, &device, app.config.secure())]);
    Ok((known, Redirect::to(next)).into_response())
}

/// A `Set-Cookie` header for a year.
pub(crate) fn long_cookie(name: &str, value: &str, secure: bool) -> (HeaderName, String) {
    let cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .max_age(tower_sessions::cookie::time::Duration::days(365));
    (header::SET_COOKIE, cookie.to_string())
}

/// `POST /logout`
async fn logout(session: Session) -> Result<Response> {
    session.flush().await?;
    Ok(([("Clear-Site-Data", "\"cache\"")], Redirect::to("/")).into_response())
}
