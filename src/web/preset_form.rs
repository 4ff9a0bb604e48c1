//! The fields of a preset: as they were typed, what is wrong with them, and what they mean.

use super::view::View;
use crate::{
    i18n::Texts,
    models::NAME_LIMIT,
    presets::{EFFORTS, MOST_TOKENS, Preset, Thousandths},
    text::{clean_line, plain},
    time::grouped,
};
use askama::{Template, filters::HtmlSafe};
use serde::Deserialize;
use std::{fmt, ops::RangeInclusive, sync::Arc};

/// Most characters of a system prompt.
const PROMPT_LIMIT: usize = 8_000;

/// The numbers of tokens that may be asked for.
const TOKENS: RangeInclusive<i64> = 1..=MOST_TOKENS;

/// The fields as they were typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PresetForm {
    model: String,
    system_prompt: String,
    temperature: String,
    top_p: String,
    max_tokens: String,
    effort: String,
}

/// The problem with each field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems {
    model: Option<String>,
    system_prompt: Option<String>,
    temperature: Option<String>,
    top_p: Option<String>,
    max_tokens: Option<String>,
    effort: Option<String>,
}

/// The fields, for the forms that have them.
#[derive(Template)]
#[template(path = "fragments/preset_fields.html")]
pub(crate) struct PresetFields {
    pub view: View,
    pub typed: PresetForm,
    pub problems: Problems,
    /// The reason why none of it was saved.
    pub not_kept: Option<String>,
    /// The models to choose from.
    pub models: Arc<[String]>,
}

impl HtmlSafe for PresetFields {}

impl PresetFields {
    pub(crate) fn new(view: &View, typed: PresetForm, models: Arc<[String]>) -> Self {
        Self {
            view: view.clone(),
            typed,
            problems: Problems::default(),
            not_kept: None,
            models,
        }
    }

    fn efforts(&self) -> Vec<(&'static str, String)> {
        EFFORTS
            .into_iter()
            .map(|effort| (effort, effort_name(effort, self.view.t)))
            .collect()
    }
}

impl PresetForm {
    /// Reads the preset from the fields.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn preset(&self, t: &Texts) -> Result<Preset, Box<Problems>> {
        let mut problems = Problems::default();
        let preset = Preset {
            model: kept(model(&self.model, t), &mut problems.model),
            system_prompt: kept(prompt(&self.system_prompt, t), &mut problems.system_prompt),
            temperature: kept(
                number(&self.temperature, Thousandths::TWO)
                    .ok_or_else(|| t.preset_temperature_range()),
                &mut problems.temperature,
            ),
            top_p: kept(
                number(&self.top_p, Thousandths::ONE).ok_or_else(|| t.preset_top_p_range()),
                &mut problems.top_p,
            ),
            max_tokens: kept(tokens(&self.max_tokens, t), &mut problems.max_tokens),
            effort: kept(effort(&self.effort, t), &mut problems.effort),
            ..Preset::default()
        };
        if problems.are_none() {
            Ok(preset)
        } else {
            Err(Box::new(problems))
        }
    }
}

impl From<Preset> for PresetForm {
    fn from(preset: Preset) -> Self {
        Self {
            model: preset.model.unwrap_or_default(),
            system_prompt: preset.system_prompt.unwrap_or_default(),
            temperature: typed(preset.temperature),
            top_p: typed(preset.top_p),
            max_tokens: typed(preset.max_tokens),
            effort: preset.effort.unwrap_or_default(),
        }
    }
}

impl Problems {
    fn are_none(&self) -> bool {
        [
            &self.model,
            &self.system_prompt,
            &self.temperature,
            &self.top_p,
            &self.max_tokens,
            &self.effort,
        ]
        .iter()
        .all(|problem| problem.is_none())
    }
}

fn typed(value: Option<impl fmt::Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The value, or its problem put where it belongs.
fn kept<T>(read: Result<Option<T>, String>, problem: &mut Option<String>) -> Option<T> {
    match read {
        Ok(value) => value,
        Err(sentence) => {
            *problem = Some(sentence);
            None
        }
    }
}

/// The name of a model; none when nothing was typed.
///
/// # Errors
/// When it is longer than names are.
pub(crate) fn model(typed: &str, t: &Texts) -> Result<Option<String>, String> {
    let name = clean_line(typed);
    if name.chars().count() > NAME_LIMIT {
        return Err(t.preset_model_too_long(NAME_LIMIT as u64));
    }
    Ok(Some(name).filter(|name| !name.is_empty()))
}

fn prompt(typed: &str, t: &Texts) -> Result<Option<String>, String> {
    let prompt = plain(typed);
    let length = prompt.chars().count();
    if length > PROMPT_LIMIT {
        return Err(t.preset_prompt_too_long(grouped(length), grouped(PROMPT_LIMIT)));
    }
    Ok(Some(prompt).filter(|prompt| !prompt.trim().is_empty()))
}

/// A number from 0 to this one; inside, none when nothing was typed.
fn number(typed: &str, most: Thousandths) -> Option<Option<Thousandths>> {
    let typed = typed.trim().replace(',', ".");
    if typed.is_empty() {
        return Some(None);
    }
    let value: f64 = typed.parse().ok()?;
    let within = value >= 0.0 && value <= most.value();
    within.then(|| Some(Thousandths::nearest(value)))
}

fn tokens(typed: &str, t: &Texts) -> Result<Option<i64>, String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    match typed.parse() {
        Ok(tokens) if TOKENS.contains(&tokens) => Ok(Some(tokens)),
        _ => Err(t.preset_max_tokens_range()),
    }
}

fn effort(typed: &str, t: &Texts) -> Result<Option<String>, String> {
    match typed.trim() {
        "" => Ok(None),
        word if EFFORTS.contains(&word) => Ok(Some(word.to_owned())),
        _ => {
            let names = EFFORTS.map(|effort| effort_name(effort, t));
            Err(t.preset_effort_unknown(names.join(", ")))
        }
    }
}

/// Names one of `EFFORTS` in the person's language; the model server is sent the English word.
fn effort_name(effort: &str, t: &Texts) -> String {
    match effort {
        "none" => t.preset_effort_none(),
        "minimal" => t.preset_effort_minimal(),
        "low" => t.preset_effort_low(),
        "medium" => t.preset_effort_medium(),
        "high" => t.preset_effort_high(),
        "xhigh" => t.preset_effort_xhigh(),
        _ => t.preset_effort_max(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them_and_kept_in_their_range() {
        for (typed, read) in [
            ("", Some(None)),
            (" 0.7 ", Some(Some(Thousandths(700)))),
            ("0,7", Some(Some(Thousandths(700)))),
            ("2", Some(Some(Thousandths(2_000)))),
            ("0.1234", Some(Some(Thousandths(123)))),
            ("2.0001", None),
            ("-0.1", None),
            ("NaN", None),
            ("inf", None),
            ("1e400", None),
            ("warm", None),
        ] {
            assert_eq!(number(typed, Thousandths::TWO), read, "{typed}");
        }
    }

    #[test]
    fn what_was_read_is_shown_as_it_was_typed() {
        for typed in ["0", "0.7", "1.25", "2"] {
            let read = number(typed, Thousandths::TWO).flatten();
            assert_eq!(super::typed(read), typed);
        }
    }
}
