//! Sending a message, and starting the reply to it.

use super::{
    Beginning, Chat, ChatId, Message, MessageId, actions,
    list::ChatList,
    live::live_address,
    messages::Shown,
    pages::{ChatPage, Composer, Conversation, Created, Sent},
    start::{self, NotBegun},
    store::{Exchange, NewMessage, NotTaken},
};
use crate::{
    App,
    auth::{User, sign_in_again},
    clock::grouped,
    error::{Error, Notice, Result},
    personas::PersonaId,
    text::plain,
    view::View,
};
use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};
use serde::Deserialize;

/// The routes of this part.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/chats", post(create))
        .route("/chats/{id}/messages", post(send))
}

/// What the composer's form says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sending {
    pub content: String,
    /// The key that the message will have: the same form sent twice makes one message.
    token: Option<MessageId>,
    /// The message it was written under.
    parent: Option<MessageId>,
    /// Not empty where the page does not show the end of the branch.
    partial: String,
    /// With which persona a new chat begins, and by which model.
    persona: Option<PersonaId>,
    model: String,
}

impl Sending {
    pub(super) fn key(&self) -> MessageId {
        self.token
            .filter(|token| !token.0.is_nil())
            .unwrap_or_default()
    }

    /// The message it was written under, if the page tells.
    fn seen(&self) -> Option<MessageId> {
        self.parent.filter(|parent| !parent.0.is_nil())
    }

    fn message(&self, app: &App) -> NewMessage {
        NewMessage {
            key: self.key(),
            seen: self.seen(),
            text: self.text(),
            limit: most_replies(app),
        }
    }

    /// What is wrong with the text, if anything.
    pub(super) fn problem(&self, app: &App, view: &View) -> Option<String> {
        let limit = app.config.message_limit;
        let text = self.text();
        let length = text.chars().count();
        if text.trim().is_empty() {
            Some(view.t.composer_empty())
        } else if length > limit {
            Some(view.t.composer_too_long(grouped(length), grouped(limit)))
        } else {
            None
        }
    }

    /// The text as it is kept: browsers send line ends as CR LF.
    fn text(&self) -> String {
        plain(&self.content)
    }
}

/// `POST /chats`: a new chat with its first message.
async fn create(view: View, State(app): State<App>, Form(new): Form<Sending>) -> Result<Response> {
    let Some(user) = view.user.clone() else {
        return Ok(sign_in_again(view, "/", new.content));
    };
    if let Some(problem) = new.problem(&app, &view) {
        return not_begun(&app, view, &user, new, problem).await;
    }
    let begun = start::beginning(&app, &view, &user, new.persona, &new.model).await?;
    let beginning = match begun {
        Ok(beginning) => beginning,
        Err(NotBegun::Model(problem)) => {
            return not_begun(&app, view, &user, new, problem).await;
        }
        Err(NotBegun::PersonaGone) => return persona_gone(&app, view, &user, new).await,
    };
    let exchange = match exchange(&app, &user, To::New(&beginning), &new).await? {
        Ok(exchange) => exchange,
        Err(reason) if view.htmx => {
            return refuse(&app, view, &user, None, None, new.content, reason).await;
        }
        Err(reason) => {
            let sentence = reason.sentence(&view, true);
            let mut response = not_begun(&app, view, &user, new, sentence).await?;
            *response.status_mut() = reason.status();
            return Ok(response);
        }
    };
    let chat = app.db.chat(&user, exchange.chat).await?;
    if !view.htmx {
        return Ok(to_live(&exchange));
    }
    // All of its conversation in place of the empty one.
    replace_conversation(&app, view, &user, chat.id).await
}

/// The chat as it is now in place of what htmx shows, under its own address.
pub(crate) async fn replace_conversation(
    app: &App,
    view: View,
    user: &User,
    chat: ChatId,
) -> Result<Response> {
    let chat = app.db.chat(user, chat).await?;
    let path = format!("/chats/{}", chat.id);
    let page = ChatPage::new(app, view, user, chat, String::new()).await?;
    Ok(replace_with(page, &path))
}

/// A chat in place of what htmx shows, under this address.
pub(super) fn replace_with(page: ChatPage, path: &str) -> Response {
    let address = [("HX-Push-Url", path.to_owned())];
    let place = [("HX-Retarget", "#conversation"), ("HX-Reswap", "outerHTML")];
    (address, place, Created::from(page)).into_response()
}

/// `POST /chats/{id}/messages`
async fn send(
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
    Form(new): Form<Sending>,
) -> Result<Response> {
    let path = format!("/chats/{id}");
    let Some(user) = view.user.clone() else {
        return Ok(sign_in_again(view, &path, new.content));
    };
    let chat = app.db.chat(&user, id).await?;
    if let Some(problem) = new.problem(&app, &view) {
        let seen = new.seen();
        return give_back(&app, view, &user, Some(chat), seen, new.content, problem).await;
    }
    let exchange = match exchange(&app, &user, To::Chat(&chat), &new).await? {
        Ok(exchange) => exchange,
        Err(reason) => {
            let seen = new.seen();
            return refuse(&app, view, &user, Some(chat), seen, new.content, reason).await;
        }
    };
    if exchange.chat != id {
        return Err(Error::NotFound);
    }
    let chat = app.db.chat(&user, id).await?;
    if !view.htmx {
        return Ok(to_live(&exchange));
    }
    if exchange.reply.is_none() || !new.partial.is_empty() {
        // The answer to the first try got lost, or the page does not show where the chat goes on: it
        // is shown as it is now.
        return Ok([("HX-Redirect", path)].into_response());
    }
    // What this page ends with now, even if the chat has gone on in another tab.
    let chat = Chat {
        leaf: exchange.reply,
        ..chat
    };
    let chats = ChatList::new(&app, &view, &user, Some(chat.id)).await?;
    let composer = Composer::new(&view, Some(&chat), String::new());
    let new = app.db.branch_end(chat.id, chat.leaf, 2).await?;
    let mut messages = Shown::all(&app, &view, new).await?;
    actions::add(&app, &chat, &mut messages).await?;
    Ok(Sent::new(messages, composer, chats).into_response())
}

/// To where the reply is watched; the form that came twice goes to the chat as it is.
pub(super) fn to_live(exchange: &Exchange) -> Response {
    let address = match exchange.reply {
        Some(reply) => live_address(exchange.chat, reply),
        None => format!("/chats/{}/live", exchange.chat),
    };
    Redirect::to(&address).into_response()
}

/// Where a message goes.
#[derive(Clone, Copy)]
enum To<'a> {
    /// Into a chat of its own, which begins like this.
    New(&'a Beginning),
    Chat(&'a Chat),
}

/// Takes a message, in a chat or as the first of a new one, and sees to the reply to it.
async fn exchange(
    app: &App,
    user: &User,
    to: To<'_>,
    sent: &Sending,
) -> Result<Result<Exchange, NotTaken>> {
    if nobody_would_reply(app).await? {
        return Ok(Err(NotTaken::Ending));
    }
    let mut new = sent.message(app);
    let mut taken = add(app, user, to, &new).await?;
    if matches!(taken, Err(NotTaken::KeyUsed)) {
        // Another key, but the same one if this comes twice.
        new.key = new.key.for_text(user, &new.text);
        taken = add(app, user, to, &new).await?;
    }
    // Should the asker leave before this: the line is looked at by itself, too.
    app.replies.added().await;
    Ok(taken)
}

/// Takes another version of a message, and sees to the reply to it.
pub(super) async fn take_beside(
    app: &App,
    user: &User,
    chat: &Chat,
    other: &Message,
    sent: &Sending,
) -> Result<Result<Exchange, NotTaken>> {
    if nobody_would_reply(app).await? {
        return Ok(Err(NotTaken::Ending));
    }
    let mut new = sent.message(app);
    let mut taken = app.db.add_beside(user, chat, other, &new).await?;
    if matches!(taken, Err(NotTaken::KeyUsed)) {
        new.key = new.key.for_text(user, &new.text);
        taken = app.db.add_beside(user, chat, other, &new).await?;
    }
    app.replies.added().await;
    Ok(taken)
}

/// Sees to a reply to a message that has none.
pub(super) async fn answer(
    app: &App,
    user: &User,
    chat: &Chat,
    asked: &Message,
) -> Result<Result<MessageId, NotTaken>> {
    if nobody_would_reply(app).await? {
        return Ok(Err(NotTaken::Ending));
    }
    let taken = app.db.add_answer(user, chat, asked, most_replies(app));
    let taken = taken.await?;
    app.replies.added().await;
    Ok(taken)
}

async fn add(
    app: &App,
    user: &User,
    to: To<'_>,
    new: &NewMessage,
) -> Result<Result<Exchange, NotTaken>> {
    match to {
        To::New(beginning) => app.db.add_chat(user, new, beginning).await,
        To::Chat(chat) => app.db.add_message(user, chat, new).await,
    }
}

/// How a reply that has ended is made further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// By another attempt beside it, with this key, by this model or the chat's.
    Anew(MessageId, Option<String>),
    /// From the text it has.
    CarryOn,
}

/// Makes a reply again that has ended, or more of it.
pub(crate) async fn again(
    app: &App,
    user: &User,
    chat: &Chat,
    ended: &Message,
    how: Again,
) -> Result<Result<MessageId, NotTaken>> {
    if nobody_would_reply(app).await? {
        return Ok(Err(NotTaken::Ending));
    }
    let limit = most_replies(app);
    let taken = match how {
        Again::Anew(key, model) => {
            let model = model.as_deref();
            app.db
                .add_attempt(user, chat, ended, key, model, limit)
                .await?
        }
        Again::CarryOn => app.db.continue_reply(user, chat, ended, limit).await?,
    };
    app.replies.added().await;
    Ok(taken)
}

/// Whether this server is about to end, and there is no other.
async fn nobody_would_reply(app: &App) -> Result<bool> {
    Ok(app.replies.is_ending() && !app.replies.others_take_over().await?)
}

/// How many replies one person may have running and waiting.
fn most_replies(app: &App) -> usize {
    app.config.replies_per_person + app.config.waiting_per_person
}

impl NotTaken {
    /// What is said to whoever has typed something, or only pressed a button.
    pub(super) fn sentence(self, view: &View, typed: bool) -> String {
        match self {
            Self::TooManyRunning if !typed => view.t.reply_too_many_running(),
            Self::Ending if !typed => view.t.reply_ending(),
            Self::TooManyRunning => view.t.composer_too_many_running(),
            Self::StillReplying => view.t.composer_still_replying(),
            Self::GoneOn => view.t.composer_gone_on(),
            Self::KeyUsed => view.t.error_bad_request(),
            Self::Ending => view.t.composer_ending(),
        }
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::GoneOn => StatusCode::CONFLICT,
            Self::Ending => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

/// A notice beside what was typed, for htmx.
pub(crate) fn problem(sentence: String) -> Response {
    notice(sentence).for_htmx(StatusCode::UNPROCESSABLE_ENTITY)
}

/// Does not begin a chat, and says why. What was typed is kept.
async fn not_begun(
    app: &App,
    view: View,
    user: &User,
    new: Sending,
    sentence: String,
) -> Result<Response> {
    if view.htmx {
        return Ok(problem(sentence));
    }
    let page = new_page(app, view, user, new, sentence).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// The same when the persona was deleted meanwhile: the text is there for a chat without it.
async fn persona_gone(app: &App, view: View, user: &User, new: Sending) -> Result<Response> {
    let status = StatusCode::CONFLICT;
    let sentence = view.t.personas_gone();
    let page = new_page(app, view, user, new, sentence).await?;
    if !page.view.htmx {
        return Ok((status, page).into_response());
    }
    let place = [("HX-Retarget", "#conversation"), ("HX-Reswap", "outerHTML")];
    let created = Created {
        conversation: page.conversation,
        chats: page.chats,
    };
    Ok((status, place, created).into_response())
}

/// The page of a chat that has not begun, with what was typed, and a sentence about it.
async fn new_page(
    app: &App,
    view: View,
    user: &User,
    new: Sending,
    sentence: String,
) -> Result<ChatPage> {
    let persona = match new.persona {
        Some(id) => app.db.persona(user, id).await.ok(),
        None => None,
    };
    let chats = ChatList::new(app, &view, user, None).await?;
    let mut conversation =
        Conversation::new_chat(app, &view, user, persona, new.model, new.content).await?;
    conversation.composer.notice = Some(notice(sentence));
    Ok(ChatPage {
        view,
        chats,
        conversation,
    })
}

/// Does not take a message, or does not go on with a reply, and says why, on the branch through this
/// message. What was typed is kept.
pub(crate) async fn refuse(
    app: &App,
    view: View,
    user: &User,
    chat: Option<Chat>,
    through: Option<MessageId>,
    text: String,
    reason: NotTaken,
) -> Result<Response> {
    let sentence = reason.sentence(&view, !text.is_empty());
    let status = reason.status();
    if view.htmx && reason != NotTaken::GoneOn {
        // The text is still in the box.
        return Ok(notice(sentence).for_htmx(status));
    }
    let page = refused_page(app, view, user, chat, through, text, sentence).await?;
    if !page.view.htmx {
        return Ok((status, page).into_response());
    }
    // The chat as it is now, with the text in its box.
    let place = [("HX-Retarget", "#conversation"), ("HX-Reswap", "outerHTML")];
    Ok((status, place, Created::from(page)).into_response())
}

/// Gives a message back to its writer: what is wrong, and the text in the composer as it was.
async fn give_back(
    app: &App,
    view: View,
    user: &User,
    chat: Option<Chat>,
    through: Option<MessageId>,
    text: String,
    problem: String,
) -> Result<Response> {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    if view.htmx {
        return Ok(notice(problem).for_htmx(status));
    }
    let page = refused_page(app, view, user, chat, through, text, problem).await?;
    Ok((status, page).into_response())
}

/// Says on the branch through a message why something was not done.
pub(super) async fn notice_or_page(
    app: &App,
    view: View,
    user: &User,
    chat: Chat,
    through: MessageId,
    status: StatusCode,
    sentence: String,
) -> Result<Response> {
    if view.htmx {
        return Ok(notice(sentence).for_htmx(status));
    }
    let (chat, through, text) = (Some(chat), Some(through), String::new());
    let page = refused_page(app, view, user, chat, through, text, sentence).await?;
    Ok((status, page).into_response())
}

pub(super) fn notice(sentence: String) -> Notice {
    Notice {
        sentence,
        link: None,
    }
}

async fn refused_page(
    app: &App,
    view: View,
    user: &User,
    chat: Option<Chat>,
    through: Option<MessageId>,
    text: String,
    problem: String,
) -> Result<ChatPage> {
    let mut page = match chat {
        Some(chat) => {
            // It may have gone on since.
            let chat = app.db.chat(user, chat.id).await?;
            let leaf = match through {
                Some(message) => app.db.leaf_through(&chat, message).await,
                None => Err(Error::NotFound),
            };
            let leaf = match leaf {
                Ok(leaf) => Some(leaf),
                // It was deleted meanwhile.
                Err(Error::NotFound) => chat.leaf,
                Err(error) => return Err(error),
            };
            let window = app.db.window(chat.id, leaf).await?;
            ChatPage::of(app, view, user, chat, window, text).await?
        }
        None => {
            let new = Sending {
                content: text,
                ..Sending::default()
            };
            return new_page(app, view, user, new, problem).await;
        }
    };
    page.conversation.composer.notice = Some(notice(problem));
    Ok(page)
}
