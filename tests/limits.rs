//! The limits on how much people may send, how slowly, and what is kept in memory for who does not read.

use crate::support::{
    model::{Answer, ModelServer},
    process::Process,
    *,
};
use axum::body::Body;
use futures_util::{StreamExt, future::join_all, stream};
use http::{Method, StatusCode};
use std::{convert::Infallible, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, sleep, timeout},
};

/// Every form in which nobody writes at length, with a body that fits it.
const SHORT_FORMS: [(&str, &str); 9] = [
    ("/register", "username"),
    ("/logout", "x"),
    ("/language", "language"),
    ("/settings/look", "theme"),
    ("/settings/writing", "composer"),
    ("/settings/time", "time_zone"),
    ("/settings/account/name", "username"),
    ("/settings/account/password", "password"),
    ("/settings/account/delete", "password"),
];

async fn post(browser: &Browser, path: &str, field: &str, letters: usize) -> StatusCode {
    let body = format!("{field}={}", "x".repeat(letters));
    let answer = browser.request(Method::POST, path, "document", Some(body));
    answer.await.status()
}

#[tokio::test]
async fn forms_take_no_more_than_people_write_into_them() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("Hello").await;
    let chat = page.path.clone();
    let rename = format!("{chat}/rename");
    let stop = page.attribute(".reply", "id").replace("r-", "/replies/") + "/stop";
    let others = [(&*rename, "title"), (&*stop, "x")];
    for (path, field) in SHORT_FORMS.into_iter().chain(others) {
        let status = post(&ann, path, field, 20_000).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        let stranger = Browser::plain(&app);
        let status = post(&stranger, path, field, 20_000).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    // In these people write at length; what is too long there is given back.
    let message = page.attribute(".mine", "id").replace("m-", "/messages/");
    for (path, field) in [
        ("/chats".to_owned(), "content"),
        (format!("{chat}/messages"), "content"),
        (format!("{message}/edit"), "content"),
        (format!("{chat}/settings"), "system_prompt"),
        ("/settings".to_owned(), "system_prompt"),
        ("/personas/new".to_owned(), "system_prompt"),
    ] {
        let status = post(&ann, &path, field, 200_000).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        // From a stranger they are not even read.
        let stranger = Browser::plain(&app);
        let status = post(&stranger, &path, field, 200_000).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
    }
    let stranger = Browser::plain(&app);
    let status = post(&stranger, "/login", "draft", 200_000).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    // Nor from whoever makes up what a browser that is known here has.
    for (name, value) in [
        ("session", "AAAAAAAAAAAAAAAAAAAAAA"),
        ("device", &"0".repeat(32)),
    ] {
        let forger = Browser::plain(&app);
        forger.set_cookie(name, value);
        let status = post(&forger, "/chats", "content", 200_000).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}");
    }
}

#[tokio::test]
async fn a_long_text_is_kept_when_a_session_ends_while_it_is_written() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("Hello").await;
        let long = "긴 글 ".repeat(9_000);
        let form = page.form("#composer").fill("content", &long);
        app.change("delete from sessions").await;
        let page = ann.submit(&form).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        let form = page.form("form[action='/login']").fill("username", "ann");
        // The first try is wrong, which costs nothing of it either.
        let page = ann
            .submit(&form.clone().fill("password", "a wrong guess"))
            .await;
        let form = page
            .form("form[action='/login']")
            .fill("password", PASSWORD);
        let page = ann.submit(&form).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.html);
        assert_eq!(page.form("#composer").value("content").trim(), long.trim());
    }
}

#[tokio::test]
async fn bodies_without_a_size_count_as_forms() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let endless = || {
        let piece = || Ok::<_, Infallible>("x".repeat(4_000));
        Body::from_stream(stream::repeat_with(piece).take(2_000))
    };
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
    ];
    for browser in [&ann, &ann.fresh()] {
        let answer = browser
            .raw(Method::POST, "/login", &headers, endless())
            .await;
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}

/// A connection on which a form of this size is begun, with so much of it, and none of the rest.
async fn stalled(damso: &Process, path: &str, cookie: &str, size: usize, sent: usize) -> TcpStream {
    let mut tcp = TcpStream::connect(damso.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {size}\r\n\r\ncontent=",
        damso.address
    );
    tcp.write_all(head.as_bytes()).await.unwrap();
    let body = "x".repeat(sent);
    // It may be refused in the middle of it.
    tcp.write_all(body.as_bytes()).await.ok();
    tcp
}

async fn status(tcp: &mut TcpStream) -> Option<String> {
    let mut answer = vec![0; 4096];
    let read = tcp.read(&mut answer).await.ok()?;
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    answer.split(' ').nth(1).map(str::to_owned)
}

#[tokio::test]
async fn a_form_that_does_not_come_is_given_up_with_a_sentence() {
    let damso = Process::start(&[]).await;
    let mut stalled = stalled(&damso, "/login", "", 10_000, 100).await;
    let mut answer = String::new();
    let read = timeout(Duration::from_secs(60), stalled.read_to_string(&mut answer));
    read.await.expect("it waits for ever").ok();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        answer.contains("arrived too slowly") || answer.contains("느리게"),
        "{answer}"
    );
    // What comes slowly, but comes, is taken.
    let mut slow = TcpStream::connect(damso.address).await.unwrap();
    let body = format!("language=en&back=/help&x={}", "x".repeat(15_000));
    let head = format!(
        "POST /language HTTP/1.1\r\nhost: {}\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        damso.address,
        body.len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    for piece in body.as_bytes().chunks(1_000) {
        slow.write_all(piece).await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(status(&mut slow).await.as_deref(), Some("303"));
}

#[tokio::test]
async fn forms_of_strangers_that_stall_cost_no_memory_to_speak_of() {
    let damso = Process::start(&[]).await;
    Browser::plain(&damso).get("/login").await;
    let before = damso.memory();
    let mut all = Vec::new();
    for n in 0..100 {
        let path = ["/login", "/register", "/chats", "/language"][n % 4];
        all.push(stalled(&damso, path, "", 2_097_000, 1_000_000));
    }
    let all = join_all(all).await;
    let grown = damso.memory().saturating_sub(before);
    // What they send would be a hundred megabytes.
    assert!(grown < 40 << 20, "{} MB", grown >> 20);
    let ann = Browser::plain(&damso).sign_up("ann").await;
    assert!(ann.get("/").await.has("#composer"));
    drop(all);
}

#[tokio::test]
async fn one_person_has_so_much_in_memory_that_is_not_read() {
    let model = ModelServer::start().await;
    let damso = Process::start(&[("OPENAI_BASE_URL", model.base_url().as_str())]).await;
    let ann = Browser::plain(&damso).sign_up("ann").await;
    let ben = Browser::plain(&damso).sign_up("ben").await;
    // A long reply, which a page has twice: to be read, and to be copied.
    let line = format!("{}\n\n", "word ".repeat(200));
    model.answer(Answer::stream(vec![line.as_str(); 3_000]));
    let page = ann.start_chat("Go").await;
    let path = page.path.trim_end_matches("/live").to_owned();
    let size = page.html.len();
    assert!(size > 5_000_000, "{size}");
    let before = damso.memory();
    let cookie = format!("session={}", ann.cookie("session").unwrap());
    let mut unread = Vec::new();
    for _ in 0..20 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut tcp = socket.connect(damso.address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\nuser-agent: Mozilla/5.0\r\n\r\n",
            damso.address
        );
        tcp.write_all(request.as_bytes()).await.unwrap();
        unread.push(tcp);
    }
    let answers = join_all(unread.iter_mut().map(status));
    let answers = timeout(Duration::from_secs(120), answers).await;
    let answers = answers.expect("an answer for each");
    let answers: Vec<String> = answers.into_iter().flatten().collect();
    assert_eq!(answers.len(), 20, "{answers:?}");
    let pages = answers.iter().filter(|status| *status == "200").count();
    assert!((2..=8).contains(&pages), "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|status| ["200", "429"].contains(&&**status)),
        "{answers:?}"
    );
    // She is told; others are not concerned.
    let refused = ann.get(&path).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text(".notice").contains("are still loading"));
    assert_eq!(ben.start_chat("Hello").await.status, StatusCode::OK);
    drop(unread);
    soon("room", async {
        while ann.get(&path).await.status != StatusCode::OK {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // What was freed goes back to the system.
    let patience = Instant::now() + Duration::from_secs(60);
    while damso.memory().saturating_sub(before) > 20 << 20 {
        assert!(
            Instant::now() < patience,
            "{} MB",
            (damso.memory() - before) >> 20
        );
        sleep(Duration::from_millis(200)).await;
    }
}
