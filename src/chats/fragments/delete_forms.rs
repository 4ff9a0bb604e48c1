//! Forms that ask before a chat or messages are deleted.

use super::message_actions::address;
use crate::{
    ids::ChatId,
    messages::{
        remove::EXCERPT,
        rows::{Chat, Message},
    },
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;

/// Asks whether a chat is really to go.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/delete_form.html")]
pub(crate) struct DeleteForm {
    pub view: View,
    pub chat: Chat,
}

impl HtmlSafe for DeleteForm {}

/// Asks whether a message is really to go.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/remove_form.html")]
pub(crate) struct RemoveForm {
    pub view: View,
    pub chat: ChatId,
    pub message: Message,
    /// Number of messages that go with it.
    pub more: i64,
}

impl HtmlSafe for RemoveForm {}

impl RemoveForm {
    fn back(&self) -> String {
        address(self.chat, self.message.id, self.message.role)
    }

    /// Returns the beginning of the message.
    pub(crate) fn excerpt(&self) -> String {
        let text: String = self.message.body.chars().take(EXCERPT).collect();
        match text.len() < self.message.body.len() {
            true => text + "…",
            false => text,
        }
    }
}
