//! Commands for the operator, besides serving. They print, in English, for a terminal or a script.

mod backup;
mod check;
mod r#move;

use crate::config::{Config, database_to_read, database_url};
use clap::Subcommand;
use std::{io, path::PathBuf};

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

impl Command {
    /// Does it. False when it was done, and found something wrong.
    ///
    /// # Errors
    /// When it cannot be done.
    pub async fn run(&self, config: &Config) -> anyhow::Result<bool> {
        let mut out = io::stdout();
        match self {
            Self::Check => return check::run(config, &mut out).await,
            Self::Backup { file } => backup::run(&config.database_url, file, &mut out).await?,
            Self::Move { from, to } => r#move::run(from, to, &mut out).await?,
        }
        Ok(true)
    }
}
