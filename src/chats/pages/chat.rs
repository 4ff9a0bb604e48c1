//! The pages of a chat.

use crate::{
    App,
    chats::fragments::{chat_list::ChatList, chat_pane::Conversation},
    error::Result,
    messages::{rows::Chat, window::Window},
    personas::Persona,
    users::User,
    web::view::View,
};
use askama::Template;
use askama_web::WebTemplate;

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
