//! The allocator, and what it gives back to the system.

use mimalloc::MiMalloc;
use std::{thread, time::Duration};
use tokio::time::interval;

/// Thousands of small pieces of memory come and go on several threads, for each of which GNU's C
/// library keeps a heap of its own: with this allocator an open stream costs a third, and a token a
/// tenth less CPU.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

/// The time between two times that memory is given back.
const EVERY: Duration = Duration::from_secs(15);

/// Gives memory that was freed a while ago back to the system, now and then, for ever.
///
/// The allocator does so by itself, but only while it is asked for more; after a flood it may not be.
/// It looks through everything when a thread ends, so one is begun for that.
pub async fn give_back() {
    let mut tick = interval(EVERY);
    loop {
        tick.tick().await;
        let looking = thread::Builder::new().spawn(|| drop(Vec::<u8>::with_capacity(1)));
        if let Err(error) = looking {
            tracing::debug!(%error, "could not return memory to the system");
        }
    }
}
