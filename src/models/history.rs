//! How much of a conversation is sent along.

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
pub(super) fn newest(mut turns: Vec<Turn>, limit: usize) -> (Vec<Turn>, usize) {
    let mut characters = 0;
    let fitting = turns.iter().rev().take_while(|turn| {
        characters += turn.text.chars().count();
        characters <= limit
    });
    let mut dropped = turns.len() - fitting.count().max(1).min(turns.len());
    while turns.len() > dropped + 1 && turns[dropped].role == Role::Assistant {
        dropped += 1;
    }
    (turns.split_off(dropped), dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

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
