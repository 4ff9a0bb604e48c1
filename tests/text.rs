//! What people do with the text of messages: they read it, and take it elsewhere.

use crate::support::{
    model::{Answer, Step},
    *,
};

const REPLY: &str = "Look:\n\n```rust\nlet a = 1 < 2;\n```\n\n- nested\n\n  ```\n  b\n  ```\n\n$$x^2$$ costs $5 and $10.\n";

/// The key of the first message of a page that fits.
fn key(page: &Page, css: &str) -> String {
    page.attribute(css, "id").split_at(2).1.to_owned()
}

#[tokio::test]
async fn a_message_is_there_as_plain_text() {
    for kind in KINDS {
        let app = TestApp::start().await;
        app.model.answer(Answer::stream([REPLY]));
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("My <b>question</b>\n 가나").await;
        let page = ann.finished(&page).await;
        for (css, text) in [(".mine", "My <b>question</b>\n 가나"), (".reply", REPLY)] {
            let link = page.attribute(&format!("{css} .take a"), "href");
            assert_eq!(link, format!("/messages/{}/raw", key(&page, css)));
            let raw = ann.get(&link).await;
            assert_eq!(
                (raw.status.as_u16(), raw.html.trim_end()),
                (200, text.trim_end())
            );
            assert_eq!(raw.header("content-type"), "text/plain; charset=utf-8");
            assert_eq!(raw.header("x-content-type-options"), "nosniff");
            let value = page.attribute(&format!("{css} .take clipboard-copy"), "value");
            assert_eq!(value.trim_end(), text.trim_end());
        }
    }
}

#[tokio::test]
async fn a_block_of_code_is_there_as_plain_text() {
    let app = TestApp::start().await;
    app.model.answer(Answer::stream([REPLY]));
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("Hello").await;
    let page = ann.finished(&page).await;
    let links = page.attributes(".code a.lang", "href");
    assert_eq!(page.texts(".code a.lang"), ["rust", "txt"]);
    let ids = page.attributes(".code code", "id");
    assert_eq!(page.attributes(".code clipboard-copy", "for"), ids);
    for (link, code) in links.iter().zip(["let a = 1 < 2;\n", "b\n"]) {
        assert_eq!(ann.get(link).await.html, code);
    }
    let none = links[0].replace("code/1", "code/3");
    for nothing in [&none, &none.replace('3', "0"), &none.replace("/3", "/x")] {
        assert_eq!(ann.get(nothing).await.status, 404, "{nothing}");
    }
    let ben = Browser::plain(&app).sign_up("ben").await;
    assert_eq!(ben.get(&links[0]).await.status, 404);
}

#[tokio::test]
async fn formulas_are_formulas_and_prices_are_prices() {
    let app = TestApp::start().await;
    app.model.answer(Answer::stream([REPLY]));
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("Hello").await;
    let page = ann.finished(&page).await;
    assert!(page.has(".reply math[display=block] msup"));
    assert_eq!(page.count(".reply math"), 1);
    assert!(page.text(".reply .text").contains("costs $5 and $10."));
}

#[tokio::test]
async fn a_reply_that_was_carried_on_shows_its_new_text() {
    let app = TestApp::start().await;
    let cut = Answer::sse()
        .token("*One*")
        .event(r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#)
        .event("[DONE]")
        .then(Step::End);
    app.model.answer(cut);
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("Hello").await;
    let page = ann.finished(&page).await;
    assert_eq!(page.texts(".reply em"), ["One"]);
    app.model.answer(Answer::stream([" and *two*"]));
    let page = ann.submit(&page.form("form[action$='/continue']")).await;
    let page = ann.finished(&page).await;
    assert_eq!(page.texts(".reply em"), ["One", "two"]);
}
