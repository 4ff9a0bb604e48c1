//! TeX as models write it, said in the TeX that the reader of formulas knows.

use std::borrow::Cow;

use super::chemistry::chemistry;

/// What models write and the reader does not know, said with what it knows.
pub(super) fn tidy(tex: &str) -> Cow<'_, str> {
    const OTHER_NAMES: &[(&str, &str)] = &[
        ("{split}", "{aligned}"),
        ("{smallmatrix}", "{matrix}"),
        ("\\textcolor{", "\\color{"),
        ("\\dbinom", "\\displaystyle\\binom"),
        ("\\bm{", "\\boldsymbol{"),
    ];
    let mut tex = Cow::Borrowed(tex);
    for (name, known) in OTHER_NAMES {
        if tex.contains(name) {
            tex = Cow::Owned(tex.replace(name, known));
        }
    }
    tex = reworded(tex, "\\ce", chemistry);
    tex = reworded(tex, "\\boxed", |inside| {
        format!("\\begin{{array}}{{|c|}}\\hline {inside} \\\\ \\hline\\end{{array}}")
    });
    tex = reworded(tex, "\\tag", |inside| {
        format!("\\qquad\\text{{({inside})}}")
    });
    reworded(tex, "\\substack", |inside| {
        format!("\\begin{{gathered}}{inside}\\end{{gathered}}")
    })
}

/// The formula with `command{inside}` said in another way.
fn reworded<'a>(tex: Cow<'a, str>, command: &str, say: impl Fn(&str) -> String) -> Cow<'a, str> {
    let mut out = String::new();
    let mut rest = &*tex;
    while let Some(at) = rest.find(command) {
        let (before, from) = rest.split_at(at);
        let group = &from[command.len()..];
        let Some(inside) = group.strip_prefix('{').and_then(first_group) else {
            out.push_str(before);
            out.push_str(command);
            rest = group;
            continue;
        };
        out.push_str(before);
        out.push_str(&say(inside));
        rest = &group[inside.len() + 2..];
    }
    if out.is_empty() && rest.len() == tex.len() {
        return tex;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What stands before the brace that closes the group.
fn first_group(text: &str) -> Option<&str> {
    let mut open = 1_usize;
    let end = text.bytes().position(|byte| {
        match byte {
            b'{' => open += 1,
            b'}' => open -= 1,
            _ => {}
        }
        open == 0
    })?;
    Some(&text[..end])
}
