//! Deleting a message with all that hangs below it.

use super::undo::deleted_page;
use crate::{
    App,
    chats::{
        fragments::delete_forms::RemoveForm,
        pages::{
            confirm::{AskAboutMessage, MessageQuestion},
            htmx_answers::replace_with,
        },
    },
    error::Result,
    ids::MessageId,
    users::User,
    web::view::View,
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

/// `GET /messages/{id}/delete`: asks first.
pub(crate) async fn ask(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, chat) = app.db.message_of(&user, id).await?;
    let form = RemoveForm {
        view: view.clone(),
        chat: chat.id,
        more: app.db.count_below(chat.id, id).await? - 1,
        message,
    };
    Ok(view.clone().fragment_or(form, |form| AskAboutMessage {
        view,
        question: MessageQuestion::Remove(form),
    }))
}

/// `POST /messages/{id}/delete`
pub(crate) async fn delete(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (chat, _) = app.db.chat_with(&user, id).await?;
    let running = app.db.delete_message(&user, &chat, id).await?;
    for reply in running {
        app.replies.stop(reply).await?;
    }
    let path = format!("/chats/{}/deleted/{id}", chat.id);
    if !view.htmx {
        return Ok(Redirect::to(&path).into_response());
    }
    let chat = app.db.chat(&user, chat.id).await?;
    match deleted_page(&app, view, &user, chat, id).await? {
        Some(page) => Ok(replace_with(page, &path)),
        None => Ok([("HX-Redirect", path)].into_response()),
    }
}
