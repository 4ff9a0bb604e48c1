//! One request to a server that speaks OpenAI's chat completions, or nearly does, and its answer.

use super::{
    Event, Finish, Options, Role, Turn, Usage,
    answer::{Answer, explain},
    chunk::{Chunk, whole_characters},
    demo::Demo,
    mend::Mended,
    options,
    secret::Secret,
    think::{Split, Splitter},
    transport::{Kept, Transport},
    trouble::{Trouble, TroubleKind, message},
};
use async_openai::{Client, config::OpenAIConfig, error::OpenAIError};
use futures_util::Stream;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, timeout, timeout_at};

/// How long after the reply's end its token counts are waited for.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// A server and how it is spoken to.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) http: reqwest::Client,
    /// The demo model answers in the server's place.
    pub(super) demo: Option<Demo>,
    /// Where the API begins, without a slash at its end.
    pub(super) base: String,
    pub(super) key: Secret,
    pub(super) first_token_timeout: Duration,
    /// The longest time between two lines of an answer.
    pub(super) silence_timeout: Duration,
}

impl Server {
    /// The names of the models the server has, in its order.
    pub(super) async fn models(&self, patience: Duration) -> Result<Vec<String>, Trouble> {
        let client = self.client(&Kept::default());
        let models = client.models();
        let list: Value = match timeout(patience, models.list_byot()).await {
            Ok(answer) => answer.map_err(|error| self.plain(error))?,
            Err(_) => {
                return Err(self.trouble(TroubleKind::Unreachable, "no list of models in time"));
            }
        };
        if !list["error"].is_null() {
            return Err(Trouble::reported(&list["error"], &self.key));
        }
        Ok(names(&list))
    }

    /// One attempt at a reply: its text, then its token counts if they are known, then its end.
    ///
    /// Only a `finish_reason` says that a reply is whole. Where a server leaves it out, an announced end
    /// (`[DONE]`) is taken for it; a stream that merely ends was cut off.
    pub(super) fn reply(
        self,
        model: String,
        turns: Arc<[Turn]>,
        options: Arc<Options>,
    ) -> impl Stream<Item = Event> + Send {
        async_stream::stream! {
            // The first token has to come in time; then the server must not be silent for too long.
            let first_token = Instant::now() + self.first_token_timeout;
            let mut answer = match self.open(&model, &turns, &options, first_token).await {
                Ok(answer) => answer,
                Err(trouble) => {
                    yield Event::End(Err(trouble));
                    return;
                }
            };
            let mut reply = Reply::new(&self, first_token);
            let mut events = vec![];
            let trouble = loop {
                let silent_at = answer.silent_at();
                let until = reply.deadline.map_or(silent_at, |deadline| deadline.min(silent_at));
                let more = match timeout_at(until, answer.next(&mut events)).await {
                    Ok(more) => more,
                    Err(_) if until < silent_at => break self.too_slow(),
                    Err(_) => break self.trouble(TroubleKind::Silent, explain(TroubleKind::Silent)),
                };
                let taken = events.drain(..).try_for_each(|event| reply.take(event));
                if !reply.news.is_empty() {
                    for event in reply.news.drain(..) {
                        yield event;
                    }
                    // Nobody may have asked for more for a while.
                    answer.is_alive();
                }
                match taken.and(more) {
                    Ok(true) if !reply.done => {}
                    Ok(more) => {
                        if more {
                            answer.finish().await;
                        }
                        break reply.cut_off();
                    }
                    Err(trouble) => break trouble,
                }
            };
            reply.tell_held();
            for event in reply.news.drain(..) {
                yield event;
            }
            if let Some(usage) = reply.usage {
                yield Event::Usage(usage);
            }
            // A whole reply stays whole, whatever broke behind it.
            yield Event::End(reply.finish.ok_or(trouble));
        }
    }

    async fn open(
        &self,
        model: &str,
        turns: &[Turn],
        options: &Options,
        deadline: Instant,
    ) -> Result<Answer, Trouble> {
        let kept = Kept::default();
        let client = self.client(&kept);
        let chat = client.chat();
        let mut request = request(model, turns);
        options.put_into(&mut request, self.wants_new_names());
        let mut renamed = false;
        loop {
            let sent = chat.create_stream_byot::<_, Value>(&request);
            let refused = match timeout_at(deadline, sent).await {
                Ok(Ok(_)) => {
                    let lost = || self.trouble(TroubleKind::Garbled, "no answer was kept");
                    return kept.take().ok_or_else(lost);
                }
                Ok(Err(error)) => self.plain(error),
                Err(_) => return Err(self.too_slow()),
            };
            // Some models know the longest length by its old name only, some by its new one.
            if !renamed && options::should_rename(&request, &refused) {
                renamed = options::rename(&mut request);
                continue;
            }
            // A few servers know no such option. Then there are no token counts, but there is a reply.
            let over_options = refused.kind() == TroubleKind::Refused
                && refused.to_string().contains("stream_options");
            let removed = request
                .as_object_mut()
                .and_then(|fields| fields.remove("stream_options"));
            if !over_options || removed.is_none() {
                return Err(options::explained(&request, refused));
            }
        }
    }

    /// Whether it is OpenAI's own, whose newer models know no old names.
    fn wants_new_names(&self) -> bool {
        self.base.starts_with(super::OPENAI)
    }

    fn client(&self, kept: &Kept) -> Client<OpenAIConfig> {
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

    fn plain(&self, error: OpenAIError) -> Trouble {
        match error {
            OpenAIError::Boxed(error) => match error.downcast::<Trouble>() {
                Ok(trouble) => *trouble,
                Err(error) => self.trouble(TroubleKind::Garbled, &error.to_string()),
            },
            OpenAIError::Reqwest(error) => {
                self.trouble(TroubleKind::Unreachable, &error.without_url().to_string())
            }
            OpenAIError::JSONDeserialize(error, _) => {
                self.trouble(TroubleKind::Garbled, &error.to_string())
            }
            error => self.trouble(TroubleKind::Garbled, &error.to_string()),
        }
    }

    fn too_slow(&self) -> Trouble {
        let mut trouble = self.trouble(TroubleKind::Silent, "no first token in time");
        // Who waited that long should not wait as long again.
        trouble.hopeless = true;
        trouble
    }

    fn trouble(&self, kind: TroubleKind, said: &str) -> Trouble {
        Trouble::new(kind, said, &self.key)
    }
}

/// What has been read of a reply.
struct Reply<'a> {
    server: &'a Server,
    /// What is to be told.
    news: Vec<Event>,
    /// Tells thoughts in its text from its answer.
    splitter: Splitter,
    /// When the first token, or after the end the last words, must have come.
    deadline: Option<Instant>,
    finish: Option<Finish>,
    usage: Option<Usage>,
    /// The server has announced the end.
    done: bool,
    /// Whether there were events that could be read, and whether there were others.
    readable: bool,
    unreadable: bool,
}

impl<'a> Reply<'a> {
    fn new(server: &'a Server, first_token: Instant) -> Self {
        Self {
            server,
            news: vec![],
            splitter: Splitter::default(),
            deadline: Some(first_token),
            finish: None,
            usage: None,
            done: false,
            readable: false,
            unreadable: false,
        }
    }

    /// Takes the next event of the answer.
    ///
    /// # Errors
    /// When the server tells of trouble; nothing can follow then.
    fn take(&mut self, event: Mended) -> Result<(), Trouble> {
        match event {
            _ if self.done => Ok(()),
            Mended::Event(data) => match Chunk::read(&data) {
                Ok(chunk) => self.take_chunk(chunk),
                Err(_) => self.second_look(&data),
            },
            Mended::Error(data) => {
                let error = serde_json::from_str(&data).unwrap_or(Value::String(data));
                Err(Trouble::reported(&error, &self.server.key))
            }
            Mended::Done => {
                self.done = true;
                Ok(())
            }
        }
    }

    fn take_chunk(&mut self, chunk: Chunk) -> Result<(), Trouble> {
        self.readable = true;
        self.usage = chunk.usage.or(self.usage);
        if !chunk.reasoning.is_empty() || !chunk.text.is_empty() {
            self.deadline = self.deadline.filter(|_| self.finish.is_some());
        }
        self.tell(Event::Reasoning(chunk.reasoning));
        let split = self.splitter.take(chunk.text);
        self.tell_split(split);
        if let Some(error) = chunk.error {
            return Err(Trouble::reported(&error, &self.server.key));
        }
        if let Some(reason) = chunk.finish
            && self.finish.is_none()
        {
            self.finish = Some(reason);
            let last_words = LAST_WORDS.min(self.server.silence_timeout);
            self.deadline = Some(Instant::now() + last_words);
        }
        Ok(())
    }

    fn tell_split(&mut self, split: Split) {
        self.tell(Event::Reasoning(split.reasoning));
        self.tell(Event::Text(split.text));
    }

    /// Tells what was held back, at the end.
    fn tell_held(&mut self) {
        let split = self.splitter.end();
        self.tell_split(split);
    }

    /// What comes at once is told at once.
    fn tell(&mut self, event: Event) {
        match (self.news.last_mut(), event) {
            (_, Event::Text(more) | Event::Reasoning(more)) if more.is_empty() => {}
            (Some(Event::Text(text)), Event::Text(more))
            | (Some(Event::Reasoning(text)), Event::Reasoning(more)) => text.push_str(&more),
            (_, event) => self.news.push(event),
        }
    }

    /// What to make of an event that is no JSON: a chunk after all, nothing, or an error in plain words.
    fn second_look(&mut self, data: &str) -> Result<(), Trouble> {
        if !data.trim_start().starts_with(['{', '[', '"']) {
            let said = message(data);
            return Err(self.server.trouble(TroubleKind::Reported, &said));
        }
        match Chunk::read(&whole_characters(data)) {
            Ok(chunk) => self.take_chunk(chunk),
            Err(_) => {
                self.unreadable = true;
                Ok(())
            }
        }
    }

    /// What is wrong when the answer has ended, if the reply has not.
    fn cut_off(&mut self) -> Trouble {
        if self.unreadable && !self.readable {
            let said = "nothing readable in the stream";
            return self.server.trouble(TroubleKind::Garbled, said);
        }
        self.finish = self.finish.or(self.done.then_some(Finish::Complete));
        let said = "the stream ended before the reply did";
        self.server.trouble(TroubleKind::CutOff, said)
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
