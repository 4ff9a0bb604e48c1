//! What it costs to render a reply that comes token by token, against rendering it once.
//!
//! `cargo bench --bench render`. (How many bytes go over the stream is a test: they are the same on
//! every machine.)

#![expect(clippy::print_stdout, reason = "figures are for whoever runs this")]

use damso::markdown::{Growing, render};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// How many characters a token has, about.
const TOKEN: usize = 4;
/// How long the reply is, in bytes.
const LENGTH: usize = 20_000;
const ROUNDS: u32 = 20;

/// As in the program.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let documents = include_str!("../tests/fixtures/documents.txt");
    // Notes and definitions are of one document, and there are many here.
    let documents: Vec<&str> = documents
        .split("%%\n")
        .filter(|text| !text.contains("]:"))
        .collect();
    let mut text = String::new();
    for document in documents.iter().cycle() {
        text.push_str(document);
        text.push('\n');
        if text.len() >= LENGTH {
            break;
        }
    }
    let letters: Vec<char> = text.chars().collect();
    let tokens: Vec<String> = letters.chunks(TOKEN).map(String::from_iter).collect();
    let once = time(|| {
        black_box(render(&text));
    });
    println!("a reply of {} bytes in {} tokens", text.len(), tokens.len());
    println!("once           {once:>12.2?}");
    // At 100 tokens a second five come in each tick of 50 ms, after which a reply is shown.
    for (name, at_once) in [("each token", 1), ("each tick", 5)] {
        let growing = time(|| grow(&tokens, at_once));
        let times = growing.as_secs_f64() / once.as_secs_f64();
        println!("{name:<14} {growing:>12.2?}: {times:.1} times (goal: at most 4)");
    }
}

/// Shows the reply after every so many tokens.
fn grow(tokens: &[String], at_once: usize) {
    let mut growing = Growing::default();
    for tokens in tokens.chunks(at_once) {
        tokens.iter().for_each(|token| growing.push(token));
        black_box(growing.advance());
        black_box(growing.tail());
    }
    black_box(growing.finish());
}

/// How long it takes when nothing else runs: the shortest of all rounds.
fn time(run: impl Fn()) -> Duration {
    let round = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap_or_default()
}
