//! How the databases go about each statement: none reads all of a table that grows, and no page and no
//! limit reads other people's rows.
//!
//! Somebody walks through all pages and forms, and the database tells how it finds what each statement
//! asks for. Whether the walk comes by every statement is seen by those in the source.

use crate::{
    security::{Owned, ROUTES, ask, text},
    support::{
        model::{Answer, Gate},
        postgres::Schema,
        *,
    },
};
use argon2::Argon2;
use damso::db::Kind;
use password_hash::PasswordHasher;
use serde_json::Value;
use sqlx::{AssertSqlSafe, SqlitePool};
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tower_sessions::{
    SessionStore,
    cookie::time::OffsetDateTime,
    session::{Id, Record},
};

/// The tables that grow with people and with what they do.
const GROWING: [&str; 10] = [
    "users",
    "sessions",
    "devices",
    "chats",
    "messages",
    "reply_parts",
    "defaults",
    "personas",
    "usage",
    "tries",
];

/// Indices of the few rows that the program looks through itself, whosever they are: what waits, what
/// runs, and what is about to be erased.
const OF_FEW: [&str; 4] = [
    "messages_queued",
    "messages_streaming",
    "messages_deleted",
    "users_deleted",
];

/// How the statements begin that ask whether there is anybody else: they stop at the first user.
const FIRST_ROW: [&str; 4] = [
    "select not exists (select 1 from users where deleted_at is null)",
    "with others (present) as (",
    "select (select count(*) from chats where user_id = $1) as chats,",
    "update users set name = '', name_key = $2, password_hash = '',",
];

/// Statements that only chance brings about: of two servers that erase the same account, of a clock that
/// goes back, and of strangers who try a device's cookie. SQLite tells of them without having run them.
const RARE: [&str; 3] = [
    "select exists (select 1 from users where id = $1)",
    "update tries set fresh_at = $2 where key_hash = $1 and fresh_at > $2",
    "select user_id from devices where token_hash = $1 limit 1",
];

/// What PostgreSQL is told: to say how it went about each statement, and about those that it makes
/// itself of references; and to read no table from its beginning if there is any other way, however
/// small the table is.
const SAYS_PLANS: [&str; 7] = [
    "enable_seqscan=off",
    "session_preload_libraries=auto_explain",
    "auto_explain.log_min_duration=0",
    "auto_explain.log_level=notice",
    "auto_explain.log_format=json",
    "auto_explain.log_verbose=on",
    "auto_explain.log_nested_statements=on",
];

#[tokio::test]
async fn no_statement_reads_all_of_a_table_that_grows() {
    let schema = Schema::wanted().await;
    record_statements();
    let app = TestApp::with(|config| {
        config.titles = true;
        config.messages_per_minute = 10_000;
        if let Some(schema) = &schema {
            let settings = SAYS_PLANS.map(|setting| {
                let setting = setting.replace('=', "%3D");
                format!("%20-c%20{setting}")
            });
            config.database_url = schema.url() + &settings.concat();
        }
    })
    .await;
    let app = walk(&app).await;
    let mut recorded = recorded_statements();
    recorded.statements.extend(RARE.map(str::to_owned));
    let statements: BTreeSet<String> = recorded
        .statements
        .iter()
        .map(|sql| squeezed(sql))
        .filter(|sql| is_ours(sql))
        .collect();
    let pieces = in_source(schema.is_some());
    let unseen: Vec<_> = pieces
        .iter()
        .filter(|piece| !statements.iter().any(|sql| sql.contains(piece.as_str())))
        .cloned()
        .collect();
    assert!(
        unseen.is_empty(),
        "the walk does not come by:\n{}",
        unseen.join("\n")
    );
    // Those of the test itself aside; of references PostgreSQL makes statements by itself.
    let is_meant = |sql: &str| {
        let sql = squeezed(sql);
        let is_ours = is_ours(&sql) && pieces.iter().any(|piece| sql.contains(piece.as_str()));
        (is_ours || sql.contains(" ONLY ")) && !FIRST_ROW.iter().any(|start| sql.starts_with(start))
    };
    // Another one, of which SQLite does not know yet how small its tables are.
    let fresh = TestApp::start().await;
    let offenders = match &fresh.db().read {
        Kind::Sqlite(pool) => {
            recorded.statements.retain(|sql| is_meant(sql));
            offenders_on_sqlite(pool, &recorded.statements).await
        }
        Kind::Postgres(_) => offenders_on_postgres(&recorded.notices, is_meant),
    };
    drop(app);
    assert!(offenders.is_empty(), "\n{}", offenders.join("\n\n"));
}

/// The statement on one line.
fn squeezed(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether it is a statement of the program, rather than one of sqlx or of the test.
fn is_ours(sql: &str) -> bool {
    let begins = ["select", "insert", "update", "delete", "with"];
    begins.iter().any(|word| sql.starts_with(word)) && !sql.contains("_sqlx_migrations")
}

// ---- the walk

/// Does everything that can be done.
async fn walk(app: &TestApp) -> TestApp {
    let ann = Browser::plain(app).sign_up("ann").await;
    for (method, route, body, _) in ROUTES {
        if !["/logout", "/static/{name}"].contains(route) {
            let owned = Owned::by(&ann, app).await;
            text(ask(&ann, method, &owned.path(route), body).await).await;
        }
    }
    tree(app, &ann).await;
    running(app, &ann).await;
    account(app).await;
    app.db().purge_messages().await.unwrap();
    app.db().erase_closed_accounts().await.unwrap();
    if let Some(other) = app.another().await {
        let live = ann.start_running("Elsewhere").await;
        Browser::plain(&other).sign_in("ann", PASSWORD).await;
        drop(live);
        other.end(Duration::ZERO).await;
    }
    // As after a crash.
    ann.start_chat("Left behind").await;
    let app = app.clone().restarted().await;
    app.change(
        "update messages set state = 'streaming' where id = (select id from messages
                where role = 'assistant' order by id desc limit 1)",
    )
    .await;
    let app = app.restarted().await;
    app.settled().await;
    app
}

/// Edits, versions, other models, deleting and bringing back, branches off, titles.
async fn tree(app: &TestApp, ann: &Browser) {
    let page = ann.start_chat("What is a plum?").await;
    app.until("select exists (select 1 from chats where title_by = 'model')")
        .await;
    let page = ann.send(&page, "And a pear?").await;
    let edit = page.attributes("[href$='/edit']", "href");
    let form = ann.get(&edit[0]).await.form("main form");
    let page = ann.submit(&form.fill("content", "What is a peach?")).await;
    let page = ann.finished(&page).await;
    let page = ann.submit(&page.form("form[action$='/retry']")).await;
    let page = ann.finished(&page).await;
    let remove = page.attributes("[href$='/delete']", "href");
    let remove = remove.iter().find(|path| path.starts_with("/messages/"));
    let form = ann.get(remove.unwrap()).await.form("main form");
    let page = ann.submit(&form).await;
    let page = ann.submit(&page.form("form[action$='/restore']")).await;
    let page = ann.submit(&page.form("form[action$='/branch']")).await;
    ann.get(&page.path).await;
}

/// Replies that are watched, stopped, carried on, and that wait in line.
async fn running(app: &TestApp, ann: &Browser) {
    let gate = Gate::new();
    app.model.always(Answer::gated(&gate, ["Half ", "of it"]));
    gate.open(1);
    let mut chats = Vec::new();
    for n in 0..6 {
        chats.push(ann.start_running(&format!("Question {n}")).await);
    }
    app.until("select exists (select 1 from reply_parts)").await;
    for chat in chats.iter().rev() {
        let page = ann.get(chat).await;
        ann.submit(&page.form("form[action$='/stop']")).await;
    }
    app.idle().await;
    gate.open_all();
    app.model.says("The rest.");
    let page = ann.get(&chats[0]).await;
    let page = ann.submit(&page.form("form[action$='/continue']")).await;
    ann.finished(&page).await;
}

/// Names, passwords, sessions, and accounts that go.
async fn account(app: &TestApp) {
    let ben = Browser::plain(app).sign_up("ben").await;
    let page = ben.start_chat("Mine").await;
    let form = page.form("#composer").fill("content", "Twice");
    ben.submit(&form).await;
    ben.submit(&form).await;
    ben.fresh().sign_in("ben", PASSWORD).await;
    let page = ben.get("/settings/account").await;
    ben.submit(&page.form("form#name").fill("username", "ben"))
        .await;
    ben.submit(&page.form("#sessions form[action$='/end']"))
        .await;
    ben.fresh().sign_in("ben", PASSWORD).await;
    let page = ben.get("/settings/account").await;
    let form = page.form("form[action='/settings/account/password']");
    const NEW: &str = "another door made of plums";
    let form = form.fill("password", PASSWORD).fill("new_password", NEW);
    ben.submit(&form.fill("new_password_confirm", NEW)).await;
    ben.sign_out().await;
    ben.sign_in("ben", "not the password").await;
    ben.sign_in("ben", NEW).await;
    ben.sign_out().await;
    // As when the clock was ahead.
    app.change("update tries set fresh_at = fresh_at + 864000000000000")
        .await;
    ben.sign_in("ben", "not the password").await;
    app.change("delete from tries").await;
    ben.sign_in("ben", NEW).await;
    // As a version with other parameters made it.
    let weak = argon2::Params::new(8, 1, 1, None).unwrap();
    let weak = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, weak);
    let weak = weak.hash_password(NEW.as_bytes()).unwrap();
    let sql = format!("update users set password_hash = '{weak}' where name = 'ben'");
    app.change(sql.leak()).await;
    ben.sign_out().await;
    ben.sign_in("ben", NEW).await;
    ben.sign_out().await;
    ben.register("carl", PASSWORD).await;
    ben.start_chat("Mine").await;
    let form = ben.get("/settings/account/delete").await.form("main form");
    ben.submit(&form.fill("password", PASSWORD).with("sure", "yes"))
        .await;
    app.until("select not exists (select 1 from users where name = '')")
        .await;
    let mut record = Record {
        id: Id::default(),
        data: HashMap::default(),
        expiry_date: OffsetDateTime::now_utc(),
    };
    app.db().create(&mut record).await.unwrap();
    app.db().load(&record.id).await.unwrap();
}

// ---- what the source has

/// How the statements begin that only one of the databases is sent.
const ONLY_SQLITE: &str = "update messages set parent_id = null where chat_id = $1";
const ONLY_POSTGRES: &str = "lateral (";

/// Every piece of the source that is a statement, or the part of one that names a table.
fn in_source(is_postgres: bool) -> Vec<String> {
    let mut pieces = Vec::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in files(&source) {
        let source = fs::read_to_string(&file).unwrap();
        // The folder's own statements are about all tables alike, or none.
        let is_ours = source.contains("with_pool!(self") || source.contains("with_tx!(");
        if is_ours && !file.starts_with("src/db") {
            pieces.extend(strings(&source).into_iter().filter(|it| names_table(it)));
        }
    }
    assert!(pieces.len() > 80, "{}", pieces.len());
    let other = match is_postgres {
        true => ONLY_SQLITE,
        false => ONLY_POSTGRES,
    };
    pieces.retain(|piece| !piece.starts_with(other));
    pieces
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

/// What stands between quotes, each on one line.
fn strings(source: &str) -> Vec<String> {
    let code = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n").replace("'\"'", "");
    let parts = code.split('"');
    parts.skip(1).step_by(2).map(squeezed).collect()
}

fn names_table(piece: &str) -> bool {
    let words: Vec<&str> = piece.split([' ', '(', ')', ',']).collect();
    words.windows(2).any(|pair| {
        ["from", "join", "into", "update"].contains(&pair[0]) && GROWING.contains(&pair[1])
    })
}

// ---- SQLite

async fn offenders_on_sqlite(pool: &SqlitePool, statements: &BTreeSet<String>) -> Vec<String> {
    let mut offenders = Vec::new();
    for sql in statements {
        let plan = format!("explain query plan {sql}");
        let plan = sqlx::query_as(AssertSqlSafe(plan)).fetch_all(pool).await;
        let plan: Vec<(i64, i64, i64, String)> = plan.unwrap_or_else(|error| {
            panic!("{error}: {sql}");
        });
        let names = names_of_tables(sql);
        for (.., step) in &plan {
            let mut words = step.split(' ');
            let reads_all = words.next() == Some("SCAN");
            let table = words.next().unwrap_or_default();
            let index = step.split("INDEX ").nth(1).unwrap_or_default();
            let index = index.split(' ').next().unwrap_or_default();
            if reads_all && names.contains(table) && !OF_FEW.contains(&index) {
                offenders.push(format!("{step}\n  {}", squeezed(sql)));
            }
        }
    }
    offenders
}

/// What tables that grow are called in this statement: by their names, and by others.
fn names_of_tables(sql: &str) -> BTreeSet<String> {
    let words: Vec<&str> = sql
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let mut names: BTreeSet<String> = GROWING.map(str::to_owned).into();
    for pair in words.windows(2) {
        if GROWING.contains(&pair[0]) && pair[1].len() <= 3 {
            names.insert(pair[1].to_owned());
        }
    }
    names
}

// ---- PostgreSQL

fn offenders_on_postgres(
    notices: &BTreeSet<String>,
    is_meant: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut offenders = BTreeSet::new();
    let mut plans = 0;
    for notice in notices {
        let Some((_, json)) = notice.split_once("plan:") else {
            continue;
        };
        let told: Value = serde_json::from_str(json).unwrap();
        let sql = squeezed(told["Query Text"].as_str().unwrap_or_default());
        plans += 1;
        if is_meant(&sql) {
            let mut found = Vec::new();
            full_reads(&told["Plan"], &mut found);
            offenders.extend(found.into_iter().map(|step| format!("{step}\n  {sql}")));
        }
    }
    assert!(plans > 100, "only {plans} plans were told");
    offenders.into_iter().collect()
}

/// The steps of a plan, and of those below it, that read all of a table that grows. (With so few rows any
/// index does, whatever is looked for in it: what counts is that there is one.)
fn full_reads(step: &Value, found: &mut Vec<String>) {
    let word = |name: &str| step[name].as_str().unwrap_or_default();
    let (kind, table) = (word("Node Type"), word("Relation Name"));
    if kind.ends_with("Seq Scan") && GROWING.contains(&table) {
        found.push(format!("{kind} {table}"));
    }
    for below in step["Plans"].as_array().into_iter().flatten() {
        full_reads(below, found);
    }
}
