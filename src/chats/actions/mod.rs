//! Actions in a chat: each form has its file.

pub(crate) mod answer;
pub(crate) mod create;
pub(crate) mod delete_chat;
pub(crate) mod delete_message;
pub(crate) mod edit;
pub(crate) mod fork;
pub(crate) mod other_model;
pub(crate) mod raw;
pub(crate) mod rename;
pub(crate) mod replies;
pub(crate) mod send;
pub(crate) mod submit;
pub(crate) mod undo;
