//! Personas: named presets with a greeting, which a person makes and begins chats with.

pub(crate) mod pages;
mod store;

use crate::{ids::PersonaId, presets::Preset};
use serde::Deserialize;

/// A persona as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Persona {
    pub id: PersonaId,
    #[sqlx(try_from = "crate::db::Legible")]
    pub name: String,
    /// The greeting that a new chat with it shows first; the model is not sent it.
    #[sqlx(try_from = "crate::db::Legible")]
    pub greeting: String,
    /// Questions to begin with, one a line.
    #[sqlx(try_from = "crate::db::Legible")]
    pub starters: String,
    #[sqlx(try_from = "crate::db::Legible")]
    pub preset: Preset,
}

impl Persona {
    pub(crate) fn starters(&self) -> impl Iterator<Item = &str> {
        let lines = self.starters.lines().map(str::trim);
        lines.filter(|line| !line.is_empty())
    }
}

/// The fields of a persona beside its preset, as they were typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    name: String,
    greeting: String,
    starters: String,
}
