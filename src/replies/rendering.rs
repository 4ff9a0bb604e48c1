//! A reply's text on its way to what is shown: a little of it at once, much of it, or what costs
//! much, on another thread.
//!
//! A thread that writes has many replies, and they wait for each other. So what takes longer than
//! some milliseconds is not done there: long text that comes at once, code of a language whose
//! grammar has to be made ready, and code that its grammar reads slowly.

use super::live::LiveReply;
use crate::markdown::Growing;
use std::{
    future::pending,
    panic::resume_unwind,
    sync::{Arc, LazyLock},
    thread::available_parallelism,
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task::{JoinHandle, spawn_blocking},
};

/// The longest time for which code is read at once on a thread that writes, and a line longer.
const LITTLE: Duration = Duration::from_millis(5);

/// As many work at once as there are cores, the one that waits longest first: more would only take
/// time from the threads that write.
static WORKERS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(cores))
});

/// A reply's way to show what has become of its text, with a limit of time or without one.
type Show = fn(&LiveReply, &mut Growing, Option<Duration>);

/// A reply's text on its way to what is shown.
pub(super) struct Rendering {
    live: Arc<LiveReply>,
    show: Show,
    /// Empty while it is elsewhere.
    growing: Growing,
    elsewhere: Option<JoinHandle<Growing>>,
    /// The code that is open cost too much before.
    is_costly: bool,
}

impl Rendering {
    pub(super) fn new(live: &Arc<LiveReply>, show: Show) -> Self {
        Self {
            growing: live.growing(),
            live: live.clone(),
            show,
            elsewhere: None,
            is_costly: false,
        }
    }

    /// Appends text. Nothing is shown yet.
    pub(super) fn push(&mut self, more: &str) {
        self.growing.push(more);
    }

    /// The text so far, when nothing is being shown.
    pub(super) fn text(&self) -> &str {
        self.growing.text()
    }

    /// Counts the bytes at its end that are still open.
    pub(super) fn open(&self) -> usize {
        self.growing.text().len() - self.growing.finished()
    }

    /// Shows what has become of the text. If this is given up before its end, the text is back only
    /// after [`Self::show_all`] or another call of this.
    pub(super) async fn show(&mut self) {
        self.back().await;
        let show = self.show;
        if self.growing.is_light() && !(self.is_costly && self.growing.open_code()) {
            show(&self.live, &mut self.growing, Some(LITTLE));
            self.is_costly = self.growing.is_behind();
            if !self.is_costly {
                return;
            }
        }
        self.work(move |live, growing| show(live, growing, None))
            .await;
    }

    /// Does something with all of the text, costly as it may be.
    pub(super) async fn work(
        &mut self,
        work: impl FnOnce(&LiveReply, &mut Growing) + Send + 'static,
    ) {
        // Seldom needed, so no reply has room for it in its task.
        Box::pin(async {
            self.back().await;
            // It is never closed.
            let permit = WORKERS.clone().acquire_owned().await.ok();
            let (live, mut growing) = (self.live.clone(), std::mem::take(&mut self.growing));
            self.elsewhere = Some(spawn_blocking(move || {
                work(&live, &mut growing);
                drop(permit);
                growing
            }));
            self.back().await;
        })
        .await;
    }

    /// Shows the last of it, with which everything is finished.
    pub(super) async fn end(&mut self, end: fn(&LiveReply, &mut Growing)) {
        self.back().await;
        if self.growing.is_light() {
            end(&self.live, &mut self.growing);
        } else {
            self.work(end).await;
        }
    }

    /// Waits for the text where it was given away.
    async fn back(&mut self) {
        let Some(elsewhere) = &mut self.elsewhere else {
            return;
        };
        match elsewhere.await {
            Ok(growing) => self.growing = growing,
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The program ends, and the journal has the text.
            Err(_) => pending().await,
        }
        self.elsewhere = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::MessageId, replies::live::lock};
    use futures_util::FutureExt;
    use tokio_util::sync::CancellationToken;

    fn rendering() -> (Rendering, Arc<LiveReply>) {
        let live = Arc::new(LiveReply::new(MessageId::new(), &CancellationToken::new()));
        (Rendering::new(&live, LiveReply::show), live)
    }

    fn shown(live: &LiveReply) -> String {
        let shown = lock(&live.shown);
        let pieces = shown.pieces.iter().map(|piece| &*piece.html);
        pieces.chain([&*shown.open.html]).collect()
    }

    /// Tells whether all that it takes to show the text is done at once, on this thread. No other
    /// thread works meanwhile, so that none can be done before one looks.
    async fn is_shown_at_once(rendering: &mut Rendering) -> bool {
        let all = available_parallelism().map_or(1, |cores| cores.get() as u32);
        let workers = WORKERS.acquire_many(all).await;
        let at_once = rendering.show().now_or_never().is_some();
        drop(workers);
        if !at_once {
            rendering.show().await;
        }
        at_once
    }

    #[tokio::test]
    async fn a_little_text_is_shown_at_once_and_much_on_another_thread() {
        let (mut rendering, live) = rendering();
        rendering.push("*a* b");
        assert!(is_shown_at_once(&mut rendering).await);
        for much in [
            "word ".repeat(100_000),
            "\n\n- a\n".repeat(10_000),
            // Its grammar may not have been used yet.
            "\n\n```rust\nlet a = 1;\n".to_owned(),
            "let a = 1;\n".repeat(10_000),
        ] {
            rendering.push(&much);
            assert!(!is_shown_at_once(&mut rendering).await, "{}", &much[..20]);
        }
        rendering.push("let b = 2;\n");
        assert!(is_shown_at_once(&mut rendering).await);
        rendering.push("```\n\nend");
        rendering.end(LiveReply::show_all).await;
        let whole = crate::messages::html_cache::html_of(live.id(), rendering.text());
        assert_eq!(shown(&live), whole);
    }

    #[tokio::test]
    async fn nothing_is_lost_when_showing_is_given_up() {
        let (mut rendering, live) = rendering();
        let text = "```rust\nlet a = 1;\n".to_owned() + &"let b = \"c\";\n".repeat(2_000);
        rendering.push(&text);
        assert!(rendering.show().now_or_never().is_none());
        rendering.end(LiveReply::show_all).await;
        assert_eq!(rendering.text(), text);
        assert_eq!(
            shown(&live),
            crate::messages::html_cache::html_of(live.id(), &text)
        );
    }

    #[tokio::test]
    async fn code_that_costs_much_is_read_on_another_thread_from_then_on() {
        let (mut rendering, _) = rendering();
        rendering.push("```rust\n");
        rendering.show().await;
        rendering.is_costly = true;
        rendering.push("let a = 1;\n");
        assert!(!is_shown_at_once(&mut rendering).await);
        rendering.push("```\n\nend\n\n");
        rendering.show().await;
        rendering.push("more");
        assert!(is_shown_at_once(&mut rendering).await);
    }
}
