//! The settings of one chat.

use crate::{
    App,
    error::Result,
    ids::ChatId,
    messages::rows::Chat,
    users::User,
    web::{
        preset_form::{PresetFields, PresetForm},
        view::View,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

#[derive(Template, WebTemplate)]
#[template(path = "pages/chat_settings.html")]
pub(crate) struct SettingsPage {
    view: View,
    chat: Chat,
    fields: PresetFields,
}

/// `GET /chats/{id}/settings`
pub(crate) async fn show(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<SettingsPage> {
    let chat = app.db.chat(&user, id).await?;
    let preset = chat.preset.clone();
    let fields = PresetFields::new(&view, preset.into(), app.models.list().await);
    Ok(SettingsPage { view, chat, fields })
}

/// `POST /chats/{id}/settings`: they hold for the replies that begin from now on.
pub(crate) async fn change(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
    Form(form): Form<PresetForm>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    match form.preset(view.t) {
        Ok(preset) => {
            let preset = preset.in_place_of(&chat.preset);
            let Err(error) = app.db.set_chat_preset(chat.id, &preset).await else {
                return Ok(Redirect::to(&format!("/chats/{id}")).into_response());
            };
            let why = error.not_written()?;
            let mut fields = PresetFields::new(&view, form, app.models.list().await);
            fields.not_kept = Some(why.sentence(view.t));
            let page = SettingsPage { view, chat, fields };
            Ok((StatusCode::SERVICE_UNAVAILABLE, page).into_response())
        }
        Err(problems) => {
            let mut fields = PresetFields::new(&view, form, app.models.list().await);
            fields.problems = *problems;
            let page = SettingsPage { view, chat, fields };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}
