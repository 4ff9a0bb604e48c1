//! What a model thinks before it answers, as people watch it.

use crate::{
    replies::sentence,
    support::{
        Browser, PASSWORD, Page, TestApp,
        chromium::{Script, Tab},
        model::{Answer, Gate, Step},
        site::Site,
    },
};
use serde_json::json;

/// A piece of an answer that is a thought, as most servers send it.
fn thought(text: &str) -> String {
    json!({ "choices": [{ "index": 0, "delta": { "reasoning_content": text } }] }).to_string()
}

/// Thoughts and then text, each behind a gate.
fn thinking(gate: &Gate, thoughts: &[&str], tokens: &[&str]) -> Answer {
    let wait = || Step::Gate(gate.clone());
    let answer = thoughts.iter().fold(Answer::sse(), |answer, text| {
        answer.then(wait()).event(&thought(text))
    });
    let answer = tokens
        .iter()
        .fold(answer, |answer, text| answer.then(wait()).token(text));
    answer.then(wait()).finish()
}

/// The id of a page's last reply.
fn reply_of(page: &Page) -> String {
    let ids = page.attributes(".reply", "id");
    ids.last().unwrap().trim_start_matches("r-").to_owned()
}

#[tokio::test]
async fn thoughts_are_sent_while_they_come_and_only_once() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::htmx(&app).sign_up("ann").await);
    app.model.answer(thinking(
        &gate,
        &["<b>Hm</b>,\nwell", " and", " so on.\n\n"],
        &["Yes.", " Sure."],
    ));
    let path = ann.start_running("Is it?").await;
    let id = reply_of(&ann.get(&path).await);
    let address = format!("/replies/{id}/events");
    let mut events = ann.events(&address, None).await;
    let mut all = Vec::new();
    for said in ["Hm", " and", " so on.", "Yes.", " Sure."] {
        gate.open(1);
        loop {
            let event = events.event().await.unwrap();
            let last = event.data.contains(said);
            all.push(event);
            if last {
                break;
            }
        }
    }
    let data: String = all.iter().map(|event| &*event.data).collect();
    assert!(data.contains("&lt;b&gt;Hm&lt;/b&gt;,<br>well") || data.contains("&#60;b&#62;Hm"));
    for said in ["Hm", " and", " so on."] {
        assert_eq!(data.matches(said).count(), 1, "{said} in {data}");
    }
    let closes = data.matches("hx-swap=\"outerMorph\"").count();
    assert_eq!(closes, 1, "{data}");

    // Whoever comes back after any of them lacks nothing and gets nothing twice.
    let heard = |data: &str, said: &str| data.matches(said).count();
    for n in 0..all.len() {
        let last_id = &*all[n].id;
        let mut again = ann.events(&address, Some(last_id)).await;
        let before: String = all[..=n].iter().map(|event| &*event.data).collect();
        let mut after = String::new();
        while !after.contains("Sure.") {
            after += &again.event().await.unwrap().data;
        }
        for said in ["Hm", " and", " so on."] {
            assert_eq!(
                heard(&before, said) + heard(&after, said),
                1,
                "{said} after {last_id}"
            );
        }
    }
    gate.open_all();
    app.idle().await;
    let page = ann.get(&path).await;
    assert_eq!(page.text(".reply .thoughts"), "<b>Hm</b>, well and so on.");
    assert_eq!(page.text(".reply .text"), "Yes. Sure.");
    assert!(page.has("details.reasoning:not([open])"));
}

#[tokio::test]
async fn nonsense_positions_are_borne() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::htmx(&app).sign_up("ann").await);
    app.model
        .answer(thinking(&gate, &["가나다", "라"], &["네."]));
    let path = ann.start_running("Is it?").await;
    let id = reply_of(&ann.get(&path).await);
    gate.open(1);
    app.until("select exists (select 1 from reply_parts where kind = 'reasoning')")
        .await;
    let mut readers = Vec::new();
    for position in [
        "0.1",
        "0.4",
        "0.99999999",
        "5.0",
        "0.",
        ".",
        "x",
        "-1.-1",
        "1.2.3",
    ] {
        let address = format!("/replies/{id}/events?after={position}");
        readers.push(ann.events(&address, None).await);
        readers.push(
            ann.events(&format!("/replies/{id}/events"), Some(position))
                .await,
        );
    }
    gate.open_all();
    for reader in readers {
        assert_eq!(reader.events().await.last().unwrap().name, "done");
    }
}

#[tokio::test]
async fn a_page_that_is_made_meanwhile_goes_on_from_its_thoughts() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    app.model
        .answer(thinking(&gate, &["First", " second"], &["Yes."]));
    let path = ann.start_running("Is it?").await;
    gate.open(1);
    app.until("select exists (select 1 from reply_parts where kind = 'reasoning')")
        .await;
    let page = ann.get(&path).await;
    assert_eq!(page.text(".reply details[open] .thoughts"), "First");
    let address = page.attribute("[hx-sse\\:connect]", "hx-sse:connect");
    let mut events = ann.events(&address, None).await;
    gate.open_all();
    let mut data = String::new();
    while let Some(event) = events.event().await {
        data += &event.data;
    }
    assert!(
        data.contains(" second") && !data.contains("First"),
        "{data}"
    );
}

#[tokio::test]
async fn what_stands_in_think_tags_is_thought_and_never_sent_back() {
    for (tokens, thought) in [
        (
            vec!["<th", "ink>Hm, w", "ell</", "think>\n\n", "Yes <think>."],
            "Hm, well",
        ),
        (vec!["<thinking>Hm</thinking>Yes <think>."], "Hm"),
    ] {
        let app = TestApp::start().await;
        let ann = Browser::plain(&app).sign_up("ann").await;
        app.model.answer(Answer::stream(tokens));
        let page = ann.start_chat("Is it?").await;
        assert_eq!(page.text(".reply .thoughts"), thought);
        assert_eq!(
            page.text(".reply .text.draft, .reply .text"),
            "Yes <think>."
        );
        let page = ann.get(page.path.split("/live").next().unwrap()).await;
        assert_eq!(page.text(".reply .thoughts"), thought);
        ann.send(&page, "On").await;
        let request = app.model.requests().pop().unwrap().body["messages"].to_string();
        assert!(
            request.contains("Yes") && !request.contains("Hm"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn an_answer_behind_another_familys_mark_is_shown_at_once_and_kept_when_stopped() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    let tokens = ["<thinking>Hm</think>", "Yes,\n\n", "but never this"];
    app.model.answer(Answer::gated(&gate, tokens));
    let path = ann.start_running("Is it?").await;
    let mut page = ann.open_live(&format!("{path}/live")).await;
    gate.open(2);
    page.until("Yes,").await;
    let shown = ann.get(&path).await;
    ann.submit(&shown.form("form[action$='/stop']")).await;
    page.page().await;
    let page = ann.get(&path).await;
    assert_eq!(page.text(".reply .thoughts"), "Hm");
    assert_eq!(page.text(".reply .text"), "Yes,");
    assert_eq!(page.text(".ending .note"), sentence("en", "reply-stopped"));
}

#[tokio::test]
async fn a_page_that_stays_open_tells_thoughts_while_they_come() {
    for kind in [Browser::plain, Browser::text] {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model.answer(thinking(
            &gate,
            &["Hm\n", "and <so> on"],
            &["Yes.\n\nSure.\n\n", "So."],
        ));
        let path = ann.start_running("Is it?").await;
        let mut page = ann.open_live(&format!("{path}/live")).await;
        gate.open(1);
        page.until("Hm").await;
        gate.open(1);
        page.until("and &lt;so&gt; on").await;
        gate.open(1);
        page.until("Yes.").await;
        gate.open_all();
        let page = page.page().await;
        let box_at = page.html.find("<details class=\"reasoning\"").unwrap();
        let answer_at = page.html.find("-blocks\"").unwrap();
        assert!(box_at < answer_at);
        assert_eq!(
            page.text("details.reasoning:not([open])")
                .replace("Thoughts", "")
                .trim(),
            "Hm and <so> on"
        );
        assert_eq!(
            page.texts(".reply .text p:not(.tail)"),
            ["Yes.", "Sure.", "So."]
        );
        // Text browsers know no styles and would show both.
        let times = page.html.matches("Hm").count();
        assert_eq!(times, if ann.is_text() { 1 } else { 2 }, "{}", page.html);
    }
}

#[tokio::test]
async fn a_reply_that_is_stopped_while_it_thinks_keeps_what_it_thought() {
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model.answer(thinking(&gate, &["Hm", "never"], &[]));
        let path = ann.start_running("Is it?").await;
        gate.open(1);
        app.until("select exists (select 1 from reply_parts where kind = 'reasoning')")
            .await;
        let page = ann.get(&path).await;
        ann.submit(&page.form(".stop")).await;
        app.idle().await;
        let page = ann.get(&path).await;
        assert_eq!(page.text(".reply .thoughts"), "Hm");
        assert!(page.has("details.reasoning:not([open])") && page.has("[action$='/retry']"));
    }
}

#[tokio::test]
async fn what_is_thought_when_a_reply_is_carried_on_is_shown_and_kept() {
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model
            .answer(thinking(&gate, &["Hm"], &["One[^1], ", "never"]));
        let path = ann.start_running("Count").await;
        gate.open(2);
        app.until("select exists (select 1 from reply_parts where kind = 'body')")
            .await;
        ann.submit(&ann.get(&path).await.form(".stop")).await;
        app.idle().await;
        let stopped = ann.get(&path).await;
        let (gate, more) = (Gate::new(), &["two.\n\n[^1]: Note"]);
        app.model.answer(thinking(&gate, &["Where was I?"], more));
        ann.submit_live(&stopped.form("[action$='/continue']"))
            .await;
        let open = ann.open_live(&format!("{path}/live")).await;
        gate.open_all();
        let held = match ann.is_htmx() {
            true => None,
            false => Some(open.page().await),
        };
        app.idle().await;
        let page = ann.get(&path).await;
        assert_eq!(page.text(".reply .thoughts"), "Hm Where was I?");
        if let Some(held) = held {
            let thoughts = held.texts("details.reasoning");
            assert!(thoughts[0].ends_with("Hm") && thoughts[1].ends_with("Where was I?"));
            let has_both = held.has(".text.draft + .text.final");
            assert_eq!(has_both, !ann.is_text(), "{}", held.html);
        }
        let request = app.model.requests().pop().unwrap().body["messages"].to_string();
        assert!(
            request.contains("One") && !request.contains("Hm"),
            "{request}"
        );
    }
}

#[tokio::test]
async fn another_instance_shows_what_is_thought_here() {
    let app = TestApp::start().await;
    let Some(other) = app.another().await else {
        return;
    };
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    app.model
        .answer(thinking(&gate, &["First", " second"], &["Yes."]));
    let path = ann.start_running("Is it?").await;
    gate.open(1);
    app.until("select exists (select 1 from reply_parts where kind = 'reasoning')")
        .await;
    let there = ann.fresh().on(&other);
    there.sign_in("ann", PASSWORD).await;
    let mut page = there.open_live(&format!("{path}/live")).await;
    page.until("First").await;
    gate.open(1);
    page.until(" second").await;
    gate.open_all();
    let page = page.page().await;
    assert_eq!(page.texts(".reply .text p"), ["Yes."]);
    assert!(page.text("details.reasoning").contains("First second"));
}

const THOUGHTS: &str = ".reply .thoughts";
const IS_OPEN: &str = "document.querySelector('details.reasoning').open";

#[tokio::test]
async fn the_box_is_open_until_the_answer_begins_and_then_as_a_person_leaves_it() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    site.model.answer(thinking(
        &gate,
        &["Hm <b>x</b>\nso", " it seems"],
        &["Yes", " it", " is.\n\n[a]: b"],
    ));
    tab.send("Is it?").await;
    gate.open(1);
    tab.until_text(THOUGHTS, "Hm <b>x</b>\nso").await;
    assert_eq!(tab.eval(IS_OPEN).await, true);
    tab.eval("window.first = document.querySelector('.thoughts > div').firstChild; 0")
        .await;
    gate.open(1);
    tab.until_text(THOUGHTS, "so it seems").await;
    gate.open(1);
    tab.until_text(".reply .text.open", "Yes").await;
    tab.until(&format!("!{IS_OPEN}")).await;
    assert_eq!(tab.eval("window.first.isConnected").await, true);
    // What a person opens now stays open, whatever comes.
    tab.click(".reasoning summary").await;
    tab.until(IS_OPEN).await;
    gate.open(1);
    tab.until_text(".reply .text.open", "Yes it").await;
    assert_eq!(tab.eval(IS_OPEN).await, true);
    gate.open_all();
    tab.until_replied().await;
    assert_eq!(tab.eval(IS_OPEN).await, true);
    assert_eq!(tab.eval("window.first.isConnected").await, true);
    let shown = tab.text(THOUGHTS).await;
    let inside = "document.querySelector('.reply .thoughts').innerHTML";
    let streamed = tab.eval(inside).await;
    tab.reload().await;
    tab.until_replied().await;
    assert_eq!(tab.eval(IS_OPEN).await, false);
    assert_eq!(tab.eval(inside).await, streamed);
    assert_eq!(shown, "Hm <b>x</b>\nso it seems");
    assert_eq!(tab.complaints().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn without_script_thoughts_go_into_a_closed_box_when_the_answer_comes() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::Off).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    site.model.answer(thinking(
        &gate,
        &["Hm\nso", " it seems"],
        &["Yes", " it is."],
    ));
    tab.send("Is it?").await;
    gate.open(1);
    tab.until_text(".reply .thoughts.tail", "Hm\nso").await;
    gate.open(1);
    tab.until_text(".reply .thoughts.tail", "so it seems").await;
    gate.open(1);
    tab.until("document.querySelector('details.reasoning')")
        .await;
    let display = "getComputedStyle(document.querySelector('.thoughts.tail')).display";
    tab.until(&format!("{display} == 'none'")).await;
    assert_eq!(tab.eval(IS_OPEN).await, false);
    gate.open_all();
    tab.until_replied().await;
    tab.click(".reasoning summary").await;
    tab.until_text("details.reasoning .thoughts", "Hm\nso it seems")
        .await;
    tab.close().await;
}
