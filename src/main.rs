//! The `damso` program: read the settings, open the database, serve, stop gently.

use anyhow::Context;
use damso::{App, config::Config, router};
use std::{io::IsTerminal, net::SocketAddr, process::ExitCode, time::Duration};
use tokio::{net::TcpListener, signal};
use tracing_subscriber::EnvFilter;

/// How long open requests may take to end when the program is asked to stop.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("damso: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let config = Config::read();
    // async-openai logs whole replies when it cannot read them: never.
    let filter = EnvFilter::try_new(format!("{},async_openai=off", config.rust_log))
        .context("RUST_LOG is not a filter")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("a TLS provider is installed already"))?;

    if config.public_url.is_some() && config.trusted_proxies.is_empty() {
        tracing::warn!(
            "PUBLIC_URL is set but TRUSTED_PROXIES is not: behind a proxy everybody seems to come from \
             one address, and shares its limits on signing in"
        );
    }
    let listen = config.listen;
    let app = App::start(config).await?;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("LISTEN: cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    tracing::info!("Damso is at http://{address}");
    let models = app.models().clone();
    let looking = tokio::spawn(async move { models.look().await });
    // Usually known at once, so that the first page names the right model.
    drop(tokio::time::timeout(Duration::from_millis(100), looking).await);
    let ending = app.clone();
    let service = router(app)?.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(asked_to_stop());
    tokio::select! {
        ended = serving => ended?,
        // Pages that stay open do not keep the program; what they show is in the journal.
        () = async { asked_to_stop().await; tokio::time::sleep(GRACE).await } => {}
    }
    ending.end().await;
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
