//! Blocks of code: what stands around them, and their text alone.

use std::fmt::{self, Write};

use comrak::html::{ChildRendering, Context};
use comrak::nodes::{Node, NodeCodeBlock, NodeValue};
use comrak::{Arena, Options};

use super::{
    Place, Writing, ended, highlight::Highlighter, info::Info, lines, notes::move_to_the_end,
    options, parse,
};

/// The HTML that closes a block of code.
pub const CODE_END: &str = "</code></pre></div>\n";

pub(super) fn write_code(
    context: &mut Context<Writing>,
    code: &NodeCodeBlock,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if entering {
        context.cr()?;
        context.user.codes += 1;
        let start = code_start(&code.info, context.user.place, context.user.codes);
        context.write_str(&start)?;
        let mut highlighter = if context.user.plain_code {
            Highlighter::plain()
        } else {
            Highlighter::new(Info::of(&code.info).language)
        };
        let mut html = String::with_capacity(code.literal.len() * 3);
        for line in lines(&code.literal) {
            highlighter.line(line, &mut html);
        }
        context.write_str(&html)?;
        context.write_str(CODE_END)?;
    }
    Ok(ChildRendering::HTML)
}

/// Writes what opens the n-th block of code: its language, which leads to it as plain text; a button
/// that copies it, where there is script; and a choice to wrap its lines, which needs none. What
/// they are called depends on the reader's language: the style sheet shows it, and the page has it
/// (see `fragments/words.html`) for those who cannot see it. The code can be scrolled by keys.
pub(super) fn code_start(info: &str, place: &Place, n: u32) -> String {
    let Info { label, language } = Info::of(info);
    let label = if label.is_empty() { "txt" } else { label };
    let mut html = "<div class=\"code\">".to_owned();
    let mut id = String::new();
    // Writing to a string cannot fail.
    let _ = if place.codes.is_empty() {
        write!(html, "<span class=\"lang\">{label}</span>")
    } else {
        id = format!(" id=\"{}code-{n}\"", place.ids);
        let (codes, ids) = (&place.codes, &place.ids);
        write!(
            html,
            "<a class=\"lang\" href=\"{codes}{n}\">{label}</a>\
             <clipboard-copy class=\"copy\" for=\"{ids}code-{n}\" role=\"button\" tabindex=\"0\" aria-labelledby=\"w-copy\"></clipboard-copy>"
        )
    };
    html.push_str(
        "<details class=\"wrap\"><summary aria-labelledby=\"w-wrap\"></summary></details>\
         <pre tabindex=\"0\"><code",
    );
    html.push_str(&id);
    if !language.is_empty() {
        let _ = write!(html, " class=\"language-{language}\"");
    }
    html.push('>');
    html
}

/// The n-th block of code of a document, counted from one, as it was written.
pub fn code(markdown: &str, n: usize) -> Option<String> {
    let (arena, mut options): (Arena, Options) = (Arena::new(), options());
    options.parse.leave_footnote_definitions = true;
    let root = parse(&arena, &ended(markdown), &options)?;
    move_to_the_end(root);
    let text = |node: Node| match &node.data().value {
        NodeValue::CodeBlock(code) => Some(code.literal.clone()),
        _ => None,
    };
    root.descendants().filter_map(text).nth(n.checked_sub(1)?)
}
