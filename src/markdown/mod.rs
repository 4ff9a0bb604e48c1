//! A model's Markdown to safe HTML; alone decides what HTML we trust.

mod autolink;
mod code;
mod growing;
mod highlight;
mod links;
mod math;
#[cfg(test)]
mod tests;
mod text_browsers;

use std::cell::Cell;
use std::fmt::{self, Write};
use std::sync::LazyLock;

use comrak::html::{ChildRendering, Context, format_document_with_formatter, format_node_default};
use comrak::nodes::{
    AlertType, Node, NodeAlert, NodeFootnoteDefinition, NodeFootnoteReference, NodeTaskItem,
    NodeValue,
};
use comrak::options::Plugins;
use comrak::{Arena, Options, try_parse_document};

pub use code::{CODE_END, code};
pub use growing::{Growing, Piece, PieceKind};
use math::Formulas;
pub use math::{ATTRIBUTES as MATH_ATTRIBUTES, ELEMENTS as MATH_ELEMENTS};
pub(crate) use text_browsers::for_text_browsers;

/// Every element that rendered Markdown can hold, with every attribute it can have; those of
/// formulas are in [`MATH_ELEMENTS`].
pub const ELEMENTS: &[(&str, &[&str])] = &[
    (
        "a",
        &["href", "rel", "referrerpolicy", "target", "class", "id"],
    ),
    ("bdi", &[]),
    ("blockquote", &[]),
    ("br", &[]),
    (
        "clipboard-copy",
        &["class", "for", "role", "tabindex", "aria-labelledby"],
    ),
    ("code", &["class", "id"]),
    ("del", &[]),
    ("details", &["class"]),
    ("div", &["class", "tabindex"]),
    ("em", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    ("input", &["type", "checked", "disabled", "aria-labelledby"]),
    ("li", &["id"]),
    ("ol", &["start"]),
    ("p", &["class"]),
    ("pre", &["class", "tabindex"]),
    ("section", &["class"]),
    ("span", &["class"]),
    ("strong", &[]),
    ("summary", &["aria-labelledby"]),
    ("sup", &["class"]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["align"]),
    ("th", &["align"]),
    ("thead", &[]),
    ("tr", &[]),
    ("ul", &[]),
];

/// Where a document is shown.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// What each `id` starts with, so that documents can share a page.
    pub ids: String,
    /// The address that, with a number behind it, is that block of code as plain text. Without it
    /// there is no way to copy them.
    pub codes: String,
}

/// A whole document as safe HTML.
pub fn render(markdown: &str) -> String {
    render_in(markdown, &Place::default())
}

/// A whole document as safe HTML for its place.
pub fn render_in(markdown: &str, place: &Place) -> String {
    let mut writing = Writing::at(place);
    writing.notes = true;
    html(markdown, writing).0
}

/// How to write a document, and what has been met while writing it.
#[derive(Clone, Copy)]
struct Writing<'a> {
    place: &'a Place,
    /// Without it there are no notes, only their marks as they were typed.
    notes: bool,
    /// Code without colours, for what will be written again in a moment.
    plain_code: bool,
    /// What formulas have been read before.
    formulas: Option<&'a Formulas>,
    notes_written: u32,
    links_open: u32,
    /// How many blocks of code there were.
    codes: u32,
}

impl<'a> Writing<'a> {
    fn at(place: &'a Place) -> Self {
        Self {
            place,
            notes: false,
            plain_code: false,
            formulas: None,
            notes_written: 0,
            links_open: 0,
            codes: 0,
        }
    }
}

/// The HTML, and how many blocks of code were written up to its end.
fn html(markdown: &str, writing: Writing) -> (String, u32) {
    let (arena, options) = (Arena::new(), options());
    if let Some(root) = parse(&arena, markdown, &options) {
        return written([root], markdown.len(), &options, writing);
    }
    let mut html = String::new();
    write_raw(markdown, &mut html).expect("a string takes everything");
    clean(&mut html, 0);
    (html, writing.codes)
}

/// The same of what was parsed out of so many bytes.
fn written<'a>(
    nodes: impl IntoIterator<Item = Node<'a>>,
    bytes: usize,
    options: &Options,
    mut writing: Writing,
) -> (String, u32) {
    let (mut html, plugins) = (String::with_capacity(bytes * 2), Plugins::default());
    for node in nodes {
        writing =
            format_document_with_formatter(node, options, &mut html, &plugins, write_node, writing)
                .expect("a string takes everything");
    }
    if writing.notes_written > 0 {
        html.push_str("</ol>\n</section>\n");
    }
    clean(&mut html, 0);
    (html, writing.codes)
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.alerts = true;
    options.extension.autolink = true;
    // Without it `**중요(重要)**합니다` is not bold.
    options.extension.cjk_friendly_emphasis = true;
    options.extension.footnotes = true;
    options.extension.math_dollars = true;
    options.extension.math_latex = true;
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.tasklist = true;
    options.render.escape = true;
    options
}

/// Gives up on a document that costs far more than its length: a few kilobytes can ask for half a
/// million table cells, and the time that quotes in quotes take grows with the square of their
/// depth.
fn parse<'a>(arena: &'a Arena<'a>, markdown: &str, options: &Options) -> Option<Node<'a>> {
    static TOO_DEEP: LazyLock<String> = LazyLock::new(|| ">".repeat(1_000));
    if markdown.contains(TOO_DEEP.as_str()) {
        return None;
    }
    // The question comes every 256 steps, and ordinary text takes fewer than eight steps a byte.
    let patience = Cell::new(200 + markdown.len() / 16);
    let lost = || {
        patience.set(patience.get().saturating_sub(1));
        patience.get() == 0
    };
    let root = try_parse_document(arena, markdown, options, &lost).ok()?;
    if markdown.contains("://") {
        autolink::close_emphasis(arena, root);
    }
    Some(root)
}

fn write_node(
    context: &mut Context<Writing>,
    node: Node,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    match &node.data().value {
        NodeValue::Link(link) => links::write_link(context, node, link, entering),
        NodeValue::Image(link) => links::write_image(context, link, entering),
        NodeValue::CodeBlock(code) => code::write_code(context, code, entering),
        NodeValue::HtmlBlock(block) if entering => {
            context.cr()?;
            write_raw(&block.literal, context)?;
            Ok(ChildRendering::HTML)
        }
        NodeValue::HtmlBlock(_) => Ok(ChildRendering::HTML),
        NodeValue::Math(math) => math::write_math(context, math, entering),
        NodeValue::Alert(alert) => write_alert(context, alert, entering),
        NodeValue::TaskItem(item) => write_task(context, item, entering),
        NodeValue::Table(_) => write_table(context, node, entering),
        NodeValue::FootnoteReference(note) => write_note_mark(context, note, entering),
        NodeValue::FootnoteDefinition(note) => write_note(context, node, note, entering),
        _ => format_node_default(context, node, entering),
    }
}

/// Text that is shown as it was typed.
fn write_raw(text: &str, out: &mut dyn Write) -> fmt::Result {
    out.write_str("<p class=\"raw\">")?;
    comrak::html::escape(out, text.trim_end())?;
    out.write_str("</p>\n")
}

/// The lines of a text with their ends, which Markdown knows three of.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').flat_map(|line| {
        let body = line.strip_suffix("\r\n").unwrap_or(line);
        let last = body.rfind('\r').map_or(0, |at| at + 1);
        line[..last]
            .split_inclusive('\r')
            .chain(Some(&line[last..]).filter(|rest| !rest.is_empty()))
    })
}

fn write_alert(
    context: &mut Context<Writing>,
    alert: &NodeAlert,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    context.cr()?;
    if entering {
        let kind = match alert.alert_type {
            AlertType::Note => "note",
            AlertType::Tip => "tip",
            AlertType::Important => "important",
            AlertType::Warning => "warning",
            AlertType::Caution => "caution",
        };
        writeln!(context, "<div class=\"alert {kind}\">")?;
        // What an alert without a title is called depends on the reader's language, so the style
        // sheet says it.
        if let Some(title) = &alert.title {
            context.write_str("<p class=\"alert-title\">")?;
            context.escape(title)?;
            context.write_str("</p>\n")?;
        }
    } else {
        context.write_str("</div>\n")?;
    }
    Ok(ChildRendering::HTML)
}

/// Something to do, with a box. What the box is called depends on the reader's language, so the page
/// says it (see `fragments/words.html`).
fn write_task(
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

/// A box around it lets a wide table scroll by itself, also by keys.
fn write_table(
    context: &mut Context<Writing>,
    node: Node,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if entering {
        context.cr()?;
        context.write_str("<div class=\"table\" tabindex=\"0\">\n")?;
        return format_node_default(context, node, entering);
    }
    format_node_default(context, node, entering)?;
    context.write_str("</div>\n")?;
    Ok(ChildRendering::HTML)
}

fn write_note_mark(
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
    context.escape(&note_mark_id(prefix, number, note.ref_num))?;
    write!(context, "\">{number}</a></sup>")?;
    Ok(ChildRendering::HTML)
}

/// Ids hold numbers, never the name that was typed: no text of a model becomes an id.
fn note_mark_id(prefix: &str, number: u32, mark: u32) -> String {
    if mark > 1 {
        format!("{prefix}fnref-{number}-{mark}")
    } else {
        format!("{prefix}fnref-{number}")
    }
}

fn write_note(
    context: &mut Context<Writing>,
    node: Node,
    note: &NodeFootnoteDefinition,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    // A definition inside another one, or a second one of a name, stays where it was written and is
    // not numbered.
    let in_place = node
        .parent()
        .is_some_and(|parent| !matches!(parent.data().value, NodeValue::Document));
    if !context.user.notes || in_place || note.total_references == 0 {
        return Ok(if entering {
            ChildRendering::Skip
        } else {
            ChildRendering::HTML
        });
    }
    let prefix = &context.user.place.ids;
    if entering {
        if context.user.notes_written == 0 {
            context.write_str("<section class=\"footnotes\">\n<ol>\n")?;
        }
        context.user.notes_written += 1;
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
            context.escape(&note_mark_id(prefix, number, mark))?;
            context.write_str("\" class=\"footnote-backref\">↩</a>")?;
        }
        context.write_str("</li>\n")?;
    }
    Ok(ChildRendering::HTML)
}

fn escape(text: &str, out: &mut String) {
    comrak::html::escape(out, text).expect("a string takes everything");
}

/// Leaves out of the HTML from there on what could steer a terminal or turn the direction of reading
/// around.
fn clean(html: &mut String, from: usize) {
    let new = &html[from..];
    // All bytes are looked at first, for that is faster than to stop at one of them.
    let suspicious = new.bytes().fold(false, |any, byte| any | may_steer(byte));
    if suspicious && new.contains(steers) {
        let cleaned: String = new.chars().filter(|&c| !steers(c)).collect();
        html.truncate(from);
        html.push_str(&cleaned);
    }
}

/// Whether a character that steers can begin with this byte. Few texts have such a byte.
fn may_steer(byte: u8) -> bool {
    // The last two begin U+0080 to U+00BF and U+2000 to U+2FFF.
    byte < b' ' && byte != b'\n' && byte != b'\t' || matches!(byte, 0x7f | 0xc2 | 0xe2)
}

fn steers(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    }
}
