//! Another version of one's own message, and a reply to a message that has none.

use super::{
    Chat, ChatId, Message, MessageId, NotTaken, Role,
    live::live_address,
    remove::{AskPage, Question},
    send::{Sending, notice_or_page, replace_conversation, take_beside, to_live},
};
use crate::{
    App,
    auth::{User, sign_in_again, take_draft},
    error::{Error, Result},
    view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use tower_sessions::Session;

/// The routes of this part.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/messages/{id}/edit", get(ask_text).post(edit))
        .route("/messages/{id}/answer", post(answer))
}

/// Asks for another version of a message.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/edit_form.html")]
pub(super) struct EditForm {
    pub view: View,
    pub chat: ChatId,
    pub message: Message,
    /// The key that the new version will have.
    pub token: MessageId,
    pub text: String,
    pub problem: Option<String>,
}

impl HtmlSafe for EditForm {}

/// A message of the person's own.
async fn own(app: &App, user: &User, id: MessageId) -> Result<(Message, Chat)> {
    let (message, chat) = app.db.message_of(user, id).await?;
    match message.role {
        Role::User => Ok((message, chat)),
        Role::Assistant => Err(Error::NotFound),
    }
}

/// `GET /messages/{id}/edit`: the form, in the message's place or on a page of its own.
async fn ask_text(
    user: User,
    view: View,
    State(app): State<App>,
    session: Session,
    Path(id): Path<MessageId>,
    headers: HeaderMap,
) -> Result<Response> {
    let (message, chat) = own(&app, &user, id).await?;
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
    Ok(view.clone().fragment_or(form, |form| AskPage {
        view,
        question: Question::Edit(form),
    }))
}

/// `POST /messages/{id}/edit`: another version beside it, and a reply to that.
async fn edit(
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
    Form(new): Form<Sending>,
) -> Result<Response> {
    let Some(user) = view.user.clone() else {
        let path = format!("/messages/{id}/edit");
        return Ok(sign_in_again(view, &path, new.content));
    };
    let (message, chat) = own(&app, &user, id).await?;
    let problem = match new.problem(&app, &view) {
        Some(problem) => problem,
        None => match take_beside(&app, &user, &chat, &message, &new).await? {
            Ok(exchange) if view.htmx => {
                return replace_conversation(&app, view, &user, exchange.chat).await;
            }
            Ok(exchange) => return Ok(to_live(&exchange)),
            Err(reason) => reason.sentence(&view, true),
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
    Ok(view.clone().refused(form, |form| AskPage {
        view,
        question: Question::Edit(form),
    }))
}

/// `POST /messages/{id}/answer`: a reply to a message that has none, as that was deleted.
async fn answer(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, chat) = own(&app, &user, id).await?;
    match super::send::answer(&app, &user, &chat, &message).await? {
        Ok(_) if view.htmx => replace_conversation(&app, view, &user, chat.id).await,
        Ok(reply) => Ok(Redirect::to(&live_address(chat.id, reply)).into_response()),
        // It has one by now.
        Err(NotTaken::GoneOn) => {
            let address = format!("/chats/{}/at/{id}", chat.id);
            Ok(match view.htmx {
                true => [("HX-Redirect", address)].into_response(),
                false => Redirect::to(&address).into_response(),
            })
        }
        Err(reason) => {
            let (status, sentence) = (reason.status(), reason.sentence(&view, false));
            notice_or_page(&app, view, &user, chat, id, status, sentence).await
        }
    }
}
