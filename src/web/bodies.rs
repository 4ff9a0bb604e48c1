//! The bodies of requests and of answers: how large they may be, how slowly they may come, and how much
//! of them is held in memory.

use super::given_back::Brought;
use crate::{
    App,
    auth::{self, sender::Sender},
    error::{Error, Result},
    security::memory_room::{NoRoom, Part},
};
use axum::{
    body::{Body, BodyDataStream, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{Method, StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http_body::Body as _;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// The most bytes of a form.
const FORM: usize = 16 * 1024;

/// Forms in which people write at length. Those of people who are known here may be large, and within
/// that limit what is too long is given back to its writer. The sign-in form is one, as it carries what
/// was being sent when a session ended.
const LONG_FORMS: [&str; 10] = [
    "/chats",
    "/chats/{id}/messages",
    "/chats/{id}/live/{reply}",
    "/chats/{id}/live/{reply}/{n}",
    "/chats/{id}/settings",
    "/messages/{id}/edit",
    "/login",
    "/settings",
    "/personas/new",
    "/personas/{id}",
];

/// The most bytes of those, unless the limit on messages needs more.
const LONG_FORM: usize = 2 * 1024 * 1024;

/// The most bytes of a character in a form: four of UTF-8, each percent-encoded.
const BYTES_A_CHARACTER: usize = 12;

/// The time that what is sent may take, and the bytes that have to come for each further second.
const GRACE: Duration = Duration::from_secs(10);
const BYTES_A_SECOND: usize = 1024;

/// The time for which what is refused is still taken, to be thrown away: a browser that is answered
/// while it sends shows that the connection broke, and no answer.
const THROWN_AWAY: Duration = Duration::from_secs(5);

/// An answer below this size costs no more than its connection does.
const SMALL: u64 = 16 * 1024;

/// Reads what a request brings along, before anybody works at it: as much as it may be, from whom it
/// may be that much, at the pace at which it has to come.
pub async fn take_in(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if matches!(parts.method, Method::GET | Method::HEAD) || body.is_end_stream() {
        return next.run(Request::from_parts(parts, Body::empty())).await;
    }
    let mut coming = Coming {
        least: body.size_hint().lower(),
        data: body.into_data_stream(),
    };
    let taken = match Allowed::of(&app, &parts, coming.least).await {
        Ok(allowed) => coming
            .read(allowed.most)
            .await
            .map(|bytes| (bytes, allowed)),
        Err(error) => Err(error.into_response()),
    };
    match taken {
        Ok((bytes, _allowed)) => {
            let kept = Brought(bytes.clone());
            let mut answer = next.run(Request::from_parts(parts, bytes.into())).await;
            let status = answer.status();
            // What it was written for may be gone, or it is too early: neither is its writer's fault.
            let is_early_or_late =
                [StatusCode::NOT_FOUND, StatusCode::TOO_MANY_REQUESTS].contains(&status);
            if status.is_server_error() || is_early_or_late {
                answer.extensions_mut().insert(kept);
            }
            answer
        }
        Err(refused) => {
            if refused.status() != StatusCode::REQUEST_TIMEOUT {
                timeout(THROWN_AWAY, coming.throw_away()).await.ok();
            }
            refused
        }
    }
}

/// The most that a request may bring along, and the room that is kept for it.
struct Allowed {
    most: usize,
    _room: Option<Part>,
}

impl Allowed {
    async fn of(app: &App, parts: &Parts, least: u64) -> Result<Self> {
        let form = Self {
            most: FORM,
            _room: None,
        };
        let path = parts.extensions.get::<MatchedPath>();
        let path = path.map(MatchedPath::as_str).unwrap_or_default();
        // What says nothing of its size is no browser's form, and counts as a small one.
        if least <= FORM as u64 || !LONG_FORMS.contains(&path) {
            return Ok(form);
        }
        let known = match app.db.is_away() {
            true => Err(Error::Unavailable("the database is away".into())),
            false => auth::known_sender(app, &parts.headers).await,
        };
        let user = match known {
            Ok(Some(user)) => Some(user),
            Ok(None) if path == "/login" => return Ok(form),
            Ok(None) => return Err(Error::SignedOut),
            // Nobody is known now, and what was written is to be given back.
            Err(error) if error.is_passing() => None,
            Err(error) => return Err(error),
        };
        let most = LONG_FORM.max(app.config.message_limit * BYTES_A_CHARACTER);
        let size = usize::try_from(least).unwrap_or(usize::MAX).min(most);
        Ok(Self {
            most,
            _room: Some(app.room.take(user, size)?),
        })
    }
}

/// The body of a request, while it comes.
struct Coming {
    /// The least number of bytes that come.
    least: u64,
    data: BodyDataStream,
}

impl Coming {
    /// All of it, unless it is more than may be, or takes too long, or ends in the middle.
    async fn read(&mut self, most: usize) -> Result<Bytes, Response> {
        if self.least > most as u64 {
            return Err(StatusCode::PAYLOAD_TOO_LARGE.into_response());
        }
        let mut all = BytesMut::new();
        let begun = Instant::now();
        loop {
            let seconds = all.len() / BYTES_A_SECOND;
            let deadline = begun + GRACE + Duration::from_secs(seconds as u64);
            let data = match timeout_at(deadline, self.data.next()).await {
                Ok(None) => return Ok(all.freeze()),
                Ok(Some(Ok(data))) => data,
                Ok(Some(Err(_))) => return Err(StatusCode::BAD_REQUEST.into_response()),
                Err(_) => return Err(StatusCode::REQUEST_TIMEOUT.into_response()),
            };
            if all.len() + data.len() > most {
                return Err(StatusCode::PAYLOAD_TOO_LARGE.into_response());
            }
            all.extend_from_slice(&data);
        }
    }

    async fn throw_away(&mut self) {
        let mut bytes = 0;
        while let Some(Ok(data)) = self.data.next().await {
            bytes += data.len();
            if bytes > LONG_FORM {
                return;
            }
        }
    }
}

/// Counts what an answer holds in memory until it is sent; too much of it is not sent at all.
pub async fn give_out(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let is_ours = request.uri().path().starts_with("/static/");
    let sender = Sender::default();
    request.extensions_mut().insert(sender.clone());
    let response = next.run(request).await;
    // What grows while it is sent has no size, and seats of its own.
    let size = response.body().size_hint().exact();
    let Some(size) = size.filter(|size| *size > SMALL && !is_ours) else {
        return response;
    };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let user = sender.0.get().map(|(user, _)| *user);
    let part = match app.room.take(user, size) {
        Ok(part) => part,
        Err(none) => return Error::from(none).into_response(),
    };
    let (parts, body) = response.into_parts();
    // It is there already.
    match to_bytes(body, size).await {
        Ok(bytes) => Response::from_parts(parts, Body::from(part.holding(bytes))),
        Err(error) => Error::internal(error).into_response(),
    }
}

impl From<NoRoom> for Error {
    fn from(none: NoRoom) -> Self {
        match none {
            NoRoom::Theirs => Self::TooManyOpen,
            NoRoom::Everybodys => Self::Full,
        }
    }
}
