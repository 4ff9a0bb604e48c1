//! Replies: one task writes each, and any number of pages and event streams follow it.

mod events;
mod held;
mod journal;
mod live;
mod store;
mod writer;

use crate::{
    App,
    auth::User,
    chats::{self, ChatId, MessageId, NotTaken},
    db::Db,
    error::Result,
    models::{Models, Turn},
    view::View,
};
use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};
use tokio::sync::watch;
use tokio_util::task::LocalPoolHandle;

pub(crate) use held::{Held, hold, is_graphical};
pub(crate) use live::{LiveReply, News, Note, Reader};

/// The routes of this feature.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/replies/{id}", get(show))
        .route("/replies/{id}/events", get(events::follow))
        .route("/replies/{id}/stop", post(stop))
        .route("/replies/{id}/retry", post(retry))
}

/// How many threads write replies, at most. They are apart from those that answer requests, as the
/// state of a highlighter cannot move to another thread, and as rendering takes its time.
const WRITER_THREADS: usize = 4;

/// The replies that are being made. Cheap to clone.
#[derive(Clone)]
pub struct Replies {
    db: Db,
    models: Models,
    running: Arc<Running>,
    writers: LocalPoolHandle,
}

impl Replies {
    /// Starts the journal for the replies to come.
    pub fn new(db: Db, models: Models) -> Self {
        let running = Arc::new(Running::default());
        tokio::spawn(journal::keep(db.clone(), running.clone()));
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            db,
            models,
            running,
            writers: LocalPoolHandle::new(cores.min(WRITER_THREADS)),
        }
    }

    /// A reply that is about to be put into the database. It counts as running before it is there,
    /// so that whoever finds it in the database finds it here as well.
    pub(crate) fn announce(&self) -> Announced {
        Announced {
            live: self.running.add(MessageId::new()),
            running: self.running.clone(),
        }
    }

    /// Starts to make a reply that is in the database as queued.
    pub(crate) fn start(&self, announced: Announced, turns: Vec<Turn>) {
        let (db, models, live) = (self.db.clone(), self.models.clone(), announced.live.clone());
        let writing = self
            .writers
            .spawn_pinned(|| writer::write(db, models, live, turns));
        // Waited for by another task, so that even a panic leaves no reply running for ever.
        let db = self.db.clone();
        tokio::spawn(async move {
            if let Err(error) = writing.await {
                let id = announced.id();
                tracing::error!(%error, reply = %id, "writing a reply ended badly");
                if let Err(error) = db.interrupt_reply(id).await {
                    tracing::error!(%error, reply = %id, "a reply could not be ended");
                }
            }
        });
    }

    /// The reply, if it is being made.
    pub(crate) fn live(&self, id: MessageId) -> Option<Arc<LiveReply>> {
        self.running.lock().get(&id).cloned()
    }

    /// Ends a reply that the database has as running although nobody writes it. (It counts as
    /// running here before it is there, so it is not one that is only just beginning.)
    pub(crate) async fn interrupt_if_abandoned(&self, id: MessageId) -> Result<()> {
        match self.live(id) {
            Some(_) => Ok(()),
            None => self.db.interrupt_reply(id).await,
        }
    }

    /// Writes to the journal what has come until now, as before the program ends.
    pub(crate) async fn save(&self) {
        journal::write(&self.db, &self.running.all()).await;
    }

    /// Asks a reply to stop. What it has so far stays.
    pub fn stop(&self, id: MessageId) {
        if let Some(live) = self.live(id) {
            live.stop().cancel();
        }
    }
}

/// Keeps a reply among the running ones for as long as it is held.
pub(crate) struct Announced {
    live: Arc<LiveReply>,
    running: Arc<Running>,
}

impl Announced {
    /// The key of the reply.
    pub(crate) fn id(&self) -> MessageId {
        self.live.id()
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.running.remove(self.id());
        self.live.end();
    }
}

/// All replies that are being made in this process.
#[derive(Default)]
struct Running {
    replies: Mutex<HashMap<MessageId, Arc<LiveReply>>>,
    count: watch::Sender<usize>,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashMap<MessageId, Arc<LiveReply>>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, id: MessageId) -> Arc<LiveReply> {
        let live = Arc::new(LiveReply::new(id));
        let mut replies = self.lock();
        replies.insert(id, live.clone());
        self.count.send_replace(replies.len());
        live
    }

    fn remove(&self, id: MessageId) {
        let mut replies = self.lock();
        replies.remove(&id);
        self.count.send_replace(replies.len());
    }

    fn all(&self) -> Vec<Arc<LiveReply>> {
        self.lock().values().cloned().collect()
    }

    /// Returns when at least one reply is being made.
    async fn wait_for_one(&self) {
        // The sender is part of self, so it cannot be gone.
        let _ = self.count.subscribe().wait_for(|count| *count > 0).await;
    }
}

/// `GET /replies/{id}`: the article alone, live or in its final form.
async fn show(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, chat) = app.db.reply(&user, id).await?;
    chats::show_reply(&app, view, chat, message).await
}

/// `POST /replies/{id}/stop`
async fn stop(
    user: User,
    view: View,
    headers: HeaderMap,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (_, chat) = app.db.reply(&user, id).await?;
    app.replies.stop(id);
    // The form's target is a hidden frame, so that an open page stays open and ends by itself; a
    // browser without frames goes to the chat.
    let in_frame = headers
        .get("sec-fetch-dest")
        .is_some_and(|dest| dest == "iframe");
    if in_frame || view.htmx {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(to_live(chat.id))
}

/// `POST /replies/{id}/retry`: makes another attempt beside one that has ended.
async fn retry(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, chat) = app.db.reply(&user, id).await?;
    let taken = match message.state.is_running() {
        true => Err(NotTaken::StillReplying),
        false => chats::try_again(&app, &user, &chat, message).await?,
    };
    let reply = match taken {
        Ok(reply) => reply,
        Err(reason @ NotTaken::TooManyRunning) => {
            let sentence = reason.sentence(&view);
            return chats::refuse(&app, view, &user, Some(chat), String::new(), sentence).await;
        }
        // Another tab was faster, or the chat has gone on: it is shown as it is.
        Err(_) if view.htmx => {
            return Ok([("HX-Redirect", format!("/chats/{}", chat.id))].into_response());
        }
        Err(_) => return Ok(to_live(chat.id)),
    };
    let chat = app.db.chat(&user, chat.id).await?;
    if view.htmx {
        return chats::show_new_reply(&app, view, chat, reply).await;
    }
    Ok(Redirect::to(&chats::live_address(chat.id, reply)).into_response())
}

fn to_live(chat: ChatId) -> Response {
    Redirect::to(&format!("/chats/{chat}/live")).into_response()
}
