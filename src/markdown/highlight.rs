//! Code to HTML, line by line: spans of a few short classes that the style sheet colours.

use std::sync::LazyLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use super::{clean, escape};

/// A longer line is data rather than code, and would cost too much to read.
const LONGEST_LINE: usize = 2_000;
/// What a block has beyond this stays plain.
const LARGEST_BLOCK: usize = 64 * 1024;

/// Reading the grammars takes some milliseconds and memory, so it waits for the first block of
/// code.
static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// Names that models write and the grammars do not know.
const ALIASES: &[(&str, &str)] = &[
    ("asm", "x86_64 Assembly"),
    ("assembly", "x86_64 Assembly"),
    ("console", "sh"),
    ("csharp", "cs"),
    ("docker", "Dockerfile"),
    ("fsharp", "F#"),
    ("golang", "go"),
    ("gql", "graphql"),
    ("hcl", "tf"),
    ("html5", "html"),
    ("ipython", "py"),
    ("json5", "json"),
    ("jsonc", "json"),
    ("jsonl", "json"),
    ("jsx", "tsx"),
    ("node", "js"),
    ("objc", "Objective-C"),
    ("objectivec", "Objective-C"),
    ("postgres", "sql"),
    ("postgresql", "sql"),
    ("powershell", "ps1"),
    ("proto3", "proto"),
    ("protobuf", "proto"),
    ("pwsh", "ps1"),
    ("python3", "py"),
    ("sh-session", "sh"),
    ("shell", "sh"),
    ("shell-session", "sh"),
    ("sqlite", "sql"),
    ("terminal", "sh"),
];

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
    reading: Option<(ParseState, ScopeStack)>,
    bytes: usize,
}

impl Highlighter {
    /// For a language by the name a model gave it. Code of an unknown one is only escaped.
    pub(super) fn new(language: &str) -> Self {
        let reading = syntax(language).map(|syntax| (ParseState::new(syntax), ScopeStack::new()));
        Self { reading, bytes: 0 }
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
        self.bytes += line.len();
        if line.len() > LONGEST_LINE || self.bytes > LARGEST_BLOCK {
            self.reading = None;
        }
        if self.coloured(line, out).is_none() {
            self.reading = None;
            escape(line, out);
        }
        clean(out, start);
    }

    /// Nothing has been written when this gives nothing.
    fn coloured(&mut self, line: &str, out: &mut String) -> Option<()> {
        let (state, scopes) = self.reading.as_mut()?;
        let changes = state.parse_line(line, &SYNTAXES).ok()?;
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

fn syntax(language: &str) -> Option<&'static SyntaxReference> {
    if language.is_empty() {
        return None;
    }
    let language = language.to_ascii_lowercase();
    let alias = ALIASES.iter().find(|(name, _)| *name == language);
    let name = alias.map_or(language.as_str(), |(_, name)| name);
    SYNTAXES.find_syntax_by_token(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn html(language: &str, code: &str) -> String {
        let (mut highlighter, mut out) = (Highlighter::new(language), String::new());
        for line in crate::markdown::lines(code) {
            highlighter.line(line, &mut out);
        }
        out
    }

    #[test]
    fn the_names_that_models_write_are_coloured() {
        const SAMPLE: &str = "FROM a\n# b\n-- c\n// d\n% e\n+f\n\"g\": 1\n<h i=\"j\">1</h>\n\\k{1}\nif (true) { return 1; }\n";
        let names = "rust python py javascript js typescript ts tsx jsx bash sh shell zsh console json yaml \
            yml toml html css scss sql go java kotlin swift c cpp c++ cs csharp ruby rb php dockerfile diff xml markdown \
            powershell lua r dart scala haskell elixir vue svelte graphql nginx makefile cmake ini protobuf proto hcl \
            terraform zig latex tex objc perl julia nix jsonc asm matlab groovy clojure erlang fsharp ocaml \
            less sass coffee d pascal lisp elm nim verilog crystal ada vim awk bat";
        let (coloured, plain): (Vec<&str>, Vec<&str>) = names
            .split_whitespace()
            .partition(|name| html(name, SAMPLE).contains("<span"));
        assert_eq!(plain, Vec::<&str>::new());
        let languages: BTreeSet<&str> = coloured
            .into_iter()
            .filter_map(syntax)
            .map(|syntax| syntax.name.as_str())
            .collect();
        assert!(languages.len() >= 60, "{}", languages.len());
        for (alias, name) in ALIASES {
            assert!(
                SYNTAXES.find_syntax_by_token(name).is_some(),
                "{alias} is {name}, which is unknown"
            );
        }
    }

    const STYLE: &str = include_str!("../../static/app.css");

    /// How bright a colour of the style sheet is, in light and in dark.
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
            STYLE.contains("pre, code { font: .9em/1.5 var(--code); background: var(--sunken); }")
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
