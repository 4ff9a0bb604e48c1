//! What a chat's page costs: pages a second, and how long a long chat takes to open.
//!
//! The server is a process of its own; the reader that asks for pages shares the machine with it.
//! Pages are asked for as a browser does over a connection that stays open, but not compressed.
//!
//! `cargo bench --bench pages`, with `-- seconds=10` for how long each row takes, and `damso=PATH`
//! for another build of the server.

#[expect(dead_code, reason = "each benchmark needs a part of it")]
mod support;

use anyhow::{Context, Result, bail};
use sqlx::{Connection, SqliteConnection};
use std::{
    env,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};
use support::{
    now,
    person::Person,
    report::{Report, kilobytes},
    server::Server,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    task::JoinSet,
    time::{self, MissedTickBehavior},
};
use uuid::Uuid;

/// How many read at once.
const CLIENTS: usize = 50;

/// How many pages a second are asked for when it is measured how long one takes.
const CALM: usize = 1_000;

/// A reply with a bit of everything.
const REPLY: &str = include_str!("reply.md");

#[tokio::main]
async fn main() -> Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok()
        .context("the TLS provider is ours to set")?;
    let args: Vec<String> = env::args().skip(1).collect();
    let arg = |name: &str| {
        args.iter()
            .find_map(|arg| arg.strip_prefix(name)?.strip_prefix('='))
    };
    let time = Duration::from_secs(arg("seconds").map_or(Ok(5), str::parse)?);
    let program = Path::new(arg("damso").unwrap_or(env!("CARGO_BIN_EXE_damso")));

    let folder = tempfile::tempdir()?;
    // No model is ever asked.
    let damso = Server::damso(program, None, folder.path(), "http://127.0.0.1:9")?;
    let person = Person::register(&damso.base).await?;
    let mut db = SqliteConnection::connect(&format!(
        "sqlite://{}",
        folder.path().join("bench.db").display()
    ))
    .await?;
    let mut pages = Vec::new();
    for messages in [200, 50, 5_000] {
        pages.push((messages, chat(&mut db, messages).await?));
    }

    let mut report = Report::default();
    for (messages, path) in &pages {
        let reader = Reader {
            address: damso.address()?,
            path: path.clone(),
            cookie: person.cookie.clone(),
        };
        // The first look fills the cache.
        let cold = Instant::now();
        let size = reader.connect().await?.page().await?.bytes;
        let cold = cold.elapsed();
        report.add(
            format!("A chat with {messages} messages"),
            kilobytes(size),
            "",
            None,
        );
        report.add("  opened first", millis(cold), "", None);
        let rate = reader.as_fast_as_can_be(time).await?;
        let goal = *messages == 200;
        report.add(
            "  pages a second",
            format!("{rate:.0}"),
            if goal { ">= 1,000" } else { "" },
            goal.then_some(rate >= 1_000.0),
        );
        let mut first_bytes = reader.calmly(time).await?;
        first_bytes.sort_unstable();
        let p99 = first_bytes[first_bytes.len() * 99 / 100];
        report.add(
            format!("  first byte, p99, at {CALM} pages a second"),
            millis(p99),
            if goal { "< 10 ms" } else { "" },
            goal.then_some(p99 < Duration::from_millis(10)),
        );
    }
    let mut medians = Vec::new();
    for (_, path) in &pages[1..] {
        let reader = Reader {
            address: damso.address()?,
            path: path.clone(),
            cookie: person.cookie.clone(),
        };
        medians.push(reader.median().await?.as_secs_f64());
    }
    let ratio = medians[1] / medians[0];
    report.add(
        "5,000 messages against 50, one page at a time",
        format!("{ratio:.2} times"),
        "<= 1.3",
        Some(ratio <= 1.3),
    );
    report.print();
    Ok(())
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// Makes a chat with so many messages; its address is returned. No other code needs to do so, thus
/// it is written into the database directly.
async fn chat(db: &mut SqliteConnection, messages: usize) -> Result<String> {
    let chat = Uuid::now_v7();
    let sections: Vec<&str> = REPLY.split_inclusive("\n\n").collect();
    let mut tx = db.begin().await?;
    let time = i64::try_from(now())?;
    sqlx::query(
        "insert into chats (id, user_id, title, created_at, active_at)
         select $1, id, 'Pages', $2, $2 from users",
    )
    .bind(chat)
    .bind(time)
    .execute(&mut *tx)
    .await?;
    let mut parent: Option<Uuid> = None;
    for n in 0..messages {
        let id = Uuid::now_v7();
        let (role, body) = match n % 2 {
            0 => ("user", format!("Question {n}: how does it go on?")),
            _ => {
                let some = sections.iter().cycle().skip(n % sections.len()).take(3);
                (
                    "assistant",
                    some.copied().collect::<String>().replace('@', "word"),
                )
            }
        };
        sqlx::query(
            "insert into messages (id, chat_id, user_id, parent_id, role, body, state, created_at)
             values ($1, $2, (select id from users), $3, $4, $5, 'complete', $6)",
        )
        .bind(id)
        .bind(chat)
        .bind(parent)
        .bind(role)
        .bind(body)
        .bind(time)
        .execute(&mut *tx)
        .await?;
        parent = Some(id);
    }
    sqlx::query("update chats set leaf = $2 where id = $1")
        .bind(chat)
        .bind(parent)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(format!("/chats/{chat}"))
}

/// Asks for one page again and again.
#[derive(Clone)]
struct Reader {
    address: SocketAddr,
    path: String,
    cookie: String,
}

/// A page that was read.
struct Page {
    bytes: usize,
    /// From the request to the first byte of the answer.
    first_byte: Duration,
    /// From the request to the last one.
    whole: Duration,
}

/// A connection that stays open.
struct Open {
    stream: BufReader<TcpStream>,
    request: String,
}

impl Reader {
    async fn connect(&self) -> Result<Open> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let Self {
            address,
            path,
            cookie,
        } = self;
        Ok(Open {
            stream: BufReader::with_capacity(64 * 1024, stream),
            request: format!(
                "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: Mozilla/5.0\r\nCookie: {cookie}\r\n\r\n"
            ),
        })
    }

    /// How many pages a second all clients get together.
    async fn as_fast_as_can_be(&self, time: Duration) -> Result<f64> {
        let (mut clients, start) = (JoinSet::new(), Instant::now());
        for _ in 0..CLIENTS {
            let mut open = self.connect().await?;
            clients.spawn(async move {
                let mut pages = 0_u32;
                while start.elapsed() < time {
                    open.page().await?;
                    pages += 1;
                }
                anyhow::Ok(pages)
            });
        }
        let mut pages = 0;
        while let Some(done) = clients.join_next().await {
            pages += done??;
        }
        Ok(f64::from(pages) / start.elapsed().as_secs_f64())
    }

    /// How long each page took to its first byte, with so many clients that ask at leisure.
    async fn calmly(&self, time: Duration) -> Result<Vec<Duration>> {
        let (mut clients, start) = (JoinSet::new(), Instant::now());
        for _ in 0..CLIENTS {
            let mut open = self.connect().await?;
            clients.spawn(async move {
                let mut tick =
                    time::interval(Duration::from_secs(1) * CLIENTS as u32 / CALM as u32);
                tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
                let mut first_bytes = Vec::new();
                while start.elapsed() < time {
                    tick.tick().await;
                    first_bytes.push(open.page().await?.first_byte);
                }
                anyhow::Ok(first_bytes)
            });
            // Not all at the same moment.
            time::sleep(Duration::from_millis(1)).await;
        }
        let mut all = Vec::new();
        while let Some(done) = clients.join_next().await {
            all.extend(done??);
        }
        Ok(all)
    }

    /// How long one page takes that is asked for alone.
    async fn median(&self) -> Result<Duration> {
        let mut open = self.connect().await?;
        let mut times = Vec::new();
        for _ in 0..500 {
            times.push(open.page().await?.whole);
        }
        times.sort_unstable();
        Ok(times[times.len() / 2])
    }
}

impl Open {
    async fn page(&mut self) -> Result<Page> {
        let start = Instant::now();
        self.stream.write_all(self.request.as_bytes()).await?;
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let first_byte = start.elapsed();
        if !line.starts_with("HTTP/1.1 200") {
            bail!("{}", line.trim());
        }
        let (mut head, mut length) = (line.len(), None);
        loop {
            line.clear();
            head += self.stream.read_line(&mut line).await?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(bytes) = line.strip_prefix("content-length:") {
                length = Some(bytes.trim().parse::<usize>()?);
            }
        }
        let mut body = vec![0; length.context("a page with a length")?];
        self.stream.read_exact(&mut body).await?;
        Ok(Page {
            bytes: head + body.len(),
            first_byte,
            whole: start.elapsed(),
        })
    }
}
