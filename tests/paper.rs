//! A chat on paper: all of it, and as wide as the paper is.

use crate::support::{
    Browser, KINDS, TestApp,
    chromium::{Script, Tab},
    model::Answer,
    site::Site,
};
use serde_json::json;

/// More messages than one page of a chat shows.
const MESSAGES: usize = 52;

async fn long_chat(app: &TestApp, browser: &Browser) -> String {
    app.model.always(Answer::stream(["**Fine**"]));
    let mut page = browser.start_chat("Message 1").await;
    for n in 2..=MESSAGES / 2 {
        app.idle().await;
        page = browser.get(page.path.split("/live").next().unwrap()).await;
        page = browser.send(&page, &format!("Message {n}")).await;
    }
    app.idle().await;
    page.path.split("/live").next().unwrap().to_owned()
}

#[tokio::test]
async fn all_messages_of_a_chat_are_on_one_page() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let path = long_chat(&app, &ann).await;
        let page = ann.get(&path).await;
        assert!(page.count(".message") < MESSAGES);
        let links = page.attributes(".more-messages a", "href");
        let all = links.iter().find(|link| link.contains("/all")).unwrap();
        let all = ann.get(all).await;
        assert_eq!(all.status, 200);
        assert_eq!(all.text("h1"), "Message 1");
        assert_eq!(all.count(".message"), MESSAGES);
        let mine = all.texts(".mine .text");
        let typed: Vec<String> = (1..=MESSAGES / 2).map(|n| format!("Message {n}")).collect();
        assert_eq!(mine, typed);
        assert_eq!(all.count(".reply .text strong"), MESSAGES / 2);
        // It is for reading: nothing in it acts.
        assert!(!all.has("main form") && !all.has("main button"));
        // Only what is missing is said to be.
        assert!(!all.has(".on-paper"));
        assert_eq!(page.has(".on-paper"), !ann.is_text());
    }
}

#[tokio::test]
async fn all_messages_are_their_owners_alone() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("Secret").await;
    let path = page.path.split("/live").next().unwrap().to_owned() + "/all";
    assert_eq!(ann.get(&path).await.status, 200);
    let id = page.attribute(".mine", "id").replace("m-", "");
    assert_eq!(ann.get(&format!("{path}/{id}")).await.count(".mine"), 1);
    let ben = Browser::plain(&app).sign_up("ben").await;
    for path in [path.clone(), format!("{path}/{id}")] {
        let refused = ben.get(&path).await;
        assert_eq!(refused.status, 404);
        assert!(!refused.html.contains("Secret"));
    }
    let other = ben.start_chat("Mine").await;
    let other = other.path.split("/live").next().unwrap();
    assert_eq!(ben.get(&format!("{other}/all/{id}")).await.status, 404);
    assert_eq!(Browser::plain(&app).get(&path).await.status, 403);
}

/// What models write that is wider than paper, and code, whose header is not to be without it.
const WIDE: &str = "|c1|c2|c3|c4|c5|c6|c7|c8|c9|c10|c11|c12|\n|-|-|-|-|-|-|-|-|-|-|-|-|\n\
    |aaaaaaa|bbbbbbb|ccccccc|ddddddd|eeeeeee|fffffff|ggggggg|hhhhhhh|iiiiiii|jjjjjjj|kkkkkkk|lllllll|\n\n\
    $$x = a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 + a_8 + a_9 + a_{10} + a_{11} + a_{12} + a_{13} + a_{14} + a_{15} + a_{16} + a_{17} + a_{18} + a_{19} + a_{20}$$\n\n\
    ```sh\necho\n```\n";

#[tokio::test]
async fn nothing_is_cut_off_at_the_edge_of_the_paper() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::Off).await;
    tab.register("Ann").await;
    site.model.says(WIDE);
    tab.send("Show me everything").await;
    tab.until_replied().await;
    let path = tab.path().await;
    tab.leave(async || tab.go(path.split("/live").next().unwrap()).await)
        .await;
    tab.until_replied().await;
    tab.cdp("Emulation.setEmulatedMedia", json!({ "media": "print" }))
        .await;
    // A4 without its margins, in pixels.
    tab.resize(680, 900).await;
    for css in [".reply .text", ".reply th:last-child", ".reply math"] {
        let inside = format!(
            "(() => {{ const e = document.querySelector({}); const r = e.getBoundingClientRect();
               return e.checkVisibility() && r.right <= innerWidth + 1 && e.scrollWidth <= e.clientWidth + 1; }})()",
            json!(css)
        );
        assert_eq!(tab.eval(&inside).await, true, "{css}");
    }
    let together = "getComputedStyle(document.querySelector('.code')).breakInside";
    assert_eq!(tab.eval(together).await, "avoid");
}

#[tokio::test]
async fn a_table_on_a_phone_keeps_some_words_in_a_line_and_scrolls() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::Off).await;
    tab.register("Ann").await;
    site.model.says(
        "| 이름 | 설명 | 장점 | 단점 | 가격 |\n|---|---|---|---|---|\n\
         | 가나다 | 첫 번째 방법은 아주 오래된 방법이지만 아직도 많이 쓰입니다 | 간단하고 빠르며 배우기 쉽습니다 | 큰 자료에는 맞지 않습니다 | 삼만 원 |\n",
    );
    tab.send("Compare").await;
    tab.until_replied().await;
    let path = tab.path().await;
    tab.leave(async || tab.go(path.split("/live").next().unwrap()).await)
        .await;
    tab.resize(390, 844).await;
    let width = "Math.min(...[...document.querySelectorAll('td:nth-child(n+2):nth-child(-n+4)')].map(e => e.clientWidth / parseFloat(getComputedStyle(e).fontSize)))";
    let width = tab.eval(width).await.as_f64().unwrap();
    assert!(width >= 7.0, "{width}em");
    let scrolls = "(() => { const e = document.querySelector('div.table'); return e.scrollWidth > e.clientWidth && getComputedStyle(e).backgroundImage.includes('gradient') && document.documentElement.scrollWidth <= innerWidth; })()";
    assert_eq!(tab.eval(scrolls).await, true);
}
