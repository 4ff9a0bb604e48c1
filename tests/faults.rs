//! The database fails: what was acknowledged is there, what was refused is not, and all goes on by
//! itself once it is well again.

use crate::support::{
    model::{Answer, Gate},
    postgres::{OwnDatabase, Schema},
    wire::Wire,
    *,
};
use damso::db::Kind;
use http::{Method, StatusCode};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, SqlitePool};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// The disk that a database is on, as the database sees it.
enum Disk {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Disk {
    fn of(app: &TestApp) -> Self {
        match app.db().writer().unwrap() {
            Kind::Sqlite(pool) => Self::Sqlite(pool.clone()),
            Kind::Postgres(pool) => Self::Postgres(pool.clone()),
        }
    }

    /// From now on there is no room for another page of the database; on PostgreSQL for none of a
    /// message.
    async fn fill(&self) {
        match self {
            Self::Sqlite(pool) => allow(pool, "1").await,
            Self::Postgres(pool) => {
                sqlx::raw_sql(
                    "create function fill() returns trigger language plpgsql as $$ begin
                         raise 'could not extend file: No space left on device'
                             using errcode = 'disk_full';
                     end $$;
                     create trigger fill before insert or update of body on messages
                         execute function fill();
                     create trigger fill before insert on reply_parts execute function fill();",
                )
                .execute(pool)
                .await
                .unwrap();
            }
        }
    }

    /// There is room again.
    async fn free(&self) {
        match self {
            Self::Sqlite(pool) => allow(pool, "4294967294").await,
            Self::Postgres(pool) => {
                sqlx::raw_sql("drop function fill() cascade")
                    .execute(pool)
                    .await
                    .unwrap();
            }
        }
    }
}

/// Limits how many pages there may be, for the connection that writes and for those that take its
/// place.
async fn allow(pool: &SqlitePool, pages: &'static str) {
    let options = pool.connect_options();
    let options = options.as_ref().clone();
    pool.set_connect_options(options.pragma("max_page_count", pages));
    let sql = format!("pragma max_page_count = {pages}");
    let mut writer = pool.acquire().await.unwrap();
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut *writer)
        .await
        .unwrap();
}

/// Tells whether the database is a file.
fn is_a_file(app: &TestApp) -> bool {
    !app.db().is_shared()
}

/// A text that needs room.
fn long(text: &str) -> String {
    format!("{text} {}", "long ".repeat(6_000))
}

/// Sends it, and whether it was taken; if not, that is said and the text is kept.
async fn try_to_send(browser: &Browser, path: &str, text: &str) -> bool {
    let page = browser.get(path).await;
    let sent = page.form("#composer").fill("content", text);
    let answer = browser.submit(&sent).await;
    if answer.status == StatusCode::OK {
        return true;
    }
    assert_eq!(
        answer.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        answer.html
    );
    let said = answer.text("#notice .notice");
    assert!(said.contains("not sent"), "{said}");
    match browser.is_htmx() {
        // Nothing but the notice changes.
        true => assert!(
            !answer.answer.contains("name=\"content\""),
            "{}",
            answer.answer
        ),
        false => assert_eq!(answer.form("#composer").value("content"), text),
    }
    false
}

async fn is_there(app: &TestApp, text: &str) -> bool {
    let sql = format!(
        "select exists (select 1 from messages where role = 'user' and body like '{text}%')"
    );
    app.value::<bool>(sql.leak()).await
}

#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let disk = Disk::of(&app);
        app.model.says("Yes.");
        let ann = kind(&app).sign_up("ann").await;
        let path = ann.start_chat("first").await.path;
        for round in 0..10 {
            disk.fill().await;
            let refused = format!("refused {round}");
            assert!(!try_to_send(&ann, &path, &long(&refused)).await);
            // A refusal that drops a transaction, as there are many.
            let page = ann.get(&path).await;
            disk.free().await;
            let kept = format!("kept {round}");
            assert!(try_to_send(&ann, &path, &long(&kept)).await);
            app.idle().await;
            let behind = ann
                .submit(&page.form("#composer").fill("content", "behind"))
                .await;
            assert_eq!(behind.status, StatusCode::CONFLICT);
            let after = format!("after {round}");
            assert!(try_to_send(&ann, &path, &after).await);
            app.idle().await;
            for (text, there) in [(&refused, false), (&kept, true), (&after, true)] {
                assert_eq!(is_there(&app, text).await, there, "{text}");
            }
            assert!(!is_there(&app, "behind").await);
        }
        let app = app.restarted().await;
        assert_eq!(app.value::<i64>("select count(*) from messages").await, 42);
    }
}

#[tokio::test]
async fn a_reply_that_ends_while_the_disk_is_full_waits_and_is_kept_whole() {
    let app = TestApp::start().await;
    let disk = Disk::of(&app);
    let gate = Gate::new();
    let piece = long("word");
    app.model
        .answer(Answer::gated(&gate, [&*piece, &*piece, "end"]));
    let ann = Browser::plain(&app).sign_up("ann").await;
    let path = ann.start_running("question").await;
    disk.fill().await;
    gate.open_all();
    soon("a try to store the reply", async {
        while !log().contains("could not save a reply") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let page = ann.get(&path).await;
    assert!(
        page.has(".reply.running, .reply[aria-busy='true'], .stop"),
        "{}",
        page.html
    );
    disk.free().await;
    app.idle().await;
    let page = ann.get(&path).await;
    assert_eq!(
        app.value::<String>("select state from messages where role = 'assistant'")
            .await,
        "complete"
    );
    let body: String = app
        .value("select body from messages where role = 'assistant'")
        .await;
    assert_eq!(body, format!("{piece}{piece}end"));
    assert!(page.text(".reply .text").ends_with("end"));
}

/// Lets something happen to the files of a database that is in use.
async fn what_happens_to_the_file(happens: fn(&Path), undone: Option<fn(&Path)>) {
    let app = TestApp::start().await;
    if !is_a_file(&app) {
        return;
    }
    app.model.says("Yes.");
    let ann = Browser::plain(&app).sign_up("ann").await;
    let path = ann.start_chat("first").await.path;
    assert_eq!(ann.get("/healthz").await.status, StatusCode::OK);
    let url = app.config().database_url.clone();
    let file = PathBuf::from(url.strip_prefix("sqlite://").unwrap());
    happens(&file);
    assert!(!try_to_send(&ann, &path, "lost").await);
    let form = ann.get("/settings/look").await;
    assert_eq!(form.status, StatusCode::OK);
    let renamed = ann
        .get(&format!("{path}/rename"))
        .await
        .form("main form")
        .fill("title", "new");
    let renamed = ann.submit(&renamed).await;
    assert_eq!(renamed.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        renamed.html.contains("moved or deleted"),
        "{}",
        renamed.html
    );
    assert_eq!(renamed.form("main form").value("title"), "new");
    // What was seen a moment ago is good for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let health = ann.get("/healthz").await;
    assert_eq!(
        (health.status, &*health.html),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "cannot write: the database file is not where it was\n"
        )
    );
    let Some(undone) = undone else { return };
    undone(&file);
    assert!(try_to_send(&ann, &path, "kept").await);
    app.idle().await;
    assert!(is_there(&app, "kept").await && !is_there(&app, "lost").await);
}

/// The place where its folder may be put.
fn away(file: &Path) -> PathBuf {
    beside(file.parent().unwrap(), "-away")
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    format!("{}{ending}", file.display()).into()
}

#[tokio::test]
async fn nothing_is_written_to_a_file_that_is_not_where_it_was() {
    what_happens_to_the_file(|file| fs::remove_file(file).unwrap(), None).await;
    what_happens_to_the_file(
        |file| fs::rename(file, beside(file, ".old")).unwrap(),
        Some(|file| fs::rename(beside(file, ".old"), file).unwrap()),
    )
    .await;
    what_happens_to_the_file(
        |file| {
            fs::copy(file, beside(file, ".copy")).unwrap();
            fs::rename(file, beside(file, ".old")).unwrap();
            fs::rename(beside(file, ".copy"), file).unwrap();
        },
        Some(|file| fs::rename(beside(file, ".old"), file).unwrap()),
    )
    .await;
    what_happens_to_the_file(|file| fs::remove_file(beside(file, "-wal")).unwrap(), None).await;
    what_happens_to_the_file(
        |file| fs::rename(file.parent().unwrap(), away(file)).unwrap(),
        Some(|file| fs::rename(away(file), file.parent().unwrap()).unwrap()),
    )
    .await;
}

/// The file of a database is put elsewhere; with PostgreSQL no session can be deleted. Then undone.
async fn keep_sessions_from_ending(app: &TestApp, begins: bool) {
    if is_a_file(app) {
        return move_file(app, begins);
    }
    let sql = match begins {
        true => {
            "create function keep() returns trigger language plpgsql as $$ begin
                 raise 'No space left on device' using errcode = 'disk_full';
             end $$;
             create trigger keep before delete on sessions execute function keep();"
        }
        false => "drop function keep() cascade",
    };
    let Disk::Postgres(pool) = Disk::of(app) else {
        return;
    };
    sqlx::raw_sql(sql).execute(&pool).await.unwrap();
}

fn move_file(app: &TestApp, begins: bool) {
    let url = app.config().database_url.clone();
    let file = PathBuf::from(url.strip_prefix("sqlite://").unwrap());
    let old = beside(&file, ".old");
    let (from, to) = if begins { (&file, &old) } else { (&old, &file) };
    fs::rename(from, to).unwrap();
}

#[tokio::test]
async fn whoever_signs_out_is_signed_out_here_also_when_nothing_can_be_kept() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let settings = ann.get("/settings/account").await;
        keep_sessions_from_ending(&app, true).await;
        let page = ann.submit(&settings.form("form[action='/logout']")).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        let said = page.text(".notice");
        assert!(said.contains("signed out in this browser"), "{said}");
        assert_eq!(ann.cookie("session"), None);
        assert_eq!(ann.get("/settings").await.status, StatusCode::FORBIDDEN);
        keep_sessions_from_ending(&app, false).await;
        // A form of another site signs nobody out.
        ann.sign_in("ann", PASSWORD).await;
        keep_sessions_from_ending(&app, true).await;
        let foreign = ann.clone().with_header("sec-fetch-site", "cross-site");
        foreign
            .submit(&settings.form("form[action='/logout']"))
            .await;
        assert!(foreign.cookie("session").is_some());
        keep_sessions_from_ending(&app, false).await;
    }
}

#[tokio::test]
async fn a_reply_that_is_stopped_while_nothing_can_be_kept_has_stopped() {
    for kind in KINDS {
        let app = TestApp::start().await;
        if !is_a_file(&app) {
            return;
        }
        let gate = Gate::new();
        app.model.answer(Answer::gated(&gate, ["One ", "two."]));
        let ann = kind(&app).sign_up("ann").await;
        let path = ann.start_running("Count").await;
        gate.open(1);
        let page = ann.get(&path).await;
        move_file(&app, true);
        let stopped = ann.submit(&page.form("form[action$='/stop']")).await;
        assert!(
            stopped.status.is_success(),
            "{}: {}",
            stopped.status,
            stopped.html
        );
        assert!(
            !stopped.html.contains("moved or deleted"),
            "{}",
            stopped.html
        );
        move_file(&app, false);
        app.idle().await;
        let state = "select state from messages where role = 'assistant'";
        assert_eq!(app.value::<String>(state).await, "stopped");
    }
}

#[tokio::test]
async fn without_room_sending_is_refused_and_reading_goes_on() {
    const GB: u64 = 1_000_000_000;
    for kind in KINDS {
        let app = TestApp::start().await;
        if !is_a_file(&app) {
            return;
        }
        app.model.says("Yes.");
        // The first one is the administrator.
        let ann = kind(&app).sign_up("ann").await;
        let ben = kind(&app).sign_up("ben").await;
        let path = ben.start_chat("first").await.path;
        for (free, sends, told) in [
            (50 * GB, true, None),
            (4 * GB, true, Some("nearly full")),
            (GB / 2, false, Some("No new messages are accepted")),
            (50 * GB, true, None),
        ] {
            app.db().pretend_disk_space(Some((free, 100 * GB)));
            assert_eq!(
                try_to_send(&ben, &path, &format!("with {free} bytes")).await,
                sends
            );
            app.idle().await;
            assert_eq!(
                ben.get(&path).await.count(".mine"),
                app.value::<i64>("select count(*) from messages where role = 'user'")
                    .await as usize
            );
            let page = ann.get("/settings").await;
            assert_eq!(
                page.texts(".top .notice")
                    .first()
                    .map(String::as_str)
                    .unwrap_or_default()
                    .contains(told.unwrap_or("…")),
                told.is_some()
            );
            assert_eq!(page.has(".top .notice"), told.is_some());
            assert!(!ben.get("/settings").await.has(".top .notice"));
        }
        for begun in ["/", "/chats/new"] {
            app.db().pretend_disk_space(Some((GB / 2, 100 * GB)));
            assert!(!try_to_send(&ben, begun, "a new chat").await);
        }
        let copy = ben.get(&path).await.form(".mine form[action$='/branch']");
        let refused = ben.submit(&copy).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        let chats = app.value::<i64>("select count(*) from chats").await;
        assert_eq!(chats, 1);
    }
}

#[tokio::test]
async fn what_cannot_be_read_in_one_row_leaves_the_others_alone() {
    let app = TestApp::start().await;
    if !is_a_file(&app) {
        return;
    }
    app.model.says("Yes.");
    let ann = Browser::plain(&app).sign_up("ann").await;
    let other = ann.start_chat("the other").await.path;
    let damaged = ann.start_chat("damaged").await.path;
    let form = ann.get("/personas/new").await.form("main form");
    ann.submit(
        &form
            .fill("name", "damaged")
            .fill("system_prompt", "damaged"),
    )
    .await;
    let form = ann.get("/personas/new").await.form("main form");
    ann.submit(&form.fill("name", "whole")).await;
    for sql in [
        "update chats set title = cast(x'61ff62' as text) where title = 'damaged'",
        "update chats set persona = cast(x'61ff62' as text) where title <> 'the other'",
        "update chats set preset = cast(x'7b226d6f64656c223a2261ff62227d' as text) where title <> 'the other'",
        "update chats set preset = 'no object' where title <> 'the other'",
        "update defaults set preset = x'ff'",
        "update messages set body = cast(x'61ff62' as text) where body = 'damaged'",
        "update messages set model = cast(x'61ff62' as text), reasoning = cast(x'61ff62' as text) where role = 'assistant'",
        "update sessions set user_agent = cast(x'61ff62' as text)",
        "update personas set preset = cast(x'7bff7d' as text), greeting = cast(x'61ff62' as text), starters = cast(x'61ff62' as text) where name = 'damaged'",
        "update personas set name = cast(x'61ff62' as text) where name = 'damaged'",
    ] {
        app.change(sql).await;
        for path in [
            "/chats",
            "/chats/new",
            "/personas",
            "/settings/account",
            "/settings",
            &other,
            &damaged,
        ] {
            assert_eq!(
                ann.get(path).await.status,
                StatusCode::OK,
                "{path} after {sql}"
            );
        }
    }
    let list = ann.get("/chats").await.texts(".chats a");
    assert!(
        list.iter().any(|title| title.contains("a\u{fffd}b")),
        "{list:?}"
    );
    assert!(
        list.iter().any(|title| title.contains("the other")),
        "{list:?}"
    );
    assert!(ann.get("/personas").await.html.contains("whole"));
    app.model.says("Still.");
    assert!(try_to_send(&ann, &damaged, "goes on").await);
    app.idle().await;
    // A time that is none: that chat alone is not listed.
    app.change("update chats set active_at = 'never' where title = 'the other'")
        .await;
    assert!(
        ann.get("/chats")
            .await
            .texts(".chats a")
            .iter()
            .any(|title| title.contains("a\u{fffd}b"))
    );
}

#[tokio::test]
async fn the_first_page_of_a_day_is_shown_also_when_nothing_can_be_written() {
    let app = TestApp::start().await;
    if !is_a_file(&app) {
        return;
    }
    let ann = Browser::plain(&app).sign_up("ann").await;
    // It is used on the next day.
    app.change("update sessions set expires_at = expires_at - 86400000000")
        .await;
    let url = app.config().database_url.clone();
    let file = PathBuf::from(url.strip_prefix("sqlite://").unwrap());
    fs::rename(&file, beside(&file, ".old")).unwrap();
    let page = ann.get("/settings").await;
    assert_eq!(page.status, StatusCode::OK);
    // What cannot be begun is refused with the reason.
    let ben = Browser::plain(&app);
    for page in [
        ben.register("ben", PASSWORD).await,
        ben.sign_in("ann", PASSWORD).await,
    ] {
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.html.contains("moved or deleted"), "{}", page.html);
    }
    fs::rename(beside(&file, ".old"), &file).unwrap();
    let moved = "select expires_at from sessions";
    let before: i64 = app.value(moved).await;
    assert_eq!(ann.get("/settings").await.status, StatusCode::OK);
    assert!(app.value::<i64>(moved).await > before);
}

#[tokio::test]
async fn whoever_sends_too_fast_is_told_how_long_to_wait_and_keeps_the_text() {
    for kind in KINDS {
        let app = TestApp::with(|config| config.messages_per_minute = 2).await;
        app.model.says("Yes.");
        let ann = kind(&app).sign_up("ann").await;
        let ben = kind(&app).sign_up("ben").await;
        let mut page = ann.start_chat("1").await;
        for number in 2..=4 {
            page = ann.send(&page, &number.to_string()).await;
            assert_eq!(page.status, StatusCode::OK);
        }
        let form = ann.get(&page.path).await.form("#composer");
        let answer = ann.submit(&form.fill("content", "too fast")).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        let said = answer.text("#notice .notice");
        // What has passed since then is taken off.
        assert!(
            (1..=30).any(|wait| said.contains(&format!("in {wait} second"))),
            "{said}"
        );
        if !ann.is_htmx() {
            assert_eq!(answer.form("#composer").value("content"), "too fast");
        }
        // By no way, and nobody else has to wait.
        let again = ann.get(&page.path).await;
        let again = ann
            .submit(&again.form(".reply form[action$='/retry']"))
            .await;
        assert_eq!(
            again.status,
            StatusCode::TOO_MANY_REQUESTS,
            "{}",
            again.html
        );
        assert_eq!(
            app.value::<i64>("select count(*) from messages where role = 'user'")
                .await,
            4
        );
        assert_eq!(ben.start_chat("mine").await.status, StatusCode::OK);
        // Nor has she to, for what was counted while the clock was a day ahead.
        app.change("update tries set fresh_at = fresh_at + 86400000000")
            .await;
        assert_eq!(ann.start_chat("later").await.status, StatusCode::OK);
        let any = TestApp::with(|config| config.messages_per_minute = 0).await;
        any.model.says("Yes.");
        let cem = kind(&any).sign_up("cem").await;
        let page = cem.start_chat("1").await;
        let mut page = page;
        for number in 2..=5 {
            page = cem.send(&page, &number.to_string()).await;
            assert_eq!(page.status, StatusCode::OK);
        }
    }
}

/// Ends every connection to a database but this one, as a restart of the server does.
async fn end_connections(database: &OwnDatabase) {
    let mut server = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()",
    )
    .execute(&mut server)
    .await
    .unwrap();
    server.close().await.ok();
}

#[tokio::test]
async fn a_postgres_that_restarts_under_load_fails_no_reply_and_loses_nothing() {
    let Some(database) = OwnDatabase::new().await else {
        return;
    };
    let url = database.url();
    let app = TestApp::with(|config| {
        config.database_url = url;
        config.messages_per_minute = 0;
        config.waiting_per_person = 1_000;
    })
    .await;
    app.model
        .answers(|_| Answer::stream(["One ", "two ", "three."]));
    let mut people = Vec::new();
    for number in 0..6 {
        people.push(
            Browser::plain(&app)
                .sign_up(&format!("person{number}"))
                .await,
        );
    }
    let over = tokio_util::sync::CancellationToken::new();
    let sending: Vec<_> = people
        .into_iter()
        .enumerate()
        .map(|(who, person)| {
            let over = over.clone();
            tokio::spawn(async move {
                let (mut kept, mut number) = (Vec::new(), 0);
                while !over.is_cancelled() {
                    number += 1;
                    let text = format!("message {who} {number}");
                    let form = format!(
                        "content={}&token={}",
                        text.replace(' ', "+"),
                        uuid::Uuid::now_v7()
                    );
                    let sent = person
                        .request(Method::POST, "/chats", "document", Some(form))
                        .await;
                    match sent.status() {
                        StatusCode::SEE_OTHER => kept.push(text),
                        StatusCode::SERVICE_UNAVAILABLE => {}
                        other => panic!("{other}"),
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                kept
            })
        })
        .collect();
    for _ in 0..25 {
        tokio::time::sleep(Duration::from_millis(80)).await;
        end_connections(&database).await;
    }
    over.cancel();
    let mut kept = Vec::new();
    for sending in sending {
        kept.extend(sending.await.unwrap());
    }
    assert!(kept.len() > 20, "{}", kept.len());
    for text in kept {
        assert!(is_there(&app, &text).await, "{text}");
    }
    app.idle().await;
    let failed = "select count(*) from messages where state = 'failed' or problem is not null";
    assert_eq!(app.value::<i64>(failed).await, 0);
    let odd = "select count(*) from messages where state = 'complete' and role = 'assistant'
               and body <> 'One two three.'";
    assert_eq!(app.value::<i64>(odd).await, 0);
    app.db().close().await;
}

#[tokio::test]
async fn a_postgres_that_is_away_is_told_at_once_with_the_reason() {
    let Some(schema) = Schema::new().await else {
        return;
    };
    let wire = Wire::to(schema.server()).await;
    let url = schema.url_over(wire.address);
    let app = TestApp::with(|config| config.database_url = url).await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    wire.close();
    soon("a line in the log", async {
        while !log().contains("could not connect to PostgreSQL error=") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let page = ann.get("/settings").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    // After the time that a restart takes nobody waits for it any more.
    soon("word of a long absence", async {
        while ann.get("/healthz").await.html != "the database is away\n" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let page = ann.get("/settings").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    wire.heal();
    soon("a page", async {
        while ann.get("/settings").await.status != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert!(log().contains("connected to PostgreSQL again"));
}
