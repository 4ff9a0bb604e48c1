//! What nobody may do, on every address that there is: attacks.md has them all.

use crate::support::{
    model::{Answer, Gate},
    *,
};
use axum::body::Body;
use damso::Who;
use http::{Method, Response, StatusCode};
use scraper::Node;
use std::collections::{BTreeSet, HashSet};

pub type Row = (&'static str, &'static str, &'static str, [u16; 3]);

/// Every route: its method and path, a body that it accepts, and what strangers, the owner, and
/// somebody else are answered. A route without a line here fails a test.
#[rustfmt::skip]
pub const ROUTES: &[Row] = &[
    ("GET",  "/",                      "",               [200, 200, 200]),
    ("GET",  "/register",              "",               [200, 303, 303]),
    ("POST", "/register",              "",               [422, 422, 422]),
    ("GET",  "/login",                 "",               [200, 303, 303]),
    ("POST", "/login",                 "",               [422, 422, 422]),
    ("POST", "/logout",                "",               [303, 303, 303]),
    ("GET",  "/chats",                 "",               [403, 200, 200]),
    ("GET",  "/chats/before/{id}",     "",               [403, 200, 404]),
    ("GET",  "/chats/new",             "",               [200, 200, 200]),
    ("GET",  "/chats/{id}/running",    "",               [403, 200, 404]),
    ("POST", "/chats",                 "content=Intro",  [403, 303, 303]),
    ("GET",  "/chats/{id}",            "",               [403, 200, 404]),
    ("GET",  "/chats/{id}/all",        "",               [403, 200, 404]),
    ("GET",  "/chats/{id}/all/{message}", "",               [403, 200, 404]),
    ("GET",  "/chats/{id}/live",       "",               [403, 303, 404]),
    ("GET",  "/chats/{id}/live/{reply}", "",             [403, 303, 404]),
    ("GET",  "/chats/{id}/live/{reply}/{n}", "",         [403, 303, 404]),
    ("POST", "/chats/{id}/live/{reply}", "",             [403, 303, 404]),
    ("POST", "/chats/{id}/live/{reply}/{n}", "",         [403, 303, 404]),
    ("POST", "/chats/{id}/messages",   "content=Intro",  [403, 303, 404]),
    ("GET",  "/chats/{id}/rename",     "",               [403, 200, 404]),
    ("GET",  "/chats/{id}/rename/caret", "",             [403, 303, 404]),
    ("POST", "/chats/{id}/rename",     "title=Intruder", [403, 303, 404]),
    ("GET",  "/chats/{id}/delete",     "",               [403, 200, 404]),
    ("POST", "/chats/{id}/delete",     "",               [403, 303, 404]),
    ("GET",  "/chats/{id}/at/{message}", "",             [403, 200, 404]),
    ("GET",  "/chats/{id}/before/{message}", "",         [403, 200, 404]),
    ("GET",  "/chats/{id}/deleted/{message}", "",        [403, 303, 404]),
    ("GET",  "/messages/{id}",         "",               [403, 303, 404]),
    ("GET",  "/messages/{id}/edit",    "",               [403, 200, 404]),
    ("GET",  "/messages/{id}/edit/caret", "",            [403, 303, 404]),
    ("POST", "/messages/{id}/edit",    "content=Intro",  [403, 303, 404]),
    ("POST", "/messages/{id}/answer",  "",               [403, 303, 404]),
    ("POST", "/messages/{id}/branch",  "",               [403, 303, 404]),
    ("GET",  "/messages/{id}/delete",  "",               [403, 200, 404]),
    ("POST", "/messages/{id}/delete",  "",               [403, 303, 404]),
    ("POST", "/messages/{id}/restore", "",               [403, 303, 404]),
    ("GET",  "/replies/{id}",          "",               [403, 200, 404]),
    ("GET",  "/replies/{id}/events",   "",               [200, 200, 200]),
    ("GET",  "/replies/{id}/ended",    "",               [403, 204, 404]),
    ("POST", "/replies/{id}/stop",     "",               [403, 303, 404]),
    ("POST", "/replies/{id}/retry",    "",               [403, 303, 404]),
    ("POST", "/replies/{id}/continue", "",               [403, 303, 404]),
    ("GET",  "/replies/{id}/retry",    "",               [403, 200, 404]),
    ("GET",  "/chats/new/{persona}",   "",               [403, 200, 404]),
    ("GET",  "/chats/{id}/title",      "",               [403, 200, 404]),
    ("GET",  "/chats/{id}/settings",   "",               [403, 200, 404]),
    ("POST", "/chats/{id}/settings",   "top_p=0.5",      [403, 303, 404]),
    ("GET",  "/settings",              "",               [403, 200, 200]),
    ("GET",  "/settings/saved",        "",               [403, 200, 200]),
    ("POST", "/settings",              "top_p=0.5",      [403, 303, 303]),
    ("GET",  "/settings/account",      "",               [403, 200, 200]),
    ("GET",  "/settings/account/done/{what}", "",        [403, 200, 200]),
    ("POST", "/settings/account/name", "",               [403, 422, 422]),
    ("POST", "/settings/account/password", "",           [403, 422, 422]),
    ("POST", "/settings/account/sessions/{id}/end", "",  [403, 303, 404]),
    ("POST", "/settings/account/sessions/end", "",       [403, 303, 303]),
    ("GET",  "/settings/account/delete", "",             [403, 200, 200]),
    ("POST", "/settings/account/delete", "",             [403, 422, 422]),
    ("GET",  "/goodbye",               "",               [200, 303, 303]),
    ("POST", "/settings/models",       "",               [403, 303, 303]),
    ("GET",  "/settings/look",         "",               [200, 200, 200]),
    ("GET",  "/settings/look/saved",   "",               [200, 200, 200]),
    ("POST", "/settings/look",         "theme=dark",     [303, 303, 303]),
    ("GET",  "/settings/writing",      "",               [403, 200, 200]),
    ("GET",  "/settings/writing/saved", "",              [403, 200, 200]),
    ("POST", "/settings/writing",      "composer=line",  [403, 303, 303]),
    ("GET",  "/settings/time",         "",               [403, 200, 200]),
    ("GET",  "/settings/time/saved",   "",               [403, 200, 200]),
    ("POST", "/settings/time",         "time_zone=UTC",  [403, 303, 303]),
    ("GET",  "/personas",              "",               [403, 200, 200]),
    ("GET",  "/personas/new",          "",               [403, 200, 200]),
    ("POST", "/personas/new",          "name=Intruder",  [403, 303, 303]),
    ("GET",  "/personas/{id}",         "",               [403, 200, 404]),
    ("POST", "/personas/{id}",         "name=Intruder",  [403, 303, 404]),
    ("POST", "/personas/{id}/duplicate", "",             [403, 303, 404]),
    ("GET",  "/personas/{id}/delete",  "",               [403, 200, 404]),
    ("POST", "/personas/{id}/delete",  "",               [403, 303, 404]),
    ("GET",  "/messages/{id}/raw",     "",               [403, 200, 404]),
    ("GET",  "/messages/{id}/code/{n}", "",              [403, 404, 404]),
    ("POST", "/language",              "language=en",    [303, 303, 303]),
    ("GET",  "/help",                  "",               [200, 200, 200]),
    ("GET",  "/robots.txt",            "",               [200, 200, 200]),
    ("GET",  "/styleguide",            "",               [200, 200, 200]),
    ("GET",  "/styleguide/{sample}",   "",               [200, 200, 200]),
    ("GET",  "/connection",            "",               [200, 200, 200]),
    ("GET",  "/connection/undone",     "",               [200, 200, 200]),
    ("GET",  "/healthz",               "",               [200, 200, 200]),
    ("GET",  "/favicon.ico",           "",               [200, 200, 200]),
    ("GET",  "/static/{name}",         "",               [200, 200, 200]),
];

const UNKNOWN: &str = "01900000-0000-7000-8000-000000000000";

#[test]
fn every_route_is_tested() {
    let tested = ROUTES.iter().map(|(method, path, _, answers)| {
        let who = match (*path, answers) {
            // Strangers are told that it is over: browsers ask again where a stream is refused.
            ("/replies/{id}/events", _) => Who::Owner,
            (_, [403, _, 404]) => Who::Owner,
            (_, [403, ..]) => Who::User,
            _ => Who::Anyone,
        };
        (*method, *path, format!("{who:?}"))
    });
    let routed = damso::ROUTES
        .iter()
        .map(|(who, method, path)| (*method, *path, format!("{who:?}")));
    assert_eq!(
        routed.collect::<BTreeSet<_>>(),
        tested.collect::<BTreeSet<_>>()
    );
}

/// Everything that people have stored, to see that it did not change.
async fn stored(app: &TestApp) -> String {
    app.value(
        "select (select coalesce(string_agg(hex(id) || name || role || coalesce(language, '') || coalesce(time_zone, ''), ';'), '') from users)
             || (select coalesce(string_agg(hex(id) || hex(user_id) || title || coalesce(hex(leaf), ''), ';'), '') from chats)
             || (select coalesce(string_agg(hex(id) || hex(chat_id) || state || body, ';'), '') from messages)
             || (select coalesce(string_agg(preset, ';'), '') from chats)
             || (select coalesce(string_agg(hex(user_id) || preset, ';'), '') from defaults)
             || (select coalesce(string_agg(hex(id) || name, ';'), '') from personas)
             || (select count(*) from sessions)",
    )
    .await
}

/// A chat of this person's with a reply that has ended in a way that can be tried again.
pub struct Owned {
    chat: String,
    message: String,
    reply: String,
    persona: String,
    session: String,
}

impl Owned {
    pub async fn by(owner: &Browser, app: &TestApp) -> Self {
        app.model.answer(Answer::status(422, "text/plain", "no"));
        let page = owner.start_chat("Mine alone").await;
        let chat = page.path.strip_prefix("/chats/").unwrap().to_owned();
        let reply = page
            .attribute(".reply", "id")
            .strip_prefix("r-")
            .unwrap()
            .to_owned();
        let message = page.attribute(".mine", "id");
        let message = message.strip_prefix("m-").unwrap().to_owned();
        const PERSONA: &str = ".rows a[href^='/chats/new/']";
        let mut list = owner.get("/personas").await;
        // One is enough: there may be only so many.
        if !list.has(PERSONA) {
            let form = owner.get("/personas/new").await.form("main form");
            list = owner.submit(&form.fill("name", "Mine")).await;
        }
        let persona = list.attribute(PERSONA, "href");
        let persona = persona.strip_prefix("/chats/new/").unwrap().to_owned();
        let sessions = owner.get("/settings/account").await;
        let sessions = sessions.attributes("#sessions form", "action").into_iter();
        let mut session = sessions.map(|action| action.split('/').nth(4).unwrap().to_owned());
        Self {
            session: session.next().unwrap_or(UNKNOWN.to_owned()),
            chat,
            message,
            reply,
            persona,
        }
    }

    pub fn path(&self, route: &str) -> String {
        let id = if route.starts_with("/replies") {
            &self.reply
        } else if route.starts_with("/messages") {
            &self.message
        } else if route.starts_with("/personas") {
            &self.persona
        } else if route.starts_with("/settings/account/sessions") {
            &self.session
        } else {
            &self.chat
        };
        route
            .replace("{id}", id)
            .replace("{message}", &self.message)
            .replace("{reply}", &self.reply)
            .replace("{persona}", &self.persona)
            .replace("{sample}", "light")
            .replace("{what}", "name")
    }
}

/// The address of the style sheet.
async fn style_sheet(browser: &Browser) -> String {
    browser
        .fresh()
        .get("/")
        .await
        .attribute("link[rel=stylesheet]", "href")
}

pub async fn ask(browser: &Browser, method: &str, path: &str, body: &str) -> Response<Body> {
    let body = (method == "POST").then(|| body.to_owned());
    browser
        .request(method.parse().unwrap(), path, "document", body)
        .await
}

pub async fn text(response: Response<Body>) -> String {
    Live::new("", response).page().await.html
}

#[tokio::test]
async fn everybody_gets_what_is_theirs_and_nobody_what_is_not() {
    for kind in [Browser::plain, Browser::htmx] {
        let app = TestApp::start().await;
        let (ann, ben) = (
            kind(&app).sign_up("ann").await,
            kind(&app).sign_up("ben").await,
        );
        // Another place where she is signed in.
        ann.fresh().sign_in("ann", PASSWORD).await;
        let style = style_sheet(&ann).await;
        let name = style.strip_prefix("/static/").unwrap();
        // Signing out comes last, since it ends their turns.
        let (out, rest): (Vec<Row>, Vec<Row>) = ROUTES
            .iter()
            .copied()
            .partition(|(_, route, ..)| *route == "/logout");
        for (method, route, body, [stranger, owner, other]) in rest.into_iter().chain(out) {
            let owned = Owned::by(&ann, &app).await;
            let path = owned.path(route).replace("{name}", name);
            let before = stored(&app).await;
            let status = ask(&kind(&app), method, &path, body).await.status();
            assert_eq!(status, stranger, "a stranger: {method} {route}");
            assert_eq!(
                stored(&app).await,
                before,
                "a stranger changed something: {method} {route}"
            );
            let answer = ask(&ben, method, &path, body).await;
            assert_eq!(answer.status(), other, "somebody else: {method} {route}");
            if other == 404 {
                assert_eq!(
                    stored(&app).await,
                    before,
                    "somebody else changed something: {method} {route}"
                );
                // It is the same as what does not exist at all.
                let nothing = route
                    .replace("{id}", UNKNOWN)
                    .replace("{message}", UNKNOWN)
                    .replace("{reply}", UNKNOWN)
                    .replace("{persona}", UNKNOWN);
                let answer = (answer.headers().clone(), text(answer).await);
                let unknown = ask(&ben, method, &nothing, body).await;
                assert_eq!(unknown.status(), 404);
                let same = |headers: &http::HeaderMap, html: &str, path: &str| {
                    let policy = headers["content-security-policy"]
                        .to_str()
                        .unwrap()
                        .to_owned();
                    let nonce = policy
                        .split("'nonce-")
                        .nth(1)
                        .unwrap()
                        .split('\'')
                        .next()
                        .unwrap()
                        .to_owned();
                    let headers: Vec<_> = headers
                        .iter()
                        .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
                        .collect();
                    let all = headers.join("\n") + html;
                    all.replace(&nonce, "")
                        .replace(path, "")
                        .replace(path.rsplit('/').next().unwrap(), "")
                };
                let headers = unknown.headers().clone();
                let html = text(unknown).await;
                assert_eq!(
                    same(&answer.0, &answer.1, &path),
                    same(&headers, &html, &nothing),
                    "{method} {route}"
                );
            }
            let status = ask(&ann, method, &path, body).await.status();
            assert_eq!(status, owner, "the owner: {method} {route}");
            app.idle().await;
        }
    }
}

#[tokio::test]
async fn an_address_is_no_key_to_somebody_elses_however_it_is_written() {
    let app = TestApp::start().await;
    let (ann, ben) = (
        Browser::plain(&app).sign_up("ann").await,
        Browser::plain(&app).sign_up("ben").await,
    );
    let owned = Owned::by(&ann, &app).await;
    let before = stored(&app).await;
    for (_, route, ..) in ROUTES
        .iter()
        .filter(|(_, route, ..)| route.contains("{id}") && !route.ends_with("events"))
    {
        let id = if route.starts_with("/replies") {
            &owned.reply
        } else {
            &owned.chat
        };
        for written in [
            id.to_uppercase(),
            id.replace('-', ""),
            format!("%7B{id}%7D"),
            format!("urn:uuid:{id}"),
            format!("{id}%00"),
            format!("{id}%2f"),
            format!("%20{id}"),
            format!("..%2fchats%2f{id}"),
            "00000000-0000-0000-0000-000000000000".to_owned(),
            "1".to_owned(),
            "-1".to_owned(),
            "%25".to_owned(),
            "' or 1=1 --".replace(' ', "%20"),
            "x".repeat(5_000),
        ] {
            for method in ["GET", "POST"] {
                let status = ask(
                    &ben,
                    method,
                    &route.replace("{id}", &written),
                    "content=x&title=x&_method=DELETE",
                )
                .await
                .status();
                let refused = [400, 404, 405].contains(&status.as_u16());
                assert!(refused, "{method} {route} with {written}: {status}");
            }
        }
    }
    assert_eq!(stored(&app).await, before);
    // A key of the wrong kind is no key either, not even one's own.
    for path in [
        format!("/chats/{}", owned.reply),
        format!("/replies/{}", owned.chat),
    ] {
        assert_eq!(ann.get(&path).await.status, 404);
    }
}

#[tokio::test]
async fn somebody_elses_running_reply_is_out_of_reach() {
    let app = TestApp::start().await;
    let (ann, ben) = (
        Browser::htmx(&app).sign_up("ann").await,
        Browser::htmx(&app).sign_up("ben").await,
    );
    let gate = Gate::new();
    app.model
        .answer(Answer::gated(&gate, ["A secret.\n\nMore\n", "Done"]));
    let path = ann.start_running("Go").await;
    gate.open(1);
    app.until("select exists (select 1 from reply_parts)").await;
    let page = ann.get(&path).await;
    let id = page.attribute(".reply", "id").replace("r-", "");
    for stranger in [&ben, &Browser::plain(&app)] {
        let events = stranger
            .events(&format!("/replies/{id}/events"), Some("0"))
            .await
            .events()
            .await;
        assert_eq!(events.len(), 1);
        for (method, path) in [
            (Method::GET, format!("{path}/live")),
            (Method::GET, format!("/replies/{id}")),
            (Method::POST, format!("/replies/{id}/stop")),
            (Method::POST, format!("/replies/{id}/retry")),
            (Method::POST, format!("{path}/delete")),
        ] {
            let answer = stranger
                .request(method, &path, "document", Some(String::new()))
                .await;
            assert!([303, 403, 404].contains(&answer.status().as_u16()));
            assert!(!text(answer).await.contains("secret"));
        }
    }
    // Nor is its message touched by a form that names it: that one makes a message of its own.
    let token = page.attribute(".mine", "id").replace("m-", "");
    let answer = ask(&ben, "POST", "/chats", &format!("content=x&token={token}")).await;
    assert_eq!(answer.status(), 303);
    gate.open_all();
    app.idle().await;
    assert_eq!(
        ann.get(&path).await.texts(".reply .text p"),
        ["A secret.", "More Done"]
    );
    let messages = "select string_agg(body, ',' order by body) from messages where role = 'user'";
    assert_eq!(app.value::<String>(messages).await, "Go,x");
}

#[tokio::test]
async fn wrong_methods_are_refused_and_head_is_a_get_without_a_body() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let owned = Owned::by(&ann, &app).await;
    let style = style_sheet(&ann).await;
    for (_, route, ..) in ROUTES {
        let path = owned.path(route).replace("/static/{name}", &style);
        let takes = |method: &str| ROUTES.iter().any(|(m, r, ..)| m == &method && r == route);
        for method in [
            "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND",
        ] {
            if !takes(method) {
                let answer = ann
                    .request(method.parse().unwrap(), &path, "document", None)
                    .await;
                assert_eq!(
                    answer.status(),
                    StatusCode::METHOD_NOT_ALLOWED,
                    "{method} {route}"
                );
                assert!(answer.headers().contains_key("allow"));
                assert!(!answer.headers().contains_key("access-control-allow-origin"));
            }
        }
        if takes("GET") {
            let get = ann.request(Method::GET, &path, "document", None).await;
            let head = ann.request(Method::HEAD, &path, "document", None).await;
            assert_eq!(head.status(), get.status(), "{route}");
            assert_eq!(
                head.headers().get("content-type"),
                get.headers().get("content-type")
            );
            assert_eq!(text(head).await, "");
        }
    }
    for path in [
        "/chats/",
        "/nothing",
        "//",
        "/static/",
        "/static/..%2f..%2fCargo.toml",
        "/static/app.css",
        "/.env",
        "/damso.db",
    ] {
        assert_eq!(
            ann.request(Method::GET, path, "document", None)
                .await
                .status(),
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn only_forms_of_our_own_pages_change_anything() {
    let refused: &[&[(&str, &str)]] = &[
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "nonsense")],
        &[("origin", "null")],
        &[("origin", "http://evil.example")],
        &[("origin", "http://localhost:3001")],
        &[("origin", "http://localhost:3000.evil.example")],
        &[("origin", "")],
        &[("sec-fetch-site", ""), ("origin", "")],
        &[("referer", "http://evil.example/")],
        &[("referer", "http://localhost:3000.evil.example/")],
        &[("referer", "http://evil.example/?http://localhost:3000/")],
        &[("referer", "http://localhost:3000@evil.example/")],
        &[("referer", "nonsense")],
        &[("referer", "")],
        &[
            ("origin", "http://evil.example"),
            ("referer", "http://localhost:3000/"),
        ],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", ORIGIN),
            ("referer", "http://localhost:3000/"),
        ],
        &[("hx-request", "true")],
    ];
    let taken: &[&[(&str, &str)]] = &[
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("origin", ORIGIN)],
        &[("referer", "http://localhost:3000/chats")],
        &[("referer", "http://LOCALHOST:3000/")],
    ];
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let owned = Owned::by(&ann, &app).await;
    let send = async |path: &str, headers: &[(&str, &str)], body: &str| {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        ann.raw(Method::POST, path, &all, body.to_owned()).await
    };
    let before = stored(&app).await;
    for (_, route, body, _) in ROUTES.iter().filter(|(method, ..)| *method == "POST") {
        let path = owned.path(route);
        for headers in refused {
            let answer = send(&path, headers, body).await;
            assert_eq!(
                answer.status(),
                StatusCode::FORBIDDEN,
                "{route} with {headers:?}"
            );
            assert!(!answer.headers().contains_key("set-cookie"));
            let html = text(answer).await;
            assert!(
                html.contains("seems to come from another site"),
                "{route} with {headers:?}: {html}"
            );
            assert_eq!(
                html.contains("<html"),
                !headers.contains(&("hx-request", "true"))
            );
        }
    }
    assert_eq!(stored(&app).await, before);
    assert_eq!(app.model.requests().len(), 1);
    for headers in taken {
        // Another place where she is signed in.
        ann.fresh().sign_in("ann", PASSWORD).await;
        for (_, route, body, _) in ROUTES
            .iter()
            .filter(|(method, path, ..)| *method == "POST" && *path != "/logout")
        {
            let owned = Owned::by(&ann, &app).await;
            let answer = send(&owned.path(route), headers, body).await;
            assert!(
                [303, 422].contains(&answer.status().as_u16()),
                "{route} with {headers:?}: {}",
                answer.status()
            );
            app.idle().await;
        }
    }
}

#[tokio::test]
async fn behind_a_proxy_the_public_address_is_our_own() {
    let app = TestApp::with(|config| {
        config.public_url = Some("https://chat.example.org/".parse().unwrap())
    })
    .await;
    let someone = Browser::plain(&app);
    let ask = async |host: &str, name: &str, value: &str| {
        let headers = [
            ("host", host),
            (name, value),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        someone
            .raw(Method::POST, "/language", &headers, "language=ko")
            .await
            .status()
    };
    for (name, value, status) in [
        ("origin", "https://chat.example.org", 303),
        ("referer", "https://chat.example.org/login", 303),
        ("origin", "http://chat.example.org:8080", 403),
        ("origin", "https://evil.example", 403),
        ("referer", "https://chat.example.org.evil.example/", 403),
    ] {
        assert_eq!(
            ask("damso.internal:3000", name, value).await,
            status,
            "{name}: {value}"
        );
    }
}

/// One answer of every kind that there is.
async fn answers(app: &TestApp) -> Vec<(String, Response<Body>)> {
    let ann = Browser::plain(app).sign_up("ann").await;
    let owned = Owned::by(&ann, app).await;
    let style = style_sheet(&ann).await;
    let mut all = Vec::new();
    for dest in ["document", "empty"] {
        for someone in [&ann, &Browser::plain(app)] {
            for (method, route, body, _) in ROUTES
                .iter()
                .filter(|(_, route, ..)| !["/logout"].contains(route) && !route.ends_with("delete"))
            {
                let path = owned.path(route).replace("/static/{name}", &style);
                let body = (*method == "POST").then(|| (*body).to_owned());
                let what = format!("{method} {path} {dest}");
                all.push((
                    what,
                    someone
                        .request(method.parse().unwrap(), &path, dest, body)
                        .await,
                ));
                app.idle().await;
            }
        }
        for (method, path, body) in [
            (Method::GET, "/nothing".to_owned(), None),
            (Method::PUT, "/chats".to_owned(), None),
            (Method::HEAD, "/".to_owned(), None),
            (
                Method::POST,
                "/chats".to_owned(),
                Some("content=".to_owned()),
            ),
            (
                Method::POST,
                "/chats".to_owned(),
                Some("x".repeat(3_000_000)),
            ),
            (
                Method::POST,
                "/chats".to_owned(),
                Some("content=%ff&content=2".to_owned()),
            ),
            (Method::GET, format!("/chats/{}/delete", owned.chat), None),
            (Method::GET, "/chats/%ff".to_owned(), None),
        ] {
            let what = format!("{method} {path} {dest}");
            all.push((what, ann.request(method, &path, dest, body).await));
        }
        all.push((
            "a foreign form".to_owned(),
            ann.raw(Method::POST, "/chats", &[], "content=x").await,
        ));
    }
    let stop = owned.path("/replies/{id}/stop");
    let body = Some("sure=yes".to_owned());
    all.push((
        "the button in the page that stays open".to_owned(),
        ann.request(Method::POST, &stop, "iframe", body).await,
    ));
    all
}

#[tokio::test]
async fn every_answer_has_the_policy_with_a_nonce_of_its_own() {
    let app = TestApp::start().await;
    let mut nonces = HashSet::new();
    let answers = answers(&app).await;
    let statuses: BTreeSet<u16> = answers
        .iter()
        .map(|(_, answer)| answer.status().as_u16())
        .collect();
    for status in [200, 204, 303, 403, 404, 405, 413, 422] {
        assert!(statuses.contains(&status), "no answer {status}");
    }
    for (what, answer) in answers {
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .map_or("", |value| value.to_str().unwrap())
        };
        let policies: Vec<_> = answer
            .headers()
            .get_all("content-security-policy")
            .iter()
            .collect();
        assert_eq!(policies.len(), 1, "{what}");
        let policy = header("content-security-policy");
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap();
        assert!(
            nonce.len() >= 22 && nonces.insert(nonce.to_owned()),
            "{what}: {nonce} again"
        );
        assert_eq!(
            policy.replace(nonce, "N"),
            "default-src 'none'; script-src 'nonce-N'; style-src 'self'; font-src 'self'; connect-src 'self'; img-src 'self' data:; \
             form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types htmx",
            "{what}"
        );
        assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(header("referrer-policy"), "same-origin", "{what}");
        assert_eq!(
            header("cross-origin-opener-policy"),
            "same-origin",
            "{what}"
        );
        assert_eq!(header("x-frame-options"), "DENY", "{what}");
        assert!(
            answer
                .headers()
                .keys()
                .all(|name| !name.as_str().starts_with("access-control")),
            "{what}"
        );
        let cache = header("cache-control");
        if what.contains("/static/") {
            assert_eq!(cache, "public, max-age=31536000, immutable");
        } else if what.contains("/favicon.ico") {
            assert_eq!(cache, "public, max-age=86400");
        } else {
            // An event stream says that it is not to be kept in its own words.
            assert!(
                ["private, no-cache", "no-cache"].contains(&cache),
                "{what}: {cache}"
            );
            let vary: String = answer
                .headers()
                .get_all("vary")
                .iter()
                .map(|value| value.to_str().unwrap())
                .collect();
            assert!(
                vary.contains("Cookie") && vary.contains("HX-Request"),
                "{what}: {vary}"
            );
        }
    }
}

/// What holds for each element of a page or fragment of ours.
fn check(what: &str, html: &str, nonce: &str) {
    let document = scraper::Html::parse_document(html);
    let mut ids = HashSet::new();
    for node in document.tree.nodes() {
        let Node::Element(element) = node.value() else {
            continue;
        };
        let name = element.name();
        let inside_reply = node.ancestors().any(|around| {
            around
                .value()
                .as_element()
                .is_some_and(|around| around.attr("class").is_some_and(|c| c.starts_with("text")))
        });
        for (attribute, value) in element.attrs() {
            let known = ["a", "hx-partial"].contains(&name)
                || !attribute.starts_with("hx-")
                || element.attr("hx-nonce") == Some(nonce);
            assert!(
                known || attribute == "hx-nonce",
                "{what}: {name} {attribute} without the nonce"
            );
            assert!(
                !attribute.starts_with("on") && attribute != "style",
                "{what}: {attribute}={value}"
            );
            let code = attribute.starts_with("hx-")
                && (attribute.starts_with("hx-on") || value.contains("js:"));
            assert!(!code, "{what}: {attribute}={value}");
            assert!(
                attribute != "hx-swap-oob",
                "{what}: partials are used instead"
            );
            if [
                "src",
                "href",
                "action",
                "hx-get",
                "hx-post",
                "srcset",
                "poster",
                "data",
                "formaction",
            ]
            .contains(&attribute)
            {
                let own =
                    value.starts_with('#') || (value.starts_with('/') && !value.starts_with("//"));
                assert!(
                    own || (inside_reply && name == "a"),
                    "{what}: {name} {attribute}={value}"
                );
            }
            if name == "hx-partial" {
                // Each replaces what it is for.
                ids.clear();
            }
            if attribute == "id" {
                assert!(ids.insert(value.to_owned()), "{what}: {value} twice");
                assert!(
                    value.starts_with(|c: char| c.is_ascii_alphabetic()),
                    "{what}: id {value}"
                );
            }
        }
        if name == "a"
            && element
                .attrs()
                .any(|(attribute, _)| attribute.starts_with("hx-"))
        {
            assert_eq!(element.attr("hx-nonce"), Some(nonce), "{what}");
        }
        match name {
            "script" => {
                assert_eq!(element.attr("nonce"), Some(nonce), "{what}");
                assert!(
                    element.attr("src").is_some() && !node.has_children(),
                    "{what}: an inline script"
                );
            }
            "style" | "object" | "embed" | "base" => panic!("{what}: <{name}>"),
            "form" => {
                assert!(
                    element.attr("action").is_some(),
                    "{what}: a form that goes nowhere"
                );
                assert_eq!(element.attr("method"), Some("post"), "{what}");
            }
            "iframe" => assert_eq!(element.attr("src"), None, "{what}"),
            "input" | "textarea" if element.attr("type") != Some("hidden") => {
                let labelled = element.attr("aria-label").is_some()
                    || element
                        .attr("aria-labelledby")
                        .is_some_and(|id| html.contains(&format!("id=\"{id}\"")))
                    || element
                        .attr("id")
                        .is_some_and(|id| html.contains(&format!("for=\"{id}\"")));
                assert!(labelled, "{what}: a field without a name");
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn no_page_holds_what_the_policy_would_refuse() {
    let app = TestApp::start().await;
    let mut checked = 0;
    for (what, answer) in answers(&app).await {
        let kind = answer
            .headers()
            .get("content-type")
            .map_or("", |kind| kind.to_str().unwrap());
        if !kind.starts_with("text/html") {
            continue;
        }
        assert_eq!(kind, "text/html; charset=utf-8");
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap()
            .to_owned();
        check(&what, &text(answer).await, &nonce);
        checked += 1;
    }
    assert!(checked > 40, "{checked}");
    // Pages with a running reply and with problems on them.
    let (gate, ann) = (Gate::new(), Browser::htmx(&app).sign_up("carol").await);
    app.model.answer(Answer::gated(
        &gate,
        ["A [link](https://example.org) ![image](https://example.org/i.png)\n\n# Next\n"],
    ));
    let page = ann
        .submit(&ann.get("/").await.form("#composer").fill("content", "Go"))
        .await;
    check("after sending", &page.html, &page.nonce);
    gate.open(1);
    let page = ann.get(&page.path).await;
    check("while a reply runs", &page.html, &page.nonce);
    gate.open_all();
    app.idle().await;
    for page in [
        ann.get(&page.path).await,
        ann.submit(&page.form("#composer").fill("content", ""))
            .await,
        ann.click(&page, "a[href$='/rename']").await,
        ann.click(&page, "a[href$='/delete']").await,
    ] {
        check("a page", &page.html, &page.nonce);
    }
}

#[tokio::test]
async fn fields_that_a_form_does_not_have_say_nothing() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let hers = ann.start_chat("Hers").await;
    let more = |form: Form, admin: &str| {
        ["is_admin", "admin", "role", "isAdmin"]
            .into_iter()
            .fold(form, |form, name| form.with(name, "true"))
            .with("user_id", admin)
            .with("owner", admin)
            .with("id", UNKNOWN)
            .with("created_at", "0")
            .with("leaf", UNKNOWN)
            .with("state", "streaming")
            .with("asked_model", "evil")
            .with("title_by", "evil")
            .with("parent_id", UNKNOWN)
    };
    let admin: String = app.value("select lower(hex(id)) from users").await;
    let ben = Browser::plain(&app);
    let form = ben.get("/register").await.form("main form");
    let form = form
        .fill("username", "ben")
        .fill("password", PASSWORD)
        .fill("password_confirm", PASSWORD);
    assert_eq!(ben.submit(&more(form, &admin)).await.path, "/chats/new");
    assert_eq!(
        app.value::<String>("select string_agg(name, ',') from users where role = 'administrator'")
            .await,
        "ann"
    );
    let form = ben.get("/").await.form("#composer").fill("content", "His");
    let page = ben.submit(&more(form, &admin)).await;
    let his = ben.finished(&page).await;
    let form = his.form("#composer").fill("content", "Again");
    ben.submit(&more(form, &admin).with("chat_id", hers.path.rsplit('/').next().unwrap()))
        .await;
    let form = ben
        .get(&format!("{}/rename", his.path))
        .await
        .form("main form")
        .fill("title", "Still his");
    ben.submit(&more(form, &admin)).await;
    app.idle().await;
    assert_eq!(ben.get("/").await.texts("#chats li a"), ["Still his"]);
    assert_eq!(ann.get("/").await.texts("#chats li a"), ["Hers"]);
    assert_eq!(
        ben.get(&his.path).await.texts(".message .text"),
        ["His", "Hello!", "Again", "Hello!"]
    );
    assert_eq!(
        ann.get(&hers.path).await.texts(".message .text"),
        ["Hers", "Hello!"]
    );
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_refused_in_a_sentence() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let owned = Owned::by(&ann, &app).await;
    let form = "application/x-www-form-urlencoded";
    let many: String = (0..10_000).map(|n| format!("field{n}={n}&")).collect();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        (form, vec![]),
        (form, b"%".to_vec()),
        (form, b"content=%zz&title=%&username=%1".to_vec()),
        (
            form,
            b"content=%ff%fe&title=%ff&username=%ff&password=%ff".to_vec(),
        ),
        (form, b"content=\xff\xfe&title=\xff".to_vec()),
        (
            form,
            b"content=%00&title=%00&username=%00&password=%00&token=%00".to_vec(),
        ),
        (
            form,
            b"content=a&content=b&title=a&title=b&username=a&username=b&language=a&language=b"
                .to_vec(),
        ),
        (form, b"content[]=a&title[x]=b&token[]=1".to_vec()),
        (
            form,
            b"token=nonsense&next[]=x&draft=x&back=%0d%0a".to_vec(),
        ),
        (form, b"&&&===&=&".to_vec()),
        (form, many.into_bytes()),
        (form, vec![b'='; 100_000]),
        ("application/json", b"{\"content\":\"x\"}".to_vec()),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=content\r\n\r\nx\r\n--x--".to_vec(),
        ),
        ("text/plain", b"content=x".to_vec()),
        ("nonsense", b"content=x".to_vec()),
        ("", b"content=x".to_vec()),
    ];
    for (n, (_, route, ..)) in ROUTES
        .iter()
        .filter(|(method, route, ..)| {
            *method == "POST" && !["/logout"].contains(route) && !route.ends_with("delete")
        })
        .enumerate()
    {
        for (kind, body) in &bodies {
            for htmx in [false, true] {
                let someone = ann.clone().from(&format!("10.0.{n}.1"));
                let mut headers = vec![("content-type", *kind), ("origin", ORIGIN)];
                headers.extend(htmx.then_some(("hx-request", "true")));
                let answer = someone
                    .raw(Method::POST, &owned.path(route), &headers, body.clone())
                    .await;
                let (status, shown) = (
                    answer.status(),
                    String::from_utf8_lossy(&body[..body.len().min(40)]),
                );
                assert!(status.as_u16() < 500, "{route} {kind} {shown}: {status}");
                if status.is_client_error() {
                    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
                    let html = text(answer).await;
                    assert_eq!(
                        html.contains("<html"),
                        !htmx || html.starts_with("<!doctype"),
                        "{html}"
                    );
                    let page = scraper::Html::parse_document(&html);
                    let alert = scraper::Selector::parse("[role=alert]").unwrap();
                    let said: String = page.select(&alert).flat_map(|alert| alert.text()).collect();
                    assert!(
                        said.trim().ends_with('.'),
                        "{route} {kind} {shown}: {status} {said}"
                    );
                    assert!(
                        !said.contains("deserialize") && !said.contains("duplicate"),
                        "{said}"
                    );
                }
                app.idle().await;
            }
        }
    }
    assert_eq!(text(ask(&ann, "GET", "/healthz", "").await).await, "ok\n");
}

#[tokio::test]
async fn what_is_too_large_is_refused_in_a_sentence_before_it_is_read() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let chat = ann.start_chat("Hello").await;
    let before = stored(&app).await;
    let huge = format!("username=a&title=a&content={}", "x".repeat(3_000_000));
    let paths = [
        "/chats".to_owned(),
        format!("{}/messages", chat.path),
        format!("{}/rename", chat.path),
        "/login".to_owned(),
        "/register".to_owned(),
        "/language".to_owned(),
    ];
    for path in &paths {
        let answer = ask(&ann, "POST", path, &huge).await;
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        let html = text(answer).await;
        assert!(html.contains("too much to send at once") && html.contains("<html"));
        let answer = ann
            .request(Method::POST, path, "empty", Some(huge.clone()))
            .await;
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer.headers()["hx-retarget"], "#notice");
        assert!(!text(answer).await.contains("<html"));
    }
    assert_eq!(stored(&app).await, before);
    // The longest message there may be, with every character percent-encoded, is not too large.
    let longest = "가".repeat(32_000);
    assert_eq!(
        ann.start_chat(&longest).await.texts(".mine .text"),
        [longest]
    );
}

#[tokio::test]
async fn names_titles_and_messages_are_text_wherever_they_are_shown() {
    let hostile = [
        "</title><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'-alert(1)-' onfocus=alert(1) x='",
        "<hx-partial hx-target=body>x</hx-partial>",
        "<div hx-get=/x hx-trigger=load data-hx-on:x=1>",
        "</textarea></form><form action=//evil>",
        "{{ 7 * 7 }} {% raw %} ${7*7} <!--held-->",
        "x\r\nHX-Redirect: //evil.example\r\n\r\n",
        "javascript:alert(1)",
        "<svg onload=alert(1)><math><style>",
    ];
    for kind in KINDS {
        let app = TestApp::start().await;
        for (n, hostile) in hostile.into_iter().enumerate() {
            let short: String = hostile
                .chars()
                .filter(|c| !c.is_control())
                .take(38)
                .collect();
            let someone = kind(&app)
                .from(&format!("10.0.{n}.1"))
                .sign_up(&short)
                .await;
            let shown = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let chat = someone.start_chat(hostile).await;
            let sent = someone.send(&chat, hostile).await;
            let asked = someone.click(&sent, "a[href$='/rename']").await;
            let renamed = someone
                .submit(&asked.form("form[action$='/rename']").fill("title", hostile))
                .await;
            let title = renamed.text("#title h1");
            assert!(
                title.starts_with(&shown(hostile.lines().next().unwrap())),
                "{title}"
            );
            let query: String = url::form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
            let pages = [
                chat,
                sent,
                asked,
                renamed.clone(),
                someone
                    .submit(&renamed.form("#composer").fill("content", ""))
                    .await,
                someone.get(&renamed.path).await,
                someone.get("/").await,
                someone.get("/chats").await,
                someone.get(&format!("{}/delete", renamed.path)).await,
                someone.get(&format!("{}/rename", renamed.path)).await,
                someone.get(&format!("/{query}?{query}={query}")).await,
                someone.get(&format!("/chats/{query}?x={query}")).await,
                someone.fresh().get(&format!("/login?next={query}")).await,
                someone.fresh().sign_in(hostile, hostile).await,
                someone.fresh().register(hostile, "short").await,
            ];
            for page in pages {
                let what = format!("{hostile} at {}", page.path);
                check(&what, &page.html, &page.nonce);
                assert_eq!(
                    page.count("script"),
                    page.count("head > script[src^='/static/']"),
                    "{what}"
                );
                assert_eq!(page.count("img:not([src^='/static/icon-']), svg, math, hx-partial, [onerror], [onfocus], [action*=evil], [data-hx-on]"), 0, "{what}");
                assert!(
                    !page.headers.contains_key("hx-redirect")
                        && !page.header("location").contains("evil")
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_deleted_is_read_at_no_address() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.model.says("```\nsome code\n```");
    let owned = Owned::by(&ann, &app).await;
    app.model.says("```\nsome code\n```");
    let path = format!("/chats/{}", owned.chat);
    let page = ann.send(&ann.get(&path).await, "A question").await;
    let question = page.attributes(".mine", "id")[1].replace("m-", "");
    let reply = page.attributes(".reply", "id")[1].replace("r-", "");
    let addresses = [
        format!("/messages/{question}"),
        format!("/messages/{question}/raw"),
        format!("/messages/{question}/edit"),
        format!("/messages/{reply}"),
        format!("/messages/{reply}/raw"),
        format!("/messages/{reply}/code/0"),
        format!("/replies/{reply}"),
        format!("/chats/{}/at/{reply}", owned.chat),
    ];
    let raw = ask(&ann, "GET", &addresses[4], "").await;
    assert!(text(raw).await.contains("some code"));
    let delete = format!("/messages/{question}/delete");
    assert_eq!(ask(&ann, "POST", &delete, "").await.status(), 303);
    for address in &addresses {
        let status = ask(&ann, "GET", address, "").await.status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{address}");
    }
    assert_eq!(
        ask(&ann, "POST", &format!("/messages/{question}/restore"), "")
            .await
            .status(),
        303
    );
    assert_eq!(ask(&ann, "GET", &addresses[1], "").await.status(), 200);
}
