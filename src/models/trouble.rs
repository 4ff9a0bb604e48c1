//! What can go wrong between us and a model server, in words that are safe to log and to store.

use super::{options::Parameter, secret::Secret};
use serde_json::Value;
use std::{error::Error, fmt, str::FromStr, time::Duration};

/// How much of what a server said is kept, in characters.
const SAID: usize = 300;

/// Why a reply failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// The server wants a key, or another one (401, 403).
    WrongKey,
    /// The server has no such model, or nothing at this address (404).
    UnknownModel,
    /// The conversation does not fit into the model's context.
    TooLong,
    /// Too many requests, or no credit left (429), also after the retries.
    RateLimited,
    /// No connection to the server.
    Unreachable,
    /// The server cannot answer just now (5xx).
    Overloaded,
    /// The server is connected but says nothing for too long.
    Silent,
    /// The connection ended before the reply did.
    CutOff,
    /// The reply is larger than we take.
    TooLarge,
    /// The server does not accept the request (any other 4xx).
    Refused,
    /// The answer is not a reply at all: a web page, an unreadable stream.
    Garbled,
    /// The server reported an error in the middle of its answer.
    Reported,
    /// The model does not accept what was set.
    Rejects(Parameter),
}

impl TroubleKind {
    /// Every kind, so that whoever translates them can prove that none is missing.
    pub const ALL: [Self; 16] = [
        Self::WrongKey,
        Self::UnknownModel,
        Self::TooLong,
        Self::RateLimited,
        Self::Unreachable,
        Self::Overloaded,
        Self::Silent,
        Self::CutOff,
        Self::TooLarge,
        Self::Refused,
        Self::Garbled,
        Self::Reported,
        Self::Rejects(Parameter::Temperature),
        Self::Rejects(Parameter::TopP),
        Self::Rejects(Parameter::MaxTokens),
        Self::Rejects(Parameter::Effort),
    ];

    /// The code that is stored in the database; it never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongKey => "wrong_key",
            Self::UnknownModel => "unknown_model",
            Self::TooLong => "too_long",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Overloaded => "overloaded",
            Self::Silent => "silent",
            Self::CutOff => "cut_off",
            Self::TooLarge => "too_large",
            Self::Refused => "refused",
            Self::Garbled => "garbled",
            Self::Reported => "reported",
            Self::Rejects(Parameter::Temperature) => "rejects_temperature",
            Self::Rejects(Parameter::TopP) => "rejects_top_p",
            Self::Rejects(Parameter::MaxTokens) => "rejects_max_tokens",
            Self::Rejects(Parameter::Effort) => "rejects_effort",
        }
    }
}

impl fmt::Display for TroubleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A code that is no [`TroubleKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of trouble")]
pub struct UnknownKind;

impl FromStr for TroubleKind {
    type Err = UnknownKind;

    fn from_str(code: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == code)
            .ok_or(UnknownKind)
    }
}

/// Why a reply failed, with what the server said about it. Its text holds no key, no control
/// characters and at most 300 characters of the server's words; it is for the log, in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    kind: TroubleKind,
    said: String,
    /// How long the server wants us to wait.
    pub(super) retry_after: Option<Duration>,
    /// Waiting changes nothing, whatever the kind says.
    pub(super) hopeless: bool,
}

impl Trouble {
    /// Trouble of that kind. What was said is cleaned here, with the key, so that nobody can forget to.
    pub(super) fn new(kind: TroubleKind, said: &str, key: &Secret) -> Self {
        let printable: String = said
            .chars()
            .map(|c| if is_unprintable(c) { ' ' } else { c })
            .collect();
        let words = printable.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = key.redact(&words).chars().take(SAID).collect();
        Self {
            kind,
            said,
            retry_after: None,
            hopeless: false,
        }
    }

    /// An answer with a status that is not a success, and the beginning of its body.
    pub(super) fn refused(
        status: u16,
        body: &str,
        retry_after: Option<Duration>,
        key: &Secret,
    ) -> Self {
        let said = message(body);
        let kind = kind_of_words(body, status).unwrap_or(match status {
            401 | 403 => TroubleKind::WrongKey,
            404 => TroubleKind::UnknownModel,
            413 => TroubleKind::TooLong,
            429 => TroubleKind::RateLimited,
            408 | 500.. => TroubleKind::Overloaded,
            400..500 => TroubleKind::Refused,
            _ => TroubleKind::Garbled,
        });
        let mut trouble = Self::new(kind, &format!("status {status}: {said}"), key);
        trouble.retry_after = retry_after;
        // OpenAI answers 429 when an account has no credit left, too.
        trouble.hopeless = body.contains("insufficient_quota");
        trouble
    }

    /// An error that came as a part of the answer. Its code or words may tell more than that it was reported.
    pub(super) fn reported(error: &Value, key: &Secret) -> Self {
        let text = error.to_string();
        let code = [&error["code"], &error["status"], &error["status_code"]]
            .iter()
            .find_map(|v| v.as_u64());
        let kind = kind_of_words(&text, 400).unwrap_or(match code {
            Some(401 | 403) => TroubleKind::WrongKey,
            Some(404) => TroubleKind::UnknownModel,
            Some(413) => TroubleKind::TooLong,
            Some(429) => TroubleKind::RateLimited,
            _ => TroubleKind::Reported,
        });
        Self::new(kind, &message(&text), key)
    }

    /// The same trouble, now that more is known of it.
    pub(super) fn that_is(mut self, kind: TroubleKind) -> Self {
        self.kind = kind;
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> TroubleKind {
        self.kind
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.said)
    }
}

impl Error for Trouble {}

/// What a person should read of an error: `error.message`, `message`, `detail`, or its text.
pub(super) fn message(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(value) => {
            let error = if value["error"].is_null() {
                &value
            } else {
                &value["error"]
            };
            let words = [error, &error["message"], &error["detail"]]
                .into_iter()
                .find_map(Value::as_str);
            words.map_or_else(|| error.to_string(), str::to_owned)
        }
        Err(_) if body.trim_start().starts_with('<') => "a web page".to_owned(),
        Err(_) => body.to_owned(),
    }
}

/// An error with its causes, one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// Servers say the same two things with many statuses: that the model is not there, and that the
/// conversation is too long for it.
fn kind_of_words(body: &str, status: u16) -> Option<TroubleKind> {
    const TOO_LONG: [&str; 9] = [
        "context_length_exceeded",
        "exceed_context_size",
        "string_above_max_length",
        "context length",
        "context size",
        "context window",
        "prompt is too long",
        "input is too long",
        "too many tokens",
    ];
    if matches!(status, 401 | 403 | 429) {
        return None;
    }
    let words = body.to_lowercase();
    let no_model = words.contains("model")
        && ["not found", "does not exist"]
            .iter()
            .any(|w| words.contains(w));
    if TOO_LONG.iter().any(|w| words.contains(w)) {
        Some(TroubleKind::TooLong)
    } else if no_model || words.contains("model_not_found") {
        Some(TroubleKind::UnknownModel)
    } else {
        None
    }
}

/// Control characters, and those that turn or hide text.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_code_that_leads_back_to_it() {
        for kind in TroubleKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("nonsense".parse::<TroubleKind>(), Err(UnknownKind));
    }

    #[test]
    fn what_servers_say_is_sorted() {
        use TroubleKind::*;
        for (status, body, kind) in [
            (
                401,
                r#"{"error":{"message":"bad key","code":"invalid_api_key"}}"#,
                WrongKey,
            ),
            (403, "model not found", WrongKey),
            (404, r#"{"detail":"Not Found"}"#, UnknownModel),
            (404, r#"{"error":"model 'x' not found"}"#, UnknownModel),
            (404, "<html>nginx</html>", UnknownModel),
            (
                400,
                r#"{"error":{"message":"The model `x` does not exist","code":null}}"#,
                UnknownModel,
            ),
            (
                400,
                r#"{"error":{"message":"…","code":"context_length_exceeded"}}"#,
                TooLong,
            ),
            (
                400,
                r#"{"error":"the request exceeds the available context size"}"#,
                TooLong,
            ),
            (413, "", TooLong),
            (422, r#"{"detail":"nope"}"#, Refused),
            (
                429,
                r#"{"error":{"message":"slow down","code":429}}"#,
                RateLimited,
            ),
            (408, "", Overloaded),
            (503, "<html><h1>503</h1></html>", Overloaded),
            (529, "", Overloaded),
            (302, "", Garbled),
        ] {
            assert_eq!(
                Trouble::refused(status, body, None, &Secret::default()).kind(),
                kind,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn the_text_is_short_and_clean() {
        let key = Secret::new("secret-key-0123456789".into());
        let body = format!(
            "\u{1b}[31msecret-\u{200b}key\0 secret-key-0123456789\r\n{}",
            "가".repeat(1000)
        );
        let text = Trouble::refused(400, &body, None, &key).to_string();
        assert!(
            !text.contains("0123456789") && !text.contains(char::is_control),
            "{text}"
        );
        assert!(text.chars().count() <= SAID + "refused: ".len(), "{text}");
    }
}
