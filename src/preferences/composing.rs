//! The page of how somebody writes: what sends a message.

use super::radios::Radios;
use crate::{App, appearance::COMPOSER, error::Result, users::User, web::view::View};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Form, extract::State, response::Redirect};
use serde::Deserialize;

#[derive(Template, WebTemplate)]
#[template(path = "pages/writing.html")]
pub(crate) struct WritingPage {
    view: View,
    composer: Radios,
    is_saved: bool,
}

/// The fields of the form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    composer: Option<String>,
}

/// `GET /settings/writing`
pub(crate) async fn show(user: User, view: View) -> WritingPage {
    WritingPage::new(view, &user, false)
}

/// `GET /settings/writing/saved`: the same, after a change.
pub(crate) async fn saved(user: User, view: View) -> WritingPage {
    WritingPage::new(view, &user, true)
}

/// `POST /settings/writing`
pub(crate) async fn change(
    user: User,
    State(app): State<App>,
    Form(sent): Form<Sent>,
) -> Result<Redirect> {
    if let Some(composer) = COMPOSER.known(sent.composer) {
        app.db.set_composer(user.id, &composer).await?;
    }
    Ok(Redirect::to("/settings/writing/saved"))
}

impl WritingPage {
    fn new(view: View, user: &User, is_saved: bool) -> Self {
        let t = view.t;
        let labels = [
            ("enter", t.writing_enter()),
            ("line", t.writing_line()),
            ("button", t.writing_button()),
        ];
        let composer = Radios::new(&COMPOSER, Some(user.composer()), t.writing_how(), labels);
        let composer = composer.explained([
            t.writing_enter_hint(),
            t.writing_line_hint(),
            t.writing_button_hint(),
        ]);
        Self {
            view,
            composer,
            is_saved,
        }
    }
}
