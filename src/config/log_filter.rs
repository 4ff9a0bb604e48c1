//! The filter of the log: a word that names no level is refused, as it would silence everything else.

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// The level of what a filter does not name, where it names nothing of Damso.
const DEFAULT: &str = "info";

/// Reads a filter: levels, for everything and for parts by name.
///
/// `EnvFilter` takes any other word for the name of a part, logs that and nothing else.
///
/// # Errors
/// Says what it may be.
pub(super) fn filter(value: &str) -> Result<String, String> {
    // `EnvFilter` stumbles over blanks.
    let parts = value.split(',').map(str::trim);
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    let value = parts.join(",");
    let mut names_us = false;
    for part in parts {
        names_us |= match Part::of(part) {
            Part::Level => true,
            Part::Named(name, LevelFilter::OFF) if name != "damso" => false,
            Part::Named(name, _) => is_ours(name),
            // Spans and their fields, which nobody writes by a slip.
            Part::Span => false,
            Part::Unlike => return Err(unlike(part)),
        };
    }
    EnvFilter::try_new(&value).map_err(|_| unlike(&value))?;
    // Whoever wants to see more of a library need not lose what Damso says, least of all the events
    // that are about security.
    Ok(match names_us {
        true => value,
        false => format!("{DEFAULT},{value}"),
    })
}

fn unlike(part: &str) -> String {
    format!(
        "{part:?} must be a log level (error, warn, info, debug, trace or off) or a module with one, as in \
         info,damso::security=debug"
    )
}

enum Part<'a> {
    Level,
    Named(&'a str, LevelFilter),
    Span,
    Unlike,
}

impl<'a> Part<'a> {
    fn of(part: &'a str) -> Self {
        if part.contains('[') {
            return Self::Span;
        }
        if part.parse::<LevelFilter>().is_ok() {
            return Self::Level;
        }
        let (name, level) = match part.split_once('=') {
            Some((name, level)) if !level.is_empty() => (name, level.parse().ok()),
            None if is_ours(part) => (part, Some(LevelFilter::TRACE)),
            _ => return Self::Unlike,
        };
        match level {
            Some(level) if is_name(name) => Self::Named(name, level),
            _ => Self::Unlike,
        }
    }
}

fn is_ours(name: &str) -> bool {
    name == "damso" || name.starts_with("damso::")
}

/// Tells whether it is like the path of a module.
fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        let mut all = word.chars();
        !word.is_empty() && all.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    };
    name.split("::").all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_silence_the_log_by_a_slip_is_refused() {
        for value in [
            "verbose",
            "warning",
            "errors",
            "information",
            "none",
            "false",
            "6",
            "debug info",
            "info debug",
            "info;debug",
            "info|damso=debug",
            "info:debug",
            "'info'",
            "info,verbose",
            "verbose,info",
            "sqlx",
            "info,sqlx",
            "damso:debug",
            "damso:security=debug",
            "damso :: security=debug",
            "damso:::security=debug",
            "damso::=debug",
            "damso = debug",
            "damso=",
            "damso=loud",
            "damso=debug=info",
            "=debug",
            "info damso=debug",
            "damso.security=debug",
            "damso/debug",
            "*=debug",
        ] {
            let error = filter(value).expect_err(value);
            assert!(error.contains("info,damso::security=debug"), "{error}");
        }
    }

    #[test]
    fn levels_and_parts_with_a_level_are_taken() {
        for value in [
            "info",
            "WARN",
            "off",
            "3",
            "damso=debug",
            "damso",
            "damso::security",
            "damso::security=info",
            "damso=off",
            "info,sqlx=warn",
            "warn,damso::auth=debug,hyper_util=info",
            "info,damso::security=off",
            "info,damso[request]=trace",
        ] {
            assert_eq!(filter(value).as_deref(), Ok(value));
        }
        assert_eq!(
            filter(" info , sqlx=warn,").as_deref(),
            Ok("info,sqlx=warn")
        );
    }

    #[test]
    fn what_names_other_parts_only_leaves_ours_as_they_are() {
        for value in [
            "sqlx=debug",
            "hyper=info,sqlx=warn",
            "demso=debug",
            "Damso=debug",
            "damsos=debug",
            "damso::security=off",
            "[request{id=1}]=trace",
        ] {
            let read = filter(value).expect(value);
            assert_eq!(read, format!("info,{value}"));
            EnvFilter::try_new(&read).expect(value);
        }
    }
}
