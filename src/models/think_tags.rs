//! Splits the reasoning of models that think aloud in their text from the answer, while it streams.
//!
//! Each family has marks of its own for it. They count at the beginning of a reply, and once they were
//! used there also later; never inside code, so that a text can tell of them.

use super::{
    harmony::Harmony,
    in_code::Code,
    marks::{Begin, OPENERS, begin, begin_answer, begun, find_end, other_end, starts_with},
};

/// A text that comes in pieces, cut anywhere.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    place: Place,
    /// Text that may become a mark with what comes next.
    held: String,
    /// The mark that was to end the last thoughts, if there were any.
    used: Option<String>,
    /// The mark that will end the answer, if one began it.
    closes: Option<String>,
    code: Code,
}

/// The position in the text.
#[derive(Debug, Default)]
enum Place {
    /// In front of everything.
    #[default]
    Start,
    Thoughts(Thoughts),
    /// Behind thoughts, before the answer's next word.
    Between,
    Answer,
    /// All of it has the form of gpt-oss, with channels.
    Channels(Harmony),
}

/// Thoughts that have begun.
#[derive(Debug, Default)]
struct Thoughts {
    /// The mark that ends them, as one of another family does too: some models mix them up.
    end: String,
    /// Code in them, where another family's mark is none.
    code: Code,
}

impl Thoughts {
    fn ended_by(end: String) -> Self {
        let code = Code::default();
        Self { end, code }
    }

    /// Finds the mark that ends them: where it is, and its length.
    fn find_end(&self, text: &str) -> Option<(usize, usize)> {
        let own = find_end(text, &self.end);
        let other = other_end(text, &self.code);
        own.into_iter().chain(other).min()
    }
}

/// Thoughts, and what was said after them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) reasoning: String,
    pub(crate) text: String,
}

impl Splitter {
    /// Takes more of the text.
    pub(crate) fn take(&mut self, more: String) -> Split {
        let mut split = Split::default();
        let may_change = self.used.is_some() || self.closes.is_some();
        if !may_change && matches!(self.place, Place::Answer) {
            split.text = more;
            return split;
        }
        self.held.push_str(&more);
        while self.step(&mut split) {}
        split
    }

    /// Returns what was held back, when nothing more comes.
    pub(crate) fn end(&mut self) -> Split {
        let mut split = Split::default();
        let held = std::mem::take(&mut self.held);
        match &mut self.place {
            Place::Thoughts(_) => split.reasoning.push_str(&held),
            Place::Channels(harmony) => harmony.end(held, &mut split),
            Place::Start | Place::Between | Place::Answer => split.text.push_str(&held),
        }
        split
    }

    /// Goes on to the next place, if what is held tells which one that is.
    fn step(&mut self, split: &mut Split) -> bool {
        match &mut self.place {
            Place::Start => self.start(),
            Place::Thoughts(thoughts) => {
                let thoughts = std::mem::take(thoughts);
                self.think(thoughts, &mut split.reasoning)
            }
            Place::Between => self.skip(),
            Place::Answer => self.answer(&mut split.text),
            Place::Channels(harmony) => {
                harmony.take(&mut self.held, split);
                false
            }
        }
    }

    fn start(&mut self) -> bool {
        let text = self.held.trim_start();
        match (
            begin(text),
            Harmony::begins(text),
            begin_answer(text, false),
        ) {
            (Begin::Yes { length, end }, ..) => {
                self.held = text[length..].to_owned();
                self.place = Place::Thoughts(Thoughts::ended_by(end));
                true
            }
            (_, Some(true), _) => {
                self.held = text.to_owned();
                self.place = Place::Channels(Harmony::default());
                true
            }
            (.., Begin::Yes { length, end }) => {
                self.held = text[length..].to_owned();
                self.closes = Some(end);
                self.place = Place::Between;
                true
            }
            (Begin::Perhaps, ..) | (_, None, _) | (.., Begin::Perhaps) => false,
            (Begin::No, Some(false), Begin::No) => {
                self.place = Place::Answer;
                true
            }
        }
    }

    fn think(&mut self, mut thoughts: Thoughts, reasoning: &mut String) -> bool {
        let mut rest = self.held.len();
        if thoughts.end.is_empty() || self.held.contains(OPENERS) {
            if let Some((at, length)) = thoughts.find_end(&self.held) {
                reasoning.push_str(&self.held[..at]);
                self.held.drain(..at + length);
                self.used = Some(thoughts.end);
                self.place = Place::Between;
                return true;
            }
            rest -= begun(&self.held, &thoughts.end);
        }
        thoughts.code.pass(&self.held[..rest]);
        reasoning.extend(self.held.drain(..rest));
        self.place = Place::Thoughts(thoughts);
        false
    }

    fn skip(&mut self) -> bool {
        // Between two parts of an answer blanks are its own.
        if self.code.last.is_some() {
            self.place = Place::Answer;
            return true;
        }
        let blank = self.held.len() - self.held.trim_start().len();
        self.held.drain(..blank);
        if self.held.is_empty() {
            return false;
        }
        let after_thoughts = self.used.is_some() && self.closes.is_none();
        match (begin(&self.held), begin_answer(&self.held, after_thoughts)) {
            (Begin::Yes { length, end }, _) => {
                self.held.drain(..length);
                self.place = Place::Thoughts(Thoughts::ended_by(end));
                true
            }
            (_, Begin::Yes { length, end }) => {
                self.held.drain(..length);
                self.closes = Some(end);
                true
            }
            (Begin::Perhaps, _) | (_, Begin::Perhaps) => false,
            (Begin::No, Begin::No) => {
                self.place = Place::Answer;
                true
            }
        }
    }

    /// Says what is held, up to where it may think again, without the mark that ends the answer.
    fn answer(&mut self, text: &mut String) -> bool {
        let mut from = 0;
        while let Some(at) = self.held[from..].find(OPENERS).map(|at| from + at) {
            self.code.pass(&self.held[from..at]);
            let rest = &self.held[at..];
            if let Some(end) = self.closes.as_deref().filter(|_| !self.code.is_open()) {
                if starts_with(rest, end) {
                    let end = at + end.len();
                    text.push_str(&self.held[..at]);
                    self.held.drain(..end);
                    self.closes = None;
                    return true;
                }
                if starts_with(end, rest) {
                    text.extend(self.held.drain(..at));
                    return false;
                }
            }
            if let Some(used) = self.used.as_ref().filter(|_| self.code.may_think()) {
                match begin(rest) {
                    Begin::Yes { length, end } if end == *used => {
                        text.push_str(&self.held[..at]);
                        self.held.drain(..at + length);
                        self.place = Place::Thoughts(Thoughts::ended_by(end));
                        return true;
                    }
                    Begin::Perhaps => {
                        text.extend(self.held.drain(..at));
                        return false;
                    }
                    _ => {}
                }
            }
            from = at + self.held[at..].chars().next().map_or(1, char::len_utf8);
            self.code.pass(&self.held[at..from]);
        }
        self.code.pass(&self.held[from..]);
        text.push_str(&std::mem::take(&mut self.held));
        false
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
            ("<think></think>Yes.", "", "Yes."),
            ("<think>a < b </ c </think", "a < b </ c </think", ""),
            ("<think>never closed", "never closed", ""),
            ("<think>a</think>b<think>c</think>", "ac", "b"),
            ("<think>a</think>b.<think>c</think> d", "ac", "b. d"),
            ("<think>a</think>\n<think>c</think>d", "ac", "d"),
            ("<think>a</think>b\n\n <think>c</think>d", "ac", "b\n\n d"),
            // It may tell of them, in code and out of it.
            ("<think>a</think>Write `<think>`.", "a", "Write `<think>`."),
            (
                "<think>a</think>Write <think> first.",
                "a",
                "Write <think> first.",
            ),
            (
                "<think>a</think>\n```xml\n<think>c</think>\n```\nb",
                "a",
                "```xml\n<think>c</think>\n```\nb",
            ),
            ("<think>a</think>\n<thought>c</thought>", "ac", ""),
            (
                "<think>a</think>b\n<thought>c</thought>",
                "a",
                "b\n<thought>c</thought>",
            ),
            ("`<think>` begins it", "", "`<think>` begins it"),
            ("<thought>hm</thought>Hello", "hm", "Hello"),
            ("<reasoning>hm</reasoning>Hello", "hm", "Hello"),
            ("<Think>hm</THINK>Hello", "hm", "Hello"),
            ("<think duration=\"3\">hm</think>Hello", "hm", "Hello"),
            ("<seed:think>hm</seed:think>Hello", "hm", "Hello"),
            ("<think/>Hello", "", "Hello"),
            ("<|channel>thought hm<channel|>Hello", " hm", "Hello"),
            ("[THINK]hm[/THINK]Hello", "hm", "Hello"),
            ("◁think▷hm◁/think▷Hello", "hm", "Hello"),
            ("<|START_THINKING|>hm<|END_THINKING|>Hello", "hm", "Hello"),
            (
                "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hello<|return|>",
                "hm",
                "Hello",
            ),
            ("<|channel|>final<|message|>a <| b < c", "", "a <| b < c"),
            // Marks that do not fit together.
            ("<thinking>hm</think>The answer", "hm", "The answer"),
            ("<think>hm</thinking>The answer", "hm", "The answer"),
            ("<think>hm</think >\nThe answer", "hm", "The answer"),
            ("<think>hm</thinking >The answer", "hm", "The answer"),
            ("<think>hm</ThInK\n>The answer", "hm", "The answer"),
            ("<think>hm[/THINK]The answer", "hm", "The answer"),
            (
                "<reasoning>hm<|end_thinking|>The answer",
                "hm",
                "The answer",
            ),
            ("<thinking>hm</think>\n<answer>Yes</answer>", "hm", "Yes"),
            (
                "<think>Write `</thinking>` there",
                "Write `</thinking>` there",
                "",
            ),
            ("<think>hm</thinking>", "hm</thinking>", ""),
            // The first one ends them, whatever comes later.
            ("<think>a</thinking>b</think>c", "a", "b</think>c"),
            ("<thinking>a</think>b</thinking> c", "a", "b</thinking> c"),
            ("<think>a</thinking>b<think>c</think>d", "ac", "bd"),
            // In code and in quotation marks it is a word.
            (
                "<think>`</thinking>` or \"</thought>\"\n</thinking>\nc",
                "`</thinking>` or \"</thought>\"\n",
                "c",
            ),
            (
                "<think>\n```\na</thinking>b\n```\n</thinking>c",
                "\n```\na</thinking>b\n```\n",
                "c",
            ),
            (
                "<think>a </b> < 3 </thing> b</think>c",
                "a </b> < 3 </thing> b",
                "c",
            ),
            // Other names and marks.
            ("<longcat_think>hm</longcat_think>Hello", "hm", "Hello"),
            ("<scratchpad>hm</scratchpad>Hello", "hm", "Hello"),
            ("<reflection>hm</reflection>Hello", "hm", "Hello"),
            ("<analysis>hm</analysis>Hello", "hm", "Hello"),
            ("<cot>hm</cot>Hello", "hm", "Hello"),
            (
                "<chain_of_thought>hm</chain_of_thought>Hello",
                "hm",
                "Hello",
            ),
            ("<|thinking|>hm<|/thinking|>Hello", "hm", "Hello"),
            ("<|thinking|>hm<|end_thinking|>Hello", "hm", "Hello"),
            ("<|inner_prefix|>hm<|inner_suffix|>Hello", "hm", "Hello"),
            // Marks around the answer.
            ("<|START_RESPONSE|>Hello<|END_RESPONSE|>", "", "Hello"),
            (
                "<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>Hello<|END_RESPONSE|>",
                "hm",
                "Hello",
            ),
            (
                "<|begin_of_thought|>hm<|end_of_thought|>\n\n<|begin_of_solution|>\nHello\n<|end_of_solution|>",
                "hm",
                "Hello\n",
            ),
            ("<think>hm</think>\n<answer>Hello</answer>", "hm", "Hello"),
            (
                "<think>hm</think><response>\nHello\n</response>\n",
                "hm",
                "Hello\n\n",
            ),
            (
                "<thinking>hm</thinking><output>a < b</output>",
                "hm",
                "a < b",
            ),
            (
                "[THINK]hm[/THINK][BEGIN FINAL RESPONSE]Hello[END FINAL RESPONSE]",
                "hm",
                "Hello",
            ),
            (
                "<think>hm</think><answer>Write `</answer>` so</answer>!",
                "hm",
                "Write `</answer>` so!",
            ),
            // An answer's own.
            ("<answer>Hello</answer>", "", "<answer>Hello</answer>"),
            ("<think>hm</think><answers>", "hm", "<answers>"),
            ("<think>hm</think>In <answer>", "hm", "In <answer>"),
            ("<analysis", "", "<analysis"),
            ("[begin] a", "", "[begin] a"),
            ("<|start|", "", "<|start|"),
            (
                "<thought experiment> is a term",
                "",
                "<thought experiment> is a term",
            ),
            ("<thoughtful>", "", "<thoughtful>"),
            ("<think about it", "", "<think about it"),
            ("[x] done", "", "[x] done"),
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

    #[test]
    fn an_answer_behind_another_familys_mark_is_told_at_once() {
        let mut splitter = Splitter::default();
        assert_eq!(splitter.take("<think>so</thinking>".into()).reasoning, "so");
        assert_eq!(splitter.take("Yes".into()).text, "Yes");
        assert_eq!(splitter.take(", it".into()).text, ", it");
    }
}
