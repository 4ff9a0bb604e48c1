//! The log of the real program: what it says of accounts and of what was refused, and what it never says.

use crate::support::{process::Process, *};
use http::{Method, StatusCode};

/// The words that nobody may ever read in a log.
const SECRETS: [&str; 5] = [
    PASSWORD,
    "my-password-in-the-name-field",
    "a wrong guess",
    "a door made of pears",
    "What a person wrote",
];

/// The lines about accounts and refusals that have this event.
fn lines(damso: &Process, event: &str) -> Vec<String> {
    let log = damso.log();
    let mark = format!("event=\"{event}\"");
    let lines = log.lines().filter(|line| line.contains("damso::security"));
    lines
        .filter(|line| line.contains(&mark))
        .map(str::to_owned)
        .collect()
}

/// The account that a line names.
fn account(line: &str) -> &str {
    let after = line.split("account=").nth(1).unwrap_or_default();
    after.split(' ').next().unwrap_or_default()
}

async fn told(damso: &Process, event: &str, times: usize) -> Vec<String> {
    soon(event, async {
        loop {
            let lines = lines(damso, event);
            if lines.len() >= times {
                assert_eq!(lines.len(), times, "{event}:\n{}", damso.log());
                return lines;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await
}

#[tokio::test]
async fn the_log_tells_what_happens_to_accounts_and_nothing_that_people_typed() {
    let damso = Process::start(&[]).await;
    let ann = Browser::plain(&damso).sign_up("ann").await;
    let made = told(&damso, "account_made", 1).await;
    let id = account(&made[0]).to_owned();
    assert!(uuid::Uuid::parse_str(&id).is_ok(), "{made:?}");
    assert!(made[0].contains("network=127.0.0.1"), "{made:?}");
    ann.start_chat("What a person wrote").await;

    // Signing in: wrong for a name that there is, wrong for none, right, elsewhere.
    let elsewhere = Browser::plain(&damso);
    elsewhere.sign_in("ann", "a wrong guess").await;
    elsewhere
        .sign_in("my-password-in-the-name-field", "a wrong guess")
        .await;
    let wrong = told(&damso, "wrong_password", 2).await;
    assert_eq!((account(&wrong[0]), account(&wrong[1])), (&*id, ""));
    elsewhere.sign_in("ann", PASSWORD).await;
    assert_eq!(account(&told(&damso, "signed_in", 1).await[0]), id);

    // The account: its name, its sessions, its password.
    let page = ann.get("/settings/account").await;
    ann.submit(&page.form("#name").fill("username", "anna"))
        .await;
    told(&damso, "name_changed", 1).await;
    let page = ann.get("/settings/account").await;
    let form = page.form("#sessions form[action$='/end']");
    assert_eq!(ann.submit(&form).await.status, StatusCode::OK);
    let form = page.form("form[action='/settings/account/sessions/end']");
    ann.submit(&form).await;
    let ended = told(&damso, "session_ended", 1).await;
    assert_eq!(account(&ended[0]), id);
    told(&damso, "other_sessions_ended", 1).await;
    let form = page.form("#change-password").fill("password", PASSWORD);
    let form = form.fill("new_password", "a door made of pears");
    let form = form.fill("new_password_confirm", "a door made of pears");
    assert_eq!(ann.submit(&form).await.status, StatusCode::OK);
    assert_eq!(account(&told(&damso, "password_changed", 1).await[0]), id);

    // A form from elsewhere.
    let headers = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = ann.raw(Method::POST, "/logout", &headers, "").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    told(&damso, "cross_site_form", 1).await;

    ann.sign_out().await;
    assert_eq!(account(&told(&damso, "signed_out", 1).await[0]), id);
    ann.sign_in("anna", "a door made of pears").await;
    let page = ann.get("/settings/account/delete").await;
    let form = page
        .form("#delete-account")
        .fill("password", "a door made of pears");
    ann.submit(&form.with("sure", "yes")).await;
    assert_eq!(account(&told(&damso, "account_deleted", 1).await[0]), id);

    let log = damso.log();
    for secret in SECRETS.into_iter().chain([&*ann.cookie("device").unwrap()]) {
        assert!(!log.contains(secret), "the log has {secret:?}:\n{log}");
    }
    for name in ["anna", "\"ann\"", "=ann"] {
        assert!(!log.contains(name), "{log}");
    }
}

#[tokio::test]
async fn a_limit_that_is_reached_is_told_once() {
    let damso = Process::start(&[("REGISTRATIONS_PER_NETWORK", "1")]).await;
    let guesser = Browser::plain(&damso);
    for _ in 0..14 {
        guesser.sign_in("somebody", "a wrong guess").await;
    }
    for name in ["one", "two", "three", "four", "five"] {
        guesser.fresh().register(name, PASSWORD).await;
    }
    let told = told(&damso, "limit_reached", 3).await;
    for (line, limit) in
        told.iter()
            .zip(["account and network", "registrations", "registration forms"])
    {
        assert!(line.contains(&format!("limit=\"{limit}\"")), "{line}");
        assert!(line.contains("network=127.0.0.1"), "{line}");
    }
    assert!(!damso.log().contains("somebody"), "{}", damso.log());
}
