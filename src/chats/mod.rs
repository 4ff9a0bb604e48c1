//! Chats: the list, a chat's page, what is written and done in it.

mod actions;
mod add_message;
mod add_reply;
mod answer;
mod ask;
mod branch_off;
mod caret;
mod composer;
mod conversation;
mod create;
mod delete_chat;
mod delete_message;
mod edit;
mod ending;
mod exchange;
mod facts;
mod left_out;
mod list;
mod live;
mod messages;
mod pace;
mod pages;
mod raw;
mod refusals;
mod rendered;
mod reply;
mod rows;
mod send;
mod settings;
mod show;
mod start;
mod store;
mod styleguide;
mod swaps;
mod title;
mod tree;
mod undo;
mod versions;
mod whole;
mod window;

use crate::App;
use axum::Router;

pub use refusals::NotTaken;
pub use rows::{Chat, ChatId, Message, MessageId, MessageState, Role};
pub use start::Beginning;
pub use title::TITLE_LIMIT;

pub(crate) use composer::FocusComposer;
pub(crate) use exchange::{Again, again};
pub(crate) use live::live_address;
pub(crate) use pages::WelcomePage;
pub(crate) use refusals::{problem, refuse};
pub(crate) use rendered::{Rendered, html_of, place_of};
pub(crate) use reply::{show_new_reply, show_reply};
pub(crate) use rows::key;
pub(crate) use styleguide::{chat as sample_chat, samples};
pub(crate) use swaps::show_begun;

/// The routes of this feature.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(show::routes())
        .merge(whole::routes())
        .merge(list::routes())
        .merge(start::routes())
        .merge(live::routes())
        .merge(title::routes())
        .merge(settings::routes())
        .merge(delete_chat::routes())
        .merge(send::routes())
        .merge(create::routes())
        .merge(raw::routes())
        .merge(edit::routes())
        .merge(answer::routes())
        .merge(delete_message::routes())
        .merge(undo::routes())
        .merge(branch_off::routes())
}
