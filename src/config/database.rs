//! The address of a database: one that would lose what it is given is refused.

use crate::db::is_postgres;
use sqlx::{postgres::PgConnectOptions, sqlite::SqliteConnectOptions};
use std::str::FromStr;
use url::form_urlencoded;

/// The options that say of an SQLite file what holds for it anyway.
const USUAL: [(&str, &str); 5] = [
    ("mode", "rwc"),
    ("mode", "rw"),
    ("cache", "private"),
    ("immutable", "false"),
    ("immutable", "0"),
];

/// Those that only a database can have which is read.
const READ_ONLY: [(&str, &str); 3] = [("mode", "ro"), ("immutable", "true"), ("immutable", "1")];

/// Reads the address of a database that is written.
///
/// # Errors
/// Says what is wrong with it; no part of the address is in it, as that may be a password.
pub(crate) fn database_url(value: &str) -> Result<String, String> {
    read(value, &[])
}

/// Reads the address of a database that is only read.
///
/// # Errors
/// As [`database_url`].
pub(crate) fn database_to_read(value: &str) -> Result<String, String> {
    read(value, &READ_ONLY)
}

fn read(value: &str, also: &[(&str, &str)]) -> Result<String, String> {
    if value.starts_with("sqlite:") {
        sqlite(value, also)?;
    } else if is_postgres(value) {
        let options = PgConnectOptions::from_str(value);
        options.map_err(|error| {
            format!(
                "is not a valid URL ({}); in a user name or password write %40 for @, %2F for /, \
                 %3F for ?, %23 for # and %25 for %",
                reason(error)
            )
        })?;
    } else {
        return Err("must start with sqlite: or postgres:, as in sqlite://damso.db".to_owned());
    }
    Ok(value.to_owned())
}

fn sqlite(value: &str, also: &[(&str, &str)]) -> Result<(), String> {
    let query = value.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let option = (&*name, &*value);
        if option == ("mode", "memory") {
            return Err(MEMORY.to_owned());
        }
        if !USUAL.contains(&option) && !also.contains(&option) {
            return Err(
                "has an option after the ? that Damso cannot use: it needs a file of its own that it \
                 can write to, as in sqlite://damso.db"
                    .to_owned(),
            );
        }
    }
    let options = SqliteConnectOptions::from_str(value)
        .map_err(|error| format!("is not a valid URL: {}", reason(error)))?;
    let is_memory = value.split('?').next().is_some_and(is_memory);
    let file = options.get_filename();
    match file.to_str() {
        _ if is_memory => Err(MEMORY.to_owned()),
        Some(name) => problem_of(name).map_or(Ok(()), |problem| Err(problem.to_owned())),
        None => Ok(()),
    }
}

const MEMORY: &str = "is an in-memory database, which would be lost when Damso stops: name a file, as in \
     sqlite://damso.db";

/// Tells whether it names no file: sqlx then makes a name of its own.
fn is_memory(address: &str) -> bool {
    address
        .trim_start_matches("sqlite:")
        .trim_start_matches("//")
        == ":memory:"
}

/// Tells what keeps SQLite from having a file of this name, and in it what is written.
fn problem_of(name: &str) -> Option<&'static str> {
    match name {
        // SQLite makes a file for it, and deletes that when it is closed.
        "" => Some("names no file: add one, as in sqlite://damso.db"),
        ":memory:" => Some(MEMORY),
        // An address within the address, which SQLite reads with options of its own.
        _ if name.starts_with("file:") => {
            Some("must not contain file: after sqlite://, as in sqlite://damso.db")
        }
        _ if name.ends_with('/') => {
            Some("names a folder: add the file, as in sqlite:///data/damso.db")
        }
        _ if name.contains('\0') => Some("has a zero byte in the file name"),
        _ => None,
    }
}

/// The error without what sqlx says before each of this kind.
fn reason(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(error) => error.to_string(),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_database_that_would_lose_what_it_is_given_is_refused() {
        for (url, told) in [
            ("sqlite::memory:", "lost"),
            ("sqlite://:memory:", "lost"),
            ("sqlite://%3Amemory%3A", "lost"),
            ("sqlite://?mode=memory", "lost"),
            ("sqlite://x.db?mode=memory", "lost"),
            ("sqlite://x.db?mode=memory&cache=shared", "lost"),
            ("sqlite://x.db?mode=%6Demory", "lost"),
            ("sqlite:", "names no file"),
            ("sqlite://", "names no file"),
            ("sqlite:?mode=rwc", "names no file"),
            ("sqlite://?", "names no file"),
            ("sqlite:file::memory:", "contain file:"),
            ("sqlite://file:x.db%3Fmode=memory", "contain file:"),
            ("sqlite:file:x.db", "contain file:"),
            ("sqlite:///", "folder"),
            ("sqlite://data/", "folder"),
            ("sqlite://x.db?mode=ro", "option"),
            ("sqlite://x.db?mode=odd", "option"),
            ("sqlite://x.db?mode=rwc&mode=ro", "option"),
            ("sqlite://x.db?mode=rwc?mode=ro", "option"),
            ("sqlite://x.db?immutable=1", "option"),
            ("sqlite://x.db?immutable=true", "option"),
            ("sqlite://x.db?cache=shared", "option"),
            ("sqlite://x.db?vfs=memdb", "option"),
            ("sqlite://x.db?nolock=1", "option"),
            ("sqlite://x.db?x", "option"),
            ("sqlite://x%00.db", "zero"),
            ("sqlite://x%ff.db", "not a valid URL"),
            ("x.db", "sqlite:"),
            ("SQLITE://x.db", "sqlite:"),
            (":memory:", "sqlite:"),
            ("mysql://me:hidden@host/db", "postgres:"),
            ("postgres://me:hid#den@host/db", "%23"),
            ("postgres://me:hid/den@host/db", "%2F"),
            ("postgres://host:port/db", "port"),
        ] {
            let error = database_url(url).expect_err(url);
            assert!(error.contains(told), "{url}: {error}");
            assert!(!error.contains("hid") && !error.contains("den"), "{error}");
        }
    }

    #[test]
    fn a_file_is_taken_by_any_name() {
        for (url, file) in [
            ("sqlite://damso.db", "damso.db"),
            ("sqlite:damso.db", "damso.db"),
            ("sqlite:///data/damso.db", "/data/damso.db"),
            ("sqlite:/data/damso.db", "/data/damso.db"),
            ("sqlite://damso.db?mode=rwc", "damso.db"),
            ("sqlite://damso.db?mode=rw&cache=private", "damso.db"),
            ("sqlite://memory", "memory"),
            (
                "sqlite://my%20files/%EB%8B%B4%EC%86%8C.db",
                "my files/담소.db",
            ),
            ("sqlite://담소.db", "담소.db"),
        ] {
            assert_eq!(database_url(url).as_deref(), Ok(url));
            let options = SqliteConnectOptions::from_str(url).unwrap();
            assert_eq!(options.get_filename(), Path::new(file));
        }
        for url in [
            "postgres://me:s%23t@host/db?sslmode=require",
            "postgresql:///damso?host=/run/postgresql",
        ] {
            assert_eq!(database_url(url).as_deref(), Ok(url));
        }
    }

    #[test]
    fn one_that_is_only_read_may_be_read_only() {
        for url in ["sqlite://x.db?mode=ro", "sqlite://x.db?immutable=1"] {
            assert_eq!(database_to_read(url).as_deref(), Ok(url));
        }
        for url in ["sqlite::memory:", "sqlite://", "sqlite://x.db?mode=memory"] {
            database_to_read(url).expect_err(url);
        }
    }
}
