//! Every test of the whole program, in one binary.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it")]

mod access;
mod account;
mod auth;
mod browser;
mod chat_list;
mod chats;
mod commands;
mod crash;
mod facts;
mod figures;
mod focus;
mod help;
mod instances;
mod language;
mod lifecycle;
mod look;
mod models;
mod overload;
mod pages;
mod personas;
mod properties;
mod reasoning;
mod replies;
mod resume;
mod screenshots;
mod scrolling;
mod security;
mod settings;
mod soak;
mod stop;
mod styleguide;
mod support;
mod terminal;
mod terminal_tree;
mod text;
mod times;
mod tree;
mod window;
