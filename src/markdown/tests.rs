//! What must hold for every document, however hostile and however it comes in.

use std::time::{Duration, Instant};

use scraper::{Html, Node};

use super::*;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// All pieces of a document that comes in parts, each part followed by a look at what is finished.
fn pieces<'a>(parts: impl IntoIterator<Item = &'a str>) -> Vec<Piece> {
    let (mut growing, mut pieces) = (Growing::default(), Vec::new());
    for part in parts {
        growing.push(part);
        let more = growing.advance();
        if let Some(last) = more.last() {
            assert!(last.end <= growing.finished());
        }
        pieces.extend(more);
    }
    pieces.extend(growing.finish());
    assert_eq!(growing.finished(), growing.text().len());
    assert!(!growing.open_code());
    pieces
}

fn joined(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| &*piece.html).collect()
}

/// Cuts a text in random places.
fn parts<'a>(text: &'a str, longest: usize, dice: &mut Dice) -> Vec<&'a str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let mut at = (1 + dice.roll(longest)).min(rest.len());
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        let (part, after) = rest.split_at(at);
        parts.push(part);
        rest = after;
    }
    parts
}

/// Pieces are the whole, and are the same pieces, however the text comes in.
fn check_growth(text: &str, dice: &mut Dice) {
    let whole = render(text);
    let at_once = pieces([text]);
    assert_eq!(joined(&at_once), whole, "{text:?} at once");
    for longest in [1, 3, 40] {
        let parts = parts(text, longest, dice);
        assert_eq!(
            pieces(parts.iter().copied()),
            at_once,
            "{text:?} as {parts:?}"
        );
    }
    let mut at = 0;
    for piece in &at_once {
        assert!(
            piece.end >= at
                && (piece.end == text.len() || text[..piece.end].ends_with(['\n', '\r'])),
            "{text:?}"
        );
        at = piece.end;
    }
}

const SNIPPETS: &[&str] = &[
    "a",
    "한국어",
    "😀 emoji 👩‍👩‍👧",
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n",
    "\n",
    "\n\n",
    "\n\n",
    "  \n",
    "\\\n",
    "# h\n",
    "## 제목 ##\n",
    "#",
    "===\n",
    "---\n",
    "***\n",
    "* * *\n",
    "- ",
    "- a\n",
    "- a\n\n  b\n",
    "  - c\n",
    "* x\n",
    "+ y\n",
    "1. ",
    "1. one\n",
    "2) two\n",
    "10. ten\n",
    "- [ ] todo\n",
    "- [x] done\n",
    "> ",
    "> q\n",
    "> > qq\n",
    ">\n",
    "> ```\n> code\n",
    "> [!NOTE]\n> n\n",
    "> [!WARNING] 제목\n",
    "```\n",
    "```rust\n",
    "````\n",
    "`````\n",
    "~~~\n",
    "~~~ py x\n",
    "~~~~\n",
    "   ```\n",
    "  ~~~js\n",
    " ```\n",
    "    ```\n",
    "- ```c\n",
    "  ```\n",
    "``` a`b\n",
    "let a = 1;\n",
    "/* open\n",
    "close */\n",
    "\"string\n",
    "fn main() {}\n",
    "  indented\n",
    "\tcode\n",
    "    code\n",
    "   x\n",
    "| a | b |\n",
    "|---|:-:|\n",
    "| 1 | 2 |\n",
    "|--|\n",
    "a | b\n",
    "-|-\n",
    "`a\\|b`\n",
    "x \\| y\n",
    "<div>\n",
    "</div>\n",
    "<script>\n",
    "</script>\n",
    "<!-- ",
    "-->\n",
    "<?x\n",
    "?>\n",
    "<![CDATA[\n",
    "]]>\n",
    "<b>",
    "<br/>\n",
    "<a href='x'>\n",
    "*",
    "**",
    "_",
    "~~",
    "`",
    "``",
    "*em*",
    "**굵게(重)**합니다",
    "~~del~~",
    "`code`",
    "[",
    "]",
    "(",
    ")",
    "![",
    "[t](https://a.b)",
    "![i](https://a.b/i.png)",
    "[t](javascript:x)",
    "<https://a.b>",
    "https://example.com에서 ",
    "www.a.b",
    "me@a.b",
    "&amp;",
    "&#35;",
    "&lt;",
    "\\",
    "\\*",
    "$x$",
    "\u{feff}",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{0}",
    "\r",
    "\u{b}",
    "\u{85}",
    "\u{2028}",
    ":",
    "|",
    "+",
    "1",
    "=",
    "!",
];

#[test]
fn random_documents_grow_into_the_whole() {
    let mut dice = Dice(1);
    for _ in 0..6_000 {
        let text: String = (0..1 + dice.roll(14))
            .map(|_| SNIPPETS[dice.roll(SNIPPETS.len())])
            .collect();
        check_growth(&text, &mut dice);
    }
}
