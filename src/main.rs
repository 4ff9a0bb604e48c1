//! The `damso` program: read the settings; then do the command, or open the database, serve, stop
//! gently.

use anyhow::Context;
use damso::{
    App,
    config::{Config, Invocation},
    router,
};
use std::{io::IsTerminal, net::SocketAddr, process::ExitCode, time::Duration};
use tokio::{net::TcpListener, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// How long open requests may take to end, once no more are taken.
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
    match command {
        None => serve(config).await.map(|()| true),
        Some(command) => tokio::select! {
            done = command.run(&config) => done,
            // What is half done is undone.
            () = asked_to_stop() => anyhow::bail!("stopped"),
        },
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
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
    let service = router(app)?.into_make_service_with_connect_info::<SocketAddr>();
    // Pages are served until the replies that run have ended or their time is up.
    let ended = CancellationToken::new();
    let ending = ended.clone();
    let stop = async move {
        asked_to_stop().await;
        tracing::info!("stopping: replies that run may finish; once more to stop at once");
        replies.end(stop_timeout, asked_to_stop()).await;
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

/// Returns at Ctrl-C or SIGTERM.
async fn asked_to_stop() {
    let interrupt = async { drop(signal::ctrl_c().await) };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! { () = interrupt => (), () = terminate => () }
}
