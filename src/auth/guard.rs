//! What guards the doors: hashing in turns, and limits on tries.

use super::{limit::Limit, password::Passwords};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::sync::watch;

/// What guards the doors: hashing in turns, and limits on tries.
#[derive(Clone)]
pub struct Guard {
    pub(super) passwords: Passwords,
    pub(super) tries: Arc<Tries>,
    /// Counts sign-outs, for what stays open.
    pub(super) sign_outs: watch::Sender<u64>,
}

/// Tries at signing in count by network, by account and network, and by account, the last with so
/// much room that it takes many networks to use it up. For a browser that has signed in to the
/// account before they count by that browser instead, so that strangers cannot lock its owner out.
pub(super) struct Tries {
    pub(super) by_network: Limit<IpAddr>,
    pub(super) by_account: Limit<String>,
    pub(super) by_account_and_network: Limit<(String, IpAddr)>,
    pub(super) by_device: Limit<(String, String)>,
    pub(super) registrations: Limit<IpAddr>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            passwords: Passwords::default(),
            sign_outs: watch::Sender::new(0),
            tries: Arc::new(Tries {
                by_network: Limit::new(30, Duration::from_secs(10)),
                by_account: Limit::new(200, Duration::from_secs(3)),
                by_account_and_network: Limit::new(10, Duration::from_secs(60)),
                by_device: Limit::new(10, Duration::from_secs(60)),
                registrations: Limit::new(20, Duration::from_secs(60)),
            }),
        }
    }
}
