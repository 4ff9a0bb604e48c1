//! Replies while they are written: seen bit by bit, followed from anywhere, stopped, and ended in
//! every way there is.

use crate::support::{
    model::{Answer, Gate, STOP, Step},
    *,
};
use damso::models::ModelErrorKind;
use http::{Method, StatusCode};
use std::time::Duration;

const MESSAGES: &str = ".message .text";

/// Every form of block, so that pieces are cut wherever they can be.
pub const DOCUMENT: &str = "# A *title* with <b>no</b> HTML & more\n\nFirst **paragraph**, with `code`, ~~nothing~~ and \
    a [link](https://example.org/x?a=1&b=2).\nIts second line.\n\n- one\n- two **strong\n  words**\n  - inner\n  - inner too\n- three\n\n\
    1. first\n\n   loose\n2. second\n\n> quoted\n> > twice\n>\n> again\n\n| a | b |\n| --- | :-: |\n| 1 | *2* |\n| 3 | 4 |\n\n\
    ```rust\nfn main() {\n    println!(\"<hi>\");\n}\n\nfn other() {}\n```\n\n- [x] done\n- [ ] open\n\n    indented code\n    more\n\n\
    Setext\n======\n\n---\n\n![image](https://example.org/i.png)\n\n한국어 문장이에요. 😀👩‍👩‍👧\n\n```\nunclosed <i>\n\nend";

/// Pieces of at most so many characters.
fn cut(text: &str, length: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters
        .chunks(length)
        .map(|piece| piece.iter().collect())
        .collect()
}

fn gated(gate: &Gate, tokens: &[String]) -> Answer {
    Answer::gated(gate, tokens.iter().map(String::as_str))
}

/// A sentence of the interface, as the translators wrote it.
pub fn sentence(language: &str, id: &str) -> String {
    let path = format!("{}/locales/{language}/chat.ftl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{id} = ")));
    line.unwrap_or_else(|| panic!("no {id} in {language}"))
        .to_owned()
}

/// The key of the chat's last reply.
pub fn reply_of(page: &Page) -> String {
    let ids = page.attributes(".reply", "id");
    ids.last().unwrap().strip_prefix("r-").unwrap().to_owned()
}

/// Takes back that the connection was cut.
const ALIVE: &str =
    r#"<input autocomplete="off" checked="" class="alive" hidden="" name="alive" type="radio">"#;

#[tokio::test]
async fn without_script_the_reply_arrives_token_by_token() {
    for kind in [Browser::plain, Browser::text] {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let chat = ann.start_chat("Before").await;
        let tokens: Vec<String> = (0..8).map(|n| format!("token{n}.\n\n")).collect();
        let gate = Gate::new();
        app.model.answer(gated(&gate, &tokens));
        let mut live = ann
            .submit_live(&chat.form("#composer").fill("content", "Count"))
            .await;
        assert!(live.path.starts_with(&format!("{}/live/", chat.path)));
        assert_eq!(live.headers["x-accel-buffering"], "no");
        assert_eq!(live.headers["content-encoding"], "identity");
        let first = live.next().await.unwrap();
        for needed in [
            "<title>⋯ Before",
            "id=\"composer\"",
            "<textarea",
            ">Stop<",
            ">Count</div>",
            "<article",
            "Hello!",
        ] {
            assert!(
                first.contains(needed),
                "{needed} is not in the first piece: {first}"
            );
        }
        assert!(!first.contains("</html>") && !first.contains("http-equiv"));
        for token in &tokens {
            assert!(!live.seen.contains(token.trim()));
            gate.open(1);
            live.until(token.trim()).await;
            assert!(!live.seen.contains("</html>"));
        }
        gate.open_all();
        let page = live.page().await;
        assert!(page.html.trim_end().ends_with("</html>") && page.has("i.b.done"));
        assert!(!page.has("[aria-busy=false]"));
        assert_eq!(page.html.matches("<html").count(), 1);
        for token in tokens {
            assert!(
                page.texts(".reply:last-child p")
                    .contains(&token.trim().to_owned())
            );
        }
    }
}

#[tokio::test]
async fn without_script_no_letter_is_missing_behind_what_is_not_shown() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    // Blank lines and link definitions become no part of the page.
    let tokens = [
        "```\na\n```\n\nO",
        "ne two.",
        "\n\nThree.\n\n[a]: b\n",
        "\nFo",
        "ur five.",
    ];
    app.model.answer(Answer::gated(&gate, tokens));
    let path = ann.start_running("Go").await;
    let mut page = ann.open_live(&format!("{path}/live")).await;
    for (token, said) in tokens
        .into_iter()
        .zip(["O", "ne two.", "[a]: b", "Fo", "ur five."])
    {
        gate.open(1);
        page.until(said).await;
        while !page.seen.ends_with(token.rsplit('\n').next().unwrap()) {
            page.next().await.unwrap();
        }
    }
    gate.open_all();
}

#[tokio::test]
async fn a_page_that_stayed_open_ends_with_what_a_new_one_shows() {
    for kind in [Browser::plain, Browser::text] {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let answer = cut(DOCUMENT, 5)
            .iter()
            .fold(Answer::sse(), |answer, token| {
                answer
                    .then(Step::Wait(Duration::from_millis(4)))
                    .token(token)
            });
        app.model.answer(answer.finish());
        let form = ann.get("/").await.form("#composer").fill("content", "Go");
        let open = ann.submit_live(&form).await.page().await;
        let path = open.path.split("/live").next().unwrap().to_owned();
        let whole = ann.get(&path).await;
        let id = reply_of(&whole);
        let blocks = format!("#r-{id}-blocks");
        // What the style sheet hides is the open end before its final form follows.
        let mut shown = open.inside(&blocks);
        let mut tails = 0;
        while let Some(from) = shown.find(" class=\"tail") {
            let (start, name) = [("<div", "div"), ("<span", "span"), ("<p", "p")]
                .into_iter()
                .find_map(|(tag, name)| {
                    Some((
                        shown[..from].ends_with(tag).then_some(from - tag.len())?,
                        name,
                    ))
                })
                .unwrap();
            let end = from + shown[from..].find(&format!("</{name}>")).unwrap() + name.len() + 3;
            assert!(
                shown[end..].starts_with("<i class=\"b"),
                "a tail that nothing hides: {}",
                &shown[start..]
            );
            shown.replace_range(start..end, "");
            tails += 1;
        }
        let shown = shown
            .replace("<i class=\"b\"></i>", "")
            .replace("<i class=\"b done\"></i>", "")
            .replace(ALIVE, "");
        assert_eq!(shown.trim(), whole.inside(&blocks).trim());
        assert_eq!(tails > 2, !ann.is_text(), "{tails} tails");
        // Text browsers are told more (see `text_browsers_read_what_style_sheets_and_formulas_say`).
        if ann.is_text() {
            continue;
        }
        let mut rendered = whole.clone();
        rendered.apply(
            &damso::markdown::render_in(DOCUMENT, &place(&id)),
            &blocks,
            "innerHTML",
        );
        assert_eq!(
            whole.inside(&blocks).trim(),
            rendered.inside(&blocks).trim()
        );
    }
}

#[tokio::test]
async fn in_a_text_browser_nothing_is_there_twice() {
    let app = TestApp::start().await;
    let ann = Browser::text(&app).sign_up("ann").await;
    let answer = cut("alpha *beta* gamma\n\n```\ndelta\nepsilon\n```\n\nzeta", 3)
        .iter()
        .fold(Answer::sse(), |answer, token| {
            answer
                .then(Step::Wait(Duration::from_millis(20)))
                .token(token)
        });
    app.model.answer(answer.finish());
    let page = ann
        .submit_live(&ann.get("/").await.form("#composer").fill("content", "Go"))
        .await
        .page()
        .await;
    for word in ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"] {
        assert_eq!(
            page.html.matches(word).count(),
            1,
            "{word} in {}",
            page.html
        );
    }
    assert!(!page.has(".tail"));
}

#[tokio::test]
async fn the_page_itself_never_waits_and_sends_those_without_script_to_one_that_does() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    app.model.answer(Answer::gated(
        &gate,
        ["A whole block.\n\nOne line\n", "and the", " rest"],
    ));
    let path = ann.start_running("Go").await;
    gate.open(2);
    let mut watcher = ann.open_live(&format!("{path}/live")).await;
    watcher.until("and the").await;
    assert!(!watcher.seen.contains("http-equiv"));
    let page = ann.get(&path).await;
    let id = reply_of(&page);
    let live = format!("{path}/live/{id}");
    let refresh =
        format!("<noscript><meta http-equiv=\"refresh\" content=\"0; url={live}\"></noscript>");
    assert!(page.html.contains(&refresh) && page.has(".stop") && page.has("[aria-busy=true]"));
    assert!(page.html.contains(&format!("formaction=\"{live}\"")));
    assert_eq!(page.text(&format!("#r-{id}-blocks")), "A whole block.");
    assert_eq!(page.text(&format!("#r-{id}-open")), "One line and the");
    assert_eq!(
        page.attribute("[hx-sse\\:connect]", "hx-sse:connect"),
        format!("/replies/{id}/events?after=15")
    );
    // htmx never gets a page that stays open.
    let piece = ann
        .request(Method::GET, &format!("{path}/live"), "empty", None)
        .await;
    assert_eq!(
        (piece.status(), &piece.headers()["location"]),
        (StatusCode::SEE_OTHER, &path.parse().unwrap())
    );
    // Nor does a HEAD wait for anything.
    let head = ann.request(Method::HEAD, &path, "document", None).await;
    assert_eq!(head.status(), StatusCode::OK);
    gate.open_all();
    let ended = watcher.page().await;
    assert!(!ended.html.contains("http-equiv"));
    let page = ann.get(&path).await;
    assert!(
        !page.html.contains("http-equiv") && !page.has(".stop") && !page.has("[hx-sse\\:connect]")
    );
    // With nothing running the page that stays open is the page.
    let answer = ann
        .request(Method::GET, &format!("{path}/live"), "document", None)
        .await;
    assert_eq!(
        (answer.status(), &answer.headers()["location"]),
        (StatusCode::SEE_OTHER, &path.parse().unwrap())
    );
}

#[tokio::test]
async fn with_htmx_the_events_make_the_same_page_as_a_reload() {
    const PARTS: usize = 8;
    for length in [1, 4, 40] {
        let app = TestApp::start().await;
        let ann = Browser::htmx(&app).sign_up("ann").await;
        let (gate, tokens) = (Gate::new(), cut(DOCUMENT, length));
        // However slow the computer is, the page sees each part for itself.
        let parts = tokens.chunks(tokens.len().div_ceil(PARTS));
        let answer = parts.fold(Answer::sse(), |answer, part| {
            let tokens = part.iter().fold(answer, |answer, token| {
                answer
                    .then(Step::Wait(Duration::from_millis(length as u64)))
                    .token(token)
            });
            tokens.then(Step::Gate(gate.clone()))
        });
        app.model.answer(answer.finish());
        let mut page = ann
            .submit(&ann.get("/").await.form("#composer").fill("content", "Go"))
            .await;
        let id = reply_of(&page);
        let (blocks, open) = (format!("#r-{id}-blocks"), format!("#r-{id}-open"));
        let mut events = ann
            .events(
                &page.attribute("[hx-sse\\:connect]", "hx-sse:connect"),
                None,
            )
            .await;
        let (mut last, mut count) = (0, 0);
        loop {
            let event = soon("an event", events.event()).await;
            let event = event.expect("the stream ends with done");
            gate.open(1);
            if event.name == "done" {
                break;
            }
            assert_eq!(event.name, "");
            let position: usize = event.id.parse().unwrap();
            assert!(position >= last && DOCUMENT.is_char_boundary(position.min(DOCUMENT.len())));
            assert!(
                position >= DOCUMENT.len() || position == 0 || DOCUMENT[..position].ends_with('\n')
            );
            (last, count) = (position, count + 1);
            page.apply(&event.data, "body", "none");
            // At each moment what is on the page is what a page loaded for this text would show.
            assert!(!page.has(&format!(
                "{blocks} [hx-get], {open} [hx-get], {open} script"
            )));
        }
        assert!(count > 5, "{count} events");
        assert_eq!(page.inside(&open), "");
        let article = ann.get_piece(&format!("/replies/{id}")).await;
        let same = |html: String| html.replace("\n\n", "\n").trim().to_owned();
        assert_eq!(
            same(page.inside(&blocks)),
            same(article.inside(&blocks)),
            "in pieces of {length}"
        );
        let page = ann.finished(&page).await;
        let reloaded = ann.get(&page.path).await;
        assert_eq!(page.inside(&blocks), reloaded.inside(&blocks));
        assert!(!page.has(".stop") && !page.has("[aria-busy]") && !page.has(&open));
    }
}

#[tokio::test]
async fn a_stream_that_breaks_goes_on_exactly_where_it_was() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::htmx(&app).sign_up("ann").await);
    let text = "One mark0 one.\n\nTwo mark1\n\n```rust\nfn mark2() {}\nfn a() {}\nfn mark3() {}\nfn mark4\n```\n\n- mark5\n- mark6\n\nmark7 *end*";
    let tokens: Vec<String> = (0..8)
        .map(|n| {
            let from = if n == 0 {
                0
            } else {
                text.find(&format!("mark{}", n - 1)).unwrap() + 5
            };
            text[from..text.find(&format!("mark{n}")).unwrap() + 5].to_owned()
        })
        .chain([" *end*".to_owned()])
        .collect();
    assert_eq!(tokens.concat(), text);
    app.model.answer(gated(&gate, &tokens));
    let mut page = ann
        .submit(&ann.get("/").await.form("#composer").fill("content", "Go"))
        .await;
    let id = reply_of(&page);
    let path = page.attribute("[hx-sse\\:connect]", "hx-sse:connect");
    // A second page breaks off as well, but was loaded late and goes by the address.
    let mut late: Option<Page> = None;
    let mut last: Option<String> = None;
    for n in 0..8 {
        gate.open(1);
        let mark = format!("mark{n}");
        let mut events = ann.events(&path, last.as_deref()).await;
        while !page.html.contains(&mark) {
            let event = events.event().await.unwrap();
            page.apply(&event.data, "body", "none");
            last = Some(event.id);
        }
        match &mut late {
            None if n == 3 => late = Some(ann.get(&page.path).await),
            None => {}
            Some(late) => {
                let path = late.attribute("[hx-sse\\:connect]", "hx-sse:connect");
                let fresh = ann.get(&page.path).await;
                let after = fresh.attribute("[hx-sse\\:connect]", "hx-sse:connect");
                assert!(after >= path);
                *late = fresh;
            }
        }
    }
    let mut late = late.unwrap();
    let after = late.attribute("[hx-sse\\:connect]", "hx-sse:connect");
    // The header is newer than the address, and wins.
    let rest = ann
        .events(
            "/replies/x/events?after=0".replace('x', &id).as_str(),
            last.as_deref(),
        )
        .await;
    let late_rest = ann.events(&after, None).await;
    gate.open_all();
    for event in rest
        .events()
        .await
        .iter()
        .filter(|event| event.name.is_empty())
    {
        page.apply(&event.data, "body", "none");
    }
    for event in late_rest
        .events()
        .await
        .iter()
        .filter(|event| event.name.is_empty())
    {
        late.apply(&event.data, "body", "none");
    }
    let blocks = format!("#r-{id}-blocks");
    let whole = ann.get(&page.path).await.inside(&blocks);
    let same = |html: String| html.replace("\n\n", "\n").trim().to_owned();
    assert_eq!(same(page.inside(&blocks)), same(whole.clone()));
    assert_eq!(same(late.inside(&blocks)), same(whole));
}

#[tokio::test]
async fn an_event_stream_always_is_one_and_always_ends() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let finished = reply_of(&ann.start_chat("Hello").await);
    let gate = Gate::new();
    app.model
        .answer(Answer::gated(&gate, ["Secret words\n\n", "more"]));
    let path = ann.start_running("Go").await;
    gate.open(1);
    app.until("select exists (select 1 from reply_parts)").await;
    let running = reply_of(&ann.get(&path).await);
    let (ben, stranger) = (
        Browser::htmx(&app).sign_up("ben").await,
        Browser::htmx(&app),
    );
    let unknown = "01900000-0000-7000-8000-000000000000";
    for (who, id) in [
        (&ann, &*finished),
        (&ann, unknown),
        (&ann, "nonsense"),
        (&ann, "%F0%9F"),
        (&ben, &running),
        (&ben, &finished),
        (&stranger, &running),
    ] {
        for last in [
            None,
            Some("5"),
            Some("99999999"),
            Some("-1"),
            Some("nonsense"),
        ] {
            let live = who
                .events(&format!("/replies/{id}/events?after=0"), last)
                .await;
            assert_eq!(live.status, StatusCode::OK, "{id}");
            assert_eq!(live.headers["content-type"], "text/event-stream");
            assert!(
                live.headers
                    .keys()
                    .all(|name| !name.as_str().starts_with("hx-"))
            );
            let events = live.events().await;
            assert_eq!(events.len(), 1, "{id}: {events:?}");
            assert_eq!(
                (&*events[0].name, events[0].data.is_empty()),
                ("done", false)
            );
        }
    }
    for query in [
        "",
        "?after=",
        "?after=-1",
        "?after=x",
        "?after=99999999999999999999999",
        "?other=1",
    ] {
        let live = ann
            .events(&format!("/replies/{finished}/events{query}"), None)
            .await;
        assert_eq!(live.status, StatusCode::OK, "{query}");
        assert_eq!(live.events().await.last().unwrap().name, "done", "{query}");
    }
}

#[tokio::test]
async fn stop_keeps_what_is_there_and_leaves_the_model_at_once() {
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model
            .answer(Answer::gated(&gate, ["What came. ", "Never said"]));
        let path = ann.start_running("Go").await;
        gate.open(1);
        app.until("select exists (select 1 from reply_parts)").await;
        let page = ann.get(&path).await;
        let open = (!ann.is_htmx()).then_some(ann.open_live(&format!("{path}/live")).await);
        let form = page.form(".stop");
        assert!(form.in_frame && page.has("iframe[name=sink][hidden]"));
        let answer = ann.submit(&form).await;
        if ann.is_text() {
            assert!(answer.path.starts_with(&path), "{}", answer.path);
        } else {
            let status = match ann.is_htmx() {
                true => StatusCode::OK,
                false => StatusCode::NO_CONTENT,
            };
            assert_eq!(answer.status, status);
            assert_eq!(answer.texts("article"), page.texts("article"));
        }
        app.model.closed().await;
        if let Some(open) = open {
            let page = open.page().await;
            assert!(
                page.text(".ending")
                    .contains(&sentence("en", "reply-stopped"))
            );
        }
        let ended = ann.finished(&page).await;
        let ended = if ann.is_htmx() {
            ended
        } else {
            app.idle().await;
            ann.get(&path).await
        };
        assert_eq!(ended.texts(MESSAGES), ["Go", "What came."]);
        assert!(ended.text(".ending .note").contains("Stopped"));
        assert!(!ended.has(".stop"));
        // Stopping what has ended changes nothing.
        ann.submit(&form).await;
        assert_eq!(ann.get(&path).await.texts(MESSAGES), ["Go", "What came."]);
        // A form without a frame, as where frames are switched off, leads back to the chat.
        let answer = ann
            .request(Method::POST, &form.action, "document", None)
            .await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(ann.send(&ended, "Next").await.texts(MESSAGES).len(), 4);
    }
}

#[tokio::test]
async fn nobody_has_to_stay_for_a_reply_to_be_written() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model
            .answer(Answer::gated(&gate, ["While you ", "were ", "away"]));
        let path = ann.start_running("Go").await;
        let mut live = ann.open_live(&format!("{path}/live")).await;
        live.next().await;
        drop(live);
        let id = reply_of(&ann.get(&path).await);
        drop(ann.events(&format!("/replies/{id}/events"), None).await);
        gate.open_all();
        app.idle().await;
        assert_eq!(
            ann.get(&path).await.texts(MESSAGES),
            ["Go", "While you were away"]
        );
    }
}

#[tokio::test]
async fn many_may_read_along() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::htmx(&app).sign_up("ann").await);
    app.model
        .answer(Answer::gated(&gate, ["First.\n\n", "Second.\n\n", "Third"]));
    let path = ann.start_running("Go").await;
    let phone = Browser::plain(&app);
    phone.sign_in("ann", PASSWORD).await;
    let mut held = phone.open_live(&format!("{path}/live")).await;
    gate.open(1);
    held.until("First.").await;
    let mut late = phone.open_live(&format!("{path}/live")).await;
    late.until("First.").await;
    let id = reply_of(&ann.get(&path).await);
    let mut events = ann
        .events(&format!("/replies/{id}/events?after=0"), None)
        .await;
    assert!(events.event().await.unwrap().data.contains("First."));
    gate.open(1);
    held.until("Second.").await;
    late.until("Second.").await;
    events.until("Second.").await;
    gate.open_all();
    for page in [held.page().await, late.page().await] {
        assert_eq!(
            page.texts(".reply .text p:not(.tail)"),
            ["First.", "Second.", "Third"]
        );
    }
    assert_eq!(events.events().await.last().unwrap().name, "done");
    assert_eq!(app.model.requests().len(), 1);
}

#[tokio::test]
async fn the_page_says_so_when_the_model_is_asked_again() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model.answer(Answer::status(503, "text/plain", "busy"));
        app.model.answer(Answer::gated(&gate, ["Here I am"]));
        let path = ann.start_running("Go").await;
        app.model.asked(2).await;
        let says = "Trying again (1 of 3)";
        let mut live = ann.open_live(&format!("{path}/live")).await;
        live.until(says).await;
        let page = ann.get(&path).await;
        let id = reply_of(&page);
        assert!(page.text(&format!("#r-{id}-note")).contains(says));
        let mut events = ann.events(&format!("/replies/{id}/events"), None).await;
        events.until(says).await;
        gate.open_all();
        events.until("Here I am").await;
        app.idle().await;
        let page = ann.get(&path).await;
        assert_eq!(page.texts(MESSAGES), ["Go", "Here I am"]);
        assert!(!page.html.contains(says) && !page.has(".ending"));
    }
}

#[tokio::test]
async fn every_trouble_is_told_in_its_own_words_in_both_languages() {
    let error = |status, body| Answer::status(status, "application/json", body);
    let troubles = [
        (
            ModelErrorKind::WrongKey,
            error(401, r#"{"error":{"message":"wrong key"}}"#),
            "",
        ),
        (
            ModelErrorKind::UnknownModel,
            error(404, r#"{"error":{"message":"no such model"}}"#),
            "",
        ),
        (
            ModelErrorKind::TooLong,
            error(400, r#"{"error":{"code":"context_length_exceeded"}}"#),
            "",
        ),
        (ModelErrorKind::RateLimited, error(429, "{}"), ""),
        (
            ModelErrorKind::NoCredit,
            error(429, r#"{"error":{"code":"insufficient_quota"}}"#),
            "",
        ),
        (
            ModelErrorKind::Moderated,
            error(400, r#"{"error":{"code":"content_filter"}}"#),
            "",
        ),
        (ModelErrorKind::Region, error(451, "{}"), ""),
        (
            ModelErrorKind::Blocked,
            Answer::status(403, "text/html", "<html>"),
            "",
        ),
        (ModelErrorKind::Empty, Answer::stream([]), ""),
        (
            ModelErrorKind::OnlyThoughts,
            Answer::stream(["<think>hm</think>"]),
            "",
        ),
        (
            ModelErrorKind::EndlessThoughts,
            Answer::sse()
                .event(r#"{"choices":[{"delta":{"reasoning":"hm"},"finish_reason":"length"}]}"#)
                .event("[DONE]")
                .then(Step::End),
            "",
        ),
        (
            ModelErrorKind::OnlyToolCall,
            Answer::sse()
                .event(r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#)
                .event("[DONE]")
                .then(Step::End),
            "",
        ),
        (
            ModelErrorKind::OnlyMedia,
            Answer::sse()
                .event(r#"{"choices":[{"delta":{"images":[{}]},"finish_reason":"stop"}]}"#)
                .event("[DONE]")
                .then(Step::End),
            "",
        ),
        (ModelErrorKind::Overloaded, error(503, "busy"), ""),
        (ModelErrorKind::Refused, error(422, "no"), ""),
        (
            ModelErrorKind::Garbled,
            Answer::status(200, "text/html", "<html>"),
            "",
        ),
        (ModelErrorKind::Silent, Answer::sse().then(Step::Hang), ""),
        (
            ModelErrorKind::CutOff,
            Answer::sse().token("Half a").then(Step::Cut),
            "Half a",
        ),
        (
            ModelErrorKind::Reported,
            Answer::sse()
                .token("Half a")
                .event(r#"{"error":{"message":"sorry"}}"#),
            "Half a",
        ),
        (
            ModelErrorKind::TooLarge,
            Answer::sse()
                .token("Half a")
                .chunk(vec![b'x'; 4_200_000])
                .then(Step::Hang),
            "Half a",
        ),
        (ModelErrorKind::Unreachable, Answer::default(), ""),
    ];
    // What is set and not accepted is told in tests/settings.rs.
    let all = ModelErrorKind::ALL.into_iter();
    let all = all.filter(|kind| !matches!(kind, ModelErrorKind::Rejects(_)));
    assert_eq!(troubles.len(), all.count());
    let app = TestApp::start().await;
    let hurried =
        TestApp::with(|config| config.first_token_timeout = Duration::from_millis(150)).await;
    let nowhere = TestApp::with(|config| {
        config.openai_base_url = Some("http://127.0.0.1:9/v1".parse().unwrap())
    })
    .await;
    let mut told = Vec::new();
    for language in ["en", "ko"] {
        for kind in KINDS {
            let name = format!("{language}{}", kind(&app).is_htmx());
            let somebody = kind(&app).speaking(language).sign_up(&name).await;
            let elsewhere = kind(&nowhere).speaking(language).sign_up(&name).await;
            let impatient = kind(&hurried).speaking(language).sign_up(&name).await;
            for (trouble, answer, partial) in &troubles {
                let (model, there) = match trouble {
                    ModelErrorKind::Unreachable => (&nowhere.model, &elsewhere),
                    // Only where nothing comes at all: a computer that is busy may be as late.
                    ModelErrorKind::Silent => (&hurried.model, &impatient),
                    _ => (&app.model, &somebody),
                };
                model.always(answer.clone());
                let page = there.start_chat("Go").await;
                let wanted = sentence(
                    language,
                    &format!("reply-{}", trouble.as_str().replace('_', "-")),
                );
                assert_eq!(page.text(".ending .note"), wanted, "{trouble}");
                assert_eq!(page.texts(MESSAGES), ["Go", partial], "{trouble}");
                assert_eq!(
                    page.text(".ending form[action$='/retry'] button"),
                    sentence(language, "reply-try-again")
                );
                assert_eq!(page.has("[action$='/continue']"), !partial.is_empty());
                told.push(wanted);
            }
        }
    }
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 2 * troubles.len());
    for app in [&app, &hurried, &nowhere] {
        let states: i64 = app
            .value("select count(*) from messages where role = 'assistant' and state <> 'failed'")
            .await;
        assert_eq!(states, 0);
    }
}

#[tokio::test]
async fn try_again_makes_a_new_reply_in_the_old_ones_place() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        app.model
            .answer(Answer::sse().token("Half").then(Step::Cut));
        let page = ann.start_chat("Go").await;
        assert_eq!(page.texts(MESSAGES), ["Go", "Half"]);
        let failed = reply_of(&page);
        let form = page.form(".ending form[action$='/retry']");
        let again = ann.submit(&form).await;
        let again = ann.finished(&again).await;
        assert_eq!(again.texts(MESSAGES), ["Go", "Hello!"]);
        assert_ne!(reply_of(&again), failed);
        assert_eq!(again.texts("#chats li a"), ["Go"]);
        let reloaded = ann.get(&again.path).await;
        assert_eq!(reloaded.texts(MESSAGES), ["Go", "Hello!"]);
        assert!(!reloaded.has(".ending"));
        let request = app.model.requests().pop().unwrap().body["messages"].to_string();
        assert!(
            request.contains("Go") && !request.contains("Half"),
            "{request}"
        );
        // From a tab that still shows the old one nothing happens twice.
        let late = ann.submit(&form).await;
        ann.finished(&late).await;
        assert_eq!(ann.get(&again.path).await.texts(MESSAGES), ["Go", "Hello!"]);
        assert_eq!(app.model.requests().len(), 2);
        assert_eq!(ann.send(&reloaded, "On").await.texts(MESSAGES).len(), 4);
    }
}

#[tokio::test]
async fn only_the_last_reply_can_be_tried_again() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.model
        .answer(Answer::sse().token("Half").then(Step::Cut));
    let page = ann.start_chat("Go").await;
    assert!(page.has(".ending form"));
    let page = ann.send(&page, "On").await;
    assert_eq!(page.texts(MESSAGES), ["Go", "Half", "On", "Hello!"]);
    assert!(page.has(".ending") && !page.has(".ending form"));
}

#[tokio::test]
async fn what_was_said_while_waiting_goes_when_a_whole_reply_comes_at_once() {
    let app = TestApp::start().await;
    let gate = Gate::new();
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.model
        .answer(Answer::gated(&gate, ["One.\n\nTwo.\n\nThree."]));
    let path = ann.start_running("Go").await;
    let mut page = ann.open_live(&format!("{path}/live")).await;
    page.until("The model is reading").await;
    gate.open_all();
    let html = page.page().await.html;
    let behind = html.split("The model is reading…</p>").nth(1).unwrap();
    // A style rule hides it by what comes right behind it.
    assert!(behind.starts_with("<i class=\"b\"></i>"), "{behind}");
}

#[tokio::test]
async fn the_reply_says_how_much_the_model_did_not_see() {
    for (language, count) in [("en", "its 2 oldest messages"), ("ko", "메시지 2개는")] {
        let app = TestApp::with(|config| config.history_limit = 20).await;
        let ann = Browser::plain(&app).speaking(language).sign_up("ann").await;
        let page = ann.start_chat("Fifteen letters").await;
        assert!(!page.has("#left-out"));
        let page = ann.send(&page, "Fifteen letters").await;
        assert!(page.text("#left-out").contains(count), "{}", page.html);
        // Above the first message that was sent, with all that were not above it.
        assert_eq!(page.count("#left-out ~ .message"), 2);
        assert_eq!(page.count(".message"), 4);
    }
}

#[tokio::test]
async fn a_reply_that_was_cut_short_says_why() {
    for (reason, id) in [
        ("length", "reply-length"),
        ("content_filter", "reply-filtered"),
    ] {
        let app = TestApp::start().await;
        let ann = Browser::htmx(&app).sign_up("ann").await;
        let end = STOP.replace("\"stop\"", &format!("\"{reason}\""));
        app.model.answer(
            Answer::sse()
                .token("As far as")
                .event(&end)
                .event("[DONE]")
                .then(Step::End),
        );
        let page = ann.start_chat("Go").await;
        assert_eq!(page.texts(MESSAGES), ["Go", "As far as"]);
        assert_eq!(page.text(".ending .note"), sentence("en", id));
    }
}

#[tokio::test]
async fn after_a_crash_what_had_come_is_there_and_says_so() {
    let app = TestApp::start().await;
    if app.db().is_shared() {
        // There it is another process that ends it: see `instances`.
        return;
    }
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    app.model.answer(Answer::gated(
        &gate,
        ["It was a **dark** ", "and 폭풍 night", " to come"],
    ));
    let path = ann.start_running("Tell me").await;
    gate.open(1);
    app.until("select exists (select 1 from reply_parts)").await;
    gate.open(1);
    app.until("select count(*) > 1 from reply_parts").await;
    let after = app.after_a_crash().await;
    let ann = ann.on(&after);
    let page = ann.get(&path).await;
    assert_eq!(
        page.texts(MESSAGES),
        ["Tell me", "It was a dark and 폭풍 night"]
    );
    assert_eq!(
        page.text(".ending .note"),
        sentence("en", "reply-interrupted")
    );
    assert!(!page.has(".stop") && !page.has("[hx-sse\\:connect]"));
    assert_eq!(
        after.value::<i64>("select count(*) from reply_parts").await,
        0
    );
    let page = ann
        .submit(&page.form(".ending form[action$='/retry']"))
        .await;
    assert_eq!(
        ann.finished(&page).await.texts(MESSAGES),
        ["Tell me", "Hello!"]
    );
}

#[tokio::test]
async fn what_a_reply_says_is_never_a_part_of_the_page() {
    let hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\n\n<div hx-get=/x hx-trigger=load>\n\n\
        [a](javascript:alert(1)) <a href=\"java\tscript:x\">b</a> ![i](https://evil.example/?q=1)\n\n\
        ```\" onclick=x\n</code></pre><hx-partial hx-target=\"body\">\n```\n\n</div></article></main><form action=//evil>\u{1b}[31m";
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let answer = cut(hostile, 2).iter().fold(Answer::sse(), |answer, token| {
            answer
                .then(Step::Wait(Duration::from_millis(3)))
                .token(token)
        });
        app.model.answer(answer.finish());
        let form = ann
            .get("/")
            .await
            .form("#composer")
            .fill("content", hostile);
        let live = ann.submit(&form).await;
        let page = ann.finished(&live).await;
        for page in [&live, &page, &ann.get(&page.path).await] {
            assert_eq!(page.count("script"), 2);
            assert_eq!(
                page.count(
                    ".message img, .message [onerror], .message [onclick], .message hx-partial"
                ),
                0
            );
            assert_eq!(
                page.count(".text [hx-get], .text [hx-trigger], .text form, .text iframe"),
                0
            );
            assert_eq!(
                page.count("a[href^='java'], [src^='http'], form[action*=evil]"),
                0
            );
            assert!(!page.html.contains('\u{1b}'));
            assert_eq!(page.count("article"), 2);
        }
    }
}

#[tokio::test]
async fn neither_the_key_nor_what_people_write_gets_into_the_log_or_the_key_on_a_page() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let key = KEY;
    let echo = format!(r#"{{"error":{{"message":"Incorrect API key provided: {key}"}}}}"#);
    app.model
        .always(Answer::status(401, "application/json", &echo));
    let failed = ann.start_chat("Is marmalade blue?").await;
    app.model.always(
        Answer::sse()
            .token("No, kohlrabi.")
            .event(&echo)
            .then(Step::End),
    );
    let broken = ann.start_chat("And rutabaga?").await;
    app.model.always(Answer::stream(["Salsify."]));
    let good = ann.start_chat("What of scorzonera?").await;
    let sent = app.model.requests().pop().unwrap();
    assert_eq!(sent.headers["authorization"], format!("Bearer {key}"));
    for page in [failed, broken, good] {
        assert!(!page.html.contains(key) && !page.html.contains("Incorrect"));
    }
    let log = log();
    assert!(log.contains("a reply failed"), "the log is on");
    for secret in [
        "marmalade",
        "kohlrabi",
        "rutabaga",
        "alsify",
        "scorzonera",
        key,
        PASSWORD,
        &ann.cookie("session").unwrap(),
    ] {
        assert_eq!(
            log.lines().find(|line| line.contains(secret)),
            None,
            "{secret}"
        );
    }
    let stored: i64 = app
        .value("select count(*) from messages where problem like '%sk-%' or body like '%sk-%'")
        .await;
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn signing_out_ends_what_is_still_open() {
    let app = TestApp::start().await;
    let gate = Gate::new();
    let ann = Browser::plain(&app).sign_up("ann").await;
    let elsewhere = ann.fresh();
    elsewhere.sign_in("ann", PASSWORD).await;
    app.model
        .answer(Answer::gated(&gate, ["One.\n\nTwo.\n\n", "Secret."]));
    let path = ann.start_running("Go").await;
    let id = reply_of(&ann.get(&path).await);
    let mut page = ann.open_live(&format!("{path}/live")).await;
    let mut kept = elsewhere.open_live(&format!("{path}/live")).await;
    let events = ann.events(&format!("/replies/{id}/events"), None).await;
    gate.open(1);
    page.until("Two").await;
    ann.sign_out().await;
    // All of it ends at once, while the reply goes on for whoever is still signed in.
    let page = page.page().await;
    let events = events.events().await;
    assert_eq!(events.last().unwrap().name, "done");
    gate.open_all();
    kept.until("Secret.").await;
    assert!(!page.html.contains("Secret."));
    assert!(events.iter().all(|event| !event.data.contains("Secret.")));
}

/// Where a reply is shown.
fn place(id: &str) -> damso::markdown::Place {
    damso::markdown::Place {
        ids: format!("r-{id}-"),
        codes: format!("/messages/{id}/code/"),
    }
}
