//! What everybody may read: how Damso is used without a mouse, without JavaScript, in a terminal; and
//! what programs may read.

use crate::{App, view::View};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, routing::get};

/// The routes of this feature.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/help", get(help))
        .route("/robots.txt", get(robots))
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/help.html")]
struct HelpPage {
    view: View,
}

/// `GET /help`
async fn help(view: View) -> HelpPage {
    HelpPage { view }
}

/// `GET /robots.txt`: everything may be asked for, as each page says by itself that it is not for
/// search engines; who may not ask would not read that.
async fn robots() -> &'static str {
    "User-agent: *\nDisallow:\n"
}
