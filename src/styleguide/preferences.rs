//! Samples for the style guide: the form of a person's defaults, and so the fields of every preset.

use super::{MODEL, Sample};
use crate::{
    appearance::THEME,
    error::Result,
    preferences::{defaults::DefaultsForm, radios::Radios},
    presets::{Preset, Thousandths},
    web::{preset_form::PresetFields, view::View},
};

/// Every sample of this feature.
pub(crate) fn samples(view: &View) -> Result<Vec<Sample>> {
    let form = |preset: Preset, is_saved| DefaultsForm {
        view: view.clone(),
        fields: PresetFields::new(view, preset.into(), [MODEL.to_owned()].into()),
        titles_possible: true,
        titles: true,
        is_saved,
    };
    let set = Preset {
        model: Some(MODEL.to_owned()),
        system_prompt: Some(view.t.welcome_lead()),
        temperature: Some(Thousandths(700)),
        top_p: Some(Thousandths(900)),
        max_tokens: Some(2_000),
        effort: Some("high".to_owned()),
        ..Preset::default()
    };
    let bad = Preset {
        model: Some("m".repeat(300)),
        system_prompt: None,
        temperature: Some(Thousandths(9_000)),
        top_p: Some(Thousandths(9_000)),
        max_tokens: Some(-1),
        effort: Some("enormous".to_owned()),
        ..Preset::default()
    };
    let mut refused = form(bad, false);
    if let Err(problems) = refused.fields.typed.preset(view.t) {
        refused.fields.problems = *problems;
    }
    let t = view.t;
    let themes = [
        ("system", t.look_theme_system()),
        ("light", t.look_theme_light()),
        ("dark", t.look_theme_dark()),
    ];
    let themes = || Radios::new(&THEME, Some("dark"), t.look_theme(), themes.clone());
    let hints = [
        t.writing_enter_hint(),
        t.writing_line_hint(),
        t.writing_button_hint(),
    ];
    let explained = themes().explained(hints);
    Ok(vec![
        Sample::of("radios", "plain", &themes())?,
        Sample::of("radios", "with hints", &explained)?,
        Sample::of("defaults_form", "empty", &form(Preset::default(), false))?,
        Sample::of("defaults_form", "saved", &form(set, true))?,
        Sample::of("defaults_form", "problems", &refused)?,
    ])
}
