//! One connection: HTTP/1 and HTTP/2 on it, until it ends, is silent for too long, or has to leave.

use super::{activity::Activity, connections::Slot};
use axum::{Router, body::Body, extract::ConnectInfo, http::Version};
use bytes::Bytes;
use http::Request;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use std::{
    future::poll_fn,
    io,
    io::IoSlice,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::sleep_until,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The most bytes of a request's head, and of a body or an answer that are held for HTTP/1.
const BUFFER: usize = 64 * 1024;

/// The most bytes of bodies that nobody reads yet over HTTP/2: for each stream, and for a connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;

/// The most requests that one HTTP/2 connection may have open at once.
const STREAMS: u32 = 128;

/// After so much silence an HTTP/2 connection is asked whether it is still there, and how long it may
/// take to say so.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);

/// A connection that was taken.
pub(super) struct Connection {
    tcp: TcpStream,
    peer: SocketAddr,
    slot: Slot,
    pages: Router,
}

impl Connection {
    pub(super) fn new(tcp: TcpStream, peer: SocketAddr, slot: Slot, pages: Router) -> Self {
        Self {
            tcp,
            peer,
            slot,
            pages,
        }
    }

    /// Answers what it asks. When all is to stop, it ends after what it has asked already.
    pub(super) async fn serve(self, stopping: CancellationToken) {
        let Self {
            tcp,
            peer,
            slot,
            pages,
        } = self;
        let activity = &slot.activity;
        let service = service_fn(|mut request: Request<Incoming>| {
            let begun = Begun::new(activity, request.version());
            request.extensions_mut().insert(ConnectInfo(peer));
            let request = request.map(|body| match body.is_end_stream() {
                true => Body::empty(),
                false => Body::new(Asked::new(body, activity)),
            });
            let answering = pages.clone().oneshot(request);
            async move {
                let answer = answering.await?;
                Ok::<_, std::convert::Infallible>(answer.map(|body| Answer {
                    body,
                    _begun: begun,
                }))
            }
        });
        let io = TokioIo::new(Watched {
            tcp,
            activity: activity.clone(),
        });
        let http = http();
        let mut connection = pin!(http.serve_connection(io, service));
        let mut alarm = pin!(sleep_until(activity.deadline()));
        let mut leave = pin!(slot.leave.cancelled());
        let mut stop = pin!(stopping.cancelled());
        let mut is_stopping = false;
        poll_fn(|cx| {
            if !is_stopping && stop.as_mut().poll(cx).is_ready() {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                if let Err(error) = ended {
                    tracing::trace!(%error, "connection ended");
                }
                return Poll::Ready(());
            }
            // Seldom ready, and mostly the clock is not asked: only when something has changed.
            let deadline = activity.deadline();
            if deadline < alarm.deadline() {
                alarm.as_mut().reset(deadline);
            }
            let mut is_over = leave.as_mut().poll(cx).is_ready();
            while !is_over && alarm.as_mut().poll(cx).is_ready() {
                let deadline = activity.deadline();
                is_over = deadline <= alarm.deadline();
                alarm.as_mut().reset(deadline);
            }
            if !is_over {
                return Poll::Pending;
            }
            // Whoever asks nothing is told that nothing more comes; it cannot take long.
            connection.as_mut().graceful_shutdown();
            drop(connection.as_mut().poll(cx));
            Poll::Ready(())
        })
        .await;
    }
}

/// HTTP/1 and HTTP/2, as the client begins.
fn http() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    // A time limit for heads of its own would also hold for the silence before them.
    http.http1().max_buf_size(BUFFER);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PONG);
    http
}

/// A request that has begun; when it is dropped it is answered, or given up.
struct Begun(Arc<Activity>);

impl Begun {
    fn new(activity: &Arc<Activity>, version: Version) -> Self {
        activity.begins(version == Version::HTTP_2);
        Self(activity.clone())
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.ends();
    }
}

/// The body of a request, for as long as there is more to come.
struct Asked {
    body: Incoming,
    /// Gone when all of it has come.
    activity: Option<Arc<Activity>>,
}

impl Asked {
    fn new(body: Incoming, activity: &Arc<Activity>) -> Self {
        activity.body_begins();
        Self {
            body,
            activity: Some(activity.clone()),
        }
    }

    fn end(&mut self) {
        if let Some(activity) = self.activity.take() {
            activity.body_ends();
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.end();
    }
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() || self.body.is_end_stream() {
            self.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, for as long as it is being sent.
struct Answer {
    body: Body,
    _begun: Begun,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A socket that tells what happens on it.
struct Watched {
    tcp: TcpStream,
    activity: Arc<Activity>,
}

impl Watched {
    fn wrote<T>(&self, written: Poll<T>) -> Poll<T> {
        self.activity.writes(written.is_pending());
        written
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.tcp).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.activity.reads();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
