//! Lets only forms of our own pages change anything (CSRF).

use crate::{
    App,
    config::Config,
    error::{Error, Result},
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::csrf::CsrfLayer;
use url::Url;

/// Refuses what browsers say comes from elsewhere: by `Sec-Fetch-Site`, else by `Origin`.
///
/// # Errors
/// When the public address cannot be an origin.
pub fn own_forms_only(config: &Config) -> Result<CsrfLayer> {
    match &config.public_url {
        None => Ok(CsrfLayer::new()),
        // Behind a proxy the Host may be another one than the browser sees.
        Some(url) => CsrfLayer::new()
            .add_trusted_origin(url.origin().ascii_serialization())
            .map_err(|error| Error::internal(format!("PUBLIC_URL: {error:?}"))),
    }
}

/// Refuses a change that says nothing of where it comes from. Text browsers send neither of the
/// two headers above, but the address of the page with the form.
pub async fn refuse_unknown_origin(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    // An empty header counts as none, as it does in the layer above.
    let says = |name: &str| headers.get(name).is_some_and(|value| !value.is_empty());
    let safe = request.method().is_safe();
    if safe || says("sec-fetch-site") || says("origin") || is_own_referer(headers, &app.config) {
        return next.run(request).await;
    }
    Error::CrossSite.into_response()
}

fn is_own_referer(headers: &HeaderMap, config: &Config) -> bool {
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(referer) = header(header::REFERER).and_then(|referer| Url::parse(referer).ok()) else {
        return false;
    };
    if config
        .public_url
        .as_ref()
        .is_some_and(|own| own.origin() == referer.origin())
    {
        return true;
    }
    let authority = &referer[url::Position::BeforeHost..url::Position::AfterPort];
    header(header::HOST).is_some_and(|host| host.eq_ignore_ascii_case(authority))
}
