//! `damso backup`: the SQLite database as it is at one moment, as a file that can take its place.

use crate::db::{Look, is_postgres, place, sqlite_file};
use anyhow::{Context, bail, ensure};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

/// Copies the database, and sees that the copy is whole before it gets its name.
pub async fn run(url: &str, file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    if is_postgres(url) {
        bail!(
            "{} is a PostgreSQL database: back it up with pg_dump",
            place(url)
        );
    }
    let database = sqlite_file(url)?.unwrap_or_default();
    ensure!(
        database.is_file(),
        "database not found: {}",
        database.display()
    );
    refuse_to_overwrite(file)?;
    let part = Part::beside(file)?;
    let name = part.0.to_str().context("the file name is not UTF-8")?;
    copy(url, name)
        .await
        .with_context(|| format!("{} cannot be copied", database.display()))?;
    let copied = format!("sqlite://{}", escaped(name));
    let tables = whole(&copied).await.context("the copy cannot be read")?;
    let size = fs::metadata(&part.0)?.len();
    part.keep_as(file)?;
    writeln!(
        out,
        "{} is a complete copy of {}: {size} bytes",
        file.display(),
        database.display()
    )?;
    for (table, rows) in tables {
        writeln!(out, "{table:<12} {rows}")?;
    }
    Ok(())
}

fn refuse_to_overwrite(file: &Path) -> anyhow::Result<()> {
    ensure!(
        fs::symlink_metadata(file).is_err(),
        "{} already exists and was not overwritten",
        file.display()
    );
    Ok(())
}

/// Has SQLite write a copy. Whoever else writes to the database is not kept waiting.
async fn copy(url: &str, to: &str) -> sqlx::Result<()> {
    let mut database = SqliteConnectOptions::from_str(url)?
        .create_if_missing(false)
        .busy_timeout(Duration::from_secs(5))
        .connect()
        .await?;
    let copied = sqlx::query("vacuum into $1")
        .bind(to)
        .execute(&mut database)
        .await;
    database.close().await?;
    copied.map(drop)
}

/// Lists what is in the copy, if nothing is wrong with it.
async fn whole(url: &str) -> anyhow::Result<Vec<(&'static str, i64)>> {
    let look = Look::at(url).await?;
    let problem = look.damage().await?;
    let tables = look.tables().await?;
    look.close().await;
    match problem {
        Some(problem) => bail!("the database is damaged: {problem}"),
        None => Ok(tables),
    }
}

/// A path as it is written in an address.
fn escaped(path: &str) -> String {
    path.replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23")
}

/// The copy while it is made: under another name, and gone if it comes to nothing.
struct Part(PathBuf);

impl Part {
    /// An empty file that only its owner can read: what is in a database is nobody else's.
    fn beside(file: &Path) -> anyhow::Result<Self> {
        let mut path = file.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(_) => {
                let part = Self(path);
                // One of a backup that broke off would be taken for this one's.
                fs::remove_file(part.journal()).ok();
                Ok(part)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
                "{} exists: another backup is running, or an earlier one was interrupted. If none is running, delete this \
                 file and try again",
                path.display()
            ),
            Err(error) => {
                Err(error).with_context(|| format!("{} cannot be created", path.display()))
            }
        }
    }

    /// Returns the file that SQLite keeps beside it until it is whole.
    fn journal(&self) -> PathBuf {
        let mut path = self.0.as_os_str().to_owned();
        path.push("-journal");
        path.into()
    }

    /// Gives it its name, once it is on the disk.
    fn keep_as(self, file: &Path) -> anyhow::Result<()> {
        File::open(&self.0)?.sync_all()?;
        refuse_to_overwrite(file)?;
        fs::rename(&self.0, file)
            .with_context(|| format!("{} cannot be created", file.display()))?;
        // Some systems cannot do this, and do not need it.
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
            folder.sync_all().ok();
        }
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After it was given its name there is nothing here.
        fs::remove_file(&self.0).ok();
        fs::remove_file(self.journal()).ok();
    }
}
