//! Pictures of the main pages, to be looked at: `scripts/screenshots`.

use crate::{
    browser::EVERYTHING,
    support::{
        chromium::{Script, Tab},
        model::{Answer, Step},
        site::Site,
    },
};
use serde_json::json;
use std::{fs, path::Path, time::Duration};

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

#[tokio::test]
#[ignore = "makes pictures for people"]
async fn pictures_of_the_main_pages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
    fs::create_dir_all(&folder).unwrap();
    let site = Site::start().await;
    for (language, name, question) in [
        ("en", "Ann", "Show me everything."),
        ("ko", "한나", "다 보여 주세요."),
    ] {
        let tab = Tab::open_in(&site.url, Script::On, language).await;
        let take = async |page: &str, path: &str| {
            for (width, height) in [(320, 640), (1440, 900)] {
                for scheme in ["light", "dark"] {
                    let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
                    tab.cdp(
                        "Emulation.setEmulatedMedia",
                        json!({ "features": features }),
                    )
                    .await;
                    tab.resize(width, height).await;
                    tab.leave(async || tab.go(path).await).await;
                    tab.until("document.readyState == 'complete'").await;
                    let file = format!("{page}-{language}-{width}-{scheme}.png");
                    fs::write(folder.join(file), tab.screenshot().await).unwrap();
                }
            }
        };
        take("welcome", "/").await;
        take("register", "/register").await;
        take("login", "/login").await;
        tab.register(name).await;
        take("new-chat", "/").await;
        site.model.answer(thoughtful());
        tab.send(question).await;
        tab.until_replied().await;
        let chat = tab.path().await;
        take("chat", &chat).await;
        take("chats", "/chats").await;
        take("rename", &format!("{chat}/rename")).await;
        take("delete", &format!("{chat}/delete")).await;
        tab.leave(async || tab.go(&chat).await).await;
        let edit = tab
            .eval("document.querySelector(\".mine a[href$='/edit']\").pathname")
            .await;
        take("edit", edit.as_str().unwrap()).await;
        take("chat-settings", &format!("{chat}/settings")).await;
        take("settings", "/settings").await;
        take("personas", "/personas").await;
        take("new-persona", "/personas/new").await;
        take("not-found", "/nowhere").await;
    }
}
