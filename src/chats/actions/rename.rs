//! Another title for a chat.

use crate::{
    App,
    chats::{
        fragments::{
            caret::CaretAtEnd,
            title::{Sign, Title, TitleField, TitleForm},
        },
        pages::confirm::{AskAboutChat, ChatQuestion},
    },
    error::Result,
    ids::ChatId,
    messages::title::TITLE_LIMIT,
    text::clean_line,
    users::User,
    web::{refusal::notice, view::View},
};
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewTitle {
    title: String,
}

/// `GET /chats/{id}/rename`: the form, in the title's place or on a page of its own.
pub(crate) async fn ask(
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
    Ok(view.clone().fragment_or(form, |form| AskAboutChat {
        view,
        question: ChatQuestion::Title(form),
    }))
}

/// `GET /chats/{id}/rename/caret`: the field of a form that htmx has just put in the title's place.
pub(crate) async fn caret(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    if !view.htmx {
        return Ok(Redirect::to(&format!("/chats/{id}/rename")).into_response());
    }
    let field = |title, takes_focus| TitleField {
        t: view.t,
        title,
        takes_focus,
        has_problem: false,
    };
    let caret = CaretAtEnd {
        form: "#title".to_owned(),
        id: "new-title".to_owned(),
        emptied: field(String::new(), false),
        full: field(chat.title, true),
    };
    Ok(caret.into_response())
}

/// `GET /chats/{id}/title`: the title and the list as they are by now, for a page that is open while
/// the model makes one, and for a form in its place that is given up.
pub(crate) async fn title(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let title = Title::with_list(&app, &view, &user, chat).await?;
    Ok(title.into_response())
}

/// `POST /chats/{id}/rename`
pub(crate) async fn rename(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
    Form(new): Form<NewTitle>,
) -> Result<Response> {
    let mut chat = app.db.chat(&user, id).await?;
    let title = clean_line(&new.title);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let problem = if title.is_empty() {
        Some(view.t.rename_empty())
    } else if title.chars().count() > TITLE_LIMIT {
        Some(view.t.rename_too_long(TITLE_LIMIT as u64))
    } else {
        status = StatusCode::SERVICE_UNAVAILABLE;
        match app.db.rename_chat(&chat, &title).await {
            Ok(()) => None,
            Err(error) => match error.not_written()?.sentence(view.t) {
                // The title is still in its field.
                problem if view.htmx => return Ok(notice(problem).for_htmx(status)),
                problem => Some(problem),
            },
        }
    };
    if problem.is_some() {
        let form = TitleForm {
            view: view.clone(),
            title: new.title,
            chat,
            problem,
        };
        let form = view.clone().fragment_or(form, |form| AskAboutChat {
            view,
            question: ChatQuestion::Title(form),
        });
        return Ok((status, form).into_response());
    }
    chat.title = title;
    if !view.htmx {
        return Ok(Redirect::to(&format!("/chats/{id}")).into_response());
    }
    let title = Title::with_list(&app, &view, &user, chat).await?;
    // Whoever renames it has seen how it ended.
    let sign = Some(title.sign).filter(|sign| *sign == Sign::RUNNING);
    Ok(Title {
        sign: sign.unwrap_or_default(),
        takes_focus: true,
        ..title
    }
    .into_response())
}
