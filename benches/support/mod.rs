//! What the benchmarks share: processes that are measured, people who use them, and a table of
//! figures.

pub mod person;
pub mod report;
pub mod server;

use std::time::{SystemTime, UNIX_EPOCH};

/// The present time in microseconds, the same in every process of this machine.
pub fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
