//! The formula that a growing document ends in.

use std::borrow::Cow;

use crate::markdown::math::dollars::environment_name;

/// A formula that is not closed yet.
pub(super) struct OpenFormula {
    /// The end of what it has so far.
    pub(super) end: usize,
    /// The text that closes it.
    pub(super) closing: Cow<'static, str>,
}

/// The formula that a text ends in, if it is one that can have many lines. What is in code is none.
pub(super) fn open_formula(text: &str) -> Option<OpenFormula> {
    let bytes = text.as_bytes();
    if !bytes.iter().any(|byte| matches!(byte, b'$' | b'\\')) {
        return None;
    }
    // No formula has an empty line.
    let mut pairs = bytes.windows(2);
    let from = pairs
        .rposition(|pair| pair == b"\n\n")
        .map_or(0, |at| at + 2);
    let (mut open, mut rest): (Option<(Cow<str>, &str)>, _) = (None, &text[from..]);
    let is_mark = |byte| matches!(byte, b'\\' | b'$' | b'`');
    while let Some(at) = rest.bytes().position(is_mark) {
        rest = &rest[at..];
        let mark = |mark: &str| rest.starts_with(mark);
        if open.is_none()
            && let Some(name) = environment_name(rest)
        {
            let inside = &rest["\\begin{}".len() + name.len()..];
            open = Some((format!("\\end{{{name}}}").into(), inside));
            rest = inside;
            continue;
        }
        if let Some((closing, _)) = &open
            && let Some(after) = rest.strip_prefix(&**closing)
        {
            (open, rest) = (None, after);
            continue;
        }
        let length = match open {
            None if mark("`") => in_ticks(rest)?,
            None if mark("$$") => 2,
            None if mark("\\[") || mark("\\(") => 2,
            _ if mark("\\") => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => 1,
        };
        let (met, after) = rest.split_at(length);
        open = match (open, met) {
            (None, "$$") => Some(("$$".into(), after)),
            (None, "\\[") => Some(("\\]".into(), after)),
            (None, "\\(") => Some(("\\)".into(), after)),
            (open, _) => open,
        };
        rest = after;
    }
    let (closing, inside) = open?;
    let dangling = (inside.len() - inside.trim_end_matches('\\').len()) % 2 == 1;
    let half = match &*closing {
        "$$" => inside.ends_with('$'),
        _ => dangling,
    };
    let end = text.len() - usize::from(half);
    Some(OpenFormula { end, closing })
}

/// Measures code in ticks, if it is closed.
fn in_ticks(text: &str) -> Option<usize> {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let close = text[ticks..].find(&text[..ticks])?;
    Some(ticks + close + ticks)
}
