//! Deletes an account with everything in it.
//!
//! At once nobody can sign in to it any more and its name is free; then it is erased in steps, so
//! that nobody else waits long for the database. What a process that ends leaves of it, the next one
//! erases.

use super::welcome::WelcomePage;
use crate::{
    App,
    auth::{
        erase::Holdings,
        gone_to, run_to_completion,
        sign_in_attempt::{SignInAttempt, SignInOutcome},
        too_many,
    },
    db::Topic,
    error::Result,
    ids::UserId,
    security::{client_address::Network, log::Event},
    urls::HOME,
    users::User,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::time::Duration;
use tokio::{task::JoinHandle, time::timeout};
use tower_sessions::Session;

/// Longest time that somebody is kept waiting until all is erased.
const PATIENCE: Duration = Duration::from_secs(5);

/// Says what will be gone, and asks for the password.
#[derive(Template)]
#[template(path = "fragments/delete_account_form.html")]
pub(crate) struct DeleteAccountForm {
    pub view: View,
    pub holdings: Holdings,
    pub is_sure: bool,
    /// The reason why no password can be tried at the moment.
    pub too_many: Option<String>,
    pub sure_problem: Option<String>,
    pub password_problem: Option<String>,
}

impl HtmlSafe for DeleteAccountForm {}

#[derive(Template, WebTemplate)]
#[template(path = "pages/delete_account.html")]
pub(crate) struct DeleteAccountPage {
    view: View,
    form: DeleteAccountForm,
}

impl DeleteAccountPage {
    async fn new(app: &App, view: View, user: &User) -> Result<Self> {
        let form = DeleteAccountForm {
            view: view.clone(),
            holdings: app.db.holdings(user).await?,
            is_sure: false,
            too_many: None,
            sure_problem: None,
            password_problem: None,
        };
        Ok(Self { view, form })
    }

    fn refused(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self).into_response()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Deleting {
    password: String,
    sure: String,
}

/// `GET /settings/account/delete`: asks first.
pub(crate) async fn ask(
    user: User,
    view: View,
    State(app): State<App>,
) -> Result<DeleteAccountPage> {
    DeleteAccountPage::new(&app, view, &user).await
}

/// `POST /settings/account/delete`
pub(crate) async fn delete(
    user: User,
    view: View,
    network: Network,
    session: Session,
    State(app): State<App>,
    headers: HeaderMap,
    Form(typed): Form<Deleting>,
) -> Result<Response> {
    let mut page = DeleteAccountPage::new(&app, view.clone(), &user).await?;
    if page.form.holdings.is_needed {
        return Ok(page.refused());
    }
    page.form.is_sure = typed.sure == "yes";
    if !page.form.is_sure {
        page.form.sure_problem = Some(view.t.delete_account_not_sure());
        return Ok(page.refused());
    }
    let trying = SignInAttempt {
        app: &app,
        headers: &headers,
        network: &network,
        name: &user.name,
    };
    match trying.own_password(&user, &typed.password).await? {
        SignInOutcome::Right(_) => {}
        SignInOutcome::Wrong => {
            page.form.password_problem = Some(view.t.account_password_wrong());
            return Ok(page.refused());
        }
        SignInOutcome::TooMany(seconds) => {
            page.form.too_many = Some(view.t.error_too_many(seconds));
            return Ok(too_many(page.refused(), seconds));
        }
    }
    let Some(erasing) = run_to_completion(close(app, user.id)).await? else {
        // Another administrator was faster.
        page.form.holdings.is_needed = true;
        return Ok(page.refused());
    };
    Event::AccountDeleted.log(Some(&network), Some(user.id));
    timeout(PATIENCE, erasing).await.ok();
    session.flush().await?;
    Ok(gone_to("/goodbye"))
}

/// `GET /goodbye`: what strangers see, after the account is deleted.
pub(crate) async fn goodbye(view: View, State(app): State<App>) -> Response {
    if view.user.is_some() {
        return Redirect::to(HOME).into_response();
    }
    let notice = view.t.delete_account_done();
    WelcomePage::new(view, &app).saying(notice).into_response()
}

/// Closes an account, and begins to erase it. None when it must stay.
async fn close(app: App, user: UserId) -> Result<Option<JoinHandle<()>>> {
    if !app.db.close_account(user).await? {
        return Ok(None);
    }
    app.db.notify(Topic::SignOuts).await;
    Ok(Some(tokio::spawn(async move {
        if let Err(error) = stop_and_erase(&app, user).await {
            tracing::warn!(%error, "could not erase a deleted account yet; trying again later");
        }
    })))
}

async fn stop_and_erase(app: &App, user: UserId) -> Result<()> {
    for reply in app.db.running_replies(user).await? {
        app.replies.stop(reply).await?;
    }
    app.db.erase(user).await?;
    // What was begun in the last moment is gone too.
    app.db.notify(Topic::Stops).await;
    Ok(())
}
