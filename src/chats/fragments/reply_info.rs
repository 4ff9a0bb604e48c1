//! The line of facts below a reply: model, when, tokens, speed.

use crate::{
    messages::rows::Message,
    models::short_name,
    time::{When, grouped},
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};

/// Facts about how a reply was made; what is not known is left out.
#[derive(Template)]
#[template(path = "fragments/facts.html")]
pub(crate) struct Facts {
    /// True if the exact time is shown when one points at it; if not, it is told at once.
    graphical: bool,
    model: Option<String>,
    pub(crate) when: When,
    tokens: Option<String>,
    speed: Option<String>,
}

impl HtmlSafe for Facts {}

/// A reply that took less time than this has no speed: it came at once.
const SHORTEST: i64 = 200_000;

impl Facts {
    /// Of a reply that has ended.
    pub(crate) fn of(message: &Message, view: &View) -> Option<Self> {
        let made = &message.made;
        let ended_at = made.ended_at.filter(|_| !message.state.is_running())?;
        Some(Self {
            graphical: view.graphical,
            model: message
                .model
                .as_deref()
                .map(|model| short_name(model).to_owned()),
            when: view.clock.when(ended_at)?,
            tokens: tokens(message, view),
            speed: speed(message, view),
        })
    }
}

fn tokens(message: &Message, view: &View) -> Option<String> {
    let made = &message.made;
    let (sent, said) = (made.prompt_tokens?, made.completion_tokens?);
    let (sent, said) = (grouped(sent), grouped(said));
    Some(match made.is_estimate {
        true => view.t.facts_about_tokens(&sent, &said),
        false => view.t.facts_tokens(&sent, &said),
    })
}

fn speed(message: &Message, view: &View) -> Option<String> {
    let made = &message.made;
    let took = made.written_in.filter(|took| *took >= SHORTEST)?;
    // Tenths of tokens a second.
    let tenths = made.completion_tokens?.checked_mul(10_000_000)? / took;
    let rate = match tenths {
        0 => return None,
        ..100 => format!("{}.{}", tenths / 10, tenths % 10),
        _ => grouped(tenths / 10),
    };
    Some(match made.is_estimate {
        true => view.t.facts_about_speed(&rate),
        false => view.t.facts_speed(&rate),
    })
}
