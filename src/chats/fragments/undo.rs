//! Says what was deleted, and brings it back.

use crate::{ids::MessageId, web::view::View};
use askama::{Template, filters::HtmlSafe};

/// Says what was deleted, and brings it back.
#[derive(Template)]
#[template(path = "fragments/undo.html")]
pub(crate) struct Undo {
    pub view: View,
    pub id: MessageId,
    pub count: i64,
}

impl HtmlSafe for Undo {}
