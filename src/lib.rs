//! Damso: a self-hosted AI chat whose replies stream into any browser, with or without JavaScript.

mod account;
pub mod app;
pub(crate) mod appearance;
mod auth;
mod chats;
pub mod commands;
pub mod config;
mod cookies;
pub mod db;
pub mod error;
mod help;
mod i18n;
pub(crate) mod ids;
pub mod markdown;
mod messages;
pub mod models;
mod personas;
mod preferences;
mod presets;
pub mod replies;
mod security;
pub mod server;
mod styleguide;
mod text;
mod time;
pub(crate) mod urls;
pub(crate) mod users;
mod web;

pub use app::App;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware,
    routing::{MethodFilter, on},
};
use error::Result;
use std::time::Duration;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer, trace::TraceLayer};
use web::{bodies, compression, csrf, errors, health, view};

/// The people who are answered at an address; others are told to sign in, or that there is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Everybody.
    Anyone,
    /// Whoever is signed in.
    User,
    /// Whoever owns what the address names.
    Owner,
}

/// Makes the router and the list of its addresses from one table, so that they cannot differ.
macro_rules! routes {
    ($($who:ident, $method:ident, $path:literal, $handler:path;)*) => {
        /// Every address of the program: who may ask, its method and its path.
        pub const ROUTES: &[(Who, &str, &str)] = &[$((Who::$who, stringify!($method), $path)),*];

        fn routes() -> Router<App> {
            Router::new()$(.route($path, on(MethodFilter::$method, $handler)))*
        }
    };
}

#[rustfmt::skip]
routes! {
    // Who somebody is.
    Anyone, GET,  "/register",                              account::register::show;
    Anyone, POST, "/register",                              account::register::register;
    Anyone, GET,  "/login",                                 account::sign_in::show;
    Anyone, POST, "/login",                                 account::sign_in::login;
    Anyone, POST, "/logout",                                account::sign_out::sign_out;
    User,   GET,  "/settings/account",                      account::name::show;
    User,   GET,  "/settings/account/done/{what}",          account::name::done;
    User,   POST, "/settings/account/name",                 account::name::rename;
    User,   POST, "/settings/account/password",             account::password::change;
    Owner,  POST, "/settings/account/sessions/{id}/end",    account::sessions::end;
    User,   POST, "/settings/account/sessions/end",         account::sessions::end_others;
    User,   GET,  "/settings/account/delete",               account::delete::ask;
    User,   POST, "/settings/account/delete",               account::delete::delete;
    Anyone, GET,  "/goodbye",                               account::delete::goodbye;
    // Chats.
    Anyone, GET,  "/",                                      chats::pages::show::home;
    User,   GET,  "/chats",                                 chats::pages::list::list;
    User,   POST, "/chats",                                 chats::actions::create::create;
    Owner,  GET,  "/chats/before/{id}",                     chats::pages::list::older;
    Anyone, GET,  "/chats/new",                             chats::pages::show::home;
    Owner,  GET,  "/chats/{id}/running",                    chats::pages::list::running;
    Owner,  GET,  "/chats/{id}",                            chats::pages::show::show;
    Owner,  GET,  "/chats/{id}/all",                        chats::pages::whole::all;
    Owner,  GET,  "/chats/{id}/all/{message}",              chats::pages::whole::all_to;
    Owner,  GET,  "/chats/{id}/live",                       chats::watch::open_page::live;
    Owner,  GET,  "/chats/{id}/live/{reply}",               chats::watch::open_page::live_reply;
    Owner,  GET,  "/chats/{id}/live/{reply}/{n}",           chats::watch::open_page::live_further;
    Owner,  POST, "/chats/{id}/live/{reply}",               chats::watch::open_page::live_reply;
    Owner,  POST, "/chats/{id}/live/{reply}/{n}",           chats::watch::open_page::live_further;
    Owner,  POST, "/chats/{id}/messages",                   chats::actions::send::send;
    Owner,  GET,  "/chats/{id}/rename",                     chats::actions::rename::ask;
    Owner,  POST, "/chats/{id}/rename",                     chats::actions::rename::rename;
    Owner,  GET,  "/chats/{id}/rename/caret",               chats::actions::rename::caret;
    Owner,  GET,  "/chats/{id}/delete",                     chats::actions::delete_chat::ask;
    Owner,  POST, "/chats/{id}/delete",                     chats::actions::delete_chat::delete;
    Owner,  GET,  "/chats/{id}/at/{message}",               chats::pages::show::show_at;
    Owner,  GET,  "/chats/{id}/before/{message}",           chats::pages::show::show_before;
    Owner,  GET,  "/chats/{id}/deleted/{message}",          chats::actions::undo::deleted;
    Owner,  GET,  "/chats/new/{persona}",                   chats::pages::new_chat::with_persona;
    Owner,  GET,  "/chats/{id}/title",                      chats::actions::rename::title;
    Owner,  GET,  "/chats/{id}/settings",                   chats::pages::settings::show;
    Owner,  POST, "/chats/{id}/settings",                   chats::pages::settings::change;
    // Messages.
    Owner,  GET,  "/messages/{id}",                         chats::pages::show::show_message;
    Owner,  GET,  "/messages/{id}/edit",                    chats::actions::edit::ask;
    Owner,  POST, "/messages/{id}/edit",                    chats::actions::edit::edit;
    Owner,  GET,  "/messages/{id}/edit/caret",              chats::actions::edit::caret;
    Owner,  POST, "/messages/{id}/answer",                  chats::actions::answer::answer;
    Owner,  POST, "/messages/{id}/branch",                  chats::actions::fork::branch_off;
    Owner,  GET,  "/messages/{id}/delete",                  chats::actions::delete_message::ask;
    Owner,  POST, "/messages/{id}/delete",                  chats::actions::delete_message::delete;
    Owner,  POST, "/messages/{id}/restore",                 chats::actions::undo::restore;
    Owner,  GET,  "/messages/{id}/raw",                     chats::actions::raw::raw;
    Owner,  GET,  "/messages/{id}/code/{n}",                chats::actions::raw::code;
    // Replies.
    Owner,  GET,  "/replies/{id}",                          chats::actions::replies::show;
    Owner,  GET,  "/replies/{id}/events",                   chats::watch::event_stream::follow;
    Owner,  GET,  "/replies/{id}/ended",                    chats::actions::replies::ended;
    Owner,  POST, "/replies/{id}/stop",                     chats::actions::replies::stop;
    Owner,  POST, "/replies/{id}/retry",                    chats::actions::replies::retry;
    Owner,  GET,  "/replies/{id}/retry",                    chats::actions::other_model::ask;
    Owner,  POST, "/replies/{id}/continue",                 chats::actions::replies::carry_on;
    // Settings and personas.
    User,   GET,  "/settings",                              preferences::defaults::show;
    User,   POST, "/settings",                              preferences::defaults::change;
    User,   GET,  "/settings/saved",                        preferences::defaults::saved;
    User,   POST, "/settings/models",                       preferences::defaults::look_again;
    Anyone, GET,  "/settings/look",                         preferences::appearance::show;
    Anyone, POST, "/settings/look",                         preferences::appearance::change;
    Anyone, GET,  "/settings/look/saved",                   preferences::appearance::saved;
    User,   GET,  "/settings/writing",                      preferences::composing::show;
    User,   POST, "/settings/writing",                      preferences::composing::change;
    User,   GET,  "/settings/writing/saved",                preferences::composing::saved;
    User,   GET,  "/settings/time",                         preferences::time_zone::show;
    User,   POST, "/settings/time",                         preferences::time_zone::change;
    User,   GET,  "/settings/time/saved",                   preferences::time_zone::saved;
    User,   GET,  "/personas",                              personas::pages::list;
    User,   GET,  "/personas/new",                          personas::pages::new;
    User,   POST, "/personas/new",                          personas::pages::create;
    Owner,  GET,  "/personas/{id}",                         personas::pages::show;
    Owner,  POST, "/personas/{id}",                         personas::pages::change;
    Owner,  POST, "/personas/{id}/duplicate",               personas::pages::duplicate;
    Owner,  GET,  "/personas/{id}/delete",                  personas::pages::ask_delete;
    Owner,  POST, "/personas/{id}/delete",                  personas::pages::delete;
    Anyone, POST, "/language",                              preferences::language;
    // What needs nobody.
    Anyone, GET,  "/help",                                  help::help;
    Anyone, GET,  "/robots.txt",                            web::assets::robots;
    Anyone, GET,  "/styleguide",                            styleguide::all;
    Anyone, GET,  "/styleguide/{sample}",                   styleguide::part;
    Anyone, GET,  "/connection",                            web::connection::connection;
    Anyone, GET,  "/connection/undone",                     web::connection::undone;
    Anyone, GET,  "/healthz",                               web::health::healthz;
    Anyone, GET,  "/favicon.ico",                           web::assets::favicon;
    Anyone, GET,  "/static/{name}",                         web::assets::show;
}

/// The time that a handler may take until its answer begins, once all of the request is there.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The addresses, and the layers around them from the inside out.
///
/// # Errors
/// When the public address in the settings is not one that a browser could send.
pub fn router(app: App) -> Result<Router> {
    let own_forms = csrf::own_forms_only(&app.config)?;
    Ok(routes()
        .layer(auth::session_store::layer(&app.db, app.config.secure()))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIME_LIMIT,
        ))
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(
            app.db.clone(),
            health::see_to_database,
        ))
        .layer(middleware::from_fn_with_state(app.clone(), bodies::take_in))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            account::sign_out::sign_out_anyway,
        ))
        .layer(own_forms)
        .layer(middleware::from_fn_with_state(
            (app.clone(), csrf::OwnSite::new(&app.config)),
            csrf::own_site_only,
        ))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            bodies::give_out,
        ))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(
            app.clone(),
            errors::tell_who_failed,
        ))
        .layer(middleware::from_fn_with_state(
            account::sign_in::sign_in_because as errors::AskToSignIn,
            errors::show_errors,
        ))
        .layer(middleware::from_fn(compression::compress))
        .layer(middleware::from_fn_with_state(app.clone(), view::prepare))
        .layer(TraceLayer::new_for_http())
        .with_state(app))
}
