//! A model's Markdown to safe HTML; alone decides what HTML we trust.

mod autolink;
mod code;
mod fences;
mod growing;
mod highlight;
mod info;
mod inline_html;
mod links;
mod lists;
mod math;
mod notes;
#[cfg(test)]
mod tests;
mod text_browsers;
mod typed;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt::{self, Write};
use std::ptr;
use std::sync::LazyLock;

use comrak::html::{ChildRendering, Context, format_document_with_formatter, format_node_default};
use comrak::nodes::{AlertType, ListType, Node, NodeAlert, NodeValue};
use comrak::options::Plugins;
use comrak::{Arena, Options, try_parse_document};

pub use code::{CODE_END, code};
pub use growing::{Growing, Piece, PieceKind};
use math::Formulas;
pub use math::{ATTRIBUTES as MATH_ATTRIBUTES, ELEMENTS as MATH_ELEMENTS};
pub(crate) use text_browsers::for_text_browsers;
use typed::Signs;

/// Every element that rendered Markdown can hold, with every attribute it can have; those of
/// formulas are in [`MATH_ELEMENTS`].
pub const ELEMENTS: &[(&str, &[&str])] = &[
    (
        "a",
        &["href", "rel", "referrerpolicy", "target", "class", "id"],
    ),
    ("bdi", &[]),
    ("blockquote", &["dir"]),
    ("br", &[]),
    (
        "clipboard-copy",
        &["class", "for", "role", "tabindex", "aria-labelledby"],
    ),
    ("code", &["class", "id", "dir"]),
    ("del", &[]),
    ("details", &["class"]),
    ("div", &["class", "tabindex", "dir"]),
    ("em", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    ("input", &["type", "checked", "disabled", "aria-labelledby"]),
    ("kbd", &[]),
    ("li", &["id", "value"]),
    ("ol", &["start", "dir"]),
    ("p", &["class"]),
    ("pre", &["class", "tabindex"]),
    ("section", &["class", "dir"]),
    ("span", &["class", "tabindex"]),
    ("strong", &[]),
    ("sub", &[]),
    ("summary", &["aria-labelledby"]),
    ("sup", &["class"]),
    ("table", &["dir"]),
    ("tbody", &[]),
    ("td", &["align"]),
    ("th", &["align"]),
    ("thead", &[]),
    ("tr", &[]),
    ("ul", &["dir"]),
];

/// The place where a document is shown.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The prefix of each `id`, so that documents can share a page.
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
    html(&ended(markdown), writing).0
}

/// A complete text, its last line with an end where it may be the number of an item without text: the
/// parser sees one only so.
fn ended(markdown: &str) -> Cow<'_, str> {
    let is_number = || {
        let line = markdown.rsplit('\n').next()?.strip_suffix(['.', ')'])?;
        line.ends_with(|c: char| c.is_ascii_digit()).then_some(())
    };
    match is_number() {
        Some(()) => Cow::Owned(format!("{markdown}\n")),
        None => Cow::Borrowed(markdown),
    }
}

/// The way to write a document, and what has been met while writing it.
#[derive(Clone, Copy)]
struct Writing<'a> {
    place: &'a Place,
    /// Without it there are no notes, only their marks as they were typed.
    notes: bool,
    /// Code without colours, for what will be written again in a moment.
    plain_code: bool,
    /// The formulas that have been read before.
    formulas: Option<&'a Formulas>,
    notes_written: u32,
    links_open: u32,
    /// Blocks of code so far.
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
    let (arena, mut options) = (Arena::new(), options());
    options.parse.leave_footnote_definitions = true;
    if let Some(root) = parse(&arena, markdown, &options) {
        if writing.notes {
            notes::move_to_the_end(root);
        }
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
    let (root, has_links) = read(arena, markdown, options)?;
    if has_links {
        autolink::end_links(arena, root, markdown.len(), options);
    }
    Some(root)
}

/// Has a text parsed, with nothing of ours left in it, and tells whether there are links.
fn read<'a>(arena: &'a Arena<'a>, markdown: &str, options: &Options) -> Option<(Node<'a>, bool)> {
    let signs = Signs::of(markdown);
    let text = match signs.returns() {
        true => typed::with_line_ends(markdown),
        false => Cow::Borrowed(markdown),
    };
    let guarded = match signs.typed() {
        true => typed::guarded(&text, signs),
        false => Cow::Borrowed(&*text),
    };
    // The question comes every 256 steps, and ordinary text takes fewer than eight steps a byte.
    let patience = Cell::new(200 + guarded.len() / 16);
    let lost = || {
        patience.set(patience.get().saturating_sub(1));
        patience.get() == 0
    };
    let root = try_parse_document(arena, &guarded, options, &lost).ok()?;
    let is_guarded = signs.ours() || matches!(guarded, Cow::Owned(_));
    if !is_guarded && !signs.nodes() {
        return Some((root, false));
    }
    let (mut parents, mut seen): (Vec<Node>, _) = (Vec::new(), HashSet::new());
    let mut has_links = false;
    for node in root.descendants() {
        let mut data = node.data_mut();
        if is_guarded {
            let in_link = matches!(&data.value, NodeValue::Text(_))
                && node
                    .parent()
                    .is_some_and(|parent| matches!(parent.data().value, NodeValue::Link(_)));
            match in_link {
                true => typed::restore_link_text(&mut data.value),
                false => typed::restore(&mut data.value),
            }
        }
        match &data.value {
            NodeValue::List(list) if list.list_type == ListType::Ordered => {
                drop(data);
                lists::count(node);
            }
            NodeValue::HtmlInline(html) if inline_html::known(html).is_some() => {
                parents.extend(
                    node.parent()
                        .filter(|parent| seen.insert(ptr::from_ref(*parent))),
                );
            }
            NodeValue::Link(_) => has_links = true,
            _ => {}
        }
    }
    parents.into_iter().for_each(inline_html::make_elements);
    Some((root, has_links))
}

fn write_node(
    context: &mut Context<Writing>,
    node: Node,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    match &node.data().value {
        NodeValue::Link(link) => links::write_link(context, node, link, entering),
        NodeValue::Image(link) => links::write_image(context, node, link, entering),
        NodeValue::Code(_) => lists::write_code(context, node, entering),
        NodeValue::CodeBlock(code) => code::write_code(context, code, entering),
        NodeValue::HtmlBlock(block) if entering => {
            context.cr()?;
            write_raw(&block.literal, context)?;
            Ok(ChildRendering::HTML)
        }
        NodeValue::HtmlBlock(_) => Ok(ChildRendering::HTML),
        NodeValue::Math(math) => math::write_math(context, math, entering),
        NodeValue::Alert(alert) => write_alert(context, node, alert, entering),
        NodeValue::List(list) => lists::write_list(context, node, list, entering),
        NodeValue::Item(_) => lists::write_item(context, node, entering),
        NodeValue::TaskItem(item) => lists::write_task(context, item, entering),
        NodeValue::BlockQuote => lists::write_quote(context, node, entering),
        NodeValue::Table(_) => write_table(context, node, entering),
        NodeValue::FootnoteReference(note) => notes::write_mark(context, note, entering),
        NodeValue::FootnoteDefinition(note) => notes::write_note(context, note, entering),
        NodeValue::SoftBreak if entering => write_line_end(context, node),
        _ => format_node_default(context, node, entering),
    }
}

/// A line's end, which in a chat is meant as one.
fn write_line_end(
    context: &mut Context<Writing>,
    node: Node,
) -> Result<ChildRendering, fmt::Error> {
    if !node.previous_sibling().is_some_and(inline_html::is_break) {
        context.write_str(inline_html::BREAK)?;
    }
    context.write_str("\n")?;
    Ok(ChildRendering::HTML)
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
    node: Node,
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
        write!(context, "<div class=\"alert {kind}\"")?;
        lists::write_direction(context, node)?;
        context.write_str(">\n")?;
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

/// A box around it lets a wide table scroll by itself, also by keys.
fn write_table(
    context: &mut Context<Writing>,
    node: Node,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if entering {
        context.cr()?;
        context.write_str("<div class=\"table\" tabindex=\"0\">\n<table")?;
        lists::write_direction(context, node)?;
        context.write_str(">\n")?;
        return Ok(ChildRendering::HTML);
    }
    format_node_default(context, node, entering)?;
    context.write_str("</div>\n")?;
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

/// Tells whether a character that steers can begin with this byte. Few texts have such a byte.
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
