//! Names that are nearly a setting's, or that other programs have for the same.

use super::env_file::EnvFile;

/// The likeness that two names must have, from 0 to 1: whole ones in `.env`, word by word in the
/// environment, which holds the names of many other programs.
const ALIKE: f64 = 0.9;
const WORDS_ALIKE: f64 = 0.8;

/// Well-known names of other programs, and the settings that mean the same.
const ELSEWHERE: [(&str, &str); 31] = [
    ("OPENAI_API_BASE", "OPENAI_BASE_URL"),
    ("OPENAI_API_BASE_URL", "OPENAI_BASE_URL"),
    ("OPENAI_API_BASE_URLS", "OPENAI_BASE_URL"),
    ("OPENAI_API_ENDPOINT", "OPENAI_BASE_URL"),
    ("OPENAI_API_HOST", "OPENAI_BASE_URL"),
    ("OPENAI_API_URL", "OPENAI_BASE_URL"),
    ("OPENAI_BASE", "OPENAI_BASE_URL"),
    ("OPENAI_BASE_PATH", "OPENAI_BASE_URL"),
    ("OPENAI_ENDPOINT", "OPENAI_BASE_URL"),
    ("OPENAI_HOST", "OPENAI_BASE_URL"),
    ("OPENAI_URL", "OPENAI_BASE_URL"),
    ("OPENAI_API_TOKEN", "OPENAI_API_KEY"),
    ("OPENAI_KEY", "OPENAI_API_KEY"),
    ("OPENAI_SECRET_KEY", "OPENAI_API_KEY"),
    ("OPENAI_TOKEN", "OPENAI_API_KEY"),
    ("OPENAI_API_MODEL", "OPENAI_MODEL"),
    ("OPENAI_DEFAULT_MODEL", "OPENAI_MODEL"),
    ("OPENAI_MODEL_NAME", "OPENAI_MODEL"),
    // From here on only in `.env`: in the environment they are for others.
    ("BASE_URL", "PUBLIC_URL"),
    ("BIND", "LISTEN"),
    ("DB_URL", "DATABASE_URL"),
    ("HOST", "LISTEN"),
    ("LOG_LEVEL", "RUST_LOG"),
    ("OLLAMA_API_BASE", "OLLAMA_URL"),
    ("OLLAMA_API_BASE_URL", "OLLAMA_URL"),
    ("OLLAMA_BASE_URL", "OLLAMA_URL"),
    ("OLLAMA_HOST", "OLLAMA_URL"),
    ("PORT", "LISTEN"),
    ("POSTGRES_URL", "DATABASE_URL"),
    ("TIMEZONE", "TIME_ZONE"),
    ("TZ", "TIME_ZONE"),
];

/// Names that libraries look for in the environment, and nowhere else.
const OF_THE_ENVIRONMENT: [&str; 6] = [
    "ALL_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

/// A sentence for each name in `.env` that is no setting but probably meant as one.
pub(super) fn misspelt_in_file(file: &EnvFile, settings: &[&str]) -> Vec<String> {
    let unknown = file.names().filter(|(name, _)| !settings.contains(name));
    unknown
        .filter_map(|(name, line)| {
            let upper = name.to_uppercase();
            if OF_THE_ENVIRONMENT.contains(&&*upper) {
                return Some(format!(
                    ".env, line {line}: {name} has no effect in .env: set it in the environment"
                ));
            }
            let meant = elsewhere(&upper).or_else(|| {
                let near = nearest(&upper, settings, strsim::jaro_winkler);
                near.filter(|(likeness, _)| *likeness >= ALIKE)
                    .map(|(_, setting)| setting)
                    .or_else(|| misspelt(&upper, settings))
            })?;
            Some(format!(
                ".env, line {line}: {name} is not a setting. Did you mean {meant}?"
            ))
        })
        .collect()
}

/// The same for each name in the environment; settings that have a value are not what was meant.
pub(super) fn misspelt_in_environment(
    names: impl Iterator<Item = String>,
    settings: &[&str],
    given: &[&str],
) -> Vec<String> {
    let mut unknown: Vec<_> = names.filter(|name| !settings.contains(&&**name)).collect();
    unknown.sort();
    unknown
        .iter()
        .filter_map(|name| {
            let upper = name.to_uppercase();
            let known = elsewhere(&upper).filter(|_| upper.starts_with("OPENAI_"));
            let meant = known.or_else(|| misspelt(&upper, settings))?;
            (!given.contains(&meant)).then(|| {
                format!("{name} in the environment is not a setting. Did you mean {meant}?")
            })
        })
        .collect()
}

fn elsewhere(name: &str) -> Option<&'static str> {
    let found = ELSEWHERE.iter().find(|(theirs, _)| *theirs == name);
    found.map(|(_, setting)| *setting)
}

/// The setting of which this is a slip of the pen: a letter, or what is between words or at their ends.
fn misspelt<'a>(name: &str, settings: &[&'a str]) -> Option<&'a str> {
    let likeness = |name: &str, setting: &str| {
        if strsim::osa_distance(&name.replace('_', ""), &setting.replace('_', "")) <= 1 {
            return 1.0;
        }
        let (name, setting) = (name.split('_'), setting.split('_'));
        if name.clone().count() != setting.clone().count() {
            return 0.0;
        }
        let alike =
            |(one, other): (&str, &str)| match one.as_bytes().first() == other.as_bytes().first() {
                true => strsim::jaro_winkler(one, other),
                false => 0.0,
            };
        name.zip(setting).map(alike).fold(1.0, f64::min)
    };
    let near = nearest(name, settings, likeness);
    near.filter(|(likeness, _)| *likeness >= WORDS_ALIKE)
        .map(|(_, setting)| setting)
}

fn nearest<'a>(
    name: &str,
    settings: &[&'a str],
    likeness: impl Fn(&str, &str) -> f64,
) -> Option<(f64, &'a str)> {
    let near = settings
        .iter()
        .map(|setting| (likeness(name, setting), *setting));
    near.max_by(|one, other| one.0.total_cmp(&other.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: [&str; 16] = [
        "LISTEN",
        "DATABASE_URL",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_MODEL",
        "OLLAMA_URL",
        "REGISTRATION",
        "PUBLIC_URL",
        "SECURE_COOKIES",
        "TRUSTED_PROXIES",
        "CONNECT_TIMEOUT",
        "TITLES",
        "MESSAGE_LIMIT",
        "STOP_TIMEOUT",
        "TIME_ZONE",
        "RUST_LOG",
    ];

    fn in_environment(name: &str) -> Vec<String> {
        misspelt_in_environment([name.to_owned()].into_iter(), &SETTINGS, &[])
    }

    fn in_file(name: &str) -> Vec<String> {
        let file = EnvFile::parse(format!("{name}=x").as_bytes()).unwrap();
        misspelt_in_file(&file, &SETTINGS)
    }

    #[test]
    fn a_slip_of_the_pen_is_told_wherever_it_stands() {
        for (name, setting) in [
            ("REGISTRATON", "REGISTRATION"),
            ("REGISTRATIONS", "REGISTRATION"),
            ("registration", "REGISTRATION"),
            ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
            ("TRUSTED_PROXYS", "TRUSTED_PROXIES"),
            ("LISTN", "LISTEN"),
            ("LISTNE", "LISTEN"),
            ("SECURE_COOKIE", "SECURE_COOKIES"),
            ("DATABASEURL", "DATABASE_URL"),
            ("DATABASE_URI", "DATABASE_URL"),
            ("OPENAI_APIKEY", "OPENAI_API_KEY"),
            ("OPEN_AI_API_KEY", "OPENAI_API_KEY"),
            ("OPENAI_API_KEYS", "OPENAI_API_KEY"),
            ("OPENAI_BASEURL", "OPENAI_BASE_URL"),
            ("OPENAI_MODELL", "OPENAI_MODEL"),
            ("MESSAGES_LIMIT", "MESSAGE_LIMIT"),
            ("TITLE", "TITLES"),
            ("PUBILC_URL", "PUBLIC_URL"),
            // Names that others have for it.
            ("OPENAI_API_BASE", "OPENAI_BASE_URL"),
            ("OPENAI_API_BASE_URL", "OPENAI_BASE_URL"),
            ("OPENAI_API_HOST", "OPENAI_BASE_URL"),
            ("OPENAI_KEY", "OPENAI_API_KEY"),
            ("OPENAI_MODEL_NAME", "OPENAI_MODEL"),
        ] {
            let meant = format!("{name} is not a setting. Did you mean {setting}?");
            assert_eq!(in_file(name), [format!(".env, line 1: {meant}")]);
            let meant =
                format!("{name} in the environment is not a setting. Did you mean {setting}?");
            assert_eq!(in_environment(name), [meant]);
            let given =
                misspelt_in_environment([name.to_owned()].into_iter(), &SETTINGS, &[setting]);
            assert!(given.is_empty(), "{name}: {setting} has a value");
        }
    }

    #[test]
    fn in_the_file_names_are_told_that_are_not_for_it() {
        for (name, setting) in [
            ("PORT", "LISTEN"),
            ("HOST", "LISTEN"),
            ("TZ", "TIME_ZONE"),
            ("TIMEZONE", "TIME_ZONE"),
            ("OLLAMA_HOST", "OLLAMA_URL"),
            ("LOG_LEVEL", "RUST_LOG"),
        ] {
            let told = in_file(name).join("");
            assert!(
                told.ends_with(&format!("Did you mean {setting}?")),
                "{told}"
            );
        }
        for name in [
            "NO_PROXY",
            "no_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "SSL_CERT_FILE",
        ] {
            let told = in_file(name).join("");
            assert!(
                told.contains(name) && told.contains("environment"),
                "{told}"
            );
        }
    }

    #[test]
    fn the_names_of_other_programs_are_left_alone() {
        for name in [
            "PATH",
            "HOME",
            "USER",
            "LANG",
            "LC_ALL",
            "SHELL",
            "TERM",
            "PWD",
            "HOSTNAME",
            "PORT",
            "HOST",
            "TZ",
            "NO_PROXY",
            "https_proxy",
            "LISTEN_FDS",
            "LISTEN_PID",
            "LISTEN_FDNAMES",
            "PGHOST",
            "PGCONNECT_TIMEOUT",
            "PGPASSWORD",
            "DATABASE_HOST",
            "DATABASE_USER",
            "DATABASE_NAME",
            "DATABASE_PASSWORD",
            "POSTGRES_PASSWORD",
            "POSTGRES_URL",
            "OLLAMA_HOST",
            "OLLAMA_MODELS",
            "OPENAI_ORG_ID",
            "OPENAI_ORGANIZATION",
            "RUST_BACKTRACE",
            "RUST_LOG_STYLE",
            "CARGO_HOME",
            "TIME_STYLE",
            "NODE_ENV",
            "START_TIMEOUT",
            "INVOCATION_ID",
            "JOURNAL_STREAM",
            "_",
        ] {
            assert_eq!(in_environment(name), [""; 0], "{name}");
        }
        for name in [
            "POSTGRES_PASSWORD",
            "POSTGRES_USER",
            "COMPOSE_PROJECT_NAME",
            "DOMAIN",
        ] {
            assert_eq!(in_file(name), [""; 0], "{name}");
        }
    }
}
