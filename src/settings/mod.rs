//! What people change about how Damso is for them.

mod defaults;

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

/// The routes of this feature.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/settings", get(defaults::show).post(defaults::change))
        .route("/settings/saved", get(defaults::saved))
        .route("/settings/models", post(defaults::look_again))
        .route("/language", post(language))
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
    let back = Redirect::to(local_path(&choice.back));
    let Some(lang) = Lang::for_tag(&choice.language) else {
        return Ok(back.into_response());
    };
    if let Some(user) = &view.user {
        app.db.set_language(user.id, &lang).await?;
    }
    let mut response = back.into_response();
    add_cookie(
        &mut response,
        i18n::COOKIE,
        &lang,
        YEAR,
        app.config.secure(),
    )?;
    Ok(response)
}
