//! The page that stays open: how a browser without JavaScript follows a running reply.
//!
//! The page is sent up to the reply, then the reply as it grows, then the rest of the page.

use super::{News, Note, Reader, events::KEEP_ALIVE, reader::Over};
use crate::{
    i18n::Texts,
    markdown::{CODE_END, PieceKind},
};
use async_stream::stream;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use std::{convert::Infallible, fmt::Write, future::Future, time::Duration};
use tokio::time::Instant;

/// A page around a reply that is still being written.
pub(crate) struct Held {
    /// The page up to where the reply goes on.
    pub before: String,
    /// The page after the reply's end.
    pub after: String,
    /// How long it may stay open.
    pub time_limit: Duration,
    /// Where the reply is shown further, when the page must end before it does.
    pub further: String,
    /// Whether the browser hides what CSS says: then it is shown the open end as well, and text
    /// browsers are not, which would show it twice.
    pub graphical: bool,
    pub t: &'static Texts,
}

/// Whether this is a browser with style sheets. Text browsers send neither header, and graphical
/// ones leave out `Sec-Fetch-Dest` on plain http.
pub(crate) fn is_graphical(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT);
    headers.contains_key("sec-fetch-dest")
        || agent.is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
}

/// Sends the page, the reply while it comes, what `ending` makes of its end, and the rest. Where that
/// makes nothing the reply goes on elsewhere.
pub(crate) fn hold<F>(
    held: Held,
    first: News,
    mut reader: Reader,
    ending: impl FnOnce() -> F + Send + 'static,
) -> Response
where
    F: Future<Output = Option<String>> + Send,
{
    let Held {
        before,
        after,
        time_limit,
        further,
        graphical,
        t,
    } = held;
    let deadline = Instant::now() + time_limit;
    let pieces = stream! {
        let mut writing = Writing { graphical, t, in_code: false, open: None };
        let mut start = before;
        start.push_str(&writing.write(&first));
        yield chunk(start);
        let mut over = first.ended.then_some(Over::Ended);
        let over = loop {
            if let Some(over) = over {
                break over;
            }
            let patience = KEEP_ALIVE.min(deadline - Instant::now());
            match reader.next_within(patience).await {
                Ok(Some(news)) => {
                    over = news.ended.then_some(Over::Ended);
                    let html = writing.write(&news);
                    if !html.is_empty() {
                        yield chunk(html);
                    }
                }
                Ok(None) => over = reader.over().or(Some(Over::Ended)),
                Err(_) if Instant::now() >= deadline => over = Some(Over::ComeBack),
                // A sign of life that shows nothing, wherever it stands.
                Err(_) => yield chunk("<!-- -->".to_owned()),
            }
        };
        let ending = match over {
            Over::Ended => ending().await,
            Over::ComeBack => None,
            Over::NoAccess => Some("</div>".to_owned()),
        };
        let mut end = match ending {
            Some(ending) => writing.end() + &ending,
            None => writing.break_off(&further),
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

/// After how many seconds a page that had to end comes back.
const COME_BACK: u64 = 5;

/// Hides the open end before it, whose final form follows (`.tail:has(+ .b)`).
const MARK: &str = "<i class=\"b\"></i>";

/// What has been written of the reply.
struct Writing {
    graphical: bool,
    t: &'static Texts,
    in_code: bool,
    /// How the open end is wrapped, and how many bytes of it were written.
    open: Option<(&'static str, usize)>,
}

impl Writing {
    fn write(&mut self, news: &News) -> String {
        let mut out = String::new();
        if !news.pieces.is_empty() {
            self.close_open(&mut out);
        }
        // Right behind the note before, which its mark hides.
        if let Some(note) = news.note {
            self.note(&mut out, note);
        }
        for piece in &news.pieces {
            out.push_str(&piece.html);
            self.in_code = matches!(piece.kind, PieceKind::CodeStart | PieceKind::CodeLines);
        }
        if let Some(open) = news.open.as_ref().filter(|_| self.graphical) {
            self.grow(&mut out, &open.text);
        }
        out
    }

    /// Appends what is new of the open end, as it came.
    fn grow(&mut self, out: &mut String, text: &str) {
        let element = if self.in_code { "span" } else { "div" };
        let (_, written) = self.open.get_or_insert((element, 0));
        let Some(more) = text.get(*written..).filter(|more| !more.is_empty()) else {
            return;
        };
        if *written == 0 {
            let _ = write!(out, "<{element} class=\"tail\">");
        }
        *written = text.len();
        escape(out, more);
    }

    fn close_open(&mut self, out: &mut String) {
        if let Some((element, 1..)) = self.open.take() {
            let _ = write!(out, "</{element}>{MARK}");
        }
    }

    fn note(&mut self, out: &mut String, note: Note) {
        let Some(sentence) = note.sentence(self.t) else {
            // What was said last is over: the first words follow.
            if self.graphical {
                out.push_str(MARK);
            }
            return;
        };
        if self.graphical {
            let _ = write!(out, "{MARK}<p class=\"tail note\">");
        } else if matches!(note, Note::Retrying(..) | Note::Queued(_)) {
            out.push_str("<p>");
        } else {
            return;
        }
        escape(out, &sentence);
        out.push_str("</p>");
    }

    /// The end of a page that must end before the reply does: the way to where it goes on, which
    /// browsers take by themselves. (After a second or more it is a step of its own in their history:
    /// going back brings back what was typed.)
    fn break_off(&mut self, further: &str) -> String {
        let mut out = String::new();
        if let Some((element, 1..)) = self.open.take() {
            let _ = write!(out, "</{element}>");
        }
        if self.in_code {
            out.push_str(CODE_END);
        }
        let link = self.t.reply_goes_on();
        let _ = write!(
            out,
            "</div><p class=\"note\"><a href=\"{further}\">{link}</a></p>\
             <meta http-equiv=\"refresh\" content=\"{COME_BACK}; url={further}\">"
        );
        out
    }

    fn end(&mut self) -> String {
        let mut out = String::new();
        self.close_open(&mut out);
        out.push_str("<i class=\"b done\"></i>");
        out
    }
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
}
