//! Mixed use for a long time, with faults and restarts, and at the end a comparison of everything
//! that was acknowledged with everything that is stored.
//!
//! `SOAK_MINUTES` says how long, `SEED` repeats what chance did; `scripts/proofs` runs it.

use crate::{
    crash::{Question, Stored},
    support::{
        model::{Answer, ModelServer, Request, Step},
        postgres::Schema,
        process::Process,
        site::wait_until,
        wire::Wire,
        *,
    },
};
use http::{Method, StatusCode, header};
use std::{collections::HashSet, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

/// How many people use it.
const PEOPLE: u64 = 12;

/// How much more memory it may have at the end of its last life than at the beginning, in bytes:
/// what the allocator and the database's caches make of the same use.
const GROWTH: u64 = 24 * 1024 * 1024;

/// What the model says to a question: all of it, or one of the faults that models have.
fn answer(request: &Request) -> Answer {
    let question = Question::asked(request);
    let fault = question.number() % 12;
    let pace = Duration::from_millis(if fault == 4 { 100 } else { 10 });
    let all: Vec<String> = question.words().collect();
    let some = if fault < 4 { all.len() / 2 } else { all.len() };
    let answer = all[..some].iter().fold(Answer::sse(), |answer, word| {
        answer.then(Step::Wait(pace)).token(word)
    });
    match fault {
        0 => answer.then(Step::Cut),
        1 => Answer::status(500, "application/json", "{}"),
        2 => answer.then(Step::Hang),
        3 => answer.event("{\"nonsense\":").then(Step::Cut),
        _ => answer.finish(),
    }
}

/// A chat as its owner knows it.
struct Chat {
    path: String,
    /// The messages that the server has acknowledged.
    messages: Vec<Question>,
    /// The replies that were started in it.
    replies: Vec<String>,
}

/// What one person did, and was told.
struct Person {
    browser: Browser,
    dice: Dice,
    /// The number of the next question, and how far it is to the one after that.
    next: usize,
    chats: Vec<Chat>,
    /// Chats of which nobody can say whether they were deleted.
    unsure: Vec<Chat>,
    /// Messages in chats that were deleted, and those that were refused.
    gone: Vec<Question>,
    /// Those that were seen whole, by their messages' text.
    whole: HashSet<String>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    acts: usize,
    broken: usize,
    refused: usize,
}

impl Person {
    /// Does one thing after the other until it is time to end.
    async fn use_it(mut self, until: Instant) -> Self {
        while Instant::now() < until {
            self.counts.acts += 1;
            let done = match self.dice.throw(0, 12) {
                0..=2 => self.send(None).await,
                3..=5 => match self.any_chat() {
                    Some(chat) => self.send(Some(chat)).await,
                    None => Ok(()),
                },
                6 => self.post_to_reply("stop").await,
                7 => self.post_to_reply("retry").await,
                8 | 9 => self.look().await,
                10 => self.get("/chats").await.map(drop),
                _ => self.delete().await,
            };
            if done.is_err() {
                self.counts.broken += 1;
                sleep(Duration::from_millis(100)).await;
            }
        }
        self
    }

    fn any_chat(&mut self) -> Option<usize> {
        let chats = self.chats.len() as u64;
        // Most use is of what is new.
        let from = chats.saturating_sub(8);
        (chats > 0).then(|| self.dice.throw(from, chats) as usize)
    }

    /// One request; its status, where it leads, and its text. An error where the connection broke
    /// or the server could not answer just then.
    async fn ask(
        &self,
        method: Method,
        path: &str,
        form: Option<String>,
    ) -> Result<(StatusCode, String, String), String> {
        let answer = self.browser.try_request(method, path, "document", form);
        let answer = answer.await?;
        let (status, to) = (answer.status(), answer.headers().get(header::LOCATION));
        let to = to.map_or("", |to| to.to_str().unwrap()).to_owned();
        let mut live = Live::new(path, answer);
        while live.try_next().await?.is_some() {}
        match status {
            StatusCode::SERVICE_UNAVAILABLE => Err("not now".to_owned()),
            status => {
                let fine = status.is_success() || status.is_redirection();
                let refused = status == StatusCode::UNPROCESSABLE_ENTITY;
                assert!(fine || refused, "{path}: {status}: {}", live.seen);
                Ok((status, to, live.seen))
            }
        }
    }

    async fn get(&self, path: &str) -> Result<String, String> {
        self.ask(Method::GET, path, None)
            .await
            .map(|(_, _, page)| page)
    }

    /// Sends a message, to a chat or as the first of a new one; mostly watches the reply.
    async fn send(&mut self, chat: Option<usize>) -> Result<(), String> {
        let words = usize::try_from(self.dice.throw(1, 60)).unwrap();
        let question = Question::new(self.next, words);
        self.next += PEOPLE as usize;
        let path = chat.map_or("/chats".to_owned(), |chat| {
            format!("{}/messages", self.chats[chat].path)
        });
        let mut sent = Err(String::new());
        // As a person does who gets no answer: the same form again, some time.
        for _ in 0..100 {
            let form = Some(question.form());
            sent = self.ask(Method::POST, &path, form).await;
            if sent.is_ok() {
                break;
            }
            sleep(Duration::from_millis(200)).await;
        }
        let (status, to, _) = sent?;
        if status == StatusCode::UNPROCESSABLE_ENTITY {
            self.counts.refused += 1;
            self.gone.push(question);
            return Ok(());
        }
        let (path, reply) = to.split_once("/live").unwrap();
        let reply = reply.strip_prefix('/').map(str::to_owned);
        let chat = chat.unwrap_or_else(|| {
            self.chats.push(Chat {
                path: path.to_owned(),
                messages: Vec::new(),
                replies: Vec::new(),
            });
            self.chats.len() - 1
        });
        assert_eq!(self.chats[chat].path, path);
        self.chats[chat].messages.push(question.clone());
        let Some(reply) = reply else { return Ok(()) };
        self.chats[chat].replies.push(reply.clone());
        if self.dice.throw(0, 3) > 0 {
            self.watch(chat, &reply, &question).await?;
        }
        Ok(())
    }

    /// Watches a reply, in some way, to its end or not.
    async fn watch(&mut self, chat: usize, reply: &str, question: &Question) -> Result<(), String> {
        if self.dice.throw(0, 3) == 0 {
            let path = format!("{}/live/{reply}", self.chats[chat].path);
            let page = self.get(&path).await?;
            assert!(
                page.is_empty() || page.trim_end().ends_with("</html>"),
                "{page}"
            );
            return Ok(());
        }
        let path = format!("/replies/{reply}/events?after=0");
        let mut live = self.browser.try_events(&path, None).await?;
        let bytes = self.dice.throw(0, 40_000) as usize;
        while live.seen.len() < bytes {
            if live.try_next().await?.is_none() {
                break;
            }
        }
        if live.seen.contains("event: done") {
            let (_, _, article) = self
                .ask(Method::GET, &format!("/replies/{reply}"), None)
                .await?;
            assert!(!article.contains("aria-busy"), "{article}");
            let last = question.words().last().unwrap();
            if article.contains(last.trim()) && !article.contains("class=\"ending") {
                self.whole.insert(question.text());
            }
        }
        Ok(())
    }

    /// Stops a reply, or asks for another one.
    async fn post_to_reply(&mut self, what: &str) -> Result<(), String> {
        let Some(chat) = self.any_chat() else {
            return Ok(());
        };
        let Some(reply) = self.chats[chat].replies.last().cloned() else {
            return Ok(());
        };
        let path = format!("/replies/{reply}/{what}");
        let (_, to, _) = self.ask(Method::POST, &path, Some(String::new())).await?;
        if let Some((_, reply)) = to.split_once("/live/") {
            self.chats[chat].replies.push(reply.to_owned());
        }
        Ok(())
    }

    /// Everything that the person knows to be in a chat is on its page.
    async fn look(&mut self) -> Result<(), String> {
        let Some(chat) = self.any_chat() else {
            return Ok(());
        };
        let chat = &self.chats[chat];
        let page = self.get(&chat.path).await?;
        for question in &chat.messages {
            let text = format!("<div class=\"text\">{}</div>", question.text());
            assert_eq!(page.matches(&text).count(), 1, "{text}: {page}");
        }
        Ok(())
    }

    async fn delete(&mut self) -> Result<(), String> {
        // More is made than deleted.
        let Some(chat) = self.any_chat().filter(|chat| chat % 2 == 0) else {
            return Ok(());
        };
        let chat = self.chats.remove(chat);
        let path = format!("{}/delete", chat.path);
        match self
            .ask(Method::POST, &path, Some("sure=yes".to_owned()))
            .await
        {
            Ok(_) => self.gone.extend(chat.messages),
            Err(_) => self.unsure.push(chat),
        }
        Ok(())
    }

    /// Compares what was acknowledged with what is stored, and counts the messages.
    fn compare(&self, stored: &Stored) -> usize {
        for question in &self.gone {
            assert_eq!(stored.count(question), 0, "{question:?} is there again");
        }
        let mut messages = 0;
        for chat in &self.chats {
            for question in &chat.messages {
                let replies = stored.replies_to(question, &chat.path);
                assert!(!replies.is_empty(), "{question:?} has no reply");
                for (state, body) in replies {
                    let is_beginning = question.words_in(body).is_some();
                    assert!(is_beginning, "{question:?} is {body:?}");
                    let whole = *body == question.reply();
                    assert!(state != "complete" || whole, "{question:?} is {body:?}");
                }
                if self.whole.contains(&question.text()) {
                    let is_kept = replies.iter().any(|(state, _)| state == "complete");
                    assert!(is_kept, "{question:?} was whole");
                }
                messages += 1;
            }
        }
        for chat in &self.unsure {
            let all = chat.messages.iter().map(|question| stored.count(question));
            let all: HashSet<usize> = all.collect();
            assert!(
                all.is_empty() || all == [0].into() || all == [1].into(),
                "{all:?}"
            );
        }
        messages
    }
}

/// Uses it for so long with faults of the network all the time, and restarts for two thirds of it.
async fn soak(schema: Option<Schema>) {
    let minutes = std::env::var("SOAK_MINUTES");
    let minutes: f64 = minutes.map_or(30.0, |minutes| minutes.parse().expect("a number"));
    let time = Duration::from_secs_f64(minutes * 60.0);
    let mut dice = Dice::new("soak");
    let model = ModelServer::start().await;
    model.answers(answer);
    let base_url = model.base_url().to_string();
    let mut settings = vec![
        ("OPENAI_BASE_URL", &*base_url),
        ("OPENAI_MODEL", "test-model"),
        ("SILENCE_TIMEOUT", "4"),
        ("RUST_LOG", "warn"),
    ];
    let database = schema.as_ref().map(Schema::url);
    if let Some(url) = &database {
        settings.push(("DATABASE_URL", url));
    }
    let mut damso = Process::start(&settings).await;
    let wire = Wire::to(damso.address).await;
    let (begin, mut people) = (Instant::now(), JoinSet::new());
    let (restarts_until, end) = (begin + time * 2 / 3, begin + time);
    for n in 0..PEOPLE {
        let person = Person {
            browser: Browser::plain(&wire).sign_up(&format!("person{n}")).await,
            dice: Dice::with_seed(dice.throw(0, u64::MAX)),
            next: n as usize + 1,
            chats: Vec::new(),
            unsure: Vec::new(),
            gone: Vec::new(),
            whole: HashSet::new(),
            counts: Counts::default(),
        };
        people.spawn(person.use_it(end));
    }
    let (mut kills, mut stops, mut memory) = (0, 0, Vec::new());
    let mut ended = Vec::new();
    while Instant::now() < end {
        // What is wrong is told at once.
        while let Some(person) = people.try_join_next() {
            ended.push(person.unwrap());
        }
        sleep(Duration::from_millis(dice.throw(1_000, 6_000))).await;
        match dice.throw(0, 6) {
            0 => wire.cut(),
            1 => wire.reset(),
            2 => wire.cut_after(dice.throw(1, 5_000)),
            3 => {
                wire.fall_silent();
                sleep(Duration::from_millis(dice.throw(100, 1_000))).await;
                wire.heal();
            }
            _ if Instant::now() > restarts_until => {}
            4 => {
                damso.kill();
                kills += 1;
                assert!(!damso.log().contains("panicked"), "{}", damso.log());
                damso.restart().await;
            }
            _ => {
                assert_eq!(damso.terminate().await, Some(0), "{}", damso.log());
                stops += 1;
                assert!(!damso.log().contains("panicked"), "{}", damso.log());
                damso.restart().await;
            }
        }
        if Instant::now() > restarts_until {
            memory.push(damso.memory());
        }
    }
    ended.extend(people.join_all().await);
    wait_until(async || {
        let running = Stored::read(&damso, schema.as_ref()).await.running();
        match running {
            0 => Ok(()),
            some => Err(format!("{some} replies still run:\n{}", damso.log())),
        }
    })
    .await;
    let stored = Stored::read(&damso, schema.as_ref()).await;
    let messages: usize = ended.iter().map(|person| person.compare(&stored)).sum();
    let sum = |count: fn(&Counts) -> usize| -> usize {
        ended.iter().map(|person| count(&person.counts)).sum()
    };
    let mib = |bytes: u64| bytes / 1024 / 1024;
    eprintln!(
        "soak: {minutes} minutes, {} acts, {} of them broken off, {} refused; {kills} kills, {stops} stops; \
         {messages} messages acknowledged and stored",
        sum(|counts| counts.acts),
        sum(|counts| counts.broken),
        sum(|counts| counts.refused),
    );
    assert!(messages > 0, "nothing happened");
    // What was never acknowledged may be there, but not twice either.
    assert!(stored.count_all() >= messages);
    assert!(!damso.log().contains("panicked"), "{}", damso.log());
    // The beginning of its last life is not yet how it is when it is in use.
    let quarter = memory.len() / 4;
    let typical = |samples: &[u64]| {
        let mut samples = samples.to_vec();
        samples.sort();
        samples[samples.len() / 2]
    };
    if quarter > 2 {
        let (first, last) = (
            typical(&memory[quarter..2 * quarter]),
            typical(&memory[3 * quarter..]),
        );
        eprintln!("soak: memory went from {} to {} MiB", mib(first), mib(last));
        assert!(last <= first + first / 4 + GROWTH, "{memory:?}");
    }
}

#[tokio::test]
#[ignore = "takes half an hour: scripts/proofs runs it"]
async fn what_was_acknowledged_is_what_is_stored() {
    soak(None).await;
}

#[tokio::test]
#[ignore = "takes half an hour: scripts/proofs runs it"]
async fn what_was_acknowledged_is_what_is_stored_with_postgresql() {
    if let Some(schema) = Schema::new().await {
        soak(Some(schema)).await;
    }
}
