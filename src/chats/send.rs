//! Sending a message, and starting the reply to it.

use super::{
    Chat, ChatId, Message, MessageId,
    live::live_address,
    messages::Shown,
    pages::{ChatList, ChatPage, Composer, Conversation, Created, Sent},
    store::{Exchange, NewReply, NotTaken},
};
use crate::{
    App,
    auth::{User, sign_in_again},
    error::{Error, Notice, Result},
    models::Turn,
    replies::Announced,
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
struct NewMessage {
    content: String,
    /// The key that the message will have: the same form sent twice makes one message.
    token: Option<MessageId>,
}

impl NewMessage {
    fn key(&self) -> MessageId {
        self.token
            .filter(|token| !token.0.is_nil())
            .unwrap_or_default()
    }

    /// What is wrong with the text, if anything.
    fn problem(&self, app: &App, view: &View) -> Option<String> {
        let limit = app.config.message_limit;
        let text = self.text();
        let length = text.chars().count();
        if text.trim().is_empty() {
            Some(view.t.composer_empty())
        } else if length > limit {
            Some(view.t.composer_too_long(length as u64, limit as u64))
        } else {
            None
        }
    }

    /// The text as it is kept: browsers send line ends as CR LF.
    fn text(&self) -> String {
        let text = self.content.replace("\r\n", "\n").replace('\r', "\n");
        text.chars()
            .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
            .collect()
    }
}

/// `POST /chats`: a new chat with its first message.
async fn create(
    view: View,
    State(app): State<App>,
    Form(new): Form<NewMessage>,
) -> Result<Response> {
    let Some(user) = view.user.clone() else {
        return Ok(sign_in_again(view, "/", new.content));
    };
    if let Some(problem) = new.problem(&app, &view) {
        return refuse(&app, view, &user, None, new.content, problem).await;
    }
    let exchange = match exchange(&app, &user, None, &new).await? {
        Ok(exchange) => exchange,
        Err(reason) => {
            let problem = reason.sentence(&view);
            return refuse(&app, view, &user, None, new.content, problem).await;
        }
    };
    let chat = app.db.chat(&user, exchange.chat).await?;
    if !view.htmx {
        return Ok(to_live(&exchange));
    }
    // The chat's own address, and all of its conversation in place of the empty one.
    let address = [("HX-Push-Url", format!("/chats/{}", chat.id))];
    let place = [("HX-Retarget", "#conversation"), ("HX-Reswap", "outerHTML")];
    let ChatPage {
        chats,
        conversation,
        ..
    } = ChatPage::new(&app, view, &user, chat, String::new()).await?;
    Ok((
        address,
        place,
        Created {
            conversation,
            chats,
        },
    )
        .into_response())
}

/// `POST /chats/{id}/messages`
async fn send(
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
    Form(new): Form<NewMessage>,
) -> Result<Response> {
    let path = format!("/chats/{id}");
    let Some(user) = view.user.clone() else {
        return Ok(sign_in_again(view, &path, new.content));
    };
    let chat = app.db.chat(&user, id).await?;
    if let Some(problem) = new.problem(&app, &view) {
        return refuse(&app, view, &user, Some(chat), new.content, problem).await;
    }
    let exchange = match exchange(&app, &user, Some(&chat), &new).await? {
        Ok(exchange) => exchange,
        Err(reason) => {
            let problem = reason.sentence(&view);
            return refuse(&app, view, &user, Some(chat), new.content, problem).await;
        }
    };
    if exchange.chat != id {
        return Err(Error::NotFound);
    }
    let chat = app.db.chat(&user, id).await?;
    if !view.htmx {
        return Ok(to_live(&exchange));
    }
    if exchange.reply.is_none() {
        // The answer to the first try got lost: the page is shown as it is now.
        return Ok([("HX-Redirect", path)].into_response());
    }
    let chats = ChatList::new(&app, &view, &user, Some(chat.id)).await?;
    let composer = Composer::new(&view, Some(&chat), String::new());
    let branch = app.db.branch(&chat).await?;
    let new = branch.into_iter().rev().take(2).rev();
    let messages = Shown::all(&app, &view, new.collect()).await?;
    Ok(Sent::new(messages, composer, chats).into_response())
}

/// To where the reply is watched; the form that came twice goes to the chat as it is.
fn to_live(exchange: &Exchange) -> Response {
    let address = match exchange.reply {
        Some(reply) => live_address(exchange.chat, reply),
        None => format!("/chats/{}/live", exchange.chat),
    };
    Redirect::to(&address).into_response()
}

/// Takes a message, in a chat or as the first of a new one, and starts the reply to it.
async fn exchange(
    app: &App,
    user: &User,
    chat: Option<&Chat>,
    new: &NewMessage,
) -> Result<Result<Exchange, NotTaken>> {
    let (app, user, chat) = (app.clone(), user.clone(), chat.cloned());
    let (key, text) = (new.key(), new.text());
    whole(async move {
        let mut taken = add(&app, &user, chat.as_ref(), key, &text).await?;
        if matches!(taken, Err(NotTaken::KeyUsed)) {
            taken = add(&app, &user, chat.as_ref(), MessageId::new(), &text).await?;
        }
        Ok(taken)
    })
    .await
}

/// Stores the message with the reply to it, and starts the reply.
async fn add(
    app: &App,
    user: &User,
    chat: Option<&Chat>,
    key: MessageId,
    text: &str,
) -> Result<Result<Exchange, NotTaken>> {
    let coming = app.replies.announce();
    let reply = new_reply(app, &coming);
    let taken = match chat {
        None => app.db.add_chat(user, key, text, reply).await?,
        Some(chat) => app.db.add_message(user, chat, key, text, reply).await?,
    };
    if let Ok(Exchange {
        chat,
        reply: Some(_),
    }) = &taken
    {
        start(app, user, *chat, coming).await?;
    }
    Ok(taken)
}

/// Makes another reply beside one that has ended, and starts it.
pub(crate) async fn try_again(
    app: &App,
    user: &User,
    chat: &Chat,
    ended: Message,
) -> Result<Result<MessageId, NotTaken>> {
    let (app, user, chat) = (app.clone(), user.clone(), chat.clone());
    whole(async move {
        let coming = app.replies.announce();
        let reply = new_reply(&app, &coming);
        let taken = app.db.add_attempt(&user, &chat, &ended, reply).await?;
        if taken.is_ok() {
            start(&app, &user, chat.id, coming).await?;
        }
        Ok(taken)
    })
    .await
}

/// Runs it to its end even if whoever asked leaves meanwhile: a reply that is in the database and
/// was never started would be waited for until the next restart.
async fn whole<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(work).await.map_err(Error::internal)?
}

fn new_reply(app: &App, coming: &Announced) -> NewReply {
    NewReply {
        id: coming.id(),
        limit: app.config.replies_per_person,
    }
}

async fn start(app: &App, user: &User, chat: ChatId, coming: Announced) -> Result<()> {
    let chat = app.db.chat(user, chat).await?;
    let branch = app.db.branch(&chat).await?;
    app.replies.start(coming, turns(&branch));
    Ok(())
}

impl NotTaken {
    pub(crate) fn sentence(self, view: &View) -> String {
        match self {
            Self::TooManyRunning => view.t.composer_too_many_running(),
            Self::StillReplying => view.t.composer_still_replying(),
            Self::KeyUsed => view.t.error_bad_request(),
        }
    }
}

/// Gives a message back to its writer: what is wrong, and the text in the composer as it was.
pub(crate) async fn refuse(
    app: &App,
    view: View,
    user: &User,
    chat: Option<Chat>,
    text: String,
    problem: String,
) -> Result<Response> {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let notice = Notice {
        sentence: problem,
        link: None,
    };
    if view.htmx {
        // The text is still in the box.
        return Ok(notice.for_htmx(status));
    }
    let mut page = match chat {
        Some(chat) => ChatPage::new(app, view, user, chat, text).await?,
        None => {
            let chats = ChatList::new(app, &view, user, None).await?;
            let composer = Composer::new(&view, None, text);
            ChatPage {
                conversation: Conversation::empty(view.clone(), composer),
                chats,
                view,
            }
        }
    };
    page.conversation.composer.notice = Some(notice);
    Ok((status, page).into_response())
}

/// What the model is sent of a branch: every message that says something.
fn turns(branch: &[Message]) -> Vec<Turn> {
    let said = branch
        .iter()
        .filter(|message| !message.body.trim().is_empty());
    said.map(Into::into).collect()
}
