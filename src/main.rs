//! The `damso` program: read the settings; then do the command, or open the database, serve, stop
//! gently.

use anyhow::Context;
use axum::serve::ListenerExt;
use damso::{
    App,
    config::{Config, Invocation},
    router,
};
use mimalloc::MiMalloc;
use socket2::SockRef;
use std::{io::IsTerminal, net::SocketAddr, process::ExitCode, time::Duration};
use tokio::{net::TcpListener, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Thousands of small pieces of memory come and go on several threads, for each of which GNU's C
/// library keeps a heap of its own: with this allocator an open stream costs a third, and a token a
/// tenth less CPU.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

/// How long open requests may take to end, once no more are taken.
const GRACE: Duration = Duration::from_secs(5);

/// How long what was sent may stay without an answer until the other side counts as gone.
#[cfg(target_os = "linux")]
const GONE: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("damso: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// False when all was done, and something was found wrong.
async fn run() -> anyhow::Result<bool> {
    let Invocation { command, config } = Invocation::read();
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a TLS provider is installed already"))?;
    let mut signals = StopSignals::new()?;
    match command {
        None => serve(config, signals).await.map(|()| true),
        Some(command) => tokio::select! {
            done = command.run(&config) => done,
            // What is half done is undone.
            () = signals.next() => anyhow::bail!("stopped"),
        },
    }
}

async fn serve(config: Config, mut signals: StopSignals) -> anyhow::Result<()> {
    // async-openai logs whole replies when it cannot read them: never.
    let filter = EnvFilter::try_new(format!("{},async_openai=off", config.rust_log))
        .context("RUST_LOG is not a filter")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    if let Some(warning) = config.proxy_warning() {
        tracing::warn!("{warning}");
    }
    let (listen, stop_timeout) = (config.listen, config.stop_timeout);
    // Before the database is touched: another Damso may be at work there.
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("LISTEN: cannot listen on {listen}"))?;
    let app = App::start(config).await?;
    let address = listener.local_addr()?;
    tracing::info!("Damso is at http://{address}");
    let models = app.models().clone();
    let looking = tokio::spawn(async move { models.look().await });
    // Usually known at once, so that the first page names the right model.
    drop(tokio::time::timeout(Duration::from_millis(100), looking).await);
    let replies = app.replies().clone();
    let db = app.db().clone();
    let listener = listener.tap_io(|tcp| {
        // Small pieces are sent as they come, and whoever is gone without a word is noticed.
        let socket = SockRef::from(&*tcp);
        let set = socket.set_tcp_nodelay(true);
        #[cfg(target_os = "linux")]
        let set = set.and(socket.set_tcp_user_timeout(Some(GONE)));
        if let Err(error) = set {
            tracing::debug!(%error, "a connection could not be set up");
        }
    });
    let service = router(app)?.into_make_service_with_connect_info::<SocketAddr>();
    // Pages are served until the replies that run have ended or their time is up.
    let ended = CancellationToken::new();
    let ending = ended.clone();
    let stop = async move {
        signals.next().await;
        tracing::info!("stopping: replies that run may finish; once more to stop at once");
        replies.end(stop_timeout, signals.next()).await;
        ending.cancel();
    };
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop);
    tokio::select! {
        served = serving => served?,
        () = async { ended.cancelled().await; tokio::time::sleep(GRACE).await } => {}
    }
    db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Ctrl-C and SIGTERM, from now on.
struct StopSignals {
    #[cfg(unix)]
    interrupt: signal::unix::Signal,
    #[cfg(unix)]
    terminate: signal::unix::Signal,
}

impl StopSignals {
    fn new() -> anyhow::Result<Self> {
        #[cfg(unix)]
        use signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Returns at the next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! { _ = self.interrupt.recv() => (), _ = self.terminate.recv() => () }
        #[cfg(not(unix))]
        drop(signal::ctrl_c().await);
    }
}
