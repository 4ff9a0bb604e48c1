//! The parts of a chat's page that htmx swaps.

use super::chat::ChatPage;
use crate::{
    App,
    chats::fragments::{
        chat_list::ChatList,
        chat_pane::{Conversation, Earlier},
        composer::{Composer, ComposerFields, ParentField, StopButton},
        left_out::LeftOut,
        message::{Rendered, Shown},
        title::Sign,
    },
    error::Result,
    ids::ChatId,
    users::User,
    web::view::View,
};
use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

/// Sends a [`Created`] to where the conversation is, wherever the request came from.
pub(crate) const IN_ITS_PLACE: [(&str, &str); 2] = [
    ("HX-Retarget", "#conversation"),
    ("HX-Reswap", "outerHTML show:bottom"),
];

/// A conversation that takes another one's place, and the list that goes with it.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/created.html")]
pub(crate) struct Created {
    conversation: Conversation,
    chats: ChatList,
    /// State of a reply that was begun with it.
    begun: Begun,
}

impl From<ChatPage> for Created {
    fn from(page: ChatPage) -> Self {
        Self {
            begun: Begun {
                sign: page.conversation.sign(),
                said: String::new(),
            },
            conversation: page.conversation,
            chats: page.chats,
        }
    }
}

/// State of a just-started reply. Sent along because it may already have ended, and nothing else
/// would report that.
#[derive(Default)]
struct Begun {
    /// Before the window's title.
    sign: &'static str,
    /// The announcement.
    said: String,
}

impl Begun {
    fn last_of(messages: &[Shown]) -> Self {
        let begun = messages.last().map(|reply| Self {
            sign: Sign::of(&reply.message),
            said: reply.end_said(),
        });
        begun.unwrap_or_default()
    }
}

/// Another branch for htmx: its messages, and what goes with them elsewhere. The composer and what
/// is being typed there stay.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/branch.html")]
pub(crate) struct Branch {
    thread: Rendered,
    parent: ParentField,
    stop: StopButton,
    /// The chat's.
    title: String,
    chats: ChatList,
}

impl Branch {
    pub(crate) fn of(page: ChatPage) -> Result<Self> {
        let thread = page.conversation.as_thread().render()?;
        let title = page.conversation.chat().map(|chat| chat.title.clone());
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

/// The part that htmx puts above what is shown: the messages before, and the link to those before
/// them.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/before.html")]
pub(crate) struct Before {
    pub view: View,
    pub earlier: Option<Earlier>,
    pub left_out: Option<LeftOut>,
    pub messages: Vec<Shown>,
}

/// The part that htmx adds after sending: both messages, a fresh composer, the list.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/sent.html")]
pub(crate) struct Sent {
    messages: Vec<Shown>,
    fields: ComposerFields,
    stop: StopButton,
    chats: ChatList,
    /// The chat's.
    title: String,
    begun: Begun,
}

impl Sent {
    pub(crate) fn new(messages: Vec<Shown>, composer: Composer, chats: ChatList) -> Self {
        let Composer {
            fields, stop, set, ..
        } = composer.beside(&messages);
        Self {
            begun: Begun::last_of(&messages),
            messages,
            fields,
            stop,
            chats,
            title: set.map(|chat| chat.title).unwrap_or_default(),
        }
    }
}

/// The chat in which a reply was just begun in place of what htmx shows, under its own address.
pub(crate) async fn show_begun(
    app: &App,
    view: View,
    user: &User,
    chat: ChatId,
) -> Result<Response> {
    let chat = app.db.chat(user, chat).await?;
    let path = format!("/chats/{}", chat.id);
    let page = ChatPage::new(app, view, user, chat, String::new()).await?;
    let begun = Begun::last_of(&page.conversation.messages);
    let created = Created {
        begun,
        ..page.into()
    };
    Ok(in_its_place(created, &path))
}

/// A chat in place of what htmx shows, under this address.
pub(crate) fn replace_with(page: ChatPage, path: &str) -> Response {
    in_its_place(page.into(), path)
}

fn in_its_place(created: Created, path: &str) -> Response {
    let address = [("HX-Push-Url", path.to_owned())];
    (address, IN_ITS_PLACE, created).into_response()
}
