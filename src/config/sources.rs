//! Sources of settings: flags win over the environment, the environment over `.env`.
//!
//! Clap reads an argument's variable at the moment the argument is made, knows no file, and takes an
//! empty variable for a value. So it is only told here what each argument's value is if no flag
//! gives one.

use super::{Config, Invocation, env_file::EnvFile, names, shown::shown};
use clap::{
    Arg, ArgMatches, Command, CommandFactory, FromArgMatches,
    builder::Resettable,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};
use std::{
    collections::HashMap,
    error::Error as _,
    ffi::{OsStr, OsString},
    fmt,
    path::Path,
};

/// A setting that was given a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The variable's name.
    pub name: String,
    /// The value as it was typed, an address without what opens it; none where it may hold a key or a
    /// password.
    pub value: Option<String>,
    /// The place where it is set.
    pub origin: Origin,
}

/// The source of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the command line.
    Flag,
    /// In a variable of the environment.
    Environment,
    /// In this line of `.env`.
    File(usize),
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_deref().unwrap_or("…");
        write!(f, "{}={value} ({})", self.name, self.origin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(line) => write!(f, ".env, line {line}"),
        }
    }
}

impl Invocation {
    /// Reads the flags, the environment and `.env`; on a bad value it says which one and exits.
    pub fn read() -> Self {
        let file = EnvFile::read(Path::new(".env"));
        let mut invocation =
            Self::from_sources(std::env::args_os(), |name| std::env::var_os(name), file)
                .unwrap_or_else(|error| error.exit());
        let all = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        invocation.config.look_for_misspelt(all);
        invocation
    }

    fn from_sources(
        args: impl IntoIterator<Item = OsString>,
        environment: impl Fn(&str) -> Option<OsString>,
        file: Result<EnvFile, String>,
    ) -> Result<Self, clap::Error> {
        let mut command = command(|arg| arg);
        let names = Names::of(&command);
        let args = without_empty(&command, args);
        // Help is given whatever the settings say.
        if let Err(error) = command.try_get_matches_from_mut(&args)
            && matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            )
        {
            return Err(error);
        }
        let file = file.map_err(|error| command.error(ErrorKind::ValueValidation, error))?;
        let mut variables = Variables {
            names: &names,
            environment: &environment,
            file: &file,
            found: HashMap::new(),
        };
        let mut command = self::command(|arg| variables.settle(arg));
        let matches = command
            .try_get_matches_from_mut(&args)
            .map_err(|error| discreet(error, &command))?;
        let given = variables.given(&command, &matches);
        let given = given.map_err(|problem| command.error(ErrorKind::ValueValidation, problem))?;
        let misspelt = names::misspelt_in_file(&file, &names.all());
        let mut invocation = Self::from_arg_matches(&matches)?;
        invocation.config.given = given;
        invocation.config.misspelt = misspelt;
        Ok(invocation)
    }
}

impl Config {
    /// Remembers which names of the environment are nearly a setting's.
    fn look_for_misspelt(&mut self, environment: impl Iterator<Item = String>) {
        let settings = Names::of(&command(|arg| arg));
        let given: Vec<_> = self.given.iter().map(|given| given.name.as_str()).collect();
        let found = names::misspelt_in_environment(environment, &settings.all(), &given);
        self.misspelt.extend(found);
    }

    /// A configuration from flags alone, as tests use it.
    ///
    /// # Errors
    /// When a flag is unknown or its value is bad.
    pub fn from_flags<'a>(flags: impl IntoIterator<Item = &'a str>) -> Result<Self, clap::Error> {
        let args = std::iter::once("damso").chain(flags).map(OsString::from);
        Ok(Invocation::from_sources(args, |_| None, Ok(EnvFile::default()))?.config)
    }
}

/// The variable of each setting, by the setting's id.
struct Names(HashMap<String, String>);

impl Names {
    /// Collects them before the arguments are settled.
    fn of(command: &Command) -> Self {
        let named = arguments(command).filter_map(|arg| {
            let name = arg.get_env()?.to_str()?;
            Some((arg.get_id().to_string(), name.to_owned()))
        });
        Self(named.collect())
    }

    fn variable(&self, arg: &Arg) -> Option<&str> {
        self.0.get(arg.get_id().as_str()).map(String::as_str)
    }

    fn all(&self) -> Vec<&str> {
        self.0.values().map(String::as_str).collect()
    }
}

/// The variables of the environment and of `.env`.
struct Variables<'a> {
    names: &'a Names,
    environment: &'a dyn Fn(&str) -> Option<OsString>,
    file: &'a EnvFile,
    /// Of each setting that has a value there: which, and what is wrong with it.
    found: HashMap<String, (Given, Option<String>)>,
}

impl Variables<'_> {
    /// Gives the argument the value of its variable, if that has one that it can take.
    fn settle(&mut self, arg: Arg) -> Arg {
        let Some(name) = self.names.variable(&arg) else {
            return arg;
        };
        let arg = arg.env(Resettable::Reset);
        let Some((value, origin)) = self.value(name) else {
            return arg;
        };
        let problem = problem(&arg, &value);
        let given = Given {
            name: name.to_owned(),
            value: in_words(&arg, &value.to_string_lossy()),
            origin,
        };
        let is_good = problem.is_none();
        self.found.insert(name.to_owned(), (given, problem));
        match is_good {
            true => arg.required(false).default_value(value),
            // Whether it matters is seen once the flags are known.
            false => arg.required(false),
        }
    }

    fn value(&self, name: &str) -> Option<(OsString, Origin)> {
        let value = (self.environment)(name).filter(|value| !value.is_empty());
        value.map(|value| (value, Origin::Environment)).or_else(|| {
            let (value, line) = self.file.value(name)?;
            Some((value.into(), Origin::File(line)))
        })
    }

    /// Returns what was given to the command to run; the error is the first bad value.
    fn given(mut self, command: &Command, matches: &ArgMatches) -> Result<Vec<Given>, String> {
        let mut all = vec![];
        let of_all = command.get_arguments().map(|arg| (arg, matches));
        let of_one = matches.subcommand().into_iter().flat_map(|(name, of_it)| {
            let its = command.find_subcommand(name).into_iter();
            let its = its.flat_map(Command::get_arguments);
            its.filter(|arg| !arg.is_global_set())
                .map(move |arg| (arg, of_it))
        });
        for (arg, matches) in of_all.chain(of_one) {
            let Some(name) = self.names.variable(arg) else {
                continue;
            };
            let id = arg.get_id().as_str();
            if matches.value_source(id) == Some(ValueSource::CommandLine) {
                let raw = matches.get_raw(id).into_iter().flatten();
                let raw: Vec<_> = raw.map(OsStr::to_string_lossy).collect();
                all.push(Given {
                    value: in_words(arg, &raw.join(",")),
                    name: name.to_owned(),
                    origin: Origin::Flag,
                });
            } else if let Some((given, problem)) = self.found.remove(name) {
                if let Some(problem) = problem {
                    return Err(format!("{given}: {problem}"));
                }
                all.push(given);
            }
        }
        Ok(all)
    }
}

/// The command line, each argument as `settle` leaves it. The help of a command names its own arguments;
/// the settings, which it has too, stand in the help of the program.
fn command(mut settle: impl FnMut(Arg) -> Arg) -> Command {
    let command = Invocation::command().mut_args(|setting| setting.global(true));
    let settings: Vec<_> = command.get_arguments().cloned().collect();
    let hidden = settings.into_iter().map(|setting| setting.hide(true));
    command
        .mut_subcommands(|command| {
            let command = command.args(hidden.clone()).mut_args(&mut settle);
            command.after_help("Settings: the same as for the server, see `damso --help`.")
        })
        .mut_args(settle)
}

/// The arguments of all commands.
fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    let commands = std::iter::once(command).chain(command.get_subcommands());
    commands.flat_map(Command::get_arguments)
}

/// Tells what keeps the argument from taking this value.
fn problem(arg: &Arg, value: &OsStr) -> Option<String> {
    let mut flag = OsString::from(format!("--{}=", arg.get_long()?));
    flag.push(value);
    let alone = Command::new("damso").arg(arg.clone());
    let error = alone
        .try_get_matches_from([OsString::from("damso"), flag])
        .err()?;
    if let Some(reason) = error.source() {
        return Some(reason.to_string());
    }
    Some(match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(allowed)) => format!("must be one of {}", allowed.join(", ")),
        _ => "is not UTF-8 text".to_owned(),
    })
}

/// The same words without those flags that say nothing: `--listen=`, or `--listen ''`.
fn without_empty(command: &Command, args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let flags: Vec<String> = arguments(command)
        .filter(|arg| arg.get_env().is_some())
        .filter_map(|arg| Some(format!("--{}", arg.get_long()?)))
        .collect();
    let mut kept: Vec<OsString> = vec![];
    for arg in args {
        let is_flag = |arg: &OsStr| flags.iter().any(|flag| arg == flag.as_str());
        if arg.is_empty() && kept.last().is_some_and(|last| is_flag(last)) {
            kept.pop();
            continue;
        }
        let nothing = arg.to_str().and_then(|arg| arg.strip_suffix('='));
        if !nothing.is_some_and(|flag| is_flag(flag.as_ref())) {
            kept.push(arg);
        }
    }
    kept
}

/// The value of this argument as it may be shown.
fn in_words(arg: &Arg, value: &str) -> Option<String> {
    (!arg.is_hide_env_values_set()).then(|| shown(value, is_url(arg)))
}

fn is_url(arg: &Arg) -> bool {
    let names = arg.get_value_names().unwrap_or_default();
    names.iter().any(|name| name == "URL")
}

/// The same error without what it repeats of secrets.
fn discreet(mut error: clap::Error, command: &Command) -> clap::Error {
    let about = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(setting)) => {
            let flag = setting.split(' ').next().unwrap_or_default();
            let flag = flag.trim_start_matches('-');
            arguments(command).find(|arg| arg.get_long() == Some(flag))
        }
        _ => None,
    };
    for kind in [
        ContextKind::InvalidValue,
        ContextKind::InvalidArg,
        ContextKind::InvalidSubcommand,
    ] {
        let Some(ContextValue::String(said)) = error.get(kind) else {
            continue;
        };
        let said = match about {
            Some(arg) if kind == ContextKind::InvalidValue => in_words(arg, said),
            _ => Some(shown(said, false)),
        };
        let said = said.unwrap_or_else(|| "…".to_owned());
        error.insert(kind, ContextValue::String(said));
    }
    error
}
