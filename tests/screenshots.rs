//! Pictures of the main pages, to be looked at: `scripts/screenshots`.

use crate::{
    browser::EVERYTHING,
    support::{
        chromium::{Script, Tab},
        site::Site,
    },
};
use serde_json::json;
use std::{fs, path::Path};

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
        site.model.says(EVERYTHING);
        tab.send(question).await;
        tab.until_replied().await;
        let chat = tab.path().await;
        take("chat", &chat).await;
        take("chats", "/chats").await;
        take("rename", &format!("{chat}/rename")).await;
        take("delete", &format!("{chat}/delete")).await;
        take("chat-settings", &format!("{chat}/settings")).await;
        take("settings", "/settings").await;
        take("personas", "/personas").await;
        take("new-persona", "/personas/new").await;
        take("not-found", "/nowhere").await;
    }
}
