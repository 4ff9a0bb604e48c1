//! Whole pages of chats.

pub(crate) mod chat;
pub(crate) mod confirm;
pub(crate) mod settings;
pub(crate) mod show;
pub(crate) mod whole;
