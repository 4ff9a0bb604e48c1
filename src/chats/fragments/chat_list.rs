//! The list of a person's chats: the newest first, by day.

use crate::{
    App,
    auth::user::User,
    db::{Db, now, readable},
    error::{Error, Result, SIGNED_OUT},
    messages::rows::ChatId,
    web::view::View,
    with_pool,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use jiff::civil::Date;
use uuid::Uuid;

/// Page size of the chat list, as a number in SQL and in Rust.
macro_rules! shown {
    () => {
        100
    };
}

/// Page size of the chat list.
const SHOWN: usize = shown!();

/// A chat as the list shows it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Listed {
    pub id: ChatId,
    #[sqlx(try_from = "crate::db::Legible")]
    pub title: String,
    pub active_at: i64,
    /// A reply in it is being made.
    pub is_running: bool,
}

impl Db {
    /// The user's chats before this place in the list, and one more than are shown if there are more.
    async fn chats(&self, user: &User, (active_at, id): (i64, ChatId)) -> Result<Vec<Listed>> {
        // Were the limit bound, SQLite would plan the query anew each time.
        let sql = concat!(
            "select id, title, active_at, id in (select chat_id from messages
                 where state in ('queued', 'streaming') and deleted_at is null) as is_running
             from chats where user_id = $1 and (active_at, id) < ($2, $3)
             order by active_at desc, id desc limit 1 + ",
            shown!()
        );
        Ok(with_pool!(self.read, db => readable(&sqlx::query(sql)
            .bind(user.id)
            .bind(active_at)
            .bind(id)
            .fetch_all(db)
            .await?)))
    }

    /// One of the user's chats.
    async fn listed(&self, user: &User, id: ChatId) -> Result<Listed> {
        let sql = "select id, title, active_at, id in (select chat_id from messages
                       where state in ('queued', 'streaming') and deleted_at is null) as is_running
                   from chats where id = $1 and user_id = $2";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?))
    }

    /// Returns when something was last sent in the user's chat.
    async fn active_at(&self, user: &User, id: ChatId) -> Result<i64> {
        let sql = "select active_at from chats where id = $1 and user_id = $2";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?))
    }
}

/// The person's chats, and the way to a new one.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/chat_list.html")]
pub(crate) struct ChatList {
    pub view: View,
    /// The chat that is shown, where it is too old for the rows.
    pub elsewhere: Option<Listed>,
    pub rows: ChatRows,
}

impl HtmlSafe for ChatList {}

impl ChatList {
    pub(crate) async fn new(
        app: &App,
        view: &View,
        user: &User,
        current: Option<ChatId>,
    ) -> Result<Self> {
        let end = (i64::MAX, ChatId(Uuid::max()));
        let mut rows = ChatRows::of(view, app.db.chats(user, end).await?);
        rows.current = current;
        let elsewhere = match current.filter(|chat| !rows.has(*chat)) {
            Some(chat) => match app.db.listed(user, chat).await {
                // It was deleted meanwhile.
                Err(Error::NotFound) => None,
                listed => Some(listed?),
            },
            None => None,
        };
        Ok(Self {
            view: view.clone(),
            elsewhere,
            rows,
        })
    }
}

/// Chats by day, and the link to those before them.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/chat_rows.html")]
pub(crate) struct ChatRows {
    view: View,
    groups: Vec<Group>,
    pub current: Option<ChatId>,
    /// The last one that is shown, if there are more.
    pub last: Option<ChatId>,
    /// They come in the place of a link that had the focus.
    takes_focus: bool,
}

impl HtmlSafe for ChatRows {}

/// Chats of the same time.
struct Group {
    period: Period,
    /// Empty where the list that this goes on with has it already.
    heading: String,
    chats: Vec<Listed>,
}

/// The period in which a chat was active, from today backwards.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Period {
    Today,
    Yesterday,
    Week,
    ThirtyDays,
    /// That which begins with this day.
    Month(Date),
}

impl Period {
    fn of(view: &View, active_at: i64) -> Self {
        let (Some(day), Some(today)) = (view.clock.day(active_at), view.clock.day(now())) else {
            return Self::Today;
        };
        match (today - day).get_days() {
            ..=0 => Self::Today,
            1 => Self::Yesterday,
            2..=7 => Self::Week,
            8..=30 => Self::ThirtyDays,
            31.. => Self::Month(day.first_of_month()),
        }
    }

    fn heading(self, view: &View) -> String {
        match self {
            Self::Today => view.t.chats_today(),
            Self::Yesterday => view.t.chats_yesterday(),
            Self::Week => view.t.chats_week(),
            Self::ThirtyDays => view.t.chats_thirty_days(),
            Self::Month(first) => view.clock.month(first),
        }
    }
}

impl ChatRows {
    pub(crate) fn of(view: &View, mut chats: Vec<Listed>) -> Self {
        let are_more = chats.len() > SHOWN;
        chats.truncate(SHOWN);
        let last = chats.last().filter(|_| are_more).map(|chat| chat.id);
        let mut groups: Vec<Group> = Vec::new();
        for chat in chats {
            let period = Period::of(view, chat.active_at);
            match groups.last_mut().filter(|group| group.period == period) {
                Some(group) => group.chats.push(chat),
                None => groups.push(Group {
                    period,
                    heading: period.heading(view),
                    chats: vec![chat],
                }),
            }
        }
        Self {
            view: view.clone(),
            groups,
            current: None,
            last,
            takes_focus: false,
        }
    }

    fn has(&self, chat: ChatId) -> bool {
        let mut all = self.groups.iter().flat_map(|group| &group.chats);
        all.any(|listed| listed.id == chat)
    }
}

/// The list on a page of its own.
#[derive(Template, WebTemplate)]
#[template(path = "pages/chats.html")]
struct ChatsPage {
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
