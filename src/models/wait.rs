//! The time that servers ask to wait: in headers, in the fields of an error, in its words.

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Names of headers and fields that say how long to wait, in small letters alone.
const ASKING: [&str; 10] = [
    "retryafter",
    "retryaftersec",
    "retryafterseconds",
    "retryin",
    "retryinseconds",
    "retrydelay",
    "waitseconds",
    "waittime",
    "resetinseconds",
    "estimatedtime",
];

/// The same in milliseconds.
const ASKING_MS: [&str; 3] = ["retryafterms", "xmsretryafterms", "retryinms"];

/// The longest length of time that is read.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// Reads how long an answer's headers ask to wait, by the server's own names and those under which a
/// gateway hands them on. Without any, those of a rate limit count where that is what the status says.
pub(super) fn in_headers(status: u16, headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?.trim();
        (!value.is_empty()).then_some(value)
    };
    // A date is measured by the server's own clock if it tells.
    let date = |text: &str| httpdate::parse_http_date(text).ok();
    let now = text("date").and_then(date).unwrap_or_else(SystemTime::now);
    for of in ["", "llm_provider-"] {
        let exact = ["retry-after-ms", "x-ms-retry-after-ms"].iter();
        let exact = exact.filter_map(|name| milliseconds(text(&format!("{of}{name}"))?));
        let mut asked = ["retry-after", "x-retry-after"]
            .iter()
            .filter_map(|name| text(&format!("{of}{name}")))
            .filter_map(|asked| length_or_until(asked, now));
        if let Some(wait) = exact.into_iter().next().or_else(|| asked.next()) {
            return Some(wait);
        }
    }
    (status == 429).then(|| limit(&text, now)).flatten()
}

/// Reads how long it is until a rate limit's count begins anew: of those that are used up the last one,
/// else the first of those of which nothing more is known.
fn limit<'a>(text: &impl Fn(&str) -> Option<&'a str>, now: SystemTime) -> Option<Duration> {
    const OF: [&str; 8] = [
        "x-ratelimit-{}-requests",
        "x-ratelimit-{}-tokens",
        "x-ratelimit-{}",
        "x-rate-limit-{}",
        "ratelimit-{}",
        "anthropic-ratelimit-requests-{}",
        "anthropic-ratelimit-tokens-{}",
        "anthropic-ratelimit-input-tokens-{}",
    ];
    let (mut used_up, mut unknown) = (None, None);
    for name in OF {
        let Some(wait) =
            text(&name.replace("{}", "reset")).and_then(|reset| length_or_until(reset, now))
        else {
            continue;
        };
        let left = text(&name.replace("{}", "remaining")).and_then(|left| left.parse::<f64>().ok());
        match left {
            Some(left) if left > 0.0 => {}
            Some(_) => used_up = used_up.max(Some(wait)),
            None => unknown = Some(unknown.map_or(wait, |first: Duration| first.min(wait))),
        }
    }
    used_up.or(unknown)
}

/// Reads how long the field of an error asks to wait, its name in small letters alone.
pub(super) fn in_field(name: &str, value: &serde_json::Value) -> Option<Duration> {
    let text = match value {
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let is_reset = name.starts_with("xratelimitreset") || name.starts_with("ratelimitreset");
    match name {
        name if ASKING_MS.contains(&name) => milliseconds(&text),
        name if is_reset || ASKING.contains(&name) => length_or_until(&text, SystemTime::now()),
        _ => None,
    }
}

/// Reads how long the words ask to wait, which are in lower case.
pub(super) fn in_words(words: &str) -> Option<Duration> {
    const BEFORE: [&str; 11] = [
        "again in ",
        "again after ",
        "retry in ",
        "retry after ",
        "retry-after: ",
        "retry_after: ",
        "wait ",
        "resets in ",
        "reset in ",
        "reset after ",
        "available in ",
    ];
    const FILLING: [&str; 9] = [
        "for",
        "at",
        "least",
        "about",
        "approximately",
        "another",
        "around",
        "~",
        "up",
    ];
    let asked = |before: &str| {
        let after = words
            .match_indices(before)
            .map(|(at, _)| &words[at + before.len()..]);
        let mut after = after.map(|after| {
            after
                .split_whitespace()
                .skip_while(|word| FILLING.contains(word))
                .map(|word| {
                    word.trim_matches(['.', ',', ')', '(', ';', ':', '"', '\'', '!', '`', '~'])
                })
        });
        after.find_map(|mut parts| {
            let (first, unit) = (parts.next()?, parts.next().unwrap_or_default());
            let unit = match unit {
                "ms" | "millis" | "millisecond" | "milliseconds" => "ms",
                "minute" | "minutes" | "min" | "mins" | "m" => "m",
                "hour" | "hours" | "h" | "hr" | "hrs" => "h",
                "second" | "seconds" | "sec" | "secs" | "s" => "s",
                // `after 3 attempts` is no length of time.
                "attempt" | "attempts" | "tries" | "retries" | "times" | "requests" | "days" => {
                    return None;
                }
                _ => "",
            };
            match first.parse::<f64>() {
                Ok(_) => length(&format!("{first}{unit}")),
                Err(_) => length(first),
            }
        })
    };
    BEFORE
        .iter()
        .find_map(|before| asked(before))
        .or_else(|| in_other_words(words))
}

/// The same in Chinese, Japanese and Korean: `请在3秒后重试`, `3초 후`.
fn in_other_words(words: &str) -> Option<Duration> {
    const AGAIN: [&str; 9] = ["后", "後", "후", "뒤", "等待", "待", "기다", "重试", "다시"];
    const UNITS: [(&str, u64); 5] = [("秒", 1), ("초", 1), ("分钟", 60), ("分", 60), ("분", 60)];
    let asks = AGAIN.iter().any(|again| words.contains(again));
    UNITS.iter().filter(|_| asks).find_map(|(unit, seconds)| {
        let before = words[..words.find(unit)?].trim_end();
        let digits = before.len() - before.bytes().rev().take_while(u8::is_ascii_digit).count();
        let number: u64 = before[digits..].parse().ok()?;
        Some(Duration::from_secs(number.checked_mul(*seconds)?))
    })
}

fn length_or_until(text: &str, now: SystemTime) -> Option<Duration> {
    length(text).or_else(|| until(text, now))
}

fn milliseconds(text: &str) -> Option<Duration> {
    let ms: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(ms / 1_000.0).ok()
}

/// A length of time: seconds, or parts with units as `1m0s`, `500ms`, `3 seconds`, `PT3S`.
fn length(text: &str) -> Option<Duration> {
    let (mut rest, mut sum) = (text, 0.0);
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|wait| *wait <= LONGEST);
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let number = end.and_then(|end| rest[..end].parse::<f64>().ok());
        let (Some(end), Some(number)) = (end, number) else {
            return written_out(text);
        };
        rest = &rest[end..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.');
        let end = end.unwrap_or(rest.len());
        sum += number
            * match &rest[..end] {
                "d" => 86_400.0,
                "h" => 3_600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                "us" | "µs" => 0.000_001,
                _ => return written_out(text),
            };
        rest = &rest[end..];
    }
    (!text.is_empty())
        .then(|| Duration::try_from_secs_f64(sum).ok())
        .flatten()
}

fn written_out(text: &str) -> Option<Duration> {
    let length: SignedDuration = text.parse().ok()?;
    Duration::try_from(length).ok()
}

/// Reads how long it is until a moment: a date of HTTP's or ISO's, or a number of seconds or
/// milliseconds since 1970.
fn until(text: &str, now: SystemTime) -> Option<Duration> {
    let since_1970 = |length: Option<Duration>| Some(UNIX_EPOCH + length?);
    let moment = match text.parse::<f64>() {
        Ok(ms) if ms >= 1e12 => since_1970(Duration::try_from_secs_f64(ms / 1_000.0).ok()),
        Ok(seconds) if seconds >= 1e9 => since_1970(Duration::try_from_secs_f64(seconds).ok()),
        Ok(_) => None,
        Err(_) => httpdate::parse_http_date(text).ok().or_else(|| {
            let ms = text.parse::<Timestamp>().ok()?.as_millisecond();
            since_1970(u64::try_from(ms).ok().map(Duration::from_millis))
        }),
    };
    let wait = moment?.duration_since(now).unwrap_or_default();
    (wait <= LONGEST).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Option<Duration> {
        Some(Duration::from_millis(ms))
    }

    fn asked(pairs: &[(&str, &str)]) -> Option<Duration> {
        let pairs = pairs.iter().map(|(name, value)| {
            let name: http::HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        });
        in_headers(429, &pairs.collect())
    }

    #[test]
    fn headers_tell_seconds_lengths_and_dates() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(asked(&[]), None);
        for (name, text, wait) in [
            ("retry-after", "7", ms(7_000)),
            ("retry-after", "0.5", ms(500)),
            ("retry-after", "60s", ms(60_000)),
            ("retry-after", "3 seconds", ms(3_000)),
            ("retry-after", "60 s", ms(60_000)),
            ("retry-after", "PT3S", ms(3_000)),
            ("retry-after", "1m0s", ms(60_000)),
            ("retry-after", "1h0m0.5s", ms(3_600_500)),
            ("retry-after", "800ms", ms(800)),
            ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT", ms(60_000)),
            ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT", ms(0)),
            ("retry-after", "1994-11-06T08:49:40Z", ms(3_000)),
            ("retry-after", "784111780", None),
            ("x-retry-after", "3", ms(3_000)),
            ("retry-after-ms", "20000", ms(20_000)),
            (
                "retry-after-ms",
                "12.5",
                Some(Duration::from_micros(12_500)),
            ),
            ("x-ms-retry-after-ms", "3000", ms(3_000)),
            ("llm_provider-retry-after", "7", ms(7_000)),
            ("llm_provider-retry-after-ms", "70", ms(70)),
            ("x-ratelimit-reset-tokens", "3s", ms(3_000)),
            ("x-ratelimit-reset-requests", "6m0s", ms(360_000)),
            ("x-ratelimit-reset", "3", ms(3_000)),
            ("ratelimit-reset", "3", ms(3_000)),
            (
                "anthropic-ratelimit-tokens-reset",
                "1994-11-06T08:49:40Z",
                ms(3_000),
            ),
        ] {
            assert_eq!(asked(&[date, (name, text)]), wait, "{name}: {text}");
        }
        for nonsense in [
            "",
            "-1",
            "soon",
            "NaN",
            "inf",
            "1e300",
            "99999999999999999999999",
            "1y",
            "s",
            "1.2.3s",
            "-3 seconds",
            "PT",
        ] {
            assert_eq!(asked(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
        let exact = ("retry-after-ms", "900");
        assert_eq!(asked(&[("retry-after", "1"), exact]), ms(900));
    }

    #[test]
    fn of_several_limits_the_one_counts_that_is_used_up() {
        let requests = ("x-ratelimit-reset-requests", "8h");
        let tokens = ("x-ratelimit-reset-tokens", "3s");
        assert_eq!(asked(&[requests, tokens]), ms(3_000));
        let left = ("x-ratelimit-remaining-requests", "99");
        assert_eq!(asked(&[requests, left]), None);
        let (none, few) = (
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-remaining-tokens", "9"),
        );
        assert_eq!(asked(&[requests, none, tokens, few]), ms(8 * 3_600_000));
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-ratelimit-reset"),
            http::HeaderValue::from_static("3"),
        )]);
        // Many an answer carries it.
        assert_eq!(in_headers(500, &headers), None);
    }

    #[test]
    fn words_ask_to_wait() {
        for (words, time) in [
            ("please try again in 7.66s.", ms(7_660)),
            ("try again in 1m3.5s", ms(63_500)),
            ("retry after 20 seconds", ms(20_000)),
            ("please wait 3 seconds", ms(3_000)),
            ("please wait for at least 3 seconds.", ms(3_000)),
            ("wait about 3s before retrying", ms(3_000)),
            ("try again after 3s", ms(3_000)),
            ("try again in 2 minutes", ms(120_000)),
            ("try again in 1 hour", ms(3_600_000)),
            ("try again in 20ms.", ms(20)),
            ("the limit resets in 3 seconds", ms(3_000)),
            ("retry after 3", ms(3_000)),
            ("请在3秒后重试", ms(3_000)),
            ("3초 후에 다시 시도하세요", ms(3_000)),
            ("failed. try again after 3 attempts", None),
            ("wait a moment", None),
            ("try again in a while", None),
            ("try again", None),
        ] {
            assert_eq!(in_words(words), time, "{words}");
        }
    }

    #[test]
    fn fields_ask_to_wait() {
        for (name, value, time) in [
            ("retryafter", "3", ms(3_000)),
            ("retryafter", "\"3s\"", ms(3_000)),
            ("retryafterms", "300", ms(300)),
            ("estimatedtime", "20.5", ms(20_500)),
            ("retrydelay", "\"3s\"", ms(3_000)),
            ("xratelimitreset", "\"1\"", ms(1_000)),
            // Long ago.
            ("xratelimitreset", "\"1741305600000\"", ms(0)),
            ("retryafter", "null", None),
            ("limit", "3", None),
        ] {
            let value = serde_json::from_str(value).unwrap();
            assert_eq!(in_field(name, &value), time, "{name}: {value}");
        }
    }
}
