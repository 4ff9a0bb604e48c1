//! Reads a reply while it comes, and tells its end.

use super::{
    Event, Finish, Usage,
    chunk::{Chunk, whole_characters},
    error::{ModelError, ModelErrorKind, is_unprintable},
    notice::Notice,
    openai::Server,
    response::explain,
    sse::SseItem,
    think_tags::{Split, Splitter},
};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// Wait after the reply's end for its token counts.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Factor by which a first word is waited for longer than a first sign of life, while there are
/// such signs: long prompts are read, and thoughts are thought, that nobody is told.
const WITH_LIFE: u32 = 15;

/// The part of a reply that has been read.
pub(super) struct Reply<'a> {
    server: &'a Server,
    /// Events to be told.
    pub news: Vec<Event>,
    /// Tells thoughts in its text from its answer.
    splitter: Splitter,
    /// The kinds of content in it.
    has: Had,
    /// The reason why it ended, as was said last.
    reason: Option<Finish>,
    /// The time by which its last words must have come, once its end is known.
    last_words: Option<Instant>,
    /// More came after a reason. That was none then, and others are none either.
    reasons_lie: bool,
    /// The error that the last words were, if nothing comes after them.
    doubt: Option<ModelError>,
    pub usage: Option<Usage>,
    /// The server has announced the end.
    pub done: bool,
    /// True if there were events that could be read; then, if there were others.
    readable: bool,
    unreadable: bool,
}

#[derive(Default)]
struct Had {
    /// Anything that a model makes.
    anything: bool,
    /// Text, or thoughts, in parts.
    parts: bool,
    /// Text, or thoughts, in an event without a reason.
    text_before_reason: bool,
    /// Text that is not blank.
    text: bool,
    thoughts: bool,
    tool_call: bool,
    media: bool,
}

impl<'a> Reply<'a> {
    pub(super) fn new(server: &'a Server) -> Self {
        Self {
            server,
            news: vec![],
            splitter: Splitter::default(),
            has: Had::default(),
            reason: None,
            last_words: None,
            reasons_lie: false,
            doubt: None,
            usage: None,
            done: false,
            readable: false,
            unreadable: false,
        }
    }

    /// Returns when the first word, or the last ones, must have come, for a reply that was asked
    /// for then.
    pub(super) fn deadline(&self, asked: Instant, has_life: bool) -> Option<Instant> {
        if self.has.anything {
            return self.last_words;
        }
        let patience = match has_life {
            true => self.server.first_token_timeout * WITH_LIFE,
            false => self.server.first_token_timeout,
        };
        Some(asked + patience)
    }

    /// Takes the next event of the answer.
    ///
    /// # Errors
    /// When the server tells of trouble; nothing can follow then.
    pub(super) fn take(&mut self, event: SseItem) -> Result<(), ModelError> {
        match event {
            _ if self.done => Ok(()),
            SseItem::Event(data) => match Chunk::read(&data) {
                Ok(chunk) => self.take_chunk(chunk),
                Err(_) => self.second_look(&data),
            },
            SseItem::Error(data) => {
                let error = serde_json::from_str(&data).unwrap_or(Value::String(data));
                Err(self.error(&error))
            }
            SseItem::Done => {
                self.done = true;
                Ok(())
            }
        }
    }

    fn take_chunk(&mut self, mut chunk: Chunk) -> Result<(), ModelError> {
        self.readable = true;
        if chunk.is_whole && self.has.parts {
            // Some say all of it once more at the end.
            chunk.text.clear();
            chunk.reasoning.clear();
        }
        self.usage = chunk.usage.or(self.usage);
        let says = !chunk.reasoning.is_empty() || !chunk.text.is_empty();
        if says {
            self.has.anything = true;
            self.has.parts |= !chunk.is_whole;
            self.reasons_lie |= self.reason.is_some();
            self.has.text_before_reason |= chunk.finish.is_none();
            self.last_words = None;
        }
        self.has.anything |= chunk.has_tool_call || chunk.has_media;
        self.has.tool_call |= chunk.has_tool_call;
        self.has.media |= chunk.has_media;
        self.tell(Event::Reasoning(chunk.reasoning));
        let split = self.splitter.take(chunk.text);
        self.tell_split(split);
        let goes_on = says || chunk.finish.is_some() || chunk.has_tool_call || chunk.has_media;
        match chunk.notice {
            Notice::Error(error) => return Err(self.error(&error)),
            Notice::Perhaps(words) => {
                let trouble = self.error(&words);
                if trouble.kind() != ModelErrorKind::Reported {
                    return Err(trouble);
                }
                self.doubt.get_or_insert(trouble);
            }
            Notice::None if goes_on => self.doubt = None,
            Notice::None => {}
        }
        if let Some(reason) = chunk.finish {
            self.reason = Some(reason);
            // Where the very first text comes with a reason, every further one may.
            let means_it = self.has.anything && !self.reasons_lie;
            if means_it && (!says || self.has.text_before_reason) {
                let patience = LAST_WORDS.min(self.server.silence_timeout);
                self.last_words
                    .get_or_insert_with(|| Instant::now() + patience);
            }
        }
        Ok(())
    }

    fn tell_split(&mut self, split: Split) {
        self.tell(Event::Reasoning(split.reasoning));
        self.tell(Event::Text(split.text));
    }

    /// Tells what was held back, at the end.
    pub(super) fn tell_held(&mut self) {
        let split = self.splitter.end();
        self.tell_split(split);
    }

    /// Tells an event; what comes at once is told at once.
    fn tell(&mut self, event: Event) {
        match &event {
            Event::Text(more) if !self.has.text => self.has.text = is_visible(more),
            Event::Reasoning(more) if !self.has.thoughts => {
                self.has.thoughts = is_visible(more);
            }
            _ => {}
        }
        match (self.news.last_mut(), event) {
            (_, Event::Text(more) | Event::Reasoning(more)) if more.is_empty() => {}
            (Some(Event::Text(text)), Event::Text(more))
            | (Some(Event::Reasoning(text)), Event::Reasoning(more)) => text.push_str(&more),
            (_, event) => self.news.push(event),
        }
    }

    /// Decides what to make of an event that is no JSON: a chunk after all, nothing, or an error in
    /// plain words, or in those of a program that meant to send JSON.
    fn second_look(&mut self, data: &str) -> Result<(), ModelError> {
        const LIFE: [&str; 6] = ["ping", "pong", "keep-alive", "keepalive", "heartbeat", "ok"];
        let text = data.trim();
        if LIFE
            .iter()
            .any(|life| life.eq_ignore_ascii_case(text.trim_matches([':', ' '])))
        {
            return Ok(());
        }
        let is_json = text.starts_with(['{', '[', '"']) && !text.starts_with("{'");
        let tells_error = text.contains("\"error\"") && !text.contains("\"choices\"");
        if !is_json {
            return Err(self.error(&Value::String(text.to_owned())));
        }
        if let Some((chunk, done)) = Chunk::read_several(data) {
            self.take_chunk(chunk)?;
            self.done = done;
            return Ok(());
        }
        match Chunk::read(&whole_characters(data)) {
            Ok(chunk) => self.take_chunk(chunk),
            Err(_) if tells_error => Err(self.error(&Value::String(text.to_owned()))),
            Err(_) => {
                self.unreadable = true;
                Ok(())
            }
        }
    }

    fn error(&self, error: &Value) -> ModelError {
        let trouble = ModelError::reported(error, &self.server.secrets);
        // Before the first word it is as if nothing had been answered.
        match trouble.kind() {
            ModelErrorKind::Overloaded if self.has.anything => {
                trouble.that_is(ModelErrorKind::Reported)
            }
            _ => trouble,
        }
    }

    /// Tells whether nothing has come that was told.
    pub(super) fn is_untouched(&self) -> bool {
        !self.has.anything
    }

    // ---- Its end

    /// The answer came to its end.
    pub(super) fn ended(&self) -> Result<Finish, ModelError> {
        if self.unreadable && !self.readable {
            let said = "nothing readable in the stream";
            return Err(self.server.trouble(ModelErrorKind::Garbled, said));
        }
        if let Some(trouble) = &self.doubt {
            return self.reported(trouble.clone());
        }
        let said = "the stream ended before the reply did";
        self.reason
            .or(self.done.then_some(Finish::Complete))
            .ok_or_else(|| self.server.trouble(ModelErrorKind::CutOff, said))
    }

    /// The answer broke off. A whole reply stays whole, whatever broke behind it.
    pub(super) fn broke_off(&self, trouble: ModelError) -> Result<Finish, ModelError> {
        let trouble = self.doubt.clone().unwrap_or(trouble);
        self.reason.filter(|_| !self.reasons_lie).ok_or(trouble)
    }

    /// The server told of an error.
    pub(super) fn reported(&self, trouble: ModelError) -> Result<Finish, ModelError> {
        self.reason
            .filter(|_| !self.reasons_lie && self.has.anything)
            .ok_or(trouble)
    }

    /// Nothing came in time: no first word, no last ones, or nothing at all.
    pub(super) fn too_slow(&self, asked: Instant, for_a_word: bool) -> Result<Finish, ModelError> {
        if for_a_word {
            return self.broke_off(self.server.too_slow());
        }
        let mut trouble = self
            .server
            .trouble(ModelErrorKind::Silent, explain(ModelErrorKind::Silent));
        // Who waited that long should not wait as long again.
        trouble.hopeless = asked.elapsed() >= self.server.first_token_timeout;
        self.broke_off(trouble)
    }

    /// The end, which is none of a reply if there was no text.
    pub(super) fn with_text(&self, end: Result<Finish, ModelError>) -> Result<Finish, ModelError> {
        let finish = end?;
        if self.has.text {
            return Ok(finish);
        }
        let (kind, said) = match finish {
            Finish::Filtered => (
                ModelErrorKind::Moderated,
                "a filter left nothing of the reply",
            ),
            Finish::Cut => (
                ModelErrorKind::CutOff,
                "the reply was cut off before its first word",
            ),
            _ if self.has.tool_call => (ModelErrorKind::OnlyToolCall, "a tool call and no text"),
            _ if self.has.media => (ModelErrorKind::OnlyMedia, "a picture or sound and no text"),
            Finish::Length if self.has.thoughts => (
                ModelErrorKind::EndlessThoughts,
                "thoughts up to the maximum length",
            ),
            _ if self.has.thoughts => (ModelErrorKind::OnlyThoughts, "thoughts and no text"),
            Finish::Complete | Finish::Length => (ModelErrorKind::Empty, "no text"),
        };
        Err(self.server.trouble(kind, said))
    }
}

/// Tells whether there is anything to be seen in a text.
fn is_visible(text: &str) -> bool {
    text.contains(|c: char| !c.is_whitespace() && !is_unprintable(c))
}
