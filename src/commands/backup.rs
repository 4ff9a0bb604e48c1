//! `damso backup`: the SQLite database as it is at one moment, as a file that can take its place.

use crate::db::{copy_to, is_postgres, place, sqlite_file};
use anyhow::{Context, bail, ensure};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::{fs, io::Write, path::Path, str::FromStr, time::Duration};

/// Copies the database, and sees that the copy is whole before it gets its name.
pub async fn run(url: &str, file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    if is_postgres(url) {
        bail!(
            "{} is a PostgreSQL database: back it up with pg_dump",
            place(url)
        );
    }
    let path = sqlite_file(url)?.unwrap_or_default();
    ensure!(path.is_file(), "database not found: {}", path.display());
    let unreadable = || format!("{} cannot be copied", path.display());
    let mut database = SqliteConnectOptions::from_str(url)?
        .create_if_missing(false)
        .busy_timeout(Duration::from_secs(5))
        .connect()
        .await
        .with_context(unreadable)?;
    let copied = copy_to(&mut database, file).await;
    database.close().await?;
    let tables = copied.with_context(unreadable)?;
    let size = fs::metadata(file)?.len();
    writeln!(
        out,
        "{} is a complete copy of {}: {size} bytes",
        file.display(),
        path.display()
    )?;
    for (table, rows) in tables {
        writeln!(out, "{table:<12} {rows}")?;
    }
    Ok(())
}
