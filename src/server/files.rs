//! The number of files and sockets that the system lets this process have open.

/// Files that are kept back: the database's, those of the program itself, and what is open for a moment.
const KEPT_BACK: usize = 96;

/// With fewer connections than this a class of pupils can be too many, which is worth a warning.
const FEW: usize = 500;

/// Raises the limit on open files as far as it goes. How many connections there may be then, of so
/// many that are wanted: each needs a file, and each running reply one for the model server.
pub(super) fn room_for_connections(wanted: usize, replies: usize) -> usize {
    let files = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => usize::try_from(files).unwrap_or(usize::MAX),
        Err(error) => {
            tracing::warn!(%error, "could not read the limit on open files");
            return wanted;
        }
    };
    let room = room(files, wanted, replies);
    if room < wanted.min(FEW) {
        tracing::warn!(
            "only {room} connections can be open at once, because this process may open only {files} files: \
             raise that limit (ulimit -n, LimitNOFILE)"
        );
    }
    room
}

fn room(files: usize, wanted: usize, replies: usize) -> usize {
    let kept_back = KEPT_BACK + replies.min(files / 4);
    wanted.min(files.saturating_sub(kept_back)).max(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_files_are_always_kept_back() {
        for (files, wanted, replies, room_left) in [
            (1_024, 10_000, 1_000, 672),
            (1_024, 10_000, 10, 918),
            (1_024, 100, 1_000, 100),
            (256, 10_000, 1_000, 96),
            (64, 10_000, 1_000, 8),
            (1_000_000, 10_000, 1_000, 10_000),
        ] {
            assert_eq!(room(files, wanted, replies), room_left, "{files} {wanted}");
        }
    }
}
