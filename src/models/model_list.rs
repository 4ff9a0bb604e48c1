//! The list of models for people to choose from: asked for in the background and cached.

use super::{LIST_PATIENCE, Models, OLLAMA_PATIENCE};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

/// After so long the list is asked for again; after a failure sooner.
const STALE: Duration = Duration::from_secs(300);
const REST: Duration = Duration::from_secs(30);

/// Time that a page waits for a list that has not come yet.
const PAGE_PATIENCE: Duration = Duration::from_millis(500);

/// Most models in a list, and most characters of a name. A gateway to everything has some thousands, and
/// any of them may be the one that somebody wants.
const MOST: usize = 20_000;
pub(crate) const NAME_LIMIT: usize = 200;

/// The list as it was last had.
#[derive(Default)]
pub(crate) struct Listed {
    last: Mutex<Last>,
    /// Held while it is asked for, so that many pages ask once.
    asking: tokio::sync::Mutex<()>,
    /// Names that it does not have, and who typed them and was told so.
    doubted: Mutex<HashSet<(Uuid, String)>>,
}

/// Most of these that are remembered.
const DOUBTED: usize = 1_000;

#[derive(Clone, Default)]
struct Last {
    names: Arc<[String]>,
    /// The time when it is to be asked for again; `None` before the first time.
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

    /// Tells whether somebody is to be told that the server does not list this model. That is no proof,
    /// since servers answer to other names too, so they are told once; and not at all where the list
    /// has one model, which then mostly answers to any name.
    pub(crate) fn doubts(&self, who: Uuid, model: &str) -> bool {
        let names = self.shared.listed.last().names.clone();
        let is_known =
            names.iter().any(|name| name == model) || self.now().model.as_deref() == Some(model);
        if is_known || names.len() < 2 {
            return false;
        }
        let doubted = self.shared.listed.doubted.lock();
        let mut doubted = doubted.unwrap_or_else(PoisonError::into_inner);
        let pair = (who, model.to_owned());
        if doubted.remove(&pair) {
            return false;
        }
        if doubted.len() >= DOUBTED {
            doubted.clear();
        }
        doubted.insert(pair)
    }

    /// The list, asked for now.
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
            let ollama = self.ollama_server();
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
                tracing::debug!(%trouble, "could not list models");
                (last.names.clone(), REST)
            }
        };
        *last = Last {
            names,
            due: Some(Instant::now() + next),
        };
    }
}

/// The first model of the list that is likely to chat. Servers list models for other work, too, and
/// often first.
pub(crate) fn for_chats(list: &[String]) -> Option<&str> {
    let chats = |name: &&String| is_for_chats(name);
    list.iter().find(chats).or(list.first()).map(String::as_str)
}

/// Tells whether a model of this name is likely to chat. Only whole words tell: `watts` is no
/// speech.
fn is_for_chats(name: &str) -> bool {
    const OTHER_WORK: [&str; 12] = [
        "embed",
        "embedder",
        "whisper",
        "tts",
        "dall",
        "image",
        "images",
        "moderation",
        "moderations",
        "transcribe",
        "rerank",
        "reranker",
    ];
    let name = name.to_lowercase();
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    !words.any(|word| OTHER_WORK.contains(&word) || word.starts_with("embedding"))
}

/// A model's name as it is shown: of one that is a file, as programs name what they were started with, its
/// last part.
pub(crate) fn short_name(name: &str) -> &str {
    let drive = name.as_bytes().get(1) == Some(&b':') && name.contains('\\');
    let file = [".gguf", ".bin", ".safetensors"]
        .iter()
        .any(|end| name.ends_with(end));
    let is_path = drive || file || name.starts_with(['/', '~', '.']) || name.starts_with('\\');
    let parts = name.trim_end_matches(['/', '\\']);
    match parts.rsplit(['/', '\\']).next() {
        Some(last) if is_path && !last.is_empty() => last,
        _ => name,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_tell_that_a_model_is_for_other_work() {
        for name in [
            "text-embedding-3-small",
            "nomic-embed-text",
            "embeddinggemma:300m",
            "whisper-1",
            "tts-1-hd",
            "tts1",
            "dall-e-3",
            "gpt-image-1",
            "omni-moderation-latest",
            "gpt-4o-transcribe",
            "bge-reranker-v2",
        ] {
            assert!(!is_for_chats(name), "{name}");
        }
        for name in [
            "watts/chat",
            "pottsville-7b",
            "embedded-tutor-8b",
            "imagen-chat",
            "gpt-4o",
            "모델",
        ] {
            assert!(is_for_chats(name), "{name}");
        }
    }

    #[test]
    fn of_a_path_the_last_part_is_shown() {
        for (name, shown) in [
            (
                "/usr/lib/models/SmolLM2-135M-Q8.gguf",
                "SmolLM2-135M-Q8.gguf",
            ),
            ("C:\\models\\a.gguf", "a.gguf"),
            ("./models/a", "a"),
            ("models/a.gguf", "a.gguf"),
            ("/models/", "models"),
            ("meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B"),
            ("openai/gpt-4o:free", "openai/gpt-4o:free"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(short_name(name), shown);
        }
    }

    #[test]
    fn no_model_is_cut_from_a_long_list() {
        let names = (0..5_000)
            .rev()
            .map(|n| format!("m-{n:04}"))
            .chain(["z-ai/glm".to_owned()]);
        let list = choosable(names.collect());
        assert_eq!(
            (list.len(), list.last().map(String::as_str)),
            (5_001, Some("z-ai/glm"))
        );
    }
}
