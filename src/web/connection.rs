//! The way in which an open page says that it does not reach this server.
//!
//! Without a connection nothing comes that could be swapped in. But something can be taken away: a
//! mark, as the answer to a request that the browser's cache answers. Where the mark is missing CSS
//! shows a sentence that was there all along.

use super::{errors::Notice, request_info::RequestInfo, view::View};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::Extension;

/// The sentence, and what looks whether it is true.
#[derive(Template)]
#[template(path = "fragments/connection.html")]
pub(crate) struct Connection {
    pub view: View,
    /// The mark is there.
    pub is_there: bool,
}

impl HtmlSafe for Connection {}

impl Connection {
    /// On a page that htmx runs on.
    pub(crate) fn of(view: &View) -> Self {
        Self {
            view: view.clone(),
            is_there: true,
        }
    }
}

/// The mark.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/connected.html")]
pub(crate) struct Connected {
    view: View,
}

/// `GET /connection`: the mark. Needs neither database nor session.
pub(crate) async fn connection(Extension(visit): Extension<RequestInfo>) -> Connected {
    let view = View::of_request(visit, None);
    Connected { view }
}

/// `GET /connection/undone`: says that something was probably not done, as a proxy answered instead of the
/// server. Needs neither database nor session.
pub(crate) async fn undone(Extension(visit): Extension<RequestInfo>) -> Notice {
    let view = View::of_request(visit, None);
    Notice {
        sentence: view.t.connection_undone(),
        link: None,
        passes: false,
    }
}
