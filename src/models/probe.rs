//! Probes the model server for `damso check`.

use super::{
    Event, LIST_PATIENCE, Models, OLLAMA_PATIENCE, Role, Source, Turn,
    error::{ModelError, ModelErrorKind},
    options::Options,
};
use futures_util::StreamExt;

/// A server that was asked what it has.
#[derive(Debug)]
pub struct Asked {
    /// The owner.
    pub source: Source,
    /// Its address.
    pub server: String,
    /// The names of its models, in its order.
    pub models: Result<Vec<String>, ModelError>,
}

impl Models {
    /// Asks the server that would answer what it has. None is asked where only the demo model can
    /// answer.
    pub async fn ask(&self) -> Option<Asked> {
        let (source, server, patience) = if self.configured() {
            (Source::Server, self.configured_server(), LIST_PATIENCE)
        } else if self.shared.settings.find_ollama {
            let ollama = self.ollama_server();
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

impl Models {
    /// Tells whether this model chats, by asking it for a word: nothing else tells for sure, as servers
    /// answer to names that they do not list, and some list nothing.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn try_model(&self, model: &str) -> Result<(), ModelError> {
        let turn = Turn {
            role: Role::User,
            text: "Say OK.".to_owned(),
        };
        let options = Options {
            model: Some(model.to_owned()),
            // Some take no fewer.
            max_tokens: Some(16),
            ..Options::default()
        };
        let mut events = self.reply_with(vec![turn], options);
        while let Some(event) = events.next().await {
            match event {
                Event::Text(_) | Event::Reasoning(_) | Event::End(Ok(_)) => return Ok(()),
                Event::End(Err(trouble)) => return without_words(trouble),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A reply without text is one all the same.
fn without_words(trouble: ModelError) -> Result<(), ModelError> {
    use ModelErrorKind::{Empty, EndlessThoughts, OnlyMedia, OnlyThoughts, OnlyToolCall};
    match trouble.kind() {
        Empty | OnlyThoughts | EndlessThoughts | OnlyToolCall | OnlyMedia => Ok(()),
        _ => Err(trouble),
    }
}

/// The one of these models that answers where none is named.
pub fn first_choice(models: &[String]) -> Option<&str> {
    crate::models::model_list::for_chats(models)
}
