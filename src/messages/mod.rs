//! The data of chats: rows, tree, windows, what adds and removes. No page, no template.

pub(crate) mod add;
pub(crate) mod add_reply;
pub(crate) mod create;
pub(crate) mod delete_chat;
pub(crate) mod fork;
pub(crate) mod html_cache;
pub(crate) mod left_out;
pub(crate) mod list;
pub(crate) mod pace;
pub(crate) mod raw;
pub(crate) mod remove;
pub(crate) mod restore;
pub(crate) mod rows;
pub(crate) mod siblings;
pub(crate) mod store;
pub(crate) mod title;
pub(crate) mod tree;
pub(crate) mod whole;
pub(crate) mod window;
