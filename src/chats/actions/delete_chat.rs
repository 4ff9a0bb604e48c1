//! Deleting a chat.

use crate::{
    App,
    auth::user::User,
    chats::{
        fragments::htmx_answers::{Created, IN_ITS_PLACE},
        pages::{
            chat::ChatPage,
            confirm::{AskAboutChat, ChatQuestion},
        },
    },
    db::{Db, Kind},
    error::Result,
    messages::rows::{Chat, ChatId, MessageId},
    web::view::View,
    with_tx,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

/// Asks whether a chat is really to go.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/delete_form.html")]
pub(crate) struct DeleteForm {
    pub view: View,
    pub chat: Chat,
}

impl HtmlSafe for DeleteForm {}

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

impl Db {
    /// Deletes the chat with all that is in it; the replies that were being made are returned.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_chat(&self, chat: &Chat) -> Result<Vec<MessageId>> {
        let mut tx = self.begin().await?;
        // The chat first, as when something is sent: in the other order each could wait for the other.
        let sql = "update chats set leaf = null where id = $1";
        with_tx!(tx, db => sqlx::query(sql).bind(chat.id).execute(db).await?.rows_affected());
        let sql = "delete from messages where chat_id = $1 and state in ('queued', 'streaming')
                   returning id";
        let running =
            with_tx!(tx, db => sqlx::query_scalar(sql).bind(chat.id).fetch_all(db).await?);
        if let Kind::Sqlite(tx) = &mut tx {
            // Or one would take the next with it and so on, deeper than SQLite goes.
            let sql = "update messages set parent_id = null where chat_id = $1";
            sqlx::query(sql).bind(chat.id).execute(&mut **tx).await?;
        }
        let sql = "delete from chats where id = $1";
        with_tx!(tx, db => sqlx::query(sql).bind(chat.id).execute(db).await?.rows_affected());
        tx.commit().await?;
        Ok(running)
    }
}
