//! What people read when a model server is in trouble, or sends something else than an answer.

use crate::{
    replies::sentence,
    support::{
        Browser, KINDS, TestApp, log,
        model::{Answer, Gate, STOP, Step, token},
        soon,
    },
};
use std::time::Duration;

const JSON: &str = "application/json";

fn refused(status: u16, words: &str) -> Answer {
    Answer::status(
        status,
        JSON,
        &format!(r#"{{"error":{{"message":"{words}"}}}}"#),
    )
}

/// A stream with these events, and its end.
fn events<'a>(data: impl IntoIterator<Item = &'a str>) -> Answer {
    data.into_iter()
        .fold(Answer::sse(), Answer::event)
        .event("[DONE]")
        .then(Step::End)
}

/// A stream with this delta alone.
fn only(delta: &str) -> Answer {
    let event = format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#);
    events([event.as_str(), STOP])
}

#[tokio::test]
async fn what_servers_say_is_told_in_words_that_help() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    for (answer, id) in [
        (
            refused(400, "API key not valid. Please pass a valid API key."),
            "reply-wrong-key",
        ),
        (refused(400, "No connected db."), "reply-wrong-key"),
        (
            refused(400, "Invalid model name passed in model=x"),
            "reply-unknown-model",
        ),
        (
            refused(400, "The input exceeds the maximum number of tokens"),
            "reply-too-long",
        ),
        (refused(402, "Insufficient Balance"), "reply-no-credit"),
        (
            refused(403, "Your text was flagged by moderation"),
            "reply-moderated",
        ),
        (
            refused(403, "This service is not available in your country"),
            "reply-region",
        ),
        (
            Answer::status(403, "text/html", "<html>Access denied</html>"),
            "reply-blocked",
        ),
        (
            refused(413, "Limit 6000 tokens per minute"),
            "reply-rate-limited",
        ),
        (refused(400, "something else"), "reply-refused"),
        (Answer::stream([]), "reply-empty"),
        (Answer::status(200, JSON, ""), "reply-cut-off-early"),
        (Answer::stream(["<think>hm</think>"]), "reply-only-thoughts"),
        (
            only(r#"{"tool_calls":[{"index":0,"function":{"name":"f"}}]}"#),
            "reply-only-tool-call",
        ),
        (
            only(r#"{"images":[{"type":"image_url"}]}"#),
            "reply-only-media",
        ),
    ] {
        app.model.always(answer);
        let page = ann.start_chat("Go").await;
        let page = ann.finished(&page).await;
        assert_eq!(page.text(".ending .note"), sentence("en", id));
        // Another try is always offered.
        assert!(page.has(".ending form[action$='/retry']"), "{id}");
        assert!(!page.has(".ending form[action$='/continue']"), "{id}");
    }
}

#[tokio::test]
async fn a_reply_that_is_stopped_before_its_first_word_keeps_nothing_and_says_so() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.model.answer(Answer::gated(&Gate::new(), ["never"]));
    let path = ann.start_running("Go").await;
    let shown = ann.get(&path).await;
    ann.submit(&shown.form("form[action$='/stop']")).await;
    let page = ann.get(&format!("{path}/live")).await;
    let page = ann.finished(&page).await;
    let note = page.text(".ending .note");
    assert_eq!(note, sentence("en", "reply-stopped-early"));
}

#[tokio::test]
async fn a_reply_that_the_server_broke_off_can_be_carried_on() {
    for (reason, id) in [
        ("insufficient_system_resource", "reply-cut-short"),
        ("model_length", "reply-length"),
    ] {
        let app = TestApp::start().await;
        let ann = Browser::plain(&app).sign_up("ann").await;
        let end = STOP.replace("\"stop\"", &format!("\"{reason}\""));
        app.model.answer(events([&*token("Half"), &*end]));
        let page = ann.start_chat("Go").await;
        let page = ann.finished(&page).await;
        assert_eq!(page.text(".ending .note"), sentence("en", id));
        app.model.answer(Answer::stream([" and whole."]));
        let page = ann.submit(&page.form("form[action$='/continue']")).await;
        let page = ann.finished(&page).await;
        assert_eq!(page.text(".reply .text"), "Half and whole.");
        assert!(!page.has(".ending .note"), "{}", page.html);
        // A model that has nothing to add has said everything.
        app.model.answer(events([&*token("Whole."), &*end]));
        let page = ann.start_chat("Go").await;
        let page = ann.finished(&page).await;
        app.model.answer(Answer::stream([]));
        let page = ann.submit(&page.form("form[action$='/continue']")).await;
        let page = ann.finished(&page).await;
        assert_eq!(page.text(".reply .text"), "Whole.");
        assert!(!page.has(".ending .note"), "{}", page.html);
    }
}

#[tokio::test]
async fn only_administrators_read_the_servers_own_words_and_nobody_in_the_log() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let ben = Browser::htmx(&app).sign_up("ben").await;
    let words = "We do not like: Is persimmon a secret?";
    for answer in [
        Answer::status(
            400,
            JSON,
            &format!(r#"{{"error":{{"message":"{words}","code":"odd_prompt"}}}}"#),
        ),
        Answer::sse()
            .event(&format!(
                r#"{{"error":{{"message":"{words}","type":"odd_prompt"}}}}"#
            ))
            .then(Step::End),
    ] {
        app.model.always(answer);
        let hers = ann.start_chat("Is persimmon a secret?").await;
        assert!(hers.text(".ending .hint").contains(words), "{}", hers.html);
        let his = ben.start_chat("Is persimmon a secret?").await;
        assert!(
            !his.has(".ending .hint") && !his.html.contains("We do not like"),
            "{}",
            his.html
        );
    }
    let log = log();
    let told = log.lines().find(|line| line.contains("persimmon"));
    assert_eq!(told, None);
    assert!(
        log.contains("status 400, code odd_prompt"),
        "the log tells the kind"
    );
}

#[tokio::test]
async fn a_message_that_was_never_answered_goes_with_the_next_one() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    for unanswered in [
        refused(400, "no"),
        Answer::stream([]),
        only(r#"{"tool_calls":[{"index":0}]}"#),
        Answer::stream(["<think>hm</think>"]),
    ] {
        app.model.answer(unanswered);
        let page = ann.start_chat("First").await;
        let page = ann.finished(&page).await;
        ann.send(&page, "Second").await;
        app.idle().await;
        let sent = app.model.requests().pop().unwrap().body["messages"].clone();
        let expected = serde_json::json!([{ "role": "user", "content": "First\n\nSecond" }]);
        assert_eq!(sent, expected);
    }
    // Stopped before its first word.
    app.model.answer(Answer::sse().then(Step::Hang));
    let path = ann.start_running("First").await;
    let page = ann.get(&path).await;
    ann.submit(&page.form("form[action$='/stop']")).await;
    let page = ann.finished(&ann.get(&path).await).await;
    ann.send(&page, "Second").await;
    app.idle().await;
    let sent = app.model.requests().pop().unwrap().body["messages"].clone();
    assert_eq!(sent[0]["content"], "First\n\nSecond");
    assert_eq!(sent.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn thoughts_whose_beginning_is_missing_are_told_from_the_answer() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        app.model.answer(Answer::stream([
            "The user greets me.\n",
            "</th",
            "ink>\n\n",
            "Hello!",
        ]));
        let page = ann.start_chat("Hi").await;
        let page = ann.finished(&page).await;
        let page = ann.get(page.path.split("/live").next().unwrap()).await;
        assert_eq!(page.text(".reply .thoughts"), "The user greets me.");
        assert_eq!(page.text(".reply .text"), "Hello!");
        ann.send(&page, "On").await;
        let sent = app.model.requests().pop().unwrap().body["messages"].to_string();
        assert!(
            sent.contains("Hello!") && !sent.contains("greets"),
            "{sent}"
        );
    }
}

#[tokio::test]
async fn a_text_about_marks_of_thoughts_is_kept() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let text = "Write `</think>` behind it:\n\n```\n<think>\nhm\n</think>\n```\n\nThat is all.";
    app.model.says(text);
    let page = ann.start_chat("How?").await;
    let page = ann.finished(&page).await;
    assert!(!page.has(".reply .thoughts"));
    assert_eq!(page.text(".reply pre code"), "<think> hm </think>");
    ann.send(&page, "On").await;
    let sent = app.model.requests().pop().unwrap().body["messages"].clone();
    assert_eq!(sent[1]["content"], text);
}

#[tokio::test]
async fn a_busy_server_is_called_busy() {
    let app = TestApp::with(|config| config.retry_base = Duration::from_secs(60)).await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    for (status, words) in [(429, "is busy"), (503, "is busy")] {
        app.model
            .answer(Answer::with_headers(status, &[("retry-after", "30")], "{}"));
        let path = ann.start_running("Go").await;
        let mut page = ann.open_live(&format!("{path}/live")).await;
        page.until(words).await;
        let shown = ann.get(&path).await;
        ann.submit(&shown.form("form[action$='/stop']")).await;
    }
}

/// Loads the page until the chat has this title.
async fn titled(person: &Browser, path: &str, title: &str) {
    soon(title, async {
        while person.get(path).await.text("#title h1") != title {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_model_that_thinks_makes_a_title_all_the_same() {
    let thought = r#"{"choices":[{"delta":{"reasoning_content":"The user wants a title"}}]}"#;
    let length = STOP.replace("\"stop\"", "\"length\"");
    for marked in [false, true] {
        let app = TestApp::with(|config| config.titles = true).await;
        let ann = Browser::plain(&app).sign_up("ann").await;
        let (cut, whole) = match marked {
            true => (
                events([&*token("<think>The user wants"), &*length]),
                Answer::stream(["<think>The user wants a title</think>", "Cooking rice"]),
            ),
            false => (
                events([thought, &*length]),
                events([thought, &*token("Cooking rice"), STOP]),
            ),
        };
        app.model.answers(move |request| {
            let is_title = request.question().contains("Write a title");
            match request.body["max_tokens"].as_i64() {
                _ if !is_title => Answer::stream(["Boil it."]),
                Some(..500) => cut.clone(),
                _ => whole.clone(),
            }
        });
        let page = ann.start_chat("How do I cook rice?").await;
        titled(&ann, &page.path, "Cooking rice").await;
    }
}

#[tokio::test]
async fn an_answer_that_was_cut_is_no_title() {
    let app = TestApp::with(|config| config.titles = true).await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let length = STOP.replace("\"stop\"", "\"length\"");
    let cut = events([&*token("Of course! Here is a title that"), &*length]);
    app.model.answers(move |request| match request.question() {
        question if !question.contains("Write a title") => Answer::stream(["Boil it."]),
        question if question.contains("Second") => Answer::stream(["Whole"]),
        _ => cut.clone(),
    });
    let first = ann.start_chat("First line").await;
    app.model.asked(2).await;
    let second = ann.start_chat("Second line").await;
    titled(&ann, &second.path, "Whole").await;
    assert_eq!(ann.get(&first.path).await.text("#title h1"), "First line");
}

#[tokio::test]
async fn of_a_model_that_is_a_file_the_last_part_is_shown() {
    let app = TestApp::with(|config| {
        config.openai_model = Some("/usr/lib/models/SmolLM2-135M.gguf".to_owned());
    })
    .await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("Hi").await;
    let page = ann.finished(&page).await;
    assert_eq!(page.text(".reply .who"), "SmolLM2-135M.gguf");
    assert_eq!(
        app.model.requests()[0].body["model"],
        "/usr/lib/models/SmolLM2-135M.gguf"
    );
}

#[tokio::test]
async fn a_name_that_the_server_does_not_list_is_asked_about_once() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        app.model.has(&["plum", "pear"]);
        // So the list is known.
        let form = ann
            .get("/settings")
            .await
            .form("form[action='/settings/models']");
        ann.submit(&form).await;
        let page = ann.get("/chats/new").await;
        let form = page
            .form("form[action='/chats']")
            .fill("content", "Hi")
            .fill("model", "plumm");
        let page = ann.submit(&form).await;
        assert!(page.html.contains("does not list “plumm”"), "{}", page.html);
        assert_eq!(app.model.requests().len(), 0);
        let page = ann.submit(&form).await;
        ann.finished(&page).await;
        assert_eq!(app.model.requests()[0].body["model"], "plumm");
        // One that it lists is simply taken.
        let page = ann.get("/chats/new").await;
        let form = page
            .form("form[action='/chats']")
            .fill("content", "Hi")
            .fill("model", "pear");
        let page = ann.submit(&form).await;
        ann.finished(&page).await;
        assert_eq!(app.model.requests()[1].body["model"], "pear");
    }
}
