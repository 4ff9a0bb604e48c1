//! Failures between us and a model server, in words that are safe to log and to store.

use super::{api_key::Secrets, notice::is_called, options::Parameter, said::Said, words};
use serde_json::Value;
use std::{error::Error, fmt, str::FromStr, time::Duration};

/// Most characters of a server's message that are kept.
const SAID: usize = 300;

/// The reason why a reply failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelErrorKind {
    /// The server wants a key, or another one (401, 403).
    WrongKey,
    /// The server has no such model, or not for this key, or nothing at this address (404).
    UnknownModel,
    /// The conversation does not fit into the model's context.
    TooLong,
    /// Too many requests (429), also after the retries.
    RateLimited,
    /// The account at the provider has no credit left (402).
    NoCredit,
    /// The provider's rules do not allow what was sent, or what would be answered.
    Moderated,
    /// The provider does not serve the country from which we ask.
    Region,
    /// Something in front of the server lets nobody through (403 with a web page).
    Blocked,
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
    /// The answer came to its end without a word.
    Empty,
    /// There was nothing in it but what the model thought.
    OnlyThoughts,
    /// The same, and that was as long as a reply may be.
    EndlessThoughts,
    /// There was nothing in it but that the model wants a tool to be used.
    OnlyToolCall,
    /// There was nothing in it but pictures or sound.
    OnlyMedia,
}

impl ModelErrorKind {
    /// Every kind, so that whoever translates them can prove that none is missing.
    pub const ALL: [Self; 25] = [
        Self::WrongKey,
        Self::UnknownModel,
        Self::TooLong,
        Self::RateLimited,
        Self::NoCredit,
        Self::Moderated,
        Self::Region,
        Self::Blocked,
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
        Self::Empty,
        Self::OnlyThoughts,
        Self::EndlessThoughts,
        Self::OnlyToolCall,
        Self::OnlyMedia,
    ];

    /// The code that is stored in the database; it never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongKey => "wrong_key",
            Self::UnknownModel => "unknown_model",
            Self::TooLong => "too_long",
            Self::RateLimited => "rate_limited",
            Self::NoCredit => "no_credit",
            Self::Moderated => "moderated",
            Self::Region => "region",
            Self::Blocked => "blocked",
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
            Self::Empty => "empty",
            Self::OnlyThoughts => "only_thoughts",
            Self::EndlessThoughts => "endless_thoughts",
            Self::OnlyToolCall => "only_tool_call",
            Self::OnlyMedia => "only_media",
        }
    }
}

impl fmt::Display for ModelErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A code that is no [`ModelErrorKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of trouble")]
pub struct UnknownKind;

impl FromStr for ModelErrorKind {
    type Err = UnknownKind;

    fn from_str(code: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == code)
            .ok_or(UnknownKind)
    }
}

/// The reason why a reply failed. As text it is for the log, in English: its kind, the status, and
/// the code by which the error calls itself, or why no server was reached, but no word of the
/// server's, which may quote what people wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct ModelError {
    kind: ModelErrorKind,
    status: Option<u16>,
    code: Option<String>,
    said: String,
    /// The message in lower case, for telling what it is about.
    words: String,
    /// The wait that the server asks for.
    pub(crate) retry_after: Option<Duration>,
    /// Waiting changes nothing, whatever the kind says.
    pub(crate) hopeless: bool,
}

impl ModelError {
    /// Trouble of that kind. What was said is cleaned here, with the secrets, so that nobody can forget
    /// to.
    pub(crate) fn new(kind: ModelErrorKind, said: &str, secrets: &Secrets) -> Self {
        let printable: String = said
            .chars()
            .map(|c| if is_unprintable(c) { ' ' } else { c })
            .collect();
        let words = printable.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = secrets.redact(&words).chars().take(SAID).collect();
        Self {
            kind,
            status: None,
            code: None,
            said,
            words: String::new(),
            retry_after: None,
            hopeless: false,
        }
    }

    /// An answer with a status that is not a success, and the beginning of its body.
    pub(crate) fn refused(
        status: u16,
        body: &str,
        retry_after: Option<Duration>,
        secrets: &Secrets,
    ) -> Self {
        let said = Said::in_body(body);
        let kind = words::kind(Some(status), &said).unwrap_or(ModelErrorKind::Garbled);
        let trouble = Self::new(kind, &message(body), secrets);
        let retry_after = retry_after.or_else(|| said.wait());
        Self {
            status: Some(status),
            retry_after,
            ..trouble.with(said, secrets)
        }
    }

    /// An error that came as a part of the answer. Its code or words may tell more than that it was reported.
    pub(crate) fn reported(error: &Value, secrets: &Secrets) -> Self {
        let said = Said::in_value(error);
        // What is refused here was accepted before.
        let kind = words::kind(None, &said).filter(|kind| *kind != ModelErrorKind::Refused);
        let kind = kind.unwrap_or(ModelErrorKind::Reported);
        let trouble = Self::new(kind, &message(&error.to_string()), secrets);
        let retry_after = said.wait();
        Self {
            status: said.status,
            retry_after,
            ..trouble.with(said, secrets)
        }
    }

    fn with(self, said: Said, secrets: &Secrets) -> Self {
        Self {
            hopeless: words::has_retried(&said.words),
            // A key is no code.
            code: said.code.filter(|code| secrets.redact(code) == *code),
            words: said.words,
            ..self
        }
    }

    /// The same trouble, now that more is known of it.
    pub(crate) fn that_is(mut self, kind: ModelErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// Returns the kind of trouble.
    pub fn kind(&self) -> ModelErrorKind {
        self.kind
    }

    /// Returns what the server said, if it did: without secrets and control characters, at most 300
    /// characters. It may quote what a person wrote, so it is for administrators, and never for the log.
    pub fn said(&self) -> &str {
        if self.words.is_empty() {
            ""
        } else {
            &self.said
        }
    }

    /// Its kind and what the server said, for administrators.
    pub fn in_full(&self) -> String {
        let status = self.status.map(|status| format!("status {status}: "));
        format!("{}: {}{}", self.kind, status.unwrap_or_default(), self.said)
    }

    /// Tells whether it is about this, by a word in what was said.
    pub(crate) fn names(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Tells whether the request was refused perhaps for that reason, so that it is worth a try.
    pub(crate) fn may_be_about_system_role(&self) -> bool {
        self.kind == ModelErrorKind::Refused && words::may_refuse_system_role(&self.words)
    }

    /// Tells whether it is that no message may come before the conversation, or not so.
    pub(crate) fn is_about_system_role(&self) -> bool {
        words::refuses_system_role(&self.words)
    }
}

impl fmt::Debug for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ModelError").field(&self.in_full()).finish()
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        let status = self.status.map(|status| format!("status {status}"));
        let code = self.code.as_ref().map(|code| format!("code {code}"));
        let more: Vec<String> = status.into_iter().chain(code).collect();
        if !more.is_empty() {
            write!(f, " ({})", more.join(", "))?;
        }
        // Where no server was reached the words are the system's.
        if self.kind == ModelErrorKind::Unreachable
            && self.words.is_empty()
            && !self.said.is_empty()
        {
            write!(f, ": {}", self.said)?;
        }
        Ok(())
    }
}

impl Error for ModelError {}

/// Returns what a person should read of an error: its message wherever that stands, or its text.
pub(crate) fn message(body: &str) -> String {
    const MESSAGES: [&str; 18] = [
        "message",
        "msg",
        "detail",
        "errordescription",
        "errormessage",
        "errormsg",
        "errmsg",
        "statusmsg",
        "retmsg",
        "faultstring",
        "error",
        "err",
        "exception",
        "failure",
        "reason",
        "info",
        "description",
        "title",
    ];
    const AROUND: [&str; 7] = [
        "error",
        "errors",
        "baseresp",
        "fault",
        "header",
        "response",
        "responsemetadata",
    ];
    fn find(value: &Value) -> Option<&str> {
        match value {
            Value::String(text) if !text.is_empty() => Some(text),
            Value::Array(parts) => parts.iter().find_map(find),
            Value::Object(fields) => {
                let called = |name: &'static str| {
                    let mut fields = fields.iter();
                    fields.find_map(|(field, value)| is_called(field, name).then_some(value))
                };
                let inner = AROUND.into_iter().filter_map(called).filter_map(find);
                let named = MESSAGES.into_iter().filter_map(called);
                let named = named.filter_map(Value::as_str);
                inner.chain(named).find(|text| !text.is_empty())
            }
            _ => None,
        }
    }
    match serde_json::from_str::<Value>(body) {
        Ok(value) => find(&value).map_or_else(|| value.to_string(), str::to_owned),
        Err(_) if body.trim_start().starts_with('<') => "a web page".to_owned(),
        Err(_) => body.to_owned(),
    }
}

/// An error with its causes, one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// Control characters, and those that turn or hide text.
pub(super) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_code_that_leads_back_to_it() {
        for kind in ModelErrorKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("nonsense".parse::<ModelErrorKind>(), Err(UnknownKind));
    }

    #[test]
    fn the_log_is_told_why_no_server_was_reached_and_nothing_that_one_said() {
        let none = Secrets::default();
        let unreached = ModelError::new(ModelErrorKind::Unreachable, "Connection refused", &none);
        assert_eq!(unreached.to_string(), "unreachable: Connection refused");
        let refused = ModelError::refused(
            400,
            r#"{"error":{"message":"plums","code":7}}"#,
            None,
            &none,
        );
        let garbled = ModelError::new(ModelErrorKind::Garbled, "no string: \"plums\"", &none);
        for trouble in [refused, garbled] {
            assert!(!trouble.to_string().contains("plums"), "{trouble}");
        }
    }

    #[test]
    fn what_servers_say_is_sorted() {
        use ModelErrorKind::*;
        for (status, body, kind) in [
            (
                401,
                r#"{"error":{"message":"bad key","code":"invalid_api_key"}}"#,
                WrongKey,
            ),
            (403, "model not found", UnknownModel),
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
                ModelError::refused(status, body, None, &Secrets::default()).kind(),
                kind,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn the_text_is_short_and_clean() {
        use crate::models::api_key::Secret;
        let key = Secrets::from_iter([Secret::from("secret-key-0123456789")]);
        let body = format!(
            "\u{1b}[31msecret-\u{200b}key\0 secret-key-0123456789\r\n{}",
            "가".repeat(1000)
        );
        let text = ModelError::refused(400, &body, None, &key).in_full();
        assert!(
            !text.contains("0123456789") && !text.contains(char::is_control),
            "{text}"
        );
        assert!(
            text.chars().count() <= SAID + "refused: status 400: ".len(),
            "{text}"
        );
    }
}
