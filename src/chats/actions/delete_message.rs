//! Deleting a message with all that hangs below it.

use super::undo::deleted_page;
use crate::{
    App,
    auth::user::User,
    chats::{
        fragments::{htmx_answers::replace_with, message_actions::address},
        pages::confirm::{AskAboutMessage, MessageQuestion},
    },
    db::{Db, Tx, now},
    error::Result,
    messages::rows::{Chat, ChatId, Message, MessageId},
    web::view::View,
    with_pool, with_tx,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

/// Characters of a message that are shown in a question about it.
const EXCERPT: usize = 200;

/// Asks whether a message is really to go.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/remove_form.html")]
pub(crate) struct RemoveForm {
    pub view: View,
    pub chat: ChatId,
    pub message: Message,
    /// Number of messages that go with it.
    pub more: i64,
}

impl HtmlSafe for RemoveForm {}

impl RemoveForm {
    fn back(&self) -> String {
        address(self.chat, self.message.id, self.message.role)
    }

    /// Returns the beginning of the message.
    pub(crate) fn excerpt(&self) -> String {
        let text: String = self.message.body.chars().take(EXCERPT).collect();
        match text.len() < self.message.body.len() {
            true => text + "…",
            false => text,
        }
    }
}

/// `GET /messages/{id}/delete`: asks first.
pub(crate) async fn ask(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, chat) = app.db.message_of(&user, id).await?;
    let form = RemoveForm {
        view: view.clone(),
        chat: chat.id,
        more: app.db.count_below(chat.id, id).await? - 1,
        message,
    };
    Ok(view.clone().fragment_or(form, |form| AskAboutMessage {
        view,
        question: MessageQuestion::Remove(form),
    }))
}

/// `POST /messages/{id}/delete`
pub(crate) async fn delete(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (chat, _) = app.db.chat_with(&user, id).await?;
    let running = app.db.delete_message(&user, &chat, id).await?;
    for reply in running {
        app.replies.stop(reply).await?;
    }
    let path = format!("/chats/{}/deleted/{id}", chat.id);
    if !view.htmx {
        return Ok(Redirect::to(&path).into_response());
    }
    let chat = app.db.chat(&user, chat.id).await?;
    match deleted_page(&app, view, &user, chat, id).await? {
        Some(page) => Ok(replace_with(page, &path)),
        None => Ok([("HX-Redirect", path)].into_response()),
    }
}

/// A statement about the message `$2` of the chat `$1` and all below it that is there, whatever goes
/// round in a circle; for SQLite and for PostgreSQL. Each must be kept from looking through the whole
/// chat at each level: SQLite keeps the order of a cross join, and PostgreSQL a subquery with an offset.
macro_rules! below {
    ($rest:literal) => {
        [
            below!("messages m", $rest),
            below!(
                "lateral (select * from messages c where c.chat_id = $1
                     and c.parent_id = below.id offset 0) m",
                $rest
            ),
        ]
    };
    ($children:literal, $rest:literal) => {
        concat!(
            "with recursive below (id) as (
                 select id from messages where id = $2 and chat_id = $1 and deleted_at is null
                 union
                 select m.id from below cross join ",
            $children,
            "    where m.chat_id = $1 and m.parent_id = below.id and m.deleted_at is null
             ) ",
            $rest
        )
    };
}

impl Db {
    /// Counts the messages from this one down.
    async fn count_below(&self, chat: ChatId, message: MessageId) -> Result<i64> {
        let sql = below!("select count(*) from below")[usize::from(self.is_shared())];
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(message)
            .fetch_one(db)
            .await?))
    }

    /// Deletes a message with all below it, if it is still there; the replies of these that are being
    /// made are returned.
    async fn delete_message(
        &self,
        user: &User,
        chat: &Chat,
        message: MessageId,
    ) -> Result<Vec<MessageId>> {
        let mut tx = self.begin().await?;
        let leaf = tx.lock_chat(user, chat.id).await?;
        let sql = below!(
            "update messages set deleted_at = $3, deleted_with = $2
             where id in (select id from below)"
        )[usize::from(self.is_shared())];
        with_tx!(tx, db => sqlx::query(sql)
            .bind(chat.id)
            .bind(message)
            .bind(now())
            .execute(db)
            .await?
            .rows_affected());
        let sql = "select id from messages where chat_id = $1 and deleted_with = $2
                   and state in ('queued', 'streaming')";
        let running = with_tx!(tx, db => sqlx::query_scalar(sql)
            .bind(chat.id)
            .bind(message)
            .fetch_all(db)
            .await?);
        if let Some(leaf) = leaf
            && !tx.is_there(leaf).await?
        {
            let leaf = tx.left_over(chat.id, message).await?;
            tx.set_leaf(chat.id, leaf).await?;
        }
        tx.commit().await?;
        Ok(running)
    }
}

impl Tx {
    /// The end of what is nearest to a message that was deleted: the newest branch from what it hung
    /// on, or of what else the chat begins with.
    async fn left_over(&mut self, chat: ChatId, deleted: MessageId) -> Result<Option<MessageId>> {
        let sql = "select coalesce(d.parent_id, (
                       select s.id from messages s where s.chat_id = $1 and s.parent_id is null
                       and s.deleted_at is null order by s.id desc limit 1))
                   from messages d where d.id = $2";
        let near: Option<MessageId> = with_tx!(*self, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(deleted)
            .fetch_one(db)
            .await?);
        match near {
            Some(near) => self.newest_below(chat, near).await,
            None => Ok(None),
        }
    }
}
