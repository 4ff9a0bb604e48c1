//! One request to a server that speaks OpenAI's chat completions, or nearly does, and its answer.

use super::{
    Event, Role, Turn,
    api_key::{Secret, Secrets},
    chunk::Chunk,
    demo::Demo,
    error::{ModelError, ModelErrorKind},
    headers::Headers,
    options::{self, Options},
    reading::Reply,
    response::Answer,
    transport::{CapturedResponse, Transport},
};
use async_openai::{Client, config::OpenAIConfig, error::OpenAIError};
use futures_util::Stream;
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout, timeout_at};

/// A server and how it is spoken to.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(super) http: reqwest::Client,
    /// The demo model answers in the server's place.
    pub(super) demo: Option<Demo>,
    /// Base URL of the API, without a slash at its end.
    pub(super) base: String,
    pub(super) key: Secret,
    pub(super) headers: Headers,
    /// The key, and the values of the headers.
    pub(super) secrets: Secrets,
    /// The models that are told with the person's first message what others are told before it.
    pub(super) folded: Folded,
    pub(super) first_token_timeout: Duration,
    /// The longest time between two lines of an answer.
    pub(super) silence_timeout: Duration,
}

/// The models of a server that know no role but the person's and their own, as far as was learned.
#[derive(Clone, Debug, Default)]
pub(super) struct Folded(Arc<Mutex<HashSet<String>>>);

impl Folded {
    /// Most that are remembered. There are never so many, but people may type any name.
    const MOST: usize = 1_000;

    fn has(&self, model: &str) -> bool {
        self.models().contains(model)
    }

    fn remember(&self, model: &str) {
        let mut models = self.models();
        if models.len() < Self::MOST {
            models.insert(model.to_owned());
        }
    }

    fn models(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// The names of the models the server has, in its order.
    pub(super) async fn models(&self, patience: Duration) -> Result<Vec<String>, ModelError> {
        let client = self.client(&CapturedResponse::default());
        let models = client.models();
        let list: Value = match timeout(patience, models.list_byot()).await {
            Ok(answer) => answer.map_err(|error| self.plain(error))?,
            Err(_) => {
                return Err(self.trouble(ModelErrorKind::Unreachable, "no list of models in time"));
            }
        };
        if let Some(error) = Chunk::from(list.clone()).notice.error() {
            return Err(ModelError::reported(&error, &self.secrets));
        }
        Ok(names(&list))
    }

    /// One attempt at a reply: its text, then its token counts if they are known, then its end.
    ///
    /// Only a `finish_reason` says that a reply is whole. Where a server leaves it out, an announced end
    /// (`[DONE]`) is taken for it; a stream that merely ends was cut off. A reason with more text after
    /// it was none, as where every event has one: then the end of the stream is the end.
    pub(super) fn reply(
        self,
        model: String,
        turns: Arc<[Turn]>,
        options: Arc<Options>,
    ) -> impl Stream<Item = Event> + Send {
        async_stream::stream! {
            // The first token has to come in time; then the server must not be silent for too long.
            let began = Instant::now();
            let first_token = began + self.first_token_timeout;
            let end = 'asking: loop {
                // No reply keeps room for this while its words come.
                let opening = Box::pin(self.open(&model, &turns, &options, first_token));
                let mut answer = match opening.await {
                    Ok(answer) => answer,
                    Err(trouble) => break Err(trouble),
                };
                let mut reply = Reply::new(&self);
                let mut events = vec![];
                let end = loop {
                    let silent_at = answer.silent_at();
                    let until = reply.deadline(began, answer.has_life()).map_or(silent_at, |at| at.min(silent_at));
                    let more = match timeout_at(until, answer.next(&mut events)).await {
                        Ok(more) => more,
                        Err(_) => break reply.too_slow(began, until < silent_at),
                    };
                    let taken = events.drain(..).try_for_each(|event| reply.take(event));
                    if !reply.news.is_empty() {
                        for event in reply.news.drain(..) {
                            yield event;
                        }
                        // Nobody may have asked for more for a while.
                        answer.is_alive();
                    }
                    match (taken, more) {
                        (Err(trouble), _) if reply.is_untouched() && self.should_fold(&model, &options, &trouble) => {
                            self.folded.remember(&model);
                            continue 'asking;
                        }
                        (Err(trouble), _) => break reply.reported(trouble),
                        (Ok(()), Err(trouble)) => break reply.broke_off(trouble),
                        (Ok(()), Ok(true)) if !reply.done => {}
                        (Ok(()), Ok(more)) => {
                            if more {
                                answer.finish().await;
                            }
                            break reply.ended();
                        }
                    }
                };
                reply.tell_held();
                for event in reply.news.drain(..) {
                    yield event;
                }
                if let Some(usage) = reply.usage {
                    yield Event::Usage(usage);
                }
                break reply.with_text(end);
            };
            yield Event::End(end);
        }
    }

    /// Tells whether the model takes no message before the conversation, and got one.
    fn should_fold(&self, model: &str, options: &Options, refused: &ModelError) -> bool {
        let told = options.system_prompt.is_some() && !self.folded.has(model);
        told && refused.is_about_system_role()
    }

    async fn open(
        &self,
        model: &str,
        turns: &[Turn],
        options: &Options,
        deadline: Instant,
    ) -> Result<Answer, ModelError> {
        let kept = CapturedResponse::default();
        let client = self.client(&kept);
        let chat = client.chat();
        let mut folded = self.folded.has(model);
        let asked = |folded| {
            let mut request = request(model, turns);
            options.put_into(&mut request, self.wants_new_names(), folded);
            request
        };
        let mut request = asked(folded);
        let mut renamed = false;
        loop {
            let sent = chat.create_stream_byot::<_, Value>(&request);
            let refused = match timeout_at(deadline, sent).await {
                Ok(Ok(_)) => {
                    if folded {
                        self.folded.remember(model);
                    }
                    let lost = || self.trouble(ModelErrorKind::Garbled, "no answer was kept");
                    return kept.take().ok_or_else(lost);
                }
                Ok(Err(error)) => self.plain(error),
                Err(_) => return Err(self.too_slow()),
            };
            let told = options.system_prompt.is_some();
            if told
                && !folded
                && (refused.is_about_system_role() || refused.may_be_about_system_role())
            {
                folded = true;
                request = asked(folded);
                if renamed {
                    options::rename(&mut request);
                }
                continue;
            }
            // Some models know the longest length by its old name only, some by its new one.
            if !renamed && options::should_rename(&request, &refused) {
                renamed = options::rename(&mut request);
                continue;
            }
            // A few servers know no such option. Then there are no token counts, but there is a reply.
            let over_options =
                refused.kind() == ModelErrorKind::Refused && refused.names("stream_options");
            let removed = request
                .as_object_mut()
                .and_then(|fields| fields.remove("stream_options"));
            if !over_options || removed.is_none() {
                return Err(options::explained(&request, refused));
            }
        }
    }

    /// Tells whether it is OpenAI's own, whose newer models know no old names.
    fn wants_new_names(&self) -> bool {
        self.base.starts_with(crate::models::OPENAI)
    }

    fn client(&self, kept: &CapturedResponse) -> Client<OpenAIConfig> {
        // All four are given: what is missing would be taken from the environment.
        let config = OpenAIConfig::new()
            .with_api_base(&self.base)
            .with_api_key(self.key.expose())
            .with_org_id("")
            .with_project_id("");
        let transport = Transport {
            server: self.clone(),
            kept: kept.clone(),
        };
        Client::build(self.http.clone(), config).with_http_service(transport)
    }

    fn plain(&self, error: OpenAIError) -> ModelError {
        match error {
            OpenAIError::Boxed(error) => match error.downcast::<ModelError>() {
                Ok(trouble) => *trouble,
                Err(error) => self.trouble(ModelErrorKind::Garbled, &error.to_string()),
            },
            OpenAIError::Reqwest(error) => self.trouble(
                ModelErrorKind::Unreachable,
                &error.without_url().to_string(),
            ),
            OpenAIError::JSONDeserialize(error, _) => {
                self.trouble(ModelErrorKind::Garbled, &error.to_string())
            }
            error => self.trouble(ModelErrorKind::Garbled, &error.to_string()),
        }
    }

    pub(super) fn too_slow(&self) -> ModelError {
        let mut trouble = self.trouble(ModelErrorKind::Silent, "no first token in time");
        // Who waited that long should not wait as long again.
        trouble.hopeless = true;
        trouble
    }

    pub(super) fn trouble(&self, kind: ModelErrorKind, said: &str) -> ModelError {
        ModelError::new(kind, said, &self.secrets)
    }
}

fn request(model: &str, turns: &[Turn]) -> Value {
    let messages: Vec<Value> = turns
        .iter()
        .map(|turn| {
            let role = match turn.role {
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            json!({ "role": role, "content": turn.text })
        })
        .collect();
    json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": { "include_usage": true },
    })
}

/// The list is in `data`; some servers say `models`, or send nothing but the list, or null for an empty one.
fn names(list: &Value) -> Vec<String> {
    let models = [&list["data"], &list["models"], list]
        .into_iter()
        .find_map(Value::as_array);
    let name = |model: &Value| {
        [model, &model["id"], &model["name"]]
            .into_iter()
            .find_map(Value::as_str)
            .map(str::to_owned)
    };
    models
        .into_iter()
        .flatten()
        .filter_map(name)
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_in_every_list() {
        for list in [
            r#"{"data":[{"id":"a"},{"id":"b"}]}"#,
            r#"{"models":[{"name":"a"},{"name":"b"}]}"#,
            r#"["a","b"]"#,
        ] {
            assert_eq!(
                names(&serde_json::from_str(list).unwrap()),
                ["a", "b"],
                "{list}"
            );
        }
        assert!(names(&json!({ "data": null })).is_empty());
    }
}
