//! The line of facts below a reply: model, when, tokens, speed.

use super::Message;
use crate::{db::now, view::View};
use askama::{Template, filters::HtmlSafe};
use time::{
    OffsetDateTime, UtcDateTime, format_description::well_known::Rfc3339,
    macros::format_description,
};

/// What is told of how a reply was made; what is not known is left out.
#[derive(Template)]
#[template(path = "fragments/facts.html")]
pub(super) struct Facts {
    model: Option<String>,
    when: When,
    tokens: Option<String>,
    speed: Option<String>,
}

impl HtmlSafe for Facts {}

/// A moment. Where the person is, and so what their clock shows, is not known: the sentence tells how
/// long ago it was when the page was made, and the title the exact time in UTC.
struct When {
    sentence: String,
    /// For programs.
    machine: String,
    /// For people who want to know exactly.
    exact: String,
}

/// A reply that took less time than this has no speed: it came at once.
const SHORTEST: i64 = 200_000;

impl Facts {
    /// Of a reply that has ended.
    pub(super) fn of(message: &Message, view: &View) -> Option<Self> {
        let made = &message.made;
        let ended_at = made.ended_at.filter(|_| !message.state.is_running())?;
        Some(Self {
            model: message.model.clone(),
            when: When::of(ended_at, now(), view)?,
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

/// A number with its thousands apart, as both languages write it.
fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

impl When {
    fn of(at: i64, now: i64, view: &View) -> Option<Self> {
        let moment = OffsetDateTime::from_unix_timestamp(at / 1_000_000).ok()?;
        let utc = UtcDateTime::from(moment);
        let exact = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        let date = format_description!("[year]-[month]-[day]");
        let minutes = u64::try_from((now - at) / 60_000_000).unwrap_or(0);
        let (hours, days) = (minutes / 60, minutes / (24 * 60));
        let t = view.t;
        let sentence = match (minutes, hours, days) {
            (0, ..) => t.facts_now(),
            (..60, ..) => t.facts_minutes(minutes),
            (_, ..24, _) => t.facts_hours(hours),
            (_, _, ..7) => t.facts_days(days),
            _ => utc.format(date).ok()?,
        };
        Some(Self {
            sentence,
            machine: moment.format(&Rfc3339).ok()?,
            exact: t.facts_utc(utc.format(exact).ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(super::grouped(number), text);
        }
    }
}
