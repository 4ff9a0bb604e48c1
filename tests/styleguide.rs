//! The page with a sample of every fragment.

use crate::support::{
    Browser, Page, TestApp,
    chromium::{Script, Tab},
    site::Site,
};
use http::StatusCode;
use serde_json::json;
use std::{collections::BTreeSet, fs, path::Path};

/// What is not shown by itself: parts of other fragments, and what htmx alone is sent.
const ELSEWHERE: [&str; 32] = [
    "actions",
    "any_answer",
    "before",
    "below",
    "branch",
    "caret",
    "chat_rows",
    "closes",
    "composer_fields",
    "connected",
    "conversation",
    "copy",
    "created",
    "edit_field",
    "ending",
    "facts",
    "failures",
    "focus_composer",
    "languages",
    "messages",
    "parent_field",
    "preset_fields",
    "reply",
    "sends",
    "sent",
    "settings_nav",
    "start_fields",
    "stop_button",
    "title_field",
    "undo_refused",
    "unsent",
    "words",
];

/// The addresses of the samples.
fn samples(page: &Page) -> Vec<String> {
    page.attributes(".sample > h2 a", "href")
}

fn ids_are_there_once(page: &Page) {
    let ids = page.attributes("[id]", "id");
    let different: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "{}: {ids:?}", page.path);
}

#[tokio::test]
async fn the_style_guide_shows_every_fragment_and_no_id_twice() {
    let app = TestApp::start().await;
    for language in ["en", "ko"] {
        let anyone = Browser::plain(&app).speaking(language);
        let page = anyone.get("/styleguide").await;
        ids_are_there_once(&page);
        let shown = page.text("main");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/fragments");
        for file in fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let is_elsewhere = ELSEWHERE.contains(&name.trim_end_matches(".html"));
            assert!(
                is_elsewhere || shown.contains(&format!("fragments/{name}")),
                "{name}"
            );
        }
        assert!(page.count(".message") > 15);
        let addresses = samples(&page);
        let different: BTreeSet<&String> = addresses.iter().collect();
        assert_eq!(different.len(), addresses.len());
        for address in &addresses {
            let page = anyone.get(address).await;
            assert_eq!((page.status, samples(&page).len()), (StatusCode::OK, 1));
            ids_are_there_once(&page);
        }
    }
}

#[tokio::test]
async fn the_style_guide_is_not_there_where_people_are() {
    let app = TestApp::with(|config| config.styleguide = false).await;
    for path in [
        "/styleguide",
        "/styleguide/dark",
        "/styleguide/composer-stop",
    ] {
        let page = Browser::plain(&app).get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
    let app = TestApp::start().await;
    let page = Browser::plain(&app).get("/styleguide/nothing").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_style_guide_has_the_theme_that_is_asked_for() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    let paper = "getComputedStyle(document.documentElement).backgroundColor";
    let mut papers = Vec::new();
    for (path, wanted) in [
        ("/styleguide", "light"),
        ("/styleguide/light", "dark"),
        ("/styleguide", "dark"),
        ("/styleguide/dark", "light"),
    ] {
        let features = json!([{ "name": "prefers-color-scheme", "value": wanted }]);
        let emulated = json!({ "features": features });
        tab.cdp("Emulation.setEmulatedMedia", emulated).await;
        tab.leave(async || tab.go(path).await).await;
        tab.until("document.readyState == 'complete'").await;
        papers.push(tab.eval(paper).await);
    }
    assert_eq!(papers[0], papers[1]);
    assert_eq!(papers[2], papers[3]);
    assert_ne!(papers[0], papers[2]);
    tab.close().await;
}

#[tokio::test]
async fn the_button_stays_at_the_end_and_leaves_room_for_what_stands_beside_it() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.resize(320, 640).await;
    for sample in ["empty", "new-chat", "demo-model", "no-model-yet"] {
        tab.go(&format!("/styleguide/composer-{sample}")).await;
        tab.until("document.readyState == 'complete'").await;
        let seen = "(() => {
            const place = css => document.querySelector('#composer' + css).getBoundingClientRect();
            return [place('').right - place(' > button').right,
                    place(' > :is(.model, .pick)').right - place('').left, place('').width];
        })()";
        let [gap, beside, width] = serde_json::from_value(tab.eval(seen).await).unwrap();
        let is_near = |length: f64| (0.0..12.0).contains(&length);
        assert!(is_near(gap), "{sample}: {gap}");
        // As wide as there is room: what the button and the gaps leave.
        assert!(beside > width - 130.0, "{sample}: {beside} of {width}");
        // Long names of models are cut, so that the field for what is typed keeps its room.
        let height = "document.querySelector('#composer').offsetHeight";
        let height = tab.eval(height).await.as_f64().unwrap();
        assert!(
            sample == "demo-model" || height < 110.0,
            "{sample}: {height}"
        );
    }
    tab.close().await;
}
