//! All messages of a chat on one page, to be printed or searched.

use crate::{
    App,
    chats::fragments::message::Shown,
    error::{Error, Result},
    ids::{ChatId, MessageId},
    messages::rows::Chat,
    users::User,
    web::view::View,
};
use askama::Template;
use axum::{
    body::Body,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use std::{convert::Infallible, fmt::Write};

/// Messages that are read and rendered at a time: the page comes in parts of so many, and never is
/// all of it in memory.
const AT_ONCE: usize = 20;

/// The page without its messages.
#[derive(Template)]
#[template(path = "pages/whole.html")]
struct WholePage {
    view: View,
    chat: Chat,
}

/// Stands in the page where the messages come; no title can contain it, as it is escaped.
const MESSAGES_HERE: &str = "<!--messages-->";

/// `GET /chats/{id}/all`: all messages of the branch that was used last.
pub(crate) async fn all(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    whole(app, view, chat).await
}

/// `GET /chats/{id}/all/{message}`: all messages of the branch that ends there.
pub(crate) async fn all_to(
    user: User,
    view: View,
    State(app): State<App>,
    Path((id, leaf)): Path<(ChatId, MessageId)>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    if !app.db.is_in(id, leaf).await? {
        return Err(Error::NotFound);
    }
    let leaf = Some(leaf);
    whole(app, view, Chat { leaf, ..chat }).await
}

async fn whole(app: App, view: View, chat: Chat) -> Result<Response> {
    let ids = app.db.branch_ids(chat.id, chat.leaf).await?;
    let id = chat.id;
    let page = WholePage {
        view: view.clone(),
        chat,
    }
    .render()?;
    let (before, after) = page.split_once(MESSAGES_HERE).ok_or(Error::NotFound)?;
    let (before, after) = (before.to_owned(), after.to_owned());
    let body = async_stream::stream! {
        yield Ok::<_, Infallible>(before);
        for ids in ids.chunks(AT_ONCE) {
            match part(&app, &view, id, ids).await {
                Ok(html) => yield Ok(html),
                Err(error) => {
                    tracing::error!(%error, "could not finish a page of all messages");
                    break;
                }
            }
        }
        yield Ok(after);
    };
    let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    Ok((html, Body::from_stream(body)).into_response())
}

/// The messages with these keys, each of which answers the one before.
async fn part(app: &App, view: &View, chat: ChatId, ids: &[MessageId]) -> Result<String> {
    let messages = app
        .db
        .branch_end(chat, ids.last().copied(), ids.len())
        .await?;
    let mut html = String::new();
    for message in Shown::all(app, view, messages).await? {
        writeln!(html, "{}", message.render()?).map_err(Error::internal)?;
    }
    Ok(html)
}
