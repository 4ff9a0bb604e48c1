//! The words of a page that has lost its connection, and how it heals.

use crate::support::{
    chromium::{Script, Tab},
    model::{Answer, Gate},
    site::Site,
    wire::Wire,
};
use http::StatusCode;
use serde_json::json;

const ENTER: &str = "\u{e007}";

fn shown(css: &str) -> String {
    format!("document.querySelector({css:?})?.checkVisibility()")
}

/// Somebody with a chat, over a wire.
async fn chat(site: &Site) -> (Tab, Wire) {
    let wire = site.over_a_wire().await;
    let tab = Tab::open(&wire.url, Script::On).await;
    tab.register("Ann").await;
    tab.send("Hello").await;
    tab.until_replied().await;
    (tab, wire)
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_stays_and_it_is_said() {
    let site = Site::start().await;
    let (tab, wire) = chat(&site).await;
    tab.mark().await;
    for times in 1..=2 {
        wire.close();
        tab.press("#content", "Lost").await;
        assert_eq!(tab.eval(&shown(".unsent")).await, false);
        tab.press("#content", ENTER).await;
        tab.until(&shown(".unsent")).await;
        tab.until(&shown(".lost")).await;
        assert_eq!(
            tab.text(".unsent").await,
            "Not sent. Your message is still in the message box."
        );
        assert_eq!(tab.text(".lost").await, "Connection lost. Reconnecting…");
        assert_eq!(
            tab.eval("document.querySelector('#content').value").await,
            "Lost"
        );
        wire.heal();
        // The connection is found by itself; whether to send is the writer's to say.
        tab.until(&format!("!{}", shown(".lost"))).await;
        assert_eq!(tab.eval(&shown(".unsent")).await, true);
        tab.press("#content", ENTER).await;
        tab.until(&format!(
            "document.querySelectorAll('.mine').length == {}",
            times + 1
        ))
        .await;
        tab.until(&format!("!{}", shown(".unsent"))).await;
        tab.until_replied().await;
    }
    // What is not there any more has not been kept from being sent.
    wire.close();
    tab.press("#content", "Lost").await;
    tab.press("#content", ENTER).await;
    tab.until(&shown(".unsent")).await;
    tab.fill("#content", "").await;
    tab.until(&format!("!{}", shown(".unsent"))).await;
    wire.heal();
    tab.until(&format!("!{}", shown(".lost"))).await;
    assert!(tab.is_marked().await);
}

#[tokio::test]
async fn a_new_chat_a_button_and_a_running_reply_say_so_as_well() {
    let site = Site::start().await;
    let wire = site.over_a_wire().await;
    let tab = Tab::open(&wire.url, Script::On).await;
    tab.register("Ann").await;
    tab.until("document.querySelector('#composer[data-htmx-powered]')")
        .await;
    // A new chat, by its box and by one of the questions.
    wire.close();
    tab.press("#content", "Lost").await;
    tab.press("#content", ENTER).await;
    tab.until(&shown(".unsent")).await;
    tab.until(&shown(".lost")).await;
    wire.heal();
    tab.until(&format!("!{}", shown(".lost"))).await;
    wire.close();
    tab.click(".starters button").await;
    tab.until(&shown(".lost")).await;
    tab.until(&shown(".starters .unsent")).await;
    wire.heal();
    tab.until(&format!("!{}", shown(".lost"))).await;
    // It stays said, for it is not sent by itself.
    assert_eq!(tab.eval(&shown(".starters .unsent")).await, true);
    let gate = Gate::new();
    site.model.answer(Answer::gated(&gate, ["One ", "two."]));
    tab.press("#content", ENTER).await;
    gate.open(1);
    tab.until_text(".reply .text", "One").await;
    // A reply that runs, without anything being done. However long it lasts, it is tried again as
    // often as the connection is looked for: how long that waits is known by its being no whole number.
    tab.eval("window.waits = []; const wait = window.setTimeout; window.setTimeout = (act, time) => wait(act, Number.isInteger(time) ? time : (waits.push(time), 0))")
        .await;
    wire.close();
    tab.until(&shown(".lost")).await;
    assert_eq!(tab.eval(&shown(".unsent")).await, false);
    tab.until("waits.length > 8").await;
    let longest = tab.eval("Math.max(...waits)").await;
    assert!(longest.as_f64().unwrap() < 4_000.0, "{longest}");
    tab.eval("window.setTimeout = wait").await;
    gate.open_all();
    wire.heal();
    tab.until_replied().await;
    tab.until_text(".reply .text", "One two.").await;
    tab.until(&format!("!{}", shown(".lost"))).await;
    // A button below a message.
    wire.close();
    tab.click(".reply .acts form button").await;
    tab.until(&shown(".lost")).await;
    wire.heal();
    tab.until(&format!("!{}", shown(".lost"))).await;
    // Another version of a message.
    tab.click(".mine a[href$='/edit']").await;
    tab.fill(".editing [name=content]", "Better").await;
    assert_eq!(tab.eval(&shown(".editing .unsent")).await, false);
    wire.close();
    tab.click(".editing .main").await;
    tab.until(&shown(".editing .unsent")).await;
    tab.until(&shown(".lost")).await;
    wire.heal();
    tab.until(&format!("!{}", shown(".lost"))).await;
    assert_eq!(tab.eval(&shown(".editing .unsent")).await, true);
    assert_eq!(
        tab.eval("document.querySelector('.editing [name=content]').value")
            .await,
        "Better"
    );
    tab.click(".editing .main").await;
    tab.until_text(".mine .text", "Better").await;
}

#[tokio::test]
async fn settings_that_cannot_be_saved_say_so() {
    let site = Site::start().await;
    let (tab, wire) = chat(&site).await;
    tab.leave(async || tab.go("/settings").await).await;
    tab.until("document.querySelector('#defaults[data-htmx-powered]')")
        .await;
    wire.close();
    tab.fill("#top_p", "0.5").await;
    tab.click("#save-defaults").await;
    tab.until(&shown(".lost")).await;
    wire.heal();
    tab.until(&format!("!{}", shown(".lost"))).await;
    tab.click("#save-defaults").await;
    tab.until_text("#defaults", "Saved").await;
    assert_eq!(
        tab.eval("document.querySelector('#top_p').value").await,
        "0.5"
    );
}

#[tokio::test]
async fn what_a_proxy_says_of_it_is_no_message() {
    let site = Site::start().await;
    let (tab, _wire) = chat(&site).await;
    tab.mark().await;
    site.refuse("/messages", 1);
    site.refuse("/connection", 2);
    tab.press("#content", "Lost").await;
    tab.press("#content", ENTER).await;
    tab.until(&shown(".unsent")).await;
    tab.until(&shown(".lost")).await;
    assert_eq!(tab.count(".message").await, 2);
    let page = tab.eval("document.body.innerText").await;
    assert!(!page.as_str().unwrap().contains("503"), "{page}");
    tab.until(&format!("!{}", shown(".lost"))).await;
    tab.press("#content", ENTER).await;
    tab.until("document.querySelectorAll('.mine').length == 2")
        .await;
    tab.until_replied().await;
    assert_eq!(tab.eval(&shown(".unsent")).await, false);
    assert!(tab.is_marked().await);
    // Nor is it when it does not want the message.
    for status in [403, 404, 413, 429] {
        tab.reload().await;
        tab.until("document.querySelector('#composer[data-htmx-powered]')")
            .await;
        let title = tab.eval("document.title").await;
        site.refuse_with(status.try_into().unwrap(), "/messages", 1);
        tab.fill("#content", "Unwanted").await;
        tab.press("#content", ENTER).await;
        tab.until(&shown(".unsent")).await;
        assert_eq!(tab.count(".message").await, 4, "{status}");
        assert_eq!(tab.eval("document.title").await, title);
        let page = tab.eval("document.body.innerText").await;
        assert!(!page.as_str().unwrap().contains("proxy"), "{page}");
    }
}

#[tokio::test]
async fn an_event_stream_that_is_refused_at_first_is_asked_for_again() {
    let site = Site::start().await;
    let (tab, _wire) = chat(&site).await;
    tab.mark().await;
    // By a proxy, once and several times; and before anything could be asked.
    for refusals in [1, 3] {
        site.refuse("/events", refusals);
        let gate = Gate::new();
        site.model.answer(Answer::gated(&gate, ["One ", "two."]));
        tab.send("Again").await;
        gate.open(1);
        tab.until_text(".reply:last-child .text", "One").await;
        // Its first word came before anything could say so.
        assert_eq!(tab.text(".reply:last-child .head .note").await, "");
        gate.open_all();
        tab.until_replied().await;
    }
    tab.cdp("Network.enable", json!({})).await;
    let block = async |urls| {
        tab.cdp("Network.setBlockedURLs", json!({ "urls": urls }))
            .await;
    };
    block(json!(["*/events?*"])).await;
    let gate = Gate::new();
    site.model.answer(Answer::gated(&gate, ["One ", "two."]));
    tab.send("Again").await;
    gate.open(1);
    tab.until("performance.getEntriesByType('resource').filter(e => e.name.includes('/events')).length > 3")
        .await;
    block(json!([])).await;
    tab.until_text(".reply:last-child .text", "One").await;
    gate.open_all();
    tab.until_replied().await;
    assert_eq!(tab.text(".reply:last-child .text").await, "One two.");
    // The final form, too.
    let gate = Gate::new();
    site.model.answer(Answer::gated(&gate, ["One ", "two."]));
    tab.send("Again").await;
    gate.open(1);
    let article = tab
        .eval("document.querySelector('[aria-busy]').getAttribute('hx-get')")
        .await;
    site.refuse(article.as_str().unwrap(), 2);
    gate.open_all();
    tab.until_replied().await;
    assert!(tab.is_marked().await);
}

#[tokio::test]
async fn a_page_that_got_no_event_stream_shows_the_reply_when_it_has_ended() {
    let site = Site::start().await;
    let (tab, _wire) = chat(&site).await;
    tab.mark().await;
    // A gateway's own page, or nothing at all, and no failure that could be seen as one.
    for status in [StatusCode::OK, StatusCode::NO_CONTENT] {
        site.refuse_with(status, "/events", 1);
        site.model.says("One two.");
        tab.send("Again").await;
        tab.until_text(".reply:last-child .text", "One two.").await;
        tab.until_replied().await;
        assert!(tab.is_marked().await);
    }
}

#[tokio::test]
async fn what_takes_long_to_send_is_seen_to_be_on_its_way() {
    let site = Site::start().await;
    let (tab, wire) = chat(&site).await;
    let sending = "getComputedStyle(document.querySelector('.sending > span')).visibility == 'visible' && document.querySelector('.sending > span').checkVisibility()";
    let height = "document.querySelector('.composer').offsetHeight";
    tab.press("#content", "Slow").await;
    let before = tab.eval(height).await;
    assert_eq!(tab.eval(sending).await, false);
    wire.fall_silent();
    tab.press("#content", ENTER).await;
    tab.until(sending).await;
    assert_eq!(tab.text(".sending").await, "Sending…");
    tab.until("getComputedStyle(document.querySelector('#composer-fields')).opacity == '0.5'")
        .await;
    assert_eq!(tab.eval(height).await, before, "nothing moves");
    // Once more is not twice.
    tab.press("#content", ENTER).await;
    // Broken off, it is sent once more by the browser itself, which reaches nobody.
    wire.close();
    tab.until(&shown(".unsent")).await;
    assert_eq!(tab.eval(sending).await, false);
    wire.heal();
    tab.press("#content", ENTER).await;
    tab.until("document.querySelectorAll('.mine').length == 2")
        .await;
    tab.until_replied().await;
    assert_eq!(site.model.requests().len(), 2);
}

/// What a proxy answers by itself, whatever it is asked for.
const FOREIGN: [u16; 6] = [403, 413, 429, 502, 503, 504];

#[tokio::test]
async fn a_page_of_a_proxy_takes_the_place_of_nothing() {
    let site = Site::start().await;
    let (tab, _wire) = chat(&site).await;
    let messages = tab.count(".message").await;
    // What opens the form, what is filled in, what sends it, and where that goes.
    let forms = [
        (
            ".mine a[href$='/edit']",
            ".editing [name=content]",
            ".editing .main",
            "/edit",
        ),
        (
            "",
            "",
            ".reply .acts form[action$='/retry'] button",
            "/retry",
        ),
        (
            ".reply a[href$='/retry']",
            ".other-model [name=model]",
            ".other-model .main",
            "/retry",
        ),
        ("#rename", "#new-title", "form.title .main", "/rename"),
        ("#delete-chat", "", "form.title .danger", "/delete"),
        (
            ".reply a[href$='/delete']",
            "",
            ".asking .danger",
            "/delete",
        ),
    ];
    for (n, (opens, field, sends, address)) in forms.into_iter().enumerate() {
        for status in FOREIGN {
            let at = format!("{address}: {status}");
            tab.reload().await;
            tab.until("document.querySelector('#composer[data-htmx-powered]')")
                .await;
            tab.mark().await;
            tab.fill("#content", "Draft").await;
            if !opens.is_empty() {
                tab.eval(&format!("document.querySelector({opens:?}).click()"))
                    .await;
                tab.until(&format!("document.querySelector({sends:?})"))
                    .await;
            }
            if !field.is_empty() {
                tab.fill(field, "Typed").await;
            }
            site.refuse_with(status.try_into().unwrap(), address, 1);
            tab.eval(&format!("document.querySelector({sends:?}).click()"))
                .await;
            // The form for another version says so itself.
            match n {
                0 => tab.until(&shown(".editing .unsent")).await,
                _ => tab.until_text("#notice", "probably not done").await,
            }
            let page = tab.eval("document.body.innerText").await;
            assert!(!page.as_str().unwrap().contains("proxy"), "{at}: {page}");
            assert_eq!(
                tab.eval("document.querySelector('#content').value").await,
                "Draft",
                "{at}"
            );
            if !field.is_empty() {
                let typed = format!("document.querySelector({field:?}).value");
                assert_eq!(tab.eval(&typed).await, "Typed", "{at}");
            }
            assert!(tab.count(".message, .editing").await >= messages, "{at}");
            assert!(tab.is_marked().await, "{at}");
        }
    }
    // What was deleted can still be brought back.
    for status in FOREIGN {
        tab.reload().await;
        tab.until("document.querySelector('#composer[data-htmx-powered]')")
            .await;
        tab.eval("document.querySelector(\".reply a[href$='/delete']\").click()")
            .await;
        tab.until("document.querySelector('.asking .danger')").await;
        tab.eval("document.querySelector('.asking .danger').click()")
            .await;
        tab.until("document.querySelector('.undo button')").await;
        site.refuse_with(status.try_into().unwrap(), "/restore", 1);
        tab.eval("document.querySelector('.undo button').click()")
            .await;
        tab.until_text("#notice", "probably not done").await;
        tab.eval("document.querySelector('.undo button').click()")
            .await;
        tab.until("document.querySelector('.reply')").await;
    }
    tab.leave(async || tab.go("/settings").await).await;
    for status in FOREIGN {
        tab.until("document.querySelector('#defaults[data-htmx-powered]')")
            .await;
        tab.fill("#top_p", "0.5").await;
        site.refuse_with(status.try_into().unwrap(), "/settings", 1);
        tab.click("#save-defaults").await;
        tab.until_text("#notice", "probably not done").await;
        assert_eq!(
            tab.eval("document.querySelector('#top_p').value").await,
            "0.5"
        );
        tab.click("#save-defaults").await;
        tab.until_text("#defaults", "Saved").await;
        assert_eq!(tab.text("#notice").await, "");
        tab.reload().await;
    }
}
