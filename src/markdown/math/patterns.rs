//! Regular expressions, and the variables and paths of shells: they have dollars, carets and
//! backslashes as formulas have.

/// The most bytes before a dollar in which a regular expression is looked for.
const NEAR: usize = 64;

/// Tells whether a regular expression ends there, so that a dollar behind it is its last sign:
/// `^\d+$`.
pub(super) fn ends_pattern(before: &str) -> bool {
    let near = &before[before.floor_char_boundary(before.len().saturating_sub(NEAR))..];
    let is_edge = |c: char| c.is_whitespace() || matches!(c, '$' | '`');
    let word = near.rsplit(is_edge).next().unwrap_or_default();
    is_anchored(word) || has_class(word) || ends_repeated(word, "]")
}

/// Tells whether it is a regular expression and no formula.
pub(super) fn is_pattern(tex: &str) -> bool {
    let has = |signs: &[&str]| signs.iter().any(|sign| tex.contains(sign));
    tex.ends_with('^')
        || ends_repeated(tex, "]")
        || has(&["=~", "!~", "[^", "/^", "(?", ".*"])
        || has_class(tex)
        || ends_repeated(tex, ")") && is_anchored(tex)
}

/// Tells whether a caret stands where there is nothing that it could raise something above. In
/// brackets it may be the mark of a footnote.
fn is_anchored(text: &str) -> bool {
    text.match_indices('^').any(|(at, _)| {
        let mut before = text[..at].trim_end().chars().rev();
        match before.next() {
            None => true,
            // One that opens, and not `|x|^2` or `f'^2`.
            Some('|') => before.all(|c| c != '|'),
            Some('\'') => before.next().is_none(),
            Some(base) => !base.is_alphanumeric() && !"_)]}[".contains(base),
        }
    })
}

/// Tells whether it has a class of characters: `\d`, `\w`, `\s`, or what is none of them. What is in
/// a TeX environment, or beside a command with an argument, is none: there `\\d` begins a row.
fn has_class(text: &str) -> bool {
    let (mut has_class, mut rest) = (false, text);
    while let Some(at) = rest.find('\\') {
        let after = &rest[at + 1..];
        let name = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        if name > 1 && after[name..].starts_with('{') {
            return false;
        }
        has_class |= name == 1 && "dwsDWSbB".contains(&after[..1]) && !after[1..].starts_with('{');
        // What is escaped begins nothing.
        rest = &after[after.chars().next().map_or(0, char::len_utf8)..];
    }
    has_class
}

/// Tells whether a sign ends it that has one of these before it repeated.
fn ends_repeated(text: &str, before: &str) -> bool {
    let repeated = match text.strip_suffix('}') {
        Some(inside) => inside
            .trim_end_matches(|c: char| c.is_ascii_digit() || c == ',')
            .strip_suffix('{'),
        None => text.strip_suffix(['+', '*', '?']),
    };
    repeated.is_some_and(|text| text.ends_with(|c| before.contains(c)))
}

/// Tells whether a variable's name goes on as a path or with an escape does: `HOME\bin,` `a\n`.
pub(super) fn is_path(tex: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let name = tex.trim_start_matches(is_part);
    let rest = name.trim_start_matches(|c| is_part(c) || c == '\\');
    name.len() < tex.len()
        && name.starts_with('\\')
        && !rest.contains(|c: char| c.is_ascii_alphanumeric() || "^{}()=+".contains(c))
}
