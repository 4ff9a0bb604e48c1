//! What models were asked for is counted, once, and stays when the chat goes.

use crate::support::{
    model::{Answer, Gate, Step},
    *,
};

/// The rows, without their keys.
async fn rows(app: &TestApp) -> String {
    app.value(
        "select coalesce(string_agg(what, ', '), '') from (
             select model || ' ' || prompt_tokens || '/' || cached_tokens || ' '
                 || completion_tokens || '/' || reasoning_tokens || ' ' || replies
                 || case when is_estimate then ' estimated' else '' end as what
             from usage order by id) u",
    )
    .await
}

/// An answer whose server tells what it took.
fn told() -> Answer {
    Answer::sse()
        .token("Plums")
        .event(r#"{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":30,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":16},"completion_tokens_details":{"reasoning_tokens":12}}}"#)
        .event("[DONE]")
        .then(Step::End)
}

#[tokio::test]
async fn replies_and_titles_are_counted_and_stay_when_the_chat_goes() {
    for kind in KINDS {
        let app = TestApp::with(|config| config.titles = true).await;
        let ann = kind(&app).sign_up("ann").await;
        app.model.always(told());
        let page = ann.start_chat("Fruit?").await;
        app.until("select exists (select 1 from chats where title_by = 'model')")
            .await;
        let both = "test-model 30/16 20/12 1, test-model 30/16 20/12 0";
        assert_eq!(rows(&app).await, both);
        let day: i64 = app.value("select min(day) from usage").await;
        assert!((now() / 86_400_000_000 - day) <= 1, "{day}");
        let form = ann.get(&format!("{}/delete", page.path)).await;
        ann.submit(&form.form("main form[action$='/delete']")).await;
        assert_eq!(app.value::<i64>("select count(*) from chats").await, 0);
        assert_eq!(rows(&app).await, both);
    }
}

#[tokio::test]
async fn a_reply_that_is_stopped_or_deleted_is_counted_by_estimate() {
    for kind in KINDS {
        let app = TestApp::start().await;
        let ann = kind(&app).sign_up("ann").await;
        for (n, path) in [(1, "/stop"), (2, "/delete")] {
            let gate = Gate::new();
            app.model
                .answer(Answer::gated(&gate, ["Half of ", "the answer"]));
            gate.open(1);
            let chat = ann.start_running("Tell me more").await;
            app.until("select exists (select 1 from reply_parts)").await;
            let page = match path {
                "/stop" => ann.get(&chat).await,
                _ => ann.get(&format!("{chat}/delete")).await,
            };
            let form = page.form(&format!("main form[action$='{path}']"));
            ann.submit(&form).await;
            wait_for_rows(&app, n).await;
            let rows = rows(&app).await;
            assert_eq!(rows.matches(" 1 estimated").count() as i64, n, "{rows}");
        }
    }
}

async fn wait_for_rows(app: &TestApp, count: i64) {
    let there = async {
        while app.value::<i64>("select count(*) from usage").await < count {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    soon("usage", there).await;
}
