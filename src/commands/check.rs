//! `damso check`: a line for each thing that must be right, and what to do where it is not.

use crate::{
    auth,
    clock::Clock,
    config::Config,
    db::{Look, Standing, is_in_use, place, sqlite_file},
    i18n::Lang,
    models::{Asked, Models, Source, Trouble, TroubleKind, first_choice},
};
use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::{Duration, Instant},
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// How long whoever listens at our address may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// The oldest PostgreSQL that has all that is asked of it.
const POSTGRES_NEEDED: i32 = 11;

/// How it is with one thing, in words.
enum Finding {
    Well(String),
    Odd(String),
    Wrong(String),
}

use Finding::{Odd, Well, Wrong};

/// Looks at everything and prints what it finds. True if nothing is wrong.
pub async fn run(config: &Config, out: &mut impl Write) -> anyhow::Result<bool> {
    let mut wrong = 0;
    let mut tell = |what: &str, finding: Finding| -> io::Result<()> {
        let (mark, words) = match finding {
            Well(words) => ("ok", words),
            Odd(words) => ("warning", words),
            Wrong(words) => {
                wrong += 1;
                ("FAILED", words)
            }
        };
        writeln!(out, "{mark:<8} {what}: {words}")
    };
    tell("Settings", settings(config))?;
    if let Some(proxies) = config.proxy_warning() {
        tell("Settings", Odd(proxies.to_owned()))?;
    }
    tell("Time zone", Well(time_zone(config)))?;
    tell("Address", address(config.listen).await)?;
    tell("Database", database(&config.database_url).await)?;
    tell("Model server", model_server(config).await)?;
    match wrong {
        0 => writeln!(out, "All is well.")?,
        1 => writeln!(out, "One thing is wrong.")?,
        _ => writeln!(out, "{wrong} things are wrong.")?,
    }
    Ok(wrong == 0)
}

/// Each value was read before this command began; here is what they are together.
fn settings(config: &Config) -> Finding {
    if let Err(error) = auth::own_forms_only(config) {
        return Wrong(error.to_string());
    }
    if let Err(error) = EnvFilter::try_new(&config.rust_log) {
        return Wrong(format!("RUST_LOG is not a filter: {error}"));
    }
    Well(match Path::new(".env").exists() {
        true => "they can be used; .env in this folder is among them".to_owned(),
        false => "they can be used; there is no .env in this folder".to_owned(),
    })
}

fn time_zone(config: &Config) -> String {
    let set = match config.time_zone {
        Some(_) => "",
        None => ", as this machine's, since TIME_ZONE is not set",
    };
    let now = Clock::new(Lang::En, None, &config.zone()).now();
    format!("{now}{set}")
}

async fn address(listen: SocketAddr) -> Finding {
    let error = match TcpListener::bind(listen).await {
        Ok(_) => return Well(format!("{listen} is free")),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::AddrInUse if is_damso(listen).await => {
            Well(format!("a Damso is running at {listen}"))
        }
        ErrorKind::AddrInUse => Wrong(format!(
            "another program listens at {listen}: stop it, or set LISTEN to another port"
        )),
        ErrorKind::PermissionDenied => Wrong(format!(
            "the system does not let this user listen at {listen}: set LISTEN to a port above 1023"
        )),
        ErrorKind::AddrNotAvailable => Wrong(format!(
            "this machine has no address {}: set LISTEN to one that it has, or to 0.0.0.0:{} for all",
            listen.ip(),
            listen.port(),
        )),
        _ => Wrong(format!("cannot listen at {listen}: {error}")),
    }
}

/// Whether what listens there is a Damso.
async fn is_damso(listen: SocketAddr) -> bool {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let there = SocketAddr::new(ip, listen.port());
    let asked = async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()?;
        let response = client.get(format!("http://{there}/healthz")).send().await?;
        response.text().await
    };
    // Ours says no more than how it is, or shows an error on a page with its style sheet.
    asked.await.is_ok_and(|body| {
        matches!(body.as_str(), "ok\n" | "ending\n") || body.contains("/static/app-")
    })
}

async fn database(url: &str) -> Finding {
    let place = place(url);
    let file = match sqlite_file(url) {
        Ok(file) => file,
        Err(error) => return Wrong(format!("DATABASE_URL cannot be understood: {error}")),
    };
    let found = match file {
        Some(file) => sqlite(url, &file).await,
        None => postgres(url).await,
    };
    match found {
        Ok(words) => Well(format!("{place} {words}")),
        Err(words) => Wrong(format!("{place} {words}")),
    }
}

/// What is said of a database: it can be used, or it cannot.
type Said = Result<String, String>;

async fn sqlite(url: &str, file: &Path) -> Said {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(format!(
            "cannot be made: there is no folder {}; make it, or set DATABASE_URL to another place",
            folder.display()
        ));
    }
    can_write(folder).map_err(|error| {
        format!(
            "cannot be written: its folder {} takes no files ({error}); let this user write there",
            folder.display()
        )
    })?;
    if !file.exists() {
        return Ok("is not there yet and will be made at the first start".to_owned());
    }
    let written = OpenOptions::new().read(true).write(true).open(file);
    written.map_err(|error| format!("cannot be opened for writing: {error}"))?;
    let look = Look::at(url).await.map_err(unreadable)?;
    let tables = tables(&look).await?;
    look.close().await;
    Ok(match is_in_use(file) {
        true => format!("is in use by a running Damso; {tables}"),
        false => format!("is there; {tables}"),
    })
}

/// Tries it with a file that is gone at once: nothing else tells for sure.
fn can_write(folder: &Path) -> io::Result<()> {
    let probe = folder.join(format!(".damso-check-{}", std::process::id()));
    File::create_new(&probe)?;
    std::fs::remove_file(&probe)
}

async fn postgres(url: &str) -> Said {
    let look = Look::at(url)
        .await
        .map_err(|error| format!("cannot be reached: {}", said(&error)))?;
    let server = look.server().await.map_err(unreadable)?;
    let server = server.ok_or("is not a server")?;
    let version = server.version.split(' ').next().unwrap_or_default();
    if server.number / 10_000 < POSTGRES_NEEDED {
        return Err(format!(
            "is PostgreSQL {version}, which is too old: {POSTGRES_NEEDED} or later is needed"
        ));
    }
    if server.encoding != "UTF8" {
        return Err(format!(
            "stores text as {}: make a database with encoding UTF8",
            server.encoding
        ));
    }
    if server.is_replica {
        return Err("is a replica, which takes no changes: name its primary server".to_owned());
    }
    if server.schema.is_none() {
        return Err("has no schema of those in its search_path: make one".to_owned());
    }
    let standing = look.standing().await.map_err(unreadable)?;
    if standing != Standing::Current && !server.can_create {
        return Err("does not let this user make tables: grant it that".to_owned());
    }
    let tables = tables(&look).await?;
    let others = match look.servers().await.map_err(unreadable)? {
        0 => String::new(),
        1 => "; one Damso is using it".to_owned(),
        servers => format!("; {servers} Damsos are using it"),
    };
    look.close().await;
    Ok(format!("is PostgreSQL {version}; {tables}{others}"))
}

fn unreadable(error: sqlx::Error) -> String {
    format!("cannot be read: {}", said(&error))
}

/// The database's own words, without those around them.
fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

async fn tables(look: &Look) -> Said {
    match look.standing().await.map_err(unreadable)? {
        Standing::Empty => Ok("its tables will be made at the first start".to_owned()),
        Standing::Current => Ok("its tables are up to date".to_owned()),
        Standing::Behind => {
            Ok("its tables will be brought up to date at the next start".to_owned())
        }
        Standing::Newer => Err("is of a newer Damso: run that one, or a backup".to_owned()),
        Standing::Strange => Err("has tables that are not Damso's, or broken ones: \
                                  set DATABASE_URL to another database, or restore a backup"
            .to_owned()),
    }
}

async fn model_server(config: &Config) -> Finding {
    let models = match Models::new(config.models()) {
        Ok(models) => models,
        Err(error) => return Wrong(error.to_string()),
    };
    let began = Instant::now();
    let Some(asked) = models.ask().await else {
        return Well("none is set: the built-in demo model answers".to_owned());
    };
    let wanted = config.models().model;
    let server = &asked.server;
    match (asked.source, &asked.models) {
        (Source::Server, Err(trouble)) => Wrong(format!(
            "{server} gives no list of models: {trouble}{}",
            advice(trouble)
        )),
        (Source::Server, Ok(list)) if list.is_empty() => {
            Wrong(format!("{server} has no models: add one there"))
        }
        (_, Err(_)) => Well(format!(
            "none is set, and there is no Ollama at {server}: the built-in demo model answers"
        )),
        (_, Ok(list)) if list.is_empty() => Odd(format!(
            "none is set, and Ollama at {server} has no models: the built-in demo model answers \
             until one is pulled"
        )),
        (_, Ok(list)) => listed(&asked, list, wanted.as_deref(), began.elapsed()),
    }
}

/// What is to be said of a server that has models.
fn listed(asked: &Asked, list: &[String], wanted: Option<&str>, took: Duration) -> Finding {
    let first = first_choice(list).unwrap_or_default();
    // Names come from elsewhere: quoted, they cannot do anything to a terminal.
    let count = match list.len() {
        1 => "one model".to_owned(),
        several => format!("{several} models"),
    };
    let told = format!(
        "{} told of {count} in {} ms",
        asked.server,
        took.as_millis()
    );
    let some = names(list, 3);
    match (asked.source, wanted) {
        (_, None) => Well(format!(
            "{told}: {some}; {first:?} answers, as OPENAI_MODEL is not set"
        )),
        (_, Some(model)) if list.iter().any(|name| name == model) => {
            Well(format!("{told}: {some}; {model:?} answers"))
        }
        (Source::Ollama, Some(model)) => Odd(format!(
            "{told}: {some}; {model:?} of OPENAI_MODEL is not among them, so {first:?} answers"
        )),
        (_, Some(model)) => Wrong(format!(
            "{told}; {model:?} of OPENAI_MODEL is not among them: set it to one of {}",
            names(list, 10)
        )),
    }
}

/// The first few names, and how many more there are.
fn names(list: &[String], few: usize) -> String {
    let shown: Vec<_> = list
        .iter()
        .take(few)
        .map(|name| format!("{name:?}"))
        .collect();
    let more = list.len().saturating_sub(few);
    match more {
        0 => shown.join(", "),
        _ => format!("{} and {more} more", shown.join(", ")),
    }
}

fn advice(trouble: &Trouble) -> &'static str {
    match trouble.kind() {
        TroubleKind::WrongKey => "; set OPENAI_API_KEY to a key that it takes",
        TroubleKind::Unreachable => "; see whether it runs, and whether OPENAI_BASE_URL is right",
        TroubleKind::UnknownModel | TroubleKind::Garbled => {
            "; see whether OPENAI_BASE_URL is right: it usually ends in /v1"
        }
        _ => "",
    }
}
