//! Models that think aloud in front of their answer, between `<think>` and `</think>`: what they
//! think apart from what they say.

/// How such thoughts begin and end.
const TAGS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];

/// A text that comes in pieces, cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    place: Place,
    /// What may become a tag with what comes next.
    held: String,
}

/// Where in the text it is.
#[derive(Clone, Copy, Debug, Default)]
enum Place {
    /// In front of everything. Only here thoughts can begin: later such a tag is text.
    #[default]
    Start,
    /// In thoughts, which end with this tag.
    Thoughts(&'static str),
    /// Behind thoughts, before the answer's first word.
    Between,
    Answer,
}

/// What was thought, and what was said after it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) reasoning: String,
    pub(super) text: String,
}

impl Splitter {
    /// Takes more of the text.
    pub(super) fn take(&mut self, more: String) -> Split {
        let mut split = Split::default();
        if matches!(self.place, Place::Answer) {
            split.text = more;
            return split;
        }
        self.held.push_str(&more);
        while self.step(&mut split) {}
        split
    }

    /// What was held back, when nothing more comes.
    pub(super) fn end(&mut self) -> Split {
        let held = std::mem::take(&mut self.held);
        let mut split = Split::default();
        match self.place {
            Place::Thoughts(_) => split.reasoning = held,
            Place::Start | Place::Between | Place::Answer => split.text = held,
        }
        split
    }

    /// Goes on to the next place, if what is held tells which one that is.
    fn step(&mut self, split: &mut Split) -> bool {
        match self.place {
            Place::Start => self.start(),
            Place::Thoughts(end) => self.think(end, &mut split.reasoning),
            Place::Between => self.skip(),
            Place::Answer => {
                split.text.push_str(&std::mem::take(&mut self.held));
                false
            }
        }
    }

    fn start(&mut self) -> bool {
        let text = self.held.trim_start();
        let begun = TAGS
            .iter()
            .find_map(|(start, end)| Some((text.strip_prefix(start)?, *end)));
        if let Some((rest, end)) = begun {
            self.held = rest.to_owned();
            self.place = Place::Thoughts(end);
            return true;
        }
        if TAGS.iter().any(|(start, _)| start.starts_with(text)) {
            return false;
        }
        self.place = Place::Answer;
        true
    }

    fn think(&mut self, end: &'static str, reasoning: &mut String) -> bool {
        if let Some((thought, rest)) = self.held.split_once(end) {
            reasoning.push_str(thought);
            self.held = rest.to_owned();
            self.place = Place::Between;
            return true;
        }
        let maybe = (0..end.len())
            .rev()
            .find(|length| self.held.ends_with(&end[..*length]));
        let rest = self.held.len() - maybe.unwrap_or(0);
        reasoning.extend(self.held.drain(..rest));
        false
    }

    fn skip(&mut self) -> bool {
        self.held = self.held.trim_start().to_owned();
        if self.held.is_empty() {
            return false;
        }
        self.place = Place::Answer;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, String) {
        let (mut splitter, mut all) = (Splitter::default(), Split::default());
        let mut add = |split: Split| {
            all.reasoning += &split.reasoning;
            all.text += &split.text;
        };
        for piece in pieces {
            add(splitter.take(piece.to_owned()));
        }
        add(splitter.end());
        (all.reasoning, all.text)
    }

    #[test]
    fn thoughts_are_told_from_the_answer_however_the_text_is_cut() {
        for (text, thought, said) in [
            ("<think>음, 글쎄</think>\n\n네.", "음, 글쎄", "네."),
            ("\n <think>\nhm\n</think>Yes.", "\nhm\n", "Yes."),
            ("<thinking>a</think>b</thinking> c", "a</think>b", "c"),
            ("<think></think>Yes.", "", "Yes."),
            ("<think>a < b </ c </think", "a < b </ c </think", ""),
            ("<think>never closed", "never closed", ""),
            (
                "<think>a</think>b<think>c</think>",
                "a",
                "b<think>c</think>",
            ),
            ("Say <think>x</think>", "", "Say <think>x</think>"),
            ("<thin", "", "<thin"),
            ("<thinker>x", "", "<thinker>x"),
            ("  two spaces", "", "  two spaces"),
            ("<<think>x", "", "<<think>x"),
            ("<think>a</</think>b", "a</", "b"),
            ("", "", ""),
        ] {
            let expected = (thought.to_owned(), said.to_owned());
            assert_eq!(split([text]), expected, "{text:?}");
            let letters = text
                .char_indices()
                .map(|(at, c)| &text[at..at + c.len_utf8()]);
            assert_eq!(split(letters), expected, "{text:?} letter by letter");
            for (at, _) in text.char_indices() {
                assert_eq!(
                    split([&text[..at], &text[at..]]),
                    expected,
                    "{text:?} at {at}"
                );
            }
        }
    }

    #[test]
    fn what_cannot_be_a_tag_is_not_held_back() {
        let mut splitter = Splitter::default();
        assert_eq!(splitter.take("<think>so".into()).reasoning, "so");
        assert_eq!(splitter.take(" far</th".into()).reasoning, " far");
        assert_eq!(splitter.take("e".into()).reasoning, "</the");
        assert_eq!(splitter.take("n</think>\n".into()).reasoning, "n");
        assert_eq!(splitter.take("\n".into()), Split::default());
        assert_eq!(splitter.take("Yes".into()).text, "Yes");
        assert_eq!(splitter.take("\n".into()).text, "\n");
    }
}
