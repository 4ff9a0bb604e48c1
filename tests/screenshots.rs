//! Pictures of every page, to be looked at: `scripts/screenshots`.

use crate::support::{
    chromium::{Script, Tab},
    model::{Answer, Gate, Step},
    site::Site,
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// What is said in the pictures.
struct Talk {
    language: &'static str,
    /// Of who has script, and of who has not.
    names: [&'static str; 2],
    question: &'static str,
    sample: &'static str,
    thoughts: &'static str,
}

const TALKS: [Talk; 2] = [
    Talk {
        language: "en",
        names: ["Ann", "Ben"],
        question: "Explain in simple terms how celadon gets its colour.",
        sample: include_str!("../locales/en/sample.md"),
        thoughts: include_str!("../locales/en/sample_thoughts.md"),
    },
    Talk {
        language: "ko",
        names: ["한나", "서준"],
        question: "청자의 빛깔이 어떻게 나오는지 쉽게 설명해 주세요.",
        sample: include_str!("../locales/ko/sample.md"),
        thoughts: include_str!("../locales/ko/sample_thoughts.md"),
    },
];

impl Talk {
    /// The reply: up to its table, and from there to the end of its code.
    fn reply(&self) -> (&str, &str) {
        let (reply, _) = self.sample.split_once("\n\n    ").unwrap();
        reply.split_at(reply.find("\n| ").unwrap())
    }

    /// The same after some thoughts.
    fn thoughtful(&self) -> Answer {
        let (first, rest) = self.reply();
        let thought = json!({ "choices": [{ "delta": { "reasoning": self.thoughts } }] });
        let usage =
            json!({ "choices": [], "usage": { "prompt_tokens": 1234, "completion_tokens": 567 } });
        Answer::sse()
            .event(&thought.to_string())
            .then(Step::Wait(Duration::from_millis(300)))
            .token(first)
            .then(Step::Wait(Duration::from_secs(5)))
            .token(rest)
            .event(&usage.to_string())
            .finish()
    }
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

    async fn chat(&self, site: &Site, talk: &Talk) {
        let gate = Gate::new();
        let (first, rest) = talk.reply();
        site.model.answer(Answer::gated(&gate, [first, rest]));
        self.tab.send(talk.question).await;
        gate.open(1);
        self.tab.until_text(".reply", "1123").await;
        self.shown("streaming").await;
        gate.open_all();
        self.tab.until_replied().await;
        site.model.answer(talk.thoughtful());
        self.tab.send(talk.question).await;
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
    for talk in TALKS {
        let kinds = [(Script::On, "js"), (Script::Off, "nojs")];
        for ((script, kind), name) in kinds.into_iter().zip(talk.names) {
            let photographer = Photographer {
                folder: folder.clone(),
                tab: Tab::open_in(&site.url, script, talk.language).await,
                kind: format!("{}-{kind}", talk.language),
            };
            photographer.strangers_pages().await;
            photographer.tab.register(name).await;
            photographer.chat(&site, &talk).await;
            photographer.own_pages().await;
            photographer.samples().await;
            photographer.tab.close().await;
        }
    }
}
