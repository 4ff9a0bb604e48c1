//! Many people for a long time, while the model fails in every way, connections break, and the
//! program is killed and restarted: in the end everything that was acknowledged is compared with
//! everything that is stored, and the memory at the beginning of a calm time with that at its end.
//!
//! `scripts/proofs` runs it. `SOAK_SECONDS` says how long, `SEED` repeats some of what chance did.

use crate::support::{
    balancer::Balancer,
    model::{Answer, ModelServer, Request, Step},
    postgres::Schema,
    process::Process,
    site::wait_until,
    wire::Wire,
    *,
};
use http::{Method, StatusCode, header};
use sqlx::{Connection, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use uuid::Uuid;

/// How many people there are.
const PEOPLE: usize = 24;

/// How long somebody waits for an answer, and for the end of a reply, before they go on.
const ANSWER: Duration = Duration::from_secs(40);
const REPLY: Duration = Duration::from_secs(60);

/// How much more memory a server may have at the end of the calm time than at its beginning.
const MORE: f64 = 1.2;
const AND_MORE: f64 = 10_000.0;

// ---- What the model says

/// The words of the reply to a message, however often it is begun or carried on.
fn words(message: usize, count: usize) -> Vec<String> {
    let word = |n: usize| {
        let end = if n % 12 == 11 { "\n\n" } else { " " };
        format!("{}{n}{end}", mark(message))
    };
    (0..count).map(word).collect()
}

/// What each word of a reply begins with.
fn mark(message: usize) -> String {
    format!("r{message}w")
}

/// A message's number, how many words its reply has, and what goes wrong with it at first.
fn parsed(text: &str) -> Option<(usize, usize, u64)> {
    let mut numbers = text.strip_prefix("Soak ")?.split(' ');
    let mut next = || numbers.next()?.parse().ok();
    let (message, count, fault) = (next()?, next()?, next()?);
    Some((message as usize, count as usize, fault))
}

fn answer(request: &Request, asked: &Mutex<HashMap<usize, usize>>) -> Answer {
    let turns = request.body["messages"].as_array().unwrap();
    let text = |n: usize| turns[n]["content"].as_str().unwrap();
    let last = turns.len() - 1;
    // One that is carried on is there as far as it came, and a request to do so.
    let ((message, count, fault), from) = match parsed(text(last)) {
        Some(question) => (question, 0),
        None => (
            parsed(text(last - 2)).unwrap(),
            text(last - 1).split_whitespace().count(),
        ),
    };
    let before = {
        let mut asked = asked.lock().unwrap();
        let times = asked.entry(message).or_default();
        *times += 1;
        *times - 1
    };
    let all = words(message, count);
    let rest = &all[from.min(count)..];
    let pace = Duration::from_millis(5 + (message as u64 * 7) % 40);
    let say = |answer: Answer, words: &[String]| {
        let say = |answer: Answer, word: &String| answer.then(Step::Wait(pace)).token(word);
        words.iter().fold(answer, say)
    };
    let (first, second) = rest.split_at(rest.len() / 2);
    let begun = say(Answer::sse(), first);
    match fault {
        _ if before > 0 => say(Answer::sse(), rest).finish(),
        0 => say(begun.then(Step::Wait(Duration::from_secs(3))), second).finish(),
        1 => begun.then(Step::Hang),
        2 => begun.then(Step::Cut),
        3 => begun.event("{\"choices\":[{\"delta\":{").then(Step::End),
        4 => begun
            .event("{\"error\":{\"message\":\"no\"}}")
            .then(Step::End),
        5 => Answer::status(503, "text/html", "<h1>Busy</h1>"),
        6 => begun.chunk([0xff, 0xfe, b'\n', b'\n']).then(Step::Cut),
        7 => Answer(vec![Step::Cut]),
        _ => say(Answer::sse(), rest).finish(),
    }
}

// ---- What people do

/// A message that somebody sent, and what they know of it.
#[derive(Clone, Debug)]
struct Sent {
    number: usize,
    words: usize,
    text: String,
    /// The chat it is in, if the server said that it has it.
    chat: Option<String>,
    /// The server said that it does not take it.
    is_refused: bool,
    /// How many more replies were begun for sure, and how many maybe.
    tries: usize,
    maybe: usize,
    /// How many words of a reply were seen after its end.
    seen: usize,
}

/// What becomes of a chat that somebody deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deleted {
    Yes,
    Maybe,
}

/// What all people share.
struct Shared {
    next: AtomicUsize,
    is_over: AtomicBool,
    counts: Mutex<BTreeMap<&'static str, usize>>,
}

impl Shared {
    fn count(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }
}

struct Person {
    browser: Browser,
    dice: Dice,
    shared: Arc<Shared>,
    sent: Vec<Sent>,
    chats: Vec<String>,
    deleted: HashMap<String, Deleted>,
}

/// What the server answered to a form: its status and where it leads.
struct Answered {
    status: StatusCode,
    to: String,
    reloads: bool,
}

impl Answered {
    fn is_yes(&self) -> bool {
        self.status.is_success() || self.status == StatusCode::SEE_OTHER
    }

    /// Whether a reply is begun.
    fn begins(&self) -> bool {
        self.is_yes() && !self.reloads && !self.to.ends_with("/live")
    }
}

impl Person {
    fn chance(&mut self, of: u64) -> bool {
        self.dice.throw(0, of) == 0
    }

    async fn pause(&mut self, least: u64, end: u64) {
        sleep(Duration::from_millis(self.dice.throw(least, end))).await;
    }

    async fn within<T>(
        &self,
        what: &'static str,
        work: impl Future<Output = Result<T, String>>,
    ) -> Option<T> {
        match timeout(ANSWER, work).await {
            Ok(Ok(done)) => Some(done),
            Ok(Err(_)) => {
                self.shared.count("broken connections");
                None
            }
            Err(_) => panic!("no answer to {what} within {ANSWER:?}"),
        }
    }

    /// Opens a page; none when it cannot be had now.
    async fn get(&self, path: &str) -> Option<Page> {
        let read = async {
            let answer = self
                .browser
                .try_request(Method::GET, path, "document", None);
            let mut live = Live::new(path, answer.await?);
            while live.try_next().await?.is_some() {}
            Ok(live.page().await)
        };
        let page = self.within("a page", read).await?;
        self.check(page.status, path, &page.html);
        (page.status == StatusCode::OK).then_some(page)
    }

    /// Sends a form once.
    async fn post(&self, form: &Form) -> Option<Answered> {
        let hx = form.hx.as_ref().filter(|_| self.browser.is_htmx());
        let dest = match hx {
            Some(_) => "empty",
            None if form.in_frame && !self.browser.is_text() => "iframe",
            None => "document",
        };
        let path = hx.unwrap_or(&form.action);
        let answer = self
            .browser
            .try_request(Method::POST, path, dest, Some(form.body()));
        let answer = self.within("a form", answer).await?;
        self.check(answer.status(), path, "");
        let header = |name: &str| answer.headers().get(name).map(|to| to.to_str().unwrap());
        let to = header(header::LOCATION.as_str()).or(header("hx-push-url"));
        Some(Answered {
            status: answer.status(),
            to: to.unwrap_or_default().to_owned(),
            reloads: header("hx-redirect").is_some(),
        })
    }

    /// Only some things may go wrong.
    fn check(&self, status: StatusCode, path: &str, page: &str) {
        match status.as_u16() {
            200 | 204 | 303 => {}
            503 => self.shared.count("answers 503"),
            409 | 422 => self.shared.count("refusals"),
            status => panic!("{path}: {status} {page}"),
        }
    }

    async fn live(mut self) -> Self {
        let mut path = "/".to_owned();
        while !self.shared.is_over() {
            self.pause(0, 1_000).await;
            if self.chats.len() > 60 || (!self.chats.is_empty() && self.chance(30)) {
                self.delete().await;
                path = "/".to_owned();
            }
            path = match self.converse(&path).await {
                Some(chat) if !self.chance(4) => chat,
                _ => "/".to_owned(),
            };
        }
        self
    }

    /// Sends a message from the page at this address and sees what comes of it; the chat's address.
    async fn converse(&mut self, path: &str) -> Option<String> {
        let page = self.get(path).await?;
        if page.has(".stop") {
            self.watch(path).await;
            return Some(path.to_owned());
        }
        let number = self.shared.next.fetch_add(1, Ordering::SeqCst);
        let words = usize::try_from(self.dice.throw(1, 120)).unwrap();
        let text = format!("Soak {number} {words} {}", self.dice.throw(0, 24));
        let mut sent = Sent {
            number,
            words,
            text,
            chat: None,
            is_refused: false,
            tries: 0,
            maybe: 0,
            seen: 0,
        };
        let form = page.form("#composer").fill("content", &sent.text);
        self.send(&form, path, &mut sent).await;
        if let Some(chat) = sent.chat.clone() {
            if !self.chats.contains(&chat) {
                self.chats.push(chat.clone());
            }
            self.see(&chat, &mut sent).await;
        }
        let chat = sent.chat.clone();
        self.sent.push(sent);
        chat
    }

    /// Sends the form, again and again until there is an answer.
    async fn send(&mut self, form: &Form, path: &str, sent: &mut Sent) {
        let mut is_sure = true;
        for _ in 0..200 {
            let answer = match self.chance(8) {
                // A double click.
                true => {
                    let (one, two) = tokio::join!(self.post(form), self.post(form));
                    is_sure &= one.is_some() && two.is_some();
                    let yes =
                        |answer: &Option<Answered>| answer.as_ref().is_some_and(Answered::is_yes);
                    if yes(&one) { one } else { two.or(one) }
                }
                false => self.post(form).await,
            };
            match answer {
                Some(answer) if answer.is_yes() => {
                    let chat = answer.to.split("/live").next().unwrap();
                    let chat = if chat.is_empty() { path } else { chat };
                    sent.chat = Some(chat.to_owned());
                    return;
                }
                // One that got no answer may still be on its way.
                Some(answer) if answer.status != StatusCode::SERVICE_UNAVAILABLE => {
                    sent.is_refused = is_sure;
                    return;
                }
                Some(_) => {}
                None => is_sure = false,
            }
            self.pause(100, 400).await;
        }
    }

    /// Watches a reply to its end, and maybe goes on with it.
    async fn see(&mut self, chat: &str, sent: &mut Sent) {
        let words = |page: &Page| {
            let texts = page.texts(".reply .text");
            texts
                .last()
                .map_or(0, |text| text.split_whitespace().count())
        };
        for _ in 0..4 {
            self.watch(chat).await;
            let Some(page) = self.get(chat).await else {
                continue;
            };
            let form = |name: &str| {
                let css = format!(".ending form[action$='/{name}']");
                page.has(&css).then(|| page.form(&css))
            };
            if page.has(".stop") {
                continue;
            }
            // A reply that was seen to have ended.
            sent.seen = words(&page);
            match self.dice.throw(0, 4) {
                0 | 1 if let Some(form) = form("continue") => {
                    self.post(&form).await;
                    self.shared.count("carried on");
                }
                2 if let Some(form) = form("retry") => {
                    match self.post(&form).await {
                        Some(answer) if answer.begins() => sent.tries += 1,
                        Some(_) => {}
                        None => sent.maybe += 1,
                    }
                    sent.seen = 0;
                    self.shared.count("tried again");
                }
                _ => return,
            }
        }
    }

    /// Follows what runs in a chat, in one of the ways that there are.
    async fn watch(&mut self, chat: &str) {
        let way = self.dice.throw(0, 10);
        let watching = async {
            match way {
                // Looks elsewhere.
                0 => self.pause(500, 3_000).await,
                1 => {
                    self.pause(200, 1_500).await;
                    if let Some(page) = self.get(chat).await
                        && page.has(".stop")
                    {
                        self.post(&page.form(".stop")).await;
                        self.shared.count("stopped");
                    }
                }
                _ if self.browser.is_htmx() => self.follow(chat, way).await,
                _ => self.hold(chat, way).await,
            }
        };
        if timeout(REPLY, watching).await.is_err() {
            self.shared.count("gave up watching");
        }
    }

    /// How long a reader reads, and how slowly: some leave, some are slow.
    fn patience(&mut self, way: u64) -> (u64, Duration) {
        match way {
            2 => (self.dice.throw(1, 20), Duration::ZERO),
            3 => (u64::MAX, Duration::from_millis(self.dice.throw(100, 800))),
            _ => (u64::MAX, Duration::ZERO),
        }
    }

    /// Keeps a page open.
    async fn hold(&mut self, chat: &str, way: u64) {
        let (pieces, slowness) = self.patience(way);
        let path = format!("{chat}/live");
        let answer = self
            .browser
            .try_request(Method::GET, &path, "document", None);
        let Some(answer) = self.within("a page", answer).await else {
            return;
        };
        self.shared.count("pages held");
        let mut live = Live::new(&path, answer);
        for _ in 0..pieces {
            match live.try_next().await {
                Ok(Some(_)) => sleep(slowness).await,
                Ok(None) => return,
                Err(_) => return self.shared.count("broken connections"),
            }
        }
    }

    /// Follows the event stream, over as many connections as it takes.
    async fn follow(&mut self, chat: &str, way: u64) {
        let Some(page) = self.get(chat).await else {
            return;
        };
        let streams = page.attributes("[hx-sse\\:connect]", "hx-sse:connect");
        let Some(stream) = streams.first() else {
            return;
        };
        let path = stream.split('?').next().unwrap();
        let (pieces, slowness) = self.patience(way);
        let (mut last, mut next) = ("0".to_owned(), 0);
        while !self.shared.is_over() {
            let live = self.browser.try_events(path, Some(&last));
            let Some(mut live) = self.within("a stream", live).await else {
                self.pause(100, 500).await;
                continue;
            };
            self.check(live.status, path, "");
            self.shared.count("streams followed");
            let mut read = 0;
            for _ in 0..pieces {
                let more = live.try_next().await;
                let messages = live.seen[read..].rsplit_once("\n\n");
                if let Some((messages, _)) = messages {
                    let end = read + messages.len() + 2;
                    for message in live.seen[read..end].split("\n\n") {
                        if message.contains("event: done") {
                            return;
                        }
                        let id = message.lines().find_map(|line| line.strip_prefix("id: "));
                        last = id.unwrap_or(&last).to_owned();
                        next = in_order(message, next);
                    }
                    read = end;
                }
                match more {
                    Ok(Some(_)) => sleep(slowness).await,
                    _ => break,
                }
            }
            if pieces < u64::MAX {
                return;
            }
            self.pause(50, 300).await;
        }
    }

    async fn delete(&mut self) {
        let n = usize::try_from(self.dice.throw(0, self.chats.len() as u64)).unwrap();
        let chat = self.chats[n].clone();
        let Some(page) = self.get(&format!("{chat}/delete")).await else {
            return;
        };
        let deleted = match self.post(&page.form("form#title")).await {
            Some(answer) if answer.is_yes() => Deleted::Yes,
            _ => Deleted::Maybe,
        };
        self.shared.count("deleted");
        self.chats.remove(n);
        self.deleted.insert(chat, deleted);
    }
}

/// Which word comes after the finished ones that a message of a stream brings: none is left out, and
/// none comes twice.
fn in_order(message: &str, mut next: usize) -> usize {
    for partial in message.split("<hx-partial ").skip(1) {
        if !partial.split('>').next().unwrap().contains("-blocks\"") {
            continue;
        }
        let (_, html) = partial.split_once('>').unwrap();
        for word in html.split(|c: char| !c.is_ascii_alphanumeric()) {
            let Some((message, n)) = word.split_once('w') else {
                continue;
            };
            if message
                .strip_prefix('r')
                .is_some_and(|n| n.parse::<usize>().is_ok())
            {
                assert_eq!(n.parse(), Ok(next), "in {html}");
                next += 1;
            }
        }
    }
    next
}

// ---- What breaks

/// What a database has, of either kind.
macro_rules! stored {
    ($connection:expr) => {{
        let mut db = $connection.await.unwrap();
        let sql = "select id, chat_id, parent_id, role, state, body from messages";
        let rows = sqlx::query_as(sql).fetch_all(&mut db).await.unwrap();
        let count = "select count(*) from chats";
        let chats = sqlx::query_scalar(count).fetch_one(&mut db).await.unwrap();
        let count = "select count(*) from reply_parts";
        let parts = sqlx::query_scalar(count).fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        Stored { rows, chats, parts }
    }};
}

/// The servers, and what is between them and everybody.
struct Servers {
    processes: Vec<Process>,
    /// Where people find them.
    front: Front,
    /// The servers' ways to PostgreSQL.
    wires: Vec<Wire>,
    dice: Dice,
    shared: Arc<Shared>,
    // Goes after the processes that use it.
    schema: Option<Schema>,
    _model: ModelServer,
}

enum Front {
    Wire(Wire),
    Balancer(Balancer),
}

impl Place for Front {
    fn way(&self) -> Way {
        match self {
            Self::Wire(wire) => wire.way(),
            Self::Balancer(balancer) => balancer.way(),
        }
    }
}

impl Servers {
    async fn start(schema: Option<Schema>, shared: Arc<Shared>) -> Self {
        let model = ModelServer::start().await;
        let asked = Mutex::default();
        model.answers(move |request| answer(request, &asked));
        let base_url = model.base_url().to_string();
        let settings = [
            ("OPENAI_BASE_URL", &*base_url),
            ("OPENAI_MODEL", "test-model"),
            ("REPLIES_AT_ONCE", "10"),
            ("SILENCE_TIMEOUT", "5"),
            ("STOP_TIMEOUT", "2"),
            ("PAGE_TIME_LIMIT", "10"),
            ("TRUSTED_PROXIES", "127.0.0.1/32"),
        ];
        let (mut processes, mut wires) = (Vec::new(), Vec::new());
        let front = match &schema {
            None => {
                let process = Process::start(&settings).await;
                let wire = Wire::to(process.address).await;
                processes.push(process);
                Front::Wire(wire)
            }
            Some(schema) => {
                for _ in 0..3 {
                    let wire = Wire::to(schema.server()).await;
                    let url = schema.url_over(wire.address);
                    let own = [("DATABASE_URL", &*url)];
                    processes.push(Process::start(&[&own, &settings[..]].concat()).await);
                    wires.push(wire);
                }
                let addresses = processes.iter().map(|process| process.address);
                Front::Balancer(Balancer::before(addresses).await)
            }
        };
        Self {
            processes,
            front,
            wires,
            dice: Dice::new("soak"),
            shared,
            schema,
            _model: model,
        }
    }

    async fn break_something(&mut self) {
        let n = self.dice.throw(0, self.processes.len() as u64);
        let n = usize::try_from(n).unwrap();
        let while_down = Duration::from_millis(self.dice.throw(0, 3_000));
        match self.dice.throw(0, 4) {
            0 => {
                self.processes[n].kill();
                sleep(while_down).await;
                self.processes[n].restart().await;
                self.shared.count("kills");
            }
            1 => self.restart(n).await,
            _ => self.cut(n, while_down).await,
        }
    }

    /// Cuts people off, or a server from its database.
    async fn cut(&mut self, n: usize, how_long: Duration) {
        let how = self.dice.throw(0, 3);
        if let Front::Wire(wire) = &self.front {
            match how {
                0 => wire.cut(),
                1 => wire.reset(),
                _ => wire.cut_after(self.dice.throw(1, 5_000)),
            }
            return self.shared.count("network cuts");
        }
        match how {
            0 => self.wires[n].reset(),
            1 => self.wires[n].close(),
            _ => self.wires[n].fall_silent(),
        }
        sleep(how_long * 5).await;
        self.wires[n].heal();
        self.shared.count("database cuts");
    }

    async fn restart(&mut self, n: usize) {
        assert_eq!(self.processes[n].terminate().await, Some(0));
        self.processes[n].restart().await;
        self.shared.count("restarts");
    }

    /// The memory that each server has of its own, and all that it has, in KB.
    fn memory(&self) -> Vec<(f64, f64)> {
        let of = |process: &Process| {
            let status = format!("/proc/{}/status", process.id());
            let status = std::fs::read_to_string(status).unwrap();
            let value = |name: &str| -> f64 {
                let line = status.lines().find_map(|line| line.strip_prefix(name));
                let value = line.unwrap().trim_end_matches("kB").trim();
                value.parse().unwrap()
            };
            (value("RssAnon:"), value("VmRSS:"))
        };
        self.processes.iter().map(of).collect()
    }

    async fn stored(&self) -> Stored {
        let Some(schema) = &self.schema else {
            let file = self.processes[0].folder().join("damso.db");
            let file = SqliteConnectOptions::new().filename(file);
            return stored!(SqliteConnection::connect_with(&file));
        };
        let url = schema.url();
        stored!(PgConnection::connect(&url))
    }

    /// What is stored when nothing runs any more.
    async fn idle(&self) -> Stored {
        wait_until(async || {
            let stored = self.stored().await;
            let running = |row: &&Row| row.state == "queued" || row.state == "streaming";
            match stored.rows.iter().filter(running).count() {
                0 => Ok(stored),
                some => Err(format!("{some} replies never end")),
            }
        })
        .await
    }
}

/// A message as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
struct Row {
    id: Uuid,
    chat_id: Uuid,
    parent_id: Option<Uuid>,
    role: String,
    state: String,
    body: String,
}

struct Stored {
    rows: Vec<Row>,
    chats: i64,
    parts: i64,
}

// ---- The comparison

/// Compares what people know with what there is; how many messages and replies that are.
fn compare(people: &[Person], stored: &Stored) -> String {
    assert_eq!(stored.parts, 0);
    let mut messages: HashMap<&str, Vec<&Row>> = HashMap::new();
    let mut replies: HashMap<Uuid, Vec<&Row>> = HashMap::new();
    for row in &stored.rows {
        match row.parent_id.filter(|_| row.role == "assistant") {
            Some(parent) => replies.entry(parent).or_default().push(row),
            None => messages.entry(&row.body).or_default().push(row),
        }
    }
    let (mut acknowledged, mut unsure, mut deleted, mut whole, mut all) = (0, 0, 0, 0, 0);
    let mut there = 0;
    for person in people {
        for sent in &person.sent {
            let found = messages.get(&*sent.text).map_or(&[][..], Vec::as_slice);
            there += found.len();
            let gone = sent.chat.as_ref().and_then(|chat| person.deleted.get(chat));
            match (&sent.chat, gone) {
                (Some(chat), None) => {
                    acknowledged += 1;
                    assert_eq!(found.len(), 1, "{sent:?}: {found:?}");
                    assert_eq!(*chat, format!("/chats/{}", found[0].chat_id), "{sent:?}");
                }
                (Some(_), Some(Deleted::Yes)) => {
                    deleted += 1;
                    assert!(found.is_empty(), "{sent:?}: {found:?}");
                }
                (None, _) if sent.is_refused => assert!(found.is_empty(), "{sent:?}: {found:?}"),
                _ => {
                    unsure += 1;
                    assert!(found.len() <= 1, "{sent:?}: {found:?}");
                }
            }
            let Some(message) = found.first() else {
                continue;
            };
            let replies = replies.get(&message.id).map_or(&[][..], Vec::as_slice);
            let count = 1 + sent.tries..=1 + sent.tries + sent.maybe;
            assert!(count.contains(&replies.len()), "{sent:?}: {replies:?}");
            let text: String = words(sent.number, sent.words).concat();
            let mut most = 0;
            for reply in replies {
                assert!(text.starts_with(&reply.body), "{sent:?}: {reply:?}");
                assert_eq!(reply.chat_id, message.chat_id);
                match &*reply.state {
                    "complete" => assert_eq!(reply.body, text, "{sent:?}"),
                    state => assert!(
                        ["stopped", "interrupted", "failed"].contains(&state),
                        "{reply:?}"
                    ),
                }
                whole += usize::from(reply.state == "complete");
                all += 1;
                most = most.max(reply.body.split_whitespace().count());
            }
            assert!(most >= sent.seen, "{sent:?}: {replies:?}");
        }
    }
    let stored_messages = stored.rows.iter().filter(|row| row.role == "user").count();
    assert_eq!(there, stored_messages, "something was never sent");
    assert_eq!(all, stored.rows.len() - stored_messages);
    format!(
        "{acknowledged} messages acknowledged and there once, {deleted} deleted and gone, {unsure} \
         without an answer, {all} replies to them, {whole} of them whole, in {} chats",
        stored.chats
    )
}

/// What people see is what is stored.
async fn look(people: &[Person], stored: &Stored) -> usize {
    let mut bodies: HashMap<String, Vec<String>> = HashMap::new();
    for row in &stored.rows {
        let words: Vec<_> = row.body.split_whitespace().collect();
        let chat = format!("/chats/{}", row.chat_id);
        bodies.entry(chat).or_default().push(words.join(" "));
    }
    let mut looked = 0;
    for person in people {
        for chat in person.chats.iter().take(4) {
            let page = person.get(chat).await.expect("nothing is broken now");
            assert!(!page.has(".stop") && !page.has("[aria-busy]"), "{chat}");
            for text in page.texts(".message .text") {
                assert!(bodies[chat].contains(&text), "{text} in {chat}");
            }
            looked += 1;
        }
    }
    looked
}

/// The middle of some values.
fn middle(values: &[(f64, f64)], which: fn(&(f64, f64)) -> f64) -> f64 {
    let mut values: Vec<_> = values.iter().map(which).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn soak(schema: Option<Schema>) {
    let seconds = std::env::var("SOAK_SECONDS");
    let seconds = seconds.map_or(1_800, |seconds| {
        seconds.parse().expect("a number of seconds")
    });
    let time = Duration::from_secs(seconds);
    let shared = Arc::new(Shared {
        next: AtomicUsize::new(1),
        is_over: AtomicBool::new(false),
        counts: Mutex::default(),
    });
    let mut servers = Servers::start(schema, shared.clone()).await;
    let mut people = JoinSet::new();
    for number in 0..PEOPLE {
        let kind = [Browser::plain, Browser::htmx, Browser::text][number % 3];
        // Each from an address of their own, as a proxy tells it.
        let browser = kind(&servers.front)
            .with_header("x-forwarded-for", &format!("203.0.113.{number}"))
            .sign_up(&format!("person{number}"))
            .await;
        let person = Person {
            browser,
            dice: Dice::with_seed(servers.dice.throw(0, u64::MAX)),
            shared: shared.clone(),
            sent: Vec::new(),
            chats: Vec::new(),
            deleted: HashMap::new(),
        };
        people.spawn(person.live());
    }
    let begun = Instant::now();
    while begun.elapsed() < time * 3 / 5 {
        sleep(Duration::from_millis(servers.dice.throw(500, 8_000))).await;
        servers.break_something().await;
        assert_eq!(people.len(), PEOPLE);
        if let Some(ended) = people.try_join_next() {
            ended.unwrap();
        }
    }
    for n in 0..servers.processes.len() {
        servers.restart(n).await;
    }
    let broken = begun.elapsed();
    // Until everything has been used once.
    sleep((time - broken.min(time)) / 8).await;
    let mut samples = vec![Vec::new(); servers.processes.len()];
    while begun.elapsed() < time {
        sleep(Duration::from_millis(500)).await;
        for (samples, memory) in samples.iter_mut().zip(servers.memory()) {
            samples.push(memory);
        }
        if let Some(ended) = people.try_join_next() {
            ended.unwrap();
        }
    }
    shared.is_over.store(true, Ordering::SeqCst);
    let people = people.join_all().await;
    let stored = servers.idle().await;
    let looked = look(&people, &stored).await;
    for process in &mut servers.processes {
        assert_eq!(process.terminate().await, Some(0));
    }
    eprintln!(
        "soak: {seconds} s, {PEOPLE} people, {} servers",
        samples.len()
    );
    eprintln!("soak: {:?}", shared.counts.lock().unwrap());
    eprintln!("soak: {}", compare(&people, &stored));
    eprintln!("soak: {looked} pages show what is stored");
    for samples in samples {
        let third = samples.len() / 3;
        let (first, last) = (&samples[..third], &samples[samples.len() - third..]);
        let own = |samples: &[(f64, f64)]| middle(samples, |memory| memory.0);
        let all = |samples: &[(f64, f64)]| middle(samples, |memory| memory.1);
        let mb = |kb: f64| kb / 1_000.0;
        eprintln!(
            "soak: memory {:.1} MB at the beginning of the calm time and {:.1} MB at its end (with \
             what is mapped from files {:.1} and {:.1} MB)",
            mb(own(first)),
            mb(own(last)),
            mb(all(first)),
            mb(all(last)),
        );
        assert!(
            own(last) <= own(first) * MORE + AND_MORE,
            "the memory is not flat: {samples:?}"
        );
    }
}

#[tokio::test]
#[ignore = "takes half an hour; scripts/proofs runs it"]
async fn after_a_long_time_with_faults_nothing_is_lost_nothing_is_there_twice() {
    soak(None).await;
}

#[tokio::test]
#[ignore = "takes half an hour; scripts/proofs runs it"]
async fn after_a_long_time_three_instances_have_lost_nothing_either() {
    if let Some(schema) = Schema::new().await {
        soak(Some(schema)).await;
    }
}
