//! Limits on how often something may be tried.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// When more keys than this are known, those that are fresh again are forgotten.
const MANY_KEYS: usize = 50_000;

/// At most `burst` tries at once for each key, then one more every `every` (GCRA: all that is
/// kept for a key is the instant at which its whole burst is there again).
pub struct Limit<K> {
    every: Duration,
    burst: u32,
    fresh_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq> Limit<K> {
    /// A limit that nobody has used yet.
    pub fn new(burst: u32, every: Duration) -> Self {
        Self {
            every,
            burst,
            fresh_at: Mutex::default(),
        }
    }

    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait, when there have been too many; such a try does not count.
    pub fn check(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut fresh_at = self.fresh_at.lock().unwrap_or_else(PoisonError::into_inner);
        if fresh_at.len() >= MANY_KEYS {
            fresh_at.retain(|_, fresh| *fresh > now);
        }
        let fresh = fresh_at.get(&key).copied().unwrap_or(now).max(now) + self.every;
        let wait = fresh.saturating_duration_since(now + self.every * self.burst);
        if !wait.is_zero() {
            return Err(wait);
        }
        fresh_at.insert(key, fresh);
        Ok(())
    }

    /// Forgets the tries of a key, after one that was right.
    pub fn forget(&self, key: &K) {
        self.fresh_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_a_trickle() {
        let (limit, start) = (Limit::new(3, Duration::from_secs(10)), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!((0..3).all(|_| limit.check("a", start).is_ok()));
        assert_eq!(limit.check("a", start), Err(Duration::from_secs(10)));
        assert!(limit.check("b", start).is_ok());
        assert!(limit.check("a", after(10)).is_ok());
        assert!(limit.check("a", after(11)).is_err());
        limit.forget(&"a");
        assert!(limit.check("a", after(11)).is_ok());
    }
}
