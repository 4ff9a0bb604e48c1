//! Personas: made, changed, duplicated, deleted, and begun with.

use crate::support::{
    Browser, KINDS, Page, TestApp,
    chromium::{Script, Tab},
    site::Site,
};
use http::StatusCode;

/// Makes a persona and gives the list.
async fn persona(person: &Browser, name: &str) -> Page {
    let form = person.get("/personas/new").await.form("main form");
    let form = form
        .fill("name", name)
        .fill("greeting", "Ahoy!\nWhat is it?")
        .fill("starters", "How do I sail?\n\n Where is the gold? ")
        .fill("system_prompt", "You are a pirate.")
        .fill("model", "pirate-model")
        .fill("temperature", "1.2");
    let page = person.submit(&form).await;
    assert_eq!((page.status, &*page.path), (StatusCode::OK, "/personas"));
    page
}

/// Where a chat with the first persona begins.
fn start_of(list: &Page) -> String {
    list.attribute(".rows a[href^='/chats/new/']", "href")
}

#[tokio::test]
async fn a_chat_begins_with_a_persona() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let list = persona(&ann, "Pirate").await;
        let home = ann.get("/").await;
        assert_eq!(home.texts(".personas .button"), ["Pirate"]);
        let page = ann.get(&home.attribute(".personas .button", "href")).await;
        assert_eq!(page.text(".greeting"), "Ahoy! What is it?");
        assert_eq!(
            page.texts(".starters button"),
            ["How do I sail?", "Where is the gold?"]
        );

        // By a starter question.
        let form = page.form(".starters").with("content", "How do I sail?");
        let asked = ann.submit(&form).await;
        let asked = ann.finished(&asked).await;
        assert_eq!(asked.texts(".mine .text"), ["How do I sail?"]);
        let sent = app.model.requests().pop().unwrap().body;
        assert_eq!(sent["model"], "pirate-model");
        assert_eq!(sent["messages"][0]["content"], "You are a pirate.");
        assert_eq!(sent["temperature"], 1.2);
        assert!(asked.text("#title .hint").contains("Pirate"));

        // By a text of one's own.
        let page = ann.get(&start_of(&list)).await;
        let typed = ann
            .submit(&page.form("#composer").fill("content", "Ahoy"))
            .await;
        ann.finished(&typed).await;
        let sent = app.model.requests().pop().unwrap().body;
        assert_eq!(sent["model"], "pirate-model");
    }
}

#[tokio::test]
async fn changing_or_deleting_a_persona_leaves_its_chats_alone() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let list = persona(&ann, "Pirate").await;
        let page = ann.get(&start_of(&list)).await;
        let chat = ann
            .submit(&page.form("#composer").fill("content", "Ahoy"))
            .await;
        let chat = ann.finished(&chat).await;

        let form = ann
            .get(&list.attribute(".rows .actions a:nth-child(2)", "href"))
            .await
            .form("main form");
        assert_eq!(form.value("system_prompt"), "You are a pirate.");
        let list = ann
            .submit(&form.fill("name", "Poet").fill("system_prompt", "Rhyme."))
            .await;
        assert_eq!(list.texts(".rows h2"), ["Poet"]);
        let chat = ann.send(&chat, "More").await;
        let sent = app.model.requests().pop().unwrap().body;
        assert_eq!(sent["messages"][0]["content"], "You are a pirate.");

        let question = ann
            .get(&list.attribute(".rows a[href$='/delete']", "href"))
            .await;
        assert!(question.text("main").contains("Poet"));
        let list = ann.submit(&question.form("main form")).await;
        assert!(!list.has(".rows li"));
        let chat = ann.get(&chat.path.replace("/live", "")).await;
        assert!(chat.text("#title .hint").contains("Pirate"));
        ann.send(&chat, "Still there?").await;
        let sent = app.model.requests().pop().unwrap().body;
        assert_eq!(sent["messages"][0]["content"], "You are a pirate.");
    }
}

#[tokio::test]
async fn a_duplicate_has_all_but_the_name() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let list = persona(&ann, "Pirate").await;
    let list = ann.submit(&list.form(".rows form")).await;
    assert_eq!(list.texts(".rows h2"), ["Pirate", "Pirate (copy)"]);
    let edits = list.attributes(".rows .actions a:nth-child(2)", "href");
    let (one, two) = (ann.get(&edits[0]).await, ann.get(&edits[1]).await);
    for field in [
        "greeting",
        "starters",
        "system_prompt",
        "model",
        "temperature",
    ] {
        let (one, two) = (one.form("main form"), two.form("main form"));
        assert_eq!(one.value(field), two.value(field), "{field}");
        assert!(!one.value(field).is_empty(), "{field}");
    }
}

#[tokio::test]
async fn a_persona_that_makes_no_sense_comes_back_as_it_was_typed() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let questions = "a question\n".repeat(13);
    for (field, value) in [
        ("name", ""),
        ("name", "\u{202e}\u{7}"),
        ("name", &*"x".repeat(81)),
        ("greeting", &*"x".repeat(2_001)),
        ("starters", &*questions),
        ("temperature", "3"),
        ("system_prompt", &*"x".repeat(8_001)),
    ] {
        let form = ann.get("/personas/new").await.form("main form");
        let form = form
            .fill("name", "Good")
            .fill("top_p", "0.5")
            .fill(field, value);
        let page = ann.submit(&form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(page.has("[role=alert]"), "{field}");
        assert_eq!(page.form("main form").value("top_p"), "0.5");
        assert_eq!(page.form("main form").value(field).trim(), value.trim());
    }
    assert!(!ann.get("/personas").await.has(".rows li"));
}

#[tokio::test]
async fn somebody_elses_persona_is_like_none_and_a_text_for_it_is_kept() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let ben = kind(&app).sign_up("ben").await;
        let list = persona(&ann, "Pirate").await;
        let start = start_of(&list);
        let id = start.strip_prefix("/chats/new/").unwrap();
        assert_eq!(ben.get(&start).await.status, StatusCode::NOT_FOUND);
        assert!(!ben.get("/").await.has(".personas .button"));
        let form = ben.get("/").await.form("#composer").fill("content", "Ahoy");
        let page = ben.submit(&form.with("persona", id)).await;
        assert_eq!(page.status, StatusCode::CONFLICT);
        assert_eq!(page.form("#composer").value("content"), "Ahoy");
        assert!(app.model.requests().is_empty());
        assert!(!page.html.contains("pirate-model"));
        // What came back can be sent.
        let page = ben.submit(&page.form("#composer")).await;
        let page = ben.finished(&page).await;
        assert_eq!(page.texts(".mine .text"), ["Ahoy"]);
    }
}

#[tokio::test]
async fn there_are_at_most_a_hundred() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let mut list = persona(&ann, "Pirate").await;
    for _ in 1..100 {
        list = ann.submit(&list.form(".rows form")).await;
        assert_eq!(list.status, StatusCode::OK);
    }
    let refused = ann.submit(&list.form(".rows form")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text(".notice").contains("100"));
    let form = ann.get("/personas/new").await.form("main form");
    let refused = ann.submit(&form.fill("name", "One more")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.form("main form").value("name"), "One more");
    assert_eq!(refused.texts("h1").len(), 1);
    assert_eq!(ann.get("/personas").await.count(".rows li"), 100);
}

#[tokio::test]
async fn what_a_persona_says_is_text() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let evil = "<script>alert(1)</script><b hx-get=/logout>x</b>\"'";
    let form = ann.get("/personas/new").await.form("main form");
    let form = form.fill("name", evil).fill("greeting", evil);
    let form = form.fill("starters", evil).fill("model", evil);
    let list = ann.submit(&form.fill("system_prompt", evil)).await;
    let start = start_of(&list);
    let edit = list.attribute(".rows .actions a:nth-child(2)", "href");
    let delete = list.attribute(".rows a[href$='/delete']", "href");
    let mut pages = vec![list, ann.get("/").await];
    for path in [&start, &edit, &delete] {
        pages.push(ann.get(path).await);
    }
    let page = pages[2].form("#composer").fill("content", "Hello");
    let chat = ann.submit(&page).await;
    pages.push(ann.finished(&chat).await);
    pages.push(ann.get(&format!("{}/settings", pages[5].path)).await);
    for page in pages {
        assert_eq!(page.status, StatusCode::OK, "{}", page.path);
        assert!(
            !page.has("script:not([src])") && !page.has("b"),
            "{}",
            page.path
        );
        assert!(page.html.contains("alert(1)"), "{}", page.path);
    }
}

#[tokio::test]
async fn in_chromium_a_starter_is_sent_by_its_button() {
    let site = Site::start().await;
    for script in [Script::On, Script::Off] {
        let tab = Tab::open(&site.url, script).await;
        tab.register(&format!("Ann {script:?}")).await;
        tab.go("/personas/new").await;
        tab.fill("[name=name]", "Pirate").await;
        tab.fill("[name=starters]", "How do I sail?\nWhere's the \"gold\"?")
            .await;
        tab.follow("main form button.main").await;
        tab.follow(".rows h2 a").await;
        tab.mark().await;
        tab.click(".starters button:last-of-type").await;
        tab.until_text(".mine .text", "Where's the \"gold\"?").await;
        tab.until_replied().await;
        assert_eq!(tab.is_marked().await, script == Script::On);
        assert!(tab.path().await.starts_with("/chats/"));
        assert_eq!(tab.count(".message").await, 2);
        let asked = site.model.requests().pop().unwrap();
        assert_eq!(asked.question(), "Where's the \"gold\"?");
        tab.close().await;
    }
}
