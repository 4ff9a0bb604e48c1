//! The page of one's own account, and changing its name.

use super::{
    User,
    change_password::PasswordForm,
    guard, name_key,
    network::Network,
    register::{clean_name, name_problem},
    security_log::Event,
    sessions::SessionList,
    too_many,
};
use crate::{
    App,
    error::{Error, Result},
    view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use tower_sessions::Session;

/// The routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/settings/account", get(show))
        .route("/settings/account/done/{what}", get(done))
        .route("/settings/account/name", post(rename))
}

/// The form for another name.
#[derive(Template)]
#[template(path = "fragments/name_form.html")]
pub(super) struct NameForm {
    pub view: View,
    pub username: String,
    /// The reason why no other name can be tried at the moment.
    pub too_many: Option<String>,
    pub problem: Option<String>,
}

impl HtmlSafe for NameForm {}

#[derive(Template, WebTemplate)]
#[template(path = "pages/account.html")]
pub(super) struct AccountPage {
    view: View,
    /// What was just done.
    done: Option<String>,
    since: String,
    name: NameForm,
    pub password: PasswordForm,
    sessions: SessionList,
}

impl AccountPage {
    pub(super) async fn new(app: &App, view: View, user: &User, session: &Session) -> Result<Self> {
        Ok(Self {
            done: None,
            since: view.clock.date(user.created_at).unwrap_or_default(),
            name: NameForm {
                view: view.clone(),
                username: user.name.clone(),
                too_many: None,
                problem: None,
            },
            password: PasswordForm::new(view.clone()),
            sessions: SessionList::new(app, view.clone(), user, session).await?,
            view,
        })
    }

    pub(super) fn refused(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self).into_response()
    }
}

/// `GET /settings/account`
async fn show(
    user: User,
    view: View,
    session: Session,
    State(app): State<App>,
) -> Result<AccountPage> {
    AccountPage::new(&app, view, &user, &session).await
}

/// `GET /settings/account/done/{what}`: the same, after a change.
async fn done(
    user: User,
    view: View,
    session: Session,
    State(app): State<App>,
    Path(what): Path<String>,
) -> Result<AccountPage> {
    let done = match what.as_str() {
        "name" => view.t.account_name_changed(),
        "password" => view.t.account_password_changed(),
        "session" => view.t.sessions_ended(),
        "sessions" => view.t.sessions_others_ended(),
        _ => return Err(Error::NotFound),
    };
    let mut page = AccountPage::new(&app, view, &user, &session).await?;
    page.done = Some(done);
    Ok(page)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Renaming {
    username: String,
}

/// `POST /settings/account/name`
async fn rename(
    user: User,
    view: View,
    network: Network,
    session: Session,
    State(app): State<App>,
    Form(typed): Form<Renaming>,
) -> Result<Response> {
    let name = clean_name(&typed.username);
    let mut page = AccountPage::new(&app, view.clone(), &user, &session).await?;
    page.name.username.clone_from(&name);
    page.name.problem = name_problem(view.t, &name);
    if page.name.problem.is_some() {
        return Ok(page.refused());
    }
    // It tells whether somebody has that name: not for as many as one likes.
    if name_key(&name) != name_key(&user.name) {
        let account = user.id.0.to_string();
        if let Err(wait) = app.db.count_try(&guard::RENAMES, &account).await? {
            app.guard.tell(&guard::RENAMES, &account, Some(&network));
            let seconds = wait.as_secs().max(1);
            page.name.too_many = Some(view.t.error_too_many(seconds));
            return Ok(too_many(page.refused(), seconds));
        }
    }
    if !app.db.rename(user.id, &name).await? {
        page.name.problem = Some(view.t.register_name_taken());
        return Ok(page.refused());
    }
    Event::NameChanged.log(Some(&network), Some(user.id));
    Ok(Redirect::to("/settings/account/done/name").into_response())
}
