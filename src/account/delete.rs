//! Deletes an account with everything in it.
//!
//! At once nobody can sign in to it any more and its name is free; then it is erased in steps, so
//! that nobody else waits long for the database. What a process that ends leaves of it, the next one
//! erases.

use crate::{
    App,
    auth::{
        HOME, gone_to,
        sign_in_attempt::{Tried, Trying},
        to_its_end, too_many,
        user::{User, UserId},
    },
    chats::pages::chat::WelcomePage,
    db::{Db, ERASED_AT_ONCE, Topic, Tx, now},
    error::Result,
    messages::rows::{ChatId, MessageId},
    security::{client_address::Network, log::Event},
    web::view::View,
    with_pool, with_tx,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::time::Duration;
use tokio::{task::JoinHandle, time::timeout};
use tower_sessions::Session;

/// Longest time that somebody is kept waiting until all is erased.
const PATIENCE: Duration = Duration::from_secs(5);

/// The chats and personas of an account, in numbers.
#[derive(sqlx::FromRow)]
pub(crate) struct Holdings {
    pub chats: i64,
    pub personas: i64,
    /// Other people have accounts here, but none of them is an administrator.
    pub is_needed: bool,
    /// Nobody else has an account here.
    pub is_alone: bool,
}

/// Says what will be gone, and asks for the password.
#[derive(Template)]
#[template(path = "fragments/delete_account_form.html")]
pub(crate) struct DeleteAccountForm {
    pub view: View,
    pub holdings: Holdings,
    pub is_sure: bool,
    /// The reason why no password can be tried at the moment.
    pub too_many: Option<String>,
    pub sure_problem: Option<String>,
    pub password_problem: Option<String>,
}

impl HtmlSafe for DeleteAccountForm {}

#[derive(Template, WebTemplate)]
#[template(path = "pages/delete_account.html")]
pub(crate) struct DeleteAccountPage {
    view: View,
    form: DeleteAccountForm,
}

impl DeleteAccountPage {
    async fn new(app: &App, view: View, user: &User) -> Result<Self> {
        let form = DeleteAccountForm {
            view: view.clone(),
            holdings: app.db.holdings(user).await?,
            is_sure: false,
            too_many: None,
            sure_problem: None,
            password_problem: None,
        };
        Ok(Self { view, form })
    }

    fn refused(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self).into_response()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Deleting {
    password: String,
    sure: String,
}

/// `GET /settings/account/delete`: asks first.
pub(crate) async fn ask(
    user: User,
    view: View,
    State(app): State<App>,
) -> Result<DeleteAccountPage> {
    DeleteAccountPage::new(&app, view, &user).await
}

/// `POST /settings/account/delete`
pub(crate) async fn delete(
    user: User,
    view: View,
    network: Network,
    session: Session,
    State(app): State<App>,
    headers: HeaderMap,
    Form(typed): Form<Deleting>,
) -> Result<Response> {
    let mut page = DeleteAccountPage::new(&app, view.clone(), &user).await?;
    if page.form.holdings.is_needed {
        return Ok(page.refused());
    }
    page.form.is_sure = typed.sure == "yes";
    if !page.form.is_sure {
        page.form.sure_problem = Some(view.t.delete_account_not_sure());
        return Ok(page.refused());
    }
    let trying = Trying {
        app: &app,
        headers: &headers,
        network: &network,
        name: &user.name,
    };
    match trying.own_password(&user, &typed.password).await? {
        Tried::Right(_) => {}
        Tried::Wrong => {
            page.form.password_problem = Some(view.t.account_password_wrong());
            return Ok(page.refused());
        }
        Tried::TooMany(seconds) => {
            page.form.too_many = Some(view.t.error_too_many(seconds));
            return Ok(too_many(page.refused(), seconds));
        }
    }
    let Some(erasing) = to_its_end(close(app, user.id)).await? else {
        // Another administrator was faster.
        page.form.holdings.is_needed = true;
        return Ok(page.refused());
    };
    Event::AccountDeleted.log(Some(&network), Some(user.id));
    timeout(PATIENCE, erasing).await.ok();
    session.flush().await?;
    Ok(gone_to("/goodbye"))
}

/// `GET /goodbye`: what strangers see, after the account is deleted.
pub(crate) async fn goodbye(view: View, State(app): State<App>) -> Response {
    if view.user.is_some() {
        return Redirect::to(HOME).into_response();
    }
    let notice = view.t.delete_account_done();
    WelcomePage::new(view, &app).saying(notice).into_response()
}

/// Closes an account, and begins to erase it. None when it must stay.
async fn close(app: App, user: UserId) -> Result<Option<JoinHandle<()>>> {
    if !app.db.close_account(user).await? {
        return Ok(None);
    }
    app.db.wake(Topic::SignOuts).await;
    Ok(Some(tokio::spawn(async move {
        if let Err(error) = stop_and_erase(&app, user).await {
            tracing::warn!(%error, "could not erase a deleted account yet; trying again later");
        }
    })))
}

async fn stop_and_erase(app: &App, user: UserId) -> Result<()> {
    for reply in app.db.running_replies(user).await? {
        app.replies.stop(reply).await?;
    }
    app.db.erase(user).await?;
    // What was begun in the last moment is gone too.
    app.db.wake(Topic::Stops).await;
    Ok(())
}

impl Db {
    async fn holdings(&self, user: &User) -> Result<Holdings> {
        let sql = "with others (is_admin) as (
                       select is_admin from users where id <> $1 and deleted_at is null
                   )
                   select (select count(*) from chats where user_id = $1) as chats,
                       (select count(*) from personas where user_id = $1) as personas,
                       not exists (select 1 from others) as is_alone,
                       $2 and exists (select 1 from others)
                           and not exists (select 1 from others where is_admin) as is_needed";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(user.id)
            .bind(user.is_admin)
            .fetch_one(db)
            .await?))
    }

    /// Makes an account nobody's, in one step: nobody is signed in to it, nobody can sign in to it,
    /// and its name is free. False when it is the only administrator's and others are there.
    async fn close_account(&self, user: UserId) -> Result<bool> {
        // No name begins with a space.
        let sql = "update users set name = '', name_key = $2, password_hash = '',
                       password_no = password_no + 1, is_admin = false, deleted_at = $3
                   where id = $1 and deleted_at is null and (
                       not is_admin
                       or exists (select 1 from users o
                                  where o.is_admin and o.id <> $1 and o.deleted_at is null)
                       or not exists (select 1 from users o
                                      where o.id <> $1 and o.deleted_at is null))";
        let mut tx = self.begin().await?;
        // Of two administrators who leave at the same time one stays, and whoever comes first to an
        // empty house is its administrator.
        tx.alone("users").await?;
        let closed = with_tx!(tx, db => sqlx::query(sql)
            .bind(user)
            .bind(format!(" {}", user.0))
            .bind(now())
            .execute(db)
            .await?
            .rows_affected());
        for sql in [
            "delete from sessions where user_id = $1",
            "delete from devices where user_id = $1",
        ] {
            if closed == 1 {
                with_tx!(tx, db => sqlx::query(sql).bind(user).execute(db).await?.rows_affected());
            }
        }
        tx.commit().await?;
        Ok(closed == 1)
    }

    async fn running_replies(&self, user: UserId) -> Result<Vec<MessageId>> {
        let sql = "select m.id from messages m join chats c on c.id = m.chat_id
                   where m.state in ('queued', 'streaming') and c.user_id = $1";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql).bind(user).fetch_all(db).await?))
    }

    /// Erases what is left of accounts that were closed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn erase_closed_accounts(&self) -> Result<()> {
        let sql = "select id from users where deleted_at is not null";
        let closed: Vec<UserId> =
            with_pool!(self.read, db => sqlx::query_scalar(sql).fetch_all(db).await?);
        for user in closed {
            self.erase(user).await?;
        }
        Ok(())
    }

    /// Erases an account that was closed: chat by chat, and what else it has with it at the end.
    async fn erase(&self, user: UserId) -> Result<()> {
        loop {
            let mut tx = self.begin().await?;
            let mut changed = 0;
            while changed < ERASED_AT_ONCE as u64 {
                let Some(more) = tx.erase_some_of_a_chat(user).await? else {
                    break;
                };
                changed += more;
            }
            tx.commit().await?;
            // Another process may be at the last chat.
            let sql = "delete from users where id = $1 and deleted_at is not null
                       and not exists (select 1 from chats where user_id = $1)";
            let is_last = changed < ERASED_AT_ONCE as u64;
            if is_last
                && with_pool!(self.writer()?, db => sqlx::query(sql)
                    .bind(user)
                    .execute(db)
                    .await?
                    .rows_affected())
                    == 1
            {
                return Ok(());
            }
            if is_last && !self.is_there(user).await? {
                return Ok(());
            }
        }
    }

    async fn is_there(&self, user: UserId) -> Result<bool> {
        let sql = "select exists (select 1 from users where id = $1)";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql).bind(user).fetch_one(db).await?))
    }
}

impl Tx {
    /// Deletes some messages of one of the user's chats, and the chat when it has none left. How many
    /// rows that were; none when there is no chat.
    async fn erase_some_of_a_chat(&mut self, user: UserId) -> Result<Option<u64>> {
        // The chat first, as when something is sent: in the other order each could wait for the other.
        let sql = "update chats set leaf = null
                   where id = (select id from chats where user_id = $1 limit 1) returning id";
        let chat: Option<ChatId> =
            with_tx!(*self, db => sqlx::query_scalar(sql).bind(user).fetch_optional(db).await?);
        let Some(chat) = chat else { return Ok(None) };
        let mut changed = 1;
        // First each by itself: one would take the next with it and so on, deeper than SQLite goes.
        for sql in [
            "update messages set parent_id = null where id in (
                 select id from messages where chat_id = $1 and parent_id is not null limit $2)",
            "delete from messages where id in (
                 select id from messages where chat_id = $1 limit $2)",
        ] {
            let rows = with_tx!(*self, db => sqlx::query(sql)
                .bind(chat)
                .bind(ERASED_AT_ONCE)
                .execute(db)
                .await?
                .rows_affected());
            changed += rows;
            if rows == ERASED_AT_ONCE as u64 {
                return Ok(Some(changed));
            }
        }
        let sql = "delete from chats where id = $1";
        with_tx!(*self, db => sqlx::query(sql).bind(chat).execute(db).await?.rows_affected());
        Ok(Some(changed))
    }
}
