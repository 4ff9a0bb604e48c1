//! Options of a request for a reply: the model, the system prompt, and parameters.

use super::error::{ModelError, ModelErrorKind};
use serde_json::{Value, json};

/// The longest length by its old name, and by the one that OpenAI's newer models want.
const MAX_TOKENS: &str = "max_tokens";
const MAX_TOKENS_NEW: &str = "max_completion_tokens";

/// Options of a request for a reply. Those that are not set are not sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The model; without it the one of the settings.
    pub model: Option<String>,
    /// The system prompt, which the model is sent before the conversation.
    pub system_prompt: Option<String>,
    /// Freedom in the choice of words, from 0 to 2.
    pub temperature: Option<f64>,
    /// From how large a share of the likely words it chooses, from 0 to 1.
    pub top_p: Option<f64>,
    /// The reply's longest length, in tokens.
    pub max_tokens: Option<i64>,
    /// Reasoning effort, in OpenAI's words.
    pub effort: Option<String>,
    /// Messages before the turns that are given, and so not sent either.
    pub before: usize,
}

/// A parameter of a request that a model may not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// Freedom in the choice of words.
    Temperature,
    /// Size of the set of words to choose from.
    TopP,
    /// The longest length.
    MaxTokens,
    /// Reasoning effort.
    Effort,
}

impl Parameter {
    /// Each with its names in a request, and with other words by which servers call it.
    const NAMES: [(Self, &str, &str); 5] = [
        (Self::Temperature, "temperature", "temperature"),
        (Self::TopP, "top_p", "top_p"),
        (Self::MaxTokens, MAX_TOKENS, "max_tokens"),
        (Self::MaxTokens, MAX_TOKENS_NEW, "max_tokens"),
        (Self::Effort, "reasoning_effort", "thinking"),
    ];
}

impl Options {
    /// Counts the characters of the request that are theirs.
    pub(super) fn length(&self) -> usize {
        let prompt = self.system_prompt.as_deref();
        prompt.map_or(0, |prompt| prompt.chars().count())
    }

    /// Puts what is set into a request. `folded`: what the model is told before the conversation stands in
    /// front of the person's first message.
    pub(super) fn put_into(&self, request: &mut Value, new_names: bool, folded: bool) {
        let max_tokens = if new_names {
            MAX_TOKENS_NEW
        } else {
            MAX_TOKENS
        };
        let numbers = [
            ("temperature", self.temperature.map(Value::from)),
            ("top_p", self.top_p.map(Value::from)),
            (max_tokens, self.max_tokens.map(Value::from)),
            ("reasoning_effort", self.effort.clone().map(Value::from)),
        ];
        for (name, value) in numbers {
            if let Some(value) = value {
                request[name] = value;
            }
        }
        if let (Some(prompt), Some(messages)) =
            (&self.system_prompt, request["messages"].as_array_mut())
        {
            messages.insert(0, json!({ "role": "system", "content": prompt }));
            if folded {
                fold(messages);
            }
        }
    }
}

/// Sends what comes before the conversation with the person's first message, for models that know no
/// other way.
fn fold(messages: &mut Vec<Value>) {
    let prompt = messages.remove(0);
    let prompt = prompt["content"].as_str().unwrap_or_default();
    match messages.first_mut() {
        Some(first) if first["role"] == "user" => {
            let said = first["content"].as_str().unwrap_or_default();
            first["content"] = format!("{prompt}\n\n{said}").into();
        }
        _ => messages.insert(0, json!({ "role": "user", "content": prompt })),
    }
}

/// Tells whether a request was refused that may be accepted with the other name of the longest
/// length.
pub(super) fn should_rename(request: &Value, refused: &ModelError) -> bool {
    let (old, new) = (&request[MAX_TOKENS], &request[MAX_TOKENS_NEW]);
    refused.kind() == ModelErrorKind::Refused
        && (!old.is_null() || !new.is_null())
        && refused.names(MAX_TOKENS_NEW)
}

/// Gives the longest length its other name. Whether there is one.
pub(super) fn rename(request: &mut Value) -> bool {
    let Some(fields) = request.as_object_mut() else {
        return false;
    };
    for (from, to) in [(MAX_TOKENS, MAX_TOKENS_NEW), (MAX_TOKENS_NEW, MAX_TOKENS)] {
        if let Some(value) = fields.remove(from) {
            fields.insert(to.to_owned(), value);
            return true;
        }
    }
    false
}

/// Finds what a refusal is about, if it names something that was set.
pub(super) fn explained(request: &Value, refused: ModelError) -> ModelError {
    if refused.kind() != ModelErrorKind::Refused {
        return refused;
    }
    let named = Parameter::NAMES.iter().find(|(_, name, other)| {
        !request[*name].is_null() && (refused.names(name) || refused.names(other))
    });
    match named {
        Some((parameter, ..)) => refused.that_is(ModelErrorKind::Rejects(*parameter)),
        None => refused,
    }
}
