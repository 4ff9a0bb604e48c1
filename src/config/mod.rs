//! Every setting, its default and a sentence about it.

mod database;
mod env_file;
mod log_filter;
mod names;
mod shown;
mod sources;

use crate::{
    commands::Command,
    models::{self, Headers, Secret},
    replies::Limits,
    time,
};
pub(crate) use database::{database_to_read, database_url};
use log_filter::filter;
use shown::without_secrets;
pub use sources::{Given, Origin};

use clap::{Parser, ValueEnum};
use ipnet::IpNet;
use jiff::{Timestamp, tz::TimeZone};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use url::Url;

/// A self-hosted AI chat that answers live in every browser.
///
/// Without a command it serves, until Ctrl-C. Every setting can also be given as the environment
/// variable named beside it, or in a file `.env` in the working directory. Flags win over the
/// environment, the environment over `.env`.
#[derive(Clone, Debug, Parser)]
#[command(name = "damso", version, about, long_about)]
pub struct Invocation {
    /// What is to be done; nothing named: serve.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The settings, which every command has.
    #[command(flatten)]
    pub config: Config,
}

/// The settings.
#[derive(Clone, Debug, Parser)]
#[command(name = "damso")]
pub struct Config {
    /// Address and port to listen on
    #[arg(
        long,
        env = "LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:3000",
        value_parser = address
    )]
    pub listen: SocketAddr,

    /// Database: sqlite://FILE, which is made when it is missing, or postgres://USER:PASSWORD@HOST/NAME,
    /// which several servers may share
    #[arg(long, env = "DATABASE_URL", value_name = "URL", default_value = "sqlite://damso.db", hide_env_values = true, value_parser = database_url)]
    pub database_url: String,

    /// Key for the model server
    #[arg(long, env = "OPENAI_API_KEY", value_name = "KEY", hide_env_values = true, value_parser = secret)]
    pub openai_api_key: Option<Secret>,

    /// Address of an OpenAI-compatible model server [with a key and without this: OpenAI's own]
    #[arg(long, env = "OPENAI_BASE_URL", value_name = "URL", value_parser = http_url)]
    pub openai_base_url: Option<Url>,

    /// Headers of your own for the model server, as gateways want them: name: value with ; between, or a
    /// JSON object
    #[arg(
        long,
        env = "OPENAI_HEADERS",
        value_name = "HEADERS",
        hide_env_values = true
    )]
    pub openai_headers: Option<Headers>,

    /// Model that answers [default: the first one the server lists]
    #[arg(long, env = "OPENAI_MODEL", value_name = "NAME", value_parser = trimmed)]
    pub openai_model: Option<String>,

    /// Use Ollama on this machine when it runs and no other model server is set
    #[arg(long, env = "FIND_OLLAMA", value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub find_ollama: bool,

    /// Where Ollama is looked for
    #[arg(long, env = "OLLAMA_URL", value_name = "URL", default_value = "http://127.0.0.1:11434/v1", value_parser = http_url)]
    pub ollama_url: Url,

    /// Whether people can make their own accounts; the first account can always be made
    #[arg(long, env = "REGISTRATION", value_enum, default_value_t = Registration::Open)]
    pub registration: Registration,

    /// Address that people's browsers see, when it is behind a proxy; with https, cookies become secure
    #[arg(long, env = "PUBLIC_URL", value_name = "URL", value_parser = own_url)]
    pub public_url: Option<Url>,

    /// Mark cookies as secure [default: when PUBLIC_URL starts with https]
    #[arg(long, env = "SECURE_COOKIES", value_name = "BOOL")]
    pub secure_cookies: Option<bool>,

    /// Proxies whose X-Forwarded-For is believed, as addresses or networks with commas between
    #[arg(long, env = "TRUSTED_PROXIES", value_name = "NETWORKS", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Connections open at once; at the most as many as the limit on open files leaves room for
    #[arg(long, env = "CONNECTIONS", value_name = "NUMBER", default_value_t = 10_000, value_parser = count(10, 1_000_000))]
    pub connections: usize,

    /// Connections open at once from one network: an IPv4 address, or an IPv6 /64
    #[arg(long, env = "CONNECTIONS_PER_NETWORK", value_name = "NUMBER", default_value_t = 2_000, value_parser = count(10, 1_000_000))]
    pub connections_per_network: usize,

    /// Accounts that can be made from one network at once, as by a class; then one more each minute
    #[arg(long, env = "REGISTRATIONS_PER_NETWORK", value_name = "NUMBER", default_value_t = 60, value_parser = count(1, 100_000))]
    pub registrations_per_network: usize,

    /// Seconds to wait for a connection to the model server
    #[arg(long, env = "CONNECT_TIMEOUT", value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub connect_timeout: Duration,

    /// Seconds to wait for a first sign of life of a reply; while there are such signs, its first word is
    /// waited for 15 times as long
    #[arg(long, env = "FIRST_TOKEN_TIMEOUT", value_name = "SECONDS", default_value = "120", value_parser = seconds)]
    pub first_token_timeout: Duration,

    /// Seconds of silence after which a reply counts as cut off
    #[arg(long, env = "SILENCE_TIMEOUT", value_name = "SECONDS", default_value = "90", value_parser = seconds)]
    pub silence_timeout: Duration,

    /// Let the model make a short title for each chat after its first reply; people can also switch it
    /// off for themselves
    #[arg(long, env = "TITLES", value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub titles: bool,

    /// Characters of a chat that the model is sent, the new message included; the oldest go first
    #[arg(long, env = "HISTORY_LIMIT", value_name = "CHARACTERS", default_value_t = 48_000, value_parser = count(1_000, 100_000_000))]
    pub history_limit: usize,

    /// Characters that one message may have
    #[arg(long, env = "MESSAGE_LIMIT", value_name = "CHARACTERS", default_value_t = 32_000, value_parser = count(100, 1_000_000))]
    pub message_limit: usize,

    /// Messages that one person may send in a minute for as long as they like, and twice as many at
    /// once; 0 for any number
    #[arg(long, env = "MESSAGES_PER_MINUTE", value_name = "NUMBER", default_value_t = 30, value_parser = count(0, 60_000))]
    pub messages_per_minute: usize,

    /// Replies that this server makes at once; more wait in line
    #[arg(long, env = "REPLIES_AT_ONCE", value_name = "NUMBER", default_value_t = 1_000, value_parser = count(1, 100_000))]
    pub replies_at_once: usize,

    /// Replies that one person may have running at once; more wait in line
    #[arg(long, env = "REPLIES_PER_PERSON", value_name = "NUMBER", default_value_t = 4, value_parser = count(1, 1_000))]
    pub replies_per_person: usize,

    /// Replies that one person may have waiting in line; more are refused
    #[arg(long, env = "WAITING_PER_PERSON", value_name = "NUMBER", default_value_t = 16, value_parser = count(0, 1_000))]
    pub waiting_per_person: usize,

    /// Seconds that running replies get to finish when the server is asked to stop
    #[arg(long, env = "STOP_TIMEOUT", value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    pub stop_timeout: Duration,

    /// Seconds after which a page that follows a reply without JavaScript ends, with a link to where it
    /// goes on; to be set below the time limit of a proxy
    #[arg(long, env = "PAGE_TIME_LIMIT", value_name = "SECONDS", default_value = "3600", value_parser = seconds)]
    pub page_time_limit: Duration,

    /// Time zone for whoever has chosen none, as in Asia/Seoul [default: this machine's, else UTC]
    #[arg(long, env = "TIME_ZONE", value_name = "NAME", value_parser = zone)]
    pub time_zone: Option<TimeZone>,

    /// How long the first retry waits at most; not for people to set.
    #[arg(skip = Duration::from_millis(500))]
    pub retry_base: Duration,

    /// The time between two words of the demo model; not for people to set.
    #[arg(skip = Duration::from_millis(30))]
    pub demo_pace: Duration,

    /// Show at /styleguide a sample of everything that pages are made of [default: only where the program
    /// was built for development]
    #[arg(long, env = "STYLEGUIDE", value_name = "BOOL", default_value_t = cfg!(debug_assertions), hide_default_value = true, action = clap::ArgAction::Set)]
    pub styleguide: bool,

    /// What to log: error, warn, info, debug, trace or off, also for each part by name, as in
    /// info,damso::security=debug
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", default_value = "info", value_parser = filter)]
    pub rust_log: String,

    /// The settings that were given a value, and where.
    #[arg(skip)]
    pub given: Vec<Given>,

    /// A sentence for each name in `.env` and in the environment that is nearly a setting's.
    #[arg(skip)]
    pub misspelt: Vec<String>,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Everybody who reaches the page.
    Open,
    /// Nobody, once there is a first account.
    Closed,
}

impl Config {
    /// Whether cookies may travel over https only.
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
        let name = zone.iana_name().unwrap_or("a zone without a name");
        let offset = zone.to_offset(Timestamp::now());
        let by = match self.time_zone {
            Some(_) => "by TIME_ZONE",
            None => "as this machine's, since TIME_ZONE is not set",
        };
        format!("{name} (UTC{offset}), {by}")
    }

    /// Sentences for whoever runs the server, about settings that are probably not what was meant.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.misspelt.clone();
        if self.public_url.is_some() && self.trusted_proxies.is_empty() {
            warnings.push(
                "PUBLIC_URL is set but TRUSTED_PROXIES is not: behind a proxy everybody seems to \
                 come from one address, and shares its limits on signing in"
                    .to_owned(),
            );
        }
        if self.time_zone.is_none()
            && let Err(unknown) = time::of_this_machine()
        {
            warnings.push(format!(
                "TZ={unknown} names no time zone that is known here, so times are shown in UTC: \
                 set TIME_ZONE, as in Asia/Seoul"
            ));
        }
        if self.time_zone.is_none()
            && let Some(posix) = time::posix_zone()
        {
            warnings.push(format!(
                "TZ={posix} is read as POSIX has it, whose signs are the other way round: times are \
                 shown in UTC{}. If that is not meant, set TIME_ZONE, as in Asia/Seoul",
                self.zone().to_offset(Timestamp::now())
            ));
        }
        warnings
    }

    /// How many replies there may be at once, and how much is read for each.
    pub fn limits(&self) -> Limits {
        Limits {
            at_once: self.replies_at_once,
            per_person: self.replies_per_person,
            history: self.history_limit,
        }
    }

    /// What the settings say about the model server.
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
    let url = Url::parse(value).map_err(|error| format!("is no address: {error}"))?;
    if url.host().is_none() {
        return Err("has no host".to_owned());
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
        return Err("must be one address: the one that people open".to_owned());
    }
    if url.path() != "/" {
        return Err(format!(
            "must end with the host, as in {}: Damso cannot be at a path below it",
            url.origin().ascii_serialization()
        ));
    }
    Ok(url)
}

fn secret(value: &str) -> Result<Secret, String> {
    if !value.trim().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("holds characters that no key has".to_owned());
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
    TimeZone::get(value).map_err(|_| "is no time zone, as Asia/Seoul or UTC is".to_owned())
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
