//! SIGTERM and what follows: replies finish or are interrupted, browsers come back by themselves.

use crate::support::{
    chromium::{Script, Tab},
    model::{Answer, Gate, ModelServer},
    process::Process,
    site::wait_until,
};

/// The program, which gives replies so many seconds to finish.
async fn damso(model: &ModelServer, seconds: &str) -> Process {
    Process::start(&[
        ("OPENAI_BASE_URL", model.base_url().as_str()),
        ("STOP_TIMEOUT", seconds),
    ])
    .await
}

async fn until_it_ends(damso: &Process) {
    wait_until(async || match damso.log().contains("shutting down") {
        true => Ok(()),
        false => Err(damso.log()),
    })
    .await;
}

#[tokio::test]
async fn asked_to_stop_it_lets_replies_finish_and_exits_with_zero() {
    let model = ModelServer::start().await;
    let mut damso = damso(&model, "60").await;
    let tab = Tab::open(&damso.url(), Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    model.answer(Answer::gated(&gate, ["One ", "two ", "three."]));
    tab.send("Count").await;
    gate.open(1);
    tab.until_text(".reply", "One").await;
    damso.ask_to_stop();
    until_it_ends(&damso).await;
    // What is written now is not taken, and not lost.
    tab.until("document.querySelector('.reply[aria-busy]')")
        .await;
    gate.open(1);
    tab.until_text(".reply", "One two").await;
    gate.open_all();
    tab.until_replied().await;
    assert_eq!(tab.text(".reply .text").await, "One two three.");
    assert_eq!(damso.ended().await, Some(0), "{}", damso.log());
    damso.restart().await;
    tab.reload().await;
    tab.until_text(".reply .text", "One two three.").await;
}

#[tokio::test]
async fn a_page_whose_reply_was_interrupted_comes_back_by_itself() {
    for script in [Script::On, Script::Off] {
        let model = ModelServer::start().await;
        let mut damso = damso(&model, "0.2").await;
        let tab = Tab::open(&damso.url(), script).await;
        tab.register("Ann").await;
        let gate = Gate::new();
        model.answer(Answer::gated(&gate, ["One.\n\nTwo ", "three."]));
        tab.send("Count").await;
        gate.open(1);
        tab.until_text(".reply", "Two").await;
        tab.fill("#content", "What I was writing").await;
        damso.ask_to_stop();
        assert_eq!(damso.ended().await, Some(0), "{}", damso.log());
        damso.restart().await;
        tab.until_text(".ending", "restarted while this reply was being written")
            .await;
        if matches!(script, Script::Off) {
            // It was loaded again; the page before has it.
            tab.back().await;
        }
        let typed = "document.querySelector('#content').value == 'What I was writing'";
        tab.until(typed).await;
        tab.reload().await;
        model.answer(Answer::stream(["and three."]));
        tab.click(".ending form[action$='/continue'] button").await;
        tab.until_text(".reply", "Two and three.").await;
    }
}

#[tokio::test]
async fn asked_twice_it_stops_at_once() {
    let model = ModelServer::start().await;
    let mut damso = damso(&model, "600").await;
    let tab = Tab::open(&damso.url(), Script::On).await;
    tab.register("Ann").await;
    let gate = Gate::new();
    model.answer(Answer::gated(&gate, ["One ", "two."]));
    tab.send("Count").await;
    gate.open(1);
    tab.until_text(".reply", "One").await;
    damso.ask_to_stop();
    until_it_ends(&damso).await;
    damso.ask_to_stop();
    assert_eq!(damso.ended().await, Some(0), "{}", damso.log());
}

#[tokio::test]
async fn two_on_one_file_would_end_each_others_replies_so_the_second_does_not_start() {
    let model = ModelServer::start().await;
    let damso = damso(&model, "1").await;
    let folder = damso.folder();
    std::fs::create_dir(folder.join("sub")).unwrap();
    std::os::unix::fs::symlink("damso.db", folder.join("link.db")).unwrap();
    std::os::unix::fs::symlink("link.db", folder.join("further.db")).unwrap();
    std::os::unix::fs::symlink(folder, folder.join("here")).unwrap();
    for way in [
        "damso.db",
        "link.db",
        "further.db",
        "here/damso.db",
        "here/link.db",
        "sub/../damso.db",
    ] {
        let database = format!("sqlite://{}", folder.join(way).display());
        let second = tokio::process::Command::new(env!("CARGO_BIN_EXE_damso"))
            .args(["--listen=127.0.0.1:0", "--database-url", &database])
            .current_dir(folder)
            .kill_on_drop(true)
            .output();
        let second = crate::support::soon("the end of the second one", second)
            .await
            .unwrap();
        let says = String::from_utf8_lossy(&second.stderr);
        assert_eq!(second.status.code(), Some(1), "{way}: {says}");
        assert!(
            says.contains("DATABASE_URL") && says.contains("another Damso"),
            "{way}: {says}"
        );
    }
    assert_eq!(
        std::fs::read_dir(folder)
            .unwrap()
            .flatten()
            .filter(|file| { file.file_name().to_string_lossy().ends_with("-lock") })
            .count(),
        1
    );
}
