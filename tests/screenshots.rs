//! Pictures of every page, to be looked at: `scripts/screenshots`.

use crate::{
    browser::EVERYTHING,
    support::{
        chromium::{Script, Tab},
        model::{Answer, Gate, Step},
        site::Site,
    },
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Thoughts, and then everything.
fn thoughtful() -> Answer {
    let thought =
        json!({ "choices": [{ "delta": { "reasoning": "It wants everything.\nSo be it." } }] });
    let usage =
        json!({ "choices": [], "usage": { "prompt_tokens": 1234, "completion_tokens": 567 } });
    Answer::sse()
        .event(&thought.to_string())
        .then(Step::Wait(Duration::from_millis(300)))
        .token(EVERYTHING)
        .event(&usage.to_string())
        .finish()
}

const WIDTHS: [(u32, u32); 3] = [(320, 640), (768, 1024), (1440, 900)];

/// Takes pictures in both themes and at each width.
struct Photographer {
    folder: PathBuf,
    tab: Tab,
    /// What the names of its pictures end with.
    kind: String,
}

impl Photographer {
    async fn page(&self, name: &str, path: &str) {
        self.go(path).await;
        self.shown(name).await;
    }

    async fn go(&self, path: &str) {
        self.tab.leave(async || self.tab.go(path).await).await;
        self.tab.until("document.readyState == 'complete'").await;
    }

    /// What is shown now.
    async fn shown(&self, name: &str) {
        self.pictures(name, async || self.tab.screenshot().await)
            .await;
    }

    async fn pictures(&self, name: &str, take: impl AsyncFn() -> Vec<u8>) {
        for (width, height) in WIDTHS {
            self.tab.resize(width, height).await;
            for scheme in ["light", "dark"] {
                let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
                let media = json!({ "features": features });
                self.tab.cdp("Emulation.setEmulatedMedia", media).await;
                let file = format!("{name}-{}-{width}-{scheme}.png", self.kind);
                fs::write(self.folder.join(file), take().await).unwrap();
            }
        }
    }

    /// Every fragment in every state.
    async fn samples(&self) {
        self.go("/styleguide").await;
        let links = "[...document.querySelectorAll('.sample > h2 a')].map(a => a.pathname)";
        let addresses: Vec<String> = serde_json::from_value(self.tab.eval(links).await).unwrap();
        assert!(addresses.len() > 50, "{addresses:?}");
        for address in addresses {
            self.go(&address).await;
            let name = address.replace("/styleguide/", "sample-");
            self.pictures(&name, async || self.tab.picture_of(".sample").await)
                .await;
        }
    }

    async fn address(&self, css: &str) -> String {
        let script = format!("document.querySelector({}).pathname", json!(css));
        let path = self.tab.eval(&script).await;
        path.as_str().unwrap().to_owned()
    }

    async fn strangers_pages(&self) {
        for (name, path) in [
            ("welcome", "/"),
            ("register", "/register"),
            ("login", "/login"),
            ("help", "/help"),
            ("error", "/nowhere"),
        ] {
            self.page(name, path).await;
        }
        // That there is nothing is meant.
        self.tab.complaints().await;
    }

    async fn own_pages(&self) {
        for (name, path) in [
            ("new-chat", "/"),
            ("chats", "/chats"),
            ("settings", "/settings"),
            ("look", "/settings/look"),
            ("writing", "/settings/writing"),
            ("time", "/settings/time"),
            ("account", "/settings/account"),
            ("delete-account", "/settings/account/delete"),
            ("personas", "/personas"),
            ("new-persona", "/personas/new"),
            ("styleguide", "/styleguide"),
        ] {
            self.page(name, path).await;
        }
    }

    async fn chat(&self, site: &Site, question: &str) {
        let gate = Gate::new();
        let (first, rest) = EVERYTHING.split_at(EVERYTHING.find("> A").unwrap());
        site.model.answer(Answer::gated(&gate, [first, rest]));
        self.tab.send(question).await;
        gate.open(1);
        self.tab.until_text(".reply", "to do").await;
        self.shown("streaming").await;
        gate.open_all();
        self.tab.until_replied().await;
        site.model.answer(thoughtful());
        self.tab.send(question).await;
        self.tab.until_replied().await;
        let path = self.tab.path().await;
        let chat = path.split("/live").next().unwrap();
        self.page("chat", chat).await;
        self.page("rename", &format!("{chat}/rename")).await;
        self.page("delete", &format!("{chat}/delete")).await;
        self.page("chat-settings", &format!("{chat}/settings"))
            .await;
        self.tab.leave(async || self.tab.go(chat).await).await;
        let edit = self.address(".mine a[href$='/edit']").await;
        let delete = self.address(".mine a[href$='/delete']").await;
        let other = self.address(".reply a[href$='/retry']").await;
        self.page("edit", &edit).await;
        self.page("delete-message", &delete).await;
        self.page("other-model", &other).await;
    }
}

#[tokio::test]
#[ignore = "makes pictures for people"]
async fn pictures_of_every_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    fs::create_dir_all(&folder).unwrap();
    let site = Site::start().await;
    for (language, name, question) in [
        ("en", "Ann", "Show me everything."),
        ("ko", "한나", "다 보여 주세요."),
    ] {
        for (script, kind) in [(Script::On, "js"), (Script::Off, "nojs")] {
            let photographer = Photographer {
                folder: folder.clone(),
                tab: Tab::open_in(&site.url, script, language).await,
                kind: format!("{language}-{kind}"),
            };
            photographer.strangers_pages().await;
            photographer.tab.register(&format!("{name} {kind}")).await;
            photographer.chat(&site, question).await;
            photographer.own_pages().await;
            photographer.samples().await;
            photographer.tab.close().await;
        }
    }
}
