//! When a failed request is worth another try, and how long to wait before it.

use super::trouble::{Trouble, TroubleKind};
use http::{HeaderMap, header};
use std::time::{Duration, SystemTime};
use uuid::Uuid;

/// How often a request is sent again, at most.
pub(super) const RETRIES: u32 = 3;

/// A server that wants us to wait longer than this is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long to wait before the retry with this number, counted from 1; `None` if there is to be none.
/// The wait is what the server asked for, or else a random part of `base`, doubled each time, so that
/// many waiting replies do not come back all at once.
pub(super) fn wait(trouble: &Trouble, number: u32, base: Duration) -> Option<Duration> {
    use TroubleKind::*;
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

/// What `Retry-After` asks for: seconds, or a date, which is measured by the server's own clock if it tells.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let asked = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let now = text(header::DATE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

/// A number from 0 up to 1.
fn random() -> f64 {
    // The last 62 bits of such an id are random; 32 of them are plenty.
    f64::from(Uuid::new_v4().as_u128() as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::secret::Secret;

    fn asked(pairs: &[(header::HeaderName, &str)]) -> Option<Duration> {
        retry_after(
            &pairs
                .iter()
                .map(|(name, value)| (name.clone(), value.parse().unwrap()))
                .collect(),
        )
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = (header::DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        let at = |value| (header::RETRY_AFTER, value);
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&[at("7")]), Some(Duration::from_secs(7)));
        assert_eq!(asked(&[at("0.5")]), Some(Duration::from_millis(500)));
        assert_eq!(
            asked(&[date.clone(), at("Sun, 06 Nov 1994 08:50:37 GMT")]),
            Some(Duration::from_secs(60))
        );
        assert_eq!(
            asked(&[date, at("Sun, 06 Nov 1994 08:00:00 GMT")]),
            Some(Duration::ZERO)
        );
        for nonsense in [
            "",
            "-1",
            "soon",
            "NaN",
            "inf",
            "1e300",
            "99999999999999999999999",
        ] {
            assert_eq!(asked(&[at(nonsense)]), None, "{nonsense}");
        }
    }

    #[test]
    fn waits_double_and_end_after_three() {
        let base = Duration::from_secs(1);
        let trouble = Trouble::new(TroubleKind::Unreachable, "", &Secret::default());
        for (number, longest) in [(1, 1), (2, 2), (3, 4)] {
            assert!(wait(&trouble, number, base).unwrap() <= Duration::from_secs(longest));
        }
        assert_eq!(wait(&trouble, 4, base), None);
        let refused = Trouble::new(TroubleKind::Refused, "", &Secret::default());
        assert_eq!(wait(&refused, 1, base), None);
    }

    #[test]
    fn the_server_decides_up_to_a_minute() {
        let limited = |seconds| {
            Trouble::refused(
                429,
                "",
                Some(Duration::from_secs(seconds)),
                &Secret::default(),
            )
        };
        assert_eq!(
            wait(&limited(60), 1, Duration::from_secs(1)),
            Some(Duration::from_secs(60))
        );
        assert_eq!(wait(&limited(61), 1, Duration::from_secs(1)), None);
        let broke = Trouble::refused(
            429,
            r#"{"error":{"code":"insufficient_quota"}}"#,
            None,
            &Secret::default(),
        );
        assert_eq!(wait(&broke, 1, Duration::from_secs(1)), None);
    }
}
