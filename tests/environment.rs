//! Where settings come from: flags, the environment, and the file `.env`, read by the real program.

use crate::support::{Browser, PASSWORD, Place, Way, model::ModelServer, process::output};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// A value of each setting that is not its default, and another one.
const VALUES: [(&str, &str, &str); 31] = [
    ("LISTEN", "127.0.0.1:3157", "127.0.0.1:3158"),
    ("STOP_TIMEOUT", "3", "4"),
    ("TIME_ZONE", "Asia/Seoul", "Europe/Paris"),
    ("RUST_LOG", "warn", "debug"),
    ("STYLEGUIDE", "false", "true"),
    ("DATABASE_URL", "sqlite://one.db", "sqlite://other.db"),
    ("NO_BACKUP", "true", "false"),
    ("OPENAI_API_KEY", "sk-one", "sk-other"),
    (
        "OPENAI_BASE_URL",
        "http://127.0.0.1:9/v1",
        "http://127.0.0.1:9/v2",
    ),
    ("OPENAI_HEADERS", "x-a:hidden", "x-b:hidden"),
    ("OPENAI_MODEL", "plum", "pear"),
    ("FIND_OLLAMA", "false", "true"),
    (
        "OLLAMA_URL",
        "http://127.0.0.1:9/one",
        "http://127.0.0.1:9/two",
    ),
    ("TITLES", "false", "true"),
    ("CONNECT_TIMEOUT", "1.5", "2"),
    ("FIRST_TOKEN_TIMEOUT", "61", "62"),
    ("SILENCE_TIMEOUT", "31", "32"),
    ("REGISTRATION", "closed", "open"),
    ("REGISTRATIONS_PER_NETWORK", "3", "4"),
    (
        "PUBLIC_URL",
        "https://one.example.org",
        "https://two.example.org",
    ),
    ("SECURE_COOKIES", "true", "false"),
    ("TRUSTED_PROXIES", "10.0.0.7,10.1.0.0/16", "10.0.0.8"),
    ("PAGE_TIME_LIMIT", "540", "550"),
    ("CONNECTIONS", "300", "400"),
    ("CONNECTIONS_PER_NETWORK", "30", "40"),
    ("HISTORY_LIMIT", "5000", "6000"),
    ("MESSAGE_LIMIT", "500", "600"),
    ("MESSAGES_PER_MINUTE", "5", "6"),
    ("REPLIES_AT_ONCE", "7", "8"),
    ("REPLIES_PER_PERSON", "2", "3"),
    ("WAITING_PER_PERSON", "3", "4"),
];

/// Settings whose values are not told.
const SECRET: [&str; 3] = ["DATABASE_URL", "OPENAI_API_KEY", "OPENAI_HEADERS"];

fn values() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    VALUES.into_iter()
}

/// A folder with a file `.env`, in which the program runs.
struct Folder(TempDir);

impl Folder {
    fn with(file: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".env"), file).unwrap();
        Self(folder)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_damso"));
        command.env_clear().current_dir(self.0.path());
        command
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// What the command prints, and what it complains of.
async fn run(command: Command) -> (Option<i32>, String, String) {
    let done = output(command).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

/// The settings that `damso check` names, each with its value and where it stands.
fn given(said: &str) -> BTreeMap<String, (String, String)> {
    let lines = said
        .lines()
        .filter_map(|line| line.strip_prefix("         "));
    lines
        .filter_map(|line| {
            let (name, rest) = line.split_once('=')?;
            let (value, origin) = rest.strip_suffix(')')?.rsplit_once(" (")?;
            Some((name.to_owned(), (value.to_owned(), origin.to_owned())))
        })
        .collect()
}

/// The variables that the help names.
fn variables(help: &str) -> Vec<&str> {
    let parts = help.split("[env: ").skip(1);
    parts
        .map(|part| part.split(['=', ']']).next().unwrap())
        .collect()
}

fn shown(name: &str, value: &str) -> String {
    let hidden = SECRET.contains(&name);
    if hidden { "…" } else { value }.to_owned()
}

#[tokio::test]
async fn every_setting_is_read_from_the_file_the_environment_and_the_flags() {
    let folder = Folder::with("");
    let mut help = folder.command();
    help.arg("--help");
    let (_, help, _) = run(help).await;
    let known: Vec<_> = values().map(|(name, ..)| name).collect();
    assert_eq!(variables(&help), known, "the table above has every setting");

    let file: String = values()
        .map(|(name, value, _)| format!("{name}={value}\n"))
        .collect();
    let folder = Folder::with(&file);
    let mut check = folder.command();
    check.arg("check");
    let (_, said, error) = run(check).await;
    assert_eq!(error, "");
    let from_file = values().zip(1..).map(|((name, value, _), line)| {
        let origin = format!(".env, line {line}");
        (name.to_owned(), (shown(name, value), origin))
    });
    assert_eq!(given(&said), from_file.collect());
    assert!(said.contains("Database: one.db"), "{said}");
    assert!(said.contains("127.0.0.1:9/v1"), "{said}");
    assert!(said.contains("Asia/Seoul"), "{said}");
    assert!(!said.contains("sk-one"), "{said}");

    let mut check = folder.command();
    check
        .arg("check")
        .envs(values().map(|(name, _, value)| (name, value)));
    let (_, said, _) = run(check).await;
    let from_environment = values().map(|(name, _, value)| {
        (
            name.to_owned(),
            (shown(name, value), "environment".to_owned()),
        )
    });
    assert_eq!(
        given(&said),
        from_environment.collect(),
        "it wins over the file"
    );
    assert!(said.contains("Database: other.db"), "{said}");

    let mut check = folder.command();
    check
        .envs(values().map(|(name, value, _)| (name, value)))
        .arg("check");
    check.args(values().map(|(name, _, value)| format!("--{}={value}", flag(name))));
    let (_, said, _) = run(check).await;
    let from_flags =
        values().map(|(name, _, value)| (name.to_owned(), (shown(name, value), "flag".to_owned())));
    assert_eq!(given(&said), from_flags.collect(), "they win over both");
    assert!(said.contains("Database: other.db"), "{said}");
}

fn flag(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

#[tokio::test]
async fn a_value_that_is_empty_is_not_set() {
    let empty = values().map(|(name, ..)| format!("{name}=\n"));
    let folder = Folder::with(empty.collect::<String>());
    let mut check = folder.command();
    check
        .arg("check")
        .envs(values().map(|(name, ..)| (name, "")));
    let (_, said, error) = run(check).await;
    assert_eq!((given(&said), &*error), (BTreeMap::new(), ""), "{said}");

    let mut check = folder.command();
    check.arg("check");
    check.args(values().map(|(name, ..)| format!("--{}=", flag(name))));
    let (_, said, error) = run(check).await;
    assert_eq!((given(&said), &*error), (BTreeMap::new(), ""), "{said}");

    let file: String = values()
        .map(|(name, value, _)| format!("{name}={value}\n"))
        .collect();
    let folder = Folder::with(file);
    let mut check = folder.command();
    check
        .envs(values().map(|(name, ..)| (name, "")))
        .arg("check");
    for (name, ..) in values() {
        check.args([format!("--{}", flag(name)), String::new()]);
    }
    let (_, said, _) = run(check).await;
    assert_eq!(
        given(&said).len(),
        values().count(),
        "the file still counts: {said}"
    );
}

#[tokio::test]
async fn a_bad_value_is_told_with_its_name_its_place_and_what_is_allowed() {
    for (line, told) in [
        ("LISTEN=nowhere", "127.0.0.1:3000"),
        ("LISTEN=:3000", "0.0.0.0:3000"),
        ("LISTEN=example.org:3000", "127.0.0.1:3000"),
        ("LISTEN=127.0.0.1:99999", "127.0.0.1:3000"),
        ("DATABASE_URL=mysql://me:hidden@host", "sqlite:"),
        ("DATABASE_URL=sqlite::memory:", "lost when Damso stops"),
        (
            "DATABASE_URL=sqlite://x.db?mode=memory",
            "lost when Damso stops",
        ),
        ("DATABASE_URL=sqlite://x.db?mode=ro", "it can write to"),
        ("DATABASE_URL=sqlite://", "names no file"),
        ("DATABASE_URL='postgres://me:hid/den@host/db'", "%2F"),
        ("OPENAI_API_KEY='hidden key'", "an API key cannot have"),
        ("OPENAI_HEADERS='x-a: hidden; hidden'", "number 2"),
        (
            "OPENAI_BASE_URL=127.0.0.1:3310/v1",
            "http://127.0.0.1:3310/v1",
        ),
        ("OPENAI_BASE_URL=localhost:11434", "http://localhost:11434"),
        ("OPENAI_BASE_URL=ftp://host", "http://host"),
        ("OPENAI_BASE_URL=http://me:hidden@host", "password"),
        ("OPENAI_BASE_URL=me:hidden@host", "http://"),
        ("OLLAMA_URL=/v1", "http://"),
        ("PUBLIC_URL=chat.example.org", "https://"),
        ("PUBLIC_URL='https://a b'", "not a URL"),
        ("PUBLIC_URL=https://a.example,https://b.example", "one URL"),
        ("PUBLIC_URL=https://a.example/,https://b.example", "one URL"),
        ("PUBLIC_URL=https://a.example;b.example", "one URL"),
        ("PUBLIC_URL=https://host/damso", "as in https://host:"),
        (
            "PUBLIC_URL=https://host:8443/a/b/",
            "as in https://host:8443:",
        ),
        ("FIND_OLLAMA=yes", "true, false"),
        ("TITLES=0", "true, false"),
        ("SECURE_COOKIES=on", "true, false"),
        ("STYLEGUIDE=True", "true, false"),
        ("REGISTRATION=maybe", "open, closed"),
        ("TRUSTED_PROXIES=10.0.0.0/99", "10.0.0.0/8"),
        ("CONNECT_TIMEOUT=5s", "seconds"),
        ("FIRST_TOKEN_TIMEOUT=-1", "seconds"),
        ("SILENCE_TIMEOUT=NaN", "seconds"),
        ("STOP_TIMEOUT=never", "seconds"),
        ("STOP_TIMEOUT=0", "from 0.001"),
        ("PAGE_TIME_LIMIT=999999", "86400"),
        ("HISTORY_LIMIT=12", "1000"),
        ("MESSAGE_LIMIT=1e9", "1000000"),
        ("REPLIES_AT_ONCE=0", "from 1"),
        ("REPLIES_PER_PERSON=many", "from 1"),
        ("WAITING_PER_PERSON=-1", "from 0"),
        ("TIME_ZONE=KST", "Asia/Seoul"),
        ("RUST_LOG=damso=loud", "info"),
        ("RUST_LOG=verbose", "a log level"),
        ("RUST_LOG=damso:debug", "a log level"),
    ] {
        let folder = Folder::with(format!("# mine\n\n{line}\r\n"));
        let (name, value) = line.split_once('=').unwrap();
        for words in [&["check"][..], &[], &["backup", "copy.db"]] {
            let mut command = folder.command();
            command.args(words);
            let (code, said, error) = run(command).await;
            assert_eq!((code, &*said), (Some(2), ""), "{line}: {error}");
            let shown = match value.trim_matches('\'') {
                _ if SECRET.contains(&name) => "…",
                "http://me:hidden@host" => "http://…@host",
                "me:hidden@host" => "…@host",
                value => value,
            };
            let place = format!("error: {name}={shown} (.env, line 3): ");
            assert!(error.starts_with(&place), "{line}: {error}");
            assert!(error.contains(told), "{line}: {error}");
            assert!(!error.contains("hidden"), "{line}: {error}");
        }
        let mut command = folder.command();
        command.arg("check").env(name, value);
        let (_, _, error) = run(command).await;
        assert!(error.contains(" (environment): "), "{line}: {error}");
        // Help is given all the same.
        let mut command = folder.command();
        command.arg("--help");
        assert_eq!(run(command).await.0, Some(0), "{line}");
    }
}

#[tokio::test]
async fn no_secret_in_an_address_is_printed_however_it_is_refused() {
    for value in [
        "https://me:hidden@host/v1",
        "https://hidden@host/v1",
        "https://host/v1?key=hidden",
        "https://host/v1#hidden",
        "host/v1?key=hidden",
        "ftp://host/v1?key=hidden",
        "me:hidden@host/v1",
        "https://me:hid?den@host",
        "https://me:hidden",
    ] {
        for name in ["OPENAI_BASE_URL", "OLLAMA_URL", "PUBLIC_URL", "LISTEN"] {
            if name == "LISTEN" && !value.contains("://") {
                continue;
            }
            let folder = Folder::with(format!("{name}='{value}'"));
            let plain = folder.command();
            let empty = Folder::with("");
            let mut environment = empty.command();
            environment.env(name, value);
            let mut joined = empty.command();
            joined.arg(format!("--{}={value}", flag(name)));
            let mut apart = empty.command();
            apart.args([format!("--{}", flag(name)), value.to_owned()]);
            for command in [plain, environment, joined, apart] {
                let (code, said, error) = run(command).await;
                assert_eq!((code, &*said), (Some(2), ""), "{name}={value}: {error}");
                assert!(
                    error.contains(name) || error.contains(&flag(name)),
                    "{error}"
                );
                let told = error.contains("hid") || error.contains("den");
                assert!(!told, "{name}={value}: {error}");
            }
        }
        // In a wrong place.
        if value.contains("://") {
            let folder = Folder::with("");
            for words in [&[value][..], &["check", value]] {
                let mut command = folder.command();
                command.args(words);
                let (code, _, error) = run(command).await;
                assert_eq!(code, Some(2), "{value}: {error}");
                assert!(!error.contains("hid"), "{value}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn a_bad_value_that_something_else_wins_over_does_not_matter() {
    let folder = Folder::with("LISTEN=nowhere\nFIND_OLLAMA=false\n");
    let mut command = folder.command();
    command
        .args(["check", "--listen=127.0.0.1:0"])
        .env("LISTEN", "nobody");
    let (code, said, error) = run(command).await;
    assert_eq!((code, &*error), (Some(0), ""), "{said}");
    let mut command = folder.command();
    command.arg("check").env("LISTEN", "localhost:0");
    let (code, said, error) = run(command).await;
    assert_eq!((code, &*error), (Some(0), ""), "{said}");
    assert!(said.contains("Address: 127.0.0.1:0"), "{said}");
}

#[tokio::test]
async fn a_line_that_cannot_be_read_is_told_by_its_number() {
    for (line, told) in [
        ("LISTEN", "NAME=value"),
        ("LISTEN: 127.0.0.1:3000", "NAME=value"),
        (
            "DATABASE_URL=postgres://me:hid$den@host/db",
            "single quotes",
        ),
        ("DATABASE_URL=C:\\hidden", "single quotes"),
        ("OPENAI_API_KEY=it's hidden", "single quotes"),
        ("OPENAI_API_KEY='hid'den", "single quotes"),
        ("OPENAI_MODEL=\"hid\"den", "single quotes"),
        ("OPENAI_API_KEY=#hidden", "single quotes"),
        ("=4201", "NAME=value"),
        ("1LISTEN=127.0.0.1:3000", "NAME=value"),
        ("TITLES=true\nTITLES=false", "line 2"),
    ] {
        let folder = Folder::with(format!("# mine\n{line}\n"));
        for words in [&["check"][..], &[]] {
            let mut command = folder.command();
            command.args(words);
            let (code, said, error) = run(command).await;
            assert_eq!((code, &*said), (Some(2), ""), "{line}: {error}");
            assert!(error.contains(".env, line "), "{line}: {error}");
            assert!(error.contains(told), "{line}: {error}");
            assert!(!error.contains("hid"), "{line}: {error}");
        }
    }
}

#[tokio::test]
async fn a_file_as_editors_write_it_is_read() {
    let password = "pa$s #1";
    let folder = Folder::with(format!(
        "\u{feff}# 설정\r\n\r\nFIND_OLLAMA=false # none here\r\nLISTEN = localhost:0\r\n\
         export TIME_ZONE=\"Asia/Seoul\"\r\nDATABASE_URL='postgres://me:pa$s%20%231@127.0.0.1:1/damso'\r\n\
         LISTN=1\r\nPOSTGRES_PASSWORD='{password}'"
    ));
    let mut command = folder.command();
    command.arg("check");
    let (_, said, error) = run(command).await;
    assert_eq!(error, "");
    assert_eq!(given(&said).len(), 4, "{said}");
    assert!(said.contains("Asia/Seoul"), "{said}");
    assert!(
        said.contains("warning  Settings: .env, line 7: LISTN"),
        "{said}"
    );
    assert!(said.contains("Did you mean LISTEN?"), "{said}");
    assert!(!said.contains("POSTGRES_PASSWORD"), "{said}");
}

#[tokio::test]
async fn names_that_are_nearly_a_setting_are_told_in_the_file_and_in_the_environment() {
    let folder = Folder::with("OPENAI_API_BASE=http://127.0.0.1:9/v1\nPORT=3000\nNO_PROXY=*\n");
    let mut command = folder.command();
    command.arg("check").env("REGISTRATON", "closed");
    command
        .env("TRUSTED_PROXY", "10.0.0.7")
        .env("LISTEN_FDS", "1");
    command.env("OPENAI_API_BASE", "http://127.0.0.1:9/v1");
    let (_, said, error) = run(command).await;
    assert_eq!(error, "");
    let told: Vec<_> = said
        .lines()
        .filter_map(|line| line.strip_prefix("warning  Settings: "))
        .collect();
    let expected = [
        ".env, line 3: NO_PROXY has no effect in .env: set it in the environment",
        ".env, line 1: OPENAI_API_BASE is not a setting. Did you mean OPENAI_BASE_URL?",
        ".env, line 2: PORT is not a setting. Did you mean LISTEN?",
        "OPENAI_API_BASE in the environment is not a setting. Did you mean OPENAI_BASE_URL?",
        "REGISTRATON in the environment is not a setting. Did you mean REGISTRATION?",
        "TRUSTED_PROXY in the environment is not a setting. Did you mean TRUSTED_PROXIES?",
    ];
    assert_eq!(told, expected, "{said}");
    assert!(said.contains("all at their defaults"), "{said}");

    // What was meant has a value.
    let mut command = folder.command();
    command.arg("check").env("REGISTRATON", "closed");
    command.env("REGISTRATION", "closed");
    let (_, said, _) = run(command).await;
    assert!(!said.contains("REGISTRATON"), "{said}");
}

/// The server, on settings of a file.
struct Served {
    child: Child,
    url: String,
    log: String,
}

impl Served {
    fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut log = String::new();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            log += &format!("{line}\n");
            let (_, address) = line.split_once("listening on http://")?;
            Some(address.trim().to_owned())
        });
        // What it says later must not stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.unwrap_or_else(|| panic!("it did not start:\n{log}"));
        Self {
            url: format!("http://{address}"),
            child,
            log,
        }
    }
}

impl Place for Served {
    fn way(&self) -> Way {
        Way::to(&self.url)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[tokio::test]
async fn whoever_runs_an_open_server_is_told_that_there_is_no_account_yet() {
    for (settings, is_open) in [
        ("LISTEN=127.0.0.1:0\n", false),
        (
            "LISTEN=127.0.0.1:0\nPUBLIC_URL=http://chat.example.org\n",
            true,
        ),
    ] {
        let folder = Folder::with(format!("{settings}FIND_OLLAMA=false\n"));
        let told =
            |log: &str| log.contains("whoever opens the page first becomes the administrator");
        let served = Served::start(folder.command());
        assert_eq!(told(&served.log), is_open, "{}", served.log);
        let ann = Browser::plain(&served);
        ann.register("ann", PASSWORD).await;
        drop(served);
        let served = Served::start(folder.command());
        assert!(!told(&served.log), "{}", served.log);
    }
}

#[tokio::test]
async fn the_server_does_what_the_file_says() {
    let model = ModelServer::start().await;
    model.has(&["plum"]);
    let folder = Folder::with(format!(
        "LISTEN=127.0.0.1:0\nDATABASE_URL=sqlite://mine.db\nOPENAI_BASE_URL={}\nOPENAI_MODEL=plum\n\
         REGISTRATION=closed\nSECURE_COOKIES=true\nTIME_ZONE=Asia/Seoul\nMESSAGE_LIMIT=100\nTITLES=false\n",
        model.base_url()
    ));
    let served = Served::start(folder.command());
    assert!(served.log.contains("Asia/Seoul (UTC+09"), "{}", served.log);
    let told = "database mine.db; sign-up closed; cookies secure";
    assert!(served.log.contains(told), "{}", served.log);
    assert!(folder.path().join("mine.db").exists());
    let ann = Browser::plain(&served);
    ann.register("ann", PASSWORD).await;
    assert!(ann.cookie("__Host-session").is_some(), "cookies are secure");
    assert_eq!(ann.start_chat("Hello").await.count(".message"), 2);
    assert_eq!(
        model.requests().len(),
        1,
        "it asks the model server of the file"
    );
    let closed = Browser::plain(&served).get("/register").await;
    assert!(
        !closed.has("form[action='/register']"),
        "registration is closed"
    );
    drop(served);

    // The environment wins.
    let mut command = folder.command();
    command
        .env("REGISTRATION", "open")
        .env("DATABASE_URL", "sqlite://other.db");
    let served = Served::start(command);
    assert!(folder.path().join("other.db").exists());
    let open = Browser::plain(&served).get("/register").await;
    assert!(open.has("form[action='/register']"), "registration is open");
}

#[tokio::test]
async fn a_log_of_one_part_only_still_has_what_damso_says() {
    for filter in ["sqlx=warn", "damso::security=off", "demso=debug"] {
        let folder = Folder::with(format!(
            "LISTEN=127.0.0.1:0\nFIND_OLLAMA=false\nRUST_LOG={filter}\n"
        ));
        // It would not be found without its line in the log.
        let served = Served::start(folder.command());
        assert!(served.log.contains(" INFO "), "{filter}: {}", served.log);
    }
}

#[tokio::test]
async fn a_proxy_is_used_unless_there_is_to_be_none() {
    let model = ModelServer::start().await;
    model.has(&["plum"]);
    // An address of this machine that is not the loopback one, for which no proxy is ever used.
    let port = model.base_url().port().unwrap();
    let url = format!("http://0.0.0.0:{port}/v1");
    let folder = Folder::with(format!("OPENAI_BASE_URL={url}\nLISTEN=localhost:0\n"));
    let check = async |name: &str, value: &str| {
        let mut command = folder.command();
        // Nobody is there.
        command.arg("check").env("http_proxy", "http://127.0.0.1:1");
        command.env(name, value);
        run(command).await.1
    };
    let said = check("NO_PROXY", "example.org").await;
    assert!(said.contains("FAILED   Model server"), "{said}");
    for (name, value) in [
        ("NO_PROXY", "*"),
        ("no_proxy", "*"),
        ("NO_PROXY", "example.org, *"),
        ("NO_PROXY", "0.0.0.0"),
        ("no_proxy", "0.0.0.0/8"),
    ] {
        let said = check(name, value).await;
        assert!(said.contains("using \"plum\""), "{name}={value}: {said}");
    }
}
