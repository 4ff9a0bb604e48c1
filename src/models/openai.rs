//! One request to a server that speaks OpenAI's chat completions, or nearly does, and its answer.

use super::{
    Event, Finish, Role, Turn, Usage,
    demo::Demo,
    secret::Secret,
    transport::{Transport, Watch},
    trouble::{Trouble, TroubleKind, message},
};
use async_openai::{Client, config::OpenAIConfig, error::OpenAIError};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{pin::Pin, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout, timeout_at};

/// How long after the reply's end its token counts are waited for.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// A server and how it is spoken to.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) http: reqwest::Client,
    /// The demo model answers in the server's place.
    pub(super) demo: Option<Demo>,
    /// Where the API begins, without a slash at its end.
    pub(super) base: String,
    pub(super) key: Secret,
    pub(super) first_token_timeout: Duration,
    /// The longest time between two lines of an answer.
    pub(super) silence_timeout: Duration,
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Chunk, OpenAIError>> + Send>>;

impl Server {
    /// The names of the models the server has, in its order.
    pub(super) async fn models(&self, patience: Duration) -> Result<Vec<String>, Trouble> {
        let client = self.client(&Watch::new());
        let models = client.models();
        let list: Value = match timeout(patience, models.list_byot()).await {
            Ok(answer) => answer.map_err(|error| self.plain(error))?,
            Err(_) => {
                return Err(self.trouble(TroubleKind::Unreachable, "no list of models in time"));
            }
        };
        if !list["error"].is_null() {
            return Err(Trouble::reported(&list["error"], &self.key));
        }
        Ok(names(&list))
    }

    /// One attempt at a reply: its text, then its token counts if they are known, then its end.
    ///
    /// Only a `finish_reason` says that a reply is whole. Where a server leaves it out, an announced end
    /// (`[DONE]`) is taken for it; a stream that merely ends was cut off.
    pub(super) fn reply(
        self,
        model: String,
        turns: Arc<[Turn]>,
    ) -> impl Stream<Item = Event> + Send {
        async_stream::stream! {
            let watch = Watch::new();
            // The first token has to come in time; then the transport watches for silence.
            let first_token = Instant::now() + self.first_token_timeout;
            let mut deadline = Some(first_token);
            let mut chunks = match self.open(&model, &turns, &watch, first_token).await {
                Ok(chunks) => chunks,
                Err(trouble) => {
                    yield Event::End(Err(trouble));
                    return;
                }
            };
            let (mut finish, mut usage) = (None, None);
            let (mut readable, mut unreadable) = (false, false);
            let trouble = loop {
                let next = match deadline {
                    Some(deadline) => timeout_at(deadline, chunks.next()).await,
                    None => Ok(chunks.next().await),
                };
                watch.make_room();
                let chunk = match next {
                    Ok(Some(Ok(chunk))) => chunk,
                    Ok(Some(Err(OpenAIError::JSONDeserialize(_, data)))) => match self.second_look(&data) {
                        Ok(Some(chunk)) => chunk,
                        Ok(None) => { unreadable = true; continue }
                        Err(trouble) => break trouble,
                    },
                    Ok(Some(Err(error))) => break watch.cause().unwrap_or_else(|| self.plain(error)),
                    Ok(None) if unreadable && !readable => {
                        break self.trouble(TroubleKind::Garbled, "nothing readable in the stream");
                    }
                    Ok(None) => {
                        finish = finish.or_else(|| watch.done().then_some(Finish::Complete));
                        break self.trouble(TroubleKind::CutOff, "the stream ended before the reply did");
                    }
                    Err(_) => break self.too_slow(),
                };
                readable = true;
                usage = chunk.usage.or(usage);
                if !chunk.reasoning.is_empty() {
                    deadline = deadline.filter(|_| finish.is_some());
                    yield Event::Reasoning(chunk.reasoning);
                }
                if !chunk.text.is_empty() {
                    deadline = deadline.filter(|_| finish.is_some());
                    yield Event::Text(chunk.text);
                }
                if let Some(error) = chunk.error {
                    break Trouble::reported(&error, &self.key);
                }
                if let Some(reason) = chunk.finish && finish.is_none() {
                    finish = Some(reason);
                    deadline = Some(Instant::now() + LAST_WORDS.min(self.silence_timeout));
                }
            };
            if let Some(usage) = usage {
                yield Event::Usage(usage);
            }
            // A whole reply stays whole, whatever broke behind it.
            yield Event::End(finish.ok_or(trouble));
        }
    }

    async fn open(
        &self,
        model: &str,
        turns: &[Turn],
        watch: &Arc<Watch>,
        deadline: Instant,
    ) -> Result<Chunks, Trouble> {
        let client = self.client(watch);
        let chat = client.chat();
        let mut request = request(model, turns);
        loop {
            let chunks = chat.create_stream_byot::<_, Chunk>(&request);
            let refused = match timeout_at(deadline, chunks).await {
                Ok(Ok(chunks)) => return Ok(chunks),
                Ok(Err(error)) => self.plain(error),
                Err(_) => return Err(self.too_slow()),
            };
            // A few servers know no such option. Then there are no token counts, but there is a reply.
            let over_options = refused.kind() == TroubleKind::Refused
                && refused.to_string().contains("stream_options");
            let removed = request
                .as_object_mut()
                .and_then(|fields| fields.remove("stream_options"));
            if !over_options || removed.is_none() {
                return Err(refused);
            }
        }
    }

    fn client(&self, watch: &Arc<Watch>) -> Client<OpenAIConfig> {
        // All four are given: what is missing would be taken from the environment.
        let config = OpenAIConfig::new()
            .with_api_base(&self.base)
            .with_api_key(self.key.expose())
            .with_org_id("")
            .with_project_id("");
        let transport = Transport {
            server: self.clone(),
            watch: watch.clone(),
        };
        Client::build(self.http.clone(), config).with_http_service(transport)
    }

    /// What to make of an event that is no JSON: a chunk after all, nothing, or an error in plain words.
    fn second_look(&self, data: &str) -> Result<Option<Chunk>, Trouble> {
        if !data.trim_start().starts_with(['{', '[', '"']) {
            return Err(self.trouble(TroubleKind::Reported, &message(data)));
        }
        Ok(serde_json::from_str(&whole_characters(data)).ok())
    }

    fn plain(&self, error: OpenAIError) -> Trouble {
        match error {
            OpenAIError::Boxed(error) => match error.downcast::<Trouble>() {
                Ok(trouble) => *trouble,
                Err(error) => self.trouble(TroubleKind::Garbled, &error.to_string()),
            },
            OpenAIError::Reqwest(error) => {
                self.trouble(TroubleKind::Unreachable, &error.without_url().to_string())
            }
            OpenAIError::JSONDeserialize(error, _) => {
                self.trouble(TroubleKind::Garbled, &error.to_string())
            }
            error => self.trouble(TroubleKind::Garbled, &error.to_string()),
        }
    }

    fn too_slow(&self) -> Trouble {
        let mut trouble = self.trouble(TroubleKind::Silent, "no first token in time");
        // Who waited that long should not wait as long again.
        trouble.hopeless = true;
        trouble
    }

    fn trouble(&self, kind: TroubleKind, said: &str) -> Trouble {
        Trouble::new(kind, said, &self.key)
    }
}

fn request(model: &str, turns: &[Turn]) -> Value {
    let messages: Vec<Value> = turns
        .iter()
        .map(|turn| {
            let role = match turn.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            json!({ "role": role, "content": turn.text })
        })
        .collect();
    json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": { "include_usage": true },
    })
}

/// The list is in `data`; some servers say `models`, or send nothing but the list, or null for an empty one.
fn names(list: &Value) -> Vec<String> {
    let models = [&list["data"], &list["models"], list]
        .into_iter()
        .find_map(Value::as_array);
    let name = |model: &Value| {
        [model, &model["id"], &model["name"]]
            .into_iter()
            .find_map(Value::as_str)
            .map(str::to_owned)
    };
    models
        .into_iter()
        .flatten()
        .filter_map(name)
        .filter(|name| !name.is_empty())
        .collect()
}

/// What we read in one event of a reply. It is picked out of any JSON, since servers leave out, null,
/// add and retype every field.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
struct Chunk {
    text: String,
    reasoning: String,
    finish: Option<Finish>,
    usage: Option<Usage>,
    error: Option<Value>,
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
        let mut take = |field| {
            delta
                .get_mut(field)
                .map(Value::take)
                .map(text)
                .unwrap_or_default()
        };
        let [content, refusal] = ["content", "refusal"].map(&mut take);
        // Some servers say it in both fields, so it is never added up.
        let [reasoning_content, reasoning] = ["reasoning_content", "reasoning"].map(&mut take);
        Self {
            text: if content.is_empty() { refusal } else { content },
            reasoning: if reasoning_content.is_empty() {
                reasoning
            } else {
                reasoning_content
            },
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
        None if reason == "error" => Some(json!("the reply ended with an error")),
        None => None,
    }
}

/// JSON in which half a character (`\ud83d` without its second half) became a replacement character.
/// serde_json rightly does not read the like; servers that cut text between UTF-16 units send it.
fn whole_characters(json: &str) -> String {
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
    fn models_are_found_in_every_list() {
        for list in [
            r#"{"data":[{"id":"a"},{"id":"b"}]}"#,
            r#"{"models":[{"name":"a"},{"name":"b"}]}"#,
            r#"["a","b"]"#,
        ] {
            assert_eq!(
                names(&serde_json::from_str(list).unwrap()),
                ["a", "b"],
                "{list}"
            );
        }
        assert!(names(&json!({ "data": null })).is_empty());
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
            let chunk: Chunk = serde_json::from_str(event).unwrap();
            assert!(chunk.text.is_empty() && chunk.error.is_none(), "{event}");
        }
    }
}
