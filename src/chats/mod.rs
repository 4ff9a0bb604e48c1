//! Chats: the list, a chat's page, sending, renaming and deleting.

mod edit;
mod live;
mod messages;
mod pages;
mod raw;
mod rendered;
mod rows;
mod send;
mod store;

use crate::{
    App,
    auth::{User, take_draft},
    error::Result,
    view::View,
};
use axum::{
    Router,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use pages::{ChatList, ChatPage, ChatsPage, Composer, Conversation, WelcomePage};
use tower_sessions::Session;

pub use rows::{Chat, ChatId, Message, MessageId, MessageState, Role};
pub use store::{NotTaken, TITLE_LIMIT};

pub(crate) use live::{live_address, show_new_reply, show_reply};
pub(crate) use rendered::{Rendered, html_of, place_of};
pub(crate) use send::{Again, again, refuse};

/// How many chats the list shows.
const CHATS_SHOWN: u32 = 100;

/// The routes of this feature.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/chats/new", get(home))
        .route("/chats", get(list))
        .route("/chats/{id}", get(show))
        .route("/chats/{id}/live", get(live::live))
        .route("/chats/{id}/live/{reply}", get(live::live_reply))
        .route("/chats/{id}/live/{reply}/{n}", get(live::live_further))
        .merge(raw::routes())
        .merge(send::routes())
        .merge(edit::routes())
}

/// `GET /` and `GET /chats/new`: a new chat, or for strangers what this is.
async fn home(
    view: View,
    State(app): State<App>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response> {
    let Some(user) = view.user.clone() else {
        return Ok(WelcomePage::new(view, &app).into_response());
    };
    let draft = take_draft(&headers, &session, "/").await?;
    let chats = ChatList::new(&app, &view, &user, None).await?;
    let composer = Composer::new(&view, None, draft);
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
    Ok(fragment_view.fragment_or(chats, |chats| ChatsPage { view, chats }))
}

/// `GET /chats/{id}`: complete at once; a running reply goes on by the event stream.
async fn show(
    user: User,
    view: View,
    State(app): State<App>,
    session: Session,
    Path(id): Path<ChatId>,
    headers: HeaderMap,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let draft = take_draft(&headers, &session, &format!("/chats/{id}")).await?;
    Ok(ChatPage::new(&app, view, &user, chat, draft)
        .await?
        .into_response())
}
