//! The start of a chat, with a persona and a model.

use super::{chat_pane::Conversation, composer::Composer};
use crate::{
    App,
    auth::user::User,
    chats::pages::chat::ChatPage,
    error::{Error, Result},
    messages::rows::MessageId,
    personas::{Persona, PersonaId},
    presets::{self, Preset},
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// The persona and the model with which a chat begins.
#[derive(Clone, Debug, Default)]
pub struct Beginning {
    /// The settings of its replies.
    pub preset: Preset,
    /// The name of its persona.
    pub persona: Option<String>,
    /// True if the model may be asked for a title.
    pub titled: bool,
}

/// The reason why a chat cannot begin like that.
pub(crate) enum NotBegun {
    /// The persona is gone.
    PersonaGone,
    /// A problem with the model's name.
    Model(String),
}

/// Returns what a chat begins with that was asked for with this persona and this model, if any.
pub(crate) async fn beginning(
    app: &App,
    view: &View,
    user: &User,
    persona: Option<PersonaId>,
    model: &str,
) -> Result<Result<Beginning, NotBegun>> {
    let model = match presets::model(model, view.t) {
        Ok(model) => model,
        Err(problem) => return Ok(Err(NotBegun::Model(problem))),
    };
    if let Some(model) = &model
        && app.models.doubts(user.id.0, model)
    {
        let problem = view.t.preset_model_unlisted(model);
        return Ok(Err(NotBegun::Model(problem)));
    }
    let persona = match persona {
        None => None,
        Some(id) => match app.db.persona(user, id).await {
            Ok(persona) => Some(persona),
            Err(Error::NotFound) => return Ok(Err(NotBegun::PersonaGone)),
            Err(error) => return Err(error),
        },
    };
    let defaults = app.db.defaults(user).await?;
    let (name, preset) = match persona {
        Some(persona) => (Some(persona.name), persona.preset),
        None => (None, Preset::default()),
    };
    let mut preset = preset.or(defaults.preset);
    preset.model = model.or(preset.model);
    Ok(Ok(Beginning {
        preset,
        persona: name,
        titled: defaults.titles,
    }))
}

/// The start page of a chat that has not begun.
#[derive(Template)]
#[template(path = "fragments/start.html")]
pub(crate) struct Start {
    pub view: View,
    /// The one it is to begin with.
    pub persona: Option<Persona>,
    /// All to choose from.
    pub personas: Vec<Persona>,
    /// The key that the message of a starter question will have.
    pub token: MessageId,
}

impl HtmlSafe for Start {}

/// In the composer of a new chat: with which persona and model it is to begin.
#[derive(Template)]
#[template(path = "fragments/start_fields.html")]
pub(crate) struct StartFields {
    pub view: View,
    pub persona: Option<PersonaId>,
    /// The model that replies where none is typed.
    pub usual: Option<String>,
    pub model: String,
    pub models: Arc<[String]>,
}

impl HtmlSafe for StartFields {}

impl Conversation {
    /// A chat that has not begun, with what was typed for it.
    pub(crate) async fn new_chat(
        app: &App,
        view: &View,
        user: &User,
        persona: Option<Persona>,
        model: String,
        text: String,
    ) -> Result<Self> {
        let usual = match persona.as_ref().and_then(|one| one.preset.model.clone()) {
            Some(model) => Some(model),
            None => app.db.defaults(user).await?.preset.model,
        };
        let mut composer = Composer::new(view, None, text);
        composer.start = Some(StartFields {
            view: view.clone(),
            persona: persona.as_ref().map(|persona| persona.id),
            usual: usual.or(view.model.model.clone()),
            model,
            models: app.models.list().await,
        });
        let mut conversation = Self::empty(view.clone(), composer);
        conversation.start = Some(Start {
            view: view.clone(),
            persona,
            personas: app.db.personas(user).await?,
            token: MessageId::new(),
        });
        Ok(conversation)
    }
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

impl Start {
    /// Questions to begin with where no persona has any.
    fn questions(&self) -> [String; 4] {
        let t = self.view.t;
        [
            t.empty_first(),
            t.empty_second(),
            t.empty_third(),
            t.empty_fourth(),
        ]
    }

    fn is_chosen(&self, other: &Persona) -> bool {
        self.persona.as_ref().is_some_and(|one| one.id == other.id)
    }
}
