//! Every setting, its default and a sentence about it.

mod database;
mod env_file;
mod log_filter;
mod names;
mod shown;
mod sources;

use crate::{
    models::{self, Headers, Secret},
    replies::Limits,
    time,
};
pub(crate) use database::{database_to_read, database_url};
use log_filter::filter;
use shown::without_secrets;
pub use sources::{Given, Origin};

use clap::{Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use jiff::{Timestamp, tz::TimeZone};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};
use url::Url;

/// A self-hosted AI chat for families, classes and teams; replies stream into any browser, with or
/// without JavaScript.
///
/// Without a command, Damso starts the server and runs until Ctrl-C. Every setting can also be given as
/// the environment variable named beside it, or in a file `.env` in the working directory. Flags win over
/// the environment, the environment over `.env`.
#[derive(Clone, Debug, Parser)]
#[command(name = "damso", version, about, long_about)]
pub struct Invocation {
    /// The command to run; none: serve.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The settings, which every command has.
    #[command(flatten)]
    pub config: Config,
}

/// Without a command Damso serves.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Check settings, address, database and model server
    ///
    /// Changes nothing. The exit code is 0 if all is well.
    Check,
    /// Copy the SQLite database to a new file, even while the server is running
    ///
    /// To restore it, stop the server and replace the database file with it.
    Backup {
        /// Backup file to create; it must not exist yet
        file: PathBuf,
    },
    /// Copy everything into another database, which must be empty
    ///
    /// The server must be stopped. Every row is compared before the copy is kept; the database to copy from
    /// is not changed.
    Move {
        /// Database to copy from
        #[arg(long, env = "MOVE_FROM", value_name = "URL", hide_env_values = true, value_parser = database_to_read)]
        from: String,
        /// Database to copy to, as for --database-url
        #[arg(long, env = "MOVE_TO", value_name = "URL", hide_env_values = true, value_parser = database_url)]
        to: String,
    },
}

/// The settings. Each belongs to a heading of the help, those of one heading stand together.
#[derive(Clone, Debug, Parser)]
#[command(name = "damso")]
pub struct Config {
    /// Address and port to listen on; 0.0.0.0:3000 lets other devices connect
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDRESS:PORT",
        help_heading = SERVER,
        default_value = "127.0.0.1:3000",
        value_parser = address
    )]
    pub listen: SocketAddr,

    /// On shutdown, seconds to wait for running replies to finish
    #[arg(long, env = "STOP_TIMEOUT", value_name = "SECONDS", help_heading = SERVER, default_value = "20", value_parser = seconds)]
    pub stop_timeout: Duration,

    /// Default time zone, as in Asia/Seoul; each person can choose another [default: this machine's, else
    /// UTC]
    #[arg(long, env = "TIME_ZONE", value_name = "NAME", help_heading = SERVER, value_parser = zone)]
    pub time_zone: Option<TimeZone>,

    /// Log level: error, warn, info, debug, trace or off; also for one module, as in
    /// info,damso::security=debug
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", help_heading = SERVER, default_value = "info", value_parser = filter)]
    pub rust_log: String,

    /// Show every fragment of the interface at /styleguide [default: true only in development builds]
    #[arg(long, env = "STYLEGUIDE", value_name = "BOOL", help_heading = SERVER, default_value_t = cfg!(debug_assertions), hide_default_value = true, action = clap::ArgAction::Set)]
    pub styleguide: bool,

    /// Database: sqlite://FILE, created if it is missing, or postgres://USER:PASSWORD@HOST/NAME, which
    /// several servers can share
    #[arg(long, env = "DATABASE_URL", value_name = "URL", help_heading = DATABASE, default_value = "sqlite://damso.db", hide_env_values = true, value_parser = database_url)]
    pub database_url: String,

    /// Rebuild the tables of an SQLite database in an update without a backup beside it first
    #[arg(long, env = "NO_BACKUP", value_name = "BOOL", help_heading = DATABASE, default_value_t = false, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub no_backup: bool,

    /// API key for the model server
    #[arg(long, env = "OPENAI_API_KEY", value_name = "KEY", help_heading = MODEL_SERVER, hide_env_values = true, value_parser = secret)]
    pub openai_api_key: Option<Secret>,

    /// URL of an OpenAI-compatible model server [default: OpenAI's own, if a key is set]
    #[arg(long, env = "OPENAI_BASE_URL", value_name = "URL", help_heading = MODEL_SERVER, value_parser = http_url)]
    pub openai_base_url: Option<Url>,

    /// Extra HTTP headers for the model server, as some gateways need them: name: value, separated by ;, or
    /// a JSON object
    #[arg(
        long,
        env = "OPENAI_HEADERS",
        value_name = "HEADERS",
        help_heading = MODEL_SERVER,
        hide_env_values = true
    )]
    pub openai_headers: Option<Headers>,

    /// Model to use [default: the first one that the model server lists]
    #[arg(long, env = "OPENAI_MODEL", value_name = "NAME", help_heading = MODEL_SERVER, value_parser = trimmed)]
    pub openai_model: Option<String>,

    /// Use Ollama on this machine if it is running and no other model server is set
    #[arg(long, env = "FIND_OLLAMA", value_name = "BOOL", help_heading = MODEL_SERVER, default_value_t = true, action = clap::ArgAction::Set)]
    pub find_ollama: bool,

    /// URL of Ollama
    #[arg(long, env = "OLLAMA_URL", value_name = "URL", help_heading = MODEL_SERVER, default_value = "http://127.0.0.1:11434/v1", value_parser = http_url)]
    pub ollama_url: Url,

    /// Let the model write a short title for each chat after its first reply; each person can turn this off
    #[arg(long, env = "TITLES", value_name = "BOOL", help_heading = MODEL_SERVER, default_value_t = true, action = clap::ArgAction::Set)]
    pub titles: bool,

    /// Seconds to wait for a connection to the model server
    #[arg(long, env = "CONNECT_TIMEOUT", value_name = "SECONDS", help_heading = MODEL_SERVER, default_value = "5", value_parser = seconds)]
    pub connect_timeout: Duration,

    /// Seconds to wait for the first sign of a reply, even a keep-alive; while such signs come, its first
    /// word may take 15 times as long
    #[arg(long, env = "FIRST_TOKEN_TIMEOUT", value_name = "SECONDS", help_heading = MODEL_SERVER, default_value = "120", value_parser = seconds)]
    pub first_token_timeout: Duration,

    /// Seconds without output after which a reply is cut off
    #[arg(long, env = "SILENCE_TIMEOUT", value_name = "SECONDS", help_heading = MODEL_SERVER, default_value = "90", value_parser = seconds)]
    pub silence_timeout: Duration,

    /// Who can create an account; the first account can always be created and becomes the administrator
    #[arg(long, env = "REGISTRATION", help_heading = ACCOUNTS, value_enum, default_value_t = Registration::Open)]
    pub registration: Registration,

    /// Most accounts created from one network at once, as by a class; after that, one more each minute
    #[arg(long, env = "REGISTRATIONS_PER_NETWORK", value_name = "NUMBER", help_heading = ACCOUNTS, default_value_t = 60, value_parser = count(1, 100_000))]
    pub registrations_per_network: usize,

    /// URL at which people open Damso, if it has a name or is behind a proxy. With https, cookies are marked
    /// secure. If it is wrong, forms are refused
    #[arg(long, env = "PUBLIC_URL", value_name = "URL", help_heading = PROXY, value_parser = own_url)]
    pub public_url: Option<Url>,

    /// Mark cookies as secure [default: true if PUBLIC_URL starts with https]
    #[arg(long, env = "SECURE_COOKIES", value_name = "BOOL", help_heading = PROXY)]
    pub secure_cookies: Option<bool>,

    /// Reverse proxies to trust for X-Forwarded-For: addresses or networks, separated by commas
    #[arg(long, env = "TRUSTED_PROXIES", value_name = "NETWORKS", help_heading = PROXY, value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Seconds after which a page that shows a live reply without JavaScript ends with a link to the rest;
    /// set it below the proxy's read timeout
    #[arg(long, env = "PAGE_TIME_LIMIT", value_name = "SECONDS", help_heading = PROXY, default_value = "3600", value_parser = seconds)]
    pub page_time_limit: Duration,

    /// Most connections open at the same time; fewer if the limit on open files is too low for them
    #[arg(long, env = "CONNECTIONS", value_name = "NUMBER", help_heading = LIMITS, default_value_t = 10_000, value_parser = count(10, 1_000_000))]
    pub connections: usize,

    /// Most connections open at the same time from one network: an IPv4 address, or an IPv6 /64
    #[arg(long, env = "CONNECTIONS_PER_NETWORK", value_name = "NUMBER", help_heading = LIMITS, default_value_t = 2_000, value_parser = count(10, 1_000_000))]
    pub connections_per_network: usize,

    /// Most characters of a chat to send to the model, including the new message; the oldest messages are
    /// left out first
    #[arg(long, env = "HISTORY_LIMIT", value_name = "CHARACTERS", help_heading = LIMITS, default_value_t = 48_000, value_parser = count(1_000, 100_000_000))]
    pub history_limit: usize,

    /// Longest message, in characters
    #[arg(long, env = "MESSAGE_LIMIT", value_name = "CHARACTERS", help_heading = LIMITS, default_value_t = 32_000, value_parser = count(100, 1_000_000))]
    pub message_limit: usize,

    /// Most messages one person can send per minute, with bursts of twice as many; 0 for no limit
    #[arg(long, env = "MESSAGES_PER_MINUTE", value_name = "NUMBER", help_heading = LIMITS, default_value_t = 30, value_parser = count(0, 60_000))]
    pub messages_per_minute: usize,

    /// Most replies this server generates at the same time; others wait in a queue
    #[arg(long, env = "REPLIES_AT_ONCE", value_name = "NUMBER", help_heading = LIMITS, default_value_t = 1_000, value_parser = count(1, 100_000))]
    pub replies_at_once: usize,

    /// Most replies one person can have running at the same time, on all servers together; others wait in a
    /// queue
    #[arg(long, env = "REPLIES_PER_PERSON", value_name = "NUMBER", help_heading = LIMITS, default_value_t = 4, value_parser = count(1, 1_000))]
    pub replies_per_person: usize,

    /// Most replies one person can have in the queue; further ones are refused
    #[arg(long, env = "WAITING_PER_PERSON", value_name = "NUMBER", help_heading = LIMITS, default_value_t = 16, value_parser = count(0, 1_000))]
    pub waiting_per_person: usize,

    /// Longest wait before the first retry; not a setting.
    #[arg(skip = Duration::from_millis(500))]
    pub retry_base: Duration,

    /// Time between two words of the demo model; not a setting.
    #[arg(skip = Duration::from_millis(30))]
    pub demo_pace: Duration,

    /// The settings that were given a value, and where.
    #[arg(skip)]
    pub given: Vec<Given>,

    /// A warning for each name in `.env` and in the environment that is nearly a setting's.
    #[arg(skip)]
    pub misspelt: Vec<String>,
}

const SERVER: &str = "Server";
const DATABASE: &str = "Database";
const MODEL_SERVER: &str = "Model server";
const ACCOUNTS: &str = "Accounts";
const PROXY: &str = "Behind a proxy";
const LIMITS: &str = "Limits";

/// The people who may create an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Anyone who can open the page
    Open,
    /// Nobody, once the first account exists
    Closed,
}

impl Config {
    /// Tells whether cookies may travel over https only.
    pub fn secure(&self) -> bool {
        let https = self
            .public_url
            .as_ref()
            .is_some_and(|url| url.scheme() == "https");
        self.secure_cookies.unwrap_or(https)
    }

    /// Tells whether this is the address of a proxy that is believed.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies
            .iter()
            .any(|net| net.contains(&address))
    }

    /// The time zone of whoever has chosen none.
    pub fn zone(&self) -> TimeZone {
        self.time_zone
            .clone()
            .unwrap_or_else(|| time::of_this_machine().unwrap_or(TimeZone::UTC))
    }

    /// That zone in words, with its distance from UTC now and where it is set.
    pub fn zone_in_words(&self) -> String {
        let zone = self.zone();
        let name = zone.iana_name().unwrap_or("unnamed time zone");
        let offset = zone.to_offset(Timestamp::now());
        let by = match self.time_zone {
            Some(_) => "set by TIME_ZONE",
            None => "this machine's, because TIME_ZONE is not set",
        };
        format!("{name} (UTC{offset}), {by}")
    }

    /// Warnings for the operator about settings that are probably not what was meant.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.misspelt.clone();
        if self.public_url.is_some() && self.trusted_proxies.is_empty() {
            warnings.push(
                "PUBLIC_URL is set but TRUSTED_PROXIES is not: behind a proxy, all visitors appear to \
                 have the proxy's address and share its sign-in limits"
                    .to_owned(),
            );
        }
        if self.time_zone.is_none()
            && let Err(unknown) = time::of_this_machine()
        {
            warnings.push(format!(
                "TZ={unknown} is not a known time zone, so times are shown in UTC: set TIME_ZONE, as in \
                 Asia/Seoul"
            ));
        }
        if self.time_zone.is_none()
            && let Some(posix) = time::posix_zone()
        {
            warnings.push(format!(
                "TZ={posix} is a POSIX time zone, in which signs are reversed: times are shown in \
                 UTC{}. If that is not what you want, set TIME_ZONE, as in Asia/Seoul",
                self.zone().to_offset(Timestamp::now())
            ));
        }
        warnings
    }

    /// Returns the limits on replies at once, and on what is read for each.
    pub fn limits(&self) -> Limits {
        Limits {
            at_once: self.replies_at_once,
            per_person: self.replies_per_person,
            history: self.history_limit,
        }
    }

    /// Returns the settings of the model server.
    pub fn models(&self) -> models::Settings {
        models::Settings {
            api_key: self.openai_api_key.clone(),
            base_url: self.openai_base_url.clone(),
            headers: self.openai_headers.clone().unwrap_or_default(),
            model: self.openai_model.clone().filter(|model| !model.is_empty()),
            find_ollama: self.find_ollama,
            ollama_url: self.ollama_url.clone(),
            connect_timeout: self.connect_timeout,
            first_token_timeout: self.first_token_timeout,
            silence_timeout: self.silence_timeout,
            history_limit: self.history_limit,
            retry_base: self.retry_base,
            demo_pace: self.demo_pace,
        }
    }
}

/// An address to listen on: a port alone, or with the name of this machine for itself, is of this
/// machine only.
fn address(value: &str) -> Result<SocketAddr, String> {
    let value = value.trim();
    let port = value.strip_prefix("localhost:").unwrap_or(value);
    let port = port.parse::<u16>().ok();
    let address = port.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    address.or_else(|| value.parse().ok()).ok_or_else(|| {
        "must be an address and a port, as in 127.0.0.1:3000, 0.0.0.0:3000 or [::]:3000".to_owned()
    })
}

fn trimmed(value: &str) -> Result<String, Infallible> {
    Ok(value.trim().to_owned())
}

fn http_url(value: &str) -> Result<Url, String> {
    let value = value.trim();
    let (scheme, rest) = value.split_once("://").unwrap_or(("", value));
    if !["http", "https"].contains(&&*scheme.to_ascii_lowercase()) {
        let words = "must start with http:// or https://";
        // An example of which a part is hidden would be none.
        return Err(match without_secrets(rest) == rest {
            true => format!("{words}, as in http://{rest}"),
            false => words.to_owned(),
        });
    }
    let url = Url::parse(value).map_err(|error| format!("is not a URL: {error}"))?;
    if url.host().is_none() {
        return Err("needs a host name".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not contain ? or #".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password".to_owned());
    }
    Ok(url)
}

/// The address of this server, which has one: others would be told that their forms are not its own.
/// It is at the root of its host, where all its links begin.
fn own_url(value: &str) -> Result<Url, String> {
    let url = http_url(value)?;
    let several = value.matches("://").count() > 1
        || value.trim().contains(char::is_whitespace)
        || url
            .host_str()
            .is_some_and(|host| host.contains([',', ';', '|']));
    if several {
        return Err("must be one URL: the one that people open".to_owned());
    }
    if url.path() != "/" {
        return Err(format!(
            "must not have a path, as in {}: Damso cannot be served below a path",
            url.origin().ascii_serialization()
        ));
    }
    Ok(url)
}

fn secret(value: &str) -> Result<Secret, String> {
    if !value.trim().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("contains characters that an API key cannot have".to_owned());
    }
    Ok(Secret::new(value.to_owned()))
}

fn network(value: &str) -> Result<IpNet, String> {
    let value = value.trim();
    value
        .parse::<IpNet>()
        .or_else(|_| value.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| {
            "must be an address such as 10.0.0.7 or a network such as 10.0.0.0/8".to_owned()
        })
}

fn zone(value: &str) -> Result<TimeZone, String> {
    TimeZone::get(value).map_err(|_| "is not a time zone name such as Asia/Seoul or UTC".to_owned())
}

fn seconds(value: &str) -> Result<Duration, String> {
    match value.parse::<f64>() {
        Ok(seconds) if (0.001..=86_400.0).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err("must be a number of seconds from 0.001 to 86400".to_owned()),
    }
}

fn count(least: usize, most: usize) -> impl Fn(&str) -> Result<usize, String> + Clone {
    move |value| match value.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number from {least} to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_nothing_set_it_listens_on_this_machine_only() {
        let config = Config::from_flags([]).unwrap();
        assert!(config.listen.ip().is_loopback());
        assert_eq!(config.database_url, "sqlite://damso.db");
        assert_eq!(config.registration, Registration::Open);
        assert!(!config.secure());
    }

    #[test]
    fn a_bad_value_is_refused_by_the_name_of_its_setting() {
        for (flag, value) in [
            ("--listen", "nowhere"),
            ("--database-url", "mysql://x"),
            ("--openai-base-url", "ftp://x"),
            ("--openai-base-url", "http://me:secret@host"),
            ("--registration", "maybe"),
            ("--trusted-proxies", "10.0.0.0/99"),
            ("--silence-timeout", "-1"),
            ("--silence-timeout", "NaN"),
            ("--history-limit", "12"),
            ("--find-ollama", "perhaps"),
            ("--time-zone", "Mars/Olympus"),
        ] {
            let setting = format!("{flag}={value}");
            let error = Config::from_flags([setting.as_str()])
                .unwrap_err()
                .to_string();
            assert!(error.contains(flag), "{flag} {value}: {error}");
        }
    }

    #[test]
    fn an_address_with_https_makes_cookies_secure() {
        let config = Config::from_flags(["--public-url", "https://chat.example.org"]).unwrap();
        assert!(config.secure());
        let config =
            Config::from_flags(["--public-url", "https://a.b", "--secure-cookies", "false"]);
        assert!(!config.unwrap().secure());
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let flags = ["--trusted-proxies", "10.0.0.7, fd00::/8"];
        assert_eq!(Config::from_flags(flags).unwrap().trusted_proxies.len(), 2);
    }
}
