//! The answer to a request for a reply, as it comes from the server, within its limits.

use super::{
    api_key::Secrets,
    error::{ModelError, ModelErrorKind, chain},
    openai::Server,
    sse::{SseItem, SseParser},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::{pin::Pin, time::Duration};
use tokio::time::{Instant, timeout};

/// The largest answer that is read, in bytes after decompression.
pub(crate) const ANSWER_LIMIT: usize = 4 << 20;

/// Longest delay of the true end of an answer after its announced end. An answer that was read to
/// its true end leaves a connection that can be used again.
const LAST_PACKET: Duration = Duration::from_millis(20);

/// An answer that is being read. Dropping it ends the request.
pub(crate) struct Answer {
    /// Its body alone: the headers would keep the buffer that they were read into.
    packets: Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>,
    mender: SseParser,
    bytes: usize,
    silence_timeout: Duration,
    /// The time when it was last heard of. Only whole lines count: a byte now and then is no life.
    last_life: Instant,
    secrets: Secrets,
}

impl Answer {
    pub(crate) fn new(response: reqwest::Response, server: &Server) -> Self {
        Self {
            packets: Box::pin(response.bytes_stream()),
            mender: SseParser::default(),
            bytes: 0,
            silence_timeout: server.silence_timeout,
            last_life: Instant::now(),
            secrets: server.secrets.clone(),
        }
    }

    /// Waits for the next packet and adds its events to `events`. False at the answer's end.
    ///
    /// # Errors
    /// When the answer breaks or passes a limit; the events before that are added all the same.
    pub(crate) async fn next(&mut self, events: &mut Vec<SseItem>) -> Result<bool, ModelError> {
        let packet = self.packets.next().await.transpose();
        let packet = packet.map_err(|error| {
            ModelError::new(ModelErrorKind::CutOff, &chain(&error), &self.secrets)
        })?;
        let lines = self.mender.lines();
        let taken = match &packet {
            Some(packet) => {
                self.bytes += packet.len();
                if self.bytes > ANSWER_LIMIT {
                    Err(ModelErrorKind::TooLarge)
                } else {
                    self.mender.take(packet, events)
                }
            }
            None => self.mender.end(events),
        };
        if self.mender.lines() > lines {
            self.is_alive();
        }
        taken.map_err(|kind| ModelError::new(kind, explain(kind), &self.secrets))?;
        Ok(packet.is_some())
    }

    /// Returns when it has been silent for too long, if nothing comes until then.
    pub(crate) fn silent_at(&self) -> Instant {
        self.last_life + self.silence_timeout
    }

    /// Tells whether it has been heard of at all.
    pub(crate) fn has_life(&self) -> bool {
        self.mender.lines() > 0
    }

    /// Whatever time has passed, it was not the server's.
    pub(crate) fn is_alive(&mut self) {
        self.last_life = Instant::now();
    }

    /// The server has announced the end: what may still come is of no interest.
    pub(crate) async fn finish(mut self) {
        timeout(LAST_PACKET, self.packets.next()).await.ok();
    }
}

/// A trouble in words.
pub(crate) fn explain(kind: ModelErrorKind) -> &'static str {
    match kind {
        ModelErrorKind::TooLarge => "the answer is larger than we take",
        ModelErrorKind::Silent => "nothing came for too long",
        ModelErrorKind::CutOff => "the connection ended before the answer did",
        _ => "the answer is not a reply",
    }
}
