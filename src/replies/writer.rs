//! The writer: asks the model, takes the text as it comes, and ends in exactly one final state.
//!
//! It knows nothing of connections: nobody watching, a closed tab, three devices are all the same.

use super::{
    lifecycle::{Claimed, Ending, Lease},
    live::{Cut, LiveReply, Note, Part},
    pacing,
    registry::Registry,
    rendering::Rendering,
    usage::Asked,
};
use crate::{
    db::Db,
    error::Result,
    ids::UserId,
    messages::rows::{Message, MessageState},
    models::{
        self, Event, Events, Finish, ModelError, ModelErrorKind, Options, Turn, Usage, estimate,
        unopened, without_thoughts,
    },
};
use futures_util::{FutureExt, StreamExt};
use std::{borrow::Cow, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    task::{JoinHandle, yield_now},
    time::{Instant, sleep, sleep_until},
};

/// The open end is rendered anew each time, so the longer it is, the more rarely: with this many
/// bytes half as often. So the work for a second of a reply has a bound, whatever it consists of.
const TICK_BYTES: usize = 8 * 1024;

/// Longest time for taking what has come before it is shown.
const TAKING: Duration = Duration::from_millis(50);

/// Longest time for a reply. (Time limits for its first word, and for silence, are the model's.)
const TIME_LIMIT: Duration = Duration::from_secs(3_600);

/// The parts of the program that writers need.
pub(super) struct Around {
    pub db: Db,
    pub known: Arc<Registry>,
    /// The runtime for work on the database: threads that write may rest.
    pub main: Handle,
}

/// Makes one reply, from asking the model to how it ended.
pub(super) async fn write(
    around: Around,
    events: Events,
    live: Arc<LiveReply>,
    claimed: Claimed,
    asked: Vec<u64>,
) -> Ending {
    let from = (claimed.body.len(), live.thoughts().len());
    let mut writer = Writer {
        around,
        rendering: Rendering::new(&live, LiveReply::show),
        live,
        lease: claimed.lease,
        user: claimed.user_id,
        model: None,
        events,
        thoughts: String::new(),
        thinks_again: from.1 > 0,
        asked,
        from,
        usage: None,
        first_token: None,
        noting: None,
        said: None,
        has_text: false,
        last_taken: None,
        last_shown: None,
    };
    if !claimed.body.is_empty() {
        writer.rendering.push(&claimed.body);
        writer.rendering.work(LiveReply::show_again).await;
    }
    let (state, problem) = writer.run().await;
    writer.finish(state, problem).await
}

/// Returns what the model is sent of a branch: every message that says something, without thoughts that
/// were taken for text when it came.
fn said(branch: &[Message]) -> Vec<Turn> {
    let turn = |message: &Message| {
        let turn = Turn::from(message);
        match turn.role {
            models::Role::User => turn,
            models::Role::Assistant => Turn {
                text: without_thoughts(&turn.text),
                ..turn
            },
        }
    };
    let says = |turn: &Turn| !turn.text.trim().is_empty();
    branch.iter().map(turn).filter(says).collect()
}

/// Number of messages of a conversation that are read at first; four times as many each time when
/// they do not fill what is sent.
const READ_FIRST: usize = 64;

/// The end of the conversation, of at least so many characters where it is that long, and how many
/// messages are before it.
async fn conversation(
    db: &Db,
    claimed: &Claimed,
    characters: usize,
) -> Result<(Vec<Message>, usize)> {
    let (chat, last) = (claimed.chat_id, claimed.parent_id);
    let mut most = READ_FIRST;
    loop {
        let messages = db.branch_end(chat, last, most).await?;
        if messages.len() < most {
            return Ok((messages, 0));
        }
        let length: usize = messages.iter().map(|m| m.body.chars().count()).sum();
        if length > characters {
            let before = db.branch_length(chat, last).await?.saturating_sub(most);
            return Ok((messages, before));
        }
        most *= 4;
    }
}

/// The conversation that the model is to answer, or to carry on from where it ended, and how. Of a
/// long one only the end is read, of so many characters. None if the question was deleted.
///
/// # Errors
/// When the database fails.
pub(super) async fn turns(
    db: &Db,
    claimed: &Claimed,
    characters: usize,
) -> Result<Option<(Vec<Turn>, Options)>> {
    let (branch, before) = conversation(db, claimed, characters).await?;
    if branch.is_empty() {
        return Ok(None);
    }
    let mut turns = said(&branch);
    if !claimed.body.trim().is_empty() {
        turns.extend(Turn::carry_on(&claimed.body));
    }
    // As the chat is set now; who asked for another model for this reply gets that.
    let mut options = Options::from(db.chat_preset(claimed.chat_id).await?);
    options.model = claimed.asked_model.clone().or(options.model);
    options.before = before;
    Ok(Some((turns, options)))
}

struct Writer {
    around: Around,
    live: Arc<LiveReply>,
    lease: Lease,
    user: UserId,
    /// The one that was asked.
    model: Option<String>,
    events: Events,
    rendering: Rendering,
    /// Thoughts that are not shown yet.
    thoughts: String,
    /// True if the next thought is apart from those before.
    thinks_again: bool,
    /// About how many tokens each turn has that it is sent.
    asked: Vec<u64>,
    /// Bytes of text and thoughts that an earlier attempt has left.
    from: (usize, usize),
    usage: Option<Usage>,
    /// The time when its first word, or thought, came.
    first_token: Option<Instant>,
    /// The model's name on its way to the database.
    noting: Option<JoinHandle<()>>,
    /// The model server's words when it failed.
    said: Option<String>,
    /// Text has come that is not shown yet.
    has_text: bool,
    last_taken: Option<Instant>,
    last_shown: Option<Instant>,
}

/// A final state, and why.
type End = (MessageState, Option<&'static str>);

impl Writer {
    async fn run(&mut self) -> End {
        let live = self.live.clone();
        tokio::select! {
            biased;
            why = live.was_cut() => match why {
                Cut::Stopped => (MessageState::Stopped, None),
                // Also when this process was thought gone: if nobody has gone on with the reply
                // since, what has come is more than what was kept.
                Cut::Ending | Cut::Lost => (MessageState::Interrupted, None),
            },
            () = sleep(TIME_LIMIT) => failed("too_large"),
            end = self.follow() => end,
        }
    }

    /// Shows the text as it comes: the first at once, and what comes soon after that at the next
    /// tick. Until then nothing is read, so that it is read all together.
    async fn follow(&mut self) -> End {
        loop {
            let Some(event) = self.events.next().await else {
                return failed("cut_off");
            };
            if let Some(end) = self.take(event) {
                return end;
            }
            while self.has_news() {
                self.new_tick().await;
                if let Some(end) = self.take_rest().await {
                    return end;
                }
                if self.is_due() {
                    self.show().await;
                }
            }
        }
    }

    /// Waits for a tick in which nothing was taken yet.
    async fn new_tick(&mut self) {
        if let Some(last) = self.last_taken
            && let next = pacing::after(last, 1, self.running())
            && next > Instant::now()
        {
            sleep_until(next).await;
        }
        self.last_taken = Some(Instant::now());
    }

    /// Takes all that has come by now.
    async fn take_rest(&mut self) -> Option<End> {
        let until = Instant::now() + TAKING;
        while Instant::now() < until {
            // A connection hands on one piece at a time, and needs its turn in between.
            yield_now().await;
            let event = self.events.next().now_or_never()?;
            let end = event.map_or(Some(failed("cut_off")), |event| self.take(event));
            if end.is_some() {
                return end;
            }
        }
        None
    }

    /// Tells whether what has come is to be shown in this tick.
    fn is_due(&self) -> bool {
        self.last_shown.is_none_or(|last| {
            let ticks = 1 + self.rendering.open() / TICK_BYTES;
            let due = pacing::after(last, ticks, self.running());
            due <= Instant::now()
        })
    }

    /// Tells whether something has come that is not shown yet.
    fn has_news(&self) -> bool {
        self.has_text || !self.thoughts.is_empty()
    }

    /// Counts the replies that run in this process.
    fn running(&self) -> usize {
        self.around.known.written_count()
    }

    fn take(&mut self, event: Event) -> Option<End> {
        match event {
            Event::Started { model, dropped } => {
                self.asked.drain(..dropped.min(self.asked.len()));
                self.model = Some(model.clone());
                let (db, lease) = (self.around.db.clone(), self.lease);
                self.noting = Some(self.around.main.spawn(async move {
                    // It is only told below the reply: no reason to give up.
                    if let Err(error) = db.set_model(lease, &model, dropped).await {
                        tracing::warn!(%error, "could not save which model replies");
                    }
                }));
                None
            }
            Event::Retrying {
                attempt,
                of,
                trouble,
                ..
            } => {
                self.live.say(match trouble {
                    ModelErrorKind::RateLimited | ModelErrorKind::Overloaded => {
                        Note::Busy(attempt, of)
                    }
                    _ => Note::Retrying(attempt, of),
                });
                None
            }
            Event::Reasoning(text) => {
                self.first_token.get_or_insert_with(Instant::now);
                self.think(&clean(&text));
                if self.rendering.text().is_empty() {
                    self.live.say(Note::Thinking);
                }
                None
            }
            Event::Text(text) => {
                let text = clean(&text);
                self.first_token.get_or_insert_with(Instant::now);
                self.has_text = true;
                self.rendering.push(&text);
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
            Event::End(Ok(Finish::Cut)) => Some((MessageState::Complete, Some("cut_short"))),
            // There was nothing to add to what was carried on.
            Event::End(Err(trouble))
                if trouble.kind() == ModelErrorKind::Empty && self.from.0 > 0 =>
            {
                Some((MessageState::Complete, None))
            }
            Event::End(Err(trouble)) => {
                tracing::warn!(reply = %self.live.id(), %trouble, "a reply failed");
                // What is said of a key may show parts of it, and there is nothing to add to that.
                let tells =
                    !trouble.said().is_empty() && trouble.kind() != ModelErrorKind::WrongKey;
                self.said = tells.then(|| trouble.said().to_owned());
                Some(failed_by(&trouble))
            }
        }
    }

    fn think(&mut self, text: &str) {
        if std::mem::take(&mut self.thinks_again) {
            self.thoughts.push_str("\n\n");
            self.live.keep(Part::Reasoning, "\n\n");
        }
        self.thoughts.push_str(text);
        self.live.keep(Part::Reasoning, text);
    }

    async fn show(&mut self) {
        self.show_thoughts();
        if std::mem::take(&mut self.has_text) {
            self.rendering.show().await;
        }
        self.last_shown = Some(Instant::now());
    }

    fn show_thoughts(&mut self) {
        let thoughts = std::mem::take(&mut self.thoughts);
        if !thoughts.is_empty() {
            self.live.think(&thoughts);
        }
    }

    /// Estimates what it took, where the server does not tell.
    fn estimate(&self, reasoning: &str) -> Usage {
        let new = |text: &str, from| text.get(from..).map_or(0, estimate);
        let (body, thoughts) = self.from;
        let reasoning_tokens = new(reasoning, thoughts);
        Usage {
            prompt_tokens: self.asked.iter().sum(),
            completion_tokens: new(self.rendering.text(), body) + reasoning_tokens,
            reasoning_tokens,
            cached_tokens: 0,
        }
    }

    /// Shows all there is, and tells what is to be stored of it.
    async fn finish(mut self, state: MessageState, problem: Option<&'static str>) -> Ending {
        let written_in = self.first_token.map(|first| first.elapsed());
        // Dropping the events drops the request upstream.
        self.events = Box::pin(futures_util::stream::empty());
        self.show_thoughts();
        self.rendering.end(LiveReply::show_all).await;
        if let Some(noting) = self.noting.take() {
            noting.await.ok();
        }
        let mut reasoning = self.live.thoughts();
        let is_estimate = self.usage.is_none() && self.first_token.is_some();
        let usage = match is_estimate {
            true => Some(self.estimate(&reasoning)),
            false => self.usage,
        };
        let model = self.model.as_deref().unwrap_or_default();
        let asked = usage.map(|usage| Asked::for_reply(self.user, model, usage, is_estimate));
        let mut body = self.rendering.text().to_owned();
        let (mut state, mut problem) = (state, problem);
        // Only its end tells of some text that it was thoughts.
        if let Some((thoughts, said)) = unopened(&body) {
            let gap = if reasoning.is_empty() || thoughts.is_empty() {
                ""
            } else {
                "\n\n"
            };
            reasoning = format!("{reasoning}{gap}{thoughts}");
            body = said.to_owned();
            if body.is_empty() && state == MessageState::Complete {
                (state, problem) = failed(ModelErrorKind::OnlyThoughts.as_str());
            }
        }
        Ending {
            state,
            problem,
            said: self.said,
            body,
            reasoning,
            asked,
            written_in,
        }
    }
}

fn failed(problem: &'static str) -> End {
    (MessageState::Failed, Some(problem))
}

fn failed_by(trouble: &ModelError) -> End {
    failed(trouble.kind().as_str())
}

/// Text as it is kept: line ends as `\n`, also those of other systems and of pages, and no control
/// characters, which could steer a terminal.
fn clean(text: &str) -> Cow<'_, str> {
    const ENDS: [char; 5] = ['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    if !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t') || ENDS.contains(&c)) {
        return text.into();
    }
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            // A `\r\n` cut in two by the stream is one line end as well.
            '\r' if rest.peek().is_none_or(|next| *next == '\n') => {}
            '\r' => kept.push('\n'),
            '\n' | '\t' => kept.push(c),
            c if ENDS.contains(&c) => kept.push('\n'),
            c if c.is_control() => {}
            c => kept.push(c),
        }
    }
    kept.into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_kept_without_what_steers_a_terminal() {
        assert_eq!(
            super::clean("a\r\nb\tc\u{1b}[31m\0\u{7f}\u{9b}d 가"),
            "a\nb\tc[31md 가"
        );
        for (typed, kept) in [
            ("a\rb\r\rc", "a\nb\n\nc"),
            ("a\u{85}b\u{b}c\u{c}d", "a\nb\nc\nd"),
            ("a\u{2028}b\u{2029}c", "a\nb\nc"),
            ("a\r", "a"),
            ("\nb", "\nb"),
        ] {
            assert_eq!(super::clean(typed), kept);
        }
    }
}
