//! Password hashing queue and the rate limits.

use super::{client_address::Network, log::TARGET, password::Passwords, rate_limit::Limit};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Tries at signing in count by network, by account and network, and by account, the last with so
/// much room that it takes many networks to use it up. For a browser that has signed in to the
/// account before they count by that browser instead, so that strangers cannot lock its owner out,
/// not those either who share its network.
///
/// A try counts while its password is compared, and the right one gives it back, with the wrong ones
/// before it at the same account: a class that signs in at nine uses up nothing, slips of the pen
/// included.
pub(crate) const BY_NETWORK: Limit = limit("network", 30, 10);
pub(crate) const BY_ACCOUNT: Limit = limit("account", 200, 3);
pub(crate) const BY_ACCOUNT_AND_NETWORK: Limit = limit("account and network", 10, 60);
pub(crate) const BY_DEVICE: Limit = limit("device", 10, 60);

/// Tells whether a limit's keys are of somebody who signs in to an account, not of others as well.
pub(crate) fn is_of_one_person(limit: &Limit) -> bool {
    [BY_ACCOUNT_AND_NETWORK, BY_DEVICE]
        .iter()
        .any(|own| own.what == limit.what)
}

/// New accounts, by network; the burst is a setting.
pub(crate) const REGISTRATIONS: Limit = limit("registrations", 60, 60);

/// Forms for an account, by network: each has a password judged, and tells whether a name is taken.
/// Their burst is twice that of new accounts.
pub(crate) const REGISTRATION_FORMS: Limit = limit("registration forms", 120, 10);

/// New names of an account, each of which tells whether somebody else has it.
pub(crate) const RENAMES: Limit = limit("renames", 20, 60);

const fn limit(what: &'static str, burst: u32, seconds: u64) -> Limit {
    Limit {
        what,
        burst,
        every: Duration::from_secs(seconds),
    }
}

/// The number of limits reached that are remembered before those are forgotten that have passed.
const REMEMBERED: usize = 1_000;

/// The password hashing queue of this process, and the limits that it has logged.
#[derive(Clone, Default)]
pub struct Guard {
    pub(crate) passwords: Passwords,
    /// The limits that were reached, and until when nothing more is said of them.
    told: Arc<Mutex<HashMap<Vec<u8>, Instant>>>,
}

impl Guard {
    /// Says in the log that a limit was reached: once until its burst is there again.
    pub(crate) fn tell(&self, limit: &Limit, key: &str, network: Option<&Network>) {
        if self.is_news(limit, key) {
            let (what, network) = (limit.what, network.map(tracing::field::display));
            tracing::warn!(target: TARGET, event = "limit_reached", limit = what, network);
        }
    }

    fn is_news(&self, limit: &Limit, key: &str) -> bool {
        let now = Instant::now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= REMEMBERED {
            told.retain(|_, until| *until > now);
        }
        if told.len() >= REMEMBERED {
            return false;
        }
        let key = limit.key_hash(key);
        if told.get(&key).is_some_and(|until| *until > now) {
            return false;
        }
        told.insert(key, now + limit.window());
        true
    }
}
