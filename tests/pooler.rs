//! Damso behind PgBouncer: it needs sessions of its own, and nothing else.

use crate::support::{
    model::ModelServer,
    pooler::Pooler,
    postgres::{OwnDatabase, Schema},
    process::{Process, output},
    *,
};
use std::process::{Command, Output};

/// Runs the program with this database and these words to its end.
async fn damso(url: &str, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_damso"));
    command
        .args(words)
        .env_clear()
        .env("DATABASE_URL", url)
        .env("LISTEN", "127.0.0.1:0")
        .env("FIND_OLLAMA", "false")
        .current_dir("/");
    output(command).await
}

#[tokio::test]
async fn behind_a_pooler_of_sessions_all_is_as_without() {
    let Some(database) = OwnDatabase::new().await else {
        return;
    };
    for settings in ["", "ignore_startup_parameters = extra_float_digits"] {
        let pooler = Pooler::before(database.server(), settings).await;
        let url = pooler.url(database.name());
        let check = damso(&url, &["check"]).await;
        let said = String::from_utf8_lossy(&check.stdout);
        assert_eq!(check.status.code(), Some(0), "{said}");
        let model = ModelServer::start().await;
        model.says("Through a pooler.");
        let model_url = model.base_url().to_string();
        let settings = [
            ("DATABASE_URL", url.as_str()),
            ("OPENAI_BASE_URL", model_url.as_str()),
        ];
        let (one, two) = (
            Process::start(&settings).await,
            Process::start(&settings).await,
        );
        let name = format!("ann{}", settings.len() + said.len());
        let ann = Browser::plain(&one).sign_up(&name).await;
        let page = ann.start_chat("Hello").await;
        assert_eq!(page.text(".reply .text").trim(), "Through a pooler.");
        let page = ann.on(&two).get(&page.path).await;
        assert_eq!(page.text(".reply .text").trim(), "Through a pooler.");
    }
    // The limits hold that keep a process which stands still from stopping others.
    let pooler = Pooler::before(database.server(), "").await;
    let url = pooler.url(database.name());
    let app = TestApp::with(|config| config.database_url = url).await;
    for (setting, limit) in [
        ("lock_timeout", "3s"),
        ("idle_in_transaction_session_timeout", "5s"),
    ] {
        let sql = format!("select current_setting('{setting}')");
        assert_eq!(app.value::<String>(sql.leak()).await, limit);
    }
    app.db().close().await;
}

#[tokio::test]
async fn a_pooler_that_hands_out_other_sessions_is_refused_with_what_to_do() {
    let Some(database) = OwnDatabase::new().await else {
        return;
    };
    for made in [false, true] {
        if made {
            // Its tables are there.
            damso::db::Db::open(&database.url())
                .await
                .unwrap()
                .close()
                .await;
        }
        for mode in ["transaction", "statement"] {
            let pooler = Pooler::before(database.server(), &format!("pool_mode = {mode}")).await;
            let url = pooler.url(database.name());
            for words in [&["check"][..], &[][..]] {
                // Not only the first time: a session may have another's statements by then.
                for _ in 0..2 {
                    let done = damso(&url, words).await;
                    let said = [done.stdout, done.stderr].concat();
                    let said = String::from_utf8_lossy(&said);
                    assert_eq!(done.status.code(), Some(1), "{words:?} {said}");
                    assert!(
                        said.contains("set its pool_mode to session"),
                        "{mode}: {said}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn what_a_pooler_refuses_is_told_with_what_to_do() {
    let Some(schema) = Schema::new().await else {
        return;
    };
    // The address has an option.
    let pooler = Pooler::before(schema.server(), "").await;
    let way = pooler
        .url("")
        .parse::<url::Url>()
        .unwrap()
        .socket_addrs(|| None)
        .unwrap()[0];
    for words in [&["check"][..], &[][..]] {
        let done = damso(&schema.url_over(way), words).await;
        let said = [done.stdout, done.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(
            said.contains("ignore_startup_parameters = options"),
            "{said}"
        );
    }
}
