//! Tells dollars around formulas from prices and from variables of a shell or of PHP.

use std::cell::LazyCell;

use super::{
    LONGEST,
    patterns::{ends_pattern, is_path, is_pattern},
    tex::{closing_dollar, first_group, without_text},
};

/// Text that begins with one dollar or with two.
pub(in crate::markdown) enum Dollars {
    /// So many bytes are a formula.
    Formula(usize),
    /// A formula may begin that does not end in this line.
    Open,
    /// The dollars are text.
    Text,
    /// The parser knows best.
    Unknown,
}

/// Reads what begins with a run of dollars there, in a line that ends at `end`.
pub(in crate::markdown) fn read(text: &str, at: usize, end: usize, run: usize) -> Dollars {
    let (before, inside) = (&text[..at], &text[at + run..end]);
    match run {
        1 => one(before, inside),
        2 => two(inside),
        _ => Dollars::Unknown,
    }
}

fn one(before: &str, inside: &str) -> Dollars {
    // The parser takes neither this for a formula nor one that is closed behind a space or before a
    // digit.
    if inside.is_empty() || inside.starts_with(|c: char| c.is_ascii_whitespace()) {
        return Dollars::Unknown;
    }
    let close = closing_dollar(inside);
    let Some(close) = close else {
        return match () {
            () if ends_pattern(before) || follows_word(before) && !is_tex(inside) => Dollars::Text,
            () if is_tex(inside) && !is_shell(inside) => Dollars::Open,
            () => Dollars::Unknown,
        };
    };
    let (tex, after) = (&inside[..close], &inside[close + 1..]);
    if tex.is_empty() {
        return Dollars::Unknown;
    }
    let never = tex.ends_with(|c: char| c.is_ascii_whitespace())
        || after.starts_with(|c: char| c.is_ascii_digit())
        || ends_pattern(before);
    if !never && (tex.starts_with('\\') || !follows_word(before)) && is_formula(tex, after) {
        Dollars::Formula(close + 2)
    } else {
        Dollars::Text
    }
}

/// Tells whether what has no second dollar in its line is more likely a shell's: `$((2^10))`.
fn is_shell(inside: &str) -> bool {
    let name = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    is_pattern(inside)
        || is_path(inside.trim_end())
        || inside.starts_with("((")
        || inside.strip_prefix('{').is_some_and(name)
}

/// Tells whether a letter or a digit stands right before: `US$5`, `5$`.
fn follows_word(before: &str) -> bool {
    before.ends_with(|c: char| c.is_ascii_alphanumeric())
}

fn two(inside: &str) -> Dollars {
    match inside.split_once("$$") {
        // A shell has more of them in the line.
        None if !is_tex(inside) && inside.contains('$') => Dollars::Text,
        None => Dollars::Open,
        Some((tex, after)) if is_prose(tex, after) => Dollars::Text,
        Some((tex, _)) => Dollars::Formula(tex.len() + 4),
    }
}

/// Tells whether this stands between two numbers of processes, as shells write them, or two prices:
/// `echo $$; kill $$`.
pub(super) fn is_prose(tex: &str, after: &str) -> bool {
    if is_tex(tex) {
        return is_pattern(tex) && !tex.contains("\\");
    }
    let inside = tex.trim();
    let word = |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let words = || {
        !inside.contains(['=', '<', '>', '+', '*', '/', '_', '(', '&'])
            && inside.contains(' ')
            && inside.split(' ').any(word)
    };
    // `속도 = 거리 / 시간` is one, what stands between `PID=$$` and `$$` is not.
    let blanks = |c: char| c.is_whitespace();
    let in_words = || {
        inside.contains('=')
            && !inside.ends_with('=')
            && tex.starts_with(blanks) == tex.ends_with(blanks)
    };
    begins_variable(after)
        || inside.contains(['$', '"', '`', '#'])
        || inside.contains("&&")
        || inside.starts_with(['/', ';', ',', '.', '|'])
            && inside.len() > 1
            && !inside.ends_with('|')
        || ends_statement(inside)
        || words()
        || inside.chars().any(is_cjk) && !in_words()
}

/// Tells whether there is a semicolon outside of all brackets.
fn ends_statement(tex: &str) -> bool {
    let mut depth = 0_i32;
    tex.chars().any(|c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        c == ';' && depth == 0
    })
}

/// Tells whether what stands between two dollars is a formula, as far as that can be told.
pub(super) fn is_formula(tex: &str, after: &str) -> bool {
    let Some(plain) = without_text(tex) else {
        return false;
    };
    if is_code(&plain) || is_pattern(&plain) || is_money(&plain) || !is_balanced(&plain) {
        return false;
    }
    if begins_variable(after) && is_path(tex) && !is_ordinal(&plain, after) {
        return false;
    }
    let twice = |mark| tex.starts_with(mark) && after.starts_with(mark);
    is_tex(tex) && !twice("{") && !twice("((")
        || !(plain.chars().any(is_cjk)
            || is_name(&plain)
            || begins_variable(after) && !is_ordinal(&plain, after)
            || after.starts_with('(') && is_word(&plain))
}

/// Tells whether a command or a mark tells that it is TeX.
fn is_tex(tex: &str) -> bool {
    let command = |(at, _)| tex[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic());
    tex.contains('^') || tex.contains("_{") || tex.match_indices('\\').any(command)
}

/// Tells whether another variable could begin with the second dollar, or a word goes on behind it.
fn begins_variable(after: &str) -> bool {
    after.starts_with(|c: char| c.is_ascii_alphabetic() || "_{@".contains(c))
}

/// Tells whether it is `$n$th` or its like.
fn is_ordinal(tex: &str, after: &str) -> bool {
    let word = after.split(|c: char| !c.is_ascii_alphanumeric()).next();
    tex.ends_with(|c: char| c.is_ascii_alphanumeric() || ")}".contains(c))
        && word.is_some_and(|word| ["t", "th", "st", "nd", "rd", "s", "D"].contains(&word))
}

/// Tells whether it could be what a shell puts a value in for: `(pwd)`, `{HOME}`, `HOME`.
fn is_word(tex: &str) -> bool {
    let letters = tex.bytes().take_while(u8::is_ascii_alphabetic).count();
    tex.starts_with(['(', '{']) || letters > 1
}

/// Tells whether there are marks in it that code has and formulas have not.
fn is_code(tex: &str) -> bool {
    let has_columns = LazyCell::new(|| tex.contains("\\begin"));
    let has_chemistry = LazyCell::new(|| tex.contains("\\ce"));
    let (mut depth, mut before) = (0_i32, '\0');
    let mut rest = tex.chars().peekable();
    while let Some(c) = rest.next() {
        let code = match c {
            _ if before == '\\' => false,
            '`' | '"' | '“' | '”' | '#' | '@' => true,
            '&' => !*has_columns,
            ';' => depth == 0,
            '-' => rest.peek() == Some(&'>') && before != ' ' && !*has_chemistry,
            _ => false,
        };
        if code {
            return true;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        before = if before == '\\' { '\0' } else { c };
    }
    let ends_open =
        tex.ends_with(['/', ':', '(', '[', '{']) && !tex.ends_with("\\{") && !is_french(tex);
    let goes_on = tex.starts_with(['?', '/', ':', ',', '、']) || is_half_of_bars(tex);
    (goes_on || ends_open) && tex.len() > 1
}

/// Tells whether it goes on with a bar and is neither between two of them nor `|0>`: `HOME$|PATH`.
fn is_half_of_bars(tex: &str) -> bool {
    tex.starts_with('|')
        && !tex.contains('\\')
        && !tex.ends_with(['>', '⟩'])
        && tex.matches('|').count() % 2 == 1
}

/// Tells whether this stands between two prices: `$5 or $10`.
fn is_money(tex: &str) -> bool {
    let word = |word: &str| {
        word.chars().filter(|c| c.is_alphabetic()).count() > 1
            && !word.contains(['\\', '^', '_', '{'])
    };
    tex.starts_with(|c: char| c.is_ascii_digit())
        && !tex.contains(['\\', '^', '='])
        && tex.split_whitespace().skip(1).any(word)
}

/// Tells whether it begins with the name of a variable: `LLM_API_KEY`, `HOME/bin`, `env:PATH`,
/// `_GET`.
fn is_name(tex: &str) -> bool {
    let end = tex.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let (name, after) = tex.split_at(end.unwrap_or(tex.len()));
    let parts = name.split('_').filter(|part| part.len() > 1).count();
    let capitals = name.len() > 1 && !name.contains(|c: char| c.is_ascii_lowercase());
    let goes_on = after.chars().nth(1).is_some_and(|c| c != ' ');
    name.starts_with('_')
        || name.contains('_') && parts > 1
        || goes_on
            && (capitals && after.starts_with(['/', ':'])
                || name.len() > 2 && after.starts_with([':', '[']))
}

/// Tells whether it is an interval with its brackets turned around: `]0, 1[`.
fn is_french(tex: &str) -> bool {
    tex.starts_with(']') && tex.ends_with(['[', ']'])
}

/// Tells whether its brackets go in pairs, of whatever kinds: `[0, 1)`.
fn is_balanced(tex: &str) -> bool {
    if tex.chars().filter(|c| !c.is_whitespace()).count() == 1 {
        return true;
    }
    if is_french(tex) {
        return true;
    }
    let (mut round, mut braces) = (0_i32, 0_i32);
    let mut rest = tex;
    while let Some(at) = rest.find(['\\', '(', '[', ')', ']', '{', '}']) {
        let mark = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match mark {
            b'\\' => {
                let name = rest.find(|c: char| !c.is_ascii_alphabetic());
                let (command, after) = rest.split_at(name.unwrap_or(rest.len()));
                rest = match command {
                    "" => skip(after),
                    // Their bracket is closed by one of any kind, or by none.
                    "left" | "right" => skip(after.strip_prefix('\\').unwrap_or(after)),
                    _ => after,
                };
            }
            b'(' | b'[' => round += 1,
            b')' | b']' => round -= 1,
            b'{' => braces += 1,
            _ => braces -= 1,
        }
        if round < 0 || braces < 0 {
            return false;
        }
    }
    round == 0 && braces == 0
}

/// The text without its first character.
fn skip(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

fn is_cjk(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{318f}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// No environment has a longer name.
const LONGEST_NAME: usize = 30;

/// Environments that are formulas by themselves.
const ENVIRONMENTS: &[&str] = &[
    "align",
    "align*",
    "aligned",
    "alignat",
    "alignat*",
    "alignedat",
    "array",
    "bmatrix",
    "Bmatrix",
    "cases",
    "dcases",
    "drcases",
    "eqnarray",
    "eqnarray*",
    "equation",
    "equation*",
    "flalign",
    "flalign*",
    "gather",
    "gather*",
    "gathered",
    "math",
    "displaymath",
    "matrix",
    "multline",
    "multline*",
    "pmatrix",
    "rcases",
    "smallmatrix",
    "split",
    "vmatrix",
    "Vmatrix",
];

/// Counts the bytes of the environment that a text begins with, if it ends before its paragraph does
/// and has no formulas in it.
pub(in crate::markdown) fn environment(text: &str) -> Option<usize> {
    let name = environment_name(text)?;
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let (begin, end) = (format!("\\begin{{{name}}}"), format!("\\end{{{name}}}"));
    let (mut depth, mut at) = (1, begin.len());
    loop {
        let close = at + text[at..].find(&end)?;
        depth += text[at..close].matches(&begin).count();
        depth -= 1;
        at = close + end.len();
        if depth == 0 {
            break;
        }
    }
    let whole = &text[..at];
    let other =
        |line: &str| line.trim().is_empty() || line.trim_start().starts_with(['#', '>', '`', '~']);
    (!whole.contains(['$', '`']) && !whole.lines().skip(1).any(other)).then_some(at)
}

/// The name of the environment that a text begins with. Of those that are no formula the source is
/// shown.
pub(in crate::markdown) fn environment_name(text: &str) -> Option<&str> {
    let name = first_group(text.strip_prefix("\\begin{")?)?;
    let letters = name.strip_suffix('*').unwrap_or(name);
    let is_name = (1..=LONGEST_NAME).contains(&letters.len());
    (is_name && letters.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some(name)
}

/// Tells whether an environment is a formula.
pub(in crate::markdown) fn is_formula_by_name(environment: &str) -> bool {
    ENVIRONMENTS.contains(&environment)
}

#[cfg(test)]
mod tests {
    use crate::markdown::{escape, render};

    #[test]
    fn dollars_of_code_and_prices_are_text() {
        for text in [
            "Set $HOME/bin:$PATH in your profile.",
            "'$LLM_API_KEY를 넣거나 '$OTHER_KEY'",
            "if (!isset($_POST[\"a\"]) && !isset($_GET[\"b\"]))",
            "docker run -u $(id -u):$(id -g) x",
            "환율 1$=1,300원, 2$=2,600원",
            "$5(약 7천 원)/$7",
            "$5/월, 연간은 US$50",
            "US$5~US$10, $5와 $10",
            "echo ${HOME}/${USER} ${A}${B}",
            "foreach ($a as $b) f($a,$b); $a->b($c);",
            "for ($i=0;$i<10;$i++)",
            "$AAPL/$TSLA, $AAPL는 오르고 $TSLA는 내렸다",
            "awk '{print $1\":\"$2}' a$",
            "($AAPL)·($TSLA)",
            "$env:PATH;$env:HOME",
            "cp $1 $2; echo $?/$!",
            "\"$dir/$file\" $max_value$ $_GET$",
            "price: $3 million to $4 million, $x",
            // Regular expressions.
            "[[ $x =~ ^[0-9]+$ ]]",
            "if [[ $x =~ ^(a|b)+$ ]]; then",
            "if ($x =~ /^\\d+$/) and $line =~ s/\\s+$//g",
            "$x !~ /^a/, $y !~ /^b$/",
            "^[a-z]+$|^[0-9]+$",
            "^\\w+$, ^\\d+$ ^\\s?$",
            "^[0-9]{3}$ 또는 ^[a-z]{2,}$",
            "(?:^a+$)|(?:^b+$)",
            "^foo$|bar$, ^baz$",
            "foo$, bar$",
            "foo$|bar$",
            "'s/[ \\t]]*$//; s/foo$/bar/'",
            "'/^a+$/ {print $1}', '/^b$/'",
            "rewrite ^(.*)$ https://$host$1 permanent;",
            "$re = ^(ab)+$",
            "'^ab$', '^cd$'",
            // Shells and their paths.
            "echo $$; kill $$",
            "echo $$ 그리고 $$",
            "PID는 $$이고 부모는 $$이다",
            "kill $$ && echo $$",
            "PID=$$이고 PPID=$$",
            "$x | grep ^a.*b$",
            "$$5 and $$10",
            "\"$@\" $? $$ $! $HOME/bin:$PATH",
            "/proc/$$/fd, /tmp/a.$$",
            "$$name = $value, $$key",
            "$HOME\\bin,$HOME\\lib",
            "$HOME\\bin;$PATH",
            "Join-Path $root\\src,$root\\bin",
            "$HOME\\bin와$HOME\\lib",
            "echo -e $a\\n$b",
            "$a^$b, ${a^}${b}",
            "$HOME|$PATH",
            "$((x^2))+$((y^2))",
        ] {
            let mut shown = String::new();
            escape(text, &mut shown);
            assert_eq!(render(text), format!("<p>{shown}</p>\n"));
        }
        for text in [
            "echo $((2^10)) ${a^^}\nexport PATH=$PATH:$HOME/bin",
            "$HOME\\bin\n$env:PATH;$env:HOME",
            "/^\\d+$/\n$a:$b",
            "AS $$\nBEGIN a(); END;\n$$ b",
        ] {
            let html = render(text);
            assert!(!html.contains("math"), "{html}");
            assert!(html.matches('$').eq(text.matches('$')), "{html}");
        }
        assert_eq!(
            render("$5(**할인**)나 $10, $HOME과 `$x$`"),
            "<p>$5(<strong>할인</strong>)나 $10, $HOME과 <code>$x$</code></p>\n"
        );
    }

    #[test]
    fn dollars_of_formulas_are_seen_as_formulas() {
        for text in [
            "$x$는",
            "값은$x$이다",
            "$n$th and $i$s",
            "$[0, 1)$",
            "$(a, b]$",
            "$]0,1[$",
            "$f'(x) = 2x$",
            "$\\left\\{ x \\right.$",
            "$\\{1, 2\\}$",
            "$\\begin{pmatrix}x\\\\d\\end{pmatrix}$",
            "$\\begin{cases}a+b=3\\\\b-a=1\\end{cases}$",
            "$\\sum_{\\substack{a\\\\b}} x$",
            "$\\left\\{\\begin{array}{l}a\\\\S\\end{array}\\right.$",
            "$\\begin{matrix}a\\\\w\\end{matrix}$",
            "$5 \\mu$m",
            "$20^\\circ$C",
            "$\\text{속도} = 5$",
            "$속도 = \\frac{거리}{시간}$",
            "$v$(속도)",
            "$E=mc^2$(에너지)",
            "$a+b$(합)",
            "$AB$와 $CD$",
            "$a_1, a_2$",
            "$P(x; y)$",
            "$A -> B$",
            "$+$",
            "$($",
            "$2 + 2 = ?$",
            "$50\\%$",
            "$0.5$",
            "$$a+b$$",
            "$$\nx\n$$",
            "\\(x\\)",
            "\\[x\\]",
            "$\\ce{A -> B}$",
            "$|x|$",
            "$a/b$",
            "$x,$ y",
            "$\\frac{a}{b}\n= c$ d",
            "$5$",
            "$5x + 3$",
            "2$\\pi$",
            "$m/s$",
            "$\\ce{A ->[$\\Delta$] B}$",
            "열 $\\ce{A ->[$x$][$y$] B}$, $z$",
            "$\\ce{A ->[열 $T_1$] B}$에서 5$",
            "$$\\ce{A ->[$\\Delta$] B}$$",
            "\\(\\ce{A ->[$\\Delta$] B}\\)",
            "- $\\ce{A ->[$\\Delta$] B}$\n",
            "$f^{(n)}(0)$",
            "$[0,1]^n$",
            "$\\mathbb{Z}[x]^*$",
            "$(a|b)^*$",
            "$(a|b)*$",
            "(1)$x^2$",
            "**값:**$x=1$",
            "값?$y^2$",
            "[1]$y^2$",
            "$x^2$,$y^2$",
            "2^10=$x$",
            "a[^1]$x$",
            "$|\\psi\\rangle$",
            "$|0>$",
            "$|x| + |y|$",
            "$^{14}C$",
            "$B = ^tA$",
            "$^\\circ$",
            "$AB\\perp CD$",
            "$n\\pi$",
            "$\\bar{x}^2$, $\\dot x$, $\\dd x$",
            "$x \\sim y$, $\\bigl(x\\bigr)$",
            "$$ x = 1 $$",
            "$$\\text{속도} = 1$$",
            "$$속도 = 거리 / 시간$$",
            "식: $$속도 = 거리$$",
            "식은 $$E = mc^2$$.",
            "$$\\min_x f(x) \\quad x > 0$$",
            "$$f(x; y)$$",
            "$$|x|$$",
        ] {
            let html = render(text);
            assert!(html.contains("<math"), "{text}: {html}");
            assert!(!html.contains("class=\"math\""), "{text}: {html}");
        }
    }

    #[test]
    fn a_formula_in_the_words_of_another_does_not_end_it() {
        let html = render("$x = \\text{값 $y$ 이상}$ 그리고 $z$");
        assert!(html.contains("<mi>y</mi>"), "{html}");
        assert!(html.contains("</math> 그리고 <math"), "{html}");
        assert_eq!(render("$\\text{값 $y 이상, $5").matches('$').count(), 3);
    }

    #[test]
    fn what_cannot_be_read_keeps_its_marks() {
        for (text, shown) in [
            ("$\\foo{x}$", "$\\foo{x}$"),
            ("$$\\foo x$$", "$$\\foo x$$"),
            ("\\(\\foo\\)", "\\(\\foo\\)"),
            ("\\[\\foo\\]", "\\[\\foo\\]"),
            (
                "\\begin{align}\\foo\\end{align}",
                "\\begin{align}\\foo\\end{align}",
            ),
            ("$\\ce{A \"b\" C}$", "$\\ce{A &quot;b&quot; C}$"),
        ] {
            assert_eq!(
                render(text),
                format!("<p><code class=\"math\">{shown}</code></p>\n")
            );
        }
    }
}
