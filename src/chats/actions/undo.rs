//! Bringing back what was deleted, and until when.

use crate::{
    App,
    auth::user::User,
    chats::{
        fragments::{
            composer::FocusComposer,
            htmx_answers::{Created, replace_with},
            message_actions::{address, element},
            refusal::notice,
        },
        pages::chat::ChatPage,
    },
    db::{Db, ERASED_AT_ONCE, now},
    error::{Error, Notice, Result},
    messages::rows::{Chat, ChatId, MessageId, Role, chat_columns},
    web::view::View,
    with_pool, with_tx,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use std::time::Duration;

/// Time for which a deleted message can be restored.
const UNDO: Duration = Duration::from_secs(3600);

/// Delay after which it is then gone for good: the clocks of several servers differ a little.
const LATER: Duration = Duration::from_secs(300);

/// Says what was deleted, and brings it back.
#[derive(Template)]
#[template(path = "fragments/undo.html")]
pub(crate) struct Undo {
    pub view: View,
    pub id: MessageId,
    pub count: i64,
}

impl HtmlSafe for Undo {}

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

/// The result of restoring a message.
enum Restored {
    /// It is there, or was there already.
    Yes,
    /// Its parent is deleted, too.
    Orphan,
    /// It was deleted too long ago.
    TooLate,
}

/// Messages that were deleted at once.
#[derive(sqlx::FromRow)]
struct Deleted {
    /// The message at its top.
    deleted_with: MessageId,
    /// The parent of that one.
    parent_id: Option<MessageId>,
    count: i64,
}

impl Db {
    /// The user's chat that a message is in, even if that is deleted, and whose the message is.
    pub(crate) async fn chat_with(&self, user: &User, message: MessageId) -> Result<(Chat, Role)> {
        let sql = concat!(
            "select ",
            chat_columns!(),
            ", m.role from chats c
             join messages m on m.chat_id = c.id where m.id = $1 and c.user_id = $2"
        );
        #[derive(sqlx::FromRow)]
        struct Row {
            #[sqlx(flatten)]
            chat: Chat,
            role: Role,
        }
        let row: Row = with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(message)
            .bind(user.id)
            .fetch_one(db)
            .await?);
        Ok((row.chat, row.role))
    }

    /// Returns what a message was deleted with, if it was.
    async fn deleted(&self, chat: ChatId, message: MessageId) -> Result<Option<Deleted>> {
        let sql = "select m.deleted_with, top.parent_id, (
                       select count(*) from messages o where o.chat_id = $1
                       and o.deleted_at = m.deleted_at and o.deleted_with = m.deleted_with) as count
                   from messages m join messages top on top.id = m.deleted_with
                   where m.id = $2 and m.chat_id = $1 and m.deleted_at is not null";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(chat)
            .bind(message)
            .fetch_optional(db)
            .await?))
    }

    /// Brings back a message with all that was deleted with it.
    async fn restore_message(
        &self,
        user: &User,
        chat: &Chat,
        message: MessageId,
    ) -> Result<Restored> {
        let mut tx = self.begin().await?;
        tx.lock_chat(user, chat.id).await?;
        if tx.is_there(message).await? {
            return Ok(Restored::Yes);
        }
        let sql = "select parent_id, deleted_at, deleted_with from messages where id = $1";
        let (parent, deleted_at, deleted_with): (Option<MessageId>, i64, Option<MessageId>) =
            with_tx!(tx, db => sqlx::query_as(sql).bind(message).fetch_one(db).await?);
        if deleted_with != Some(message) {
            return Ok(Restored::Orphan);
        }
        if let Some(parent) = parent
            && !tx.is_there(parent).await?
        {
            return Ok(Restored::Orphan);
        }
        if deleted_at < now() - micros(UNDO) {
            return Ok(Restored::TooLate);
        }
        // Not what was deleted below it before: that had its own reason.
        let sql = "update messages set deleted_at = null, deleted_with = null
                   where chat_id = $1 and deleted_at = $2 and deleted_with = $3";
        with_tx!(tx, db => sqlx::query(sql)
            .bind(chat.id)
            .bind(deleted_at)
            .bind(message)
            .execute(db)
            .await?
            .rows_affected());
        let leaf = tx.newest_below(chat.id, message).await?;
        tx.set_leaf(chat.id, leaf).await?;
        tx.commit().await?;
        Ok(Restored::Yes)
    }

    /// Deletes for good what can no longer be brought back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge_messages(&self) -> Result<()> {
        let before = now() - micros(UNDO + LATER);
        // First each by itself: one would take the next with it and so on, deeper than SQLite goes.
        for sql in [
            "update messages set parent_id = null where id in (
                 select id from messages where deleted_at < $1 and parent_id is not null limit $2)",
            "delete from messages where id in (
                 select id from messages where deleted_at < $1
                 and state not in ('queued', 'streaming') limit $2)",
        ] {
            while with_pool!(self.writer()?, db => sqlx::query(sql)
                .bind(before)
                .bind(ERASED_AT_ONCE)
                .execute(db)
                .await?
                .rows_affected())
                > 0
            {}
        }
        Ok(())
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
