//! What everybody may read: how Damso is used without a mouse, without JavaScript, in a terminal.

use crate::web::view::View;
use askama::Template;
use askama_web::WebTemplate;

#[derive(Template, WebTemplate)]
#[template(path = "pages/help.html")]
pub(crate) struct HelpPage {
    view: View,
}

/// `GET /help`
pub(crate) async fn help(view: View) -> HelpPage {
    HelpPage { view }
}
