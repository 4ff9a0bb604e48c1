//! What a running reply costs: CPU, delay and memory of the server, its start, and bytes on the wire.
//!
//! Three processes: an upstream that streams replies as a model server does, the server that is
//! measured, and this one, which reads as many browsers would. The same streams also go through a
//! bare relay, so that the figures mean the same on every machine.
//!
//! `cargo bench --bench live`, with `-- quick` for ten seconds. `-- replies=1000`, `rates=20,60`
//! and `seconds=20` say what is compared with the relay, `damso=PATH` names another build of the
//! server, and `database=postgres://…` an empty database in the place of an SQLite file.

mod support;

use anyhow::{Context, Result, bail};
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Query, State},
    routing::{get, post},
};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    convert::Infallible,
    env, fs,
    future::Future,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use support::{
    now,
    person::Person,
    report::{Report, kilobytes, megabytes},
    server::{Server, exchange},
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet, time};

fn main() -> Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok()
        .context("the TLS provider is ours to set")?;
    let args: Vec<String> = env::args().skip(1).collect();
    let arg = |name: &str| {
        args.iter()
            .find_map(|arg| arg.strip_prefix(name)?.strip_prefix('='))
    };
    let threads = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match args.first().map(String::as_str) {
        Some("upstream") => threads.block_on(upstream()),
        Some("relay") => threads.block_on(relay(arg("to").context("to=")?.to_owned())),
        _ => {
            let quick = args.iter().any(|arg| arg == "quick");
            let replies = arg("replies").map_or(Ok(200), str::parse)?;
            let damso = arg("damso").unwrap_or(env!("CARGO_BIN_EXE_damso")).into();
            let seconds = arg("seconds").map_or(Ok(if quick { 3 } else { 20 }), str::parse)?;
            let rates = arg("rates").unwrap_or(if quick { "20" } else { "20,60" });
            let rates = rates.split(',').map(str::parse).collect::<Result<_, _>>()?;
            threads.block_on(measure(Plan {
                replies,
                rates,
                seconds,
                quick,
                damso,
                database: arg("database").map(str::to_owned),
            }))
        }
    }
}

// ---- What is streamed

/// A reply as models write them. Each `@` is a place for a mark.
const TEXT: &str = include_str!("reply.md");

/// A token that is one word and holds the time at which it is sent: it can be found again whatever
/// HTML is around it, and says by itself how long it was under way.
const MARK: &[u8] = b"zq";
const MARK_DIGITS: u32 = 7;

fn mark(time: u64) -> String {
    let mut word = String::from_utf8_lossy(MARK).into_owned();
    for place in (0..MARK_DIGITS).rev() {
        let digit = time / 36_u64.pow(place) % 36;
        word.extend(char::from_digit(u32::try_from(digit).unwrap_or(0), 36));
    }
    word
}

/// The text as tokens of about four bytes; `None` is a mark. Replies begin at different sections.
fn tokens(reply: usize) -> Vec<Option<&'static str>> {
    let mut sections: Vec<&str> = TEXT.split_inclusive("\n\n").collect();
    // The code has no empty line, so every section is whole Markdown.
    let sections_count = sections.len();
    sections.rotate_left(reply % sections_count);
    let mut tokens = vec![];
    for (n, part) in sections
        .into_iter()
        .flat_map(|section| section.split_inclusive('@'))
        .enumerate()
    {
        let (mut rest, marked) = part
            .strip_suffix('@')
            .map_or((part, false), |rest| (rest, true));
        while let Some(first) = rest.chars().next() {
            let wanted = 3 + (n + tokens.len()) % 4;
            let end = (wanted.max(first.len_utf8())..)
                .find(|&end| end >= rest.len() || rest.is_char_boundary(end));
            let (token, after) = rest.split_at(end.unwrap_or(rest.len()).min(rest.len()));
            tokens.push(Some(token));
            rest = after;
        }
        if marked {
            tokens.push(None);
        }
    }
    tokens
}

/// Finds marks in what a browser reads.
#[derive(Default)]
struct Marks {
    rest: Vec<u8>,
    newest: u64,
    delays: Vec<u64>,
    bytes: usize,
}

impl Marks {
    fn read(&mut self, bytes: &[u8], at: u64) {
        let length = MARK.len() + MARK_DIGITS as usize;
        let period = 36_u64.pow(MARK_DIGITS);
        self.bytes += bytes.len();
        self.rest.extend_from_slice(bytes);
        for word in self
            .rest
            .windows(length)
            .filter(|word| word.starts_with(MARK))
        {
            let digits = str::from_utf8(&word[MARK.len()..])
                .ok()
                .and_then(|digits| u64::from_str_radix(digits, 36).ok());
            let Some(sent) = digits.map(|sent| at - (at + period - sent) % period) else {
                continue;
            };
            // The open end of a reply comes again and again: only the first time counts.
            if sent > self.newest {
                self.newest = sent;
                self.delays.push(at - sent);
            }
        }
        let keep = self.rest.len().saturating_sub(length - 1);
        self.rest.drain(..keep);
    }
}

// ---- The upstream

struct Upstream {
    run: Mutex<Run>,
    /// Which run may send its tokens.
    started: watch::Sender<u64>,
    sent: AtomicU64,
    replies: AtomicU64,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Run {
    number: u64,
    /// Tokens a second of each reply.
    rate: u32,
    /// Tokens of each reply.
    tokens: usize,
}

async fn upstream() -> Result<()> {
    let state = Arc::new(Upstream {
        run: Mutex::default(),
        started: watch::Sender::new(0),
        sent: AtomicU64::new(0),
        replies: AtomicU64::new(0),
    });
    let routes = Router::new()
        .route(
            "/v1/models",
            get(async || Json(json!({ "data": [{ "id": "bench" }] }))),
        )
        .route("/v1/chat/completions", post(reply))
        .route("/prepare", post(prepare))
        .route(
            "/start",
            post(async |State(up): State<Arc<Upstream>>| {
                let number = up.run.lock().unwrap_or_else(PoisonError::into_inner).number;
                up.started.send_replace(number);
            }),
        )
        .route(
            "/counts",
            get(async |State(up): State<Arc<Upstream>>| {
                let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
                Json(json!({ "sent": count(&up.sent), "replies": count(&up.replies) }))
            }),
        );
    serve(routes.with_state(state)).await
}

/// The next replies are of this run, and wait for its start.
async fn prepare(State(up): State<Arc<Upstream>>, Query(run): Query<Run>) {
    *up.run.lock().unwrap_or_else(PoisonError::into_inner) = run;
    up.sent.store(0, Ordering::Relaxed);
    up.replies.store(0, Ordering::Relaxed);
}

async fn reply(State(up): State<Arc<Upstream>>) -> ([(&'static str, &'static str); 1], Body) {
    let run = *up.run.lock().unwrap_or_else(PoisonError::into_inner);
    let number = up.replies.fetch_add(1, Ordering::Relaxed);
    let mut started = up.started.subscribe();
    let events = async_stream::stream! {
        // The sender is in the state, which outlives this.
        started.wait_for(|started| *started >= run.number).await.ok();
        let tokens = tokens(usize::try_from(number).unwrap_or(0));
        let pause = Duration::from_secs(1) / run.rate.max(1);
        // No two replies send at the same time.
        let first = time::Instant::now() + pause.mul_f64((number as f64 * 0.618) % 1.0);
        for (n, token) in tokens.iter().cycle().take(run.tokens).enumerate() {
            time::sleep_until(first + pause * u32::try_from(n).unwrap_or(0)).await;
            up.sent.fetch_add(1, Ordering::Relaxed);
            yield Ok::<_, Infallible>(match token {
                Some(token) => chunk(json!({ "content": token }), Value::Null),
                None => chunk(json!({ "content": mark(now()) }), Value::Null),
            });
        }
        yield Ok(chunk(json!({}), json!("stop")));
        yield Ok(Bytes::from_static(b"data: [DONE]\n\n"));
    };
    (
        [("content-type", "text/event-stream")],
        Body::from_stream(events),
    )
}

fn chunk(delta: Value, finish: Value) -> Bytes {
    let chunk = json!({
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion.chunk",
        "created": 1_741_569_952, "model": "bench", "service_tier": "default", "system_fingerprint": "fp_b705f0c291",
        "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish }],
    });
    format!("data: {chunk}\n\n").into()
}

/// Serves on a free port, whose address is the first line that is printed.
#[expect(
    clippy::print_stdout,
    reason = "the process that started this one reads it"
)]
async fn serve(routes: Router) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("at http://{}", listener.local_addr()?);
    let listener =
        axum::serve::ListenerExt::tap_io(listener, |stream: &mut tokio::net::TcpStream| {
            // Without it a token may wait for the one before to be acknowledged.
            stream.set_nodelay(true).ok();
        });
    Ok(axum::serve(listener, routes).await?)
}

// ---- The relay

/// The least that a server can do with a stream: hand its bytes on.
async fn relay(to: String) -> Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let forward = async move |body: Bytes| {
        let request = client
            .post(format!("{to}/v1/chat/completions"))
            .header("content-type", "application/json");
        let answer = request
            .body(body)
            .send()
            .await
            .map_err(|error| error.to_string())?;
        let stream = [("content-type", "text/event-stream")];
        Ok::<_, String>((stream, Body::from_stream(answer.bytes_stream())))
    };
    serve(Router::new().route("/", post(forward))).await
}

// ---- Transactions

/// Counts the transactions that are committed.
enum Commits {
    /// Those in SQLite's write-ahead log, counted all the time, as the log begins anew now and then.
    Wal(Arc<AtomicU64>),
    /// PostgreSQL counts by itself. Asking is a transaction, too.
    Postgres(String),
}

impl Commits {
    fn of(plan: &Plan, folder: &Path) -> Self {
        if let Some(url) = &plan.database {
            return Self::Postgres(url.clone());
        }
        let count = Arc::new(AtomicU64::new(0));
        let (weak, path) = (Arc::downgrade(&count), folder.join("bench.db-wal"));
        thread::spawn(move || {
            let mut wal = Wal {
                path,
                ..Wal::default()
            };
            while let Some(count) = weak.upgrade() {
                count.fetch_add(wal.new_commits().unwrap_or(0), Ordering::Relaxed);
                drop(count);
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self::Wal(count)
    }

    fn count(&self) -> Result<u64> {
        match self {
            Self::Wal(count) => Ok(count.load(Ordering::Relaxed)),
            Self::Postgres(url) => {
                let sql =
                    "select xact_commit from pg_stat_database where datname = current_database()";
                let said = Command::new("psql").args([url, "-Atc", sql]).output()?;
                Ok(String::from_utf8(said.stdout)?.trim().parse()?)
            }
        }
    }
}

/// A write-ahead log as it grows (<https://www.sqlite.org/fileformat.html#the_write_ahead_log>).
#[derive(Default)]
struct Wal {
    path: PathBuf,
    /// Tells this generation of the log from those before, of which something may still stand behind it.
    salt: [u8; 8],
    /// How many frames have been looked at.
    frames: u64,
}

impl Wal {
    const HEADER: u64 = 32;
    const FRAME_HEADER: u64 = 24;

    fn new_commits(&mut self) -> Result<u64> {
        let mut log = fs::File::open(&self.path)?;
        let mut header = [0; Self::HEADER as usize];
        log.read_exact(&mut header)?;
        let page = u64::from(u32::from_be_bytes(header[8..12].try_into()?));
        if header[16..24] != self.salt {
            self.salt.copy_from_slice(&header[16..24]);
            self.frames = 0;
        }
        let mut commits = 0;
        let mut frame = [0; Self::FRAME_HEADER as usize];
        loop {
            let at = Self::HEADER + self.frames * (Self::FRAME_HEADER + page);
            log.seek(SeekFrom::Start(at))?;
            if log.read_exact(&mut frame).is_err() || frame[8..16] != self.salt {
                return Ok(commits);
            }
            self.frames += 1;
            // The last frame of a transaction tells the size of the database after it.
            commits += u64::from(frame[4..8] != [0; 4]);
        }
    }
}

/// Starts a chat, and waits for the first token of its reply: how long that took.
async fn first_token(person: &Person) -> Result<Duration> {
    let start = Instant::now();
    let chat = person.start_chat().await?;
    let mut events = person.get(&person.events(&chat).await?).await?;
    let mut seen = vec![];
    while !has_text(&String::from_utf8_lossy(&seen)) {
        seen.extend(events.chunk().await?.context("a token before the end")?);
    }
    Ok(start.elapsed())
}

/// Whether an event stream has brought text: something that is put into the open end. (At first that
/// is emptied.)
fn has_text(events: &str) -> bool {
    let open = events.split("-open\" ").skip(1);
    open.filter_map(|swap| swap.split_once('>'))
        .any(|(_, html)| !html.is_empty() && !html.starts_with("</hx-partial"))
}

// ---- Runs

struct Plan {
    replies: usize,
    /// Tokens a second.
    rates: Vec<u32>,
    seconds: u64,
    quick: bool,
    /// The program that is measured.
    damso: PathBuf,
    /// Its database, if not an SQLite file.
    database: Option<String>,
}

impl Plan {
    fn damso(&self, folder: &Path, upstream: &str) -> Result<Server> {
        Server::damso(&self.damso, self.database.as_deref(), folder, upstream)
    }
}

/// What one run of many replies at once cost.
#[derive(Default)]
struct Cost {
    cpu_per_token: Duration,
    delays: Vec<u64>,
    memory: usize,
    /// How much of the memory came with this run.
    memory_for_each: usize,
    bytes_per_token: f64,
    /// Tokens and marks that were sent but not seen.
    lost: bool,
    commits_per_second: Option<f64>,
}

impl Cost {
    /// The delay that so many percent are under, in milliseconds.
    fn delay(&self, percent: usize) -> f64 {
        let delay = self.delays.get(self.delays.len() * percent / 100);
        delay.copied().unwrap_or(0) as f64 / 1e3
    }
}

struct Bench {
    plan: Plan,
    upstream: Server,
    http: reqwest::Client,
    runs: u64,
}

/// How a reader follows a reply.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Events,
    HeldPage,
}

impl Bench {
    async fn tell(&self, path: &str) -> Result<()> {
        self.http
            .post(format!("{}{path}", self.upstream.base))
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    async fn count(&self, of: &str) -> Result<u64> {
        let counts = self
            .http
            .get(format!("{}/counts", self.upstream.base))
            .send()
            .await?
            .text()
            .await?;
        serde_json::from_str::<Value>(&counts)?[of]
            .as_u64()
            .context("a number")
    }

    /// Opens all streams, lets them all start at once, and measures from there to the last end.
    async fn run<F>(
        &mut self,
        server: &Server,
        (replies, rate): (usize, u32),
        commits: Option<&Commits>,
        open: impl Fn(usize) -> F,
    ) -> Result<Cost>
    where
        F: Future<Output = Result<reqwest::Response>>,
    {
        self.runs += 1;
        let seconds = self.plan.seconds;
        let memory_before = server.memory()?;
        let tokens = u64::from(rate) * seconds;
        self.tell(&format!(
            "/prepare?number={}&rate={rate}&tokens={tokens}",
            self.runs
        ))
        .await?;
        let mut readers = JoinSet::new();
        // A few at a time, as nothing is measured here.
        let mut streams = futures_util::stream::iter(0..replies)
            .map(open)
            .buffer_unordered(8);
        while let Some(stream) = streams.next().await {
            readers.spawn(read(stream?));
        }
        while self.count("replies").await? < replies as u64 {
            time::sleep(Duration::from_millis(20)).await;
        }
        time::sleep(Duration::from_secs(1)).await;
        let before = server.cpu()?;
        self.tell("/start").await?;
        let count = || commits.map(Commits::count).transpose();
        time::sleep(Duration::from_secs_f64(seconds as f64 * 0.1)).await;
        let (commits_before, since) = (count()?, Instant::now());
        time::sleep(Duration::from_secs_f64(seconds as f64 * 0.8)).await;
        let committed = count()?.zip(commits_before);
        let commits_per_second =
            committed.map(|(now, before)| (now - before) as f64 / since.elapsed().as_secs_f64());
        let memory = server.memory()?;
        let mut seen = vec![];
        while let Some(reader) = readers.join_next().await {
            seen.push(reader??);
        }
        // What is left to do for a reply after its readers have gone is its cost, too.
        time::sleep(Duration::from_millis(500)).await;
        let cpu = server.cpu()?.saturating_sub(before);
        let sent = self.count("sent").await?;
        let marks = |reply: usize| {
            let length = usize::try_from(tokens).unwrap_or(0);
            self::tokens(reply)
                .iter()
                .cycle()
                .take(length)
                .filter(|token| token.is_none())
                .count()
        };
        let wanted: usize = (0..replies).map(marks).sum();
        let mut delays: Vec<u64> = seen
            .iter()
            .flat_map(|marks| marks.delays.iter().copied())
            .collect();
        delays.sort_unstable();
        let bytes: usize = seen.iter().map(|marks| marks.bytes).sum();
        Ok(Cost {
            cpu_per_token: cpu / u32::try_from(sent.max(1))?,
            memory,
            memory_for_each: memory.saturating_sub(memory_before) / replies,
            commits_per_second,
            bytes_per_token: bytes as f64 / sent.max(1) as f64,
            lost: delays.len() < wanted || sent < tokens * replies as u64,
            delays,
        })
    }

    async fn run_relay(&mut self, relay: &Server, rate: u32) -> Result<Cost> {
        let http = self.http.clone();
        self.run(relay, (self.plan.replies, rate), None, |_| {
            let request = http.post(&relay.base).body("{}").send();
            async { Ok(request.await?.error_for_status()?) }
        })
        .await
    }

    async fn run_damso(
        &mut self,
        damso: &Server,
        people: &[Person],
        many: (usize, u32),
        commits: Option<&Commits>,
        by: By,
    ) -> Result<Cost> {
        self.run(damso, many, commits, async |number| {
            let person = &people[number % people.len()];
            let chat = person.start_chat().await?;
            match by {
                By::Events => person.get(&person.events(&chat).await?).await,
                By::HeldPage => person.get(&format!("{chat}/live")).await,
            }
        })
        .await
    }

    /// What each of so many event streams costs of the server's memory while nothing happens.
    async fn idle_streams(
        &mut self,
        damso: &Server,
        people: &[Person],
        streams: usize,
    ) -> Result<usize> {
        self.runs += 1;
        // They wait for a start that does not come.
        self.tell(&format!("/prepare?number={}&rate=20&tokens=1", self.runs))
            .await?;
        let mut addresses = vec![];
        for person in people {
            addresses.push(person.events(&person.start_chat().await?).await?);
        }
        time::sleep(Duration::from_secs(1)).await;
        let before = damso.memory()?;
        let mut open = vec![];
        let watched = people.iter().zip(&addresses).cycle();
        for (person, address) in watched.take(streams) {
            let mut stream = person.get(address).await?;
            stream.chunk().await?;
            open.push(stream);
        }
        time::sleep(Duration::from_secs(1)).await;
        let memory = damso.memory()?.saturating_sub(before);
        self.tell("/start").await?;
        Ok(memory)
    }

    /// So many people each start a chat within two seconds. Returned are how long each waited for the
    /// first token, in order, and how many were refused.
    async fn rush(&mut self, damso: &Server, people: usize) -> Result<(Vec<Duration>, usize)> {
        let registered = futures_util::stream::iter(0..people)
            .map(|_| Person::register(&damso.base))
            .buffer_unordered(2)
            .collect::<Vec<_>>()
            .await;
        self.runs += 1;
        self.tell(&format!("/prepare?number={}&rate=20&tokens=100", self.runs))
            .await?;
        self.tell("/start").await?;
        let mut waiting = JoinSet::new();
        for (number, person) in registered.into_iter().enumerate() {
            let person = person?;
            waiting.spawn(async move {
                time::sleep(Duration::from_secs(2).mul_f64(number as f64 / people as f64)).await;
                first_token(&person).await
            });
        }
        let (mut waits, mut refused) = (vec![], 0);
        while let Some(wait) = waiting.join_next().await {
            match wait? {
                Ok(wait) => waits.push(wait),
                Err(error) => {
                    eprintln!("refused: {error:#}");
                    refused += 1;
                }
            }
        }
        waits.sort_unstable();
        Ok((waits, refused))
    }
}

async fn read(answer: reqwest::Response) -> Result<Marks> {
    let mut marks = Marks::default();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        marks.read(&piece?, now());
    }
    Ok(marks)
}

// ---- Start and bytes on the wire

/// From starting the process to the whole answer to a first request.
fn time_to_answer(plan: &Plan, folder: &Path, upstream: &str) -> Result<Duration> {
    let start = Instant::now();
    let damso = plan.damso(folder, upstream)?;
    let answer = exchange(damso.address()?, "/login", "", "identity")?;
    let time = start.elapsed();
    if !answer.starts_with(b"HTTP/1.1 200") {
        bail!("GET /login: no page");
    }
    Ok(time)
}

struct Wire {
    page: usize,
    style: usize,
    script: usize,
    icon: usize,
}

fn wire(damso: &Server, person: &Person, path: &str) -> Result<Wire> {
    let address = damso.address()?;
    let chromium = "gzip, deflate, br, zstd";
    let plain = exchange(address, path, &person.cookie, "identity")?;
    let plain = String::from_utf8_lossy(&plain);
    // Each is loaded once, however often the page names it.
    let assets: BTreeSet<&str> = plain
        .split(['"', '\''])
        .filter(|part| part.starts_with("/static/"))
        .collect();
    let mut wire = Wire {
        page: exchange(address, path, &person.cookie, chromium)?.len(),
        style: 0,
        script: 0,
        icon: 0,
    };
    for asset in assets {
        let size = exchange(address, asset, &person.cookie, chromium)?.len();
        match asset.rsplit_once('.') {
            Some((_, "css")) => wire.style += size,
            Some((_, "js")) => wire.script += size,
            _ => wire.icon += size,
        }
    }
    Ok(wire)
}

// ---- The report

async fn measure(plan: Plan) -> Result<()> {
    let (replies, quick, rates) = (plan.replies, plan.quick, plan.rates.clone());
    let folder = tempfile::tempdir()?;
    let upstream = Server::role(&["upstream"])?;
    let relay = Server::role(&["relay", &format!("to={}", upstream.base)])?;
    let damso = plan.damso(folder.path(), &upstream.base)?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut bench = Bench {
        plan,
        upstream,
        http,
        runs: 0,
    };

    exchange(damso.address()?, "/login", "", "identity")?;
    time::sleep(Duration::from_secs(1)).await;
    let idle = damso.memory()?;
    let people = Person::crowd(&damso.base, replies).await?;
    let person = &people[0];

    // A chat with a whole reply, for the size of its page.
    bench.tell("/prepare?number=0&rate=1000&tokens=300").await?;
    let chat = person.start_chat().await?;
    read(person.get(&format!("{chat}/live")).await?).await?;
    let wire = wire(&damso, person, &chat)?;

    let mut report = Report::default();
    for rate in rates {
        let bare = bench.run_relay(&relay, rate).await?;
        let many = (replies, rate);
        let events = bench
            .run_damso(&damso, &people, many, None, By::Events)
            .await?;
        let held = if quick || rate > 20 {
            None
        } else {
            Some(
                bench
                    .run_damso(&damso, &people, many, None, By::HeldPage)
                    .await?,
            )
        };
        report.costs(replies, rate, &bare, &events, held.as_ref());
    }
    drop(damso);
    if !quick {
        many(&mut bench, folder.path(), &mut report).await?;
    }

    let rounds = if quick { 1 } else { 5 };
    let mut starts = vec![];
    for _ in 0..rounds {
        starts.push(time_to_answer(
            &bench.plan,
            folder.path(),
            &bench.upstream.base,
        )?);
    }
    starts.sort_unstable();
    report.start(starts[rounds / 2], idle);
    report.wire(&wire);
    report.print();
    Ok(())
}

/// What only shows with many: replies, streams and people.
async fn many(bench: &mut Bench, folder: &Path, report: &mut Report) -> Result<()> {
    let damso = bench.plan.damso(folder, &bench.upstream.base)?;
    let commits = Commits::of(&bench.plan, folder);
    let people = Person::crowd(&damso.base, 1_000).await?;
    // The largest first: later ones use its memory again.
    for replies in [1_000, 100, 1] {
        let cost = bench
            .run_damso(&damso, &people, (replies, 20), Some(&commits), By::Events)
            .await?;
        report.many(replies, &cost);
    }
    drop(damso);

    let damso = bench.plan.damso(folder, &bench.upstream.base)?;
    let people = Person::crowd(&damso.base, 1_000).await?;
    let streams = bench.idle_streams(&damso, &people, 1_000).await?;
    report.add(
        "1,000 idle event streams",
        megabytes(streams),
        "< 20 MB",
        Some(streams < 20_000_000),
    );
    let (waits, refused) = bench.rush(&damso, 200).await?;
    report.rush(&waits, refused);
    Ok(())
}

impl Report {
    fn costs(
        &mut self,
        replies: usize,
        rate: u32,
        bare: &Cost,
        events: &Cost,
        held: Option<&Cost>,
    ) {
        let of = format!("{replies} replies × {rate} tokens/s");
        let micros = |cost: &Cost| cost.cpu_per_token.as_secs_f64() * 1e6;
        let ways = [
            ("relay", Some(bare)),
            ("event stream", Some(events)),
            ("held page", held),
        ];
        for (way, cost) in ways
            .into_iter()
            .filter_map(|(way, cost)| Some((way, cost?)))
        {
            let ratio = micros(cost) / micros(bare);
            let ours = way != "relay";
            let timely = ours && rate == 20;
            self.add(format!("{of}, {way}"), "", "", None);
            self.add(
                "  server CPU for each token",
                format!("{:.1} µs", micros(cost)),
                "",
                None,
            );
            if ours {
                // The tick joins tokens that come fast, which a relay cannot.
                let (most, goal) = if rate == 20 {
                    (2.0, "≤ 2.0")
                } else {
                    (1.0, "< 1.0")
                };
                self.add(
                    "  against the relay",
                    format!("{ratio:.2} times"),
                    goal,
                    Some(ratio <= most),
                );
            }
            self.add(
                "  delay from upstream, p50",
                format!("{:.1} ms", cost.delay(50)),
                "",
                None,
            );
            let p99 = cost.delay(99);
            self.add(
                "  delay from upstream, p99",
                format!("{p99:.1} ms"),
                if timely { "< 100 ms" } else { "" },
                timely.then_some(p99 < 100.0),
            );
            self.add(
                "  bytes to the reader for each token",
                format!("{:.0}", cost.bytes_per_token),
                "",
                None,
            );
            self.add("  server memory", megabytes(cost.memory), "", None);
            self.add(
                "  every token seen",
                if cost.lost { "no" } else { "yes" },
                "yes",
                Some(!cost.lost),
            );
        }
    }

    fn many(&mut self, replies: usize, cost: &Cost) {
        self.add(format!("{replies} replies × 20 tokens/s"), "", "", None);
        let p99 = cost.delay(99);
        self.add(
            "  delay from upstream, p99",
            format!("{p99:.1} ms"),
            "< 250 ms",
            Some(p99 < 250.0),
        );
        if replies >= 1_000 {
            let memory = cost.memory_for_each;
            self.add(
                "  memory for each reply and its reader",
                kilobytes(memory),
                "< 100 KB",
                Some(memory < 100_000),
            );
        }
        let commits = cost.commits_per_second.unwrap_or(0.0);
        self.add(
            "  transactions a second",
            format!("{commits:.1}"),
            "≤ 6",
            Some(commits <= 6.0),
        );
        self.add(
            "  every token seen",
            if cost.lost { "no" } else { "yes" },
            "yes",
            Some(!cost.lost),
        );
    }

    fn rush(&mut self, waits: &[Duration], refused: usize) {
        self.add("200 people start a chat within 2 s", "", "", None);
        self.add("  refused", refused.to_string(), "0", Some(refused == 0));
        let p99 = waits.get(waits.len() * 99 / 100);
        let p99 = p99.map_or(f64::INFINITY, |wait| wait.as_secs_f64() * 1e3);
        self.add(
            "  first token, p99",
            format!("{p99:.0} ms"),
            "< 1,000 ms",
            Some(p99 < 1_000.0),
        );
    }

    fn start(&mut self, start: Duration, idle: usize) {
        self.add(
            "Idle memory after the start",
            megabytes(idle),
            "< 40 MB",
            Some(idle < 40_000_000),
        );
        let start = start.as_secs_f64() * 1e3;
        self.add(
            "From start to first answer",
            format!("{start:.0} ms"),
            "< 200 ms",
            Some(start < 200.0),
        );
    }

    fn wire(&mut self, wire: &Wire) {
        let Wire {
            page,
            style,
            script,
            icon,
        } = wire;
        let without = page + style + icon;
        let with = without + script;
        self.add(
            "First load of a chat, with JavaScript",
            kilobytes(with),
            "< 45 KB",
            Some(with < 45_000),
        );
        self.add(
            "First load of a chat, without",
            kilobytes(without),
            "< 20 KB",
            Some(without < 20_000),
        );
        self.add(
            "Later page, a 1.2 KB reply included",
            kilobytes(*page),
            "< 10 KB",
            Some(*page < 10_000),
        );
    }
}
