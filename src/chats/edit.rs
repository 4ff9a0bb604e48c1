//! Another version of one's own message.

use super::{
    ChatId, Message, MessageId,
    ask::{AskAboutMessage, MessageQuestion},
    exchange::{To, exchange},
    send::{Sending, to_live},
    swaps::show_begun,
};
use crate::{
    App,
    auth::{User, sign_in_again, take_draft},
    error::Result,
    view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use tower_sessions::Session;

/// The routes of this part.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/messages/{id}/edit", get(ask).post(edit))
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

/// `GET /messages/{id}/edit`: the form, in the message's place or on a page of its own.
async fn ask(
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
    let (message, chat) = app.db.own_message(&user, id).await?;
    let problem = match new.problem(&app, &view) {
        Some(problem) => problem,
        None => match exchange(&app, &user, To::Beside(&chat, &message), &new).await? {
            Ok(exchange) if view.htmx => {
                return show_begun(&app, view, &user, exchange.chat).await;
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
    Ok(view.clone().refused(form, |form| AskAboutMessage {
        view,
        question: MessageQuestion::Edit(form),
    }))
}
