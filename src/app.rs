//! `App`: what every request shares.

use crate::{
    config::{Config, Registration},
    db::{self, Backup, Db},
    error::{Error, Result},
    messages::html_cache::HtmlCache,
    models::Models,
    replies::Replies,
    security::{common_words::Words, limits::Guard, memory_room::Room, password::Password},
};
use jiff::tz::TimeZone;
use std::{sync::Arc, time::Duration};

/// Interval of the clean-up job.
const CLEAN_UP: Duration = Duration::from_secs(3600);

/// State that every request shares. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) config: Arc<Config>,
    pub(crate) db: Db,
    pub(crate) models: Models,
    pub(crate) replies: Replies,
    pub(crate) rendered: HtmlCache,
    pub(crate) guard: Guard,
    pub(crate) room: Room,
    /// The time zone of whoever has chosen none.
    pub(crate) zone: TimeZone,
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
        let backup = match config.no_backup {
            true => Backup::Skip,
            false => Backup::Make,
        };
        let db = Db::open_with(&config.database_url, backup)
            .await
            .map_err(told)?;
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
            rendered: HtmlCache::default(),
            guard: Guard::default(),
            room: Room::default(),
            zone,
        })
    }

    /// Tells whether a new password is one that others would try first.
    pub(crate) async fn is_common(&self, password: &Password, name: &str) -> Result<bool> {
        let url = self.config.public_url.as_ref();
        let words = Words::for_name(name, url.and_then(|url| url.host_str()));
        self.guard.passwords.is_common(password, words).await
    }

    /// Logs what an operator looks for first: version, database, who can sign up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_start(&self) -> Result<()> {
        let config = &self.config;
        tracing::info!(
            "Damso {}; database {}; sign-up {}; cookies {}",
            env!("CARGO_PKG_VERSION"),
            db::place(&config.database_url),
            match config.registration {
                Registration::Open => "open",
                Registration::Closed => "closed",
            },
            match config.secure() {
                true => "secure",
                false => "not secure",
            },
        );
        let is_public = !config.listen.ip().is_loopback() || config.public_url.is_some();
        if is_public && self.db.has_no_users().await? {
            tracing::warn!(
                "there is no account yet: whoever opens the page first becomes the administrator"
            );
        }
        Ok(())
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

/// Deletes ended sessions, old attempts, deleted messages and accounts, now and every hour.
async fn clean_up(db: Db) {
    let mut tick = tokio::time::interval(CLEAN_UP);
    loop {
        tick.tick().await;
        let done = db.delete_expired_sessions().await;
        let done = done.and(db.purge_messages().await);
        let done = done.and(db.erase_closed_accounts().await);
        if let Err(error) = done.and(db.delete_fresh_tries().await) {
            tracing::warn!(%error, "could not delete expired sessions and messages; trying again later");
        }
    }
}
