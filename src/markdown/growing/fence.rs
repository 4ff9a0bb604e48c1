//! The fenced block of code that a growing document ends in.

use comrak::Arena;
use comrak::nodes::{NodeCodeBlock, NodeValue};

use crate::markdown::{highlight::Highlighter, info::Info, options, parse};

/// A fenced block of code that has started and not ended.
pub(super) struct OpenCode {
    /// The opening fence, to be put before the lines that follow it whenever they are parsed.
    pub(super) fence: String,
    pub(super) highlighter: Highlighter,
}

impl OpenCode {
    pub(super) fn new(code: &NodeCodeBlock) -> Self {
        let fence = char::from(code.fence_char)
            .to_string()
            .repeat(code.fence_length);
        let indent = " ".repeat(code.fence_offset);
        Self {
            fence: format!("{indent}{fence}\n"),
            highlighter: Highlighter::new(Info::of(&code.info).language),
        }
    }

    /// The code in half of a line: without the indent of the fence, and nothing if it can be the
    /// closing fence.
    pub(super) fn unfinished(&self, line: &str) -> String {
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

#[cfg(test)]
mod tests {
    use crate::markdown::Growing;

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
}
