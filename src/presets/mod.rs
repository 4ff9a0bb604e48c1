//! Settings of replies: of a chat, as a person's defaults, and in personas.

mod store;

use crate::{db::Legible, models::Options};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::fmt;

pub(crate) use store::Defaults;

/// How hard a model can be asked to think, in OpenAI's words.
pub(crate) const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// The greatest number of tokens that may be asked for.
pub(crate) const MOST_TOKENS: i64 = 1_000_000;

/// Settings of replies, a JSON object in the database. What is `None` is not in it, and not sent to the
/// model.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Preset {
    /// The model that replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it is told before the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// From 0 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Thousandths>,
    /// From 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<Thousandths>,
    /// The longest length of a reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<i64>,
    /// One of `EFFORTS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// Settings of a newer server on the same database, which this one does not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A number with at most three digits after its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thousandths(pub i64);

impl Thousandths {
    /// The greatest temperature, and the greatest top_p.
    pub(crate) const TWO: Self = Self(2_000);
    /// See there.
    pub(crate) const ONE: Self = Self(1_000);

    pub(crate) fn value(self) -> f64 {
        // What can be set is small: no digit is lost.
        self.0 as f64 / 1000.0
    }

    /// The nearest of these numbers.
    pub(crate) fn nearest(value: f64) -> Self {
        Self((value * 1000.0).round() as i64)
    }
}

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

impl Serialize for Thousandths {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Thousandths {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        f64::deserialize(from).map(Self::nearest)
    }
}

impl Preset {
    /// The column's text.
    pub(crate) fn json(&self) -> String {
        // It holds nothing that JSON cannot.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Reads the column's text. What cannot be meant counts as not set: that is no reason not to show a
    /// chat.
    pub(crate) fn from_json(text: &str) -> Self {
        let mut set: Map<String, Value> = serde_json::from_str(text).unwrap_or_else(|error| {
            tracing::error!(%error, "a preset in the database is damaged");
            Map::new()
        });
        let zero = Thousandths(0);
        Self {
            model: take(&mut set, "model", |_| true),
            system_prompt: take(&mut set, "system_prompt", |_| true),
            temperature: take(&mut set, "temperature", |it| {
                (zero..=Thousandths::TWO).contains(it)
            }),
            top_p: take(&mut set, "top_p", |it| {
                (zero..=Thousandths::ONE).contains(it)
            }),
            max_tokens: take(&mut set, "max_tokens", |it| (1..=MOST_TOKENS).contains(it)),
            effort: take(&mut set, "effort", |it: &String| {
                EFFORTS.contains(&it.as_str())
            }),
            other: set,
        }
    }

    /// What is not set here is as set there.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            model: self.model.or(other.model),
            system_prompt: self.system_prompt.or(other.system_prompt),
            temperature: self.temperature.or(other.temperature),
            top_p: self.top_p.or(other.top_p),
            max_tokens: self.max_tokens.or(other.max_tokens),
            effort: self.effort.or(other.effort),
            other: other.other.into_iter().chain(self.other).collect(),
        }
    }

    /// The same, in the place of one from which it keeps what no form of this program has.
    pub(crate) fn in_place_of(&self, before: &Self) -> Self {
        Self {
            other: before.other.clone(),
            ..self.clone()
        }
    }
}

/// Takes a field out, and what it says if that can be meant.
fn take<T: DeserializeOwned>(
    set: &mut Map<String, Value>,
    name: &str,
    can_be: impl Fn(&T) -> bool,
) -> Option<T> {
    let value = set.remove(name).filter(|value| !value.is_null())?;
    let read = serde_json::from_value(value).ok().filter(can_be);
    if read.is_none() {
        tracing::error!("{name} of a preset in the database is damaged");
    }
    read
}

impl From<Legible> for Preset {
    fn from(text: Legible) -> Self {
        Self::from_json(&String::from(text))
    }
}

impl From<Preset> for Options {
    fn from(preset: Preset) -> Self {
        Self {
            model: preset.model,
            system_prompt: preset.system_prompt,
            temperature: preset.temperature.map(Thousandths::value),
            top_p: preset.top_p.map(Thousandths::value),
            max_tokens: preset.max_tokens,
            effort: preset.effort,
            before: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_what_is_not_known_stays() {
        let text = r#"{"model":"m","system_prompt":"Be\n\"brief\".","temperature":0.7,"top_p":1.0,"max_tokens":5,"effort":"low","seed":[1,{"a":null}]}"#;
        let preset = Preset::from_json(text);
        assert_eq!(preset.temperature, Some(Thousandths(700)));
        assert_eq!(preset.top_p, Some(Thousandths(1_000)));
        assert_eq!(preset.json(), text);
        let typed = Preset {
            model: Some("n".to_owned()),
            ..Preset::default()
        };
        let kept = typed.in_place_of(&preset).json();
        assert_eq!(kept, r#"{"model":"n","seed":[1,{"a":null}]}"#);
        assert_eq!(Preset::default().json(), "{}");
    }

    #[test]
    fn what_cannot_be_meant_counts_as_not_set_alone() {
        for (damaged, left) in [
            ("", "{}"),
            ("[1]", "{}"),
            (r#"{"model":"m","temperature":9}"#, r#"{"model":"m"}"#),
            (r#"{"model":"m","temperature":-0.1}"#, r#"{"model":"m"}"#),
            (r#"{"model":"m","temperature":"warm"}"#, r#"{"model":"m"}"#),
            (r#"{"model":1,"top_p":0.5}"#, r#"{"top_p":0.5}"#),
            (r#"{"top_p":1.001}"#, "{}"),
            (r#"{"max_tokens":0}"#, "{}"),
            (r#"{"max_tokens":1.5}"#, "{}"),
            (r#"{"effort":"enormous"}"#, "{}"),
            (r#"{"model":null,"effort":null}"#, "{}"),
        ] {
            assert_eq!(Preset::from_json(damaged).json(), left, "{damaged}");
        }
    }
}
