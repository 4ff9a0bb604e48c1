//! Chats: the list, a chat's page, sending, renaming and deleting.

mod pages;
mod store;

use crate::{
    App,
    auth::{User, sign_in_again, take_draft},
    error::{Error, Notice, Result},
    replies::{self, Announced},
    view::View,
};
use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use pages::{
    AskPage, ChatList, ChatPage, Composer, Conversation, Question, Sent, Shown, Title, TitleForm,
    WelcomePage,
};
use serde::Deserialize;
use tower_sessions::Session;

pub use store::{
    Chat, ChatId, Exchange, Message, MessageId, MessageState, NewReply, NotTaken, Role, TITLE_LIMIT,
};

pub(crate) use pages::{show_new_reply, show_reply};

/// How many chats the list shows.
const CHATS_SHOWN: u32 = 100;

/// The routes of this feature.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/chats", get(list).post(create))
        .route("/chats/{id}", get(show))
        .route("/chats/{id}/live", get(live))
        .route("/chats/{id}/messages", post(send))
        .route("/chats/{id}/rename", get(ask_title).post(rename))
        .route("/chats/{id}/delete", get(ask_delete).post(delete))
}

/// What the model is sent of a branch: every message that says something.
pub(crate) fn turns(branch: &[Message]) -> Vec<crate::models::Turn> {
    let said = branch
        .iter()
        .filter(|message| !message.body.trim().is_empty());
    said.map(Into::into).collect()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Draft {
    draft: Option<String>,
}

impl Draft {
    /// The text that waited for this page while its writer signed in.
    async fn take(self, session: &Session, path: &str) -> Result<String> {
        match self.draft {
            None => Ok(String::new()),
            Some(_) => Ok(take_draft(session, path).await?.unwrap_or_default()),
        }
    }
}

/// `GET /`: a new chat, or for strangers what this is.
async fn home(
    view: View,
    State(app): State<App>,
    session: Session,
    Query(draft): Query<Draft>,
) -> Result<Response> {
    let Some(user) = view.user.clone() else {
        return Ok(WelcomePage::new(view, &app).into_response());
    };
    let draft = draft.take(&session, "/").await?;
    let chats = ChatList::new(&app, &view, &user, None).await?;
    let composer = Composer::new(&app, &view, None, draft);
    let conversation = Conversation::empty(view.clone(), composer);
    Ok(ChatPage {
        view,
        chats,
        conversation,
    }
    .into_response())
}

/// `GET /chats`: the list alone, as narrow screens and text browsers want it.
async fn list(user: User, view: View, State(app): State<App>) -> Result<Response> {
    let chats = ChatList::new(&app, &view, &user, None).await?;
    let fragment_view = view.clone();
    Ok(fragment_view.fragment_or(chats, |chats| pages::ChatsPage { view, chats }))
}

/// `GET /chats/{id}`: complete at once; a running reply goes on by the event stream.
async fn show(
    user: User,
    view: View,
    State(app): State<App>,
    session: Session,
    Path(id): Path<ChatId>,
    Query(draft): Query<Draft>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let draft = draft.take(&session, &format!("/chats/{id}")).await?;
    Ok(ChatPage::new(&app, view, &user, chat, draft)
        .await?
        .into_response())
}

/// `GET /chats/{id}/live`: stays open while a reply runs, and the reply grows in it.
async fn live(
    user: User,
    view: View,
    State(app): State<App>,
    headers: HeaderMap,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let running = chat.leaf.and_then(|leaf| app.replies.live(leaf));
    // htmx reads an answer to its end before it shows anything.
    let Some(reply) = running.filter(|_| !view.htmx) else {
        return Ok(Redirect::to(&format!("/chats/{id}")).into_response());
    };
    pages::hold_open(
        &app,
        view,
        &user,
        chat,
        &reply,
        replies::is_graphical(&headers),
    )
    .await
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
        return Ok(Redirect::to(&format!("/chats/{}/live", chat.id)).into_response());
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
        pages::Created {
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
        return Ok(Redirect::to(&format!("{path}/live")).into_response());
    }
    if exchange.reply.is_none() {
        // The answer to the first try got lost: the page is shown as it is now.
        return Ok([("HX-Redirect", path)].into_response());
    }
    let chats = ChatList::new(&app, &view, &user, Some(chat.id)).await?;
    let composer = Composer::new(&app, &view, Some(&chat), String::new());
    let branch = app.db.branch(&chat).await?;
    let new = branch.into_iter().rev().take(2).rev();
    let messages = Shown::all(&app, &view, new.collect()).await?;
    Ok(Sent::new(messages, composer, chats).into_response())
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
        let coming = app.replies.announce();
        let reply = new_reply(&app, &coming);
        let taken = match &chat {
            None => app.db.add_chat(&user, key, &text, reply).await?,
            Some(chat) => app.db.add_message(&user, chat, key, &text, reply).await?,
        };
        if let Ok(Exchange {
            chat,
            reply: Some(_),
            ..
        }) = &taken
        {
            start(&app, &user, *chat, coming).await?;
        }
        Ok(taken)
    })
    .await
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
    fn sentence(self, view: &View) -> String {
        match self {
            Self::TooManyRunning => view.t.composer_too_many_running(),
            Self::StillReplying => view.t.composer_still_replying(),
        }
    }
}

/// Gives a message back to its writer: what is wrong, and the text in the composer as it was.
async fn refuse(
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
            let composer = Composer::new(app, &view, None, text);
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

// ---- Renaming

#[derive(Default, Deserialize)]
#[serde(default)]
struct NewTitle {
    title: String,
}

/// `GET /chats/{id}/rename`: the form, in the title's place or on a page of its own.
async fn ask_title(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let form = TitleForm {
        view: view.clone(),
        title: chat.title.clone(),
        chat,
        problem: None,
    };
    Ok(view.clone().fragment_or(form, |form| AskPage {
        view,
        question: Question::Title(form),
    }))
}

/// `POST /chats/{id}/rename`
async fn rename(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
    Form(new): Form<NewTitle>,
) -> Result<Response> {
    let mut chat = app.db.chat(&user, id).await?;
    let title = store::clean_line(&new.title);
    let problem = if title.is_empty() {
        Some(view.t.rename_empty())
    } else if title.chars().count() > TITLE_LIMIT {
        Some(view.t.rename_too_long(TITLE_LIMIT as u64))
    } else {
        None
    };
    if problem.is_some() {
        let form = TitleForm {
            view: view.clone(),
            title: new.title,
            chat,
            problem,
        };
        return Ok(view.clone().refused(form, |form| AskPage {
            view,
            question: Question::Title(form),
        }));
    }
    app.db.rename_chat(&chat, &title).await?;
    chat.title = title;
    if !view.htmx {
        return Ok(Redirect::to(&format!("/chats/{id}")).into_response());
    }
    let chats = ChatList::new(&app, &view, &user, Some(id)).await?;
    Ok(Title {
        view,
        chat,
        chats: Some(chats),
    }
    .into_response())
}

// ---- Deleting

/// `GET /chats/{id}/delete`: asks first.
async fn ask_delete(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let form = pages::DeleteForm {
        view: view.clone(),
        chat,
    };
    Ok(view.clone().fragment_or(form, |form| AskPage {
        view,
        question: Question::Delete(form),
    }))
}

/// `POST /chats/{id}/delete`: stops its replies and deletes all of it.
async fn delete(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    for reply in app.db.running_replies(&chat).await? {
        app.replies.stop(reply);
    }
    app.db.delete_chat(&chat).await?;
    if !view.htmx {
        return Ok(Redirect::to("/").into_response());
    }
    let chats = ChatList::new(&app, &view, &user, None).await?;
    let composer = Composer::new(&app, &view, None, String::new());
    let conversation = Conversation::empty(view, composer);
    let address = [
        ("HX-Push-Url", "/"),
        ("HX-Retarget", "#conversation"),
        ("HX-Reswap", "outerHTML"),
    ];
    Ok((
        address,
        pages::Created {
            conversation,
            chats,
        },
    )
        .into_response())
}
