//! Chats: starting one, sending, renaming, deleting, and nothing typed ever lost.

use crate::support::{
    model::{Answer, Gate},
    *,
};
use futures_util::future::join;
use http::{Method, StatusCode};
use std::{
    future::poll_fn,
    task::{Context, Poll},
};

const MESSAGES: &str = ".message .text";

#[tokio::test]
async fn the_first_message_makes_a_chat_at_its_own_address() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let empty = ann.get("/").await;
        assert_eq!(empty.text("#chats .hint"), "No chats yet.");
        assert_eq!(empty.text("#title h1"), "New chat");
        let page = ann
            .start_chat("  \n\nHow are plums made?\nI mean it.")
            .await;
        let id = page.path.strip_prefix("/chats/").unwrap();
        assert_eq!(id.len(), 36);
        for page in [&page, &ann.get(&page.path).await] {
            assert_eq!(page.text("#title h1"), "How are plums made?");
            assert_eq!(
                page.texts(MESSAGES),
                ["How are plums made? I mean it.", "Hello!"]
            );
            assert_eq!(
                page.text("#chats [aria-current=page]"),
                "How are plums made?"
            );
            assert_eq!(
                page.attribute("#composer", "action"),
                format!("{}/messages", page.path)
            );
            assert_eq!(page.form("#composer").value("content"), "");
            assert_eq!(page.text(".reply .who"), "test-model");
            assert!(
                !page.has(".stop") && !page.has("[aria-busy]") && !page.has("[hx-sse\\:connect]")
            );
        }
        if ann.is_htmx() {
            // Nothing of the page around the chat was sent again; the title was.
            let form = empty.form("#composer").fill("content", "Another");
            let page = ann.submit(&form).await;
            assert_eq!(page.header("hx-push-url"), page.path);
            assert!(page.answer.contains("Another · Damso</title>"));
            assert!(!page.answer.contains("<html") && !page.answer.contains("</header>\n<header"));
            assert_eq!(page.count("#conversation"), 1);
            assert_eq!(page.count("#chats"), 1);
        }
    }
}

#[tokio::test]
async fn a_chat_is_called_after_its_first_line_but_not_at_length() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let exactly = "가".repeat(80);
    for (text, title) in [
        ("  one line  ", "one line".to_owned()),
        ("\n \t\nsecond\nthird", "second".to_owned()),
        (&*exactly, exactly.clone()),
        (&*"나".repeat(81), format!("{}…", "나".repeat(79))),
        ("evil \u{202e}title\u{2066}", "evil title".to_owned()),
        ("# *Markdown* stays", "# *Markdown* stays".to_owned()),
    ] {
        assert_eq!(ann.start_chat(text).await.text("#title h1"), title);
    }
    let titles = ann.get("/chats").await.texts("main li");
    assert!(
        titles.iter().all(|title| title.chars().count() <= 80),
        "{titles:?}"
    );
    assert_eq!(titles.len(), 6);
}

#[tokio::test]
async fn the_chat_with_the_newest_message_is_first() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let first = ann.start_chat("First").await;
        ann.start_chat("Second").await;
        let third = ann.start_chat("Third").await;
        assert_eq!(third.texts("#chats li a"), ["Third", "Second", "First"]);
        let page = ann.send(&ann.get(&first.path).await, "Again").await;
        assert_eq!(page.texts("#chats li a"), ["First", "Third", "Second"]);
        assert_eq!(page.text("#chats [aria-current]"), "First");
        assert_eq!(
            ann.get("/chats").await.texts("main #chats li a"),
            ["First", "Third", "Second"]
        );
        // Looking is no activity, nor is giving a name.
        ann.get(&third.path).await;
        let form = ann
            .get(&format!("{}/rename", third.path))
            .await
            .form("main form");
        ann.submit(&form.fill("title", "3rd")).await;
        assert_eq!(
            ann.get("/").await.texts("#chats li a"),
            ["First", "3rd", "Second"]
        );
    }
}

#[tokio::test]
async fn messages_follow_each_other_and_the_model_gets_all_of_them() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let mut page = ann.start_chat("one\r\n\ttwo\n\n  three \u{1b}[31m").await;
        app.model.says("Good *day*");
        let token = page.form("#composer").value("token").to_owned();
        page = ann.send(&page, "4 < 5 & \"6\"").await;
        assert_ne!(page.form("#composer").value("token"), token);
        assert_eq!(page.form("#composer").value("content"), "");
        assert_eq!(
            page.texts(MESSAGES),
            ["one two three [31m", "Hello!", "4 < 5 & \"6\"", "Good day"]
        );
        let reloaded = ann.get(&page.path).await;
        assert_eq!(page.texts(MESSAGES), reloaded.texts(MESSAGES));
        assert_eq!(
            reloaded.inside(".reply:last-child .text").trim(),
            page.inside(".reply:last-child .text").trim()
        );
        let requests = app.model.requests();
        let said = requests.last().unwrap().body["messages"]
            .as_array()
            .unwrap()
            .clone();
        let said: Vec<_> = said
            .iter()
            .map(|m| (m["role"].as_str().unwrap(), m["content"].as_str().unwrap()))
            .collect();
        assert!(
            said.ends_with(&[
                ("user", "one\n\ttwo\n\n  three [31m"),
                ("assistant", "Hello!"),
                ("user", "4 < 5 & \"6\""),
            ]),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn the_same_form_sent_twice_makes_one_message() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let new = ann.get("/").await.form("#composer").fill("content", "Once");
        let (first, second) = join(ann.submit(&new), ann.submit(&new)).await;
        app.idle().await;
        let third = ann.submit(&new).await;
        let (first, second, third) = (
            ann.finished(&first).await,
            ann.finished(&second).await,
            ann.finished(&third).await,
        );
        assert_eq!((&first.path, &second.path), (&third.path, &third.path));
        for page in [first, second, third, ann.get("/").await] {
            assert_eq!(page.texts("#chats li a"), ["Once"]);
            let chat = ann
                .get(&ann.get("/chats").await.attribute("main li a", "href"))
                .await;
            assert_eq!(chat.texts(MESSAGES), ["Once", "Hello!"]);
            if page.path != "/" {
                assert_eq!(page.texts(MESSAGES), ["Once", "Hello!"]);
            }
        }
        let path = ann.get("/chats").await.attribute("main li a", "href");
        let again = ann
            .get(&path)
            .await
            .form("#composer")
            .fill("content", "Twice");
        let (first, second) = join(ann.submit(&again), ann.submit(&again)).await;
        app.idle().await;
        for page in [first, second, ann.submit(&again).await] {
            let page = ann.finished(&page).await;
            assert_eq!(page.path, path);
            assert_eq!(
                ann.get(&path).await.texts(MESSAGES),
                ["Once", "Hello!", "Twice", "Hello!"]
            );
        }
        assert_eq!(app.value::<i64>("select count(*) from messages").await, 4);
        assert_eq!(app.model.requests().len(), 2);
    }
}

/// Polls it so many times, as a server does with the request of somebody who then leaves.
async fn polled(future: impl Future, times: usize) {
    let (mut future, mut left) = (Box::pin(future), times);
    let leave = |context: &mut Context<'_>| {
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Pending if left > 0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    };
    poll_fn(leave).await;
}

#[tokio::test]
async fn whoever_leaves_while_sending_finds_a_reply_or_nothing_later() {
    let app = TestApp::start().await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let chat = ann.start_chat("Hello").await;
    for times in 1..40 {
        let page = ann.get(&chat.path).await;
        for form in [page.form("#composer"), ann.get("/").await.form("#composer")] {
            let form = form.fill("content", "Gone");
            polled(ann.submit(&form), times).await;
            app.idle().await;
        }
    }
    let lost = "select count(*) from messages m where role = 'user'
                and not exists (select 1 from messages r where r.parent_id = m.id and r.body = 'Hello!')";
    assert_eq!(app.value::<i64>(lost).await, 0);
    assert!(app.model.requests().len() > 20);
    assert_eq!(
        ann.send(&ann.get(&chat.path).await, "On").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn an_old_form_with_a_new_text_is_told_that_the_chat_has_gone_on() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let one = ann.start_chat("One").await;
    let form = one.form("#composer").fill("content", "Here");
    ann.submit(&form).await;
    let two = ann.start_chat("Two").await;
    let strayed = two
        .form("#composer")
        .fill("content", "There")
        .fill("token", form.value("token"));
    let page = ann.submit(&strayed).await;
    ann.finished(&page).await;
    // As after Back, which shows the page with the form as it was.
    let told = ann.submit(&form.fill("content", "Here too")).await;
    assert_eq!(told.status, StatusCode::CONFLICT);
    assert_eq!(told.form("#composer").value("content"), "Here too");
    let page = ann.submit(&told.form("#composer")).await;
    ann.finished(&page).await;
    assert_eq!(
        ann.get(&two.path).await.texts(MESSAGES),
        ["Two", "Hello!", "There", "Hello!"]
    );
    assert_eq!(
        ann.get(&one.path).await.texts(MESSAGES),
        ["One", "Hello!", "Here", "Hello!", "Here too", "Hello!"]
    );
}

#[tokio::test]
async fn an_old_form_with_a_new_text_makes_one_message_however_often_it_comes() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let form = ann.get("/").await.form("#composer");
        for text in ["One", "Two"] {
            let form = form.clone().fill("content", text);
            tokio::join!(ann.submit(&form), ann.submit(&form));
            ann.submit(&form).await;
        }
        app.idle().await;
        let texts = ann.get("/chats").await.texts("#chats li a");
        assert_eq!(texts, ["Two", "One"]);
        assert_eq!(app.value::<i64>("select count(*) from messages").await, 4);
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_stays_with_its_writer() {
    for kind in KINDS {
        let app = TestApp::with(|config| config.message_limit = 100).await;
        let ann = kind(&app).sign_up("ann").await;
        let chat = ann.start_chat("A chat").await;
        for path in ["/", &chat.path] {
            let page = ann.get(path).await;
            let long = format!("\n<b>{}</b>", "가".repeat(100));
            for (text, says) in [
                ("", "Write a message first."),
                (" \n\t ", "Write a message first."),
                (" \u{1} ", "Write a message first."),
                (&long, "108 characters, and the limit is 100"),
            ] {
                let refused = ann
                    .submit(&page.form("#composer").fill("content", text))
                    .await;
                assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{text:?}");
                assert!(
                    refused.text("#notice .notice").contains(says),
                    "{}",
                    refused.text("#notice")
                );
                assert_eq!(refused.attribute("#notice .notice", "role"), "alert");
                assert_eq!(refused.texts(MESSAGES), page.texts(MESSAGES));
                assert_eq!(refused.texts("#chats li a"), page.texts("#chats li"));
                assert_eq!(refused.text("#title h1"), page.text("#title h1"));
                assert_eq!(
                    refused.attribute("#composer", "action"),
                    page.attribute("#composer", "action")
                );
                if ann.is_htmx() {
                    // A notice only: what is in the box stays as it is.
                    assert_eq!(
                        (refused.header("hx-retarget"), refused.header("hx-reswap")),
                        ("#notice", "innerHTML")
                    );
                    assert!(!refused.answer.contains("textarea"));
                } else {
                    assert_eq!(refused.form("#composer").value("content"), text);
                }
                // Once it is right, it goes, and the notice with it.
                if text == long {
                    let sent = ann.send(&refused, "Better").await;
                    assert_eq!(sent.texts(MESSAGES).last().unwrap(), "Hello!");
                    assert!(!sent.has("#notice .notice"));
                }
            }
        }
        // 100 characters are not too many, and a line end is one, though browsers send two.
        let most = "가나다라\n".repeat(20);
        assert_eq!(
            ann.start_chat(&most).await.texts(MESSAGES)[0],
            most.replace('\n', " ").trim()
        );
    }
}

#[tokio::test]
async fn one_person_may_have_so_many_replies_running() {
    for kind in KINDS {
        let app = TestApp::with(|config| {
            config.replies_per_person = 2;
            config.waiting_per_person = 0;
        })
        .await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        let home = ann.get("/").await;
        app.model.always(Answer::gated(&gate, ["Done"]));
        let idle = {
            gate.open(2);
            ann.start_chat("Idle").await
        };
        for n in 0..2 {
            ann.start_running(&format!("Chat {n}")).await;
        }
        for page in [&home, &idle] {
            let form = page.form("#composer").fill("content", "One too many");
            let form = form.fill("token", "");
            let refused = ann.submit(&form).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                refused
                    .text("#notice")
                    .contains("too many replies in progress"),
                "{}",
                refused.text("#notice")
            );
            if !ann.is_htmx() {
                assert_eq!(refused.form("#composer").value("content"), "One too many");
            }
        }
        // Somebody else has a budget of their own.
        let ben = kind(&app).sign_up("ben").await;
        ben.start_running("Mine").await;
        assert_eq!(app.value::<i64>("select count(*) from chats").await, 4);
        gate.open_all();
        app.idle().await;
        assert_eq!(ann.start_chat("Now").await.texts(MESSAGES), ["Now", "Done"]);
    }
}

#[tokio::test]
async fn no_message_is_taken_while_the_reply_before_it_is_being_written() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model.answer(Answer::gated(&gate, ["Patience"]));
        let path = ann.start_running("First").await;
        let page = ann.get(&path).await;
        let refused = ann
            .submit(&page.form("#composer").fill("content", "Hurry"))
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text("#notice").contains("still being written"));
        if !ann.is_htmx() {
            assert_eq!(refused.form("#composer").value("content"), "Hurry");
            // Nor does the page move on to the one that stays open, where it would be lost.
            assert!(!refused.html.contains("http-equiv"));
        }
        let long = "x".repeat(40_000);
        let too_long = ann
            .submit(&page.form("#composer").fill("content", &long))
            .await;
        gate.open_all();
        app.idle().await;
        if ann.is_htmx() {
            // What is not true any more goes; what still is, stays.
            let page = ann.finished(&refused).await;
            assert_eq!(page.text("#notice"), "");
            let page = ann.finished(&too_long).await;
            assert!(page.text("#notice").contains("the limit is"));
        }
        let page = ann.send(&ann.get(&path).await, "Hurry").await;
        assert_eq!(
            page.texts(MESSAGES),
            ["First", "Patience", "Hurry", "Hello!"]
        );
    }
}

#[tokio::test]
async fn someone_renames_a_chat() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let chat = ann.start_chat("Old title").await;
        ann.start_chat("Other chat").await;
        let page = ann.get(&chat.path).await;
        let asked = ann.click(&page, "a[href$='/rename']").await;
        let form = asked.form("form[action$='/rename']");
        assert_eq!(form.value("title"), "Old title");
        assert_eq!(
            asked.attribute("form[action$='/rename'] a", "href"),
            chat.path
        );
        if ann.is_htmx() {
            assert_eq!(
                (
                    asked.path.as_str(),
                    asked.count("#title"),
                    asked.has("#thread")
                ),
                (&*chat.path, 1, true)
            );
        }
        for (title, says) in [
            ("", "Enter a title."),
            ("  \n ", "Enter a title."),
            (&"가".repeat(81), "at most 80"),
        ] {
            let refused = ann.submit(&form.clone().fill("title", title)).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(refused.text(".problem").contains(says));
            assert_eq!(
                refused.attribute("input[aria-invalid]", "aria-describedby"),
                refused.attribute(".problem", "id")
            );
            assert_eq!(
                refused
                    .form("form[action$='/rename']")
                    .value("title")
                    .trim(),
                title.trim()
            );
        }
        let most = "가".repeat(80);
        for (typed, kept) in [
            ("  New \u{202e}\n<b>title</b> ", "New <b>title</b>"),
            (&*most, &*most),
        ] {
            let page = ann.submit(&form.clone().fill("title", typed)).await;
            assert_eq!((page.status, &page.path), (StatusCode::OK, &chat.path));
            assert_eq!(page.text("#title h1"), kept);
            assert!(page.texts("#chats li a").contains(&kept.to_owned()));
            assert_eq!(page.text("#chats [aria-current]"), kept);
            assert_eq!(page.texts(MESSAGES), ["Old title", "Hello!"]);
            let reloaded = ann.get(&chat.path).await;
            assert_eq!(reloaded.text("#title h1"), kept);
            assert_eq!(reloaded.text("title"), format!("{kept} · Damso"));
            if ann.is_htmx() {
                assert!(page.answer.contains("<title>") && !page.answer.contains("thread"));
            }
        }
    }
}

#[tokio::test]
async fn someone_deletes_a_chat_after_being_asked() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let kept = ann.start_chat("Kept").await;
        let chat = ann.start_chat("Going").await;
        let asked = ann.click(&chat, "a[href$='/delete']").await;
        let form = asked.form("form[action$='/delete']");
        assert!(asked.text("form[action$='/delete']").contains("Going"));
        assert_eq!(
            asked.attribute("form[action$='/delete'] a", "href"),
            chat.path
        );
        // Asking deletes nothing.
        assert_eq!(ann.get(&chat.path).await.status, StatusCode::OK);
        let page = ann.submit(&form).await;
        assert_eq!((page.status, &*page.path), (StatusCode::OK, "/"));
        assert_eq!(page.texts("#chats li a"), ["Kept"]);
        assert_eq!(page.text("#title h1"), "New chat");
        assert!(!page.has(".message"));
        assert_eq!(page.attribute("#composer", "action"), "/chats");
        for path in [
            chat.path.clone(),
            format!("{}/live", chat.path),
            format!("{}/rename", chat.path),
        ] {
            assert_eq!(ann.get(&path).await.status, StatusCode::NOT_FOUND);
        }
        // From a tab that was left open.
        let late = ann
            .submit(&chat.form("#composer").fill("content", "Still there?"))
            .await;
        assert_eq!(late.status, StatusCode::NOT_FOUND);
        assert_eq!(ann.submit(&form).await.status, StatusCode::NOT_FOUND);
        assert_eq!(
            ann.get(&kept.path).await.texts(MESSAGES),
            ["Kept", "Hello!"]
        );
        assert_eq!(app.value::<i64>("select count(*) from messages").await, 2);
    }
}

#[tokio::test]
async fn deleting_a_chat_ends_its_reply_everywhere() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let (gate, ann) = (Gate::new(), kind(&app).sign_up("ann").await);
        app.model
            .answer(Answer::gated(&gate, ["Some words. ", "Never said"]));
        let path = ann.start_running("Go on").await;
        gate.open(1);
        app.until("select exists (select 1 from reply_parts)").await;
        let watcher = Browser::plain(&app);
        watcher.sign_in("ann", PASSWORD).await;
        let open = watcher.open_live(&format!("{path}/live")).await;
        let form = ann.get(&format!("{path}/delete")).await.form("main form");
        ann.submit(&form).await;
        app.model.closed().await;
        // The page that was open ends by itself.
        assert!(open.page().await.html.contains("Some words."));
        for left in [
            "select count(*) from chats",
            "select count(*) from messages",
            "select count(*) from reply_parts",
        ] {
            assert_eq!(app.value::<i64>(sql(left)).await, 0, "{left}");
        }
        // Nothing is left in the way of another one.
        assert_eq!(
            ann.start_chat("Again").await.texts(MESSAGES),
            ["Again", "Hello!"]
        );
    }
}

fn sql(text: &'static str) -> &'static str {
    text
}

#[tokio::test]
async fn what_was_being_sent_when_the_session_ended_waits_behind_the_sign_in() {
    let text = "\n  Long & <b>thought</b> out</textarea><script>\n\n가나다 ";
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let chat = ann.start_chat("A chat").await;
        let chat = ann.get(&chat.path).await;
        for page in [ann.get("/").await, chat] {
            ann.fresh().sign_in("ann", PASSWORD).await;
            ann.drop_cookie("session");
            let asked = ann
                .submit(&page.form("#composer").fill("content", text))
                .await;
            assert_eq!(asked.status, StatusCode::FORBIDDEN);
            let form = asked.form("form[action='/login']");
            assert!(asked.text("form[action='/login']").contains("is kept"));
            if ann.is_htmx() {
                assert_eq!(asked.header("hx-retarget"), "#notice");
                assert!(asked.has("#thread"), "the page behind it is still there");
            }
            // A slip of the finger loses it no more.
            let form = form
                .fill("username", "ann")
                .fill("password", "not the password");
            let wrong = ann.submit(&form).await;
            assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
            let form = wrong
                .form("form[action='/login']")
                .fill("password", PASSWORD);
            let back = ann.submit(&form).await;
            let home = page.path == "/";
            assert_eq!(back.path, if home { "/chats/new" } else { &page.path });
            let waiting = back.form("#composer");
            assert_eq!(waiting.value("content"), text);
            assert!(!back.html.contains("<script>\n"));
            // It is there once, and is sent as it was.
            assert_eq!(
                ann.get(&back.path).await.form("#composer").value("content"),
                ""
            );
            let sent = ann.send(&back, text).await;
            let texts = sent.texts(MESSAGES);
            assert_eq!(
                texts[texts.len() - 2],
                "Long & <b>thought</b> out</textarea><script> 가나다"
            );
        }
    }
}

#[tokio::test]
async fn a_waiting_text_is_for_its_page_only() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.get("/").await;
    ann.drop_cookie("session");
    let asked = ann
        .submit(&page.form("#composer").fill("content", "A secret"))
        .await;
    let form = asked.form("form[action='/login']");
    let chat = {
        let other = Browser::plain(&app).sign_up("ben").await;
        other.start_chat("Hello").await.path
    };
    // Ben signs in on the same computer: he gets what the form holds, but in no chat of his.
    let ben = ann.clone();
    let form = form.fill("username", "ben").fill("password", PASSWORD);
    ben.request(Method::POST, "/login", "document", Some(form.body()))
        .await;
    assert_eq!(
        ben.get(&format!("{chat}?draft=1"))
            .await
            .form("#composer")
            .value("content"),
        ""
    );
}

#[tokio::test]
async fn the_list_is_a_page_of_its_own_for_narrow_screens() {
    let app = TestApp::start().await;
    let ann = Browser::text(&app).sign_up("ann").await;
    assert_eq!(ann.get("/chats").await.text("main .hint"), "No chats yet.");
    let chat = ann.start_chat("Hello there").await;
    let page = ann.get("/chats").await;
    assert_eq!(page.attribute("main li a", "href"), chat.path);
    let piece = ann.get_piece("/chats").await;
    assert!(piece.has("#chats") && !piece.answer.contains("<html"));
}
