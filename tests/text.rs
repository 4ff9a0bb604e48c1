//! What people do with the text of messages: they read it, and take it elsewhere.

use crate::support::{
    chromium::{Script, Tab},
    model::{Answer, Gate, Step},
    site::{Site, wait_until},
    *,
};
use serde_json::json;

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
async fn text_browsers_read_what_style_sheets_and_formulas_say() {
    const REPLY: &str = "> [!TIP]\n> Rest.\n\n> [!NOTE] Mine & yours\n> Eat.\n\n$\\frac{a}{b} < c$ holds.\n\n```rust\nlet a = 1;\n```\n\nAs text: `<math alttext=\"x\">`, `<div class=\"alert tip\">`.\n";
    for (language, tip, plain) in [("en", "Tip", "rust · raw"), ("ko", "팁", "rust · 원본")] {
        for kind in KINDS {
            let app = TestApp::start().await;
            app.model.answer(Answer::stream([REPLY]));
            let ann = kind(&app).speaking(language).sign_up("ann").await;
            let watched = ann.start_chat("Tell me").await;
            let loaded = ann.finished(&watched).await;
            for page in [watched, loaded] {
                let text = page.text(".reply .text");
                assert_eq!(
                    text.contains(&format!("{tip} Rest.")),
                    ann.is_text(),
                    "{text}"
                );
                assert_eq!(
                    text.contains("\\frac{a}{b} < c holds."),
                    ann.is_text(),
                    "{text}"
                );
                assert_eq!(text.contains(plain), ann.is_text(), "{text}");
                assert_eq!(page.count(".reply math") == 0, ann.is_text());
                assert!(text.contains("Mine & yours Eat."), "{text}");
                assert!(
                    text.contains("<math alttext=\"x\">, <div class=\"alert tip\">."),
                    "{text}"
                );
            }
        }
    }
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

#[tokio::test]
async fn in_chromium_code_and_messages_are_copied() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    let allowed = json!({ "origin": site.url, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    tab.cdp("Browser.grantPermissions", allowed).await;
    tab.register("Ann").await;
    // What is there to paste, after a press of this button.
    let copied = async |css: &str, text: &str| {
        tab.eval("navigator.clipboard.writeText('nothing'); 0")
            .await;
        tab.click(css).await;
        wait_until(async || {
            let read = json!({ "expression": "navigator.clipboard.readText()", "awaitPromise": true, "returnByValue": true });
            let read = tab.cdp("Runtime.evaluate", read).await;
            match &read["result"]["value"] {
                value if value == text => Ok(()),
                _ => Err(format!("{css} copies {read}")),
            }
        })
        .await;
    };
    let gate = Gate::new();
    site.model.answer(Answer::gated(&gate, [REPLY, "The end."]));
    tab.send("My <b>question</b>").await;
    gate.open(1);
    tab.until_text(".reply", "costs $5").await;
    // A block is whole before the reply is.
    copied(".code .copy", "let a = 1 < 2;\n").await;
    gate.open_all();
    tab.until_replied().await;
    copied(".code .copy", "let a = 1 < 2;\n").await;
    copied("li .code .copy", "b\n").await;
    let whole = format!("{REPLY}The end.");
    copied(".reply .take clipboard-copy", &whole).await;
    copied(".mine .take clipboard-copy", "My <b>question</b>").await;
    tab.close().await;
}

#[tokio::test]
async fn in_chromium_lines_of_code_are_wrapped_and_a_block_is_taken_without_script() {
    let site = Site::start().await;
    let line = "word ".repeat(100) + &"x".repeat(300);
    site.model.says(&format!("```\n{line}\n```\n"));
    for script in [Script::On, Script::Off] {
        let tab = Tab::open(&site.url, script).await;
        tab.register(&format!("Ann {script:?}")).await;
        tab.send("Go").await;
        tab.until_replied().await;
        let code = "[...document.querySelectorAll('.code')].filter(e => e.checkVisibility())[0]";
        let more = format!(
            "(() => {{ const p = {code}.querySelector('pre'); return p.scrollWidth > p.clientWidth }})()"
        );
        assert_eq!(tab.eval(&more).await, true);
        let mark = format!("{code}.id = 'code'");
        tab.eval(&mark).await;
        tab.click("#code .wrap summary").await;
        tab.until(&format!("!{more}")).await;
        tab.click("#code .wrap summary").await;
        tab.until(&more).await;
        // What needs script is not there without it, and the text alone is.
        let copies = "[...document.querySelectorAll('clipboard-copy')].filter(e => e.checkVisibility()).length";
        assert_eq!(tab.eval(copies).await != 0, script == Script::On);
        // A page of plain text cannot say where its icon is, and the browser complains that it guessed.
        assert_eq!(tab.complaints().await, Vec::<String>::new());
        tab.follow("#code a.lang").await;
        tab.until_text("body", &line).await;
    }
}

#[tokio::test]
async fn people_read_what_models_mean() {
    // Each with where it is to be seen, and what is to be read there.
    let parts = [
        (
            "행사는 3~5일이고, 참가자는 10~20명입니다.",
            "p",
            "행사는 3~5일이고, 참가자는 10~20명입니다.",
        ),
        (
            "홍길동\n서울시 중구 1-2",
            "p:has(br)",
            "홍길동 서울시 중구 1-2",
        ),
        ("| a |\n|---|\n| 첫째<br>둘째 |", "td:has(br)", "첫째 둘째"),
        ("H<sub>2</sub>O", "p:has(sub)", "H 2O"),
        ("<kbd>Ctrl</kbd>", "kbd", "Ctrl"),
        ("std::map<std:string>", "p", "std::map<std:string>"),
        ("use arr[i](x)", "p", "use arr[i](x)"),
        (
            "Set $HOME/bin:$PATH in your profile.",
            "p",
            "Set $HOME/bin:$PATH in your profile.",
        ),
        (
            "2026. 11. 30. 월요일\n2026. 12. 1. 화요일",
            "p",
            "2026. 11. 30. 월요일 2026. 12. 1. 화요일",
        ),
        ("3. c\n7. g", "li[value='7']", "g"),
        (
            "https://example.comをご覧ください",
            "a[href='https://example.com/']",
            "https://example.com",
        ),
        ("본문.\n\n[^1]: 출처 하나", ".footnotes li", "출처 하나"),
        ("- שלום", "ul[dir=auto] li", "שלום"),
    ];
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        for (markdown, css, text) in parts {
            app.model
                .answer(Answer::stream(markdown.split_inclusive(|_| true)));
            let page = ann.start_chat("Hello").await;
            let page = ann.finished(&page).await;
            let page = ann.get(page.path.split("/live").next().unwrap()).await;
            let shown = page.texts(&format!(".reply .text {css}"));
            let shown = shown.first().map(|text| text.trim());
            assert_eq!(shown, Some(text), "{markdown}");
        }
    }
}

#[tokio::test]
async fn formulas_without_dollars_and_chemistry_are_formulas() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    for markdown in [
        "\\begin{align}a&=b\\\\c&=d\\end{align}",
        "$\\ce{CaCO3 ->[\\Delta] CaO + CO2 ^}$",
        "$\\norm{x} + \\mbox{a}$",
    ] {
        app.model
            .answer(Answer::stream(markdown.split_inclusive(|_| true)));
        let page = ann.start_chat("Hello").await;
        let page = ann.finished(&page).await;
        assert_eq!(page.count(".reply math"), 1, "{markdown}");
        assert!(!page.text(".reply .text").contains('\\'), "{markdown}");
    }
}
