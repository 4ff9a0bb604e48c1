//! Another version of one's own message.

use super::{
    send::{Sending, to_live},
    submit::{To, exchange},
};
use crate::{
    App,
    account::sign_in::{sign_in_again, take_draft},
    chats::{
        fragments::{
            caret::CaretAtEnd,
            edit_form::{EditField, EditForm},
        },
        pages::{
            confirm::{AskAboutMessage, MessageQuestion},
            htmx_answers::show_begun,
        },
    },
    error::Result,
    ids::MessageId,
    users::User,
    web::view::View,
};
use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

/// `GET /messages/{id}/edit`: the form, in the message's place or on a page of its own.
pub(crate) async fn ask(
    user: User,
    view: View,
    State(app): State<App>,
    session: Session,
    Path(id): Path<MessageId>,
    headers: HeaderMap,
) -> Result<Response> {
    let (message, chat) = app.db.own_message(&user, id).await?;
    let draft = take_draft(&headers, &session, &format!("/messages/{id}/edit")).await?;
    let text = match draft.is_empty() {
        true => message.body.clone(),
        false => draft,
    };
    let form = EditForm {
        view: view.clone(),
        chat: chat.id,
        message,
        token: MessageId::new(),
        text,
        problem: None,
    };
    Ok(view.clone().fragment_or(form, |form| AskAboutMessage {
        view,
        question: MessageQuestion::Edit(form),
    }))
}

/// `GET /messages/{id}/edit/caret`: the field of a form that htmx has just put in the message's place.
pub(crate) async fn caret(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, _) = app.db.own_message(&user, id).await?;
    if !view.htmx {
        return Ok(Redirect::to(&format!("/messages/{id}/edit")).into_response());
    }
    let full = EditField {
        t: view.t,
        id,
        is_line: view.is_one_line(&message.body),
        text: message.body,
        takes_focus: true,
        has_problem: false,
    };
    let emptied = EditField {
        text: String::new(),
        takes_focus: false,
        ..full.clone()
    };
    let caret = CaretAtEnd {
        form: format!("#m-{id}"),
        id: format!("t-{id}"),
        emptied,
        full,
    };
    Ok(caret.into_response())
}

/// `POST /messages/{id}/edit`: another version beside it, and a reply to that.
pub(crate) async fn edit(
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
    Form(new): Form<Sending>,
) -> Result<Response> {
    let Some(user) = view.user.clone() else {
        let path = format!("/messages/{id}/edit");
        return Ok(sign_in_again(view, &path, new.content));
    };
    let (message, chat) = app.db.own_message(&user, id).await?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let problem = match new.problem(&app, &view) {
        Some(problem) => problem,
        None => match exchange(&app, &user, To::Beside(&chat, &message), &new).await {
            Ok(exchange) if view.htmx => {
                return show_begun(&app, view, &user, exchange.chat).await;
            }
            Ok(exchange) => return Ok(to_live(&exchange)),
            Err(error) => {
                let reason = error.refusal()?;
                status = reason.status();
                let is_about_the_text =
                    [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT].contains(&status);
                if view.htmx && !is_about_the_text {
                    // The text is still in its field.
                    return Ok(reason.notice(&view, true).for_htmx(status));
                }
                reason.sentence(&view, true)
            }
        },
    };
    let form = EditForm {
        view: view.clone(),
        chat: chat.id,
        message,
        token: new.key(),
        text: new.content,
        problem: Some(problem),
    };
    let form = view.clone().fragment_or(form, |form| AskAboutMessage {
        view,
        question: MessageQuestion::Edit(form),
    });
    Ok((status, form).into_response())
}
