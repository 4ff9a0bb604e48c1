//! A document that is still being written: what is finished is rendered once and never changes.

mod fence;
mod formula;
mod half;
mod pieces;
mod tail;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use crate::markdown::{Place, math::Formulas};
use fence::OpenCode;
use pieces::Cut;
pub use pieces::{Piece, PieceKind};
use tail::Tail;

/// A document that is still being written.
///
/// Which pieces it is cut into, and where they end, follows from the text alone and not from how it
/// came in. When a piece is given out does depend on that: in a very long block the end is looked
/// for only now and then.
#[derive(Default)]
pub struct Growing {
    place: Place,
    text: String,
    finished: usize,
    /// The end of the last whole line. Half of a line may look like a heading's, a table's or a
    /// fence's.
    whole_lines: usize,
    /// No look at the open block is worth its price before the text has this many bytes.
    next_look: usize,
    code: Option<OpenCode>,
    /// Set when the last look ended before its time, and some of the code is still to be read.
    is_behind: bool,
    /// Blocks of code that have been given out.
    codes: u32,
    tail: Option<Tail>,
    /// The formulas of the open block.
    formulas: Formulas,
}

/// An open block of more bytes is looked at now and then only.
const LONG: usize = 1024;

/// So many bytes of any Markdown are read within some milliseconds.
const LIGHT: usize = 4 * 1024;

impl Growing {
    /// An empty document for its place.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            ..Self::default()
        }
    }

    /// Appends text. Nothing is rendered yet.
    pub fn push(&mut self, more: &str) {
        let from = self.text.len();
        self.text.push_str(more);
        self.tail.take_if(|tail| !tail.takes(&self.text, from));
        if let Some(at) = more.rfind('\n') {
            self.whole_lines = from + at + 1;
        }
    }

    /// All text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Up to here, in bytes of Markdown, everything has been given out.
    pub fn finished(&self) -> usize {
        self.finished
    }

    /// Tells whether the text ends inside a fenced block of code whose start was given out.
    pub fn open_code(&self) -> bool {
        self.code.is_some()
    }

    /// Tells whether it is plain that the next look, and the rest as HTML, cost some milliseconds at
    /// most: the rest is short, and has no code in it whose grammar may have to be made ready. What
    /// a line of code costs that is open already is not known before.
    pub fn is_light(&self) -> bool {
        let open = &self.text[self.finished..];
        let has_fence = || open.contains("```") || open.contains("~~~");
        open.len() <= LIGHT && (self.code.is_some() || !has_fence())
    }

    /// Returns what has become final since the last call.
    pub fn advance(&mut self) -> Vec<Piece> {
        self.look(None)
    }

    /// The same, but of code only as many lines as can be read in that time, and at least one. If
    /// these are not all, it [is behind](Self::is_behind).
    pub fn advance_for(&mut self, time: Duration) -> Vec<Piece> {
        self.look(Some(Instant::now() + time))
    }

    /// Tells whether there are lines of code that the last look had no time for. The next one reads
    /// on.
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    fn look(&mut self, deadline: Option<Instant>) -> Vec<Piece> {
        if self.whole_lines == self.finished || self.whole_lines < self.next_look {
            return Vec::new();
        }
        let pieces = if self.goes_on() {
            Vec::new()
        } else {
            self.settle(self.whole_lines, false, deadline)
        };
        if self.is_behind {
            self.next_look = 0;
            return pieces;
        }
        // With each look the open block must have grown by a share of itself, or a long one would
        // cost its square.
        let open = self.whole_lines - self.finished;
        self.next_look = self.whole_lines + if open > LONG { open / 8 } else { 1 };
        pieces
    }

    /// Tells whether it is plain without parsing that the open block only goes on. If it does not
    /// after all, the next line that is of another kind tells.
    fn goes_on(&self) -> bool {
        let open = &self.text.as_bytes()[self.finished..self.whole_lines];
        let Some(first) = open.first().copied().and_then(kind) else {
            return false;
        };
        let mut lines = open.split_inclusive(|byte| *byte == b'\n');
        let goes_on = |line: &[u8]| match line[0] {
            b' ' => !matches!(first, 'a' | '>' | '|'),
            byte => kind(byte) == Some(first),
        };
        self.code.is_none() && open.len() <= LONG && lines.all(goes_on)
    }

    /// The text is complete: all that is left.
    pub fn finish(&mut self) -> Vec<Piece> {
        self.settle(self.text.len(), true, None)
    }

    fn settle(&mut self, until: usize, complete: bool, deadline: Option<Instant>) -> Vec<Piece> {
        let mut cut = Cut {
            text: &self.text,
            place: &self.place,
            formulas: &self.formulas,
            codes: self.codes,
            starts: Vec::new(),
            lines_before: 0,
            refers: false,
            until,
            complete,
            deadline,
            is_behind: false,
            finished: self.finished,
            code: self.code.take(),
            pieces: Vec::new(),
        };
        cut.open_part();
        let pieces = cut.pieces;
        self.is_behind = cut.is_behind;
        (self.finished, self.code, self.codes) = (cut.finished, cut.code, cut.codes);
        self.tail = None;
        if !pieces.is_empty() {
            self.formulas.clear();
        }
        pieces
    }
}

/// The kind of block that lines with this byte at their start make if they are all there is.
fn kind(start: u8) -> Option<char> {
    match start {
        b'>' | b'|' | b'-' | b'*' | b'+' => Some(char::from(start)),
        b'0'..=b'9' => Some('1'),
        b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => Some('a'),
        _ => None,
    }
}

/// A part of a document for parsing by itself. Only at the very start of a document a byte order
/// mark is not text.
fn apart(part: &str, start: usize) -> Cow<'_, str> {
    if start > 0 && part.starts_with('\u{feff}') {
        Cow::Owned(format!("\n{part}"))
    } else {
        Cow::Borrowed(part)
    }
}

fn is_blank(line: &str) -> bool {
    line.bytes()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::code::{CODE_END, code_start};

    fn shown(pieces: &[Piece]) -> Vec<(usize, PieceKind, &str)> {
        pieces
            .iter()
            .map(|piece| (piece.end, piece.kind, &*piece.html))
            .collect()
    }

    #[test]
    fn a_block_is_finished_when_nothing_can_be_added_to_it() {
        let mut growing = Growing::default();
        growing.push("- a\n\non");
        assert_eq!(growing.advance(), []);
        assert_eq!(
            growing.tail(),
            "<ul dir=\"auto\">\n<li>a</li>\n</ul>\n<p>on</p>\n"
        );
        growing.push("e\n");
        assert_eq!(
            shown(&growing.advance()),
            [(
                5,
                PieceKind::Block,
                "<ul dir=\"auto\">\n<li>a</li>\n</ul>\n"
            )]
        );
        assert_eq!(growing.finished(), 5);
        assert_eq!(growing.tail(), "<p>one</p>\n");
        growing.push("\n# t");
        assert_eq!(
            shown(&growing.advance()),
            [(9, PieceKind::Block, "<p>one</p>\n")]
        );
        growing.push("\n");
        assert_eq!(
            shown(&growing.advance()),
            [(14, PieceKind::Block, "<h1>t</h1>\n")]
        );
        growing.push("two");
        assert_eq!(
            shown(&growing.finish()),
            [(17, PieceKind::Block, "<p>two</p>\n")]
        );
        assert_eq!(growing.tail(), "");
    }

    #[test]
    fn code_is_finished_line_by_line() {
        let mut growing = Growing::default();
        growing.push("a\n  ```ru");
        assert_eq!(growing.advance(), []);
        growing.push("st\n  /* b\n    c");
        let start = code_start("rust", &Place::default(), 1);
        assert_eq!(
            shown(&growing.advance()),
            [
                (2, PieceKind::Block, "<p>a</p>\n"),
                (12, PieceKind::CodeStart, &*start),
                (19, PieceKind::CodeLines, "<span class=\"c\">/* b</span>\n"),
            ]
        );
        assert!(growing.open_code());
        assert_eq!(growing.tail(), "<pre class=\"line\">  c</pre>");
        growing.push(" */\n  ``");
        assert_eq!(
            shown(&growing.advance()),
            [(
                28,
                PieceKind::CodeLines,
                "<span class=\"c\">  c */</span>\n"
            )]
        );
        assert_eq!(growing.tail(), "<pre class=\"line\">``</pre>");
        growing.push("`");
        assert_eq!(growing.tail(), "");
        growing.push("\n\nd");
        assert_eq!(
            shown(&growing.advance()),
            [(34, PieceKind::CodeEnd, CODE_END)]
        );
        assert!(!growing.open_code());
        assert_eq!(
            shown(&growing.finish()),
            [(36, PieceKind::Block, "<p>d</p>\n")]
        );
    }

    #[test]
    fn open_code_ends_with_the_text() {
        let mut growing = Growing::default();
        growing.push("~~~\na");
        growing.advance();
        assert_eq!(
            shown(&growing.finish()),
            [
                (5, PieceKind::CodeLines, "a"),
                (5, PieceKind::CodeEnd, CODE_END)
            ]
        );
    }

    #[test]
    fn a_table_waits_for_its_head() {
        let mut growing = Growing::default();
        growing.push("a `b\\|c`\n|d|\n|-|\n\ne\n");
        let pieces = growing.advance();
        assert_eq!(pieces.len(), 1);
        assert!(
            pieces[0]
                .html
                .starts_with("<p>a <code>b|c</code></p>\n<div class=\"table\" tabindex=\"0\">")
        );
    }

    #[test]
    fn definitions_hold_nothing_up() {
        let mut growing = Growing::default();
        for n in 0..1_000 {
            growing.push(&format!("[^{n}]: note\n\n[a{n}]: /url\n\n"));
            growing.advance();
            assert!(growing.text().len() - growing.finished() < 100);
        }
    }

    #[test]
    fn what_is_finished_is_not_looked_at_again() {
        let paragraph = "word ".repeat(40) + "\n\n";
        let mut growing = Growing::default();
        for _ in 0..2_000 {
            growing.push(&paragraph);
            growing.advance();
            assert!(growing.text().len() - growing.finished() <= 2 * paragraph.len());
        }
    }
}
