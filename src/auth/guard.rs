//! What guards the doors: hashing in turns, and limits on tries.

use super::{limit::Limit, password::Passwords};
use std::time::Duration;

/// Tries at signing in count by network, by account and network, and by account, the last with so
/// much room that it takes many networks to use it up. For a browser that has signed in to the
/// account before they count by that browser instead, so that strangers cannot lock its owner out.
pub(super) const BY_NETWORK: Limit = limit("network", 30, 10);
pub(super) const BY_ACCOUNT: Limit = limit("account", 200, 3);
pub(super) const BY_ACCOUNT_AND_NETWORK: Limit = limit("account and network", 10, 60);
pub(super) const BY_DEVICE: Limit = limit("device", 10, 60);

/// New accounts, by network.
pub(super) const REGISTRATIONS: Limit = limit("registrations", 20, 60);

/// New names of an account, each of which tells whether somebody else has it.
pub(super) const RENAMES: Limit = limit("renames", 20, 60);

const fn limit(what: &'static str, burst: u32, seconds: u64) -> Limit {
    Limit {
        what,
        burst,
        every: Duration::from_secs(seconds),
    }
}

/// What guards the doors within this process: hashing in turns.
#[derive(Clone, Default)]
pub struct Guard {
    pub(super) passwords: Passwords,
}
