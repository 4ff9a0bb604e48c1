//! The page of one's own account, and changing its name.

use super::{
    password::PasswordForm,
    register::{clean_name, name_problem},
    sessions::SessionList,
};
use crate::{
    App,
    auth::{name_key, too_many},
    error::{Error, Result},
    security::{client_address::Network, limits, log::Event},
    users::User,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

/// The form for another name.
#[derive(Template)]
#[template(path = "fragments/name_form.html")]
pub(crate) struct NameForm {
    pub view: View,
    pub username: String,
    /// The reason why no other name can be tried at the moment.
    pub too_many: Option<String>,
    pub problem: Option<String>,
}

impl HtmlSafe for NameForm {}

#[derive(Template, WebTemplate)]
#[template(path = "pages/account.html")]
pub(crate) struct AccountPage {
    view: View,
    /// The change that was just made.
    done: Option<String>,
    since: String,
    name: NameForm,
    pub password: PasswordForm,
    sessions: SessionList,
}

impl AccountPage {
    pub(crate) async fn new(app: &App, view: View, user: &User, session: &Session) -> Result<Self> {
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

    pub(crate) fn refused(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self).into_response()
    }
}

/// `GET /settings/account`
pub(crate) async fn show(
    user: User,
    view: View,
    session: Session,
    State(app): State<App>,
) -> Result<AccountPage> {
    AccountPage::new(&app, view, &user, &session).await
}

/// `GET /settings/account/done/{what}`: the same, after a change.
pub(crate) async fn done(
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
pub(crate) struct Renaming {
    username: String,
}

/// `POST /settings/account/name`
pub(crate) async fn rename(
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
        if let Some(wait) = app.db.count_try(&limits::RENAMES, &account).await? {
            app.guard.tell(&limits::RENAMES, &account, Some(&network));
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
