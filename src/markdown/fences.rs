//! Fences of code in the items of lists, whose end models often write at the margin. The parser takes
//! that for the beginning of another block, which all that follows is a part of.
//!
//! ````text
//! 1. Install it:
//!    ```sh
//!    npm install
//! ```
//! 2. Start it.
//! ````

use super::{inline_html, typed::is_date};

/// All that the lines up to one have open: items, and a block of code.
#[derive(Default)]
pub(super) struct Fences {
    quotes: usize,
    /// The columns in which the texts of the open items begin.
    items: Vec<usize>,
    /// True if the last of them has no text yet.
    is_empty: bool,
    /// True if a paragraph can go on without any indent.
    in_text: bool,
    /// The end of the block of HTML that is open; without letters a blank line is.
    html: Option<&'static str>,
    code: Option<Code>,
}

/// A block of code that is open.
struct Code {
    mark: char,
    length: usize,
    /// The column of the item that it is in.
    item: usize,
    /// True if no line of it has come.
    is_new: bool,
    /// The spaces that all of its lines lack that were written at the margin.
    lacks: Option<usize>,
}

/// Spaces that a line lacks.
pub(super) struct Missing {
    /// The place in the line to which they go.
    pub(super) at: usize,
    pub(super) spaces: usize,
}

/// Tells whether a text can have a fence in an item.
pub(super) fn has_fences_in_items(text: &str) -> bool {
    [" ```", "\t```", " ~~~", "\t~~~"]
        .iter()
        .any(|fence| text.contains(fence))
}

impl Fences {
    /// Reads a line; gives what it lacks to be in the block of code that it is meant for.
    pub(super) fn read(&mut self, line: &str) -> Option<Missing> {
        // In code and HTML there are no others.
        let most = match (&self.code, self.html) {
            (None, None) => usize::MAX,
            _ => self.quotes,
        };
        let (quotes, at) = quotes(line, most);
        let rest = &line[at..];
        let content = rest.trim_start_matches([' ', '\t']);
        if quotes != self.quotes {
            // Or the paragraph of a quote goes on without its mark.
            if self.in_text && quotes < self.quotes && goes_on(content, false) {
                return None;
            }
            *self = Self {
                quotes,
                ..Self::default()
            };
        }
        if content.trim_ascii_end().is_empty() {
            self.blank();
            return None;
        }
        let column = columns(&rest[..rest.len() - content.len()], 0);
        let missing = |spaces| (spaces > 0).then_some(Missing { at, spaces });
        if let Some(code) = &mut self.code {
            let lacks = code.item.saturating_sub(column);
            if code.ends_with(content) && column < code.item + 4 {
                self.code = None;
                return missing(lacks);
            }
            if std::mem::take(&mut code.is_new) && lacks > 0 && mark(content, false).is_none() {
                code.lacks = Some(lacks);
            }
            let spaces = code.lacks.unwrap_or(0);
            if spaces >= lacks {
                return missing(spaces);
            }
            self.code = None;
        }
        match self.html {
            Some(end) if column >= self.item() => {
                self.html = Some(end).filter(|end| !ends_html(content, end));
            }
            _ => self.block(column, content),
        }
        None
    }

    /// The column of the item that is open.
    fn item(&self) -> usize {
        self.items.last().copied().unwrap_or(0)
    }

    /// Tells whether the next line may be one of code.
    pub(super) fn in_code(&self) -> bool {
        self.code.is_some()
    }

    fn blank(&mut self) {
        if std::mem::take(&mut self.is_empty) {
            self.items.pop();
        }
        self.in_text = false;
        self.html.take_if(|end| end.is_empty());
        if let Some(code) = &mut self.code {
            code.is_new = false;
        }
    }

    /// Reads a line that stands in no code, without what is before its content.
    fn block(&mut self, mut column: usize, mut content: &str) {
        // In a paragraph fewer marks begin something else than where it has ended.
        let mut within = self.in_text && column >= self.item();
        if within && is_underline(content) {
            self.in_text = false;
            return;
        }
        if self.in_text && goes_on(content, within) {
            return;
        }
        while self.item() > column {
            self.items.pop();
        }
        (self.is_empty, self.in_text, self.html) = (false, false, None);
        if column >= self.item() + 4 {
            return;
        }
        while !is_rule(content)
            && let Some(mark) = mark(content, within)
        {
            let after = &content[mark..];
            content = after.trim_start_matches([' ', '\t']);
            column += mark;
            let text = columns(&after[..after.len() - content.len()], column);
            self.is_empty = content.trim_ascii_end().is_empty();
            if self.is_empty || text > column + 4 {
                // What stands further to the right is code.
                self.items.push(column + 1);
                return;
            }
            (column, within) = (text, false);
            self.items.push(column);
        }
        self.code = Code::open(content, self.item());
        self.html = html_end(content, within).filter(|end| !ends_html(content, end));
        // A table has no lines that go on.
        self.in_text = !begins(content, within) && !content.starts_with('|');
    }
}

/// Tells whether a line goes on with the paragraph before it.
fn goes_on(content: &str, within: bool) -> bool {
    !content.trim_ascii_end().is_empty()
        && !begins(content, within)
        && mark(content, within).is_none()
}

/// Tells whether a line that has no mark begins something else than a paragraph.
fn begins(content: &str, within: bool) -> bool {
    is_heading(content)
        || is_rule(content)
        || Code::open(content, 0).is_some()
        || html_end(content, within).is_some()
}

fn is_heading(content: &str) -> bool {
    let after = content.trim_start_matches('#');
    (1..=6).contains(&(content.len() - after.len()))
        && (after.is_empty() || after.starts_with(|c: char| c.is_ascii_whitespace()))
}

/// Tells whether a line makes a heading of the paragraph before it.
fn is_underline(content: &str) -> bool {
    let line = content.trim_ascii_end();
    line.bytes().all(|byte| byte == b'=') || line.bytes().all(|byte| byte == b'-')
}

impl Code {
    fn open(content: &str, item: usize) -> Option<Self> {
        let mark = content.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = content.trim_start_matches(mark);
        let length = content.len() - info.len();
        (length >= 3 && !(mark == '`' && info.contains('`'))).then_some(Self {
            mark,
            length,
            item,
            is_new: true,
            lacks: None,
        })
    }

    fn ends_with(&self, content: &str) -> bool {
        let after = content.trim_start_matches(self.mark);
        content.len() - after.len() >= self.length && after.trim_ascii().is_empty()
    }
}

/// Names of elements that begin a block of HTML wherever they stand.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "iframe",
    "li",
    "link",
    "main",
    "menu",
    "nav",
    "ol",
    "option",
    "p",
    "param",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];

/// Finds what ends a block of HTML that a line begins.
fn html_end(content: &str, in_text: bool) -> Option<&'static str> {
    const ENDS: &[(&str, &str)] = &[
        ("!--", "-->"),
        ("![CDATA[", "]]>"),
        ("!", ">"),
        ("?", "?>"),
        ("pre", "</"),
        ("script", "</"),
        ("style", "</"),
        ("textarea", "</"),
    ];
    let tag = content.strip_prefix('<')?;
    if let Some((_, end)) = ENDS.iter().find(|(begin, _)| tag.starts_with(begin)) {
        return Some(end);
    }
    let name = tag.trim_start_matches('/');
    let name = &name[..name.bytes().take_while(u8::is_ascii_alphanumeric).count()];
    let alone = !name.is_empty() && tag.find('>') == Some(tag.trim_end().len().wrapping_sub(1));
    let is_block = BLOCKS.contains(&&*name.to_ascii_lowercase());
    let is_one = is_block || alone && !in_text && inline_html::known(content).is_none();
    is_one.then_some("")
}

/// Tells whether a line is the last one of a block of HTML.
fn ends_html(line: &str, end: &str) -> bool {
    let tags = ["</pre>", "</script>", "</style>", "</textarea>"];
    match end {
        "" => false,
        "</" => tags.iter().any(|tag| line.contains(tag)),
        end => line.contains(end),
    }
}

/// Counts the quotes that a line begins in, and finds where its content does.
fn quotes(line: &str, most: usize) -> (usize, usize) {
    let (mut quotes, mut at) = (0, 0);
    while quotes < most
        && let Some(after) = line[at..].trim_start_matches(' ').strip_prefix('>')
    {
        quotes += 1;
        at = line.len() - after.strip_prefix(' ').unwrap_or(after).len();
    }
    (quotes, at)
}

/// The column behind spaces and tabs.
fn columns(spaces: &str, from: usize) -> usize {
    spaces.bytes().fold(from, |column, byte| match byte {
        b'\t' => (column / 4 + 1) * 4,
        _ => column + 1,
    })
}

/// Measures the mark of an item that a line begins with. In a paragraph that must be the first item,
/// and have a text.
fn mark(content: &str, in_text: bool) -> Option<usize> {
    let digits = content.bytes().take_while(u8::is_ascii_digit).count();
    let length = digits + 1;
    let is_mark = match (digits, content.as_bytes().get(digits)?) {
        (0, b'-' | b'*' | b'+') => true,
        (1..=9, b'.' | b')') => {
            let is_first = content[..digits].parse() == Ok(1);
            !is_date(content) && (is_first || !in_text)
        }
        _ => false,
    };
    let after = content.get(length..)?;
    let is_item = after.is_empty() || after.starts_with(|c: char| c.is_ascii_whitespace());
    (is_mark && is_item && !(in_text && after.trim_ascii().is_empty())).then_some(length)
}

/// Tells whether it is a line across the page and not the mark of an item: `* * *`.
fn is_rule(content: &str) -> bool {
    let first = content.chars().next().unwrap_or_default();
    let mut marks = content.chars().filter(|c| !c.is_ascii_whitespace());
    matches!(first, '*' | '-' | '_')
        && content.matches(first).count() >= 3
        && marks.all(|c| c == first)
}

#[cfg(test)]
mod tests {
    use crate::markdown::{code, render};

    #[test]
    fn a_fence_at_the_margin_ends_the_code_of_an_item() {
        for (text, codes, after) in [
            ("1. a\n   ```sh\n   x\n```\n2. b\n3. c", &["x\n"][..], "b"),
            (
                "- 설치:\n  ```bash\n  ls\n```\n\n## 다음\n본문",
                &["ls\n"],
                "<h2>다음</h2>",
            ),
            ("* a\n  ~~~\n  x\n~~~\nb", &["x\n"], "b"),
            (
                "10. a\n\n    ```\n    x\n\n    y\n```\n11. b",
                &["x\n\ny\n"],
                "b",
            ),
            // At a smaller indent, or with more marks.
            ("1. a\n   ```\n   x\n  ```\n2. b", &["x\n"], "b"),
            ("1. a\n   ```\n   x\n`````\n2. b", &["x\n"], "b"),
            // In items of items, and in quotes.
            (
                "1. a\n   - b\n     ```\n     x\n   ```\n2. c",
                &["x\n"],
                "c",
            ),
            ("1. a\n   - b\n     ```\n     x\n```\n2. c", &["x\n"], "c"),
            ("> 1. a\n>    ```\n>    x\n> ```\n> 2. b", &["x\n"], "b"),
            // On the line of the item, behind a line that goes on, twice.
            ("- ```c\n  x\n```\n- b", &["x\n"], "b"),
            ("1. a\nb\n   ```\n   x\n```\n2. c", &["x\n"], "c"),
            (
                "1. a\n   ```\n   x\n```\n2. b\n   ```\n   y\n```\n3. c",
                &["x\n", "y\n"],
                "c",
            ),
            // All of it at the margin.
            (
                "1. a\n   ```py\n# x\ny:\n  z\n\nw\n```\n2. b",
                &["# x\ny:\n  z\n\nw\n"],
                "b",
            ),
            ("1. a\r\n   ```sh\r\n   x\r\n```\r\n2. b", &["x\r\n"], "b"),
        ] {
            let html = render(text);
            for (n, shown) in codes.iter().enumerate() {
                assert_eq!(code(text, n + 1).as_deref(), Some(*shown), "{text}");
            }
            assert_eq!(code(text, codes.len() + 1), None, "{text}: {html}");
            let (_, behind) = html.rsplit_once("</pre>").unwrap();
            assert!(behind.contains(after), "{text}: {html}");
        }
    }

    #[test]
    fn other_fences_begin_and_end_where_they_did() {
        for (text, codes) in [
            // Ended by its item, with another block behind it.
            ("- a\n  ```\n  x\nb\n\n```\ny\n```\n", &["x\n", "y\n"][..]),
            ("- a\n  ```\n  x\n```sh\ny\n```\n", &["x\n", "y\n"]),
            ("- a\n  ```\n  x\n- b\n\n```\ny\n```\n", &["x\n", "y\n"]),
            ("- a\n  ```\n  x\n  ```\n```\ny\n```\n", &["x\n", "y\n"]),
            ("- a\n  ```\n  x\n~~~\ny\n~~~\n", &["x\n", "y\n"]),
            ("- a\n  ````\n  x\n```\ny\n```\n", &["x\n", "y\n"]),
            ("```md\n- a\n  ```\n\n```\ny\n```\n", &["- a\n", "y\n"]),
            ("* * *\n    ```\n\n```\ny\n```\n", &["```\n", "y\n"]),
            ("2026. a\n   ```\n   x\n```\n", &["x\n"]),
            ("> - ```\n>   x\n\n```\ny\n```\n", &["x\n", "y\n"]),
            ("- ```\n- b\n", &[""]),
            ("```\n> a\n- ```\nb\n```\n", &["> a\n- ```\nb\n"]),
            ("a\n2. b\n    ```\n```\n  y\n```\n", &["  y\n"]),
        ] {
            for (n, shown) in codes.iter().enumerate() {
                assert_eq!(code(text, n + 1).as_deref(), Some(*shown), "{text}");
            }
            assert_eq!(code(text, codes.len() + 1), None, "{text}");
        }
    }
}
