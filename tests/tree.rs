//! The chat as a tree: versions of a message, deleting with undo, branching off, long chats.

use crate::support::{
    chromium::{Script, Tab},
    model::{Answer, Gate},
    site::Site,
    *,
};
use damso::{db::Db, with_pool};
use http::{Method, StatusCode};
use uuid::Uuid;

const MESSAGES: &str = ".message .text";

/// The last one's key among the elements that match.
fn key(page: &Page, css: &str) -> String {
    page.attributes(css, "id").pop().unwrap()[2..].to_owned()
}

/// Sends another version of the n-th message on the page, by its form.
async fn edit(ann: &Browser, page: &Page, n: usize, text: &str) -> Page {
    let id = page.attributes(".mine", "id")[n][2..].to_owned();
    let form = ann.click(page, &format!("#m-{id} a[href$='/edit']")).await;
    let form = form.form("form[action$='/edit']").fill("content", text);
    let page = ann.submit(&form).await;
    ann.finished(&page).await
}

async fn post(ann: &Browser, path: &str) -> http::Response<axum::body::Body> {
    let body = Some("sure=yes".to_owned());
    ann.request(Method::POST, path, "document", body).await
}

#[tokio::test]
async fn an_edited_message_is_another_version_and_both_can_be_shown() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("One").await;
        let page = ann.send(&page, "Two").await;
        let path = page.path.clone();
        let page = edit(&ann, &page, 1, "Two <b>better</b>").await;
        assert_eq!(page.path, path);
        assert_eq!(
            page.texts(MESSAGES),
            ["One", "Hello!", "Two <b>better</b>", "Hello!"]
        );
        assert_eq!(page.text(".versions"), "‹ 2 of 2 ›");
        let asked = app.model.requests().pop().unwrap().body["messages"].to_string();
        assert!(
            asked.contains("better") && !asked.contains("\"Two\""),
            "{asked}"
        );
        // The first message has versions as well.
        let first = edit(&ann, &page, 0, "Uno").await;
        assert_eq!(first.texts(MESSAGES), ["Uno", "Hello!"]);
        let back = ann.click(&first, ".versions a").await;
        assert_eq!(
            back.texts(MESSAGES),
            ["One", "Hello!", "Two <b>better</b>", "Hello!"]
        );
        let back = ann.click(&back, "article:nth-of-type(3) .versions a").await;
        assert_eq!(back.texts(MESSAGES), ["One", "Hello!", "Two", "Hello!"]);
        // Looking changes nothing; writing does.
        assert_eq!(ann.get(&path).await.texts(MESSAGES), ["Uno", "Hello!"]);
        let on = ann.send(&back, "Three").await;
        assert_eq!(on.texts(MESSAGES).len(), 6);
        assert_eq!(
            ann.get(&path).await.texts(MESSAGES)[2..5],
            ["Two", "Hello!", "Three"]
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_edited_message_is_said_and_its_text_kept() {
    for kind in KINDS {
        let app = TestApp::with(|config| config.message_limit = 10).await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("One").await;
        for (text, problem) in [
            ("  ", "Write a message"),
            ("x".repeat(11).as_str(), "the limit is 10"),
        ] {
            let told = edit(&ann, &page, 0, text).await;
            assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(told.text(".problem").contains(problem));
            assert_eq!(told.form("form[action$='/edit']").value("content"), text);
        }
        assert_eq!(app.value::<i64>("select count(*) from messages").await, 2);
        // The same form twice makes one message.
        let id = key(&page, ".mine");
        let form = ann.click(&page, &format!("#m-{id} a[href$='/edit']")).await;
        let form = form.form("form[action$='/edit']").fill("content", "Two");
        ann.submit(&form).await;
        app.idle().await;
        ann.submit(&form).await;
        app.idle().await;
        assert_eq!(app.value::<i64>("select count(*) from messages").await, 4);
    }
}

#[tokio::test]
async fn cancel_leads_back_to_where_the_message_is_shown() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("One").await;
        let page = edit(&ann, &page, 0, "Uno").await;
        // On the branch that the chat does not show by itself.
        let old = ann.click(&page, ".versions a").await;
        assert_eq!(old.texts(MESSAGES), ["One", "Hello!"]);
        let form = "form[action*='/messages/'], form[action*='/retry']:has([name=model])";
        for link in [
            ".mine a[href$='/edit']",
            ".mine a[href$='/delete']",
            ".reply a[href$='/retry']",
            ".reply a[href$='/delete']",
        ] {
            let asked = ann.get(&old.attribute(link, "href")).await;
            assert!(asked.has(form), "{link}");
            let back = ann.click(&asked, ".actions a").await;
            assert!(back.path.contains("/at/"), "{link}: {}", back.path);
            assert_eq!(back.texts(MESSAGES), ["One", "Hello!"], "{link}");
        }
    }
}

#[tokio::test]
async fn a_form_on_a_message_is_given_up_in_its_place() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let page = ann.start_chat("One").await;
    let page = edit(&ann, &page, 0, "Uno").await;
    let old = ann.click(&page, ".versions a").await;
    for link in [
        ".mine a[href$='/edit']",
        ".mine a[href$='/delete']",
        ".reply .acts a[href$='/retry']",
        ".reply a[href$='/delete']",
    ] {
        let asked = ann.click(&old, link).await;
        assert!(!asked.has(link), "{link}");
        let back = ann.click(&asked, "main .actions a").await;
        assert!(back.has(link), "{link}");
        assert_eq!(back.texts(MESSAGES), ["One", "Hello!"], "{link}");
        assert_eq!(back.texts(".versions"), ["‹ 1 of 2 ›"], "{link}");
        // What is sent from here goes on from what is shown.
        let (form, was) = (back.form("#composer"), old.form("#composer"));
        assert_eq!(form.value("parent"), was.value("parent"), "{link}");
    }
}

#[tokio::test]
async fn a_version_that_was_deleted_meanwhile_is_told_in_the_place_of_notices() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let page = ann.start_chat("One").await;
    let first = key(&page, ".mine");
    let page = edit(&ann, &page, 0, "Uno").await;
    post(&ann, &format!("/messages/{first}/delete")).await;
    let told = ann.click(&page, ".versions a").await;
    assert_eq!(told.status, StatusCode::NOT_FOUND);
    assert!(told.text("#notice .notice").contains("is not here"));
    assert_eq!(told.texts(MESSAGES), ["Uno", "Hello!"]);
}

#[tokio::test]
async fn any_reply_that_has_ended_can_be_made_again() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("One").await;
        let page = ann.send(&page, "Two").await;
        app.model.says("Other.");
        let form = page.form(".reply form[action$='/retry']");
        let again = ann.submit(&form).await;
        let again = ann.finished(&again).await;
        assert_eq!(again.texts(MESSAGES), ["One", "Other."]);
        let late = ann.submit(&form).await;
        ann.finished(&late).await;
        assert_eq!(app.model.requests().len(), 3);
        let back = ann.click(&again, ".reply .versions a").await;
        assert_eq!(back.texts(MESSAGES), ["One", "Hello!", "Two", "Hello!"]);
    }
}

#[tokio::test]
async fn two_branches_of_a_chat_are_answered_at_once_and_each_is_watched_and_stopped() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model.answer(Answer::gated(&gate, ["First ", "reply."]));
        let path = ann.start_running("One").await;
        gate.open(1);
        app.model.asked(1).await;
        let page = ann.get(&path).await;
        let (mine, first) = (key(&page, ".mine"), key(&page, ".reply"));
        app.model.answer(Answer::gated(&gate, ["Second."]));
        let body = Some("content=Uno".to_owned());
        ann.request(
            Method::POST,
            &format!("/messages/{mine}/edit"),
            "document",
            body,
        )
        .await;
        app.model.asked(2).await;
        // Nobody writes below a reply that runs, and the page of each branch stops its own.
        let page = ann.get(&format!("{path}/at/{mine}")).await;
        assert_eq!(
            page.attribute(".stop", "action"),
            format!("/replies/{first}/stop")
        );
        let told = ann
            .submit(&page.form("#composer").fill("content", "On"))
            .await;
        assert_eq!(told.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(told.has(&format!("#r-{first}")));
        if !ann.is_htmx() {
            let mut held = ann.open_live(&format!("{path}/live/{first}")).await;
            held.until("First").await;
        }
        ann.submit(&page.form(".stop")).await;
        app.until("select count(*) = 1 from messages where state in ('queued', 'streaming')")
            .await;
        gate.open_all();
        app.idle().await;
        assert_eq!(ann.get(&path).await.texts(MESSAGES), ["Uno", "Second."]);
    }
}

#[tokio::test]
async fn a_deleted_message_goes_with_all_below_it_and_comes_back() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("One").await;
        let page = ann.send(&page, "Two").await;
        let page = edit(&ann, &page, 1, "Zwei").await;
        let path = page.path.clone();
        let reply = page.attributes(".reply", "id")[0][2..].to_owned();
        let asked = ann
            .click(&page, &format!("#r-{reply} a[href$='/delete']"))
            .await;
        let form = asked.form("form[action^='/messages'][action$='/delete']");
        assert!(
            asked
                .text("form[action^='/messages'][action$='/delete'] p")
                .contains("4 messages")
        );
        let gone = ann.submit(&form).await;
        assert_eq!(gone.path, format!("{path}/deleted/{reply}"));
        assert_eq!(gone.texts(MESSAGES), ["One"]);
        assert_eq!(gone.text(".undo p"), "5 messages were deleted.");
        assert_eq!(ann.get(&path).await.texts(MESSAGES), ["One"]);
        for path in [
            format!("{path}/at/{reply}"),
            format!("{path}/before/{reply}"),
            format!("/replies/{reply}"),
            format!("/messages/{reply}/edit"),
        ] {
            assert_eq!(ann.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for way in [
            "replies/{}/retry",
            "replies/{}/continue",
            "messages/{}/branch",
        ] {
            let answer = post(&ann, &format!("/{}", way.replace("{}", &reply))).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{way}");
        }
        // A page that still shows it cannot write below it, and keeps what was typed.
        let told = ann
            .submit(&page.form("#composer").fill("content", "Late"))
            .await;
        assert_eq!(told.status, StatusCode::CONFLICT);
        assert_eq!(told.form("#composer").value("content"), "Late");
        // Twice is as good as once.
        assert_eq!(
            ann.submit(&form).await.texts(".undo p"),
            ["5 messages were deleted."]
        );
        let undo = gone.form("form[action$='/restore']");
        let back = ann.submit(&undo).await;
        assert_eq!(back.texts(MESSAGES), ["One", "Hello!", "Zwei", "Hello!"]);
        assert_eq!(ann.submit(&undo).await.texts(MESSAGES).len(), 4);
        assert_eq!(ann.get(&path).await.texts(MESSAGES).len(), 4);
    }
}

#[tokio::test]
async fn what_hung_on_a_deleted_message_comes_back_after_it_and_not_after_an_hour() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("One").await;
    let (mine, reply) = (key(&page, ".mine"), key(&page, ".reply"));
    post(&ann, &format!("/messages/{reply}/delete")).await;
    let page = ann.get(&page.path).await;
    // A message without a reply can be answered, and only then.
    let answered = ann.submit(&page.form("form[action$='/answer']")).await;
    let answered = ann.finished(&answered).await;
    assert_eq!(answered.texts(MESSAGES), ["One", "Hello!"]);
    assert_eq!(
        ann.submit(&page.form("form[action$='/answer']"))
            .await
            .texts(MESSAGES)
            .len(),
        2
    );
    assert_eq!(app.model.requests().len(), 2);
    post(&ann, &format!("/messages/{mine}/delete")).await;
    assert!(ann.get(&page.path).await.texts(MESSAGES).is_empty());
    let restore = |id: &str| format!("/messages/{id}/restore");
    assert_eq!(
        post(&ann, &restore(&reply)).await.status(),
        StatusCode::CONFLICT
    );
    assert_eq!(
        post(&ann, &restore(&mine)).await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(ann.get(&page.path).await.texts(MESSAGES).len(), 2);
    assert_eq!(
        post(&ann, &restore(&reply)).await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        ann.get(&page.path).await.text(".reply .versions"),
        "‹ 1 of 2 ›"
    );

    post(&ann, &format!("/messages/{mine}/delete")).await;
    app.db().purge_messages().await.unwrap();
    assert_eq!(app.value::<i64>("select count(*) from messages").await, 3);
    app.change("update messages set deleted_at = deleted_at - 3601000000")
        .await;
    assert_eq!(
        post(&ann, &restore(&mine)).await.status(),
        StatusCode::CONFLICT
    );
    app.change("update messages set deleted_at = deleted_at - 300000000")
        .await;
    app.db().purge_messages().await.unwrap();
    assert_eq!(app.value::<i64>("select count(*) from messages").await, 0);
    // A page that was open all the time still has the button.
    for dest in ["document", "empty"] {
        let (path, body) = (restore(&mine), Some("sure=yes".to_owned()));
        let told = ann.request(Method::POST, &path, dest, body).await;
        assert_eq!(told.status(), StatusCode::NOT_FOUND);
        let told = axum::body::to_bytes(told.into_body(), usize::MAX).await;
        let told = String::from_utf8(told.unwrap().to_vec()).unwrap();
        assert!(told.contains("more than an hour ago"), "{told}");
    }
    let empty = ann.get(&format!("{}/deleted/{mine}", page.path)).await;
    assert_eq!(
        (empty.path.as_str(), empty.texts(MESSAGES).len()),
        (page.path.as_str(), 0)
    );
    assert_eq!(
        ann.send(&empty, "Again").await.texts(MESSAGES),
        ["Again", "Hello!"]
    );
}

#[tokio::test]
async fn a_reply_that_runs_is_stopped_when_it_is_deleted() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model.answer(Answer::gated(&gate, ["One ", "two."]));
        let path = ann.start_running("Go").await;
        gate.open(1);
        let page = ann.get(&path).await;
        let (mine, reply) = (key(&page, ".mine"), key(&page, ".reply"));
        app.until("select exists (select 1 from reply_parts)").await;
        let refused = post(&ann, &format!("/messages/{reply}/branch")).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        post(&ann, &format!("/messages/{mine}/delete")).await;
        app.idle().await;
        assert!(ann.get(&path).await.texts(MESSAGES).is_empty());
        post(&ann, &format!("/messages/{mine}/restore")).await;
        let back = ann.get(&path).await;
        assert_eq!(back.texts(MESSAGES), ["Go", "One"]);
        assert!(back.text(".ending").contains("Stopped"));
    }
}

#[tokio::test]
async fn of_a_question_that_was_deleted_no_model_is_asked() {
    let app = TestApp::with(|config| config.replies_per_person = 1).await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let gate = Gate::new();
    app.model.answer(Answer::gated(&gate, ["One."]));
    ann.start_running("First").await;
    app.until("select count(*) = 1 from messages where state = 'streaming'")
        .await;
    ann.start_running("Second").await;
    // Between that and the end of its replies there is a moment.
    app.change(
        "update messages set deleted_at = 1 where chat_id in (
             select chat_id from messages where body = 'Second')",
    )
    .await;
    gate.open_all();
    app.idle().await;
    assert_eq!(app.model.requests().len(), 1);
    let stopped = "select count(*) from messages where state = 'stopped' and deleted_at = 1";
    assert_eq!(app.value::<i64>(stopped).await, 1);
}

#[tokio::test]
async fn a_new_chat_branches_off_with_what_was_said_so_far() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("One").await;
        let page = ann.send(&page, "Two").await;
        let reply = page.attributes(".reply", "id")[0][2..].to_owned();
        let copy = ann
            .submit(&page.form(&format!("form[action='/messages/{reply}/branch']")))
            .await;
        assert_ne!(copy.path, page.path);
        assert_eq!(copy.texts(MESSAGES), ["One", "Hello!"]);
        let copy = ann.send(&copy, "Three").await;
        assert_eq!(copy.texts(MESSAGES).len(), 4);
        assert_eq!(ann.get(&page.path).await.texts(MESSAGES).len(), 4);
        let path = format!("/messages/{reply}/branch");
        let mut last = StatusCode::SEE_OTHER;
        for _ in 0..20 {
            last = post(&ann, &path).await.status();
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(app.value::<i64>("select count(*) from chats").await, 21);
    }
}

#[tokio::test]
async fn somebody_elses_message_is_out_of_reach_of_every_form() {
    let app = TestApp::start().await;
    let (ann, ben) = (
        Browser::plain(&app).sign_up("ann").await,
        Browser::htmx(&app).sign_up("ben").await,
    );
    let (one, two) = (ann.start_chat("Mine").await, ben.start_chat("His").await);
    let (mine, reply) = (key(&one, ".mine"), key(&one, ".reply"));
    for way in ["at", "before"] {
        let path = format!("{}/{way}/{mine}", two.path);
        assert_eq!(ben.get(&path).await.status, StatusCode::NOT_FOUND);
    }
    let live = ben.get(&format!("{}/live/{reply}", two.path)).await;
    assert_eq!(live.path, two.path);
    // Written below a message of somebody else's chat.
    let form = two.form("#composer").fill("content", "In");
    let told = ben.submit(&form.fill("parent", &reply)).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    for way in ["edit", "delete", "restore", "branch", "answer"] {
        let answer = post(&ben, &format!("/messages/{mine}/{way}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{way}");
    }
    assert_eq!(app.value::<i64>("select count(*) from messages").await, 4);
}

#[tokio::test]
async fn of_a_long_chat_only_what_is_sent_is_read_and_the_rest_is_counted() {
    let app = TestApp::with(|config| config.history_limit = 300).await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("One").await;
    grow(&app, &page, 500, true).await;
    let page = ann.get(&page.path).await;
    let page = ann.send(&page, "Go on").await;
    let request = app.model.requests().pop().unwrap();
    let sent = request.body["messages"].as_array().unwrap();
    let last = sent.iter().rev().take(3).map(|turn| &turn["content"]);
    assert!(last.eq(["Go on", "n499", "n498"]));
    // Every one is sent or counted: the first two, the 500 and the new one.
    let left_out = 503 - sent.len();
    assert!((50..100).contains(&sent.len()));
    let says = format!("its {left_out} oldest messages were not sent");
    // Where those begin that were sent: too far up to be seen, until one goes there.
    let shown = "#thread > p, #thread .message .text";
    assert!(!page.has("#left-out") && !page.text("#thread").contains("oldest messages"));
    let newest = page.path.clone();
    let page = ann.click(&page, "#earlier a").await;
    assert_eq!(page.count("#left-out"), 1);
    assert!(page.text("#left-out").contains(&says), "{}", page.html);
    let texts = page.texts(shown);
    let at = texts.iter().position(|text| text.contains(&says)).unwrap();
    assert_eq!(texts[at + 1], format!("n{}", 500 - sent.len() + 1));
    // Each reply that was told less moves it on, and there is never a second one.
    let mut page = ann.get(&newest).await;
    for _ in 0..3 {
        page = ann.send(&page, "Go on").await;
        let earlier = ann.click(&page, "#earlier a").await;
        assert_eq!(page.count("#left-out") + earlier.count("#left-out"), 1);
    }
}

/// Puts this many messages into the only chat, each below the one before, or all below one.
async fn grow(app: &TestApp, page: &Page, count: i64, deep: bool) {
    let chat = page.path.rsplit('/').next().unwrap();
    grow_below(app.db(), chat, &key(page, ".reply"), count, deep).await;
}

/// Puts them into this chat, below this message.
async fn grow_below(db: &Db, chat: &str, message: &str, count: i64, deep: bool) {
    let chat = Uuid::parse_str(chat).unwrap();
    let mut parent = Uuid::parse_str(message).unwrap();
    let mut rows = Vec::new();
    let mut last = parent;
    for n in 0..count {
        last = Uuid::now_v7();
        let role = if n % 2 == 0 || !deep {
            "user"
        } else {
            "assistant"
        };
        rows.push((last, parent, role, format!("n{n}")));
        if deep {
            parent = last;
        }
    }
    with_pool!(db.writer().unwrap(), db => {
        let mut tx = db.begin().await.unwrap();
        let user = sqlx::query_scalar("select user_id from chats where id = $1").bind(chat);
        let user: Uuid = user.fetch_one(&mut *tx).await.unwrap();
        for rows in rows.chunks(1_000) {
            let mut sql = sqlx::QueryBuilder::new(
                "insert into messages
                     (id, chat_id, user_id, parent_id, role, body, state, created_at) ",
            );
            sql.push_values(rows, |mut row, (id, parent, role, body)| {
                row.push_bind(*id).push_bind(chat).push_bind(user).push_bind(*parent);
                row.push_bind(*role).push_bind(body.as_str()).push("'complete', 0");
            });
            sql.build().execute(&mut *tx).await.unwrap();
        }
        let sql = "update chats set leaf = $1 where id = $2";
        sqlx::query(sql).bind(last).bind(chat).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    });
}

#[tokio::test]
async fn a_long_chat_shows_its_newest_part_and_the_way_to_the_rest() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("One").await;
        let (path, first) = (page.path.clone(), key(&page, ".mine"));
        grow(&app, &page, 120, true).await;
        let newest = ann.get(&path).await;
        assert_eq!(newest.count(".message"), 50);
        assert_eq!(newest.texts(MESSAGES)[0], "n70");
        let earlier = ann.click(&newest, "#earlier a").await;
        let expected = if ann.is_htmx() { 100 } else { 50 };
        assert_eq!(earlier.count(".message"), expected);
        assert_eq!(earlier.texts(MESSAGES)[0], "n20");
        let earliest = ann.click(&earlier, "#earlier a").await;
        assert_eq!(earliest.texts(MESSAGES)[0], "One");
        assert!(!earliest.has("#earlier"));
        // A page that does not show the end says where it is, and sends to there.
        let there = ann.get(&format!("{path}/at/{first}")).await;
        assert_eq!(there.texts(MESSAGES)[0], "One");
        assert!(there.texts(MESSAGES).len() <= 50 && there.has(&format!("#m-{first}")));
        let later = ann.click(&there, ".more-messages a[href*='/at/']").await;
        assert!(later.count(".message") == 50);
        let end = ann
            .click(&later, &format!(".more-messages a[href='{path}']"))
            .await;
        assert_eq!(end.texts(MESSAGES)[49], "n119");
        let sent = ann.send(&there, "On").await;
        assert_eq!(sent.texts(MESSAGES)[48..], ["On", "Hello!"]);
    }
}

#[tokio::test]
async fn deep_and_wide_trees_and_circles_are_walked_in_bounded_time() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let deep = ann.start_chat("Deep").await;
    grow(&app, &deep, 100_000, true).await;
    let first = key(&deep, ".mine");
    assert_eq!(ann.get(&deep.path).await.count(".message"), 50);
    assert_eq!(
        ann.get(&format!("{}/at/{first}", deep.path)).await.status,
        200
    );
    assert_eq!(
        ann.get(&format!("/messages/{first}/delete")).await.status,
        200
    );
    assert_eq!(
        post(&ann, &format!("/messages/{first}/delete"))
            .await
            .status(),
        303
    );
    assert_eq!(
        post(&ann, &format!("/messages/{first}/restore"))
            .await
            .status(),
        303
    );
    let question = ann.get(&format!("{}/delete", deep.path)).await;
    ann.submit(&question.form("#title")).await;
    assert_eq!(app.value::<i64>("select count(*) from messages").await, 0);

    let wide = ann.start_chat("Wide").await;
    grow(&app, &wide, 10_000, false).await;
    let page = ann.get(&wide.path).await;
    assert_eq!(page.text(".versions"), "‹ 10000 of 10000 ›");
    let question = ann.get(&format!("{}/delete", wide.path)).await;
    ann.submit(&question.form("#title")).await;

    let round = ann.start_chat("Round").await;
    grow(&app, &round, 10, true).await;
    app.change("update messages set parent_id = (select leaf from chats) where body = 'Round'")
        .await;
    let first = key(&round, ".mine");
    assert_eq!(ann.get(&round.path).await.status, 200);
    assert_eq!(
        ann.get(&format!("{}/at/{first}", round.path)).await.status,
        200
    );
    assert_eq!(
        post(&ann, &format!("/messages/{first}/delete"))
            .await
            .status(),
        303
    );
    let question = ann.get(&format!("{}/delete", round.path)).await;
    ann.submit(&question.form("#title")).await;
    assert_eq!(app.value::<i64>("select count(*) from chats").await, 0);
}

#[tokio::test]
async fn in_chromium_messages_are_edited_switched_deleted_and_brought_back() {
    for script in [Script::On, Script::Off] {
        let site = Site::start().await;
        let tab = Tab::open(&site.url, script).await;
        tab.register("Ann").await;
        site.model.says("First.");
        tab.send("One").await;
        tab.until_replied().await;
        tab.mark().await;
        site.model.says("Second.");
        tab.click(".mine a[href$='/edit']").await;
        tab.until("document.querySelector('form[action$=\"/edit\"] textarea')")
            .await;
        tab.fill("form[action$='/edit'] textarea", "Uno").await;
        tab.click("form[action$='/edit'] button.main").await;
        tab.until_text(".reply", "Second.").await;
        tab.until_replied().await;
        tab.until_text(".versions", "2 of 2").await;
        assert_eq!(tab.text(".mine .text").await, "Uno");
        tab.click(".mine .versions a").await;
        tab.until_text(".reply", "First.").await;
        tab.until("location.pathname.includes('/at/') && location.hash.startsWith('#m-')")
            .await;
        assert_eq!(tab.is_marked().await, script == Script::On);
        let other = tab.path().await;
        tab.back().await;
        tab.until_text(".reply", "Second.").await;
        assert_ne!(tab.path().await, other);
        tab.forward().await;
        tab.until_text(".reply", "First.").await;
        assert_eq!(tab.path().await, other);
        tab.back().await;
        tab.until_text(".reply", "Second.").await;
        tab.click(".reply .more summary").await;
        tab.click(".reply a[href$='/delete']").await;
        tab.click("form[action^='/messages'][action$='/delete'] button.danger")
            .await;
        tab.until_text(".undo", "One message was deleted").await;
        assert_eq!(tab.count(".reply").await, 0);
        tab.click(".undo button").await;
        tab.until_text(".reply", "Second.").await;
        tab.close().await;
    }
}

/// Somebody's chat of 120 messages, in a window that shows a few of them.
pub async fn long_chat(site: &Site, script: Script) -> (Tab, String) {
    let tab = Tab::open(&site.url, script).await;
    tab.register("Ann").await;
    tab.resize(800, 600).await;
    tab.send("One").await;
    tab.until_replied().await;
    let reply = tab
        .eval("document.querySelector('.reply').id.slice(2)")
        .await;
    let path = tab.path().await.split("/live").next().unwrap().to_owned();
    let chat = path.rsplit('/').next().unwrap();
    grow_below(site.db(), chat, reply.as_str().unwrap(), 118, true).await;
    tab.leave(async || tab.go(&path).await).await;
    tab.until_text(".message:last-of-type", "n117").await;
    (tab, path)
}

#[tokio::test]
async fn what_is_brought_back_is_in_view() {
    for script in [Script::On, Script::Off] {
        let site = Site::start().await;
        let (tab, path) = long_chat(&site, script).await;
        // One far from the end, and all after it.
        let deleted = tab
            .eval("document.querySelectorAll('.message')[20].id")
            .await;
        let id = deleted.as_str().unwrap();
        tab.leave(async || tab.go(&format!("/messages/{}/delete", &id[2..])).await)
            .await;
        tab.click("form .danger").await;
        tab.until_text(".undo", "messages were deleted").await;
        if script == Script::On {
            tab.until("document.querySelector('.undo form[data-htmx-powered]')")
                .await;
        }
        tab.click(".undo button").await;
        let seen = format!(
            "(() => {{ const top = document.getElementById({id:?})?.getBoundingClientRect().top;
                return top >= 0 && top < innerHeight / 2 }})()"
        );
        tab.until(&seen).await;
        assert!(tab.path().await.starts_with(&path));
        tab.close().await;
    }
}

/// Where the message is that was the first when this was last made out.
const TOP: &str = "Math.round(window.first.getBoundingClientRect().top)";

#[tokio::test]
async fn in_chromium_earlier_messages_come_above_and_what_is_read_stays() {
    let site = Site::start().await;
    let (tab, path) = long_chat(&site, Script::On).await;
    // What is done, and at once where the first message is.
    let act = async |act: &str| {
        let begin = "window.first = document.querySelector('.message')";
        let script = format!("{begin}; {act}; {TOP}");
        tab.eval(&script).await.as_i64().unwrap()
    };
    let link = "document.querySelector('#earlier a')";
    let up = "document.querySelector('#main').scrollTop = -1e6";
    let shows = async |count: u32, top: i64| {
        tab.until(&format!(
            "document.querySelectorAll('.message').length == {count}"
        ))
        .await;
        let now = tab.eval(TOP).await.as_i64().unwrap();
        assert!(top.abs_diff(now) <= 1, "what is read moved: {top} {now}");
        tab.eval("new Set([...document.querySelectorAll('.message')].map(e => e.id)).size")
            .await
            == count
    };
    tab.mark().await;
    tab.requests().await;
    // By scrolling there.
    let top = act(up).await;
    assert!(top >= 0, "it is in view");
    assert!(shows(100, top).await);
    // By a click, as from the keyboard; twice, as some do.
    let top = act(&format!("{link}.click(); {link}.click()")).await;
    assert!(shows(120, top).await);
    assert_eq!(tab.count("#earlier").await, 0);
    assert_eq!(tab.text(".message:first-of-type .text").await, "One");
    // By both.
    tab.leave(async || tab.go(&path).await).await;
    tab.until_text(".message:last-of-type", "n117").await;
    tab.eval(&format!("{link}.scrollIntoView()")).await;
    tab.eval(&format!("{link}.click()")).await;
    tab.until("document.querySelectorAll('.message').length == 100")
        .await;
    tab.send("On").await;
    tab.until_replied().await;
    assert_eq!(tab.count(".message").await, 102);
    let requests = tab.requests().await;
    let before = requests.iter().filter(|(_, to)| to.contains("/before/"));
    assert_eq!(before.count(), 3, "{requests:#?}");
    tab.close().await;
}

#[tokio::test]
async fn in_chromium_without_script_earlier_messages_are_a_page_of_their_own() {
    let site = Site::start().await;
    let (tab, path) = long_chat(&site, Script::Off).await;
    assert_eq!(tab.count(".message").await, 50);
    for (first, last) in [("n18", "n67"), ("One", "n17")] {
        // The driver does not find its way up by itself.
        tab.eval("document.querySelector('#earlier a').scrollIntoView()")
            .await;
        tab.follow("#earlier a").await;
        assert!(tab.path().await.contains("/before/"));
        tab.until_text(".message:last-of-type .text", last).await;
        assert_eq!(tab.text(".message:first-of-type .text").await, first);
    }
    assert_eq!(tab.count("#earlier").await, 0);
    tab.follow(&format!(".more-messages a[href='{path}']"))
        .await;
    tab.until_text(".message:last-of-type .text", "n117").await;
    assert_eq!(tab.path().await, path);
    tab.back().await;
    tab.until_text(".message:first-of-type .text", "One").await;
    tab.close().await;
}
