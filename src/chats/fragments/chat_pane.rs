//! The chat pane (title, messages, composer), without the page layout.

use super::{
    composer::Composer, left_out::LeftOut, message::Shown, message_actions, new_chat::Start,
    title::Title,
};
use crate::{
    App,
    error::Result,
    ids::{ChatId, MessageId},
    messages::{rows::Chat, window::Window},
    urls::live_address,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;

/// The chat pane (title, messages, composer), without the page layout.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/conversation.html", blocks = ["thread"])]
pub(crate) struct Conversation {
    view: View,
    title: Option<Title>,
    pub messages: Vec<Shown>,
    /// The way to those before, and to those after.
    earlier: Option<Earlier>,
    later: Option<Later>,
    left_out: Option<LeftOut>,
    pub composer: Composer,
    /// The ways to begin, while there is no message.
    pub start: Option<Start>,
    /// This page stays open until the reply has ended.
    pub is_held: bool,
}

impl HtmlSafe for Conversation {}

impl Conversation {
    /// A chat that has not begun.
    pub(crate) fn empty(view: View, composer: Composer) -> Self {
        Self {
            view,
            title: None,
            messages: Vec::new(),
            earlier: None,
            later: None,
            left_out: None,
            composer,
            start: None,
            is_held: false,
        }
    }

    /// A part of a chat.
    pub(crate) async fn of(
        app: &App,
        view: &View,
        chat: Chat,
        window: Window,
        text: String,
    ) -> Result<Self> {
        let earlier = Earlier::of(view, chat.id, &window);
        let later = Later::of(view, &chat, &window);
        let chat = Chat {
            leaf: window.leaf,
            ..chat
        };
        let left_out = window.left_out(app, view, chat.id).await?;
        let mut messages = Shown::all(app, view, window.messages).await?;
        message_actions::add(app, &chat, &mut messages).await?;
        let mut composer = Composer::new(view, Some(&chat), text).beside(&messages);
        composer.fields.parent.is_partial = later.is_some();
        Ok(Self {
            view: view.clone(),
            title: Some(Title::of(chat, view)),
            messages,
            earlier,
            later,
            left_out,
            composer,
            start: None,
            is_held: false,
        })
    }

    /// Returns where browsers without JavaScript watch the reply that runs; this page is complete
    /// at once.
    fn live_address(&self) -> Option<String> {
        let reply = self.composer.stop.running.filter(|_| !self.is_held)?;
        Some(live_address(self.chat()?.id, reply))
    }

    /// Returns where to send them at once. Not while the composer holds something that would be
    /// lost.
    pub(crate) fn refresh_address(&self) -> Option<String> {
        let Composer { notice, fields, .. } = &self.composer;
        let holds_nothing = notice.is_none() && fields.text.is_empty();
        self.live_address().filter(|_| holds_nothing)
    }

    /// Before the title of a page on which a reply is being written.
    pub(crate) fn sign(&self) -> &'static str {
        self.composer.stop.sign()
    }

    pub(crate) fn chat(&self) -> Option<&Chat> {
        self.title.as_ref().map(|title| &title.chat)
    }
}

/// The link to the messages before those that are shown.
#[derive(Template)]
#[template(path = "fragments/earlier.html")]
pub(crate) struct Earlier {
    pub view: View,
    pub chat: ChatId,
    /// The first that is shown.
    pub first: MessageId,
    /// The branch's end.
    pub leaf: Option<MessageId>,
}

impl HtmlSafe for Earlier {}

impl Earlier {
    pub(crate) fn of(view: &View, chat: ChatId, window: &Window) -> Option<Self> {
        let first = window.messages.first().filter(|_| window.has_earlier)?;
        Some(Self {
            view: view.clone(),
            chat,
            first: first.id,
            leaf: window.leaf,
        })
    }
}

/// The links to the messages after those that are shown.
#[derive(Template)]
#[template(path = "fragments/later.html")]
pub(crate) struct Later {
    pub view: View,
    pub chat: ChatId,
    /// The first that is not shown.
    pub first: MessageId,
    /// The branch's end, where it is not the chat's own.
    pub leaf: Option<MessageId>,
}

impl HtmlSafe for Later {}

impl Later {
    fn of(view: &View, chat: &Chat, window: &Window) -> Option<Self> {
        let (first, leaf) = window.later.zip(window.leaf)?;
        Some(Self {
            view: view.clone(),
            chat: chat.id,
            first,
            leaf: Some(leaf).filter(|leaf| Some(*leaf) != chat.leaf),
        })
    }
}
