//! Every test of the whole program, in one binary.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it")]

mod auth;
mod browser;
mod chats;
mod commands;
mod crash;
mod instances;
mod language;
mod lifecycle;
mod models;
mod overload;
mod pages;
mod properties;
mod replies;
mod resume;
mod screenshots;
mod security;
mod soak;
mod stop;
mod support;
mod terminal;
mod text;
