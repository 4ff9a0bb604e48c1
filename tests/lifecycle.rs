//! The life of a reply: in line, carried on, in two tabs, at the server's end, and on any instance.

use crate::support::{
    model::{Answer, Gate, Step},
    *,
};
use http::StatusCode;
use std::time::Duration;

const MESSAGES: &str = ".message .text";

/// The key of the chat's last reply.
fn reply_of(page: &Page) -> String {
    let ids = page.attributes(".reply", "id");
    ids.last().unwrap().strip_prefix("r-").unwrap().to_owned()
}

fn cut_after(text: &str) -> Answer {
    Answer::sse().token(text).then(Step::Cut)
}

#[tokio::test]
async fn a_reply_that_broke_off_is_carried_on_in_its_place() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        app.model.answer(cut_after("# One\n\nIt was a **dark"));
        let page = ann.start_chat("Tell me").await;
        let reply = reply_of(&page);
        let form = page.form(".ending form[action$='/continue']");
        app.model
            .answer(Answer::stream([" and** stormy", " night.\n\nThe end."]));
        let on = ann.submit(&form).await;
        let on = ann.finished(&on).await;
        assert_eq!(reply_of(&on), reply);
        let whole = ann.get(&on.path).await;
        assert_eq!(
            whole.texts(".reply .text"),
            ["One It was a dark and stormy night. The end."]
        );
        assert!(whole.has(".reply strong") && !whole.has(".ending"));
        // The model was shown what it had said, and asked to go on from there.
        let asked = app.model.requests().pop().unwrap().body["messages"].clone();
        let turns: Vec<_> = asked.as_array().unwrap().iter().collect();
        assert_eq!(turns[0]["content"], "Tell me");
        assert_eq!(turns[1]["role"], "assistant");
        assert_eq!(turns[1]["content"], "# One\n\nIt was a **dark");
        assert_eq!(turns[2]["role"], "user");
        assert_eq!(turns.len(), 3);
        // A form from before does nothing more.
        let late = ann.submit(&form).await;
        ann.finished(&late).await;
        assert_eq!(app.model.requests().len(), 2);
        assert_eq!(app.value::<i64>("select count(*) from messages").await, 2);
        assert_eq!(
            app.value::<i64>("select count(*) from reply_parts").await,
            0
        );
    }
}

#[tokio::test]
async fn what_is_carried_on_is_watched_from_where_it_was() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model.answer(cut_after("Before.\n\nHalf of a "));
        let page = ann.start_chat("Go").await;
        app.model
            .answer(Answer::gated(&gate, ["line.\n\n", "After."]));
        ann.request(
            http::Method::POST,
            &format!("/replies/{}/continue", reply_of(&page)),
            "document",
            Some("sure=yes".into()),
        )
        .await;
        gate.open(1);
        app.until("select exists (select 1 from reply_parts)").await;
        let running = ann.get(&page.path).await;
        assert_eq!(
            running.texts(".reply .text p"),
            ["Before.", "Half of a line."]
        );
        gate.open_all();
        app.idle().await;
        assert_eq!(
            ann.get(&page.path).await.texts(".reply .text"),
            ["Before. Half of a line. After."]
        );
    }
}

#[tokio::test]
async fn an_empty_reply_can_only_be_tried_again() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.model.answer(Answer::status(422, "text/plain", "no"));
    let page = ann.start_chat("Go").await;
    assert!(page.has("[action$='/retry']") && !page.has("[action$='/continue']"));
    let path = format!("/replies/{}/continue", reply_of(&page));
    let answer = ann
        .request(http::Method::POST, &path, "document", Some(String::new()))
        .await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(app.model.requests().len(), 1);
}

#[tokio::test]
async fn what_the_model_thought_is_kept_and_never_sent_as_what_it_said() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    let thought =
        |text: &str| format!(r#"{{"choices":[{{"delta":{{"reasoning_content":"{text}"}}}}]}}"#);
    let answer = Answer::sse()
        .event(&thought("<b>Hm</b>,\\nwell"))
        .then(Step::Gate(gate.clone()))
        .token("Yes.")
        .then(Step::Gate(gate.clone()))
        .finish();
    app.model.answer(answer);
    let path = ann.start_running("Is it?").await;
    app.until("select exists (select 1 from reply_parts where kind = 'reasoning')")
        .await;
    let page = ann.get(&path).await;
    assert_eq!(page.text(".reply .thoughts"), "<b>Hm</b>, well");
    gate.open_all();
    app.idle().await;
    let page = ann.get(&path).await;
    assert_eq!(page.text(".reply .thoughts"), "<b>Hm</b>, well");
    assert_eq!(page.texts(MESSAGES), ["Is it?", "Yes."]);
    assert_eq!(page.count("details.reasoning:not([open])"), 1);
    ann.send(&page, "On").await;
    let request = app.model.requests().pop().unwrap().body["messages"].to_string();
    assert!(
        request.contains("Yes.") && !request.contains("Hm"),
        "{request}"
    );
}

/// One reply at a time.
async fn narrow() -> TestApp {
    TestApp::with(|config| config.replies_at_once = 1).await
}

#[tokio::test]
async fn those_who_wait_see_their_place_in_line_and_move_up() {
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = narrow().await;
        let gate = Gate::new();
        let people = [
            Browser::plain(&app).sign_up("ann").await,
            kind(&app).sign_up("ben").await,
            kind(&app).sign_up("cem").await,
        ];
        app.model.always(Answer::gated(&gate, ["Done."]));
        people[0].start_running("First").await;
        app.model.asked(1).await;
        people[1].start_running("Second").await;
        let path = people[2].start_running("Third").await;
        let live = people[2].open_live(&format!("{path}/live")).await;
        let mut live = match people[2].is_htmx() {
            false => live,
            true => {
                let page = people[2].get(&path).await;
                assert!(page.text(".reply .note").contains("In line: number 2"));
                assert!(page.has(".stop"));
                people[2]
                    .events(
                        &page.attribute("[hx-sse\\:connect]", "hx-sse:connect"),
                        None,
                    )
                    .await
            }
        };
        live.until("In line: number 2").await;
        assert_eq!(app.model.requests().len(), 1);
        gate.open(2);
        app.model.asked(2).await;
        live.until("In line: number 1").await;
        gate.open(2);
        app.model.asked(3).await;
        gate.open_all();
        live.until("Done.").await;
        app.idle().await;
        let page = people[2].get(&path).await;
        assert_eq!(page.texts(MESSAGES), ["Third", "Done."]);
    }
}

#[tokio::test]
async fn nobody_waits_behind_somebody_who_asked_for_much() {
    let app = narrow().await;
    let gate = Gate::new();
    let (ann, ben) = (
        Browser::plain(&app).sign_up("ann").await,
        Browser::plain(&app).sign_up("ben").await,
    );
    app.model.always(Answer::gated(&gate, ["Done."]));
    for text in ["One", "Two", "Three", "Four"] {
        ann.start_running(text).await;
    }
    app.model.asked(1).await;
    ben.start_running("Mine").await;
    gate.open_all();
    app.idle().await;
    let asked: Vec<String> = app
        .model
        .requests()
        .iter()
        .map(|request| request.body["messages"][0]["content"].to_string())
        .collect();
    assert_eq!(asked[0], "\"One\"");
    assert_eq!(asked[1], "\"Mine\"", "{asked:?}");
}

#[tokio::test]
async fn what_waits_can_be_stopped_deleted_and_is_there_after_a_restart() {
    for kind in KINDS {
        let app = narrow().await;
        let gate = Gate::new();
        let ann = kind(&app).sign_up("ann").await;
        app.model.answer(Answer::gated(&gate, ["Done."]));
        ann.start_running("Runs").await;
        app.model.asked(1).await;
        let stopped = ann.start_running("To be stopped").await;
        let deleted = ann.start_running("To be deleted").await;
        let waits = ann.start_running("Waits").await;
        let page = ann.get(&stopped).await;
        ann.submit(&page.form(".stop")).await;
        let page = ann.get(&stopped).await;
        assert!(page.text(".ending").contains("Stopped"));
        let question = ann.get(&format!("{deleted}/delete")).await;
        ann.submit(&question.form("#title")).await;
        let app = app.restarted().await;
        app.idle().await;
        let ann = ann.on(&app);
        assert_eq!(ann.get(&waits).await.texts(MESSAGES), ["Waits", "Hello!"]);
        assert_eq!(app.model.requests().len(), 2);
        assert_eq!(app.value::<i64>("select count(*) from chats").await, 3);
    }
}

#[tokio::test]
async fn a_tab_that_is_behind_is_told_so_and_keeps_its_text() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let chat = ann.start_chat("One").await;
        let behind = ann.get(&chat.path).await;
        ann.send(&ann.get(&chat.path).await, "Two").await;
        let told = ann
            .submit(&behind.form("#composer").fill("content", "Three <b>"))
            .await;
        assert_eq!(told.status, StatusCode::CONFLICT);
        assert!(
            told.text("#notice")
                .contains("new messages from another window")
        );
        assert_eq!(told.form("#composer").value("content"), "Three <b>");
        assert_eq!(told.texts(MESSAGES), ["One", "Hello!", "Two", "Hello!"]);
        assert_eq!(app.model.requests().len(), 2);
        let sent = ann.submit(&told.form("#composer")).await;
        ann.finished(&sent).await;
        assert_eq!(
            ann.get(&chat.path).await.texts(MESSAGES),
            ["One", "Hello!", "Two", "Hello!", "Three <b>", "Hello!"]
        );
    }
}

#[tokio::test]
async fn a_tab_that_slept_while_the_chat_went_on_is_behind_too() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::htmx(&app).sign_up("ann").await);
    app.model.answer(Answer::gated(&gate, ["One."]));
    let path = ann.start_running("Go").await;
    let asleep = ann.get(&path).await;
    gate.open_all();
    app.idle().await;
    ann.send(&ann.get(&path).await, "On").await;
    // It wakes up: its stream ends, and it asks for the reply in its final form.
    let awake = ann.finished(&asleep).await;
    assert_eq!(awake.texts(MESSAGES), ["Go", "One."]);
    let told = ann
        .submit(&awake.form("#composer").fill("content", "Late"))
        .await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert_eq!(app.model.requests().len(), 2);
}

#[tokio::test]
async fn of_two_tabs_one_tries_again_or_carries_on() {
    for first in ["retry", "continue"] {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
        app.model.answer(cut_after("Half"));
        let page = ann.start_chat("Go").await;
        app.model.always(Answer::gated(&gate, ["Done."]));
        for way in [first, "retry", "continue"] {
            let path = format!("/replies/{}/{way}", reply_of(&page));
            let body = Some("sure=yes".to_owned());
            ann.request(http::Method::POST, &path, "document", body)
                .await;
        }
        let running = "select count(*) from messages where state in ('queued', 'streaming')";
        assert_eq!(app.value::<i64>(running).await, 1, "{first}");
        gate.open_all();
        app.idle().await;
        assert_eq!(app.model.requests().len(), 2, "{first}");
    }
}

#[tokio::test]
async fn whoever_is_signed_out_takes_nothing_from_those_who_are_not() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    let leaves = ann.fresh();
    leaves.sign_in("ann", PASSWORD).await;
    app.model
        .answer(Answer::gated(&gate, ["One.\n\nTwo ", "three."]));
    let path = ann.start_running("Go").await;
    gate.open(1);
    let mut stays = ann.open_live(&format!("{path}/live")).await;
    stays.until("Two").await;
    let mut left = leaves.open_live(&format!("{path}/live")).await;
    left.until("Two").await;
    leaves.sign_out().await;
    let left = left.page().await;
    assert!(!left.has(".final") && left.html.trim_end().ends_with("</html>"));
    gate.open_all();
    let page = stays.page().await;
    assert!(!page.has(".final"), "{}", page.html);
    assert!(page.text(".reply .text").contains("Two three."));
}

#[tokio::test]
async fn after_another_try_the_same_page_can_send() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    app.model.answer(cut_after("Half"));
    let page = ann.start_chat("Go").await;
    let again = ann
        .submit(&page.form(".ending form[action$='/retry']"))
        .await;
    let again = ann.finished(&again).await;
    let page = ann.send(&again, "On").await;
    assert_eq!(page.texts(MESSAGES), ["Go", "Hello!", "On", "Hello!"]);
}

#[tokio::test]
async fn a_page_that_must_end_before_the_reply_says_where_it_goes_on() {
    for kind in [Browser::plain, Browser::text] {
        let app = TestApp::with(|config| config.page_time_limit = Duration::from_millis(300)).await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model
            .answer(Answer::gated(&gate, ["First.\n\nSecond.\nTh", "ird."]));
        let path = ann.start_running("Go").await;
        gate.open(1);
        app.until("select exists (select 1 from reply_parts)").await;
        let mut live = format!("{path}/live");
        for n in 1..=2 {
            let page = ann.open_live(&live).await.page().await;
            assert!(page.text(".reply").contains("First."));
            // What is typed meanwhile comes along by a button of its form; text browsers know none.
            let (way, address) = match ann.is_text() {
                true => (".reply .note a", "href"),
                false => (".reply .note button[form=composer]", "formaction"),
            };
            assert_eq!(
                page.text(way),
                "The reply is not finished yet. See the rest"
            );
            let further = page.attribute(way, address);
            assert!(
                further.ends_with(&format!("/{n}")) && further != live,
                "{further}"
            );
            let refresh = page.attribute("meta[http-equiv=refresh]", "content");
            assert_eq!(refresh, format!("5; url={further}"));
            assert!(page.has("#composer") && page.html.trim_end().ends_with("</html>"));
            live = further;
        }
        gate.open_all();
        let page = ann.open_live(&live).await.page().await;
        assert!(!page.has("meta[http-equiv=refresh]"));
        app.idle().await;
        assert_eq!(
            ann.get(&live).await.texts(MESSAGES),
            ["Go", "First. Second. Third."]
        );
    }
}

#[tokio::test]
async fn what_was_typed_comes_along_to_where_the_reply_goes_on() {
    let hangul = "가".repeat(32_000);
    for text in ["", "Draft", "Two\nlines", &hangul] {
        let app = TestApp::with(|config| config.page_time_limit = Duration::from_millis(300)).await;
        let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
        app.model.answer(Answer::gated(&gate, ["One.\n\n", "Two."]));
        let path = ann.start_running("Go").await;
        gate.open(1);
        let held = ann.open_live(&format!("{path}/live")).await.page().await;
        // Wherever it says that the reply goes on: when nothing comes any more, and at its end.
        for way in [".cut button", ".reply .note button"] {
            assert_eq!(held.attributes(way, "form").last().unwrap(), "composer");
            assert!(held.attributes(way, "formnovalidate").last().is_some());
        }
        let on = |page: &Page, way: &str| Form {
            action: page.attributes(way, "formaction").pop().unwrap(),
            ..page.form("#composer").fill("content", text)
        };
        let written = |form: &Form| {
            let text = form.value("content").replace("\r\n", "\n");
            text.trim_start_matches('\n').to_owned()
        };
        let kept = |page: &Page| written(&page.form("#composer"));
        let form = on(&held, ".reply .note button");
        let further = ann.submit(&form).await;
        assert_eq!(further.status, StatusCode::OK);
        assert!(further.has(".reply .note button"), "it stays open");
        assert_eq!(kept(&further), text);
        // Not watched any more, and shown by the page that is complete at once.
        let refused = ann
            .submit(&held.form("#composer").fill("content", "Early"))
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let (_, way) = refused.html.split_once("<noscript><p><button").unwrap();
        let (_, way) = way.split_once("formaction=\"").unwrap();
        let form = Form {
            action: way.split_once('"').unwrap().0.to_owned(),
            ..form.clone()
        };
        let further = ann.submit(&form).await;
        assert_eq!(kept(&further), text);
        // The reply has ended meanwhile.
        gate.open_all();
        app.idle().await;
        let ended = ann.submit(&form).await;
        assert_eq!(ended.texts(MESSAGES), ["Go", "One. Two."]);
        assert_eq!(kept(&ended), text);
        assert_eq!(app.value::<i64>("select count(*) from messages").await, 2);
        // Signed out, too. (A large form of somebody unknown is not read.)
        if text.len() < 1_000 {
            let stranger = Browser::plain(&app);
            let asked = stranger.submit(&form).await;
            assert_eq!(asked.status, StatusCode::FORBIDDEN);
            let form = asked.form("form.fields");
            assert_eq!(form.value("next"), path);
            if !text.is_empty() {
                assert_eq!(form.value("draft").replace("\r\n", "\n"), text);
            }
        }
        // The chat was deleted meanwhile.
        ann.submit(&ann.get(&format!("{path}/delete")).await.form("main form"))
            .await;
        let gone = ann.submit(&form).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        match text {
            "" => assert!(!gone.has("main textarea")),
            _ => assert_eq!(written(&gone.form("main form")), text),
        }
    }
}

#[tokio::test]
async fn at_its_end_the_server_lets_replies_finish_and_refuses_new_ones() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model.answer(Answer::gated(&gate, ["One ", "two."]));
        let path = ann.start_running("Go").await;
        gate.open(1);
        let page = ann.get("/").await;
        let ending = app.end(Duration::from_secs(60));
        let meanwhile = async {
            while ann.get("/healthz").await.status == StatusCode::OK {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let refused = ann
                .submit(&page.form("#composer").fill("content", "Too late"))
                .await;
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(refused.text("#notice").contains("about to restart"));
            if !ann.is_htmx() {
                assert_eq!(refused.form("#composer").value("content"), "Too late");
            }
            gate.open_all();
        };
        tokio::join!(ending, meanwhile);
        assert_eq!(ann.get(&path).await.texts(MESSAGES), ["Go", "One two."]);
        assert_eq!(app.value::<i64>("select count(*) from messages").await, 2);
    }
}

#[tokio::test]
async fn what_runs_too_long_at_the_servers_end_is_interrupted_and_its_watchers_come_back() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    app.model
        .answer(Answer::gated(&gate, ["One.\n\nTwo ", "three."]));
    let path = ann.start_running("Go").await;
    gate.open(1);
    let page = ann.get(&path).await;
    let mut held = ann.open_live(&format!("{path}/live")).await;
    held.until("Two").await;
    let mut events = ann
        .events(&format!("/replies/{}/events", reply_of(&page)), None)
        .await;
    events.until("Two").await;
    app.end(Duration::from_millis(50)).await;
    // Without `done`, so that the browser opens it again.
    assert!(
        events
            .events()
            .await
            .iter()
            .all(|event| event.name != "done")
    );
    let rest = held.page().await;
    assert!(
        rest.html
            .contains("The reply is not finished yet. See the rest")
    );
    let app = app.restarted().await;
    let ann = ann.on(&app);
    let page = ann.get(&path).await;
    assert_eq!(page.texts(MESSAGES), ["Go", "One. Two"]);
    assert!(page.has("[action$='/continue']"));
    let events = ann
        .events(&format!("/replies/{}/events", reply_of(&page)), Some("6"))
        .await;
    assert_eq!(events.events().await.last().unwrap().name, "done");
}

#[tokio::test]
async fn a_reply_is_watched_stopped_and_carried_on_from_any_instance() {
    let one = TestApp::start().await;
    let Some(two) = one.another().await else {
        return;
    };
    for kind in KINDS {
        let gate = Gate::new();
        let name = format!("ann{}", kind(&one).is_htmx());
        let ann = kind(&one).sign_up(&name).await;
        one.model.answer(Answer::gated(
            &gate,
            ["First.\n\nSec", "ond.\n\n", "Third."],
        ));
        let path = ann.start_running("Go").await;
        gate.open(1);
        let there = ann.fresh().on(&two);
        there.sign_in(&name, PASSWORD).await;
        let mut held = there.open_live(&format!("{path}/live")).await;
        if !there.is_htmx() {
            held.until("First.").await;
        }
        one.until("select exists (select 1 from reply_parts)").await;
        let page = there.get(&path).await;
        assert!(page.has(".stop"));
        let reply = reply_of(&page);
        let mut events = there
            .events(&format!("/replies/{reply}/events"), None)
            .await;
        events.until("First.").await;
        gate.open(1);
        events.until("Second.").await;
        there.submit(&page.form(".stop")).await;
        two.idle().await;
        assert_eq!(events.events().await.last().unwrap().name, "done");
        let page = there.get(&path).await;
        assert_eq!(page.texts(MESSAGES), ["Go", "First. Second."]);
        assert!(page.text(".ending").contains("Stopped"));
        // The owner's side has let go of it as well.
        assert_eq!(ann.get(&path).await.texts(MESSAGES), page.texts(MESSAGES));
        one.model.answer(Answer::stream(["Fourth."]));
        let on = there
            .submit(&page.form(".ending form[action$='/continue']"))
            .await;
        there.finished(&on).await;
        assert_eq!(
            ann.get(&path).await.texts(MESSAGES),
            ["Go", "First. Second. Fourth."]
        );
    }
}

#[tokio::test]
async fn what_ends_or_is_deleted_on_one_instance_is_over_on_the_other() {
    let one = TestApp::start().await;
    let Some(two) = one.another().await else {
        return;
    };
    let gate = Gate::new();
    let ann = Browser::plain(&one).sign_up("ann").await;
    let there = ann.clone().on(&two);
    one.model
        .answer(Answer::gated(&gate, ["Some text.\n\n", "More."]));
    let path = ann.start_running("Go").await;
    gate.open(1);
    let reply = reply_of(&ann.get(&path).await);
    let mut events = there
        .events(&format!("/replies/{reply}/events"), None)
        .await;
    events.until("Some text.").await;
    let question = there.get(&format!("{path}/delete")).await;
    there.submit(&question.form("#title")).await;
    assert_eq!(events.events().await.last().unwrap().name, "done");
    one.model.closed().await;
    for left in ["messages", "reply_parts", "chats"] {
        let sql = match left {
            "messages" => "select not exists (select 1 from messages)",
            "chats" => "select not exists (select 1 from chats)",
            _ => "select not exists (select 1 from reply_parts)",
        };
        one.until(sql).await;
    }
}

#[tokio::test]
async fn limits_and_sign_outs_hold_on_every_instance() {
    let one = TestApp::with(|config| config.replies_per_person = 1).await;
    let Some(two) = one.another().await else {
        return;
    };
    let gate = Gate::new();
    let ann = Browser::plain(&one).sign_up("ann").await;
    let there = ann.clone().on(&two);
    one.model.always(Answer::gated(&gate, ["Done."]));
    ann.start_running("One").await;
    one.model.asked(1).await;
    let path = there.start_running("Two").await;
    let mut live = there.open_live(&format!("{path}/live")).await;
    live.until("In line: number 1").await;
    assert_eq!(one.model.requests().len(), 1);
    gate.open(2);
    one.model.asked(2).await;
    // Signed out there, what is open here ends.
    let stays = ann.open_live(&format!("{path}/live")).await;
    there.sign_out().await;
    soon("the open page to end", stays.page()).await;
    gate.open_all();
    for n in 0..11 {
        let app = if n % 2 == 0 { &one } else { &two };
        let refused = Browser::plain(app).sign_in("ann", "wrong password").await;
        let expected = if n < 10 { 422 } else { 429 };
        assert_eq!(refused.status.as_u16(), expected, "{n}");
    }
}

#[tokio::test]
async fn when_its_instance_ends_what_waits_is_taken_by_another() {
    let one = narrow().await;
    let Some(two) = one.another().await else {
        return;
    };
    let gate = Gate::new();
    let ann = Browser::plain(&one).sign_up("ann").await;
    one.model.always(Answer::gated(&gate, ["Done."]));
    ann.start_running("One").await;
    ann.start_running("Two").await;
    one.model.asked(2).await;
    let last = ann.start_running("Three").await;
    let ending = one.end(Duration::from_secs(60));
    let meanwhile = async {
        // There is another one: nothing is refused.
        while ann.get("/healthz").await.status == StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        ann.start_running("Four").await;
        gate.open_all();
    };
    tokio::join!(ending, meanwhile);
    two.idle().await;
    let there = ann.on(&two);
    assert_eq!(there.get(&last).await.texts(MESSAGES), ["Three", "Done."]);
    assert_eq!(two.model.requests().len(), 4);
}

#[tokio::test]
async fn what_may_have_been_written_before_does_not_stop_the_journal() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    app.model
        .answer(Answer::gated(&gate, ["One ", "two ", "three."]));
    let path = ann.start_running("Go").await;
    gate.open(1);
    app.until("select exists (select 1 from reply_parts)").await;
    // As after a commit whose answer was lost.
    app.change(
        "insert into reply_parts (message_id, kind, seq, text)
         select id, 'body', 4, 'two ' from messages where state = 'streaming'",
    )
    .await;
    gate.open(1);
    let other = Gate::new();
    app.model.answer(Answer::gated(&other, ["Mine ", "too."]));
    ann.start_running("Other").await;
    other.open(1);
    app.until("select exists (select 1 from reply_parts where text = 'Mine ')")
        .await;
    gate.open(1);
    app.until("select exists (select 1 from reply_parts where text = 'three.')")
        .await;
    gate.open_all();
    other.open_all();
    app.idle().await;
    assert_eq!(
        ann.get(&path).await.texts(MESSAGES),
        ["Go", "One two three."]
    );
}

#[tokio::test]
async fn an_instance_that_stands_still_does_not_stop_the_others() {
    let app = TestApp::start().await;
    if !app.db().is_shared() {
        return;
    }
    let ann = Browser::plain(&app).sign_up("ann").await;
    // One that was stopped while it was taking replies from the line.
    let mut standing = app.db().begin().await.unwrap();
    standing.advisory_lock("line").await.unwrap();
    app.change("update instances set heartbeat = 0").await;
    let page = ann.get("/").await;
    let form = page.form("#composer").fill("content", "Go");
    soon("the message to be taken", ann.submit_live(&form)).await;
    app.until("select heartbeat > 0 from instances").await;
    app.idle().await;
    drop(standing);
}
