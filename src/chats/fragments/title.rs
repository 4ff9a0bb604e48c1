//! A chat's title, and renaming.

use super::chat_list::ChatList;
use crate::{
    App,
    error::{Error, Result},
    i18n::Texts,
    messages::rows::{Chat, Message, MessageState},
    users::User,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;

/// The chat's title, and what can be done with the chat.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/title.html")]
pub(crate) struct Title {
    pub view: View,
    pub chat: Chat,
    /// The list, where it changes along with the title, which then is the window's too, behind a sign.
    pub chats: Option<ChatList>,
    pub sign: &'static str,
    /// The model is making another one, which is looked for in a moment.
    pub is_awaited: bool,
    /// It stands where a form was that had the focus.
    pub takes_focus: bool,
}

impl HtmlSafe for Title {}

impl Title {
    pub(crate) fn of(chat: Chat, view: &View) -> Self {
        Self {
            view: view.clone(),
            chat,
            chats: None,
            sign: "",
            is_awaited: false,
            takes_focus: false,
        }
    }

    /// The same, and the list and the window's title, which have it as well.
    pub(crate) async fn with_list(app: &App, view: &View, user: &User, chat: Chat) -> Result<Self> {
        let chats = ChatList::new(app, view, user, Some(chat.id)).await?;
        Ok(Self {
            chats: Some(chats),
            sign: Sign::at_the_end(app, &chat).await?,
            ..Self::of(chat, view)
        })
    }
}

/// Status mark in the document title, so that another tab shows whether the reply is running.
pub(crate) struct Sign;

impl Sign {
    pub(crate) const RUNNING: &str = "⋯ ";
    const DONE: &str = "✓ ";

    pub(crate) fn of(reply: &Message) -> &'static str {
        match reply.state {
            MessageState::Queued | MessageState::Streaming => Self::RUNNING,
            MessageState::Complete => Self::DONE,
            _ => "",
        }
    }

    /// For the reply that the chat ends with.
    async fn at_the_end(app: &App, chat: &Chat) -> Result<&'static str> {
        let Some(leaf) = chat.leaf else {
            return Ok("");
        };
        match app.db.message(leaf).await {
            Ok(reply) => Ok(Self::of(&reply)),
            // It was deleted meanwhile.
            Err(Error::NotFound) => Ok(""),
            Err(error) => Err(error),
        }
    }
}

/// Asks for another title.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/title_form.html")]
pub(crate) struct TitleForm {
    pub view: View,
    pub chat: Chat,
    pub title: String,
    pub problem: Option<String>,
}

impl HtmlSafe for TitleForm {}

/// The field for it.
#[derive(Template)]
#[template(path = "fragments/title_field.html")]
pub(crate) struct TitleField {
    pub(crate) t: &'static Texts,
    pub(crate) title: String,
    pub(crate) takes_focus: bool,
    pub(crate) has_problem: bool,
}

impl HtmlSafe for TitleField {}

impl TitleForm {
    /// The field gets the focus in a moment, and then with its caret at the end.
    fn awaits_caret(&self) -> bool {
        self.view.htmx && self.problem.is_none()
    }

    fn field(&self) -> TitleField {
        TitleField {
            t: self.view.t,
            title: self.title.clone(),
            takes_focus: !self.awaits_caret(),
            has_problem: self.problem.is_some(),
        }
    }
}
