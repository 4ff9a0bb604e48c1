//! What can go wrong in a handler, and how every failure becomes a page or a notice.

use crate::{
    auth,
    i18n::Texts,
    view::{View, Visit},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::Request,
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// A handler's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request was not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is somebody else's.
    #[error("not found")]
    NotFound,
    /// Only somebody signed in may ask this.
    #[error("signed out")]
    SignedOut,
    /// A form that was not on a page of ours.
    #[error("cross-site request")]
    CrossSite,
    /// The person has as many pages open that follow a reply as they may have.
    #[error("too many open pages")]
    TooManyOpen,
    /// The database cannot be had at the moment; the cause is for the log only.
    #[error(transparent)]
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
    /// Our own fault; the cause is for the log only.
    #[error(transparent)]
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A failure of our own with its cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            error if is_passing(&error) => Self::Unavailable(error.into()),
            error => Self::internal(error),
        }
    }
}

/// Whether the database may answer again by itself.
fn is_passing(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Database, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
    match error {
        Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed => true,
        // PostgreSQL: no connection, too few resources, shut down by an operator, only a replica;
        // waited for a lock too long, or stood still too long, or in each other's way.
        Database(error) => error.code().is_some_and(|code| {
            ["08", "53", "57P", "25006", "55P03", "25P03", "40P01"]
                .iter()
                .any(|class| code.len() == 5 && code.starts_with(class))
        }),
        _ => false,
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::internal(error)
    }
}

impl From<tower_sessions::session::Error> for Error {
    fn from(error: tower_sessions::session::Error) -> Self {
        use tower_sessions::{session, session_store};
        match error {
            session::Error::Store(session_store::Error::Backend(_)) => {
                Self::Unavailable(error.into())
            }
            error => Self::internal(error),
        }
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Self::internal(error)
    }
}

/// The status of whatever only somebody signed in may have. Not 401, which asks for HTTP's own
/// authentication: Lynx shows nothing of such an answer.
pub(crate) const SIGNED_OUT: StatusCode = StatusCode::FORBIDDEN;

/// Marks a response that [`show_errors`] answers with the sign-in page.
#[derive(Clone, Copy)]
struct SignInFirst;

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::CrossSite => StatusCode::FORBIDDEN.into_response(),
            Self::TooManyOpen => StatusCode::TOO_MANY_REQUESTS.into_response(),
            Self::SignedOut => {
                let mut response = SIGNED_OUT.into_response();
                response.extensions_mut().insert(SignInFirst);
                response
            }
            Self::Unavailable(cause) => {
                tracing::warn!(error = %cause, "the database could not be had");
                let again = [(header::RETRY_AFTER, "5")];
                (StatusCode::SERVICE_UNAVAILABLE, again).into_response()
            }
            Self::Internal(cause) => {
                tracing::error!(error = %cause, "a request failed");
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
    notice: Notice,
}

/// A failure as a fragment: a sentence, and a way out where there is one.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/notice.html")]
pub(crate) struct Notice {
    pub(crate) sentence: String,
    /// Where to go next: an address and what the link says.
    pub(crate) link: Option<(String, String)>,
}

impl askama::filters::HtmlSafe for Notice {}

impl Notice {
    /// The notice for htmx, sent to the page's notice area wherever the request came from.
    pub(crate) fn for_htmx(self, status: StatusCode) -> Response {
        (status, Self::place(), self).into_response()
    }

    /// The notice on a page of its own.
    pub(crate) fn on_a_page(self, view: View, status: StatusCode) -> Response {
        (status, ErrorPage { view, notice: self }).into_response()
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

/// Shows every failed response that is not HTML, ours or a library's, as the error page, or for
/// htmx as a notice. Signed out becomes the sign-in page.
pub async fn show_errors(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let visit = Visit::from_parts(&parts);
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let failed = next.run(Request::from_parts(parts, body)).await;
    let status = failed.status();
    if !(status.is_client_error() || status.is_server_error()) || is_html(&failed) {
        return failed;
    }
    let view = View::without_user(visit);
    let signed_out = failed.extensions().get::<SignInFirst>().is_some();
    if signed_out && reads && !view.htmx {
        // In the place of the page, not at an address that names it: Lynx sends no Referer from an
        // address with a query, and its forms would be refused.
        let here = view.here.clone();
        return auth::sign_in_again(view, &here, String::new());
    }
    let notice = Notice {
        sentence: match signed_out {
            true => view.t.error_signed_out(),
            false => sentence(view.t, status),
        },
        link: signed_out.then(|| ("/login".to_owned(), view.t.sign_in())),
    };
    let mut shown = if view.htmx {
        notice.for_htmx(status)
    } else {
        notice.on_a_page(view, status)
    };
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = failed.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

fn is_html(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// What happened and what to do, for a person.
fn sentence(t: &Texts, status: StatusCode) -> String {
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => t.error_not_found(),
        StatusCode::FORBIDDEN => t.error_forbidden(),
        StatusCode::TOO_MANY_REQUESTS => t.error_too_many_open(),
        StatusCode::PAYLOAD_TOO_LARGE => t.error_too_large(),
        StatusCode::SERVICE_UNAVAILABLE => t.error_unavailable(),
        status if status.is_client_error() => t.error_bad_request(),
        _ => t.error_internal(),
    }
}
