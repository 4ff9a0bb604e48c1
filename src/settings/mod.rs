//! What people change about how Damso is for them.

mod choice;
mod defaults;
mod look;
mod radios;
mod store;
mod styleguide;
mod time;
mod writing;

use crate::{
    App,
    auth::{YEAR, add_cookie},
    error::Result,
    i18n::{self, Lang},
    view::{View, local_path},
};
use axum::{
    Form, Router,
    extract::State,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

pub(crate) use choice::{COMPOSER, Look};
pub(crate) use styleguide::samples;

/// The routes of this feature.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/settings", get(defaults::show).post(defaults::change))
        .route("/settings/saved", get(defaults::saved))
        .route("/settings/models", post(defaults::look_again))
        .route("/settings/look", get(look::show).post(look::change))
        .route("/settings/look/saved", get(look::saved))
        .route(
            "/settings/writing",
            get(writing::show).post(writing::change),
        )
        .route("/settings/writing/saved", get(writing::saved))
        .route("/settings/time", get(time::show).post(time::change))
        .route("/settings/time/saved", get(time::saved))
        .route("/language", post(language))
}

/// Lets the browser remember what somebody chose: for when nobody is signed in, and for error
/// pages, which know no account.
pub(crate) fn remember(
    response: &mut Response,
    language: Option<&str>,
    look: &Look,
    secure: bool,
) -> Result<()> {
    let language = language.map(|language| (i18n::COOKIE, language));
    for (name, value) in language.into_iter().chain(look.cookies()) {
        add_cookie(response, name, value, YEAR, secure)?;
    }
    Ok(())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LanguageChoice {
    language: String,
    back: String,
}

async fn language(
    view: View,
    State(app): State<App>,
    Form(choice): Form<LanguageChoice>,
) -> Result<Response> {
    let mut response = Redirect::to(local_path(&choice.back)).into_response();
    let Some(lang) = Lang::for_tag(&choice.language) else {
        return Ok(response);
    };
    if let Some(user) = &view.user {
        app.db.set_language(user.id, &lang).await?;
    }
    let secure = app.config.secure();
    remember(&mut response, Some(&lang), &Look::default(), secure)?;
    Ok(response)
}
