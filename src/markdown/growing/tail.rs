//! The HTML of what a growing document ends in: it is made anew or, where that can change nothing
//! else, only added to.

use super::formula::open_formula;
use super::{Growing, apart};
use crate::markdown::code::CODE_END;
use crate::markdown::{Clean, Writing, escape, html};

/// The rest as it was last rendered, if words that follow only go into it at a known place.
pub(super) struct Tail {
    /// Up to where the text is in it.
    end: usize,
    before: String,
    /// Closing tags.
    after: String,
}

/// Stands where the next word will. It is of private use, and to Markdown like any letter.
const NEXT_WORD: char = '\u{e0dd}';

impl Growing {
    /// The rest that is still open as HTML, code without colours. To be asked for after
    /// [`Growing::advance`].
    pub fn tail(&mut self) -> String {
        self.tail = self.tail.take().or_else(|| self.before_words());
        let Some(tail) = &self.tail else {
            return self.rest();
        };
        let words = self.text[tail.end..].trim_end_matches(' ');
        format!("{}{words}{}", tail.before, tail.after)
    }

    /// The rest with a place for more words, if they can change nothing else.
    fn before_words(&self) -> Option<Tail> {
        let rest = self.text[self.finished..].trim_end_matches(' ');
        let word = rest.rsplit([' ', '\n']).next()?;
        // It may become an address, a character's name or a tag.
        if self.code.is_some() || word.contains(['.', ':', '/', '@', '&', '<']) {
            return None;
        }
        if !word.ends_with(char::is_alphanumeric) || open_formula(rest).is_some() {
            return None;
        }
        let html = self.open_blocks(&format!("{rest}{NEXT_WORD}"));
        let (before, after) = html.split_once(NEXT_WORD)?;
        // Spaces at the end are seen in code only.
        let prose = after.starts_with("</") && !after.starts_with(CODE_END);
        (prose && !after.contains(NEXT_WORD)).then(|| Tail {
            end: self.finished + rest.len(),
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// The rest rendered from its start.
    pub(in crate::markdown) fn rest(&self) -> String {
        let rest = &self.text[self.finished..];
        let Some(code) = &self.code else {
            return self.open_blocks(rest);
        };
        let line = code.unfinished(rest);
        let mut tail = String::new();
        if !line.is_empty() {
            tail.push_str("<pre class=\"line\">");
            escape(&line, &mut Clean(&mut tail));
            tail.push_str("</pre>");
        }
        tail
    }

    fn open_blocks(&self, rest: &str) -> String {
        let mut writing = Writing::at(&self.place);
        (writing.plain_code, writing.codes) = (true, self.codes);
        let rest = apart(rest, self.finished);
        let Some(open) = open_formula(&rest) else {
            return html(&rest, writing).0;
        };
        writing.open_formula = Some(open.end);
        html(&format!("{rest}{}", open.closing), writing).0
    }
}
