//! Footnotes: their marks in the text, and what they say at its end.

use std::collections::HashMap;
use std::fmt::{self, Write};

use comrak::html::{ChildRendering, Context};
use comrak::nodes::{Node, NodeFootnoteDefinition, NodeFootnoteReference, NodeValue};

use super::Writing;

/// Moves all notes to the end, in the order in which the text has their marks. Those that nothing
/// refers to come last: models write lists of sources like that, and nothing they write may be lost.
pub(super) fn move_to_the_end(root: Node) {
    let mut order = HashMap::new();
    let mut notes = Vec::new();
    for node in root.descendants() {
        match &node.data().value {
            NodeValue::FootnoteReference(note) => {
                order.insert(note.name.clone(), note.ix);
            }
            NodeValue::FootnoteDefinition(_) => notes.push(node),
            _ => {}
        }
    }
    notes.sort_by_key(|note| match &note.data().value {
        NodeValue::FootnoteDefinition(note) if note.total_references > 0 => {
            order.get(&note.name).copied().unwrap_or(u32::MAX)
        }
        _ => u32::MAX,
    });
    notes.into_iter().for_each(|note| root.append(note));
}

pub(super) fn write_mark(
    context: &mut Context<Writing>,
    note: &NodeFootnoteReference,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if !entering {
        return Ok(ChildRendering::HTML);
    }
    if !context.user.notes || context.user.links_open > 0 {
        context.escape(&format!("[^{}]", note.name))?;
        return Ok(ChildRendering::HTML);
    }
    let prefix = &context.user.place.ids;
    let number = note.ix;
    context.write_str("<sup class=\"footnote-ref\"><a href=\"#")?;
    context.escape(&format!("{prefix}fn-{number}"))?;
    context.write_str("\" id=\"")?;
    context.escape(&mark_id(prefix, number, note.ref_num))?;
    write!(context, "\">{number}</a></sup>")?;
    Ok(ChildRendering::HTML)
}

/// Ids hold numbers, never the name that was typed: no text of a model becomes an id.
fn mark_id(prefix: &str, number: u32, mark: u32) -> String {
    if mark > 1 {
        format!("{prefix}fnref-{number}-{mark}")
    } else {
        format!("{prefix}fnref-{number}")
    }
}

pub(super) fn write_note(
    context: &mut Context<Writing>,
    note: &NodeFootnoteDefinition,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if !context.user.notes {
        return Ok(if entering {
            ChildRendering::Skip
        } else {
            ChildRendering::HTML
        });
    }
    let prefix = &context.user.place.ids;
    if entering {
        if context.user.notes_written == 0 {
            context.write_str("<section class=\"footnotes\" dir=\"auto\">\n<ol>\n")?;
        }
        context.user.notes_written += 1;
        if note.total_references == 0 {
            context.write_str("<li>")?;
            return Ok(ChildRendering::HTML);
        }
        let number = context.user.notes_written;
        context.write_str("<li id=\"")?;
        context.escape(&format!("{prefix}fn-{number}"))?;
        context.write_str("\">")?;
    } else {
        let number = context.user.notes_written;
        for mark in 1..=note.total_references {
            context.write_str(if mark > 1 {
                " <a href=\"#"
            } else {
                "<a href=\"#"
            })?;
            context.escape(&mark_id(prefix, number, mark))?;
            context.write_str("\" class=\"footnote-backref\">↩</a>")?;
        }
        context.write_str("</li>\n")?;
    }
    Ok(ChildRendering::HTML)
}

#[cfg(test)]
mod tests {
    use crate::markdown::render;

    #[test]
    fn a_note_that_nothing_refers_to_is_still_there() {
        assert_eq!(
            render("본문.\n\n[^1]: 출처 하나\n[^2]: 출처 둘\n"),
            "<p>본문.</p>\n<section class=\"footnotes\" dir=\"auto\">\n<ol>\n<li>\n<p>출처 하나 </p>\n</li>\n\
             <li>\n<p>출처 둘 </p>\n</li>\n</ol>\n</section>\n"
        );
        let html = render("a[^2] b[^1]\n\n[^9]: nine\n\n> [^1]: one\n\n[^2]: two\n[^2]: other\n");
        let place = |text: &str| {
            html.find(text)
                .unwrap_or_else(|| panic!("{text} in {html}"))
        };
        let order = ["other", "one", "nine", "two"].map(place);
        assert!(order.is_sorted(), "{html}");
    }
}
