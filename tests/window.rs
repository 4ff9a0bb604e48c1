//! Around a chat: the window's title, what is announced, the list in place, paper.

use crate::support::{
    Browser, KINDS, Page, TestApp,
    chromium::{Script, Tab},
    model::{Answer, Gate},
    site::Site,
};
use http::StatusCode;
use serde_json::json;

const ENTER: &str = "\u{e007}";

/// The title that htmx gives the window.
fn title(page: &Page) -> &str {
    let (_, title) = page.answer.split_once("<title>").unwrap();
    title.split("</title>").next().unwrap()
}

#[tokio::test]
async fn the_windows_title_tells_how_the_reply_is() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model.answer(Answer::gated(&gate, ["One ", "two"]));
        let path = ann.start_running("Count").await;
        let page = ann.get(&path).await;
        assert_eq!(page.text("title"), "⋯ Count · Damso");
        let reply = page.attribute(".reply", "id").replace("r-", "/replies/");
        let ended = ann.get_piece(&format!("{reply}/ended")).await;
        assert_eq!(
            (ended.status, ended.header("hx-trigger")),
            (StatusCode::OK, ""),
            "a sign of life, and no more"
        );
        // Renamed meanwhile, it still says so.
        let form = ann.get(&format!("{path}/rename")).await.form("main form");
        let renamed = ann.submit(&form.fill("title", "Numbers")).await;
        assert_eq!(renamed.text("title"), "⋯ Numbers · Damso");
        gate.open_all();
        app.idle().await;
        assert_eq!(ann.get(&path).await.text("title"), "Numbers · Damso");
        let ended = ann.get_piece(&format!("{reply}/ended")).await;
        assert_eq!(
            (ended.status, ended.header("hx-trigger")),
            (StatusCode::NO_CONTENT, "done")
        );
        let piece = ann.get_piece(&reply).await;
        assert_eq!(title(&piece), "✓ Numbers · Damso");
        let said = "<hx-partial hx-target=\"#said\" hx-swap=\"innerHTML swapEmpty:true\">";
        assert!(
            piece
                .answer
                .contains(&format!("{said}Reply finished.</hx-partial>"))
        );
        // What did not go well is said as it is, and has no sign.
        app.change("update messages set state = 'stopped' where role = 'assistant'")
            .await;
        let piece = ann.get_piece(&reply).await;
        assert_eq!(title(&piece), "Numbers · Damso");
        assert!(piece.answer.contains(&format!("{said}Stopped.")));
    }
}

#[tokio::test]
async fn what_htmx_gets_for_a_sent_message_begins_with_the_sign() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::htmx(&app).sign_up("ann").await);
    app.model.answer(Answer::gated(&gate, ["One ", "two"]));
    let form = ann
        .get("/")
        .await
        .form("#composer")
        .fill("content", "Count");
    let page = ann.submit(&form).await;
    assert_eq!(title(&page), "⋯ Count · Damso");
    gate.open_all();
    app.idle().await;
    let page = ann.get(&page.path).await;
    app.model.answer(Answer::gated(&gate, ["three"]));
    let page = ann
        .submit(&page.form("#composer").fill("content", "On"))
        .await;
    assert_eq!(title(&page), "⋯ Count · Damso");
    app.idle().await;
}

#[tokio::test]
async fn a_reply_that_is_over_before_its_sending_is_answered_is_announced_by_that_answer() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    for (answer, sign, said) in [
        (Answer::stream(["One"]), "✓ ", "Reply finished."),
        (
            Answer::status(401, "text/plain", "no"),
            "",
            "The model server did not accept the API key.",
        ),
    ] {
        app.model.answer(answer);
        let form = ann.get("/").await.form("#composer").fill("content", "Go");
        ann.submit(&form).await;
        app.idle().await;
        // The first answer got lost; the same form again makes no other message, and shows the reply.
        let late = ann.submit(&form).await;
        assert_eq!(title(&late), format!("{sign}Go · Damso"));
        let announced = "<hx-partial hx-target=\"#said\" hx-swap=\"innerHTML swapEmpty:true\">";
        let (_, announced) = late.answer.split_once(announced).unwrap();
        assert!(announced.starts_with(said), "{announced}");
    }
}

#[tokio::test]
async fn the_title_tells_how_the_reply_is_and_its_end_is_announced_once() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    // What a screen reader would be told, and by what.
    tab.eval(
        "window.told = []; window.region = document.querySelector('#said');
         new MutationObserver(() => region.textContent && told.push(region.textContent))
             .observe(region, { childList: true, characterData: true, subtree: true })",
    )
    .await;
    for times in 1..=2 {
        let gate = Gate::new();
        site.model
            .answer(Answer::gated(&gate, ["One ", "two ", "three."]));
        tab.send("Count").await;
        tab.until("document.title == '⋯ Count · Damso'").await;
        assert_eq!(tab.eval("region.textContent").await, "");
        gate.open(1);
        tab.until_text(".reply:last-child", "One").await;
        // It is in a log, of which no word is announced as it comes.
        let announced =
            "document.querySelector('.reply').closest('[aria-live], [role=log], [role=status]')";
        let [role, live] = ["role", "ariaLive"].map(|name| format!("{announced}.{name}"));
        assert_eq!(tab.eval(&role).await, "log");
        assert_eq!(tab.eval(&live).await, "off");
        assert_eq!(tab.eval("document.title").await, "⋯ Count · Damso");
        gate.open_all();
        tab.until("document.title == '✓ Count · Damso'").await;
        tab.until_replied().await;
        assert_eq!(
            tab.eval("told").await,
            json!(vec!["Reply finished."; times])
        );
        assert_eq!(tab.eval("region.isConnected").await, true);
        assert_eq!(tab.eval("region.checkVisibility()").await, true);
    }
    tab.close().await;
}

#[tokio::test]
async fn what_is_announced_is_not_seen_however_long_it_is() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    tab.resize(320, 640).await;
    site.model.answer(Answer::status(422, "text/plain", "no"));
    tab.send("Go").await;
    tab.until("document.querySelector('#said').textContent.length > 50")
        .await;
    let seen = "[...Array(80 * 40).keys()].filter(n => document.elementsFromPoint(n % 40 * 8, Math.floor(n / 40) * 8).some(e => e.id == 'said')).length";
    assert_eq!(tab.eval(seen).await, 0);
    tab.close().await;
}

#[tokio::test]
async fn the_title_tells_of_the_end_in_the_background_too() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    site.model.answer(Answer::gated(&gate, ["One ", "two."]));
    tab.send("Count").await;
    gate.open(1);
    tab.until_text(".reply:last-child", "One").await;
    // htmx lets go of the stream of a page that is not seen.
    tab.eval(
        "Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
         document.dispatchEvent(new Event('visibilitychange'))",
    )
    .await;
    gate.open_all();
    tab.until("document.title == '✓ Count · Damso'").await;
    assert!(tab.text(".reply").await.contains("One two."));
    tab.eval("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        .await;
    site.model.says("Three.");
    tab.send("On").await;
    tab.until_text(".reply:last-child", "Three.").await;
    tab.until_replied().await;
    tab.close().await;
}

#[tokio::test]
async fn older_chats_come_in_place_and_the_first_of_them_has_the_focus() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    tab.send("Hello").await;
    tab.until_replied().await;
    site.change(
        "with recursive n (n) as (select 1 union all select n + 1 from n where n < 120)
         insert into chats (id, user_id, title, created_at, active_at)
         select cast(randomblob(16) as blob), (select id from users), 'old ' || n, n, n from n",
    )
    .await;
    tab.reload().await;
    tab.mark().await;
    tab.until("document.querySelectorAll('#chats li').length == 100")
        .await;
    assert_eq!(tab.text("#chats h2").await, "Today");
    tab.press("#older-chats a", ENTER).await;
    tab.until("document.querySelectorAll('#chats li').length == 121")
        .await;
    tab.until("document.activeElement.textContent == 'old 21'")
        .await;
    assert_eq!(tab.count("#chats h2").await, 2);
    assert_eq!(tab.count("#older-chats").await, 0);
    assert!(tab.is_marked().await);
    tab.close().await;
}

#[tokio::test]
async fn a_reply_that_runs_has_a_dot_in_the_list_of_other_chats_only() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    site.model.answer(Answer::gated(&gate, ["One ", "two."]));
    tab.send("Count").await;
    tab.until("document.querySelector('[aria-current] + .running').checkVisibility()")
        .await;
    tab.follow("#chats .new").await;
    tab.until("document.querySelector('#chats .running').checkVisibility()")
        .await;
    // The word is there for those who do not see the dot.
    let dot = tab
        .eval("JSON.stringify([document.querySelector('.running').innerText, document.querySelector('.running').offsetWidth])")
        .await;
    assert_eq!(dot, "[\"replying\",8]");
    tab.follow("#chats li a").await;
    gate.open_all();
    tab.until("document.title.startsWith('✓')").await;
    tab.until("!document.querySelector('[aria-current] + .running').checkVisibility()")
        .await;
    tab.close().await;
}

#[tokio::test]
async fn a_chat_on_paper_is_dark_on_white_and_has_nothing_to_press() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::Off).await;
    tab.register("Ann").await;
    site.model.says(crate::browser::EVERYTHING);
    tab.send("Show me everything").await;
    tab.until_replied().await;
    let path = tab.path().await;
    tab.leave(async || tab.go(path.split("/live").next().unwrap()).await)
        .await;
    tab.until_replied().await;
    let dark = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
    tab.cdp(
        "Emulation.setEmulatedMedia",
        json!({ "media": "print", "features": dark }),
    )
    .await;
    let shown = "[...document.querySelectorAll('button, textarea, input:not([type=checkbox]), nav, summary, .top a, iframe')].filter(e => e.checkVisibility()).map(e => e.outerHTML).join()";
    assert_eq!(tab.eval(shown).await, "");
    for css in [
        "h1",
        ".mine .who",
        ".mine .text",
        ".reply .who",
        ".reply pre",
        ".reply table",
    ] {
        tab.until(&format!(
            "document.querySelector({}).checkVisibility()",
            json!(css)
        ))
        .await;
    }
    // No text is light.
    let light = "[...document.querySelectorAll('main *')].filter(e => e.checkVisibility()).map(e => getComputedStyle(e).color).filter(c => Math.min(...c.match(/\\d+/g).slice(0, 3).map(Number)) > 130).join()";
    assert_eq!(tab.eval(light).await, "");
    assert_eq!(
        tab.eval("getComputedStyle(document.documentElement).backgroundColor")
            .await,
        "rgb(255, 255, 255)"
    );
}
