//! Those who connect and then say little or nothing, and everybody else.

use crate::support::{model::install_tls, process::Process, *};
use http::StatusCode;
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

/// The number of files that the program may have open where a test is about that, and of connections
/// that it is then asked for.
const FILES: u32 = 256;
const FLOOD: usize = 300;

/// A connection from one of the addresses of this machine.
async fn connect(to: SocketAddr, from: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((IpAddr::from(from), 0).into()).unwrap();
    soon("a connection", socket.connect(to)).await.unwrap()
}

/// A connection that begins a head and leaves it at that.
async fn half_head(to: SocketAddr, from: [u8; 4]) -> TcpStream {
    let mut tcp = connect(to, from).await;
    let half = b"GET / HTTP/1.1\r\nhost: localhost\r\nx: ";
    // It may have been closed already.
    tcp.write_all(half).await.ok();
    tcp
}

/// A connection that begins a form and leaves it at that.
async fn half_form(to: SocketAddr, from: [u8; 4]) -> TcpStream {
    let mut tcp = connect(to, from).await;
    let head = "POST /login HTTP/1.1\r\nhost: localhost\r\nsec-fetch-site: same-origin\r\n\
                content-length: 9000\r\n\r\n";
    let half = head.to_owned() + &"a".repeat(8_000);
    tcp.write_all(half.as_bytes()).await.ok();
    tcp
}

/// Asks for a page on a connection that stays open, and gives its status; none if it was closed.
async fn ask(tcp: &mut TcpStream) -> Option<String> {
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    tcp.write_all(request).await.ok()?;
    let mut answer = vec![0; 4096];
    let read = soon("an answer", tcp.read(&mut answer)).await.ok()?;
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    answer.lines().next().map(str::to_owned)
}

/// Tells whether the other side has closed it by now.
async fn is_closed(tcp: &mut TcpStream) -> bool {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        match timeout(Duration::from_millis(1), tcp.read(&mut bytes)).await {
            // An answer that was not read yet.
            Ok(Ok(1..)) => {}
            Ok(_) => return true,
            Err(_) => return false,
        }
    }
}

async fn open(connections: &mut [TcpStream]) -> usize {
    let mut open = 0;
    for tcp in connections {
        open += usize::from(!is_closed(tcp).await);
    }
    open
}

#[tokio::test]
async fn half_heads_and_silent_connections_keep_nobody_out() {
    // More than it has files for, the limit being one that it cannot raise.
    let damso = Process::with_files(FILES, &[]).await;
    let here = [127, 0, 0, 1];
    let mut flood = Vec::new();
    for n in 0..2 * FLOOD {
        let mut tcp = half_head(damso.address, here).await;
        if n % 2 == 0 {
            // Silent after an answer.
            tcp.write_all(b"y\r\n\r\n").await.ok();
        }
        flood.push(tcp);
    }
    // Somebody new: a page, and what needs files for the database.
    let ann = Browser::plain(&damso).sign_up("ann").await;
    let page = ann.start_chat("Hello").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.text(".mine .text"), "Hello");
    // Long before the time of the others was up, some of whom made room.
    let left = open(&mut flood).await;
    assert!((1..FILES as usize).contains(&left), "{left} are open");
    assert!(
        damso.log().contains("connections can be open at once"),
        "{}",
        damso.log()
    );
    assert!(
        !damso.log().contains("could not accept a connection"),
        "{}",
        damso.log()
    );
}

#[tokio::test]
async fn half_forms_keep_nobody_out() {
    let damso = Process::with_files(FILES, &[]).await;
    let mut flood = Vec::new();
    for _ in 0..FLOOD {
        flood.push(half_form(damso.address, [127, 0, 0, 1]).await);
    }
    let mut new = connect(damso.address, [127, 0, 0, 2]).await;
    assert_eq!(ask(&mut new).await.unwrap(), "HTTP/1.1 200 OK");
    // From everywhere, by turns.
    for n in 0..FLOOD {
        flood.push(half_form(damso.address, [127, 0, 1, (n % 250) as u8]).await);
    }
    let page = Browser::plain(&damso).sign_up("ann").await;
    assert_eq!(page.start_chat("Hello").await.text(".mine .text"), "Hello");
}

#[tokio::test]
async fn a_network_that_has_its_share_takes_nothing_from_others() {
    let damso = Process::start(&[("CONNECTIONS_PER_NETWORK", "20")]).await;
    let mut neighbour = connect(damso.address, [127, 0, 0, 2]).await;
    assert_eq!(ask(&mut neighbour).await.unwrap(), "HTTP/1.1 200 OK");
    let mut flood = Vec::new();
    for _ in 0..100 {
        flood.push(half_head(damso.address, [127, 0, 0, 3]).await);
    }
    // The last one of them has been taken, so the others have left.
    let mut last = connect(damso.address, [127, 0, 0, 3]).await;
    assert_eq!(ask(&mut last).await.unwrap(), "HTTP/1.1 200 OK");
    soon("room", async {
        while open(&mut flood).await > 20 {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    assert_eq!(ask(&mut neighbour).await.unwrap(), "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn the_connections_of_a_trusted_proxy_are_not_one_networks() {
    let settings = [
        ("CONNECTIONS_PER_NETWORK", "20"),
        ("TRUSTED_PROXIES", "127.0.0.4"),
    ];
    let damso = Process::start(&settings).await;
    let mut proxied = Vec::new();
    for _ in 0..60 {
        proxied.push(half_head(damso.address, [127, 0, 0, 4]).await);
    }
    let mut last = connect(damso.address, [127, 0, 0, 4]).await;
    assert_eq!(ask(&mut last).await.unwrap(), "HTTP/1.1 200 OK");
    assert_eq!(open(&mut proxied).await, 60);
}

#[tokio::test]
async fn a_head_that_trickles_is_ended_in_good_time() {
    let damso = Process::start(&[]).await;
    let mut trickling = half_head(damso.address, [127, 0, 0, 1]).await;
    let mut silent = connect(damso.address, [127, 0, 0, 1]).await;
    // Each byte within every time limit between two of them: a minute of them is never reached.
    let ended = async {
        for _ in 0..120 {
            sleep(Duration::from_millis(500)).await;
            if trickling.write_all(b"a").await.is_err() || is_closed(&mut trickling).await {
                return true;
            }
        }
        false
    };
    assert!(ended.await, "it can go on like that for ever");
    // Whoever has said nothing at all has more time.
    assert!(!is_closed(&mut silent).await);
    assert_eq!(ask(&mut silent).await.unwrap(), "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_connection_that_was_silent_can_still_ask() {
    let damso = Process::start(&[]).await;
    let mut tcp = connect(damso.address, [127, 0, 0, 1]).await;
    for _ in 0..3 {
        assert_eq!(ask(&mut tcp).await.unwrap(), "HTTP/1.1 200 OK");
    }
}

#[tokio::test]
async fn http2_is_spoken_with_whoever_begins_with_it() {
    install_tls();
    let damso = Process::start(&[]).await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let asked = (0..200).map(|_| client.get(damso.url() + "/login").send());
    for answer in futures_util::future::join_all(asked).await {
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.version(), http::Version::HTTP_2);
        assert!(answer.text().await.unwrap().contains("</html>"));
    }
}
