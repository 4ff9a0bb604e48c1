//! TeX as models write it, said in the TeX that the reader of formulas knows.

use std::borrow::Cow;
use std::fmt::Write;

use super::{
    LONGEST,
    aliases::{self, Alias},
    chemistry::chemistry,
};

/// Says what models write and the reader does not know with what it knows. None where that would
/// say something else than was written.
pub(super) fn tidy(tex: &str) -> Option<Cow<'_, str>> {
    if !tex.contains(['\\', '%']) {
        return Some(Cow::Borrowed(tex));
    }
    let mut out = String::with_capacity(tex.len() + 16);
    say(&of_two_columns(tex), &mut out)?;
    Some(Cow::Owned(out))
}

/// The three columns of `eqnarray` as the two of `align`: `a &=& b` as `a &= b`.
fn of_two_columns(tex: &str) -> Cow<'_, str> {
    if !tex.contains("{eqnarray") {
        return Cow::Borrowed(tex);
    }
    let rows: Vec<String> = tex
        .split("\\\\")
        .map(|row| {
            let mut columns = row.splitn(3, '&');
            let parts = [columns.next(), columns.next(), columns.next()];
            match parts {
                [Some(left), Some(sign), Some(right)] => format!("{left}&{sign} {right}"),
                _ => row.to_owned(),
            }
        })
        .collect();
    Cow::Owned(rows.join("\\\\"))
}

fn say(tex: &str, out: &mut String) -> Option<()> {
    let mut rest = tex;
    while let Some(at) = rest.find(['\\', '%']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('%') {
            // TeX takes what follows for a comment, but whoever writes of 50 % means the sign.
            out.push_str("\\%");
            rest = &rest[1..];
            continue;
        }
        let (name, after) = command(rest);
        rest = match name {
            "" => {
                // An escaped character.
                let escaped = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[..escaped]);
                &rest[escaped..]
            }
            "ce" => {
                let (inside, after) = argument(after)?;
                out.push_str(&chemistry(inside)?);
                after
            }
            _ if name.starts_with("text") || name == "mbox" => {
                match argument(after).filter(|(inside, _)| inside.contains('$')) {
                    Some((inside, after)) => {
                        words_and_formulas(inside, out)?;
                        after
                    }
                    None => with_alias(name, after, out)?,
                }
            }
            "begin" | "end" => environment(name, after, out),
            _ => with_alias(name, after, out)?,
        };
    }
    out.push_str(rest);
    Some(())
}

/// Words with formulas in dollars among them.
fn words_and_formulas(inside: &str, out: &mut String) -> Option<()> {
    for (n, part) in inside.split('$').enumerate() {
        if n % 2 == 0 {
            let _ = write!(out, "\\text{{{part}}}");
        } else {
            out.push('{');
            say(part, out)?;
            out.push('}');
        }
    }
    Some(())
}

/// Writes a command, in other words where there are some; gives what follows it.
fn with_alias<'a>(name: &str, after: &'a str, out: &mut String) -> Option<&'a str> {
    if let Some(alias) = aliases::of(name) {
        return expanded(alias, name, after, out);
    }
    out.push('\\');
    out.push_str(name);
    Some(after)
}

/// The name of the command that a text begins with, and what follows.
fn command(text: &str) -> (&str, &str) {
    let name = &text[1..];
    let end = name.find(|c: char| !c.is_ascii_alphabetic());
    name.split_at(end.unwrap_or(name.len()))
}

/// Writes what a command means; gives what follows it. Without its arguments it stays as it is.
fn expanded<'a>(alias: &Alias, name: &str, after: &'a str, out: &mut String) -> Option<&'a str> {
    let (mut arguments, mut rest) = (Vec::new(), after);
    if alias.arguments > 0 {
        let option = rest.trim_start().strip_prefix('[');
        rest = option
            .and_then(|option| option.split_once(']'))
            .map_or(rest, |(_, rest)| rest);
    }
    while arguments.len() < alias.arguments {
        let Some((inside, after)) = argument(rest) else {
            out.push('\\');
            out.push_str(name);
            return Some(after);
        };
        arguments.push(inside);
        rest = after;
    }
    let mut means = alias.means;
    while let Some((before, from)) = means.split_once('#') {
        out.push_str(before);
        let (number, after) = from.split_at(1);
        let argument = number
            .parse::<usize>()
            .ok()
            .and_then(|n| arguments.get(n - 1));
        // What is text is no TeX.
        match argument {
            Some(inside) if before.ends_with("\\text{") => out.push_str(inside),
            Some(inside) => say(inside, out)?,
            None => {}
        }
        means = after;
    }
    out.push_str(means);
    Some(rest)
}

/// Writes an environment's begin or end under the name that the reader knows; gives what follows.
fn environment<'a>(command: &str, after: &'a str, out: &mut String) -> &'a str {
    let Some((name, mut rest)) = argument(after) else {
        out.push('\\');
        out.push_str(command);
        return after;
    };
    let known = aliases::environment(name);
    // The side on which its columns stand.
    if command == "begin" && name.ends_with("matrix*") {
        rest = rest
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map_or(rest, |(_, rest)| rest);
    }
    if command == "begin" && aliases::has_argument(name) {
        rest = argument(rest).map_or(rest, |(_, rest)| rest);
    }
    if !known.is_empty() {
        out.push('\\');
        out.push_str(command);
        out.push('{');
        out.push_str(known);
        out.push('}');
    }
    rest
}

/// The group that a text begins with, and what follows it.
fn argument(text: &str) -> Option<(&str, &str)> {
    let group = text.trim_start().strip_prefix('{')?;
    let inside = first_group(group)?;
    Some((inside, &group[inside.len() + 1..]))
}

/// Returns what stands before the brace that closes the group.
pub(super) fn first_group(text: &str) -> Option<&str> {
    let (mut open, mut escaped) = (1_usize, false);
    let end = text.bytes().position(|byte| {
        match byte {
            _ if escaped => {}
            b'{' => open += 1,
            b'}' => open -= 1,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
        open == 0
    })?;
    Some(&text[..end])
}

/// Tells whether the group behind a command has words in it, or chemistry, and no formula.
fn holds_words(command: &str) -> bool {
    let words = [
        "mbox",
        "hbox",
        "mathrm",
        "operatorname",
        "mathbf",
        "mathit",
        "mathsf",
        "mathtt",
        "ce",
        "pu",
        "tag",
        "label",
    ];
    command.starts_with("text") || words.contains(&command)
}

/// Finds the dollar that closes a formula: the first one that is not escaped and not in words or
/// chemistry, where another formula can be: `\ce{A ->[$\Delta$] B}`.
pub(super) fn closing_dollar(inside: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        at += inside[at..].find(['\\', '$'])?;
        if inside[at..].starts_with('$') {
            return Some(at);
        }
        let (name, after) = command(&inside[at..]);
        let near = &after[..after.floor_char_boundary(LONGEST)];
        at = inside.len() - after.len();
        match argument(near) {
            Some((_, rest)) if holds_words(name) => at += near.len() - rest.len(),
            _ if name.is_empty() => at += after.chars().next().map_or(0, char::len_utf8),
            _ => {}
        }
    }
}

/// The formula without its words: nothing is left of what stands in `\text{…}` and its like. None
/// where such a group does not end.
pub(super) fn without_text(tex: &str) -> Option<Cow<'_, str>> {
    let mut out = String::new();
    let mut rest = tex;
    while let Some(at) = rest.find('\\') {
        let (name, after) = command(&rest[at..]);
        let words = holds_words(name);
        let end = match argument(after) {
            Some((_, after)) if words => tex.len() - after.len(),
            None if words && after.trim_start().starts_with('{') => return None,
            _ => {
                tex.len() - after.len() + usize::from(name.is_empty() && after.is_char_boundary(1))
            }
        };
        let start = tex.len() - rest.len();
        out.push_str(&tex[start..start + at]);
        // The command stays, to be seen as one.
        let stays = if words {
            start + at + 1 + name.len()
        } else {
            end
        };
        out.push_str(&tex[start + at..stays]);
        rest = &tex[end..];
    }
    if out.is_empty() {
        return Some(Cow::Borrowed(tex));
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}
