//! A model server that says what the test tells it to, as badly as the test likes.
//!
//! ```ignore
//! let server = ModelServer::start().await;
//! server.says("Hello there");                       // every reply from now on
//! server.answer(Answer::stream(["He", "llo"]));     // the next reply only; these queue up
//! let gate = Gate::new();
//! server.answer(Answer::gated(&gate, ["He", "llo"]));
//! gate.open(1);                                     // lets one token through
//! server.closed().await;                            // a client left before its answer's end
//! ```

use super::PATIENCE;
use http::HeaderMap;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Semaphore, watch},
    time::timeout,
};
use url::Url;

/// Holds a script back until the test opens it.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets as many steps through that wait at the gate, now or later.
    pub fn open(&self, steps: usize) {
        self.0.add_permits(steps);
    }

    /// Holds nothing back any more.
    pub fn open_all(&self) {
        self.open(1_000_000);
    }

    async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

/// One thing the server does while it answers.
#[derive(Clone, Debug)]
pub enum Step {
    /// Writes these bytes as they are.
    Raw(Vec<u8>),
    /// Writes these bytes as one chunk of a chunked body.
    Chunk(Vec<u8>),
    /// Waits that long.
    Wait(Duration),
    /// Waits until the test opens the gate by one.
    Gate(Gate),
    /// Says nothing more until the client leaves.
    Hang,
    /// Ends a chunked body properly; the connection stays usable.
    End,
    /// Closes the connection, whatever was promised.
    Cut,
}

/// What the server answers to one request.
#[derive(Clone, Debug, Default)]
pub struct Answer(pub Vec<Step>);

impl Answer {
    /// A good stream: these tokens, then the end.
    pub fn stream<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Self {
        tokens.into_iter().fold(Self::sse(), Self::token).finish()
    }

    /// A good stream whose tokens, and whose end, each wait for the gate.
    pub fn gated<'a>(gate: &Gate, tokens: impl IntoIterator<Item = &'a str>) -> Self {
        let gated = |answer: Self, token| answer.then(Step::Gate(gate.clone())).token(token);
        tokens
            .into_iter()
            .fold(Self::sse(), gated)
            .then(Step::Gate(gate.clone()))
            .finish()
    }

    /// The beginning of a stream: status and headers.
    pub fn sse() -> Self {
        Self::head(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        )
    }

    /// Status line and headers as they are; the empty line at their end included.
    pub fn head(head: &str) -> Self {
        Self(vec![Step::Raw(head.into())])
    }

    /// A whole answer of that status and type, after which the connection closes.
    pub fn status(status: u16, content_type: &str, body: &str) -> Self {
        Self::with_headers(status, &[("content-type", content_type)], body)
    }

    /// A whole answer with these headers, after which the connection closes.
    pub fn with_headers(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let mut head = format!(
            "HTTP/1.1 {status} Status\r\nconnection: close\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        Self::head(&(head + "\r\n" + body)).then(Step::Cut)
    }

    /// Adds a step.
    pub fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// Adds a chunk of bytes.
    pub fn chunk(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Chunk(bytes.into()))
    }

    /// Adds an event with this data, in a chunk of its own.
    pub fn event(self, data: &str) -> Self {
        self.chunk(format!("data: {data}\n\n"))
    }

    /// Adds an event with a token of text.
    pub fn token(self, text: &str) -> Self {
        self.event(&token(text))
    }

    /// Ends the reply and the stream.
    pub fn finish(self) -> Self {
        self.event(STOP).event("[DONE]").then(Step::End)
    }
}

/// The data of an event with a token of text.
pub fn token(text: &str) -> String {
    let choice = json!({ "index": 0, "delta": { "content": text }, "finish_reason": null });
    json!({ "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice] }).to_string()
}

/// The data of the event that ends a reply.
pub const STOP: &str = r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub headers: HeaderMap,
    /// The body's JSON; null if it has none.
    pub body: Value,
}

impl Request {
    /// The last thing that the person said.
    pub fn question(&self) -> &str {
        let turns = self.body["messages"].as_array().unwrap();
        let said = turns.iter().rev().find(|turn| turn["role"] == "user");
        said.unwrap()["content"].as_str().unwrap()
    }
}

/// The server. It lives as long as the test.
#[derive(Clone)]
pub struct ModelServer {
    base_url: Url,
    state: Arc<State>,
}

/// What every reply is, by its request.
type Rule = Arc<dyn Fn(&Request) -> Answer + Send + Sync>;

fn rule(answer: Answer) -> Rule {
    Arc::new(move |_| answer.clone())
}

struct State {
    list: Mutex<Answer>,
    queue: Mutex<VecDeque<Answer>>,
    always: Mutex<Rule>,
    requests: Mutex<Vec<Request>>,
    /// How many requests for a reply came.
    asked: watch::Sender<usize>,
    /// How many clients left before their answer's end.
    left: watch::Sender<usize>,
    /// How many connections were made.
    connections: watch::Sender<usize>,
}

impl ModelServer {
    /// Starts on a free port of loopback, with the one model `test-model`, which says "Hello!".
    pub async fn start() -> Self {
        install_tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let state = State {
            list: Mutex::default(),
            queue: Mutex::default(),
            always: Mutex::new(rule(Answer::stream(["Hello", "!"]))),
            requests: Mutex::default(),
            asked: watch::Sender::new(0),
            left: watch::Sender::new(0),
            connections: watch::Sender::new(0),
        };
        let server = Self {
            base_url,
            state: Arc::new(state),
        };
        server.has(&["test-model"]);
        let state = server.state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                state.connections.send_modify(|n| *n += 1);
                tokio::spawn(state.clone().serve(stream));
            }
        });
        server
    }

    /// Where the API begins.
    pub fn base_url(&self) -> Url {
        self.base_url.clone()
    }

    /// From now on it has these models.
    pub fn has(&self, models: &[&str]) {
        let data: Vec<Value> = models
            .iter()
            .map(|id| json!({ "id": id, "object": "model" }))
            .collect();
        let list = json!({ "object": "list", "data": data });
        self.lists(Answer::status(200, "application/json", &list.to_string()));
    }

    /// From now on it answers so when it is asked for its models.
    pub fn lists(&self, answer: Answer) {
        *lock(&self.state.list) = answer;
    }

    /// From now on every reply is this text, word by word.
    pub fn says(&self, text: &str) {
        self.always(Answer::stream(text.split_inclusive(' ')));
    }

    /// From now on every reply is this answer.
    pub fn always(&self, answer: Answer) {
        *lock(&self.state.always) = rule(answer);
    }

    /// From now on every reply is what this makes of its request.
    pub fn answers(&self, rule: impl Fn(&Request) -> Answer + Send + Sync + 'static) {
        *lock(&self.state.always) = Arc::new(rule);
    }

    /// The next reply is this answer, or the one after those that wait already.
    pub fn answer(&self, answer: Answer) {
        lock(&self.state.queue).push_back(answer);
    }

    /// The requests for replies so far.
    pub fn requests(&self) -> Vec<Request> {
        let requests = lock(&self.state.requests);
        requests
            .iter()
            .filter(|request| request.path.ends_with("/chat/completions"))
            .cloned()
            .collect()
    }

    /// All requests so far, those for its models too.
    pub fn all_requests(&self) -> Vec<Request> {
        lock(&self.state.requests).clone()
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        *self.state.connections.borrow()
    }

    /// Waits until that many replies were asked for since the start.
    pub async fn asked(&self, times: usize) {
        reached(&self.state.asked, times, "requests").await;
    }

    /// Waits until a client has left before its answer's end, since the start.
    pub async fn closed(&self) {
        self.closed_times(1).await;
    }

    /// Waits until that many clients have left before their answers' ends, since the start.
    pub async fn closed_times(&self, times: usize) {
        reached(&self.state.left, times, "clients that left").await;
    }
}

/// The process needs one TLS provider before its first HTTP client; the program's `main` does the same.
pub fn install_tls() {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

async fn reached(count: &watch::Sender<usize>, times: usize, what: &str) {
    let mut count = count.subscribe();
    let reached = count.wait_for(|n| *n >= times);
    let Ok(reached) = timeout(PATIENCE, reached).await else {
        panic!("not {times} {what}")
    };
    reached.unwrap();
}

impl State {
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let (mut read, mut write) = stream.into_split();
        let mut buffer = vec![];
        while let Some(request) = next_request(&mut read, &mut buffer).await {
            let reply = request.path.ends_with("/chat/completions");
            let answer = if reply {
                let next = lock(&self.queue).pop_front();
                let rule = lock(&self.always).clone();
                next.unwrap_or_else(|| rule(&request))
            } else {
                lock(&self.list).clone()
            };
            lock(&self.requests).push(request);
            if reply {
                self.asked.send_modify(|n| *n += 1);
            }
            let stays = tokio::select! {
                // A client that has left must be noticed even if the answer could go on.
                biased;
                () = gone(&mut read, &mut buffer) => {
                    self.left.send_modify(|n| *n += 1);
                    false
                }
                stays = play(&mut write, answer) => stays,
            };
            if !stays {
                return;
            }
        }
    }
}

/// Plays the answer; true if the connection can be used again.
async fn play(write: &mut OwnedWriteHalf, answer: Answer) -> bool {
    for step in answer.0 {
        let written = match step {
            Step::Raw(bytes) => write.write_all(&bytes).await,
            Step::Chunk(bytes) => {
                let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat();
                write.write_all(&chunk).await
            }
            Step::End => write.write_all(b"0\r\n\r\n").await,
            Step::Wait(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
            Step::Gate(gate) => {
                gate.pass().await;
                Ok(())
            }
            Step::Hang => std::future::pending().await,
            Step::Cut => return false,
        };
        if written.is_err() {
            // Whether this counts as left is decided by whoever reads.
            std::future::pending::<()>().await;
        }
    }
    true
}

/// Waits until the client has closed the connection.
async fn gone(read: &mut OwnedReadHalf, buffer: &mut Vec<u8>) {
    while read.read_buf(buffer).await.is_ok_and(|n| n > 0) {}
}

async fn next_request(read: &mut OwnedReadHalf, buffer: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some((request, length)) = parsed(buffer) {
            buffer.drain(..length);
            return Some(request);
        }
        if read.read_buf(buffer).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// The request at the buffer's beginning, if it is whole, and its length.
fn parsed(buffer: &[u8]) -> Option<(Request, usize)> {
    let head = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&buffer[..head]);
    let mut lines = text.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name: http::HeaderName = name.parse().unwrap();
        headers.append(name, value.trim().parse().unwrap());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |n| n.to_str().unwrap().parse().unwrap());
    let body = buffer.get(head + 4..head + 4 + length)?;
    let body = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(body).unwrap()
    };
    Some((
        Request {
            path,
            headers,
            body,
        },
        head + 4 + length,
    ))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
