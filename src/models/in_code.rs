//! The code in a text that comes in pieces, where marks of thoughts are none.

/// The code that a text is in, as far as it has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Code {
    /// The fence that is open.
    pub(super) fence: Option<(char, usize)>,
    /// A code span is open.
    in_span: bool,
    /// The beginning of this line.
    line: String,
    /// The last character.
    pub(super) last: Option<char>,
}

/// The bytes of a line's beginning that are looked at for a fence.
const LINE: usize = 16;

impl Code {
    pub(super) fn pass(&mut self, text: &str) {
        for c in text.chars() {
            self.last = Some(c);
            if c == '\n' {
                self.end_line();
                continue;
            }
            if self.line.len() < LINE {
                self.line.push(c);
            }
            if c == '`' {
                self.in_span = !self.in_span;
            }
        }
    }

    fn end_line(&mut self) {
        let line = self.line.trim_start();
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'));
        if let Some(mark) = mark {
            let length = line.chars().take_while(|c| *c == mark).count();
            match self.fence {
                Some((open, at_least)) if open == mark && length >= at_least => self.fence = None,
                None if length >= 3 => self.fence = Some((mark, length)),
                _ => {}
            }
        }
        self.line.clear();
        // Spans hardly ever go over lines, and one that is never closed is none.
        self.in_span = false;
    }

    /// Tells whether what comes next is in code.
    pub(super) fn is_open(&self) -> bool {
        self.fence.is_some() || self.in_span
    }

    /// Tells whether what comes next may be thoughts: outside of code, at a line's beginning, or right
    /// behind the end of a sentence or a word.
    pub(super) fn may_think(&self) -> bool {
        let glued = self.last.is_none_or(|c| {
            c.is_ascii_alphanumeric() || matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？')
        });
        !self.is_open() && (glued || self.line.trim().is_empty())
    }
}
