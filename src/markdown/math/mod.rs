//! Formulas: TeX to MathML, or its source.

mod aliases;
mod chemistry;
pub(super) mod dollars;
mod mathml;
mod patterns;
mod tex;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::LazyLock;

use comrak::html::{ChildRendering, Context};
use comrak::nodes::NodeMath;
use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};

use crate::markdown::Writing;
use dollars::{is_formula, is_prose};
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

/// Stands where a formula ends so far that was closed only for now, and is shown as its source. It is
/// of private use.
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
    let literal = &*math.literal;
    let [open, close] = match (math.dollar_math, display) {
        (false, true) => ["\\[", "\\]"],
        (false, false) => ["\\(", "\\)"],
        (true, true) => ["$$", "$$"],
        (true, false) => ["$", "$"],
    };
    if let Some((so_far, _)) = literal.split_once(NOT_CLOSED) {
        return write_source(context, ["", so_far.trim(), ""]);
    }
    let is_text = match open {
        "$" => !is_formula(literal, ""),
        "$$" => is_prose(literal, ""),
        _ => false,
    };
    if is_text {
        context.escape(&format!("{open}{literal}{close}"))?;
        return Ok(ChildRendering::HTML);
    }
    let mathml = match context.user.formulas {
        Some(formulas) => formulas.read(literal, display),
        None => formula(literal, display),
    };
    match mathml {
        Some(mathml) => context.write_str(&mathml)?,
        None if literal.starts_with("\\begin{") => {
            return write_source(context, ["", literal.trim(), ""]);
        }
        None => return write_source(context, [open, literal, close]),
    }
    Ok(ChildRendering::HTML)
}

/// A formula as it was typed.
fn write_source(
    context: &mut Context<Writing>,
    parts: [&str; 3],
) -> Result<ChildRendering, std::fmt::Error> {
    context.write_str("<code class=\"math\">")?;
    for part in parts {
        context.escape(part)?;
    }
    context.write_str("</code>")?;
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

/// A formula as MathML, if it can be read; its source goes with it, for browsers that show no MathML.
/// One that may be wider than the screen is in a box that lets it scroll by itself, also by keys:
/// Chromium breaks none into lines, Firefox not every one, and there MathML itself cannot scroll.
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
    start.push('"');
    let tex = tidy(tex)?;
    let read = || {
        let place = match display {
            true => MathDisplay::Block,
            false => MathDisplay::Inline,
        };
        let read = TEX.convert_with_local_state(&tex, place).ok()?;
        let mathml = allowed(&read.mathml)?;
        let signs = signs(&mathml);
        let math = start + on_paper(signs) + mathml.strip_prefix("<math")?;
        Some(match (display, signs) {
            (true, _) => format!("<span class=\"table\" tabindex=\"0\">{math}</span>"),
            (false, ..20) => math,
            (false, _) => format!("<span class=\"table inline\" tabindex=\"0\">{math}</span>"),
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

/// Counts the signs in the widest row of a formula: roughly, its width.
fn signs(mathml: &str) -> usize {
    let signs = |row: &str| -> usize {
        row.split('<')
            .map(|tag| {
                tag.rsplit('>')
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .chars()
                    .count()
            })
            .sum()
    };
    mathml.split("<mtr").map(signs).max().unwrap_or_default()
}

/// On paper, where nothing scrolls, a long formula is smaller (see the style sheet).
fn on_paper(signs: usize) -> &'static str {
    match signs {
        0..70 => "",
        70..110 => " class=\"long\"",
        _ => " class=\"longer\"",
    }
}

/// Measures how deep groups are in groups.
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

/// Tells whether no reading of it can be deep: each command, mark and group might hold all that
/// follows.
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
    fn commands_of_packages_are_said_in_other_words() {
        for tex in [
            "\\mbox{a} \\hbox{b} \\textnormal{c} \\textup{d} \\textmd{e}",
            "\\dotsc \\dotsb \\dotsm \\dotsi \\dotso \\hdots",
            "\\smash{x} \\smash[b]{y} \\vcenter{z} \\mathrlap{x} \\mathclap{y}",
            "x \\label{eq:1} \\nonumber \\notag",
            "\\pmb{x} \\mathds{R} \\mathbbm{1} \\bm x \\bm{x}",
            "\\large x \\Huge y \\small z",
            "\\begin{alignat}{2} a &= b & c &= d \\end{alignat}",
            "\\begin{alignat*}{2} a &= b \\end{alignat*}",
            "\\begin{eqnarray} a &=& b \\\\ &=& c \\end{eqnarray}",
            "\\begin{flalign} a &= b \\end{flalign}",
            "\\begin{pmatrix*}[r] -1 & 2 \\end{pmatrix*}",
            "\\begin{psmallmatrix} a & b \\end{psmallmatrix}",
            "\\sgn x + \\rank A + \\tr A + \\Tr B + \\diag(a) + \\Var X + \\Cov(X, Y) + \\lcm(a, b)",
            "\\abs{x} + \\norm{x} + \\floor{x} + \\ceil{x} + \\set{1, 2}",
            "\\colorbox{red}{a} \\fcolorbox{a}{b}{c} \\textcolor{red}{x} \\cancelto{0}{x} \\href{https://a.b}{y} \\url{a}",
            "\\multicolumn{2}{c}{x} \\pod{n} \\euro \\unit{km} \\SI{5}{kg} \\num{5} \\ang{30} \\pu{5 kg}",
            "\\dv{y}{x} \\pdv{f}{x} \\dd x \\order{n}",
            "\\R \\C \\N \\Z \\Q \\E",
            "\\textbf{a} \\textit{b} \\texttt{c} \\textsf{d} \\textsc{e} \\emph{f} \\sout{g}",
            "\\text{if \\textbf{not}} \\require{cancel} \\ensuremath{x}",
            "\\fbox{a} \\boxed{x} \\tag{1}",
            "50\\% + 30%",
        ] {
            let html = formula(tex, true).unwrap_or_else(|| panic!("{tex}"));
            assert!(!html.contains("merror"), "{html}");
        }
        // The rest of the line is not a comment.
        assert!(formula("30% + x", false).unwrap().contains("<mi>x</mi>"));
        // Columns stand as they were meant to.
        let aligned = formula("\\begin{align} a &= b \\end{align}", true).unwrap();
        assert!(
            aligned.contains("right") && aligned.contains("left"),
            "{aligned}"
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
            "\\htmlData{x=1}{y}",
            "\\class{a\" onclick=\"b}{y}",
            "\\includegraphics{https://evil.example}",
        ] {
            assert_eq!(formula(bomb, true), None, "{bomb}");
        }
    }
}
