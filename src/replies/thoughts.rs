//! What a model has thought before its answer, as it is shown.

use crate::{chats::MessageId, i18n::Texts};
use askama::{Template, filters::HtmlSafe};

/// The box with a reply's thoughts, above its answer.
#[derive(Template)]
#[template(path = "fragments/thoughts.html")]
pub(crate) struct Thoughts {
    id: MessageId,
    t: &'static Texts,
    text: String,
    /// There is no answer yet: the box is open, and grows.
    is_thinking: bool,
}

impl HtmlSafe for Thoughts {}

impl Thoughts {
    pub(crate) fn new(id: MessageId, t: &'static Texts, text: String, is_thinking: bool) -> Self {
        Self {
            id,
            t,
            text,
            is_thinking,
        }
    }

    fn lines(&self) -> std::str::Split<'_, char> {
        self.text.trim().split('\n')
    }
}

/// Text as HTML, without its line ends.
pub(super) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
}

/// Text as HTML, with its line ends.
pub(super) fn escape_lines(out: &mut String, text: &str) {
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push_str("<br>");
        }
        escape(out, line);
    }
}
