//! The list of chats: by day, what runs in it, and the older ones.

use crate::support::{
    Browser, KINDS, Page, TestApp,
    chromium::{Script, Tab},
    model::{Answer, Gate},
    site::Site,
};
use http::{Method, StatusCode};

/// The headings of the list, each with the chats below it.
fn groups(page: &Page) -> Vec<(String, Vec<String>)> {
    let headings = page.texts("#chats h2");
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for item in page.texts("#chats h2, #chats li a") {
        match groups.last_mut().filter(|_| !headings.contains(&item)) {
            Some((_, chats)) => chats.push(item),
            None => groups.push((item, Vec::new())),
        }
    }
    groups
}

#[tokio::test]
async fn chats_are_listed_by_day_with_the_newest_first() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        for title in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            ann.start_chat(title).await;
        }
        app.idle().await;
        for sql in [
            "update chats set active_at = active_at - 86400000000 where title = 'b'",
            "update chats set active_at = active_at - 2 * 86400000000 where title = 'c'",
            "update chats set active_at = active_at - 7 * 86400000000 where title = 'd'",
            "update chats set active_at = active_at - 8 * 86400000000 where title = 'e'",
            "update chats set active_at = 1598918400000000 where title = 'f'",
            "update chats set active_at = 1598918399999999 where title = 'g'",
            "update chats set active_at = 1596240000000000 where title = 'h'",
        ] {
            app.change(sql).await;
        }
        for (language, names) in [
            (
                "en",
                [
                    "Today",
                    "Yesterday",
                    "Previous 7 days",
                    "Previous 30 days",
                    "September 2020",
                    "August 2020",
                ],
            ),
            (
                "ko",
                [
                    "오늘",
                    "어제",
                    "지난 7일",
                    "지난 30일",
                    "2020년 9월",
                    "2020년 8월",
                ],
            ),
        ] {
            let chats: [&[&str]; 6] = [&["a"], &["b"], &["c", "d"], &["e"], &["f"], &["g", "h"]];
            let wanted: Vec<_> = names
                .iter()
                .zip(chats)
                .map(|(name, chats)| {
                    let chats = chats.iter().map(|&chat| chat.to_owned());
                    ((*name).to_owned(), chats.collect::<Vec<_>>())
                })
                .collect();
            for path in ["/", "/chats"] {
                let page = ann.clone().speaking(language).get(path).await;
                assert_eq!(groups(&page), wanted, "{path}");
            }
        }
        // The day is that of the person's zone: eleven hours east f's month has long begun for g.
        app.change("update users set time_zone = 'Pacific/Noumea'")
            .await;
        let page = ann.get("/chats").await;
        let september = ("September 2020".to_owned(), vec!["f".into(), "g".into()]);
        assert!(groups(&page).contains(&september), "{:?}", groups(&page));
    }
}

#[tokio::test]
async fn the_list_says_in_which_chats_a_reply_is_being_written() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        ann.start_chat("Done").await;
        app.model.answer(Answer::gated(&gate, ["One ", "two"]));
        ann.start_running("Count").await;
        let page = ann.get("/chats").await;
        assert_eq!(page.texts("#chats li"), ["Count replying", "Done"]);
        // It is nobody else's.
        let ben = kind(&app).sign_up("ben").await;
        assert!(!ben.get("/chats").await.has("#chats li"));
        let korean = ann.clone().speaking("ko").get("/chats").await;
        assert_eq!(korean.text("#chats .running"), "답변 중");
        gate.open_all();
        app.idle().await;
        assert!(!ann.get("/chats").await.has("#chats .running"));
    }
}

/// The mark of a chat that is not shown is taken away by the answer to what it asks now and then.
#[tokio::test]
async fn a_mark_asks_until_its_reply_has_ended() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::htmx(&app).sign_up("ann").await);
    let other = ann.start_chat("Other").await;
    app.model.answer(Answer::gated(&gate, ["One ", "two"]));
    let path = ann.start_running("Count").await;
    // The chat that is shown knows by itself.
    assert!(!ann.get(&path).await.has(".running[hx-get]"));
    let page = ann.get(&other.path).await;
    let asks = page.attribute(".running", "hx-get");
    assert_eq!(asks, format!("{path}/running"));
    assert_eq!(page.attribute(".running", "hx-swap"), "delete");
    let status = async |asks: &str| ann.get_piece(asks).await.status;
    assert_eq!(status(&asks).await, StatusCode::NO_CONTENT);
    // Nobody else learns anything of it.
    let ben = Browser::htmx(&app).sign_up("ben").await;
    assert_eq!(ben.get_piece(&asks).await.status, StatusCode::NOT_FOUND);
    gate.open_all();
    app.idle().await;
    assert_eq!(status(&asks).await, StatusCode::OK);
    // Nothing else on the page is touched: not where the chat was deleted, or its person signed out.
    let gone = ann.get_piece("/chats/nonsense/running").await;
    assert_eq!((gone.status, &*gone.answer), (StatusCode::NOT_FOUND, ""));
    assert!(!gone.headers.contains_key("hx-retarget"));
    ann.sign_out().await;
    let out = ann.get_piece(&asks).await;
    assert_eq!((out.status, &*out.answer), (StatusCode::FORBIDDEN, ""));
    assert_eq!(out.header("hx-reswap"), "none");
}

#[tokio::test]
async fn a_hundred_chats_are_listed_and_the_older_ones_behind_a_link() {
    let app = TestApp::with(|config| {
        config.waiting_per_person = 1_000;
        config.messages_per_minute = 1_000;
    })
    .await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    for n in 0..203 {
        let body = Some(format!("content=n{n}"));
        ann.request(Method::POST, "/chats", "document", body).await;
    }
    app.idle().await;
    app.change("update chats set active_at = active_at - 100 * 86400000000 where title in ('n0', 'n1', 'n2')")
        .await;
    let titles =
        |from: u32, to: u32| -> Vec<String> { (to..from).rev().map(|n| format!("n{n}")).collect() };
    // The chat that is shown has a row even where it is older than those, but only one.
    for (chat, rows) in [("n202", 100), ("n103", 100), ("n102", 101), ("n0", 101)] {
        let sql = format!("select id from chats where title = '{chat}'");
        let key: uuid::Uuid = app.value(sql.leak()).await;
        let page = ann.get(&format!("/chats/{key}")).await;
        assert_eq!(page.texts("#chats .current"), [chat]);
        assert_eq!(page.texts("#chats [aria-current=page]"), [chat]);
        assert_eq!(page.count("#chats li"), rows, "{chat}");
    }
    // On pages of their own.
    let first = ann.get("/chats").await;
    assert_eq!(first.texts("#chats li a"), titles(203, 103));
    let second = ann.click(&first, "#older-chats a").await;
    assert_eq!(second.texts("#chats li a"), titles(103, 3));
    assert_eq!(second.texts("#chats h2"), ["Today"]);
    let third = ann.click(&second, "#older-chats a").await;
    assert_eq!(third.texts("#chats li a"), titles(3, 0));
    assert!(!third.has("#older-chats"));
    let back = ann.click(&third, "main > p a[href='/chats']").await;
    assert_eq!(back.texts("#chats li a"), titles(203, 103));
    // In place, without a heading twice.
    let htmx = Browser::htmx(&app).fresh();
    htmx.sign_in("ann", crate::support::PASSWORD).await;
    let page = htmx.get("/").await;
    let page = htmx.click(&page, "#older-chats a").await;
    assert_eq!(page.texts("#chats li a"), titles(203, 3));
    assert_eq!(page.texts("#chats h2"), ["Today"]);
    let page = htmx.click(&page, "#older-chats a").await;
    assert_eq!(page.texts("#chats li a"), titles(203, 0));
    assert_eq!(page.count("#chats h2"), 2);
    assert_eq!(page.count("#chats [autofocus]"), 2);
    // A place in somebody else's list is none.
    let ben = Browser::plain(&app).sign_up("ben").await;
    let path = first.attribute("#older-chats a", "href");
    assert_eq!(ben.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_marks_on_the_page_of_all_chats_end_by_themselves() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    site.model.answer(Answer::gated(&gate, ["One ", "two."]));
    tab.send("Hello").await;
    gate.open(1);
    tab.until_text(".reply .text", "One").await;
    tab.leave(async || tab.go("/chats").await).await;
    tab.until("document.querySelector('.running[data-htmx-powered]')")
        .await;
    tab.mark().await;
    // What a proxy says of it ends nothing.
    site.refuse("/running", 1);
    tab.until("performance.getEntriesByType('resource').filter(e => e.name.endsWith('/running')).length > 0")
        .await;
    assert_eq!(tab.count(".running").await, 1);
    gate.open_all();
    tab.until("!document.querySelector('.running')").await;
    assert!(tab.is_marked().await);
    tab.complaints().await;
    tab.close().await;
}
