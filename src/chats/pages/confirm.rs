//! Forms and confirmations as pages of their own, for browsers without htmx.

use crate::{
    chats::fragments::{
        delete_forms::{DeleteForm, RemoveForm},
        edit_form::EditForm,
        title::TitleForm,
    },
    web::view::View,
};
use askama::Template;
use askama_web::WebTemplate;

/// A question about a chat.
pub(crate) enum ChatQuestion {
    Title(TitleForm),
    Delete(DeleteForm),
}

/// Asks it on a page of its own.
#[derive(Template, WebTemplate)]
#[template(path = "pages/ask.html")]
pub(crate) struct AskAboutChat {
    pub view: View,
    pub question: ChatQuestion,
}

/// A question about a message.
pub(crate) enum MessageQuestion {
    Edit(EditForm),
    Remove(RemoveForm),
}

/// Asks it on a page of its own.
#[derive(Template, WebTemplate)]
#[template(path = "pages/ask_message.html")]
pub(crate) struct AskAboutMessage {
    pub view: View,
    pub question: MessageQuestion,
}

impl AskAboutMessage {
    fn title(&self) -> String {
        match self.question {
            MessageQuestion::Edit(_) => self.view.t.message_edit_title(),
            MessageQuestion::Remove(_) => self.view.t.message_delete_title(),
        }
    }
}
