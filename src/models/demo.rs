//! The demo model: answers without any server, through the same wire as the real ones.

use crate::i18n::Lang;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header;
use serde_json::{Value, json};
use std::{convert::Infallible, time::Duration};
use tokio::time::{Instant, sleep_until};

/// The demo model's name.
pub(super) const NAME: &str = "demo";

/// Characters of a person's message that are quoted.
const QUOTED: usize = 300;

/// The longest token, in characters: a syllable of Hangul says more than a letter.
const LETTERS: usize = 5;
const SYLLABLES: usize = 2;

/// Delay of the first token after the others, in tokens.
const THINKING: u32 = 10;

/// Answers requests in the server's place.
#[derive(Clone, Debug)]
pub(super) struct Demo {
    /// The time between two tokens; zero for no waiting at all.
    pub(super) pace: Duration,
}

impl Demo {
    /// Answers as a server would, with a stream of events that takes its time.
    pub(super) fn answer(&self, request: &reqwest::Request) -> reqwest::Response {
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let request = serde_json::from_slice(body.unwrap_or_default()).unwrap_or_default();
        let mut response = http::Response::new(reqwest::Body::wrap_stream(self.events(&request)));
        let content_type = header::HeaderValue::from_static("text/event-stream");
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
        response.into()
    }

    fn events(
        &self,
        request: &Value,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + use<> {
        let tokens = tokens(&reply(request));
        let asked = request["messages"].to_string();
        let usage = json!({ "prompt_tokens": self::tokens(&asked).len(), "completion_tokens": tokens.len() });
        let chunk = |delta: Value, finish: Option<&str>| {
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
            json!({ "id": "demo", "object": "chat.completion.chunk", "created": 0, "model": NAME, "choices": [choice] })
        };
        let mut events = vec![chunk(json!({ "role": "assistant", "content": "" }), None)];
        events.extend(
            tokens
                .iter()
                .map(|token| chunk(json!({ "content": token }), None)),
        );
        events.push(chunk(json!({}), Some("stop")));
        events.push(json!({ "choices": [], "usage": usage }));
        let data = events
            .into_iter()
            .map(|event| event.to_string())
            .chain(["[DONE]".to_owned()]);

        // Like a server's it goes on at its pace however rarely it is read.
        let (start, pace) = (Instant::now(), self.pace);
        stream::iter((THINKING..).zip(data)).then(move |(number, data)| async move {
            if !pace.is_zero() {
                sleep_until(start + pace * number).await;
            }
            Ok(format!("data: {data}\n\n").into())
        })
    }
}

/// The whole answer: the first one shows what replies can look like, the later ones are short.
fn reply(request: &Value) -> String {
    let messages = request["messages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let said = messages
        .last()
        .and_then(|last| last["content"].as_str())
        .unwrap_or_default();
    let lang = match said.chars().any(is_hangul) {
        true => Lang::Ko,
        false => Lang::En,
    };
    let template = lang.markdown(match messages.len() {
        ..2 => "demo",
        _ => "demo_again",
    });
    template.trim().replace("{quote}", &quote(said))
}

/// The text as a Markdown quote in which it looks just as it was typed: what could leave the quote, or
/// become anything but text in it, is escaped.
fn quote(said: &str) -> String {
    let said = said.trim().replace("\r\n", "\n");
    let mut start: String = said.chars().take(QUOTED).collect();
    if start.len() < said.len() {
        start.push('…');
    }
    let lines: Vec<String> = start
        .split(['\n', '\r'])
        .map(|line| format!("> {}", escaped(line.trim())))
        .collect();
    // A backslash at its end keeps a line's break, but not before an empty line.
    lines
        .join("\\\n")
        .replace("> \\\n", ">\n")
        .replace("\\\n>\n", "\n>\n")
}

fn escaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len() + 8);
    for (at, c) in line.char_indices() {
        let numbered = matches!(c, '.' | ')') && line[..at].bytes().all(|b| b.is_ascii_digit());
        let always = r"\`*_[]<>#|~$&^=".contains(c);
        if always || numbered || (at == 0 && c.is_ascii_punctuation()) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// The text in pieces like those of real models: a word, or a part of a longer one, with the space before it.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let mut weight = 0;
    for c in text.chars() {
        let step = if is_hangul(c) {
            LETTERS.div_ceil(SYLLABLES)
        } else {
            1
        };
        if c.is_whitespace() || weight + step > LETTERS + 1 {
            tokens.push(String::new());
            weight = 0;
        }
        weight += step;
        tokens.last_mut().expect("there is always one").push(c);
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_stays_a_quote() {
        for (said, quoted) in [
            ("Hello, it's me!", "> Hello, it's me!"),
            ("a\nb", "> a\\\n> b"),
            ("a\n\nb", "> a\n>\n> b"),
            ("a\r\n# b", "> a\\\n> \\# b"),
            ("```\nx\n```", "> \\`\\`\\`\\\n> x\\\n> \\`\\`\\`"),
            ("<script>*x*</script>", "> \\<script\\>\\*x\\*\\</script\\>"),
            ("- a\n2) b\n+", "> \\- a\\\n> 2\\) b\\\n> \\+"),
            ("", "> "),
        ] {
            assert_eq!(quote(said), quoted, "{said:?}");
        }
        assert_eq!(
            quote(&"가".repeat(1000))
                .chars()
                .filter(|c| *c == '가')
                .count(),
            QUOTED
        );
    }

    #[test]
    fn tokens_are_short_and_lose_nothing() {
        for text in [
            Lang::Ko.markdown("demo"),
            Lang::En.markdown("demo"),
            "",
            "  \n",
            "👨‍👩‍👧",
        ] {
            let tokens = tokens(text);
            assert_eq!(tokens.concat(), text);
            assert!(
                tokens
                    .iter()
                    .all(|token| token.chars().count() <= LETTERS + 1)
            );
        }
    }

    #[test]
    fn every_template_has_a_place_for_the_quote() {
        for said in ["안녕", "hello"] {
            for turns in [1, 3] {
                let messages = vec![json!({ "role": "user", "content": said }); turns];
                let reply = reply(&json!({ "messages": messages }));
                assert!(reply.contains(&format!("\n\n> {said}\n\n")), "{reply}");
            }
        }
    }
}
