//! The context of the request that every page and fragment has, and the headers they all carry.

use super::{assets, lost_cookie::LostCookie, request_info::RequestInfo};
use crate::{
    App,
    appearance::{Appearance, COMPOSER},
    cookies,
    db::DiskSpace,
    error::Result,
    i18n::{Lang, Texts},
    models::{Current, Source},
    time::Clock,
    users::User,
};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use std::{ops::Deref, sync::Arc};

/// Context that templates need beside their own content. Cheap to clone: every fragment has one.
#[derive(Clone)]
pub struct View(Arc<Seen>);

/// The content of a [`View`]: texts, who is signed in, the nonce.
#[derive(Clone)]
pub struct Seen {
    pub(crate) t: &'static Texts,
    pub(crate) lang: Lang,
    pub(crate) appearance: Appearance,
    pub(crate) nonce: String,
    pub(crate) htmx: bool,
    pub(crate) graphical: bool,
    pub(crate) here: String,
    pub(crate) user: Option<User>,
    pub(crate) clock: Clock,
    /// The model that replies, to be named on the page.
    pub(crate) model: Current,
    /// The room that is left on the server's disk, if that is for this person to know.
    pub(crate) disk_space: DiskSpace,
}

impl Deref for View {
    type Target = Seen;

    fn deref(&self) -> &Seen {
        &self.0
    }
}

impl View {
    fn new(visit: RequestInfo, user: Option<User>, zone: &TimeZone, model: Current) -> Self {
        let RequestInfo {
            lang,
            appearance,
            nonce,
            htmx,
            graphical,
            here,
        } = visit;
        let lang = user.as_ref().and_then(User::language).unwrap_or(lang);
        let appearance = match &user {
            Some(user) => user.appearance().clone().or(appearance),
            None => appearance,
        };
        let own_zone = user.as_ref().and_then(User::time_zone);
        let clock = Clock::new(lang, own_zone, zone);
        Self(Arc::new(Seen {
            t: lang.texts(),
            lang,
            appearance,
            nonce,
            htmx,
            graphical,
            here,
            user,
            clock,
            model,
            disk_space: DiskSpace::Enough,
        }))
    }

    /// A view for what must not need the database, as an error page, with who is known.
    pub(crate) fn of_request(visit: RequestInfo, user: Option<User>) -> Self {
        let model = Current {
            source: Source::Server,
            model: None,
        };
        Self::new(visit, user, &TimeZone::UTC, model)
    }

    /// The same where another model answers.
    pub(crate) fn answered_by(&self, model: Current) -> Self {
        Self(Arc::new(Seen {
            model,
            ..Seen::clone(self)
        }))
    }

    /// The same in a theme, whatever was chosen.
    pub(crate) fn themed(&self, theme: &str) -> Self {
        let appearance = Appearance {
            theme: Some(theme.to_owned()),
            ..self.appearance.clone()
        };
        Self(Arc::new(Seen {
            appearance,
            ..Seen::clone(self)
        }))
    }

    pub(crate) fn languages(&self) -> impl Iterator<Item = Lang> {
        Lang::iter().copied()
    }

    pub(crate) fn asset(&self, name: &str) -> &'static str {
        assets::path(name)
    }

    /// The style sheet, with its few words in this language.
    pub(crate) fn style(&self) -> &'static str {
        assets::path(&format!("app-{}.css", self.lang))
    }

    /// The warning that an administrator reads on every page.
    pub(crate) fn warning(&self) -> Option<String> {
        match self.disk_space {
            DiskSpace::Enough => None,
            DiskSpace::Low => Some(self.t.error_little_room()),
            DiskSpace::None => Some(self.t.error_no_room_left()),
        }
    }

    pub(crate) fn is_demo(&self) -> bool {
        matches!(self.model.source, Source::Demo)
    }

    /// Returns the way to send a message: one of the words of [`COMPOSER`].
    pub(crate) fn composer(&self) -> &'static str {
        self.user.as_ref().map_or(COMPOSER.usual, User::composer)
    }

    /// Tells whether a text is written in a field of one line. One that has several is not, as the
    /// field would lose them.
    pub(crate) fn is_one_line(&self, text: &str) -> bool {
        self.composer() == "line" && !text.contains(['\n', '\r'])
    }

    /// The fragment for htmx; for everybody else the page around it.
    pub(crate) fn fragment_or<F: IntoResponse, P: IntoResponse>(
        &self,
        fragment: F,
        page: impl FnOnce(F) -> P,
    ) -> Response {
        if self.htmx {
            fragment.into_response()
        } else {
            page(fragment).into_response()
        }
    }

    /// To another page, as a whole also for htmx.
    pub(crate) fn redirect(&self, to: &str) -> Response {
        match self.htmx {
            true => [("HX-Redirect", to)].into_response(),
            false => Redirect::to(to).into_response(),
        }
    }

    /// `fragment_or` for a form that was refused: status 422.
    pub(crate) fn refused<F: IntoResponse, P: IntoResponse>(
        &self,
        fragment: F,
        page: impl FnOnce(F) -> P,
    ) -> Response {
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            self.fragment_or(fragment, page),
        )
            .into_response()
    }
}

impl FromRequestParts<App> for View {
    type Rejection = crate::error::Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let user = User::of(parts, app).await?;
        let visit = RequestInfo::from_parts(parts);
        let is_admin = user.as_ref().is_some_and(|user| user.is_admin());
        let mut view = Self::new(visit, user, &app.zone, app.models.now());
        if is_admin {
            Arc::make_mut(&mut view.0).disk_space = app.db.disk_space();
        }
        Ok(view)
    }
}

/// Prepares every request's [`RequestInfo`] and puts the security headers on every response.
pub async fn prepare(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let visit = RequestInfo::of(request.method(), request.uri(), request.headers());
    let policy = policy(&visit.nonce);
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    if let Some(lost) = LostCookie::of(&app.config, method, uri, headers) {
        request.extensions_mut().insert(lost);
    }
    request.extensions_mut().insert(visit);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    cookies::put_in_order(headers);
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if app.config.secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    // Kept for going back, never shared; not no-store, which would turn off the back/forward cache.
    let private = HeaderValue::from_static("private, no-cache");
    headers.entry(header::CACHE_CONTROL).or_insert(private);
    // What is public is the same for everybody, and found in the browser's cache whoever asks there.
    let cache = headers
        .get(header::CACHE_CONTROL)
        .map(HeaderValue::as_bytes);
    if !cache.is_some_and(|cache| cache.starts_with(b"public")) {
        headers.append(
            header::VARY,
            HeaderValue::from_static("HX-Request, Accept-Language, Cookie"),
        );
    }
    response
}

/// The Content-Security-Policy: one script and our own attributes, by the nonce, and nothing else.
fn policy(nonce: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; font-src 'self'; connect-src 'self'; \
         img-src 'self' data:; form-action 'self'; frame-src 'self'; base-uri 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types htmx"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}
