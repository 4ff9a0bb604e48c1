//! The place to go on writing: the end of what a field has.
//!
//! A field that gets the focus has its caret at its start, unless its value was set since it was there.
//! A morph does that where the new value differs; so the field is emptied first, and then filled again.

use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;

/// A field that has just been put into the page, emptied and as it is, for htmx.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/caret.html")]
pub(crate) struct CaretAtEnd<F: HtmlSafe + std::fmt::Display> {
    /// Its form, as a selector.
    pub form: String,
    pub id: String,
    pub emptied: F,
    pub full: F,
}
