//! Commands for the operator, besides serving. They print, in English, for a terminal or a script.

mod backup;
mod check;
mod r#move;

use crate::config::{Command, Config};
use std::io;

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
