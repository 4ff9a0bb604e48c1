//! The page that stays open: how a browser without JavaScript follows a running reply.
//!
//! The page is sent up to the reply, then the reply as it grows, then the rest of the page.

use crate::{
    chats::fragments::{
        connection_signs::{Alive, NOT_CUT, cut, go_on},
        reasoning::{Thoughts, escape, escape_lines, without_marks},
    },
    i18n::Texts,
    ids::MessageId,
    markdown::{CODE_END, PieceKind, for_text_browsers},
    replies::{News, Note, Reader, live::Open, reader::Over},
    security::memory_room::Part,
};
use askama::Template;
use async_stream::stream;
use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use std::{convert::Infallible, fmt::Write, future::Future, time::Duration};
use tokio::time::Instant;

/// A page around a reply that is still being written.
pub(crate) struct PageAround {
    /// The page up to where the reply goes on.
    pub before: String,
    /// The page after the reply's end.
    pub after: String,
    /// The room in memory for it, until it is read up to there.
    pub room: Part,
    /// Longest time that it may stay open.
    pub time_limit: Duration,
    /// The address where the reply is shown further, when the page must end before it does.
    pub further: String,
    /// True if the browser hides what CSS says: then it is shown the open end as well, and text
    /// browsers are not, which would show it twice.
    pub graphical: bool,
    /// The reply.
    pub id: MessageId,
    pub t: &'static Texts,
}

/// Sends the page, the reply while it comes, what `ending` makes of its end, and the rest. Where that
/// makes nothing the reply goes on elsewhere.
pub(crate) fn stream_page<F>(
    held: PageAround,
    first: News,
    mut reader: Reader,
    ending: impl FnOnce() -> F + Send + 'static,
) -> Response
where
    F: Future<Output = Option<String>> + Send,
{
    let PageAround {
        before,
        after,
        room,
        time_limit,
        further,
        graphical,
        id,
        t,
    } = held;
    let deadline = Instant::now() + time_limit;
    let pieces = stream! {
        let (mut writing, mut alive) = (Writing::new(graphical, id, t, further), Alive::new());
        let mut start = before;
        if alive.is_due() {
            writing.live(&mut start);
        }
        start.push_str(&writing.write(&first, &reader));
        yield Ok(room.holding(start.into()));
        let mut over = first.ended.then_some(Over::Ended);
        let over = loop {
            if let Some(over) = over {
                break over;
            }
            let patience = alive.patience().min(deadline - Instant::now());
            match reader.next_within(patience).await {
                Ok(Some(news)) => {
                    over = news.ended.then_some(Over::Ended);
                    let mut html = writing.write(&news, &reader);
                    if over.is_none() && alive.is_due() {
                        writing.live(&mut html);
                    }
                    if !html.is_empty() {
                        yield chunk(html);
                    }
                }
                Ok(None) => over = reader.over().or(Some(Over::Ended)),
                Err(_) if Instant::now() >= deadline => over = Some(Over::ComeBack),
                Err(_) if alive.is_due() => {
                    let mut html = String::new();
                    writing.live(&mut html);
                    yield chunk(html);
                }
                Err(_) => {}
            }
        };
        let ending = match over {
            // No open page keeps room for what makes its end.
            Over::Ended => Box::pin(ending()).await,
            Over::ComeBack => None,
            Over::NoAccess => Some(String::new()),
        };
        let mut end = match ending {
            // The final form is looked for right behind the text (`.draft:has(+ .final)`).
            Some(ending) => writing.end(&reader) + &ending + &writing.later(&reader),
            None => writing.break_off(),
        };
        end.push_str(&after);
        yield chunk(end);
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

fn chunk(html: String) -> Result<Bytes, Infallible> {
    Ok(html.into())
}

/// Seconds after which a page that had to end comes back.
const COME_BACK: u64 = 5;

/// Hides the open end before it, whose final form follows (`.tail:has(+ .b)`).
const MARK: &str = "<i class=\"b\"></i>";

/// The part of the reply that has been written.
struct Writing {
    graphical: bool,
    id: MessageId,
    t: &'static Texts,
    /// The address where the reply is shown further.
    further: String,
    /// The last sign of life stands in what is hidden later.
    sign_goes: bool,
    /// The sentence about how it stands that is shown.
    noted: Option<Note>,
    thoughts: ThoughtsAre,
    in_code: bool,
    /// The wrapping of the open end, and up to where in all of the text it was written.
    open: Option<(&'static str, usize)>,
}

/// The progress of the page with the model's thoughts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ThoughtsAre {
    /// There are none yet.
    None,
    /// They are being written.
    Open,
    /// So many bytes of them stand before the answer, which has begun.
    Before(usize),
}

impl Writing {
    fn new(graphical: bool, id: MessageId, t: &'static Texts, further: String) -> Self {
        Self {
            graphical,
            id,
            t,
            further,
            sign_goes: false,
            noted: None,
            thoughts: ThoughtsAre::None,
            in_code: false,
            open: None,
        }
    }

    fn write(&mut self, news: &News, reader: &Reader) -> String {
        let mut out = String::new();
        let begins = news.answers && !matches!(self.thoughts, ThoughtsAre::Before(_));
        if !news.thoughts.is_empty() {
            self.think(&mut out, &news.thoughts);
        }
        if begins {
            self.begin(&mut out, reader);
        }
        if !news.pieces.is_empty() {
            self.close_open(&mut out);
        }
        // Right behind the note before, which its mark hides.
        if let Some(note) = news.note.filter(|_| self.thoughts != ThoughtsAre::Open) {
            self.note(&mut out, note);
        }
        for piece in &news.pieces {
            match self.graphical {
                true => out.push_str(&piece.html),
                false => out.push_str(&for_text_browsers(&piece.html, self.t)),
            }
            self.in_code = matches!(piece.kind, PieceKind::CodeStart | PieceKind::CodeLines);
        }
        if let Some(open) = news.open.as_ref().filter(|_| self.graphical) {
            self.grow(&mut out, open);
        }
        out
    }

    /// Appends what is new of the thoughts. Those that come once the answer has begun are shown at
    /// its end (`later`).
    fn think(&mut self, out: &mut String, text: &str) {
        if let ThoughtsAre::Before(_) = self.thoughts {
            return;
        }
        if self.thoughts == ThoughtsAre::None {
            self.unnote(out);
            self.thoughts = ThoughtsAre::Open;
            let title = self.t.reply_reasoning();
            // Without script an open box cannot be closed: it is shown as a text that goes when the
            // answer comes, with a closed box in its place.
            out.push_str(match self.graphical {
                true => "<div class=\"tail thoughts thinking\"><div>",
                false => "<details class=\"reasoning\"><summary>",
            });
            if !self.graphical {
                escape(out, &title);
                // A line of its own in every text browser.
                out.push_str("</summary><div>");
            }
        }
        if self.graphical {
            for line in text.split_inclusive('\n') {
                escape(out, &without_marks(line));
            }
        } else {
            escape_lines(out, text);
        }
    }

    /// Begins the answer.
    fn begin(&mut self, out: &mut String, reader: &Reader) {
        self.unnote(out);
        let thoughts = reader.thoughts();
        let known = thoughts.len();
        if self.thoughts == ThoughtsAre::Open {
            self.end_thoughts(out);
            if self.graphical {
                out.push_str(MARK);
                self.sign_again(out);
                out.push_str(&self.boxed(thoughts));
            }
        }
        self.thoughts = ThoughtsAre::Before(known);
        let _ = write!(
            out,
            "<div class=\"text draft\" id=\"r-{}-blocks\">",
            self.id
        );
    }

    fn end_thoughts(&self, out: &mut String) {
        out.push_str(match self.graphical {
            true => "</div></div>",
            false => "</div></details>",
        });
    }

    fn boxed(&self, thoughts: String) -> String {
        let thoughts = Thoughts::new(self.id, self.t, thoughts, false);
        thoughts.render().unwrap_or_default()
    }

    /// A sign of life, which shows nothing, wherever it stands, unless it is the last.
    fn live(&mut self, out: &mut String) {
        if !self.graphical {
            out.push_str("<!-- -->");
            return;
        }
        // What hides a note must be right behind it.
        let note = self.noted;
        self.unnote(out);
        cut(out, &self.further, self.t);
        self.sign_goes = self.open.is_some() || self.thoughts == ThoughtsAre::Open;
        if let Some(note) = note {
            self.note(out, note);
        }
    }

    /// Puts a sign of life in the place of one that is hidden now.
    fn sign_again(&mut self, out: &mut String) {
        if std::mem::take(&mut self.sign_goes) {
            cut(out, &self.further, self.t);
        }
    }

    /// Hides what was said about how it stands.
    fn unnote(&mut self, out: &mut String) {
        if self.noted.take().is_some() {
            out.push_str(MARK);
        }
    }

    /// Appends what is new of the open end, as it came.
    fn grow(&mut self, out: &mut String, open: &Open) {
        // Blank lines between two blocks are not shown; in code they are lines like others.
        let blank = |c: char| c == '\n' && !self.in_code;
        let first = open.text.len() - open.text.trim_start_matches(blank).len();
        let from = self
            .open
            .map_or(first, |(_, to)| to.saturating_sub(open.start));
        let Some(more) = open.text.get(from..).filter(|more| !more.is_empty()) else {
            return;
        };
        let usual = if self.in_code { "span" } else { "div" };
        let element = self.open.map_or(usual, |(element, _)| element);
        if self.open.is_none() {
            let _ = write!(out, "<{element} class=\"tail\">");
        }
        self.open = Some((element, open.start + open.text.len()));
        escape(out, more);
    }

    fn close_open(&mut self, out: &mut String) {
        if let Some((element, _)) = self.open.take() {
            let _ = write!(out, "</{element}>{MARK}");
            self.sign_again(out);
        }
    }

    fn note(&mut self, out: &mut String, note: Note) {
        let Some(sentence) = note.sentence(self.t) else {
            // What was said last is over: the first words follow.
            self.unnote(out);
            return;
        };
        self.unnote(out);
        if self.graphical {
            self.noted = Some(note);
            out.push_str("<p class=\"tail note\">");
        } else if matches!(note, Note::Retrying(..) | Note::Busy(..) | Note::Queued(_)) {
            out.push_str("<p>");
        } else {
            return;
        }
        escape(out, &sentence);
        out.push_str("</p>");
    }

    /// The end of a page that must end before the reply does: the way to where it goes on, which
    /// browsers take by themselves. (After a second or more it is a step of its own in their history:
    /// going back brings back what was typed; the button takes it along.)
    fn break_off(&mut self) -> String {
        let mut out = String::new();
        if let Some((element, _)) = self.open.take() {
            let _ = write!(out, "</{element}>");
        }
        if self.in_code {
            out.push_str(CODE_END);
        }
        match self.thoughts {
            ThoughtsAre::None => {}
            ThoughtsAre::Open => self.end_thoughts(&mut out),
            ThoughtsAre::Before(_) => out.push_str("</div>"),
        }
        let further = &self.further;
        out.push_str(if self.graphical { NOT_CUT } else { "" });
        out.push_str("<p class=\"note\">");
        match self.graphical {
            true => go_on(&mut out, further, self.t),
            false => {
                let _ = write!(out, "<a href=\"{further}\">{}</a>", self.t.reply_goes_on());
            }
        }
        let _ = write!(
            out,
            "</p><meta http-equiv=\"refresh\" content=\"{COME_BACK}; url={further}\">"
        );
        out
    }

    fn end(&mut self, reader: &Reader) -> String {
        let mut out = String::new();
        self.close_open(&mut out);
        if !matches!(self.thoughts, ThoughtsAre::Before(_)) {
            self.begin(&mut out, reader);
        }
        out.push_str("<i class=\"b done\"></i>");
        if self.graphical {
            out.push_str(NOT_CUT);
        }
        out.push_str("</div>");
        out
    }

    /// Returns the thoughts after the answer had begun, as in one that is carried on.
    fn later(&self, reader: &Reader) -> String {
        let thoughts = reader.thoughts();
        let ThoughtsAre::Before(known) = self.thoughts else {
            return String::new();
        };
        let later = thoughts.get(known..).filter(|later| !later.is_empty());
        later.map_or_else(String::new, |later| self.boxed(later.to_owned()))
    }
}
