//! The help page, and what programs are told.

use crate::support::{Browser, TestApp};
use http::{Method, StatusCode};

#[tokio::test]
async fn everybody_can_read_the_help_and_is_led_to_it() {
    let app = TestApp::start().await;
    for (language, title) in [("en", "Help"), ("ko", "도움말")] {
        let stranger = Browser::text(&app).speaking(language);
        let page = stranger
            .click(&stranger.get("/").await, "main a[href='/help']")
            .await;
        assert_eq!(page.text("h1"), title);
        assert_eq!(page.count("main h2"), 7);
    }
    let ann = Browser::plain(&app).sign_up("ann").await;
    let home = ann.get("/").await;
    let help = ann.click(&home, ".menu a[href='/help']").await;
    // Each key that it names is there, once.
    let mut keys: Vec<_> = help
        .texts("kbd")
        .iter()
        .map(|key| key.to_lowercase())
        .collect();
    let mut there = home.attributes("[accesskey]", "accesskey");
    keys.sort();
    there.sort();
    assert_eq!(keys, there);
}

#[tokio::test]
async fn search_engines_may_keep_the_landing_page_and_nothing_else() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let chat = ann.start_chat("A secret plan").await;
    let stranger = ann.fresh();
    let landing = stranger.get("/").await;
    assert!(!landing.has("[name=robots]"));
    let lead = landing.text(".lead");
    assert_eq!(landing.attribute("[name=description]", "content"), lead);
    assert_eq!(
        landing.attribute("[property='og:description']", "content"),
        lead
    );
    assert_eq!(
        landing.attribute("[property='og:title']", "content"),
        landing.text("h1")
    );
    for path in ["/login", "/register", "/help", "/nothing", &chat.path] {
        let page = stranger.get(path).await;
        assert_eq!(page.attribute("[name=robots]", "content"), "noindex");
        assert!(!page.has("[name=description], [property]"), "{path}");
        // A link to a chat shows no more than where to sign in.
        assert!(!page.html.contains("secret"), "{path}");
    }
    for path in ["/", "/chats", "/settings/time", &chat.path] {
        assert_eq!(
            ann.get(path).await.attribute("[name=robots]", "content"),
            "noindex"
        );
    }
    let robots = stranger
        .request(Method::GET, "/robots.txt", "document", None)
        .await;
    assert_eq!(robots.status(), StatusCode::OK);
    assert!(
        robots.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
}
