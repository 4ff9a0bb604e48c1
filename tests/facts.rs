//! What stands below a reply: model, when, tokens, speed.

use crate::support::{
    Browser, PASSWORD, TestApp,
    model::{Answer, Gate},
};
use serde_json::json;

const FACTS: &str = ".reply .facts";
const KINDS: [fn(&TestApp) -> Browser; 3] = [Browser::plain, Browser::htmx, Browser::text];

/// An answer whose server tells what it cost.
fn counted(text: &str) -> Answer {
    let usage =
        json!({ "choices": [], "usage": { "prompt_tokens": 1234, "completion_tokens": 56 } });
    let stop = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    Answer::sse()
        .token(text)
        .event(&stop.to_string())
        .event(&usage.to_string())
        .event("[DONE]")
        .then(crate::support::model::Step::End)
}

#[tokio::test]
async fn what_the_server_tells_stands_below_the_reply() {
    for (language, tokens, place) in [
        ("en", "Tokens: 1,234 in, 56 out", "(UTC)"),
        ("ko", "토큰: 입력 1,234개, 출력 56개", "(UTC 시간대)"),
    ] {
        for kind in KINDS {
            let app = TestApp::start().await;
            let ann = kind(&app).speaking(language).sign_up("ann").await;
            app.model.answer(counted("Yes."));
            // As the page is at the reply's end, and as it is when it is loaded.
            let page = ann.start_chat("Is it?").await;
            let path = page.path.split("/live").next().unwrap().to_owned();
            let id = page.attributes(".reply", "id")[0].replace("r-", "");
            for page in [
                page,
                ann.get(&path).await,
                ann.get(&format!("/replies/{id}")).await,
            ] {
                let facts = page.text(FACTS);
                // In a text browser one cannot point at a time to see it exactly.
                if ann.is_text() {
                    assert!(facts.contains(place) && facts.ends_with(tokens), "{facts}");
                    continue;
                }
                let time = page.text(".facts time");
                assert_eq!(facts, format!("test-model · {time} · {tokens}"));
                let exact = page.attribute(".facts time", "title");
                assert!(exact.contains(&time) && exact.contains(place), "{exact}");
                // Where it can be read without pointing, too.
                assert!(page.text(".reply .more time").contains(place));
                let machine = page.attribute(".facts time", "datetime");
                assert!(machine.ends_with('Z') && machine.len() == 20, "{machine}");
            }
            if !ann.is_text() {
                let sent = ann.get(&path).await.text(".mine .more time");
                assert!(sent.contains(place), "{sent}");
            }
        }
    }
}

#[tokio::test]
async fn what_the_server_does_not_tell_is_estimated_and_says_so() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.model
        .says("Twelve words are said here, so that there is something to count.");
    let page = ann.start_chat("Is it?").await;
    let time = page.text(".facts time");
    assert_eq!(
        page.text(FACTS),
        format!("test-model · {time} · Tokens: about 6 in, about 16 out")
    );
    app.change("update messages set ended_at = 1577804700000000, written_in = 2000000 where role = 'assistant'").await;
    let path = page.path.split("/live").next().unwrap();
    for (language, facts) in [
        (
            "en",
            "test-model · 31 Dec 2019 · Tokens: about 6 in, about 16 out · about 8.0 tokens per second",
        ),
        (
            "ko",
            "test-model · 2019년 12월 31일 · 토큰: 입력 약 6개, 출력 약 16개 · 초당 토큰 약 8.0개",
        ),
    ] {
        let ann = ann.fresh().speaking(language);
        ann.sign_in("ann", PASSWORD).await;
        assert_eq!(ann.get(path).await.text(FACTS), facts);
    }
}

#[tokio::test]
async fn a_reply_that_was_stopped_has_facts_and_one_that_runs_has_none() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    app.model.answer(Answer::gated(&gate, ["One ", "two"]));
    let path = ann.start_running("Count").await;
    gate.open(1);
    app.until("select exists (select 1 from reply_parts)").await;
    let page = ann.get(&path).await;
    assert!(!page.has(FACTS));
    ann.submit(&page.form(".stop")).await;
    app.idle().await;
    let stopped = ann.get(&path).await;
    assert!(stopped.text(FACTS).contains("Tokens: about"));
    assert!(stopped.text(".ending").contains("Stopped."));
    // Carried on, both parts count.
    app.model.says("and three, and many more, and so on.");
    ann.submit(&stopped.form("[action$='/continue']")).await;
    app.idle().await;
    let tokens = "select completion_tokens > 8 and written_in is not null from messages where role = 'assistant'";
    assert!(app.value::<bool>(tokens).await);
    // Without a word there is nothing to count.
    app.model.always(Answer::status(422, "text/plain", "no"));
    let page = ann.send(&ann.get(&path).await, "On").await;
    let facts = page.texts(FACTS);
    assert!(!facts[1].contains("Tokens"), "{facts:?}");
}
