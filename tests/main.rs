//! Every test of the whole program, in one binary.

#![expect(clippy::unwrap_used, reason = "what a test cannot do without fails it")]

mod auth;
mod browser;
mod chats;
mod commands;
mod language;
mod models;
mod pages;
mod replies;
mod screenshots;
mod security;
mod support;
mod terminal;
