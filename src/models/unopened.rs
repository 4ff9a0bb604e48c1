//! Thoughts that end but never began, which only a whole text shows.

use super::{
    in_code::Code,
    marks::{Begin, OPENERS, begin_answer, begins_before, closing},
    think_tags::Splitter,
};

/// A whole text whose thoughts end but never began, as of models whose prompt begins them: what was
/// thought, and what was said.
pub fn unopened(text: &str) -> Option<(&str, &str)> {
    // Nearly all texts have none, and some are long.
    let may_end = ["</", "[/", "◁/", "<|", "<channel|>", "<unused95>"];
    let by_mark = || may_end.iter().any(|beginning| text.contains(beginning));
    let found = by_mark().then(|| unopened_by_mark(text)).flatten();
    let (thoughts, said) = found.or_else(|| unopened_by_words(text))?;
    Some((thoughts, without_marks(said)))
}

/// An answer without the marks around it.
fn without_marks(said: &str) -> &str {
    let Begin::Yes { length, end } = begin_answer(said, true) else {
        return said;
    };
    let inner = said[length..].trim();
    let at = inner.len().saturating_sub(end.len());
    match inner.get(at..) {
        Some(last) if last.eq_ignore_ascii_case(&end) => inner[..at].trim(),
        _ => inner,
    }
}

/// Thoughts that words alone tell from the answer: those of gpt-oss, through a server that leaves its marks
/// out, and of models that are taught to announce both.
fn unopened_by_words(text: &str) -> Option<(&str, &str)> {
    const WORDS: [(&str, &str); 5] = [
        ("analysis", "assistantfinal"),
        (
            "Here are my reasoning steps:\n",
            "\n[BEGIN FINAL RESPONSE]\n",
        ),
        ("Here is my thought process:\n", "\nHere is my response:\n"),
        ("Here's my thought process:\n", "\nHere's my response:\n"),
        ("Here is my thought process:\n", "\nHere's my response:\n"),
    ];
    let text = text.trim_start();
    WORDS.iter().find_map(|(begin, end)| {
        let (thoughts, said) = text.strip_prefix(begin)?.split_once(end)?;
        let said = said.trim_end().trim_end_matches("[END FINAL RESPONSE]");
        Some((thoughts.trim(), said.trim()))
    })
}

fn unopened_by_mark(text: &str) -> Option<(&str, &str)> {
    let mut code = Code::default();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if code.fence.is_none()
            && let Some((at, length)) = closing(line)
            && !begins_before(&text[..start + at], &line[at..at + length])
        {
            let (before, after) = (&line[..at], &line[at + length..]);
            let quoted = before.matches('`').count() % 2 == 1;
            if !quoted && (before.trim().is_empty() || after.trim().is_empty()) {
                let at = start + at;
                return Some((text[..at].trim(), text[at + length..].trim_start()));
            }
        }
        code.pass(line);
        start += line.len();
    }
    None
}

/// Leaves the thoughts out of a reply's text, so that it may be sent back to a model.
pub fn without_thoughts(text: &str) -> String {
    // Of most it is all.
    if !text.contains(OPENERS) && unopened_by_words(text).is_none() {
        return text.to_owned();
    }
    let mut splitter = Splitter::default();
    let mut said = splitter.take(text.to_owned()).text;
    said.push_str(&splitter.end().text);
    match unopened(&said) {
        Some((_, said)) => said.to_owned(),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_that_never_began_are_found() {
        for (text, found) in [
            ("I greet.\n</think>\n\nHello!", Some(("I greet.", "Hello!"))),
            ("</think>Hello!", Some(("", "Hello!"))),
            ("I greet.</think>\nHello!", Some(("I greet.", "Hello!"))),
            ("hm\n</thought>\nHello!", Some(("hm", "Hello!"))),
            ("hm\n</seed:think>\nHello!", Some(("hm", "Hello!"))),
            ("hm\n[/THINK]\nHello!", Some(("hm", "Hello!"))),
            ("hm\n</think>", Some(("hm", ""))),
            (
                "analysisWe greet.assistantfinalHello!",
                Some(("We greet.".trim(), "Hello!")),
            ),
            ("hm\n</think >\nHello!", Some(("hm", "Hello!"))),
            (
                "hm\n</think>\n<answer>\nHello!\n</answer>",
                Some(("hm", "Hello!")),
            ),
            (
                "Here are my reasoning steps:\nhm\n[BEGIN FINAL RESPONSE]\nHello!\n[END FINAL RESPONSE]\n",
                Some(("hm", "Hello!")),
            ),
            (
                "Here is my thought process:\n\nhm\n\nHere is my response:\n\nHello!",
                Some(("hm", "Hello!")),
            ),
            ("Here is my thought process:\nhm\nThat is it.", None),
            ("Write `</think>`\nthen", None),
            ("It ends with </think> always.", None),
            ("```\nhm\n</think>\n```\nThat is it.", None),
            ("Write\n<think>\nhm\n</think>\nthen", None),
            ("</b>\n</thinker>", None),
            ("analysis of it", None),
            ("", None),
        ] {
            assert_eq!(unopened(text), found, "{text:?}");
        }
        assert_eq!(without_thoughts("<think>a</think>\nb\n</think>\nc"), "c");
        assert_eq!(without_thoughts("a `<think>` b"), "a `<think>` b");
    }
}
