//! The help page: Damso with a keyboard, without JavaScript, in a terminal.

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
