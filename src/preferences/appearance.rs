//! The page of how Damso looks: theme, text size, density, language. Without an account, too.

use super::{
    radios::{Radio, Radios},
    remember,
};
use crate::{
    App,
    appearance::{Appearance, DENSITY, TEXT_SIZE, THEME},
    error::Result,
    i18n::Lang,
    web::view::View,
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

#[derive(Template, WebTemplate)]
#[template(path = "pages/look.html")]
pub(crate) struct LookPage {
    view: View,
    choices: Vec<Radios>,
    is_saved: bool,
}

/// The fields of the form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    #[serde(flatten)]
    appearance: Appearance,
    language: String,
}

/// `GET /settings/look`
pub(crate) async fn show(view: View) -> LookPage {
    LookPage::new(view, false)
}

/// `GET /settings/look/saved`: the same, after a change.
pub(crate) async fn saved(view: View) -> LookPage {
    LookPage::new(view, true)
}

/// `POST /settings/look`: kept in the account, and by the browser.
pub(crate) async fn change(
    view: View,
    State(app): State<App>,
    Form(sent): Form<Sent>,
) -> Result<Response> {
    let look = sent.appearance.known();
    // The language that the page had already may be only what the browser asks for.
    let language = Lang::for_tag(&sent.language).filter(|lang| *lang != view.lang);
    if let Some(user) = &view.user {
        app.db.set_look(user.id, &look).await?;
        if let Some(language) = language {
            app.db.set_language(user.id, &language).await?;
        }
    }
    let mut response = Redirect::to("/settings/look/saved").into_response();
    let secure = app.config.secure();
    remember(&mut response, language.as_deref(), &look, secure)?;
    Ok(response)
}

impl LookPage {
    fn new(view: View, is_saved: bool) -> Self {
        let (t, look) = (view.t, &view.appearance);
        let themes = [
            ("system", t.look_theme_system()),
            ("light", t.look_theme_light()),
            ("dark", t.look_theme_dark()),
        ];
        let sizes = [
            ("small", t.look_text_small()),
            ("normal", t.look_text_normal()),
            ("large", t.look_text_large()),
            ("larger", t.look_text_larger()),
        ];
        let densities = [
            ("roomy", t.look_density_roomy()),
            ("compact", t.look_density_compact()),
        ];
        let choices = vec![
            Radios::new(&THEME, look.theme(), t.look_theme(), themes),
            Radios::new(&TEXT_SIZE, look.text_size(), t.look_text(), sizes),
            Radios::new(&DENSITY, look.density(), t.look_density(), densities),
            languages(&view),
        ];
        Self {
            view,
            choices,
            is_saved,
        }
    }
}

fn languages(view: &View) -> Radios {
    let radios = view.languages().map(|lang| Radio {
        word: lang.to_string(),
        label: lang.language_name().to_owned(),
        lang: Some(lang),
        hint: None,
        is_chosen: lang == view.lang,
    });
    Radios {
        name: "language",
        legend: view.t.language(),
        radios: radios.collect(),
    }
}
