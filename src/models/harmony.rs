//! The form of gpt-oss, from servers that hand it on as it is: messages, each in a channel.
//!
//! `<|channel|>analysis<|message|>…<|end|><|start|>assistant<|channel|>final<|message|>…<|return|>`

use super::think_tags::Split;

const BEGINNINGS: [&str; 2] = ["<|channel|>", "<|start|>"];

/// The position in it.
#[derive(Debug, Default)]
pub(super) struct Harmony {
    /// The name of the channel, and what else stands before a message.
    head: String,
    in_message: bool,
}

impl Harmony {
    /// Tells whether a text has this form; `None` while that cannot be told.
    pub(super) fn begins(text: &str) -> Option<bool> {
        if BEGINNINGS
            .iter()
            .any(|beginning| text.starts_with(beginning))
        {
            return Some(true);
        }
        let may = BEGINNINGS
            .iter()
            .any(|beginning| beginning.starts_with(text));
        (!may).then_some(false)
    }

    /// Takes what is held, but for what may be the beginning of a mark.
    pub(super) fn take(&mut self, held: &mut String, split: &mut Split) {
        loop {
            let at = held.find("<|").unwrap_or(held.len());
            let end = held[at..].find("|>").map(|end| at + end + 2);
            let Some(end) = end else {
                // A mark is short: what is longer is none.
                let text = match held.len() - at {
                    0 if held.ends_with('<') => held.len() - 1,
                    1..=32 => at,
                    _ => held.len(),
                };
                let text: String = held.drain(..text).collect();
                self.say(&text, split);
                return;
            };
            let text = held[..at].to_owned();
            self.say(&text, split);
            match &held[at..end] {
                "<|channel|>" => self.head.clear(),
                "<|message|>" => {
                    self.in_message = true;
                    if !self.answers() && !split.reasoning.is_empty() {
                        split.reasoning.push_str("\n\n");
                    }
                }
                "<|start|>" | "<|end|>" | "<|return|>" | "<|call|>" => {
                    self.in_message = false;
                    self.head.clear();
                }
                _ => {}
            }
            held.drain(..end);
        }
    }

    /// Takes the last of it.
    pub(super) fn end(&mut self, held: String, split: &mut Split) {
        self.say(&held, split);
    }

    fn say(&mut self, text: &str, split: &mut Split) {
        match (self.in_message, self.answers()) {
            (false, _) => self.head.push_str(text),
            (true, true) => split.text.push_str(text),
            (true, false) => split.reasoning.push_str(text),
        }
    }

    /// Tells whether what comes now is the answer.
    fn answers(&self) -> bool {
        self.head.trim_start().starts_with("final")
    }
}
