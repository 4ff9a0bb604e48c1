//! A running reply as its watchers see it: one writer, many readers, nothing queued for any of them.

use super::{lifecycle::Lease, seats::Seat};
use crate::{
    auth::Access,
    chats::{MessageId, html_of},
    error::{Error, Result},
    markdown::{Growing, Piece, PieceKind},
};
use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OnceCell, watch},
    task::spawn_blocking,
};
use tokio_util::sync::CancellationToken;

/// What the writer shows and readers look at. Finished pieces are only ever added; what is open
/// is replaced.
#[derive(Default)]
struct Shown {
    pieces: Vec<Piece>,
    open: Open,
    note: Note,
    /// It is made here: what another process has of it is no longer shown.
    is_written: bool,
    ended: bool,
}

/// The end of the text that is still being written.
#[derive(Clone, Default)]
pub(crate) struct Open {
    /// It as HTML.
    pub html: Arc<str>,
    /// It as it came.
    pub text: Arc<str>,
    /// Counts how often it was replaced.
    version: u64,
    /// How the HTML came from that of the version before, when it only grew at its end.
    pub grown: Option<Grown>,
}

/// Text, as HTML, that was added in front of the last closing tags.
#[derive(Clone)]
pub(crate) struct Grown {
    /// How many elements are open where it was added.
    pub depth: usize,
    /// What was added.
    pub html: Arc<str>,
}

/// What to say while there is no text yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Note {
    /// Nothing.
    #[default]
    None,
    /// It waits, at this place in the line.
    Queued(u64),
    /// The model was asked.
    Waiting,
    /// The model thinks before it answers.
    Thinking,
    /// The server could not be had; it is asked again, for the n-th time of so many.
    Retrying(u32, u32),
}

/// What a reply consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What it says.
    Body,
    /// What the model thought before.
    Reasoning,
}

impl Part {
    /// As the journal calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Reasoning => "reasoning",
        }
    }
}

/// Text that has come but is not in the journal yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unsaved {
    pub kind: Part,
    /// Where in the whole text it starts, in bytes.
    pub from: usize,
    pub text: String,
}

impl Unsaved {
    fn empty(kind: Part) -> Self {
        Self {
            kind,
            from: 0,
            text: String::new(),
        }
    }
}

/// Why a reply is broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// A person has asked for it.
    Stopped,
    /// The program ends.
    Ending,
    /// It is not this process's any more, or is gone.
    Lost,
}

/// A reply that runs or waits, as it is watched in this process.
pub struct LiveReply {
    id: MessageId,
    /// As which attempt it is made here; unset while it waits, or another process makes it.
    lease: OnceLock<Lease>,
    shown: Mutex<Shown>,
    unsaved: Mutex<[Unsaved; 2]>,
    /// What could not be written, or of which it is not known. It is tried again as it was, so that
    /// nothing can be there twice.
    not_written: Mutex<Vec<Unsaved>>,
    changes: watch::Sender<u64>,
    cut: OnceLock<Cut>,
    cutting: CancellationToken,
    closing: CancellationToken,
    whole: OnceCell<Option<Arc<str>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is consistent after every single assignment, so a panic leaves it usable.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LiveReply {
    /// Its readers are told to come back later when `closing` is set.
    pub(super) fn new(id: MessageId, closing: &CancellationToken) -> Self {
        Self {
            id,
            lease: OnceLock::new(),
            shown: Mutex::default(),
            unsaved: Mutex::new([Part::Body, Part::Reasoning].map(Unsaved::empty)),
            not_written: Mutex::default(),
            changes: watch::Sender::new(0),
            cut: OnceLock::new(),
            cutting: CancellationToken::new(),
            closing: closing.child_token(),
            whole: OnceCell::new(),
        }
    }

    pub(crate) fn id(&self) -> MessageId {
        self.id
    }

    /// As which attempt it is made in this process, if it is.
    pub(super) fn lease(&self) -> Option<Lease> {
        self.lease.get().copied()
    }

    /// Breaks it off; the first reason counts.
    pub(super) fn cut(&self, why: Cut) {
        self.cut.get_or_init(|| why);
        self.cutting.cancel();
    }

    /// Returns when it is to be broken off, and why.
    pub(super) async fn was_cut(&self) -> Cut {
        self.cutting.cancelled().await;
        self.cut.get().copied().unwrap_or(Cut::Lost)
    }

    /// How many readers it has.
    pub(super) fn readers(&self) -> usize {
        self.changes.receiver_count()
    }

    // ---- For the writer

    /// From now on it is made here, from the text that it has.
    pub(super) fn write_as(&self, lease: Lease, body: usize, reasoning: usize) {
        self.lease.get_or_init(|| lease);
        let [unsaved_body, unsaved_reasoning] = &mut *lock(&self.unsaved);
        (unsaved_body.from, unsaved_reasoning.from) = (body, reasoning);
        self.change(|shown| (shown.is_written, shown.note) = (true, Note::Waiting));
    }

    /// Keeps text for the journal.
    pub(super) fn keep(&self, kind: Part, text: &str) {
        lock(&self.unsaved)[kind as usize].text.push_str(text);
    }

    /// Shows the text from which a reply is carried on. What was shown of it before is the same, as
    /// pieces depend on the text alone, but there may be more of it.
    pub(super) fn show_again(&self, growing: &mut Growing) {
        let pieces = growing.advance();
        // At once: readers count the pieces that they have seen.
        lock(&self.shown).pieces = pieces;
        self.show(growing);
        self.say(Note::Waiting);
    }

    /// Shows what has become of the text: the pieces finished since the last call, and the rest.
    pub(super) fn show(&self, growing: &mut Growing) {
        let show = self.showing(growing);
        self.change(show);
    }

    fn showing(&self, growing: &mut Growing) -> impl FnOnce(&mut Shown) + use<> {
        let pieces = growing.advance();
        let html: Arc<str> = growing.tail().into();
        let text: Arc<str> = growing.text()[growing.finished()..].into();
        move |shown| {
            let grown = if pieces.is_empty() {
                grown(&shown.open.html, &html)
            } else {
                None
            };
            shown.pieces.extend(pieces);
            shown.open = Open {
                html,
                text,
                version: shown.open.version + 1,
                grown,
            };
            shown.note = Note::None;
        }
    }

    /// Shows the last of it: everything is finished.
    pub(super) fn show_all(&self, growing: &mut Growing) {
        self.change(all_of(growing));
    }

    /// Says something while there is no text.
    pub(super) fn say(&self, note: Note) {
        if lock(&self.shown).note == note {
            return;
        }
        self.change(|shown| shown.note = note);
    }

    /// Tells every reader that nothing more comes.
    pub(super) fn end(&self) {
        self.change(|shown| shown.ended = true);
    }

    fn change(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut lock(&self.shown));
        self.changes.send_modify(|version| *version += 1);
    }

    // ---- For the journal

    /// Takes what is not in the journal yet.
    pub(super) fn take_unsaved(&self) -> Vec<Unsaved> {
        let mut all = std::mem::take(&mut *lock(&self.not_written));
        let mut unsaved = lock(&self.unsaved);
        let some = unsaved
            .iter_mut()
            .filter(|unsaved| !unsaved.text.is_empty());
        all.extend(some.map(|unsaved| {
            let rest = Unsaved {
                from: unsaved.from + unsaved.text.len(),
                ..Unsaved::empty(unsaved.kind)
            };
            std::mem::replace(unsaved, rest)
        }));
        all
    }

    /// Puts back what could not be written.
    pub(super) fn put_back(&self, unsaved: Unsaved) {
        lock(&self.not_written).push(unsaved);
    }

    // ---- For what another process has of it

    /// Shows how far it has come elsewhere, unless it is made here now.
    pub(super) fn show_elsewhere(&self, growing: &mut Growing) {
        let show = self.showing(growing);
        self.change_elsewhere(show);
    }

    /// Says how it stands elsewhere, unless it is made here now.
    pub(super) fn say_elsewhere(&self, note: Note) {
        if lock(&self.shown).note != note {
            self.change_elsewhere(|shown| shown.note = note);
        }
    }

    /// It has ended elsewhere, unless it is made here now.
    pub(super) fn end_elsewhere(&self, growing: &mut Growing) {
        let show_all = all_of(growing);
        self.change_elsewhere(|shown| {
            show_all(shown);
            shown.ended = true;
        });
    }

    fn change_elsewhere(&self, change: impl FnOnce(&mut Shown)) {
        self.change(|shown| {
            if !shown.is_written {
                change(shown);
            }
        });
    }

    /// Nobody follows it any more: who still reads is to come back.
    pub(super) fn give_up(&self) {
        self.closing.cancel();
    }

    // ---- For readers

    /// Everything that is shown now.
    pub(crate) fn now(self: &Arc<Self>) -> News {
        self.reader(0).look(usize::MAX)
    }

    /// This text, with which it has ended, as HTML, where that is not simply its pieces. Rendered
    /// once for all who watch.
    ///
    /// # Errors
    /// When rendering fails.
    pub(crate) async fn whole(self: &Arc<Self>, body: &str) -> Result<Option<Arc<str>>> {
        let render = || async {
            let (live, body) = (self.clone(), body.to_owned());
            let whole = move || {
                let whole = html_of(live.id, &body);
                let pieces = &lock(&live.shown).pieces;
                (!is_made_of(&whole, pieces)).then(|| whole.into())
            };
            spawn_blocking(whole).await.map_err(Error::internal)
        };
        self.whole.get_or_try_init(render).await.cloned()
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

/// Everything is finished.
fn all_of(growing: &mut Growing) -> impl FnOnce(&mut Shown) + use<> {
    let pieces = growing.finish();
    move |shown| {
        shown.pieces.extend(pieces);
        shown.open = Open {
            version: shown.open.version + 1,
            ..Open::default()
        };
        shown.note = Note::None;
    }
}

fn is_made_of(whole: &str, pieces: &[Piece]) -> bool {
    let rest = pieces
        .iter()
        .try_fold(whole, |rest, piece| rest.strip_prefix(&*piece.html));
    rest == Some("")
}

/// How `new` comes from `old` when it only has more text in front of the same closing tags.
fn grown(old: &str, new: &str) -> Option<Grown> {
    let closing = closing_tags(old);
    let (kept, tags) = old.split_at(old.len() - closing.len());
    let added = new.strip_suffix(tags)?.strip_prefix(kept)?;
    // A tag could close what is open, as in `</li><li>`: only text is sure to fit in.
    if added.contains('<') {
        return None;
    }
    let depth = tags.matches("</").count();
    (depth > 0).then(|| Grown {
        depth,
        html: added.into(),
    })
}

/// The closing tags at the end, with the line ends between them.
fn closing_tags(html: &str) -> &str {
    let mut rest = html.trim_end_matches('\n');
    while let Some(at) = rest.rfind("</")
        && rest.ends_with('>')
        && !rest[at + 2..rest.len() - 1].contains(['<', '>'])
    {
        rest = rest[..at].trim_end_matches('\n');
    }
    &html[rest.len()..]
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

    #[test]
    fn an_open_block_grows_in_front_of_its_closing_tags() {
        for (old, new, added, depth) in [
            ("<p>The</p>\n", "<p>The next</p>\n", " next", 1),
            (
                "<p>a <strong>b</strong></p>\n",
                "<p>a <strong>bc</strong></p>\n",
                "c",
                2,
            ),
            (
                "<ul>\n<li>a</li>\n</ul>\n",
                "<ul>\n<li>ab</li>\n</ul>\n",
                "b",
                2,
            ),
            ("<p>a</p>\n", "<p>a</p>\n", "", 1),
        ] {
            let grown = grown(old, new).unwrap();
            assert_eq!(
                (&*grown.html, grown.depth),
                (added, depth),
                "{old} -> {new}"
            );
        }
        for (old, new) in [
            ("", "<p>a</p>\n"),
            ("<p>a</p>\n", "<h2>a</h2>\n"),
            ("<p>a **b</p>\n", "<p>a <strong>b</strong></p>\n"),
            (
                "<p>a <strong>b</strong></p>\n",
                "<p>a <strong>b</strong> c</p>\n",
            ),
            ("<ul><li>a</li></ul>", "<ul><li>a</li><li>b</li></ul>"),
        ] {
            assert!(grown(old, new).is_none(), "{old} -> {new}");
        }
    }

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

    #[test]
    fn text_that_could_not_be_written_is_kept_in_order() {
        let live = live();
        let unsaved = |kind, from, text: &str| Unsaved {
            kind,
            from,
            text: text.to_owned(),
        };
        live.keep(Part::Reasoning, "hm");
        live.keep(Part::Body, "one ");
        for taken in live.take_unsaved() {
            live.put_back(taken);
        }
        live.keep(Part::Body, "two");
        let all = [
            unsaved(Part::Body, 0, "one "),
            unsaved(Part::Reasoning, 0, "hm"),
            unsaved(Part::Body, 4, "two"),
        ];
        assert_eq!(live.take_unsaved(), all);
        live.keep(Part::Body, "!");
        assert_eq!(live.take_unsaved(), [unsaved(Part::Body, 7, "!")]);
        assert_eq!(live.take_unsaved(), []);
    }

    fn live() -> LiveReply {
        LiveReply::new(MessageId::new(), &CancellationToken::new())
    }
}
