//! One event of a reply, picked out of whatever JSON a server sends.

use super::{
    Finish, Usage,
    notice::{Notice, ended_with_error, notice, says_nothing},
    parts::Parts,
    reason,
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

/// The content of one event of a reply that we read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Chunk {
    pub(super) text: String,
    pub(super) reasoning: String,
    /// The model wants a tool to be used.
    pub(super) has_tool_call: bool,
    /// There is a picture, or sound.
    pub(super) has_media: bool,
    pub(super) finish: Option<Finish>,
    pub(super) usage: Option<Usage>,
    pub(super) notice: Notice,
    /// It is a whole message, and no part of one.
    pub(super) is_whole: bool,
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

    /// Reads the data of several events that came as one, with or without `data:` between them, and
    /// whether the end is announced behind them.
    pub(super) fn read_several(data: &str) -> Option<(Self, bool)> {
        let (mut all, mut rest) = (Self::default(), data.trim());
        loop {
            rest = rest.strip_prefix("data:").unwrap_or(rest).trim_start();
            if rest.is_empty() || rest.starts_with("[DONE]") {
                return Some((all, !rest.is_empty()));
            }
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            all = all.and(values.next()?.ok()?.into());
            rest = rest[values.byte_offset()..].trim_start();
        }
    }
}

/// The form that events have as a rule. With other types, another number of choices, or what may be
/// an error it is not this form.
#[derive(Deserialize)]
struct Usual {
    choices: [Choice; 1],
    usage: Option<Value>,
    error: Option<IgnoredAny>,
    base_resp: Option<IgnoredAny>,
    success: Option<IgnoredAny>,
    ok: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
    finish_reason: Option<String>,
    error: Option<IgnoredAny>,
    #[serde(alias = "reasoning", alias = "reasoningContent")]
    reasoning_content: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
    reasoning_details: Option<IgnoredAny>,
    #[serde(
        alias = "thinking_blocks",
        alias = "thinking_content",
        alias = "reasoning_text",
        alias = "thought",
        alias = "thoughts",
        alias = "reasoningContent",
        alias = "reasoningText",
        alias = "reasoning_summary"
    )]
    thinking: Option<IgnoredAny>,
    provider_specific_fields: Option<IgnoredAny>,
    tool_calls: Option<Vec<IgnoredAny>>,
    function_call: Option<IgnoredAny>,
    images: Option<Vec<IgnoredAny>>,
    audio: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

impl Usual {
    fn chunk(self) -> Option<Chunk> {
        let [choice] = self.choices;
        let Delta {
            content,
            refusal,
            reasoning_content,
            reasoning,
            reasoning_details,
            thinking,
            provider_specific_fields,
            tool_calls,
            function_call,
            images,
            audio,
            error,
        } = choice.delta;
        let others = [
            self.error,
            self.base_resp,
            self.success,
            self.ok,
            choice.error,
            error,
            audio,
        ];
        if others.iter().any(Option::is_some) {
            return None;
        }
        let reasoning = first(reasoning_content, reasoning);
        let text = first(content, refusal);
        let elsewhere = reasoning_details.is_some()
            || thinking.is_some()
            || choice.reasoning_content.is_some()
            // These stand beside each token of some.
            || (provider_specific_fields.is_some() && text.is_empty());
        if reasoning.is_empty() && elsewhere {
            return None;
        }
        let word = choice.finish_reason.unwrap_or_default();
        Some(Chunk {
            text,
            reasoning,
            has_tool_call: function_call.is_some()
                || tool_calls.is_some_and(|calls| !calls.is_empty())
                || reason::is_tool_call(&word),
            has_media: images.is_some_and(|images| !images.is_empty()),
            finish: reason::finish(&word),
            usage: self.usage.as_ref().and_then(usage),
            notice: ending_notice(&word),
            is_whole: false,
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
    fn from(event: Value) -> Self {
        match event {
            Value::Array(events) => events
                .into_iter()
                .map(Self::from)
                .fold(Self::default(), Self::and),
            Value::String(text) => match serde_json::from_str(&text) {
                Ok(event @ Value::Object(_)) => Self::from(event),
                _ if text.to_lowercase().contains("error") => Self {
                    notice: Notice::Error(Value::String(text)),
                    ..Self::default()
                },
                _ => Self::default(),
            },
            event => Self::from_object(event),
        }
    }
}

impl Chunk {
    fn from_object(mut event: Value) -> Self {
        let first = event.get_mut("choices").and_then(|all| all.get_mut(0));
        let mut choice = first.map(Value::take).unwrap_or_default();
        if choice.is_null() && event["message"].is_object() {
            // Ollama's own form: a message, and at the end why there is none after it.
            let message = take(&mut event, "message");
            choice = json!({ "delta": message, "finish_reason": event["done_reason"] });
        }
        let word = choice["finish_reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        // A server that does not stream sends the whole message.
        let part = if choice["delta"].is_object() {
            "delta"
        } else {
            "message"
        };
        let mut delta = take(&mut choice, part);
        let parts = Parts::of(take(&mut delta, "content"));
        let mut text = parts.text;
        for other in [&delta["refusal"], &choice["text"]] {
            if text.is_empty() {
                text = other.as_str().unwrap_or_default().to_owned();
            }
        }
        let mut reasoning = parts.reasoning;
        let mut others = take(&mut delta, "provider_specific_fields");
        for place in [&mut delta, &mut others, &mut choice] {
            for name in THOUGHTS {
                if reasoning.is_empty() {
                    reasoning = Parts::of(take(place, name)).all();
                }
            }
        }
        let some = |name: &str| !says_nothing(&delta[name]);
        Self {
            text,
            reasoning,
            has_tool_call: some("tool_calls")
                || some("function_call")
                || reason::is_tool_call(&word),
            has_media: parts.has_media || some("images") || some("image") || some("audio"),
            finish: reason::finish(&word),
            usage: usage(&event["usage"]),
            notice: match notice(&event, &choice, &delta) {
                Notice::None => ending_notice(&word),
                notice => notice,
            },
            is_whole: part == "message" && delta.is_object(),
        }
    }

    /// Two events that came as one.
    fn and(mut self, next: Self) -> Self {
        self.text.push_str(&next.text);
        self.reasoning.push_str(&next.reasoning);
        self.has_tool_call |= next.has_tool_call;
        self.has_media |= next.has_media;
        self.is_whole &= next.is_whole;
        self.finish = next.finish.or(self.finish);
        self.usage = next.usage.or(self.usage);
        if matches!(self.notice, Notice::None) || matches!(next.notice, Notice::Error(_)) {
            self.notice = next.notice;
        }
        self
    }
}

fn take(value: &mut Value, field: &str) -> Value {
    value.get_mut(field).map(Value::take).unwrap_or_default()
}

/// Names of fields in which servers put what the model thinks.
const THOUGHTS: [&str; 12] = [
    "reasoning_content",
    "reasoningContent",
    "reasoningText",
    "reasoning_summary",
    "reasoning",
    "thinking",
    "thinking_content",
    "reasoning_text",
    "thought",
    "thoughts",
    "reasoning_details",
    "thinking_blocks",
];

fn usage(usage: &Value) -> Option<Usage> {
    let count = |field: &str| usage[field].as_u64();
    let (prompt, completion) = (count("prompt_tokens"), count("completion_tokens"));
    let part = |whole: &str, part: &str| usage[whole][part].as_u64();
    (prompt.is_some() || completion.is_some()).then(|| Usage {
        prompt_tokens: prompt.unwrap_or_default(),
        cached_tokens: part("prompt_tokens_details", "cached_tokens")
            // DeepSeek's word.
            .or(count("prompt_cache_hit_tokens"))
            .unwrap_or_default(),
        completion_tokens: completion.unwrap_or_default(),
        reasoning_tokens: part("completion_tokens_details", "reasoning_tokens").unwrap_or_default(),
    })
}

/// Reads the notice in the word with which a reply ended.
fn ending_notice(word: &str) -> Notice {
    match reason::is_error(word) {
        true => ended_with_error(),
        false => Notice::None,
    }
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
    fn events_that_came_as_one_are_read() {
        let of = |text: &str| format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}}}}]}}"#);
        for (data, text, done) in [
            (format!("{}{}", of("a"), of("b")), "ab", false),
            (format!("{}data: {}\n", of("a"), of("b")), "ab", false),
            (format!("{}\n{}[DONE]", of("a"), of("b")), "ab", true),
        ] {
            let (chunk, ended) = Chunk::read_several(&data).unwrap();
            assert_eq!((&*chunk.text, ended), (text, done), "{data}");
        }
        for data in [r#"{"a":1}}"#, r#"{"a":1"#, "{}data"] {
            assert_eq!(Chunk::read_several(data), None, "{data}");
        }
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
    fn errors_are_found_in_every_shape_and_empty_ones_are_none() {
        for event in [
            r#"{"error":"boom"}"#,
            r#"{"error":true,"message":"boom"}"#,
            r#"{"error":{"message":"","code":500}}"#,
            r#"[{"error":{"message":"boom"}}]"#,
            r#""{\"error\":{\"message\":\"boom\"}}""#,
            r#""Error: boom""#,
            r#"{"errors":[{"message":"boom"}]}"#,
            r#"{"choices":null,"base_resp":{"status_code":1008,"status_msg":"no money"}}"#,
            r#"{"code":"401","msg":"no","success":false}"#,
            r#"{"code":500,"data":null}"#,
            r#"{"code":-1,"msg":"no"}"#,
            r#"{"object":"error","code":1}"#,
            r#"{"status":"failure","message":"no"}"#,
            r#"{"choices":[],"error_msg":"no"}"#,
            r#"{"choices":[{"delta":{},"finish_reason":"ERROR"}]}"#,
        ] {
            assert!(
                matches!(Chunk::read(event).unwrap().notice, Notice::Error(_)),
                "{event}"
            );
        }
        for nothing in [
            "null",
            "false",
            "\"\"",
            "{}",
            "[]",
            "\"none\"",
            "0",
            r#"{"code":0,"message":""}"#,
        ] {
            for event in [
                format!(r#"{{"choices":[{{"delta":{{"content":"a"}}}}],"error":{nothing}}}"#),
                format!(r#"{{"choices":[{{"delta":{{"content":"a"}},"error":{nothing}}}]}}"#),
            ] {
                let chunk = Chunk::read(&event).unwrap();
                assert_eq!(
                    (chunk.text.as_str(), chunk.notice),
                    ("a", Notice::None),
                    "{event}"
                );
            }
        }
        for event in [
            r#"{"choices":[],"prompt_progress":{"total":10,"processed":5}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"status","message":"loading the model"}"#,
            r#"{"choices":[{"delta":{"content":"a"}}],"base_resp":{"status_code":0,"status_msg":""}}"#,
            r#"{"choices":[{"delta":{"content":"a"}}],"success":true,"code":0,"message":"success"}"#,
            r#"{"choices":[],"code":200,"msg":"ok"}"#,
        ] {
            assert_eq!(Chunk::read(event).unwrap().notice, Notice::None, "{event}");
        }
    }

    #[test]
    fn thoughts_are_found_wherever_servers_put_them() {
        for delta in [
            r#"{"reasoning_content":"hm"}"#,
            r#"{"reasoning":{"text":"hm"}}"#,
            r#"{"reasoning":{"content":[{"text":"hm"}]}}"#,
            r#"{"thinking":"hm"}"#,
            r#"{"content":"","reasoning_content":null,"thinking":"hm"}"#,
            r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}"#,
            r#"{"content":[{"type":"reasoning","text":"hm"}]}"#,
            r#"{"content":{"type":"thinking","thinking":"hm"}}"#,
            r#"{"reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"x"}]}"#,
            r#"{"reasoning_details":[{"type":"reasoning.summary","summary":"hm"},{"type":"reasoning.encrypted","data":"x"}]}"#,
            r#"{"thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"x"}]}"#,
        ] {
            let event = format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#);
            let chunk = Chunk::read(&event).unwrap();
            assert_eq!((&*chunk.text, &*chunk.reasoning), ("", "hm"), "{event}");
        }
        for choice in [
            r#"{"delta":{"provider_specific_fields":{"reasoning_content":"hm"}}}"#,
            r#"{"delta":{"content":null,"provider_specific_fields":{"reasoning":"hm"}}}"#,
            r#"{"delta":{"reasoningContent":"hm"}}"#,
            r#"{"delta":{"reasoningContent":{"reasoningText":{"text":"hm"}}}}"#,
            r#"{"delta":{"reasoning_summary":"hm"}}"#,
            r#"{"delta":{"reasoning_summary":[{"type":"summary_text","text":"hm"}]}}"#,
            r#"{"delta":{},"reasoning_content":"hm"}"#,
            r#"{"delta":{"content":""},"reasoning":"hm"}"#,
            r#"{"message":{"content":"","reasoning_content":"hm"}}"#,
        ] {
            let chunk = Chunk::read(&format!(r#"{{"choices":[{choice}]}}"#)).unwrap();
            assert_eq!((&*chunk.text, &*chunk.reasoning), ("", "hm"), "{choice}");
        }
        let text =
            r#"{"choices":[{"delta":{"content":"yes","provider_specific_fields":{"a":1}}}]}"#;
        let chunk = Chunk::read(text).unwrap();
        assert_eq!((&*chunk.text, &*chunk.reasoning), ("yes", ""));
        let both = r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"yes"},{"type":"image_url"}]}}]}"#;
        let chunk = Chunk::read(both).unwrap();
        assert_eq!(
            (&*chunk.text, &*chunk.reasoning, chunk.has_media),
            ("yes", "hm", true)
        );
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
            r#"{"choices":[{"delta":{"content":"a"},"error":{"code":500}}]}"#,
            r#"{"choices":[{"delta":{"content":"a","error":"boom"}}]}"#,
            r#"{"choices":[{"delta":{"content":"a"}}],"success":false}"#,
            r#"{"choices":[{"delta":{"content":"a"}}],"base_resp":{"status_code":1008}}"#,
        ] {
            let usual: Usual = serde_json::from_str(event).unwrap();
            assert_eq!(usual.chunk(), None, "{event}");
            assert!(
                matches!(Chunk::read(event).unwrap().notice, Notice::Error(_)),
                "{event}"
            );
        }
    }
}
