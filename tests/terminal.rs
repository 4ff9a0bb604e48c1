//! Text browsers: the same forms, and replies that come once and in order.

use crate::support::{
    model::{Answer, Gate},
    site::{Site, wait_until},
    terminal::Terminal,
};

const PASSWORD: &str = "seven quiet otters";

/// How a text browser wants to be used.
pub(crate) struct Browser {
    pub(crate) terminal: Terminal,
    /// The keys to the next and to the last link or field.
    pub(crate) next: &'static str,
    pub(crate) last: &'static str,
    /// Fields are written into a line of their own, which Enter opens and closes.
    asks: bool,
}

impl Browser {
    /// Writes into the field behind a label.
    async fn fill(&self, label: &str, text: &str) {
        self.terminal.go_to(label, self.next).await;
        self.write(text).await;
    }

    async fn write(&self, text: &str) {
        if self.asks {
            self.terminal.move_by("Enter").await;
        }
        self.terminal.write(text).await;
        if self.asks {
            self.terminal.move_by("Enter").await;
        }
    }

    async fn register(&self) {
        self.terminal.until("Confirm password").await;
        self.fill("Username", "Ann").await;
        self.fill("Password", PASSWORD).await;
        self.fill("Confirm password", PASSWORD).await;
        self.terminal.go_to("Create an account", self.next).await;
        self.terminal.keys(&["Enter"]);
        self.terminal
            .until("What would you like to talk about?")
            .await;
    }

    async fn sign_out(&self) {
        self.terminal.go_to("Sign out", self.next).await;
        self.terminal.keys(&["Enter"]);
        self.terminal.until("No account yet?").await;
    }

    /// Writes a message and sends it.
    async fn send(&self, text: &str) {
        self.terminal.go_to("Send", self.next).await;
        self.terminal.move_by(self.last).await;
        self.terminal.write(text).await;
        self.terminal.go_to("Send", self.next).await;
        self.terminal.keys(&["Enter"]);
    }
}

/// Who says what, line by line, without what stands around it.
pub(crate) fn conversation(screen: &str) -> Vec<&str> {
    let lines = screen
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let around = |line: &&str| {
        // The last of them is what Lynx says while a page comes.
        !["http", "≪", "(", "Stop", "test-model · ", "Read "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    // What can be done with a message.
    let action = |line: &&str| {
        !["View source", "Edit", "Regenerate", "Delete", "Branch into"]
            .iter()
            .any(|start| {
                line.trim_start_matches("(BUTTON)")
                    .trim_start_matches(['[', ' '])
                    .starts_with(start)
            })
    };
    lines
        .skip_while(|line| *line != "You")
        .filter(action)
        .take_while(around)
        .collect()
}

const COUNTED: [&str; 7] = [
    "You",
    "Count",
    "test-model",
    "One.",
    "Two.",
    "Three.",
    "Four.",
];

/// Somebody with Links who has an account.
async fn links(site: &Site) -> Browser {
    let register = format!("{}/register", site.url);
    let links = Browser {
        terminal: Terminal::run(&[], "links", &[&register]),
        next: "Down",
        last: "Up",
        asks: false,
    };
    links.terminal.until("Welcome").await;
    links.terminal.keys(&["Enter"]);
    links.register().await;
    links
}

#[tokio::test]
async fn links_shows_a_reply_while_it_comes() {
    let site = Site::start().await;
    let links = links(&site).await;
    let gate = Gate::new();
    site.model.answer(Answer::gated(
        &gate,
        ["One.\n\nTwo.\n\nThree.\n\n", "Four."],
    ));
    links.send("Count").await;
    gate.open(1);
    links.terminal.until("Two.").await;
    assert!(!links.terminal.screen().contains("Four."));
    gate.open_all();
    links.terminal.until("Four.").await;
    assert_eq!(conversation(&links.terminal.screen()), COUNTED);
    // It shows a page it was sent to before from its cache: no address may come twice.
    site.model.says("Five.");
    links.send("Go on").await;
    links.terminal.until("Five.").await;
    links.sign_out().await;
    assert_eq!(site.model.requests().len(), 2);
}

#[tokio::test]
async fn stop_stops_in_links() {
    let site = Site::start().await;
    let links = links(&site).await;
    let gate = Gate::new();
    site.model
        .answer(Answer::gated(&gate, ["One.\n\nTwo.\n\n", "Three."]));
    links.send("Count").await;
    gate.open(1);
    links.terminal.until("One.").await;
    links.terminal.go_to("Stop", links.next).await;
    links.terminal.keys(&["Enter"]);
    links
        .terminal
        .until("Stopped. The text so far has been kept.")
        .await;
    links.terminal.until("Two.").await;
    site.model.closed().await;
}

/// Somebody with Lynx who has an account.
async fn lynx(site: &Site) -> Browser {
    let register = format!("{}/register", site.url);
    // Otherwise it rests for seconds at each of its own lines, and shows only a full screen early.
    let settings = "INCLUDE:/etc/lynx/lynx.cfg\nINFOSECS:0\nMESSAGESECS:0\nALERTSECS:0\n";
    let start = "exec lynx -cfg=$HOME/settings -accept_all_cookies -partial_thres=1 $0";
    let lynx = Browser {
        terminal: Terminal::run(&[("settings", settings)], "sh", &["-c", start, &register]),
        next: "Tab",
        last: "Up",
        asks: false,
    };
    lynx.register().await;
    lynx
}

#[tokio::test]
async fn lynx_shows_a_reply_while_it_comes() {
    let site = Site::start().await;
    let lynx = lynx(&site).await;
    let gate = Gate::new();
    let numbers: Vec<String> = (1..=15).map(|n| format!("{n}!\n\n")).collect();
    site.model
        .answer(Answer::gated(&gate, numbers.iter().map(String::as_str)));
    lynx.send("Count").await;
    // It shows what has come when something more comes.
    let mut opened = 0;
    let screen = wait_until(async || {
        if opened < 13 {
            gate.open(1);
            opened += 1;
        }
        let screen = lynx.terminal.screen();
        if screen.contains("2!") {
            Ok(screen)
        } else {
            Err(screen)
        }
    })
    .await;
    assert!(!screen.contains("15!"));
    gate.open_all();
    lynx.terminal.until("Regenerate").await;
    let screen = lynx.terminal.screen();
    let lines = conversation(&screen);
    let (who, said) = lines.split_at(3);
    assert_eq!(who, ["You", "Count", "test-model"]);
    assert_eq!(said.join("\n\n") + "\n\n", numbers.concat());
    // Chat settings, Rename, Delete: the third in its line.
    lynx.terminal.go_to("Delete", lynx.next).await;
    lynx.terminal.move_by(lynx.next).await;
    lynx.terminal.move_by(lynx.next).await;
    lynx.terminal.keys(&["Enter"]);
    lynx.terminal.until("Delete this chat?").await;
    lynx.terminal.go_to("Delete chat", lynx.next).await;
    lynx.terminal.keys(&["Enter"]);
    lynx.terminal
        .until("What would you like to talk about?")
        .await;
    lynx.sign_out().await;
    // Whoever is signed out is asked to sign in, and gets to where they wanted.
    lynx.terminal.keys(&["g"]);
    lynx.terminal.until("URL to open").await;
    lynx.terminal.write(&format!("{}/chats", site.url)).await;
    lynx.terminal.keys(&["Enter"]);
    lynx.terminal.until("You are signed out.").await;
    lynx.fill("Username", "Ann").await;
    lynx.fill("Password", PASSWORD).await;
    lynx.terminal.go_to("(BUTTON) Sign in", lynx.next).await;
    lynx.terminal.keys(&["Enter"]);
    lynx.terminal.until("No chats yet.").await;
    assert_eq!(site.model.requests().len(), 1);
}

/// Somebody with w3m who has an account.
pub(crate) async fn w3m(site: &Site) -> Browser {
    w3m_that(site, "meta_refresh=0").await
}

/// Somebody with w3m, set up in one way or another, who has an account.
async fn w3m_that(site: &Site, setting: &str) -> Browser {
    let register = format!("{}/register", site.url);
    // It has longer texts written in an editor. This one puts a word before what is there.
    let editor = [("editor", "echo \"Count$(cat $1)\" > $1")];
    let arguments = ["-o", "editor=sh ~/editor %s", "-o", setting, &register];
    let w3m = Browser {
        terminal: Terminal::run(&editor, "w3m", &arguments),
        next: "Tab",
        last: "BTab",
        asks: true,
    };
    w3m.register().await;
    w3m
}

/// Sends `Count` by w3m.
pub(crate) async fn count(w3m: &Browser) {
    w3m.terminal.go_to("Send", w3m.next).await;
    w3m.terminal.move_by(w3m.last).await;
    w3m.terminal.keys(&["Enter"]);
    w3m.terminal.until("Count").await;
    w3m.terminal.go_to("Send", w3m.next).await;
    w3m.terminal.keys(&["Enter"]);
}

#[tokio::test]
async fn w3m_shows_a_reply_once() {
    let site = Site::start().await;
    let w3m = w3m(&site).await;
    site.model
        .answer(Answer::stream(["One.\n\nTwo", ".\n\nThree.\n\n", "Four."]));
    count(&w3m).await;
    w3m.terminal.until("Four.").await;
    assert_eq!(conversation(&w3m.terminal.screen()), COUNTED);
    w3m.sign_out().await;
    assert_eq!(site.model.requests().len(), 1);
}

#[tokio::test]
async fn in_w3m_a_password_is_changed() {
    let site = Site::start().await;
    let w3m = w3m(&site).await;
    w3m.terminal.go_to("Settings", w3m.next).await;
    w3m.terminal.keys(&["Enter"]);
    w3m.terminal.until("Defaults for new chats").await;
    w3m.terminal.go_to("Account", w3m.next).await;
    w3m.terminal.keys(&["Enter"]);
    w3m.terminal.until("Your devices").await;
    let new = "nine loud herons";
    for (current, says) in [
        ("a wrong guess", "This is not your current password."),
        (PASSWORD, "Your password has been changed."),
    ] {
        // What was wrong with it stands between a field and its label.
        w3m.terminal.go_to("Change username", w3m.next).await;
        w3m.terminal.move_by(w3m.next).await;
        w3m.write(current).await;
        w3m.fill("New password", new).await;
        w3m.fill("Confirm new password", new).await;
        w3m.terminal.go_to("Change password", w3m.next).await;
        w3m.terminal.keys(&["Enter"]);
        w3m.terminal.until(says).await;
    }
    assert!(w3m.terminal.screen().contains("This browser w3m"));
    w3m.sign_out().await;
    w3m.fill("Username", "Ann").await;
    w3m.fill("Password", new).await;
    w3m.terminal.go_to("Sign in", w3m.next).await;
    w3m.terminal.keys(&["Enter"]);
    w3m.terminal
        .until("What would you like to talk about?")
        .await;
}

#[tokio::test]
async fn whoever_changes_the_password_in_lynx_stays_signed_in() {
    let site = Site::start().await;
    let lynx = lynx(&site).await;
    for (link, shows) in [
        ("Settings", "Defaults for new chats"),
        ("Account", "Your devices"),
    ] {
        lynx.terminal.go_to(link, lynx.next).await;
        lynx.terminal.keys(&["Enter"]);
        lynx.terminal.until(shows).await;
    }
    let new = "nine loud herons";
    lynx.terminal.go_to("Change username", lynx.next).await;
    lynx.terminal.move_by(lynx.next).await;
    lynx.write(PASSWORD).await;
    lynx.fill("New password", new).await;
    lynx.fill("Confirm new password", new).await;
    lynx.terminal.go_to("Change password", lynx.next).await;
    lynx.terminal.keys(&["Enter"]);
    lynx.terminal.until("Your password has been changed.").await;
    // Also where the page of the form is not.
    lynx.terminal.keys(&["g"]);
    lynx.terminal.until("URL to open").await;
    lynx.terminal.write(&format!("{}/chats", site.url)).await;
    lynx.terminal.keys(&["Enter"]);
    lynx.terminal.until("No chats yet.").await;
}

/// A site whose pages may stay open for a second only, and whose reply waits for its gate.
async fn hurried(gate: &Gate) -> Site {
    let site = Site::with(&["--page-time-limit=1"]).await;
    site.model
        .answer(Answer::gated(gate, ["One.\n\nTwo.\n\nThree.\n\n", "Four."]));
    gate.open(1);
    site
}

const GOES_ON: &str = "The reply is not finished yet. See the rest";

/// Goes on by the link, and finds the whole reply once.
async fn goes_on(browser: &Browser, gate: &Gate) {
    browser.terminal.until(GOES_ON).await;
    gate.open_all();
    browser.terminal.go_to(GOES_ON, browser.next).await;
    browser.terminal.keys(&["Enter"]);
    browser.terminal.until("Four.").await;
    assert_eq!(conversation(&browser.terminal.screen()), COUNTED);
}

#[tokio::test]
async fn a_page_that_must_end_early_has_a_link_in_links() {
    let gate = Gate::new();
    let site = hurried(&gate).await;
    let links = links(&site).await;
    links.send("Count").await;
    links.terminal.until("Refresh:").await;
    goes_on(&links, &gate).await;
}

#[tokio::test]
async fn a_page_that_must_end_early_has_a_link_in_lynx() {
    let gate = Gate::new();
    let site = hurried(&gate).await;
    let lynx = lynx(&site).await;
    lynx.send("Count").await;
    lynx.terminal.until("REFRESH(5 sec):").await;
    goes_on(&lynx, &gate).await;
}

#[tokio::test]
async fn a_page_that_must_end_early_has_a_link_in_w3m() {
    let gate = Gate::new();
    let site = hurried(&gate).await;
    let w3m = w3m(&site).await;
    count(&w3m).await;
    goes_on(&w3m, &gate).await;
}

#[tokio::test]
async fn a_page_that_must_end_early_goes_on_by_itself_in_w3m_if_it_may() {
    let gate = Gate::new();
    let site = hurried(&gate).await;
    let w3m = w3m_that(&site, "meta_refresh=1").await;
    count(&w3m).await;
    w3m.terminal.until("Two.").await;
    gate.open_all();
    w3m.terminal.until("Four.").await;
    assert_eq!(conversation(&w3m.terminal.screen()), COUNTED);
}
