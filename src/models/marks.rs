//! The marks by which models tell what they think from what they say.

use super::in_code::Code;

/// Names of elements that hold thoughts, also with a prefix, as in `<seed:think>`.
const NAMES: [&str; 22] = [
    "think",
    "thinking",
    "thought",
    "thoughts",
    "reasoning",
    "scratchpad",
    "reflection",
    "analysis",
    "cot",
    "longcat_think",
    "chain_of_thought",
    "chain-of-thought",
    "inner_monologue",
    "internal_thoughts",
    "inner_thoughts",
    "inner_thought",
    "antthinking",
    "ds_think",
    "reason",
    "thought_process",
    "thinking_process",
    "reasoning_process",
];

/// Other marks, and how what they begin ends.
const MARKS: [(&str, &str); 16] = [
    ("[think]", "[/think]"),
    ("[thinking]", "[/thinking]"),
    ("[reasoning]", "[/reasoning]"),
    ("<|think|>", "<|/think|>"),
    ("<|thinking|>", "<|/thinking|>"),
    ("<|think_start|>", "<|think_end|>"),
    ("<|thinking_start|>", "<|thinking_end|>"),
    ("<|begin_of_thinking|>", "<|end_of_thinking|>"),
    ("<|begin_thinking|>", "<|endthink|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|thought|>", "<|/thought|>"),
    ("◁think▷", "◁/think▷"),
    ("<|channel>thought", "<channel|>"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<unused94>thought", "<unused95>"),
];

/// Marks around the answer of models that have such ones around their thoughts.
const ANSWERS: [(&str, &str); 6] = [
    ("<|start_response|>", "<|end_response|>"),
    ("<|start_text|>", "<|end_text|>"),
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<|begin_of_answer|>", "<|end_of_answer|>"),
    ("<|begin_of_response|>", "<|end_of_response|>"),
    ("[begin final response]", "[end final response]"),
];

/// Names of elements that hold an answer, where thoughts are before it.
const ANSWER_NAMES: [&str; 8] = [
    "answer",
    "response",
    "output",
    "final",
    "final_answer",
    "final_response",
    "solution",
    "reply",
];

/// The beginnings of all these marks.
pub(super) const OPENERS: [char; 3] = ['<', '[', '◁'];

/// The longest prefix of an element's name, and the longest attributes.
const PREFIX: usize = 8;
const ATTRIBUTES: usize = 100;

/// The beginning of thoughts, or of an answer, if there is one here.
pub(super) enum Begin {
    Yes {
        length: usize,
        end: String,
    },
    /// Told by what comes next.
    Perhaps,
    No,
}

pub(super) fn begin(text: &str) -> Begin {
    if text.is_empty() {
        return Begin::Perhaps;
    }
    let mut perhaps = false;
    for (start, end) in MARKS {
        if starts_with(text, start) {
            let length = start.len();
            return Begin::Yes {
                length,
                end: end.to_owned(),
            };
        }
        perhaps |= starts_with(start, text);
    }
    match element(text) {
        Begin::No if perhaps => Begin::Perhaps,
        begin => begin,
    }
}

/// Tells whether a mark begins an answer here; an element does so only behind thoughts.
pub(super) fn begin_answer(text: &str, after_thoughts: bool) -> Begin {
    let mut perhaps = text.is_empty();
    for (start, end) in ANSWERS {
        if starts_with(text, start) {
            let (length, end) = (start.len(), end.to_owned());
            return Begin::Yes { length, end };
        }
        perhaps |= starts_with(start, text);
    }
    for name in ANSWER_NAMES.iter().filter(|_| after_thoughts) {
        let Some(rest) = text.strip_prefix('<') else {
            break;
        };
        perhaps |= starts_with(name, rest);
        if starts_with(rest, name) && rest[name.len()..].starts_with('>') {
            let (length, end) = (name.len() + 2, format!("</{name}>"));
            return Begin::Yes { length, end };
        }
    }
    if perhaps { Begin::Perhaps } else { Begin::No }
}

/// Tells whether an element of thoughts begins here, with or without attributes.
fn element(text: &str) -> Begin {
    let Some(after) = text.strip_prefix('<') else {
        return Begin::No;
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
    let name = &after[..after.find(|c| !is_name(c)).unwrap_or(after.len())];
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    if prefix.len() > PREFIX {
        return Begin::No;
    }
    let rest = &after[name.len()..];
    if rest.is_empty() {
        let prefixed = !name.contains(':') && name.len() <= PREFIX;
        let may_be = prefixed || NAMES.iter().any(|known| starts_with(known, local));
        return if may_be { Begin::Perhaps } else { Begin::No };
    }
    if !NAMES.iter().any(|known| known.eq_ignore_ascii_case(local)) {
        return Begin::No;
    }
    let begins = rest.starts_with(['>', ' ', '\t', '/']);
    let inside = &rest[..rest.find('>').unwrap_or(rest.len())];
    if !begins || inside.len() > ATTRIBUTES || inside.contains(['<', '\n']) {
        return Begin::No;
    }
    if inside.len() == rest.len() {
        return Begin::Perhaps;
    }
    // Other words behind the name are no attributes: `<thought experiment>`.
    let is_bare = inside.trim().trim_end_matches('/').is_empty();
    if !is_bare && !inside.contains('=') {
        return Begin::No;
    }
    let length = 1 + name.len() + inside.len() + 1;
    // An empty element has ended already.
    let end = match inside.ends_with('/') {
        true => String::new(),
        false => format!("</{}>", name.to_ascii_lowercase()),
    };
    Begin::Yes { length, end }
}

pub(super) fn starts_with(text: &str, start: &str) -> bool {
    let beginning = text.as_bytes().get(..start.len());
    beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(start.as_bytes()))
}

fn find(text: &str, mark: &str) -> Option<usize> {
    let mut windows = text.as_bytes().windows(mark.len());
    windows.position(|window| window.eq_ignore_ascii_case(mark.as_bytes()))
}

/// Finds the mark that ends thoughts: where it is, and its length. Before the `>` of an element there
/// may be blanks.
pub(super) fn find_end(text: &str, mark: &str) -> Option<(usize, usize)> {
    if mark.is_empty() {
        return Some((0, 0));
    }
    let stem = stem(mark);
    let mut from = 0;
    while let Some(at) = find(&text[from..], stem).map(|at| from + at) {
        let rest = &text[at + stem.len()..];
        let blanks = rest.len() - rest.trim_start().len();
        if stem == mark {
            return Some((at, stem.len()));
        }
        if rest[blanks..].starts_with('>') {
            return Some((at, stem.len() + blanks + 1));
        }
        from = at + stem.len();
    }
    None
}

/// The mark of an element without its `>`; other marks as they are.
fn stem(mark: &str) -> &str {
    match mark.strip_suffix('>') {
        Some(stem) if mark.starts_with("</") => stem,
        _ => mark,
    }
}

/// Finds the first mark that ends thoughts of whatever family, `code` being what came before the text:
/// where it is, and its length. It counts neither in code nor in quotation marks, nor before anything has
/// come behind it.
pub(super) fn other_end(text: &str, code: &Code) -> Option<(usize, usize)> {
    let quotes = |c: char| matches!(c, '`' | '"' | '\'' | '“' | '”' | '‘' | '’' | '「' | '」');
    let (mut code, mut from) = (code.clone(), 0);
    while let Some((at, length)) = closing(&text[from..]) {
        let (at, end) = (from + at, from + at + length);
        code.pass(&text[from..at]);
        let after = text[end..].chars().next()?;
        if !code.is_open() && !code.last.is_some_and(quotes) && !quotes(after) {
            return Some((at, length));
        }
        code.pass(&text[at..end]);
        from = end;
    }
    None
}

/// Counts the bytes at the text's end that may be the beginning of this mark, or of another one that
/// ends thoughts.
pub(super) fn begun(text: &str, mark: &str) -> usize {
    let Some(at) = text.rfind(OPENERS) else {
        return 0;
    };
    let tail = &text[at..];
    let is_begun = |mark: &str| {
        let stem = stem(mark);
        let rest = match starts_with(tail, stem) {
            true => tail[stem.len()..].trim(),
            false => return starts_with(stem, tail),
        };
        rest.is_empty() || (stem != mark && rest == ">")
    };
    let may_be = is_begun(mark)
        || MARKS.iter().any(|(_, end)| is_begun(end))
        || tail == "<"
        || tail.strip_prefix("</").is_some_and(|tail| {
            let name = tail.trim_end_matches('>').trim_end();
            let begins = |known: &&str| match name.len() == tail.len() {
                true => starts_with(known, name),
                false => known.eq_ignore_ascii_case(name),
            };
            NAMES.iter().any(begins)
        });
    if may_be { tail.len() } else { 0 }
}

/// The first mark in the line that ends thoughts: where, and how long it is.
pub(super) fn closing(line: &str) -> Option<(usize, usize)> {
    if !line.contains(OPENERS) {
        return None;
    }
    let elements = line.match_indices("</").filter_map(|(at, _)| {
        let name = line[at + 2..].split('>').next()?;
        let local = name.rsplit(':').next()?.trim_end();
        let known = NAMES.iter().any(|known| known.eq_ignore_ascii_case(local));
        (known && line[at + 2 + name.len()..].starts_with('>')).then_some((at, name.len() + 3))
    });
    let marks = MARKS
        .iter()
        .filter_map(|(_, end)| Some((find(line, end)?, end.len())));
    elements.chain(marks).min()
}

/// Tells whether what this mark ends has begun in the text.
pub(super) fn begins_before(text: &str, mark: &str) -> bool {
    let start = MARKS
        .iter()
        .find(|(_, end)| end.eq_ignore_ascii_case(mark))
        .map(|(start, _)| *start);
    let element = || {
        let name = mark.trim_start_matches("</").trim_end_matches('>');
        format!("<{}", name.trim_end())
    };
    start
        .map_or_else(|| find(text, &element()), |start| find(text, start))
        .is_some()
}
