//! Changing one's password, which ends every other session.

use super::{name::AccountPage, register::password_problem};
use crate::{
    App,
    auth::{
        begin_session, run_to_completion,
        sign_in_attempt::{SignInAttempt, SignInOutcome},
        too_many,
    },
    db::Topic,
    error::Result,
    security::{client_address::Network, log::Event, password::Password},
    users::User,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use axum::{
    Form,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use tower_sessions::Session;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Changing {
    password: String,
    new_password: String,
    new_password_confirm: String,
}

/// The form for another password. What was typed is not in it.
#[derive(Template)]
#[template(path = "fragments/password_form.html")]
pub(crate) struct PasswordForm {
    pub view: View,
    /// The reason why no password can be tried at the moment.
    pub too_many: Option<String>,
    pub problem: Option<String>,
    pub new_problem: Option<String>,
    pub confirm_problem: Option<String>,
}

impl HtmlSafe for PasswordForm {}

impl PasswordForm {
    pub(crate) fn new(view: View) -> Self {
        Self {
            view,
            too_many: None,
            problem: None,
            new_problem: None,
            confirm_problem: None,
        }
    }

    /// Says what is wrong with a new password, at its field. True if nothing is.
    fn accepts(&mut self, new: &Password, confirm: &Password) -> bool {
        let t = self.view.t;
        self.new_problem = password_problem(t, new);
        if self.new_problem.is_none() && !new.is(confirm) {
            self.confirm_problem = Some(t.register_confirm_differs());
        }
        self.new_problem.is_none() && self.confirm_problem.is_none()
    }
}

/// `POST /settings/account/password`
pub(crate) async fn change(
    user: User,
    view: View,
    network: Network,
    session: Session,
    State(app): State<App>,
    headers: HeaderMap,
    Form(typed): Form<Changing>,
) -> Result<Response> {
    let mut page = AccountPage::new(&app, view.clone(), &user, &session).await?;
    let new = Password::new(&typed.new_password);
    let confirm = Password::new(&typed.new_password_confirm);
    if !page.password.accepts(&new, &confirm) {
        return Ok(page.refused());
    }
    let trying = SignInAttempt {
        app: &app,
        headers: &headers,
        network: &network,
        name: &user.name,
    };
    let account = match trying.own_password(&user, &typed.password).await? {
        SignInOutcome::Right(account) => account,
        SignInOutcome::Wrong => {
            page.password.problem = Some(view.t.account_password_wrong());
            return Ok(page.refused());
        }
        SignInOutcome::TooMany(seconds) => {
            page.password.too_many = Some(view.t.error_too_many(seconds));
            return Ok(too_many(page.refused(), seconds));
        }
    };
    if app.is_common(&new, &user.name).await? {
        page.password.new_problem = Some(view.t.register_password_common());
        return Ok(page.refused());
    }
    let hash = app.guard.passwords.hash(new).await?;
    let db = app.db.clone();
    let changing = run_to_completion(async move {
        let number = db.set_password(&account, &hash).await?;
        // What is open in the sessions that have ended must hear of it.
        db.notify(Topic::SignOuts).await;
        Ok(number)
    });
    let Some(number) = changing.await? else {
        // It was changed elsewhere at the same time.
        page.password.problem = Some(view.t.account_password_wrong());
        return Ok(page.refused());
    };
    Event::PasswordChanged.log(Some(&network), Some(user.id));
    begin_session(&session, &headers, user.id, number).await?;
    Ok(Redirect::to("/settings/account/done/password").into_response())
}
