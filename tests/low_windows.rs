//! Windows that are low: zoomed in to 400 %, on a phone on its side, with a long text in the box.

use crate::{
    support::{
        chromium::{Script, Tab},
        site::Site,
    },
    tree::long_chat,
};

const BOTH: [Script; 2] = [Script::On, Script::Off];

/// Too low for title, messages and composer, each in its place: the page scrolls as one.
const LOW: [(u32, u32); 7] = [
    (320, 180),
    (320, 256),
    (427, 240),
    (640, 360),
    (844, 200),
    (844, 390),
    (1600, 300),
];

/// Low, but there is room for all three.
const ROOMY: [(u32, u32); 5] = [(390, 420), (320, 480), (640, 401), (640, 420), (1280, 450)];

const NINE_LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9";

/// The number of the window's rows that show a message, of those that the pointer would meet.
const READ: &str = "[...Array(innerHeight).keys()].filter(y => {
    const met = document.elementFromPoint(innerWidth / 2, y);
    return met && met.closest('.message, #thread') })
    .length";

/// Finds where an element is that is wholly in the window, and that nothing covers.
fn in_view(css: &str) -> String {
    format!(
        "(() => {{
            const e = document.querySelector({css:?}), b = e.getBoundingClientRect();
            const met = document.elementFromPoint((b.left + b.right) / 2, (b.top + b.bottom) / 2);
            return b.top >= -1 && b.bottom <= innerHeight + 1 && (e.contains(met) || e == met) }})()"
    )
}

impl Tab {
    /// Brings an element into view as the keyboard does when it goes there.
    async fn scroll_to(&self, css: &str) {
        self.eval(&format!("document.querySelector({css:?}).scrollIntoView()"))
            .await;
    }

    async fn type_nine_lines(&self) {
        self.eval(&format!(
            "document.querySelector('#content').value = {NINE_LINES:?}"
        ))
        .await;
    }
}

/// Somebody with a chat that is some windows long.
async fn chat(site: &Site, url: &str, script: Script) -> Tab {
    let tab = Tab::open(url, script).await;
    tab.register(&format!("Ann {script:?}")).await;
    let paragraphs = (1..40).map(|n| format!("Paragraph number {n}, which is about nothing.\n\n"));
    site.model.says(&paragraphs.collect::<String>());
    tab.send("Much, please").await;
    tab.until_replied().await;
    tab
}

#[tokio::test]
async fn messages_can_be_read_in_windows_that_are_low() {
    let site = Site::start().await;
    for script in BOTH {
        let tab = chat(&site, &site.url, script).await;
        let chat = tab.path().await.split("/live").next().unwrap().to_owned();
        for (width, height) in LOW {
            for nine_lines in [false, true] {
                let at = format!("{width} x {height}, {script:?}, nine lines: {nine_lines}");
                tab.resize(width, height).await;
                tab.leave(async || tab.go(&chat).await).await;
                tab.until("document.readyState == 'complete'").await;
                // It begins at its end.
                let end = "document.querySelector('.composer').getBoundingClientRect().bottom - innerHeight";
                let end = tab.eval(end).await.as_f64().unwrap();
                assert!(end.abs() <= 1.0, "{at}: {end}");
                if nine_lines {
                    tab.type_nine_lines().await;
                }
                for message in [".mine .text", ".reply .text p:nth-child(20)"] {
                    tab.scroll_to(message).await;
                    let seen = tab.eval(&in_view(message)).await;
                    assert_eq!(seen, true, "{at}: {message}");
                    let rows = tab.eval(READ).await.as_u64().unwrap();
                    assert!(rows * 10 > u64::from(height) * 8, "{at}: {rows} rows");
                }
                for control in ["#composer > button", "#content", ".top .brand"] {
                    tab.scroll_to(control).await;
                    let seen = tab.eval(&in_view(control)).await;
                    assert_eq!(seen, true, "{at}: {control}");
                }
                let wide = "document.documentElement.scrollWidth > innerWidth || document.body.scrollWidth > document.body.clientWidth";
                assert_eq!(tab.eval(wide).await, false, "{at}");
            }
        }
        for (width, height) in ROOMY {
            let at = format!("{width} x {height}, {script:?}");
            tab.resize(width, height).await;
            tab.leave(async || tab.go(&chat).await).await;
            tab.until("document.readyState == 'complete'").await;
            tab.type_nine_lines().await;
            // In letters of every size that can be chosen.
            for size in ["small", "", "larger"] {
                tab.eval(&format!("document.documentElement.dataset.size = {size:?}"))
                    .await;
                let rows = tab.eval(READ).await.as_u64().unwrap();
                assert!(rows >= 72, "{at}, {size}: {rows} rows");
                for control in ["#composer > button", "#content", ".top .brand"] {
                    let seen = tab.eval(&in_view(control)).await;
                    assert_eq!(seen, true, "{at}, {size}: {control}");
                }
            }
        }
        tab.close().await;
    }
}

#[tokio::test]
async fn what_is_sent_and_what_comes_is_in_view_where_the_page_scrolls_as_one() {
    let site = Site::start().await;
    let wire = site.over_a_wire().await;
    let tab = chat(&site, &wire.url, Script::On).await;
    for (width, height) in [(320, 256), (844, 200), (844, 390)] {
        tab.resize(width, height).await;
        tab.scroll_to(".mine .text").await;
        site.model.says("Short.");
        tab.press("#content", "Another\u{e007}").await;
        tab.until_text(".reply:last-child", "Short.").await;
        tab.until_replied().await;
        tab.until(&in_view("#composer > button")).await;
        // There is room for the end of a reply above it, and in some for the whole of it.
        match height {
            390 => tab.until(&in_view(".reply:last-child .text p")).await,
            _ => tab.until(&format!("{READ} > 40")).await,
        }
        // And wherever one reads, that there is no connection.
        tab.scroll_to(".mine .text").await;
        wire.close();
        tab.eval("document.querySelector('.reply .acts form button').click()")
            .await;
        tab.until(&in_view(".lost")).await;
        wire.heal();
        tab.until("!document.querySelector('.lost').checkVisibility()")
            .await;
    }
    tab.complaints().await;
    tab.close().await;
}

#[tokio::test]
async fn earlier_messages_come_when_they_are_asked_for_and_what_is_read_stays() {
    let site = Site::start().await;
    let (tab, path) = long_chat(&site, Script::On).await;
    for (width, height) in [(320, 180), (844, 390)] {
        tab.resize(width, height).await;
        tab.leave(async || tab.go(&path).await).await;
        tab.until("document.querySelector('#earlier-link[data-htmx-powered]')")
            .await;
        // The header is reached: nothing comes above what is read that nobody asked for.
        tab.scroll_to(".top .brand").await;
        tab.eval("let frames = 0; const count = () => frames++ < 9 && requestAnimationFrame(count); count(); window.frames = () => frames")
            .await;
        tab.until("window.frames() > 8").await;
        assert_eq!(tab.eval(&in_view(".top .brand")).await, true);
        assert_eq!(tab.count(".message").await, 50);
        tab.eval("window.first = document.querySelector('.message')")
            .await;
        let top = "window.first.getBoundingClientRect().top";
        tab.press("#earlier-link", "\u{e007}").await;
        tab.until("document.querySelectorAll('.message').length > 50")
            .await;
        let moved = tab.eval(top).await.as_f64().unwrap();
        assert_eq!(tab.count(".message").await, 100);
        assert!(moved.abs() < f64::from(height), "{moved}");
    }
    tab.close().await;
}

#[tokio::test]
async fn what_is_to_be_known_and_the_way_to_the_newest_are_in_view_and_cover_nothing() {
    let site = Site::start().await;
    let tab = chat(&site, &site.url, Script::On).await;
    let chat = tab.path().await;
    // As the page's policy lets no text become elements.
    let add = |tag: &str, class: &str, text: &str| {
        format!(
            "(() => {{ const e = document.createElement({tag:?}); e.className = {class:?};
                e.textContent = {text:?}; document.querySelector('#notice').replaceChildren(e) }})()"
        )
    };
    let sentence = "Your message was not sent: the server cannot save anything at the moment.";
    // What stands there, and in which element.
    let said = [
        (add("p", "notice", sentence), "#notice .notice"),
        (add("div", "undo", "One message was deleted."), "#notice .undo"),
        ("document.querySelector('#connected').replaceChildren()".to_owned(), ".lost"),
        ("document.querySelector('#content').value = 'Lost'; document.querySelector('#kept').remove()".to_owned(), "#composer ~ .unsent, .composer > * .unsent"),
    ];
    for (width, height) in LOW {
        tab.resize(width, height).await;
        for (happens, element) in &said {
            let at = format!("{width} x {height}: {element}");
            tab.leave(async || tab.go(&chat).await).await;
            tab.until("document.readyState == 'complete'").await;
            // The connection is not looked for, or it would be found.
            tab.eval("document.querySelector('#connection').removeAttribute('hx-get'); window.fetch = () => new Promise(() => {})")
                .await;
            tab.scroll_to(".mine .text").await;
            tab.until(&in_view(".to-newest a")).await;
            tab.eval(happens).await;
            tab.scroll_to(".reply .text p:nth-child(20)").await;
            assert_eq!(tab.eval(&in_view(element)).await, true, "{at}");
            tab.until(&in_view(".to-newest a")).await;
            // What is read begins below the one and ends beside the other.
            let covered = "(() => {
                const box = e => document.querySelector(e).getBoundingClientRect();
                const read = document.body.getBoundingClientRect(), said = box('.notices');
                return said.bottom > read.top + 1 || box('.reply .text').right > box('.to-newest').left + 1 })()";
            assert_eq!(tab.eval(covered).await, false, "{at}");
            let rows = tab.eval(READ).await.as_u64().unwrap();
            assert!(rows * 10 > u64::from(height) * 5, "{at}: {rows} rows");
        }
        // At its end there is no way to it.
        tab.leave(async || tab.go(&chat).await).await;
        tab.until("document.readyState == 'complete'").await;
        tab.until("getComputedStyle(document.querySelector('.to-newest')).visibility == 'hidden'")
            .await;
    }
    tab.close().await;
}
