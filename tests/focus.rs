//! Where the focus is after htmx took away what had it: never on nothing, as then whoever works with
//! the keyboard, or hears the page, begins again at its top.

use crate::{
    support::{
        chromium::{Script, Tab},
        model::{Answer, Gate},
        site::Site,
    },
    tree::long_chat,
};
use serde_json::json;
use std::time::Duration;

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const DRAFT: &str = "document.querySelector('#content').value == 'A draft'";

impl Tab {
    /// Waits until the focus is there.
    async fn until_focused(&self, css: &str) {
        let css = json!(css);
        self.until(&format!("document.activeElement.matches({css})"))
            .await;
    }

    async fn focus(&self, css: &str) {
        let css = json!(css);
        self.eval(&format!("document.querySelector({css}).focus()"))
            .await;
    }
}

/// Somebody with a chat of one question and its reply, and a draft in the composer.
async fn chat(site: &Site) -> Tab {
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    site.model.says("First.");
    tab.send("One").await;
    tab.until_replied().await;
    tab.press("#content", "A draft").await;
    tab.mark().await;
    tab
}

#[tokio::test]
async fn stop_and_continue_lead_to_the_composer() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    site.model
        .answer(Answer::gated(&gate, ["So far.", " Never seen."]));
    tab.send("Talk").await;
    gate.open(1);
    tab.until_text(".reply .text", "So far.").await;
    tab.press("#content", "A draft").await;
    tab.press(".stop button", ENTER).await;
    tab.until_text(".reply .ending", "Stopped").await;
    tab.until("!document.querySelector('.stop')").await;
    tab.until_focused("#content").await;
    tab.until(DRAFT).await;

    // Continue goes away as well, and Stop where the reply ends by itself.
    let gate = Gate::new();
    site.model.answer(Answer::gated(&gate, [" And", " so on."]));
    tab.press(".ending form[action$='/continue'] button", ENTER)
        .await;
    tab.until("document.querySelector('.stop')").await;
    tab.until_focused("#content").await;
    gate.open(1);
    tab.until_text(".reply .text", "And").await;
    tab.focus(".stop button").await;
    tab.until_focused(".stop button").await;
    gate.open_all();
    tab.until_replied().await;
    tab.until("!document.querySelector('.stop')").await;
    tab.until_focused("#content").await;
    tab.until(DRAFT).await;
    tab.close().await;
}

#[tokio::test]
async fn a_reply_that_ends_takes_no_focus_from_anything_else() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    site.model
        .answer(Answer::gated(&gate, ["So far.", " All."]));
    tab.send("Talk").await;
    gate.open(1);
    tab.until_text(".reply .text", "So far.").await;
    tab.focus("#rename").await;
    gate.open_all();
    tab.until_replied().await;
    tab.until("!document.querySelector('.stop')").await;
    tab.until_focused("#rename").await;
    tab.close().await;
}

#[tokio::test]
async fn forms_on_messages_give_the_focus_back() {
    let site = Site::start().await;
    let tab = chat(&site).await;
    tab.press(".mine [id^='edit-']", ENTER).await;
    tab.until_focused(".editing textarea").await;
    tab.press(".editing .actions a", ENTER).await;
    tab.until_focused(".mine a[id^='edit-'][href$='/edit']")
        .await;
    tab.press(".mine [id^='edit-']", ENTER).await;
    tab.until_focused(".editing textarea").await;
    tab.press(".editing textarea", ESCAPE).await;
    tab.until_focused(".mine .text").await;

    tab.press(".reply .acts a[href$='/retry']", ENTER).await;
    tab.until_focused(".other-model input").await;
    tab.press(".other-model .actions a", ENTER).await;
    tab.until_focused(".reply .acts a[href$='/retry']").await;
    tab.press(".reply .acts a[href$='/retry']", ENTER).await;
    tab.until_focused(".other-model input").await;
    tab.press(".other-model input", ESCAPE).await;
    tab.until_focused(".reply .acts > :has([href$='/retry'])")
        .await;

    tab.press(".reply .more summary", ENTER).await;
    tab.press(".reply a[href$='/delete']", ENTER).await;
    tab.until_focused(".asking .actions a").await;
    tab.press(".asking .actions a", ESCAPE).await;
    tab.until_focused(".reply .more summary").await;
    tab.until(DRAFT).await;
    assert!(tab.is_marked().await);

    site.model.says("Second.");
    tab.press(".mine [id^='edit-']", ENTER).await;
    tab.fill(".editing textarea", "Uno").await;
    tab.press(".editing button.main", ENTER).await;
    tab.until_text(".reply", "Second.").await;
    tab.until_focused("#content").await;
    tab.close().await;
}

/// The place of the caret in what has the focus, and how long that is.
const CARET: &str =
    "(e => [e.selectionStart, e.selectionEnd, e.value.length].join())(document.activeElement)";

#[tokio::test]
async fn one_goes_on_writing_at_the_end_of_what_is_there() {
    let site = Site::start().await;
    let tab = chat(&site).await;
    for how in ["enter", "line"] {
        site.change(match how {
            "line" => "update users set composer = 'line'",
            _ => "update users set composer = 'enter'",
        })
        .await;
        tab.press(".mine [id^='edit-']", ENTER).await;
        tab.until_focused(".editing [name=content]").await;
        assert_eq!(tab.eval(CARET).await, "3,3,3", "{how}");
        tab.press(".editing .actions a", ENTER).await;
        tab.until_focused(".mine a[id^='edit-'][href$='/edit']")
            .await;
        tab.press("#rename", ENTER).await;
        tab.until_focused("input#new-title").await;
        assert_eq!(tab.eval(CARET).await, "3,3,3");
        tab.press("#title .actions a", ENTER).await;
        tab.until_focused("h1#chat-title").await;
    }
    // Several lines stay so.
    site.change("update messages set body = 'One\nTwo & <b>\n' where role = 'user'")
        .await;
    tab.press(".mine [id^='edit-']", ENTER).await;
    tab.until_focused(".editing textarea").await;
    assert_eq!(tab.eval(CARET).await, "14,14,14");
    assert_eq!(
        tab.eval("document.activeElement.value").await,
        "One\nTwo & <b>\n"
    );
    // Who was faster keeps what they have written.
    tab.press(".editing .actions a", ENTER).await;
    tab.until_focused(".mine a[id^='edit-'][href$='/edit']")
        .await;
    tab.press(".mine [id^='edit-']", ENTER).await;
    tab.fill(".editing textarea", "Faster").await;
    tab.eval("document.activeElement.blur()").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        tab.eval("document.querySelector('.editing textarea').value")
            .await,
        "Faster"
    );
    tab.until(DRAFT).await;
    tab.close().await;
}

#[tokio::test]
async fn versions_are_gone_through_without_leaving_their_links() {
    let site = Site::start().await;
    let tab = chat(&site).await;
    for (text, reply) in [("Two", "Second."), ("Three", "Third.")] {
        site.model.says(reply);
        tab.press(".mine [id^='edit-']", ENTER).await;
        tab.fill(".editing textarea", text).await;
        tab.press(".editing button.main", ENTER).await;
        tab.until_text(".reply", reply).await;
        tab.until_replied().await;
    }
    tab.press("#content", "A draft").await;
    for reply in ["Second.", "First."] {
        tab.press("a[id^='previous-']", ENTER).await;
        tab.until_text(".reply", reply).await;
        tab.until_focused("[id^='previous-']").await;
    }
    // There is none before it.
    tab.until_focused("span[aria-disabled]").await;
    tab.press("a[id^='next-']", ENTER).await;
    tab.until_text(".reply", "Second.").await;
    tab.until_focused("a[id^='next-']").await;
    // Where the address is already the one that Cancel leads to.
    tab.press(".mine [id^='edit-']", ENTER).await;
    tab.press(".editing .actions a", ENTER).await;
    tab.until_focused(".mine a[id^='edit-'][href$='/edit']")
        .await;
    tab.until(DRAFT).await;
    assert!(tab.is_marked().await);
    // What is written now goes on from what is shown.
    site.model.says("On.");
    tab.press("#content", ENTER).await;
    tab.until_text(".reply", "On.").await;
    tab.until_replied().await;
    tab.reload().await;
    tab.until_text(".reply", "On.").await;
    let said = "[...document.querySelectorAll('.message .text')].map(e => e.innerText.trim())";
    let said = tab.eval(&format!("{said}.join(' ')")).await;
    assert_eq!(said, "Two Second. A draft On.");
    tab.close().await;
}

#[tokio::test]
async fn what_is_deleted_and_brought_back_leads_to_the_composer() {
    let site = Site::start().await;
    let tab = chat(&site).await;
    for is_late in [false, true] {
        tab.press(".reply .more summary", ENTER).await;
        tab.press(".reply a[href$='/delete']", ENTER).await;
        tab.press(".asking button", ENTER).await;
        tab.until_text(".undo", "One message was deleted").await;
        tab.until_focused("#content").await;
        if is_late {
            site.change("update messages set deleted_at = 1 where deleted_at is not null")
                .await;
            tab.press("#content", "A draft").await;
        }
        tab.press(".undo button", ENTER).await;
        if is_late {
            tab.until_text("#notice", "more than an hour ago").await;
            tab.until(DRAFT).await;
        } else {
            tab.until_text(".reply", "First.").await;
        }
        tab.until("!document.querySelector('.undo')").await;
        tab.until_focused("#content").await;
    }
    tab.complaints().await;
    tab.close().await;
}

#[tokio::test]
async fn forms_on_the_chat_give_the_focus_to_its_title() {
    let site = Site::start().await;
    let tab = chat(&site).await;
    // Where it is narrow the links are in a menu, which is closed by then.
    for (width, title) in [(1200, "Otters"), (400, "Seals")] {
        tab.resize(width, 800).await;
        let open = async |link| {
            if width == 400 {
                tab.press("[popovertarget=chat-menu]", ENTER).await;
            }
            tab.press(link, ENTER).await;
        };
        open("#rename").await;
        tab.until_focused("input#new-title").await;
        tab.press("#title .actions a", ENTER).await;
        tab.until_focused("h1#chat-title").await;
        open("#rename").await;
        tab.until_focused("input#new-title").await;
        tab.press("input#new-title", ESCAPE).await;
        tab.until_focused("h1 > #new-title").await;
        open("#rename").await;
        tab.fill("input#new-title", title).await;
        tab.press("input#new-title", ENTER).await;
        tab.until_text("#title h1", title).await;
        tab.until_focused("h1#chat-title").await;
        open("#delete-chat").await;
        tab.until_focused("form#title .actions a").await;
        tab.press("form#title .actions a", ENTER).await;
        tab.until_focused("h1#chat-title").await;
        tab.until(DRAFT).await;
    }
    assert!(tab.is_marked().await);
    tab.resize(1200, 800).await;
    tab.press("#delete-chat", ENTER).await;
    tab.press("form#title button", ENTER).await;
    tab.until("location.pathname == '/'").await;
    tab.until_focused("#content").await;
    tab.close().await;
}

#[tokio::test]
async fn what_is_refused_leaves_the_focus_where_it_was() {
    let site = Site::start().await;
    let tab = chat(&site).await;
    tab.fill("#content", "  ").await;
    tab.press("#composer button", ENTER).await;
    tab.until_text("#notice", "Write a message").await;
    tab.until_focused("#composer button").await;
    // A failed reply has its own way to another model.
    site.model.answer(Answer::status(422, "text/plain", "no"));
    tab.fill("#content", "Go").await;
    tab.press("#content", ENTER).await;
    tab.until_text(".ending", "Try again").await;
    tab.press(".ending a[href$='/retry']", ENTER).await;
    tab.until_focused(".other-model input").await;
    tab.press(".other-model .actions a", ENTER).await;
    tab.until_focused(".ending a[href$='/retry']").await;
    tab.press(".ending a[href$='/retry']", ENTER).await;
    tab.until_focused(".other-model input").await;
    tab.press(".other-model input", ESCAPE).await;
    tab.until_focused(".ending .actions > :has([href$='/retry'])")
        .await;
    assert_eq!(tab.count(".ending form").await, 1);
    tab.go("/settings").await;
    tab.fill("#top_p", "7").await;
    tab.press("#save-defaults", ENTER).await;
    tab.until_text("#defaults", "a number from 0 to 1").await;
    tab.until_focused("#save-defaults").await;
    tab.fill("#top_p", "0.5").await;
    tab.press("#top_p", ENTER).await;
    tab.until_text("#defaults", "Saved").await;
    tab.until_focused("#top_p").await;
    tab.complaints().await;
    tab.close().await;
}

#[tokio::test]
async fn earlier_messages_leave_the_focus_on_the_way_to_those_before() {
    let site = Site::start().await;
    let (tab, _) = long_chat(&site, Script::On).await;
    // In a higher window they come by themselves as soon as the way to them is in view.
    tab.resize(800, 390).await;
    for count in [100, 120] {
        tab.focus("#earlier-link").await;
        tab.press("#earlier-link", ENTER).await;
        tab.until(&format!(
            "document.querySelectorAll('.message').length >= {count}"
        ))
        .await;
        tab.until_focused("#earlier-link").await;
    }
    tab.until_text("#earlier-link", "begins here").await;
    tab.close().await;
}

#[tokio::test]
async fn what_can_be_done_with_an_earlier_message_is_quiet_until_wanted() {
    let site = Site::start().await;
    let tab = chat(&site).await;
    let shown = "[...document.querySelectorAll('.mine .below :is(a, clipboard-copy, summary)')].filter(e => e.checkVisibility({ opacityProperty: true })).length";
    assert_eq!(tab.eval(shown).await, 0);
    tab.focus(".mine [id^='edit-']").await;
    // Copy, its plain text, edit, more.
    tab.until(&format!("{shown} == 4")).await;
    tab.focus("#content").await;
    tab.until(&format!("{shown} == 0")).await;
    // Open or not.
    let more = "document.querySelector('.mine .more')";
    tab.eval(&format!("{more}.open = true")).await;
    assert_eq!(tab.eval(shown).await, 0);
    tab.focus(".mine summary").await;
    // And what is below "More", where there is a link for deletion.
    tab.until(&format!("{shown} == 5")).await;
    // A reply that is no longer the last one, also what of it is in forms without boxes of their own.
    tab.fill("#content", "Two").await;
    tab.press("#content", ENTER).await;
    tab.until("document.querySelectorAll('.reply').length == 2")
        .await;
    tab.until_replied().await;
    let seen = |n: u8| {
        format!(
            "[...document.querySelectorAll('.reply')[{n}].querySelectorAll('.below :is(a, button, clipboard-copy, summary)')].filter(e => {{
                if (!e.checkVisibility()) return false;
                for (let box = e; box; box = box.parentElement)
                    if (getComputedStyle(box).display != 'contents' && getComputedStyle(box).opacity == '0') return false;
                return true }}).length"
        )
    };
    // Copy, its plain text, regenerate, another model, more.
    assert_eq!(tab.eval(&seen(1)).await, 5);
    assert_eq!(tab.eval(&seen(0)).await, 0);
    tab.focus(".reply [id^='again-']").await;
    tab.until(&format!("{} == 5", seen(0))).await;
    tab.close().await;
}

#[tokio::test]
async fn more_stays_where_it_is_when_it_opens() {
    let site = Site::start().await;
    let tab = chat(&site).await;
    for width in [1_280, 320] {
        tab.resize(width, 700).await;
        let left = "document.querySelector('.reply:last-child .more summary').getBoundingClientRect().left";
        let closed = tab.eval(left).await;
        tab.click(".reply:last-child .more summary").await;
        tab.until("document.querySelector('.reply:last-child .more').open")
            .await;
        assert_eq!(tab.eval(left).await, closed, "{width}");
        tab.click(".reply:last-child .more summary").await;
    }
    tab.close().await;
}
