//! A new chat before its first message.

use super::chat::ChatPage;
use crate::{
    App,
    error::{Error, Result},
    ids::PersonaId,
    messages::create::Beginning,
    presets::Preset,
    users::User,
    web::{preset_form, view::View},
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};

/// The reason why a chat cannot begin like that.
pub(crate) enum NotBegun {
    /// A failure that has nothing to do with what was asked for.
    Failed(Error),
    /// The persona is gone.
    PersonaGone,
    /// A problem with the model's name.
    Model(String),
}

impl From<Error> for NotBegun {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Returns what a chat begins with that was asked for with this persona and this model, if any.
pub(crate) async fn beginning(
    app: &App,
    view: &View,
    user: &User,
    persona: Option<PersonaId>,
    model: &str,
) -> Result<Beginning, NotBegun> {
    let model = preset_form::model(model, view.t).map_err(NotBegun::Model)?;
    if let Some(model) = &model
        && app.models.doubts(user.id.0, model)
    {
        let problem = view.t.preset_model_unlisted(model);
        return Err(NotBegun::Model(problem));
    }
    let persona = match persona {
        None => None,
        Some(id) => match app.db.persona(user, id).await {
            Ok(persona) => Some(persona),
            Err(Error::NotFound) => return Err(NotBegun::PersonaGone),
            Err(error) => return Err(error.into()),
        },
    };
    let defaults = app.db.defaults(user).await?;
    let (name, preset) = match persona {
        Some(persona) => (Some(persona.name), persona.preset),
        None => (None, Preset::default()),
    };
    let mut preset = preset.or(defaults.preset);
    preset.model = model.or(preset.model);
    Ok(Beginning {
        preset,
        persona: name,
        titled: defaults.titles,
    })
}

/// `GET /chats/new/{persona}`: a new chat with a persona.
pub(crate) async fn with_persona(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<PersonaId>,
) -> Result<Response> {
    let persona = app.db.persona(&user, id).await?;
    let (model, text) = (String::new(), String::new());
    let page = ChatPage::new_chat(&app, view, &user, Some(persona), model, text).await?;
    Ok(page.into_response())
}
