//! The list of chats as a page, and its parts.

use crate::{
    App,
    chats::fragments::chat_list::{ChatList, ChatRows, Period},
    error::{Error, Result},
    ids::ChatId,
    users::User,
    web::{errors::SIGNED_OUT, view::View},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

/// The list on a page of its own.
#[derive(Template, WebTemplate)]
#[template(path = "pages/chats.html")]
pub(crate) struct ChatsPage {
    view: View,
    chats: ChatList,
    /// These are not the newest.
    is_older: bool,
}

/// `GET /chats`: the list alone, as narrow screens and text browsers want it.
pub(crate) async fn list(user: User, view: View, State(app): State<App>) -> Result<Response> {
    let chats = ChatList::new(&app, &view, &user, None).await?;
    let is_older = false;
    Ok(view.clone().fragment_or(chats, |chats| ChatsPage {
        view,
        chats,
        is_older,
    }))
}

/// `GET /chats/before/{id}`: the chats before this one; for htmx, to go on with the list it has.
pub(crate) async fn older(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let active_at = app.db.active_at(&user, id).await?;
    let mut rows = ChatRows::of(&view, app.db.chats(&user, (active_at, id)).await?);
    if view.htmx {
        let shown = Period::of(&view, active_at);
        if let Some(first) = rows
            .groups
            .first_mut()
            .filter(|group| group.period == shown)
        {
            first.heading.clear();
        }
        rows.takes_focus = true;
        return Ok(rows.into_response());
    }
    let chats = ChatList {
        view: view.clone(),
        elsewhere: None,
        rows,
    };
    let is_older = true;
    Ok(ChatsPage {
        view,
        chats,
        is_older,
    }
    .into_response())
}

/// `GET /chats/{id}/running`: for the mark of a chat in which a reply is being made. As long as that is
/// so nothing is answered; else what takes the mark away, and says nothing more.
pub(crate) async fn running(
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let listed = match &view.user {
        Some(user) => app.db.listed(user, id).await,
        // That is said where one asks for something.
        None => return Ok((SIGNED_OUT, [("HX-Reswap", "none")], Html("")).into_response()),
    };
    Ok(match listed {
        Ok(chat) if chat.is_running => StatusCode::NO_CONTENT.into_response(),
        Ok(_) => Html("").into_response(),
        Err(Error::NotFound) => (StatusCode::NOT_FOUND, Html("")).into_response(),
        Err(error) => return Err(error),
    })
}
