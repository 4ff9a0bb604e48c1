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
        (Method::GET, "/nothing", None, 404, "is not here"),
        (Method::GET, "/chats/nonsense", None, 404, "is not here"),
        (Method::PUT, "/chats", None, 405, "is not here"),
        (
            Method::POST,
            "/chats",
            Some(&*large),
            413,
            "too much to send",
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
        let heading = match status {
            404 | 405 => "Page not found",
            _ => "Something went wrong",
        };
        assert_eq!(page.text("h1"), heading);
        // Whose page it is, and the way back to their chats.
        assert_eq!(page.text(".top .opens"), "ann", "{method} {path}");
        assert!(page.has("main a[href='/chats']") && page.has("form[action='/logout']"));
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

/// A session has another name where cookies are secure.
#[tokio::test]
async fn a_failure_knows_who_asks_by_a_secure_cookie_too() {
    let app = TestApp::with(|config| {
        config.public_url = Some("https://chat.example.org".parse().unwrap());
    })
    .await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    assert!(ann.cookie("__Host-session").is_some());
    for path in ["/nothing", "/chats/nonsense"] {
        assert_eq!(ann.get(path).await.text(".top .opens"), "ann", "{path}");
    }
    // Large forms are taken from who is signed in, also by a browser that is known for nothing else.
    ann.drop_cookie("__Host-device");
    ann.drop_cookie("device");
    let form = ann.get("/").await.form("#composer");
    let page = ann
        .submit(&form.fill("content", &"x ".repeat(20_000)))
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_failure_looks_and_speaks_as_its_reader_chose() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.change("update users set language = 'ko', theme = 'dark'")
        .await;
    for path in ["/nothing", "/chats/nonsense", "/chats/%ff"] {
        let page = ann.get(path).await;
        assert_eq!(page.attribute("html", "lang"), "ko", "{path}");
        assert_eq!(page.attribute("html", "data-theme"), "dark", "{path}");
        assert!(ann.get_piece(path).await.answer.contains("요"), "{path}");
    }
    // Strangers are told nothing of chats, and what came from a session that has ended is a stranger's.
    let stranger = ann.fresh();
    let old = ann.stolen();
    ann.sign_out().await;
    for browser in [stranger, ann, old] {
        let page = browser.get("/nothing").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(!page.has("a[href='/chats']") && !page.has("form[action='/logout']"));
        assert!(page.has(".top a[href='/settings/look']"));
    }
    // Where it cannot be known who asks, as the database is away, the page comes all the same.
    let ben = Browser::plain(&app).sign_up("ben").await;
    app.change("alter table sessions rename to away").await;
    let page = ben.get("/chats").await;
    assert!(page.status.is_server_error() && page.has(".notice") && page.has("main a[href='/']"));
}

#[tokio::test]
async fn what_was_typed_comes_back_with_a_failure_and_is_sent_once() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let chat = ann.start_chat("Hello").await;
    let long = "긴 글 \"<&\n".repeat(2_000);
    let rename = ann.click(&chat, "a[href$='/rename']").await;
    let settings = ann.get(&format!("{}/settings", chat.path)).await;
    let persona = ann.get("/personas/new").await;
    let settings_form = format!("form[action='{}/settings']", chat.path);
    let forms = [
        (
            chat.form("#composer").fill("content", &long),
            "content",
            &*long,
        ),
        (
            ann.get("/chats/new")
                .await
                .form("#composer")
                .fill("content", "Two"),
            "content",
            "Two",
        ),
        (
            rename
                .form("form[action$='/rename']")
                .fill("title", "Plums"),
            "title",
            "Plums",
        ),
        (
            settings
                .form(&settings_form)
                .fill("system_prompt", "Be kind."),
            "system_prompt",
            "Be kind.",
        ),
        (
            persona
                .form("form[action='/personas/new']")
                .fill("name", "Cook"),
            "name",
            "Cook",
        ),
    ];
    for (form, field, typed) in forms {
        app.change("alter table chats rename to away").await;
        app.change("alter table personas rename to away_too").await;
        let failed = ann.submit(&form).await;
        app.change("alter table away_too rename to personas").await;
        app.change("alter table away rename to chats").await;
        assert!(
            failed.status.is_server_error(),
            "{field}: {}",
            failed.status
        );
        let again = failed.form("main form");
        let given = again.fields.iter().find(|(name, _)| name == field);
        assert_eq!(
            given
                .map(|(_, value)| value.replace("\r\n", "\n"))
                .as_deref(),
            Some(typed)
        );
        for _ in 0..2 {
            let done = ann.submit(&again).await;
            assert!(done.status.is_success(), "{field}: {}", done.status);
        }
    }
    assert_eq!(ann.get(&chat.path).await.count(".mine"), 2);
    assert_eq!(ann.get(&chat.path).await.text("#title h1"), "Plums");
    // No page shows a password; it is asked for once more.
    let stranger = Browser::plain(&app);
    let typed = |form: Form| {
        form.fill("username", "ben")
            .fill("password", "plum-tree-9-x")
    };
    let form = stranger
        .get("/register")
        .await
        .form("form[action='/register']");
    let form = typed(form).fill("password_confirm", "plum-tree-9-x");
    app.change("alter table users rename to away").await;
    let failed = stranger.submit(&form).await;
    app.change("alter table away rename to users").await;
    assert!(failed.status.is_server_error() && !failed.html.contains("plum-tree"));
    let again = failed.form("main form");
    assert!(
        again
            .fields
            .contains(&("username".to_owned(), "ben".to_owned()))
    );
    let again = typed(again).fill("password_confirm", "plum-tree-9-x");
    assert!(stranger.submit(&again).await.status.is_success());
    assert!(stranger.get("/chats").await.status.is_success());
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
        ann.get("/settings").await,
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
    let health = ann.get("/healthz").await;
    assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
    for path in [
        "/",
        "/chats",
        "/login",
        "/chats/01900000-0000-7000-8000-000000000000",
    ] {
        let page = ann.get(path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(page.text(".notice").contains("not available right now"));
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
    let app = TestApp::with(|config| config.registrations_per_network = 2).await;
    let someone = Browser::plain(&app);
    let body = "username=ann&password=password1&password_confirm=password1";
    let mut page = None;
    for _ in 0..5 {
        let answer = someone
            .request(Method::POST, "/register", "document", Some(body.to_owned()))
            .await;
        page = Some(Live::new("/register", answer).page().await);
    }
    let page = page.unwrap();
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = page.header("retry-after").parse().unwrap();
    assert!(
        page.text("main .notice")
            .contains(&format!("in {seconds} seconds")),
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
    assert_eq!(open.headers["content-encoding"], "identity");
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
    assert_eq!(events.headers["content-encoding"], "identity");
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
        assert!(bytes < 20 * 1024 + 512, "{language}: {bytes}");
    }
}

#[tokio::test]
async fn the_font_of_formulas_is_our_own_and_kept_for_good() {
    let app = TestApp::start().await;
    let style = Browser::plain(&app)
        .get("/")
        .await
        .attribute("link[rel=stylesheet]", "href");
    let css = Browser::plain(&app).get(&style).await.html;
    let (_, font) = css.split_once("url(/static/math-").unwrap();
    let (hash, _) = font.split_once(')').unwrap();
    let path = format!("/static/math-{hash}");
    let browser = Browser::plain(&app).with_header("accept-encoding", "gzip, br");
    let response = browser.request(Method::GET, &path, "font", None).await;
    let headers = response.headers();
    assert_eq!(headers["content-type"], "font/woff2");
    assert_eq!(
        headers["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(headers["content-encoding"], "identity");
    let font = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    assert!(
        font.starts_with(b"wOF2") && font.len() < 120_000,
        "{}",
        font.len()
    );
}
