//! A content that comes in parts, as Mistral and others send it.

use serde_json::Value;

/// The parts by kind.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parts {
    pub text: String,
    pub reasoning: String,
    /// There is a picture among them, or sound.
    pub has_media: bool,
}

impl Parts {
    /// Of a text, a part, or a list of them; nothing of anything else.
    pub(super) fn of(content: Value) -> Self {
        let mut parts = Self::default();
        parts.take(content);
        parts
    }

    /// Its words, whatever they are.
    pub(super) fn all(self) -> String {
        self.reasoning + &self.text
    }

    fn take(&mut self, content: Value) {
        match content {
            Value::String(text) if self.text.is_empty() => self.text = text,
            Value::String(text) => self.text.push_str(&text),
            Value::Array(parts) => parts.into_iter().for_each(|part| self.take(part)),
            Value::Object(_) => self.take_part(content),
            _ => {}
        }
    }

    fn take_part(&mut self, mut part: Value) {
        const WORDS: [&str; 8] = [
            "text",
            "thinking",
            "reasoning",
            "reasoningText",
            "reasoning_text",
            "content",
            "summary",
            "parts",
        ];
        let kind = part["type"].as_str().unwrap_or_default().to_lowercase();
        let thinks = kind.contains("think") || kind.contains("reason") || part["thought"] == true;
        self.has_media |= ["image", "audio", "video"]
            .iter()
            .any(|media| kind.contains(media));
        let Some(words) = WORDS.iter().find(|name| !part[**name].is_null()) else {
            return;
        };
        let inner = Self::of(part[*words].take());
        self.has_media |= inner.has_media;
        if thinks
            || matches!(
                *words,
                "thinking" | "reasoning" | "reasoningText" | "reasoning_text"
            )
        {
            self.reasoning.push_str(&inner.all());
        } else {
            self.text.push_str(&inner.text);
            self.reasoning.push_str(&inner.reasoning);
        }
    }
}
