//! Damso on a port of its own, for browsers that are programs: Chromium, w3m, Lynx, Links.

use super::{PATIENCE, model::ModelServer, wire::Wire};
use axum::{
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{Html, IntoResponse, Response},
};
use damso::{App, config::Config, db::Db, router, with_pool};
use http::StatusCode;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

/// How often it looks whether it has.
const GLANCE: Duration = Duration::from_millis(20);

/// The ends of addresses, with which status what is asked of them is refused, and how often.
type Refused = Arc<Mutex<Vec<(String, StatusCode, usize)>>>;

/// The running program with an empty database, and the model server that answers in it.
pub struct Site {
    /// Where it is, as in `http://127.0.0.1:4321`.
    pub url: String,
    /// What the model says.
    pub model: ModelServer,
    app: App,
    /// The ends of the addresses to which a proxy in front would answer by itself, and how often.
    refused: Refused,
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
            "--messages-per-minute=0".to_owned(),
        ];
        let flags = flags.iter().map(String::as_str);
        let config = Config::from_flags(flags.chain(settings.iter().copied())).unwrap();
        let app = App::start(config).await.unwrap();
        app.models().look().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let refused = Refused::default();
        let service = router(app.clone())
            .unwrap()
            .layer(from_fn_with_state(refused.clone(), refuse))
            .into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self {
            url,
            model,
            app,
            refused,
            _folder: folder,
        }
    }

    /// Lets a proxy in front answer so often, with a page of its own, what is asked of addresses that
    /// end like this.
    pub fn refuse(&self, end: &str, times: usize) {
        self.refuse_with(StatusCode::SERVICE_UNAVAILABLE, end, times);
    }

    /// The same with another status.
    pub fn refuse_with(&self, status: StatusCode, end: &str, times: usize) {
        let mut refused = self.refused.lock().unwrap();
        refused.push((end.to_owned(), status, times));
    }

    /// Runs SQL that changes something.
    pub async fn change(&self, sql: &'static str) {
        with_pool!(self.app.db().writer().unwrap(), db => {
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

/// Answers as a proxy does that does not reach its server.
async fn refuse(State(refused): State<Refused>, request: Request, next: Next) -> Response {
    let status = {
        let mut refused = refused.lock().unwrap();
        let path = request.uri().path();
        let found = refused
            .iter_mut()
            .find(|(end, _, times)| *times > 0 && path.ends_with(&**end));
        found.map(|(_, status, times)| {
            *times -= 1;
            *status
        })
    };
    let Some(status) = status else {
        return next.run(request).await;
    };
    let page = format!(
        "<html><head><title>{status}</title></head>\
         <body><center><h1>{status}</h1></center><hr>proxy</body></html>"
    );
    (status, Html(page)).into_response()
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
