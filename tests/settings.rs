//! What people set: for a chat, for new ones, which model replies, and titles.

use crate::support::{
    Browser, KINDS, Page, TestApp,
    model::{Answer, Gate},
    soon,
};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

/// What was asked for last.
fn asked(app: &TestApp) -> Value {
    app.model.requests().pop().unwrap().body
}

/// The chat's settings, opened from its page.
async fn chat_settings(person: &Browser, page: &Page) -> Page {
    let chat = person.click(page, "#title a[href$='/settings']").await;
    assert_eq!(chat.status, StatusCode::OK);
    chat
}

#[tokio::test]
async fn only_what_is_set_for_a_chat_is_sent() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("Hello").await;
        let sent = asked(&app);
        let fields: Vec<_> = sent.as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, ["messages", "model", "stream", "stream_options"]);
        assert_eq!(sent["messages"][0]["role"], "user");

        let form = chat_settings(&ann, &page).await.form("main form");
        let page = ann
            .submit(
                &form
                    .fill("model", "other-model")
                    .fill("system_prompt", "Speak\nlike a pirate.")
                    .fill("temperature", "0,7")
                    .fill("top_p", "0.95")
                    .fill("max_tokens", "500")
                    .fill("effort", "low"),
            )
            .await;
        assert_eq!(page.path, page_of(&page));
        assert!(
            page.text(".composer .model").contains("other-model"),
            "{}",
            page.html
        );
        ann.send(&page, "And now?").await;
        let sent = asked(&app);
        assert_eq!(sent["model"], "other-model");
        assert_eq!(
            sent["messages"][0],
            json!({ "role": "system", "content": "Speak\nlike a pirate." })
        );
        assert_eq!(sent["temperature"], 0.7);
        assert_eq!(sent["top_p"], 0.95);
        assert_eq!(sent["max_tokens"], 500);
        assert_eq!(sent["reasoning_effort"], "low");

        // The form shows what is set, and empty takes it back.
        let form = ann
            .get(&format!("{}/settings", page.path))
            .await
            .form("main form");
        assert_eq!(form.value("temperature"), "0.7");
        assert_eq!(form.value("effort"), "low");
        let page = ann
            .submit(&form.fill("temperature", "").fill("effort", ""))
            .await;
        ann.send(&page, "Once more").await;
        let sent = asked(&app);
        assert!(sent["temperature"].is_null() && sent["reasoning_effort"].is_null());
        assert_eq!(sent["max_tokens"], 500);
    }
}

fn page_of(page: &Page) -> String {
    let chat = page.attribute("#title a[href$='/rename']", "href");
    chat.trim_end_matches("/rename").to_owned()
}

#[tokio::test]
async fn what_is_out_of_range_comes_back_with_the_range_and_all_that_was_typed() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.start_chat("Hello").await;
        for (address, css) in [
            (format!("{}/settings", page.path), "main form"),
            ("/settings".to_owned(), "#defaults"),
        ] {
            for (field, value, says) in [
                ("temperature", "2.1", "0 to 2"),
                ("temperature", "warm", "0 to 2"),
                ("top_p", "-1", "0 to 1"),
                ("max_tokens", "0", "1 to 1,000,000"),
                ("max_tokens", "1.5", "1 to 1,000,000"),
                ("effort", "enormous", "Minimal, Low"),
                ("system_prompt", &"x".repeat(8_001), "8,000"),
                ("model", &"x".repeat(201), "200"),
            ] {
                let form = ann.get(&address).await.form(css);
                let form = form.fill("top_p", "0.5").fill(field, value);
                let refused = ann.submit(&form).await;
                assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
                let problem = refused.text(".problem");
                assert!(problem.contains(says), "{field}: {problem}");
                if field != "effort" {
                    assert_eq!(refused.form(css).value(field), value);
                }
                if field != "top_p" {
                    assert_eq!(refused.form(css).value("top_p"), "0.5");
                }
            }
        }
        ann.send(&page, "Again").await;
        assert!(asked(&app)["top_p"].is_null(), "something refused was kept");
    }
}

#[tokio::test]
async fn a_new_chat_begins_with_the_defaults_and_keeps_its_own() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        let ben = kind(&app).sign_up("ben").await;
        let old = ann.start_chat("Before").await;
        let form = ann.get("/settings").await.form("#defaults");
        let saved = ann
            .submit(&form.fill("model", "mine").fill("temperature", "0.2"))
            .await;
        assert_eq!(saved.status, StatusCode::OK);
        assert!(saved.has(".saved"), "{}", saved.html);
        assert_eq!(saved.form("#defaults").value("model"), "mine");

        ann.send(&old, "The old chat").await;
        assert_eq!(asked(&app)["model"], "test-model");
        let page = ann.start_chat("A new chat").await;
        assert_eq!(asked(&app)["model"], "mine");
        assert_eq!(asked(&app)["temperature"], 0.2);
        assert_eq!(page.texts(".reply .who"), ["mine"]);
        ben.start_chat("Somebody else's").await;
        assert_eq!(asked(&app)["model"], "test-model");

        let form = ann.get("/settings").await.form("#defaults");
        ann.submit(&form.fill("model", "").fill("temperature", ""))
            .await;
        ann.send(&page, "The new chat is as it began").await;
        assert_eq!(asked(&app)["model"], "mine");
    }
}

#[tokio::test]
async fn a_new_chat_can_begin_with_another_model() {
    for kind in KINDS {
        let app = TestApp::start().await;
        app.model
            .has(&["test-model", "bigger-model", "text-embedding-3"]);
        let ann = kind(&app).sign_up("ann").await;
        let page = ann.get("/").await;
        assert_eq!(
            page.attributes("#models option", "value"),
            ["bigger-model", "test-model"]
        );
        let form = page.form("#composer").fill("model", "bigger-model");
        // What is refused keeps the model's name.
        let refused = ann.submit(&form.clone().fill("content", " ")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        if !ann.is_htmx() {
            assert_eq!(refused.form("#composer").value("model"), "bigger-model");
        }
        let page = ann.submit(&form.fill("content", "Hello")).await;
        let page = ann.finished(&page).await;
        assert_eq!(asked(&app)["model"], "bigger-model");
        assert_eq!(page.texts(".reply .who"), ["bigger-model"]);
        let page = ann.send(&page, "More").await;
        assert_eq!(asked(&app)["model"], "bigger-model");
        assert!(page.text(".composer .model").contains("bigger-model"));
    }
}

#[tokio::test]
async fn a_reply_can_be_had_from_another_model() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        app.model.answer(Answer::status(422, "text/plain", "no"));
        let page = ann.start_chat("Hello").await;
        let asking = ann.click(&page, ".ending a[href$='/retry']").await;
        let form = asking.form("form.other-model");
        let refused = ann
            .submit(&form.clone().fill("model", &"x".repeat(201)))
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = ann.submit(&form.fill("model", "second-model")).await;
        let page = ann.finished(&page).await;
        assert_eq!(asked(&app)["model"], "second-model");
        assert_eq!(page.texts(".reply .who"), ["second-model"]);
        // The chat's own model is as it was.
        ann.send(&page, "More").await;
        assert_eq!(asked(&app)["model"], "test-model");
    }
}

#[tokio::test]
async fn a_model_that_does_not_accept_what_is_set_is_named_with_it() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = ann.start_chat("Hello").await;
    let form = ann
        .get(&format!("{}/settings", page.path))
        .await
        .form("main form");
    let mut page = ann
        .submit(&form.fill("temperature", "1.5").fill("effort", "high"))
        .await;
    for (said, says) in [
        (
            r#"{"error":{"message":"Unsupported value: 'temperature' does not support 1.5 with this model. Only the default (1) value is supported.","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#,
            "temperature",
        ),
        (
            r#"{"error":{"message":"Unrecognized request argument supplied: reasoning_effort"}}"#,
            "reasoning effort",
        ),
        (
            r#"{"error":{"message":"\"test-model\" does not support thinking"}}"#,
            "reasoning effort",
        ),
        (
            r#"{"error":{"message":"top_p is bad"}}"#,
            "refused the request",
        ),
    ] {
        app.model
            .answer(Answer::status(400, "application/json", said));
        page = ann.send(&page, "Again").await;
        let sentence = page.texts(".ending .note").pop().unwrap();
        assert!(sentence.contains(says), "{said}: {sentence}");
    }
}

#[tokio::test]
async fn the_longest_length_goes_by_the_name_that_the_model_knows() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let form = ann.get("/settings").await.form("#defaults");
    ann.submit(&form.fill("max_tokens", "50")).await;
    let said = r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."}}"#;
    app.model
        .answer(Answer::status(400, "application/json", said));
    let page = ann.start_chat("Hello").await;
    assert!(!page.has(".ending .note"), "{}", page.html);
    let sent = asked(&app);
    assert!(sent["max_tokens"].is_null());
    assert_eq!(sent["max_completion_tokens"], 50);
}

#[tokio::test]
async fn a_list_that_cannot_be_had_holds_nobody_up() {
    let app = TestApp::start().await;
    app.model
        .lists(Answer::default().then(crate::support::model::Step::Hang));
    let ann = Browser::plain(&app).sign_up("ann").await;
    let page = soon("the page", ann.get("/settings")).await;
    assert!(!page.has("#models option") && !page.has(".names"));
    let form = page.form("#defaults").fill("model", "typed-by-hand");
    ann.submit(&form).await;
    ann.start_chat("Hello").await;
    assert_eq!(asked(&app)["model"], "typed-by-hand");
}

#[tokio::test]
async fn the_list_is_asked_for_once_and_again_when_somebody_says_so() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let lists = || {
        let all = app.model.all_requests();
        all.iter()
            .filter(|one| one.path.ends_with("/models"))
            .count()
    };
    for _ in 0..3 {
        assert_eq!(
            ann.get("/settings").await.texts(".names li"),
            ["test-model"]
        );
    }
    assert_eq!(lists(), 1);
    app.model.has(&["new-model", "test-model"]);
    let form = ann
        .get("/settings")
        .await
        .form("form[action='/settings/models']");
    let page = ann.submit(&form).await;
    assert_eq!(page.texts(".names li"), ["new-model", "test-model"]);
    assert_eq!(lists(), 2);
}

/// The app whose model makes titles: a request for one is answered with this.
async fn with_titles(title: &'static str) -> TestApp {
    let app = TestApp::with(|config| config.titles = true).await;
    app.model.answers(move |request| {
        let for_title = request.question().contains("Write a title");
        Answer::stream([if for_title { title } else { "Boil it." }])
    });
    app
}

/// Loads the page until the chat has this title.
async fn titled(person: &Browser, path: &str, title: &str) {
    soon(title, async {
        while person.get(path).await.text("#title h1") != title {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_chat_gets_a_title_by_the_model_after_its_first_reply_once() {
    let app = with_titles("\"**밥 짓는 법**\"").await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let form = ann.get("/settings").await.form("#defaults");
    ann.submit(&form.fill("temperature", "1.5").fill("model", "mine"))
        .await;
    let page = ann.start_chat("밥은 어떻게 지어요?").await;
    titled(&ann, &page.path, "밥 짓는 법").await;
    let sent = asked(&app);
    assert_eq!(sent["model"], "mine");
    assert!(
        sent["temperature"].is_null(),
        "the chat's parameters are not the title's"
    );
    assert!(
        sent["max_tokens"]
            .as_i64()
            .is_some_and(|tokens| tokens <= 60)
    );
    ann.send(&ann.get(&page.path).await, "고마워요").await;
    app.model.asked(3).await;
    assert_eq!(app.model.requests().len(), 3, "one title for a chat");
}

#[tokio::test]
async fn an_open_page_learns_the_title_a_moment_after_the_reply() {
    let app = with_titles("Rice").await;
    let ann = Browser::htmx(&app).sign_up("ann").await;
    let page = ann.start_chat("How do I cook rice?").await;
    let look = format!("{}/title", page.path);
    titled(&ann, &page.path, "Rice").await;
    // As if it had not come yet when the reply ended.
    app.change("update chats set title = 'How?', title_by = 'asked'")
        .await;
    let reply = page.attribute(".reply", "id").replace("r-", "/replies/");
    let piece = ann.get_piece(&reply).await;
    assert_eq!(piece.attribute("div#title", "hx-get"), look);
    app.change("update chats set title = 'Rice', title_by = 'model'")
        .await;
    let piece = ann.get_piece(&look).await;
    assert_eq!(piece.text("#title h1"), "Rice");
    assert!(piece.has("#chats") && !piece.has("div#title[hx-get]"));
    assert!(!ann.get_piece(&reply).await.has("#title"));
}

#[tokio::test]
async fn a_title_that_a_person_gave_stays() {
    let app = TestApp::with(|config| config.titles = true).await;
    let gate = Gate::new();
    let (held, ann) = (gate.clone(), Browser::plain(&app).sign_up("ann").await);
    app.model.answers(
        move |request| match request.question().contains("Write a title") {
            true => Answer::gated(&held, ["The model's"]),
            false => Answer::stream(["Yes."]),
        },
    );
    let page = ann.start_chat("First line").await;
    app.model.asked(2).await;
    let form = ann
        .get(&format!("{}/rename", page.path))
        .await
        .form("form.title");
    ann.submit(&form.fill("title", "Mine")).await;
    gate.open_all();
    // The next chat's title comes after this one's would have.
    let next = ann.start_chat("Another").await;
    titled(&ann, &next.path, "The model's").await;
    assert_eq!(ann.get(&page.path).await.text("#title h1"), "Mine");
}

#[tokio::test]
async fn titles_can_be_switched_off_by_each_person() {
    let app = with_titles("The model's").await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let ben = Browser::plain(&app).sign_up("ben").await;
    let form = ann.get("/settings").await.form("#defaults");
    assert_eq!(form.value("titles"), "model");
    let page = ann.submit(&form.fill("titles", "line")).await;
    assert_eq!(page.form("#defaults").value("titles"), "line");
    let hers = ann.start_chat("First line").await;
    let his = ben.start_chat("First line").await;
    titled(&ben, &his.path, "The model's").await;
    assert_eq!(ann.get(&hers.path).await.text("#title h1"), "First line");
    assert_eq!(app.model.requests().len(), 3);
}

#[tokio::test]
async fn the_demo_model_makes_no_titles() {
    let app = TestApp::with(|config| {
        config.titles = true;
        config.openai_api_key = None;
        config.openai_base_url = None;
        config.openai_model = None;
    })
    .await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    assert!(!ann.get("/settings").await.has("#titles"));
    let page = ann.start_chat("First line").await;
    let by = "select title_by from chats";
    assert_eq!(app.value::<String>(by).await, "line");
    assert_eq!(page.text("#title h1"), "First line");
}

#[tokio::test]
async fn efforts_have_names_in_each_language_and_one_word_in_forms() {
    let app = TestApp::start().await;
    let words = [
        "", "none", "minimal", "low", "medium", "high", "xhigh", "max",
    ];
    for (language, first, last) in [
        ("en", "Model’s default", "Maximum"),
        ("ko", "모델 기본값", "최대"),
    ] {
        let person = Browser::plain(&app)
            .speaking(language)
            .sign_up(language)
            .await;
        let page = person.get("/settings").await;
        assert_eq!(page.attributes("#effort option", "value"), words);
        let names = page.texts("#effort option");
        assert_eq!((&*names[0], &*names[7]), (first, last));
    }
}
