//! The words of an error, gathered from whatever shape it has.

use super::{
    notice::{number, plain_name},
    wait,
};
use serde_json::Value;
use std::time::Duration;

/// The most of an error that is looked at, in bytes.
const MOST: usize = 4 << 10;

/// The fields in which errors say what is wrong, as [`plain_name`] writes them. Others may quote what a
/// person wrote.
const TELLING: [&str; 31] = [
    "baseresp",
    "code",
    "description",
    "detail",
    "details",
    "err",
    "errmsg",
    "error",
    "errorcode",
    "errordescription",
    "errormessage",
    "errormsg",
    "errortype",
    "exception",
    "failure",
    "fault",
    "faultstring",
    "info",
    "loc",
    "message",
    "msg",
    "param",
    "raw",
    "reason",
    "retmsg",
    "retrydelay",
    "status",
    "statuscode",
    "statusmsg",
    "title",
    "type",
];

/// The fields that quote a request.
const QUOTING: [&str; 5] = ["input", "body", "request", "messages", "ctx"];

/// The words of an error, and what else of it is of use to us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Its words and codes, in lower case.
    pub words: String,
    /// The code, or else the type, by which it calls itself.
    pub code: Option<String>,
    /// A status as a number, or in digits.
    pub status: Option<u16>,
    /// The time that one of its fields asks to wait.
    wait: Option<Duration>,
    /// A provider's own number, and where it stood.
    pub(super) number: Option<(&'static str, u64)>,
    /// It is a page for browsers.
    pub is_page: bool,
}

impl Said {
    /// Reads the body of an answer.
    pub(super) fn in_body(body: &str) -> Self {
        if body.trim_start().starts_with('<') {
            return Self {
                is_page: true,
                ..Self::default()
            };
        }
        match serde_json::from_str(body) {
            Ok(value) => Self::in_value(&value),
            Err(_) => Self {
                words: start_of(&body.to_lowercase()).to_owned(),
                ..Self::default()
            },
        }
    }

    /// Reads an error that came as a part of something else.
    pub(super) fn in_value(value: &Value) -> Self {
        let mut said = Self::default();
        said.gather(value, true, 0);
        if said.words.trim().is_empty() {
            said.words = value.to_string().to_lowercase();
        }
        said.words = start_of(&said.words).to_owned();
        said
    }

    /// Tells how long it asks to wait.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.wait.or_else(|| wait::in_words(&self.words))
    }

    fn gather(&mut self, value: &Value, tells: bool, depth: usize) {
        match value {
            _ if depth > 8 || self.words.len() > MOST => {}
            Value::Object(fields) => {
                for (name, value) in fields {
                    let name = plain_name(name);
                    if !QUOTING.contains(&name.as_str()) {
                        self.note(&name, value);
                        self.wait = self.wait.or_else(|| wait::in_field(&name, value));
                        let tells = TELLING.contains(&name.as_str());
                        if name == "retrydelay" {
                            self.words.push_str("retrydelay ");
                        }
                        // The name of an event may be all that tells: `throttlingException`.
                        if name.ends_with("exception") {
                            self.words.push_str(&name);
                            self.words.push('\n');
                        }
                        self.gather(value, tells, depth + 1);
                    }
                }
                if let Some(number) = value["base_resp"]["status_code"].as_u64() {
                    self.number = Some(("base_resp", number));
                }
            }
            Value::Array(parts) => {
                for part in parts {
                    self.gather(part, tells, depth + 1);
                }
            }
            Value::String(text) if tells => {
                // Gateways hand on what they were told as a text.
                match serde_json::from_str(text) {
                    Ok(inner @ (Value::Object(_) | Value::Array(_))) => {
                        self.gather(&inner, true, depth + 1);
                    }
                    _ => {
                        self.words.push_str(&text.to_lowercase());
                        self.words.push('\n');
                    }
                }
            }
            Value::Number(number) if tells => {
                self.words.push_str(&number.to_string());
                self.words.push('\n');
            }
            _ => {}
        }
    }

    /// Notes a code, and a number that may be a status.
    fn note(&mut self, name: &str, value: &Value) {
        let number = number(value).and_then(|number| u64::try_from(number).ok());
        if matches!(
            name,
            "code" | "status" | "statuscode" | "errorcode" | "httpcode" | "httpstatus"
        ) && let Some(number) = number
        {
            match u16::try_from(number) {
                Ok(status @ 400..=599) => self.status = self.status.or(Some(status)),
                _ => self.number = self.number.or(Some(("", number))),
            }
        }
        let code = value
            .as_str()
            .filter(|_| number.is_none())
            .filter(|code| is_code(code));
        match (name, code) {
            // The first one wins, but a code wins over a type.
            ("code", Some(code)) => self.code = Some(code.to_owned()),
            ("type" | "errortype" | "status", Some(code)) if self.code.is_none() => {
                self.code = Some(code.to_owned())
            }
            _ => {}
        }
    }
}

/// Tells whether it is a word by which a program calls something, and no text.
fn is_code(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (1..=48).contains(&text.len()) && text.chars().all(fits)
}

fn start_of(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST)]
}
