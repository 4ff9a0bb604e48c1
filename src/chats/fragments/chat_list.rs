//! The list of a person's chats: the newest first, by day.

use crate::{
    App,
    error::{Error, Result},
    ids::ChatId,
    messages::list::{Listed, SHOWN},
    time::now,
    users::User,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use jiff::civil::Date;
use uuid::Uuid;

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
    pub(crate) view: View,
    pub(crate) groups: Vec<Group>,
    pub current: Option<ChatId>,
    /// The last one that is shown, if there are more.
    pub last: Option<ChatId>,
    /// They come in the place of a link that had the focus.
    pub(crate) takes_focus: bool,
}

impl HtmlSafe for ChatRows {}

/// Chats of the same time.
pub(crate) struct Group {
    pub(crate) period: Period,
    /// Empty where the list that this goes on with has it already.
    pub(crate) heading: String,
    pub(crate) chats: Vec<Listed>,
}

/// The period in which a chat was active, from today backwards.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    Today,
    Yesterday,
    Week,
    ThirtyDays,
    /// That which begins with this day.
    Month(Date),
}

impl Period {
    pub(crate) fn of(view: &View, active_at: i64) -> Self {
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

    pub(crate) fn heading(self, view: &View) -> String {
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

    pub(crate) fn has(&self, chat: ChatId) -> bool {
        let mut all = self.groups.iter().flat_map(|group| &group.chats);
        all.any(|listed| listed.id == chat)
    }
}
