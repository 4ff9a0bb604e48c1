//! The composer, in which a message is written.

use super::{message::Shown, new_chat::StartFields, title::Sign, undo::Undo};
use crate::{
    ids::MessageId,
    messages::rows::Chat,
    models::short_name,
    web::{connection::Connection, errors::Notice, view::View},
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;

/// The composer, in which a message is written.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/composer.html")]
pub(crate) struct Composer {
    view: View,
    /// The address that the form is sent to.
    action: String,
    /// A new chat begins with this message.
    is_new: bool,
    pub fields: ComposerFields,
    pub stop: StopButton,
    /// With what a new chat is to begin.
    pub start: Option<StartFields>,
    /// The chat with its settings.
    pub set: Option<Chat>,
    pub notice: Option<Notice>,
    /// Brings back what was just deleted.
    pub undo: Option<Undo>,
}

impl HtmlSafe for Composer {}

impl Composer {
    /// For a chat, or for one that begins with this message, with a text that is in it already.
    pub(crate) fn new(view: &View, chat: Option<&Chat>, text: String) -> Self {
        Self {
            view: view.clone(),
            action: chat.map_or("/chats".to_owned(), |chat| {
                format!("/chats/{}/messages", chat.id)
            }),
            is_new: chat.is_none(),
            fields: ComposerFields {
                view: view.clone(),
                token: MessageId::new(),
                parent: ParentField {
                    leaf: chat.and_then(|chat| chat.leaf),
                    is_partial: false,
                },
                text,
            },
            stop: StopButton {
                view: view.clone(),
                running: None,
            },
            start: None,
            set: chat.cloned(),
            notice: None,
            undo: None,
        }
    }

    fn connection(&self) -> Connection {
        Connection::of(&self.view)
    }

    /// The model that replies here.
    fn model(&self) -> Option<&str> {
        let set = self
            .set
            .as_ref()
            .and_then(|chat| chat.preset.model.as_deref());
        set.or(self.view.model.model.as_deref()).map(short_name)
    }

    /// Next to these messages: it can stop the last one while that is shown as being written.
    pub(crate) fn beside(mut self, messages: &[Shown]) -> Self {
        let running = messages.last().filter(|shown| shown.is_live());
        self.stop.running = running.map(|shown| shown.message.id);
        self
    }
}

/// The fields of the composer that change when something was sent.
#[derive(Template)]
#[template(path = "fragments/composer_fields.html")]
pub(crate) struct ComposerFields {
    view: View,
    /// The key that the message will have.
    token: MessageId,
    pub parent: ParentField,
    pub text: String,
}

impl HtmlSafe for ComposerFields {}

/// Tells with a message which one it was written under: the chat's last as this page shows it.
#[derive(Clone, Copy, Template)]
#[template(path = "fragments/parent_field.html")]
pub(crate) struct ParentField {
    leaf: Option<MessageId>,
    /// The page shows a part of the branch that does not reach to its end.
    pub is_partial: bool,
}

impl HtmlSafe for ParentField {}

impl ParentField {
    pub(crate) fn of(last: MessageId) -> Self {
        Self {
            leaf: Some(last),
            is_partial: false,
        }
    }
}

/// Stops a reply, while there is one.
#[derive(Template)]
#[template(path = "fragments/stop_button.html")]
pub(crate) struct StopButton {
    view: View,
    pub running: Option<MessageId>,
}

impl HtmlSafe for StopButton {}

impl StopButton {
    /// Before the title of a page on which a reply is being written.
    pub(crate) fn sign(&self) -> &'static str {
        match self.running {
            Some(_) => Sign::RUNNING,
            None => "",
        }
    }
}

/// Puts the focus into the composer, which stays as it is: for htmx, where an answer takes away what
/// had the focus.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/focus_composer.html")]
pub(crate) struct FocusComposer {
    pub view: View,
}

impl HtmlSafe for FocusComposer {}
