//! Code to HTML, line by line: spans of a few short classes that the style sheet colours.

mod grammar;
mod names;
mod reading;

use std::sync::LazyLock;

use syntect::parsing::{Scope, ScopeStack, SyntaxSet};

use crate::markdown::{clean, escape};
use reading::{Budget, Reader};

/// A longer line is data rather than code, and would cost too much to read.
const LONGEST_LINE: usize = 2_000;
/// The rest of a larger block stays plain.
const LARGEST_BLOCK: usize = 64 * 1024;

/// The steps that a block may begin with, those that each byte of it adds, and the most that it can
/// have left at once. Past them the rest of the block is plain.
///
/// Ordinary code takes about 150 steps a byte, in the two grammars that cost most about 950, and a
/// step about 5 ns.
const FIRST_STEPS: u64 = 200_000;
const STEPS_A_BYTE: u64 = 1_200;
const MOST_STEPS: u64 = 500_000;

/// Reading the grammars takes some milliseconds and memory, so it waits for the first block of
/// code.
static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// The kinds of code a reader tells apart: the class, and the scopes that mean it. The first that
/// fits wins.
static KINDS: LazyLock<Vec<(Scope, &str)>> = LazyLock::new(|| {
    let kinds = [
        ("comment", "c"),
        ("string", "s"),
        ("constant.character.escape", "e"),
        ("constant", "n"),
        ("entity.name.function", "f"),
        ("support.function", "f"),
        ("variable.function", "f"),
        ("meta.decorator", "f"),
        ("storage.type", "t"),
        ("entity.name", "t"),
        ("support.type", "t"),
        ("support.class", "t"),
        ("storage", "k"),
        ("keyword.operator", "o"),
        ("keyword", "k"),
        ("variable.language", "k"),
        ("variable.parameter", "v"),
        ("entity.other.attribute-name", "v"),
        ("markup.inserted", "i"),
        ("markup.deleted", "d"),
        ("meta.diff", "c"),
        ("punctuation.definition.comment", "c"),
    ];
    let scope = |name| Scope::new(name).expect("these names are short and few enough");
    kinds.map(|(name, class)| (scope(name), class)).to_vec()
});

/// Turns the lines of one block of code into HTML, one after the other.
pub(super) struct Highlighter {
    reading: Option<Reading>,
    bytes: usize,
}

struct Reading {
    reader: Reader,
    scopes: ScopeStack,
    budget: Budget,
    /// True if it is PHP that no tag has begun yet.
    is_bare_php: bool,
}

impl Reading {
    /// By a grammar's name.
    fn by(grammar: &str) -> Option<Self> {
        let syntax = SYNTAXES.find_syntax_by_name(grammar)?;
        Some(Self {
            reader: Reader::new(syntax)?,
            scopes: ScopeStack::new(),
            budget: Budget { left: FIRST_STEPS },
            is_bare_php: false,
        })
    }

    /// For a language by the name that a model gave it.
    fn of(language: &str) -> Option<Self> {
        let grammar = names::syntax(language)?.name.as_str();
        if grammar != "PHP" {
            return Self::by(grammar);
        }
        // The grammar of that name reads HTML up to `<?php`, which a part of a file lacks.
        let bare = Self::by("PHP Source")?;
        Some(Self {
            is_bare_php: true,
            ..bare
        })
    }

    /// Reads PHP in HTML from the line on in which a tag begins it.
    fn look_for_php(&mut self, line: &str, is_first: bool) {
        let line = line.trim_start();
        let begins = line.starts_with("<?") || is_first && line.starts_with('<');
        if self.is_bare_php
            && begins
            && let Some(page) = Self::by("PHP")
        {
            *self = Self {
                budget: self.budget,
                ..page
            };
        }
    }
}

impl Highlighter {
    /// For a language by the name a model gave it. Code of an unknown one is only escaped.
    pub(super) fn new(language: &str) -> Self {
        Self {
            reading: Reading::of(language),
            bytes: 0,
        }
    }

    /// Escapes and nothing more.
    pub(super) fn plain() -> Self {
        Self {
            reading: None,
            bytes: 0,
        }
    }

    /// Writes a line's HTML. Every span it opens is closed at its end, so a line can stand alone.
    pub(super) fn line(&mut self, line: &str, out: &mut String) {
        let start = out.len();
        let is_first = self.bytes == 0;
        self.bytes += line.len();
        if line.len() > LONGEST_LINE || self.bytes > LARGEST_BLOCK {
            self.reading = None;
        }
        if let Some(reading) = &mut self.reading {
            reading.look_for_php(line, is_first);
        }
        if self.coloured(line, out).is_none() {
            self.reading = None;
            escape(line, out);
        }
        clean(out, start);
    }

    /// Nothing has been written when this gives nothing.
    fn coloured(&mut self, line: &str, out: &mut String) -> Option<()> {
        let reading = self.reading.as_mut()?;
        let (budget, scopes) = (&mut reading.budget, &mut reading.scopes);
        budget.left = MOST_STEPS.min(budget.left + STEPS_A_BYTE * line.len() as u64);
        let changes = reading.reader.line(line, budget).ok()?;
        let start = out.len();
        let end = line.trim_end_matches(['\n', '\r']).len();
        let mut spans = Spans { out, class: "" };
        let mut at = 0;
        for (until, change) in &changes {
            let until = (*until).clamp(at, end);
            spans.text(&line[at..until], scopes);
            at = until;
            if scopes.apply(change).is_err() {
                spans.out.truncate(start);
                return None;
            }
        }
        spans.text(&line[at..end], scopes);
        spans.switch("");
        out.push_str(line[end..].trim_start_matches('\r'));
        Some(())
    }
}

/// Neighbouring pieces of the same kind share a span.
struct Spans<'a> {
    out: &'a mut String,
    class: &'static str,
}

impl Spans<'_> {
    fn text(&mut self, text: &str, scopes: &ScopeStack) {
        if text.is_empty() {
            return;
        }
        // The colour of a space is not seen.
        if !text.trim().is_empty() {
            self.switch(kind(scopes));
        }
        escape(text, self.out);
    }

    fn switch(&mut self, class: &'static str) {
        if class == self.class {
            return;
        }
        if !self.class.is_empty() {
            self.out.push_str("</span>");
        }
        if !class.is_empty() {
            self.out.push_str("<span class=\"");
            self.out.push_str(class);
            self.out.push_str("\">");
        }
        self.class = class;
    }
}

/// The innermost scope that says something decides.
fn kind(scopes: &ScopeStack) -> &'static str {
    let class = |scope: &Scope| KINDS.iter().find(|(kind, _)| kind.is_prefix_of(*scope));
    scopes
        .scopes
        .iter()
        .rev()
        .find_map(class)
        .map_or("", |(_, class)| class)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use syntect::parsing::ParseState;

    use super::*;

    pub(in crate::markdown::highlight) fn html(language: &str, code: &str) -> String {
        let (mut highlighter, mut out) = (Highlighter::new(language), String::new());
        for line in crate::markdown::lines(code) {
            highlighter.line(line, &mut out);
        }
        out
    }

    #[test]
    fn php_needs_no_tag() {
        let tagged = html("php", "<?php\n$a = 1; // b\n");
        let (_, behind) = tagged.split_once('\n').unwrap();
        assert_eq!(html("php", "$a = 1; // b\n"), behind);
        assert!(behind.contains("<span class=\"c\">// b</span>"), "{behind}");
        // A page keeps its HTML, also behind a line that says which file it is.
        assert!(html("php", "<p class=\"a\"><?= $b ?></p>\n").contains("<span class=\"v\">class"));
        let behind_comment = html("php", "// a.php\n<?php\n$a = 1; // b\n");
        assert!(behind_comment.ends_with(&tagged), "{behind_comment}");
    }

    /// Our reader is another's, but for its budget: nothing may be read in another way. What is too
    /// costly for ours is not shown to theirs, which has no limit.
    #[test]
    fn every_grammar_reads_what_syntect_reads() {
        let documents = include_str!("../../../tests/fixtures/documents.txt");
        let blocks = documents.split("```").skip(1).step_by(2);
        let code: String = blocks
            .filter_map(|block| Some(block.split_once('\n')?.1))
            .collect();
        let (mut changes, mut costly) = (0, 0);
        for syntax in SYNTAXES.syntaxes() {
            let mut theirs = ParseState::new(syntax);
            let mut ours = Reader::new(syntax).unwrap();
            for line in crate::markdown::lines(&code) {
                let mut budget = Budget { left: 300_000 };
                let Ok(read) = ours.line(line, &mut budget) else {
                    costly += 1;
                    break;
                };
                let expected = theirs.parse_line(line, &SYNTAXES).unwrap();
                assert_eq!(read, expected, "{}: {line:?}", syntax.name);
                changes += read.len();
            }
        }
        assert!(changes > 10_000 && costly < 5, "{changes} {costly}");
    }

    #[test]
    fn code_is_read_as_far_as_its_budget_goes() {
        let code = "let a = \"b\"; // c\n".repeat(40);
        let reader = || Reader::new(names::syntax("rust").unwrap()).unwrap();
        let cost = |lines: usize| {
            let (mut reader, mut budget) = (reader(), Budget { left: MOST_STEPS });
            for line in code.split_inclusive('\n').take(lines) {
                reader.line(line, &mut budget).unwrap();
            }
            MOST_STEPS - budget.left
        };
        // The same each time: nothing that was read before, and no clock, changes it.
        assert_eq!(cost(40), cost(40));
        let a_line = cost(20) - cost(19);
        let (mut reader, mut budget) = (reader(), Budget { left: 20 * a_line });
        let lines = code.split_inclusive('\n');
        let read = lines.take_while(|line| reader.line(line, &mut budget).is_ok());
        assert!((15..=20).contains(&read.count()));
    }

    const STYLE: &str = include_str!("../../../static/app.css");

    /// Measures how bright a colour of the style sheet is, in light and in dark.
    fn brightness(name: &str) -> [f64; 2] {
        let start = format!("--{name}: light-dark(");
        let (_, colours) = STYLE.split_once(&start).unwrap();
        let mut colours = colours.split(')').next().unwrap().split(", ");
        [(); 2].map(|()| {
            let hex = colours.next().unwrap().strip_prefix('#').unwrap();
            let part = |at| {
                let part = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.;
                if part <= 0.04045 {
                    part / 12.92
                } else {
                    ((part + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
        })
    }

    /// WCAG 2.2, 1.4.3 at level AA.
    #[test]
    fn every_colour_of_code_stands_out_in_light_and_in_dark() {
        assert!(
            STYLE.contains("pre, code { font: .9em/1.5 var(--code); background-color: var(--sunken); --cover: var(--sunken); }")
        );
        let (_, code) = STYLE.split_once("\n  pre {").unwrap();
        let rules = code.split("\n  }").next().unwrap().split('}');
        let rules: Vec<_> = rules.filter_map(|rule| rule.split_once('{')).collect();
        let mut uncoloured = BTreeSet::new();
        for (_, class) in &*KINDS {
            let class_is = |one: &str| one.trim().strip_prefix('.') == Some(class);
            let rule = rules.iter().find(|(of, _)| of.split(',').any(class_is));
            let name = match rule.and_then(|(_, rule)| rule.split_once("color: var(--")) {
                Some((_, name)) => name.split(')').next().unwrap(),
                None => {
                    uncoloured.insert(*class);
                    "ink"
                }
            };
            for (colour, ground) in brightness(name).into_iter().zip(brightness("sunken")) {
                let contrast = (colour.max(ground) + 0.05) / (colour.min(ground) + 0.05);
                assert!(contrast >= 4.5, ".{class}, --{name}: {contrast:.2}");
            }
        }
        assert_eq!(uncoloured, BTreeSet::from(["o"]));
    }

    #[test]
    fn kinds_become_classes() {
        assert_eq!(
            html("rust", "let s = \"a<b\"; // 끝\n"),
            "<span class=\"t\">let</span> s <span class=\"o\">= </span><span class=\"s\">&quot;a&lt;b&quot;</span>; \
             <span class=\"c\">// 끝</span>\n"
        );
    }

    #[test]
    fn a_comment_over_lines_is_closed_and_opened_at_each() {
        assert_eq!(
            html("c", "/* a\n\n b */\n"),
            "<span class=\"c\">/* a</span>\n\n<span class=\"c\"> b */</span>\n"
        );
    }

    #[test]
    fn an_unknown_language_is_only_escaped() {
        assert_eq!(
            html("klingon", "<b> \"x\" & \u{1b}[31m\u{202e}y\n"),
            "&lt;b&gt; &quot;x&quot; &amp; [31my\n"
        );
    }

    #[test]
    fn from_a_long_line_on_code_is_plain() {
        let long = format!(
            "let a = 1;\nlet b = \"{}\";\nlet c = 2;\n",
            "x".repeat(LONGEST_LINE)
        );
        let html = html("rust", &long);
        assert!(html.starts_with("<span"));
        assert!(html.ends_with("\nlet c = 2;\n"));
    }

    #[test]
    fn a_block_is_coloured_up_to_its_limit() {
        let html = html("rust", &"let a = 1;\n".repeat(10_000));
        assert_eq!(
            html.matches("<span class=\"t\">let").count(),
            LARGEST_BLOCK / 11
        );
    }
}
