//! Retries: which failed requests are worth one, and the wait before it.

use super::error::{ModelError, ModelErrorKind};
use std::time::Duration;
use uuid::Uuid;

/// Most retries of a request.
pub(super) const RETRIES: u32 = 3;

/// A server that wants us to wait longer than this is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Returns the wait before the retry with this number, counted from 1; `None` if there is to be none.
/// The wait is what the server asked for, or else a random part of `base`, doubled each time, so that
/// many waiting replies do not come back all at once.
pub(super) fn wait(trouble: &ModelError, number: u32, base: Duration) -> Option<Duration> {
    use ModelErrorKind::*;
    let worth_it = matches!(
        trouble.kind(),
        Unreachable | Overloaded | RateLimited | Silent | CutOff
    );
    if number > RETRIES || !worth_it || trouble.hopeless {
        return None;
    }
    let backoff = (base * 2_u32.pow(number - 1)).mul_f64(random());
    match trouble.retry_after {
        Some(asked) if asked > LONGEST_WAIT => None,
        Some(asked) => Some(asked.max(backoff)),
        None => Some(backoff),
    }
}

/// A number from 0 up to 1.
fn random() -> f64 {
    // The last 62 bits of such an id are random; 32 of them are plenty.
    f64::from(Uuid::new_v4().as_u128() as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::api_key::Secrets;

    #[test]
    fn waits_double_and_end_after_three() {
        let base = Duration::from_secs(1);
        let trouble = ModelError::new(ModelErrorKind::Unreachable, "", &Secrets::default());
        for (number, longest) in [(1, 1), (2, 2), (3, 4)] {
            assert!(wait(&trouble, number, base).unwrap() <= Duration::from_secs(longest));
        }
        assert_eq!(wait(&trouble, 4, base), None);
        let refused = ModelError::new(ModelErrorKind::Refused, "", &Secrets::default());
        assert_eq!(wait(&refused, 1, base), None);
    }

    #[test]
    fn the_server_decides_up_to_a_minute() {
        let limited = |seconds| {
            ModelError::refused(
                429,
                "",
                Some(Duration::from_secs(seconds)),
                &Secrets::default(),
            )
        };
        assert_eq!(
            wait(&limited(60), 1, Duration::from_secs(1)),
            Some(Duration::from_secs(60))
        );
        assert_eq!(wait(&limited(61), 1, Duration::from_secs(1)), None);
        let broke = ModelError::refused(
            429,
            r#"{"error":{"code":"insufficient_quota"}}"#,
            None,
            &Secrets::default(),
        );
        assert_eq!(wait(&broke, 1, Duration::from_secs(1)), None);
    }
}
