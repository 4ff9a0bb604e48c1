//! Parts of a chat's page: each is in a page, and what htmx swaps.

pub(crate) mod caret;
pub(crate) mod chat_list;
pub(crate) mod chat_pane;
pub(crate) mod composer;
pub(crate) mod connection_signs;
pub(crate) mod delete_forms;
pub(crate) mod edit_form;
pub(crate) mod left_out;
pub(crate) mod message;
pub(crate) mod message_actions;
pub(crate) mod new_chat;
pub(crate) mod reasoning;
pub(crate) mod reply;
pub(crate) mod reply_ending;
pub(crate) mod reply_info;
pub(crate) mod title;
pub(crate) mod undo;
