//! Damso on a port of its own, for browsers that are programs: Chromium, w3m, Lynx, Links.

use super::{model::ModelServer, wire::Wire};
use damso::{App, config::Config, db::Db, router, with_pool};
use std::{net::SocketAddr, time::Duration};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

/// How long a test waits for something that must happen before it fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How often it looks whether it has.
const GLANCE: Duration = Duration::from_millis(20);

/// The running program with an empty database, and the model server that answers in it.
pub struct Site {
    /// Where it is, as in `http://127.0.0.1:4321`.
    pub url: String,
    /// What the model says.
    pub model: ModelServer,
    app: App,
    _folder: TempDir,
}

impl Site {
    /// Starts it.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts it with some settings more, as flags.
    pub async fn with(settings: &[&str]) -> Self {
        let model = ModelServer::start().await;
        let folder = tempfile::tempdir().unwrap();
        let flags = [
            format!(
                "--database-url=sqlite://{}/damso.db",
                folder.path().display()
            ),
            format!("--openai-base-url={}", model.base_url()),
            "--find-ollama=false".to_owned(),
            "--titles=false".to_owned(),
        ];
        let flags = flags.iter().map(String::as_str);
        let config = Config::from_flags(flags.chain(settings.iter().copied())).unwrap();
        let app = App::start(config).await.unwrap();
        app.models().look().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = router(app.clone())
            .unwrap()
            .into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self {
            url,
            model,
            app,
            _folder: folder,
        }
    }

    /// Runs SQL that changes something.
    pub async fn change(&self, sql: &'static str) {
        with_pool!(self.app.db().write, db => {
            sqlx::query(sql).execute(db).await.unwrap();
        });
    }

    /// The database.
    pub fn db(&self) -> &Db {
        self.app.db()
    }

    /// The same site at another address, over a connection that can be cut.
    pub async fn over_a_wire(&self) -> Wire {
        Wire::to(self.url.trim_start_matches("http://").parse().unwrap()).await
    }
}

/// Asks again and again until the answer is `Ok`; after a long time fails with the last one.
pub async fn wait_until<T>(mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) if Instant::now() > deadline => panic!("{seen}"),
            Err(_) => sleep(GLANCE).await,
        }
    }
}
