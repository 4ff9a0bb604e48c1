//! Both languages: which one it is, and that a page is in one of them only.

use crate::support::{
    model::{Answer, Gate},
    *,
};
use http::Method;
use scraper::Node;
use std::fs;

/// What the page's attribute says, and the button of the language that is marked.
fn language(page: &Page) -> String {
    let language = page.attribute("html", "lang");
    assert_eq!(
        page.attribute("form.languages [aria-current]", "value"),
        language
    );
    language
}

/// Presses the button of a language.
async fn choose(browser: &Browser, page: &Page, language: &str) -> Page {
    browser
        .submit(&page.form("form.languages").with("language", language))
        .await
}

#[tokio::test]
async fn a_stranger_is_spoken_to_in_what_the_browser_prefers() {
    let app = TestApp::start().await;
    for (accept, wanted) in [
        ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        ("en-US,en;q=0.5", "en"),
        ("fr, de;q=0.5", "en"),
        ("fr, ko;q=0.1", "ko"),
        ("", "en"),
        ("*;q=x,,;;", "en"),
    ] {
        let page = Browser::plain(&app).speaking(accept).get("/").await;
        assert_eq!(language(&page), wanted, "{accept}");
        assert!(
            page.header("vary").contains("Accept-Language")
                || page
                    .headers
                    .get_all("vary")
                    .iter()
                    .any(|v| v.to_str().unwrap().contains("Accept-Language"))
        );
    }
}

#[tokio::test]
async fn a_choice_is_remembered_by_the_browser_and_leads_back() {
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = TestApp::start().await;
        let ann = kind(&app);
        let login = ann.get("/chats").await;
        let page = choose(&ann, &login, "ko").await;
        assert_eq!((&*page.path, &*language(&page)), ("/chats", "ko"));
        assert_eq!(page.text("h1"), "로그인");
        assert_eq!(page.form("main form").value("next"), "/chats");
        for path in ["/", "/register", "/nothing/at/all"] {
            assert_eq!(language(&ann.get(path).await), "ko");
        }
        assert_eq!(language(&choose(&ann, &page, "en").await), "en");
        // What is no language changes nothing.
        for nonsense in ["fr", "", "ko\r\nx: y", "../ko", &"k".repeat(10_000)] {
            let page = choose(&ann, &page, nonsense).await;
            assert_eq!(language(&page), "en", "{nonsense}");
        }
    }
}

#[tokio::test]
async fn a_choice_is_remembered_by_the_account() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("Hello").await;
    let page = choose(&ann, &page, "ko").await;
    assert_eq!((page.path.as_str(), &*language(&page)), (&*page.path, "ko"));
    assert!(page.path.starts_with("/chats/"));
    let elsewhere = Browser::plain(&app);
    assert_eq!(language(&elsewhere.get("/").await), "en");
    assert_eq!(language(&elsewhere.sign_in("ann", PASSWORD).await), "ko");
    // An account made after choosing has the choice.
    let ben = Browser::plain(&app);
    choose(&ben, &ben.get("/").await, "ko").await;
    let ben = ben.sign_up("ben").await;
    assert_eq!(language(&ben.fresh().sign_in("ben", PASSWORD).await), "ko");
    // One made without goes on following the browser.
    let carol = Browser::plain(&app).sign_up("carol").await;
    let korean = carol.fresh().speaking("ko");
    assert_eq!(language(&korean.sign_in("carol", PASSWORD).await), "ko");
}

#[tokio::test]
async fn errors_too_are_in_the_language_of_whoever_meets_them() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).speaking("ko").sign_up("ann").await;
    let missing = ann.get("/nothing").await;
    assert_eq!((missing.status.as_u16(), &*language(&missing)), (404, "ko"));
    assert!(missing.text(".notice").contains("없어요"));
    assert!(ann.get_piece("/nothing").await.answer.contains("없어요"));
    let refused = ann
        .raw(
            Method::POST,
            "/chats",
            &[("accept-language", "ko")],
            "content=x",
        )
        .await;
    assert!(
        Live::new("", refused)
            .page()
            .await
            .text(".notice")
            .contains("처리하지 않았어요")
    );
    let empty = ann.submit(&ann.get("/").await.form("#composer")).await;
    assert_eq!(empty.text("#notice"), "먼저 메시지를 써 주세요.");
}

/// Everything that people read or hear on the page, with what they wrote themselves, names, and
/// what is the same in every language left out.
fn words(page: &Page) -> Vec<String> {
    let document = page.document();
    let mut words = Vec::new();
    for node in document.tree.nodes() {
        let chosen = node.ancestors().chain([node]).any(|around| {
            around.value().as_element().is_some_and(|element| {
                let class = element.attr("class").unwrap_or_default();
                ["bdi", "script", "noscript", "textarea"].contains(&element.name())
                    || class.starts_with("text")
                    || (element.name() == "button" && element.attr("lang").is_some())
            })
        });
        match node.value() {
            Node::Text(text) if !chosen => words.push(text.to_string()),
            Node::Element(element) => {
                let spoken = ["aria-label", "placeholder", "alt", "title"];
                words.extend(
                    spoken
                        .iter()
                        .filter_map(|name| element.attr(name))
                        .map(str::to_owned),
                );
            }
            _ => {}
        }
    }
    words.retain(|text| !text.trim().is_empty());
    words
}

/// What remains in Latin letters of a Korean text without names, settings and keys.
fn latin(text: &str) -> String {
    let known = [
        "test-model",
        "OPENAI_API_KEY",
        "PUBLIC_URL",
        "OPENAI_BASE_URL",
        "OPENAI_MODEL",
        "OpenAI",
        "Ollama",
        "AI",
        "UTC",
        "demo",
        "Enter",
        "Shift",
    ];
    let text = known
        .iter()
        .fold(text.to_owned(), |text, name| text.replace(name, ""));
    text.chars().filter(char::is_ascii_alphabetic).collect()
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7a3}')
}

#[tokio::test]
async fn every_page_is_in_one_language_throughout() {
    for accept in ["en", "ko"] {
        for kind in KINDS {
            let app = TestApp::with(|config| config.message_limit = 100).await;
            let stranger = kind(&app).speaking(accept);
            let mut pages = vec![
                stranger.get("/").await,
                stranger.get("/register").await,
                stranger.get("/login").await,
                stranger.get("/nothing").await,
                stranger.get("/settings/look").await,
                stranger.register("", "short").await,
                stranger.register("\u{200b}", "password").await,
                stranger.register(&"n".repeat(41), "iloveyou").await,
                stranger.sign_in("12", "34").await,
            ];
            let ann = kind(&app).speaking(accept).sign_up("1").await;
            let gate = Gate::new();
            pages.push(ann.get("/").await);
            pages.push(ann.get("/chats").await);
            pages.push(ann.get("/settings/look/saved").await);
            pages.push(ann.get("/settings/writing").await);
            pages.push(ann.fresh().register("1", PASSWORD).await);
            app.model.answer(Answer::gated(&gate, ["1", "2"]));
            let path = ann.start_running("3").await;
            let running = ann.get(&path).await;
            pages.push(running.clone());
            pages.push(
                ann.submit(&running.form("#composer").fill("content", "4"))
                    .await,
            );
            pages.push(
                ann.submit(&running.form("#composer").fill("content", &"5".repeat(101)))
                    .await,
            );
            pages.push(
                ann.submit(&running.form("#composer").fill("content", " "))
                    .await,
            );
            ann.submit(&running.form(".stop")).await;
            app.idle().await;
            let stopped = ann.get(&path).await;
            pages.push(ann.click(&stopped, "a[href$='/rename']").await);
            pages.push(ann.click(&stopped, "a[href$='/delete']").await);
            let form = ann.get(&format!("{path}/rename")).await.form("main form");
            pages.push(ann.submit(&form.clone().fill("title", "")).await);
            pages.push(ann.submit(&form.fill("title", &"6".repeat(81))).await);
            app.model.always(Answer::status(503, "text/plain", ""));
            pages.push(ann.send(&stopped, "7").await);
            pages.push(stopped);
            pages.push(ann.get("/chats").await);
            let form = pages.last().unwrap().form("form.languages");
            let foreign = Browser::plain(&app).speaking(accept);
            let refused = foreign
                .raw(
                    Method::POST,
                    "/language",
                    &[("accept-language", accept)],
                    form.body(),
                )
                .await;
            pages.push(Live::new("a foreign form", refused).page().await);
            ann.drop_cookie("session");
            pages.push(
                ann.submit(&running.form("#composer").fill("content", "8"))
                    .await,
            );
            let mut read = 0;
            for page in pages {
                if page.has("html[lang]") {
                    assert_eq!(page.attribute("html", "lang"), accept);
                }
                for text in words(&page) {
                    read += 1;
                    if accept == "ko" {
                        assert_eq!(latin(&text), "", "{text} at {} in {}", page.path, page.html);
                    } else {
                        assert!(
                            !text.contains(is_hangul),
                            "{text} at {} in {}",
                            page.path,
                            page.html
                        );
                    }
                }
            }
            assert!(read > 200, "{read}");
        }
    }
}

/// A term that is written alike in every language.
const TERM: &str = "Top-p";

#[test]
fn every_korean_sentence_is_korean_and_every_english_one_is_not() {
    for (language, korean) in [("ko", true), ("en", false)] {
        let folder = format!("{}/locales/{language}", env!("CARGO_MANIFEST_DIR"));
        let mut sentences = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|kind| kind != "ftl") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let lines = text
                .lines()
                .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
            for line in lines.filter(|line| !line.ends_with("->") && line.trim() != "}") {
                let value = line.split_once(['=', ']']).map_or(line, |(_, value)| value);
                let is_right = value.trim() == TERM || value.contains(is_hangul) == korean;
                assert!(is_right, "{path:?}: {line}");
                sentences += 1;
            }
        }
        assert!(sentences > 80, "{sentences} in {language}");
    }
}

#[tokio::test]
async fn the_demo_model_answers_in_the_language_it_is_written_to() {
    let app = TestApp::demo().await;
    for (accept, text, says) in [
        ("en", "How are plums made?", "not a real AI"),
        ("ko", "자두는 어떻게 만들어요?", "데모"),
    ] {
        let ann = Browser::plain(&app).speaking(accept).sign_up(accept).await;
        let home = ann.get("/").await;
        assert!(
            home.text(".hint.model")
                .contains(if accept == "ko" { "데모" } else { "Demo" })
        );
        let page = ann.start_chat(text).await;
        let reply = page.text(".reply .text");
        assert!(reply.contains(says) && reply.contains(text), "{reply}");
        assert!(page.has(".reply table") && page.has(".reply pre code") && page.has(".reply ul"));
    }
}
