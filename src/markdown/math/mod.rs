//! Formulas: TeX to MathML, or its source.

mod chemistry;
mod mathml;
mod tex;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::LazyLock;

use comrak::html::{ChildRendering, Context};
use comrak::nodes::NodeMath;
use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};

use super::Writing;
use mathml::allowed;
pub use mathml::{ATTRIBUTES, ELEMENTS};
use tex::tidy;

/// A longer formula is shown as its source.
const LONGEST: usize = 4_000;
/// So are groups in groups in groups.
const DEEPEST: usize = 100;
/// Formulas are read by a function that calls itself. This is enough for the deepest of the longest.
const STACK: usize = 64 << 20;

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

/// A formula as MathML, if it can be read; its source goes with it, for browsers that show no MathML.
/// One on lines of its own may be wider than the screen: keys can scroll it.
pub(super) fn formula(tex: &str, display: bool) -> Option<String> {
    if tex.trim().is_empty() || tex.len() > LONGEST || depth(tex) > DEEPEST {
        return None;
    }
    let mut start = "<math alttext=\"".to_owned();
    for (n, word) in tex.split_whitespace().enumerate() {
        if n > 0 {
            start.push(' ');
        }
        super::escape(word, &mut start);
    }
    start.push_str(if display { "\" tabindex=\"0\"" } else { "\"" });
    let tex = tidy(tex);
    let read = || {
        let place = match display {
            true => MathDisplay::Block,
            false => MathDisplay::Inline,
        };
        let read = TEX.convert_with_local_state(&tex, place).ok()?;
        let mathml = allowed(&read.mathml)?;
        Some(start + mathml.strip_prefix("<math")?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_that_models_write_are_shown_as_formulas() {
        let formulas = include_str!("../../../tests/fixtures/formulas.txt");
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
}
