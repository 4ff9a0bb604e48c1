//! One event of a reply, picked out of whatever JSON a server sends.

use super::{Finish, Usage};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

/// What we read in one event of a reply.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Chunk {
    pub(super) text: String,
    pub(super) reasoning: String,
    pub(super) finish: Option<Finish>,
    pub(super) usage: Option<Usage>,
    pub(super) error: Option<Value>,
}

impl Chunk {
    /// Reads an event's data. Nearly all events have their usual form; the others are picked out of
    /// any JSON, since servers leave out, null, add and retype every field.
    ///
    /// # Errors
    /// When it is no JSON.
    pub(super) fn read(data: &str) -> serde_json::Result<Self> {
        let usual = serde_json::from_str(data).ok().and_then(Usual::chunk);
        match usual {
            Some(chunk) => Ok(chunk),
            None => serde_json::from_str(data).map(|event: Value| event.into()),
        }
    }
}

/// The form that events have as a rule. With other types, another number of choices, or an error it
/// is not this form.
#[derive(Deserialize)]
struct Usual {
    choices: [Choice; 1],
    usage: Option<Usage>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
    finish_reason: Option<String>,
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
}

impl Usual {
    fn chunk(self) -> Option<Chunk> {
        let [choice] = self.choices;
        if self.error.is_some() || choice.error.is_some() {
            return None;
        }
        let reason = choice.finish_reason.unwrap_or_default();
        let Delta {
            content,
            refusal,
            reasoning_content,
            reasoning,
        } = choice.delta;
        Some(Chunk {
            text: first(content, refusal),
            reasoning: first(reasoning_content, reasoning),
            finish: finish(&reason),
            usage: self.usage,
            error: (reason == "error").then(ended_with_error),
        })
    }
}

/// Some servers say the same in both fields, so it is never added up.
fn first(one: Option<String>, other: Option<String>) -> String {
    one.filter(|text| !text.is_empty())
        .or(other)
        .unwrap_or_default()
}

impl From<Value> for Chunk {
    fn from(mut event: Value) -> Self {
        let mut choice = event
            .get_mut("choices")
            .and_then(|all| all.get_mut(0))
            .map(Value::take)
            .unwrap_or_default();
        let reason = choice["finish_reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        // A server that does not stream sends the whole message.
        let part = if choice["delta"].is_object() {
            "delta"
        } else {
            "message"
        };
        let mut delta = choice.get_mut(part).map(Value::take).unwrap_or_default();
        let mut take = |field| delta.get_mut(field).map(Value::take).map(text);
        let [content, refusal] = ["content", "refusal"].map(&mut take);
        let [reasoning_content, reasoning] = ["reasoning_content", "reasoning"].map(&mut take);
        Self {
            text: first(content, refusal),
            reasoning: first(reasoning_content, reasoning),
            finish: finish(&reason),
            usage: usage(&event["usage"]),
            error: error(&event, &choice, &reason),
        }
    }
}

/// A text, or the texts of a list of parts, which Mistral sends.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        _ => String::new(),
    }
}

fn finish(reason: &str) -> Option<Finish> {
    match reason {
        "" | "error" => None,
        "length" | "max_tokens" | "MAX_TOKENS" => Some(Finish::Length),
        "content_filter" | "safety" | "SAFETY" => Some(Finish::Filtered),
        // "stop", "eos", "end_turn": servers have many words for an end.
        _ => Some(Finish::Complete),
    }
}

fn usage(usage: &Value) -> Option<Usage> {
    let count = |field: &str| usage[field].as_u64();
    let (prompt, completion) = (count("prompt_tokens"), count("completion_tokens"));
    (prompt.is_some() || completion.is_some()).then(|| Usage {
        prompt_tokens: prompt.unwrap_or_default(),
        completion_tokens: completion.unwrap_or_default(),
    })
}

fn error(event: &Value, choice: &Value, reason: &str) -> Option<Value> {
    let named = [&event["error"], &choice["error"]]
        .into_iter()
        .find(|error| !error.is_null());
    // Errors come without their wrapper, too: `{"object": "error", "message": …}`, `{"detail": …}`.
    let bare =
        event["choices"].is_null() && (event["message"].is_string() || event["detail"].is_string());
    match named {
        Some(error) => Some(error.clone()),
        None if bare => Some(event.clone()),
        None => (reason == "error").then(ended_with_error),
    }
}

fn ended_with_error() -> Value {
    json!("the reply ended with an error")
}

/// JSON in which half a character (`\ud83d` without its second half) became a replacement character.
/// serde_json rightly does not read the like; servers that cut text between UTF-16 units send it.
pub(super) fn whole_characters(json: &str) -> String {
    let mut whole = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at..];
        let (length, sound) = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (12, true),
            (Some(0xD800..=0xDFFF), _) => (6, false),
            (Some(_), _) => (6, true),
            (None, _) => (
                1 + escape[1..].chars().next().map_or(0, char::len_utf8),
                true,
            ),
        };
        whole.push_str(&rest[..at]);
        whole.push_str(if sound { &escape[..length] } else { "\\ufffd" });
        rest = &escape[length..];
    }
    whole + rest
}

/// The number in an escape such as `\ud83d` at the beginning of the text.
fn unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_characters_are_replaced_and_whole_ones_kept() {
        for (json, read) in [
            (r#""\ud83d""#, "\u{fffd}"),
            (r#""a\ude00b""#, "a\u{fffd}b"),
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\\ud83d \n \uac00""#, "\\ud83d \n 가"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
        ] {
            assert_eq!(
                serde_json::from_str::<String>(&whole_characters(json)).unwrap(),
                read,
                "{json}"
            );
        }
        assert_eq!(whole_characters("\\"), "\\");
        assert_eq!(whole_characters("\\u12가"), "\\u12가");
    }

    #[test]
    fn any_json_is_a_chunk() {
        for event in [
            "null",
            "1",
            "[]",
            "{}",
            r#"{"choices":3}"#,
            r#"{"choices":[null]}"#,
            r#"{"choices":[{"delta":[1]}]}"#,
        ] {
            assert_eq!(Chunk::read(event).unwrap(), Chunk::default(), "{event}");
        }
    }
    #[test]
    fn the_usual_form_is_read_like_any_json() {
        for event in [
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
            r#"{"choices":[{"delta":{"content":"a \"\uac00\" b","refusal":"no"}}],"error":null}"#,
            r#"{"choices":[{"delta":{"content":null,"refusal":"no"},"error":null}]}"#,
            r#"{"choices":[{"delta":{"reasoning_content":"","reasoning":"hm"}}]}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
            r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"error"}]}"#,
        ] {
            let usual: Usual = serde_json::from_str(event).unwrap();
            let any: Value = serde_json::from_str(event).unwrap();
            assert_eq!(usual.chunk(), Some(any.into()), "{event}");
        }
        for event in [
            r#"{"choices":[{"delta":{"content":"a"}}],"error":"boom"}"#,
            r#"{"choices":[{"delta":{"content":"a"},"error":{}}]}"#,
        ] {
            let usual: Usual = serde_json::from_str(event).unwrap();
            assert_eq!(usual.chunk(), None, "{event}");
            assert!(Chunk::read(event).unwrap().error.is_some(), "{event}");
        }
    }
}
