//! The thoughts of a model before its answer, as they are shown.

use crate::{i18n::Texts, ids::MessageId};
use askama::{Template, filters::HtmlSafe};
use std::borrow::Cow;

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

    fn lines(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.text.trim().split('\n').map(without_marks)
    }
}

/// A line without the marks of headings and bold words. Thoughts are not rendered: they are notes, grow
/// by the letter and are rarely read, but `**` in them is for nobody.
pub(crate) fn without_marks(line: &str) -> Cow<'_, str> {
    let heading = line.trim_start_matches('#');
    let line = match (line.len() - heading.len(), heading.strip_prefix(' ')) {
        (1..=6, Some(heading)) => heading,
        _ => line,
    };
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, bold, after)) = bold(rest) {
        plain.push_str(before);
        plain.push_str(bold);
        rest = after;
    }
    if plain.is_empty() {
        return Cow::Borrowed(line);
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The first bold words, and what stands before them and behind. Powers such as `2**3` are none.
fn bold(line: &str) -> Option<(&str, &str, &str)> {
    let (before, from) = line.split_once("**")?;
    let (bold, after) = from.split_once("**")?;
    let opens = !before.ends_with(|c: char| c.is_ascii_alphanumeric());
    let space = |c: char| c.is_whitespace() || c == '*';
    let words = !bold.is_empty() && !bold.starts_with(space) && !bold.ends_with(space);
    (opens && words).then_some((before, bold, after))
}

/// Text as HTML, without its line ends.
pub(crate) fn escape(out: &mut String, text: &str) {
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
pub(crate) fn escape_lines(out: &mut String, text: &str) {
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push_str("<br>");
        }
        escape(out, &without_marks(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_shown_without_marks() {
        for (line, shown) in [
            ("**습도 확인**", "습도 확인"),
            ("## 계획", "계획"),
            ("- **a**: b **c**", "- a: b c"),
            ("x = 2**3 + 4**5", "x = 2**3 + 4**5"),
            ("f(**kwargs)", "f(**kwargs)"),
            ("#tag", "#tag"),
            ("** a ** b", "** a ** b"),
            ("****", "****"),
        ] {
            assert_eq!(without_marks(line), shown);
        }
    }
}
