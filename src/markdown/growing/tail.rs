//! The HTML of what a growing document ends in: it is made anew or, where more text can change
//! nothing else, only added to.

use super::{
    Growing, apart,
    formula::open_formula,
    half::{is_only_a_mark, last_line, without_halves},
    is_blank,
};
use crate::markdown::{Writing, clean, code::CODE_END, escape, html, math::NOT_CLOSED};

/// The rest as it was last rendered, if what follows only goes into it at known places.
pub(super) struct Tail {
    /// Up to where the text is in it.
    end: usize,
    /// The HTML around those places.
    around: Vec<String>,
    inside: Inside,
}

/// The construct that a text ends in.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    /// Words that a quotation mark or a bracket could turn into a link or its definition.
    Words,
    Prose,
    /// A line of code that can be no fence.
    Code,
    /// The path of an address, which is no link before it ends.
    Address,
}

/// Stands where more text will. It is of private use, and to Markdown like any letter; it begins
/// otherwise than what marks what was typed, which would be looked for.
const MORE: &str = "\u{f8dd}";

impl Tail {
    /// Tells whether all that came to a text from there on only goes into it.
    pub(super) fn takes(&self, text: &str, from: usize) -> bool {
        let mut more = text[from..].char_indices();
        more.all(|(at, c)| self.inside.takes(&text[..from + at], c))
    }

    fn html(&self, text: &str) -> String {
        let mut more = &text[self.end..];
        // Spaces at the end are seen in code only.
        if self.inside != Inside::Code {
            more = more.trim_end_matches(' ');
        }
        let mut escaped = String::with_capacity(more.len());
        escape(more, &mut escaped);
        clean(&mut escaped, 0);
        self.around.join(&escaped)
    }
}

impl Inside {
    /// Guesses what a text may end in, as far as can be told without parsing it.
    fn guess(text: &str) -> Option<Self> {
        let shown = text.trim_end_matches(' ');
        let line = last_line(shown);
        let space = line.bytes().rposition(|byte| byte == b' ');
        let word = &line[space.map_or(0, |at| at + 1)..];
        let last = word.chars().next_back()?;
        // What may become a character's name, a tag, a formula or somebody's address.
        let may_become = |byte| matches!(byte, b'&' | b'<' | b'@' | b'$');
        if word.bytes().any(may_become)
            || is_only_a_mark(line)
            || has(word, b'.') && word.contains("www.")
            || open_formula(shown).is_some()
        {
            return None;
        }
        if has(word, b':')
            && let Some((_, place)) = word.split_once("://")
        {
            // A space ends it.
            let fits = place.contains('/') && text.ends_with(|c: char| c.is_ascii_alphanumeric());
            return fits.then_some(Self::Address);
        }
        let mut pairs = shown.as_bytes().windows(2);
        if pairs.any(|pair| pair == b"](" || pair == b"]:") {
            return last.is_alphanumeric().then_some(Self::Words);
        }
        let before = &shown[..shown.len() - last.len_utf8()];
        let mark = || line.contains(char::is_alphabetic) && is_mark(before, last);
        (last.is_alphanumeric() || mark()).then_some(Self::Prose)
    }

    /// Tells whether a character, after what came before, goes in like any letter.
    fn takes(self, before: &str, c: char) -> bool {
        match self {
            Self::Words => is_word(c),
            Self::Prose => is_word(c) || is_mark(before, c),
            Self::Code => !matches!(c, '\n' | '\r' | '\0'),
            Self::Address => c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '='),
        }
    }
}

fn has(text: &str, byte: u8) -> bool {
    text.bytes().any(|other| other == byte)
}

fn is_word(c: char) -> bool {
    c == ' ' || c.is_alphanumeric()
}

/// Tells whether a mark behind a word is nothing but that, now and with all that may follow.
fn is_mark(before: &str, c: char) -> bool {
    match c {
        ',' | ';' | ':' | '?' | '!' | '-' | '(' | '"' | '\'' => true,
        // A number may become that of a list's item.
        '.' | ')' => !before.ends_with(|c: char| c.is_ascii_digit()) && !before.ends_with("www"),
        _ => false,
    }
}

impl Growing {
    /// The rest that is still open as HTML, code without colours. To be asked for after
    /// [`Growing::advance`].
    pub fn tail(&mut self) -> String {
        self.tail = self.tail.take().or_else(|| self.tail_for_more());
        match &self.tail {
            Some(tail) => tail.html(&self.text),
            None => self.rest(),
        }
    }

    /// The rest with places for more text, if that can change nothing else.
    fn tail_for_more(&self) -> Option<Tail> {
        if self.code.is_some() {
            return None;
        }
        let rest = &self.text[self.finished..];
        let guess = Inside::guess(rest)?;
        let rest = rest.trim_end_matches(' ');
        let html = self.open_blocks(&format!("{rest}{MORE}"));
        let around: Vec<String> = html.split(MORE).map(str::to_owned).collect();
        let inside = match (guess, &around[..]) {
            (_, [_, after]) if after.trim_start_matches('\n').starts_with(CODE_END) => Inside::Code,
            (_, [_, after]) if after.starts_with("</") => guess,
            _ => return None,
        };
        Some(Tail {
            end: self.finished + rest.len(),
            around,
            inside,
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
            escape(&line, &mut tail);
            tail.push_str("</pre>");
        }
        clean(&mut tail, 0);
        tail
    }

    fn open_blocks(&self, rest: &str) -> String {
        let mut writing = Writing::at(&self.place);
        (writing.plain_code, writing.codes) = (true, self.codes);
        writing.formulas = Some(&self.formulas);
        let rest = without_halves(rest);
        if is_blank(&rest) {
            return String::new();
        }
        let rest = apart(&rest, self.finished);
        if let Some(open) = open_formula(&rest) {
            let closed = format!("{}{NOT_CLOSED}{}", &rest[..open.end], open.closing);
            let (html, _) = html(&closed, writing);
            // In code there is none.
            if !html.contains(NOT_CLOSED) {
                return html;
            }
        }
        html(&rest, writing).0
    }
}
