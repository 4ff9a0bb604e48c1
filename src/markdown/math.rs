//! Formulas: TeX to MathML that has nothing in it but what is listed here.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::LazyLock;

use comrak::html::{ChildRendering, Context};
use comrak::nodes::NodeMath;
use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};

use super::Writing;

/// A longer formula is shown as its source.
const LONGEST: usize = 4_000;
/// So are groups in groups in groups.
const DEEPEST: usize = 100;
/// Formulas are read by a function that calls itself. This is enough for the deepest of the longest.
const STACK: usize = 64 << 20;

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

static TEX: LazyLock<LatexToMathML> = LazyLock::new(|| {
    let config = MathCoreConfig {
        allow_unreliable_rendering: true,
        ..MathCoreConfig::default()
    };
    LatexToMathML::new(config).expect("there are no macros that could be wrong")
});

/// Stands at the end of a formula that was closed only for now, and is shown as its source. It is of
/// private use.
pub(super) const NOT_CLOSED: char = '\u{e0de}';

/// Writes a formula, or its source where that cannot be read.
pub(super) fn write_math(
    context: &mut Context<Writing>,
    math: &NodeMath,
    entering: bool,
) -> Result<ChildRendering, std::fmt::Error> {
    if !entering {
        return Ok(ChildRendering::HTML);
    }
    let display = math.display_math;
    let open = math.literal.strip_suffix(NOT_CLOSED);
    let literal = open.unwrap_or(&math.literal);
    if !display && is_money(literal) {
        context.escape(&format!("${literal}$"))?;
        return Ok(ChildRendering::HTML);
    }
    let mathml = match (open, context.user.formulas) {
        (Some(_), _) => None,
        (None, Some(formulas)) => formulas.read(literal, display),
        (None, None) => formula(literal, display),
    };
    match mathml {
        Some(mathml) => context.write_str(&mathml)?,
        None => {
            context.write_str("<code class=\"math\">")?;
            context.escape(literal.trim())?;
            context.write_str("</code>")?;
        }
    }
    Ok(ChildRendering::HTML)
}

/// Formulas that were read, for while they are rendered again and again: those that stand in a line,
/// and the others.
#[derive(Default)]
pub(super) struct Formulas(RefCell<[HashMap<String, Option<String>>; 2]>);

impl Formulas {
    fn read(&self, tex: &str, display: bool) -> Option<String> {
        let known = &mut self.0.borrow_mut()[usize::from(display)];
        if let Some(mathml) = known.get(tex) {
            return mathml.clone();
        }
        let mathml = formula(tex, display);
        known.insert(tex.to_owned(), mathml.clone());
        mathml
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.0.get_mut().iter_mut().for_each(HashMap::clear);
    }
}

/// Whether this stands between two prices rather than between two marks of a formula.
fn is_money(text: &str) -> bool {
    let word = |word: &str| {
        word.chars().filter(|c| c.is_alphabetic()).count() > 1
            && !word.contains(['\\', '^', '_', '{'])
    };
    text.starts_with(|c: char| c.is_ascii_digit())
        && !text.contains(['\\', '^', '='])
        && text.split_whitespace().skip(1).any(word)
}

/// A formula as MathML, if it can be read. One on lines of its own may be wider than the screen: keys
/// can scroll it.
pub(super) fn formula(tex: &str, display: bool) -> Option<String> {
    if tex.trim().is_empty() || tex.len() > LONGEST || depth(tex) > DEEPEST {
        return None;
    }
    let tex = tidy(tex);
    let read = || {
        let place = match display {
            true => MathDisplay::Block,
            false => MathDisplay::Inline,
        };
        let read = TEX.convert_with_local_state(&tex, place).ok()?;
        let mathml = allowed(&read.mathml)?;
        Some(match mathml.strip_prefix("<math") {
            Some(rest) if display => format!("<math tabindex=\"0\"{rest}"),
            _ => mathml,
        })
    };
    if is_flat(&tex) {
        return read();
    }
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK);
        reader.spawn_scoped(scope, read).ok()?.join().ok()?
    })
}

/// How deep groups are in groups.
fn depth(tex: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in tex.bytes() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Whether no reading of it can be deep: each command, mark and group might hold all that follows.
fn is_flat(tex: &str) -> bool {
    tex.bytes()
        .filter(|byte| matches!(byte, b'\\' | b'^' | b'_' | b'{'))
        .count()
        < 150
}

/// What models write and the reader does not know, said with what it knows.
fn tidy(tex: &str) -> Cow<'_, str> {
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

/// A chemical formula or equation, as `\ce` of mhchem has it, as ordinary TeX.
fn chemistry(source: &str) -> String {
    source
        .split_whitespace()
        .map(|word| match word {
            "->" => "\\rightarrow ".to_owned(),
            "<-" => "\\leftarrow ".to_owned(),
            "<->" => "\\leftrightarrow ".to_owned(),
            "<=>" | "<-->" | "<=>>" => "\\rightleftharpoons ".to_owned(),
            "+" | "-" | "=" => format!(" {word} "),
            "^" => "\\uparrow ".to_owned(),
            "v" => "\\downarrow ".to_owned(),
            word => substance(word),
        })
        .collect()
}

/// One substance: numbers behind an element are low, charges are high.
fn substance(word: &str) -> String {
    let mut out = String::new();
    let mut chars = word.chars().peekable();
    let mut behind = false;
    while let Some(c) = chars.next() {
        match c {
            _ if c.is_ascii_digit() && behind => {
                let mut number = c.to_string();
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                let _ = write!(out, "_{{{number}}}");
            }
            '^' | '_' => {
                let braced = chars.next_if_eq(&'{').is_some();
                let mut text = String::new();
                while let Some(next) = chars.next_if(|&next| {
                    if braced {
                        next != '}'
                    } else {
                        next.is_ascii_digit() || next == '+' || next == '-'
                    }
                }) {
                    text.push(next);
                }
                if braced {
                    chars.next();
                }
                let _ = write!(out, "{c}{{{text}}}");
            }
            '+' | '-' if behind && chars.peek().is_none() => {
                let _ = write!(out, "^{{{c}}}");
            }
            '-' if behind => out.push('-'),
            '=' | '#' => out.push_str(if c == '=' { "=" } else { "\\equiv " }),
            '*' | '.' | '·' => out.push_str("\\cdot "),
            _ if c.is_alphabetic() => {
                let mut name = c.to_string();
                while let Some(letter) = chars.next_if(|next| next.is_alphabetic()) {
                    name.push(letter);
                }
                let _ = write!(out, "\\mathrm{{{name}}}");
                behind = true;
                continue;
            }
            c => out.push(c),
        }
        behind = behind || matches!(c, ')' | ']');
    }
    out
}

/// MathML with the elements and attributes that are listed and no others. Without any in the list,
/// nothing is left to trust in whoever made it.
fn allowed(mathml: &str) -> Option<String> {
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
    fn formulas_that_models_write_are_shown_as_formulas() {
        let formulas = include_str!("../../tests/fixtures/formulas.txt");
        assert_eq!(formulas.lines().count(), 100);
        let source: Vec<&str> = formulas
            .lines()
            .filter(|tex| formula(tex, true).is_none_or(|html| html.contains("merror")))
            .collect();
        assert!(
            source.len() <= 5,
            "{} stay source: {source:#?}",
            source.len()
        );
    }

    #[test]
    fn what_would_need_a_deep_stack_is_read_or_refused() {
        let on_a_small_stack = || {
            for open in [
                "{",
                "\\frac{",
                "\\sqrt{",
                "\\sqrt",
                "\\frac1",
                "x^",
                "x_",
                "\\left(",
                "\\begin{matrix}",
                "\\hat",
                "\\ce{",
                "\\boxed{",
            ] {
                for times in [90, 700, 100_000] {
                    formula(&open.repeat(times), true);
                    formula(&(open.repeat(times) + "x" + &"}".repeat(times)), false);
                }
            }
        };
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        thread.spawn(on_a_small_stack).unwrap().join().unwrap();
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

    #[test]
    fn macros_are_not_expanded() {
        for bomb in [
            "\\def\\a{\\a\\a}\\a",
            "\\newcommand{\\a}{\\a\\a}\\a",
            "\\href{javascript:x}{y}",
            "\\htmlData{x=1}{y}",
            "\\class{a\" onclick=\"b}{y}",
            "\\includegraphics{https://evil.example}",
        ] {
            assert_eq!(formula(bomb, true), None, "{bomb}");
        }
    }

    #[test]
    fn chemistry_becomes_ordinary_formulas() {
        assert_eq!(
            chemistry("2H2 + O2 -> 2H2O"),
            "2\\mathrm{H}_{2} + \\mathrm{O}_{2}\\rightarrow 2\\mathrm{H}_{2}\\mathrm{O}"
        );
        assert_eq!(chemistry("SO4^2-"), "\\mathrm{SO}_{4}^{2-}");
        assert_eq!(chemistry("Fe(OH)3"), "\\mathrm{Fe}(\\mathrm{OH})_{3}");
        assert_eq!(chemistry("OH-"), "\\mathrm{OH}^{-}");
    }
}
