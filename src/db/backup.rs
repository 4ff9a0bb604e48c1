//! Copies of an SQLite file, as it is at one moment, which can take its place.

use super::{
    Inspection,
    files::{beside, folder, real},
    space::free,
};
use crate::error::{Error, Result};
use sqlx::{SqliteExecutor, SqlitePool};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

const MB: u64 = 1_000_000;

/// The step before which a file is copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before(pub i64);

/// Copies a file to beside itself, before its tables are rebuilt.
///
/// # Errors
/// When there is no room, or it cannot be copied. The words follow the name of the database.
pub(super) async fn back_up(pool: &SqlitePool, database: &Path, before: Before) -> Result<()> {
    let database = real(database);
    let file = beside(&database, &format!(".before-{:04}", before.0));
    // The first one stays. Another is made when a start before this one did not come to its end, or
    // when somebody went back to the first: of these the last one stays.
    let (file, is_again) = match fs::symlink_metadata(&file) {
        Ok(_) => (beside(&file, "-again"), true),
        Err(_) => (file, false),
    };
    if is_again {
        remove(&file)?;
    }
    // Nobody else makes this one: the database is ours alone.
    remove(&part(&file))?;
    if let Some((needed, free)) = lacks_room(&database) {
        return Err(Error::internal(format!(
            "needs {} MB of disk space for an update of its tables, and {} MB are free: make room, or \
             start once with --no-backup, which needs {} MB and makes no backup first",
            needed.with_backup.div_ceil(MB),
            free / MB,
            needed.without.div_ceil(MB),
        )));
    }
    copy_to(pool, &file).await.map_err(|error| {
        Error::internal(format!(
            "cannot be backed up before an update of its tables: {error}. To go on without a backup, \
             start once with --no-backup"
        ))
    })?;
    tracing::info!(
        "updating the database's tables; the backup {} can be deleted when all is well",
        file.display()
    );
    Ok(())
}

/// Its size, in bytes.
struct Needed {
    with_backup: u64,
    without: u64,
}

/// Tells what is needed and what there is, where that is less. Rows that are rewritten stand twice in
/// the file, and once in the log beside it until they are kept.
fn lacks_room(database: &Path) -> Option<(Needed, u64)> {
    let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let size = size(database) + size(&beside(database, "-wal"));
    let needed = Needed {
        with_backup: 3 * size,
        without: 2 * size,
    };
    let (free, _) = free(folder(database))?;
    (free < needed.with_backup).then_some((needed, free))
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::internal(format!(
            "cannot be backed up: {} exists and cannot be deleted: {error}",
            file.display()
        ))),
        _ => Ok(()),
    }
}

/// Has SQLite write a copy of a database, and sees that the copy is whole before it gets its name.
/// Whoever else writes to the database is not kept waiting. Returned is how many rows each of its
/// tables has.
///
/// # Errors
/// When there is a file of that name, or it cannot be made or read.
pub async fn copy_to(
    database: impl SqliteExecutor<'_>,
    file: &Path,
) -> Result<Vec<(&'static str, i64)>> {
    refuse_to_overwrite(file)?;
    let part = Part::beside(file)?;
    let name = part.0.to_str();
    let name = name.ok_or_else(|| Error::internal("the file name is not UTF-8"))?;
    sqlx::query("vacuum into $1")
        .bind(name)
        .execute(database)
        .await
        .map_err(|error| Error::internal(format!("it cannot be read or written: {error}")))?;
    let tables = whole(&format!("sqlite://{}", escaped(name))).await?;
    part.keep_as(file)?;
    Ok(tables)
}

fn refuse_to_overwrite(file: &Path) -> Result<()> {
    match fs::symlink_metadata(file) {
        Ok(_) => Err(Error::internal(format!(
            "{} already exists and was not overwritten",
            file.display()
        ))),
        Err(_) => Ok(()),
    }
}

/// The tables of the copy and their rows, if nothing is wrong with it.
async fn whole(url: &str) -> Result<Vec<(&'static str, i64)>> {
    let unreadable = |error| Error::internal(format!("the copy cannot be read: {error}"));
    let look = Inspection::at(url).await.map_err(unreadable)?;
    let problem = look.damage().await.map_err(unreadable)?;
    let tables = look.tables().await.map_err(unreadable)?;
    look.close().await;
    match problem {
        Some(problem) => Err(Error::internal(format!(
            "the copy cannot be read: the database is damaged: {problem}"
        ))),
        None => Ok(tables),
    }
}

/// A path as it is written in an address.
fn escaped(path: &str) -> String {
    path.replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23")
}

/// The copy's name while it is made.
fn part(file: &Path) -> PathBuf {
    beside(file, ".part")
}

/// The copy while it is made: under another name, and gone if it comes to nothing.
struct Part(PathBuf);

impl Part {
    /// An empty file that only its owner can read: what is in a database is nobody else's.
    fn beside(file: &Path) -> Result<Self> {
        let path = part(file);
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
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(Error::internal(format!(
                    "{} exists: another backup is running, or an earlier one was interrupted. If none is \
                     running, delete this file and try again",
                    path.display()
                )))
            }
            Err(error) => Err(not_made(&path, &error)),
        }
    }

    /// The file that SQLite keeps beside it until it is whole.
    fn journal(&self) -> PathBuf {
        beside(&self.0, "-journal")
    }

    /// Gives it its name, once it is on the disk.
    fn keep_as(self, file: &Path) -> Result<()> {
        let synced = File::open(&self.0).and_then(|part| part.sync_all());
        synced.map_err(|error| not_made(&self.0, &error))?;
        refuse_to_overwrite(file)?;
        fs::rename(&self.0, file).map_err(|error| not_made(file, &error))?;
        // Some systems cannot do this, and do not need it.
        if let Ok(folder) = File::open(folder(file)) {
            folder.sync_all().ok();
        }
        Ok(())
    }
}

fn not_made(file: &Path, error: &io::Error) -> Error {
    Error::internal(format!("{} cannot be created: {error}", file.display()))
}

impl Drop for Part {
    fn drop(&mut self) {
        // After it was given its name there is nothing here.
        fs::remove_file(&self.0).ok();
        fs::remove_file(self.journal()).ok();
    }
}
