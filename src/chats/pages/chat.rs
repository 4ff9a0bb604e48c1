//! The pages of a chat.

use crate::{
    App,
    auth::user::User,
    chats::fragments::{chat_list::ChatList, chat_pane::Conversation},
    config::Registration,
    error::Result,
    messages::{rows::Chat, window::Window},
    personas::Persona,
    web::view::View,
};
use askama::Template;
use askama_web::WebTemplate;

/// The landing page, which strangers see at `/`.
#[derive(Template, WebTemplate)]
#[template(path = "pages/welcome.html")]
pub(crate) struct WelcomePage {
    view: View,
    is_open: bool,
    notice: Option<String>,
    problem: Option<String>,
}

impl WelcomePage {
    pub(crate) fn new(view: View, app: &App) -> Self {
        Self {
            view,
            is_open: app.config.registration == Registration::Open,
            notice: None,
            problem: None,
        }
    }

    /// The same, with what was just done.
    pub(crate) fn saying(mut self, notice: String) -> Self {
        self.notice = Some(notice);
        self
    }

    /// The same, with why somebody is a stranger who should not be.
    pub(crate) fn warning(mut self, problem: Option<String>) -> Self {
        self.problem = problem;
        self
    }
}

/// A chat with its frame.
#[derive(Template, WebTemplate)]
#[template(path = "pages/chat.html")]
pub(crate) struct ChatPage {
    pub view: View,
    pub chats: ChatList,
    pub conversation: Conversation,
}

impl ChatPage {
    /// A chat that has not begun, with this persona, model and text in its form.
    pub(crate) async fn new_chat(
        app: &App,
        view: View,
        user: &User,
        persona: Option<Persona>,
        model: String,
        text: String,
    ) -> Result<Self> {
        let chats = ChatList::new(app, &view, user, None).await?;
        let conversation = Conversation::new_chat(app, &view, user, persona, model, text).await?;
        Ok(Self {
            view,
            chats,
            conversation,
        })
    }

    /// The chat as it was left.
    pub(crate) async fn new(
        app: &App,
        view: View,
        user: &User,
        chat: Chat,
        text: String,
    ) -> Result<Self> {
        let window = app.db.window(chat.id, chat.leaf).await?;
        Self::of(app, view, user, chat, window, text).await
    }

    /// A part of the chat.
    pub(crate) async fn of(
        app: &App,
        view: View,
        user: &User,
        chat: Chat,
        window: Window,
        text: String,
    ) -> Result<Self> {
        let chats = ChatList::new(app, &view, user, Some(chat.id)).await?;
        let conversation = Conversation::of(app, &view, chat, window, text).await?;
        Ok(Self {
            view,
            chats,
            conversation,
        })
    }
}
