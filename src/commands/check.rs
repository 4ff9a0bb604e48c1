//! `damso check`: a line for each thing that must be right, and what to do where it is not.

use crate::{
    config::Config,
    db::{
        DiskSpace, Inspection, NO_SESSIONS, SchemaState, advice as pooled, disk_space_for,
        is_in_use, may_be_used, place, sqlite_file,
    },
    models::{Asked, ModelError, ModelErrorKind, Models, Source, first_choice},
    web::csrf,
};
use std::{
    io::{self, ErrorKind, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::{Duration, Instant},
};
use tokio::net::TcpListener;

/// Longest time for whoever listens at our address to say who it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// The oldest PostgreSQL that has all that is asked of it.
const POSTGRES_NEEDED: i32 = 11;

/// The result of one check, in words.
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
    for warning in config.warnings() {
        tell("Settings", Odd(warning))?;
    }
    tell("Time zone", Well(config.zone_in_words()))?;
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

/// Each value was read before this command began; here is which were given, and where.
fn settings(config: &Config) -> Finding {
    if let Err(error) = csrf::own_forms_only(config) {
        return Wrong(error.to_string());
    }
    if config.given.is_empty() {
        return Well(
            "all at their defaults: none is set by a flag, in the environment or in .env"
                .to_owned(),
        );
    }
    let given: String = config
        .given
        .iter()
        .map(|given| format!("\n         {given}"))
        .collect();
    Well(format!("valid; these are set:{given}"))
}

async fn address(listen: SocketAddr) -> Finding {
    let error = match TcpListener::bind(listen).await {
        Ok(_) => return Well(format!("{listen} is free")),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::AddrInUse => match damso_at(listen).await {
            Some(Ok(())) => Well(format!("Damso is already running at {listen}")),
            Some(Err(why)) => Wrong(format!("Damso is running at {listen}, but not well: {why}")),
            None => Wrong(format!(
                "another program is listening on {listen}: stop it, or set LISTEN to another port"
            )),
        },
        ErrorKind::PermissionDenied => Wrong(format!(
            "permission denied to listen on {listen}: set LISTEN to a port above 1023"
        )),
        ErrorKind::AddrNotAvailable => Wrong(format!(
            "this machine does not have the address {}: set LISTEN to one that it has, or to 0.0.0.0:{} for all",
            listen.ip(),
            listen.port(),
        )),
        _ => Wrong(format!("cannot listen on {listen}: {error}")),
    }
}

/// Asks the Damso that listens there how it is; none if it is something else.
async fn damso_at(listen: SocketAddr) -> Option<Result<(), String>> {
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
    let says = asked.await.ok()?;
    let line = says.lines().next().unwrap_or_default();
    match line {
        "ok" | "ending" => Some(Ok(())),
        _ if line.starts_with("cannot write: ") || line.starts_with("the database ") => {
            Some(Err(line.to_owned()))
        }
        // An error on a page of ours.
        _ if says.contains("/static/app-") => Some(Err("it shows an error".to_owned())),
        _ => None,
    }
}

async fn database(url: &str) -> Finding {
    let place = place(url);
    let file = match sqlite_file(url) {
        Ok(file) => file,
        Err(error) => return Wrong(format!("DATABASE_URL is not valid: {error}")),
    };
    let (found, room) = match file {
        Some(file) => (sqlite(url, &file).await, disk_space_for(&file)),
        None => (postgres(url).await, None),
    };
    match (found, room) {
        (Err(words), _) => Wrong(format!("{place} {words}")),
        (Ok(words), Some((DiskSpace::None, free))) => Wrong(format!(
            "{place} {words}; but only {free} MB of its disk are free, so no new messages are accepted: \
             free up space"
        )),
        (Ok(words), Some((DiskSpace::Low, free))) => Odd(format!(
            "{place} {words}; but its disk is nearly full, only {free} MB are free: free up space"
        )),
        (Ok(words), _) => Well(format!("{place} {words}")),
    }
}

/// The result for a database: it can be used, or it cannot.
type Said = Result<String, String>;

async fn sqlite(url: &str, file: &Path) -> Said {
    may_be_used(file)?;
    if !file.exists() {
        return match is_in_use(file) {
            true => Err(
                "is gone, but a running Damso server still has it open: put it back, or restart Damso"
                    .to_owned(),
            ),
            false => Ok("does not exist yet and will be created at the first start".to_owned()),
        };
    }
    let look = Inspection::at(url).await.map_err(unreadable)?;
    let tables = tables(&look).await?;
    look.close().await;
    Ok(match is_in_use(file) {
        true => format!("is in use by a running Damso server; {tables}"),
        false => format!("exists; {tables}"),
    })
}

async fn postgres(url: &str) -> Said {
    let look = Inspection::at(url)
        .await
        .map_err(|error| format!("cannot be reached: {}{}", said(&error), pooled(&error)))?;
    let server = look.server().await.map_err(unreadable)?;
    let server = server.ok_or("is not a server")?;
    let version = server.version.split(' ').next().unwrap_or_default();
    if server.number / 10_000 < POSTGRES_NEEDED {
        return Err(format!(
            "is PostgreSQL {version}, which is too old: version {POSTGRES_NEEDED} or later is required"
        ));
    }
    if server.encoding != "UTF8" {
        return Err(format!(
            "stores text as {}: create a database with encoding UTF8",
            server.encoding
        ));
    }
    if server.is_replica {
        return Err("is a read-only replica: set DATABASE_URL to the primary server".to_owned());
    }
    if !look.has_sessions().await.map_err(unreadable)? {
        return Err(NO_SESSIONS.to_owned());
    }
    if server.schema.is_none() {
        return Err("has no schema of those in its search_path: create one".to_owned());
    }
    let standing = look.standing().await.map_err(unreadable)?;
    if standing != SchemaState::Current && !server.can_create {
        return Err("does not let this user create tables: grant CREATE on the schema".to_owned());
    }
    let tables = tables(&look).await?;
    let others = match look.servers().await.map_err(unreadable)? {
        0 => String::new(),
        1 => "; 1 Damso server is using it".to_owned(),
        servers => format!("; {servers} Damso servers are using it"),
    };
    look.close().await;
    Ok(format!("is PostgreSQL {version}; {tables}{others}"))
}

fn unreadable(error: sqlx::Error) -> String {
    format!("cannot be read: {}{}", said(&error), pooled(&error))
}

/// The database's own words, without those around them.
fn said(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

async fn tables(look: &Inspection) -> Said {
    let standing = look.standing().await.map_err(unreadable)?;
    if let Some(problem) = standing.problem() {
        return Err(problem.to_owned());
    }
    Ok(match standing {
        SchemaState::Empty => "its tables will be created at the first start",
        SchemaState::Behind => "its tables will be migrated at the next start",
        _ => "its tables are up to date",
    }
    .to_owned())
}

async fn model_server(config: &Config) -> Finding {
    let models = match Models::new(config.models()) {
        Ok(models) => models,
        Err(error) => return Wrong(error.to_string()),
    };
    let began = Instant::now();
    let Some(asked) = models.ask().await else {
        return Well("none configured: using the built-in demo model".to_owned());
    };
    let wanted = config.models().model;
    let wanted = wanted
        .as_deref()
        .map(str::trim)
        .filter(|model| !model.is_empty());
    let server = &asked.server;
    match (asked.source, &asked.models) {
        (Source::Server, Err(trouble)) => unlisted(&models, &asked, trouble, wanted).await,
        (Source::Server, Ok(list)) if list.is_empty() => match wanted {
            Some(model) => tried(&models, model, format!("{server} lists no models")).await,
            None => Wrong(format!("{server} has no models: add one there")),
        },
        (_, Err(_)) => Well(format!(
            "none configured, and no Ollama at {server}: using the built-in demo model"
        )),
        (_, Ok(list)) if list.is_empty() => Odd(format!(
            "none configured, and Ollama at {server} has no models: using the built-in demo model \
             until you pull one"
        )),
        (_, Ok(list)) => listed(&models, &asked, list, wanted, began.elapsed()).await,
    }
}

/// Judges a server that does not list its models: some only reply.
async fn unlisted(
    models: &Models,
    asked: &Asked,
    trouble: &ModelError,
    wanted: Option<&str>,
) -> Finding {
    let told = format!(
        "{} did not list its models: {}",
        asked.server,
        trouble.in_full()
    );
    match wanted {
        Some(model) if trouble.kind() != ModelErrorKind::Unreachable => {
            let answer = models.try_model(model).await;
            match answer {
                Ok(()) => Well(format!(
                    "{} did not list its models, but OPENAI_MODEL {model:?} responds",
                    asked.server
                )),
                Err(answer) => Wrong(format!(
                    "{told}; and OPENAI_MODEL {model:?} does not respond: {}{}",
                    answer.in_full(),
                    advice(&answer)
                )),
            }
        }
        None if trouble.kind() == ModelErrorKind::UnknownModel => Wrong(format!(
            "{told}{}; if the URL is right and this server has no list, set OPENAI_MODEL",
            advice(trouble)
        )),
        _ => Wrong(format!("{told}{}", advice(trouble))),
    }
}

/// Asks the model for a word, where nothing else tells whether it answers.
async fn tried(models: &Models, model: &str, told: String) -> Finding {
    match models.try_model(model).await {
        Ok(()) => Well(format!("{told}, but OPENAI_MODEL {model:?} responds")),
        Err(trouble) => Wrong(format!(
            "{told}, and OPENAI_MODEL {model:?} does not respond: {}{}",
            trouble.in_full(),
            advice(&trouble)
        )),
    }
}

/// Judges a server that lists models.
async fn listed(
    models: &Models,
    asked: &Asked,
    list: &[String],
    wanted: Option<&str>,
    took: Duration,
) -> Finding {
    let first = first_choice(list).unwrap_or_default();
    // Names come from elsewhere: quoted, they cannot do anything to a terminal.
    let count = match list.len() {
        1 => "one model".to_owned(),
        several => format!("{several} models"),
    };
    let told = format!("{} lists {count} ({} ms)", asked.server, took.as_millis());
    let some = names(list, 3);
    match (asked.source, wanted) {
        (_, None) => Well(format!(
            "{told}: {some}; using {first:?}, because OPENAI_MODEL is not set"
        )),
        (_, Some(model)) if list.iter().any(|name| name == model) => {
            Well(format!("{told}: {some}; using {model:?}"))
        }
        (Source::Ollama, Some(model)) => Odd(format!(
            "{told}: {some}; OPENAI_MODEL {model:?} is not one of them, so {first:?} is used"
        )),
        // Servers answer to other names, too: llama.cpp's to any.
        (_, Some(model)) => match models.try_model(model).await {
            Ok(()) => Well(format!(
                "{told}: {some}; OPENAI_MODEL {model:?} is not one of them, but responds"
            )),
            Err(trouble) => Wrong(format!(
                "{told}; OPENAI_MODEL {model:?} is not one of them and does not respond ({}): \
                 set it to one of {}",
                trouble.kind(),
                names(list, 10)
            )),
        },
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

fn advice(trouble: &ModelError) -> &'static str {
    match trouble.kind() {
        ModelErrorKind::WrongKey => "; set OPENAI_API_KEY to a key that it accepts",
        ModelErrorKind::NoCredit => "; the account at the provider has no credit left",
        ModelErrorKind::Region => "; the provider does not serve the country of this machine",
        ModelErrorKind::Blocked => {
            "; something in front of the server, such as a firewall, blocks it"
        }
        ModelErrorKind::Unreachable => {
            "; check that it is running and that OPENAI_BASE_URL is right"
        }
        ModelErrorKind::UnknownModel | ModelErrorKind::Garbled => {
            "; check that OPENAI_BASE_URL is right: it usually ends in /v1"
        }
        _ => "",
    }
}
