//! Renaming and deleting a chat.

use super::{
    Chat, ChatId, TITLE_LIMIT,
    list::ChatList,
    pages::{Conversation, Created, Sign, Title},
};
use crate::{
    App,
    auth::User,
    error::{Error, Result},
    text::clean_line,
    view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;

/// The routes of this part.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/chats/{id}/title", get(title))
        .route("/chats/{id}/rename", get(ask_title).post(rename))
        .route("/chats/{id}/delete", get(ask_delete).post(delete))
}

/// Asks for another title.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/title_form.html")]
pub(super) struct TitleForm {
    pub view: View,
    pub chat: Chat,
    pub title: String,
    pub problem: Option<String>,
}

impl HtmlSafe for TitleForm {}

/// Asks whether a chat is really to go.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/delete_form.html")]
pub(super) struct DeleteForm {
    pub view: View,
    pub chat: Chat,
}

impl HtmlSafe for DeleteForm {}

/// What is asked about a chat.
enum Question {
    Title(TitleForm),
    Delete(DeleteForm),
}

/// A question on a page of its own.
#[derive(Template, WebTemplate)]
#[template(path = "pages/ask.html")]
struct AskPage {
    view: View,
    question: Question,
}

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

/// `GET /chats/{id}/title`: the title and the list as they are by now, for a page that is open while
/// the model makes one, and for a form in its place that is given up.
async fn title(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let chats = ChatList::new(&app, &view, &user, Some(id)).await?;
    let sign = sign(&app, &chat).await?;
    Ok(Title {
        chats: Some(chats),
        sign,
        ..Title::of(chat, &view)
    }
    .into_response())
}

/// The sign for the reply that the chat ends with.
async fn sign(app: &App, chat: &Chat) -> Result<&'static str> {
    let Some(leaf) = chat.leaf else {
        return Ok("");
    };
    match app.db.message(leaf).await {
        Ok(reply) => Ok(Sign::of(&reply)),
        // It was deleted meanwhile.
        Err(Error::NotFound) => Ok(""),
        Err(error) => Err(error),
    }
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
    let title = clean_line(&new.title);
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
    // Whoever renames it has seen how it ended.
    let sign = Some(sign(&app, &chat).await?).filter(|sign| *sign == Sign::RUNNING);
    Ok(Title {
        chats: Some(chats),
        sign: sign.unwrap_or_default(),
        takes_focus: true,
        ..Title::of(chat, &view)
    }
    .into_response())
}

/// `GET /chats/{id}/delete`: asks first.
async fn ask_delete(
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
    let running = app.db.delete_chat(&chat).await?;
    app.replies.forget(&running).await;
    if !view.htmx {
        return Ok(Redirect::to("/").into_response());
    }
    let chats = ChatList::new(&app, &view, &user, None).await?;
    let (model, text) = (String::new(), String::new());
    let conversation = Conversation::new_chat(&app, &view, &user, None, model, text).await?;
    let address = [
        ("HX-Push-Url", "/"),
        ("HX-Retarget", "#conversation"),
        ("HX-Reswap", "outerHTML"),
    ];
    Ok((
        address,
        Created {
            conversation,
            chats,
        },
    )
        .into_response())
}
