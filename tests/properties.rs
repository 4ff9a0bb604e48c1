//! The life of replies, by chance: whatever two people do in whatever order, in several tabs, while
//! the model talks, fails or falls silent and the server is restarted or killed, what was promised
//! holds.
//!
//! After each step everything in the database is compared with what it was before, with what people
//! were answered, and with what the model said. `PROPERTY_ROUNDS` says how many rounds there are,
//! `SEED` repeats those of a failure.

use crate::support::{
    model::{Answer, Gate, Request, STOP, Step},
    *,
};
use damso::with_pool;
use futures_util::future::join_all;
use http::{Method, StatusCode, header};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

/// How much is done in a round.
const STEPS: usize = 150;

/// How many replies each server makes at once, and how many each person may have running, and
/// waiting.
const AT_ONCE: usize = 3;
const RUNNING: usize = 2;
const WAITING: usize = 3;

// ---- What the model says

/// How the model's answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    TooLong,
    Cut,
    ModelError,
    /// Nothing is said at all.
    Refused,
}

/// What the model says to one request: each word is said once in the whole test.
struct Said {
    /// The number of the message it answers.
    message: usize,
    /// The text that it was to carry on.
    carried_on: String,
    words: Vec<String>,
    thoughts: Vec<String>,
    end: End,
    gate: Gate,
}

/// All that the model says.
struct Script {
    seed: u64,
    said: Vec<Said>,
    /// Nothing is held back any more.
    is_open: bool,
}

/// What each word of an answer begins with, or each thought.
fn mark(answer: usize, kind: char) -> String {
    format!("r{answer}{kind}")
}

impl Script {
    fn answer(&mut self, request: &Request) -> Answer {
        let turns = request.body["messages"].as_array().unwrap();
        let text = |n: usize| turns[n]["content"].as_str().unwrap();
        let last = turns.len() - 1;
        // A reply that is carried on is there, and a request to do so.
        let (message, carried_on) = match number(text(last)) {
            Some(message) => (message, String::new()),
            None => (number(text(last - 2)).unwrap(), text(last - 1).to_owned()),
        };
        let before = self.said.iter().filter(|said| said.message == message);
        let mut dice = Dice::with_seed(self.seed ^ ((message as u64) << 8 | before.count() as u64));
        let end = match dice.throw(0, 10) {
            0..5 => End::Whole,
            5..7 => End::TooLong,
            7 => End::Cut,
            8 => End::ModelError,
            _ => End::Refused,
        };
        let n = self.said.len();
        let mut words = |kind, most| -> Vec<String> {
            let pause = |i| if i % 4 == 3 { "\n\n" } else { " " };
            let all = 0..dice.throw(1, most);
            all.map(|i| format!("{}{i}{}", mark(n, kind), pause(i)))
                .collect()
        };
        let (words, mut thoughts) = (words('w', 9), words('t', 4));
        if !n.is_multiple_of(3) || end == End::Refused {
            thoughts.clear();
        }
        let said = Said {
            message,
            carried_on,
            words: if end == End::Refused { vec![] } else { words },
            thoughts,
            end,
            gate: Gate::new(),
        };
        if self.is_open {
            said.gate.open_all();
        }
        let answer = said.answer();
        self.said.push(said);
        answer
    }
}

impl Said {
    fn answer(&self) -> Answer {
        let gate = || Step::Gate(self.gate.clone());
        if self.end == End::Refused {
            let refusal = Answer::status(422, "text/plain", "no");
            return Answer([vec![gate()], refusal.0].concat());
        }
        let thought = |answer: Answer, thought: &String| {
            let thought = thought.replace('\n', "\\n");
            let event = STOP.replace(
                r#""delta":{},"finish_reason":"stop""#,
                &format!(r#""delta":{{"reasoning_content":"{thought}"}},"finish_reason":null"#),
            );
            answer.then(gate()).event(&event)
        };
        let answer = self.thoughts.iter().fold(Answer::sse(), thought);
        let word = |answer: Answer, word: &String| answer.then(gate()).token(word);
        let answer = self.words.iter().fold(answer, word).then(gate());
        match self.end {
            End::Cut => answer.then(Step::Cut),
            End::ModelError => answer
                .event(r#"{"error":{"message":"no"}}"#)
                .then(Step::End),
            End::TooLong => answer
                .event(&STOP.replace("\"stop\"", "\"length\""))
                .event("[DONE]")
                .then(Step::End),
            _ => answer.finish(),
        }
    }
}

/// The number of a message of ours; of the last one where several were never answered and so are sent
/// as one turn.
fn number(text: &str) -> Option<usize> {
    let (_, last) = text.rsplit_once("\n\n").unwrap_or(("", text));
    last.strip_prefix("Message ")?.parse().ok()
}

// ---- What the database has

/// A message, and what there is about it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
struct Row {
    id: Uuid,
    chat_id: Uuid,
    parent_id: Option<Uuid>,
    owner: String,
    leaf: Option<Uuid>,
    role: String,
    state: String,
    problem: Option<String>,
    body: String,
    reasoning: String,
    attempt: i64,
    ended_at: Option<i64>,
    is_deleted: bool,
    /// What the journal has.
    parts: i64,
    written: String,
    thought: String,
}

impl Row {
    fn is_running(&self) -> bool {
        matches!(&*self.state, "queued" | "streaming")
    }

    fn is_reply(&self) -> bool {
        self.role == "assistant"
    }

    /// Everything that is kept of the reply.
    fn text(&self) -> String {
        format!("{}{}", self.body, self.written)
    }

    fn thoughts(&self) -> String {
        format!("{}{}", self.reasoning, self.thought)
    }
}

type Rows = BTreeMap<Uuid, Row>;

async fn rows(app: &TestApp) -> Rows {
    let sql = "select m.id, m.chat_id, m.parent_id, u.name as owner, c.leaf, m.role, m.state,
                   m.problem, m.body, m.reasoning, m.attempt, m.ended_at,
                   m.deleted_at is not null as is_deleted,
                   (select count(*) from reply_parts p where p.message_id = m.id) as parts,
                   coalesce((select string_agg(p.text, '' order by p.seq) from reply_parts p
                       where p.message_id = m.id and p.kind = 'body'), '') as written,
                   coalesce((select string_agg(p.text, '' order by p.seq) from reply_parts p
                       where p.message_id = m.id and p.kind = 'reasoning'), '') as thought
               from messages m join chats c on c.id = m.chat_id join users u on u.id = c.user_id";
    let rows: Vec<Row> =
        with_pool!(app.db().read, db => sqlx::query_as(sql).fetch_all(db).await.unwrap());
    rows.into_iter().map(|row| (row.id, row)).collect()
}

async fn chats(app: &TestApp) -> BTreeSet<Uuid> {
    let sql = "select id from chats";
    let ids: Vec<Uuid> =
        with_pool!(app.db().read, db => sqlx::query_scalar(sql).fetch_all(db).await.unwrap());
    ids.into_iter().collect()
}

// ---- What people do

/// What a form is for.
#[derive(Clone, Debug)]
enum What {
    /// This message, in this chat or a new one.
    Send(usize, Option<Uuid>),
    Stop(Uuid),
    Retry(Uuid),
    Continue(Uuid),
    Delete(Uuid),
    Rename(Uuid),
    /// A message with all below it, and bringing those back.
    Remove(Uuid),
    Restore(Uuid),
}

/// A form that somebody sends.
#[derive(Clone)]
struct Act {
    tab: usize,
    what: What,
    form: Form,
}

impl Act {
    /// The form that a page has when this reply has ended.
    fn carry_on(&self, reply: Uuid) -> Self {
        let mut form = self.form.clone();
        form.action = format!("/replies/{reply}/continue");
        form.hx = form.hx.map(|_| form.action.clone());
        form.in_frame = false;
        Self {
            tab: self.tab,
            what: What::Continue(reply),
            form,
        }
    }
}

/// What a form was answered.
struct Answered {
    status: StatusCode,
    /// Where it leads.
    to: String,
    /// htmx is told to load the page anew.
    reloads: bool,
}

/// A browser of a person, and pages that are open in it, some of them not up to date.
struct Tab {
    browser: Browser,
    pages: Vec<Page>,
}

/// Somebody who follows a reply.
struct Watch {
    reply: Uuid,
    /// How many crashes there were before.
    crashes: usize,
    is_stream: bool,
    seen: JoinHandle<String>,
}

/// Everything that is known about people, chats and replies.
struct World {
    /// The servers: one with SQLite, two with PostgreSQL.
    apps: Vec<TestApp>,
    dice: Dice,
    script: Arc<Mutex<Script>>,
    tabs: Vec<Tab>,
    ben: Browser,
    bens: Rows,
    /// What was done, for whoever must understand a failure.
    done: Vec<String>,
    messages: usize,
    /// The chats in which each message was acknowledged.
    taken: BTreeMap<usize, BTreeSet<Uuid>>,
    deleted: HashSet<Uuid>,
    /// The chats of all messages that ever were.
    homes: HashMap<Uuid, Uuid>,
    /// How many more replies to a message people were promised, by the message.
    tries: HashMap<Uuid, usize>,
    /// How often replies were put into the line again, in all, and in the last step.
    queued_again: HashMap<Uuid, i64>,
    just_queued: HashMap<Uuid, i64>,
    /// Replies that somebody has tried to stop, or deleted.
    stopped: HashSet<Uuid>,
    /// The chats in which messages were deleted.
    pruned: HashSet<Uuid>,
    /// A server has ended in the last step.
    has_ended: bool,
    rows: Rows,
    /// Which reply has the words of each of the model's answers.
    used: HashMap<usize, Uuid>,
    watches: Vec<Watch>,
    crashes: usize,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what was done:\n{}", self.done.join("\n"));
        }
    }
}

fn limits(config: &mut damso::config::Config) {
    config.replies_at_once = AT_ONCE;
    config.replies_per_person = RUNNING;
    config.waiting_per_person = WAITING;
}

impl World {
    async fn new(mut dice: Dice) -> Self {
        let first = TestApp::with(limits).await;
        let ann = Browser::plain(&first).sign_up("ann").await;
        let mut tabs = vec![ann];
        for kind in [Browser::htmx, Browser::text] {
            let browser = kind(&first);
            browser.sign_in("ann", PASSWORD).await;
            tabs.push(browser);
        }
        let ben = Browser::plain(&first).sign_up("ben").await;
        ben.start_chat("Mine").await;
        let bens = rows(&first).await;
        let script = Arc::new(Mutex::new(Script {
            seed: dice.throw(0, u64::MAX),
            said: Vec::new(),
            is_open: false,
        }));
        let says = script.clone();
        first
            .model
            .answers(move |request| says.lock().unwrap().answer(request));
        let second = first.another().await;
        let tab = |browser| Tab {
            browser,
            pages: Vec::new(),
        };
        Self {
            apps: [first].into_iter().chain(second).collect(),
            dice,
            script,
            tabs: tabs.into_iter().map(tab).collect(),
            ben,
            bens,
            done: Vec::new(),
            messages: 0,
            taken: BTreeMap::new(),
            deleted: HashSet::new(),
            homes: HashMap::new(),
            tries: HashMap::new(),
            queued_again: HashMap::new(),
            just_queued: HashMap::new(),
            stopped: HashSet::new(),
            pruned: HashSet::new(),
            has_ended: false,
            rows: Rows::new(),
            used: HashMap::new(),
            watches: Vec::new(),
            crashes: 0,
        }
    }

    fn chance(&mut self, of: u64) -> bool {
        self.dice.throw(0, of) == 0
    }

    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.dice.throw(0, len as u64)).unwrap()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.index(from.len())].clone())
    }

    /// The tab's browser, at any of the servers.
    fn browser(&mut self, tab: usize) -> Browser {
        let app = self.index(self.apps.len());
        self.tabs[tab].browser.clone().on(&self.apps[app])
    }

    fn chats(&self) -> Vec<Uuid> {
        let taken = self.taken.values().flatten().copied();
        let chats: BTreeSet<_> = taken.filter(|chat| !self.deleted.contains(chat)).collect();
        chats.into_iter().collect()
    }

    fn tell(&mut self, what: String) {
        self.done.push(what);
    }

    /// Opens a page in a tab, and keeps it there.
    async fn open(&mut self, tab: usize, path: &str) {
        let page = self.browser(tab).get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.html);
        let pages = &mut self.tabs[tab].pages;
        pages.push(page);
        if pages.len() > 4 {
            pages.remove(0);
        }
    }

    /// Opens a chat, one in which something runs as often as not.
    async fn open_any(&mut self, tab: usize) {
        let busy = self.rows.values().filter(|row| row.is_running());
        let busy: Vec<_> = busy.map(|row| row.chat_id).collect();
        let all = self.chats();
        let from = if self.chance(2) { busy } else { all };
        let alive = from.into_iter().filter(|id| !self.deleted.contains(id));
        let path = match self.pick(&alive.collect::<Vec<_>>()) {
            Some(chat) => format!("/chats/{chat}"),
            None => "/".to_owned(),
        };
        self.open(tab, &path).await;
    }

    /// A form that is on one of the pages of a tab, maybe one that it should not be on any more.
    async fn form(&mut self, css: &str) -> Option<(usize, Form)> {
        let tab = self.index(self.tabs.len());
        if self.chance(2) {
            self.open_any(tab).await;
        }
        let pages = self.tabs[tab].pages.iter();
        let pages: Vec<_> = pages.filter(|page| page.has(css)).cloned().collect();
        Some((tab, self.pick(&pages)?.form(css)))
    }

    /// Something that somebody could do now.
    async fn act(&mut self) -> Option<Act> {
        let of = |form: &Form| -> Uuid {
            let id = form.action.split('/').nth(2);
            id.and_then(|id| id.parse().ok()).unwrap_or_default()
        };
        let (tab, form, what) = match self.dice.throw(0, 68) {
            0..10 => {
                let tab = self.index(self.tabs.len());
                if self.chance(2) {
                    self.open(tab, "/").await;
                }
                let (tab, form) = self.form("#composer[action='/chats']").await?;
                self.messages += 1;
                (tab, form, What::Send(self.messages, None))
            }
            10..26 => {
                let (tab, form) = self.form("#composer[action$='/messages']").await?;
                self.messages += 1;
                let chat = of(&form);
                (tab, form, What::Send(self.messages, Some(chat)))
            }
            26..34 => {
                let (tab, form) = self.form(".stop").await?;
                let reply = of(&form);
                (tab, form, What::Stop(reply))
            }
            34..42 => {
                let (tab, form) = self.form(".ending form[action$='/retry']").await?;
                let reply = of(&form);
                (tab, form, What::Retry(reply))
            }
            42..54 => {
                let (tab, form) = self.form(".ending form[action$='/continue']").await?;
                let reply = of(&form);
                (tab, form, What::Continue(reply))
            }
            kind @ 60.. => {
                let wanted = kind >= 65;
                let rows = self
                    .rows
                    .values()
                    .filter(|row| row.is_deleted == wanted && !self.deleted.contains(&row.chat_id));
                let rows: Vec<_> = rows.map(|row| (row.id, row.chat_id)).collect();
                let (tab, (id, chat)) = (self.index(self.tabs.len()), self.pick(&rows)?);
                let (path, css, what) = match wanted {
                    false => (
                        format!("/messages/{id}/delete"),
                        "main form",
                        What::Remove(id),
                    ),
                    true => {
                        let path = format!("/chats/{chat}/deleted/{id}");
                        (path, ".undo form", What::Restore(id))
                    }
                };
                let page = self.browser(tab).get(&path).await;
                assert_eq!(page.status, StatusCode::OK, "{path}");
                (tab, page.form(css), what)
            }
            kind => {
                let tab = self.index(self.tabs.len());
                let chat = self.pick(&self.chats())?;
                let ask = if kind < 57 { "delete" } else { "rename" };
                let page = self.browser(tab).get(&format!("/chats/{chat}/{ask}")).await;
                let form = page.form("form#title");
                match ask {
                    "delete" => (tab, form, What::Delete(chat)),
                    _ => (tab, form.fill("title", "Otters"), What::Rename(chat)),
                }
            }
        };
        let form = match what {
            What::Send(n, _) => form.fill("content", &format!("Message {n}")),
            _ => form,
        };
        Some(Act { tab, what, form })
    }

    /// Does all of it at the same time.
    async fn perform(&mut self, acts: Vec<Act>) {
        let answers: Vec<_> = acts
            .iter()
            .map(|act| send(self.browser(act.tab), act.form.clone()))
            .collect();
        let answers = join_all(answers).await;
        let told = acts.iter().zip(&answers);
        let told: Vec<_> = told
            .map(|(act, answer)| {
                let (tab, status) = (act.tab, answer.status.as_u16());
                format!("tab {tab}: {:?} {status} {}", act.what, answer.to)
            })
            .collect();
        self.tell(told.join("\n  and "));
        // What was deleted is known first: the others may have come too late, or just in time.
        for (act, answer) in acts.iter().zip(&answers) {
            if let What::Stop(reply) = act.what {
                self.stopped.insert(reply);
            }
            if let What::Remove(message) = act.what {
                self.pruned.insert(self.homes[&message]);
            }
            if let What::Delete(chat) = act.what
                && answer.is_yes()
            {
                self.deleted.insert(chat);
                // A form that is old enough may bring the same key again.
                self.tries.retain(|id, _| self.homes.get(id) != Some(&chat));
            }
        }
        for (act, answer) in acts.iter().zip(&answers) {
            self.learn(act, answer);
        }
        // The model says nothing meanwhile: what was carried on ends only if it is stopped.
        for (reply, times) in &self.just_queued {
            let stops = acts.iter().filter(|act| match act.what {
                What::Stop(id) => id == *reply,
                What::Remove(_) => true,
                _ => false,
            });
            assert!(
                *times <= 1 + stops.count() as i64,
                "{reply} carried on {times} times"
            );
        }
        if let ([act], [answer]) = (&*acts, &*answers)
            && answer.is_yes()
        {
            self.check_removal(&act.what).await;
        }
        // Whoever is stopped stops, without another word of the model.
        for (act, answer) in acts.iter().zip(&answers) {
            if let What::Stop(reply) = act.what
                && answer.is_yes()
            {
                let before = self.rows.get(&reply).map(|row| row.attempt);
                let over = async {
                    loop {
                        let rows = rows(&self.apps[0]).await;
                        let row = rows.get(&reply);
                        if !row.is_some_and(|row| {
                            row.is_running() && before.is_none_or(|n| n == row.attempt)
                        }) {
                            break;
                        }
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                };
                // One that waited may have been begun before, and one that was stopped carried on.
                if acts.len() == 1 {
                    soon("a reply to stop", over).await;
                }
            }
        }
    }

    /// Whether a message has gone, or come back.
    async fn check_removal(&self, what: &What) {
        let (What::Remove(id) | What::Restore(id)) = what else {
            return;
        };
        let rows = rows(&self.apps[0]).await;
        let is_gone = matches!(what, What::Remove(_));
        assert_eq!(rows[id].is_deleted, is_gone, "{what:?}");
    }

    /// What follows from an answer.
    fn learn(&mut self, act: &Act, answer: &Answered) {
        let chat = |reply: &Uuid| self.homes.get(reply).copied();
        let chat = match &act.what {
            What::Send(_, chat) => *chat,
            What::Stop(id) | What::Retry(id) | What::Continue(id) => chat(id),
            What::Remove(id) | What::Restore(id) => chat(id),
            What::Delete(chat) | What::Rename(chat) => Some(*chat),
        };
        let is_gone = chat.is_some_and(|chat| self.deleted.contains(&chat));
        let may_be_gone = is_gone || chat.is_some_and(|chat| self.pruned.contains(&chat));
        let refusals = match may_be_gone {
            true => &[
                StatusCode::CONFLICT,
                StatusCode::UNPROCESSABLE_ENTITY,
                StatusCode::NOT_FOUND,
            ][..],
            false => &[StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY],
        };
        let (what, status) = (&act.what, answer.status);
        assert!(
            answer.is_yes() || refusals.contains(&status),
            "{what:?}: {status}"
        );
        if is_gone {
            return;
        }
        // A reply that is begun is led to; else the chat is shown as it is.
        let begins = answer.is_yes() && !answer.reloads && !answer.to.ends_with("/live");
        match &act.what {
            What::Send(n, chat) if answer.is_yes() => {
                let named = answer.to.split('/').nth(2);
                let to = named.and_then(|id| id.parse().ok()).or(*chat).unwrap();
                assert!(chat.is_none_or(|chat| chat == to));
                self.taken.entry(*n).or_default().insert(to);
            }
            What::Retry(reply) if begins => {
                let message = self.rows[reply].parent_id.unwrap();
                *self.tries.entry(message).or_default() += 1;
            }
            What::Continue(reply) if begins => {
                *self.queued_again.entry(*reply).or_default() += 1;
                *self.just_queued.entry(*reply).or_default() += 1;
            }
            _ => {}
        }
    }

    /// Tries everything with what is another person's.
    async fn meddle(&mut self) {
        let tab = self.index(self.tabs.len());
        let reply = self.bens.values().find(|row| row.is_reply()).unwrap();
        let (reply, chat) = (reply.id, reply.chat_id);
        let path = match self.dice.throw(0, 7) {
            0 => format!("/replies/{reply}/stop"),
            1 => format!("/replies/{reply}/retry"),
            2 => format!("/replies/{reply}/continue"),
            3 => format!("/chats/{chat}/delete"),
            4 => format!("/chats/{chat}/rename"),
            5 => format!("/chats/{chat}/messages"),
            _ => format!("/replies/{reply}"),
        };
        let body = Some("sure=yes&title=Mine&content=Mine".to_owned());
        let method = match path.matches('/').count() {
            2 => Method::GET,
            _ => Method::POST,
        };
        let browser = self.browser(tab);
        let answer = browser.request(method, &path, "document", body).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        self.tell(format!("tab {tab} meddles: {path}"));
    }

    /// Follows a reply that runs, or has just ended.
    async fn watch(&mut self) {
        let rows = self.rows.values();
        let rows = rows.filter(|row| row.is_running() && !row.is_deleted);
        let running: Vec<_> = rows.map(|row| (row.id, row.chat_id)).collect();
        let Some((reply, chat)) = self.pick(&running) else {
            return;
        };
        let tab = self.index(self.tabs.len());
        let browser = self.browser(tab);
        let is_stream = browser.is_htmx();
        let mut live = match is_stream {
            true => {
                let path = format!("/replies/{reply}/events?after=0");
                browser.events(&path, None).await
            }
            false => browser.open_live(&format!("/chats/{chat}/live")).await,
        };
        self.tell(format!("tab {tab} watches {reply}"));
        assert_eq!(live.status, StatusCode::OK);
        let seen = tokio::spawn(async move {
            while live.try_next().await.unwrap().is_some() {}
            live.seen
        });
        self.watches.push(Watch {
            reply,
            crashes: self.crashes,
            is_stream,
            seen,
        });
    }

    /// Lets the model say more, or all that it has to say.
    async fn say(&mut self) {
        let words = match self.dice.throw(0, 2) {
            0 => 1_000,
            _ => self.index(4) + 1,
        };
        let waits = self.chance(3);
        let back = self.index(4) + 1;
        let n = self.script.lock().unwrap().said.len().checked_sub(back);
        let Some(n) = n else { return };
        self.script.lock().unwrap().said[n].gate.open(words);
        self.tell(format!("the model says {words} of answer {n}"));
        if waits {
            // Until the journal has it.
            tokio::time::sleep(Duration::from_millis(self.dice.throw(1, 300))).await;
        }
    }

    /// Puts everybody in front of the servers as they are now.
    fn reopen(&mut self, n: usize, app: TestApp) {
        self.has_ended = true;
        self.apps[n] = app;
        for tab in &mut self.tabs {
            tab.browser = tab.browser.clone().on(&self.apps[n]);
        }
        self.ben = self.ben.clone().on(&self.apps[n]);
    }

    async fn restart(&mut self) {
        let n = self.index(self.apps.len());
        let app = self.apps[n].clone().restarted().await;
        self.reopen(n, app);
        self.tell(format!("server {n} is restarted"));
    }

    /// On one machine; what processes do that share a database is told by `instances.rs`.
    async fn crash(&mut self) {
        if self.apps.len() > 1 {
            return self.restart().await;
        }
        let app = self.apps[0].after_a_crash().await;
        // What it does from now on nobody will ever know.
        self.apps[0].end(Duration::ZERO).await;
        self.apps[0].db().close().await;
        self.reopen(0, app);
        self.crashes += 1;
        self.tell("the server crashes".to_owned());
    }

    async fn step(&mut self) {
        match self.dice.throw(0, 100) {
            0..8 => {
                let tab = self.index(self.tabs.len());
                self.open_any(tab).await;
            }
            8..48 => {
                if let Some(act) = self.act().await {
                    self.perform(vec![act]).await;
                }
            }
            48..62 => {
                let mut acts: Vec<Act> = self.act().await.into_iter().collect();
                if let Some(Act {
                    what: What::Stop(reply),
                    ..
                }) = acts.first()
                {
                    // Stopped, and at once carried on.
                    let on = acts[0].carry_on(*reply);
                    acts.extend((0..5).map(|_| on.clone()));
                }
                while acts.len() < 3 && !self.chance(3) {
                    // The same again, or something else.
                    let more = match acts.first() {
                        Some(act) if self.chance(2) => Some(act.clone()),
                        _ => self.act().await,
                    };
                    acts.extend(more);
                }
                self.perform(acts).await;
            }
            62..88 => self.say().await,
            88..94 => self.watch().await,
            94..96 => self.meddle().await,
            96..98 => self.restart().await,
            _ => self.crash().await,
        }
    }

    // ---- What must hold

    async fn check(&mut self) {
        let all = rows(&self.apps[0]).await;
        let (bens, rows): (Rows, Rows) = all.into_iter().partition(|(_, row)| row.owner == "ben");
        assert_eq!(bens, self.bens);
        let deleted = rows.values().filter(|row| row.is_deleted);
        self.stopped.extend(deleted.map(|row| row.id));
        for row in rows.values() {
            self.check_place(row, &rows);
            match row.is_reply() {
                true => self.check_reply(row, &rows),
                false => self.check_message(row, &rows),
            }
        }
        // Everything that was acknowledged is there, and nothing that was not.
        let mut there: BTreeMap<usize, Vec<Uuid>> = BTreeMap::new();
        for row in rows.values().filter(|row| !row.is_reply()) {
            let n = number(&row.body).expect("a person's message is as it was sent");
            there.entry(n).or_default().push(row.chat_id);
        }
        let mut taken = self.taken.clone();
        taken
            .values_mut()
            .for_each(|chats| chats.retain(|chat| !self.deleted.contains(chat)));
        taken.retain(|_, chats| !chats.is_empty());
        let taken: BTreeMap<usize, Vec<Uuid>> = taken
            .into_iter()
            .map(|(n, chats)| (n, chats.into_iter().collect()))
            .collect();
        there.values_mut().for_each(|chats| chats.sort());
        assert_eq!(there, taken);
        // So it is with chats.
        let mut chats = chats(&self.apps[0]).await;
        chats.retain(|chat| self.bens.values().all(|row| row.chat_id != *chat));
        assert_eq!(chats.into_iter().collect::<Vec<_>>(), self.chats());
        let running = |state: &[&str]| {
            let rows = rows.values();
            rows.filter(|row| state.contains(&&*row.state)).count()
        };
        assert!(running(&["streaming"]) <= RUNNING);
        assert!(running(&["queued", "streaming"]) <= RUNNING + WAITING);
        self.homes
            .extend(rows.values().map(|row| (row.id, row.chat_id)));
        self.rows = rows;
        self.just_queued.clear();
        self.has_ended = false;
    }

    /// Whether a message is where it belongs.
    fn check_place(&self, row: &Row, rows: &Rows) {
        let parent = row.parent_id.map(|id| &rows[&id]);
        assert!(parent.is_none_or(|parent| parent.chat_id == row.chat_id));
        // A reply may have been deleted from between two messages of a person.
        assert!(!row.is_reply() || parent.is_some_and(|parent| !parent.is_reply()));
        // Nothing is there below what is not.
        assert!(row.is_deleted || parent.is_none_or(|parent| !parent.is_deleted));
        let is_end = |id| {
            let mut there = rows.values().filter(|below| !below.is_deleted);
            there.all(|below| below.parent_id != Some(id))
        };
        // What was used last is the end of a branch, and nothing is below a reply that runs.
        match row.leaf.map(|leaf| &rows[&leaf]) {
            Some(leaf) => {
                assert!(leaf.chat_id == row.chat_id && !leaf.is_deleted);
                assert!(is_end(leaf.id), "{leaf:?} is no leaf");
            }
            None => assert!(row.is_deleted, "{row:?} is not shown"),
        }
        assert!(!row.is_running() || is_end(row.id), "{row:?} is no leaf");
        assert!(row.parts == 0 || row.state == "streaming", "{row:?}");
        // With its chat it went for good, and the same form came once more.
        let before = self.rows.get(&row.id);
        if let Some(before) = before.filter(|before| !self.deleted.contains(&before.chat_id)) {
            assert_eq!(
                (before.chat_id, before.parent_id),
                (row.chat_id, row.parent_id)
            );
        }
    }

    fn check_message(&self, row: &Row, rows: &Rows) {
        assert_eq!((&*row.state, row.attempt), ("complete", 0));
        let replies = rows
            .values()
            .filter(|reply| reply.parent_id == Some(row.id));
        let replies = replies.filter(|reply| reply.is_reply()).count();
        let tries = self.tries.get(&row.id).copied().unwrap_or(0);
        assert_eq!(replies, 1 + tries, "{row:?}");
    }

    fn check_reply(&mut self, row: &Row, rows: &Rows) {
        assert_eq!(row.ended_at.is_some(), !row.is_running(), "{row:?}");
        // It went into the line once, and again when it was carried on; of that it was stopped while
        // it waited, or begun.
        let again = self.queued_again.get(&row.id).copied().unwrap_or(0);
        let queued = i64::from(row.state == "queued");
        assert!(row.attempt + queued <= 1 + again, "{row:?}");
        if !self.stopped.contains(&row.id) {
            assert_eq!(row.attempt + queued, 1 + again, "{row:?}");
        }
        if let Some(before) = self.rows.get(&row.id) {
            self.check_change(before, row);
        }
        let message = number(&rows[&row.parent_id.unwrap()].body).unwrap();
        let last = self.check_text(row, message, 'w', &row.text());
        self.check_text(row, message, 't', &row.thoughts());
        if row.state == "complete" {
            let end = match row.problem.as_deref() {
                Some("length") => End::TooLong,
                problem => {
                    assert_eq!(problem, None);
                    End::Whole
                }
            };
            assert_eq!(last, Some(end), "{row:?}");
        }
    }

    /// Whether a reply may have become what it is.
    fn check_change(&self, before: &Row, now: &Row) {
        let again = self.just_queued.get(&now.id).copied().unwrap_or(0);
        let what = || format!("{before:?}\nbecame\n{now:?}\nqueued again {again} times");
        assert!(now.text().starts_with(&before.text()), "{}", what());
        assert!(now.thoughts().starts_with(&before.thoughts()), "{}", what());
        let begun = now.attempt - before.attempt;
        let is_new = before.state != "interrupted" || begun > 0;
        if now.state == "interrupted" && is_new {
            assert!(self.has_ended, "{}", what());
        }
        let waited = i64::from(before.state == "queued");
        assert!((0..=waited + again).contains(&begun), "{}", what());
        if again > 0 {
            assert!(
                before.is_running() || before.state != "complete" || before.problem.is_some(),
                "{}",
                what()
            );
            return;
        }
        let may = match (&*before.state, begun) {
            ("queued", 0) => ["queued", "stopped"].contains(&&*now.state),
            ("queued", _) => now.state != "queued",
            ("streaming", _) => now.state != "queued",
            _ => same(before, now),
        };
        assert!(may, "{}", what());
    }

    /// Whether a reply says only what the model said for it, in order; how the model's last answer
    /// ended if all of it is there.
    fn check_text(&mut self, row: &Row, message: usize, kind: char, text: &str) -> Option<End> {
        let script = self.script.lock().unwrap();
        let (mut at, mut last, mut from) = (0, None, 0);
        while at < text.len() {
            if kind == 't' && text[at..].starts_with("\n\n") {
                // What it thinks when it is carried on begins a paragraph.
                at += 2;
                continue;
            }
            let rest = &text[at..];
            let n = rest[1..].split(kind).next().unwrap();
            let n: usize = n.parse().unwrap_or_else(|_| panic!("{rest:?} in {row:?}"));
            let said = &script.said[n];
            assert!(n >= from && said.message == message, "{n} in {row:?}");
            assert_eq!(*self.used.entry(n).or_insert(row.id), row.id);
            if kind == 'w' {
                assert_eq!(said.carried_on, text[..at], "{row:?}");
            }
            let words = if kind == 'w' {
                &said.words
            } else {
                &said.thoughts
            };
            let mut there = 0;
            while there < words.len() && text[at..].starts_with(&words[there]) {
                at += words[there].len();
                there += 1;
            }
            assert!(there > 0, "{rest:?} in {row:?}");
            last = (there == words.len()).then_some(said.end);
            from = n + 1;
        }
        last
    }

    // ---- The end

    /// When the model has said all, nothing runs or waits, and pages show what there is.
    async fn settle(&mut self) {
        {
            let mut script = self.script.lock().unwrap();
            script.is_open = true;
            script.said.iter().for_each(|said| said.gate.open_all());
        }
        self.tell("the model says everything".to_owned());
        self.apps[0].idle().await;
        self.check().await;
        assert!(self.rows.values().all(|row| row.parts == 0));
        for chat in self.chats() {
            let tab = self.index(self.tabs.len());
            let page = self.browser(tab).get(&format!("/chats/{chat}")).await;
            let mut at = self
                .rows
                .values()
                .find(|row| row.chat_id == chat)
                .unwrap()
                .leaf;
            let mut texts = Vec::new();
            while let Some(row) = at.map(|id| &self.rows[&id]) {
                let words: Vec<_> = row.body.split_whitespace().collect();
                texts.push(words.join(" "));
                at = row.parent_id;
            }
            texts.reverse();
            assert_eq!(page.texts(".message .text"), texts);
            assert!(!page.has("[aria-busy]") && !page.has(".stop"));
        }
        self.check_watches().await;
        // The other person has never noticed.
        let page = self.ben.get("/chats").await;
        let path = page.attribute("#chats li a", "href");
        assert_eq!(
            self.ben.get(&path).await.texts(".message .text"),
            ["Mine", "Hello!"]
        );
    }

    /// Nobody was shown what is not kept, or with gaps.
    async fn check_watches(&mut self) {
        for watch in std::mem::take(&mut self.watches) {
            let seen = soon("the end of a stream", watch.seen).await.unwrap();
            let Some(row) = self.rows.get(&watch.reply) else {
                continue;
            };
            if watch.crashes < self.crashes {
                continue;
            }
            let all: Vec<_> = row.body.split_whitespace().collect();
            let shown: Vec<bool> = all.iter().map(|word| seen.contains(word)).collect();
            let count = shown.iter().filter(|shown| **shown).count();
            assert!(
                shown.iter().take(count).all(|shown| *shown),
                "{shown:?} of {row:?} in {seen}"
            );
            if watch.is_stream {
                for (n, _) in self.script.lock().unwrap().said.iter().enumerate() {
                    let shown = seen.contains(&format!("{}0", mark(n, 'w')));
                    assert!(
                        !shown || self.used.get(&n) == Some(&row.id),
                        "{n} in {seen} of {row:?}"
                    );
                }
            }
        }
    }

    /// Deletes every chat: nothing is left of them.
    async fn clear(&mut self) {
        for chat in self.chats() {
            let tab = self.index(self.tabs.len());
            let page = self
                .browser(tab)
                .get(&format!("/chats/{chat}/delete"))
                .await;
            let form = page.form("form#title");
            let what = What::Delete(chat);
            self.perform(vec![Act { tab, what, form }]).await;
        }
        self.check().await;
        assert!(self.rows.is_empty());
        let journal = "select count(*) from reply_parts";
        assert_eq!(self.apps[0].value::<i64>(journal).await, 0);
    }
}

/// Whether only the chat's leaf is another one, or it was deleted or brought back.
fn same(before: &Row, now: &Row) -> bool {
    Row {
        leaf: now.leaf,
        is_deleted: now.is_deleted,
        ..before.clone()
    } == *now
}

/// Sends a form as the browser does, and reads what it says about where to go.
async fn send(browser: Browser, form: Form) -> Answered {
    let hx = form.hx.as_ref().filter(|_| browser.is_htmx());
    let dest = match hx {
        Some(_) => "empty",
        None if form.in_frame && !browser.is_text() => "iframe",
        None => "document",
    };
    let path = hx.unwrap_or(&form.action);
    let answer = browser.request(Method::POST, path, dest, Some(form.body()));
    let answer = answer.await;
    let header = |name: &str| answer.headers().get(name).map(|to| to.to_str().unwrap());
    let to = header(header::LOCATION.as_str()).or(header("hx-push-url"));
    Answered {
        status: answer.status(),
        to: to.unwrap_or_default().to_owned(),
        reloads: header("hx-redirect").is_some(),
    }
}

impl Answered {
    fn is_yes(&self) -> bool {
        [
            StatusCode::OK,
            StatusCode::NO_CONTENT,
            StatusCode::SEE_OTHER,
        ]
        .contains(&self.status)
    }
}

#[tokio::test]
async fn whatever_people_do_and_whenever_it_breaks_what_was_promised_holds() {
    let asked = std::env::var("PROPERTY_ROUNDS");
    let rounds = asked.map_or(3, |rounds| rounds.parse().expect("a number of rounds"));
    let mut seeds = Dice::new("property test");
    for round in 0..rounds {
        let mut world = World::new(Dice::with_seed(seeds.throw(0, u64::MAX))).await;
        for _ in 0..STEPS {
            world.step().await;
            world.check().await;
        }
        if round % 2 == 0 {
            world.settle().await;
        }
        // In other rounds while replies run.
        world.clear().await;
        world.settle().await;
        eprintln!(
            "round {round}: {} messages of {} taken, {} chats deleted, {} pruned, {} answers of the model, {} crashes",
            world.taken.len(),
            world.messages,
            world.deleted.len(),
            world.pruned.len(),
            world.script.lock().unwrap().said.len(),
            world.crashes,
        );
    }
}
