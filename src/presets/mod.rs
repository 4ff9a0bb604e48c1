//! Settings of replies: of a chat, as a person's defaults, and in personas.

mod store;

use crate::models::Options;
use std::fmt;

pub(crate) use store::{Defaults, bind_preset};

/// Reasoning efforts, in OpenAI's words.
pub(crate) const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// Settings of replies. `None` is not sent to the model.
#[derive(Clone, Debug, Default, PartialEq, sqlx::FromRow)]
pub struct Preset {
    /// The model that replies.
    #[sqlx(try_from = "crate::db::MaybeLegible")]
    pub model: Option<String>,
    /// The system prompt.
    #[sqlx(try_from = "crate::db::MaybeLegible")]
    pub system_prompt: Option<String>,
    /// From 0 to 2.
    pub temperature: Option<Thousandths>,
    /// From 0 to 1.
    pub top_p: Option<Thousandths>,
    /// The longest length of a reply.
    pub max_tokens: Option<i64>,
    /// One of `EFFORTS`.
    #[sqlx(try_from = "crate::db::MaybeLegible")]
    pub effort: Option<String>,
}

/// A number with at most three digits after its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Thousandths(pub i64);

impl Thousandths {
    fn value(self) -> f64 {
        // What can be set is small: no digit is lost.
        self.0 as f64 / 1000.0
    }
}

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

impl Preset {
    /// Takes from the other what is not set here.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            model: self.model.or(other.model),
            system_prompt: self.system_prompt.or(other.system_prompt),
            temperature: self.temperature.or(other.temperature),
            top_p: self.top_p.or(other.top_p),
            max_tokens: self.max_tokens.or(other.max_tokens),
            effort: self.effort.or(other.effort),
        }
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
