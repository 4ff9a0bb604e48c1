//! Cuts a growing document into pieces.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use comrak::nodes::{Node, NodeCodeBlock, NodeValue};
use comrak::{Arena, Options};

use super::{apart, fence::OpenCode, is_blank};
use crate::markdown::{
    Place, Writing,
    code::{CODE_END, code_start},
    ended, html, lines,
    math::Formulas,
    options, parse, written,
};

/// One finished piece of a growing document; its HTML never changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Up to here, in bytes of Markdown, the document is finished with this piece: the start of a
    /// line or the text's end.
    pub end: usize,
    /// The kind of HTML.
    pub kind: PieceKind,
    /// Safe HTML; all pieces one after the other are the document.
    pub html: Arc<str>,
}

/// The kind of HTML of a piece.
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

/// The open part of a text on its way to pieces.
pub(super) struct Cut<'a> {
    pub(super) text: &'a str,
    pub(super) place: &'a Place,
    pub(super) formulas: &'a Formulas,
    pub(super) codes: u32,
    /// The start of each of its lines in the text.
    pub(super) starts: Vec<usize>,
    /// Lines that were put before it for parsing.
    pub(super) lines_before: usize,
    /// True if a block in it may define what others refer to.
    pub(super) refers: bool,
    pub(super) until: usize,
    /// True if nothing comes after it.
    pub(super) complete: bool,
    /// The time to stop at between two lines of code.
    pub(super) deadline: Option<Instant>,
    /// Set when it has stopped there.
    pub(super) is_behind: bool,
    pub(super) finished: usize,
    pub(super) code: Option<OpenCode>,
    pub(super) pieces: Vec<Piece>,
}

impl Cut<'_> {
    /// Gives out what is finished.
    pub(super) fn open_part(&mut self) {
        let open = &self.text[self.finished..self.until];
        let source = match &self.code {
            Some(code) => Cow::Owned(format!("{}{open}", code.fence)),
            None => apart(open, self.finished),
        };
        let source = match self.complete {
            true => Cow::Owned(ended(&source).into_owned()),
            false => source,
        };
        self.starts = line_starts(open, self.finished);
        self.refers = open.contains("]:");
        self.lines_before = usize::from(source.len() > open.len());
        let (arena, mut options) = (Arena::new(), options());
        // They would be moved to the end otherwise, and we look at where blocks stand.
        options.parse.leave_footnote_definitions = true;
        match parse(&arena, &source, &options) {
            Some(root) => self.blocks(root, &options),
            None if self.complete => self.rest(),
            None => {}
        }
    }

    /// Of top-level blocks all but the last are finished, and with the text or when nothing can be
    /// added to it the last one too. Of a fenced block of code each line is.
    fn blocks(&mut self, root: Node, options: &Options) {
        // The blocks that will be one piece.
        let mut together = Vec::new();
        let mut blocks = root.children().peekable();
        while let Some(block) = blocks.next() {
            if let NodeValue::CodeBlock(code) = &block.data().value
                && code.fenced
            {
                self.fenced(block, code);
                if self.is_behind {
                    return;
                }
                continue;
            }
            together.push(block);
            let end = match blocks.peek() {
                Some(next) if belongs_to_table(block, next) => continue,
                _ if self.is_closed(block) => self.after(block),
                Some(next) if self.complete || !self.may_vanish(next) => self.start(next),
                None if self.complete => self.until,
                _ => {
                    self.finished = self.start(together[0]);
                    break;
                }
            };
            self.block(&together, end, options);
            together.clear();
        }
        if self.complete {
            self.finished = self.until;
        } else if root.first_child().is_none() {
            self.skip_definitions();
        }
    }

    /// One piece out of one or more blocks.
    fn block(&mut self, blocks: &[Node], end: usize, options: &Options) {
        let mut writing = Writing::at(self.place);
        (writing.formulas, writing.codes) = (Some(self.formulas), self.codes);
        let start = self.start(blocks[0]);
        let (html, codes) = if self.refers {
            // What a block is must not depend on which others came in with it.
            html(&ended(&apart(&self.text[start..end], start)), writing)
        } else {
            written(blocks.iter().copied(), end - start, options, writing)
        };
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
        let mut all = lines(&code.literal).peekable();
        while let Some(text) = all.next() {
            line += 1;
            html.clear();
            open.highlighter.line(text, &mut html);
            self.push(PieceKind::CodeLines, self.line(line), &html);
            let is_late = self
                .deadline
                .is_some_and(|deadline| Instant::now() >= deadline);
            if is_late && all.peek().is_some() {
                self.is_behind = true;
                self.code = Some(open);
                return;
            }
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
        let mut writing = Writing::at(self.place);
        writing.codes = self.codes;
        let (html, codes) = html(
            &apart(&self.text[self.finished..self.until], self.finished),
            writing,
        );
        self.codes = codes;
        self.push(PieceKind::Block, self.until, &html);
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

    /// Tells whether a paragraph that is still open can turn out to be a link definition: it is no
    /// block then.
    fn may_vanish(&self, block: Node) -> bool {
        let open = block.next_sibling().is_none();
        let text = self.text[self.start(block)..].trim_start_matches([' ', '\t']);
        open && text.starts_with('[') && matches!(block.data().value, NodeValue::Paragraph)
    }

    /// Tells whether a block ends where it does whatever comes behind it.
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

    /// Finds where a line, counted from one as the parser does, starts in the text.
    fn line(&self, number: usize) -> usize {
        let index = number.saturating_sub(1 + self.lines_before);
        self.starts.get(index).copied().unwrap_or(self.until)
    }
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

fn line_starts(text: &str, first: usize) -> Vec<usize> {
    let next = |at: &mut usize, line: &str| {
        let start = *at;
        *at += line.len();
        Some(start)
    };
    lines(text).scan(first, next).collect()
}
