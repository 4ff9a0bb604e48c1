//! Notices that a browser does not send back the cookie of somebody who has just signed in.

use crate::{config::Config, cookies::HOST_ONLY, i18n::Texts, urls::HOME};
use axum::http::{HeaderMap, HeaderName, Method, Uri, header};
use std::sync::atomic::{AtomicBool, Ordering};
use url::{Position, Url};

/// Somebody has signed in, and is a stranger again.
#[derive(Clone)]
pub(crate) enum LostCookie {
    /// The cookie travels over https only, and this page was opened over http; here is its right address.
    OverHttp(String),
    /// The browser keeps no cookies of this site.
    NotKept,
}

impl LostCookie {
    /// Looks whether this request, if it comes from a stranger, is one of those: it comes from a form for
    /// signing in, without any cookie, although that form has set some if it has let anybody in.
    pub(crate) fn of(
        config: &Config,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Option<Self> {
        let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        // The first page is for everybody, and linked from the forms.
        let is_for_all = method != Method::GET || uri.path() == "/";
        if is_for_all || has_cookies(config, headers) {
            return None;
        }
        let referer = Url::parse(header(header::REFERER)?).ok()?;
        let host = header(header::HOST).or(uri.authority().map(|host| host.as_str()));
        let is_ours = host == Some(&referer[Position::BeforeHost..Position::AfterPort]);
        let is_form = matches!(referer.path(), "/login" | "/register")
            // The form stands in the place of a page as well, but not of the first one.
            || referer.path() == uri.path() && uri.path() != HOME;
        if !is_ours || !is_form {
            return None;
        }
        // Browsers say this over https only.
        if !config.secure() || headers.contains_key("sec-fetch-site") {
            return Some(Self::NotKept);
        }
        Some(Self::OverHttp(match &config.public_url {
            Some(url) => url.to_string(),
            None => format!("https://{}/", host.unwrap_or_default()),
        }))
    }

    /// The words for it; the log hears of it once.
    pub(crate) fn sentence(&self, t: &Texts) -> String {
        static TOLD: AtomicBool = AtomicBool::new(false);
        match self {
            Self::NotKept => t.login_cookie_not_kept(),
            Self::OverHttp(address) => {
                if !TOLD.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        address,
                        "somebody signed in over http, but cookies are marked as secure, so the browser drops them: \
                         open this address instead, or check PUBLIC_URL and SECURE_COOKIES"
                    );
                }
                t.login_cookie_over_http(address)
            }
        }
    }
}

/// Tells whether a request has any cookie, of those that a sign-in would have set.
fn has_cookies(config: &Config, headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::COOKIE).into_iter();
    match config.secure() {
        true => lines.any(|line| {
            let line = String::from_utf8_lossy(line.as_bytes());
            line.split(';')
                .any(|cookie| cookie.trim_start().starts_with(HOST_ONLY))
        }),
        false => lines.next().is_some(),
    }
}
