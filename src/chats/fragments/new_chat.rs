//! The start of a chat, with a persona and a model.

use super::{chat_pane::Conversation, composer::Composer};
use crate::{
    App,
    error::Result,
    ids::{MessageId, PersonaId},
    personas::Persona,
    users::User,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use std::sync::Arc;

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
