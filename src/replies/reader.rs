//! Readers of a reply: each asks for what is new, and gets exactly what it lacks, however late.

use super::{
    live::{LiveReply, Note, Open, Shown, lock},
    stream_limit::StreamSlot,
};
use crate::markdown::{Piece, PieceKind};
use std::{
    fmt,
    future::{Future, pending},
    num::ParseIntError,
    pin::Pin,
    str::FromStr,
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

impl LiveReply {
    /// Everything that is shown now.
    pub(crate) fn now(self: &Arc<Self>) -> News {
        self.reader(Position::default()).look(usize::MAX)
    }

    /// The beginning of what is shown now, and a reader for the rest and what comes after it.
    pub(crate) fn from_the_start(self: &Arc<Self>) -> (News, Reader) {
        let mut reader = self.reader(Position::default());
        let news = reader.look(AT_ONCE);
        (news, reader)
    }

    /// A reader that has seen the text up to a position (`Piece::end`). That may be further than is
    /// known here: another process was asked before, and knew more.
    pub(crate) fn reader(self: &Arc<Self>, position: Position) -> Reader {
        Reader {
            changes: self.changes.subscribe(),
            live: self.clone(),
            after: position.body,
            thoughts: position.thoughts,
            knows_answer: false,
            seen: 0,
            open: None,
            note: None,
            has_more: true,
            over: None,
            access: Box::pin(pending()),
            _seat: None,
        }
    }
}

/// About the most bytes of finished pieces that a reader is told at once. Those who do not read
/// cost no more than that and what the connection buffers, however long the reply is.
const AT_ONCE: usize = 64 * 1024;

/// Follows a running reply: asks for what is new, and gets exactly what it lacks, however late.
pub struct Reader {
    live: Arc<LiveReply>,
    changes: watch::Receiver<u64>,
    /// The position from which it reads.
    after: usize,
    /// Bytes of the thoughts that it has seen.
    thoughts: usize,
    /// It knows that the answer has begun.
    knows_answer: bool,
    /// Pieces that it has seen.
    seen: usize,
    open: Option<u64>,
    /// The last that it was told of how the reply stands. What its page says is not known at first.
    note: Option<Note>,
    /// There is something that it was not told yet.
    has_more: bool,
    over: Option<Over>,
    /// Ends when the one who reads may no longer.
    access: Pin<Box<dyn Future<Output = ()> + Send>>,
    _seat: Option<StreamSlot>,
}

/// The reason why there is nothing more to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// The reply has ended.
    Ended,
    /// It goes on, but not here and now: whoever reads is to come back.
    ComeBack,
    /// The reader has lost access.
    NoAccess,
}

/// Up to where a reader has a reply; a function of its text alone, so it means the same for every
/// process. As text: `body.thoughts`, or `body` while there are no thoughts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The byte offset in the Markdown up to which it has all finished pieces.
    pub body: usize,
    /// The byte offset in what the model has thought.
    pub thoughts: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.thoughts {
            0 => write!(f, "{}", self.body),
            thoughts => write!(f, "{}.{thoughts}", self.body),
        }
    }
}

impl FromStr for Position {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let (body, thoughts) = text.split_once('.').unwrap_or((text, "0"));
        Ok(Self {
            body: body.parse()?,
            thoughts: thoughts.parse()?,
        })
    }
}

/// The news for one reader.
pub struct News {
    /// The pieces that were finished.
    pub pieces: Vec<Piece>,
    /// True if the text before these pieces ends inside a code block.
    pub in_code: bool,
    /// Up to where this reader has everything that stays as it is.
    pub position: Position,
    /// The thoughts since then.
    pub thoughts: String,
    /// True if there were thoughts before these.
    pub thought_before: bool,
    /// The answer has begun, or nothing more comes: no thoughts are waited for.
    pub answers: bool,
    /// This reader has not been told so before.
    pub answers_now: bool,
    /// The open end, if it has changed.
    pub open: Option<Open>,
    /// True if `open.grown` is a valid delta for what this reader has.
    pub grew: bool,
    /// The note to show, if it has changed.
    pub note: Option<Note>,
    /// Nothing comes after this.
    pub ended: bool,
}

impl Reader {
    /// The same reader for as long as it has access, in a seat of its own.
    pub(crate) fn with(
        self,
        access_lost: impl Future<Output = ()> + Send + 'static,
        seat: StreamSlot,
    ) -> Self {
        Self {
            access: Box::pin(access_lost),
            _seat: Some(seat),
            ..self
        }
    }

    /// Returns what is new since the last call; waits until something is. `None` after the end,
    /// when access is lost, or when the program ends before the reply does.
    pub async fn next(&mut self) -> Option<News> {
        if self.over.is_some() {
            return None;
        }
        if !std::mem::take(&mut self.has_more) {
            tokio::select! {
                biased;
                () = self.live.closing.cancelled() => {
                    self.over = Some(Over::ComeBack);
                    return None;
                }
                // The sender lives as long as this reader: an error cannot happen, and would be the end.
                changed = self.changes.changed() => changed.ok()?,
                () = &mut self.access => {
                    self.over = Some(Over::NoAccess);
                    return None;
                }
            }
        }
        Some(self.look(AT_ONCE))
    }

    /// Tells why this reader has nothing more to tell.
    pub(crate) fn over(&self) -> Option<Over> {
        self.over
    }

    /// Waits at most `time` for news; `Ok(None)` is the end, an error that there is no news yet.
    pub(crate) async fn next_within(
        &mut self,
        time: Duration,
    ) -> Result<Option<News>, tokio::time::error::Elapsed> {
        tokio::time::timeout(time, self.next()).await
    }

    /// Returns what the model had thought up to where this reader is.
    pub(crate) fn thoughts(&self) -> String {
        let shown = lock(&self.live.shown);
        let thoughts = shown.thoughts.get(..self.thoughts).unwrap_or_default();
        thoughts.trim_start().to_owned()
    }

    /// Returns what is new, up to about so many bytes.
    fn look(&mut self, most: usize) -> News {
        self.changes.mark_unchanged();
        let shown = lock(&self.live.shown);
        let passed = shown
            .pieces
            .partition_point(|piece| piece.end <= self.after);
        self.seen = self.seen.max(passed);
        let before = &shown.pieces[..self.seen];
        let in_code = before
            .last()
            .is_some_and(|piece| matches!(piece.kind, PieceKind::CodeStart | PieceKind::CodeLines));
        // Thoughts come before the answer.
        let thought_before = self.thoughts > 0;
        let new = new_thoughts(&shown.thoughts, self.thoughts, most);
        let (thoughts, end) = new.unwrap_or(("", self.thoughts));
        let thoughts = thoughts.to_owned();
        self.thoughts = end;
        let has_more_thoughts = end < shown.thoughts.trim_end().len();
        let mut bytes = if has_more_thoughts {
            most
        } else {
            thoughts.len()
        };
        let pieces = shown.pieces[self.seen..].iter().take_while(|piece| {
            let fits = bytes < most;
            bytes += piece.html.len();
            fits
        });
        let pieces: Vec<Piece> = pieces.cloned().collect();
        self.seen += pieces.len();
        self.has_more = has_more_thoughts || self.seen < shown.pieces.len();
        let known = match self.seen {
            0 => 0,
            seen => shown.pieces[seen - 1].end,
        };
        let version = shown.open.version;
        // What it has seen as finished is not shown to it as open again.
        let changed = self.open != Some(version) && known >= self.after && !self.has_more;
        let grew = pieces.is_empty()
            && self.open.is_some_and(|seen| seen + 1 == version)
            && shown.open.grown.is_some();
        if changed {
            self.open = Some(version);
        }
        let answers = !has_more_thoughts && shown.answers();
        let answers_now = answers && !self.knows_answer;
        self.knows_answer = answers;
        let note = (self.note != Some(shown.note)).then_some(shown.note);
        self.note = Some(shown.note);
        if shown.ended && !self.has_more {
            self.over = Some(Over::Ended);
        }
        News {
            pieces,
            in_code,
            position: Position {
                body: known.max(self.after),
                thoughts: self.thoughts,
            },
            thoughts,
            thought_before,
            answers,
            answers_now,
            open: changed.then(|| shown.open.clone()),
            grew,
            note,
            ended: self.over.is_some(),
        }
    }
}

impl Shown {
    /// Tells whether the answer has begun, or nothing more comes.
    fn answers(&self) -> bool {
        self.ended || !self.pieces.is_empty() || !self.open.text.trim().is_empty()
    }
}

/// Returns what is new of the thoughts after so many bytes, and up to where that is, at most about
/// so many bytes. Blanks at their end wait for what follows them.
fn new_thoughts(all: &str, known: usize, most: usize) -> Option<(&str, usize)> {
    let start = all.len() - all.trim_start().len();
    let from = all.ceil_char_boundary(known.max(start));
    let end = from.saturating_add(most).min(all.trim_end().len());
    let end = all.floor_char_boundary(end);
    let new = all.get(from..end).filter(|new| !new.is_empty())?;
    Some((new, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::MessageId, markdown::Growing};
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn every_reader_sees_the_same_however_late_or_slow() {
        let live = Arc::new(live());
        let text = "One.\n\nTwo *three*.\n\n```rust\nfn a() {}\nfn b() {}\n```\n\n- x\n- y\n\nEnd";
        let mut growing = Growing::default();
        let mut readers: Vec<(Reader, String)> = Vec::new();
        for (n, letter) in text.chars().enumerate() {
            if n % 7 == 0 {
                readers.push((live.reader(Position::default()), String::new()));
            }
            growing.push(&letter.to_string());
            live.show(&mut growing, None);
            for (i, (reader, seen)) in readers.iter_mut().enumerate() {
                if (n + i) % (i % 5 + 1) == 0 {
                    let news = reader.look(AT_ONCE);
                    seen.extend(news.pieces.iter().map(|piece| &*piece.html));
                    if i % 3 == 0 {
                        // A connection that breaks comes back with the position it had.
                        *reader = live.reader(news.position);
                    }
                }
            }
        }
        live.show_all(&mut growing);
        live.end();
        for (mut reader, mut seen) in readers {
            while let Some(news) = reader.next().await {
                seen.extend(news.pieces.iter().map(|piece| &*piece.html));
            }
            assert_eq!(seen, crate::markdown::render(text));
        }
    }

    #[tokio::test]
    async fn every_reader_is_told_all_thoughts_once_in_pieces_of_a_bounded_size() {
        let live = Arc::new(live());
        let text = format!("  \n{}\n\n", "생각하고 또 think. \n".repeat(10_000));
        let mut growing = Growing::default();
        for piece in text.split_inclusive(' ') {
            live.think(piece);
        }
        growing.push("Yes.\n\nNo");
        live.show(&mut growing, None);
        live.show_all(&mut growing);
        live.end();
        for steady in [true, false] {
            let (mut reader, mut told) = (live.reader(Position::default()), String::new());
            while let Some(news) = reader.next().await {
                assert!(news.thoughts.len() <= AT_ONCE && news.answers == news.ended);
                // The answer waits until all that was thought before is told.
                assert!(news.pieces.is_empty() || told.len() + news.thoughts.len() > 200_000);
                told += &news.thoughts;
                if !steady && !news.ended {
                    let position = news.position.to_string();
                    reader = live.reader(position.parse().unwrap());
                }
            }
            assert!(told == text.trim(), "{} of {}", told.len(), text.len());
        }
    }

    #[test]
    fn every_reader_is_told_how_the_reply_stands_and_then_what_changes() {
        let (live, mut growing) = (Arc::new(live()), Growing::default());
        let note = |reader: &mut Reader| reader.look(AT_ONCE).note;
        let mut early = live.reader(Position::default());
        assert_eq!(note(&mut early), Some(Note::None));
        live.say(Note::Waiting);
        let mut late = live.reader(Position::default());
        for reader in [&mut early, &mut late] {
            assert_eq!(note(reader), Some(Note::Waiting));
            assert_eq!(note(reader), None);
        }
        growing.push("One.");
        live.show(&mut growing, None);
        // Its page was made while the model was reading, and its stream begins only now.
        let mut later = live.reader(Position::default());
        for reader in [&mut early, &mut late, &mut later] {
            assert_eq!(note(reader), Some(Note::None));
            assert_eq!(note(reader), None);
        }
    }

    #[test]
    fn a_reader_that_knows_more_is_told_nothing_twice() {
        let (live, mut growing) = (Arc::new(live()), Growing::default());
        let mut reader = live.reader(Position {
            body: "One.\n\nTwo\n\n".len(),
            thoughts: 0,
        });
        let seen = |reader: &mut Reader, growing: &mut Growing, more: &str| {
            growing.push(more);
            live.show(growing, None);
            let news = reader.look(AT_ONCE);
            let html: String = news.pieces.iter().map(|piece| &*piece.html).collect();
            (html, news.open.map(|open| open.text.to_string()))
        };
        let nothing = (String::new(), None);
        assert_eq!(seen(&mut reader, &mut growing, "One.\n\nTw"), nothing);
        assert_eq!(seen(&mut reader, &mut growing, "o\n"), nothing);
        assert_eq!(
            seen(&mut reader, &mut growing, "\nThree.\n\nFour.\nFi"),
            ("<p>Three.</p>\n".to_owned(), Some("Four.\nFi".to_owned()))
        );
    }

    fn live() -> LiveReply {
        LiveReply::new(MessageId::new(), &CancellationToken::new())
    }
}
