//! One's own account: its name, its password, where one is signed in, and deleting it.

use crate::support::{
    model::{Answer, Gate},
    *,
};
use damso::{db::TABLES, with_pool};
use futures_util::TryStreamExt;
use http::{Method, StatusCode};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use uuid::Uuid;

const NEW: &str = "seven quiet otters";

const ACCOUNT: &str = "/settings/account";
const DELETE: &str = "/settings/account/delete";

/// Whether this browser is signed in.
async fn is_in(browser: &Browser) -> bool {
    browser.get("/").await.has("#composer")
}

/// The same person on another browser.
async fn elsewhere(browser: &Browser, name: &str, password: &str) -> Browser {
    let other = browser.fresh();
    let page = other.sign_in(name, password).await;
    assert_eq!(page.path, "/chats/new", "{}", page.html);
    other
}

async fn rename(browser: &Browser, name: &str) -> Page {
    let form = browser.get(ACCOUNT).await.form("form#name");
    browser.submit(&form.fill("username", name)).await
}

async fn change_password(browser: &Browser, current: &str, new: &str, again: &str) -> Page {
    let form = browser.get(ACCOUNT).await.form("#change-password");
    let form = form.fill("password", current).fill("new_password", new);
    browser
        .submit(&form.fill("new_password_confirm", again))
        .await
}

async fn delete(browser: &Browser, password: &str) -> Page {
    let form = browser.get(DELETE).await.form("#delete-account");
    let form = form.fill("password", password).with("sure", "yes");
    browser.submit(&form).await
}

/// The refused form says what is wrong at this field, and where the cursor is to be.
fn expect_problem(page: &Page, field: &str, says: &str) {
    assert_eq!(
        page.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        page.html
    );
    assert_eq!(
        page.attributes("[aria-invalid]", "name"),
        [field],
        "{}",
        page.html
    );
    // Of two passwords that differ none is given back: one begins with the first.
    let begins = match field {
        "new_password_confirm" => "new_password",
        field => field,
    };
    assert_eq!(page.attributes("main [autofocus]", "name"), [begins]);
    let described = page.attribute("[aria-invalid]", "aria-describedby");
    let mut problems = described.split(' ').map(|id| format!("#{id}[role=alert]"));
    let problem = problems.find(|css| page.has(css)).unwrap();
    assert!(
        page.text(&problem).contains(says),
        "{says}: {}",
        page.text(&problem)
    );
    let typed = page.attributes("input[type=password]", "value");
    assert!(typed.iter().all(String::is_empty), "a password came back");
}

// ---- the pages

#[tokio::test]
async fn the_settings_are_pages_with_one_navigation() {
    let app = TestApp::start().await;
    for language in ["en", "ko"] {
        let ann = Browser::plain(&app)
            .speaking(language)
            .sign_up(language)
            .await;
        for path in [
            "/settings",
            "/settings/saved",
            "/settings/look",
            "/settings/writing",
            "/settings/time",
            "/personas",
            ACCOUNT,
            DELETE,
        ] {
            let page = ann.get(path).await;
            assert_eq!(page.status, StatusCode::OK);
            let places = page.attributes("nav.settings-nav a", "href");
            let wanted = [
                "/settings",
                "/settings/look",
                "/settings/writing",
                "/settings/time",
                "/personas",
                ACCOUNT,
            ];
            assert_eq!(places, wanted, "{path}");
            assert!(!page.attribute("nav.settings-nav", "aria-label").is_empty());
            let current = page.attributes("nav.settings-nav [aria-current=page]", "href");
            assert_eq!(current.len(), 1);
            assert!(path.starts_with(&current[0]), "{path}: {current:?}");
        }
    }
}

#[tokio::test]
async fn the_account_tells_since_when_it_is_there() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    // The night before 2 November 2026, UTC.
    app.change("update users set created_at = 1793577599000000")
        .await;
    let page = ann.get(ACCOUNT).await;
    assert!(
        page.html.contains("created on 1 November 2026."),
        "{}",
        page.html
    );
    let page = ann.speaking("ko").get(ACCOUNT).await;
    assert!(page.html.contains("2026년 11월 1일에"), "{}", page.html);
}

// ---- the name

#[tokio::test]
async fn a_name_can_be_changed_and_the_old_one_is_free() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        for (typed, kept) in [("Ann", "Ann"), (" Ａnna 김 ", "Anna 김")] {
            let page = rename(&ann, typed).await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.text(".saved").contains("changed"), "{}", page.html);
            assert_eq!(page.text(".top nav bdi"), kept);
            assert_eq!(page.form("form#name").value("username"), kept);
        }
        elsewhere(&ann, "ANNA 김", PASSWORD).await;
        let old = ann.fresh().sign_in("ann", PASSWORD).await;
        assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
        kind(&app).sign_up("ann").await;
    }
}

#[tokio::test]
async fn a_name_is_refused_as_at_registration() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    Browser::plain(&app).sign_up("ben").await;
    for (name, says) in [
        ("", "Choose a username"),
        ("  ", "Choose a username"),
        (&*"n".repeat(41), "at most 40"),
        ("an\u{200b}n", "invisible"),
        ("an\u{0}n", "invisible"),
        ("ben", "taken"),
        ("ＢEN", "taken"),
    ] {
        let page = rename(&ann, name).await;
        expect_problem(&page, "username", says);
        if says == "at most 40" {
            assert_eq!(page.form("form#name").value("username"), name);
        }
    }
    let names = "select string_agg(name, ',' order by name) from users";
    assert_eq!(app.value::<String>(names).await, "ann,ben");
}

#[tokio::test]
async fn nobody_finds_out_all_names_by_taking_them() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    Browser::plain(&app).sign_up("ben").await;
    let mut tries = 0;
    while rename(&ann, "ben").await.status == StatusCode::UNPROCESSABLE_ENTITY {
        tries += 1;
        assert!(tries < 30, "nobody stops her");
    }
    assert_eq!(tries, 20);
    let page = rename(&ann, "free").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!page.header("retry-after").is_empty());
    assert!(page.text("#name > .notice").contains("Too many attempts"));
    assert!(!page.has(".problem"), "{}", page.html);
    assert_eq!(page.form("form#name").value("username"), "free");
}

// ---- the password

#[tokio::test]
async fn a_changed_password_signs_out_everywhere_else() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let ben = kind(&app).sign_up("ben").await;
        let other = elsewhere(&ann, "ann", PASSWORD).await;
        let stolen = ann.stolen();
        let page = change_password(&ann, PASSWORD, NEW, NEW).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.html);
        assert!(page.text(".saved").contains("changed"));
        assert!(is_in(&ann).await && is_in(&ben).await);
        assert_ne!(ann.cookie("session"), stolen.cookie("session"));
        for gone in [&other, &stolen] {
            assert!(!is_in(gone).await);
            assert_eq!(gone.get(ACCOUNT).await.status, StatusCode::FORBIDDEN);
        }
        let old = ann.fresh().sign_in("ann", PASSWORD).await;
        assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY);
        elsewhere(&ann, "ann", NEW).await;
        elsewhere(&ben, "ben", PASSWORD).await;
    }
}

#[tokio::test]
async fn a_new_password_is_refused_as_at_registration() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let other = elsewhere(&ann, "ann", PASSWORD).await;
    let long = "x y".repeat(43);
    for (current, new, again, field, says) in [
        (PASSWORD, "seven77", "seven77", "new_password", "8 to 128"),
        (PASSWORD, "", "", "new_password", "8 to 128"),
        (PASSWORD, &*long, &*long, "new_password", "8 to 128"),
        (
            PASSWORD,
            NEW,
            "seven quiet",
            "new_password_confirm",
            "do not match",
        ),
        (
            PASSWORD,
            "iloveyou",
            "iloveyou",
            "new_password",
            "too easy to guess",
        ),
        (
            PASSWORD,
            "annannann",
            "annannann",
            "new_password",
            "too easy to guess",
        ),
        (
            "a wrong guess",
            NEW,
            NEW,
            "password",
            "not your current password",
        ),
        ("", NEW, NEW, "password", "not your current password"),
        (
            &"x".repeat(10_000),
            NEW,
            NEW,
            "password",
            "not your current password",
        ),
    ] {
        let page = change_password(&ann, current, new, again).await;
        expect_problem(&page, field, says);
    }
    assert!(is_in(&ann).await && is_in(&other).await);
    elsewhere(&ann, "ann", PASSWORD).await;
}

#[tokio::test]
async fn guessing_the_password_ends_on_each_form_that_asks_for_it() {
    for form in ["password", "delete"] {
        let app = TestApp::start().await;
        Browser::plain(&app).sign_up("boss").await;
        let ann = Browser::plain(&app).from("10.0.0.1").sign_up("ann").await;
        // Somebody who has her session, but not her browser.
        let thief = ann.stolen().from("192.0.2.1");
        thief.drop_cookie("device");
        let guess = async |who: &Browser, password: &str| match form {
            "password" => change_password(who, password, NEW, NEW).await,
            _ => delete(who, password).await,
        };
        for n in 0..10 {
            let page = guess(&thief, "a wrong guess").await;
            expect_problem(&page, "password", "not your current password");
            assert!(n < 10);
        }
        // Another name makes no new tries.
        assert_eq!(rename(&thief, "Annie").await.status, StatusCode::OK);
        let page = guess(&thief, PASSWORD).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        let wait: u64 = page.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert!(page.text("form > .notice").contains("Too many attempts"));
        assert!(!page.has(".problem"), "{}", page.html);
        // They are the tries of signing in.
        let other = ann.fresh().from("192.0.2.1");
        let page = other.sign_in("annie", PASSWORD).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        // The owner, on the browser that she signed up with.
        let page = guess(&ann, PASSWORD).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    }
}

#[tokio::test]
async fn what_is_open_elsewhere_ends_with_its_session() {
    for end in ["password", "one", "others"] {
        let app = TestApp::start().await;
        let ann = Browser::plain(&app).sign_up("ann").await;
        let other = elsewhere(&ann, "ann", PASSWORD).await;
        let gate = Gate::new();
        app.model.answer(Answer::gated(&gate, ["One.\n\n", "Two."]));
        let form = other.get("/").await.form("#composer");
        let mut open = other.submit_live(&form.fill("content", "Count")).await;
        gate.open(1);
        open.until("One.").await;
        match end {
            "password" => drop(change_password(&ann, PASSWORD, NEW, NEW).await),
            "one" => {
                let form = ann.get(ACCOUNT).await.form("#sessions form");
                ann.submit(&form).await;
            }
            _ => {
                let form = ann.get(ACCOUNT).await.form("#end-others");
                ann.submit(&form).await;
            }
        }
        // It ends by itself, without the rest.
        let rest = soon("the end of the page", async {
            let mut rest = String::new();
            while let Some(more) = open.next().await {
                rest += &more;
            }
            rest
        })
        .await;
        assert!(!rest.contains("Two."), "{rest}");
        gate.open_all();
        app.idle().await;
    }
}

#[tokio::test]
async fn who_signs_in_with_the_old_password_while_it_changes_is_not_let_in() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let other = elsewhere(&ann, "ann", PASSWORD).await;
    change_password(&ann, PASSWORD, NEW, NEW).await;
    // As if this session had been stored a moment after the change.
    assert!(!is_in(&other).await);
    app.change("update users set password_no = password_no + 1")
        .await;
    assert!(!is_in(&ann).await);
}

#[tokio::test]
async fn of_two_who_change_the_password_at_once_one_does() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let ben = elsewhere(&ann, "ann", PASSWORD).await;
    let (one, two) = tokio::join!(
        change_password(&ann, PASSWORD, NEW, NEW),
        change_password(&ben, PASSWORD, "nine loud herons", "nine loud herons")
    );
    let done = [&one, &two].map(|page| page.status == StatusCode::OK);
    assert_eq!(
        done.iter().filter(|done| **done).count(),
        1,
        "{} {}",
        one.html,
        two.html
    );
    assert_eq!([is_in(&ann).await, is_in(&ben).await], done);
}

// ---- sessions

#[tokio::test]
async fn the_places_where_one_is_signed_in_are_listed_and_each_can_be_ended() {
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        Browser::plain(&app).sign_up("ben").await;
        assert!(
            ann.get(ACCOUNT)
                .await
                .text("main")
                .contains("on any other device")
        );
        let phone = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/140.0.0.0 Mobile Safari/537.36";
        let odd =
            "<b>Odd</b> \u{ff}\u{ff} browser that says far more than anybody wants to know of it";
        let phone = ann.fresh().with_header("user-agent", phone);
        let odd = ann.fresh().with_header("user-agent", odd);
        for other in [&phone, &odd] {
            assert_eq!(other.sign_in("ann", PASSWORD).await.path, "/chats/new");
        }
        let page = ann.get(ACCOUNT).await;
        let this = if ann.is_text() {
            "w3m"
        } else {
            "Firefox, Linux"
        };
        assert!(page.text("#sessions .this").contains(this), "{}", page.html);
        let names = page.texts("#sessions li:not(.this) strong");
        assert_eq!(names.len(), 2);
        assert!(names.contains(&"Chrome, Android".to_owned()), "{names:?}");
        let other = names
            .iter()
            .find(|name| name.starts_with("<b>Odd</b> "))
            .unwrap();
        assert!(
            other.ends_with('…') && other.chars().count() <= 61,
            "{other}"
        );
        assert!(page.text("#sessions .this").contains("Last used today"));
        assert!(!page.has("#sessions .this form"));
        // No key, and nothing that it is found by, is on the page.
        let hashes: String = app
            .value("select string_agg(hex(key_hash), ',') from sessions")
            .await;
        for hash in hashes.split(',') {
            assert!(!page.html.to_uppercase().contains(&hash[..16]));
        }
        let at = names
            .iter()
            .position(|name| name.starts_with("Chrome"))
            .unwrap();
        let action = &page.attributes("#sessions form", "action")[at];
        let form = page.form(&format!("form[action='{action}']"));
        let page = ann.submit(&form).await;
        assert!(page.text(".saved").contains("signed out"), "{}", page.html);
        assert!(!is_in(&phone).await && is_in(&odd).await && is_in(&ann).await);
        assert_eq!(ann.submit(&form).await.status, StatusCode::NOT_FOUND);
        let page = ann.submit(&page.form("#end-others")).await;
        assert!(
            page.text("main").contains("on any other device"),
            "{}",
            page.html
        );
        assert!(!is_in(&odd).await && is_in(&ann).await);
        assert_eq!(app.value::<i64>("select count(*) from sessions").await, 2);
    }
}

#[tokio::test]
async fn nobody_ends_what_is_somebody_elses() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let ben = Browser::plain(&app).sign_up("ben").await;
    let other = elsewhere(&ann, "ann", PASSWORD).await;
    let action = ann.get(ACCOUNT).await.attribute("#sessions form", "action");
    let id = action.split('/').nth(4).unwrap();
    let hash: String = app
        .value("select hex(key_hash) from sessions order by created_at limit 1")
        .await;
    for id in [
        id,
        &id.to_uppercase(),
        &hash,
        &hash.to_lowercase(),
        "0",
        "%00",
        "'",
    ] {
        let path = format!("/settings/account/sessions/{id}/end");
        let answer = ben.request(Method::POST, &path, "document", Some("sure=yes".into()));
        assert_eq!(answer.await.status(), StatusCode::NOT_FOUND, "{id}");
    }
    let form = ben.get(ACCOUNT).await;
    assert!(!form.has("#end-others"));
    let all = "/settings/account/sessions/end";
    ben.request(Method::POST, all, "document", Some("sure=yes".into()))
        .await;
    assert!(is_in(&ann).await && is_in(&other).await && is_in(&ben).await);
}

#[tokio::test]
async fn a_session_is_written_once_on_each_day_on_which_it_is_used() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    const WHEN: &str = "select seen_at || ' ' || expires_at || ' ' || data from sessions";
    let began: String = app.value(WHEN).await;
    ann.get(ACCOUNT).await;
    ann.get("/").await;
    assert_eq!(app.value::<String>(WHEN).await, began);
    // A session of before this was kept, last used three days ago.
    app.change(
        "update sessions set user_agent = null, created_at = null,
         seen_at = seen_at - 259200000000, expires_at = expires_at - 259200000000",
    )
    .await;
    let other = elsewhere(&ann, "ann", PASSWORD).await;
    let page = other.get(ACCOUNT).await;
    assert_eq!(
        page.texts("#sessions li:not(.this) strong"),
        ["Unknown browser"]
    );
    let hints = page.texts("#sessions li:not(.this) .hint");
    assert_eq!(hints, ["Last used 3 days ago"]);
    let page = ann.get(ACCOUNT).await;
    // What it is shown with was read before it was written.
    assert!(page.has("#sessions .this"));
    let page = ann.get(ACCOUNT).await;
    let this = page.text("#sessions .this");
    assert!(
        this.contains("Firefox, Linux") && this.contains("today"),
        "{this}"
    );
}

// ---- deleting

/// How many rows each table has.
async fn rows(app: &TestApp) -> BTreeMap<&'static str, usize> {
    let mut tx = app.db().begin().await.unwrap();
    let mut counts = BTreeMap::new();
    for table in &TABLES {
        let rows: Vec<_> = tx.rows(table).try_collect().await.unwrap();
        counts.insert(table.name, rows.len());
    }
    counts
}

/// Everything that one person can have.
async fn settle_in(person: &Browser) {
    person.start_chat("First").await;
    let page = person.start_chat("Second").await;
    person.send(&page, "More").await;
    for n in 0..2 {
        let form = person.get("/personas/new").await.form("main form");
        person
            .submit(&form.fill("name", &format!("Pirate {n}")))
            .await;
    }
    let form = person.get("/settings").await.form("#defaults");
    person.submit(&form.fill("top_p", "0.5")).await;
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_and_its_name_is_free() {
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        settle_in(&ann).await;
        app.idle().await;
        let before = rows(&app).await;
        let ben = kind(&app).sign_up("ben").await;
        settle_in(&ben).await;
        let other = elsewhere(&ben, "ben", PASSWORD).await;
        app.idle().await;
        for (table, count) in rows(&app).await {
            assert!(count > before[table] || table == "reply_parts", "{table}");
        }
        let page = ben.get(ACCOUNT).await;
        let page = ben.click(&page, &format!("a[href='{DELETE}']")).await;
        assert!(
            page.text("#delete-account").contains("your 2 chats"),
            "{}",
            page.html
        );
        assert!(page.text("#delete-account").contains("your 2 personas"));
        assert!(!page.text("#delete-account").contains("Nobody else"));
        let page = delete(&ben, PASSWORD).await;
        assert_eq!((page.status, &*page.path), (StatusCode::OK, "/goodbye"));
        assert!(page.text(".saved").contains("deleted"), "{}", page.html);
        assert!(page.has("a[href='/register']") && ben.cookie("session").is_none());
        assert_eq!(rows(&app).await, before);
        assert!(!is_in(&ben).await && !is_in(&other).await && is_in(&ann).await);
        let page = ben.fresh().sign_in("ben", PASSWORD).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let again = kind(&app).sign_up("ben").await;
        assert!(!again.get("/").await.has("#chats li"));
    }
}

#[tokio::test]
async fn an_account_is_deleted_only_by_who_is_sure_and_knows_the_password() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("ann").await;
    let ben = Browser::plain(&app).sign_up("ben").await;
    ben.start_chat("Mine").await;
    app.idle().await;
    let before = rows(&app).await;
    let form = ben.get(DELETE).await.form("#delete-account");
    let page = ben.submit(&form.fill("password", PASSWORD)).await;
    expect_problem(&page, "sure", "Tick this box");
    for wrong in ["", "a wrong guess", &"x".repeat(10_000)] {
        let page = delete(&ben, wrong).await;
        expect_problem(&page, "password", "not your current password");
        // What was ticked is ticked.
        assert_eq!(page.form("#delete-account").value("sure"), "yes");
    }
    assert_eq!(rows(&app).await, before);
    assert!(is_in(&ben).await);
}

#[tokio::test]
async fn replies_that_run_are_stopped_before_they_are_deleted() {
    for kind in KINDS {
        let app = TestApp::start().await;
        Browser::plain(&app).sign_up("ann").await;
        let before = rows(&app).await;
        let ben = kind(&app).sign_up("ben").await;
        let gate = Gate::new();
        app.model
            .answer(Answer::gated(&gate, ["One.\n\n", "Two.", "Three."]));
        ben.start_running("Count").await;
        gate.open(1);
        app.until("select exists (select 1 from reply_parts)").await;
        let page = delete(&ben, PASSWORD).await;
        assert_eq!(page.path, "/goodbye", "{}", page.html);
        app.model.closed().await;
        assert_eq!(rows(&app).await, before);
        gate.open_all();
    }
}

#[tokio::test]
async fn the_last_administrator_stays_while_others_are_there() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.get(DELETE).await;
    assert!(
        page.text("#delete-account").contains("Nobody else"),
        "{}",
        page.html
    );
    let ben = Browser::plain(&app).sign_up("ben").await;
    let early = page
        .form("#delete-account")
        .fill("password", PASSWORD)
        .with("sure", "yes");
    let page = ann.get(DELETE).await;
    assert!(!page.has("#delete-account"));
    assert!(
        page.text("[role=alert]").contains("only administrator"),
        "{}",
        page.html
    );
    let page = ann.submit(&early).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.text("[role=alert][autofocus]")
            .contains("only administrator")
    );
    assert!(is_in(&ann).await);
    // Another administrator makes her free to go, and then stays.
    app.change("update users set role = 'administrator'").await;
    assert_eq!(delete(&ann, PASSWORD).await.path, "/goodbye");
    let carol = Browser::plain(&app).sign_up("carol").await;
    assert!(!ben.get(DELETE).await.has("#delete-account"));
    // When all others are gone, so may be the last; who comes then is the administrator.
    assert_eq!(delete(&carol, PASSWORD).await.path, "/goodbye");
    assert_eq!(delete(&ben, PASSWORD).await.path, "/goodbye");
    assert_eq!(app.value::<i64>("select count(*) from users").await, 0);
    Browser::plain(&app).sign_up("dora").await;
    assert!(
        app.value::<bool>("select role = 'administrator' from users")
            .await
    );
}

#[tokio::test]
async fn of_two_administrators_who_leave_at_once_one_stays() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let ben = Browser::plain(&app).sign_up("ben").await;
    Browser::plain(&app).sign_up("carol").await;
    app.change(
        "update users set role = case when name = 'carol' then 'member' else 'administrator' end",
    )
    .await;
    let (one, two) = tokio::join!(delete(&ann, PASSWORD), delete(&ben, PASSWORD));
    let gone = [&one, &two]
        .iter()
        .filter(|page| page.path == "/goodbye")
        .count();
    assert_eq!(gone, 1, "{} {}", one.html, two.html);
    assert!(
        app.value::<bool>("select count(*) = 1 from users where role = 'administrator'")
            .await
    );
}

#[tokio::test]
async fn an_account_that_was_half_erased_is_erased_at_the_next_start() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("ann").await;
    let before = rows(&app).await;
    let ben = Browser::plain(&app).sign_up("ben").await;
    settle_in(&ben).await;
    app.idle().await;
    // As a process leaves it that ends in the middle.
    app.change(
        "update users set name = '', name_key = ' x', password_no = 2, deleted_at = 1
         where name = 'ben'",
    )
    .await;
    assert!(!is_in(&ben).await);
    let app = app.restarted().await;
    app.until("select count(*) = 1 from users").await;
    assert_eq!(rows(&app).await, before);
}

/// Gives somebody so many chats, each a chain of so many messages.
async fn grow(app: &TestApp, name: &str, chats: usize, messages: usize) {
    with_pool!(app.db().writer().unwrap(), db => {
        let mut tx = db.begin().await.unwrap();
        let user = sqlx::query_scalar("select id from users where name = $1").bind(name);
        let user: Uuid = user.fetch_one(&mut *tx).await.unwrap();
        for _ in 0..chats {
            let chat = Uuid::now_v7();
            let sql = "insert into chats (id, user_id, title, created_at, active_at)
                       values ($1, $2, 'Long', 0, 0)";
            sqlx::query(sql).bind(chat).bind(user).execute(&mut *tx).await.unwrap();
            let rows: Vec<_> = (0..messages).map(|_| Uuid::now_v7()).collect();
            let parents = std::iter::once(None).chain(rows.iter().copied().map(Some));
            let rows: Vec<_> = rows.iter().copied().zip(parents).collect();
            for rows in rows.chunks(1_000) {
                let mut sql = sqlx::QueryBuilder::new(
                    "insert into messages
                         (id, chat_id, user_id, parent_id, role, body, state, created_at) ",
                );
                sql.push_values(rows, |mut row, (id, parent)| {
                    row.push_bind(*id).push_bind(chat).push_bind(user).push_bind(*parent);
                    row.push("'user'");
                    row.push_bind("Some words that say little. ".repeat(14)).push("'complete', 0");
                });
                sql.build().execute(&mut *tx).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    });
}

#[tokio::test]
async fn a_large_account_is_erased_in_steps() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("ann").await;
    let before = rows(&app).await;
    let ben = Browser::plain(&app).sign_up("ben").await;
    // A chain of more messages than a cascade reaches, and more short chats than one step takes.
    grow(&app, "ben", 1, 2_500).await;
    grow(&app, "ben", 300, 3).await;
    let page = delete(&ben, PASSWORD).await;
    assert_eq!(page.path, "/goodbye", "{}", page.html);
    app.until("select count(*) = 1 from users").await;
    assert_eq!(rows(&app).await, before);
}

/// How long it takes, and how long a write beside it waits at most.
#[tokio::test]
#[ignore = "a measurement: 100,000 messages"]
async fn how_long_a_hundred_thousand_messages_take() {
    for (chats, messages) in [(1, 100_000), (10_000, 10)] {
        let app = TestApp::start().await;
        let ann = Browser::plain(&app).sign_up("ann").await;
        let ben = Browser::plain(&app).sign_up("ben").await;
        grow(&app, "ben", chats, messages).await;
        let began = Instant::now();
        let leaving = tokio::spawn(async move { delete(&ben, PASSWORD).await });
        let (mut longest, mut writes) = (Duration::ZERO, 0);
        while !app.value::<bool>("select count(*) = 1 from users").await {
            let write = Instant::now();
            app.change("update users set served_at = served_at + 1 where role = 'administrator'")
                .await;
            longest = longest.max(write.elapsed());
            writes += 1;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = began.elapsed();
        leaving.await.unwrap();
        assert!(is_in(&ann).await);
        eprintln!("{chats} chats of {messages}: {took:?}, {writes} writes, at most {longest:?}");
    }
}
