//! Errors as pages and as notices, and what a page weighs.

use crate::support::{model::Answer, *};
use http::{Method, StatusCode};

/// What the answer weighs when the browser takes it compressed.
async fn weight(browser: &Browser, path: &str, encoding: &str) -> usize {
    let browser = browser.clone().with_header("accept-encoding", encoding);
    let response = browser.request(Method::GET, path, "document", None).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    let packed = response
        .headers()
        .get("content-encoding")
        .map(|value| value.to_str().unwrap().to_owned());
    assert!(
        packed.is_some_and(|packed| encoding.contains(&packed)),
        "{path} is not compressed"
    );
    axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn a_failure_is_a_page_and_for_htmx_a_notice() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let large = "x".repeat(3_000_000);
    for (method, path, body, status, says) in [
        (
            Method::GET,
            "/nothing",
            None,
            404,
            "nothing at this address",
        ),
        (
            Method::GET,
            "/chats/nonsense",
            None,
            404,
            "nothing at this address",
        ),
        (Method::PUT, "/chats", None, 405, "nothing at this address"),
        (
            Method::POST,
            "/chats",
            Some(&*large),
            413,
            "more than can be sent",
        ),
        (
            Method::POST,
            "/chats",
            Some("content=a&content=b"),
            422,
            "could not be read",
        ),
        (Method::GET, "/chats/%ff", None, 400, "could not be read"),
    ] {
        let answer = ann
            .request(method.clone(), path, "document", body.map(str::to_owned))
            .await;
        let page = Live::new(path, answer).page().await;
        assert_eq!(page.status.as_u16(), status, "{method} {path}");
        assert!(
            page.text(".notice[role=alert]").contains(says),
            "{method} {path}: {}",
            page.html
        );
        assert_eq!(page.text("h1"), "That did not work");
        assert!(
            page.has("main a[href='/']") && page.has("form.languages") && page.has("html[lang=en]")
        );
        let answer = ann
            .request(method.clone(), path, "empty", body.map(str::to_owned))
            .await;
        let piece = Live::new(path, answer).page().await;
        assert_eq!(piece.status.as_u16(), status, "{method} {path}");
        assert!(
            piece.text(".notice[role=alert]").contains(says) && !piece.answer.contains("<html")
        );
        assert_eq!(
            (piece.header("hx-retarget"), piece.header("hx-reswap")),
            ("#notice", "innerHTML")
        );
        assert_eq!(piece.header("allow"), page.header("allow"));
    }
}

#[tokio::test]
async fn a_notice_has_its_place_on_every_page_that_htmx_runs_on() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let chat = ann.start_chat("Hello").await;
    for page in [
        ann.get("/").await,
        ann.get(&chat.path).await,
        ann.click(&chat, "a[href$='/rename']").await,
    ] {
        assert_eq!(
            (page.count("#notice"), page.count("script[src*=htmx]")),
            (1, 1),
            "{}",
            page.path
        );
        assert_eq!(page.attribute("#notice", "aria-live"), "assertive");
    }
}

#[tokio::test]
async fn without_its_database_it_still_says_so_in_a_sentence() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.db().close().await;
    for path in [
        "/",
        "/chats",
        "/login",
        "/chats/01900000-0000-7000-8000-000000000000",
        "/healthz",
    ] {
        let page = ann.get(path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(page.text(".notice").contains("cannot answer at the moment"));
        for secret in ["sqlx", "pool", "Pool", "closed", "sqlite", "panicked"] {
            assert!(!page.html.contains(secret), "{path}: {}", page.html);
        }
        let piece = ann.get_piece(path).await;
        assert_eq!(
            (piece.status, piece.header("hx-retarget")),
            (StatusCode::SERVICE_UNAVAILABLE, "#notice")
        );
    }
    // Without a session, too; and what needs no database is there.
    assert_eq!(
        ann.fresh().get("/register").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(ann.fresh().get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn too_often_is_a_page_that_says_how_long_to_wait() {
    let app = TestApp::start().await;
    let someone = Browser::plain(&app);
    let body = "username=ann&password=password1&password_confirm=password1";
    let mut page = None;
    for _ in 0..21 {
        let answer = someone
            .request(Method::POST, "/register", "document", Some(body.to_owned()))
            .await;
        page = Some(Live::new("/register", answer).page().await);
    }
    let page = page.unwrap();
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = page.header("retry-after").parse().unwrap();
    assert!(
        page.text("#username-problem")
            .contains(&format!("Wait {seconds} seconds")),
        "{}",
        page.html
    );
    assert_eq!(page.form("main form").value("username"), "ann");
}

#[tokio::test]
async fn whoever_is_signed_out_is_asked_to_sign_in_and_comes_back() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let chat = ann.start_chat("Hello").await;
    let someone = ann.fresh();
    let asked = someone.get(&format!("{}/rename", chat.path)).await;
    let form = asked
        .form("main form")
        .fill("username", "ann")
        .fill("password", PASSWORD);
    assert_eq!(
        someone.submit(&form).await.path,
        format!("{}/rename", chat.path)
    );
    let stranger = ann.fresh();
    let piece = stranger.get_piece(&format!("{}/rename", chat.path)).await;
    assert_eq!(
        (piece.status, piece.header("hx-retarget")),
        (StatusCode::FORBIDDEN, "#notice")
    );
    assert!(piece.text(".notice").contains("signed out") && piece.has(".notice a[href='/login']"));
    let posted = stranger
        .request(
            Method::POST,
            &format!("{}/rename", chat.path),
            "document",
            Some("title=x".to_owned()),
        )
        .await;
    assert_eq!(posted.status(), StatusCode::FORBIDDEN);
    let page = Live::new("", posted).page().await;
    assert_eq!(page.attribute(".notice a", "href"), "/login");
}

#[tokio::test]
async fn a_page_weighs_little() {
    for encoding in ["br", "gzip"] {
        let app = TestApp::start().await;
        let ann = Browser::plain(&app).sign_up("ann").await;
        let mut page = ann
            .start_chat("What is a plum, and what can be made of it?")
            .await;
        app.model.always(Answer::stream(["A plum is a **fruit**.\n\n| dish | time |\n|---|---|\n| jam | 40 min |\n\n```rust\nfn main() {}\n```\n"]));
        for _ in 0..5 {
            page = ann.send(&page, "And what else can be made of it?").await;
        }
        let html = weight(&ann, &page.path, encoding).await;
        let css = weight(
            &ann,
            &page.attribute("link[rel=stylesheet]", "href"),
            encoding,
        )
        .await;
        let icon = weight(&ann, &page.attribute("link[rel=icon]", "href"), encoding).await;
        let mut script = 0;
        for source in page.attributes("script", "src") {
            script += weight(&ann, &source, encoding).await;
        }
        assert_eq!(page.count("script"), page.count("script[src]"));
        let without = html + css + icon;
        assert!(
            without < 20_000,
            "{encoding}: {without} = {html} + {css} + {icon}"
        );
        assert!(
            without + script < 45_000,
            "{encoding}: {without} + {script}"
        );
        assert!(html < 10_000, "{encoding}: {html}");
    }
}

#[tokio::test]
async fn what_never_changes_is_kept_for_good_and_comes_as_small_as_the_browser_takes() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.get("/").await;
    let paths = [
        page.attribute("link[rel=stylesheet]", "href"),
        page.attribute("link[rel=icon]", "href"),
        page.attribute("script", "src"),
    ];
    for (path, kind) in paths.iter().zip([
        "text/css; charset=utf-8",
        "image/svg+xml",
        "text/javascript; charset=utf-8",
    ]) {
        let ask = async |encoding: &str| {
            let headers = [("accept-encoding", encoding)];
            let response = Browser::plain(&app)
                .raw(Method::GET, path, &headers, "")
                .await;
            assert_eq!(response.headers()["content-type"], kind);
            assert_eq!(
                response.headers()["cache-control"],
                "public, max-age=31536000, immutable"
            );
            assert!(!response.headers().contains_key("set-cookie"));
            let vary = response
                .headers()
                .get_all("vary")
                .iter()
                .any(|value| value.to_str().unwrap().contains("Accept-Encoding"));
            assert!(vary, "{path}");
            let packed = response
                .headers()
                .get("content-encoding")
                .map(|value| value.to_str().unwrap().to_owned());
            let body = axum::body::to_bytes(response.into_body(), usize::MAX)
                .await
                .unwrap();
            (packed.unwrap_or_default(), body)
        };
        let (packed, plain) = ask("identity").await;
        assert_eq!(packed, "");
        for (accept, wanted) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip", "gzip"),
            ("br;q=0, gzip", "gzip"),
            ("br;q=0.0, gzip", "gzip"),
            ("GZIP;q=1.0", "gzip"),
            ("zstd", ""),
            ("", ""),
        ] {
            let (packed, body) = ask(accept).await;
            assert_eq!(packed, wanted, "{path} for {accept}");
            assert_eq!(body.len() < plain.len(), !wanted.is_empty());
            if wanted == "gzip" {
                let mut unpacked = Vec::new();
                std::io::Read::read_to_end(
                    &mut flate2::read::GzDecoder::new(&body[..]),
                    &mut unpacked,
                )
                .unwrap();
                assert_eq!(unpacked, plain);
            }
        }
    }
}

#[tokio::test]
async fn the_icon_is_where_browsers_look_for_it_by_themselves() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app);
    let icon = ann.get("/favicon.ico").await;
    assert_eq!(icon.status, StatusCode::OK);
    assert_eq!(icon.header("content-type"), "image/svg+xml");
    // Unlike under a name that carries its hash, it may be another one some day.
    assert_eq!(icon.header("cache-control"), "public, max-age=86400");
    let linked = ann.get("/login").await.attribute("link[rel=icon]", "href");
    assert_eq!(icon.answer, ann.get(&linked).await.answer);
}

#[tokio::test]
async fn pages_come_compressed_but_nothing_that_grows_does() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let gate = model::Gate::new();
    app.model
        .answer(Answer::gated(&gate, ["A block.\n\nA line\n", "end"]));
    let path = ann.start_running("Go").await;
    let packing = ann
        .clone()
        .with_header("accept-encoding", "gzip, deflate, br");
    assert!(weight(&ann, &path, "gzip, deflate, br").await < 10_000);
    let mut open = packing.open_live(&format!("{path}/live")).await;
    assert!(!open.headers.contains_key("content-encoding"));
    gate.open(1);
    open.until("A block.").await;
    let id = ann
        .get(&path)
        .await
        .attribute(".reply", "id")
        .replace("r-", "");
    let mut events = packing
        .events(&format!("/replies/{id}/events?after=0"), None)
        .await;
    assert!(!events.headers.contains_key("content-encoding"));
    events.until("A block.").await;
    gate.open_all();
    open.page().await;
}

#[tokio::test]
async fn the_style_sheet_is_small() {
    let app = TestApp::start().await;
    for language in ["en", "ko"] {
        let browser = Browser::plain(&app).speaking(language);
        let style = browser
            .get("/")
            .await
            .attribute("link[rel=stylesheet]", "href");
        let bytes = browser.get(&style).await.html.len();
        assert!(bytes < 16 * 1024, "{language}: {bytes}");
    }
}
