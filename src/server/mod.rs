//! Takes connections and serves them: how many there may be, how long each may be silent.
//!
//! Unlike with `axum::serve` a head must come within 15 seconds, whoever asks nothing for 75 is let
//! go, and when there are as many connections as there may be, those that ask nothing make room.

mod activity;
mod connection;
mod connections;
mod files;

use crate::{App, i18n::Lang, security::client_address::network_of};
use axum::Router;
use connection::Connection;
use connections::Connections;
use socket2::SockRef;
use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

/// `TCP_USER_TIMEOUT`: time after which a connection whose data stays unacknowledged is closed.
#[cfg(target_os = "linux")]
const GONE: Duration = Duration::from_secs(60);

/// The time for which no connection is taken after the system had none to give.
const PAUSE: Duration = Duration::from_millis(50);

/// The shortest time between two lines of the log that there are too many connections.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// Serves the pages on every connection until it is to stop; then until the last one has ended.
pub async fn serve(
    listener: TcpListener,
    app: &App,
    pages: Router,
    stop: impl Future<Output = ()>,
) {
    let config = app.config.clone();
    let room = files::room_for_connections(config.connections, config.replies_at_once);
    let connections = Connections::new(room, config.connections_per_network);
    let stopping = CancellationToken::new();
    // Every connection has a receiver.
    let (drained, open) = watch::channel(());
    let mut stop = std::pin::pin!(stop);
    let mut server = Accepting {
        connections,
        said: None,
        full: full(),
    };
    loop {
        server.connections.settle().await;
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            () = &mut stop => break,
        };
        let (tcp, peer) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                server.not_taken(&error).await;
                continue;
            }
        };
        set_up(&tcp);
        // A proxy's connections are many people's.
        let network = (!config.trusts(peer.ip())).then(|| network_of(peer.ip()));
        match server.connections.admit(network) {
            Some(slot) => {
                let connection = Connection::new(tcp, peer, slot, pages.clone());
                let (stopping, open) = (stopping.clone(), open.clone());
                tokio::spawn(async move {
                    connection.serve(stopping).await;
                    drop(open);
                });
            }
            None => server.refuse(&tcp, peer),
        }
    }
    drop((listener, open));
    stopping.cancel();
    drained.closed().await;
}

/// Small pieces are sent as they come, and whoever is gone without a word is noticed.
fn set_up(tcp: &TcpStream) {
    let socket = SockRef::from(tcp);
    let set = socket.set_tcp_nodelay(true);
    #[cfg(target_os = "linux")]
    let set = set.and(socket.set_tcp_user_timeout(Some(GONE)));
    if let Err(error) = set {
        tracing::debug!(%error, "could not set socket options");
    }
}

/// The memory of the loop that takes connections.
struct Accepting {
    connections: Arc<Connections>,
    /// The time when the log said last that there are too many.
    said: Option<Instant>,
    /// The answer when there is no room.
    full: String,
}

impl Accepting {
    /// A connection could not be taken. That is its own fault, or the system has no more to give.
    async fn not_taken(&mut self, error: &io::Error) {
        let only_this_one = matches!(
            error.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset
        );
        if only_this_one {
            return;
        }
        self.connections.make_room();
        if self.may_say() {
            tracing::warn!(%error, "could not accept a connection");
        }
        sleep(PAUSE).await;
    }

    /// Everybody who is here is being answered.
    fn refuse(&mut self, tcp: &TcpStream, peer: SocketAddr) {
        tcp.try_write(self.full.as_bytes()).ok();
        if self.may_say() {
            let network = network_of(peer.ip());
            tracing::warn!(%network, "refused a connection: too many are open (CONNECTIONS, CONNECTIONS_PER_NETWORK)");
        }
    }

    fn may_say(&mut self) -> bool {
        let may = self.said.is_none_or(|said| said.elapsed() >= SAID_EVERY);
        if may {
            self.said = Some(Instant::now());
        }
        may
    }
}

/// The answer when there is no room, in every language, as nothing was asked yet.
fn full() -> String {
    let sentences = Lang::iter().map(|lang| lang.texts().error_unavailable() + "\n");
    let body: String = sentences.collect();
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
         retry-after: 5\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
