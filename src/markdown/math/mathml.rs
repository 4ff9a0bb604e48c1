//! MathML that has nothing in it but what is listed here.

use std::fmt::Write;

/// Every element of a formula.
pub const ELEMENTS: &[&str] = &[
    "math",
    "menclose",
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
    while let Some((text, tag)) = rest.split_once('<') {
        out.push_str(text);
        let (tag, after) = tag.split_once('>')?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            ELEMENTS.contains(&name).then_some(())?;
            let _ = write!(out, "</{name}>");
            continue;
        }
        let (tag, end) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        ELEMENTS.contains(&name).then_some(())?;
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

fn write_attributes(mut rest: &str, out: &mut String) -> Option<()> {
    let mut classes: Vec<&str> = Vec::new();
    while let Some((name, value)) = rest.trim_start().split_once("=\"") {
        let (value, after) = value.split_once('"')?;
        rest = after;
        if name == "style" {
            classes.extend(value.split(';').filter_map(class));
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
        ("width", "100%") => Some("wide"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
