//! The pages and fragments of a chat.

use super::{
    Chat, ChatId, Message, MessageId, MessageState, actions,
    list::ChatList,
    live::live_address,
    messages::{Rendered, Shown},
    remove::Undo,
    start::{Start, StartFields},
    tree::Window,
};
use crate::{
    App,
    auth::User,
    config::Registration,
    error::{Notice, Result},
    view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;

/// What strangers see at `/`.
#[derive(Template, WebTemplate)]
#[template(path = "pages/welcome.html")]
pub(crate) struct WelcomePage {
    view: View,
    is_open: bool,
    notice: Option<String>,
}

impl WelcomePage {
    pub(crate) fn new(view: View, app: &App) -> Self {
        Self {
            view,
            is_open: app.config.registration == Registration::Open,
            notice: None,
        }
    }

    /// The same, with what was just done.
    pub(crate) fn saying(mut self, notice: String) -> Self {
        self.notice = Some(notice);
        self
    }
}

/// Where a message is written.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/composer.html")]
pub(super) struct Composer {
    view: View,
    /// Where the form goes.
    action: String,
    /// A new chat begins with this message.
    is_new: bool,
    fields: ComposerFields,
    pub stop: StopButton,
    /// With what a new chat is to begin.
    pub start: Option<StartFields>,
    /// What the chat is set to.
    set: Option<Chat>,
    pub notice: Option<Notice>,
    /// Brings back what was just deleted.
    pub undo: Option<Undo>,
}

impl HtmlSafe for Composer {}

/// What changes in the composer when something was sent.
#[derive(Template)]
#[template(path = "fragments/composer_fields.html")]
struct ComposerFields {
    view: View,
    /// The key that the message will have.
    token: MessageId,
    parent: ParentField,
    text: String,
}

impl HtmlSafe for ComposerFields {}

/// Tells with a message which one it was written under: the chat's last as this page shows it.
#[derive(Clone, Copy, Template)]
#[template(path = "fragments/parent_field.html")]
pub(super) struct ParentField {
    leaf: Option<MessageId>,
    /// The page shows a part of the branch that does not reach to its end.
    is_partial: bool,
}

impl HtmlSafe for ParentField {}

impl ParentField {
    pub(super) fn of(last: MessageId) -> Self {
        Self {
            leaf: Some(last),
            is_partial: false,
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

/// Stops a reply, while there is one.
#[derive(Template)]
#[template(path = "fragments/stop_button.html")]
pub(super) struct StopButton {
    view: View,
    pub running: Option<MessageId>,
}

impl HtmlSafe for StopButton {}

impl StopButton {
    fn sign(&self) -> &'static str {
        match self.running {
            Some(_) => Sign::RUNNING,
            None => "",
        }
    }
}

impl Composer {
    /// For a chat, or for one that begins with this message, with a text that is in it already.
    pub(super) fn new(view: &View, chat: Option<&Chat>, text: String) -> Self {
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

    /// The model that replies here.
    fn model(&self) -> Option<&str> {
        let set = self.set.as_ref().and_then(|chat| chat.model.as_deref());
        set.or(self.view.model.model.as_deref())
    }

    /// Next to these messages: it can stop the last one while that is shown as being written.
    pub(super) fn beside(mut self, messages: &[Shown]) -> Self {
        let running = messages.last().filter(|shown| shown.is_live());
        self.stop.running = running.map(|shown| shown.message.id);
        self
    }
}

/// How a chat's reply is, as a sign before the chat's title in the browser's window: it is seen from
/// another tab.
pub(super) struct Sign;

impl Sign {
    pub(super) const RUNNING: &str = "⋯ ";
    const DONE: &str = "✓ ";

    pub(super) fn of(reply: &Message) -> &'static str {
        match reply.state {
            MessageState::Queued | MessageState::Streaming => Self::RUNNING,
            MessageState::Complete => Self::DONE,
            _ => "",
        }
    }
}

/// The chat's title, and what can be done with the chat.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/title.html")]
pub(super) struct Title {
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
    pub(super) fn of(chat: Chat, view: &View) -> Self {
        Self {
            view: view.clone(),
            chat,
            chats: None,
            sign: "",
            is_awaited: false,
            takes_focus: false,
        }
    }
}

/// A chat without its frame: title, messages and composer.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/conversation.html", blocks = ["thread"])]
pub(super) struct Conversation {
    view: View,
    title: Option<Title>,
    pub messages: Vec<Shown>,
    /// Where those before are, and the way to those after.
    earlier: Option<Earlier>,
    later: Option<Later>,
    pub composer: Composer,
    /// How to begin, while there is no message.
    pub start: Option<Start>,
    /// This page stays open until the reply has ended.
    pub is_held: bool,
}

impl HtmlSafe for Conversation {}

impl Conversation {
    /// A chat that has not begun.
    pub(super) fn empty(view: View, composer: Composer) -> Self {
        Self {
            view,
            title: None,
            messages: Vec::new(),
            earlier: None,
            later: None,
            composer,
            start: None,
            is_held: false,
        }
    }

    /// Where browsers without JavaScript watch the reply that runs; this page is complete at once.
    fn live_address(&self) -> Option<String> {
        let reply = self.composer.stop.running.filter(|_| !self.is_held)?;
        Some(live_address(self.chat()?.id, reply))
    }

    /// Where to send them at once. Not while the composer holds something that would be lost.
    fn refresh_address(&self) -> Option<String> {
        let Composer { notice, fields, .. } = &self.composer;
        let holds_nothing = notice.is_none() && fields.text.is_empty();
        self.live_address().filter(|_| holds_nothing)
    }

    /// Before the title of a page on which a reply is being written.
    fn sign(&self) -> &'static str {
        self.composer.stop.sign()
    }

    fn chat(&self) -> Option<&Chat> {
        self.title.as_ref().map(|title| &title.chat)
    }
}

/// A chat with its frame.
#[derive(Template, WebTemplate)]
#[template(path = "pages/chat.html")]
pub(super) struct ChatPage {
    pub view: View,
    pub chats: ChatList,
    pub conversation: Conversation,
}

impl ChatPage {
    /// The chat as it was left.
    pub(super) async fn new(
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
    pub(super) async fn of(
        app: &App,
        view: View,
        user: &User,
        mut chat: Chat,
        window: Window,
        text: String,
    ) -> Result<Self> {
        let chats = ChatList::new(app, &view, user, Some(chat.id)).await?;
        let own_leaf = std::mem::replace(&mut chat.leaf, window.leaf);
        let later = window.later.zip(window.leaf);
        let later = later.map(|(first, leaf)| Later {
            view: view.clone(),
            chat: chat.id,
            first,
            leaf: Some(leaf).filter(|leaf| Some(*leaf) != own_leaf),
        });
        let earlier = Earlier::of(&view, chat.id, &window);
        let mut messages = Shown::all(app, &view, window.messages).await?;
        actions::add(app, &chat, &mut messages).await?;
        let mut composer = Composer::new(&view, Some(&chat), text).beside(&messages);
        composer.fields.parent.is_partial = later.is_some();
        let conversation = Conversation {
            view: view.clone(),
            title: Some(Title::of(chat, &view)),
            messages,
            earlier,
            later,
            composer,
            start: None,
            is_held: false,
        };
        Ok(Self {
            view,
            chats,
            conversation,
        })
    }
}

/// The link to the messages before those that are shown.
#[derive(Template)]
#[template(path = "fragments/earlier.html")]
pub(super) struct Earlier {
    pub view: View,
    pub chat: ChatId,
    /// The first that is shown.
    pub first: MessageId,
}

impl HtmlSafe for Earlier {}

impl Earlier {
    pub(super) fn of(view: &View, chat: ChatId, window: &Window) -> Option<Self> {
        let first = window.messages.first().filter(|_| window.has_earlier)?;
        Some(Self {
            view: view.clone(),
            chat,
            first: first.id,
        })
    }
}

/// The links to the messages after those that are shown.
#[derive(Template)]
#[template(path = "fragments/later.html")]
pub(super) struct Later {
    pub view: View,
    pub chat: ChatId,
    /// The first that is not shown.
    pub first: MessageId,
    /// The branch's end, where it is not the chat's own.
    pub leaf: Option<MessageId>,
}

impl HtmlSafe for Later {}

/// What htmx puts above what is shown: the messages before, and the link to those before them.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/before.html")]
pub(super) struct Before {
    pub view: View,
    pub earlier: Option<Earlier>,
    pub messages: Vec<Shown>,
}

/// A conversation that takes another one's place, and the list that goes with it.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/created.html")]
pub(super) struct Created {
    pub conversation: Conversation,
    pub chats: ChatList,
}

impl From<ChatPage> for Created {
    fn from(page: ChatPage) -> Self {
        Self {
            conversation: page.conversation,
            chats: page.chats,
        }
    }
}

/// Another branch for htmx: its messages, and what goes with them elsewhere. The composer and what
/// is being typed there stay.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/branch.html")]
pub(super) struct Branch {
    thread: Rendered,
    parent: ParentField,
    stop: StopButton,
    /// The chat's.
    title: String,
    chats: ChatList,
}

impl Branch {
    pub(super) fn of(page: ChatPage) -> Result<Self> {
        let thread = page.conversation.as_thread().render()?;
        let title = page.conversation.title.map(|title| title.chat.title);
        let Composer { fields, stop, .. } = page.conversation.composer;
        Ok(Self {
            thread: Rendered(thread.into()),
            parent: fields.parent,
            stop,
            title: title.unwrap_or_default(),
            chats: page.chats,
        })
    }
}

/// What htmx adds after sending: both messages, a fresh composer, the list.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/sent.html")]
pub(super) struct Sent {
    messages: Vec<Shown>,
    fields: ComposerFields,
    stop: StopButton,
    chats: ChatList,
    /// The chat's.
    title: String,
}

impl Sent {
    pub(super) fn new(messages: Vec<Shown>, composer: Composer, chats: ChatList) -> Self {
        let Composer {
            fields, stop, set, ..
        } = composer.beside(&messages);
        Self {
            messages,
            fields,
            stop,
            chats,
            title: set.map(|chat| chat.title).unwrap_or_default(),
        }
    }
}
