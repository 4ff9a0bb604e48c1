//! The event stream: how htmx follows a running reply.
//!
//! Each message without a name is a set of `<hx-partial>`s, which htmx swaps; its id is the
//! position up to which the reader then has all finished pieces. The event `done` ends it.

use crate::{
    App,
    auth::session_watch::Access,
    chats::fragments::{
        connection_signs::{Alive, reconnecting},
        reasoning::{Thoughts, escape_lines},
    },
    error::{Error, Result},
    i18n::Texts,
    ids::MessageId,
    markdown::{CODE_END, PieceKind},
    replies::{News, Note, Position, Reader, reader::Over, stream_limit::StreamSlot},
    users::User,
    web::view::View,
};
use askama::Template;
use async_stream::stream;
use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
};
use futures_util::Stream;
use serde::Deserialize;
use std::{convert::Infallible, fmt::Write, time::Duration};
use tokio::time::sleep;
use uuid::Uuid;

#[derive(Deserialize)]
pub(crate) struct From {
    /// The position up to which the page has the reply already.
    #[serde(default)]
    after: String,
}

/// `GET /replies/{id}/events`
///
/// Always answers an event stream that ends with `done`: a client reconnects for ever after
/// anything else.
pub(crate) async fn follow(
    // Before the user is looked up: a sign-out after that is noticed.
    access: Access,
    view: View,
    State(app): State<App>,
    id: Result<Path<MessageId>, PathRejection>,
    from: Result<Query<From>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    // What cannot be read is no reply, or its beginning.
    let id = id.map_or(MessageId(Uuid::nil()), |Path(id)| id);
    let after = from.ok().and_then(|Query(from)| from.after.parse().ok());
    let last_id = headers
        .get("last-event-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let reader = reader(
        &app,
        view.user.as_ref(),
        id,
        last_id.or(after).unwrap_or_default(),
    )
    .await;
    let reader = match reader {
        Ok(reader) => Ok(reader.map(|(reader, seat)| reader.with(access.lost(), seat))),
        Err(Error::Unavailable(_) | Error::TooManyOpen) => Err(ComeBack),
        Err(_) => Ok(None),
    };
    let events = Sse::new(events(id, reader, view.t));
    let unbuffered = (
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    ([unbuffered], events).into_response()
}

/// A reader of the reply, if it is the user's and is being made.
async fn reader(
    app: &App,
    user: Option<&User>,
    id: MessageId,
    after: Position,
) -> Result<Option<(Reader, StreamSlot)>> {
    let Some(user) = user else { return Ok(None) };
    app.db.reply(user, id).await?;
    let Some(live) = app.replies.follow(id).await? else {
        return Ok(None);
    };
    Ok(Some((live.reader(after), app.replies.seat(user)?)))
}

/// Wait before somebody asks again.
const PAUSE: Duration = Duration::from_secs(2);

/// It is not known how the reply stands: the browser is to ask again.
struct ComeBack;

/// Streams what happens, and `done` at the end. A stream that ends without it is opened again by
/// the browser, with the position it has.
fn events(
    id: MessageId,
    reader: Result<Option<Reader>, ComeBack>,
    t: &'static Texts,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream! {
        let Ok(reader) = reader else {
            sleep(PAUSE).await;
            return;
        };
        if let Some(mut reader) = reader {
            let mut alive = Alive::new();
            loop {
                let news = match reader.next_within(alive.patience()).await {
                    Ok(None) => break,
                    Ok(news) => news,
                    Err(_) => None,
                };
                let (mut event, mut swaps) = (Event::default(), String::new());
                if let Some(news) = &news {
                    event = event.id(news.position.to_string());
                    swaps = partials(id, news, t);
                }
                if alive.is_due() {
                    let place = format_args!("#r-{id}-alive");
                    partial(&mut swaps, place, "innerHTML", &reconnecting(t));
                }
                if !swaps.is_empty() {
                    yield Ok(event.data(swaps));
                }
            }
            if reader.over() == Some(Over::ComeBack) {
                return;
            }
        }
        yield Ok(Event::default().event("done").data("end"));
    }
}

/// The news as swaps. Their targets are all looked up before the first swap, so no swap may aim at
/// what another one brings.
fn partials(id: MessageId, news: &News, t: &'static Texts) -> String {
    let mut out = String::new();
    thoughts(&mut out, id, news, t);
    let (lines, blocks) = sorted(news);
    if !lines.is_empty() {
        partial(
            &mut out,
            format_args!("#r-{id}-blocks > :last-child code"),
            "beforeend",
            &lines,
        );
    }
    if !blocks.is_empty() {
        partial(
            &mut out,
            format_args!("#r-{id}-blocks"),
            "beforeend",
            &blocks,
        );
    }
    match &news.open {
        Some(open) if news.grew => {
            let grown = open.grown.as_ref();
            if let Some(grown) = grown.filter(|grown| !grown.html.is_empty()) {
                // The elements that are open at the end are each the last child of the one around it.
                let path = " > :last-child".repeat(grown.depth);
                let swap = match grown.replaces {
                    true => "outerHTML",
                    false => "beforeend",
                };
                let target = format_args!("#r-{id}-open{path}");
                partial(&mut out, target, swap, &grown.html);
            }
        }
        Some(open) => partial(
            &mut out,
            format_args!("#r-{id}-open"),
            "innerHTML swapEmpty:true",
            &open.html,
        ),
        None => {}
    }
    if let Some(note) = news.note {
        let note = note.sentence(t).unwrap_or_default();
        partial(
            &mut out,
            format_args!("#r-{id}-note"),
            "innerHTML swapEmpty:true",
            &note,
        );
    }
    out
}

/// Writes what the model thinks: in a box that is open until the answer begins. Closing it once
/// more does nothing (`morphSkip` in the page's head), so a box that a person has opened stays
/// open.
fn thoughts(out: &mut String, id: MessageId, news: &News, t: &'static Texts) {
    if !news.thoughts.is_empty() && !news.thought_before {
        let thoughts = Thoughts::new(id, t, news.thoughts.clone(), !news.answers).render();
        let target = format_args!("#r-{id}-thinking");
        partial(out, target, "innerHTML", &thoughts.unwrap_or_default());
        return;
    }
    if !news.thoughts.is_empty() {
        let mut html = String::new();
        escape_lines(&mut html, &news.thoughts);
        let target = format_args!("#r-{id}-thoughts");
        partial(out, target, "beforeend", &html);
    }
    if news.answers_now && news.position.thoughts > 0 {
        let closed = Thoughts::new(id, t, String::new(), false).render();
        let target = format_args!("#r-{id}-reasoning");
        partial(out, target, "outerMorph", &closed.unwrap_or_default());
    }
}

fn partial(out: &mut String, target: std::fmt::Arguments<'_>, swap: &str, html: &str) {
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<hx-partial hx-target=\"{target}\" hx-swap=\"{swap}\">{html}</hx-partial>"
    );
}

/// The pieces by where they go: lines of the code block that the page has open, and new blocks.
fn sorted(news: &News) -> (String, String) {
    let (mut lines, mut blocks) = (String::new(), String::new());
    let mut on_page = news.in_code;
    for piece in &news.pieces {
        match piece.kind {
            PieceKind::CodeLines if on_page => lines.push_str(&piece.html),
            // The page closed it by itself.
            PieceKind::CodeEnd if on_page => on_page = false,
            _ => blocks.push_str(&piece.html),
        }
    }
    let last = news.pieces.last().map(|piece| piece.kind);
    if !on_page && matches!(last, Some(PieceKind::CodeStart | PieceKind::CodeLines)) {
        blocks.push_str(CODE_END);
    }
    (lines, blocks)
}

impl Note {
    /// Returns its sentence for a person.
    pub(crate) fn sentence(self, t: &Texts) -> Option<String> {
        match self {
            Self::None => None,
            Self::Queued(place) => Some(t.reply_queued(place)),
            Self::Waiting => Some(t.reply_waiting()),
            Self::Thinking => Some(t.reply_thinking()),
            Self::Retrying(attempt, of) => Some(t.reply_retrying(attempt, of)),
            Self::Busy(attempt, of) => Some(t.reply_busy(attempt, of)),
        }
    }
}
