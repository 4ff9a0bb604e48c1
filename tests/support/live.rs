//! An answer that is read while it grows.

use super::{Page, soon};
use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use http::{HeaderMap, Response, StatusCode};
use std::time::Duration;
use tokio::time::timeout;

/// A pause in an answer.
const PAUSE: Duration = Duration::from_millis(100);

/// An answer whose body is still coming.
pub struct Live {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub path: String,
    body: BodyDataStream,
    /// The beginning of a character that the network has cut.
    cut: Vec<u8>,
    /// Pieces come as the server made them.
    is_exact: bool,
    /// All that has come so far.
    pub seen: String,
    events: usize,
}

/// Marks an answer that came over a socket, which may cut its pieces anywhere.
#[derive(Clone, Copy)]
pub struct OverSocket;

/// A message of an event stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub name: String,
    pub data: String,
}

impl Live {
    pub fn new(path: &str, response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.into_data_stream();
        Self {
            status: parts.status,
            headers: parts.headers,
            path: path.to_owned(),
            body,
            cut: Vec::new(),
            is_exact: parts.extensions.get::<OverSocket>().is_none(),
            seen: String::new(),
            events: 0,
        }
    }

    /// The next piece, as the server sent it; none at the end.
    pub async fn next(&mut self) -> Option<String> {
        let piece = soon("the next piece of an answer", self.try_next()).await;
        let piece = piece.unwrap();
        assert!(
            !self.is_exact || self.cut.is_empty(),
            "pieces are cut between characters"
        );
        piece
    }

    /// The next piece, however long it takes; none at the end; or how the connection broke.
    pub async fn try_next(&mut self) -> Result<Option<String>, String> {
        let Some(piece) = self.body.next().await else {
            return Ok(None);
        };
        let piece = piece.map_err(|error| format!("{error:?}"))?;
        self.cut.extend_from_slice(&piece);
        let whole = match std::str::from_utf8(&self.cut) {
            Ok(all) => all.len(),
            Err(error) => {
                assert_eq!(error.error_len(), None, "what came is not UTF-8");
                error.valid_up_to()
            }
        };
        let rest = self.cut.split_off(whole);
        let piece = String::from_utf8(std::mem::replace(&mut self.cut, rest)).unwrap();
        self.seen += &piece;
        Ok(Some(piece))
    }

    /// Reads on until the text has come.
    pub async fn until(&mut self, text: &str) {
        while !self.seen.contains(text) {
            let more = self.next().await;
            assert!(more.is_some(), "it ended without {text}: {}", self.seen);
        }
    }

    /// Reads to the end.
    pub async fn page(mut self) -> Page {
        while self.next().await.is_some() {}
        Page {
            status: self.status,
            nonce: nonce(&self.headers),
            headers: self.headers,
            answer: self.seen.clone(),
            path: self.path,
            html: self.seen,
        }
    }

    /// The next message of an event stream; none at the end.
    pub async fn event(&mut self) -> Option<Event> {
        loop {
            if let Some((message, _)) = self.seen[self.events..].split_once("\n\n") {
                self.events += message.len() + 2;
                if let Some(event) = event(message) {
                    return Some(event);
                }
            } else {
                self.next().await?;
            }
        }
    }

    /// The messages that are whole when the connection breaks after so many bytes, or in a pause.
    pub async fn cut_after(mut self, bytes: usize) -> Vec<Event> {
        while self.seen.len() < bytes
            && let Ok(more) = timeout(PAUSE, self.try_next()).await
            && more.unwrap().is_some()
        {}
        let mut end = bytes.min(self.seen.len());
        while !self.seen.is_char_boundary(end) {
            end -= 1;
        }
        let messages = self.seen[..end].rsplit_once("\n\n");
        let messages = messages.map_or("", |(whole, _)| whole).split("\n\n");
        messages.filter_map(event).collect()
    }

    /// All messages to the end of the stream, `done` included.
    pub async fn events(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.event().await {
            events.push(event);
        }
        events
    }
}

/// A message, unless it is only comments.
fn event(message: &str) -> Option<Event> {
    let mut event = Event::default();
    let mut data = Vec::new();
    for line in message.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = value.to_owned(),
            "event" => event.name = value.to_owned(),
            "data" => data.push(value),
            _ => {}
        }
    }
    event.data = data.join("\n");
    (!data.is_empty()).then_some(event)
}

/// The nonce of a response, from its Content-Security-Policy.
pub fn nonce(headers: &HeaderMap) -> String {
    let policy = headers
        .get("content-security-policy")
        .expect("every response has a policy");
    let policy = policy.to_str().unwrap();
    let (_, from) = policy
        .split_once("'nonce-")
        .expect("every policy has a nonce");
    from.split('\'').next().unwrap().to_owned()
}
