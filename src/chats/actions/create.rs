//! A new chat with its first message.

use super::{
    send::{Sending, to_live},
    submit::{To, exchange},
};
use crate::{
    App,
    account::sign_in::sign_in_again,
    chats::pages::{
        chat::ChatPage,
        htmx_answers::{Created, IN_ITS_PLACE, show_begun},
        new_chat::{self, NotBegun},
    },
    error::Result,
    users::User,
    web::{
        refusal::{notice, problem},
        view::View,
    },
};
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// `POST /chats`: a new chat with its first message.
pub(crate) async fn create(
    view: View,
    State(app): State<App>,
    Form(new): Form<Sending>,
) -> Result<Response> {
    let Some(user) = view.user.clone() else {
        return Ok(sign_in_again(view, "/", new.content));
    };
    if let Some(problem) = new.problem(&app, &view) {
        return not_begun(&app, view, &user, new, problem).await;
    }
    let begun = new_chat::beginning(&app, &view, &user, new.persona, &new.model).await;
    let beginning = match begun {
        Ok(beginning) => beginning,
        Err(NotBegun::Failed(error)) => return Err(error),
        Err(NotBegun::Model(problem)) => {
            return not_begun(&app, view, &user, new, problem).await;
        }
        Err(NotBegun::PersonaGone) => return persona_gone(&app, view, &user, new).await,
    };
    let exchange = match exchange(&app, &user, To::New(&beginning), &new).await {
        Ok(exchange) => exchange,
        Err(error) => {
            let reason = error.refusal()?;
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
    show_begun(&app, view, &user, chat.id).await
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
    Ok((status, IN_ITS_PLACE, Created::from(page)).into_response())
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
    let mut page = ChatPage::new_chat(app, view, user, persona, new.model, new.content).await?;
    page.conversation.composer.notice = Some(notice(sentence));
    Ok(page)
}
