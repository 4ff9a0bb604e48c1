//! A way over TCP that can be cut, fall silent, or be closed for a while.

use super::{Place, Way};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// A way to a server. It ends with the test.
pub struct Wire {
    /// Where the server is by this way.
    pub address: SocketAddr,
    /// The same as browsers write it.
    pub url: String,
    line: Arc<Line>,
}

/// What happens to what goes over the wire.
struct Line {
    state: watch::Sender<State>,
    /// How many more bytes come from the server before the wire is cut.
    left: AtomicU64,
}

#[derive(Clone, Copy, Default)]
struct State {
    /// How often it was cut.
    cuts: usize,
    /// Cut connections look reset, not ended.
    resets: bool,
    /// Nothing arrives, and nobody is told.
    is_silent: bool,
    /// New connections are closed at once.
    is_closed: bool,
}

impl Wire {
    /// A wire to a server.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let line = Arc::new(Line {
            state: watch::Sender::default(),
            left: AtomicU64::new(u64::MAX),
        });
        let state = line.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(state.clone().connect(near, server));
            }
        });
        Self {
            address,
            url: format!("http://{address}"),
            line,
        }
    }

    /// Ends every connection that is open; new ones can be made.
    pub fn cut(&self) {
        self.line.cut(false);
    }

    /// The same, but as a network does it that knows nothing of the connections any more.
    pub fn reset(&self) {
        self.line.cut(true);
    }

    /// How often it was cut.
    pub fn cuts(&self) -> usize {
        self.line.state.borrow().cuts
    }

    /// Cuts it when that many more bytes have come from the server, wherever that is.
    pub fn cut_after(&self, bytes: u64) {
        self.line.left.store(bytes, Ordering::SeqCst);
    }

    /// From now on nothing arrives, and neither side is told. What is sent meanwhile is lost for
    /// good, so a cut must follow before it speaks again.
    pub fn fall_silent(&self) {
        self.line.state.send_modify(|state| state.is_silent = true);
    }

    /// Ends every connection, and takes no new ones until it is opened.
    pub fn close(&self) {
        self.line.state.send_modify(|state| state.is_closed = true);
        self.cut();
    }

    /// Ends whatever was wrong with it.
    pub fn heal(&self) {
        self.cut();
        self.line.state.send_modify(|state| {
            state.is_silent = false;
            state.is_closed = false;
        });
    }
}

impl Place for Wire {
    fn way(&self) -> Way {
        Way::to(&self.url)
    }
}

impl Line {
    fn cut(&self, resets: bool) {
        self.left.store(u64::MAX, Ordering::SeqCst);
        self.state.send_modify(|state| {
            state.cuts += 1;
            state.resets = resets;
        });
    }

    async fn connect(self: Arc<Self>, near: TcpStream, server: SocketAddr) {
        let mut state = self.state.subscribe();
        let State {
            cuts, is_closed, ..
        } = *state.borrow();
        if is_closed {
            return;
        }
        let Ok(far) = TcpStream::connect(server).await else {
            return;
        };
        for end in [&near, &far] {
            end.set_nodelay(true).ok();
        }
        let (near_read, near_write) = near.into_split();
        let (far_read, far_write) = far.into_split();
        let up = self.carry(near_read, far_write, None);
        let down = self.carry(far_read, near_write, Some(&self.left));
        tokio::select! {
            _ = async { tokio::join!(up, down) } => {}
            _ = state.wait_for(|state| state.cuts != cuts) => {}
        }
    }

    /// Carries bytes until their sender ends, or the wire is cut, which drops both ends.
    async fn carry(
        &self,
        mut from: OwnedReadHalf,
        to: OwnedWriteHalf,
        left: Option<&AtomicU64>,
    ) -> io::Result<()> {
        let mut to = Closing { line: self, to };
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let mut length = from.read(&mut buffer).await?;
            if length == 0 {
                return to.to.shutdown().await;
            }
            if self.state.borrow().is_silent {
                continue;
            }
            let mut is_last = false;
            if let Some(left) = left.filter(|left| left.load(Ordering::SeqCst) != u64::MAX) {
                let may = usize::try_from(left.load(Ordering::SeqCst)).unwrap();
                is_last = length >= may;
                length = length.min(may);
                left.fetch_sub(length as u64, Ordering::SeqCst);
            }
            to.to.write_all(&buffer[..length]).await?;
            if is_last {
                self.cut(false);
            }
        }
    }
}

/// One end of a connection, which closes as the wire was cut.
struct Closing<'a> {
    line: &'a Line,
    to: OwnedWriteHalf,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        if self.line.state.borrow().resets {
            self.to.as_ref().set_zero_linger().ok();
        }
    }
}
