//! The landing page, for strangers.

use crate::{App, config::Registration, web::view::View};
use askama::Template;
use askama_web::WebTemplate;

/// The landing page, which strangers see at `/`.
#[derive(Template, WebTemplate)]
#[template(path = "pages/welcome.html")]
pub(crate) struct WelcomePage {
    view: View,
    is_open: bool,
    notice: Option<String>,
    problem: Option<String>,
}

impl WelcomePage {
    pub(crate) fn new(view: View, app: &App) -> Self {
        Self {
            view,
            is_open: app.config.registration == Registration::Open,
            notice: None,
            problem: None,
        }
    }

    /// The same, with what was just done.
    pub(crate) fn saying(mut self, notice: String) -> Self {
        self.notice = Some(notice);
        self
    }

    /// The same, with why somebody is a stranger who should not be.
    pub(crate) fn warning(mut self, problem: Option<String>) -> Self {
        self.problem = problem;
        self
    }
}
