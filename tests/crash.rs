//! The program is killed while it works, again and again: nothing that was promised may be lost.
//!
//! `CRASH_ROUNDS` says how often, `SEED` repeats what chance did; `scripts/proofs` does more rounds.

use crate::support::{
    model::{Answer, ModelServer, Request, Step},
    postgres::Schema,
    process::Process,
    site::wait_until,
    *,
};
use axum::body::to_bytes;
use http::{Method, StatusCode, header};
use sqlx::{Connection, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet, time::Instant};
use uuid::Uuid;

/// How many replies run when the program is killed, and whose they are.
const RUNNING: usize = 50;
const PEOPLE: usize = 5;

/// Their words come that often, and more of them than a round has time for.
const PACE: u64 = 25;
const WORDS: usize = 800;

/// What a crash may cost of a reply: a journal's interval, the time that the commit takes, and the
/// time until its text is on the page of whoever watches.
const INTERVAL: Duration = Duration::from_millis(400);

/// More than that may be lost once, when the disk or the computer is busy, but not as a rule.
const ALLOWANCE: Duration = Duration::from_millis(1_000);

/// A message, and the reply that the model has for it.
#[derive(Clone, Debug)]
pub struct Question {
    number: usize,
    words: usize,
    /// What makes the same form sent twice one message.
    token: Uuid,
}

impl Question {
    pub fn new(number: usize, words: usize) -> Self {
        let token = Uuid::now_v7();
        Self {
            number,
            words,
            token,
        }
    }

    /// What the model is asked.
    pub fn asked(request: &Request) -> Self {
        let text = request.question();
        let numbers = text.split(|c: char| !c.is_ascii_digit());
        let numbers: Vec<usize> = numbers.filter_map(|number| number.parse().ok()).collect();
        let [number, words] = numbers[..] else {
            panic!("{text:?} is not ours")
        };
        Self::new(number, words)
    }

    pub fn text(&self) -> String {
        format!("Question {}: {} words", self.number, self.words)
    }

    pub fn words(&self) -> impl Iterator<Item = String> {
        let number = self.number;
        (1..=self.words).map(move |n| {
            let end = if n % 12 == 0 { "\n\n" } else { " " };
            format!("{}{n}{end}", mark(number))
        })
    }

    /// The whole reply.
    pub fn reply(&self) -> String {
        self.words().collect()
    }

    /// How many words of the reply this text is, if it is the beginning of it.
    pub fn words_in(&self, text: &str) -> Option<usize> {
        let whole = self.reply();
        whole
            .starts_with(text)
            .then(|| text.split_whitespace().count())
    }

    /// The form for it.
    pub fn form(&self) -> String {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("content", &self.text());
        form.append_pair("token", &self.token.to_string());
        form.finish()
    }
}

/// What each word of a reply begins with.
fn mark(number: usize) -> String {
    format!("r{number}w")
}

/// What the model says to a question, a word each time this many milliseconds have passed.
fn answer(request: &Request, pace: u64) -> Answer {
    let token = |answer: Answer, word: String| match pace {
        0 => answer.token(&word),
        _ => answer
            .then(Step::Wait(Duration::from_millis(pace)))
            .token(&word),
    };
    let question = Question::asked(request);
    question.words().fold(Answer::sse(), token).finish()
}

/// A message that was sent, and what its sender saw before the crash.
struct Sent {
    question: Question,
    person: usize,
    /// The path it was sent to.
    path: String,
    /// The chat it is in, if the server said that it has it.
    chat: Option<String>,
    /// How many words of the reply were there, and when.
    shown: Vec<(Instant, usize)>,
    /// The reply was seen to its end.
    is_whole: bool,
}

impl Sent {
    fn new(person: usize, path: &str, question: Question) -> Self {
        Self {
            question,
            person,
            path: path.to_owned(),
            chat: None,
            shown: Vec::new(),
            is_whole: false,
        }
    }

    /// Sends the form, and gives the reply's key if the server says that it makes one.
    async fn send(&mut self, browser: &Browser) -> Result<Option<String>, String> {
        let form = Some(self.question.form());
        let answer = browser.try_request(Method::POST, &self.path, "document", form);
        let answer = answer.await?;
        let (head, body) = answer.into_parts();
        if head.status != StatusCode::SEE_OTHER {
            let page = to_bytes(body, usize::MAX).await;
            panic!("{}: {} {page:?}", self.question.text(), head.status);
        }
        let to = head.headers[header::LOCATION].to_str().unwrap();
        let (chat, reply) = to.split_once("/live").unwrap();
        self.chat = Some(chat.to_owned());
        Ok(reply.strip_prefix('/').map(str::to_owned))
    }

    /// Sends it and watches the reply until its end, or the server's.
    async fn send_and_watch(
        &mut self,
        browser: &Browser,
        begun: &watch::Sender<usize>,
    ) -> Result<(), String> {
        let reply = self.send(browser).await?.expect("it is new");
        let events = format!("/replies/{reply}/events?after=0");
        let mut live = browser.try_events(&events, None).await?;
        let mark = mark(self.question.number);
        loop {
            let more = live.try_next().await;
            self.is_whole = live.seen.contains("event: done");
            let Some(piece) = more? else { break };
            let Some((_, from)) = piece.rsplit_once(&mark) else {
                continue;
            };
            let digits = from.split(|c: char| !c.is_ascii_digit()).next();
            let words = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
            let before = self.shown.last().map_or(0, |(_, words)| *words);
            if words > before {
                if before == 0 {
                    begun.send_modify(|begun| *begun += 1);
                }
                self.shown.push((Instant::now(), words));
            }
        }
        Ok(())
    }

    /// For how long words had been shown that are not among this many.
    fn lost(&self, kept: usize, killed: Instant) -> Duration {
        let first = self.shown.iter().find(|(_, words)| *words > kept);
        first.map_or(Duration::ZERO, |(shown, _)| {
            killed.saturating_duration_since(*shown)
        })
    }
}

/// What a database has, of either kind.
macro_rules! stored {
    ($connection:expr) => {{
        let mut db = $connection.await.unwrap();
        let mut stored = Stored::default();
        let messages = "select body, id, chat_id from messages where role = 'user'";
        let messages = sqlx::query_as(messages).fetch_all(&mut db).await.unwrap();
        for (body, id, chat) in messages {
            stored.message(body, id, chat);
        }
        let replies = "select parent_id, state, body from messages where role = 'assistant'";
        let replies = sqlx::query_as(replies).fetch_all(&mut db).await.unwrap();
        for (parent, state, body) in replies {
            stored.reply_to(parent, state, body);
        }
        db.close().await.unwrap();
        stored
    }};
}
/// Everything about the people and the messages so far.
struct World {
    damso: Process,
    _model: ModelServer,
    pace: Arc<AtomicU64>,
    people: Vec<Browser>,
    sent: Vec<Sent>,
    dice: Dice,
    questions: usize,
    /// The database, if it is not the SQLite file of the process. Goes after it.
    schema: Option<Schema>,
}

impl World {
    async fn new(schema: Option<Schema>) -> Self {
        let model = ModelServer::start().await;
        let pace = Arc::new(AtomicU64::new(PACE));
        let now = pace.clone();
        model.answers(move |request| answer(request, now.load(Ordering::SeqCst)));
        let base_url = model.base_url().to_string();
        let mut settings = vec![
            ("OPENAI_BASE_URL", &*base_url),
            ("OPENAI_MODEL", "test-model"),
            ("REPLIES_PER_PERSON", "1000"),
        ];
        let database = schema.as_ref().map(Schema::url);
        if let Some(url) = &database {
            settings.push(("DATABASE_URL", url));
        }
        let damso = Process::start(&settings).await;
        let mut people = Vec::new();
        for n in 0..PEOPLE {
            let browser = Browser::plain(&damso);
            people.push(browser.sign_up(&format!("person{n}")).await);
        }
        Self {
            damso,
            _model: model,
            pace,
            people,
            sent: Vec::new(),
            dice: Dice::new("crash test"),
            questions: 0,
            schema,
        }
    }

    fn question(&mut self, words: usize) -> Question {
        self.questions += 1;
        Question::new(self.questions, words)
    }

    /// Lets fifty replies run while people go on to send, kills the server at some moment, and
    /// starts it again. What was sent is returned, and when it was killed.
    async fn crash(&mut self) -> (Vec<Sent>, Instant) {
        self.pace.store(PACE, Ordering::SeqCst);
        let begun = watch::Sender::new(0);
        let mut tasks: JoinSet<Vec<Sent>> = JoinSet::new();
        for n in 0..RUNNING {
            let (browser, begun) = (self.people[n % PEOPLE].clone(), begun.clone());
            let mut sent = Sent::new(n % PEOPLE, "/chats", self.question(WORDS));
            tasks.spawn(async move {
                sent.send_and_watch(&browser, &begun).await.ok();
                vec![sent]
            });
        }
        // In some rounds not all of them have begun.
        if self.dice.throw(0, 4) > 0 {
            let mut begun = begun.subscribe();
            let all = begun.wait_for(|begun| *begun == RUNNING);
            tokio::time::timeout(PATIENCE, all)
                .await
                .expect("fifty replies run")
                .unwrap();
        }
        for person in 0..PEOPLE {
            let browser = self.people[person].clone();
            let questions: Vec<_> = (0..40)
                .map(|_| {
                    let words = self.dice.throw(1, 15);
                    self.question(usize::try_from(words).unwrap())
                })
                .collect();
            tasks.spawn(async move {
                // Whole replies, each chat with several of them, for as long as the server lives.
                let (mut all, mut path) = (Vec::new(), "/chats".to_owned());
                for (n, question) in questions.into_iter().enumerate() {
                    let mut sent = Sent::new(person, &path, question);
                    let result = sent.send_and_watch(&browser, &watch::Sender::new(0)).await;
                    path = match &sent.chat {
                        Some(chat) if n % 3 != 2 => format!("{chat}/messages"),
                        _ => "/chats".to_owned(),
                    };
                    all.push(sent);
                    if result.is_err() {
                        break;
                    }
                }
                all
            });
        }
        tokio::time::sleep(Duration::from_millis(self.dice.throw(0, 2_500))).await;
        // What is on its way at that very moment.
        for n in 0..PEOPLE * 2 {
            let browser = self.people[n % PEOPLE].clone();
            let mut sent = Sent::new(n % PEOPLE, "/chats", self.question(5));
            tasks.spawn(async move {
                let begun = watch::Sender::new(0);
                sent.send_and_watch(&browser, &begun).await.ok();
                vec![sent]
            });
        }
        tokio::time::sleep(Duration::from_millis(self.dice.throw(0, 40))).await;
        let killed = Instant::now();
        self.damso.kill();
        self.pace.store(0, Ordering::SeqCst);
        let sent = tasks.join_all().await.into_iter().flatten().collect();
        self.damso.restart().await;
        (sent, killed)
    }

    /// Waits until no reply is being written, and gives what the database has then.
    async fn idle(&self) -> Stored {
        wait_until(async || {
            let stored = Stored::read(&self.damso, self.schema.as_ref()).await;
            match stored.running() {
                0 => Ok(stored),
                some => Err(format!("{some} replies still run:\n{}", self.damso.log())),
            }
        })
        .await
    }

    /// Sends again what the server did not say to have, as a browser does that is asked to.
    async fn send_again(&mut self, sent: &mut [Sent]) {
        for sent in sent.iter_mut().filter(|sent| sent.chat.is_none()) {
            let browser = &self.people[sent.person];
            sent.send(browser).await.unwrap();
        }
    }

    /// Looks at a chat as its owner does.
    async fn look(&self, sent: &Sent, kept: &str) {
        let page = self.people[sent.person]
            .get(sent.chat.as_deref().unwrap())
            .await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.has("[aria-busy]") && !page.has("[hx-sse\\:connect]"));
        let texts = page.texts(".message .text").join("\n");
        let shown: Vec<_> = kept.split_whitespace().collect();
        let expected = format!("{}\n{}", sent.question.text(), shown.join(" "));
        assert_eq!(texts.trim(), expected.trim());
        assert!(page.has(".ending form"), "{}", page.html);
    }
}

/// What the database has.
#[derive(Default)]
pub struct Stored {
    /// People's messages: their keys and chats, by their text.
    messages: HashMap<String, Vec<(Uuid, Uuid)>>,
    /// The states and texts of replies, by the message they are to.
    replies: HashMap<Uuid, Vec<(String, String)>>,
}

impl Stored {
    /// What is there now: in the schema, or else in the SQLite file of the process.
    pub async fn read(damso: &Process, schema: Option<&Schema>) -> Self {
        match schema.map(Schema::url) {
            Some(url) => stored!(PgConnection::connect(&url)),
            None => {
                let file = damso.folder().join("damso.db");
                let file = SqliteConnectOptions::new().filename(file);
                stored!(SqliteConnection::connect_with(&file))
            }
        }
    }

    fn message(&mut self, body: String, id: Uuid, chat: Uuid) {
        self.messages.entry(body).or_default().push((id, chat));
    }

    fn reply_to(&mut self, message: Uuid, state: String, body: String) {
        let replies = self.replies.entry(message).or_default();
        replies.push((state, body));
    }

    /// How many messages there are; none of them twice.
    pub fn count_all(&self) -> usize {
        let twice = self.messages.iter().find(|(_, copies)| copies.len() > 1);
        assert_eq!(twice, None);
        self.messages.len()
    }

    /// How many replies are being written, or wait for it.
    pub fn running(&self) -> usize {
        let replies = self.replies.values().flatten();
        let running = replies.filter(|(state, _)| state == "queued" || state == "streaming");
        running.count()
    }

    /// The replies to a message that must be there once, in this chat.
    pub fn replies_to(&self, question: &Question, path: &str) -> &[(String, String)] {
        let found = self.messages.get(&question.text());
        let Some([(id, chat)]) = found.map(Vec::as_slice) else {
            panic!("not once: {question:?} is {found:?}");
        };
        assert_eq!(format!("/chats/{chat}"), path);
        assert_eq!(*id, question.token);
        self.replies.get(id).map_or(&[], Vec::as_slice)
    }

    /// The reply to a message that must be there once, in its chat, with one reply.
    fn reply(&self, sent: &Sent) -> (&str, &str) {
        let path = sent.chat.as_deref().unwrap();
        let replies = self.replies_to(&sent.question, path);
        let [(state, body)] = replies else {
            panic!("not one reply: {:?}: {replies:?}", sent.question);
        };
        (state, body)
    }
}

/// The longest time, of late, in which no page showed anything new: the computer was busy with
/// other things.
fn stall(sent: &[Sent], killed: Instant) -> Duration {
    let shown = sent.iter().flat_map(|sent| &sent.shown);
    let times = shown.map(|(time, _)| *time).filter(|time| *time < killed);
    let mut times: Vec<_> = times.chain([killed]).collect();
    times.sort();
    let late = times
        .windows(2)
        .filter(|pair| pair[1] + Duration::from_secs(2) > killed);
    let gaps = late.map(|pair| pair[1] - pair[0]);
    gaps.max().unwrap_or_default()
}

#[tokio::test]
async fn killed_at_any_moment_it_loses_nothing_that_was_promised() {
    crashes(None, 10).await;
}

#[tokio::test]
async fn killed_at_any_moment_it_loses_nothing_with_postgresql_either() {
    if let Some(schema) = Schema::new().await {
        // What ran is known to be over only when nobody has said otherwise for a while.
        crashes(Some(schema), 3).await;
    }
}

/// So many crashes, unless the environment says another number, and what comes of them.
async fn crashes(schema: Option<Schema>, rounds: usize) {
    let asked = std::env::var("CRASH_ROUNDS");
    let rounds = asked.map_or(rounds, |rounds| rounds.parse().expect("a number of rounds"));
    let mut world = World::new(schema).await;
    let (mut losses, mut stalls) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let (mut sent, killed) = world.crash().await;
        let stall = stall(&sent, killed);
        stalls.push(stall);
        let stored = world.idle().await;
        let (mut worst, mut whole) = (Duration::ZERO, 0);
        for sent in sent.iter().filter(|sent| sent.chat.is_some()) {
            let (state, body) = stored.reply(sent);
            let question = &sent.question;
            let Some(kept) = sent.question.words_in(body) else {
                panic!("{question:?} is not what the model said: {body:?}");
            };
            match state {
                "complete" => assert_eq!(body, sent.question.reply()),
                "interrupted" => assert!(!sent.is_whole, "{question:?} was whole"),
                state => panic!("{question:?} is {state}"),
            }
            whole += usize::from(sent.is_whole);
            let lost = sent.lost(kept, killed);
            assert!(
                lost <= INTERVAL + ALLOWANCE + stall,
                "lost {lost:?} with a stall of {stall:?}: {kept} words of {question:?}"
            );
            worst = worst.max(lost);
            if sent.question.words == WORDS && !sent.shown.is_empty() {
                losses.push(lost);
            }
            if sent.question.words == WORDS && state == "interrupted" {
                world.look(sent, body).await;
            }
        }
        let unsure = sent.iter().filter(|sent| sent.chat.is_none()).count();
        eprintln!(
            "round {round}: {} sent, {unsure} of them unacknowledged, {whole} seen whole, \
             at most {worst:?} lost, stalled for {stall:?}",
            sent.len()
        );
        world.send_again(&mut sent).await;
        world.sent.extend(sent);
        // Also what was sent in earlier rounds, and what was sent twice.
        let stored = world.idle().await;
        for sent in &world.sent {
            stored.reply(sent);
        }
        assert_eq!(stored.count_all(), world.sent.len());
    }
    losses.sort();
    stalls.sort();
    let (middle, last) = (losses[losses.len() / 2], losses[losses.len() - 1]);
    let stall = stalls[stalls.len() / 2];
    eprintln!("a reply lost {middle:?} in the middle, {last:?} at most; a stall was {stall:?}");
    assert!(
        middle <= INTERVAL + stall,
        "a crash usually costs {middle:?}"
    );
    assert_eq!(world.damso.terminate().await, Some(0));
}
