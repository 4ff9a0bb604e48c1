//! Many who watch: slow ones, dead ones, and too many of them.

use crate::support::{
    model::{Answer, Gate, ModelServer},
    process::Process,
    *,
};
use http::StatusCode;
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::TcpSocket};

/// A long reply's.
const PARAGRAPHS: usize = 3_500;

/// How many pages somebody may have open.
const SEATS: usize = 64;

#[tokio::test]
async fn one_person_has_so_many_pages_open_and_no_more() {
    let app = TestApp::start().await;
    let (gate, ann) = (Gate::new(), Browser::plain(&app).sign_up("ann").await);
    let ben = Browser::plain(&app).sign_up("ben").await;
    app.model.always(Answer::gated(&gate, ["One.\n\n", "Two."]));
    let path = ann.start_running("Go").await;
    let other = ben.start_running("Go").await;
    let live = format!("{path}/live");
    let mut open = Vec::new();
    for _ in 0..SEATS {
        open.push(ann.open_live(&live).await);
    }
    let refused = ann.get(&live).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text(".notice").contains("too many pages open"));
    // The chat itself can be read, and others are not concerned.
    let page = ann.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        ben.open_live(&format!("{other}/live"))
            .await
            .status
            .is_success()
    );
    let events = page.attribute("[hx-sse\\:connect]", "hx-sse:connect");
    // A stream that ends at once without `done`: the browser asks again.
    let stream = ann.events(&events, None).await;
    assert_eq!(stream.status, StatusCode::OK);
    assert!(stream.events().await.is_empty());
    // A page that is closed makes room.
    open.pop();
    soon("a seat", async {
        while !ann.open_live(&live).await.status.is_success() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    gate.open_all();
}

#[tokio::test]
async fn those_who_never_read_cost_little_and_keep_nobody_waiting() {
    let model = ModelServer::start().await;
    let damso = Process::start(&[("OPENAI_BASE_URL", model.base_url().as_str())]).await;
    let ann = Browser::plain(&damso).sign_up("ann").await;
    let gate = Gate::new();
    // As long as a reply can be: three and a half megabytes, in paragraphs.
    let line = format!("{}\n\n", "word ".repeat(200));
    let tokens = vec![line.as_str(); PARAGRAPHS];
    model.answer(Answer::gated(&gate, tokens));
    let path = ann.start_running("Go").await;
    let reply = ann.get(&path).await.attributes(".reply", "id");
    let events = format!("/replies/{}/events", &reply[0][2..]);
    let cookie = ann.cookie("session").unwrap();
    let mut dead = Vec::new();
    for n in 0..SEATS - 2 {
        let path = if n % 2 == 0 {
            &events
        } else {
            &format!("{path}/live")
        };
        let socket = TcpSocket::new_v4().unwrap();
        // So that the system holds little of what they do not read.
        socket.set_recv_buffer_size(4096).unwrap();
        let mut socket = socket.connect(damso.address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\ncookie: session={cookie}\r\n\r\n",
            damso.address
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        dead.push(socket);
    }
    let before = damso.memory();
    let live = ann.open_live(&format!("{path}/live")).await;
    gate.open_all();
    let page = live.page().await;
    assert_eq!(page.count(".reply .text p:not(.note)"), PARAGRAPHS);
    let grown = damso.memory().saturating_sub(before);
    // With a copy of the whole reply for each it would be more than 220 MB.
    assert!(grown < 180 << 20, "{} MB", grown >> 20);
}
