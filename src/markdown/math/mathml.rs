//! MathML that has nothing in it but what is listed here.

use std::fmt::Write;

/// Every element of a formula.
pub const ELEMENTS: &[&str] = &[
    "math",
    "merror",
    "mfrac",
    "mi",
    "mmultiscripts",
    "mn",
    "mo",
    "mover",
    "mpadded",
    "mphantom",
    "mprescripts",
    "mroot",
    "mrow",
    "mspace",
    "msqrt",
    "mstyle",
    "msub",
    "msubsup",
    "msup",
    "mtable",
    "mtd",
    "mtext",
    "mtr",
    "munder",
    "munderover",
];

/// Every attribute they can have, apart from `class`.
pub const ATTRIBUTES: &[&str] = &[
    "accent",
    "accentunder",
    "alttext",
    "columnspacing",
    "depth",
    "display",
    "displaystyle",
    "fence",
    "form",
    "height",
    "largeop",
    "linethickness",
    "lspace",
    "mathvariant",
    "maxsize",
    "minsize",
    "movablelimits",
    "rspace",
    "rowspacing",
    "scriptlevel",
    "separator",
    "stretchy",
    "symmetric",
    "tabindex",
    "voffset",
    "width",
];

/// MathML with the elements and attributes that are listed and no others. Without any in the list,
/// nothing is left to trust in whoever made it.
pub(super) fn allowed(mathml: &str) -> Option<String> {
    let mut out = String::with_capacity(mathml.len());
    let mut rest = mathml;
    let mut tables = Vec::new();
    while let Some((text, tag)) = rest.split_once('<') {
        out.push_str(text);
        let (tag, after) = tag.split_once('>')?;
        rest = after;
        if let Some(style) = words(tag) {
            if let Some(class) = style
                && out.ends_with("<mtext>")
            {
                out.truncate(out.len() - 1);
                let _ = write!(out, " class=\"{class}\">");
            }
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            let name = same_everywhere(name);
            ELEMENTS.contains(&name).then_some(())?;
            if name == "mtable" {
                close_frame(&mut out, tables.pop()?);
            }
            let _ = write!(out, "</{name}>");
            continue;
        }
        let (tag, end) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let name = same_everywhere(name);
        ELEMENTS.contains(&name).then_some(())?;
        if name == "mtable" {
            tables.push(out.len());
        }
        let _ = write!(out, "<{name}");
        write_attributes(attributes, &mut out)?;
        out.push('>');
        if end {
            let _ = write!(out, "</{name}>");
        }
    }
    out.push_str(rest);
    Some(out)
}

/// A tag of HTML in the words of a formula, which goes; how they look because of it.
fn words(tag: &str) -> Option<Option<&'static str>> {
    let name = tag.split(' ').next()?;
    match name.strip_prefix('/').unwrap_or(name) {
        "b" => Some(Some("bold")),
        "i" | "em" => Some(Some("italic")),
        "code" => Some(Some("mono")),
        "s" => Some(Some("strike")),
        "u" | "span" => Some(None),
        _ => None,
    }
}

/// A line below the last row comes as the top of an empty one, which would have sides of its own: it
/// becomes the bottom of the table that starts there.
fn close_frame(out: &mut String, table: usize) {
    let Some(row) = out[table..].rfind("<mtr>").map(|at| table + at) else {
        return;
    };
    let empty = |cell: &str| cell.is_empty() || cell.starts_with("over") && cell.ends_with("\">");
    let cells = out[row..]
        .strip_prefix("<mtr>")
        .and_then(|row| row.strip_suffix("</mtr>"));
    let line = cells.is_some_and(|cells| {
        !cells.is_empty()
            && cells
                .split("</mtd>")
                .all(|cell| empty(cell.strip_prefix("<mtd class=\"").unwrap_or(cell)))
    });
    if !line {
        return;
    }
    out.truncate(row);
    let end = out[table..].find('>').map_or(out.len(), |at| table + at);
    match out[table..end].find(" class=\"") {
        Some(at) => out.insert_str(table + at + " class=\"".len(), "under "),
        None => out.insert_str(end, " class=\"under\""),
    }
}

/// An element for what browsers draw differently: Firefox knows `menclose`, Chromium does not. The
/// style sheet strikes out in all of them.
fn same_everywhere(name: &str) -> &str {
    if name == "menclose" { "mrow" } else { name }
}

fn write_attributes(mut rest: &str, out: &mut String) -> Option<()> {
    let mut classes: Vec<&str> = Vec::new();
    while let Some((name, value)) = rest.trim_start().split_once("=\"") {
        let (value, after) = value.split_once('"')?;
        rest = after;
        if name == "style" {
            classes.extend(value.split(';').filter_map(class));
        } else if name == "notation" {
            classes.extend(value.split(' ').filter_map(strike));
        } else if ATTRIBUTES.contains(&name) && value.bytes().all(is_plain) {
            let _ = write!(out, " {name}=\"{value}\"");
        }
    }
    if !classes.is_empty() {
        let _ = write!(out, " class=\"{}\"", classes.join(" "));
    }
    Some(())
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" .-+%".contains(&byte)
}

/// Our policy lets no style into a page, so what a formula must have of it is in the style sheet.
fn class(rule: &str) -> Option<&'static str> {
    let (name, value) = rule.split_once(':')?;
    match (name.trim(), value.trim()) {
        ("text-align", "left") => Some("left"),
        ("text-align", "right") => Some("right"),
        ("border-top", _) => Some("over"),
        ("border-bottom", _) => Some("under"),
        ("border-left", _) => Some("before"),
        ("border-right", _) => Some("after"),
        ("padding-left", "0") => Some("flush-left"),
        ("padding-right", "0") => Some("flush-right"),
        ("padding-left", "1em") => Some("apart"),
        ("margin-left", space) if space.starts_with("-0.1") => Some("back"),
        ("width", "100%") => Some("wide"),
        ("width", "50%") => Some("half"),
        _ => None,
    }
}

/// Returns how something is crossed out.
fn strike(notation: &str) -> Option<&'static str> {
    match notation {
        "updiagonalstrike" => Some("strike-up"),
        "downdiagonalstrike" => Some("strike-down"),
        "horizontalstrike" => Some("strike"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_look_and_frames_their_bottom() {
        for (mathml, shown) in [
            ("<mtext><b>a</b></mtext>", "<mtext class=\"bold\">a</mtext>"),
            (
                "<mtext><code>a</code></mtext>",
                "<mtext class=\"mono\">a</mtext>",
            ),
            (
                "<mtext><span style=\"x\">a</span></mtext>",
                "<mtext>a</mtext>",
            ),
            (
                "<menclose notation=\"updiagonalstrike\"><mi>x</mi></menclose>",
                "<mrow class=\"strike-up\"><mi>x</mi></mrow>",
            ),
            (
                "<mtable><mtr><mtd>a</mtd></mtr><mtr><mtd style=\"border-top: 0.05em solid;\"></mtd></mtr></mtable>",
                "<mtable class=\"under\"><mtr><mtd>a</mtd></mtr></mtable>",
            ),
            (
                "<mtable><mtr><mtd style=\"border-top: 0.05em solid;\">a</mtd></mtr></mtable>",
                "<mtable><mtr><mtd class=\"over\">a</mtd></mtr></mtable>",
            ),
        ] {
            assert_eq!(allowed(mathml).as_deref(), Some(shown));
        }
    }

    #[test]
    fn only_what_is_listed_comes_through() {
        assert_eq!(
            allowed("<mi onclick=\"x\" mathvariant=\"normal\">x</mi>").unwrap(),
            "<mi mathvariant=\"normal\">x</mi>"
        );
        assert_eq!(
            allowed("<mi style=\"color:red\">x</mi>").unwrap(),
            "<mi>x</mi>"
        );
        assert_eq!(
            allowed("<mi href=\"javascript:x\">x</mi>").unwrap(),
            "<mi>x</mi>"
        );
        for bad in [
            "<script>x</script>",
            "<mi",
            "<a href=\"x\">y</a>",
            "<annotation>x</annotation>",
            "<!-- x -->",
        ] {
            assert_eq!(allowed(bad), None, "{bad}");
        }
    }
}
