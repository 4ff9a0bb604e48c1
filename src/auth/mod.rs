//! Accounts: making one, signing in and out, changing and deleting it.

mod access;
mod account;
mod browser;
mod change_password;
mod delete_account;
mod guard;
mod limit;
mod login;
mod network;
mod own_forms;
mod password;
mod register;
pub mod session;
mod sessions;
mod store;
mod styleguide;
mod tried;
mod user;

use crate::{
    App,
    db::Topic,
    error::{Error, Result},
    settings,
    view::{View, cookie},
};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use tower_sessions::{
    Session,
    cookie::{Cookie, SameSite, time::Duration},
};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

pub(crate) use access::Access;
pub use guard::Guard;
pub(crate) use limit::Limit;
pub(crate) use login::{sign_in_again, take_draft};
pub(crate) use own_forms::{own_forms_only, refuse_unknown_origin};
pub(crate) use styleguide::samples;
pub use user::{User, UserId};

/// Where somebody goes who has signed in: the empty chat, which is at `/` too, but under an address
/// that nobody has seen signed out. (Links shows a page it was sent to from its cache.)
pub(crate) const HOME: &str = "/chats/new";

/// How long a cookie is kept that is kept for long.
pub(crate) const YEAR: Duration = Duration::days(365);

/// The cookie by which a browser is known to have signed in before.
const DEVICE: &str = "device";

/// The routes of this feature.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(register::routes())
        .merge(login::routes())
        .merge(account::routes())
        .merge(change_password::routes())
        .merge(sessions::routes())
        .merge(delete_account::routes())
        .route("/logout", post(logout))
}

/// What makes two names the same: compatible forms and case do not matter.
fn name_key(name: &str) -> String {
    let key: String = name.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    key.trim().to_owned()
}

/// Begins a session with this password of somebody's, under a new key; the old one ends.
async fn begin_session(
    session: &Session,
    headers: &HeaderMap,
    user: UserId,
    password_no: i64,
) -> Result<()> {
    session.cycle_id().await?;
    session.insert(session::USER, user).await?;
    session.insert(session::PASSWORD_NO, password_no).await?;
    session
        .insert(session::BROWSER, browser::said(headers))
        .await?;
    Ok(())
}

/// Signs somebody in, and their browser is known from now on.
async fn let_in(
    app: &App,
    session: &Session,
    headers: &HeaderMap,
    (user, password_no): (UserId, i64),
    next: &str,
) -> Result<Response> {
    begin_session(session, headers, user, password_no).await?;
    let device = cookie(headers, DEVICE).filter(|token| token.len() == 32);
    let device = device.unwrap_or_else(|| Uuid::new_v4().simple().to_string());
    app.db.add_device(user, &device).await?;
    let mut response = Redirect::to(if next == "/" { HOME } else { next }).into_response();
    add_cookie(&mut response, DEVICE, &device, YEAR, app.config.secure())?;
    Ok(response)
}

/// A refused form, refused because there were too many before it: status 429.
fn too_many(mut response: Response, seconds: u64) -> Response {
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let wait = HeaderValue::from(seconds);
    response.headers_mut().insert(header::RETRY_AFTER, wait);
    response
}

/// Sets a cookie that is kept for some time.
pub(crate) fn add_cookie(
    response: &mut Response,
    name: &str,
    value: &str,
    time: Duration,
    secure: bool,
) -> Result<()> {
    let cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .max_age(time);
    let cookie = HeaderValue::try_from(cookie.to_string()).map_err(Error::internal)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(())
}

/// `POST /logout`
async fn logout(view: View, State(app): State<App>, session: Session) -> Result<Response> {
    let secure = app.config.secure();
    let signing_out = async move {
        session.flush().await?;
        app.db.wake(Topic::SignOuts).await;
        Ok(())
    };
    to_its_end(signing_out).await?;
    let mut response = gone_to("/login");
    if let Some(user) = &view.user {
        // The browser goes on as the account had it, also where that was chosen elsewhere.
        let language = user.language();
        settings::remember(&mut response, language.as_deref(), user.look(), secure)?;
    }
    Ok(response)
}

/// Works to the end even if whoever asked leaves meanwhile: what is open must hear of it.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(work).await.map_err(Error::internal)?
}

/// Where somebody is sent who is signed out from now on.
fn gone_to(path: &str) -> Response {
    ([("Clear-Site-Data", "\"cache\"")], Redirect::to(path)).into_response()
}
