//! The writer: asks the model, takes the text as it comes, and ends in exactly one final state.
//!
//! It knows nothing of connections: nobody watching, a closed tab, three devices are all the same.

use super::{
    live::{LiveReply, Note},
    store::Ending,
};
use crate::{
    chats::MessageState,
    db::Db,
    markdown::Growing,
    models::{Event, Events, Finish, Models, Trouble, Turn, Usage},
};
use futures_util::StreamExt;
use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::{
    pin,
    time::{Instant, sleep, sleep_until},
};

/// How often the open end of a text is rendered, at most.
const TICK: Duration = Duration::from_millis(50);

/// After so many ticks without anything to show, the next text need not wait for a tick.
const PAUSE_TICKS: u128 = 3;

/// All replies count their ticks from here, so that many are shown with one waking of the threads
/// that write and that send: waking takes longer than rendering.
static FIRST_TICK: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The open end is rendered anew each time, so the longer it is, the more rarely: with this many
/// bytes half as often. So the work for a second of a reply has a bound, whatever it consists of.
const TICK_BYTES: usize = 8 * 1024;

/// Pauses before trying again to write the end of a reply.
const PAUSES: [u64; 5] = [50, 200, 1_000, 5_000, 20_000];

/// Makes one reply, from asking the model to the final state.
pub(super) async fn write(db: Db, models: Models, live: Arc<LiveReply>, turns: Vec<Turn>) {
    let mut writer = Writer {
        events: models.reply(turns),
        growing: Growing::default(),
        usage: None,
        has_news: false,
        last_shown: None,
        live,
        db,
    };
    let (state, problem) = writer.run().await;
    writer.finish(state, problem).await;
}

struct Writer {
    db: Db,
    live: Arc<LiveReply>,
    events: Events,
    growing: Growing,
    usage: Option<Usage>,
    /// Text has come that is not shown yet.
    has_news: bool,
    last_shown: Option<Instant>,
}

/// A final state, and why.
type End = (MessageState, Option<&'static str>);

impl Writer {
    async fn run(&mut self) -> End {
        let live = self.live.clone();
        let stopped = live.stop().cancelled();
        let tick = sleep_until(*FIRST_TICK);
        pin!(stopped, tick);
        loop {
            let had_news = self.has_news;
            tokio::select! {
                biased;
                () = &mut stopped => return (MessageState::Stopped, None),
                () = &mut tick, if self.has_news => self.show(),
                event = self.events.next() => {
                    let Some(event) = event else { return failed("cut_off") };
                    if let Some(end) = self.take(event).await {
                        return end;
                    }
                    if self.has_news && !had_news {
                        tick.as_mut().reset(self.due());
                    }
                }
            }
        }
    }

    /// When what has come is to be shown: at the next tick, or at once after a pause.
    fn due(&self) -> Instant {
        let now = Instant::now();
        let open = self.growing.text().len() - self.growing.finished();
        let rest = (open / TICK_BYTES) as u128;
        let tick = |time: Instant| {
            time.saturating_duration_since(*FIRST_TICK).as_millis() / TICK.as_millis()
        };
        match self.last_shown.map(tick) {
            Some(last) if tick(now) <= last + PAUSE_TICKS + rest => {
                let next = (tick(now) + 1).max(last + 1 + rest);
                *FIRST_TICK + TICK * u32::try_from(next).unwrap_or(u32::MAX)
            }
            _ => now,
        }
    }

    async fn take(&mut self, event: Event) -> Option<End> {
        match event {
            Event::Started { model, dropped } => {
                match self.db.start_reply(self.live.id(), &model, dropped).await {
                    Ok(true) => None,
                    // The chat was deleted, or the reply stopped before it began.
                    Ok(false) => Some((MessageState::Stopped, None)),
                    Err(error) => {
                        tracing::error!(%error, "a reply could not be started");
                        Some(failed("internal"))
                    }
                }
            }
            Event::Retrying { attempt, of, .. } => {
                self.live.say(Note::Retrying(attempt, of));
                None
            }
            Event::Reasoning(_) => {
                if self.growing.text().is_empty() {
                    self.live.say(Note::Thinking);
                }
                None
            }
            Event::Text(text) => {
                let text = clean(&text);
                self.has_news = true;
                self.growing.push(&text);
                self.live.keep(&text);
                None
            }
            Event::Usage(usage) => {
                self.usage = Some(usage);
                None
            }
            Event::End(Ok(Finish::Complete)) => Some((MessageState::Complete, None)),
            Event::End(Ok(Finish::Length)) => Some((MessageState::Complete, Some("length"))),
            Event::End(Ok(Finish::Filtered)) => Some((MessageState::Complete, Some("filtered"))),
            Event::End(Err(trouble)) => {
                tracing::warn!(reply = %self.live.id(), %trouble, "a reply failed");
                Some(failed_by(&trouble))
            }
        }
    }

    fn show(&mut self) {
        self.has_news = false;
        self.live.show(&mut self.growing);
        self.last_shown = Some(Instant::now());
    }

    /// Brings the reply to its final state: first in the database, then for those who watch.
    async fn finish(mut self, state: MessageState, problem: Option<&'static str>) {
        // Dropping the events drops the request upstream.
        self.events = Box::pin(futures_util::stream::empty());
        let ending = Ending {
            state,
            problem,
            body: self.growing.text().to_owned(),
            usage: self.usage.take(),
        };
        self.live.show_all(&mut self.growing);
        for pause in PAUSES {
            match self.db.end_reply(self.live.id(), &ending).await {
                Ok(_) => break,
                // The journal still has the text: after a restart it is an interrupted reply.
                Err(error) => {
                    tracing::error!(reply = %self.live.id(), %error, "a reply could not be stored")
                }
            }
            sleep(Duration::from_millis(pause)).await;
        }
        self.live.end();
    }
}

fn failed(problem: &'static str) -> End {
    (MessageState::Failed, Some(problem))
}

fn failed_by(trouble: &Trouble) -> End {
    failed(trouble.kind().as_str())
}

/// Text as it is kept: line ends as `\n`, and no control characters, which could steer a terminal.
fn clean(text: &str) -> Cow<'_, str> {
    // A `\r\n` cut in two by the stream becomes one `\n` as well: `\r` alone is dropped.
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(steers) {
        text.replace(steers, "").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_kept_without_what_steers_a_terminal() {
        assert_eq!(
            super::clean("a\r\nb\tc\u{1b}[31m\0\u{7f}\u{9b}d 가"),
            "a\nb\tc[31md 가"
        );
    }
}
