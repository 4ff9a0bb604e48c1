//! Damso: an AI chat that answers live in every browser, with and without JavaScript.

mod assets;
mod auth;
mod bodies;
mod chats;
mod clock;
pub mod commands;
pub mod config;
mod connection;
mod cookies;
pub mod db;
pub mod error;
mod given_back;
mod help;
mod i18n;
pub mod markdown;
pub mod models;
mod personas;
mod presets;
pub mod replies;
mod room;
pub mod server;
mod settings;
mod styleguide;
mod text;
mod view;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use config::Config;
use db::Db;
use error::{Error, NotWritten, Result, WaitedInVain};
use jiff::tz::TimeZone;
use models::Models;
use replies::Replies;
use std::{convert::Infallible, future::ready, sync::Arc, time::Duration};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer,
    trace::TraceLayer,
};

/// How often what has ended by itself is cleared away.
const CLEAN_UP: Duration = Duration::from_secs(3600);

/// The time that a handler may take until its answer begins, once all of the request is there.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// What every request shares. Cheap to clone.
#[derive(Clone)]
pub struct App {
    config: Arc<Config>,
    db: Db,
    models: Models,
    replies: Replies,
    rendered: chats::Rendered,
    guard: auth::Guard,
    room: room::Room,
    /// The time zone of whoever has chosen none.
    zone: TimeZone,
}

impl App {
    /// Opens the database and starts what runs in the background.
    ///
    /// # Errors
    /// When the database cannot be opened, or the model server's settings make no sense.
    pub async fn start(config: Config) -> Result<Self> {
        let place = db::place(&config.database_url);
        let told = |error: Error| {
            let why = error.to_string();
            let why = match why.contains("database is locked") {
                true => "is locked: another program is changing it; end that, then start again",
                false => &why,
            };
            Error::internal(format!("DATABASE_URL: {place} {why}"))
        };
        let db = Db::open(&config.database_url).await.map_err(told)?;
        let models = Models::new(config.models()).map_err(Error::internal)?;
        tokio::spawn(clean_up(db.clone()));
        let replies = Replies::start(db.clone(), models.clone(), config.limits(), config.titles)
            .await
            .map_err(told)?;
        let zone = config.zone();
        Ok(Self {
            config: Arc::new(config),
            db,
            models,
            replies,
            rendered: chats::Rendered::default(),
            guard: auth::Guard::default(),
            room: room::Room::default(),
            zone,
        })
    }

    /// The model server that answers.
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The replies that run or wait.
    pub fn replies(&self) -> &Replies {
        &self.replies
    }
}

/// Forgets ended sessions, old tries, deleted messages and accounts, now and every hour.
async fn clean_up(db: Db) {
    let mut tick = tokio::time::interval(CLEAN_UP);
    loop {
        tick.tick().await;
        let done = db.delete_expired_sessions().await;
        let done = done.and(db.purge_messages().await);
        let done = done.and(db.erase_closed_accounts().await);
        if let Err(error) = done.and(db.delete_fresh_tries().await) {
            tracing::warn!(%error, "what has ended by itself could not be cleared away");
        }
    }
}

/// Every route, and the layers around them from the inside out.
///
/// # Errors
/// When the public address in the settings is not one that a browser could send.
pub fn router(app: App) -> Result<Router> {
    let own_forms = auth::own_forms_only(&app.config)?;
    Ok(Router::new()
        .merge(auth::routes())
        .merge(chats::routes())
        .merge(replies::routes())
        .merge(settings::routes())
        .merge(personas::routes())
        .merge(help::routes())
        .merge(connection::routes())
        .merge(styleguide::routes())
        .route("/healthz", get(healthz))
        .route("/static/{name}", get(assets::show))
        .route("/favicon.ico", get(assets::favicon))
        .route("/robots.txt", get(assets::robots))
        .layer(auth::session::layer(&app.db, app.config.secure()))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIME_LIMIT,
        ))
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(
            app.db.clone(),
            see_to_database,
        ))
        .layer(middleware::from_fn_with_state(app.clone(), bodies::take_in))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            auth::sign_out_anyway,
        ))
        .layer(own_forms)
        .layer(middleware::from_fn_with_state(
            (app.clone(), auth::OwnSite::new(&app.config)),
            auth::own_site_only,
        ))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            bodies::give_out,
        ))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(
            app.clone(),
            error::tell_who_failed,
        ))
        .layer(middleware::from_fn(error::show_errors))
        .layer(middleware::from_fn(compress))
        .layer(middleware::from_fn_with_state(app.clone(), view::dress))
        .layer(TraceLayer::new_for_http())
        .with_state(app))
}

/// Compresses what is worth it, but nothing that grows while it is read: its pieces are small, none
/// may be held back, and what compresses would take some kilobytes of each even at rest. Nor may it on
/// its way: Caddy and Varnish would keep it to its end. No browser minds the encoding that is none.
async fn compress(request: Request, next: Next) -> Response {
    let mut asked: Request = Request::default();
    if let Some(accepted) = request.headers().get(header::ACCEPT_ENCODING) {
        asked
            .headers_mut()
            .insert(header::ACCEPT_ENCODING, accepted.clone());
    }
    let mut response = next.run(request).await;
    if response.headers().contains_key("x-accel-buffering") {
        let none = HeaderValue::from_static("identity");
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, none);
        return response;
    }
    let mut response = Some(response);
    let answer =
        service_fn(move |_| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
    let Ok(compressed) = CompressionLayer::new().layer(answer).oneshot(asked).await;
    compressed.into_response()
}

/// Answers at once while the database is away for good; and when nobody knows yet why it cannot be
/// had, sees to it that the log is told.
async fn see_to_database(State(db): State<Db>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // A browser is signed out without it.
    let needs_it = !["/healthz", auth::SIGN_OUT].contains(&path) && !path.starts_with("/static/");
    if needs_it && db.is_away() {
        return Error::Unavailable("the database is away".into()).into_response();
    }
    let response = next.run(request).await;
    if response.extensions().get::<WaitedInVain>().is_some() {
        db.ask_why();
    }
    response
}

/// `GET /healthz`: 200 when the database answers and takes changes, and this server is not about to
/// end; else a line that says what is wrong.
async fn healthz(State(app): State<App>) -> Response {
    if app.replies.is_ending() {
        return unwell("ending");
    }
    if app.db.is_away() {
        return unwell("the database is away");
    }
    match app.db.can_write().await {
        Ok(()) => "ok\n".into_response(),
        Err(Error::NotWritten(NotWritten::NoRoom, _)) => unwell("cannot write: the disk is full"),
        Err(Error::NotWritten(NotWritten::Broken, _)) => unwell("cannot write: the disk fails"),
        Err(Error::NotWritten(NotWritten::ReadOnly, _)) => {
            unwell("cannot write: the database may only be read")
        }
        Err(Error::NotWritten(NotWritten::Moved, _)) => {
            unwell("cannot write: the database file is not where it was")
        }
        Err(_) => unwell("the database does not answer"),
    }
}

fn unwell(why: &str) -> Response {
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response();
    response.extensions_mut().insert(error::ForPrograms);
    response
}
