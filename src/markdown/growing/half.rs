//! Holds back the end of a growing text that may still turn out to be something else.

use std::borrow::Cow;

use crate::markdown::{autolink::address_end, typed::NOTHING};

/// The text without a last line that is only a mark, and with no link in half of an address.
pub(super) fn without_halves(text: &str) -> Cow<'_, str> {
    let last = last_line(text);
    let text = match is_only_a_mark(last) {
        true => &text[..text.len() - last.len()],
        false => text,
    };
    let breaks = half_addresses(text);
    if breaks.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut broken, mut from) = (String::with_capacity(text.len() + 3 * breaks.len()), 0);
    for at in breaks {
        broken.push_str(&text[from..at]);
        broken.push(NOTHING);
        from = at;
    }
    broken.push_str(&text[from..]);
    Cow::Owned(broken)
}

/// Gives what stands behind the last end of a line.
pub(super) fn last_line(text: &str) -> &str {
    let ends = |byte| matches!(byte, b'\n' | b'\r');
    &text[text.bytes().rposition(ends).map_or(0, |at| at + 1)..]
}

/// Tells whether a line has nothing but a mark so far, from which a heading, a rule, an item or a
/// word may come.
pub(super) fn is_only_a_mark(line: &str) -> bool {
    let before = line
        .bytes()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'>'));
    let line = &line[before.count()..];
    let Some(first) = line.chars().next() else {
        return false;
    };
    if !matches!(first, '-' | '=' | '*' | '+' | '_' | '#' | '0'..='9') {
        return false;
    }
    let line = line.trim_end();
    match first {
        '-' | '=' | '*' | '+' | '_' | '#' => line.chars().all(|c| c == first || c == ' '),
        '0'..='9' => {
            // Or of a date.
            let mut numbers = line.strip_suffix(['.', ')']).unwrap_or(line).split(". ");
            let is_number = |number: &str| {
                number.len() < 10 && number.bytes().all(|byte| byte.is_ascii_digit())
            };
            numbers.by_ref().take(3).all(is_number) && numbers.next().is_none()
        }
        _ => false,
    }
}

/// Finds where the addresses that reach to the text's end must be broken to be no links.
fn half_addresses(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    let word = &text[bytes.iter().rposition(space).map_or(0, |at| at + 1)..];
    if !word.bytes().any(|byte| matches!(byte, b':' | b'@' | b'.')) {
        return Vec::new();
    }
    let start = text.len() - word.len();
    let mut marks: Vec<(usize, usize)> = [("://", 1), ("www.", 3), ("@", 1)]
        .into_iter()
        .flat_map(|(mark, behind)| word.match_indices(mark).map(move |(at, _)| (at, behind)))
        .collect();
    marks.sort_unstable();
    let (mut breaks, mut ended, mut half) = (Vec::new(), 0, false);
    for (at, behind) in marks {
        if word[at..].starts_with('@') {
            breaks.push(start + at + behind);
            continue;
        }
        if !half && at >= ended {
            let scheme = word[..at]
                .bytes()
                .rev()
                .take_while(u8::is_ascii_alphabetic)
                .count();
            ended = at - scheme + address_end(&word[at - scheme..]);
            half = ended == word.len();
        }
        if half {
            breaks.push(start + at + behind);
        }
    }
    breaks
}

#[cfg(test)]
mod tests {
    use crate::markdown::Growing;

    /// All tails of a text that comes letter by letter.
    fn tails(text: &str) -> Vec<String> {
        let mut growing = Growing::default();
        text.chars()
            .map(|c| {
                growing.push(&c.to_string());
                growing.advance();
                growing.tail()
            })
            .collect()
    }

    #[test]
    fn no_heading_is_seen_while_a_list_begins() {
        for text in [
            "준비물은 다음과 같습니다:\n- 물\n- 불\n",
            "비용은\n-- 없음 --\n",
            "비용은\n= 0원\n",
            "- 하나\n  설명\n  - 둘\n",
            "> 인용\n> - 하나\n",
            "> 인용\n>\n> 또\n> = 둘\n",
            "1. 하나\n   설명\n   - 둘\n2. 셋\n",
        ] {
            for tail in tails(text) {
                assert!(!tail.contains("<h"), "{tail}");
            }
        }
        assert!(
            tails("제목\n---\nx")
                .iter()
                .all(|tail| !tail.contains("<h2") || tail.contains("제목"))
        );
    }

    #[test]
    fn the_number_of_the_next_item_does_not_end_the_last_one() {
        for text in [
            "1. one\n2. two\n3. three\n",
            "- a\n- b\n",
            "1) one\n10) ten\n",
            "1. one\n2. 12. 25. two\n",
            "* a\n* b\n",
        ] {
            for tail in tails(text) {
                for broken in ["<br", "one 2", "one\n2", "<li></li>"] {
                    assert!(!tail.contains(broken), "{text}: {tail}");
                }
            }
        }
    }

    #[test]
    fn half_of_an_address_is_no_link() {
        for text in [
            "![그림](https://example.org/a.png",
            "[문서](https://example.org/docs",
            "https://example.org/docs",
            "www.example.org",
            "me@example.org",
            "- a https://example.org",
            "> **https://example.org",
        ] {
            for tail in tails(text) {
                assert!(!tail.contains("<a "), "{tail}");
            }
            assert!(
                tails(&format!("{text}) "))
                    .last()
                    .is_some_and(|tail| tail.contains("<a "))
            );
        }
        assert!(
            tails("https://example.org/a에서")
                .last()
                .is_some_and(|tail| tail.contains("<a "))
        );
        assert!(
            tails("<https://example.org> a@b")
                .last()
                .is_some_and(|tail| tail.contains("<a "))
        );
    }
}
