//! Threads of the SQLite library that have crashed.
//!
//! Each connection has a thread. When one panics, what it was asked ends like a query that finds
//! nothing, without an error: it must not be taken for that.

use std::{
    sync::{
        Once,
        atomic::{AtomicI64, Ordering},
    },
    thread,
};

/// The beginning of their names.
const WORKER: &str = "sqlite-";

/// For so long after a crash nothing counts as not there, in microseconds.
const DOUBT: i64 = 1_000_000;

/// The time when one crashed last, as all times.
static LAST: AtomicI64 = AtomicI64::new(i64::MIN);

/// Names a connection's thread.
pub(super) fn worker(number: u64) -> String {
    format!("{WORKER}{number}")
}

/// Notices crashes from now on.
pub(super) fn watch() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // This comes before whoever waits for the thread sees its end.
            if thread::current()
                .name()
                .is_some_and(|name| name.starts_with(WORKER))
            {
                LAST.store(crate::time::now(), Ordering::SeqCst);
            }
            before(panic);
        }));
    });
}

/// Tells whether what was not found may be there all the same.
pub fn is_in_doubt() -> bool {
    crate::time::now().saturating_sub(LAST.load(Ordering::SeqCst)) < DOUBT
}

#[cfg(test)]
mod tests {
    use crate::error::Error;

    #[test]
    fn what_a_crashed_thread_was_asked_for_does_not_count_as_missing() {
        super::watch();
        let missing = || Error::from(sqlx::Error::RowNotFound);
        let crash = |name: String| {
            let thread = std::thread::Builder::new().name(name);
            let thread = thread.spawn(|| panic!("for a test")).unwrap();
            assert!(thread.join().is_err());
        };
        crash("another".to_owned());
        assert!(matches!(missing(), Error::NotFound));
        crash(super::worker(1));
        assert!(matches!(missing(), Error::Unavailable(_)));
    }
}
