//! Chemical formulas as mhchem has them.

use std::fmt::Write;

use super::tex::first_group;

/// Arrows as they are typed, the longest first: the command for them, and the one that takes what
/// stands above.
const ARROWS: &[(&str, &str, &str)] = &[
    ("<-->", "\\rightleftharpoons", "\\xrightleftharpoons"),
    ("<=>>", "\\rightleftharpoons", "\\xrightleftharpoons"),
    ("<<=>", "\\rightleftharpoons", "\\xrightleftharpoons"),
    ("<=>", "\\rightleftharpoons", "\\xrightleftharpoons"),
    ("<->", "\\leftrightarrow", "\\xleftrightarrow"),
    ("-->", "\\longrightarrow", "\\xrightarrow"),
    ("->", "\\rightarrow", "\\xrightarrow"),
    ("=>", "\\Rightarrow", "\\xRightarrow"),
    ("<-", "\\leftarrow", "\\xleftarrow"),
    ("⇌", "\\rightleftharpoons", "\\xrightleftharpoons"),
    ("↔", "\\leftrightarrow", "\\xleftrightarrow"),
    ("→", "\\rightarrow", "\\xrightarrow"),
    ("⟶", "\\longrightarrow", "\\xrightarrow"),
    ("←", "\\leftarrow", "\\xleftarrow"),
];

/// A chemical formula or equation, as `\ce` of mhchem has it, as ordinary TeX. None where it is not
/// understood: wrong letters would be worse than its source.
pub(super) fn chemistry(source: &str) -> Option<String> {
    let mut reading = Reading {
        rest: source.trim(),
        out: String::new(),
        behind: false,
        word: true,
    };
    while !reading.rest.is_empty() {
        reading.next()?;
    }
    Some(reading.out)
}

struct Reading<'a> {
    rest: &'a str,
    out: String,
    /// True if a number here is low, because it follows an element or a bracket.
    behind: bool,
    /// True if a word begins here.
    word: bool,
}

impl<'a> Reading<'a> {
    fn next(&mut self) -> Option<()> {
        let word = std::mem::replace(&mut self.word, false);
        if let Some(rest) = self.rest.strip_prefix(char::is_whitespace) {
            self.rest = rest;
            (self.behind, self.word) = (false, true);
            return Some(());
        }
        if let Some((typed, arrow, labelled)) =
            ARROWS.iter().find(|arrow| self.rest.starts_with(arrow.0))
        {
            return self.arrow(typed.len(), arrow, labelled);
        }
        let c = self.rest.chars().next()?;
        let after = &self.rest[c.len_utf8()..];
        // What stands alone between spaces.
        let alone = word && after.chars().next().is_none_or(char::is_whitespace);
        match c {
            '^' if alone => self.mark("\\uparrow ", after),
            'v' if alone => self.mark("\\downarrow ", after),
            '+' | '-' | '=' if alone => self.mark(&format!(" {c} "), after),
            '0'..='9' => self.number(),
            '^' | '_' => self.script(c, after),
            '+' | '-' if self.behind && !goes_on(after) => self.mark(&format!("^{{{c}}}"), after),
            '+' | '=' => self.mark(&c.to_string(), after),
            '-' | '–' => self.mark("-", after),
            '#' | '≡' => self.mark("\\equiv ", after),
            '.' | '*' | '·' | '•' => self.mark("\\cdot ", after),
            '↑' => self.mark("\\uparrow ", after),
            '↓' => self.mark("\\downarrow ", after),
            '(' if after.starts_with("^)") => self.mark("\\uparrow ", &after[2..]),
            '(' if after.starts_with("v)") => self.mark("\\downarrow ", &after[2..]),
            ')' | ']' => {
                self.out.push(c);
                (self.rest, self.behind) = (after, true);
                Some(())
            }
            '(' | '[' | ',' | '/' | ':' | '\'' => self.mark(&c.to_string(), after),
            '\\' => self.command(),
            '$' => {
                let (formula, rest) = after.split_once('$')?;
                let _ = write!(self.out, "{{{formula}}}");
                (self.rest, self.behind) = (rest, true);
                Some(())
            }
            '{' => {
                let inside = first_group(after)?;
                let inner = if inside.is_empty() {
                    String::new()
                } else {
                    chemistry(inside)?
                };
                let _ = write!(self.out, "{{{inner}}}");
                (self.rest, self.behind) = (&after[inside.len() + 1..], !inside.is_empty());
                Some(())
            }
            c if c.is_alphabetic() => {
                let end = self.rest.find(|c: char| !c.is_alphabetic());
                let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                let _ = write!(self.out, "\\mathrm{{{name}}}");
                (self.rest, self.behind) = (rest, true);
                Some(())
            }
            _ => None,
        }
    }

    /// A mark behind which a number counts what follows.
    fn mark(&mut self, tex: &str, rest: &'a str) -> Option<()> {
        self.out.push_str(tex);
        (self.rest, self.behind) = (rest, tex.starts_with('^'));
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let end = digits(self.rest);
        let (number, rest) = self.rest.split_at(end);
        let further = |mark| rest.strip_prefix(mark).map_or(0, digits);
        self.rest = rest;
        let _ = match (self.behind, further('/'), further('.')) {
            (true, _, _) => write!(self.out, "_{{{number}}}"),
            (_, 0, 0) => write!(self.out, "{number}"),
            (_, 0, digits) => {
                self.rest = &rest[1 + digits..];
                write!(self.out, "{number}{}", &rest[..1 + digits])
            }
            (_, digits, _) => {
                self.rest = &rest[1 + digits..];
                write!(self.out, "\\tfrac{{{number}}}{{{}}}", &rest[1..1 + digits])
            }
        };
        Some(())
    }

    /// Reads what is high or low: a group, or all that can be a charge or a number.
    fn script(&mut self, mark: char, after: &'a str) -> Option<()> {
        let (inside, rest) = match after.strip_prefix('{') {
            Some(group) => {
                let inside = first_group(group)?;
                (inside, &group[inside.len() + 1..])
            }
            None => {
                let charge = |c: char| c.is_ascii_digit() || "+-*.•".contains(c);
                let end = after.find(|c| !charge(c)).unwrap_or(after.len());
                let letter = after.chars().next().map_or(0, char::len_utf8);
                after.split_at(if end == 0 { letter } else { end })
            }
        };
        if inside.is_empty() || inside.contains(['$', '\\']) {
            return None;
        }
        let inside = inside
            .replace('*', "\\ast ")
            .replace(['.', '•'], "\\bullet ");
        let _ = write!(self.out, "{mark}{{{inside}}}");
        self.rest = rest;
        Some(())
    }

    /// A command and its groups, as they are.
    fn command(&mut self) -> Option<()> {
        let name = self.rest[1..]
            .bytes()
            .take_while(u8::is_ascii_alphabetic)
            .count();
        let mut end = 1 + name;
        if name == 0 || self.rest.starts_with("\\bond") {
            return None;
        }
        while let Some(group) = self.rest[end..].strip_prefix('{') {
            end += first_group(group)?.len() + 2;
        }
        self.out.push_str(&self.rest[..end]);
        self.out.push(' ');
        (self.rest, self.behind) = (&self.rest[end..], true);
        Some(())
    }

    /// An arrow, with what stands above it and below.
    fn arrow(&mut self, bytes: usize, arrow: &str, labelled: &str) -> Option<()> {
        self.rest = &self.rest[bytes..];
        let mut labels = Vec::new();
        while labels.len() < 2
            && let Some(label) = self.rest.strip_prefix('[')
        {
            let end = closing(label)?;
            labels.push(self::label(&label[..end])?);
            self.rest = &label[end + 1..];
        }
        let _ = match &labels[..] {
            [] => write!(self.out, "{arrow} "),
            [above] => write!(self.out, "{labelled}{{{above}}}"),
            [above, below, ..] => write!(self.out, "{labelled}[{below}]{{{above}}}"),
        };
        (self.behind, self.word) = (false, true);
        Some(())
    }
}

/// Tells whether a substance goes on there.
fn goes_on(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphanumeric() || "([\\".contains(c))
}

/// Finds where the bracket of a label closes.
fn closing(label: &str) -> Option<usize> {
    let mut open = 1;
    label.bytes().position(|byte| {
        match byte {
            b'[' => open += 1,
            b']' => open -= 1,
            _ => {}
        }
        open == 0
    })
}

/// Reads what stands above an arrow: substances, words and temperatures.
fn label(text: &str) -> Option<String> {
    let mut out = String::new();
    if let Some((before, rest)) = text.split_once('$') {
        let (formula, after) = rest.split_once('$')?;
        let _ = write!(out, "{}{{{formula}}}{}", label(before)?, label(after)?);
        return Some(out);
    }
    for (n, word) in text.split_whitespace().enumerate() {
        if n > 0 {
            out.push_str("\\ ");
        }
        let (word, comma) = match word.strip_suffix([',', ';']) {
            Some(word) => (word, ","),
            None => (word, ""),
        };
        let substance = word.starts_with(|c: char| c.is_ascii_uppercase() || "\\[(".contains(c))
            || word.contains(['_', '^']);
        let plain = |c: char| c.is_alphanumeric() || ".°-+<>=/~()·,%".contains(c);
        match chemistry(word) {
            Some(tex) if substance => out.push_str(&tex),
            _ if word.chars().all(plain) => {
                let _ = write!(out, "\\text{{{}}}", word.replace('%', "\\%"));
            }
            _ => return None,
        }
        out.push_str(comma);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chemistry_becomes_ordinary_formulas() {
        for (typed, tex) in [
            (
                "2H2 + O2 -> 2H2O",
                "2\\mathrm{H}_{2} + \\mathrm{O}_{2}\\rightarrow 2\\mathrm{H}_{2}\\mathrm{O}",
            ),
            ("SO4^2-", "\\mathrm{SO}_{4}^{2-}"),
            ("Fe(OH)3", "\\mathrm{Fe}(\\mathrm{OH})_{3}"),
            ("OH-", "\\mathrm{OH}^{-}"),
            ("[AgCl2]-", "[\\mathrm{AgCl}_{2}]^{-}"),
            ("Fe^3+", "\\mathrm{Fe}^{3+}"),
            ("^{14}_{6}C", "^{14}_{6}\\mathrm{C}"),
            ("NO_x", "\\mathrm{NO}_{x}"),
            (
                "CuSO4.5H2O",
                "\\mathrm{CuSO}_{4}\\cdot 5\\mathrm{H}_{2}\\mathrm{O}",
            ),
            (
                "CuSO4*5H2O",
                "\\mathrm{CuSO}_{4}\\cdot 5\\mathrm{H}_{2}\\mathrm{O}",
            ),
            ("1/2O2", "\\tfrac{1}{2}\\mathrm{O}_{2}"),
            ("0.5O2", "0.5\\mathrm{O}_{2}"),
            (
                "CaCO3 ->[\\Delta] CaO + CO2 ^",
                "\\mathrm{CaCO}_{3}\\xrightarrow{\\Delta }\\mathrm{CaO} + \\mathrm{CO}_{2}\\uparrow ",
            ),
            (
                "A->[heat]B",
                "\\mathrm{A}\\xrightarrow{\\text{heat}}\\mathrm{B}",
            ),
            (
                "A ->[H2SO4, 180 °C][가열] B",
                "\\mathrm{A}\\xrightarrow[\\text{가열}]{\\mathrm{H}_{2}\\mathrm{SO}_{4},\\ \\text{180}\\ \\text{°C}}\\mathrm{B}",
            ),
            (
                "A <=>[a][b] B",
                "\\mathrm{A}\\xrightleftharpoons[\\text{b}]{\\text{a}}\\mathrm{B}",
            ),
            (
                "A ->[$\\Delta$] B",
                "\\mathrm{A}\\xrightarrow{{\\Delta}}\\mathrm{B}",
            ),
            (
                "A ->[열 $x^2$] B_{2} $n$ C",
                "\\mathrm{A}\\xrightarrow{\\text{열}{x^2}}\\mathrm{B}_{2}{n}\\mathrm{C}",
            ),
            ("AgCl v", "\\mathrm{AgCl}\\downarrow "),
            ("H2O(l)", "\\mathrm{H}_{2}\\mathrm{O}(\\mathrm{l})"),
            ("HC#CH", "\\mathrm{HC}\\equiv \\mathrm{CH}"),
        ] {
            assert_eq!(chemistry(typed).as_deref(), Some(tex), "{typed}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_guessed() {
        for typed in ["A ->[b", "A \"b\"", "\\bond{~}", "A @ B", "^", "A < B"] {
            assert_eq!(
                chemistry(typed).filter(|tex| !tex.contains("arrow ")),
                None,
                "{typed}"
            );
        }
    }
}
