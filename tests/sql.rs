//! Rules of our SQL that neither the compiler nor a database checks.

use crate::support::TestApp;
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};
use tower_sessions::{
    SessionStore,
    cookie::time::{Duration, OffsetDateTime},
    session::{Id, Record},
};

/// Every file with this ending below a folder of the repository.
fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

/// The text between this bracket and the one that closes it.
fn inside(text: &str) -> &str {
    let mut depth = 0;
    let end = text.find(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    &text[..end.unwrap_or(text.len())]
}

/// sqlx tells nothing of an SQLite statement that fails after its first row: what was to be kept would
/// count as kept. In a transaction the commit fails then; outside of one every row must be read.
#[test]
fn what_writes_outside_of_a_transaction_asks_for_no_row() {
    const CALL: &str = "with_pool!(self.writer()";
    let mut calls = 0;
    for (path, text) in files("src", "rs") {
        for (at, _) in text.match_indices(CALL) {
            let call = inside(&text[at + "with_pool!".len()..]);
            calls += 1;
            assert!(
                call.contains(".execute(db)") && !call.contains(".fetch"),
                "{}: {call}",
                path.display()
            );
        }
        // There is no other way to the connections that write, but in the folder that has them.
        if !path.components().any(|part| part.as_os_str() == "db") {
            let ways = text.matches(".writer()").count();
            assert_eq!(
                ways,
                text.matches("self.writer()").count(),
                "{}",
                path.display()
            );
        }
    }
    assert!(calls > 20, "{calls}");
}

/// With several servers on PostgreSQL an older one goes on with the statements that it has prepared,
/// also after a newer one has added a column.
#[test]
fn every_column_is_asked_for_by_its_name() {
    let mut seen = 0;
    for (path, text) in files("src", "rs") {
        let text = text.to_lowercase();
        seen += text.matches("select ").count();
        for all in ["select *", "returning *", "select c.*", "select m.*"] {
            for (at, _) in text.match_indices(all) {
                // Within a statement that names them.
                let is_inner = text[..at].trim_end().ends_with('(');
                assert!(is_inner, "{}: {}", path.display(), &text[at..at + 40]);
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

/// For the same reason: columns come, and none goes or becomes another; but in a step under which no
/// older server may run (`REWRITES` in src/db/migrate.rs).
#[test]
fn migrations_add_and_change_no_types() {
    let mut steps: HashMap<_, usize> = HashMap::new();
    for (path, text) in files("migrations", "sql") {
        if path.ends_with("0010_growth.sql") {
            continue;
        }
        let code = |line: &str| line.split("--").next().unwrap_or_default().to_lowercase();
        let text: Vec<_> = text.lines().map(code).collect();
        for statement in text.join(" ").split(';') {
            let words: Vec<_> = statement.split_whitespace().collect();
            let adds = match words[..] {
                [] => continue,
                ["create", "table" | "index", ..] | ["create", "unique", "index", ..] => true,
                ["drop", "index", _] | ["update" | "insert", ..] => true,
                ["alter", "table", _, "add", "column", ..] => true,
                _ => false,
            };
            assert!(adds, "{}: {statement}", path.display());
            *steps.entry(path.parent().map(Path::to_owned)).or_default() += 1;
        }
    }
    assert_eq!(steps.len(), 2);
    assert!(steps.values().all(|count| *count > 20), "{steps:?}");
}

#[tokio::test]
async fn a_session_that_has_ended_is_not_saved_again() {
    let app = TestApp::start().await;
    let mut record = Record {
        id: Id::default(),
        data: HashMap::default(),
        expiry_date: OffsetDateTime::now_utc() + Duration::days(1),
    };
    app.db().create(&mut record).await.unwrap();
    record.data.insert("seen".to_owned(), 1.into());
    app.db().save(&record).await.unwrap();
    let kept = app.db().load(&record.id).await.unwrap().unwrap();
    assert_eq!(kept.data, record.data);
    app.db().delete(&record.id).await.unwrap();
    app.db().save(&record).await.unwrap();
    assert!(app.db().load(&record.id).await.unwrap().is_none());
    assert_eq!(app.value::<i64>("select count(*) from sessions").await, 0);
}
