//! Headers of an administrator's own, for gateways that want them.

use super::api_key::Secret;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Map, Value};
use std::{fmt, str::FromStr};

/// Most headers: more is a mistake, and servers take no more.
const MOST: usize = 32;

/// Headers that every request to the model server gets. Their values are secrets, as they often are
/// keys: `Debug` hides them, nothing prints them.
///
/// Written as `name: value` with `;` or a line end between two, or as a JSON object where a value
/// holds a `;`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Headers {
    /// Puts them into a request, in the place of what it has under their names.
    pub(super) fn put_into(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            headers.insert(name, value.clone());
        }
    }

    /// Their values, to be kept out of what people read.
    pub(super) fn secrets(&self) -> impl Iterator<Item = Secret> {
        let text = |(_, value): &(_, HeaderValue)| value.to_str().map(Secret::from).ok();
        self.0.iter().filter_map(text)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(n, _)| n))
            .finish()
    }
}

/// The reason why headers cannot be sent. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadersError {
    /// A part has no colon.
    #[error("number {0} is not name: value, as in x-portkey-provider: openai")]
    NoColon(usize),
    /// A name that no header can have.
    #[error("the name of number {0} contains characters that a header name cannot have")]
    Name(usize),
    /// A value that no header can have.
    #[error("the value of {0} is empty or contains characters that a header cannot have")]
    Value(HeaderName),
    /// A header that only the connection itself can set.
    #[error("{0} cannot be set: the HTTP client sets it")]
    Fixed(HeaderName),
    /// The same name twice.
    #[error("{0} is set twice")]
    Twice(HeaderName),
    /// JSON that is no object of texts.
    #[error("is not a JSON object of strings, as in {{\"x-portkey-provider\": \"openai\"}}")]
    Json,
    /// More than anybody needs.
    #[error("more than {MOST} headers")]
    TooMany,
}

impl FromStr for Headers {
    type Err = HeadersError;

    fn from_str(text: &str) -> Result<Self, HeadersError> {
        let pairs = if text.trim_start().starts_with('{') {
            json(text)?
        } else {
            lines(text)?
        };
        if pairs.len() > MOST {
            return Err(HeadersError::TooMany);
        }
        let mut headers = Vec::with_capacity(pairs.len());
        for (number, (name, value)) in pairs.into_iter().enumerate() {
            let header = header(number + 1, name.trim(), value.trim())?;
            if headers.iter().any(|(name, _)| *name == header.0) {
                return Err(HeadersError::Twice(header.0));
            }
            headers.push(header);
        }
        Ok(Self(headers))
    }
}

type Pair = (String, String);

fn json(text: &str) -> Result<Vec<Pair>, HeadersError> {
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|_| HeadersError::Json)?;
    let pair = |(name, value): (String, Value)| match value {
        Value::String(value) => Ok((name, value)),
        Value::Number(_) | Value::Bool(_) => Ok((name, value.to_string())),
        _ => Err(HeadersError::Json),
    };
    object.into_iter().map(pair).collect()
}

fn lines(text: &str) -> Result<Vec<Pair>, HeadersError> {
    let parts = text
        .split([';', '\n', '\r'])
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let pair = |(number, part): (usize, &str)| {
        let pair = part
            .split_once(':')
            .ok_or(HeadersError::NoColon(number + 1));
        pair.map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    parts.enumerate().map(pair).collect()
}

fn header(
    number: usize,
    name: &str,
    value: &str,
) -> Result<(HeaderName, HeaderValue), HeadersError> {
    let name: HeaderName = name.parse().map_err(|_| HeadersError::Name(number))?;
    let fixed = [
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::TRANSFER_ENCODING,
        header::ACCEPT_ENCODING,
        header::CONNECTION,
        header::HOST,
        header::UPGRADE,
        header::TE,
        header::EXPECT,
    ];
    if fixed.contains(&name) {
        return Err(HeadersError::Fixed(name));
    }
    let sent = HeaderValue::from_str(value)
        .ok()
        .filter(|_| !value.is_empty() && value.is_ascii());
    let Some(mut sent) = sent else {
        return Err(HeadersError::Value(name));
    };
    sent.set_sensitive(true);
    Ok((name, sent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_written_in_three_ways() {
        for text in [
            "x-portkey-provider: openai; X-Portkey-Custom-Host: http://127.0.0.1:8080/v1",
            "x-portkey-provider:openai\r\nx-portkey-custom-host:  http://127.0.0.1:8080/v1 \n;",
            r#" {"x-portkey-provider": "openai", "x-portkey-custom-host": "http://127.0.0.1:8080/v1"}"#,
        ] {
            let mut sent = HeaderMap::new();
            text.parse::<Headers>().unwrap().put_into(&mut sent);
            assert_eq!(sent["x-portkey-provider"], "openai", "{text}");
            assert_eq!(
                sent["x-portkey-custom-host"], "http://127.0.0.1:8080/v1",
                "{text}"
            );
            assert_eq!(sent.len(), 2, "{text}");
        }
        assert_eq!("".parse(), Ok(Headers::default()));
        assert_eq!(" ; \n".parse(), Ok(Headers::default()));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_and_no_value_is_told() {
        for (text, told) in [
            ("x-a: secret; secret", "number 2 is not name: value"),
            ("x a: secret", "the name of number 1"),
            (": secret", "the name of number 1"),
            ("x-a:", "the value of x-a"),
            ("x-a: se\u{7f}cret", "the value of x-a"),
            ("x-a: secret\u{ac00}", "the value of x-a"),
            ("Content-Length: 5", "content-length cannot be set"),
            ("x-a: secret; X-A: secret", "x-a is set twice"),
            (r#"{"x-a": ["secret"]}"#, "is not a JSON object of strings"),
            (r#"{"x-a": "secret""#, "is not a JSON object of strings"),
        ] {
            let error = text.parse::<Headers>().unwrap_err().to_string();
            assert!(
                error.contains(told) && !error.contains("secret"),
                "{text}: {error}"
            );
        }
        let headers: Headers = "x-a: secret".parse().unwrap();
        assert_eq!(format!("{headers:?}"), r#"["x-a"]"#);
    }
}
