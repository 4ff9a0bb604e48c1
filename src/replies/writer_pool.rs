//! The threads that write replies.

use super::{pacing, registry::Registry};
use crate::models::Models;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tokio::{
    runtime::{Builder, LocalOptions},
    sync::{mpsc, oneshot},
    task::spawn_local,
};

/// Threads for futures that cannot move to another one. They end when this is dropped. Cheap to
/// clone.
///
/// Each has connections of its own to model servers, so that all that a token passes until it is
/// shown happens on one thread. While many replies run that thread rests between two ticks: what
/// comes meanwhile is then read with one waking and few system calls. Nothing may run here that
/// others wait for, such as a transaction.
#[derive(Clone)]
pub(crate) struct WriterPool {
    jobs: Arc<[mpsc::UnboundedSender<Job>]>,
    next: Arc<AtomicUsize>,
}

/// Starts a future on the thread that it is run on.
type Job = Box<dyn FnOnce(&Models) + Send>;

impl WriterPool {
    /// A thread for each of these.
    ///
    /// # Errors
    /// When a thread cannot be had.
    pub(crate) fn start(models: Vec<Models>, known: &Arc<Registry>) -> io::Result<Self> {
        let start = |models| {
            let (jobs, todo) = mpsc::unbounded_channel();
            let known = known.clone();
            thread::Builder::new()
                .name("writer".to_owned())
                .spawn(move || {
                    if let Err(error) = work(&models, known, todo) {
                        tracing::error!(%error, "could not start a writer thread");
                    }
                })?;
            Ok(jobs)
        };
        Ok(Self {
            jobs: models.into_iter().map(start).collect::<io::Result<_>>()?,
            next: Arc::default(),
        })
    }

    /// Runs a future on the next thread, made there from what asks models. What it returns can be
    /// waited for; nothing comes when it panics.
    pub(crate) fn spawn<F>(
        &self,
        future: impl FnOnce(&Models) -> F + Send + 'static,
    ) -> oneshot::Receiver<F::Output>
    where
        F: Future<Output: Send> + 'static,
    {
        let (done, result) = oneshot::channel();
        let job = move |models: &Models| {
            let future = future(models);
            spawn_local(async move { done.send(future.await).ok() });
        };
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.jobs.len();
        // If the thread is gone, so is the sender of the result.
        self.jobs[next].send(Box::new(job)).ok();
        result
    }
}

fn work(
    models: &Models,
    known: Arc<Registry>,
    mut todo: mpsc::UnboundedReceiver<Job>,
) -> io::Result<()> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .on_thread_park(move || thread::sleep(pacing::rest(known.written_count())))
        .build_local(LocalOptions::default())?;
    runtime.block_on(async {
        while let Some(job) = todo.recv().await {
            job(models);
        }
    });
    Ok(())
}
