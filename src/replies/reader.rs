//! Readers of a reply: each asks for what is new, and gets exactly what it lacks, however late.

use super::{
    live::{LiveReply, Note, Open, lock},
    seats::Seat,
};
use crate::{
    auth::Access,
    markdown::{Piece, PieceKind},
};
use std::{
    future::{Future, pending},
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

impl LiveReply {
    /// Everything that is shown now.
    pub(crate) fn now(self: &Arc<Self>) -> News {
        self.reader(0).look(usize::MAX)
    }

    /// The beginning of what is shown now, and a reader for the rest and what comes after it.
    pub(crate) fn from_the_start(self: &Arc<Self>) -> (News, Reader) {
        let mut reader = self.reader(0);
        let news = reader.look(AT_ONCE);
        (news, reader)
    }

    /// A reader that has seen the text up to a position (`Piece::end`). That may be further than is
    /// known here: another process was asked before, and knew more.
    pub(super) fn reader(self: &Arc<Self>, position: usize) -> Reader {
        Reader {
            changes: self.changes.subscribe(),
            live: self.clone(),
            after: position,
            seen: 0,
            open: None,
            note: Note::None,
            has_more: true,
            over: None,
            access: Box::pin(pending()),
            _seat: None,
        }
    }
}

/// How many bytes of finished pieces a reader is told at once, about. Those who do not read cost no
/// more than that and what the connection buffers, however long the reply is.
const AT_ONCE: usize = 64 * 1024;

/// Follows a running reply: asks for what is new, and gets exactly what it lacks, however late.
pub struct Reader {
    live: Arc<LiveReply>,
    changes: watch::Receiver<u64>,
    /// The position from which it reads.
    after: usize,
    /// How many pieces it has seen.
    seen: usize,
    open: Option<u64>,
    note: Note,
    /// There is something that it was not told yet.
    has_more: bool,
    over: Option<Over>,
    /// Ends when the one who reads may no longer.
    access: Pin<Box<dyn Future<Output = ()> + Send>>,
    _seat: Option<Seat>,
}

/// Why there is nothing more to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The reply has ended.
    Ended,
    /// It goes on, but not here and now: whoever reads is to come back.
    ComeBack,
    /// Who reads may no longer.
    NoAccess,
}

/// What is new for one reader.
pub struct News {
    /// The pieces that were finished.
    pub pieces: Vec<Piece>,
    /// Whether the text before these pieces ends inside a code block.
    pub in_code: bool,
    /// The byte offset in the Markdown up to which this reader has all finished pieces.
    pub position: usize,
    /// The open end, if it has changed.
    pub open: Option<Open>,
    /// Whether `open.grown` tells how to get from what the reader has to what is new.
    pub grew: bool,
    /// What to say, if that has changed.
    pub note: Option<Note>,
    /// Nothing comes after this.
    pub ended: bool,
}

impl Reader {
    /// The same reader for as long as it has access, in a seat of its own.
    pub(crate) fn with(self, access: Access, seat: Seat) -> Self {
        Self {
            access: Box::pin(access.lost()),
            _seat: Some(seat),
            ..self
        }
    }

    /// What is new since the last call; waits until something is. `None` after the end, when access
    /// is lost, or when the program ends before the reply does.
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

    /// Why this reader has nothing more to tell.
    pub(super) fn over(&self) -> Option<Over> {
        self.over
    }

    /// Waits at most `time` for news; `Ok(None)` is the end, an error that there is no news yet.
    pub(super) async fn next_within(
        &mut self,
        time: Duration,
    ) -> Result<Option<News>, tokio::time::error::Elapsed> {
        tokio::time::timeout(time, self.next()).await
    }

    /// What is new, as far as it has about so many bytes.
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
        let mut bytes = 0;
        let pieces = shown.pieces[self.seen..].iter().take_while(|piece| {
            let fits = bytes < most;
            bytes += piece.html.len();
            fits
        });
        let pieces: Vec<Piece> = pieces.cloned().collect();
        self.seen += pieces.len();
        self.has_more = self.seen < shown.pieces.len();
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
        let note = (self.note != shown.note).then_some(shown.note);
        self.note = shown.note;
        if shown.ended && !self.has_more {
            self.over = Some(Over::Ended);
        }
        News {
            pieces,
            in_code,
            position: known.max(self.after),
            open: changed.then(|| shown.open.clone()),
            grew,
            note,
            ended: self.over.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chats::MessageId, markdown::Growing};
    use tokio_util::sync::CancellationToken;

    #[tokio::test]
    async fn every_reader_sees_the_same_however_late_or_slow() {
        let live = Arc::new(live());
        let text = "One.\n\nTwo *three*.\n\n```rust\nfn a() {}\nfn b() {}\n```\n\n- x\n- y\n\nEnd";
        let mut growing = Growing::default();
        let mut readers: Vec<(Reader, String)> = Vec::new();
        for (n, letter) in text.chars().enumerate() {
            if n % 7 == 0 {
                readers.push((live.reader(0), String::new()));
            }
            growing.push(&letter.to_string());
            live.show(&mut growing);
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

    #[test]
    fn a_reader_that_knows_more_is_told_nothing_twice() {
        let (live, mut growing) = (Arc::new(live()), Growing::default());
        let mut reader = live.reader("One.\n\nTwo\n\n".len());
        let seen = |reader: &mut Reader, growing: &mut Growing, more: &str| {
            growing.push(more);
            live.show(growing);
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
