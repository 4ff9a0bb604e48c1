//! The `damso` program: read the settings; then do the command, or open the database, serve, stop
//! gently.

mod memory;

use anyhow::Context;
use damso::{
    App,
    config::{Config, Invocation},
    router, server,
};
use std::{io::IsTerminal, process::ExitCode, time::Duration};
use tokio::{net::TcpListener, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Time that open requests have to end, once no more are accepted.
const GRACE: Duration = Duration::from_secs(5);

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
    let filter = EnvFilter::try_new(format!("{},async_openai=off", config.rust_log))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    tracing::info!("default time zone: {}", config.zone_in_words());
    let (listen, stop_timeout) = (config.listen, config.stop_timeout);
    // Before the database is touched: another Damso may be at work there.
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("LISTEN: cannot listen on {listen}"))?;
    let app = App::start(config).await?;
    let address = listener.local_addr()?;
    app.log_start().await?;
    tracing::info!("listening on http://{address}");
    let models = app.models().clone();
    let looking = tokio::spawn(async move { models.look().await });
    // Usually known at once, so that the first page names the right model.
    drop(tokio::time::timeout(Duration::from_millis(100), looking).await);
    let replies = app.replies().clone();
    let db = app.db().clone();
    let pages = router(app.clone())?;
    tokio::spawn(memory::give_back());
    // Pages are served until the replies that run have ended or their time is up.
    let ended = CancellationToken::new();
    let ending = ended.clone();
    let stop = async move {
        signals.next().await;
        tracing::info!(
            "shutting down: waiting up to {} s for running replies; press Ctrl-C or send SIGTERM again to stop now",
            stop_timeout.as_secs_f64()
        );
        replies.end(stop_timeout, signals.next()).await;
        ending.cancel();
    };
    tokio::select! {
        () = server::serve(listener, &app, pages, stop) => {}
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
