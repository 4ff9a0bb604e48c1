//! What programs that know the rules say of every page in every state: `scripts/access`, which
//! brings axe-core and Lighthouse into `target/tools`.

use crate::{
    browser::EVERYTHING,
    support::{
        chromium::{Script, Tab},
        model::{Answer, Gate, Step},
        site::Site,
    },
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use tokio::process::Command;

/// Runs axe with all its rules, and tells each violation as a line.
const RUN: &str = r"axe.run(document, { resultTypes: ['violations'], iframes: false }).then(seen =>
    seen.violations.flatMap(rule => rule.nodes.map(node =>
        `${rule.impact}: ${rule.id}: ${rule.help}: ${node.target.join(' ')}`
            .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '*'))))";

/// What is meant: the line of code that is being written is another one at each tick, so nothing in it
/// could keep the focus; it is a part of the block, which can be scrolled, as soon as it ends.
const MEANT: &str =
    "scrollable-region-focusable: Scrollable region must have keyboard access: .line";

const WIDE: (u32, u32) = (1440, 900);
const NARROW: (u32, u32) = (320, 640);

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/node_modules")
}

/// Where the HTML goes that the Nu HTML checker is to read, and what Lighthouse writes.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/access");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A browser, and what was found in it.
struct Audit {
    tab: Tab,
    language: &'static str,
    axe: String,
    /// Each violation, and where.
    found: BTreeMap<String, BTreeSet<String>>,
    states: usize,
}

impl Audit {
    async fn start(site: &Site, language: &'static str) -> Self {
        let axe = fs::read_to_string(tools().join("axe-core/axe.min.js"));
        Self {
            tab: Tab::open_in(&site.url, Script::On, language).await,
            language,
            axe: axe.expect("scripts/access brings axe-core"),
            found: BTreeMap::new(),
            states: 0,
        }
    }

    /// A page as the server sends it, and as the browser shows it.
    async fn page(&mut self, name: &str, path: &str) {
        self.go(path).await;
        self.sent(name).await;
        self.shown(name).await;
    }

    async fn go(&self, path: &str) {
        self.tab.leave(async || self.tab.go(path).await).await;
        self.tab.until("document.readyState == 'complete'").await;
    }

    /// Keeps the HTML of the page as the server sends it.
    async fn sent(&self, name: &str) {
        let html = self
            .later("fetch(location.href).then(answer => answer.text())")
            .await;
        self.keep(name, html.as_str().unwrap());
    }

    fn keep(&self, name: &str, html: &str) {
        let file = format!("{name}-{}.html", self.language);
        fs::write(folder().join(file), html).unwrap();
    }

    /// What has come about in a page, to which no address leads.
    async fn state(&mut self, name: &str) {
        let html = self.tab.eval("document.documentElement.outerHTML").await;
        // What the page began with has had the focus: only what came last asks for it.
        let html = html.as_str().unwrap().replace(" autofocus=\"\"", "");
        let html = format!("<!doctype html>\n{html}");
        self.keep(name, &html);
        self.shown(name).await;
    }

    /// In light and dark, narrow and wide.
    async fn shown(&mut self, name: &str) {
        for (width, height) in [NARROW, WIDE] {
            for scheme in ["light", "dark"] {
                self.look(name, width, height, scheme).await;
            }
        }
    }

    async fn look(&mut self, name: &str, width: u32, height: u32, scheme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            // Half of a transition has no contrast that could be told.
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        let emulated = json!({ "features": features });
        self.tab.cdp("Emulation.setEmulatedMedia", emulated).await;
        self.tab.resize(width, height).await;
        if self.tab.eval("typeof axe").await != "object" {
            // The policy of the page is for what the page does; this comes from outside.
            self.later(&self.axe).await;
        }
        let found = self.later(RUN).await;
        self.states += 1;
        for line in found.as_array().unwrap() {
            let line = line.as_str().unwrap().to_owned();
            if line.ends_with(MEANT) {
                continue;
            }
            let place = format!("{name} {} {width} {scheme}", self.language);
            self.found.entry(line).or_default().insert(place);
        }
    }

    /// What a script comes to, when it has.
    async fn later(&self, script: &str) -> Value {
        let asked = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let answer = self.tab.cdp("Runtime.evaluate", asked).await;
        assert!(answer.get("exceptionDetails").is_none(), "{answer}");
        answer["result"]["value"].clone()
    }

    async fn strangers_pages(&mut self) {
        self.page("welcome", "/").await;
        self.page("register", "/register").await;
        self.tab.fill("[name=username]", "x").await;
        self.tab.fill("[name=password]", "short").await;
        self.tab.fill("[name=password_confirm]", "other").await;
        self.tab.follow("form.fields button").await;
        self.state("register-problems").await;
        self.page("login", "/login").await;
        self.tab.fill("[name=username]", "nobody").await;
        self.tab.fill("[name=password]", "wrong, that is").await;
        self.tab.follow("form.fields button").await;
        self.state("login-problem").await;
        self.page("signed-out", "/chats").await;
        self.page("not-found", "/nowhere").await;
        self.page("help", "/help").await;
        self.page("look-of-a-stranger", "/settings/look").await;
    }

    async fn style_guide(&mut self) {
        self.page("styleguide", "/styleguide").await;
        self.page("styleguide-dark", "/styleguide/dark").await;
        self.go("/styleguide").await;
        let alone = "[...document.querySelectorAll('.sample:has(> h2 + .hint) > h2 a')].map(a => a.pathname)";
        let alone = self.tab.eval(alone).await;
        for path in alone.as_array().unwrap() {
            let path = path.as_str().unwrap();
            let name = path.trim_start_matches('/').replace('/', "-");
            self.go(path).await;
            self.sent(&name).await;
            self.look(&name, NARROW.0, NARROW.1, "light").await;
            self.look(&name, WIDE.0, WIDE.1, "dark").await;
        }
    }

    async fn settings(&mut self) {
        self.page("settings", "/settings").await;
        self.tab.fill("#temperature", "9").await;
        self.tab.click("#defaults .main").await;
        self.tab.until("document.querySelector('.problem')").await;
        self.state("settings-problems").await;
        self.page("settings-saved", "/settings/saved").await;
        for (name, path) in [
            ("look", "/settings/look"),
            ("writing", "/settings/writing"),
            ("time", "/settings/time"),
            ("account", "/settings/account"),
            ("delete-account", "/settings/account/delete"),
            ("new-persona", "/personas/new"),
        ] {
            self.page(name, path).await;
        }
        self.tab.fill("#name", "Potter").await;
        self.tab.fill("#starters", "How hot is a kiln?").await;
        self.tab.follow("main form .main").await;
        self.page("personas", "/personas").await;
        let persona = self.address(".rows .actions a").await;
        self.page("persona", &persona).await;
        self.page("delete-persona", &format!("{persona}/delete"))
            .await;
        let chat = format!("/chats/new{}", persona.trim_start_matches("/personas"));
        self.page("new-chat-with-persona", &chat).await;
    }

    async fn address(&self, css: &str) -> String {
        let script = format!("document.querySelector({}).pathname", json!(css));
        let path = self.tab.eval(&script).await;
        path.as_str().unwrap().to_owned()
    }

    async fn chats(&mut self, site: &Site) {
        self.page("no-chats", "/chats").await;
        self.page("new-chat", "/").await;
        let gate = Gate::new();
        site.model.answer(thoughtful(&gate));
        self.tab.send("**Show** me everything.").await;
        gate.open(1);
        self.tab.until("document.querySelector('.thinking')").await;
        self.state("thinking").await;
        gate.open(1);
        self.tab
            .until("document.querySelector('.reply .code')")
            .await;
        self.state("streaming").await;
        let chat = self.tab.path().await;
        self.page("streaming-page", &chat).await;
        gate.open_all();
        self.tab.until_replied().await;
        self.page("chat", &chat).await;
        self.in_place(&chat).await;
        for (name, path) in [
            ("rename-page", format!("{chat}/rename")),
            ("delete-page", format!("{chat}/delete")),
            ("chat-settings", format!("{chat}/settings")),
            ("chats", "/chats".to_owned()),
        ] {
            self.page(name, &path).await;
        }
        self.go(&chat).await;
        let edit = self.address(".mine a[href$='/edit']").await;
        self.page("edit-page", &edit).await;
        let delete = edit.replace("/edit", "/delete");
        self.page("delete-message-page", &delete).await;
        self.go(&chat).await;
        let other = self.address(".reply a[href$='/retry']").await;
        self.page("other-model-page", &other).await;

        let no_key = r#"{"error":{"message":"no such key","code":"invalid_api_key"}}"#;
        site.model
            .answer(Answer::status(401, "application/json", no_key));
        self.go(&chat).await;
        self.tab.send("And again").await;
        self.tab.until_replied().await;
        self.page("failed", &chat).await;
    }

    /// What opens in a chat's page.
    async fn in_place(&mut self, chat: &str) {
        for (name, click, opened) in [
            ("edit", ".mine a[href$='/edit']", ".editing"),
            ("delete-message", ".mine a[href$='/delete']", ".asking"),
            ("more", ".reply .more summary", ".more[open]"),
            ("thoughts", ".reasoning summary", ".reasoning[open]"),
            ("wrapped", ".wrap summary", ".wrap[open]"),
            ("other-model", ".reply a[href$='/retry']", ".other-model"),
            ("rename", "#title a[href$='/rename']", "form#title"),
            ("delete", "#title a[href$='/delete']", "form#title"),
            ("menu", ".opens[popovertarget=menu]", "#menu:popover-open"),
        ] {
            self.go(chat).await;
            // By the page, wherever on it that is and whatever has to be opened before.
            let click = format!("document.querySelector({}).click()", json!(click));
            self.tab.eval(&click).await;
            let opened = format!("document.querySelector({})", json!(opened));
            self.tab.until(&opened).await;
            self.state(name).await;
        }
        self.go(chat).await;
        self.tab.resize(NARROW.0, NARROW.1).await;
        let open = "document.querySelector('.opens[popovertarget=chats]').click()";
        self.tab.eval(open).await;
        self.look("list", NARROW.0, NARROW.1, "light").await;
        self.look("list", NARROW.0, NARROW.1, "dark").await;
    }
}

/// Thoughts, a half of everything, and the rest, each behind the gate.
fn thoughtful(gate: &Gate) -> Answer {
    let thought = json!({ "choices": [{ "delta": { "reasoning": "It wants everything.\n" } }] });
    let usage =
        json!({ "choices": [], "usage": { "prompt_tokens": 1234, "completion_tokens": 567 } });
    let (half, rest) = EVERYTHING.split_once("a + b").unwrap();
    let gated = |answer: Answer| answer.then(Step::Gate(gate.clone()));
    let answer = gated(Answer::sse()).event(&thought.to_string());
    let answer = gated(answer).token(half);
    let answer = gated(answer).token("a + b").token(rest).token(MORE);
    answer.event(&usage.to_string()).finish()
}

/// What is wider than a page, or has a title.
const MORE: &str = "

$$ E = mc^2 \\quad \\sum_{n=1}^\\infty \\frac{1}{n^2} = \\frac{\\pi^2}{6} \\quad \\int_0^1 x \\, dx = \\frac12 \\quad a^2 + b^2 = c^2 $$

> [!WARNING]
> Hot.

> [!TIP] A title
> Wait.

| one | two | three | four | five | six | seven | eight | nine | ten |
| --- | --: | :-: | --- | --- | --- | --- | --- | --- | --- |
| a long cell | a long cell | a long cell | a long cell | a long cell | a long cell | a long cell | a long cell | a long cell | a long cell |
";

#[tokio::test]
#[ignore = "proves to people; needs scripts/access"]
async fn axe_finds_nothing_on_any_page() {
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    let mut states = 0;
    for (language, name) in [("en", "Ann"), ("ko", "한나")] {
        let site = Site::start().await;
        let mut audit = Audit::start(&site, language).await;
        audit.strangers_pages().await;
        audit.style_guide().await;
        audit.tab.register(name).await;
        audit.chats(&site).await;
        audit.settings().await;
        for (line, places) in audit.found {
            found.entry(line).or_default().extend(places);
        }
        states += audit.states;
    }
    for (line, places) in &found {
        let some: Vec<&str> = places.iter().take(4).map(String::as_str).collect();
        eprintln!(
            "{line}\n    {} times, as in: {}",
            places.len(),
            some.join("; ")
        );
    }
    eprintln!("axe: {states} states, {} violations", found.len());
    assert!(found.is_empty());
}

#[tokio::test]
#[ignore = "proves to people; needs scripts/access"]
async fn lighthouse_gives_full_marks() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    gate.open_all();
    site.model.answer(thoughtful(&gate));
    tab.send("Show me everything.").await;
    tab.until_replied().await;
    let chat = tab.path().await;
    let cookies = tab.cdp("Network.getCookies", json!({})).await;
    let cookies = cookies["cookies"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let cookies = cookies.map(|one| format!("{}={}", text(&one["name"]), text(&one["value"])));
    let cookie = cookies.collect::<Vec<_>>().join("; ");
    let mut lost = Vec::new();
    for (name, path, cookie) in [
        ("welcome", "/", ""),
        ("login", "/login", ""),
        ("chat", &*chat, &*cookie),
    ] {
        for preset in ["mobile", "desktop"] {
            let report = lighthouse(&site, name, path, cookie, preset).await;
            let marks = |category: &str| {
                let score = &report["categories"][category]["score"];
                (score.as_f64().unwrap_or(0.0) * 100.0).round()
            };
            let [fast, usable, good] =
                ["performance", "accessibility", "best-practices"].map(marks);
            eprintln!(
                "lighthouse: {name}, {preset}: performance {fast}, accessibility {usable}, best practices {good}"
            );
            for audit in report["audits"].as_object().unwrap().values() {
                if audit["score"].as_f64().is_some_and(|score| score < 0.9) {
                    eprintln!(
                        "    {}: {} {}",
                        audit["id"], audit["title"], audit["displayValue"]
                    );
                }
            }
            // How fast a page is depends on what else the computer does: it is told only.
            if usable < 100.0 || good < 100.0 {
                lost.push(format!("{name}, {preset}"));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:?}");
}

async fn lighthouse(site: &Site, name: &str, path: &str, cookie: &str, preset: &str) -> Value {
    let file = folder().join(format!("lighthouse-{name}-{preset}.json"));
    let mut command = Command::new("node");
    command
        .arg(tools().join("lighthouse/cli/index.js"))
        .arg(format!("{}{path}", site.url))
        .args(["--quiet", "--output=json", "--disable-full-page-screenshot"])
        .arg("--only-categories=performance,accessibility,best-practices")
        .arg("--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage")
        .arg(format!("--output-path={}", file.display()));
    if preset == "desktop" {
        command.arg("--preset=desktop");
    }
    if !cookie.is_empty() {
        command.arg(format!("--extra-headers={}", json!({ "Cookie": cookie })));
    }
    // Now and then it misses the beginning of what it is to record, says so, and asks to be run again.
    let mut tries = 0;
    while !command.status().await.unwrap().success() {
        tries += 1;
        assert!(tries < 4, "lighthouse: {name}, {preset}");
    }
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}
