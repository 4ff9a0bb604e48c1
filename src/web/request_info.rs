//! `RequestInfo`: facts about a request from its head alone.

use crate::{
    App,
    appearance::Appearance,
    cookies::cookie,
    i18n::{self, Lang},
    security::client_address::Network,
};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::{HeaderMap, HeaderName, Method, header, request::Parts};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};
use uuid::Uuid;

/// Tells whether this is a browser with style sheets. Text browsers send neither header, and
/// graphical ones leave out `Sec-Fetch-Dest` on plain http.
pub(crate) fn is_graphical(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT);
    headers.contains_key("sec-fetch-dest")
        || agent.is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
}

/// Facts about a request from its head alone, without the database.
#[derive(Clone)]
pub struct RequestInfo {
    pub(crate) lang: Lang,
    /// The appearance of pages in this browser.
    pub(crate) appearance: Appearance,
    /// Allows one script and its attributes in this one response (Content-Security-Policy).
    pub(crate) nonce: String,
    /// htmx asked, so the answer is a fragment.
    pub(crate) htmx: bool,
    /// The browser has style sheets.
    pub(crate) graphical: bool,
    /// The address of the page, to come back to it.
    pub(crate) here: String,
}

impl RequestInfo {
    pub(crate) fn of(method: &Method, uri: &http::Uri, headers: &HeaderMap) -> Self {
        let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let chosen = cookie(headers, i18n::COOKIE).and_then(|tag| Lang::for_tag(&tag));
        let wanted = || header(header::ACCEPT_LANGUAGE).and_then(Lang::wanted);
        let here = uri.path_and_query().map_or("/", |path| path.as_str());
        Self {
            lang: chosen.or_else(wanted).unwrap_or_default(),
            appearance: Appearance::of_cookies(headers),
            nonce: Uuid::new_v4().simple().to_string(),
            htmx: headers.contains_key("hx-request"),
            graphical: is_graphical(headers),
            here: if method == Method::GET { here } else { "/" }.to_owned(),
        }
    }
}

impl RequestInfo {
    /// The facts about a request that came through [`view::prepare`].
    pub(crate) fn from_parts(parts: &Parts) -> Self {
        let known = parts.extensions.get::<Self>().cloned();
        known.unwrap_or_else(|| Self::of(&parts.method, &parts.uri, &parts.headers))
    }
}

impl FromRequestParts<App> for Network {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.ip());
        Ok(Self::of(peer, &parts.headers, |address| {
            app.config.trusts(address)
        }))
    }
}
