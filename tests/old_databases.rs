//! Databases of every older version, with rows in them, come up to date: nothing is lost on the way,
//! also not when that breaks off half-way, and the pages read as they did.

use crate::support::{postgres::Schema, process::output, site::wait_until, *};
use argon2::Argon2;
use damso::{
    db::{Backup, Db, Inspection, Kind, Pool, SchemaState, is_postgres},
    with_pool,
};
use futures_util::future::join_all;
use http::StatusCode;
use password_hash::PasswordHasher;
use sqlx::{
    AssertSqlSafe, PgPool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    str::FromStr,
};
use tempfile::TempDir;

/// What a database of each version may have, beside what one of the version before has. `@1` is a key,
/// `#aa#` are bytes, `$hash` is that of everybody's password.
const ROWS: [&str; 9] = [
    "insert into users (id, name, name_key, password_hash, is_admin, language, created_at) values
         (@1, 'Ann', 'ann', '$hash', true, 'en', 1700000000000000),
         (@2, 'Ben', 'ben', '$hash', false, null, 1700000001000000);
     insert into sessions (key_hash, user_id, data, expires_at) values (#aa#, @1, '{}', $later);
     insert into devices (token_hash, user_id, created_at) values (#bb#, @1, 1700000000000000);
     insert into chats (id, user_id, title, leaf, created_at, active_at) values
         (@11, @1, 'Plums', @24, 1700000000000000, 1700000000000000),
         (@12, @2, 'Of Ben', @32, 1700000000000000, 1700000000000000);
     insert into messages (id, chat_id, parent_id, role, body, reasoning, state, problem, model,
         dropped, prompt_tokens, completion_tokens, created_at, ended_at) values
         (@21, @11, null, 'user', 'What is a plum?', '', 'complete', null, null,
          0, null, null, 1700000000000000, null),
         (@22, @11, @21, 'assistant', 'A *stone* fruit.', 'Think of trees.', 'complete', null,
          'old-model', 0, 1234, 567, 1700000000000000, 1700000009000000),
         (@23, @11, @22, 'user', 'And a pear?', '', 'complete', null, null,
          0, null, null, 1700000010000000, null),
         (@24, @11, @23, 'assistant', 'A pome', '', 'failed', 'refused', 'old-model',
          0, null, null, 1700000010000000, 1700000011000000),
         (@31, @12, null, 'user', 'Wait for me', '', 'complete', null, null,
          0, null, null, 1700000000000000, null),
         (@32, @12, @31, 'assistant', '', '', 'streaming', null, 'old-model',
          0, null, null, 1700000000000000, null);
     insert into reply_parts (message_id, kind, seq, text) values
         (@32, 'body', 0, 'Half an '), (@32, 'body', 8, 'answer'), (@32, 'reasoning', 0, 'Hm.')",
    "insert into instances (id, heartbeat, is_ending) values (@91, 1, false);
     insert into tries (key_hash, fresh_at) values (#cc#, 1);
     update messages set instance = @91, attempt = 1, stop_asked = true where state = 'streaming';
     update users set served_at = 5 where id = @1;
     insert into chats (id, user_id, title, leaf, created_at, active_at) values
         (@13, @1, 'Queue', @42, 1700000000000000, 1700000000000001);
     insert into messages (id, chat_id, parent_id, role, body, state, created_at, queued_at) values
         (@41, @13, null, 'user', 'Stand in line', 'complete', 1700000000000000, null),
         (@42, @13, @41, 'assistant', '', 'queued', 1700000000000000, 1700000000000000)",
    "insert into messages (id, chat_id, parent_id, role, body, state, created_at, ended_at, deleted_at,
         deleted_with) values
         (@25, @11, @21, 'assistant', 'Another answer.', 'complete', 1700000000000000,
          1700000000000000, null, null),
         (@26, @11, @22, 'user', 'Deleted words', 'complete', 1700000000000000, null, $now, @26)",
    "update chats set model = 'chat-model', system_prompt = 'Speak like a \"pirate\" \\ of plums',
         temperature = 700, top_p = 1000, max_tokens = 500, effort = 'low', persona = 'Pirate',
         title_by = 'model' where id = @11;
     insert into defaults (user_id, model, system_prompt, temperature, top_p, max_tokens, effort,
         titles) values (@1, 'default-model', 'Be brief.', 0, 333, null, null, true);
     insert into personas (id, user_id, name, greeting, starters, model, system_prompt, temperature,
         top_p, max_tokens, effort, created_at) values
         (@51, @1, 'Pirate', 'Ahoy', 'One', 'persona-model', 'You are a pirate.', 1250, 900, 64, 'high',
          1700000000000000),
         (@52, @1, 'Plain', '', '', null, null, null, null, null, null, 1700000000000000);
     update messages set asked_model = 'asked-model' where id = @25",
    "update messages set is_estimate = true, written_in = 2000000 where id = @22",
    "update users set theme = 'dark', text_size = 'large', density = 'compact', composer = 'line'
         where id = @1",
    "update users set time_zone = 'Asia/Seoul' where id = @1",
    "update users set password_no = 3 where id = @1;
     update sessions set password_no = 3, user_agent = 'Old/1.0', created_at = $now, seen_at = $now;
     insert into users (id, name, name_key, password_hash, is_admin, created_at, deleted_at) values
         (@3, '', ' closed', '', false, 1700000000000000, $now)",
    "update messages set said = 'The house is full.' where id = @24",
];

/// The pages that a database reads on, since which version, and words that are on them.
const PAGES: &[(usize, &str, &str, &[&str])] = &[
    (1, "Ann", "/chats", &["Plums"]),
    (
        1,
        "Ann",
        "/chats/@11",
        &[
            "What is a plum?",
            "A <em>stone</em> fruit.",
            "Think of trees.",
            "And a pear?",
            "A pome",
            "1,234",
        ],
    ),
    (1, "Ann", "/messages/@22/raw", &["A *stone* fruit."]),
    (1, "Ann", "/settings/account", &["Ann"]),
    (
        1,
        "Ben",
        "/chats/@12",
        &["Of Ben", "Wait for me", "Half an answer", "Hm."],
    ),
    (2, "Ann", "/chats/@13", &["Stand in line", "Hello!"]),
    (3, "Ann", "/chats/@11/at/@25", &["Another answer."]),
    (
        3,
        "Ann",
        "/chats/@11/deleted/@26",
        &["/messages/@26/restore"],
    ),
    (
        4,
        "Ann",
        "/chats/@11/settings",
        &[
            "\"chat-model\"",
            "Speak like a &#34;pirate&#34; \\ of plums",
            "\"0.7\"",
            "\"1\"",
            "\"500\"",
            "value=\"low\" selected",
        ],
    ),
    (
        4,
        "Ann",
        "/settings",
        &["\"default-model\"", "Be brief.", "\"0\"", "\"0.333\""],
    ),
    (4, "Ann", "/personas", &["Pirate", "Plain"]),
    (
        4,
        "Ann",
        "/personas/@51",
        &[
            "Ahoy",
            "One",
            "\"persona-model\"",
            "You are a pirate.",
            "\"1.25\"",
            "\"0.9\"",
            "\"64\"",
        ],
    ),
    (6, "Ann", "/settings", &["dark"]),
    (7, "Ann", "/settings/time", &["Asia/Seoul"]),
    (9, "Ann", "/chats/@11", &["The house is full."]),
];

/// Columns of older versions whose content is elsewhere now.
const MOVED: [&str; 7] = [
    "is_admin",
    "model",
    "system_prompt",
    "temperature",
    "top_p",
    "max_tokens",
    "effort",
];

/// A place for databases.
struct Old {
    folder: TempDir,
    schema: Option<Schema>,
}

/// The rows of each table, as text.
type Contents = BTreeMap<String, Vec<String>>;

impl Old {
    async fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            schema: Schema::wanted().await,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("damso.db")
    }

    fn url(&self) -> String {
        match &self.schema {
            Some(schema) => schema.url(),
            None => format!("sqlite://{}", self.file().display()),
        }
    }

    /// Makes a database of this version, with rows in it.
    async fn make(&self, version: usize) {
        let steps = match self.schema {
            Some(_) => "migrations/postgres",
            None => "migrations/sqlite",
        };
        let steps = Path::new(env!("CARGO_MANIFEST_DIR")).join(steps);
        let steps = Migrator::new(steps).await.unwrap();
        let pool = connect(&self.url()).await;
        for (number, rows) in (1..=version).zip(ROWS) {
            let taken = steps.iter().filter(|step| step.version <= number as i64);
            let steps = Migrator::with_migrations(taken.cloned().collect());
            match &pool {
                Kind::Sqlite(pool) => steps.run(pool).await.unwrap(),
                Kind::Postgres(pool) => steps.run(pool).await.unwrap(),
            }
            for sql in rows.split(';') {
                run(&pool, &self.sql(sql)).await;
            }
        }
        with_pool!(pool, db => db.close().await);
    }

    /// What is meant by keys, bytes and times in this kind of database.
    fn sql(&self, sql: &str) -> String {
        let is_postgres = self.schema.is_some();
        let mut parts = sql.split('@');
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            let digits = part.find(|c: char| !c.is_ascii_digit());
            let (number, rest) = part.split_at(digits.unwrap_or(part.len()));
            let key = key(number);
            out += &match is_postgres {
                true => format!("'{key}'"),
                false => format!("x'{}'", key.replace('-', "")),
            };
            out += rest;
        }
        let hash = Argon2::default().hash_password(PASSWORD.as_bytes());
        let bytes = if is_postgres { "'\\x" } else { "x'" };
        for name in ["aa", "bb", "cc"] {
            let digits = name.repeat(32);
            out = out.replace(&format!("#{name}#"), &format!("{bytes}{digits}'"));
        }
        out.replace("$hash", &hash.unwrap().to_string())
            .replace("$now", &now().to_string())
            .replace("$later", &(now() + 2_000_000_000_000).to_string())
    }

    async fn run(&self, sql: &str) {
        let pool = connect(&self.url()).await;
        run(&pool, &self.sql(sql)).await;
        with_pool!(pool, db => db.close().await);
    }

    async fn contents(&self) -> Contents {
        contents(&self.url()).await
    }
}

/// The key with this number.
fn key(number: &str) -> String {
    format!("018bcfe5-6800-7000-8000-{number:0>12}")
}

async fn connect(url: &str) -> Pool {
    match is_postgres(url) {
        true => Kind::Postgres(PgPool::connect(url).await.unwrap()),
        false => {
            let options = SqliteConnectOptions::from_str(url).unwrap();
            let options = options.create_if_missing(true).foreign_keys(true);
            let pool = SqlitePoolOptions::new().max_connections(1);
            Kind::Sqlite(pool.connect_with(options).await.unwrap())
        }
    }
}

async fn run(pool: &Pool, sql: &str) {
    with_pool!(pool, db => {
        let done = sqlx::query(AssertSqlSafe(sql)).execute(db).await;
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    });
}

/// Every row of every table, each column by its name.
async fn contents(url: &str) -> Contents {
    let pool = connect(url).await;
    let tables = match &pool {
        Kind::Sqlite(_) => {
            "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c
             where m.type = 'table' and m.name not like '\\_%' escape '\\'
             and m.name not like 'sqlite\\_%' escape '\\' order by 1, 2"
        }
        Kind::Postgres(_) => {
            "select table_name::text, column_name::text from information_schema.columns
             where table_schema = current_schema() and table_name <> '_sqlx_migrations' order by 1, 2"
        }
    };
    let columns: Vec<(String, String)> =
        with_pool!(pool, db => sqlx::query_as(tables).fetch_all(db).await.unwrap());
    let mut all = Contents::new();
    for (table, column) in columns {
        let key = match &*table {
            "sessions" | "tries" => "key_hash",
            "devices" => "token_hash",
            "defaults" => "user_id",
            "reply_parts" => "message_id, kind, seq",
            _ => "id",
        };
        let text = match &pool {
            Kind::Sqlite(_) => format!("quote({column})"),
            Kind::Postgres(_) => format!("coalesce({column}::text, 'null')"),
        };
        let sql = format!("select {text} from {table} order by {key}");
        let values: Vec<String> = with_pool!(pool, db => sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(db)
            .await
            .unwrap());
        all.insert(format!("{table}.{column}"), values);
    }
    with_pool!(pool, db => db.close().await);
    all
}

/// Sees that everything that was there is there, as it was.
fn nothing_is_lost(before: &Contents, after: &Contents, version: usize) {
    for (column, values) in before {
        let (table, name) = column.split_once('.').unwrap();
        let is_moved = MOVED.contains(&name) && table != "messages";
        match after.get(column) {
            Some(now) => assert_eq!(now, values, "{column} of version {version}"),
            None => assert!(is_moved, "{column} of version {version} is gone"),
        }
    }
}

#[tokio::test]
async fn a_database_of_any_version_comes_up_to_date_and_loses_nothing() {
    for version in 1..=ROWS.len() {
        let old = Old::new().await;
        old.make(version).await;
        let before = old.contents().await;
        Db::open(&old.url()).await.unwrap().close().await;
        let after = old.contents().await;
        nothing_is_lost(&before, &after, version);
        let look = Inspection::at(&old.url()).await.unwrap();
        assert_eq!(look.standing().await.unwrap(), SchemaState::Current);
        assert_eq!(look.damage().await.unwrap(), None, "version {version}");
        look.close().await;
        // Once more changes nothing, and needs no backup.
        Db::open(&old.url()).await.unwrap().close().await;
        assert_eq!(old.contents().await, after);
    }
}

#[tokio::test]
async fn every_page_of_it_reads_the_same() {
    // At once: it takes a while until the process that made a reply counts as gone.
    join_all((1..=ROWS.len()).map(pages_read_the_same)).await;
}

async fn pages_read_the_same(version: usize) {
    let old = Old::new().await;
    old.make(version).await;
    let url = old.url();
    let app = TestApp::with(|config| config.database_url = url).await;
    // What waited in line is made, and what was left behind is interrupted.
    app.settled().await;
    for name in ["Ann", "Ben"] {
        let browser = Browser::plain(&app);
        browser.sign_in(name, PASSWORD).await;
        for (since, who, path, words) in PAGES {
            if *since > version || *who != name {
                continue;
            }
            let named = |text: &str| {
                (1..=99).rev().fold(text.to_owned(), |text, n| {
                    text.replace(&format!("@{n}"), &key(&n.to_string()))
                })
            };
            let page = browser.get(&named(path)).await;
            assert_eq!(page.status, StatusCode::OK, "{path} of version {version}");
            for word in *words {
                assert!(
                    page.html.contains(&named(word)),
                    "{word:?} is not on {path} of version {version}:\n{}",
                    page.html
                );
            }
        }
    }
    let roles = "select string_agg(name || ' ' || role, ', ') from
                     (select name, role from users where deleted_at is null order by name) u";
    let roles: String = app.value(roles).await;
    assert_eq!(roles, "Ann administrator, Ben member", "version {version}");
    // And it goes on.
    let ann = Browser::plain(&app);
    ann.sign_in("Ann", PASSWORD).await;
    let page = ann.get(&format!("/chats/{}", key("11"))).await;
    let page = ann.send(&page, "One more").await;
    assert!(page.html.contains("Hello!"), "version {version}");
    app.db().close().await;
}

#[tokio::test]
async fn a_step_that_fails_half_way_changes_nothing_and_is_taken_again() {
    let old = Old::new().await;
    old.make(9).await;
    // Nothing of ours, but in the way of the step's last part.
    old.run("create table usage (id text)").await;
    let before = old.contents().await;
    for _ in 0..3 {
        let error = Db::open(&old.url()).await.unwrap_err().to_string();
        assert!(
            error.contains("cannot be updated to this version"),
            "{error}"
        );
        assert!(error.contains("usage"), "{error}");
        assert_eq!(old.contents().await, before);
    }
    old.run("drop table usage").await;
    Db::open(&old.url()).await.unwrap().close().await;
    nothing_is_lost(&before, &old.contents().await, 9);
    if old.schema.is_none() {
        let mut names: Vec<_> = fs::read_dir(old.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        // However often it failed, the first copy is kept and one more.
        let copies = ["damso.db.before-0010", "damso.db.before-0010-again"];
        let found = names.iter().filter(|name| name.contains("before"));
        assert_eq!(found.collect::<Vec<_>>(), copies);
        for copy in copies {
            let url = format!("sqlite://{}", old.folder.path().join(copy).display());
            let mut copied = contents(&url).await;
            copied.remove("usage.id");
            let before = before.iter().filter(|(column, _)| *column != "usage.id");
            assert!(copied.iter().eq(before), "{copy}");
        }
    }
}

#[tokio::test]
async fn before_rows_are_rewritten_a_copy_of_the_file_is_made() {
    let old = Old::new().await;
    if old.schema.is_some() {
        return;
    }
    old.make(7).await;
    let before = old.contents().await;
    let copy = old.folder.path().join("damso.db.before-0010");
    // A start that was killed while it made the copy.
    fs::write(old.folder.path().join("damso.db.before-0010.part"), "half").unwrap();
    log();
    Db::open(&old.url()).await.unwrap().close().await;
    let place = copy.display().to_string();
    assert!(log().contains(&place), "the log tells where it is");
    assert_eq!(contents(&format!("sqlite://{place}")).await, before);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "it is for its owner alone");
    }
    // It can take the file's place.
    fs::copy(&copy, old.file()).unwrap();
    Db::open(&old.url()).await.unwrap().close().await;
    nothing_is_lost(&before, &old.contents().await, 7);
}

#[tokio::test]
async fn no_copy_is_made_of_what_is_new_or_where_none_is_wanted() {
    let old = Old::new().await;
    if old.schema.is_some() {
        return;
    }
    let copies = || {
        let files = fs::read_dir(old.folder.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains("before")).count()
    };
    Db::open(&old.url()).await.unwrap().close().await;
    assert_eq!(copies(), 0);
    fs::remove_file(old.file()).unwrap();
    old.make(9).await;
    let before = old.contents().await;
    let opened = Db::open_with(&old.url(), Backup::Skip).await;
    opened.unwrap().close().await;
    assert_eq!(copies(), 0);
    nothing_is_lost(&before, &old.contents().await, 9);
}

#[tokio::test]
async fn a_server_that_is_killed_half_way_loses_nothing() {
    let old = Old::new().await;
    if old.schema.is_some() {
        return;
    }
    old.make(9).await;
    // Enough that it takes a while.
    old.run(
        "insert into messages (id, chat_id, role, body, state, created_at)
         with recursive n (i) as (select 1 union all select i + 1 from n where i < 20000)
         select randomblob(16), @11, 'user',
             hex(zeroblob(500)), 'complete', i from n",
    )
    .await;
    let before = old.contents().await;
    let (file, kept) = (old.file(), old.folder.path().join("kept.db"));
    fs::copy(&file, &kept).unwrap();
    let mut was_half_way = false;
    for _ in 0..20 {
        for ending in ["", "-wal", "-shm", ".before-0010", ".before-0010-again"] {
            let mut name = file.clone().into_os_string();
            name.push(ending);
            fs::remove_file(name).ok();
        }
        fs::copy(&kept, &file).unwrap();
        let mut damso = Command::new(env!("CARGO_BIN_EXE_damso"))
            .env_clear()
            .env("DATABASE_URL", old.url())
            .env("LISTEN", "127.0.0.1:0")
            .env("FIND_OLLAMA", "false")
            .current_dir(old.folder.path())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // What does not fit into memory is in the log before it is kept.
        let log = old.folder.path().join("damso.db-wal");
        let size = |file: &Path| fs::metadata(file).map_or(0, |file| file.len());
        wait_until(
            async || match size(&log) > 1_000_000 || damso.try_wait().unwrap().is_some() {
                true => Ok(()),
                false => Err("it does not begin".to_owned()),
            },
        )
        .await;
        damso.kill().unwrap();
        damso.wait().unwrap();
        let look = Inspection::at(&old.url()).await.unwrap();
        was_half_way = look.standing().await.unwrap() == SchemaState::Behind;
        look.close().await;
        let found = old.contents().await;
        match was_half_way {
            true => assert!(found == before, "what was there is there"),
            false => nothing_is_lost(&before, &found, 9),
        }
        if was_half_way {
            break;
        }
    }
    assert!(was_half_way, "it was always faster");
    Db::open(&old.url()).await.unwrap().close().await;
    nothing_is_lost(&before, &old.contents().await, 9);
}

#[tokio::test]
async fn where_there_is_no_room_for_a_copy_nothing_is_begun_unless_it_is_wanted() {
    let old = Old::new().await;
    if old.schema.is_some() {
        return;
    }
    old.make(9).await;
    old.run(
        "insert into messages (id, chat_id, role, body, state, created_at)
         with recursive n (i) as (select 1 union all select i + 1 from n where i < 4000)
         select randomblob(16), @11, 'user', hex(zeroblob(500)), 'complete', i from n",
    )
    .await;
    let before = old.contents().await;
    // Room for the update, and not for a copy as well.
    let room = 7 * fs::metadata(old.file()).unwrap().len() / 2;
    let script = format!(
        "mkdir disk && mount -t tmpfs -o size={room} none disk || exit 77
         cp damso.db disk/ && \"$0\"; cp disk/damso.db refused.db; ls disk
         NO_BACKUP=true \"$0\" 2>said & until grep -q 'listening on' said || ! kill -0 $!; do sleep 0.1; done
         kill $!; wait; cat said >&2; cp disk/damso.db* ."
    );
    let mut command = Command::new("unshare");
    command
        .args(["-rm", "sh", "-c", &script, env!("CARGO_BIN_EXE_damso")])
        .env("DATABASE_URL", "sqlite://disk/damso.db")
        .env("LISTEN", "127.0.0.1:0")
        .env("FIND_OLLAMA", "false")
        // A reply of the rows goes on, and would be waited for.
        .env("STOP_TIMEOUT", "0.001")
        .current_dir(old.folder.path());
    let output = output(command).await;
    if output.status.code() == Some(77) || output.stderr.starts_with(b"unshare:") {
        eprintln!("skipped: this system lets nobody mount a disk");
        return;
    }
    let said = String::from_utf8(output.stderr).unwrap();
    for part in [
        "MB of disk space for an update of its tables",
        "--no-backup",
        "updating the database's tables without a backup",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let beside = String::from_utf8(output.stdout).unwrap();
    assert!(!beside.contains("before"), "{beside}");
    let refused = old.folder.path().join("refused.db");
    let refused = contents(&format!("sqlite://{}", refused.display())).await;
    assert!(refused == before, "what was there is there");
    // The server has run since.
    let updated = old.contents().await;
    assert!(updated.contains_key("usage.id"));
    assert_eq!(updated["messages.id"], before["messages.id"]);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let old = Old::new().await;
    Db::open(&old.url()).await.unwrap().close().await;
    old.run(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
         values (9999, 'later', true, #aa#, 0)",
    )
    .await;
    let before = old.contents().await;
    let error = Db::open(&old.url()).await.err().unwrap().to_string();
    assert!(error.contains("newer version of Damso"), "{error}");
    assert!(!error.contains('\n'), "{error}");
    assert!(old.contents().await == before, "nothing was changed");
}

/// Two servers on one PostgreSQL: the older one would write rows that the newer one cannot read.
#[tokio::test]
async fn tables_are_not_rebuilt_under_an_older_server() {
    let old = Old::new().await;
    if old.schema.is_none() {
        return;
    }
    old.make(9).await;
    let time = now();
    old.run(&format!("update instances set heartbeat = {time}"))
        .await;
    let before = old.contents().await;
    let error = Db::open(&old.url()).await.unwrap_err().to_string();
    assert!(
        error.contains("is in use by 1 older Damso servers"),
        "{error}"
    );
    assert_eq!(old.contents().await, before);
    old.run("update instances set heartbeat = 1").await;
    let before = old.contents().await;
    Db::open(&old.url()).await.unwrap().close().await;
    nothing_is_lost(&before, &old.contents().await, 9);
}
