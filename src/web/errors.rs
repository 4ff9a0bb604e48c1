//! Failures as people see them: every one becomes a page or a notice.

use super::{
    given_back::{Brought, GivenBack},
    lost_cookie::LostCookie,
    request_info::RequestInfo,
    view::View,
};
use crate::{
    App,
    error::{Error, NotWritten, Result},
    i18n::Texts,
    users::User,
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::time::Duration;
use tokio::time::timeout;

/// The status of whatever only somebody signed in may have. Not 401, which asks for HTTP's own
/// authentication: Lynx shows nothing of such an answer.
pub(crate) const SIGNED_OUT: StatusCode = StatusCode::FORBIDDEN;

/// Marks a response that [`show_errors`] answers with the sign-in page.
#[derive(Clone, Copy)]
struct SignInFirst;

/// Marks a response for which no connection to the database could be had.
#[derive(Clone, Copy)]
pub(crate) struct WaitedInVain;

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::CrossSite => StatusCode::FORBIDDEN.into_response(),
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST.into_response(),
            Self::TooManyOpen => StatusCode::TOO_MANY_REQUESTS.into_response(),
            Self::Full => {
                tracing::warn!(
                    "refused a request: responses that clients do not read use too much memory (503)"
                );
                let again = [(header::RETRY_AFTER, "5")];
                (StatusCode::SERVICE_UNAVAILABLE, again).into_response()
            }
            Self::SignedOut => {
                let mut response = SIGNED_OUT.into_response();
                response.extensions_mut().insert(SignInFirst);
                response
            }
            Self::Unavailable(cause) => {
                tracing::warn!(error = %cause, "database unavailable (503)");
                let again = [(header::RETRY_AFTER, "5")];
                let mut response = (StatusCode::SERVICE_UNAVAILABLE, again).into_response();
                if let Some(sqlx::Error::PoolTimedOut) = cause.downcast_ref() {
                    response.extensions_mut().insert(WaitedInVain);
                }
                response
            }
            Self::NotWritten(why, cause) => {
                tracing::warn!(error = %cause, "could not save a change (503)");
                let again = [(header::RETRY_AFTER, "5")];
                let mut response = (StatusCode::SERVICE_UNAVAILABLE, again).into_response();
                response.extensions_mut().insert(why);
                response
            }
            Self::Refused(why) => why.status().into_response(),
            Self::Internal(cause) => {
                tracing::error!(error = %cause, "request failed (500)");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// A failure as a page.
#[derive(Template, WebTemplate)]
#[template(path = "pages/error.html")]
struct ErrorPage {
    view: View,
    title: String,
    notice: Notice,
    given_back: Option<GivenBack>,
}

/// A failure as a fragment: a sentence, and a way out where there is one.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/notice.html")]
pub(crate) struct Notice {
    pub(crate) sentence: String,
    /// The way on: an address and what the link says.
    pub(crate) link: Option<(String, String)>,
    /// It is true for a while only: it goes when the reply beside it ends.
    pub(crate) passes: bool,
}

impl askama::filters::HtmlSafe for Notice {}

impl Notice {
    /// The notice for htmx, sent to the page's notice area wherever the request came from.
    pub(crate) fn for_htmx(self, status: StatusCode) -> Response {
        (status, Self::place(), self).into_response()
    }

    /// The notice on a page of its own.
    pub(crate) fn on_a_page(self, view: View, status: StatusCode) -> Response {
        let title = view.t.error_title();
        self.under(title, None, view, status)
    }

    fn under(
        self,
        title: String,
        given_back: Option<GivenBack>,
        view: View,
        status: StatusCode,
    ) -> Response {
        let notice = self;
        let page = ErrorPage {
            view,
            title,
            notice,
            given_back,
        };
        (status, page).into_response()
    }

    /// The headers that send it there.
    pub(crate) fn place() -> [(&'static str, &'static str); 3] {
        [
            ("HX-Retarget", "#notice"),
            ("HX-Reswap", "innerHTML"),
            // Whatever the link or form would have taken from the answer that it asked for.
            ("HX-Reselect", ".notice"),
        ]
    }
}

/// Marks a response that is for programs and stays as it is.
#[derive(Clone, Copy)]
pub(crate) struct ForPrograms;

/// The time that a failure waits to know whose it is.
const LOOK_UP: Duration = Duration::from_secs(1);

/// Tells [`show_errors`], which is further out, whose request failed.
pub async fn tell_who_failed(State(app): State<App>, request: Request, next: Next) -> Response {
    let visitor = User::asking(&app, &request);
    let mut failed = next.run(request).await;
    if has_failed(&failed) {
        // It may be the database that failed; then nobody is known, and nobody waits for it.
        let user = timeout(LOOK_UP, visitor.look_up(&app)).await;
        failed
            .extensions_mut()
            .insert(user.ok().and_then(Result::ok).flatten());
    }
    failed
}

/// The page, or the fragment, that says why somebody is to sign in, and where they go then; it keeps a
/// text that was being sent.
pub(crate) type AskToSignIn = fn(String, View, &str, String) -> Response;

/// Shows every failed response that is not HTML, ours or a library's, as the error page, or for
/// htmx as a notice. Signed out becomes the sign-in page.
pub async fn show_errors(
    State(ask_to_sign_in): State<AskToSignIn>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let visit = RequestInfo::from_parts(&parts);
    let lost = parts.extensions.get::<LostCookie>().cloned();
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let action = parts.uri.path().to_owned();
    let failed = next.run(Request::from_parts(parts, body)).await;
    if !has_failed(&failed) {
        return failed;
    }
    let status = failed.status();
    let user = failed.extensions().get::<Option<User>>();
    let view = View::of_request(visit, user.cloned().flatten());
    let signed_out = failed.extensions().get::<SignInFirst>().is_some();
    if signed_out && reads && !view.htmx {
        // In the place of the page, not at an address that names it: Lynx sends no Referer from an
        // address with a query, and its forms would be refused.
        let here = view.here.clone();
        let why = match lost {
            Some(lost) => lost.sentence(view.t),
            None => view.t.error_signed_out(),
        };
        return ask_to_sign_in(why, view, &here, String::new());
    }
    let notice = Notice {
        sentence: match failed.extensions().get::<NotWritten>() {
            Some(why) => why.sentence(view.t),
            None if signed_out => view.t.error_signed_out(),
            None => sentence(view.t, status),
        },
        link: signed_out.then(|| ("/login".to_owned(), view.t.sign_in())),
        passes: status.is_server_error(),
    };
    let title = match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => view.t.error_nothing_here(),
        _ => view.t.error_title(),
    };
    let mut shown = if view.htmx {
        notice.for_htmx(status)
    } else {
        // What htmx sent is on its page still.
        let brought = failed.extensions().get::<Brought>();
        let given_back = brought.and_then(|brought| GivenBack::of(action, brought));
        notice.under(title, given_back, view, status)
    };
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = failed.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

/// Tells whether it is a failure that nobody has put in words yet.
fn has_failed(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_html = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let is_ours = is_html || response.extensions().get::<ForPrograms>().is_some();
    (status.is_client_error() || status.is_server_error()) && !is_ours
}

/// Tells what happened and what to do, for a person.
fn sentence(t: &Texts, status: StatusCode) -> String {
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => t.error_not_found(),
        StatusCode::FORBIDDEN => t.error_forbidden(),
        StatusCode::MISDIRECTED_REQUEST => t.error_foreign_host(),
        StatusCode::TOO_MANY_REQUESTS => t.error_too_many_open(),
        StatusCode::REQUEST_TIMEOUT => t.error_too_slow(),
        StatusCode::PAYLOAD_TOO_LARGE => t.error_too_large(),
        StatusCode::SERVICE_UNAVAILABLE => t.error_unavailable(),
        status if status.is_client_error() => t.error_bad_request(),
        _ => t.error_internal(),
    }
}

impl NotWritten {
    /// Tells what happened and what to do, for a person.
    pub(crate) fn sentence(self, t: &Texts) -> String {
        match self {
            Self::NoRoom => t.error_no_room(),
            Self::Broken => t.error_not_written(),
            Self::ReadOnly => t.error_read_only(),
            Self::Moved => t.error_moved(),
        }
    }
}
