//! Whole pages of chats.

pub(crate) mod chat;
pub(crate) mod confirm;
pub(crate) mod htmx_answers;
pub(crate) mod list;
pub(crate) mod new_chat;
pub(crate) mod refusal;
pub(crate) mod settings;
pub(crate) mod show;
pub(crate) mod whole;
