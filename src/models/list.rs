//! What models there are, for people to choose from: asked for in the background and kept a while.

use super::{LIST_PATIENCE, Models, OLLAMA_PATIENCE, Secret, is_for_chats};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// After so long the list is asked for again; after a failure sooner.
const STALE: Duration = Duration::from_secs(300);
const REST: Duration = Duration::from_secs(30);

/// How long a page waits for a list that was not had yet.
const PAGE_PATIENCE: Duration = Duration::from_millis(500);

/// How many models a list has at most, and how many characters the name of one.
const MOST: usize = 2_000;
pub(crate) const NAME_LIMIT: usize = 200;

/// The list as it was last had.
#[derive(Default)]
pub(super) struct Listed {
    last: Mutex<Last>,
    /// Held while it is asked for, so that many pages ask once.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Last {
    names: Arc<[String]>,
    /// When it is to be asked for again; `None` before the first time.
    due: Option<Instant>,
}

impl Listed {
    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Models {
    /// The names of the models that can be chosen. It is what is known: when that is old, the server
    /// is asked in the background; only the very first time is waited for, and not for long.
    pub async fn list(&self) -> Arc<[String]> {
        let Last { names, due } = self.shared.listed.last().clone();
        if due.is_some_and(|due| due > Instant::now()) {
            return names;
        }
        let models = self.clone();
        let asked = tokio::spawn(async move { models.ask_for_list(false).await });
        if due.is_none() {
            timeout(PAGE_PATIENCE, asked).await.ok();
            return self.shared.listed.last().names.clone();
        }
        names
    }

    /// The same, asked for now.
    pub async fn list_anew(&self) -> Arc<[String]> {
        self.ask_for_list(true).await;
        self.shared.listed.last().names.clone()
    }

    async fn ask_for_list(&self, anew: bool) {
        let began = self.shared.listed.last().due;
        let _asking = self.shared.listed.asking.lock().await;
        let due = self.shared.listed.last().due;
        // Another page may have asked meanwhile.
        if due != began || (!anew && due.is_some_and(|due| due > Instant::now())) {
            return;
        }
        let (server, patience) = if self.configured() {
            (self.configured_server(), LIST_PATIENCE)
        } else if self.shared.settings.find_ollama {
            let ollama = self.server(&self.shared.settings.ollama_url, Secret::default());
            (ollama, OLLAMA_PATIENCE)
        } else {
            self.shared.listed.last().due = Some(Instant::now() + STALE);
            return;
        };
        let list = server.models(patience).await;
        let mut last = self.shared.listed.last();
        let (names, next) = match list {
            Ok(list) => (choosable(list).into(), STALE),
            Err(trouble) => {
                tracing::debug!(%trouble, "the list of models could not be had");
                (last.names.clone(), REST)
            }
        };
        *last = Last {
            names,
            due: Some(Instant::now() + next),
        };
    }
}

/// The models that are likely to chat, by name.
fn choosable(mut list: Vec<String>) -> Vec<String> {
    list.retain(|name| {
        is_for_chats(name) && name.chars().count() <= NAME_LIMIT && !name.contains(char::is_control)
    });
    list.sort_unstable();
    list.dedup();
    list.truncate(MOST);
    list
}
