//! A text browser in a chat that is a tree: other versions of a message, and thoughts before a reply.

use crate::{
    support::{model::Answer, site::Site},
    terminal::{Browser, conversation, count, w3m},
};

/// Who says what, without the way to other versions.
fn said(w3m: &Browser) -> Vec<String> {
    let screen = w3m.terminal.screen();
    let lines = conversation(&screen).into_iter();
    let lines = lines.filter(|line| !line.contains(" of 2"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn w3m_edits_a_message_and_switches_between_its_versions() {
    let site = Site::start().await;
    let w3m = w3m(&site).await;
    site.model.answer(Answer::stream(["First."]));
    count(&w3m).await;
    w3m.terminal.until("First.").await;
    w3m.terminal.go_to("Edit", w3m.next).await;
    w3m.terminal.keys(&["Enter"]);
    w3m.terminal.until("This sends a new version").await;
    // Its editor writes `Count` before what is there.
    w3m.terminal.go_to("Send", w3m.next).await;
    w3m.terminal.move_by(w3m.last).await;
    w3m.terminal.keys(&["Enter"]);
    w3m.terminal.until("CountCount").await;
    site.model.answer(Answer::stream(["Second."]));
    w3m.terminal.go_to("Send", w3m.next).await;
    w3m.terminal.keys(&["Enter"]);
    let first = ["You", "Count", "test-model", "First."];
    let second = ["You", "CountCount", "test-model", "Second."];
    w3m.terminal.until("Second.").await;
    w3m.terminal.until("‹ 2 of 2 ›").await;
    assert_eq!(said(&w3m), second);
    for (from, to, shows) in [("2 of 2", "1 of 2", first), ("1 of 2", "2 of 2", second)] {
        w3m.terminal.go_to(from, w3m.next).await;
        w3m.terminal.keys(&["Enter"]);
        w3m.terminal.until(to).await;
        w3m.terminal.until(shows[3]).await;
        assert_eq!(said(&w3m), shows);
    }
    assert_eq!(site.model.requests().len(), 2);
}

#[tokio::test]
async fn w3m_shows_thoughts_once_and_before_the_answer() {
    let site = Site::start().await;
    let w3m = w3m(&site).await;
    let tokens = ["<think>Hm,", " well.</think>\n\n", "Yes.\n\nSu", "re."];
    site.model.answer(Answer::stream(tokens));
    count(&w3m).await;
    w3m.terminal.until("Sure.").await;
    let title = "Thoughts";
    let shows = [
        "You",
        "Count",
        "test-model",
        title,
        "Hm, well.",
        "Yes.",
        "Sure.",
    ];
    assert_eq!(said(&w3m), shows);
    // So it is on the chat's own page.
    w3m.terminal.keys(&["U", "C-u"]);
    w3m.terminal.write(&format!("{}/chats", site.url)).await;
    w3m.terminal.keys(&["Enter"]);
    w3m.terminal.until("• Count").await;
    w3m.terminal.go_to("• Count", w3m.next).await;
    w3m.terminal.keys(&["Enter"]);
    w3m.terminal.until("Regenerate").await;
    assert_eq!(said(&w3m), shows);
}
