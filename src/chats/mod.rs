//! Chats: the pages, what is done in them, and replies that are watched while they are made.

pub(crate) mod actions;
pub(crate) mod fragments;
pub(crate) mod pages;
pub(crate) mod watch;
