//! Searches for code that costs its grammar much more than its length: with tokens out of the
//! grammar's own expressions, repeated, mixed, nested, in short lines and long ones, and from what
//! cost most so far on.
//!
//! `cargo bench --bench highlight -- [seconds] [seed] [languages]`. It fails if any code costs more than
//! [`MOST_TIMES`] what ordinary code does, or a line of it more than [`MOST_AT_ONCE`]. What it finds
//! is not shown: its seed finds it again, and nobody is to be given such text.

#![expect(clippy::print_stdout, reason = "figures are for whoever runs this")]

use damso::markdown::Growing;
use serde_json::json;
use std::{
    collections::BTreeSet,
    env,
    process::ExitCode,
    time::{Duration, Instant},
};
use syntect::parsing::{
    SyntaxReference, SyntaxSet,
    syntax_definition::{Context, ContextReference, Pattern},
};

/// The most that any code may cost, for its length, in times what ordinary code does.
const MOST_TIMES: f64 = 40.;
/// The most that one line may cost. Without optimisation, as tests are built, our part takes three
/// times as long.
const MOST_AT_ONCE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 150 } else { 50 });
/// The length of the code that is tried, about.
const LENGTH: usize = 4_000;
/// The rounds in which what seems to cost too much is tried again: something else may have run
/// meanwhile.
const AGAIN: usize = 20;
/// The number of the dearest shapes that are gone on with, in each grammar.
const KEPT: usize = 6;

/// As in the program.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Code of this project, in its languages.
const ORDINARY: &[(&str, &str)] = &[
    ("rust", include_str!("../src/replies/writer.rs")),
    ("css", include_str!("../static/app.css")),
    ("html", include_str!("../templates/layout.html")),
    ("sql", include_str!("../migrations/sqlite/0001_start.sql")),
    ("bash", include_str!("../scripts/test")),
    ("toml", include_str!("../Cargo.toml")),
    ("md", include_str!("../README.md")),
];

/// In every language.
const COMMON: &str = "a A b1 0 1.5 _ __ - -- --- + * ** / // /* */ = == => -> < > << >> <!-- --> ( ) [ ] { } (( )) {{ }} \
    \" ' ` \"\"\" ''' \\ \\\\ , . ; : :: ! ? # ## $ @ & && | || % ~ ^ 가 é if do end in of x: x= f( $( ${ #{ <% %> <? ?> @a \
    a.b a.b( a-b a_b aA A.B.C 0x1f 1e5 \\n \\u1234 a<b> a=\"b\" [a] (a) {a}";

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }

    fn of<'a>(&mut self, tokens: &'a [String]) -> &'a str {
        &tokens[self.roll(tokens.len())]
    }
}

/// Lines that are made in one way.
#[derive(Clone)]
struct Shape {
    before: Vec<String>,
    repeated: Vec<String>,
    between: String,
    after: Vec<String>,
    /// The length of a line, about.
    length: usize,
    is_nested: bool,
    /// Other lines between them.
    others: Vec<String>,
}

impl Shape {
    fn new(tokens: &[String], dice: &mut Dice) -> Self {
        let mut some = |most: usize| -> Vec<String> {
            (0..dice.roll(most + 1))
                .map(|_| dice.of(tokens).to_owned())
                .collect()
        };
        let (before, mut repeated, after, others) = (some(4), some(4), some(3), some(3));
        if repeated.is_empty() {
            repeated.push(dice.of(tokens).to_owned());
        }
        Self {
            before,
            repeated,
            between: ["", "", " ", "  ", "\t", ","][dice.roll(6)].to_owned(),
            after,
            length: [20, 40, 80, 160, 320, 640, 1_200, 1_900][dice.roll(8)],
            is_nested: dice.roll(6) == 0,
            others: if dice.roll(3) == 0 {
                others
            } else {
                Vec::new()
            },
        }
    }

    fn changed(&self, tokens: &[String], dice: &mut Dice) -> Self {
        let mut shape = self.clone();
        for _ in 0..1 + dice.roll(2) {
            let other = Self::new(tokens, dice);
            match dice.roll(7) {
                0 => shape.before = other.before,
                1 => shape.repeated = other.repeated,
                2 => shape.between = other.between,
                3 => shape.after = other.after,
                4 => shape.length = other.length,
                5 => shape.is_nested = other.is_nested,
                _ => shape.others = other.others,
            }
        }
        shape
    }

    fn code(&self) -> String {
        let (mut line, between) = (self.before.join(&self.between), &self.between);
        let once = self.repeated.join(between) + between;
        let times = self.length / (once.len() * (1 + usize::from(self.is_nested))).max(1);
        line.push_str(&once.repeat(times.max(1)));
        if self.is_nested {
            let turned: String = self
                .repeated
                .iter()
                .rev()
                .map(|token| closing(token))
                .collect();
            line.push_str(&turned.repeat(times.max(1)));
        }
        line.push_str(&self.after.join(between));
        let mut code = String::new();
        while code.len() < LENGTH {
            code.push_str(&line);
            code.push('\n');
            for other in &self.others {
                code.push_str(other);
                code.push('\n');
            }
        }
        code
    }
}

fn closing(token: &str) -> String {
    let turn = |c| match c {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        c => c,
    };
    token.chars().rev().map(turn).collect()
}

/// Measures what code costs in all, and its dearest line, when nothing else runs.
fn cost(language: &str, code: &str, rounds: usize) -> (Duration, Duration) {
    let mut least: Vec<Duration> = Vec::new();
    for _ in 0..rounds {
        let mut growing = Growing::default();
        growing.push(&format!("`````{language}\n"));
        growing.advance();
        for (n, line) in code.split_inclusive('\n').enumerate() {
            growing.push(line);
            let start = Instant::now();
            growing.advance();
            let took = start.elapsed();
            match least.get_mut(n) {
                Some(least) => *least = took.min(*least),
                None => least.push(took),
            }
        }
    }
    (
        least.iter().sum(),
        least.into_iter().max().unwrap_or_default(),
    )
}

/// For each kilobyte.
fn rate(cost: Duration, code: &str) -> f64 {
    cost.as_secs_f64() / (code.len() as f64 / 1024.)
}

/// Letters and marks that an expression asks for, as far as they can be seen in it.
fn tokens_of(expression: &str, tokens: &mut BTreeSet<String>) {
    let (mut word, mut letters) = (String::new(), expression.chars().peekable());
    let mut keep = |word: &mut String| {
        let new = std::mem::take(word);
        if !new.is_empty() && new.len() <= 24 {
            tokens.insert(new);
        }
    };
    while let Some(c) = letters.next() {
        match c {
            '\\' => match letters.next() {
                Some('s' | 'h') => word.push(' '),
                Some('d') => word.push('1'),
                Some('w' | 'p' | 'x') => word.push('a'),
                Some('t') => word.push('\t'),
                Some(c) if c.is_ascii_alphanumeric() => keep(&mut word),
                Some(c) => word.push(c),
                None => {}
            },
            '(' | ')' | '|' | '[' | ']' | '*' | '+' | '?' | '{' | '}' | '^' | '.' | '$' => {
                keep(&mut word);
            }
            c if c.is_control() => keep(&mut word),
            c => word.push(c),
        }
    }
    keep(&mut word);
}

fn tokens(syntaxes: &SyntaxSet, index: usize) -> Vec<String> {
    let mut tokens: BTreeSet<String> = COMMON.split(' ').map(str::to_owned).collect();
    tokens.extend([" ", "  ", "\t", "        "].map(str::to_owned));
    for context in contexts(syntaxes, index) {
        for pattern in &context.patterns {
            if let Pattern::Match(pattern) = pattern {
                tokens_of(pattern.regex.regex_str(), &mut tokens);
            }
        }
    }
    tokens.into_iter().collect()
}

fn contexts(syntaxes: &SyntaxSet, index: usize) -> impl Iterator<Item = &Context> {
    (0..).map_while(move |n| {
        let place = json!({ "Direct": { "syntax_index": index, "context_index": n } });
        let reference: ContextReference = serde_json::from_value(place).ok()?;
        reference.resolve(syntaxes).ok()
    })
}

/// A name for a fence that leads to the grammar.
fn name<'a>(syntaxes: &SyntaxSet, syntax: &'a SyntaxReference) -> Option<&'a str> {
    let fits = |name: &&str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-#._".contains(&byte);
        let found = syntaxes.find_syntax_by_token(name);
        name.bytes().all(fits) && found.is_some_and(|found| found.name == syntax.name)
    };
    let names = syntax.file_extensions.iter().map(String::as_str);
    names.chain([syntax.name.as_str()]).find(fits)
}

/// One grammar, and the dearest of what was tried of it.
struct SignInOutcome<'a> {
    language: &'a str,
    tokens: Vec<String>,
    /// The shapes that cost most so far.
    dearest: Vec<(f64, Shape)>,
    rate: f64,
    at_once: Duration,
}

fn main() -> ExitCode {
    // Cargo adds an argument of its own.
    let arguments: Vec<String> = env::args().skip(1).filter(|one| one != "--bench").collect();
    let number = |n: usize, otherwise| {
        let number = arguments.get(n).and_then(|one| one.parse::<u64>().ok());
        number.unwrap_or(otherwise)
    };
    let (seconds, seed) = (number(0, 60), number(1, 1));
    let only = arguments.get(2..).unwrap_or_default();
    let mut ordinary: Vec<f64> = ORDINARY
        .iter()
        .map(|(language, code)| {
            let end = code.floor_char_boundary(20_000);
            rate(cost(language, &code[..end], 5).0, &code[..end])
        })
        .collect();
    ordinary.sort_by(f64::total_cmp);
    let median = ordinary[ordinary.len() / 2];
    println!(
        "ordinary code: {:.2} ms a KB (median of {})",
        median * 1e3,
        ordinary.len()
    );
    let syntaxes = two_face::syntax::extra_newlines();
    let mut all: Vec<SignInOutcome> = Vec::new();
    for (index, syntax) in syntaxes.syntaxes().iter().enumerate() {
        let name = name(&syntaxes, syntax);
        if let Some(language) =
            name.filter(|name| only.is_empty() || only.iter().any(|one| one == name))
        {
            all.push(SignInOutcome {
                language,
                tokens: tokens(&syntaxes, index),
                dearest: Vec::new(),
                rate: 0.,
                at_once: Duration::ZERO,
            });
        }
    }
    let (mut dice, mut count) = (Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1), 0);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(seconds) {
        for one in &mut all {
            let shape = match one.dearest.len() {
                kept if kept > 0 && dice.roll(2) == 0 => {
                    let from = dice.roll(kept);
                    one.dearest[from].1.changed(&one.tokens, &mut dice)
                }
                _ => Shape::new(&one.tokens, &mut dice),
            };
            let code = shape.code();
            let (mut all_of_it, mut at_once) = cost(one.language, &code, 2);
            let is_suspicious = |cost: Duration, at_once: Duration| {
                rate(cost, &code) > median * MOST_TIMES / 2. || at_once > MOST_AT_ONCE / 2
            };
            if is_suspicious(all_of_it, at_once) {
                (all_of_it, at_once) = cost(one.language, &code, AGAIN);
            }
            let rate = rate(all_of_it, &code);
            (one.rate, one.at_once) = (one.rate.max(rate), one.at_once.max(at_once));
            one.dearest
                .push((rate.max(at_once.as_secs_f64() / 4.), shape));
            one.dearest.sort_by(|one, other| other.0.total_cmp(&one.0));
            one.dearest.truncate(KEPT);
            count += 1;
        }
    }
    all.sort_by(|one, other| other.rate.total_cmp(&one.rate));
    println!(
        "{count} times code of {} grammars, seed {seed}; the dearest:",
        all.len()
    );
    let mut is_fine = true;
    for (n, one) in all.iter().enumerate() {
        let is_dear = one.rate > median * MOST_TIMES || one.at_once > MOST_AT_ONCE;
        if n < 12 || is_dear {
            println!(
                "{:<16} {:>6.1} times as much for its length, a line up to {:.1} ms{}",
                one.language,
                one.rate / median,
                one.at_once.as_secs_f64() * 1e3,
                if is_dear { ": too much" } else { "" },
            );
        }
        is_fine &= !is_dear;
    }
    if is_fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
