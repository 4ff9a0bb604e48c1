//! The program on a disk that fails, by libfiu: writes and syncs fail once somewhere, or all of them
//! for a time, with every kind of change going on. What was acknowledged is there, what was refused is
//! not, and no restart is needed.
//!
//! `DISK_ROUNDS` says how often, `SEED` repeats what chance did; `scripts/proofs` does more rounds.

use crate::support::{
    model::{Answer, Gate, ModelServer},
    process::Process,
    site::wait_until,
    *,
};
use http::{Method, StatusCode};
use sqlx::{Connection, SqliteConnection};
use std::{env, fs, path::PathBuf, time::Duration};
use tokio::{process::Command, time::sleep};

/// The libraries that let system calls fail.
const PRELOADED: &str = "/usr/lib/fiu/fiu_run_preload.so /usr/lib/fiu/fiu_posix_preload.so";

/// The calls that fail, and the errors that they give: of I/O, or no room.
const CALLS: [&str; 3] = [
    "posix/io/rw/pwrite",
    "posix/io/sync/fsync",
    "posix/io/rw/ftruncate",
];
const ERRORS: [u32; 2] = [5, 28];

/// The program, whose system calls can be made to fail.
struct Failing {
    damso: Process,
    model: ModelServer,
    control: PathBuf,
}

impl Failing {
    async fn start() -> Self {
        let model = ModelServer::start().await;
        model.answers(|request| Answer::stream([&*format!("Reply to {}", request.question())]));
        let folder = tempfile::tempdir().unwrap().keep();
        let control = folder.join("fiu");
        let damso = Process::start(&[
            ("OPENAI_BASE_URL", model.base_url().as_str()),
            ("LD_PRELOAD", PRELOADED),
            ("FIU_CTRL_FIFO", control.to_str().unwrap()),
            ("RUST_LOG", "error"),
        ])
        .await;
        Self {
            damso,
            model,
            control,
        }
    }

    /// Has system calls fail, or not any more.
    async fn order(&self, order: &str) {
        let sent = Command::new("fiu-ctrl")
            .arg("-f")
            .arg(&self.control)
            .args(["-c", order, &self.damso.id().to_string()])
            .status();
        assert!(soon("fiu-ctrl", sent).await.unwrap().success(), "{order}");
    }

    async fn is_well(&self) {
        for call in CALLS {
            self.order(&format!("disable name={call}")).await;
        }
    }

    /// Counts what is in the file, as another program sees it.
    async fn count(&self, sql: &'static str, text: &str) -> i64 {
        let mut database = self.database().await;
        let count = sqlx::query_scalar(sql).bind(text).fetch_one(&mut database);
        count.await.unwrap()
    }

    /// A connection to the file, as another program has it.
    async fn database(&self) -> SqliteConnection {
        let url = format!("sqlite://{}/damso.db", self.damso.folder().display());
        SqliteConnection::connect(&url).await.unwrap()
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        fs::remove_dir_all(self.control.parent().unwrap()).ok();
    }
}

/// A change that was tried.
#[derive(Debug)]
enum SignInOutcome {
    /// A message with this text.
    Message(String),
    /// An account with this name.
    Account(String),
    /// A persona with this name.
    Persona(String),
    /// The deletion of the chat with this message.
    Deletion(String),
}

struct People<'a> {
    failing: &'a Failing,
    ann: Browser,
    dice: Dice,
    kept: Vec<SignInOutcome>,
    refused: Vec<SignInOutcome>,
    number: usize,
}

impl People<'_> {
    /// Somebody does one thing.
    async fn do_something(&mut self) {
        self.number += 1;
        let number = self.number;
        let (tried, status) = match self.dice.throw(0, 6) {
            0 => {
                let name = format!("person{number}");
                let page = Browser::plain(&self.failing.damso)
                    .register(&name, PASSWORD)
                    .await;
                (SignInOutcome::Account(name), page.status)
            }
            1 => {
                let name = format!("persona{number}");
                let form = self.ann.get("/personas/new").await.form("main form");
                let page = self.ann.submit(&form.fill("name", &name)).await;
                (SignInOutcome::Persona(name), page.status)
            }
            2 => {
                let Some(at) = self
                    .kept
                    .iter()
                    .position(|it| matches!(it, SignInOutcome::Message(_)))
                else {
                    return;
                };
                let SignInOutcome::Message(text) = &self.kept[at] else {
                    return;
                };
                let text = text.clone();
                let sql = "select chat_id from messages where body = $1";
                let id: uuid::Uuid = sqlx::query_scalar(sql)
                    .bind(&text)
                    .fetch_one(&mut self.failing.database().await)
                    .await
                    .unwrap();
                let question = self.ann.get(&format!("/chats/{id}/delete")).await;
                let page = self.ann.submit(&question.form("main form")).await;
                if page.status == StatusCode::OK {
                    self.kept.remove(at);
                }
                (SignInOutcome::Deletion(text), page.status)
            }
            _ => {
                let text = format!(
                    "message {number} {}",
                    "x".repeat(self.dice.throw(0, 9_000) as usize)
                );
                // The page on which the reply is watched lasts as long as the disk fails.
                let form = self.ann.get("/chats/new").await.form("#composer");
                let form = form.fill("content", &text).body();
                let sent = self
                    .ann
                    .request(Method::POST, "/chats", "document", Some(form));
                let status = match sent.await.status() {
                    StatusCode::SEE_OTHER => StatusCode::OK,
                    refused => refused,
                };
                (SignInOutcome::Message(text), status)
            }
        };
        match status {
            StatusCode::OK => self.kept.push(tried),
            StatusCode::SERVICE_UNAVAILABLE => self.refused.push(tried),
            other => panic!("{other}: {tried:?}\n{}", self.failing.damso.log()),
        }
    }

    async fn do_what_works(&mut self) {
        let before = self.refused.len();
        self.do_something().await;
        let refused = &self.refused[before..];
        assert!(
            refused.is_empty(),
            "{refused:?}\n{}",
            self.failing.damso.log()
        );
    }

    /// Compares what is there with what was said.
    async fn compare(&self) {
        for (all, said) in [(&self.kept, 1), (&self.refused, 0)] {
            for tried in all {
                let (sql, text, expected) = match tried {
                    SignInOutcome::Message(text) => (
                        "select count(*) from messages where role = 'user' and body = $1",
                        text,
                        said,
                    ),
                    SignInOutcome::Account(name) => {
                        ("select count(*) from users where name = $1", name, said)
                    }
                    SignInOutcome::Persona(name) => {
                        ("select count(*) from personas where name = $1", name, said)
                    }
                    SignInOutcome::Deletion(text) => (
                        "select count(*) from messages where role = 'user' and body = $1",
                        text,
                        1 - said,
                    ),
                };
                // What was refused may have been deleted later.
                let was_deleted = matches!(tried, SignInOutcome::Deletion(text) if said == 0
                    && self.kept.iter().any(|it| matches!(it, SignInOutcome::Deletion(other) if other == text)));
                let found = self.failing.count(sql, text).await;
                assert!(
                    found == expected || was_deleted,
                    "{found} of {tried:?}\n{}",
                    self.failing.damso.log()
                );
            }
        }
    }
}

#[tokio::test]
async fn whichever_write_fails_nothing_acknowledged_is_lost_and_nothing_refused_is_there() {
    let rounds = env::var("DISK_ROUNDS").map_or(12, |rounds| rounds.parse().unwrap());
    let failing = Failing::start().await;
    let mut people = People {
        ann: Browser::plain(&failing.damso).sign_up("ann").await,
        failing: &failing,
        dice: Dice::new("disk"),
        kept: Vec::new(),
        refused: Vec::new(),
        number: 0,
    };
    people.do_what_works().await;
    for round in 0..rounds {
        let error = ERRORS[people.dice.throw(0, 2) as usize];
        match round % 3 {
            // One write somewhere.
            0 => {
                let order = "enable_random name=posix/io/rw/pwrite,probability=0.2,onetime";
                failing.order(&format!("{order},failinfo={error}")).await;
            }
            // Some of all calls, and so some commits.
            1 => {
                for call in CALLS {
                    let order =
                        format!("enable_random name={call},probability=0.1,failinfo={error}");
                    failing.order(&order).await;
                }
            }
            // All of them for a time.
            _ => {
                for call in CALLS {
                    failing
                        .order(&format!("enable name={call},failinfo={error}"))
                        .await;
                }
            }
        }
        for _ in 0..5 {
            people.do_something().await;
        }
        if round % 3 == 2 {
            // By a write: it is not good for ever what was seen a moment ago.
            sleep(Duration::from_millis(1_100)).await;
            let health = people.ann.get("/healthz").await;
            assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(health.html.starts_with("cannot write"), "{}", health.html);
        }
        failing.is_well().await;
        sleep(Duration::from_secs(1)).await;
        for _ in 0..3 {
            people.do_what_works().await;
        }
        people.compare().await;
    }
    let idle =
        "select count(*) from messages where state in ('queued', 'streaming') and body <> $1";
    wait_until(async || match failing.count(idle, "-").await {
        0 => Ok(()),
        running => Err(format!(
            "{running} replies run on:\n{}",
            failing.damso.log()
        )),
    })
    .await;
    let failed = "select count(*) from messages where role = 'assistant' and problem = $1";
    assert_eq!(failing.count(failed, "internal").await, 0);
    let odd = "select count(*) from messages r join messages q on q.id = r.parent_id
               where r.role = 'assistant' and r.state = 'complete' and r.body <> $1 || q.body";
    assert_eq!(failing.count(odd, "Reply to ").await, 0);
    eprintln!(
        "disk: {rounds} rounds, {} kept, {} refused",
        people.kept.len(),
        people.refused.len()
    );
    assert!(!people.refused.is_empty());
    drop(people);
    drop(failing.model.all_requests());
}

/// Starts a program with a small disk in the folder it is in.
const SMALL_DISK: [&str; 4] = ["unshare", "-rm", "sh", "-c"];
const MOUNT: &str = "mkdir -p disk && mount -t tmpfs -o size=3m none disk && exec \"$0\"";

#[tokio::test]
async fn on_a_small_disk_that_is_full_for_a_while_all_goes_on_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mounts = Command::new(SMALL_DISK[0])
        .args(&SMALL_DISK[1..])
        .args([MOUNT, "true"])
        .current_dir(&folder)
        .status()
        .await;
    if !mounts.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this system lets nobody mount a disk");
        return;
    }
    let model = ModelServer::start().await;
    let by = [&SMALL_DISK[..], &[MOUNT]].concat();
    let model_url = model.base_url().to_string();
    let settings = [
        ("OPENAI_BASE_URL", model_url.as_str()),
        ("DATABASE_URL", "sqlite://disk/damso.db"),
    ];
    let damso = Process::start_by(&by, &settings).await;
    let disk = format!("/proc/{}/root{}/disk", damso.id(), damso.folder().display());
    let filler = PathBuf::from(disk).join("filler");
    let ann = Browser::plain(&damso).sign_up("ann").await;
    let gate = Gate::new();
    model.answer(Answer::gated(&gate, ["One ", "two ", "three."]));
    let running = ann.start_running("Count").await;
    gate.open(1);
    model.always(Answer::stream(["Yes."]));
    let mut kept = Vec::new();
    for round in 0..3 {
        // Up to the last byte.
        let mut file = fs::File::create(&filler).unwrap();
        while std::io::Write::write_all(&mut file, &[1; 512]).is_ok() {}
        drop(file);
        sleep(Duration::from_millis(600)).await;
        for number in 0..4 {
            let form = ann.get("/chats/new").await.form("#composer");
            let text = format!("refused {round} {number}");
            let page = ann.submit(&form.fill("content", &text)).await;
            assert_eq!(
                page.status,
                StatusCode::SERVICE_UNAVAILABLE,
                "{}",
                page.html
            );
            assert_eq!(page.form("#composer").value("content"), text);
        }
        if round == 0 {
            gate.open_all();
            sleep(Duration::from_secs(2)).await;
        }
        fs::remove_file(&filler).unwrap();
        sleep(Duration::from_secs(1)).await;
        for number in 0..4 {
            let text = format!("kept {round} {number}");
            let page = ann.start_chat(&text).await;
            assert_eq!(
                page.status,
                StatusCode::OK,
                "{}\n{}",
                page.html,
                damso.log()
            );
            kept.push(text);
        }
    }
    let list = ann.get("/chats").await.html;
    assert!(
        kept.iter().all(|text| list.contains(text.as_str())),
        "{list}"
    );
    assert!(!list.contains("refused"), "{list}");
    let page = ann.get(&running).await;
    assert!(
        page.text(".reply .text").contains("One two three."),
        "{}",
        page.html
    );
}
