//! The data of chats: rows, tree, windows, what adds and removes. No page, no template.

pub(crate) mod add;
pub(crate) mod add_reply;
pub(crate) mod html_cache;
pub(crate) mod pace;
pub(crate) mod rows;
pub(crate) mod siblings;
pub(crate) mod store;
pub(crate) mod tree;
pub(crate) mod window;
