//! Times: by language, in the person's time zone or the server's.

use crate::support::{Browser, KINDS, TestApp};
use http::StatusCode;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

async fn in_seoul() -> TestApp {
    TestApp::with(|config| config.time_zone = TimeZone::get("Asia/Seoul").ok()).await
}

#[tokio::test]
async fn an_exact_time_is_told_in_the_servers_zone_which_is_named() {
    let app = in_seoul().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("Hello").await;
    let path = page.path.split("/live").next().unwrap();
    for (ended, english, korean) in [
        (
            "update messages set ended_at = 1795586645000000",
            "Wed 25 Nov 2026, 15:04 (Asia/Seoul)",
            "2026년 11월 25일 (수) 오후 3:04 (Asia/Seoul 시간대)",
        ),
        (
            "update messages set ended_at = 1577804700000000",
            "Wed 1 Jan 2020, 00:05 (Asia/Seoul)",
            "2020년 1월 1일 (수) 오전 12:05 (Asia/Seoul 시간대)",
        ),
        (
            "update messages set ended_at = 1577847600000000",
            "Wed 1 Jan 2020, 12:00 (Asia/Seoul)",
            "2020년 1월 1일 (수) 오후 12:00 (Asia/Seoul 시간대)",
        ),
    ] {
        app.change(ended).await;
        for (language, exact) in [("en", english), ("ko", korean)] {
            let page = ann.clone().speaking(language).get(path).await;
            assert_eq!(page.attribute(".facts time", "title"), exact);
        }
    }
    app.change("update messages set ended_at = 1577804700000000")
        .await;
    let page = ann.get(path).await;
    assert_eq!(page.text(".facts time"), "1 Jan 2020");
    assert_eq!(
        page.attribute(".facts time", "datetime"),
        "2019-12-31T15:05:00Z"
    );
    let page = ann.clone().speaking("ko").get(path).await;
    assert_eq!(page.text(".facts time"), "2020년 1월 1일");
}

/// A page may be open for days: no time on it may become untrue, as "just now" does.
#[tokio::test]
async fn a_time_is_true_as_long_as_its_page_is_open() {
    let app = in_seoul().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("Hello").await;
    let path = page.path.split("/live").next().unwrap();
    let now = Timestamp::now().to_zoned_datetime(TimeZone::get("Asia/Seoul").unwrap());
    let midnight = now.start_of_day().unwrap();
    let new_year = midnight.first_of_year().unwrap();
    for (ended, day) in [
        (midnight.clone(), true),
        (now.clone(), true),
        (midnight.checked_sub(1.second()).unwrap(), false),
        (now.checked_sub(40.days()).unwrap(), false),
        (new_year.clone(), new_year == midnight),
        (new_year.checked_sub(1.second()).unwrap(), false),
    ] {
        let at = ended.timestamp().as_microsecond();
        let sql = format!("update messages set ended_at = {at}");
        app.change(sql.leak()).await;
        let [english, korean] = match (day, ended.year() == now.year()) {
            (true, _) => ["%H:%M", "%p %-I:%M"],
            (false, true) => ["%-d %b, %H:%M", "%-m월 %-d일 %p %-I:%M"],
            (false, false) => ["%-d %b %Y", "%Y년 %-m월 %-d일"],
        };
        for (language, form) in [("en", english), ("ko", korean)] {
            let page = ann.clone().speaking(language).get(path).await;
            let wanted = ended.strftime(form).to_string();
            let wanted = wanted.replace("AM", "오전").replace("PM", "오후");
            assert_eq!(page.text(".facts time"), wanted, "{language} {ended}");
        }
    }
}

#[tokio::test]
async fn a_person_chooses_a_zone_and_goes_back_to_the_servers() {
    for kind in KINDS {
        let app = in_seoul().await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("Hello").await;
        app.change("update messages set ended_at = 1795586645000000")
            .await;
        let path = page.path.split("/live").next().unwrap();

        let time = ann.get("/settings/time").await;
        assert!(time.text(".hint").contains("(Asia/Seoul)"));
        assert!(time.texts("option")[0].contains("Asia/Seoul"));
        let form = time.form("main form");
        assert_eq!(form.value("time_zone"), "");
        let saved = ann
            .submit(&form.clone().fill("time_zone", "America/New_York"))
            .await;
        assert_eq!(saved.status, StatusCode::OK);
        assert!(saved.has(".saved"));
        assert!(!saved.text("main .hint").contains('('), "its own is known");
        assert_eq!(saved.texts("option[selected]"), ["America/New_York"]);
        let exact = ann.get(path).await.attribute(".facts time", "title");
        assert_eq!(exact, "Wed 25 Nov 2026, 01:04");
        // It is the account's, and nobody else's.
        let ben = kind(&app).sign_up("ben").await;
        assert!(!ben.get("/settings/time").await.has("option[selected]"));

        for nonsense in ["Mars/Olympus", "america/new_york", "../etc/passwd", " "] {
            let refused = ann.submit(&form.clone().fill("time_zone", nonsense)).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                refused
                    .text(".problem")
                    .contains("time zone does not exist")
            );
            assert_eq!(refused.texts("option[selected]"), ["America/New_York"]);
        }
        ann.submit(&form.fill("time_zone", "")).await;
        let exact = ann.get(path).await.attribute(".facts time", "title");
        assert_eq!(exact, "Wed 25 Nov 2026, 15:04 (Asia/Seoul)");
    }
}

#[tokio::test]
async fn a_zone_that_is_not_known_any_more_counts_as_none() {
    let app = in_seoul().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.change("update users set time_zone = 'Old/Name'").await;
    let time = ann.get("/settings/time").await;
    assert!(time.text("main .hint").contains("(Asia/Seoul)"));
    assert_eq!(time.form("main form").value("time_zone"), "");
}
