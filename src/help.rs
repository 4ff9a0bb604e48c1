//! What everybody may read: how Damso is used without a mouse, without JavaScript, in a terminal.

use crate::{App, view::View};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, routing::get};

/// The routes of this feature.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/help", get(help))
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
