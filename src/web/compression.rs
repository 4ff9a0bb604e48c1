//! Compression of what is worth it.

use axum::{
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{convert::Infallible, future::ready};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::compression::CompressionLayer;

/// Compresses what is worth it, but nothing that grows while it is read: its pieces are small, none
/// may be held back, and what compresses would take some kilobytes of each even at rest. Nor may it on
/// its way: Caddy and Varnish would keep it to its end. No browser minds the encoding that is none.
pub(crate) async fn compress(request: Request, next: Next) -> Response {
    let mut asked: Request = Request::default();
    if let Some(accepted) = request.headers().get(header::ACCEPT_ENCODING) {
        asked
            .headers_mut()
            .insert(header::ACCEPT_ENCODING, accepted.clone());
    }
    let mut response = next.run(request).await;
    if response.headers().contains_key("x-accel-buffering") {
        let none = HeaderValue::from_static("identity");
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, none);
        return response;
    }
    let mut response = Some(response);
    let answer =
        service_fn(move |_| ready(Ok::<_, Infallible>(response.take().unwrap_or_default())));
    let Ok(compressed) = CompressionLayer::new().layer(answer).oneshot(asked).await;
    compressed.into_response()
}
