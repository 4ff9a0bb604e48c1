//! Chemical formulas as mhchem has them.

use std::fmt::Write;

/// A chemical formula or equation, as `\ce` of mhchem has it, as ordinary TeX.
pub(super) fn chemistry(source: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

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
