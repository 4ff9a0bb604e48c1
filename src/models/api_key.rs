//! The key of a model server, and keeping it out of everything people and logs read.

use std::{fmt, sync::Arc};

/// A key shorter than this protects nothing, as `x` and `none` for servers that want none: it is a word
/// like others, and hidden only where it is all of one.
const SHORT: usize = 8;

/// And of so few letters it is not even that.
const TOO_SHORT: usize = 4;

/// Replacement for a key, or for something that looks like a part of it.
const HIDDEN: &str = "[hidden]";

/// A key that is sent to the model server and shown to nobody: `Debug` hides it, nothing prints it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps the key. White space around it, which files and copying leave behind, is not part of it.
    pub fn new(key: String) -> Self {
        Self(key.trim().to_owned())
    }

    /// The key itself; empty when there is none.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The text without the key. Servers like to quote it: whole, percent-encoded, cut off, or with
    /// stars in the middle, so every word that shares enough with it is hidden as a whole.
    pub(crate) fn redact(&self, text: &str) -> String {
        // A key may itself hold a character at which words are split.
        let text = match self.is_short() {
            true => text.to_owned(),
            false => text.replace(&self.0, HIDDEN),
        };
        let mut clean = String::with_capacity(text.len());
        for piece in text.split_inclusive(is_border) {
            let word = piece.trim_end_matches(is_border);
            clean.push_str(if self.shows_in(word) { HIDDEN } else { word });
            clean.push_str(&piece[word.len()..]);
        }
        clean
    }

    fn shows_in(&self, word: &str) -> bool {
        if word.is_empty() {
            return false;
        }
        let word = percent_decoded(word);
        // A masked key may share nothing with ours but how keys begin. "disk-full" holds no key.
        let mut before_mark = word
            .match_indices("sk-")
            .map(|(at, _)| word[..at].chars().last());
        let marked = before_mark.any(|c| c.is_none_or(|c| !c.is_alphanumeric()));
        if marked {
            return true;
        }
        if self.is_short() {
            let whole = word.trim_matches(|c: char| !c.is_alphanumeric()) == self.0;
            return whole && self.0.chars().count() >= TOO_SHORT;
        }
        if word.contains(&self.0) {
            return true;
        }
        let masked = ["**", "..", "…", "xxx", "XXX"]
            .iter()
            .any(|mask| word.contains(mask));
        let telling = if masked { 3 } else { 8 };
        let key: Vec<char> = self.0.chars().collect();
        key.windows(telling)
            .any(|part| word.contains(&part.iter().collect::<String>()))
    }
}

impl Secret {
    fn is_short(&self) -> bool {
        self.0.chars().count() < SHORT
    }
}

/// All that a server is not to be quoted with: its key, and the values of our own headers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Arc<[Secret]>);

impl Secrets {
    /// The text without any of them.
    pub(crate) fn redact(&self, text: &str) -> String {
        // Without any there are still keys of others to be hidden.
        let clean = Secret::default().redact(text);
        self.0
            .iter()
            .fold(clean, |text, secret| secret.redact(&text))
    }
}

impl FromIterator<Secret> for Secrets {
    fn from_iter<T: IntoIterator<Item = Secret>>(all: T) -> Self {
        Self(all.into_iter().collect())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl From<String> for Secret {
    fn from(key: String) -> Self {
        Self::new(key)
    }
}

impl From<&str> for Secret {
    fn from(key: &str) -> Self {
        Self::new(key.to_owned())
    }
}

fn is_border(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '{' | '}' | '[' | ']' | ',' | ';'
        )
}

fn percent_decoded(word: &str) -> String {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match code.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_hidden_in_every_form_servers_quote_it() {
        let key = Secret::new(" abc+def/1234567890\n".into());
        for (said, read) in [
            ("bad key abc+def/1234567890.", "bad key [hidden]."),
            ("key=abc%2Bdef%2f1234567890&x=1", "[hidden]"),
            ("Incorrect key: 'abc***890'", "Incorrect key: '[hidden]'"),
            ("begins with abc+def/12", "begins with [hidden]"),
            (
                "You sent sk-proj-12**89 instead",
                "You sent [hidden] instead",
            ),
            ("한국어 답변은 그대로", "한국어 답변은 그대로"),
            ("api_key=sk-other", "[hidden]"),
            ("disk-full, risk-free", "disk-full, risk-free"),
            ("100% wrong, 5%", "100% wrong, 5%"),
        ] {
            assert_eq!(key.redact(said), read, "{said}");
        }
        assert_eq!(format!("{key:?}"), "[hidden]");
    }

    #[test]
    fn a_short_key_is_hidden_only_where_it_is_a_word_and_one_of_a_few_letters_nowhere() {
        for (key, said, read) in [
            ("x", "SyntaxError at x", "SyntaxError at x"),
            ("sk", "risk: key sk", "risk: key sk"),
            ("abc", "abc is no key", "abc is no key"),
            ("none", "nonelectric none.", "nonelectric [hidden]"),
            (
                "ollama",
                "ollama-server 'ollama'",
                "ollama-server '[hidden]'",
            ),
        ] {
            assert_eq!(Secret::new(key.into()).redact(said), read, "{key}");
        }
    }

    #[test]
    fn all_secrets_are_hidden() {
        let secrets: Secrets = ["first-secret", "second-secret"]
            .map(Secret::from)
            .into_iter()
            .collect();
        assert_eq!(
            secrets.redact("first-secret, second-secret; sk-other"),
            "[hidden], [hidden]; [hidden]"
        );
        assert_eq!(Secrets::default().redact("sk-other"), "[hidden]");
    }

    #[test]
    fn without_a_key_words_stay() {
        assert_eq!(
            Secret::default().redact("nothing to **hide** here"),
            "nothing to **hide** here"
        );
    }

    #[test]
    fn a_key_with_border_characters_is_hidden_too() {
        let key = Secret::new("my (odd) key".into());
        assert_eq!(key.redact("got my (odd) key!"), "got [hidden]!");
    }
}
