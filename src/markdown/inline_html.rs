//! The few elements that models write as HTML for want of Markdown: a line's end, what is low or
//! high, a key. Without attributes, and in pairs; all other HTML is text.

use comrak::nodes::{Node, NodeValue};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Tag {
    Break,
    Opens(&'static str),
    Closes(&'static str),
}

const PAIRS: &[&str] = &["sub", "sup", "kbd"];
/// More of them in one another are text.
const DEEPEST: usize = 20;

/// The HTML that ends a line inside of a paragraph or a cell.
pub(super) const BREAK: &str = "<br />";

/// The tag that a text begins with, if it is one of the few.
pub(super) fn known(text: &str) -> Option<Tag> {
    // The longest is `</sub >`.
    let end = text.bytes().take(7).position(|byte| byte == b'>')?;
    let inside = text.get(1..end)?;
    if inside
        .trim_end_matches(['/', ' '])
        .eq_ignore_ascii_case("br")
    {
        return Some(Tag::Break);
    }
    let (name, opens) = match inside.strip_prefix('/') {
        Some(name) => (name, false),
        None => (inside, true),
    };
    let is = |tag: &&&str| name.trim_end().eq_ignore_ascii_case(tag);
    let name = PAIRS.iter().find(is)?;
    Some(if opens {
        Tag::Opens(name)
    } else {
        Tag::Closes(name)
    })
}

/// Makes elements of the tags in a block or in what stands in it: of those that are known and, of
/// those that come in pairs, have their other half beside them.
pub(super) fn make_elements(parent: Node) {
    let mut open: Vec<(Node, &str)> = Vec::new();
    for child in parent.children() {
        match tag(child) {
            None => {}
            Some(Tag::Break) => set(child, BREAK.to_owned()),
            Some(Tag::Opens(name)) => open.push((child, name)),
            Some(Tag::Closes(name)) => {
                let Some(at) = open.iter().rposition(|(_, opened)| *opened == name) else {
                    continue;
                };
                if at < DEEPEST {
                    set(open[at].0, format!("<{name}>"));
                    set(child, format!("</{name}>"));
                }
                open.truncate(at);
            }
        }
    }
}

fn tag(node: Node) -> Option<Tag> {
    match &node.data().value {
        NodeValue::HtmlInline(html) => known(html),
        _ => None,
    }
}

fn set(node: Node, html: String) {
    node.data_mut().value = NodeValue::Raw(html);
}

/// Tells whether a line's end was written as an element there.
pub(super) fn is_break(node: Node) -> bool {
    matches!(&node.data().value, NodeValue::Raw(html) if html == BREAK)
}

#[cfg(test)]
mod tests {
    use crate::markdown::render;

    #[test]
    fn few_elements_are_elements() {
        for (text, html) in [
            (
                "첫째<br>둘째<BR/>셋째<br />",
                "첫째<br />둘째<br />셋째<br />",
            ),
            (
                "H<sub>2</sub>O, x<sup>2</sup>",
                "H<sub>2</sub>O, x<sup>2</sup>",
            ),
            (
                "<kbd>Ctrl</kbd>+<kbd>C</kbd>",
                "<kbd>Ctrl</kbd>+<kbd>C</kbd>",
            ),
            ("<sup>*a*</sup>", "<sup><em>a</em></sup>"),
            ("<sub>a<sub>b</sub></sub>", "<sub>a<sub>b</sub></sub>"),
            ("a<br>\nb", "a<br />\nb"),
            ("<br>\n**a**", "<br />\n<strong>a</strong>"),
            // Without their other half.
            ("<sub>a", "&lt;sub&gt;a"),
            ("a</sub>", "a&lt;/sub&gt;"),
            (
                "**<sub>a** b</sub>",
                "<strong>&lt;sub&gt;a</strong> b&lt;/sub&gt;",
            ),
            (
                "<sub>a<sup>b</sub>c</sup>",
                "<sub>a&lt;sup&gt;b</sub>c&lt;/sup&gt;",
            ),
            // With attributes, and others.
            ("a<br class=\"x\">", "a&lt;br class=&quot;x&quot;&gt;"),
            ("a<sub id=x>b</sub>", "a&lt;sub id=x&gt;b&lt;/sub&gt;"),
            (
                "<u>a</u> <mark>b</mark>",
                "&lt;u&gt;a&lt;/u&gt; &lt;mark&gt;b&lt;/mark&gt;",
            ),
            ("`<br>` \\<br>", "<code>&lt;br&gt;</code> &lt;br&gt;"),
        ] {
            assert_eq!(render(text), format!("<p>{html}</p>\n"), "{text}");
        }
    }

    #[test]
    fn they_are_in_cells_and_at_the_start_of_lines_too() {
        let table = render("| a |\n|---|\n| 첫째<br>둘째<sup>1</sup> |\n| <sub>x |\n| y</sub> |\n");
        for cell in [
            "<td>첫째<br />둘째<sup>1</sup></td>",
            "<td>&lt;sub&gt;x</td>",
            "<td>y&lt;/sub&gt;</td>",
        ] {
            assert!(table.contains(cell), "{table}");
        }
        for (text, html) in [
            ("a\n\n<br>\n\nb", "<p>a</p>\n<p><br /></p>\n<p>b</p>\n"),
            (
                "- <kbd>\n  a</kbd>\n",
                "<ul dir=\"auto\">\n<li><kbd><br />\na</kbd></li>\n</ul>\n",
            ),
            (
                "> <br>\n> *a*",
                "<blockquote dir=\"auto\">\n<p><br />\n<em>a</em></p>\n</blockquote>\n",
            ),
        ] {
            assert_eq!(render(text), html, "{text}");
        }
    }
}
