//! The form for another version of a message.

use crate::{
    i18n::Texts,
    ids::{ChatId, MessageId},
    messages::rows::Message,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;

/// Asks for another version of a message.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/edit_form.html")]
pub(crate) struct EditForm {
    pub view: View,
    pub chat: ChatId,
    pub message: Message,
    /// The key that the new version will have.
    pub token: MessageId,
    pub text: String,
    pub problem: Option<String>,
}

impl HtmlSafe for EditForm {}

impl EditForm {
    /// The field gets the focus in a moment, and then with its caret at the end.
    fn awaits_caret(&self) -> bool {
        self.view.htmx && self.problem.is_none()
    }

    fn field(&self) -> EditField {
        EditField {
            t: self.view.t,
            id: self.message.id,
            text: self.text.clone(),
            is_line: self.view.is_one_line(&self.text),
            takes_focus: !self.awaits_caret(),
            has_problem: self.problem.is_some(),
        }
    }
}

/// The field for the text.
#[derive(Clone, Template)]
#[template(path = "fragments/edit_field.html")]
pub(crate) struct EditField {
    pub(crate) t: &'static Texts,
    pub(crate) id: MessageId,
    pub(crate) text: String,
    pub(crate) is_line: bool,
    pub(crate) takes_focus: bool,
    pub(crate) has_problem: bool,
}

impl HtmlSafe for EditField {}
