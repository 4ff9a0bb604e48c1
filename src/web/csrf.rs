//! Answers only under our own names, and lets only forms of our own pages change anything (CSRF).

use super::host::OwnHost;
use crate::{
    App,
    config::Config,
    error::{Error, Result},
    text::clean_line,
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use tower_http::csrf::{CsrfLayer, ProtectionError};
use url::{Origin, Position, Url};

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

/// This server as browsers see it.
#[derive(Clone)]
pub struct OwnSite(Arc<Site>);

struct Site {
    public: Option<Origin>,
    host: OwnHost,
    told: Told,
}

impl OwnSite {
    /// This server as these settings have it.
    pub fn new(config: &Config) -> Self {
        Self(Arc::new(Site {
            public: config.public_url.as_ref().map(Url::origin),
            host: OwnHost::new(config.public_url.as_ref()),
            told: Told::default(),
        }))
    }
}

/// Refuses requests under a name that is not ours, and changes that do not say, or not rightly, that
/// they come from a page of ours. (What they say beside that is for [`own_forms_only`].)
///
/// Without a public address every request must have a name of ours, so that whoever has given the
/// server a name learns at its first page what is missing. With one only changes must: a proxy may say
/// another Host than the browser, and a page under a foreign name has no cookie of ours, so it reads
/// nothing that is not for everybody.
pub async fn own_site_only(
    State((app, OwnSite(site))): State<(App, OwnSite)>,
    request: Request,
    next: Next,
) -> Response {
    let asked = Asked::of(request.headers(), request.uri());
    let is_change = !request.method().is_safe();
    let path = request.uri().path();
    let for_everybody = path.starts_with("/static/") || path == "/healthz";
    if site.public.is_none() && !for_everybody && !site.has_host_of(&asked) {
        site.told.refused("foreign_host", &asked, &app.config);
        return Error::ForeignHost.into_response();
    }
    if is_change && !site.may_be_ours(request.headers(), &asked) {
        site.told.refused("cross_site_form", &asked, &app.config);
        return Error::CrossSite.into_response();
    }
    let response = next.run(request).await;
    if response.extensions().get::<ProtectionError>().is_some() {
        site.told.refused("cross_site_form", &asked, &app.config);
    } else if is_change && asked.origin.starts_with("https:") {
        site.told.insecure_cookies(&asked, &app.config);
    }
    response
}

impl Site {
    /// Tells whether what was asked is one of our hosts; a program that names none is no browser.
    fn has_host_of(&self, asked: &Asked) -> bool {
        asked.host.is_empty() || self.host.is(&asked.host)
    }

    /// Tells whether a change may come from a page of ours, as far as names tell.
    fn may_be_ours(&self, headers: &HeaderMap, asked: &Asked) -> bool {
        // An empty header counts as none, as it does in the layer below.
        let has_fetch_site = headers
            .get("sec-fetch-site")
            .is_some_and(|value| !value.is_empty());
        match Url::parse(&asked.origin) {
            // The layer below takes any page that has the host which was asked.
            Ok(origin) => self.public.is_none() || self.is_ours(&origin),
            Err(_) if has_fetch_site || !asked.origin.is_empty() => true,
            // Text browsers send neither of the two headers, but the address of the page with the form.
            Err(_) => Url::parse(&asked.referer).is_ok_and(|referer| {
                let authority = &referer[Position::BeforeHost..Position::AfterPort];
                self.public == Some(referer.origin())
                    || asked.host.eq_ignore_ascii_case(authority) && self.is_ours(&referer)
            }),
        }
    }

    fn is_ours(&self, page: &Url) -> bool {
        let host = page.host_str().unwrap_or_default();
        self.public == Some(page.origin()) || self.host.is(host)
    }
}

/// The target and the origin of a request, as it says; empty where it does not.
struct Asked {
    host: String,
    origin: String,
    referer: String,
}

impl Asked {
    fn of(headers: &HeaderMap, uri: &Uri) -> Self {
        let header = |name: HeaderName| {
            let value = headers.get(name).map(|value| value.as_bytes());
            String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
        };
        // In HTTP/2 it is a part of the address.
        let host = uri.authority().map(|host| host.as_str().to_owned());
        Self {
            host: host.unwrap_or_else(|| header(header::HOST)),
            origin: header(header::ORIGIN),
            referer: header(header::REFERER),
        }
    }
}

/// Facts that the log has been told already.
#[derive(Default)]
struct Told {
    refused: Mutex<HashSet<(String, String)>>,
    insecure_cookies: AtomicBool,
}

/// Most pairs of names that are logged, and most characters of each.
const PAIRS: usize = 100;
const CHARACTERS: usize = 100;

impl Told {
    /// Tells the log, once for each pair of names, that a request was refused for what it says.
    fn refused(&self, event: &str, asked: &Asked, config: &Config) {
        let short = |text: &str| clean_line(text).chars().take(CHARACTERS).collect();
        let from = match Url::parse(&asked.referer) {
            // The rest of an address may be private.
            Ok(page) if asked.origin.is_empty() => page.origin().ascii_serialization(),
            _ => asked.origin.clone(),
        };
        let (origin, host): (String, String) = (short(&from), short(&asked.host));
        let mut told = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = told.len() < PAIRS && told.insert((origin.clone(), host.clone()));
        drop(told);
        if !is_new {
            return;
        }
        let public_url = config.public_url.as_ref().map_or("not set", Url::as_str);
        tracing::warn!(
            target: "damso::security",
            event, origin, host, public_url,
            "refused a cross-site request; if it came from a page of Damso, set PUBLIC_URL to the address that the \
             browser shows",
        );
    }

    /// Tells the log, once, that cookies could be secure and are not.
    fn insecure_cookies(&self, asked: &Asked, config: &Config) {
        let is_meant = config.secure() || config.secure_cookies.is_some();
        if !is_meant && !self.insecure_cookies.swap(true, Ordering::Relaxed) {
            let origin = &*asked.origin;
            tracing::warn!(
                target: "damso::security",
                event = "insecure_cookies", origin,
                "browsers connect over https, but cookies are not marked as secure: set PUBLIC_URL to the address \
                 that the browser shows",
            );
        }
    }
}
