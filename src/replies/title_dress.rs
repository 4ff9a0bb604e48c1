//! Strips the decoration that models put around a title.

use serde_json::Value;

/// The marks that models put around a title, in pairs.
const AROUND: [(&str, &str); 17] = [
    ("***", "***"),
    ("**", "**"),
    ("__", "__"),
    ("*", "*"),
    ("_", "_"),
    ("~~", "~~"),
    ("`", "`"),
    ("\"", "\""),
    ("“", "”"),
    ("„", "“"),
    ("‘", "’"),
    ("'", "'"),
    ("「", "」"),
    ("『", "』"),
    ("《", "》"),
    ("«", "»"),
    ("\\boxed{", "}"),
];

/// Words for a title, as labels in front of one.
const LABELS: [&str; 34] = [
    "title",
    "titles",
    "chat title",
    "conversation title",
    "topic",
    "subject",
    "heading",
    "headline",
    "chat name",
    "final title",
    "suggested title",
    "final answer",
    "answer",
    "output",
    "제목",
    "대화 제목",
    "추천 제목",
    "주제",
    "타이틀",
    "제목은",
    "제목입니다",
    "标题",
    "對話標題",
    "标题是",
    "題名",
    "标题为",
    "主题",
    "題目",
    "タイトル",
    "titel",
    "titre",
    "título",
    "titolo",
    "標題",
];

/// The beginnings of sentences that propose a title.
const PROPOSING: [&str; 25] = [
    "a good title",
    "a title",
    "a possible title",
    "a suitable title",
    "a fitting title",
    "the title",
    "my title",
    "one title",
    "title",
    "i suggest",
    "i'd suggest",
    "i would suggest",
    "i propose",
    "how about",
    "what about",
    "perhaps",
    "maybe",
    "here is",
    "here's",
    "let's call it",
    "let's go with",
    "i'd go with",
    "i would go with",
    "i'd call it",
    "i would call it",
];

/// The text with each mark that stands around a title in a line of its own, and nothing behind a mark that
/// ends what a model says.
pub(super) fn without_tags(said: &str) -> String {
    const TAGS: [&str; 8] = [
        "title",
        "chat_title",
        "answer",
        "output",
        "response",
        "topic",
        "result",
        "final_answer",
    ];
    const ENDS: [&str; 10] = [
        "<|",
        "<｜",
        "</s>",
        "<end_of_turn>",
        "<eos>",
        "<EOT>",
        "[/INST]",
        "[INST]",
        "</assistant>",
        "<start_of_turn>",
    ];
    let trimmed = said.trim();
    let end = ENDS
        .iter()
        .filter_map(|end| trimmed.find(end))
        .filter(|at| *at > 0)
        .min();
    let mut said = trimmed[..end.unwrap_or(trimmed.len())].to_owned();
    for tag in TAGS {
        // A title may be about an element.
        if said.contains(&format!("</{tag}>")) {
            for mark in [format!("<{tag}>"), format!("</{tag}>")] {
                said = said.replace(&mark, "\n");
            }
        }
    }
    said
}

/// The title in an answer that is JSON, or holds some.
pub(super) fn in_json(said: &str) -> Option<String> {
    fn title(value: &Value, named: bool) -> Option<&str> {
        match value {
            Value::String(text) if named => Some(text),
            Value::Array(parts) => parts.iter().find_map(|part| title(part, named)),
            Value::Object(fields) => fields.iter().find_map(|(name, value)| {
                let name = name.to_lowercase().replace('_', " ");
                let named = is_label(&name) || name.ends_with("title") || name == "name";
                title(value, named)
            }),
            _ => None,
        }
    }
    let found = |open: char, close: char| {
        let json = &said[said.find(open)?..=said.rfind(close)?];
        let value: Option<Value> = serde_json::from_str(json)
            .or_else(|_| serde_json::from_str(&json.replace('\'', "\"")))
            .ok();
        title(&value?, open == '[').map(str::to_owned)
    };
    let starts_with_list = said
        .trim_start_matches(|c| c != '[' && c != '{')
        .starts_with('[');
    match starts_with_list {
        true => found('[', ']'),
        false => found('{', '}'),
    }
}

/// Tells whether it is a word for a title, and nothing else.
pub(super) fn is_label(label: &str) -> bool {
    let label = label.trim().to_lowercase();
    LABELS.contains(&&*label)
}

/// Takes the title from between the only quotation marks of a line that proposes it.
pub(super) fn quoted(line: &str) -> Option<&str> {
    const QUOTES: [(&str, &str); 8] = [
        ("\"", "\""),
        ("“", "”"),
        ("**", "**"),
        ("「", "」"),
        ("『", "』"),
        ("《", "》"),
        ("«", "»"),
        ("`", "`"),
    ];
    const BEHIND: [&str; 9] = [
        "입니다",
        "이에요",
        "예요",
        "은",
        "는",
        "어떨까요",
        "어때요",
        "です",
        "로 하겠습니다",
    ];
    const INTERJECTIONS: [&str; 8] = [
        "sure",
        "certainly",
        "of course",
        "okay",
        "absolutely",
        "got it",
        "네",
        "물론",
    ];
    QUOTES.iter().find_map(|(open, close)| {
        let (before, rest) = line.split_once(open)?;
        let (inner, behind) = rest.split_once(close)?;
        let lower = before
            .trim_start_matches(['*', '_', '#', ' '])
            .to_lowercase();
        let begins = |these: &[&str]| these.iter().any(|these| lower.starts_with(these));
        let label = lower.trim_end_matches([':', '：', ' ', '*']);
        let proposes =
            begins(&PROPOSING) || begins(&INTERJECTIONS) || is_label(label) || names_title(label);
        let behind = behind.trim_matches(|c: char| !c.is_alphanumeric());
        let ends = behind.is_empty() || BEHIND.contains(&behind);
        (proposes && ends && inner.contains(char::is_alphanumeric)).then_some(inner)
    })
}

/// Reads an item of a list, without its mark.
pub(super) fn item(line: &str) -> Option<&str> {
    let line = line.trim();
    let rest = without_mark(line);
    (rest.len() < line.len() && !line.starts_with(['#', '>'])).then_some(rest)
}

/// The line without what is around a title, however much.
pub(super) fn undressed(line: &str) -> &str {
    let mut line = line.trim();
    loop {
        let before = line;
        line = without_mark(line).trim();
        line = pair_off(line).unwrap_or(line).trim();
        line = after_label(line).unwrap_or(line).trim();
        line = spoken(line).unwrap_or(line).trim();
        line = line.trim_end_matches(['.', '。']).trim();
        // A mark without its other half is none of the title's.
        for mark in ['*', '`', '"'] {
            if line.matches(mark).count() % 2 == 1 {
                line = line
                    .strip_prefix(mark)
                    .or(line.strip_suffix(mark))
                    .unwrap_or(line)
                    .trim();
            }
        }
        if line == before {
            return line;
        }
    }
}

/// Without the mark of a heading, a quote, or an item of a list.
fn without_mark(line: &str) -> &str {
    let line = line.trim_start_matches('#').trim_start();
    for mark in ["- ", "* ", "+ ", "> ", "• ", "– ", "— "] {
        if let Some(rest) = line.strip_prefix(mark) {
            return rest;
        }
    }
    for word in ["Option ", "Title ", "제목 "] {
        let rest = line
            .strip_prefix(word)
            .and_then(|rest| rest.split_once(": "));
        if let Some((number, rest)) = rest
            && number.parse::<u8>().is_ok()
        {
            return rest;
        }
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &line[digits..];
    match rest.strip_prefix(['.', ')']) {
        Some(rest) if (1..=2).contains(&digits) && rest.starts_with(' ') => rest,
        _ => line,
    }
}

/// Takes what stands between two marks that belong together.
fn pair_off(line: &str) -> Option<&str> {
    AROUND.iter().find_map(|(open, close)| {
        let inner = line.strip_prefix(open)?.strip_suffix(close)?;
        // Otherwise these are of two pairs: `"Rice" and "beans"`. An apostrophe is no mark.
        let is_pair = match *open {
            "'" | "‘" => !inner.contains("' ") && !inner.contains(" '") && !inner.contains("’ "),
            open => !inner.contains(open) && !inner.contains(close),
        };
        (is_pair && !inner.trim().is_empty()).then_some(inner)
    })
}

/// Takes what stands behind a word for a title, and a colon or the like.
pub(super) fn after_label(line: &str) -> Option<&str> {
    const SPEAKING: [&str; 16] = [
        "here",
        "sure",
        "ok",
        "certainly",
        "of course",
        "a ",
        "the ",
        "this",
        "my ",
        "suggest",
        "propose",
        "possible",
        "good",
        "one ",
        "your",
        "for ",
    ];
    let dash = [" - ", " – ", " — ", " = ", " → "].iter().find_map(|dash| {
        line.split_once(dash)
            .filter(|(label, _)| is_label(bare(label).trim()))
    });
    let (label, rest) = dash.or_else(|| line.split_once([':', '：']))?;
    let label = bare(label).trim().to_lowercase();
    let about_one = label.ends_with("title")
        || [
            "title for",
            "title of",
            "title that",
            "title would",
            "title could",
            "title is",
        ]
        .iter()
        .any(|words| label.contains(words));
    let speaks = about_one && SPEAKING.iter().any(|word| label.starts_with(word));
    let names = label.ends_with("title") && label.split_whitespace().count() <= 3;
    let is_label = names || speaks || is_label(&label) || names_title(&label);
    // Of a mark that was opened before the label, as in `**Title:** Rice`, the end is left.
    is_label.then(|| rest.trim_start_matches(['*', '_', '"', '`']).trim())
}

/// Tells whether words end in one for a title, where that is how a sentence names one.
fn names_title(label: &str) -> bool {
    const ENDS: [&str; 9] = [
        "제목",
        "타이틀",
        "제목은",
        "제목입니다",
        "标题",
        "标题是",
        "标题为",
        "タイトル",
        "タイトルは",
    ];
    ENDS.iter().any(|end| label.ends_with(end))
}

/// A label without what is around it.
fn bare(label: &str) -> String {
    let around = |c: &char| !matches!(c, '*' | '_' | '#' | '"' | '`');
    label.chars().filter(around).collect()
}

/// The title in a sentence that says which it is.
fn spoken(line: &str) -> Option<&str> {
    const SAYING: [&str; 5] = [
        " title would be ",
        " title could be ",
        " title might be ",
        " title for this conversation is ",
        "the title is ",
    ];
    if let Some(rest) = line.strip_prefix("제목은 ") {
        let rest = rest.trim_end_matches('.');
        return ["입니다", "이에요", "예요"]
            .iter()
            .find_map(|end| rest.strip_suffix(end));
    }
    let lower = line.to_ascii_lowercase();
    let speaks = PROPOSING.iter().any(|these| lower.starts_with(these));
    let at = SAYING
        .iter()
        .find_map(|these| Some(lower.find(these)? + these.len()))?;
    speaks.then(|| &line[at..])
}
