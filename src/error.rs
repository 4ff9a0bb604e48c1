//! Errors of handlers, and the layer that turns every failure into a page or a notice.

use crate::{
    App,
    account::sign_in::sign_in_because,
    auth::user::User,
    db,
    i18n::Texts,
    web::{
        given_back::{Brought, GivenBack},
        lost_cookie::LostCookie,
        view::{View, Visit},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sqlx::sqlite::SqliteError;
use std::time::Duration;
use tokio::time::timeout;

/// A handler's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why a request was not answered as asked.
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
    /// A request under a name that is not this server's.
    #[error("foreign host")]
    ForeignHost,
    /// The person has as many pages open that follow a reply, or that are not read yet, as they may have.
    #[error("too many open pages")]
    TooManyOpen,
    /// All the memory there is for what is on its way to people is taken.
    #[error("no room in memory")]
    Full,
    /// The database cannot be had at the moment; the cause is for the log only.
    #[error(transparent)]
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
    /// A change could not be kept; the cause is for the log only.
    #[error("{1}")]
    NotWritten(NotWritten, Box<dyn std::error::Error + Send + Sync>),
    /// Our own fault; the cause is for the log only.
    #[error(transparent)]
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// The reason why the database takes no changes at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotWritten {
    /// The disk is full.
    NoRoom,
    /// The disk fails.
    Broken,
    /// It may only be read.
    ReadOnly,
    /// The database's file is not where it was.
    Moved,
}

impl NotWritten {
    const ALL: [Self; 4] = [Self::NoRoom, Self::Broken, Self::ReadOnly, Self::Moved];

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

impl Error {
    /// A failure of our own with its cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// Tells whether the same may be done in a moment: it is for the database to come back.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NotWritten(..))
    }
}

/// Sets what could not be kept apart from other failures: it is said beside what was typed.
///
/// # Errors
/// The other failures.
pub(crate) fn unless_not_written<T>(done: Result<T>) -> Result<Result<T, NotWritten>> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(Error::NotWritten(why, cause)) => {
            tracing::warn!(error = %cause, "could not save a change");
            Ok(Err(why))
        }
        Err(error) => Err(error),
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound if !db::is_in_doubt() => Self::NotFound,
            error => match kept_from(&error) {
                Some(Kept::Writing(why)) => Self::NotWritten(why, error.into()),
                Some(Kept::Answering) => Self::Unavailable(error.into()),
                None => Self::internal(error),
            },
        }
    }
}

/// The work that the database cannot do at the moment, and may be able to again by itself.
enum Kept {
    Writing(NotWritten),
    Answering,
}

fn kept_from(error: &sqlx::Error) -> Option<Kept> {
    use Kept::{Answering, Writing};
    use NotWritten::{Broken, Moved, NoRoom, ReadOnly};
    use sqlx::Error::{
        Database, Io, PoolClosed, PoolTimedOut, Protocol, RowNotFound, Tls, WorkerCrashed,
    };
    let error = match error {
        Io(error) if error.get_ref().is_some_and(|inner| inner.is::<db::Moved>()) => {
            return Some(Writing(Moved));
        }
        // Not found by a connection that has crashed.
        RowNotFound => return Some(Answering),
        Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed => {
            return Some(Answering);
        }
        Database(error) => error,
        _ => return None,
    };
    let code = error.code()?;
    if error.try_downcast_ref::<SqliteError>().is_some() {
        // The last byte is the error, those before it say more of it.
        return Some(match code.parse::<u32>().ok()? & 0xff {
            SQLITE_FULL => Writing(NoRoom),
            SQLITE_IOERR => Writing(Broken),
            SQLITE_READONLY => Writing(ReadOnly),
            // What cannot be read is taken for damaged, too.
            SQLITE_BUSY | SQLITE_LOCKED | SQLITE_NOMEM | SQLITE_CANTOPEN | SQLITE_CORRUPT => {
                Answering
            }
            _ => return None,
        });
    }
    Some(match &*code {
        "53100" => Writing(NoRoom),
        // Not a primary server, or an operator has made it so; or taken the right to write.
        "25006" | "42501" => Writing(ReadOnly),
        // No connection, not let in, no such database, too few resources, shut down by an operator; waited
        // for a lock too long, or stood still too long, or in each other's way.
        code if ["08", "28", "3D", "53", "57P", "55P03", "25P03", "40P01"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            Answering
        }
        // The system has failed it.
        code if code.starts_with("58") => Writing(Broken),
        _ => return None,
    })
}

const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_NOMEM: u32 = 7;
const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::internal(error)
    }
}

impl From<tower_sessions::session::Error> for Error {
    fn from(error: tower_sessions::session::Error) -> Self {
        use tower_sessions::{session, session_store};
        match error {
            session::Error::Store(session_store::Error::Backend(said)) => {
                match NotWritten::ALL
                    .into_iter()
                    .find(|why| said.starts_with(&format!("{why:?}: ")))
                {
                    Some(why) => Self::NotWritten(why, said.into()),
                    None => Self::Unavailable(said.into()),
                }
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

/// Shows every failed response that is not HTML, ours or a library's, as the error page, or for
/// htmx as a notice. Signed out becomes the sign-in page.
pub async fn show_errors(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let visit = Visit::from_parts(&parts);
    let lost = parts.extensions.get::<LostCookie>().cloned();
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let action = parts.uri.path().to_owned();
    let failed = next.run(Request::from_parts(parts, body)).await;
    if !has_failed(&failed) {
        return failed;
    }
    let status = failed.status();
    let user = failed.extensions().get::<Option<User>>();
    let view = View::of_visit(visit, user.cloned().flatten());
    let signed_out = failed.extensions().get::<SignInFirst>().is_some();
    if signed_out && reads && !view.htmx {
        // In the place of the page, not at an address that names it: Lynx sends no Referer from an
        // address with a query, and its forms would be refused.
        let here = view.here.clone();
        let why = match lost {
            Some(lost) => lost.sentence(view.t),
            None => view.t.error_signed_out(),
        };
        return sign_in_because(why, view, &here, String::new());
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
