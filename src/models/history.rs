//! The part of a conversation that is sent along.

use super::{Role, Turn};

/// Asks a model to go on with what it was saying. Servers that would simply take up an unfinished
/// answer at the conversation's end are few, and none of them minds being asked.
const CARRY_ON: &str = "Your last answer was cut off. Continue it exactly where it ends, in the same \
    language and format. Do not repeat any of it, and write nothing but the continuation.";

impl Turn {
    /// The end of a conversation whose last answer was cut off and is to be carried on.
    pub fn carry_on(unfinished: &str) -> [Self; 2] {
        let turn = |role, text: &str| Self {
            role,
            text: text.to_owned(),
        };
        [
            turn(Role::Assistant, unfinished),
            turn(Role::User, CARRY_ON),
        ]
    }
}

/// The newest turns that have at most `limit` characters together, and how many turns were left out.
/// The last turn is kept whatever its length, and the first kept one is the user's if there is any.
/// An answer that is to be carried on is kept too, at least its end.
pub(super) fn newest(mut turns: Vec<Turn>, limit: usize) -> (Vec<Turn>, usize) {
    let kept = match &turns[..] {
        [.., unfinished, last] if last.text == CARRY_ON && unfinished.role == Role::Assistant => 2,
        _ => 1,
    };
    if kept == 2 {
        let unfinished = turns.len() - 2;
        turns[unfinished].text = end_of(&turns[unfinished].text, limit).to_owned();
    }
    let mut characters = 0;
    let fitting = turns.iter().rev().take_while(|turn| {
        characters += turn.text.chars().count();
        characters <= limit
    });
    let mut dropped = turns.len() - fitting.count().max(kept).min(turns.len());
    while turns.len() > dropped + kept && turns[dropped].role == Role::Assistant {
        dropped += 1;
    }
    (turns.split_off(dropped), dropped)
}

/// The turns as strict servers want them: none of them blank, the first one the user's, and user and model in
/// turn. What somebody wrote that was never answered is joined with what they wrote next: left out, the
/// model would not know what "and in Korean, please" is about.
pub(super) fn in_turn(turns: Vec<Turn>) -> Vec<Turn> {
    let mut joined: Vec<Turn> = Vec::with_capacity(turns.len());
    for turn in turns {
        match joined.last_mut() {
            _ if turn.text.trim().is_empty() => {}
            None if turn.role == Role::Assistant => {}
            Some(last) if last.role == turn.role => {
                last.text.push_str("\n\n");
                last.text.push_str(&turn.text);
            }
            _ => joined.push(turn),
        }
    }
    joined
}

/// The last characters of a text, at most so many.
fn end_of(text: &str, characters: usize) -> &str {
    let start = text.char_indices().rev().take(characters).last();
    start.map_or("", |(start, _)| &text[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_on_is_kept() {
        let question = Turn {
            role: Role::User,
            text: "질문이 아주 길어요".to_owned(),
        };
        let turns = || [vec![question.clone()], Turn::carry_on("한 둘 셋").into()].concat();
        let all = CARRY_ON.chars().count() + 15;
        assert_eq!(newest(turns(), all), (turns(), 0));
        assert_eq!(newest(turns(), all - 1), (turns().split_off(1), 1));
        let (kept, dropped) = newest(turns(), 3);
        assert_eq!((kept, dropped), (Turn::carry_on("둘 셋").into(), 1));
    }

    #[test]
    fn user_and_model_come_in_turn() {
        let turns = |said: &[(Role, &str)]| -> Vec<Turn> {
            let turn = |(role, text): &(Role, &str)| Turn {
                role: *role,
                text: (*text).to_owned(),
            };
            said.iter().map(turn).collect()
        };
        use Role::{Assistant as A, User as U};
        for (given, sent) in [
            (
                &[(U, "a"), (A, "b"), (U, "c")][..],
                &[(U, "a"), (A, "b"), (U, "c")][..],
            ),
            (&[(U, "a"), (U, "b")], &[(U, "a\n\nb")]),
            (&[(U, "a"), (A, " \n"), (U, "b")], &[(U, "a\n\nb")]),
            (
                &[(A, "hi"), (U, "a"), (A, "b"), (A, "c"), (U, "d")],
                &[(U, "a"), (A, "b\n\nc"), (U, "d")],
            ),
            (&[(A, "hi")], &[]),
            (&[], &[]),
        ] {
            assert_eq!(in_turn(turns(given)), turns(sent), "{given:?}");
        }
    }

    #[test]
    fn the_newest_turns_are_kept() {
        let turns = |texts: &[&str]| -> Vec<Turn> {
            let roles = [Role::User, Role::Assistant].into_iter().cycle();
            texts
                .iter()
                .zip(roles)
                .map(|(text, role)| Turn {
                    role,
                    text: text.to_string(),
                })
                .collect()
        };
        let all = ["하나", "둘", "셋", "넷", "다섯"];
        for (limit, kept) in [
            (7, &all[..]),
            (6, &all[2..]),
            (4, &all[2..]),
            (3, &all[4..]),
            (2, &all[4..]),
            (0, &all[4..]),
        ] {
            let (newest, dropped) = newest(turns(&all), limit);
            assert_eq!(
                newest
                    .iter()
                    .map(|turn| turn.text.as_str())
                    .collect::<Vec<_>>(),
                kept,
                "{limit}"
            );
            assert_eq!(dropped, all.len() - kept.len(), "{limit}");
        }
        assert_eq!(newest(vec![], 10).1, 0);
    }
}
