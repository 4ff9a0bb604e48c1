//! Serves what `static/` holds from inside the binary, under names that carry a hash of the content.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

struct Asset {
    name: &'static str,
    path: &'static str,
    media_type: &'static str,
    plain: &'static [u8],
    /// Empty where the content is compressed by itself.
    br: &'static [u8],
    gz: &'static [u8],
}

static ASSETS: &[Asset] = &include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The address of an asset: `path("icon.svg")` is `/static/icon-….svg`.
///
/// # Panics
/// When there is no such asset; the names in the templates are checked by every test that renders.
pub fn path(name: &str) -> &'static str {
    let asset = ASSETS.iter().find(|asset| asset.name == name);
    asset.expect("the asset is listed in build.rs").path
}

/// `GET /static/{name}`: the content never changes under this name, so browsers keep it for good.
pub(crate) async fn show(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.path.strip_prefix("/static/") == Some(&name));
    match asset {
        Some(asset) => asset.answer(&headers, "public, max-age=31536000, immutable"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /favicon.ico`: the icon, where browsers look for it by themselves, as they do for plain text.
/// Not a redirect to its own address, as that is another one with each version.
pub(crate) async fn favicon(headers: HeaderMap) -> Response {
    let icon = ASSETS.iter().find(|asset| asset.name == "icon.svg");
    match icon {
        Some(icon) => icon.answer(&headers, "public, max-age=86400"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /robots.txt`: everything may be asked for, as each page says by itself that it is not for
/// search engines; who may not ask would not read that.
pub(crate) async fn robots() -> &'static str {
    "User-agent: *\nDisallow:\n"
}

impl Asset {
    fn answer(&self, headers: &HeaderMap, cache: &'static str) -> Response {
        let (body, encoding) = match accepted(headers) {
            // Said, or it would be compressed once more on its way.
            _ if self.br.is_empty() => (self.plain, Some("identity")),
            Some("br") => (self.br, Some("br")),
            Some(_) => (self.gz, Some("gzip")),
            None => (self.plain, None),
        };
        let mut response = body.into_response();
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, self.media_type),
            (header::VARY, "Accept-Encoding"),
            (header::CACHE_CONTROL, cache),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    }
}

/// The better of the encodings we have that the browser takes.
fn accepted(headers: &HeaderMap) -> Option<&'static str> {
    let accept = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |wanted: &str| {
        accept.split(',').any(|part| {
            let (name, weight) = part.split_once(';').unwrap_or((part, ""));
            let weight = weight.trim().strip_prefix("q=");
            let refused = weight.is_some_and(|weight| weight.parse() == Ok(0.0));
            name.trim().eq_ignore_ascii_case(wanted) && !refused
        })
    };
    ["br", "gzip"].into_iter().find(|encoding| takes(encoding))
}
