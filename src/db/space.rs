//! The room that is left where an SQLite file is. When there is none nothing can be kept, so it is
//! told before.

use super::{Db, files};
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const MB: u64 = 1_000_000;
const GB: u64 = 1_000 * MB;

/// The time for which a look is good.
const FRESH: Duration = Duration::from_millis(500);

/// The time between two looks while nobody asks.
const LOOK: Duration = Duration::from_secs(10);

/// The room that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskSpace {
    /// Less than 1 %: what is left is for what runs.
    None,
    /// Less than 5 %, or than 100 MB.
    Low,
    /// More, or it cannot be told.
    Enough,
}

impl DiskSpace {
    /// By how many bytes are free, and how many there are in all. On a large disk it is not parts of
    /// it that count: this much is enough anywhere.
    fn of(free: u64, all: u64) -> Self {
        if free < (all / 100).min(GB) {
            Self::None
        } else if free < 100 * MB || free < (all / 20).min(5 * GB) {
            Self::Low
        } else {
            Self::Enough
        }
    }
}

/// Watches the room around a file.
#[derive(Debug)]
pub(super) struct Space {
    folder: PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    room: DiskSpace,
    at: Option<Instant>,
    /// The one that the log was told last.
    told: DiskSpace,
    /// Taken for what the system says; for tests.
    pretended: Option<(u64, u64)>,
}

impl Space {
    pub(super) fn around(file: &Path) -> Self {
        Self {
            folder: files::folder(&files::real(file)).to_owned(),
            seen: Mutex::new(Seen {
                room: DiskSpace::Enough,
                at: None,
                told: DiskSpace::Enough,
                pretended: None,
            }),
        }
    }

    fn room(&self) -> DiskSpace {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.at.is_some_and(|at| at.elapsed() < FRESH) {
            return seen.room;
        }
        let found = seen.pretended.or_else(|| free(&self.folder));
        seen.room = found.map_or(DiskSpace::Enough, |(free, all)| DiskSpace::of(free, all));
        seen.at = Some(Instant::now());
        if seen.room != seen.told {
            seen.told = seen.room;
            tell(seen.room, &self.folder, found);
        }
        seen.room
    }
}

/// Once for each change.
fn tell(room: DiskSpace, folder: &Path, found: Option<(u64, u64)>) {
    let folder = folder.display();
    let free = found.map_or(0, |(free, _)| free / MB);
    match room {
        DiskSpace::Enough => tracing::info!(%folder, "enough disk space again: {free} MB free"),
        DiskSpace::Low => tracing::warn!(%folder, "low disk space: {free} MB free"),
        DiskSpace::None => tracing::error!(
            %folder,
            "out of disk space: {free} MB free; new messages are refused until there is more"
        ),
    }
}

/// Counts the bytes that are free for us on the disk that a folder is on, and those that it has.
#[cfg(unix)]
pub fn free(folder: &Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    // Some file systems do not say how large they are.
    let free = disk.f_bavail.checked_mul(disk.f_frsize)?;
    let all = disk.f_blocks.checked_mul(disk.f_frsize)?;
    (all > 0).then_some((free, all))
}

#[cfg(not(unix))]
pub fn free(_: &Path) -> Option<(u64, u64)> {
    None
}

/// Looks how much room there is for an SQLite file, as `damso check` tells it.
pub fn disk_space_for(file: &Path) -> Option<(DiskSpace, u64)> {
    let (free, all) = free(files::folder(&files::real(file)))?;
    Some((DiskSpace::of(free, all), free / MB))
}

impl Db {
    /// The room that is left for what is to be kept, as far as it can be told: that on a server's disk
    /// cannot.
    pub fn disk_space(&self) -> DiskSpace {
        let sqlite = self.sqlite.as_ref();
        sqlite.map_or(DiskSpace::Enough, |sqlite| sqlite.space.room())
    }

    /// Takes these numbers of free and of all bytes for true from now on. For tests.
    pub fn pretend_disk_space(&self, pretended: Option<(u64, u64)>) {
        if let Some(sqlite) = &self.sqlite {
            let seen = sqlite.space.seen.lock();
            let mut seen = seen.unwrap_or_else(PoisonError::into_inner);
            seen.pretended = pretended;
            seen.at = None;
        }
    }

    /// Has the log told of the room for as long as the database is open, also while nobody asks.
    pub(super) async fn watch_disk_space(self) {
        while !self.is_closed() {
            self.disk_space();
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_disks_are_full_by_their_parts_and_large_ones_by_what_is_left() {
        for (free, all, room) in [
            (0, 64 * MB, DiskSpace::None),
            (639_999, 64 * MB, DiskSpace::None),
            (640_000, 64 * MB, DiskSpace::Low),
            (64 * MB, 64 * MB, DiskSpace::Low),
            (99 * MB, 9 * GB, DiskSpace::Low),
            (89 * MB, 9 * GB, DiskSpace::None),
            (449 * MB, 9 * GB, DiskSpace::Low),
            (451 * MB, 9 * GB, DiskSpace::Enough),
            (999 * MB, 4_000 * GB, DiskSpace::None),
            (2 * GB, 4_000 * GB, DiskSpace::Low),
            (6 * GB, 4_000 * GB, DiskSpace::Enough),
        ] {
            assert_eq!(DiskSpace::of(free, all), room, "{free} of {all}");
        }
    }
}
