//! Batches updates: every reply publishes at the same instants, so one thread wake-up serves all of
//! them (a wake-up costs more than rendering).

use std::{sync::LazyLock, time::Duration};
use tokio::time::Instant;

/// All ticks are counted from here.
static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);

/// With so many replies threads that write rest between ticks: each would be woken all the time.
const MANY: usize = 50;

/// Returns the length of a tick while so many replies run in this process. Every tick costs each
/// reply a rendering and each reader a system call, so the more there are, the longer it is: with
/// 200 replies a reader still has each token within 90 ms, and with 1,000 on two cores within 230
/// ms (99 of 100 times).
pub(crate) fn length(running: usize) -> Duration {
    Duration::from_millis(match running {
        0..MANY => 50,
        MANY..400 => 80,
        _ => 120,
    })
}

/// The beginning of the tick that comes so many after the one with this moment.
pub(crate) fn after(moment: Instant, ticks: usize, running: usize) -> Instant {
    let length = length(running);
    let passed = moment.saturating_duration_since(*FIRST).as_nanos() / length.as_nanos();
    let ticks = passed + ticks as u128;
    *FIRST + length * u32::try_from(ticks).unwrap_or(u32::MAX)
}

/// Delay after the tick at which a thread has rested: timers are up to a millisecond late.
const LATER: Duration = Duration::from_millis(2);

/// Returns how long a thread that has nothing left to do rests before it looks for more.
pub(crate) fn rest(running: usize) -> Duration {
    if running < MANY {
        return Duration::ZERO;
    }
    let now = Instant::now();
    after(now, 1, running) + LATER - now
}
