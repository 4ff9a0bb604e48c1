//! A choice as a fieldset of radio buttons.

use crate::{appearance::Choice, i18n::Lang};
use askama::{Template, filters::HtmlSafe};

#[derive(Template)]
#[template(path = "fragments/radios.html")]
pub(crate) struct Radios {
    pub name: &'static str,
    pub legend: String,
    pub radios: Vec<Radio>,
}

impl HtmlSafe for Radios {}

pub(crate) struct Radio {
    pub word: String,
    pub label: String,
    /// The label's language, where it is not the page's.
    pub lang: Option<Lang>,
    pub hint: Option<String>,
    pub is_chosen: bool,
}

impl Radios {
    /// For each word its label. What was chosen is marked, or else what is usual.
    pub(crate) fn new<const N: usize>(
        choice: &Choice,
        chosen: Option<&str>,
        legend: String,
        labels: [(&str, String); N],
    ) -> Self {
        let chosen = choice.word(chosen);
        let radios = labels.map(|(word, label)| Radio {
            word: word.to_owned(),
            label,
            lang: None,
            hint: None,
            is_chosen: word == chosen,
        });
        Self {
            name: choice.name,
            legend,
            radios: radios.into(),
        }
    }

    /// The same with a sentence about each.
    pub(crate) fn explained<const N: usize>(mut self, hints: [String; N]) -> Self {
        for (radio, hint) in self.radios.iter_mut().zip(hints) {
            radio.hint = Some(hint);
        }
        self
    }
}
