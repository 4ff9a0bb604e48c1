//! Figures of a real browser, printed for people: `scripts/browser-figures`.

use crate::support::{
    chromium::{Script, Tab},
    model::{Answer, Step},
    site::Site,
};
use serde_json::Value;
use std::time::Duration;

/// How many tokens come, and at what distance.
const TOKENS: usize = 2_000;
const PACE: Duration = Duration::from_millis(10);

/// Notes tasks that hold up the page, and what moves in it without being asked to.
const WATCH: &str = "(() => {
    window.figures = { long: [], shifts: [] };
    new PerformanceObserver(list => { for (const entry of list.getEntries()) figures.long.push(Math.round(entry.duration)) })
        .observe({ type: 'longtask' });
    new PerformanceObserver(list => { for (const entry of list.getEntries()) figures.shifts.push(entry.value) })
        .observe({ type: 'layout-shift' });
})()";

/// The reply's text as it is in the page.
const TEXT: &str = "document.querySelector('.reply:last-child > .text').innerHTML";

/// A reply of so many tokens with every kind of block.
fn tokens(count: usize) -> Vec<String> {
    let text = crate::browser::EVERYTHING
        .split("[^1]: ")
        .next()
        .unwrap()
        .replace("[^1]", "");
    let text: Vec<char> = text.chars().collect();
    let tokens = text.chunks(4).cycle().take(count);
    tokens.map(|token| token.iter().collect()).collect()
}

#[tokio::test]
#[ignore = "measures for people, on a machine that has nothing else to do"]
async fn two_thousand_tokens_at_a_hundred_a_second() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let answer = tokens(TOKENS).iter().fold(Answer::sse(), |answer, token| {
        answer.token(token).then(Step::Wait(PACE))
    });
    site.model.answer(answer.finish());
    tab.eval(WATCH).await;
    tab.press("#content", "Much, please\u{e007}").await;
    tab.until("document.querySelector('.reply[aria-busy]')")
        .await;
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        if tab.count("[aria-busy]").await == 0 {
            break;
        }
    }
    let figures = tab.eval("figures").await;
    let streamed = tab.eval(TEXT).await;
    tab.reload().await;
    tab.until_replied().await;
    let same = tab.eval(TEXT).await == streamed;
    let long: Vec<u64> = figures["long"]
        .as_array()
        .map(|all| all.iter().filter_map(Value::as_u64).collect())
        .unwrap_or_default();
    let longest = long.iter().max().copied().unwrap_or(0);
    let shifts: Vec<f64> = figures["shifts"]
        .as_array()
        .map(|all| all.iter().filter_map(Value::as_f64).collect())
        .unwrap_or_default();
    eprintln!(
        "{TOKENS} tokens at {PACE:?}: {} tasks over 50 ms, the longest {longest} ms; final DOM equal: {same}\n\
         {} layout shifts, the largest {:.3}, together {:.3}",
        long.len(),
        shifts.len(),
        shifts.iter().copied().fold(0.0, f64::max),
        shifts.iter().sum::<f64>(),
    );
    assert!(same);
    tab.close().await;
}

/// Sizes at which the reply stays on the screen, and at which it grows far beyond it.
const SIZES: [(u32, u32); 2] = [(1280, 2400), (390, 700)];

#[tokio::test]
async fn nothing_moves_while_a_reply_comes() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    for (width, height) in SIZES {
        tab.resize(width, height).await;
        tab.leave(async || tab.go("/").await).await;
        tab.until("document.querySelector('#composer[hx-post]')")
            .await;
        let text: Vec<char> = crate::browser::EVERYTHING.chars().collect();
        let answer = text.chunks(12).fold(Answer::sse(), |answer, token| {
            let token: String = token.iter().collect();
            answer.token(&token).then(Step::Wait(PACE * 2))
        });
        site.model.answer(answer.finish());
        tab.eval(WATCH).await;
        tab.press("#content", "Everything, please\u{e007}").await;
        tab.until_replied().await;
        let shifts = tab.eval("figures.shifts").await;
        assert_eq!(shifts, serde_json::json!([]), "{width} x {height}");
    }
    tab.complaints().await;
    tab.close().await;
}

#[tokio::test]
async fn what_was_streamed_is_in_the_end_what_the_server_renders() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let tokens = tokens(TOKENS);
    let answer = tokens
        .iter()
        .enumerate()
        .fold(Answer::sse(), |answer, (n, token)| {
            let answer = answer.token(token);
            match n % 40 {
                0 => answer.then(Step::Wait(Duration::from_millis(10))),
                _ => answer,
            }
        });
    site.model.answer(answer.finish());
    tab.send("Much, please").await;
    tab.until_replied().await;
    let streamed = tab.eval(TEXT).await;
    assert!(streamed.as_str().unwrap().len() > 8_000);
    tab.reload().await;
    tab.until_replied().await;
    assert_eq!(tab.eval(TEXT).await, streamed);
    tab.close().await;
}
