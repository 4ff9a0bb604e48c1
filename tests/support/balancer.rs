//! A load balancer that knows nothing: each new connection goes to the next server.

use super::{Place, Way};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::{TcpListener, TcpStream};

/// The balancer. Browsers of the tests make a connection for each request, so requests alternate.
pub struct Balancer {
    /// Where it is, as browsers write it.
    pub url: String,
    servers: Arc<Servers>,
}

struct Servers {
    /// Each with how many connections it was given.
    all: Mutex<Vec<(SocketAddr, usize)>>,
}

impl Balancer {
    /// A balancer in front of these servers.
    pub async fn before(servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let all = servers.into_iter().map(|server| (server, 0)).collect();
        let servers = Arc::new(Servers {
            all: Mutex::new(all),
        });
        let known = servers.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let servers = known.clone();
                tokio::spawn(async move {
                    if let Some(mut far) = servers.connect().await {
                        near.set_nodelay(true).ok();
                        far.set_nodelay(true).ok();
                        tokio::io::copy_bidirectional(&mut near, &mut far)
                            .await
                            .ok();
                    }
                });
            }
        });
        Self { url, servers }
    }

    /// How many connections each server was given.
    pub fn connections(&self) -> Vec<usize> {
        let all = self.servers.all.lock().unwrap();
        all.iter().map(|(_, connections)| *connections).collect()
    }
}

impl Servers {
    /// A connection to the server whose turn it is, or the next one that takes any.
    async fn connect(&self) -> Option<TcpStream> {
        let mut turns: Vec<_> = {
            let all = self.all.lock().unwrap();
            let turns = all.iter().enumerate();
            turns
                .map(|(n, (server, connections))| (*connections, n, *server))
                .collect()
        };
        turns.sort();
        for (_, n, server) in turns {
            // Counted before it is there: another connection has its turn elsewhere.
            self.all.lock().unwrap()[n].1 += 1;
            if let Ok(far) = TcpStream::connect(server).await {
                return Some(far);
            }
        }
        None
    }
}

impl Place for Balancer {
    fn way(&self) -> Way {
        Way::to(&self.url)
    }
}
