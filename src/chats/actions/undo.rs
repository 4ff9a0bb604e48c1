//! Bringing back what was deleted, and until when.

use crate::{
    App,
    chats::{
        fragments::{
            composer::FocusComposer,
            message_actions::{address, element},
            undo::Undo,
        },
        pages::{
            chat::ChatPage,
            htmx_answers::{Created, replace_with},
        },
    },
    error::{Error, Result},
    ids::{ChatId, MessageId},
    messages::{restore::Restored, rows::Chat},
    users::User,
    web::{errors::Notice, refusal::notice, view::View},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

/// Says why nothing was brought back, in the place of the button that was to do it.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/undo_refused.html")]
struct UndoRefused {
    notice: Notice,
    focus: FocusComposer,
}

impl UndoRefused {
    fn new(view: View, notice: Notice) -> Self {
        let focus = FocusComposer { view };
        Self { notice, focus }
    }

    fn with(self, status: StatusCode) -> Response {
        (status, Notice::place(), self).into_response()
    }
}

/// `GET /chats/{id}/deleted/{message}`: the chat without what was deleted, and how to bring that back.
pub(crate) async fn deleted(
    user: User,
    view: View,
    State(app): State<App>,
    Path((id, message)): Path<(ChatId, MessageId)>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let htmx = view.htmx;
    Ok(
        match deleted_page(&app, view, &user, chat, message).await? {
            Some(page) if htmx => Created::from(page).into_response(),
            Some(page) => page.into_response(),
            // It was brought back, or is gone for good.
            None => Redirect::to(&format!("/chats/{id}")).into_response(),
        },
    )
}

pub(crate) async fn deleted_page(
    app: &App,
    view: View,
    user: &User,
    chat: Chat,
    message: MessageId,
) -> Result<Option<ChatPage>> {
    let Some(deleted) = app.db.deleted(chat.id, message).await? else {
        return Ok(None);
    };
    // The branch it was cut off from.
    let window = match deleted.parent_id {
        Some(parent) => app.db.window_at(&chat, parent).await,
        None => Err(Error::NotFound),
    };
    let window = match window {
        Err(Error::NotFound) => app.db.window(chat.id, chat.leaf).await?,
        window => window?,
    };
    let mut page = ChatPage::of(app, view.clone(), user, chat, window, String::new()).await?;
    page.conversation.composer.undo = Some(Undo {
        view,
        id: deleted.deleted_with,
        count: deleted.count,
    });
    Ok(Some(page))
}

/// `POST /messages/{id}/restore`
pub(crate) async fn restore(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (chat, role) = match app.db.chat_with(&user, id).await {
        // Gone for good by now, and nobody knows any more where it was.
        Err(Error::NotFound) => {
            let sentence = notice(view.t.message_undo_late());
            let status = StatusCode::NOT_FOUND;
            return Ok(match view.htmx {
                true => UndoRefused::new(view, sentence).with(status),
                false => sentence.on_a_page(view, status),
            });
        }
        found => found?,
    };
    let problem = match app.db.restore_message(&user, &chat, id).await? {
        Restored::Yes => None,
        Restored::Orphan => Some(view.t.message_undo_orphan()),
        Restored::TooLate => Some(view.t.message_undo_late()),
    };
    let path = address(chat.id, id, role);
    if problem.is_none() && !view.htmx {
        return Ok(Redirect::to(&path).into_response());
    }
    let chat = app.db.chat(&user, chat.id).await?;
    let Some(problem) = problem else {
        let window = app.db.window_at(&chat, id).await?;
        let page = ChatPage::of(&app, view, &user, chat, window, String::new()).await?;
        // Not at its end, as other chats: at what was brought back.
        let show = format!("outerHTML show:top showTarget:#{}", element(id, role));
        return Ok(([("HX-Reswap", show)], replace_with(page, &path)).into_response());
    };
    if view.htmx {
        let refused = UndoRefused::new(view, notice(problem));
        return Ok(refused.with(StatusCode::CONFLICT));
    }
    let mut page = ChatPage::new(&app, view, &user, chat, String::new()).await?;
    page.conversation.composer.notice = Some(notice(problem));
    Ok((StatusCode::CONFLICT, page).into_response())
}
