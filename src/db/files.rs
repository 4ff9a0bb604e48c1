//! The files of an SQLite database: where they are, whose they are, and whether they still are.

use crate::error::{Error, Result};
use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    time::Duration,
};

/// The identity of a file, whatever it is called: its device and its number there.
type Identity = (u64, u64);

/// The place of a database when it was opened, and which files there are its own.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    file: Option<Identity>,
    /// The file of its own for what was written last.
    log: Option<Identity>,
}

/// The database's file is not where it was: what is written to it now is lost when it is closed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the database file was moved, deleted or replaced: put it back, or restart Damso")]
pub struct Moved;

impl Place {
    /// Of a database that is open.
    pub(super) fn of(database: &Path) -> Self {
        let path = real(database);
        Self {
            file: identity(&path),
            log: identity(&beside(&path, "-wal")),
            path,
        }
    }

    /// Tells whether its files are still there. What cannot be told is taken for well.
    pub(super) fn is_kept(&self) -> bool {
        let same = |then: Option<Identity>, path: &Path| then.is_none() || then == identity(path);
        same(self.file, &self.path) && same(self.log, &beside(&self.path, "-wal"))
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let file = fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

/// A database's file itself, where its path is a link to it, or leads through one. SQLite keeps its
/// other files beside that one.
pub(super) fn real(database: &Path) -> PathBuf {
    let mut path = database.to_owned();
    // As deep as Linux follows.
    for _ in 0..40 {
        if let Ok(real) = fs::canonicalize(&path) {
            return real;
        }
        // It is missing: then its folder, and where a link would lead, can be told.
        let Ok(target) = fs::read_link(&path) else {
            break;
        };
        path = folder(&path).join(target);
    }
    match (fs::canonicalize(folder(&path)), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// The folder that a file is in.
pub(super) fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file that goes with another one.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// The file whose lock a running Damso holds. (Not the database itself: closing it would drop
/// SQLite's own locks.)
fn lock_file(database: &Path) -> PathBuf {
    beside(&real(database), "-lock")
}

/// Tells why this file cannot be a database of ours, and what to do. It may be missing, and stays so.
///
/// # Errors
/// The words that follow its name.
pub fn may_be_used(database: &Path) -> Result<(), String> {
    let file = real(database);
    let folder = folder(&file);
    if !folder.is_dir() {
        return Err(format!(
            "cannot be created: the folder {} does not exist; create it, or set DATABASE_URL to another place",
            folder.display()
        ));
    }
    match takes_files(folder) {
        Err(error) if error.kind() == ErrorKind::StorageFull => {
            return Err(format!(
                "cannot be written: the disk of its folder {} is full; free up space",
                folder.display()
            ));
        }
        tried => tried.map_err(|error| {
            format!(
                "cannot be written: no file can be created in its folder {} ({error}); let this user \
                 write there",
                folder.display()
            )
        })?,
    }
    if !file.exists() {
        return Ok(());
    }
    let opened = File::options().read(true).write(true).open(&file);
    opened
        .map(drop)
        .map_err(|error| format!("cannot be opened for writing: {error}"))
}

/// Tries it with a file that is gone at once: nothing else tells for sure. An empty one would find
/// room on a full disk.
fn takes_files(folder: &Path) -> io::Result<()> {
    let probe = folder.join(format!(".damso-check-{}", std::process::id()));
    let written = File::create_new(&probe).and_then(|mut file| file.write_all(&[0; 64 * 1024]));
    let gone = fs::remove_file(&probe);
    written.and(gone)
}

/// Makes the database's file where it is missing, and takes its lock.
pub(super) fn lock(database: &Path) -> Result<File> {
    let said = |error: io::Error| Error::internal(format!("cannot be opened: {error}"));
    // What is in a database is nobody else's; SQLite gives its other files the same mode.
    open_private(database).map_err(said)?;
    let file = open_private(&lock_file(database)).map_err(said)?;
    let locked = file.try_lock().or_else(|_| {
        // `damso check` may have looked at it just now.
        std::thread::sleep(Duration::from_millis(50));
        file.try_lock()
    });
    match locked {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::internal(
            "another Damso server is using this database file: stop it, or set DATABASE_URL to another file",
        )),
        // Some network file systems know no locks; then it is up to the person who runs it.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Opens a file, which is made for its owner alone when it is missing.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Tells whether a Damso has this SQLite file open, also one that is not there any more.
pub fn is_in_use(database: &Path) -> bool {
    let Ok(file) = File::open(lock_file(database)) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}
