//! Connections that break while a reply runs: whatever breaks them, wherever, the page goes on
//! with no character missing and none twice.

use crate::{
    replies::{DOCUMENT, reply_of},
    support::{
        chromium::{Script, Tab},
        model::{Answer, Gate, ModelServer, Step},
        process::Process,
        site::{Site, wait_until},
        *,
    },
};
use std::time::Duration;
use tokio::sync::watch;

/// How often the connection breaks in one reply.
const BREAKS: u64 = 10;

/// How many words come between two breaks.
const WORDS: usize = 12;

/// Numbered words in every kind of block, a token each.
fn numbered(count: usize) -> Vec<String> {
    let blocks = |n: usize| match n / WORDS % 5 {
        0 => ("", " ", "\n\n"),
        1 => ("- ", "\n- ", "\n\n"),
        2 => ("```rust\n", ";\n", "\n```\n\n"),
        3 => ("> **Was** ist ", " 한국어 *und* `", "`\n\n"),
        _ => ("| a |\n|---|\n| ", " |\n| ", " |\n\n"),
    };
    let words = (0..count).map(|n| {
        let (start, middle, end) = blocks(n);
        let before = if n % WORDS == 0 { start } else { "" };
        // A span of code is one word.
        let middle = if middle.ends_with('`') && n % 2 == 1 {
            "` "
        } else {
            middle
        };
        let after = if (n + 1) % WORDS == 0 { end } else { middle };
        format!("{before}w{}{after}", n + 1)
    });
    words.collect()
}

/// The words that the last reply of the page shows, in their order.
async fn words(tab: &Tab) -> Vec<String> {
    let script = "[...document.querySelectorAll('.reply:last-child > .text')].filter(e => getComputedStyle(e).display != 'none').map(e => e.innerText).join(' ').match(/\\bw[0-9]+/g)";
    let words = tab.eval(script).await;
    words
        .as_array()
        .map_or(&Vec::new(), |words| words)
        .iter()
        .map(|word| word.as_str().unwrap().to_owned())
        .collect()
}

/// The numbers of so many words.
fn up_to(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("w{n}")).collect()
}

#[tokio::test]
async fn cut_ten_times_a_page_ends_with_what_the_model_said() {
    let mut dice = Dice::new("resume test");
    let site = Site::start().await;
    let wire = site.over_a_wire().await;
    let tab = Tab::open(&wire.url, Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    let tokens = numbered(WORDS * (BREAKS as usize + 1));
    site.model
        .answer(Answer::gated(&gate, tokens.iter().map(String::as_str)));
    tab.send("Many words").await;
    tab.mark().await;
    let mut said = 0;
    let mut say = |words: usize| {
        gate.open(words);
        said += words;
        said
    };
    for n in 0..BREAKS {
        let before = say(dice.throw(1, 4) as usize);
        tab.until_text(".reply", &format!("w{before}")).await;
        match n % 4 {
            // The server, or what stands before it, closes the connection.
            0 => wire.cut(),
            // The network has forgotten it.
            1 => wire.reset(),
            // In the middle of a message, or of a character.
            2 => {
                let cuts = wire.cuts();
                wire.cut_after(dice.throw(1, 120));
                say(1);
                wait_until(async || match wire.cuts() > cuts {
                    true => Ok(()),
                    false => Err("never cut".to_owned()),
                })
                .await;
            }
            // For a while what is sent gets lost, and nobody knows.
            _ => {
                wire.fall_silent();
                say(3);
                tokio::time::sleep(Duration::from_millis(dice.throw(50, 400))).await;
                wire.heal();
            }
        }
        let after = say(dice.throw(1, 4) as usize);
        tab.until_text(".reply", &format!("w{after}")).await;
        assert_eq!(words(&tab).await, up_to(after));
    }
    assert!(wire.cuts() >= BREAKS as usize);
    gate.open_all();
    tab.until_replied().await;
    assert_eq!(words(&tab).await, up_to(tokens.len()));
    assert!(tab.is_marked().await, "the page was loaded anew");
    // What was put together from eleven connections is what a new page shows. (The keys of forms are
    // each page's own.)
    let article = "document.querySelector('.reply').outerHTML.replace(/\\s+/g, ' ').replace(/(hx-nonce|value)=\"[^\"]*\"/g, '')";
    let streamed = tab.eval(article).await;
    tab.reload().await;
    tab.until_replied().await;
    assert_eq!(tab.eval(article).await, streamed);
    assert_eq!(site.model.requests().len(), 1);
}

#[tokio::test]
async fn a_page_that_is_open_when_the_server_crashes_tells_what_became_of_the_reply() {
    let model = ModelServer::start().await;
    let mut damso = Process::start(&[("OPENAI_BASE_URL", model.base_url().as_str())]).await;
    let tab = Tab::open(&damso.url(), Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    let tokens = numbered(WORDS);
    model.answer(Answer::gated(&gate, tokens.iter().map(String::as_str)));
    tab.send("Many words").await;
    tab.mark().await;
    gate.open(5);
    tab.until_text(".reply", "w5").await;
    // Until the journal has it as well, a crash may take it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    damso.kill();
    damso.restart().await;
    tab.until_replied().await;
    assert_eq!(words(&tab).await, up_to(5));
    assert!(tab.is_marked().await, "the page was loaded anew");
    assert_eq!(tab.count(".ending form").await, 2);
    tab.click(".ending form[action$='/retry'] button").await;
    tab.until_text(".reply:last-child .text", "Hello!").await;
}

/// How many pages follow one reply.
const READERS: usize = 5;

/// The last word of a reply that is cut at any byte.
pub const LAST: &str = "xyzzy";

/// What a page shows of a reply, and after how many connections: they break at any byte until the
/// last word is there, which is told, and the one that follows lives to the end.
pub async fn follow(
    ann: Browser,
    mut page: Page,
    mut dice: Dice,
    caught_up: watch::Sender<usize>,
) -> (String, usize) {
    let id = reply_of(&page);
    let path = page.attribute("[hx-sse\\:connect]", "hx-sse:connect");
    let (mut last, mut connections): (Option<String>, _) = (None, 0);
    while !page.html.contains(LAST) {
        let live = ann.events(&path, last.as_deref()).await;
        connections += 1;
        // Sooner or later also a long message gets through.
        let bytes = dice.throw(0, 1_000 + 100 * connections as u64);
        for event in live.cut_after(usize::try_from(bytes).unwrap()).await {
            page.apply(&event.data, "body", "none");
            last = Some(event.id);
        }
    }
    let live = ann.events(&path, last.as_deref()).await;
    caught_up.send_modify(|readers| *readers += 1);
    for event in live.events().await {
        if event.name.is_empty() {
            page.apply(&event.data, "body", "none");
        }
    }
    (page.inside(&format!("#r-{id}-blocks")), connections)
}

#[tokio::test]
async fn a_stream_may_be_cut_at_any_byte() {
    let mut dice = Dice::new("cut streams");
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let mut connections = 0;
    for _ in 0..6 {
        // The same blocks in another order, in tokens of another length.
        let mut blocks: Vec<_> = DOCUMENT.split("\n\n").collect();
        for n in (1..blocks.len()).rev() {
            blocks.swap(n, dice.throw(0, n as u64 + 1) as usize);
        }
        blocks.push(LAST);
        let letters: Vec<char> = blocks.join("\n\n").chars().collect();
        let length = dice.throw(1, 12) as usize;
        let answer = letters.chunks(length).fold(Answer::sse(), |answer, token| {
            answer
                .then(Step::Wait(Duration::from_millis(length as u64)))
                .token(&token.iter().collect::<String>())
        });
        let gate = Gate::new();
        app.model
            .answer(answer.then(Step::Gate(gate.clone())).finish());
        let form = ann.get("/").await.form("#composer").fill("content", "Go");
        let page = ann.submit(&form).await;
        let caught_up = watch::Sender::new(0);
        let readers = (0..READERS).map(|_| {
            let dice = Dice::with_seed(dice.throw(0, u64::MAX));
            let reader = follow(ann.clone(), page.clone(), dice, caught_up.clone());
            tokio::spawn(reader)
        });
        let readers: Vec<_> = readers.collect();
        let mut caught_up = caught_up.subscribe();
        let all = caught_up.wait_for(|readers| *readers == READERS);
        tokio::time::timeout(PATIENCE, all)
            .await
            .expect("all see the last word")
            .unwrap();
        gate.open_all();
        let mut ends = Vec::new();
        for reader in readers {
            ends.push(reader.await.unwrap());
        }
        let whole = ann.get(&page.path).await;
        let whole = whole.inside(&format!("#r-{}-blocks", reply_of(&page)));
        let same = |html: &str| html.replace("\n\n", "\n").trim().to_owned();
        for (end, count) in ends {
            assert_eq!(same(&end), same(&whole), "{}", blocks.join("\n\n"));
            connections += count;
        }
    }
    // Each reader's at least twice, however far behind the computer let it fall.
    assert!(connections > 60, "only {connections} connections");
}
