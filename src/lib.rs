//! Damso: an AI chat that answers live in every browser, with and without JavaScript.

mod assets;
mod auth;
mod chats;
mod clock;
pub mod commands;
pub mod config;
pub mod db;
pub mod error;
mod help;
mod i18n;
pub mod markdown;
pub mod models;
mod personas;
mod presets;
pub mod replies;
mod settings;
mod styleguide;
mod text;
mod view;

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use config::Config;
use db::Db;
use error::{Error, Result};
use jiff::tz::TimeZone;
use models::Models;
use replies::Replies;
use std::{convert::Infallible, future::ready, sync::Arc, time::Duration};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer,
    trace::TraceLayer,
};

/// How large a request's body may be at least, in bytes. Within it a message that is too long is
/// given back to its writer.
const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// How many bytes a character may take in a form: four of UTF-8, each percent-encoded.
const BYTES_A_CHARACTER: usize = 12;

/// How often what has ended by itself is cleared away.
const CLEAN_UP: Duration = Duration::from_secs(3600);

/// How long a handler may take until its answer begins.
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
    /// The time zone of whoever has chosen none.
    zone: TimeZone,
}

impl App {
    /// Opens the database and starts what runs in the background.
    ///
    /// # Errors
    /// When the database cannot be opened, or the model server's settings make no sense.
    pub async fn start(config: Config) -> Result<Self> {
        let db = Db::open(&config.database_url).await.map_err(|error| {
            Error::internal(format!(
                "DATABASE_URL: the database cannot be opened: {error}"
            ))
        })?;
        let models = Models::new(config.models()).map_err(Error::internal)?;
        tokio::spawn(clean_up(db.clone()));
        let replies =
            Replies::start(db.clone(), models.clone(), config.limits(), config.titles).await?;
        let zone = config.zone();
        Ok(Self {
            config: Arc::new(config),
            db,
            models,
            replies,
            rendered: chats::Rendered::default(),
            guard: auth::Guard::default(),
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
    let body_limit = BODY_LIMIT.max(app.config.message_limit * BYTES_A_CHARACTER);
    Ok(Router::new()
        .merge(auth::routes())
        .merge(chats::routes())
        .merge(replies::routes())
        .merge(settings::routes())
        .merge(personas::routes())
        .merge(help::routes())
        .merge(styleguide::routes())
        .route("/healthz", get(healthz))
        .route("/static/{name}", get(assets::show))
        .route("/favicon.ico", get(assets::favicon))
        .route("/robots.txt", get(assets::robots))
        .layer(auth::session::layer(&app.db, app.config.secure()))
        .layer(own_forms)
        .layer(middleware::from_fn_with_state(
            app.clone(),
            auth::refuse_unknown_origin,
        ))
        .layer(axum::extract::DefaultBodyLimit::max(body_limit))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIME_LIMIT,
        ))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(error::show_errors))
        .layer(middleware::from_fn(compress))
        .layer(middleware::from_fn_with_state(app.clone(), view::dress))
        .layer(TraceLayer::new_for_http())
        .with_state(app))
}

/// Compresses what is worth it, but nothing that grows while it is read: its pieces are small, none
/// may be held back, and what compresses would take some kilobytes of each even at rest.
async fn compress(request: Request, next: Next) -> Response {
    let mut asked: Request = Request::default();
    if let Some(accepted) = request.headers().get(header::ACCEPT_ENCODING) {
        asked
            .headers_mut()
            .insert(header::ACCEPT_ENCODING, accepted.clone());
    }
    let response = next.run(request).await;
    if response.headers().contains_key("x-accel-buffering") {
        return response;
    }
    let mut response = Some(response);
    let answer =
        service_fn(move |_| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
    let Ok(compressed) = CompressionLayer::new().layer(answer).oneshot(asked).await;
    compressed.into_response()
}

/// `GET /healthz`: 200 when the database answers, and this server is not about to end.
async fn healthz(State(app): State<App>) -> Result<Response> {
    app.db.ping().await?;
    Ok(match app.replies.is_ending() {
        false => "ok\n".into_response(),
        true => (StatusCode::SERVICE_UNAVAILABLE, "ending\n").into_response(),
    })
}
