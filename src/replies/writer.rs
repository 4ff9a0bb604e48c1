//! The writer: asks the model, takes the text as it comes, and ends in exactly one final state.
//!
//! It knows nothing of connections: nobody watching, a closed tab, three devices are all the same.

use super::{
    lifecycle::{Claimed, Ending, Lease},
    live::{Cut, LiveReply, Note, Part},
};
use crate::{
    chats::{Message, MessageState},
    db::Db,
    error::Result,
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
    time::{Instant, sleep, sleep_until, timeout},
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

/// Pauses in milliseconds before trying again what the database could not do; the last one comes
/// again and again.
const PAUSES: [u64; 4] = [50, 200, 1_000, 3_000];

/// For so long it is tried. After that the reply is an interrupted one, with what the journal has of it.
const TRYING: Duration = Duration::from_secs(120);

/// How long a reply may take. (Time limits for its first word, and for silence, are the model's.)
const TIME_LIMIT: Duration = Duration::from_secs(3_600);

/// Makes one reply, from asking the model to the final state.
pub(super) async fn write(db: Db, models: Models, live: Arc<LiveReply>, claimed: Claimed) {
    let mut writer = Writer {
        events: Box::pin(futures_util::stream::empty()),
        growing: Growing::default(),
        thinks_again: !claimed.reasoning.is_empty(),
        reasoning: claimed.reasoning.clone(),
        usage: None,
        has_news: false,
        last_shown: None,
        lease: claimed.lease,
        live,
        db,
    };
    if !claimed.body.is_empty() {
        writer.growing.push(&claimed.body);
        writer.live.show_again(&mut writer.growing);
    }
    let end = match writer.turns(&claimed).await {
        Ok(turns) => {
            writer.events = models.reply(turns);
            writer.run().await
        }
        Err(error) => {
            tracing::error!(%error, reply = %claimed.lease.id, "a reply could not be begun");
            Some(failed("internal"))
        }
    };
    // Even when this process was thought gone: if nobody has gone on with the reply since, what has
    // come is more than what was kept.
    let (state, problem) = end.unwrap_or((MessageState::Interrupted, None));
    writer.finish(state, problem).await;
}

/// What the model is sent of a branch: every message that says something.
fn said(branch: &[Message]) -> Vec<Turn> {
    let said = branch
        .iter()
        .filter(|message| !message.body.trim().is_empty());
    said.map(Into::into).collect()
}

struct Writer {
    db: Db,
    live: Arc<LiveReply>,
    lease: Lease,
    events: Events,
    growing: Growing,
    reasoning: String,
    /// What it thinks next is apart from what it thought before.
    thinks_again: bool,
    usage: Option<Usage>,
    /// Text has come that is not shown yet.
    has_news: bool,
    last_shown: Option<Instant>,
}

/// A final state, and why.
type End = (MessageState, Option<&'static str>);

impl Writer {
    /// The conversation that the model is to answer, or to carry on from where it ended.
    async fn turns(&self, claimed: &Claimed) -> Result<Vec<Turn>> {
        let branch = self.db.branch(claimed.chat_id, claimed.parent_id).await?;
        let mut turns = said(&branch);
        if !claimed.body.trim().is_empty() {
            turns.extend(Turn::carry_on(&claimed.body));
        }
        Ok(turns)
    }

    /// How the reply ended; `None` when it is not ours to end any more.
    async fn run(&mut self) -> Option<End> {
        let live = self.live.clone();
        let cut = live.was_cut();
        let tick = sleep_until(*FIRST_TICK);
        let too_long = sleep(TIME_LIMIT);
        pin!(cut, tick, too_long);
        loop {
            let had_news = self.has_news;
            tokio::select! {
                biased;
                why = &mut cut => return match why {
                    Cut::Stopped => Some((MessageState::Stopped, None)),
                    Cut::Ending => Some((MessageState::Interrupted, None)),
                    Cut::Lost => None,
                },
                () = &mut tick, if self.has_news => self.show(),
                () = &mut too_long => return Some(failed("too_large")),
                event = self.events.next() => {
                    let Some(event) = event else { return Some(failed("cut_off")) };
                    if let Some(end) = self.take(event).await {
                        return Some(end);
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
                // It is only told below the reply: no reason to give up.
                if let Err(error) = self.db.set_model(self.lease, &model, dropped).await {
                    tracing::warn!(%error, "the model of a reply could not be noted");
                }
                None
            }
            Event::Retrying { attempt, of, .. } => {
                self.live.say(Note::Retrying(attempt, of));
                None
            }
            Event::Reasoning(text) => {
                self.think(&clean(&text));
                if self.growing.text().is_empty() {
                    self.live.say(Note::Thinking);
                }
                None
            }
            Event::Text(text) => {
                let text = clean(&text);
                self.has_news = true;
                self.growing.push(&text);
                self.live.keep(Part::Body, &text);
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
            reasoning: std::mem::take(&mut self.reasoning),
            usage: self.usage.take(),
        };
        self.live.show_all(&mut self.growing);
        let (began, mut pauses) = (Instant::now(), PAUSES.into_iter());
        let mut pause = Duration::ZERO;
        while let Err(error) = self.db.end_reply(self.lease, &ending).await {
            tracing::error!(reply = %self.live.id(), %error, "a reply could not be stored");
            pause = pauses.next().map_or(pause, Duration::from_millis);
            // The journal still has the text.
            if began.elapsed() > TRYING || self.is_lost_within(pause).await {
                break;
            }
        }
        self.live.end();
    }

    /// Waits that long; true if the reply is not ours to end any more.
    async fn is_lost_within(&self, time: Duration) -> bool {
        let lost = async {
            match self.live.was_cut().await {
                Cut::Lost => (),
                _ => std::future::pending().await,
            }
        };
        timeout(time, lost).await.is_ok()
    }

    fn think(&mut self, text: &str) {
        if std::mem::take(&mut self.thinks_again) {
            self.reasoning.push_str("\n\n");
            self.live.keep(Part::Reasoning, "\n\n");
        }
        self.reasoning.push_str(text);
        self.live.keep(Part::Reasoning, text);
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
