//! `damso check`, `damso backup` and `damso move`, as programs.

use crate::support::{
    Browser, KEY, PASSWORD, TestApp,
    model::{Answer, ModelServer, Step},
    postgres::Schema,
    process::output,
    soon,
};
use damso::{
    db::{Db, Kind, NOT_COPIED, Row, TABLES, Table, Type, Value, is_postgres},
    with_pool,
};
use futures_util::TryStreamExt;
use sqlx::AssertSqlSafe;
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use tempfile::TempDir;
use uuid::Uuid;

/// A folder in which commands are run, and other databases for them.
struct Place {
    folder: TempDir,
    schemas: Mutex<Vec<Schema>>,
}

/// What a command did.
#[derive(Debug)]
struct Done {
    code: Option<i32>,
    /// What it printed.
    out: String,
    /// What it complained of.
    err: String,
}

impl Done {
    /// Everything it said, if it went well.
    #[track_caller]
    fn well(&self) -> &str {
        assert_eq!((self.code, &*self.err), (Some(0), ""), "{self:?}");
        &self.out
    }

    /// What it complained of, and nothing else.
    #[track_caller]
    fn refused(&self) -> &str {
        assert_eq!((self.code, &*self.out), (Some(1), ""), "{self:?}");
        &self.err
    }
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            schemas: Mutex::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of an SQLite file here.
    fn sqlite(&self, name: &str) -> String {
        format!("sqlite://{}", self.path(name).display())
    }

    /// The address of an empty PostgreSQL, if there is one to test with.
    async fn postgres(&self) -> Option<String> {
        let schema = Schema::wanted().await?;
        let url = schema.url();
        self.schemas.lock().unwrap().push(schema);
        Some(url)
    }

    /// The same, else of an SQLite file.
    async fn other(&self) -> String {
        match self.postgres().await {
            Some(url) => url,
            None => self.sqlite("other.db"),
        }
    }

    /// The files here.
    fn names(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_damso"));
        command.env_clear().current_dir(self.folder.path());
        command
    }

    /// Runs the program with these words to its end.
    async fn damso(&self, words: &[&str]) -> Done {
        let mut command = self.command();
        command.args(words);
        run(command).await
    }

    /// Runs `damso check` where only the demo model answers, unless the words say otherwise.
    async fn check(&self, words: &[&str]) -> Done {
        let mut command = self.command();
        command.arg("check").args(words);
        command
            .env("FIND_OLLAMA", "false")
            .env("LISTEN", "127.0.0.1:0");
        run(command).await
    }

    /// The app on an SQLite file here.
    async fn app(&self, name: &str) -> TestApp {
        let url = self.sqlite(name);
        TestApp::with(|config| config.database_url = url).await
    }
}

async fn run(command: Command) -> Done {
    let done = output(command).await;
    Done {
        code: done.status.code(),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

/// Makes an empty database.
async fn make(url: &str) {
    Db::open(url).await.unwrap().close().await;
}

/// Runs SQL in a database that nobody uses.
async fn change(url: &str, sql: &str) {
    let db = Db::open(url).await.unwrap();
    with_pool!(db.writer().unwrap(), db => {
        for sql in sql.split(";;") {
            sqlx::query(AssertSqlSafe(sql)).execute(db).await.unwrap();
        }
    });
    db.close().await;
}

/// Everything in a database that nobody uses.
async fn contents(url: &str) -> Vec<(&'static str, Vec<Row>)> {
    let db = Db::open(url).await.unwrap();
    let all = contents_of(&db).await;
    db.close().await;
    all
}

async fn contents_of(db: &Db) -> Vec<(&'static str, Vec<Row>)> {
    let mut tx = db.begin().await.unwrap();
    let mut all = Vec::new();
    for table in &TABLES {
        all.push((table.name, tx.rows(table).try_collect().await.unwrap()));
    }
    all
}

fn is_empty(contents: &[(&str, Vec<Row>)]) -> bool {
    contents.iter().all(|(_, rows)| rows.is_empty())
}

fn key(number: u128) -> Value {
    Value::Uuid(Some(Uuid::from_u128(number)))
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(Some(text.into()))
}

/// A database with all that texts and numbers can be, and more rows than are written at once.
async fn fill(url: &str) {
    let db = Db::open(url).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    tx.defer_references().await.unwrap();
    let users = (1..=2).map(|n| {
        vec![
            key(n),
            text(format!("Ann {n}")),
            text(format!("ann {n}")),
            text("$argon2id$"),
            Value::Text((n == 1).then(|| "ko".to_owned())),
            Value::Number(Some(i64::MAX)),
            Value::Number(Some(0)),
            text("dark"),
            text("larger"),
            Value::Text(None),
            Value::Text((n == 2).then(|| "line".to_owned())),
            Value::Text((n == 1).then(|| "Asia/Seoul".to_owned())),
            Value::Number(Some(n as i64)),
            Value::Number(None),
            text(if n == 1 { "administrator" } else { "member" }),
        ]
    });
    let sessions = [Some(1), None].map(|user: Option<u128>| {
        vec![
            Value::Bytes(Some(vec![user.is_some().into(), 0, 255, 128])),
            Value::Uuid(user.map(Uuid::from_u128)),
            text("{}"),
            Value::Number(Some(-1)),
            Value::Number(Some(1)),
            Value::Text(user.map(|_| "Firefox; 브라우저".to_owned())),
            Value::Number(user.map(|_| 5)),
            Value::Number(user.map(|_| 6)),
        ]
    });
    let device = vec![
        Value::Bytes(Some(vec![])),
        key(2),
        Value::Number(Some(i64::MIN)),
    ];
    let preset = || text(r#"{"model":"a model","system_prompt":"말투는 해적처럼","later":[0.7]}"#);
    let chat = [key(9), key(1), text(""), Value::Uuid(None)].into_iter();
    let chat = chat.chain([Value::Number(Some(0)), Value::Number(Some(1))]);
    let chat = chat.chain([preset(), text("해적"), text("line")]);
    let chat = chat.collect();
    let odd = [
        "",
        " \r\n\t\u{1b}\u{7f}",
        "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af} is not 한글",
        "👩‍👩‍👧‍👦 🏳️‍🌈 \u{feff}\u{200b}\u{202e}\u{10ffff}",
        "'; drop table users; -- \\ $1 %s \" \\0",
    ];
    let long = "긴 글 ".repeat(400_000);
    let texts = odd.into_iter().chain([&*long]).cycle().take(450);
    let messages = texts.zip(0_u128..).map(|(body, n)| {
        let state = match n {
            7 => "streaming",
            8 => "queued",
            _ => "complete",
        };
        // Each hangs on one that comes later, so that none can be written in its turn.
        let parent = Value::Uuid((n < 449).then(|| Uuid::from_u128(101 + n)));
        let number = |some: bool| Value::Number(some.then_some(n as i64));
        // The long one six times is enough.
        let body = if n > 36 && body.len() > 1000 {
            ""
        } else {
            body
        };
        vec![
            key(100 + n),
            key(9),
            key(1),
            parent,
            text(if n % 2 == 0 { "user" } else { "assistant" }),
            text(body),
            text(if n == 3 { "hm" } else { "" }),
            text(state),
            Value::Text((n == 4).then(|| "length".to_owned())),
            Value::Text((n == 5).then(String::new)),
            number(true),
            number(n % 2 == 1),
            number(n % 3 == 1),
            number(true),
            number(n != 7),
            number(n == 8),
            Value::Uuid((n == 7).then(|| Uuid::from_u128(5))),
            number(true),
            Value::Flag(Some(n == 7)),
            // Not so long ago that it would be gone for good.
            Value::Number((n == 6).then_some(i64::MAX)),
            Value::Uuid((n == 6).then(|| Uuid::from_u128(106))),
            Value::Flag(Some(n == 4)),
            number(n % 2 == 1),
            Value::Text((n == 7).then(|| "another".to_owned())),
            Value::Text((n == 9).then(|| "no such model".to_owned())),
        ]
    });
    let persona = [key(20), key(1)].into_iter();
    let persona = persona.chain([text("해적"), text("Ahoy"), text("One?\nTwo?")]);
    let persona = persona.chain([preset(), Value::Number(Some(0))]);
    let persona = persona.collect();
    let defaults = vec![key(1), preset(), Value::Flag(Some(false))];
    let usage = [
        key(31),
        key(2),
        Value::Number(Some(20_000)),
        text("a model"),
    ]
    .into_iter();
    let usage = usage.chain((1..=5).map(|tokens| Value::Number(Some(tokens))));
    let usage = usage.chain([Value::Flag(Some(true))]).collect();
    let parts = [("body", 0), ("body", 300), ("reasoning", 2)];
    let parts =
        parts.map(|(kind, seq)| vec![key(107), text(kind), Value::Number(Some(seq)), text("조각")]);
    let rows: [Vec<Row>; 9] = [
        users.collect(),
        sessions.into(),
        vec![device],
        vec![chat],
        messages.collect(),
        parts.into(),
        vec![defaults],
        vec![persona],
        vec![usage],
    ];
    for (table, rows) in TABLES.iter().zip(rows) {
        for rows in rows.chunks(20) {
            tx.add_rows(table, rows.to_vec()).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    db.close().await;
}

// ---- check

#[tokio::test]
async fn before_the_first_start_all_is_well_and_stays_as_it_is() {
    let place = Place::new();
    let done = place.check(&[]).await;
    let said = done.well();
    for words in ["damso.db does not exist yet", "demo model", "All is well."] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(place.names(), BTreeSet::new());
}

#[tokio::test]
async fn what_is_wrong_is_told_alone_and_with_what_to_do() {
    let place = Place::new();
    let model = ModelServer::start().await;
    let other_program = format!("--listen={}", model.base_url().authority());
    let model_url = format!("--openai-base-url={}", model.base_url());
    fs::write(place.path("garbage.db"), "no database at all, ".repeat(100)).unwrap();
    fs::create_dir(place.path("folder.db")).unwrap();
    make(&place.sqlite("newer.db")).await;
    let newer = "insert into _sqlx_migrations
                 (version, description, success, checksum, execution_time)
                 values (9999, 'later', true, x'00', 0)";
    change(&place.sqlite("newer.db"), newer).await;
    make(&place.sqlite("strange.db")).await;
    let strange = "update _sqlx_migrations set checksum = x'00' where version = 1";
    change(&place.sqlite("strange.db"), strange).await;
    model.has(&["plum", "pear"]);
    model.always(Answer::status(404, "application/json", "{}"));

    let database = |name: &str| format!("--database-url={}", place.sqlite(name));
    for (flags, thing, words) in [
        (vec![other_program], "Address", "set LISTEN"),
        (vec!["--listen=192.0.2.1:1".into()], "Address", "set LISTEN"),
        (
            vec![database("no/damso.db")],
            "Database",
            "does not exist; create it",
        ),
        (
            vec!["--database-url=sqlite:///proc/damso.db".into()],
            "Database",
            "no file can be created",
        ),
        (vec![database("garbage.db")], "Database", "not a database"),
        (vec![database("folder.db")], "Database", "cannot be opened"),
        (
            vec![database("newer.db")],
            "Database",
            "newer version of Damso",
        ),
        (vec![database("strange.db")], "Database", "not Damso's"),
        (
            vec!["--database-url=postgres://127.0.0.1:1/x".into()],
            "Database",
            "refused",
        ),
        (
            vec!["--openai-base-url=http://127.0.0.1:1/v1".into()],
            "Model server",
            "OPENAI_BASE_URL",
        ),
        (
            vec![model_url.clone(), "--openai-model=fig".into()],
            "Model server",
            "\"plum\", \"pear\"",
        ),
    ] {
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        expect_wrong(&place.check(&flags).await, thing, words);
        if thing == "Database" {
            // The server says the same.
            let done = place
                .damso(&[&flags[..], &["--listen=127.0.0.1:0"]].concat())
                .await;
            assert_eq!(done.code, Some(1), "{done:?}");
            assert!(done.err.contains(words), "{words} in {done:?}");
        }
    }
    for (answer, words) in [
        (
            Answer::status(401, "application/json", "{}"),
            "OPENAI_API_KEY",
        ),
        (Answer::status(404, "text/html", "<html>"), "/v1"),
        (Answer::status(200, "text/html", "<html>"), "did not list"),
        (
            Answer::status(200, "application/json", r#"{"data":[]}"#),
            "has no models",
        ),
    ] {
        model.lists(answer);
        expect_wrong(&place.check(&[&model_url]).await, "Model server", words);
    }
}

#[track_caller]
fn expect_wrong(done: &Done, thing: &str, words: &str) {
    assert_eq!((done.code, &*done.err), (Some(1), ""), "{done:?}");
    let wrong: Vec<_> = done
        .out
        .lines()
        .filter(|line| line.starts_with("FAILED"))
        .collect();
    assert_eq!(wrong.len(), 1, "{}", done.out);
    assert!(wrong[0].contains(&format!("{thing}: ")), "{}", wrong[0]);
    assert!(wrong[0].contains(words), "{words} in {}", wrong[0]);
    assert!(done.out.ends_with("One thing is wrong.\n"), "{}", done.out);
}

#[tokio::test]
async fn what_is_wrong_with_postgres_is_told() {
    let place = Place::new();
    let (Some(url), Some(newer)) = (place.postgres().await, place.postgres().await) else {
        return;
    };
    let check = async |url: &str| place.check(&["--database-url", url]).await;
    let before = check(&url).await;
    assert!(
        before.well().contains("will be created at the first start"),
        "{before:?}"
    );
    make(&url).await;
    let after = check(&url).await;
    assert!(after.well().contains("up to date"), "{after:?}");
    let app = {
        let url = newer.clone();
        TestApp::with(|config| config.database_url = url).await
    };
    let used = check(&newer).await;
    assert!(
        used.well().contains("1 Damso server is using it"),
        "{used:?}"
    );
    app.change(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'later', true, '', 0)",
    )
    .await;
    expect_wrong(&check(&newer).await, "Database", "newer version of Damso");
    let no_schema = url.replace("search_path%3D", "search_path%3Dno_");
    expect_wrong(&check(&no_schema).await, "Database", "schema");
    let no_database = url.replace("/postgres?", "/nowhere?");
    expect_wrong(&check(&no_database).await, "Database", "does not exist");
    app.db().close().await;
}

#[tokio::test]
async fn a_setting_that_cannot_be_read_is_named_without_what_it_hides() {
    let place = Place::new();
    for (setting, value) in [
        ("--listen", "nowhere"),
        ("--openai-api-key", "hidden\u{7f}"),
        ("--database-url", "mysql://me:hidden@host/db"),
        ("--history-limit", "1"),
        ("--rust-log", "a=b=c"),
    ] {
        let done = place.damso(&["check", setting, value]).await;
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.err.contains(setting), "{done:?}");
        assert!(!done.err.contains("hidden"), "{done:?}");
    }
}

#[tokio::test]
async fn no_key_and_no_password_is_printed() {
    let place = Place::new();
    let model = ModelServer::start().await;
    let said = format!(r#"{{"error":{{"message":"bad key {KEY}"}}}}"#);
    model.lists(Answer::status(401, "application/json", &said));
    let url = model.base_url();
    let mut command = place.command();
    command.args(["check", "--openai-base-url", url.as_str()]);
    command.env("OPENAI_API_KEY", KEY);
    command.env(
        "DATABASE_URL",
        "postgres://me:secret-word@127.0.0.1:1/damso",
    );
    let done = run(command).await;
    assert_eq!(done.code, Some(1));
    let said = done.out + &done.err;
    assert!(said.contains("postgres://127.0.0.1:1/damso"), "{said}");
    assert!(
        !said.contains("secret-word") && !said.contains(KEY),
        "{said}"
    );
}

#[tokio::test]
async fn a_database_in_use_is_well_and_is_left_alone() {
    let place = Place::new();
    let app = place.app("damso.db").await;
    let done = place.check(&[]).await;
    assert!(
        done.well()
            .contains("in use by a running Damso server; its tables are up to date"),
        "{done:?}"
    );
    app.db().close().await;
    let names = place.names();
    // Closed, the file holds everything: it may be copied and replaced.
    let files = ["damso.db", "damso.db-lock"].map(str::to_owned);
    assert_eq!(names, BTreeSet::from(files));
    let bytes = fs::read(place.path("damso.db")).unwrap();
    let done = place.check(&[]).await;
    assert!(
        done.well()
            .contains("damso.db exists; its tables are up to date"),
        "{done:?}"
    );
    assert_eq!(place.names(), names);
    assert!(fs::read(place.path("damso.db")).unwrap() == bytes);
}

#[tokio::test]
async fn a_file_that_another_program_has_locked_is_told() {
    use sqlx::{Connection, SqliteConnection};
    let place = Place::new();
    place.app("damso.db").await.db().close().await;
    let url = place.sqlite("damso.db");
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    let lock = sqlx::query("begin exclusive");
    lock.execute(&mut other).await.unwrap();
    let flag = format!("--database-url={url}");
    let done = place.damso(&["--listen=127.0.0.1:0", &flag]).await;
    assert_eq!(done.code, Some(1), "{done:?}");
    // A line of the log about the wait may come after it.
    let mut lines = done.err.lines();
    let told = lines.find(|line| line.starts_with("damso: DATABASE_URL: "));
    assert!(
        told.is_some_and(|told| told.contains("damso.db is locked: another program")),
        "{done:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_gone_while_it_is_in_use_is_told() {
    let place = Place::new();
    std::os::unix::fs::symlink("damso.db", place.path("link.db")).unwrap();
    let app = place.app("damso.db").await;
    for name in ["damso.db", "link.db"] {
        let flag = format!("--database-url={}", place.sqlite(name));
        let done = place.check(&[&flag]).await;
        assert!(
            done.well().contains("in use by a running Damso server"),
            "{done:?}"
        );
    }
    fs::remove_file(place.path("damso.db")).unwrap();
    for name in ["damso.db", "link.db"] {
        let flag = format!("--database-url={}", place.sqlite(name));
        expect_wrong(
            &place.check(&[&flag]).await,
            "Database",
            "is gone, but a running Damso",
        );
    }
    app.db().close().await;
    let done = place.check(&[]).await;
    assert!(
        done.well().contains("will be created at the first start"),
        "{done:?}"
    );
}

#[tokio::test]
async fn an_older_database_is_well_and_stays_older() {
    let place = Place::new();
    make(&place.sqlite("damso.db")).await;
    let older = "delete from _sqlx_migrations where version > 1";
    change(&place.sqlite("damso.db"), older).await;
    for _ in 0..2 {
        let done = place.check(&[]).await;
        assert!(
            done.well().contains("migrated at the next start"),
            "{done:?}"
        );
    }
}

#[tokio::test]
async fn whatever_chats_is_well_whether_it_is_listed_or_not() {
    let place = Place::new();
    let model = ModelServer::start().await;
    let url = format!("--openai-base-url={}", model.base_url());
    let json = "application/json";
    let no_list = Answer::status(404, json, r#"{"detail":"Not Found"}"#);
    let empty = Answer::status(200, json, r#"{"data":[]}"#);
    let thoughts = r#"{"choices":[{"delta":{"reasoning":"hm"},"finish_reason":"length"}]}"#;
    for (list, answer, name, is_well) in [
        (no_list.clone(), Answer::stream(["OK"]), "fig", true),
        (empty, Answer::stream(["OK"]), "fig", true),
        (
            no_list.clone(),
            Answer::sse()
                .event(thoughts)
                .event("[DONE]")
                .then(Step::End),
            "fig",
            true,
        ),
        (
            no_list.clone(),
            Answer::status(401, json, "{}"),
            "fig",
            false,
        ),
        (no_list.clone(), Answer::stream(["OK"]), "", false),
    ] {
        model.lists(list);
        model.always(answer);
        let name = format!("--openai-model={name}");
        let done = place.check(&[&url, &name]).await;
        assert_eq!(done.code == Some(0), is_well, "{done:?}");
    }
    // A name that it answers to without listing it, and one with blanks around it.
    model.has(&["plum", "pear"]);
    model.always(Answer::stream(["OK"]));
    for (name, told) in [
        ("fig", "is not one of them, but responds"),
        (" plum ", "using \"plum\""),
    ] {
        let name = format!("--openai-model={name}");
        let done = place.check(&[&url, &name]).await;
        assert!(done.code == Some(0) && done.out.contains(told), "{done:?}");
    }
    // A wrong key is told as one, also where it is refused for a chat only.
    model.lists(no_list);
    model.always(Answer::status(
        400,
        json,
        r#"{"error":{"message":"No connected db.","type":"no_db_connection"}}"#,
    ));
    let done = place.check(&[&url, "--openai-model=fig"]).await;
    assert!(done.out.contains("OPENAI_API_KEY"), "{done:?}");
}

#[tokio::test]
async fn the_models_that_would_answer_are_told() {
    let place = Place::new();
    let model = ModelServer::start().await;
    model.has(&["embed-plum", "pear"]);
    let url = model.base_url();
    let named = [
        "--openai-base-url",
        url.as_str(),
        "--openai-model=embed-plum",
    ];
    let first = place.check(&named[..2]).await;
    assert!(first.well().contains("using \"pear\""), "{first:?}");
    let named = place.check(&named).await;
    assert!(named.well().contains("using \"embed-plum\""), "{named:?}");
    let ollama = ["--find-ollama=true", "--ollama-url", url.as_str()];
    let found = place.check(&ollama).await;
    assert!(found.well().contains("using \"pear\""), "{found:?}");
    let two = " lists 2 models (";
    for told in [&first, &named, &found] {
        assert!(told.well().contains(two), "{told:?}");
        let names = "ms): \"embed-plum\", \"pear\"; ";
        assert!(told.well().contains(names), "{told:?}");
    }
    let many: Vec<_> = (10..22).map(|n| format!("model-{n}")).collect();
    model.has(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let many = place.check(&ollama).await;
    let told = many.well();
    assert!(told.contains(" lists 12 models ("), "{many:?}");
    let names = "ms): \"model-10\", \"model-11\", \"model-12\" and 9 more; ";
    assert!(told.contains(names), "{many:?}");
    model.has(&["pear"]);
    let one = place.check(&ollama).await;
    assert!(one.well().contains(" lists one model ("), "{one:?}");
    model.has(&[]);
    let empty = place.check(&ollama).await;
    assert!(
        empty.well().contains("warning  Model server: "),
        "{empty:?}"
    );
}

#[tokio::test]
async fn a_proxy_that_hides_addresses_is_warned_of() {
    let place = Place::new();
    let done = place
        .check(&["--public-url=https://chat.example.org"])
        .await;
    assert!(
        done.well().contains("warning  Settings: PUBLIC_URL"),
        "{done:?}"
    );
}

#[tokio::test]
async fn a_zone_whose_sign_is_the_other_way_round_is_warned_of() {
    let place = Place::new();
    for (zone, is_warned_of) in [
        ("GMT+9", true),
        ("UTC-3", true),
        ("Etc/GMT+9", true),
        ("Asia/Seoul", false),
        ("KST-9", false),
        ("UTC", false),
    ] {
        let mut command = place.command();
        command.args(["check", "--find-ollama=false", "--listen=127.0.0.1:0"]);
        command.env("TZ", zone);
        let done = run(command).await;
        let warning = format!("warning  Settings: TZ={zone} ");
        assert_eq!(done.well().contains(&warning), is_warned_of, "{done:?}");
    }
}

#[tokio::test]
async fn settings_may_come_before_and_after_a_command() {
    let place = Place::new();
    for words in [
        ["--database-url=sqlite://a.db", "check"],
        ["check", "--database-url=sqlite://a.db"],
    ] {
        let mut command = place.command();
        command
            .args(words)
            .args(["--find-ollama=false", "--listen=127.0.0.1:0"]);
        command.env("DATABASE_URL", "sqlite://b.db");
        let done = run(command).await;
        assert!(done.well().contains("Database: a.db"), "{done:?}");
    }
    let mut command = place.command();
    command.args(["check", "--find-ollama=false", "--listen=127.0.0.1:0"]);
    command.env("DATABASE_URL", "sqlite://b.db");
    let done = run(command).await;
    assert!(done.well().contains("Database: b.db"), "{done:?}");
}

#[tokio::test]
async fn without_a_command_it_serves_and_check_finds_it() {
    let place = Place::new();
    let mut command = place.command();
    command.args(["--listen=127.0.0.1:0", "--find-ollama=false"]);
    let mut server = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
    let address = log.find_map(|line| {
        let line = line.unwrap();
        let (_, address) = line.split_once("listening on http://")?;
        Some(address.trim().to_owned())
    });
    // Whatever is found, it ends with the test.
    let listen = format!("--listen={}", address.unwrap());
    let done = place
        .damso(&["check", "--find-ollama=false", &listen])
        .await;
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(
        done.well().contains("Address: Damso is already running at"),
        "{done:?}"
    );
    assert!(
        done.out.contains("in use by a running Damso server"),
        "{done:?}"
    );
}

// ---- backup

#[tokio::test]
async fn a_backup_has_everything_that_was_acknowledged_before_it_began() {
    let place = Place::new();
    let app = place.app("damso.db").await;
    app.model.says("Plums are good.");
    let ann = Browser::plain(&app).sign_up("ann").await;
    let (acknowledged, enough) = (Arc::new(Mutex::new(0)), Arc::new(AtomicBool::new(false)));
    let sending = tokio::spawn({
        let (acknowledged, enough) = (acknowledged.clone(), enough.clone());
        async move {
            for n in 1.. {
                let page = ann.start_chat(&format!("message {n}!")).await;
                assert!(page.text("#thread").contains("Plums are good."));
                *acknowledged.lock().unwrap() = n;
                if enough.load(Ordering::Relaxed) {
                    return;
                }
            }
        }
    });
    let several = async {
        while *acknowledged.lock().unwrap() < 5 {
            tokio::task::yield_now().await;
        }
    };
    soon("five messages", several).await;
    let before = *acknowledged.lock().unwrap();
    let done = place.damso(&["backup", "copy.db"]).await;
    enough.store(true, Ordering::Relaxed);
    sending.await.unwrap();
    assert!(
        done.well()
            .contains("copy.db is a complete copy of damso.db"),
        "{done:?}"
    );
    app.db().close().await;

    let restored = Place::new();
    fs::copy(place.path("copy.db"), restored.path("damso.db")).unwrap();
    let app = restored.app("damso.db").await;
    let whole: String = app.value("pragma integrity_check").await;
    assert_eq!(whole, "ok");
    let ann = Browser::plain(&app);
    let page = ann.sign_in("ann", PASSWORD).await;
    for n in 1..=before {
        assert!(
            page.html.contains(&format!("message {n}!")),
            "message {n} of {before}"
        );
    }
    let answered: i64 = app
        .value("select count(*) from messages where body = 'Plums are good.'")
        .await;
    assert!(answered >= before, "{answered} of {before} replies");
}

#[tokio::test]
async fn a_backup_waits_for_nobody_and_is_for_its_owner_alone() {
    let place = Place::new();
    fill(&place.sqlite("damso.db")).await;
    let app = place.app("damso.db").await;
    // What waits in line is begun and ended first.
    app.idle().await;
    let before = contents_of(app.db()).await;
    let mut tx = app.db().begin().await.unwrap();
    let Kind::Sqlite(open) = &mut tx else {
        panic!("it is a file")
    };
    sqlx::query("delete from messages")
        .execute(&mut **open)
        .await
        .unwrap();
    let done = place.damso(&["backup", "copy.db"]).await;
    assert!(done.well().contains("messages     450"), "{done:?}");
    drop(tx);
    app.db().close().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(place.path("copy.db"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(!place.names().contains("copy.db.part"));
    assert!(contents(&place.sqlite("copy.db")).await == before);
}

#[tokio::test]
async fn a_backup_that_cannot_be_made_leaves_nothing_and_overwrites_nothing() {
    let place = Place::new();
    let done = place.damso(&["backup", "copy.db"]).await;
    assert!(
        done.refused().contains("database not found: damso.db"),
        "{done:?}"
    );
    make(&place.sqlite("damso.db")).await;
    fs::write(place.path("mine.txt"), "mine").unwrap();
    fs::write(place.path("busy.db.part"), "half").unwrap();
    let names = place.names();
    for (words, said) in [
        (vec!["backup", "mine.txt"], "mine.txt already exists"),
        (vec!["backup", "damso.db"], "damso.db already exists"),
        (vec!["backup", "busy.db"], "busy.db.part exists"),
        (vec!["backup", "no/copy.db"], "cannot be created"),
        (
            vec![
                "backup",
                "copy.db",
                "--database-url=postgres://127.0.0.1:1/x",
            ],
            "pg_dump",
        ),
    ] {
        let done = place.damso(&words).await;
        assert!(done.refused().contains(said), "{done:?}");
    }
    assert_eq!(place.names(), names);
    assert_eq!(fs::read(place.path("mine.txt")).unwrap(), b"mine");
    assert_eq!(fs::read(place.path("busy.db.part")).unwrap(), b"half");
}

#[tokio::test]
async fn a_damaged_database_makes_no_backup() {
    let place = Place::new();
    fill(&place.sqlite("damso.db")).await;
    let path = place.path("damso.db");
    let mut bytes = fs::read(&path).unwrap();
    let length = bytes.len();
    // All but the pages that say what tables there are.
    bytes[length / 4..].fill(0x55);
    fs::write(&path, bytes).unwrap();
    let names = place.names();
    let done = place.damso(&["backup", "copy.db"]).await;
    done.refused();
    assert!(
        !place.names().iter().any(|name| name.contains("copy")),
        "{names:?}"
    );
}

// ---- move

#[tokio::test]
async fn everything_is_the_same_there_and_back_again() {
    let place = Place::new();
    let (first, other, last) = (
        place.sqlite("a.db"),
        place.other().await,
        place.sqlite("z.db"),
    );
    fill(&first).await;
    let before = contents(&first).await;
    for (from, to) in [(&first, &other), (&other, &last)] {
        let done = place.damso(&["move", "--from", from, "--to", to]).await;
        let said = done.well();
        for words in [
            "messages     450 copied and compared",
            "reply_parts  3 copied",
            "users        2",
        ] {
            assert!(said.contains(words), "{said}");
        }
        assert!(contents(to).await == before, "{to}");
        assert!(contents(from).await == before, "{from}");
    }
}

#[tokio::test]
async fn people_find_their_chats_in_the_new_database() {
    let place = Place::new();
    let app = place.app("damso.db").await;
    app.model.says("Plums are good.");
    let ann = Browser::plain(&app).sign_up("ann").await;
    let chat = ann.start_chat("자두 좋아해?").await;
    app.idle().await;
    app.db().close().await;
    let (from, to) = (place.sqlite("damso.db"), place.other().await);
    place
        .damso(&["move", "--from", &from, "--to", &to])
        .await
        .well();
    let app = TestApp::with(|config| config.database_url = to).await;
    // Still signed in.
    let page = ann.on(&app).get(&chat.path).await;
    assert_eq!(page.text("#title h1"), "자두 좋아해?");
    assert!(page.text("#thread").contains("Plums are good."));
}

#[tokio::test]
async fn a_database_that_is_not_empty_is_not_moved_to() {
    let place = Place::new();
    let (from, to) = (place.sqlite("a.db"), place.other().await);
    fill(&from).await;
    fill(&to).await;
    change(
        &to,
        "delete from messages;;delete from users where name = 'Ann 2'",
    )
    .await;
    let before = contents(&to).await;
    let done = place.damso(&["move", "--from", &from, "--to", &to]).await;
    assert!(done.refused().contains("it is not empty"), "{done:?}");
    assert!(contents(&to).await == before);
    let done = place.damso(&["move", "--from", &from, "--to", &from]).await;
    assert!(done.refused().contains("it is not empty"), "{done:?}");
}

#[tokio::test]
async fn what_is_in_use_or_not_known_is_not_moved() {
    let place = Place::new();
    let (from, to) = (place.sqlite("a.db"), place.sqlite("b.db"));
    let refuse = async |from: &str, to: &str, words: &str| {
        let done = place.damso(&["move", "--from", from, "--to", to]).await;
        assert!(done.refused().contains(words), "{words} in {done:?}");
    };
    refuse(&from, &to, "file not found").await;
    let app = place.app("a.db").await;
    refuse(&from, &to, "stop it first").await;
    app.db().close().await;
    let served = place.app("c.db").await;
    refuse(&from, &place.sqlite("c.db"), "stop it first").await;
    served.db().close().await;
    refuse(&from, "sqlite:///proc/x.db", "cannot be opened").await;
    change(
        &from,
        "update _sqlx_migrations set checksum = x'00' where version = 1",
    )
    .await;
    refuse(&from, &to, "not Damso's").await;
    assert!(!place.names().contains("b.db"));
    make(&to).await;
    change(&to, "delete from _sqlx_migrations where version > 1").await;
    refuse(&to, &place.sqlite("d.db"), "start this version on it once").await;
    assert!(!place.names().contains("d.db"));
}

#[tokio::test]
async fn a_postgres_in_use_is_not_moved() {
    let place = Place::new();
    let (Some(used), Some(empty)) = (place.postgres().await, place.postgres().await) else {
        return;
    };
    let app = {
        let url = used.clone();
        TestApp::with(|config| config.database_url = url).await
    };
    let from = place.sqlite("a.db");
    fill(&from).await;
    let there = place.damso(&["move", "--from", &from, "--to", &used]).await;
    assert!(there.refused().contains("stop every server"), "{there:?}");
    let back = place
        .damso(&["move", "--from", &used, "--to", &empty])
        .await;
    assert!(back.refused().contains("stop every server"), "{back:?}");
    app.db().close().await;
}

#[tokio::test]
async fn a_move_that_breaks_in_the_middle_leaves_nothing() {
    let place = Place::new();
    let (from, to) = (place.sqlite("a.db"), place.other().await);
    fill(&from).await;
    make(&to).await;
    // The last of the messages, after whole batches.
    let break_off = match is_postgres(&to) {
        true => "alter table messages add constraint no check (dropped <> 448)",
        false => {
            "create trigger no before insert on messages when new.dropped = 448
                  begin select raise(abort, 'no'); end"
        }
    };
    change(&to, break_off).await;
    let done = place.damso(&["move", "--from", &from, "--to", &to]).await;
    assert!(
        done.refused().contains("messages cannot be copied"),
        "{done:?}"
    );
    assert!(is_empty(&contents(&to).await));
    let mend = match is_postgres(&to) {
        true => "alter table messages drop constraint no",
        false => "drop trigger no",
    };
    change(&to, mend).await;
    place
        .damso(&["move", "--from", &from, "--to", &to])
        .await
        .well();
    assert!(contents(&to).await == contents(&from).await);
}

#[tokio::test]
async fn a_row_that_is_not_the_same_there_is_named_and_nothing_kept() {
    let place = Place::new();
    let (from, to) = (place.sqlite("a.db"), place.sqlite("b.db"));
    fill(&from).await;
    for (change_it, words) in [
        (
            "update messages set body = 'x' where id = new.id",
            "messages with id 00000000-0000-0000-0000-0000000001f4",
        ),
        (
            "delete from sessions where user_id is null",
            "sessions with key_hash 0000ff80",
        ),
        (
            "insert into sessions (key_hash, data, expires_at) values (x'ff', '', 0)",
            "sessions with key_hash ff",
        ),
    ] {
        make(&to).await;
        let trigger = format!(
            "create trigger odd after insert on messages when new.dropped = 400 begin {change_it}; end"
        );
        change(&to, &trigger).await;
        let done = place.damso(&["move", "--from", &from, "--to", &to]).await;
        let said = done.refused();
        assert!(
            said.contains("differs between the two") && said.contains(words),
            "{said}"
        );
        assert!(is_empty(&contents(&to).await));
        change(&to, "drop trigger odd").await;
    }
}

#[tokio::test]
async fn a_text_that_postgres_cannot_hold_is_named() {
    let place = Place::new();
    let Some(to) = place.postgres().await else {
        return;
    };
    let from = place.sqlite("a.db");
    fill(&from).await;
    change(
        &from,
        "update messages set body = 'a' || char(0) || 'b' where dropped = 400",
    )
    .await;
    let done = place.damso(&["move", "--from", &from, "--to", &to]).await;
    let said = done.refused();
    assert!(said.contains("NUL"), "{said}");
    assert!(
        said.contains("messages with id 00000000-0000-0000-0000-0000000001f4"),
        "{said}"
    );
    assert!(is_empty(&contents(&to).await));
    // A file takes it as it is.
    let file = place.sqlite("b.db");
    place
        .damso(&["move", "--from", &from, "--to", &file])
        .await
        .well();
    assert!(contents(&file).await == contents(&from).await);
}

// ---- what is moved

/// Table, column, type, and the place in the key from 1, or 0.
type Column = (String, String, String, i64);

#[tokio::test]
async fn no_table_and_no_column_is_forgotten() {
    let place = Place::new();
    let sql =
        "select m.name, c.name, lower(c.type), c.pk from sqlite_master m, pragma_table_info(m.name) c
               where m.type = 'table' and m.name not like '\\_%' escape '\\'";
    compare_tables(&place.sqlite("a.db"), sql, "blob").await;
    let sql = "select c.table_name::text, c.column_name::text, c.data_type::text,
                   coalesce(k.ordinal_position, 0)::bigint
               from information_schema.columns c
               left join information_schema.table_constraints t
                   on t.table_schema = c.table_schema and t.table_name = c.table_name
                   and t.constraint_type = 'PRIMARY KEY'
               left join information_schema.key_column_usage k
                   on k.constraint_schema = c.table_schema
                   and k.constraint_name = t.constraint_name and k.column_name = c.column_name
               where c.table_schema = current_schema() and c.table_name <> '_sqlx_migrations'";
    if let Some(url) = place.postgres().await {
        compare_tables(&url, sql, "uuid").await;
    }
}

async fn compare_tables(url: &str, sql: &'static str, uuid: &str) {
    let db = Db::open(url).await.unwrap();
    let found: Vec<Column> =
        with_pool!(db.read, db => sqlx::query_as(sql).fetch_all(db).await.unwrap());
    let bytes = if is_postgres(url) { "bytea" } else { "blob" };
    db.close().await;
    let is_moved = |column: &Column| !NOT_COPIED.contains(&&*column.0);
    let found: BTreeSet<Column> = found.into_iter().filter(is_moved).collect();
    let columns = |table: &'static Table| {
        table
            .columns
            .iter()
            .zip(1..)
            .map(move |((column, kind), at)| {
                let kind = match kind {
                    Type::Uuid => uuid,
                    Type::Text => "text",
                    Type::Number => "bigint",
                    Type::Flag => "boolean",
                    Type::Bytes => bytes,
                };
                let in_key = if at <= table.key as i64 { at } else { 0 };
                (table.name.into(), (*column).into(), kind.into(), in_key)
            })
    };
    let told: BTreeSet<Column> = TABLES.iter().flat_map(columns).collect();
    assert_eq!(told, found);
}
