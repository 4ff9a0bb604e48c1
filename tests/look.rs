//! How Damso looks to somebody, and what sends their messages: chosen in plain forms, remembered by
//! the browser and by the account.

use crate::support::{
    chromium::{Script, Tab},
    site::Site,
    *,
};
use serde_json::json;

const ENTER: &str = "\u{e007}";
const BOTH: [Script; 2] = [Script::On, Script::Off];
const LOOK: &str = "/settings/look";
const WRITING: &str = "/settings/writing";

/// Theme, text size and density as the page says them; nothing where it says none.
fn look(page: &Page) -> [String; 3] {
    let said = ["data-theme", "data-size", "data-density"]
        .map(|name| page.attributes("html", name).concat());
    let schemes = page.attributes("meta[name=color-scheme]", "content");
    let papers = page.count("meta[name=theme-color]");
    match said[0].as_str() {
        "" => {
            assert_eq!((schemes.concat().as_str(), papers), ("light dark", 2));
            let media = page.attributes("meta[name=theme-color]", "media");
            assert_eq!(media.len(), 2, "{media:?}");
        }
        theme => {
            assert_eq!((schemes.concat().as_str(), papers), (theme, 1));
            assert!(!page.has("meta[name=theme-color][media]"));
        }
    }
    said
}

const USUAL: [&str; 3] = ["", "", ""];

/// Chooses on the page of the look, and saves.
async fn choose(browser: &Browser, choices: &[(&str, &str)]) -> Page {
    let form = browser.get(LOOK).await.form("main form");
    let form = choices
        .iter()
        .fold(form, |form, (name, word)| form.pick(name, word));
    let page = browser.submit(&form).await;
    assert_eq!(page.path, "/settings/look/saved");
    assert!(page.has(".saved[role=status]"));
    for (name, word) in choices {
        let checked = format!("input[name={name}][value={word}][checked]");
        assert!(page.has(&checked), "{checked} in {}", page.html);
    }
    page
}

/// Chooses what sends a message.
async fn write_by(browser: &Browser, word: &str) {
    let form = browser.get(WRITING).await.form("main form");
    let page = browser.submit(&form.pick("composer", word)).await;
    assert_eq!(page.path, "/settings/writing/saved");
    assert!(page.has(".saved") && page.has(&format!("input[value={word}][checked]")));
}

#[tokio::test]
async fn a_look_is_remembered_by_the_browser() {
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = TestApp::start().await;
        let ann = kind(&app);
        for path in ["/", "/login", "/register", "/nothing", "/chats"] {
            let page = ann.get(path).await;
            assert_eq!(look(&page), USUAL, "{path}");
            assert!(page.has(&format!(".top a[href='{LOOK}']")), "{path}");
        }
        let dark = [
            ("theme", "dark"),
            ("text_size", "large"),
            ("density", "compact"),
            ("language", "ko"),
        ];
        let page = choose(&ann, &dark).await;
        assert_eq!(page.text("h1"), "화면 설정");
        for path in ["/", "/login", "/register", "/nothing", "/chats", LOOK] {
            let page = ann.get(path).await;
            assert_eq!(look(&page), ["dark", "large", "compact"], "{path}");
            assert_eq!(page.attribute("html", "lang"), "ko");
        }
        // One choice leaves the others alone.
        choose(&ann, &[("theme", "light")]).await;
        assert_eq!(look(&ann.get("/").await), ["light", "large", "compact"]);
        let back = [
            ("theme", "system"),
            ("text_size", "normal"),
            ("density", "roomy"),
            ("language", "en"),
        ];
        choose(&ann, &back).await;
        assert_eq!(look(&ann.get("/").await), USUAL);
        for size in ["small", "larger"] {
            choose(&ann, &[("text_size", size)]).await;
            assert_eq!(look(&ann.get("/").await), ["", size, ""]);
        }
    }
}

#[tokio::test]
async fn a_look_is_remembered_by_the_account_and_stays_after_signing_out() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        assert!(ann.get("/").await.has(&format!(".menu a[href='{LOOK}']")));
        let dark = [("theme", "dark"), ("text_size", "small")];
        choose(&ann, &dark).await;
        let page = ann.start_chat("Hello").await;
        let paths = [
            "/",
            &page.path,
            "/settings",
            "/personas",
            WRITING,
            "/nothing",
        ];
        for path in paths {
            assert_eq!(look(&ann.get(path).await), ["dark", "small", ""], "{path}");
        }
        // On another computer, whatever was chosen there before.
        let elsewhere = ann.fresh();
        choose(&elsewhere, &[("theme", "light"), ("density", "compact")]).await;
        let page = elsewhere.sign_in("ann", PASSWORD).await;
        // She has saved the page, so also that it is roomy.
        assert_eq!(look(&page), ["dark", "small", ""]);
        assert_eq!(
            look(&elsewhere.get("/nothing").await),
            ["dark", "small", ""]
        );
        choose(&ann, &[("theme", "light"), ("density", "compact")]).await;
        assert_eq!(
            look(&elsewhere.get("/").await),
            ["light", "small", "compact"]
        );
        let page = elsewhere.sign_out().await;
        assert_eq!(look(&page), ["light", "small", "compact"]);
        assert_eq!(look(&ann.sign_out().await), ["light", "small", "compact"]);
        // It is nobody else's.
        let ben = ann.fresh().sign_up("ben").await;
        assert_eq!(look(&ben.get("/").await), USUAL);
    }
}

#[tokio::test]
async fn an_account_begins_with_what_its_browser_was_told() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app);
    choose(&ann, &[("theme", "dark"), ("text_size", "larger")]).await;
    let ann = ann.sign_up("ann").await;
    let page = ann.fresh().sign_in("ann", PASSWORD).await;
    assert_eq!(look(&page), ["dark", "larger", ""]);
    // Who chose nothing goes on with what the browser is told.
    let ben = Browser::plain(&app).sign_up("ben").await.fresh();
    choose(&ben, &[("theme", "dark")]).await;
    assert_eq!(look(&ben.sign_in("ben", PASSWORD).await), ["dark", "", ""]);
    // Who chose to go by the system does not.
    choose(&ben, &[("theme", "system")]).await;
    let carols = Browser::plain(&app);
    choose(&carols, &[("theme", "dark")]).await;
    assert_eq!(look(&carols.sign_in("ben", PASSWORD).await), USUAL);
}

#[tokio::test]
async fn a_look_does_not_settle_the_language() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    choose(&ann, &[("theme", "dark")]).await;
    let page = ann.get(LOOK).await;
    assert!(page.has("input[name=language][value=en][checked]"));
    let korean = ann.fresh().speaking("ko");
    let page = korean.sign_in("ann", PASSWORD).await;
    assert_eq!(page.attribute("html", "lang"), "ko");
    choose(&ann, &[("language", "ko")]).await;
    let page = ann.fresh().sign_in("ann", PASSWORD).await;
    assert_eq!(page.attribute("html", "lang"), "ko");
}

#[tokio::test]
async fn what_nobody_can_choose_changes_nothing() {
    let app = TestApp::start().await;
    let stranger = Browser::plain(&app);
    let ann = Browser::plain(&app).sign_up("ann").await;
    let large = "x".repeat(3_000);
    for nonsense in [
        "",
        "Dark",
        "dark ",
        "../dark",
        "\"><script>",
        "dark\r\nx: y",
        &large,
    ] {
        for browser in [&stranger, &ann] {
            let form = browser.get(LOOK).await.form("main form");
            let form = ["theme", "text_size", "density", "language"]
                .into_iter()
                .fold(form, |form, name| form.fill(name, nonsense));
            let page = browser.submit(&form).await;
            assert_eq!(
                (page.status.as_u16(), look(&page)),
                (200, USUAL.map(str::to_owned))
            );
            assert_eq!(browser.cookie("theme"), None, "{nonsense}");
        }
        let form = ann.get(WRITING).await.form("main form");
        let page = ann.submit(&form.fill("composer", nonsense)).await;
        assert!(page.has("input[value=enter][checked]"), "{nonsense}");
    }
    for nonsense in ["", "Dark", "<b>", "\"dark\"x", &large] {
        for name in ["theme", "text_size", "density"] {
            stranger.set_cookie(name, nonsense);
        }
        assert_eq!(look(&stranger.get("/").await), USUAL, "{nonsense}");
    }
    let count = "select count(*) from users where theme is not null or text_size is not null
                 or density is not null or composer is not null";
    assert_eq!(app.value::<i64>(count).await, 0);
    // Nor does an account begin with it.
    stranger.sign_up("ben").await;
    assert_eq!(app.value::<i64>(count).await, 0);
}

/// Whether the Enter key sends where there is script.
fn enter_sends(page: &Page, form: &str) -> bool {
    page.attribute(form, "hx-trigger").contains("key=='Enter'")
}

#[tokio::test]
async fn a_message_is_written_as_somebody_chose() {
    for kind in KINDS {
        let app = TestApp::with(|config| config.message_limit = 30).await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.get("/").await;
        assert!(page.has("textarea#content") && enter_sends(&page, "#composer"));

        write_by(&ann, "line").await;
        let page = ann.get("/").await;
        assert!(page.has("input#content[name=content][required]"));
        assert!(!page.has("#composer textarea"));
        let page = ann.start_chat("In \"one\" <line>").await;
        assert_eq!(page.texts(".mine .text"), ["In \"one\" <line>"]);
        assert!(page.has("input#content") && page.form("#composer").value("content").is_empty());
        let edit = ann.click(&page, "a[href$='/edit']").await;
        assert!(!edit.has("form.editing textarea"));
        assert_eq!(
            edit.form("form.editing").value("content"),
            "In \"one\" <line>"
        );
        // Several lines are kept, wherever they come from.
        let lines = "Several lines:\n\nthe message\n";
        let page = ann.send(&page, lines).await;
        let edit = ann
            .get(&page.attributes(".mine a[href$='/edit']", "href")[1])
            .await;
        assert_eq!(
            edit.form("form.editing").value("content").trim(),
            lines.trim()
        );
        assert!(edit.has("form.editing textarea"));
        let long = format!("{lines} is too long");
        let refused = Browser::plain(&app);
        refused.sign_in("ann", PASSWORD).await;
        let page = refused.get(&page.path).await;
        let page = refused
            .submit(&page.form("#composer").fill("content", &long))
            .await;
        assert_eq!(page.status.as_u16(), 422);
        assert!(page.has("textarea#content") && enter_sends(&page, "#composer"));
        let kept = page.form("#composer").value("content").replace('\r', "");
        assert_eq!(kept, long);

        write_by(&ann, "button").await;
        let page = ann.get(&page.path.replace("/messages", "")).await;
        assert!(page.has("textarea#content:not([enterkeyhint])"));
        assert!(!enter_sends(&page, "#composer"));
        let edit = ann.click(&page, "a[href$='/edit']").await;
        assert!(!enter_sends(&edit, "form.editing") && edit.has("form.editing textarea"));

        write_by(&ann, "enter").await;
        let page = ann.get(&page.path).await;
        assert!(page.has("textarea#content") && enter_sends(&page, "#composer"));
        let edit = ann.click(&page, "a[href$='/edit']").await;
        assert!(enter_sends(&edit, "form.editing") && edit.has("form.editing textarea"));
        // Everybody chooses for themselves.
        write_by(&ann, "line").await;
        let ben = ann.fresh().sign_up("ben").await;
        assert!(ben.get("/").await.has("textarea#content"));
        let elsewhere = ann.fresh();
        assert!(
            elsewhere
                .sign_in("ann", PASSWORD)
                .await
                .has("input#content")
        );
    }
}

/// The colour behind the page, and the one that it gives to what is around it.
const PAPERS: &str = "(() => {
    const around = [...document.querySelectorAll('meta[name=theme-color]')];
    const one = around.find(e => !e.media || matchMedia(e.media).matches);
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = one.content;
    const colours = [document.documentElement, document.body].map(e => getComputedStyle(e).backgroundColor);
    const both = [colours.find(c => c != 'rgba(0, 0, 0, 0)'), getComputedStyle(probe).color];
    probe.remove();
    return both;
})()";

impl Tab {
    /// The colour behind the page.
    async fn paper(&self) -> String {
        let both = self.eval(PAPERS).await;
        assert_eq!(both[0], both[1], "the theme-color is that of the paper");
        both[0].as_str().unwrap().to_owned()
    }

    /// Chooses on the page that is shown, and saves.
    async fn save(&self, name: &str, word: &str) {
        self.click(&format!("main input[name={name}][value={word}]"))
            .await;
        self.follow("main form .main").await;
        self.until("document.querySelector('.saved') && document.readyState == 'complete'")
            .await;
    }

    async fn device_is(&self, theme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": theme }]);
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
    }
}

#[tokio::test]
async fn a_look_is_there_at_once() {
    let site = Site::start().await;
    for script in BOTH {
        let tab = Tab::open(&site.url, script).await;
        tab.device_is("light").await;
        tab.go("/login").await;
        tab.follow(&format!(".top a[href='{LOOK}']")).await;
        tab.until("document.querySelector('main form .main') && document.readyState == 'complete'")
            .await;
        let light = tab.paper().await;
        tab.device_is("dark").await;
        let dark = tab.paper().await;
        assert_ne!(light, dark);
        tab.save("theme", "light").await;
        assert_eq!(tab.paper().await, light);
        tab.device_is("light").await;
        tab.save("theme", "dark").await;
        assert_eq!(tab.paper().await, dark);
        let size = "parseFloat(getComputedStyle(document.body).fontSize)";
        let line = "parseFloat(getComputedStyle(document.body).lineHeight)";
        assert_eq!(tab.eval(size).await, 16.0);
        let roomy = tab.eval(line).await.as_f64().unwrap();
        tab.save("density", "compact").await;
        assert!(tab.eval(line).await.as_f64().unwrap() < roomy);
        for (word, pixels) in [("small", 14.0), ("large", 18.0), ("larger", 20.0)] {
            tab.save("text_size", word).await;
            assert_eq!(tab.eval(size).await, pixels);
        }
        tab.save("language", "ko").await;
        assert_eq!(tab.eval("document.documentElement.lang").await, "ko");
        assert_eq!(tab.text("main h1").await, "화면 설정");

        // All of it comes along into an account, and stays when she signs out.
        let is_hers = async || {
            assert_eq!(tab.paper().await, dark);
            assert_eq!(tab.eval(size).await, 20.0);
            assert_eq!(tab.eval("document.documentElement.lang").await, "ko");
        };
        tab.register(&format!("Ann {script:?}")).await;
        is_hers().await;
        tab.click("[popovertarget=menu]").await;
        tab.follow("form[action='/logout'] button").await;
        tab.until("location.pathname == '/login' && document.readyState == 'complete'")
            .await;
        is_hers().await;
        tab.go("/nothing").await;
        tab.until("location.pathname == '/nothing' && document.readyState == 'complete'")
            .await;
        is_hers().await;
        let complaints = tab.complaints().await;
        assert!(
            complaints.iter().all(|line| line.contains("404")),
            "{complaints:?}"
        );
        tab.close().await;
    }
}

#[tokio::test]
async fn enter_does_what_somebody_chose() {
    let site = Site::start().await;
    for script in BOTH {
        let tab = Tab::open(&site.url, script).await;
        tab.register(&format!("Ann {script:?}")).await;
        for (choice, sends) in [
            ("enter", script == Script::On),
            ("line", true),
            ("button", false),
        ] {
            tab.go(WRITING).await;
            tab.save("composer", choice).await;
            tab.go("/").await;
            tab.until("location.pathname == '/' && document.readyState == 'complete'")
                .await;
            let sent = site.model.requests().len();
            tab.press("#content", "One").await;
            tab.press("#content", ENTER).await;
            if sends {
                tab.until_text(".mine", "One").await;
                tab.until_replied().await;
                // And once more in the chat.
                tab.press("#content", "Two").await;
                tab.press("#content", ENTER).await;
                tab.until_text(".mine:nth-of-type(3)", "Two").await;
                tab.until_replied().await;
                assert_eq!(site.model.requests().len(), sent + 2, "{choice} {script:?}");
            } else {
                tab.press("#content", "two").await;
                let value = tab.eval("document.querySelector('#content').value").await;
                assert_eq!(value, "One\ntwo", "{choice} {script:?}");
                assert_eq!(site.model.requests().len(), sent, "{choice} {script:?}");
                tab.click("#composer > button").await;
                tab.until_text(".mine", "One\ntwo").await;
                tab.until_replied().await;
            }
            // Another version of the message, in its place or on a page of its own.
            let edit = ".mine a[href$='/edit']";
            match script {
                Script::On => tab.click(edit).await,
                Script::Off => tab.follow(edit).await,
            }
            let field = "form.editing [name=content]";
            tab.fill(field, "Three").await;
            tab.press(field, ENTER).await;
            if !sends {
                tab.press(field, "four").await;
                let value = tab
                    .eval(&format!("document.querySelector({field:?}).value"))
                    .await;
                assert_eq!(value, "Three\nfour", "{choice} {script:?}");
                tab.click("form.editing .main").await;
            }
            let text = if sends { "Three" } else { "Three\nfour" };
            tab.until_text(".mine .text", text).await;
            tab.until_replied().await;
            assert_eq!(tab.count(".mine").await, 1, "{choice} {script:?}");
        }
        tab.close().await;
    }
}

#[tokio::test]
async fn the_column_of_pages_stays_where_it_is_whether_they_scroll_or_not() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    tab.leave(async || tab.go("/settings").await).await;
    tab.until("document.readyState == 'complete'").await;
    let seen = "[document.documentElement.scrollHeight > innerHeight,
                 document.querySelector('.card').getBoundingClientRect().left]";
    tab.resize(1_000, 500).await;
    let scrolled = tab.eval(seen).await;
    tab.resize(1_000, 3_000).await;
    let whole = tab.eval(seen).await;
    assert_eq!((&scrolled[0], &whole[0]), (&json!(true), &json!(false)));
    assert_eq!(scrolled[1], whole[1]);
    tab.close().await;
}
