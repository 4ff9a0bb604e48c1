//! A chat's page: as it was left, at one of its messages, and before that.

use super::{
    chat::ChatPage,
    htmx_answers::{Before, Branch},
};
use crate::{
    App,
    account::{sign_in::take_draft, welcome::WelcomePage},
    chats::fragments::{chat_pane::Earlier, message::Shown, message_actions},
    error::Result,
    ids::{ChatId, MessageId},
    messages::rows::Chat,
    users::User,
    web::{lost_cookie::LostCookie, view::View},
};
use axum::{
    Extension,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

/// `GET /` and `GET /chats/new`: a new chat, or for strangers what this is.
pub(crate) async fn home(
    view: View,
    State(app): State<App>,
    session: Session,
    lost: Option<Extension<LostCookie>>,
    headers: HeaderMap,
) -> Result<Response> {
    let Some(user) = view.user.clone() else {
        let why = lost.map(|Extension(lost)| lost.sentence(view.t));
        return Ok(WelcomePage::new(view, &app).warning(why).into_response());
    };
    let draft = take_draft(&headers, &session, "/").await?;
    let page = ChatPage::new_chat(&app, view, &user, None, String::new(), draft).await?;
    Ok(page.into_response())
}

/// `GET /chats/{id}`: complete at once; a running reply goes on by the event stream.
pub(crate) async fn show(
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

/// `GET /chats/{id}/at/{message}`: the branch that goes through a message, where that is.
pub(crate) async fn show_at(
    user: User,
    view: View,
    State(app): State<App>,
    Path((id, message)): Path<(ChatId, MessageId)>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let window = app.db.window_at(&chat, message).await?;
    let htmx = view.htmx;
    let page = ChatPage::of(&app, view, &user, chat, window, String::new()).await?;
    Ok(match htmx {
        true => Branch::of(page)?.into_response(),
        false => page.into_response(),
    })
}

/// `GET /chats/{id}/before/{message}`: the messages before this one.
pub(crate) async fn show_before(
    user: User,
    view: View,
    State(app): State<App>,
    Path((id, message)): Path<(ChatId, MessageId)>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let window = app.db.window_before(&chat, message).await?;
    if !view.htmx {
        let page = ChatPage::of(&app, view, &user, chat, window, String::new()).await?;
        return Ok(page.into_response());
    }
    let earlier = Earlier::of(&view, id, &window);
    let left_out = window.left_out(&app, &view, id).await?;
    let chat = Chat {
        leaf: window.leaf,
        ..chat
    };
    let mut messages = Shown::all(&app, &view, window.messages).await?;
    message_actions::add(&app, &chat, &mut messages).await?;
    Ok(Before {
        view,
        earlier,
        left_out,
        messages,
    }
    .into_response())
}

/// `GET /messages/{id}`: a message by itself, in the place of a form that is given up.
pub(crate) async fn show_message(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, chat) = app.db.message_of(&user, id).await?;
    if !view.htmx {
        let address = message_actions::address(chat.id, id, message.role);
        return Ok(Redirect::to(&address).into_response());
    }
    let shown = Shown::alone(&app, &view, chat, message).await?;
    Ok(shown.into_response())
}
