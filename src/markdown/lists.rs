//! Lists and quotes: their numbers as they were typed, and their marks on the side that the text
//! begins on.

use std::fmt::{self, Write};

use comrak::html::{ChildRendering, Context, format_node_default};
use comrak::nodes::{ListType, Node, NodeList, NodeTaskItem, NodeValue};

use super::Writing;

/// The number of an item that is counted, whatever was typed.
const COUNTED: usize = usize::MAX;

/// Has the items counted where they all have the same number: whoever writes `1. 1. 1.` means so.
pub(super) fn count(list: Node) {
    let Some(first) = list.first_child().and_then(number) else {
        return;
    };
    let others = || list.children().skip(1);
    if others().any(|item| number(item) != Some(first)) {
        return;
    }
    for item in others() {
        if let NodeValue::Item(item) = &mut item.data_mut().value {
            item.start = COUNTED;
        }
    }
}

/// Returns what was typed before an item, or before the first one of a list.
fn number(node: Node) -> Option<usize> {
    match &node.data().value {
        NodeValue::Item(list) | NodeValue::List(list) if list.list_type == ListType::Ordered => {
            Some(list.start)
        }
        _ => None,
    }
}

/// Writes what a block is to have so that it has the direction of its own first letter, marks
/// included. One that begins where another does has the direction of that.
pub(super) fn write_direction(context: &mut Context<Writing>, block: Node) -> fmt::Result {
    let inherits = block.previous_sibling().is_none()
        && block
            .parent()
            .is_some_and(|parent| match &parent.data().value {
                NodeValue::BlockQuote | NodeValue::Alert(_) => true,
                NodeValue::Item(_) | NodeValue::TaskItem(_) => parent.previous_sibling().is_none(),
                _ => false,
            });
    if inherits {
        return Ok(());
    }
    context.write_str(" dir=\"auto\"")
}

/// The number of nodes beside code that are looked at for letters.
const NEAR: usize = 8;

/// Writes code inside of a line. Where it stands before the first letter of a text that is read from
/// the right, a direction of its own keeps it from giving its direction to all of the text.
pub(super) fn write_code(
    context: &mut Context<Writing>,
    node: Node,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if !entering || !begins_text_from_the_right(node) {
        return format_node_default(context, node, entering);
    }
    if let NodeValue::Code(code) = &node.data().value {
        context.write_str("<code dir=\"ltr\">")?;
        context.escape(&code.literal)?;
        context.write_str("</code>")?;
    }
    Ok(ChildRendering::HTML)
}

fn begins_text_from_the_right(code: Node) -> bool {
    let is_first = |node: Node| direction(node).is_none();
    code.preceding_siblings().skip(1).take(NEAR).all(is_first)
        && code
            .following_siblings()
            .skip(1)
            .take(NEAR)
            .find_map(direction)
            == Some(true)
}

/// Tells whether the first letter of what is no code is read from the right.
fn direction(node: Node) -> Option<bool> {
    let is_letter = |c: &char| c.is_alphabetic();
    node.descendants()
        .find_map(|node| match &node.data().value {
            NodeValue::Text(text) => text.chars().find(is_letter).map(is_from_the_right),
            _ => None,
        })
}

/// Letters of Hebrew, Arabic, Syriac, Thaana, N'Ko and their like.
fn is_from_the_right(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

pub(super) fn write_list(
    context: &mut Context<Writing>,
    node: Node,
    list: &NodeList,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    let ordered = list.list_type == ListType::Ordered;
    if entering {
        context.cr()?;
        context.write_str(if ordered { "<ol" } else { "<ul" })?;
        if ordered && list.start != 1 {
            write!(context, " start=\"{}\"", list.start)?;
        }
        write_direction(context, node)?;
        context.write_str(">\n")?;
    } else {
        context.write_str(if ordered { "</ol>\n" } else { "</ul>\n" })?;
    }
    Ok(ChildRendering::HTML)
}

/// An item, with its number where that is not the one that follows the last.
pub(super) fn write_item(
    context: &mut Context<Writing>,
    node: Node,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    let last = node.previous_sibling().and_then(number);
    match (number(node), last) {
        (Some(number), Some(last)) if entering && number != COUNTED && number != last + 1 => {
            context.cr()?;
            write!(context, "<li value=\"{number}\">")?;
            Ok(ChildRendering::HTML)
        }
        _ => format_node_default(context, node, entering),
    }
}

/// Something to do, with a box. What the box is called depends on the reader's language, so the page
/// says it (see `fragments/words.html`).
pub(super) fn write_task(
    context: &mut Context<Writing>,
    item: &NodeTaskItem,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if entering {
        context.cr()?;
        context.write_str(match item.symbol {
            Some(_) => "<li><input type=\"checkbox\" aria-labelledby=\"w-done\" checked=\"\" disabled=\"\" /> ",
            None => "<li><input type=\"checkbox\" aria-labelledby=\"w-todo\" disabled=\"\" /> ",
        })?;
    } else {
        context.write_str("</li>\n")?;
    }
    Ok(ChildRendering::HTML)
}

pub(super) fn write_quote(
    context: &mut Context<Writing>,
    node: Node,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if !entering {
        return format_node_default(context, node, entering);
    }
    context.cr()?;
    context.write_str("<blockquote")?;
    write_direction(context, node)?;
    context.write_str(">\n")?;
    Ok(ChildRendering::HTML)
}

#[cfg(test)]
mod tests {
    use crate::markdown::render;

    /// The numbers that a reader sees.
    fn numbers(markdown: &str) -> Vec<usize> {
        let html = render(markdown);
        let (mut next, mut numbers) = (Vec::new(), Vec::new());
        for tag in html.split('<') {
            let typed = |attribute: &str| {
                let (_, value) = tag.split_once(attribute)?;
                value.split_once('"')?.0.parse().ok()
            };
            if tag.starts_with("ol") {
                next.push(typed("start=\"").unwrap_or(1));
            } else if tag.starts_with("/ol") {
                next.pop();
            } else if tag.starts_with("li") {
                let next = next.last_mut().unwrap();
                *next = typed("value=\"").unwrap_or(*next);
                numbers.push(*next);
                *next += 1;
            }
        }
        numbers
    }

    #[test]
    fn items_have_the_numbers_that_were_typed() {
        for (typed, shown) in [
            ("1. a\n2. b\n3. c\n", [1, 2, 3]),
            ("1. a\n3. c\n7. g\n", [1, 3, 7]),
            ("1. a\n1. b\n1. c\n", [1, 2, 3]),
            ("5. a\n5. b\n5. c\n", [5, 6, 7]),
            ("1. a\n1. b\n2. c\n", [1, 1, 2]),
            ("3. a\n2. b\n1. c\n", [3, 2, 1]),
            ("0. a\n1. b\n2. c\n", [0, 1, 2]),
            ("4) a\n\n6) b\n\n7) c\n", [4, 6, 7]),
        ] {
            assert_eq!(numbers(typed), shown, "{typed}");
        }
    }

    #[test]
    fn a_last_number_without_text_is_an_item() {
        for (typed, shown) in [
            ("1. a\n2.", 2),
            ("1. a\n2. b\n3.", 3),
            ("1) a\n2)", 2),
            ("> 1. a\n> 2.", 2),
        ] {
            assert_eq!(numbers(typed).len(), shown, "{typed}: {}", render(typed));
        }
    }

    #[test]
    fn code_gives_its_direction_to_no_other_text() {
        for text in [
            "- `npm install` מתקין\n",
            "- `a`, `b`: **מתקין**\n",
            "> (1) `x` عربي\n",
            "`x` שלום",
        ] {
            assert!(render(text).contains("<code dir=\"ltr\">"), "{text}");
        }
        for text in ["- שלום `x` שלום\n", "- `x` a שלום\n", "`x`는", "`x`"] {
            assert!(render(text).contains("<code>"), "{text}");
        }
        assert!(render("`<` א").contains("<code dir=\"ltr\">&lt;</code>"));
    }

    #[test]
    fn marks_stand_on_the_side_of_the_text() {
        for block in [
            "- שלום\n",
            "1. שלום\n",
            "> שלום\n",
            "| א |\n|---|\n| ב |\n",
            "> [!NOTE]\n> א\n",
        ] {
            assert_eq!(render(block).matches(" dir=\"auto\"").count(), 1, "{block}");
        }
        // A quote sees the first letter of the list in it only if that has no direction of its own.
        assert_eq!(render("> - א\n>   - ב\n").matches(" dir=").count(), 2);
        assert_eq!(render("- - א\n").matches(" dir=").count(), 1);
        assert_eq!(render("- a\n- - א\n").matches(" dir=").count(), 2);
    }
}
