//! A document that is still being written: what is finished is rendered once and never changes.

use std::borrow::Cow;
use std::sync::Arc;

use comrak::Arena;
use comrak::nodes::{Node, NodeCodeBlock, NodeValue};

use super::code::{CODE_END, code_start, language};
use super::highlight::Highlighter;
use super::{Clean, Place, Writing, escape, html, lines, options, parse};

/// One finished piece of a growing document; its HTML never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Up to here, in bytes of Markdown, the document is finished with this piece: the start of a
    /// line or the text's end.
    pub end: usize,
    /// What the HTML is.
    pub kind: PieceKind,
    /// Safe HTML; all pieces one after the other are the document.
    pub html: Arc<str>,
}

/// What the HTML of a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// One or more whole top-level blocks.
    Block,
    /// A code block's opening, up to `<code…>`.
    CodeStart,
    /// Whole highlighted lines to be appended inside the open `<code>`.
    CodeLines,
    /// [`CODE_END`]
    CodeEnd,
}

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
    /// How many blocks of code have been given out.
    codes: u32,
    tail: Option<Tail>,
}

/// The rest as it was last rendered, if words that follow only go into it at a known place.
struct Tail {
    /// Up to where the text is in it.
    end: usize,
    before: String,
    /// Closing tags.
    after: String,
}

/// Stands where the next word will. It is of private use, and to Markdown like any letter.
const NEXT_WORD: char = '\u{e0dd}';

/// A fenced block of code that has started and not ended.
struct OpenCode {
    /// The opening fence, to be put before the lines that follow it whenever they are parsed.
    fence: String,
    highlighter: Highlighter,
}

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
        if !more.chars().all(|c| c == ' ' || c.is_alphanumeric()) {
            self.tail = None;
        }
        if let Some(at) = more.rfind('\n') {
            self.whole_lines = self.text.len() + at + 1;
        }
        self.text.push_str(more);
    }

    /// All text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Up to here, in bytes of Markdown, everything has been given out.
    pub fn finished(&self) -> usize {
        self.finished
    }

    /// Whether the text ends inside a fenced block of code whose start was given out.
    pub fn open_code(&self) -> bool {
        self.code.is_some()
    }

    /// What has become final since the last call.
    pub fn advance(&mut self) -> Vec<Piece> {
        if self.whole_lines == self.finished || self.whole_lines < self.next_look {
            return Vec::new();
        }
        let pieces = self.settle(self.whole_lines, false);
        // With each look the open block must have grown by a share of itself, or a long one would
        // cost its square.
        let open = self.whole_lines - self.finished;
        self.next_look = self.whole_lines + if open > 1024 { open / 8 } else { 1 };
        pieces
    }

    /// The text is complete: all that is left.
    pub fn finish(&mut self) -> Vec<Piece> {
        self.settle(self.text.len(), true)
    }

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
    pub(super) fn rest(&self) -> String {
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

    fn settle(&mut self, until: usize, complete: bool) -> Vec<Piece> {
        let open = &self.text[self.finished..until];
        let code = self.code.take();
        let source = match &code {
            Some(code) => Cow::Owned(format!("{}{open}", code.fence)),
            None => apart(open, self.finished),
        };
        let mut cut = Cut {
            text: &self.text,
            place: &self.place,
            codes: self.codes,
            starts: line_starts(open, self.finished),
            lines_before: usize::from(source.len() > open.len()),
            until,
            complete,
            finished: self.finished,
            code,
            pieces: Vec::new(),
        };
        let (arena, mut options) = (Arena::new(), options());
        // They would be moved to the end otherwise, and we look at where blocks stand.
        options.parse.leave_footnote_definitions = true;
        match parse(&arena, &source, &options) {
            Some(root) => cut.blocks(root),
            None if complete => cut.rest(),
            None => {}
        }
        let pieces = cut.pieces;
        self.tail = None;
        (self.finished, self.code, self.codes) = (cut.finished, cut.code, cut.codes);
        pieces
    }
}

impl OpenCode {
    fn new(code: &NodeCodeBlock) -> Self {
        let fence = char::from(code.fence_char)
            .to_string()
            .repeat(code.fence_length);
        let indent = " ".repeat(code.fence_offset);
        Self {
            fence: format!("{indent}{fence}\n"),
            highlighter: Highlighter::new(language(&code.info)),
        }
    }

    /// The code in half of a line: without the indent of the fence, and nothing if it can be the
    /// closing fence.
    fn unfinished(&self, line: &str) -> String {
        // Where no indent is to be taken away, a line that can be no fence is all code.
        if self.fence.starts_with(['`', '~']) && !line.contains(['`', '~', '\r', '\0']) {
            return line.to_owned();
        }
        self.parsed(line)
    }

    fn parsed(&self, line: &str) -> String {
        let arena = Arena::new();
        let root = parse(&arena, &format!("{}{line}", self.fence), &options());
        let code = root.and_then(|root| root.first_child());
        match code.map(|code| code.data().value.clone()) {
            Some(NodeValue::CodeBlock(code)) => code.literal,
            _ => String::new(),
        }
    }
}

/// The open part of a text on its way to pieces.
struct Cut<'a> {
    text: &'a str,
    place: &'a Place,
    codes: u32,
    /// Where each of its lines starts in the text.
    starts: Vec<usize>,
    /// How many lines were put before it for parsing.
    lines_before: usize,
    until: usize,
    /// Whether nothing comes after it.
    complete: bool,
    finished: usize,
    code: Option<OpenCode>,
    pieces: Vec<Piece>,
}

impl Cut<'_> {
    /// Of top-level blocks all but the last are finished, and with the text or when nothing can be
    /// added to it the last one too. Of a fenced block of code each line is.
    fn blocks(&mut self, root: Node) {
        // Where the first of the blocks that will be one piece starts.
        let mut together = None;
        let mut blocks = root.children().peekable();
        while let Some(block) = blocks.next() {
            if let NodeValue::CodeBlock(code) = &block.data().value
                && code.fenced
            {
                self.fenced(block, code);
                continue;
            }
            let start = *together.get_or_insert_with(|| self.start(block));
            let end = match blocks.peek() {
                Some(next) if belongs_to_table(block, next) => continue,
                _ if self.is_closed(block) => self.after(block),
                Some(next) if self.complete || !self.may_vanish(next) => self.start(next),
                None if self.complete => self.until,
                _ => {
                    self.finished = start;
                    break;
                }
            };
            self.block(start, end);
            together = None;
        }
        if self.complete {
            self.finished = self.until;
        } else if root.first_child().is_none() {
            self.skip_definitions();
        }
    }

    fn block(&mut self, start: usize, end: usize) {
        let mut writing = Writing::at(self.place);
        writing.codes = self.codes;
        let (html, codes) = html(&apart(&self.text[start..end], start), writing);
        self.codes = codes;
        self.push(PieceKind::Block, end, &html);
    }

    /// A fenced block of code, or what was added to the one that was open before.
    fn fenced(&mut self, block: Node, code: &NodeCodeBlock) {
        let place = block.data().sourcepos;
        let mut line = place.start.line + 1;
        let mut open = self.code.take().unwrap_or_else(|| {
            self.codes += 1;
            let start = code_start(&code.info, self.place, self.codes);
            self.push(PieceKind::CodeStart, self.line(line), &start);
            OpenCode::new(code)
        });
        let mut html = String::new();
        for text in lines(&code.literal) {
            line += 1;
            html.clear();
            open.highlighter.line(text, &mut html);
            self.push(PieceKind::CodeLines, self.line(line), &html);
        }
        // Only what the text ends with can be not closed.
        let end = if code.closed {
            self.line(place.end.line + 1)
        } else {
            self.until
        };
        if code.closed || self.complete {
            self.push(PieceKind::CodeEnd, end, CODE_END);
        } else {
            self.finished = end;
            self.code = Some(open);
        }
    }

    /// A complete text that costs too much to read, as it was typed.
    fn rest(&mut self) {
        if self.code.take().is_some() {
            self.push(PieceKind::CodeEnd, self.finished, CODE_END);
        }
        self.block(self.finished, self.until);
        self.finished = self.until;
    }

    /// Without any block all is link definitions and blank lines, and what stands before a blank
    /// line can no longer change.
    fn skip_definitions(&mut self) {
        if let Some(&last) = self.starts.last()
            && is_blank(&self.text[last..self.until])
        {
            self.finished = last;
        }
    }

    fn push(&mut self, kind: PieceKind, end: usize, html: &str) {
        self.finished = end;
        if !html.is_empty() {
            self.pieces.push(Piece {
                end,
                kind,
                html: html.into(),
            });
        }
    }

    /// Whether a paragraph that is still open can turn out to be a link definition: it is no block
    /// then.
    fn may_vanish(&self, block: Node) -> bool {
        let open = block.next_sibling().is_none();
        let text = self.text[self.start(block)..].trim_start_matches([' ', '\t']);
        open && text.starts_with('[') && matches!(block.data().value, NodeValue::Paragraph)
    }

    /// Whether a block ends where it does whatever comes behind it.
    fn is_closed(&self, block: Node) -> bool {
        let after = || lines(&self.text[self.after(block)..self.until]).next();
        match block.data().value {
            NodeValue::Heading(_) => true,
            NodeValue::Paragraph | NodeValue::Table(_) => after().is_some_and(is_blank),
            _ => false,
        }
    }

    fn after(&self, block: Node) -> usize {
        self.line(block.data().sourcepos.end.line + 1)
    }

    fn start(&self, block: Node) -> usize {
        self.line(block.data().sourcepos.start.line)
    }

    /// Where a line, counted from one as the parser does, starts in the text.
    fn line(&self, number: usize) -> usize {
        let index = number.saturating_sub(1 + self.lines_before);
        self.starts.get(index).copied().unwrap_or(self.until)
    }
}

/// A formula that is not closed yet.
struct OpenFormula<'a> {
    /// What closes it.
    closing: &'static str,
    /// Its last line so far.
    end: &'a str,
}

/// No formula ends like this.
const NO_FORMULA: &str = "\0";

/// The formula that a text ends in, if it is one that can have many lines. What is in code is none.
fn open_formula(text: &str) -> Option<OpenFormula<'_>> {
    // No formula has an empty line.
    let from = text.rfind("\n\n").map_or(0, |at| at + 2);
    let (mut open, mut rest) = (None, &text[from..]);
    while let Some(at) = rest.find(['\\', '$', '`']) {
        rest = &rest[at..];
        let mark = |mark: &str| rest.starts_with(mark);
        let length = match open {
            None if mark("`") => in_ticks(rest)?,
            None if mark("$$") => 2,
            None if mark("\\[") || mark("\\(") => 2,
            Some((closing, _)) if mark(closing) => 2,
            _ if mark("\\") => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => 1,
        };
        let (met, after) = rest.split_at(length);
        open = match (open, met) {
            (None, "$$") => Some(("$$", after)),
            (None, "\\[") => Some(("\\]", after)),
            (None, "\\(") => Some(("\\)", after)),
            (Some((closing, _)), met) if met == closing => None,
            (open, _) => open,
        };
        rest = after;
    }
    let (closing, inside) = open?;
    let dangling = (inside.len() - inside.trim_end_matches('\\').len()) % 2 == 1;
    let (inside, closing) = match closing {
        // Half of what closes it has come.
        "$$" if inside.ends_with('$') => (&inside[..inside.len() - 1], "$"),
        "$$" if dangling => (inside, " $$"),
        _ if dangling => (&inside[..inside.len() - 1], &closing[1..]),
        _ => (inside, closing),
    };
    // Lines of quotes begin with what is no part of the formula.
    let line = |line: &str| line.len() - line.trim_start_matches([' ', '\t', '>']).len();
    let mut ends = inside
        .lines()
        .rev()
        .map(|text| text[line(text)..].trim_end());
    let end = ends.find(|end| !end.is_empty()).unwrap_or(NO_FORMULA);
    Some(OpenFormula { closing, end })
}

/// How long code in ticks is, if it is closed.
fn in_ticks(text: &str) -> Option<usize> {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let close = text[ticks..].find(&text[..ticks])?;
    Some(ticks + close + ticks)
}

/// A table is made out of the last line of a paragraph, which is then read in another way: they
/// stay together.
fn belongs_to_table(block: Node, next: Node) -> bool {
    let (block, next) = (block.data(), next.data());
    matches!(
        (&block.value, &next.value),
        (NodeValue::Paragraph, NodeValue::Table(_))
    ) && block.sourcepos.end.line + 1 == next.sourcepos.start.line
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

fn line_starts(text: &str, first: usize) -> Vec<usize> {
    let next = |at: &mut usize, line: &str| {
        let start = *at;
        *at += line.len();
        Some(start)
    };
    lines(text).scan(first, next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(growing.tail(), "<ul>\n<li>a</li>\n</ul>\n<p>on</p>\n");
        growing.push("e\n");
        assert_eq!(
            shown(&growing.advance()),
            [(5, PieceKind::Block, "<ul>\n<li>a</li>\n</ul>\n")]
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
    fn half_a_line_of_code_is_what_the_parser_takes_it_for() {
        for fence in ["```\n", "~~~~ a\n", "  ```\n"] {
            let mut growing = Growing::default();
            growing.push(fence);
            growing.advance();
            let code = growing.code.unwrap();
            for line in [
                "",
                " ",
                "a",
                "  a ",
                "    a",
                "\ta",
                "> a",
                "- a",
                "# a",
                "\u{feff}a",
                "&lt;",
                "\\",
                "``",
                "```",
                "~~~~",
                "  ```",
                "~~~~ a",
                "a\r```",
                "\0",
            ] {
                assert_eq!(code.unfinished(line), code.parsed(line), "{fence}{line}");
            }
        }
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
