//! What only a real browser can show: Chromium, with JavaScript and without.

use crate::support::{
    chromium::{Script, Tab},
    model::{Answer, Gate},
    site::Site,
};
use serde_json::{Value, json};

const ENTER: &str = "\u{e007}";
const SHIFT_ENTER: &str = "\u{e008}\u{e007}";
const BOTH: [Script; 2] = [Script::On, Script::Off];
const PASSWORD: &str = "seven quiet otters";

/// A reply with every kind of block that Markdown has, and with what must not be loaded.
pub const EVERYTHING: &str = "# A heading

A paragraph with *emphasis*, **strength**, ~~a mistake~~, `code`, a [link](https://links.example/a),
https://auto.example/b, a break\\
and a note.[^1]

- one
- two
  1. two and a half
- [x] done
- [ ] to do

> A quotation,
> in two lines.

| Left | Right |
|------|------:|
| 가   |     1 |
| 나   |     2 |

```rust
/// Adds.
fn add(a: u32, b: u32) -> u32 { a + b }
```

    indented code

***

![A picture](https://pictures.example/c.png) <img src=\"https://pictures.example/d.png\" onerror=\"alert(1)\">

<script src=\"https://scripts.example/e.js\"></script>

한국어 문단도 있습니다.

[^1]: The note with [its own link][later].

[later]: https://later.example/f
";

/// What a person does on the pages.
impl Tab {
    /// Makes an account, and so is signed in.
    pub async fn register(&self, name: &str) {
        self.go("/register").await;
        self.fill("[name=username]", name).await;
        self.fill("[name=password]", PASSWORD).await;
        self.fill("[name=password_confirm]", PASSWORD).await;
        self.follow("form.fields button").await;
        self.until("document.querySelector('#composer button')")
            .await;
    }

    /// Signs in on the form that is shown.
    async fn sign_in(&self, name: &str) {
        self.fill("[name=username]", name).await;
        self.fill("[name=password]", PASSWORD).await;
        self.follow("form.fields button").await;
        self.until("document.querySelector('#composer button')")
            .await;
    }

    /// Sends a message, and sees it on the page.
    pub async fn send(&self, text: &str) {
        let sent = self.count(".mine").await + 1;
        if self.script == Script::On {
            // Before htmx is there, Enter only begins a new line.
            self.until("document.querySelector('#composer[data-htmx-powered]')")
                .await;
        }
        self.press("#content", text).await;
        match self.script {
            Script::On => self.press("#content", ENTER).await,
            Script::Off => self.follow("#composer button").await,
        }
        self.until(&format!(
            "document.querySelectorAll('.mine').length == {sent}"
        ))
        .await;
    }

    /// Waits until a reply is there and none is being written.
    pub async fn until_replied(&self) {
        self.until("document.readyState == 'complete' && document.querySelector('.reply:last-child') && !document.querySelector('[aria-busy]')").await;
    }

    /// The text of the last reply.
    async fn reply(&self) -> String {
        let texts = "[...document.querySelectorAll('.reply:last-child > .text')].filter(e => getComputedStyle(e).display != 'none').map(e => e.innerText.trim()).filter(t => t).join('\\n\\n')";
        self.eval(texts).await.as_str().unwrap().to_owned()
    }

    /// The address of the chat that is shown.
    async fn chat(&self) -> String {
        self.path().await.split("/live").next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn no_script_runs_where_it_is_off() {
    let site = Site::start().await;
    for (script, answer) in [(Script::On, "yes"), (Script::Off, "no")] {
        let tab = Tab::open(&site.url, script).await;
        tab.visit("data:text/html,<p id=p>no</p><script>p.textContent = 'yes'</script><p id=end>")
            .await;
        tab.until("document.querySelector('#end')").await;
        assert_eq!(tab.text("#p").await, answer);
        tab.register(answer).await;
        let htmx = tab.eval("typeof htmx").await;
        assert_eq!(htmx == "object", script == Script::On, "{htmx}");
    }
}

#[tokio::test]
async fn a_message_is_sent_with_enter_and_answered_without_a_page_load() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    site.model
        .answer(Answer::gated(&gate, ["One ", "two ", "three."]));
    tab.mark().await;
    tab.press("#content", "Count to").await;
    tab.press("#content", SHIFT_ENTER).await;
    tab.press("#content", "three").await;
    assert_eq!(
        site.model.requests().len(),
        0,
        "Shift and Enter send nothing"
    );
    tab.press("#content", ENTER).await;

    tab.until("location.pathname.startsWith('/chats/')").await;
    tab.until_text(".mine", "Count to\nthree").await;
    tab.until("document.activeElement.id == 'content' && document.activeElement.value == ''")
        .await;
    tab.until_text("#chats [aria-current]", "Count to").await;
    assert!(
        tab.eval("document.title")
            .await
            .as_str()
            .unwrap()
            .starts_with("⋯ Count to")
    );

    gate.open(1);
    tab.until_text(".reply .text", "One").await;
    gate.open(1);
    tab.until_text(".reply .text", "One two").await;
    assert_eq!(
        tab.count(".reply[aria-busy=true]").await,
        1,
        "it is not complete yet"
    );
    assert_eq!(tab.count(".stop button").await, 1);
    gate.open_all();
    tab.until_replied().await;
    assert_eq!(tab.reply().await, "One two three.");
    assert_eq!(tab.count(".stop button").await, 0);
    assert!(tab.is_marked().await);

    site.model.says("And so on.");
    tab.press("#content", "Go on").await;
    tab.click("#composer button").await;
    tab.until_text(".reply:last-child:not([aria-busy]) .text", "And so on.")
        .await;
    assert_eq!(tab.count(".message").await, 4);
    assert!(tab.is_marked().await);
    tab.close().await;
}

#[tokio::test]
async fn without_script_the_page_stays_open_and_grows() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::Off).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    site.model.answer(Answer::gated(
        &gate,
        ["A **bold", " word** and", " more.\n\nNow\nthe ", "end."],
    ));
    tab.send("Say something").await;
    assert!(tab.path().await.contains("/live/"));
    gate.open(1);
    tab.until_text(".reply .tail", "A **bold").await;
    gate.open(1);
    tab.until_text(".reply .tail", "A **bold word** and").await;
    gate.open(1);
    tab.until_text(".reply p", "A bold word and more.").await;
    assert_eq!(tab.eval("document.readyState").await, "loading");
    // The signs of life among its words are not seen.
    let signs = "[...document.querySelectorAll('.alive')]";
    assert_ne!(tab.eval(&format!("{signs}.length")).await, 0);
    let seen = format!("{signs}.filter(sign => sign.checkVisibility()).length");
    assert_eq!(tab.eval(&seen).await, 0);
    assert!(
        !tab.reply().await.contains("**"),
        "the raw text is gone where the final form is"
    );
    gate.open_all();
    tab.until_replied().await;
    assert_eq!(tab.reply().await, "A bold word and more.\n\nNow\nthe end.");
    let tails = "[...document.querySelectorAll('.tail')].map(e => getComputedStyle(e).display)";
    assert_eq!(tab.eval(tails).await, json!(["none", "none", "none"]));
    assert_eq!(
        tab.eval("getComputedStyle(document.querySelector('.stop')).visibility")
            .await,
        "hidden"
    );

    // The page's own address shows the same, and a second message goes out from here.
    let shown = tab.reply().await;
    tab.go(&tab.chat().await).await;
    tab.until("!location.pathname.includes('/live')").await;
    tab.until_replied().await;
    assert_eq!(tab.reply().await, shown);
    tab.send("And again").await;
    tab.until_replied().await;
    assert_eq!(tab.count(".message").await, 4);
    tab.close().await;
}

#[tokio::test]
async fn the_enter_that_ends_a_composition_does_not_send() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("한나").await;
    tab.click("#content").await;
    let enter = json!({ "type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229 });
    tab.cdp(
        "Input.imeSetComposition",
        json!({ "text": "안녕", "selectionStart": 2, "selectionEnd": 2 }),
    )
    .await;
    tab.cdp("Input.dispatchKeyEvent", enter.clone()).await;
    tab.cdp("Input.insertText", json!({ "text": "안녕" })).await;
    // Some browsers have ended the composition when the key comes, and only its code tells.
    tab.cdp("Input.dispatchKeyEvent", enter).await;
    tab.press("#content", "하세요").await;
    tab.press("#content", ENTER).await;
    tab.until_text(".mine", "안녕하세요").await;
    tab.until_replied().await;
    assert_eq!(tab.count(".mine").await, 1);
    assert_eq!(site.model.requests().len(), 1);
    tab.close().await;
}

#[tokio::test]
async fn stop_keeps_what_has_come_and_what_is_being_typed() {
    let site = Site::start().await;
    for script in BOTH {
        let tab = Tab::open(&site.url, script).await;
        tab.register(&format!("Ann {script:?}")).await;
        let gate = Gate::new();
        site.model
            .answer(Answer::gated(&gate, ["So far.", " Never seen."]));
        tab.send("Talk").await;
        gate.open(1);
        tab.until_text(".reply .text", "So far.").await;
        tab.press("#content", "A draft").await;
        tab.mark().await;
        tab.click(".stop button").await;
        tab.until_replied().await;
        tab.until_text(".reply .ending", "Stopped").await;
        assert_eq!(tab.reply().await, "So far.");
        assert_eq!(
            tab.eval("document.querySelector('#content').value").await,
            "A draft"
        );
        assert!(tab.is_marked().await, "{script:?}");
        site.model.says("Another one.");
        if script == Script::On {
            tab.click(".ending button").await;
        } else {
            tab.follow(".ending button").await;
        }
        tab.until_text(".reply:last-child .text", "Another one.")
            .await;
        tab.until_replied().await;
        assert_eq!(tab.count(".message").await, 2);
        tab.close().await;
    }
    site.model.closed_times(2).await;
}

#[tokio::test]
async fn a_page_that_is_left_or_loaded_again_goes_on_and_sends_nothing_twice() {
    let site = Site::start().await;
    for (person, script) in BOTH.into_iter().enumerate() {
        let tab = Tab::open(&site.url, script).await;
        tab.register(&format!("Ann {script:?}")).await;
        let gate = Gate::new();
        site.model.answer(Answer::gated(
            &gate,
            ["One.\n\n", "Two.\n\nThr", "ee, four.\n\n", "Five", "."],
        ));
        tab.send("Count").await;
        let chat = tab.chat().await;
        gate.open(2);
        tab.until_text(".reply", "Thr").await;
        tab.reload().await;
        tab.until_text(".reply", "Thr").await;
        assert_eq!(tab.reply().await, "One.\n\nTwo.\n\nThr");
        gate.open(1);
        tab.until_text(".reply", "Three, four.").await;

        tab.visit("about:blank").await;
        tab.until("location.href == 'about:blank'").await;
        gate.open(1);
        // Without script the chat's address leads on to the one that stays open.
        tab.go(&chat).await;
        if script == Script::Off {
            tab.until("location.pathname.includes('/live/')").await;
        }
        tab.until_text(".reply", "Five").await;
        assert_eq!(tab.path().await.contains("/live/"), script == Script::Off);
        gate.open_all();
        tab.until_replied().await;
        assert_eq!(tab.reply().await, "One.\n\nTwo.\n\nThree, four.\n\nFive.");
        tab.reload().await;
        tab.until_replied().await;
        assert_eq!(tab.reply().await, "One.\n\nTwo.\n\nThree, four.\n\nFive.");
        assert_eq!(site.model.requests().len(), person + 1);
        tab.close().await;
    }
}

#[tokio::test]
async fn back_and_forward_lead_where_one_was() {
    let site = Site::start().await;
    for (person, script) in BOTH.into_iter().enumerate() {
        let tab = Tab::open(&site.url, script).await;
        tab.register(&format!("Ann {script:?}")).await;
        tab.send("First").await;
        tab.until_replied().await;
        let first = tab.path().await;
        tab.follow("#chats .new").await;
        tab.go("/").await;
        tab.until("location.pathname == '/' && document.querySelector('#composer button')")
            .await;
        tab.send("Second").await;
        tab.until_replied().await;
        let second = tab.path().await;

        tab.back().await;
        tab.until("location.pathname == '/' && !document.querySelector('.message')")
            .await;
        tab.until("document.querySelector('#composer').getAttribute('action') == '/chats'")
            .await;
        tab.forward().await;
        tab.until(&format!(
            "location.pathname == {second:?}.split('/live')[0] || location.pathname == {second:?}"
        ))
        .await;
        tab.until_text(".mine", "Second").await;
        tab.go(first.split("/live").next().unwrap()).await;
        tab.until_text(".mine", "First").await;
        tab.back().await;
        tab.until_text(".mine", "Second").await;
        tab.until_replied().await;
        assert_eq!(site.model.requests().len(), 2 * (person + 1));
        tab.close().await;
    }
}

#[tokio::test]
async fn a_chat_is_renamed_and_deleted() {
    let site = Site::start().await;
    for script in BOTH {
        let tab = Tab::open(&site.url, script).await;
        tab.register(&format!("Ann {script:?}")).await;
        tab.send("Hello there").await;
        tab.until_replied().await;
        let chat = tab.chat().await;
        tab.mark().await;
        tab.click("#title a[href$='/rename']").await;
        tab.fill("input#new-title", "Otters & <b>ducks</b>").await;
        tab.press("input#new-title", ENTER).await;
        tab.until_text("#title h1", "Otters & <b>ducks</b>").await;
        tab.until_text("#chats [aria-current]", "Otters & <b>ducks</b>")
            .await;
        assert!(
            tab.eval("document.title")
                .await
                .as_str()
                .unwrap()
                .starts_with("Otters &")
        );
        assert_eq!(tab.path().await, chat);

        tab.click("#title a[href$='/delete']").await;
        tab.until("document.querySelector('button.danger')").await;
        // Nothing is deleted before the question is answered.
        tab.click("#title .actions a").await;
        tab.until_text("#title h1", "Otters").await;
        tab.click("#title a[href$='/delete']").await;
        tab.click("button.danger").await;
        tab.until("location.pathname == '/' && document.querySelector('#composer button')")
            .await;
        tab.until("!document.querySelector('#chats li')").await;
        tab.go(&chat).await;
        tab.until_text("main", "is not here").await;
        tab.complaints().await;
        tab.close().await;
    }
}

#[tokio::test]
async fn language_and_session_are_the_persons_own() {
    let site = Site::start().await;
    for script in BOTH {
        let tab = Tab::open_in(&site.url, script, "ko").await;
        tab.go("/").await;
        tab.until("document.documentElement.lang == 'ko' && document.querySelector('.languages')")
            .await;
        let name = format!("한나 {script:?}");
        tab.register(&name).await;
        tab.click("[popovertarget=menu]").await;
        tab.follow(".languages [lang=en]").await;
        tab.until("document.documentElement.lang == 'en'").await;
        tab.send("Hello").await;
        tab.until_replied().await;
        assert_eq!(tab.text(".mine .who").await, "You");
        let chat = tab.chat().await;
        tab.click("[popovertarget=menu]").await;
        tab.follow("form[action='/logout'] button").await;
        tab.until("location.pathname == '/login' && document.querySelector('[name=password]')")
            .await;

        tab.go(&chat).await;
        tab.until(
            "location.pathname.startsWith('/chats/') && document.querySelector('[name=password]')",
        )
        .await;
        tab.sign_in(&name).await;
        assert_eq!(tab.path().await, chat);
        tab.until_replied().await;
        let complaints = tab.complaints().await;
        assert!(
            complaints.iter().all(|line| line.contains("403")),
            "{complaints:?}"
        );
        tab.close().await;
    }
}

#[tokio::test]
async fn what_was_typed_survives_signing_in_again() {
    let site = Site::start().await;
    for script in BOTH {
        let tab = Tab::open(&site.url, script).await;
        let name = format!("Ann {script:?}");
        tab.register(&name).await;
        tab.send("Hello").await;
        tab.until_replied().await;
        let chat = tab.chat().await;
        tab.cdp("Network.clearBrowserCookies", json!({})).await;
        tab.press("#content", "Long thought about").await;
        tab.click("#composer button").await;
        tab.sign_in(&name).await;
        assert!(tab.path().await.starts_with(&chat));
        assert_eq!(
            tab.eval("document.querySelector('#content').value").await,
            "Long thought about"
        );
        let complaints = tab.complaints().await;
        assert!(
            complaints.iter().all(|line| line.contains("403")),
            "{complaints:?}"
        );
        tab.close().await;
    }
}

#[tokio::test]
async fn a_failed_reply_can_be_tried_again() {
    let site = Site::start().await;
    for script in BOTH {
        let tab = Tab::open(&site.url, script).await;
        tab.register(&format!("Ann {script:?}")).await;
        site.model
            .answer(Answer::status(401, "application/json", "{}"));
        tab.send("Hello").await;
        tab.until_text(".ending", "OPENAI_API_KEY").await;
        tab.until_replied().await;
        if script == Script::On {
            tab.click(".ending button").await;
        } else {
            tab.follow(".ending button").await;
        }
        tab.until_text(".reply .text", "Hello!").await;
        tab.until_replied().await;
        tab.until("[...document.querySelectorAll('.ending, .stop button')].every(e => !e.checkVisibility({ visibilityProperty: true }))").await;
        tab.close().await;
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again_with_nothing_missing_or_twice() {
    let site = Site::start().await;
    let wire = site.over_a_wire().await;
    let tab = Tab::open(&wire.url, Script::On).await;
    tab.register("Ann").await;
    let words: Vec<String> = (1..=60)
        .map(|n| {
            if n % 7 == 0 {
                format!("w{n}.\n\n")
            } else {
                format!("w{n} ")
            }
        })
        .collect();
    let gate = Gate::new();
    site.model
        .answer(Answer::gated(&gate, words.iter().map(String::as_str)));
    tab.send("Many words").await;
    tab.mark().await;
    for cut in 1..=3 {
        gate.open(10);
        tab.until_text(".reply", &format!("w{}", cut * 20 - 10))
            .await;
        wire.cut();
        gate.open(10);
        tab.until_text(".reply", &format!("w{}", cut * 20)).await;
    }
    gate.open_all();
    tab.until_replied().await;
    let expected: Vec<String> = words
        .concat()
        .split("\n\n")
        .map(|line| line.trim().to_owned())
        .collect();
    assert_eq!(tab.reply().await, expected.join("\n\n"));
    assert!(tab.is_marked().await);
}

#[tokio::test]
async fn live_and_loaded_pages_are_the_same_and_load_nothing_from_elsewhere() {
    let site = Site::start().await;
    let live = Tab::open(&site.url, Script::On).await;
    let held = Tab::open(&site.url, Script::Off).await;
    let loaded = Tab::open(&site.url, Script::On).await;
    live.register("Ann").await;
    for tab in [&held, &loaded] {
        tab.go("/login").await;
        tab.sign_in("Ann").await;
    }
    let tokens: Vec<String> = EVERYTHING
        .chars()
        .collect::<Vec<_>>()
        .chunks(7)
        .map(|part| part.iter().collect())
        .collect();
    let gate = Gate::new();
    site.model
        .answer(Answer::gated(&gate, tokens.iter().map(String::as_str)));
    live.send("Everything").await;
    let chat = live.chat().await;
    held.go(&chat).await;
    // The texts so far; connections and nonces are each page's own.
    let shown =
        "[...document.querySelectorAll('.reply > .text')].map(e => e.innerHTML.trim()).join('|')";
    let mut released = 0;
    while released < tokens.len() {
        // Not the end, which would change the article under the comparison.
        let more = 15.min(tokens.len() - released);
        gate.open(more);
        released += more;
        loaded.go(&chat).await;
        loaded.until("document.querySelector('.reply')").await;
        // Both watch the same reply: as soon as both have what was released, they are the same.
        crate::support::site::wait_until(async || {
            let (one, other) = (live.eval(shown).await, loaded.eval(shown).await);
            let enough = one.as_str().is_some_and(|html| !html.is_empty());
            if one == other && enough {
                Ok(())
            } else {
                Err(format!("live:   {one}\nloaded: {other}"))
            }
        })
        .await;
    }
    gate.open_all();
    for tab in [&live, &loaded, &held] {
        tab.until_replied().await;
    }
    // From the stream, from the stream after half of it, and from the database.
    let article = "document.querySelector('.reply').outerHTML.replace(/\\s+/g, ' ').replace(/(hx-nonce|value)=\"[^\"]*\"/g, '')";
    let streamed = live.eval(article).await;
    assert_eq!(streamed, loaded.eval(article).await);
    let text = live.reply().await;
    assert_eq!(held.reply().await, text);
    live.reload().await;
    live.until_replied().await;
    assert_eq!(live.eval(article).await, streamed);
    assert_eq!(live.reply().await, text);
    for part in [
        "A heading",
        "two and a half",
        "fn add(a: u32",
        "pictures.example",
        "한국어",
        "The note",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(live.count(".reply :is(img, script, iframe)").await, 0);
    for tab in [live, loaded, held] {
        tab.close().await;
    }
}

#[tokio::test]
async fn every_page_fits_a_narrow_screen() {
    let site = Site::start().await;
    let wide = format!(
        "{}\n\n```\n{}\n```\n\n{}\n\n|{}\n|{}\n|{}\n",
        "long".repeat(50),
        "x ".repeat(200),
        "긴".repeat(200),
        "head|".repeat(12),
        "-|".repeat(12),
        "cell|".repeat(12)
    );
    // What sticks out of the window, or of the conversation, which scrolls by itself.
    let sticks_out = "[document.documentElement, ...document.querySelectorAll('main')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.tagName + ' ' + e.scrollWidth).concat(innerWidth == 320 ? [] : innerWidth)";
    for (script, language) in [(Script::On, "en"), (Script::Off, "ko")] {
        let tab = Tab::open_in(&site.url, script, language).await;
        tab.resize(320, 640).await;
        let look = async |path: &str| {
            tab.leave(async || tab.go(path).await).await;
            tab.until("document.readyState == 'complete'").await;
            assert_eq!(
                tab.eval(sticks_out).await,
                Value::Array(vec![]),
                "{path} {language}"
            );
            tab.until("[...document.querySelectorAll('#composer button')].every(e => e.getBoundingClientRect().bottom <= innerHeight)").await;
        };
        for path in [
            "/",
            "/login",
            "/register",
            "/settings/look",
            "/chats",
            "/nowhere",
        ] {
            look(path).await;
        }
        tab.register(&format!("{}{script:?}", "한나".repeat(15)))
            .await;
        look("/").await;
        site.model.says(&wide);
        tab.send(&"wide".repeat(60)).await;
        tab.until_replied().await;
        assert_eq!(
            tab.eval(sticks_out).await,
            Value::Array(vec![]),
            "after sending, {language}"
        );
        let chat = tab.chat().await;
        for path in [
            "/chats",
            &chat,
            &format!("{chat}/rename"),
            &format!("{chat}/delete"),
            "/settings/look",
            "/settings/writing",
            "/nowhere",
        ] {
            look(path).await;
        }
        let complaints = tab.complaints().await;
        assert!(
            complaints
                .iter()
                .all(|line| line.contains("404") || line.contains("403")),
            "{complaints:?}"
        );
        tab.close().await;
    }
}

#[tokio::test]
async fn a_reply_whose_final_form_cannot_be_had_is_asked_for_again() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    site.model.answer(Answer::gated(&gate, ["One ", "two."]));
    tab.send("Count").await;
    gate.open(1);
    tab.until_text(".reply .text", "One").await;
    tab.cdp("Network.enable", json!({})).await;
    let block = async |urls: Value| {
        tab.cdp("Network.setBlockedURLs", json!({ "urls": urls }))
            .await;
    };
    let address = tab.eval("document.querySelector('[aria-busy]').getAttribute('hx-get')");
    let address = format!("*{}", address.await.as_str().unwrap());
    // First the server is out of reach, then it has its own troubles.
    block(json!([address])).await;
    gate.open_all();
    let asked = "performance.getEntriesByType('resource').filter(e => e.name.endsWith(document.querySelector('[aria-busy]').getAttribute('hx-get'))).length";
    tab.until(&format!("{asked} > 1")).await;
    site.change("alter table chats rename to away").await;
    block(json!([])).await;
    tab.until("document.querySelector('#notice').innerText")
        .await;
    assert_eq!(tab.count(".reply[aria-busy]").await, 1);
    site.change("alter table away rename to chats").await;
    tab.until_replied().await;
    assert_eq!(tab.reply().await, "One two.");
    let complaints = tab.complaints().await;
    assert!(complaints.iter().all(|complaint| complaint.contains("500")));
    tab.close().await;
}
