//! Signing in, also again in the middle of writing something.

use crate::{
    App,
    auth::{
        sign_in,
        sign_in_attempt::{SignInAttempt, SignInOutcome},
        too_many,
    },
    config::Registration,
    cookies::{add_cookie, cookie},
    error::Result,
    preferences,
    security::{client_address::Network, log::Event},
    urls::{HOME, local_path},
    web::{errors::SIGNED_OUT, view::View},
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};
use tower_sessions::{Session, cookie::time};

/// Most bytes of a typed name that is looked up: far more than any has.
const LONGEST_NAME: usize = 1_000;

/// Name under which a text waits in the session while its writer signs in again, and the cookie
/// that says so for a short time. (Not a part of the address: Lynx sends no Referer from one with a
/// query.)
const DRAFT: &str = "draft";
const DRAFT_TIME: time::Duration = time::Duration::minutes(1);

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct SigningIn {
    username: String,
    password: String,
    next: String,
    draft: String,
}

/// The sign-in form. It carries where to go next, and a text that was being sent.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/login_form.html")]
pub(crate) struct LoginForm {
    pub view: View,
    pub username: String,
    pub next: String,
    pub draft: String,
    pub problem: Option<String>,
}

impl HtmlSafe for LoginForm {}

#[derive(Template, WebTemplate)]
#[template(path = "pages/login.html")]
struct LoginPage {
    view: View,
    form: LoginForm,
    /// Sign-up, as the page tells it; none where somebody who has an account signs in again.
    registration: Option<Registration>,
}

impl LoginForm {
    fn refused(self, registration: Registration) -> Response {
        let view = self.view.clone();
        view.clone().refused(self, |form| LoginPage {
            view,
            form,
            registration: Some(registration),
        })
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
    let why = view.t.error_signed_out();
    sign_in_because(why, view, path, text)
}

/// The same, and says why.
pub(crate) fn sign_in_because(why: String, view: View, path: &str, text: String) -> Response {
    let next = path.to_owned();
    let form = LoginForm {
        view,
        username: String::new(),
        next,
        draft: text,
        problem: Some(why),
    };
    let view = form.view.clone();
    if view.htmx {
        let headers = [("HX-Retarget", "#notice"), ("HX-Reswap", "innerHTML")];
        return (SIGNED_OUT, headers, form).into_response();
    }
    let page = LoginPage {
        view,
        form,
        registration: None,
    };
    (SIGNED_OUT, page).into_response()
}

/// The text that waited for this page while its writer signed in, once; mostly there is none.
pub(crate) async fn take_draft(
    headers: &HeaderMap,
    session: &Session,
    path: &str,
) -> Result<String> {
    if cookie(headers, DRAFT).is_none() {
        return Ok(String::new());
    }
    let draft = session.get::<Draft>(DRAFT).await?;
    let Some(draft) = draft.filter(|draft| draft.path == path) else {
        return Ok(String::new());
    };
    session.remove_value(DRAFT).await?;
    Ok(draft.text)
}

/// `GET /login`
pub(crate) async fn show(view: View, State(app): State<App>) -> Response {
    if view.user.is_some() {
        return Redirect::to(HOME).into_response();
    }
    let form = LoginForm {
        view: view.clone(),
        username: String::new(),
        next: HOME.to_owned(),
        draft: String::new(),
        problem: None,
    };
    LoginPage {
        view,
        form,
        registration: Some(app.config.registration),
    }
    .into_response()
}

/// `POST /login`
pub(crate) async fn login(
    view: View,
    network: Network,
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
    // Nobody's name is that long, and its form for comparing could be longer still; nor has any a
    // zero in it, which PostgreSQL does not take.
    let name = match form.username.len() <= LONGEST_NAME && !form.username.contains('\0') {
        true => form.username.as_str(),
        false => "",
    };
    let account = app.db.account(name).await?;
    let trying = SignInAttempt {
        app: &app,
        headers: &headers,
        network: &network,
        name,
    };
    let account = match trying.password(account, &password).await? {
        SignInOutcome::Right(account) => account,
        SignInOutcome::Wrong => {
            form.problem = Some(form.view.t.login_wrong());
            return Ok(form.refused(app.config.registration));
        }
        SignInOutcome::TooMany(seconds) => {
            form.problem = Some(form.view.t.login_too_many(seconds));
            return Ok(too_many(form.refused(app.config.registration), seconds));
        }
    };
    Event::SignedIn.log(Some(&network), Some(account.id));
    let LoginForm { next, draft, .. } = form;
    let mut response = sign_in(
        &app,
        &session,
        &headers,
        (account.id, account.password_no),
        &next,
    )
    .await?;
    let secure = app.config.secure();
    if !draft.is_empty() {
        let draft = Draft {
            path: next,
            text: draft,
        };
        session.insert(DRAFT, draft).await?;
        session.save().await?;
        add_cookie(&mut response, DRAFT, "1", DRAFT_TIME, secure)?;
    }
    preferences::remember(
        &mut response,
        account.language.as_deref(),
        &account.appearance,
        secure,
    )?;
    Ok(response)
}
