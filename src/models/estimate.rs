//! About how many tokens a text has, for servers that do not tell.

use super::Turn;

/// Tokens of each turn of a conversation beside its text.
const FRAME: u64 = 4;

/// About how many tokens the text has: about four letters of English are one, and three syllables
/// of Korean are two.
pub fn estimate(text: &str) -> u64 {
    let (mut letters, mut others) = (0_u64, 0_u64);
    for c in text.chars() {
        match c.is_ascii() {
            true => letters += 1,
            false => others += 1,
        }
    }
    (letters * 3 + others * 8).div_ceil(12)
}

impl Turn {
    /// About how many tokens it takes to send it.
    pub fn tokens(&self) -> u64 {
        estimate(&self.text) + FRAME
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_texts_have_more_tokens() {
        for (text, tokens) in [
            ("", 0),
            ("a", 1),
            ("four", 1),
            ("a sentence.", 3),
            ("가나다", 2),
        ] {
            assert_eq!(estimate(text), tokens, "{text}");
        }
    }
}
