//! Making an account, signing in and signing out.

mod limit;
mod own_forms;
mod password;
pub mod session;
mod store;
mod user;

use crate::{
    App,
    config::Registration,
    error::{Error, Result},
    i18n::{self, Lang},
    view::{View, cookie, local_path},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{ConnectInfo, FromRequestParts, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use limit::{Limit, network};
use password::{Password, Passwords, Verdict};
use serde::{Deserialize, Serialize};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};
use store::NotMade;
use tower_sessions::{
    Session,
    cookie::{Cookie, SameSite},
};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

pub(crate) use own_forms::{own_forms_only, refuse_unknown_origin};
pub use user::{User, UserId};

/// How many characters a user name may have.
const NAME_LIMIT: usize = 40;

/// The cookie by which a browser is known to have signed in before.
const DEVICE: &str = "device";

/// Where a text waits while its writer signs in again.
const DRAFT: &str = "draft";

/// The routes of this feature.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/register", get(show_register).post(register))
        .route("/login", get(show_login).post(login))
        .route("/logout", post(logout))
}

/// What guards the doors: hashing in turns, and limits on tries.
#[derive(Clone)]
pub struct Guard {
    passwords: Passwords,
    tries: Arc<Tries>,
}

/// Tries at signing in count by network, and by account: for a browser that has signed in to the
/// account before by that browser, so that strangers cannot lock its owner out.
struct Tries {
    by_network: Limit<IpAddr>,
    by_account: Limit<String>,
    by_device: Limit<(String, String)>,
    registrations: Limit<IpAddr>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            passwords: Passwords::default(),
            tries: Arc::new(Tries {
                by_network: Limit::new(30, Duration::from_secs(10)),
                by_account: Limit::new(10, Duration::from_secs(60)),
                by_device: Limit::new(10, Duration::from_secs(60)),
                registrations: Limit::new(20, Duration::from_secs(60)),
            }),
        }
    }
}

/// The network that a request comes from.
struct From(IpAddr);

impl FromRequestParts<App> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.ip());
        let trusted = |address: IpAddr| {
            let address = address.to_canonical();
            app.config
                .trusted_proxies
                .iter()
                .any(|net| net.contains(&address))
        };
        // Each proxy adds the address it was asked from at the end; what stands before the first
        // one that is not ours could be made up.
        let lists = parts.headers.get_all("x-forwarded-for").into_iter();
        let hops: Vec<IpAddr> = lists
            .filter_map(|list| list.to_str().ok())
            .flat_map(|list| list.split(','))
            .map_while(|hop| hop.trim().parse().ok())
            .collect();
        let address = std::iter::once(peer).chain(hops.into_iter().rev());
        let mut address = address.skip_while(|address| trusted(*address));
        Ok(Self(network(address.next().unwrap_or(peer))))
    }
}

/// What makes two names the same: compatible forms and case do not matter.
fn name_key(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

// ---- Making an account

#[derive(Default, Deserialize)]
#[serde(default)]
struct Registering {
    username: String,
    password: String,
    password_confirm: String,
}

/// The form for a new account, with what was typed and what is wrong with it.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/register_form.html")]
struct RegisterForm {
    view: View,
    username: String,
    /// Nobody has an account yet, so this one becomes the administrator's.
    is_first: bool,
    is_closed: bool,
    username_problem: Option<String>,
    password_problem: Option<String>,
    confirm_problem: Option<String>,
}

impl askama::filters::HtmlSafe for RegisterForm {}

#[derive(Template, WebTemplate)]
#[template(path = "pages/register.html")]
struct RegisterPage {
    view: View,
    form: RegisterForm,
}

impl RegisterForm {
    async fn new(view: View, app: &App) -> Result<Self> {
        let is_first = app.db.has_no_users().await?;
        let is_closed = app.config.registration == Registration::Closed && !is_first;
        Ok(Self {
            view,
            username: String::new(),
            is_first,
            is_closed,
            username_problem: None,
            password_problem: None,
            confirm_problem: None,
        })
    }

    /// Says what is wrong with what was typed, at its field.
    fn check(&mut self, password: &Password, confirm: &Password) {
        let t = self.view.t;
        let name = &self.username;
        self.username_problem = if name.is_empty() {
            Some(t.register_name_empty())
        } else if name.chars().count() > NAME_LIMIT {
            Some(t.register_name_long(NAME_LIMIT as u64))
        } else if !name.chars().all(is_fit_for_a_name) {
            Some(t.register_name_characters())
        } else {
            None
        };
        let (least, most) = (
            *password::LENGTH.start() as u64,
            *password::LENGTH.end() as u64,
        );
        if !password::LENGTH.contains(&password.length()) {
            self.password_problem = Some(t.register_password_length(least, most));
        } else if !password.is(confirm) {
            self.confirm_problem = Some(t.register_confirm_differs());
        }
    }

    fn is_fine(&self) -> bool {
        let problems = [
            &self.username_problem,
            &self.password_problem,
            &self.confirm_problem,
        ];
        problems.into_iter().all(Option::is_none)
    }

    fn refused(self) -> Response {
        let view = self.view.clone();
        view.clone()
            .refused(self, |form| RegisterPage { view, form })
    }
}

/// Letters, digits, marks, punctuation and inner spaces; nothing that is invisible or turns text around.
fn is_fit_for_a_name(c: char) -> bool {
    let invisible = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !(c.is_control() || invisible || (c.is_whitespace() && c != ' '))
}

async fn show_register(view: View, State(app): State<App>) -> Result<Response> {
    if view.user.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    let form = RegisterForm::new(view.clone(), &app).await?;
    Ok(RegisterPage { view, form }.into_response())
}

async fn register(
    view: View,
    from: From,
    session: Session,
    State(app): State<App>,
    headers: HeaderMap,
    Form(typed): Form<Registering>,
) -> Result<Response> {
    let mut form = RegisterForm::new(view, &app).await?;
    form.username = typed.username.nfkc().collect::<String>().trim().to_owned();
    if form.is_closed {
        return Ok(form.refused());
    }
    let password = Password::new(&typed.password);
    form.check(&password, &Password::new(&typed.password_confirm));
    if !form.is_fine() {
        return Ok(form.refused());
    }
    app.guard
        .tries
        .registrations
        .check(from.0, Instant::now())
        .map_err(Error::TooMany)?;
    let Some(hash) = app
        .guard
        .passwords
        .hash_unless_common(password, form.username.clone())
        .await?
    else {
        form.password_problem = Some(form.view.t.register_password_common());
        return Ok(form.refused());
    };
    let open = app.config.registration == Registration::Open;
    let language = cookie(&headers, i18n::COOKIE).and_then(|tag| Lang::for_tag(&tag));
    match app
        .db
        .add_user(&form.username, &hash, language.as_deref(), open)
        .await?
    {
        Ok(user) => let_in(&app, &session, &headers, user, "/").await,
        Err(NotMade::NameTaken) => {
            form.username_problem = Some(form.view.t.register_name_taken());
            Ok(form.refused())
        }
        Err(NotMade::Closed) => {
            form.is_closed = true;
            Ok(form.refused())
        }
    }
}

// ---- Signing in

#[derive(Default, Deserialize)]
#[serde(default)]
struct SigningIn {
    username: String,
    password: String,
    next: String,
    draft: String,
}

/// The sign-in form. It carries where to go next, and a text that was being sent.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/login_form.html")]
struct LoginForm {
    view: View,
    username: String,
    next: String,
    draft: String,
    problem: Option<String>,
}

impl askama::filters::HtmlSafe for LoginForm {}

#[derive(Template, WebTemplate)]
#[template(path = "pages/login.html")]
struct LoginPage {
    view: View,
    form: LoginForm,
}

impl LoginForm {
    fn refused(self) -> Response {
        let view = self.view.clone();
        view.clone().refused(self, |form| LoginPage { view, form })
    }
}

/// A text that waits for its writer to sign in again.
#[derive(Serialize, Deserialize)]
struct Draft {
    path: String,
    text: String,
}

/// Asks somebody whose session has ended to sign in again, and keeps what they were sending.
pub(crate) fn sign_in_again(view: View, path: &str, text: String) -> Response {
    let problem = Some(view.t.error_signed_out());
    let next = path.to_owned();
    let form = LoginForm {
        view,
        username: String::new(),
        next,
        draft: text,
        problem,
    };
    let view = form.view.clone();
    if view.htmx {
        let headers = [("HX-Retarget", "#notice"), ("HX-Reswap", "innerHTML")];
        return (http::StatusCode::UNAUTHORIZED, headers, form).into_response();
    }
    (http::StatusCode::UNAUTHORIZED, LoginPage { view, form }).into_response()
}

/// The text that waited for this page while its writer signed in, once.
pub(crate) async fn take_draft(session: &Session, path: &str) -> Result<Option<String>> {
    let draft = session.remove::<Draft>(DRAFT).await?;
    Ok(draft
        .filter(|draft| draft.path == path)
        .map(|draft| draft.text))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Next {
    next: String,
}

async fn show_login(view: View, Query(Next { next }): Query<Next>) -> Response {
    if view.user.is_some() {
        return Redirect::to(local_path(&next)).into_response();
    }
    let form = LoginForm {
        view: view.clone(),
        username: String::new(),
        next: local_path(&next).to_owned(),
        draft: String::new(),
        problem: None,
    };
    LoginPage { view, form }.into_response()
}

async fn login(
    view: View,
    from: From,
    session: Session,
    State(app): State<App>,
    headers: HeaderMap,
    Form(typed): Form<SigningIn>,
) -> Result<Response> {
    let SigningIn {
        username,
        password,
        next,
        draft,
    } = typed;
    let next = local_path(&next).to_owned();
    let mut form = LoginForm {
        view,
        username,
        next,
        draft,
        problem: None,
    };
    let account = app.db.account(form.username.trim()).await?;
    let device = cookie(&headers, DEVICE).unwrap_or_default();
    let known = match &account {
        Some(account) if !device.is_empty() => app.db.knows_device(account.id, &device).await?,
        _ => false,
    };
    let key = name_key(form.username.trim());
    let (tries, now) = (&app.guard.tries, Instant::now());
    let allowed = tries
        .by_network
        .check(from.0, now)
        .and_then(|()| match known {
            true => tries.by_device.check((key.clone(), device.clone()), now),
            false => tries.by_account.check(key.clone(), now),
        });
    if let Err(wait) = allowed {
        form.problem = Some(form.view.t.login_too_many(wait.as_secs().max(1)));
        let mut response = form.refused();
        *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        response.headers_mut().insert(
            header::RETRY_AFTER,
            HeaderValue::from(wait.as_secs().max(1)),
        );
        return Ok(response);
    }
    let password = Password::new(&password);
    let too_long = password.length() > *password::LENGTH.end();
    // A password that can't be right is not hashed, but something is, so that it takes as long.
    let hash = account
        .as_ref()
        .filter(|_| !too_long)
        .map(|account| account.password_hash.clone());
    let password = if too_long {
        Password::new("")
    } else {
        password
    };
    let verdict = app.guard.passwords.verify(password, hash).await?;
    let Some(account) = account.filter(|_| !matches!(verdict, Verdict::Wrong)) else {
        form.problem = Some(form.view.t.login_wrong());
        return Ok(form.refused());
    };
    if let Verdict::Outdated(fresh) = verdict {
        app.db.renew_password_hash(&account, &fresh).await?;
    }
    tries.by_device.forget(&(key, device));
    let LoginForm {
        mut next, draft, ..
    } = form;
    if !draft.is_empty() {
        let path = next.clone();
        next = format!("{path}?draft=1");
        session.insert(DRAFT, Draft { path, text: draft }).await?;
    }
    let mut response = let_in(&app, &session, &headers, account.id, &next).await?;
    // Error pages know no account: so they too speak the account's language.
    if let Some(language) = &account.language {
        let (name, value) = long_cookie(i18n::COOKIE, language, app.config.secure());
        let value = HeaderValue::try_from(value).map_err(Error::internal)?;
        response.headers_mut().append(name, value);
    }
    Ok(response)
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

// ---- Signing out

async fn logout(session: Session) -> Result<Response> {
    session.flush().await?;
    Ok(([("Clear-Site-Data", "\"cache\"")], Redirect::to("/")).into_response())
}
