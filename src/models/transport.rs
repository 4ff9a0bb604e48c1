//! What lies under async-openai: sends a request once, and hands on an answer that is within its limits.

use super::{
    mend::{Mended, Mender},
    openai::Server,
    retry,
    trouble::{Trouble, TroubleKind, chain},
};
use async_openai::{error::OpenAIError, middleware::HttpRequestFactory};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::header;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout, timeout_at},
};

/// The largest answer that is read, in bytes after decompression.
const ANSWER_LIMIT: usize = 4 << 20;

/// How much of an error is read, in bytes.
const ERROR_LIMIT: usize = 64 << 10;

/// How many events may wait to be read before no more are taken from the server.
const ROOM: usize = 64;

/// How long the true end of an answer may come after its announced end. An answer that was read to
/// its true end leaves a connection that can be used again.
const LAST_PACKET: Duration = Duration::from_millis(20);

/// What the transport tells about one answer past async-openai, which would lose it.
#[derive(Debug)]
pub(super) struct Watch {
    cause: Mutex<Option<Trouble>>,
    done: AtomicBool,
    room: Semaphore,
}

impl Watch {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            cause: Mutex::default(),
            done: AtomicBool::new(false),
            room: Semaphore::new(ROOM),
        })
    }

    /// Why the answer broke, once. async-openai makes a bare text of it.
    pub(super) fn cause(&self) -> Option<Trouble> {
        self.cause
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Whether the server announced the end with `[DONE]`, which async-openai hides.
    pub(super) fn done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// An event was read, so another may come: between the transport and the reader lies
    /// async-openai's channel, which has no bounds.
    pub(super) fn make_room(&self) {
        self.room.add_permits(1);
    }

    fn broken(&self, trouble: Trouble) -> io::Error {
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
        io::Error::other("the answer broke")
    }
}

/// A service that sends requests, without retries or redirects, and answers with successes only:
/// everything else is a [`Trouble`] inside of [`OpenAIError::Boxed`].
#[derive(Clone)]
pub(super) struct Transport {
    pub(super) server: Server,
    pub(super) watch: Arc<Watch>,
}

impl tower::Service<HttpRequestFactory> for Transport {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = Pin<Box<dyn Future<Output = Result<reqwest::Response, OpenAIError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let transport = self.clone();
        Box::pin(async move {
            let request = request.build().await?;
            transport
                .send(request)
                .await
                .map_err(|trouble| OpenAIError::Boxed(Box::new(trouble)))
        })
    }
}

impl Transport {
    async fn send(self, mut request: reqwest::Request) -> Result<reqwest::Response, Trouble> {
        let streams = request.method() == http::Method::POST;
        let headers = request.headers_mut();
        if self.server.key.expose().is_empty() {
            // A server without keys may choke on an empty one.
            headers.remove(header::AUTHORIZATION);
        } else if let Some(value) = headers.get_mut(header::AUTHORIZATION) {
            value.set_sensitive(true);
        }
        // Compressing a stream means holding it back. Servers that do it anyway are understood.
        headers.insert(
            header::ACCEPT_ENCODING,
            header::HeaderValue::from_static("identity"),
        );

        let response = match &self.server.demo {
            Some(demo) => demo.answer(&request),
            None => self.server.http.execute(request).await.map_err(|error| {
                Trouble::new(
                    TroubleKind::Unreachable,
                    &chain(&error.without_url()),
                    &self.server.key,
                )
            })?,
        };
        let status = response.status();
        if !status.is_success() {
            let retry_after = retry::retry_after(response.headers());
            let body = self.beginning(response).await;
            return Err(Trouble::refused(
                status.as_u16(),
                &body,
                retry_after,
                &self.server.key,
            ));
        }
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        let body = if streams {
            reqwest::Body::wrap_stream(self.events(body))
        } else {
            self.whole(body).await?.into()
        };
        Ok(http::Response::from_parts(parts, body).into())
    }

    /// The answer as mended events, until something breaks; the cause is left in the watch.
    fn events(self, body: reqwest::Body) -> impl Stream<Item = io::Result<Bytes>> + Send {
        async_stream::stream! {
            let mut packets = packets(body);
            let mut mender = Mender::default();
            let mut mended = vec![];
            let mut bytes = 0;
            let mut last_life = Instant::now();
            loop {
                let lines = mender.lines();
                let packet = timeout_at(last_life + self.server.silence_timeout, packets.next()).await;
                let ended = matches!(packet, Ok(None));
                let taken = match packet {
                    Ok(Some(Ok(packet))) => {
                        bytes += packet.len();
                        if bytes > ANSWER_LIMIT { Err(TroubleKind::TooLarge) } else { mender.take(&packet, &mut mended) }
                    }
                    Ok(None) => mender.end(&mut mended),
                    Ok(Some(Err(error))) => {
                        yield Err(self.watch.broken(Trouble::new(TroubleKind::CutOff, &chain(&error), &self.server.key)));
                        return;
                    }
                    Err(_) => Err(TroubleKind::Silent),
                };
                if mender.lines() > lines {
                    last_life = Instant::now();
                }
                for piece in mended.drain(..) {
                    match piece {
                        Mended::Event(event) => {
                            // The semaphore is never closed.
                            if let Ok(room) = self.watch.room.acquire().await {
                                room.forget();
                            }
                            last_life = Instant::now();
                            yield Ok(event);
                        }
                        Mended::Error(data) => {
                            let error = serde_json::from_str(&data).unwrap_or(serde_json::Value::String(data));
                            yield Err(self.watch.broken(Trouble::reported(&error, &self.server.key)));
                            return;
                        }
                        Mended::Done => {
                            self.watch.done.store(true, Ordering::Release);
                            if !ended {
                                timeout(LAST_PACKET, packets.next()).await.ok();
                            }
                            return;
                        }
                    }
                }
                if let Err(kind) = taken {
                    yield Err(self.watch.broken(Trouble::new(kind, explain(kind), &self.server.key)));
                    return;
                }
                if ended {
                    return;
                }
            }
        }
    }

    /// An answer that is not streamed, all of it.
    async fn whole(&self, body: reqwest::Body) -> Result<Vec<u8>, Trouble> {
        let trouble = |kind| Trouble::new(kind, explain(kind), &self.server.key);
        let mut packets = packets(body);
        let mut all = vec![];
        loop {
            match timeout(self.server.silence_timeout, packets.next()).await {
                Ok(None) => return Ok(all),
                Ok(Some(Ok(packet))) if all.len() + packet.len() <= ANSWER_LIMIT => {
                    all.extend_from_slice(&packet)
                }
                Ok(Some(Ok(_))) => return Err(trouble(TroubleKind::TooLarge)),
                Ok(Some(Err(_))) => return Err(trouble(TroubleKind::CutOff)),
                Err(_) => return Err(trouble(TroubleKind::Silent)),
            }
        }
    }

    /// The beginning of an error, as far as it comes in time.
    async fn beginning(&self, response: reqwest::Response) -> String {
        let mut packets = response.bytes_stream();
        let mut bytes = vec![];
        let read = async {
            while bytes.len() < ERROR_LIMIT
                && let Some(Ok(packet)) = packets.next().await
            {
                let room = ERROR_LIMIT - bytes.len();
                bytes.extend_from_slice(&packet[..packet.len().min(room)]);
            }
        };
        timeout(self.server.silence_timeout, read).await.ok();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn packets(body: reqwest::Body) -> Pin<Box<impl Stream<Item = reqwest::Result<Bytes>>>> {
    Box::pin(reqwest::Response::from(http::Response::new(body)).bytes_stream())
}

fn explain(kind: TroubleKind) -> &'static str {
    match kind {
        TroubleKind::TooLarge => "the answer is larger than we take",
        TroubleKind::Silent => "nothing came for too long",
        TroubleKind::CutOff => "the connection ended before the answer did",
        _ => "the answer is not a reply",
    }
}
