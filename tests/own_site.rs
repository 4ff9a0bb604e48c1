//! Under which names the server answers, and what becomes of those who come by another.

use crate::support::{
    model::{Answer, Gate},
    *,
};
use axum::body::Body;
use http::{Method, Response, StatusCode};

const FOREIGN: StatusCode = StatusCode::MISDIRECTED_REQUEST;

/// An app behind a proxy with this public address.
async fn behind(public_url: &str) -> TestApp {
    let public_url = public_url.parse().unwrap();
    TestApp::with(|config| config.public_url = Some(public_url)).await
}

/// Chooses a language, as a browser does that was sent to this host, with these headers.
async fn change(app: &TestApp, host: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
    all.extend(headers);
    let someone = Browser::plain(app).with_header("host", host);
    someone
        .raw(Method::POST, "/language", &all, "language=ko")
        .await
}

async fn status(app: &TestApp, host: &str, headers: &[(&str, &str)]) -> u16 {
    change(app, host, headers).await.status().as_u16()
}

/// What the log says of this name.
fn logged(name: &str) -> Vec<String> {
    let log = log();
    let lines = log.lines().filter(|line| line.contains(name));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_name_that_is_not_its_own_gets_no_page_and_changes_nothing() {
    let app = TestApp::start().await;
    for host in [
        "evil.example:3000",
        "localhost.evil.example",
        "127.0.0.1.nip.example",
    ] {
        let browser = Browser::plain(&app).with_header("host", host);
        for path in ["/", "/login", "/register", "/chats", "/nothing"] {
            let page = browser.get(path).await;
            assert_eq!(page.status, FOREIGN, "{host}{path}");
            assert!(page.text("main").contains("PUBLIC_URL"), "{}", page.html);
        }
        let korean = browser.clone().speaking("ko").get("/").await;
        assert!(korean.text("main").contains("PUBLIC_URL"));
        let origin = format!("http://{host}");
        let referer = format!("{origin}/register");
        for headers in [
            &[("origin", &*origin)][..],
            &[("referer", &*referer)],
            &[("origin", &*origin), ("sec-fetch-site", "same-origin")],
        ] {
            assert_eq!(status(&app, host, headers).await, 421, "{host} {headers:?}");
        }
        // What its pages are made of, and what asks whether it is well.
        let style = Browser::plain(&app).get("/").await;
        let style = style.attribute("link[rel=stylesheet]", "href");
        for path in ["/healthz", &*style] {
            assert_eq!(browser.get(path).await.status, 200, "{host}{path}");
        }
        let notice = Browser::htmx(&app).with_header("host", host);
        let notice = notice.get_piece("/chats").await;
        assert_eq!(notice.status, FOREIGN);
        assert_eq!(notice.header("hx-retarget"), "#notice");
    }
    let machine = hostname::get().unwrap().into_string().unwrap();
    for host in [
        "127.0.0.1:3000",
        "192.168.0.10:3000",
        "[::1]:3000",
        "LocalHost",
        "damso.localhost:3000",
        &machine,
        &format!("{machine}.local:3000"),
    ] {
        let browser = Browser::plain(&app).with_header("host", host);
        assert_eq!(browser.get("/").await.status, 200, "{host}");
        let origin = format!("http://{host}");
        assert_eq!(
            status(&app, host, &[("origin", &origin)]).await,
            303,
            "{host}"
        );
    }
}

#[tokio::test]
async fn behind_a_proxy_the_page_of_a_form_counts_whatever_the_host() {
    let app = behind("https://chat.example.org").await;
    let own = "https://chat.example.org";
    let same = ("sec-fetch-site", "same-origin");
    for host in [
        "chat.example.org",
        "127.0.0.1:3000",
        "backend",
        "damso.internal:3000",
    ] {
        let browser = Browser::plain(&app).with_header("host", host);
        assert_eq!(browser.get("/login").await.status, 200, "{host}");
        for (headers, expected) in [
            (&[("origin", own)][..], 303),
            (&[("origin", own), same], 303),
            (&[same], 303),
            (&[("referer", "https://chat.example.org/login")], 303),
            (&[("origin", "https://evil.example")], 403),
            (&[("origin", "https://evil.example"), same], 403),
            (&[("origin", "null")], 403),
            (&[("referer", "https://evil.example/")], 403),
            (&[], 403),
        ] {
            assert_eq!(
                status(&app, host, headers).await,
                expected,
                "{host} {headers:?}"
            );
        }
    }
    // A page elsewhere whose name leads here.
    for (headers, expected) in [
        (&[("origin", "http://evil.example:3000")][..], 403),
        (&[("origin", "http://evil.example:3000"), same], 403),
        (&[("referer", "http://evil.example:3000/")], 403),
    ] {
        assert_eq!(
            status(&app, "evil.example:3000", headers).await,
            expected,
            "{headers:?}"
        );
    }
    // Past the proxy, on the machine itself.
    for host in ["127.0.0.1:3000", "localhost:3000", "[::1]:3000"] {
        let (origin, page) = (format!("http://{host}"), format!("http://{host}/login"));
        assert_eq!(
            status(&app, host, &[("origin", &origin)]).await,
            303,
            "{host}"
        );
        assert_eq!(
            status(&app, host, &[("referer", &page)]).await,
            303,
            "{host}"
        );
        assert_eq!(
            status(&app, "backend", &[("origin", &origin)]).await,
            403,
            "{host}"
        );
    }
}

#[tokio::test]
async fn the_log_says_once_why_a_form_was_refused_and_what_to_set() {
    log();
    let app = TestApp::start().await;
    // As nginx asks with its defaults for a browser at http://one.example.
    for _ in 0..3 {
        let refused = change(&app, "127.0.0.1:4123", &[("origin", "http://one.example")]).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        let page = Live::new("", refused).page().await;
        assert!(page.text("main").contains("PUBLIC_URL"), "{}", page.html);
    }
    let lines = logged("http://one.example");
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in [
        "WARN",
        "damso::security",
        "cross_site_form",
        "127.0.0.1:4123",
        "PUBLIC_URL",
        "not set",
    ] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    let app = behind("https://chat.example.org").await;
    let page = "http://two.example/chats/a-secret?of=mine";
    for host in ["backend-a", "backend-b", "backend-a"] {
        status(&app, host, &[("referer", page)]).await;
    }
    let lines = logged("http://two.example");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines
            .iter()
            .all(|line| line.contains("https://chat.example.org"))
    );
    assert!(logged("a-secret").is_empty());
    // Under a name of its own, and in lines of any length.
    let app = TestApp::start().await;
    for _ in 0..2 {
        let three = Browser::plain(&app).with_header("host", "three.example");
        three.get("/").await;
        let origin = format!("http://four.example/{}", "x".repeat(5_000));
        status(&app, "127.0.0.1", &[("origin", &origin)]).await;
    }
    for name in ["three.example", "four.example"] {
        let lines = logged(name);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].len() < 1_000);
    }
    // What strangers make up does not fill it.
    for n in 0..300 {
        let origin = format!("http://five-{n}.example");
        status(&app, "127.0.0.1", &[("origin", &origin)]).await;
    }
    assert!(logged("http://five-").len() <= 100);
}

#[tokio::test]
async fn the_log_says_once_that_cookies_could_be_secure() {
    log();
    let (app, other) = (
        TestApp::start().await,
        behind("https://secure.example").await,
    );
    let origin = ("origin", "https://tls-in-front.example");
    let said = || {
        let lines = logged("tls-in-front.example").into_iter();
        lines
            .filter(|line| line.contains("insecure_cookies"))
            .count()
    };
    // Refused, so it proves nothing.
    assert_eq!(status(&app, "127.0.0.1", &[origin]).await, 403);
    assert_eq!(said(), 0);
    for _ in 0..2 {
        let same = ("sec-fetch-site", "same-origin");
        assert_eq!(status(&app, "127.0.0.1", &[origin, same]).await, 303);
    }
    assert_eq!(said(), 1);
    assert_eq!(
        status(&other, "backend", &[("origin", "https://secure.example")]).await,
        303
    );
    assert!(
        logged("insecure_cookies")
            .iter()
            .all(|line| !line.contains("secure.example\""))
    );
}

#[tokio::test]
async fn what_grows_says_that_it_is_not_to_be_compressed_and_what_it_is() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let gate = Gate::new();
    app.model.answer(Answer::gated(&gate, ["One.\n\n", "Two."]));
    let path = ann.start_running("Go").await;
    gate.open(1);
    let id = ann.get(&path).await.attribute(".reply", "id");
    let events = format!("/replies/{}/events", id.trim_start_matches("r-"));
    let packed = ann.with_header("accept-encoding", "gzip, deflate, br, zstd");
    let mut page = packed.open_live(&format!("{path}/live")).await;
    let mut stream = packed.events(&events, None).await;
    let nothing = packed.events("/replies/nothing/events", None).await;
    for (live, kind) in [
        (&page, "text/html; charset=utf-8"),
        (&stream, "text/event-stream"),
        (&nothing, "text/event-stream"),
    ] {
        for (name, value) in [
            ("content-encoding", "identity"),
            ("content-type", kind),
            ("x-accel-buffering", "no"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(live.headers[name], value, "{name} of {}", live.path);
        }
    }
    page.until("One.").await;
    stream.until("One.").await;
    gate.open_all();
    app.idle().await;
    // What is whole is compressed.
    let whole = packed.request(Method::GET, &path, "document", None).await;
    assert_eq!(whole.headers()["content-encoding"], "br");
}

#[tokio::test]
async fn every_cookie_is_written_so_that_lynx_keeps_its_path() {
    for public_url in [None, Some("https://chat.example.org")] {
        let app = match public_url {
            Some(url) => behind(url).await,
            None => TestApp::start().await,
        };
        let (someone, password) = (Browser::plain(&app), PASSWORD.replace(' ', "+"));
        let mut answers = Vec::new();
        for (path, body) in [
            (
                "/register",
                format!("username=ann&password={password}&password_confirm={password}"),
            ),
            ("/language", "language=ko".to_owned()),
            (
                "/settings/look",
                "theme=dark&text_size=large&density=compact".to_owned(),
            ),
            ("/logout", "sure=yes".to_owned()),
        ] {
            answers.push(
                someone
                    .request(Method::POST, path, "document", Some(body))
                    .await,
            );
        }
        let mut names = Vec::new();
        for cookie in answers
            .iter()
            .flat_map(|answer| answer.headers().get_all("set-cookie"))
        {
            let cookie = cookie.to_str().unwrap();
            let parts: Vec<_> = cookie.split("; ").collect();
            names.push(parts[0].split('=').next().unwrap().to_owned());
            assert_eq!(parts[1], "Path=/", "{cookie}");
            // The end of a session has none.
            let site = parts.iter().position(|part| part.starts_with("SameSite"));
            assert!(site.is_none_or(|site| site + 1 == parts.len()), "{cookie}");
            assert!(site.is_some() || cookie.contains("Max-Age=0"), "{cookie}");
        }
        let prefix = public_url.map_or("", |_| "__Host-");
        for name in ["session", "device", "language", "theme"] {
            let name = format!("{prefix}{name}");
            assert!(names.contains(&name), "{name} in {names:?}");
        }
    }
}
