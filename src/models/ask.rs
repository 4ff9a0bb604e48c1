//! Who would answer, for the person who sets it up.

use super::{LIST_PATIENCE, Models, OLLAMA_PATIENCE, Secret, Source, Trouble};

/// A server that was asked what it has.
#[derive(Debug)]
pub struct Asked {
    /// Whose it is.
    pub source: Source,
    /// Where it is.
    pub server: String,
    /// The names of its models, in its order.
    pub models: Result<Vec<String>, Trouble>,
}

impl Models {
    /// Asks the server that would answer what it has. None is asked where only the demo model can
    /// answer.
    pub async fn ask(&self) -> Option<Asked> {
        let (source, server, patience) = if self.configured() {
            (Source::Server, self.configured_server(), LIST_PATIENCE)
        } else if self.shared.settings.find_ollama {
            let ollama = self.server(&self.shared.settings.ollama_url, Secret::default());
            (Source::Ollama, ollama, OLLAMA_PATIENCE)
        } else {
            return None;
        };
        Some(Asked {
            source,
            models: server.models(patience).await,
            server: server.base,
        })
    }
}

/// The one of these models that answers where none is named.
pub fn first_choice(models: &[String]) -> Option<&str> {
    super::for_chats(models)
}
