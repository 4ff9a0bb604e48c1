//! The page of a person's own settings: what their new chats begin with, and which models there are.

use crate::{
    App,
    error::Result,
    presets::Defaults,
    users::User,
    web::{
        connection::Connection,
        preset_form::{PresetFields, PresetForm},
        view::View,
    },
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// With more names than this the page has no list of them; the field still completes them.
const NAMES_SHOWN: usize = 30;

#[derive(Template, WebTemplate)]
#[template(path = "fragments/defaults_form.html")]
pub(crate) struct DefaultsForm {
    pub view: View,
    pub fields: PresetFields,
    /// True if the server lets the model make titles; then, if this person does.
    pub titles_possible: bool,
    pub titles: bool,
    pub is_saved: bool,
}

impl HtmlSafe for DefaultsForm {}

#[derive(Template, WebTemplate)]
#[template(path = "pages/settings.html")]
struct SettingsPage {
    view: View,
    form: DefaultsForm,
}

impl SettingsPage {
    fn connection(&self) -> Connection {
        Connection::of(&self.view)
    }

    fn names(&self) -> &[String] {
        match &self.form.fields.models {
            models if models.len() <= NAMES_SHOWN => models,
            _ => &[],
        }
    }

    fn count(&self) -> usize {
        self.form.fields.models.len()
    }
}

/// The fields of the form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    #[serde(flatten)]
    preset: PresetForm,
    titles: String,
}

/// `GET /settings`
pub(crate) async fn show(user: User, view: View, State(app): State<App>) -> Result<Response> {
    page(&app, view, &user, false).await
}

/// `GET /settings/saved`: the same, after a change.
pub(crate) async fn saved(user: User, view: View, State(app): State<App>) -> Result<Response> {
    page(&app, view, &user, true).await
}

async fn page(app: &App, view: View, user: &User, is_saved: bool) -> Result<Response> {
    let Defaults { preset, titles } = app.db.defaults(user).await?;
    let mut form = DefaultsForm::new(app, &view, preset.into(), titles).await;
    form.is_saved = is_saved;
    Ok(SettingsPage { view, form }.into_response())
}

/// `POST /settings`
pub(crate) async fn change(
    user: User,
    view: View,
    State(app): State<App>,
    Form(sent): Form<Sent>,
) -> Result<Response> {
    let titles = sent.titles != "line";
    let read = sent.preset.preset(view.t);
    let mut form = DefaultsForm::new(&app, &view, sent.preset, titles).await;
    let preset = match read {
        Ok(preset) => preset,
        Err(problems) => {
            form.fields.problems = *problems;
            let page_view = view.clone();
            return Ok(view.refused(form, |form| SettingsPage {
                view: page_view,
                form,
            }));
        }
    };
    let defaults = Defaults { preset, titles };
    if let Err(error) = app.db.set_defaults(&user, &defaults).await {
        form.fields.not_kept = Some(error.not_written()?.sentence(view.t));
        let page_view = view.clone();
        let page = view.fragment_or(form, |form| SettingsPage {
            view: page_view,
            form,
        });
        return Ok((StatusCode::SERVICE_UNAVAILABLE, page).into_response());
    }
    if !view.htmx {
        return Ok(Redirect::to("/settings/saved").into_response());
    }
    form.fields.typed = defaults.preset.into();
    form.is_saved = true;
    Ok(form.into_response())
}

/// `POST /settings/models`: looks again which models there are.
pub(crate) async fn look_again(_: User, State(app): State<App>) -> Redirect {
    app.models.list_anew().await;
    Redirect::to("/settings")
}

impl DefaultsForm {
    async fn new(app: &App, view: &View, typed: PresetForm, titles: bool) -> Self {
        Self {
            view: view.clone(),
            fields: PresetFields::new(view, typed, app.models.list().await),
            titles_possible: app.config.titles && !view.is_demo(),
            titles,
            is_saved: false,
        }
    }
}
