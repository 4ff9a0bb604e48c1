//! A running reply as it is shown: one writer, many readers, nothing queued for any of them.

use super::lifecycle::Lease;
use crate::{
    error::{Error, Result},
    ids::MessageId,
    markdown::{Growing, Piece},
    messages::html_cache::{html_of, place_of},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{OnceCell, watch},
    task::spawn_blocking,
};
use tokio_util::sync::CancellationToken;

/// The state that the writer shows and readers look at. Finished pieces are only ever added; what
/// is open is replaced.
#[derive(Default)]
pub(super) struct Shown {
    pub pieces: Vec<Piece>,
    pub open: Open,
    /// The thoughts from before; only ever added to. They are kept here, for all.
    pub thoughts: String,
    pub note: Note,
    /// It is made here: what another process has of it is no longer shown.
    is_written: bool,
    pub ended: bool,
}

/// The end of the text that is still being written.
#[derive(Clone, Default)]
pub(crate) struct Open {
    /// It as HTML.
    pub html: Arc<str>,
    /// It as it came.
    pub text: Arc<str>,
    /// Its start in all of the text. What is no part of any piece, as blank lines and link
    /// definitions, is left out of it without one.
    pub start: usize,
    /// Counts how often it was replaced.
    pub version: u64,
    /// The change from the version before, when only the end of the HTML is new.
    pub grown: Option<Grown>,
}

/// New HTML at the end.
#[derive(Clone)]
pub(crate) struct Grown {
    /// Number of elements that are open at the end of what stays.
    pub depth: usize,
    /// The HTML that was added to the innermost of them, or stands in its place now.
    pub html: Arc<str>,
    /// True if it stands in its place.
    pub replaces: bool,
}

/// A note while there is no text yet.
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
    /// The server is busy; the same.
    Busy(u32, u32),
}

/// A part of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The text.
    Body,
    /// The thoughts from before.
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
    /// Its start in the whole text, in bytes.
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

/// The reason why a reply is cut off.
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
    pub(super) shown: Mutex<Shown>,
    unsaved: Mutex<[Unsaved; 2]>,
    /// Text that could not be written, or may not have been. The same is tried again, so that
    /// nothing can be there twice.
    not_written: Mutex<Vec<Unsaved>>,
    /// Counts what was shown.
    pub(super) changes: watch::Sender<u64>,
    cut: OnceLock<Cut>,
    cutting: CancellationToken,
    /// Set when readers are to come back later.
    pub(super) closing: CancellationToken,
    whole: OnceCell<Option<Arc<str>>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is inside is consistent after every single assignment, so a panic leaves it usable.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LiveReply {
    /// Its readers are told to come back later when `closing` is set.
    pub(crate) fn new(id: MessageId, closing: &CancellationToken) -> Self {
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

    /// Its text, of which nothing has come yet.
    pub(crate) fn growing(&self) -> Growing {
        Growing::new(place_of(self.id))
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

    /// Counts its readers.
    pub(super) fn readers(&self) -> usize {
        self.changes.receiver_count()
    }

    // ---- For the writer

    /// From now on it is made here, from the text that it has. What was known of its thoughts from
    /// elsewhere is their beginning.
    pub(super) fn write_as(&self, lease: Lease, body: usize, thoughts: String) {
        self.lease.get_or_init(|| lease);
        let [unsaved_body, unsaved_reasoning] = &mut *lock(&self.unsaved);
        (unsaved_body.from, unsaved_reasoning.from) = (body, thoughts.len());
        self.change(|shown| {
            (shown.is_written, shown.note) = (true, Note::Waiting);
            shown.thoughts = thoughts;
        });
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
        self.show(growing, None);
        self.say(Note::Waiting);
    }

    /// Shows more of what the model thinks.
    pub(crate) fn think(&self, more: &str) {
        self.change(|shown| shown.thoughts.push_str(more));
    }

    /// All that the model has thought.
    pub(crate) fn thoughts(&self) -> String {
        lock(&self.shown).thoughts.clone()
    }

    /// Shows what has become of the text: the pieces finished since the last call, and the rest;
    /// with a limit of time perhaps without colours at its end.
    pub(crate) fn show(&self, growing: &mut Growing, time: Option<Duration>) {
        self.change(showing(growing, time));
    }

    /// Shows the last of it: everything is finished.
    pub(super) fn show_all(&self, growing: &mut Growing) {
        self.change(all_of(growing));
    }

    /// Says something while there is no text.
    pub(crate) fn say(&self, note: Note) {
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
        let again = std::mem::take(&mut *lock(&self.not_written));
        if !again.is_empty() {
            // These pieces as they were: they may be there. What has come since waits as one.
            return again;
        }
        let mut unsaved = lock(&self.unsaved);
        let some = unsaved
            .iter_mut()
            .filter(|unsaved| !unsaved.text.is_empty());
        some.map(|unsaved| {
            let rest = Unsaved {
                from: unsaved.from + unsaved.text.len(),
                ..Unsaved::empty(unsaved.kind)
            };
            std::mem::replace(unsaved, rest)
        })
        .collect()
    }

    /// Puts back what could not be written.
    pub(super) fn put_back(&self, unsaved: Unsaved) {
        lock(&self.not_written).push(unsaved);
    }

    // ---- For what another process has of it

    /// Shows how far it has come elsewhere, unless it is made here now.
    pub(super) fn show_elsewhere(&self, growing: &mut Growing, time: Option<Duration>) {
        self.change_elsewhere(showing(growing, time));
    }

    /// Shows more of what the model thinks elsewhere, unless it is made here now.
    pub(super) fn think_elsewhere(&self, more: &str) {
        self.change_elsewhere(|shown| shown.thoughts.push_str(more));
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
}

/// Shows what is finished by now, and the rest.
fn showing(growing: &mut Growing, time: Option<Duration>) -> impl FnOnce(&mut Shown) + use<> {
    let pieces = match time {
        Some(time) => growing.advance_for(time),
        None => growing.advance(),
    };
    let html: Arc<str> = growing.tail().into();
    let start = growing.finished();
    let text: Arc<str> = growing.text()[start..].into();
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
            start,
            version: shown.open.version + 1,
            grown,
        };
        shown.note = Note::None;
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

/// Compares `new` with `old`: the change when it only has more in front of the same closing tags,
/// or another last element there.
fn grown(old: &str, new: &str) -> Option<Grown> {
    if old.is_empty() {
        return None;
    }
    let start = old.len() - closing_tags(old).len();
    // The closing tags at the end, those of the innermost elements first.
    let places: Vec<usize> = old[start..]
        .match_indices("</")
        .map(|(at, _)| start + at)
        .collect();
    let ends = places.iter().copied().chain([old.len()]);
    let mut depths = (0..=places.len()).rev();
    let added = ends.zip(depths.by_ref()).find_map(|(at, depth)| {
        let added = between(new, &old[..at], &old[at..])?;
        let fits = is_whole(added) && !in_formula(&old[..at]);
        fits.then_some((added, depth))
    });
    if let Some((added, depth)) = added {
        return Some(Grown {
            depth,
            html: added.into(),
            replaces: false,
        });
    }
    // All of the top level is simply replaced.
    let depths = (2..=places.len()).rev();
    places.into_iter().zip(depths).find_map(|(at, depth)| {
        let last = other_last(old, new, at)?;
        Some(Grown {
            depth,
            html: last.into(),
            replaces: true,
        })
    })
}

/// Returns what stands in `new` for the element that `old` closes there, if all around it is the
/// same.
fn other_last<'a>(old: &str, new: &'a str, closed: usize) -> Option<&'a str> {
    let end = closed + old[closed..].find('>')? + 1;
    let rest = old[end..].strip_prefix('\n').unwrap_or(&old[end..]);
    let before = &old[..opening(&old[..closed])?];
    let last = between(new, before, rest)?;
    let fits = last.starts_with('<') && is_whole(last) && !in_formula(before);
    fits.then_some(last)
}

/// Tells whether a formula is open at the end. Its elements are known as such only inside of it.
fn in_formula(html: &str) -> bool {
    html.rfind("<math") > html.rfind("</math")
}

/// Returns the text between its beginning and its end.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix(end)
}

/// The tags of HTML that our own renderer made: where each starts, and by how much it changes how
/// deep what follows is.
fn tags(html: &str) -> impl DoubleEndedIterator<Item = (usize, isize)> {
    const ALONE: [&str; 3] = ["<br", "<hr", "<input"];
    html.match_indices('<').map(|(at, _)| {
        let tag = &html[at..];
        let alone = ALONE.iter().any(|alone| tag.starts_with(alone));
        let deeper = match tag.as_bytes().get(1) {
            Some(b'/') => -1,
            _ if alone => 0,
            _ => 1,
        };
        (at, deeper)
    })
}

/// Tells whether all elements that start in it end in it, and the other way round: a tag could
/// close what is open around it, as in `</li><li>`.
fn is_whole(html: &str) -> bool {
    let mut depth = 0;
    let never_below = tags(html).all(|(_, deeper)| {
        depth += deeper;
        depth >= 0
    });
    never_below && depth == 0
}

/// Finds the start of the element that is open at the end.
fn opening(html: &str) -> Option<usize> {
    let mut depth = 0;
    let mut found = tags(html).rev().filter(|(_, deeper)| {
        depth += deeper;
        depth > 0
    });
    found.next().map(|(at, _)| at)
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
            (
                "<ul>\n<li>a</li>\n</ul>\n",
                "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n",
                "<li>b</li>\n",
                1,
            ),
            (
                "<p>a <strong>b</strong></p>\n",
                "<p>a <strong>b</strong> c</p>\n",
                " c",
                1,
            ),
            ("<p>a</p>\n", "<p>a</p>\n<p>b</p>\n", "<p>b</p>\n", 0),
        ] {
            let grown = grown(old, new).unwrap();
            assert_eq!(
                (&*grown.html, grown.depth, grown.replaces),
                (added, depth, false),
                "{old} -> {new}"
            );
        }
        for (old, new, last, depth) in [
            (
                "<ul>\n<li>a</li>\n<li>b **c</li>\n</ul>\n",
                "<ul>\n<li>a</li>\n<li>b <strong>c</strong></li>\n</ul>\n",
                "<li>b <strong>c</strong></li>\n",
                2,
            ),
            (
                "<table>\n<tr>\n<td>a</td>\n<td></td>\n</tr>\n</table>\n",
                "<table>\n<tr>\n<td>ab</td>\n<td></td>\n</tr>\n</table>\n",
                "<tr>\n<td>ab</td>\n<td></td>\n</tr>\n",
                2,
            ),
        ] {
            let grown = grown(old, new).unwrap();
            assert_eq!(
                (&*grown.html, grown.depth, grown.replaces),
                (last, depth, true),
                "{old} -> {new}"
            );
        }
        for (old, new) in [
            ("", "<p>a</p>\n"),
            ("<p>a</p>\n", "<h2>a</h2>\n"),
            ("<p>a **b</p>\n", "<p>a <strong>b</strong></p>\n"),
            ("<ul><li>a</li></ul>", "<ol><li>a</li></ol>"),
        ] {
            assert!(grown(old, new).is_none(), "{old} -> {new}");
        }
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
        // As they were: they may be there.
        let again = [
            unsaved(Part::Body, 0, "one "),
            unsaved(Part::Reasoning, 0, "hm"),
        ];
        assert_eq!(live.take_unsaved(), again);
        live.keep(Part::Body, "!");
        assert_eq!(live.take_unsaved(), [unsaved(Part::Body, 4, "two!")]);
        assert_eq!(live.take_unsaved(), []);
    }

    /// Counts the bytes that a reader of the event stream is sent beside the frame around them.
    /// Each tick has twenty letters, which is 100 tokens a second.
    fn bytes_sent(text: &str, live: &LiveReply) -> usize {
        let mut growing = live.growing();
        let (mut sent, mut seen) = (0, 0);
        let letters: Vec<char> = text.chars().collect();
        for token in letters.chunks(20) {
            growing.push(&token.iter().collect::<String>());
            live.show(&mut growing, None);
            let shown = lock(&live.shown);
            let pieces = shown.pieces[seen..].iter();
            sent += pieces.map(|piece| piece.html.len()).sum::<usize>();
            seen = shown.pieces.len();
            sent += match &shown.open.grown {
                Some(grown) => grown.html.len(),
                None => shown.open.html.len(),
            };
        }
        live.show_all(&mut growing);
        let rest = &lock(&live.shown).pieces[seen..];
        sent + rest.iter().map(|piece| piece.html.len()).sum::<usize>()
    }

    #[test]
    fn what_is_sent_is_at_most_three_times_what_comes_of_it() {
        let documents = include_str!("../../tests/fixtures/documents.txt");
        let (mut sent, mut whole) = (0, 0);
        for text in documents.split("%%\n") {
            let live = live();
            let html = html_of(live.id, text).len();
            let bytes = bytes_sent(text, &live);
            sent += bytes;
            whole += html;
        }
        assert!(sent <= 3 * whole, "{sent} bytes for {whole}");
    }

    fn live() -> LiveReply {
        LiveReply::new(MessageId::new(), &CancellationToken::new())
    }
}
