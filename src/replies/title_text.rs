//! A title out of what a model says when it is asked for one.

use super::title_dress::{after_label, in_json, is_label, item, quoted, undressed, without_tags};
use crate::{messages::title::TITLE_LIMIT, models::without_thoughts, text::clean_line};

/// Most words in a title; the model is asked for six.
const WORDS: usize = 14;

/// The most lines of thinking aloud before a title that nothing names as one. More are an answer to the
/// conversation.
const LINES: usize = 8;

/// Beginnings of lines that speak about the title, or to us.
const REMARKS: [&str; 26] = [
    "let me know",
    "i hope",
    "hope this",
    "hope that",
    "feel free",
    "would you like",
    "do you want",
    "is there anything",
    "note:",
    "note that",
    "explanation",
    "this title",
    "the title above",
    "i chose",
    "i can",
    "if you",
    "sure",
    "certainly",
    "of course",
    "absolutely",
    "okay",
    "참고",
    "이 제목은",
    "필요하",
    "원하시",
    "더 도움",
];

/// The title in an answer, `task` being what was asked; none where there is none.
pub(super) fn title_from(said: &str, task: &str) -> Option<String> {
    let said = without_tags(&without_thoughts(said));
    let json = in_json(&said);
    let lines = json
        .as_deref()
        .map_or_else(|| lines_of(&said), |title| vec![title]);
    let line = line_of(&lines)?;
    let title = undressed(&clean_line(quoted(line).unwrap_or(line))).to_owned();
    let length = title.chars().count();
    let fits = (1..=TITLE_LIMIT).contains(&length) && title.split_whitespace().count() <= WORDS;
    let is_title = fits
        && title.contains(char::is_alphanumeric)
        && !is_of_the_task(&title, task)
        && !title.starts_with("{\"");
    is_title.then_some(title)
}

/// The lines that say something, as far as the model speaks for itself: some go on with the conversation.
fn lines_of(said: &str) -> Vec<&str> {
    const ROLES: [&str; 9] = [
        "user",
        "assistant",
        "human",
        "system",
        "q",
        "사용자",
        "어시스턴트",
        "用户",
        "ユーザー",
    ];
    let speaks = |line: &str| {
        let who = line.split_once([':', '：']).map_or("", |(who, _)| who);
        let who = who.trim_matches(['#', '*', ' ', '[', ']', '<', '>', '|']);
        ROLES.contains(&&*who.to_lowercase())
    };
    let is_fence = |line: &str| line.starts_with("```") || line.starts_with("~~~");
    let lines = said.lines().map(str::trim);
    let mut lines = lines.filter(|line| line.contains(char::is_alphanumeric) && !is_fence(line));
    let first = lines.next();
    let first = first.map(|line| line.strip_prefix("Assistant:").map_or(line, str::trim));
    first
        .into_iter()
        .chain(lines.take_while(|line| !speaks(line)))
        .collect()
}

/// The line that is the title: one that says so, what comes after one that says so, or else the last one
/// that is no remark, as some think aloud before it. Of a list it is the first.
fn line_of<'a>(lines: &[&'a str]) -> Option<&'a str> {
    for (number, line) in lines.iter().enumerate().rev() {
        let rest = match after_label(line) {
            Some(rest) => rest,
            None if is_label(undressed(line)) => "",
            None => continue,
        };
        if rest.contains(char::is_alphanumeric) {
            return Some(line);
        }
        if let Some(next) = lines.get(number + 1) {
            return Some(next);
        }
    }
    if lines.len() > LINES || lines.iter().any(|line| refuses(line)) {
        return None;
    }
    let last = lines.iter().rposition(|line| !is_remark(line));
    let Some(mut last) = last else {
        return lines.iter().rev().find_map(|line| quoted(line));
    };
    while item(lines[last]).is_some() && last > 0 && !is_remark(lines[last - 1]) {
        last -= 1;
    }
    Some(lines[last])
}

/// Tells whether the model makes no title.
fn refuses(line: &str) -> bool {
    const SORRY: [&str; 15] = [
        "sorry",
        "i'm sorry",
        "i am sorry",
        "apologies",
        "my apologies",
        "i apologize",
        "i apologise",
        "unfortunately",
        "as an ai",
        "죄송",
        "미안",
        "抱歉",
        "很抱歉",
        "对不起",
        "申し訳",
    ];
    const UNABLE: [&str; 19] = [
        "can't",
        "cannot",
        "can not",
        "unable",
        "not able",
        "won't",
        "not allowed",
        "i don't",
        "i do not",
        "수 없",
        "어렵",
        "못 ",
        "못해",
        "없습니다",
        "无法",
        "不能",
        "でき",
        "couldn't",
        "could not",
    ];
    const REFUSING: [&str; 20] = [
        "i need more ",
        "please provide ",
        "please share ",
        "i can't ",
        "i cannot ",
        "i can not ",
        "i won't ",
        "i'm unable to ",
        "i am unable to ",
        "i'm not able to ",
        "i am not able to ",
        "i do not have ",
        "i don't have ",
        "i'm not allowed to ",
        "i'm just an ai",
        "i am just an ai",
        "i am an ai",
        "i'm an ai",
        "我无法",
        "我不能",
    ];
    const DOING: [&str; 23] = [
        "context",
        "information",
        "conversation",
        "help",
        "assist",
        "provide",
        "generate",
        "create",
        "write",
        "fulfill",
        "comply",
        "answer",
        "title",
        "do that",
        "do this",
        "continue",
        "discuss",
        "engage",
        "respond",
        "access",
        "support",
        "process",
        "ai",
    ];
    const DECLINING: [&str; 4] = [
        "도와드릴 수 없",
        "도움을 드릴 수 없",
        "제공할 수 없",
        "답변할 수 없",
    ];
    let line = undressed(line).to_lowercase().replace('’', "'");
    let begins = |these: &[&str]| these.iter().any(|these| line.starts_with(these));
    let says = |these: &[&str]| {
        let mut words = line.split(|c: char| !c.is_alphanumeric());
        these
            .iter()
            .any(|these| line.contains(these) && (these.contains(' ') || !these.is_ascii()))
            || words.any(|word| these.contains(&word))
    };
    let unable = UNABLE.iter().any(|these| line.contains(these));
    (begins(&SORRY) && unable)
        || (begins(&REFUSING) && (says(&DOING) || !line.is_ascii()))
        || (line.contains("제목") && line.contains("수 없"))
        || DECLINING.iter().any(|these| line.contains(these))
}

fn is_remark(line: &str) -> bool {
    let bare = undressed(line);
    let lower = bare.to_lowercase();
    let in_brackets = (bare.starts_with('(') && bare.ends_with(')'))
        || (bare.starts_with('[') && bare.ends_with(']'));
    in_brackets
        || lower.ends_with([':', '：'])
        || REMARKS.iter().any(|remark| {
            let rest = lower.strip_prefix(remark);
            // A word that goes on is another one.
            let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’');
            rest.is_some_and(|rest| !remark.is_ascii() || !rest.starts_with(goes_on))
        })
}

/// Tells whether it is a part of what the model was asked, given back.
fn is_of_the_task(title: &str, task: &str) -> bool {
    let plain = |text: &str| -> String {
        let words: Vec<String> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        words.join(" ")
    };
    let (title, task) = (plain(title), plain(task));
    let words: Vec<&str> = title.split(' ').collect();
    let quotes = |words: &[&str]| task.contains(&words.join(" "));
    words.len() >= 3 && words.windows(words.len().min(4)).any(quotes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = "Write a title for this conversation, in the language in which the user writes: \
        at most six words, no quotation marks, no full stop at its end, no formatting.";

    #[test]
    fn a_title_is_one_line_without_what_models_put_around_it() {
        let mut wrong = vec![];
        for (said, title) in [
            ("Cooking rice", Some("Cooking rice")),
            ("\"Cooking rice.\"\n", Some("Cooking rice")),
            ("**“밥 짓는 법”**", Some("밥 짓는 법")),
            ("\"**밥 짓는 법.**\"", Some("밥 짓는 법")),
            ("Title: Rice", Some("Rice")),
            ("title: Rice", Some("Rice")),
            ("TITLE： Rice", Some("Rice")),
            ("**Title:** Cooking rice", Some("Cooking rice")),
            ("**Title: Cooking rice**", Some("Cooking rice")),
            ("Chat Title: \"Rice\"", Some("Rice")),
            ("제목: 밥 짓는 법", Some("밥 짓는 법")),
            ("**제목:** 밥 짓는 법", Some("밥 짓는 법")),
            ("추천 제목: 밥 짓는 법", Some("밥 짓는 법")),
            ("*Cooking rice*", Some("Cooking rice")),
            ("_Cooking rice_", Some("Cooking rice")),
            ("***Cooking rice***", Some("Cooking rice")),
            ("`Cooking rice`", Some("Cooking rice")),
            ("'Don't burn rice'", Some("Don't burn rice")),
            ("《밥 짓는 법》", Some("밥 짓는 법")),
            ("# Rice", Some("Rice")),
            ("- Rice", Some("Rice")),
            ("3. How to cook rice", Some("How to cook rice")),
            ("*Cooking rice", Some("Cooking rice")),
            ("```\nCooking rice\n```", Some("Cooking rice")),
            ("```text\nCooking rice\n```\n", Some("Cooking rice")),
            ("Here is a title: Cooking rice", Some("Cooking rice")),
            (
                "Here's a title for this conversation:\n\n**Cooking rice**",
                Some("Cooking rice"),
            ),
            (
                "Sure! Here is a title:\nCooking rice\n\nIt has two words.",
                Some("Cooking rice"),
            ),
            (
                "Cooking rice\n\n(This title has two words.)",
                Some("Cooking rice"),
            ),
            (
                "Cooking rice\n\nLet me know if you'd like another!",
                Some("Cooking rice"),
            ),
            (
                "밥 짓는 법\n\n필요하시면 다른 제목도 써 드릴게요.",
                Some("밥 짓는 법"),
            ),
            (
                "Okay, the user wants a title.\nPerhaps rice.\n\nCooking rice",
                Some("Cooking rice"),
            ),
            ("<think>hm\n</think>\n\nRice", Some("Rice")),
            ("<thought>hm</thought>Rice", Some("Rice")),
            ("The user wants a title.\n</think>\n\nRice", Some("Rice")),
            // In JSON.
            ("{\"title\": \"Cooking rice\"}", Some("Cooking rice")),
            (
                "```json\n{\"title\": \"Cooking rice\"}\n```",
                Some("Cooking rice"),
            ),
            (
                "```json\n{\n  \"title\": \"Cooking rice\",\n  \"tags\": [\"a\"]\n}\n```",
                Some("Cooking rice"),
            ),
            (
                "Here it is:\n{\"chat_title\": \"Cooking rice\"}",
                Some("Cooking rice"),
            ),
            ("{'title': 'Cooking rice'}", Some("Cooking rice")),
            ("{\"제목\": \"밥 짓는 법\"}", Some("밥 짓는 법")),
            ("[\"Cooking rice\", \"Rice\"]", Some("Cooking rice")),
            (
                "{\"titles\": [{\"title\": \"Cooking rice\"}]}",
                Some("Cooking rice"),
            ),
            ("{\"error\": \"boom\"}", None),
            // One of several.
            ("1. Cooking rice\n2. Rice\n3. Pots", Some("Cooking rice")),
            ("- Cooking rice\n- Rice", Some("Cooking rice")),
            (
                "Here are some titles:\n\n* **Cooking rice**\n* **Rice**",
                Some("Cooking rice"),
            ),
            ("Sure!\n1. Cooking rice\n2. Rice", Some("Cooking rice")),
            (
                "Cooking rice\n- It is short\n- It fits",
                Some("Cooking rice"),
            ),
            // In a sentence.
            (
                "A good title would be \"Cooking rice\"",
                Some("Cooking rice"),
            ),
            (
                "A good title would be “Cooking rice”.",
                Some("Cooking rice"),
            ),
            (
                "I suggest the title **Cooking rice**.",
                Some("Cooking rice"),
            ),
            ("The title is Cooking rice.", Some("Cooking rice")),
            ("제목은 \"밥 짓는 법\"입니다.", Some("밥 짓는 법")),
            ("제목은 밥 짓는 법입니다.", Some("밥 짓는 법")),
            ("Sure! \"Cooking rice\"", Some("Cooking rice")),
            ("How about \"Cooking rice\"?", Some("Cooking rice")),
            ("标题是「米饭做法」。", Some("米饭做法")),
            // Between marks, and before them.
            ("<title>Cooking rice</title>", Some("Cooking rice")),
            ("<title>\nCooking rice\n</title>", Some("Cooking rice")),
            ("<answer>Cooking rice</answer>", Some("Cooking rice")),
            (
                "<think>hm</think><answer>Cooking rice</answer>",
                Some("Cooking rice"),
            ),
            ("Cooking rice<|im_end|>", Some("Cooking rice")),
            ("Cooking rice</s>", Some("Cooking rice")),
            (
                "Cooking rice<|eot_id|><|start_header_id|>user",
                Some("Cooking rice"),
            ),
            (
                "Cooking rice<end_of_turn>\n<start_of_turn>user\nhi",
                Some("Cooking rice"),
            ),
            ("\\boxed{Cooking rice}", Some("Cooking rice")),
            // Other words for it.
            ("Topic: Cooking rice", Some("Cooking rice")),
            ("Subject: Cooking rice", Some("Cooking rice")),
            ("标题：米饭做法", Some("米饭做法")),
            ("タイトル：ご飯の炊き方", Some("ご飯の炊き方")),
            ("주제: 밥 짓는 법", Some("밥 짓는 법")),
            ("Titre : Cuire le riz", Some("Cuire le riz")),
            ("Title - Cooking rice", Some("Cooking rice")),
            ("Title — Cooking rice", Some("Cooking rice")),
            ("Title = \"Cooking rice\"", Some("Cooking rice")),
            ("**Title**\nCooking rice", Some("Cooking rice")),
            ("## Title\n\nCooking rice", Some("Cooking rice")),
            // It goes on with the conversation.
            (
                "Cooking rice\n\nUser: hi\nAssistant: hey",
                Some("Cooking rice"),
            ),
            ("Cooking rice\n\n### Assistant: hey", Some("Cooking rice")),
            ("Assistant: Cooking rice", Some("Cooking rice")),
            ("Cooking rice\n사용자: 안녕", Some("Cooking rice")),
            // It refuses.
            ("I'm sorry, but I can't help with that", None),
            ("I’m sorry, but I can’t assist with that request.", None),
            ("Sorry, I cannot create a title for this.", None),
            ("I can't help with that.", None),
            ("I'm unable to provide a title.", None),
            ("As an AI, I cannot do that", None),
            ("죄송하지만 도와드릴 수 없습니다", None),
            ("죄송합니다. 제목을 만들 수 없습니다.", None),
            ("抱歉，我无法提供帮助", None),
            // In more ways.
            (
                "Title: **Cooking rice**\n\nReason: it is short.",
                Some("Cooking rice"),
            ),
            (
                "The best title for this conversation is: \"Cooking rice\"",
                Some("Cooking rice"),
            ),
            ("이 대화의 제목은 \"밥 짓는 법\"입니다.", Some("밥 짓는 법")),
            ("적절한 제목: 밥 짓는 법", Some("밥 짓는 법")),
            ("네! \"밥 짓는 법\"", Some("밥 짓는 법")),
            ("タイトル：「ご飯の炊き方」", Some("ご飯の炊き方")),
            ("好的，标题是：米饭做法", Some("米饭做法")),
            ("Chat title\n---\nCooking rice", Some("Cooking rice")),
            ("1) Cooking rice\n2) Rice", Some("Cooking rice")),
            ("🍚 Cooking rice", Some("🍚 Cooking rice")),
            ("Cooking rice 🍚", Some("Cooking rice 🍚")),
            ("I'd go with \"Cooking rice\".", Some("Cooking rice")),
            (
                "Option 1: Cooking rice\nOption 2: Rice",
                Some("Cooking rice"),
            ),
            ("I'm not able to assist with creating a title.", None),
            ("申し訳ありませんが、お手伝いできません。", None),
            ("제목을 만들어 드릴 수 없습니다.", None),
            ("I need more context to write a title.", None),
            // What is the title's own stays.
            ("I need more coffee", Some("I need more coffee")),
            ("I can't sleep at night", Some("I can't sleep at night")),
            (
                "Sorry seems the hardest word",
                Some("Sorry seems the hardest word"),
            ),
            ("죄송합니다 메일 쓰기", Some("죄송합니다 메일 쓰기")),
            (
                "The word \"set\" in English",
                Some("The word \"set\" in English"),
            ),
            (
                "Topic models: an introduction",
                Some("Topic models: an introduction"),
            ),
            ("Using {} in Rust", Some("Using {} in Rust")),
            (
                "The <title> element in HTML",
                Some("The <title> element in HTML"),
            ),
            ("Vec<T> and <T>", Some("Vec<T> and <T>")),
            ("AI: past and future", Some("AI: past and future")),
            ("User: a table", Some("User: a table")),
            ("Python 3 - what is new", Some("Python 3 - what is new")),
            ("\"Rice\" and \"beans\"", Some("\"Rice\" and \"beans\"")),
            (
                "The Title Fight: 2026 Review",
                Some("The Title Fight: 2026 Review"),
            ),
            ("Rust: borrow checker", Some("Rust: borrow checker")),
            ("2026. 11. 30. 회의", Some("2026. 11. 30. 회의")),
            ("snake_case_names", Some("snake_case_names")),
            ("Sureness of things", Some("Sureness of things")),
            ("C# or F#", Some("C# or F#")),
            ("a\u{202e}b\u{1b}[31m", Some("ab[31m")),
            // There is none.
            (
                "Rice is easy.\nWash it.\nSoak it.\nDrain it.\nAdd water.\nBoil it.\nWait.\nStir.\nServe it",
                None,
            ),
            ("<think>hm, that would be", None),
            ("At most six words, no quotation marks, no full stop", None),
            ("no quotation marks", None),
            ("`", None),
            ("```", None),
            ("**", None),
            ("", None),
            ("\"\"", None),
            (" \n \n", None),
            (
                "I would say that this is a conversation about how one cooks rice in a pot with water.",
                None,
            ),
        ] {
            let made = title_from(said, TASK);
            if made.as_deref() != title {
                wrong.push(format!("{said:?}: {made:?} instead of {title:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(title_from(&"x".repeat(TITLE_LIMIT + 1), TASK), None);
    }
}
