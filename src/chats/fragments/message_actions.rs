//! The row of actions below a message.

use super::message::Shown;
use crate::{
    App,
    error::Result,
    ids::{ChatId, MessageId},
    messages::{
        rows::{Chat, Role},
        siblings::Siblings,
    },
    time::When,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};

/// The actions on a message: another version shown or made, a new chat begun, all deleted.
#[derive(Template)]
#[template(path = "fragments/actions.html")]
pub(crate) struct Actions {
    view: View,
    chat: ChatId,
    id: MessageId,
    parent: Option<MessageId>,
    is_mine: bool,
    /// It is a person's and nothing follows it.
    can_answer: bool,
    can_regenerate: bool,
    /// Its versions, where there are several.
    siblings: Option<Siblings>,
    /// The time when it was sent, or ended.
    when: Option<When>,
}

impl HtmlSafe for Actions {}

impl Actions {
    /// For a message of this chat.
    pub(crate) fn of(shown: &Shown, chat: &Chat, siblings: Option<Siblings>) -> Self {
        let message = &shown.message;
        let id = message.id;
        let is_mine = message.role == Role::User;
        let ended = shown.ending.facts.as_ref().map(|facts| facts.when.clone());
        Self {
            view: shown.view.clone(),
            chat: chat.id,
            id,
            parent: message.parent_id,
            is_mine,
            can_answer: is_mine && chat.leaf == Some(id),
            can_regenerate: !is_mine && shown.ending.retry.is_none(),
            siblings,
            when: ended.or_else(|| shown.view.clock.when(message.created_at)),
        }
    }

    /// A key for another attempt.
    fn token(&self) -> MessageId {
        MessageId::new()
    }

    /// Returns what all its versions have in common, so that the links from one to the next have
    /// the same ids in each, and htmx leaves the focus on them.
    fn place(&self) -> String {
        self.parent.map_or("first".to_owned(), |id| id.to_string())
    }

    /// Returns where another version of this message is shown.
    fn at(&self, other: &MessageId) -> String {
        let role = match self.is_mine {
            true => Role::User,
            false => Role::Assistant,
        };
        address(self.chat, *other, role)
    }
}

/// Returns where a message is shown, on a page of its branch.
pub(crate) fn address(chat: ChatId, message: MessageId, role: Role) -> String {
    format!("/chats/{chat}/at/{message}#{}", element(message, role))
}

/// The id of the element that shows a message.
pub(crate) fn element(message: MessageId, role: Role) -> String {
    let prefix = match role {
        Role::User => 'm',
        Role::Assistant => 'r',
    };
    format!("{prefix}-{message}")
}

/// Gives each of these messages, which follow each other in a branch, what can be done with it. The
/// chat's leaf is the branch's end.
pub(crate) async fn add(app: &App, chat: &Chat, shown: &mut [Shown]) -> Result<()> {
    let Some(last) = shown.last() else {
        return Ok(());
    };
    let siblings = app
        .db
        .siblings(chat.id, last.message.id, shown.len())
        .await?;
    for shown in shown {
        let id = shown.message.id;
        let is_last = chat.leaf == Some(id);
        // What was tried in vain is tried again where the chat goes on from it.
        if !is_last {
            shown.ending.retry = None;
        }
        if shown.message.state.is_running() {
            continue;
        }
        let siblings = siblings.iter().find(|other| other.id == id).cloned();
        shown.actions = Some(Actions::of(shown, chat, siblings));
    }
    Ok(())
}
