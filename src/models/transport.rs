//! The HTTP transport under async-openai: sends a request once, and hands on an answer that is within
//! its limits.

use super::{
    error::{ModelError, ModelErrorKind, chain},
    openai::Server,
    response::{ANSWER_LIMIT, Answer, explain},
    wait,
};
use async_openai::{error::OpenAIError, middleware::HttpRequestFactory};
use http::header;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};
use tokio::time::timeout;

/// Most bytes of an error that are read.
const ERROR_LIMIT: usize = 64 << 10;

/// The place where the answer to a request for a reply is left. async-openai is handed an empty
/// one: its parser runs in a task of its own, behind a channel without bounds, and cannot bear all
/// that servers send.
#[derive(Clone, Default)]
pub(super) struct CapturedResponse(Arc<Mutex<Option<Answer>>>);

impl CapturedResponse {
    /// The answer, once.
    pub(super) fn take(&self) -> Option<Answer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, answer: Answer) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }
}

/// A service that sends requests, without retries or redirects, and answers with successes only:
/// everything else is a [`ModelError`] inside of [`OpenAIError::Boxed`].
#[derive(Clone)]
pub(super) struct Transport {
    pub(super) server: Server,
    pub(super) kept: CapturedResponse,
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
    async fn send(self, mut request: reqwest::Request) -> Result<reqwest::Response, ModelError> {
        let streams = request.method() == http::Method::POST;
        let headers = request.headers_mut();
        if self.server.key.expose().is_empty() {
            // A server without keys may choke on an empty one.
            headers.remove(header::AUTHORIZATION);
        } else if let Some(value) = headers.get_mut(header::AUTHORIZATION) {
            value.set_sensitive(true);
        }
        self.server.headers.put_into(headers);
        // Compressing a stream means holding it back. Servers that do it anyway are understood.
        headers.insert(
            header::ACCEPT_ENCODING,
            header::HeaderValue::from_static("identity"),
        );

        let response = match &self.server.demo {
            Some(demo) => demo.answer(&request),
            None => self.server.http.execute(request).await.map_err(|error| {
                ModelError::new(
                    ModelErrorKind::Unreachable,
                    &chain(&error.without_url()),
                    &self.server.secrets,
                )
            })?,
        };
        let status = response.status();
        if !status.is_success() {
            let retry_after = wait::in_headers(status.as_u16(), response.headers());
            let body = self.beginning(response).await;
            return Err(ModelError::refused(
                status.as_u16(),
                &body,
                retry_after,
                &self.server.secrets,
            ));
        }
        if streams {
            self.kept.put(Answer::new(response, &self.server));
            return Ok(http::Response::new("").into());
        }
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        let all = self.whole(http::Response::new(body).into()).await?;
        Ok(http::Response::from_parts(parts, all).into())
    }

    /// An answer that is not streamed, all of it.
    async fn whole(&self, mut response: reqwest::Response) -> Result<Vec<u8>, ModelError> {
        let trouble = |kind| ModelError::new(kind, explain(kind), &self.server.secrets);
        let mut all = vec![];
        loop {
            match timeout(self.server.silence_timeout, response.chunk()).await {
                Ok(Ok(None)) => return Ok(all),
                Ok(Ok(Some(packet))) if all.len() + packet.len() <= ANSWER_LIMIT => {
                    all.extend_from_slice(&packet)
                }
                Ok(Ok(Some(_))) => return Err(trouble(ModelErrorKind::TooLarge)),
                Ok(Err(_)) => return Err(trouble(ModelErrorKind::CutOff)),
                Err(_) => return Err(trouble(ModelErrorKind::Silent)),
            }
        }
    }

    /// The beginning of an error, as far as it comes in time.
    async fn beginning(&self, mut response: reqwest::Response) -> String {
        let mut bytes = vec![];
        let read = async {
            while bytes.len() < ERROR_LIMIT
                && let Ok(Some(packet)) = response.chunk().await
            {
                let room = ERROR_LIMIT - bytes.len();
                bytes.extend_from_slice(&packet[..packet.len().min(room)]);
            }
        };
        timeout(self.server.silence_timeout, read).await.ok();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
