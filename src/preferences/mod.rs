//! Pages of preferences.

pub(crate) mod appearance;
pub(crate) mod composing;
pub(crate) mod defaults;

pub(crate) mod radios;
pub(crate) mod rows;
pub(crate) mod time_zone;

use crate::{
    App,
    appearance::Appearance,
    cookies::{YEAR, add_cookie},
    error::Result,
    i18n::{self, Lang},
    urls::local_path,
    web::view::View,
};
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// Lets the browser remember what somebody chose: for when nobody is signed in, and for error
/// pages, which know no account.
pub(crate) fn remember(
    response: &mut Response,
    language: Option<&str>,
    look: &Appearance,
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
pub(crate) struct LanguageChoice {
    language: String,
    back: String,
}

pub(crate) async fn language(
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
    remember(&mut response, Some(&lang), &Appearance::default(), secure)?;
    Ok(response)
}
