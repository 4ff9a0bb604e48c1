//! Deleting a chat.

use crate::{
    App,
    chats::{
        fragments::delete_forms::DeleteForm,
        pages::{
            chat::ChatPage,
            confirm::{AskAboutChat, ChatQuestion},
            htmx_answers::{Created, IN_ITS_PLACE},
        },
    },
    error::Result,
    ids::ChatId,
    users::User,
    web::view::View,
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

/// `GET /chats/{id}/delete`: asks first.
pub(crate) async fn ask(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let form = DeleteForm {
        view: view.clone(),
        chat,
    };
    Ok(view.clone().fragment_or(form, |form| AskAboutChat {
        view,
        question: ChatQuestion::Delete(form),
    }))
}

/// `POST /chats/{id}/delete`: stops its replies and deletes all of it.
pub(crate) async fn delete(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let running = app.db.delete_chat(&chat).await?;
    app.replies.forget(&running).await;
    if !view.htmx {
        return Ok(Redirect::to("/").into_response());
    }
    let (model, text) = (String::new(), String::new());
    let page = ChatPage::new_chat(&app, view, &user, None, model, text).await?;
    Ok(([("HX-Push-Url", "/")], IN_ITS_PLACE, Created::from(page)).into_response())
}
