//! Where people are in a chat that grows: at its end until they scroll up, and then where they are.

use crate::support::{
    chromium::{Script, Tab},
    model::{Answer, Gate},
    site::Site,
};

/// A few screens of text.
fn long() -> String {
    let paragraphs = (1..60).map(|n| format!("Paragraph number {n}, which is about nothing.\n\n"));
    paragraphs.collect()
}

/// How far the conversation's end is below what is in view.
const BELOW: &str = "(() => { const m = document.querySelector('#main'); return Math.round(document.querySelector('#thread').getBoundingClientRect().bottom - m.getBoundingClientRect().bottom) })()";
/// Where the first paragraph of the last reply is.
const FIRST: &str =
    "Math.round(document.querySelector('.reply:last-child .text p').getBoundingClientRect().top)";
const NEWEST: &str = "getComputedStyle(document.querySelector('.to-newest')).visibility";

#[tokio::test]
async fn a_reader_at_the_end_follows_and_one_who_scrolled_up_stays() {
    for script in [Script::On, Script::Off] {
        let site = Site::start().await;
        let tab = Tab::open(&site.url, script).await;
        tab.register("Ann").await;
        let gate = Gate::new();
        let more = long();
        site.model.answer(Answer::gated(
            &gate,
            [&*more, "One more.\n\nAnd ", &*more, "The end."],
        ));
        tab.send("Much, please").await;
        gate.open(1);
        tab.until_text(".reply", "number 59").await;
        assert_eq!(tab.eval(BELOW).await, 0, "the end is in view");
        assert_eq!(tab.eval(NEWEST).await, "hidden");
        gate.open(1);
        tab.until_text(".reply", "One more.").await;
        assert_eq!(tab.eval(BELOW).await, 0, "the end stays in view");

        tab.eval("document.querySelector('#main').scrollBy(0, -500)")
            .await;
        tab.until(&format!("{NEWEST} == 'visible'")).await;
        let first = tab.eval(FIRST).await.as_i64().unwrap();
        gate.open(1);
        tab.until(&format!("{BELOW} > 1500")).await;
        let now = tab.eval(FIRST).await.as_i64().unwrap();
        assert!(
            first.abs_diff(now) <= 1,
            "what is read moved: {first} {now}"
        );

        tab.click(".to-newest a").await;
        // Where heights are no whole pixels, Chromium scrolls one too far.
        tab.until(&format!("Math.abs({BELOW}) <= 1")).await;
        tab.until(&format!("{NEWEST} == 'hidden'")).await;
        gate.open_all();
        tab.until_replied().await;
        let below = tab.eval(BELOW).await.as_i64().unwrap();
        assert!(below.abs() <= 1, "the end stays in view: {below}");
        tab.close().await;
    }
}

#[tokio::test]
async fn what_is_sent_is_in_view_wherever_one_was() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    site.model.says(&long());
    tab.send("Much, please").await;
    tab.until_replied().await;
    for how in ["\u{e007}", "button"] {
        tab.eval("document.querySelector('#main').scrollTo(0, -9999)")
            .await;
        tab.until(&format!("{BELOW} > 1500")).await;
        let gate = Gate::new();
        site.model
            .answer(Answer::gated(&gate, ["So far.", &long()[..], " The end."]));
        tab.press("#content", "Another one").await;
        match how {
            "button" => tab.click("#composer button").await,
            key => tab.press("#content", key).await,
        }
        tab.until("!document.querySelector('#content').value").await;
        assert_eq!(tab.eval(BELOW).await, 0, "{how}");
        // And it is followed from there.
        gate.open(2);
        tab.until_text(".reply:last-child", "number 59").await;
        assert_eq!(tab.eval(BELOW).await, 0, "{how}");
        gate.open_all();
        tab.until_replied().await;
    }
    tab.close().await;
}

#[tokio::test]
async fn the_way_to_the_newest_text_is_reached_by_keyboard_and_covers_nothing() {
    let site = Site::start().await;
    for width in [320, 1440] {
        let tab = Tab::open(&site.url, Script::On).await;
        tab.register(&format!("Ann {width}")).await;
        tab.resize(width, 640).await;
        site.model.says(&long());
        tab.send("Much, please").await;
        tab.until_replied().await;
        tab.eval("document.querySelector('#main').scrollBy(0, -500)")
            .await;
        tab.until(&format!("{NEWEST} == 'visible'")).await;
        let covers = "(() => { const a = document.querySelector('.to-newest').getBoundingClientRect(); return [...document.querySelectorAll('#main, #content, .composer button, .composer .model')].filter(e => e.checkVisibility({ visibilityProperty: true })).map(e => { const r = document.createRange(); r.selectNodeContents(e); const b = e.matches('.model') ? r.getBoundingClientRect() : e.getBoundingClientRect(); return b.width && b.left < a.right && a.left < b.right && b.top < a.bottom && a.top < b.bottom ? e.outerHTML.slice(0, 40) : '' }).join('') })()";
        assert_eq!(tab.eval(covers).await, "", "at {width}");
        tab.eval("document.querySelector('.to-newest a').focus()")
            .await;
        assert_eq!(
            tab.eval("document.activeElement.hash").await,
            "#latest",
            "it takes the focus"
        );
        tab.close().await;
    }
}

#[tokio::test]
async fn what_is_selected_stays_selected_while_the_reply_goes_on() {
    for script in [Script::On, Script::Off] {
        let site = Site::start().await;
        let tab = Tab::open(&site.url, script).await;
        tab.register("Ann").await;
        let gate = Gate::new();
        site.model.answer(Answer::gated(
            &gate,
            [
                "From here.\n\n```rust\nlet a = 1;\n```\n\nNe",
                "xt.\n\n- an",
                "other",
                ".\n\nThe end.",
            ],
        ));
        tab.send("Much, please").await;
        gate.open(1);
        tab.until_text(".reply", "Ne").await;
        tab.until_text(".reply code", "let a = 1;").await;
        // The forms that are shown, from the middle of a word to the middle of code.
        tab.eval("(() => { const shown = css => [...document.querySelectorAll(css)].filter(e => e.checkVisibility())[0]; const code = shown('.reply code'); getSelection().setBaseAndExtent(shown('.reply .text p').firstChild, 1, code, code.childNodes.length) })()")
            .await;
        let selected = tab.eval("getSelection().toString()").await;
        let text = selected.as_str().unwrap();
        assert!(
            text.starts_with("rom here.") && text.contains("let a = 1;"),
            "{text}"
        );
        for said in ["Next.", "another", "The end."] {
            gate.open(1);
            tab.until_text(".reply", said).await;
            assert_eq!(
                tab.eval("getSelection().toString()").await,
                selected,
                "{said}"
            );
        }
        gate.open_all();
        tab.until_replied().await;
        assert_eq!(
            tab.eval("getSelection().toString()").await,
            selected,
            "at the end"
        );
        tab.close().await;
    }
}
