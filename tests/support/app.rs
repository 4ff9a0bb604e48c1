//! The app on a database of its own, without a socket.

use super::{
    model::{ModelServer, install_tls},
    postgres::Schema,
    soon,
};
use axum::{Router, body::Body};
use damso::{App, config::Config, db::Db, models::Secret, router, with_pool};
use http::{Request, Response};
use sqlx::{Decode, Postgres, Sqlite, Type};
use std::{
    collections::BTreeSet,
    fmt, io,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tower::ServiceExt;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    subscriber::set_global_default,
};
use tracing_log::{LogTracer, log::LevelFilter as LogLevel};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{LevelFilter, dynamic_filter_fn},
    layer::{Context, SubscriberExt},
    registry,
};

/// The key that the app sends to the model server; no page and no log may ever show it.
pub const KEY: &str = "sk-test-key-that-nobody-may-see-0123456789";

/// The app, ready for requests.
#[derive(Clone)]
pub struct TestApp {
    router: Router,
    app: App,
    config: Config,
    /// The model server that its replies come from.
    pub model: ModelServer,
    home: Arc<Home>,
}

/// Where its data is, for as long as somebody needs it.
struct Home {
    folder: TempDir,
    _schema: Option<Schema>,
}

impl TestApp {
    /// The app with settings for tests: its model is a scripted one.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// The app with some settings changed.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let model = ModelServer::start().await;
        let folder = tempfile::tempdir().unwrap();
        // What the tests need is set after the environment had its say.
        let mut config = Config::from_flags([]).unwrap();
        let schema = Schema::wanted().await;
        config.database_url = match &schema {
            Some(schema) => schema.url(),
            None => format!("sqlite://{}", folder.path().join("damso.db").display()),
        };
        config.openai_api_key = Some(Secret::new(KEY.to_owned()));
        config.openai_base_url = Some(model.base_url());
        config.openai_model = Some("test-model".to_owned());
        config.find_ollama = false;
        config.public_url = None;
        config.secure_cookies = None;
        config.trusted_proxies = Vec::new();
        config.time_zone = Some(jiff::tz::TimeZone::UTC);
        config.retry_base = Duration::from_millis(1);
        config.demo_pace = Duration::ZERO;
        // Another request after a chat's first reply: for tests of titles only.
        config.titles = false;
        // Tests are faster than people.
        config.messages_per_minute = 0;
        change(&mut config);
        let home = Home {
            folder,
            _schema: schema,
        };
        Self::on(config, model, Arc::new(home)).await
    }

    async fn on(config: Config, model: ModelServer, home: Arc<Home>) -> Self {
        install_tls();
        log();
        let app = App::start(config.clone()).await.unwrap();
        let router = router(app.clone()).unwrap();
        Self {
            router,
            app,
            config,
            model,
            home,
        }
    }

    /// The demo model in place of a server.
    pub async fn demo() -> Self {
        Self::with(|config| {
            config.openai_api_key = None;
            config.openai_base_url = None;
            config.openai_model = None;
        })
        .await
    }

    /// The same app after it was stopped and started again.
    pub async fn restarted(self) -> Self {
        let at_once = std::future::ready(());
        self.app.replies().end(Duration::ZERO, at_once).await;
        self.app.db().close().await;
        Self::on(self.config, self.model, self.home).await
    }

    /// Another instance on the same database; `None` on SQLite, which has only one.
    pub async fn another(&self) -> Option<Self> {
        if !self.db().is_shared() {
            return None;
        }
        let (config, model) = (self.config.clone(), self.model.clone());
        Some(Self::on(config, model, self.home.clone()).await)
    }

    /// Ends as at SIGTERM: replies that run get so long to finish.
    pub async fn end(&self, patience: Duration) {
        let never = std::future::pending();
        self.app.replies().end(patience, never).await;
    }

    /// Another app that starts with what this one has on disk at this moment, as after a crash.
    pub async fn after_a_crash(&self) -> Self {
        let copy = format!("after-{}.db", uuid::Uuid::now_v7());
        let copy = self.home.folder.path().join(copy).display().to_string();
        let damso::db::Kind::Sqlite(pool) = self.db().writer().unwrap() else {
            panic!("only a file can be copied");
        };
        sqlx::query("vacuum into $1")
            .bind(&copy)
            .execute(pool)
            .await
            .unwrap();
        let mut config = self.config.clone();
        config.database_url = format!("sqlite://{copy}");
        Self::on(config, self.model.clone(), self.home.clone()).await
    }

    pub fn db(&self) -> &Db {
        self.app.db()
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// One request, answered as far as its head.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let what = format!("{} {}", request.method(), request.uri());
        soon(&what, self.router.clone().oneshot(request))
            .await
            .unwrap()
    }

    /// The one value that this SQL reads.
    pub async fn value<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + Send + Unpin,
        T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        with_pool!(self.db().read, db => sqlx::query_scalar(sql).fetch_one(db).await.unwrap())
    }

    /// Runs SQL that changes something.
    pub async fn change(&self, sql: &'static str) {
        with_pool!(self.db().writer().unwrap(), db => {
            sqlx::query(sql).execute(db).await.unwrap();
        });
    }

    /// Waits until this SQL finds something true.
    pub async fn until(&self, sql: &'static str) {
        let found = async {
            while !self.value::<bool>(sql).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon(sql, found).await;
    }

    /// Waits until no reply is being written, as the database sees it.
    pub async fn idle(&self) {
        self.until(
            "select not exists (select 1 from messages where state in ('queued', 'streaming'))",
        )
        .await;
    }
}

/// Everything that the program has logged in this process, for all tests together.
pub fn log() -> String {
    static LOG: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let writer = log.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || Log(writer.clone()))
            .with_filter(EnvFilter::new(
                "info,damso=trace,tower_http=debug,hyper=debug,reqwest=debug,async_openai=off,\
                 sqlx::postgres::notice=off",
            ));
        let statements = Recorder.with_filter(
            dynamic_filter_fn(|event, _| {
                ["sqlx::query", "sqlx::postgres::notice"].contains(&event.target())
                    && RECORDS.load(Ordering::Relaxed)
            })
            .with_max_level_hint(LevelFilter::DEBUG),
        );
        set_global_default(registry().with(lines).with(statements)).unwrap();
        // The parser of the tests' pages would have a line made for each letter, only to be dropped.
        LogTracer::builder()
            .ignore_crate("html5ever")
            .with_max_level(LogLevel::Debug)
            .init()
            .unwrap();
        log
    });
    String::from_utf8_lossy(&log.lock().unwrap()).into_owned()
}

impl TestApp {
    /// Waits until no reply is being written, also none of a process that is gone: it takes a while
    /// until it counts as that.
    pub async fn settled(&self) {
        const RUNS: &str =
            "select exists (select 1 from messages where state in ('queued', 'streaming'))";
        let ended = async {
            while self.value::<bool>(RUNS).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let ended = tokio::time::timeout(super::PATIENCE, ended).await;
        ended.expect("every reply ends");
    }
}

/// Statements, and what PostgreSQL said about them.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    pub statements: BTreeSet<String>,
    pub notices: BTreeSet<String>,
}

/// Whether they are recorded.
static RECORDS: AtomicBool = AtomicBool::new(false);

static RECORDED: Mutex<Recorded> = Mutex::new(Recorded {
    statements: BTreeSet::new(),
    notices: BTreeSet::new(),
});

/// Records every statement of this process from now on.
pub fn record_statements() {
    log();
    RECORDS.store(true, Ordering::Relaxed);
}

/// What was recorded until now.
pub fn recorded_statements() -> Recorded {
    RECORDED.lock().unwrap().clone()
}

struct Recorder;

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let mut recorded = RECORDED.lock().unwrap();
        if event.metadata().target() != "sqlx::query" {
            recorded.notices.insert(said.message);
        } else if said.statement.is_empty() {
            // A short one is its own summary.
            recorded.statements.insert(said.summary);
        } else {
            recorded.statements.insert(said.statement);
        }
    }
}

/// What an event of sqlx says.
#[derive(Default)]
struct Said {
    message: String,
    summary: String,
    statement: String,
}

impl Said {
    fn field(&mut self, name: &str) -> Option<&mut String> {
        match name {
            "message" => Some(&mut self.message),
            "summary" => Some(&mut self.summary),
            "db.statement" => Some(&mut self.statement),
            _ => None,
        }
    }
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        if let Some(said) = self.field(field.name()) {
            *said = value.to_owned();
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if let Some(said) = self.field(field.name()) {
            *said = format!("{value:?}");
        }
    }
}

struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
