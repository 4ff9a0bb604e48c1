//! Servers that have models: which one answers, and its replies as a stream of events.

pub(crate) mod api_key;
mod chunk;
mod demo;
pub(crate) mod error;
mod estimate;
mod harmony;
mod headers;
mod history;
mod in_code;
mod marks;
pub(crate) mod model_list;
mod notice;
mod openai;
mod options;
mod parts;
pub(crate) mod probe;
mod reading;
mod reason;
pub(crate) mod response;
mod retry;
mod said;
pub(crate) mod sse;
pub(crate) mod think_tags;
mod transport;
mod unopened;
mod wait;
mod words;

pub use api_key::Secret;
use api_key::Secrets;
use demo::Demo;
pub use error::{ModelError, ModelErrorKind, UnknownKind};
pub use estimate::estimate;
pub use headers::{Headers, HeadersError};
use model_list::for_chats;
pub(crate) use model_list::{NAME_LIMIT, short_name};
use openai::Server;
pub use options::{Options, Parameter};
pub use probe::{Asked, first_choice};
pub use unopened::{unopened, without_thoughts};

use futures_util::{Stream, StreamExt};
use rustls_platform_verifier::ConfigVerifierExt;
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use url::{Host, Url};

/// Base URL of OpenAI's own models.
const OPENAI: &str = "https://api.openai.com/v1";

/// Longest time for a server to list its models, and for an Ollama nearby.
const LIST_PATIENCE: Duration = Duration::from_secs(10);
const OLLAMA_PATIENCE: Duration = Duration::from_secs(1);

/// Time for which an Ollama that was not there is not looked for again.
const OLLAMA_REST: Duration = Duration::from_secs(10);

/// Settings of the model server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The key, if the server wants one.
    pub api_key: Option<Secret>,
    /// Base URL of the API, usually ending in `/v1`. Without it but with a key: OpenAI.
    pub base_url: Option<Url>,
    /// Headers that the server gets with every request.
    pub headers: Headers,
    /// The model to ask; without it the first one for chats that the server lists.
    pub model: Option<String>,
    /// With neither key nor base URL: look for an Ollama at `ollama_url` before the demo model answers.
    pub find_ollama: bool,
    /// Base URL of a possible Ollama.
    pub ollama_url: Url,
    /// Longest time for connecting.
    pub connect_timeout: Duration,
    /// From the request to the first text or reasoning, for each attempt anew.
    pub first_token_timeout: Duration,
    /// The longest time between two lines of an answer, comments included.
    pub silence_timeout: Duration,
    /// Most characters of a conversation that are sent; the oldest turns are left out first.
    pub history_limit: usize,
    /// The longest wait before the first retry; it doubles with each further one.
    pub retry_base: Duration,
    /// The time between two tokens of the demo model; the first one takes ten times as long.
    pub demo_pace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_key: None,
            base_url: None,
            headers: Headers::default(),
            model: None,
            find_ollama: true,
            ollama_url: Url::parse("http://127.0.0.1:11434/v1").expect("it is a URL"),
            connect_timeout: Duration::from_secs(5),
            first_token_timeout: Duration::from_secs(120),
            silence_timeout: Duration::from_secs(90),
            history_limit: 100_000,
            retry_base: Duration::from_millis(500),
            demo_pace: Duration::from_millis(30),
        }
    }
}

/// The reason why models cannot be asked with these settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The base URL cannot be one.
    #[error(
        "the model server's address must begin with http:// or https:// and hold no user name, ? or #"
    )]
    BaseUrl,
    /// The key has characters that cannot be sent.
    #[error("the API key of the model server contains characters that a key cannot have")]
    Key,
    /// The HTTP client could not be made.
    #[error("cannot create an HTTP client for the model server")]
    Client(#[from] reqwest::Error),
    /// The system's certificates could not be read.
    #[error("cannot read the certificates that this system trusts")]
    Certificates(#[from] rustls::Error),
}

/// The author of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A person.
    User,
    /// The model.
    Assistant,
}

/// One message of the conversation that is sent to the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The owner.
    pub role: Role,
    /// Its whole text.
    pub text: String,
}

/// One reply, piece by piece.
pub type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;

/// An event while a model replies.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The request is about to be sent; comes once.
    Started {
        /// The name of the model that is asked.
        model: String,
        /// The oldest turns that were left out because of the history limit.
        dropped: usize,
    },
    /// The request failed and will be sent again; comes only before the first text or reasoning.
    Retrying {
        /// The number of this retry, from 1.
        attempt: u32,
        /// Most retries.
        of: u32,
        /// Wait until it is sent.
        wait: Duration,
        /// The reason why the attempt before failed.
        trouble: ModelErrorKind,
    },
    /// More of the reply's text; never empty.
    Text(String),
    /// More of what the model thinks before it replies; never empty.
    Reasoning(String),
    /// The tokens of the reply, right before its end, if the server tells.
    Usage(Usage),
    /// The last event. The text until here stays, also when it ends in trouble.
    End(Result<Finish, ModelError>),
}

/// Tokens of a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the conversation that was sent.
    pub prompt_tokens: u64,
    /// Those of them that the server had read before.
    pub cached_tokens: u64,
    /// Tokens of the reply, reasoning included.
    pub completion_tokens: u64,
    /// Those of them that were reasoning.
    pub reasoning_tokens: u64,
}

/// The reason why a reply ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The model had said everything.
    Complete,
    /// The reply grew as long as the server allows.
    Length,
    /// A filter of the server stopped it.
    Filtered,
    /// The server broke it off, for want of room or time.
    Cut,
}

/// The source of replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The demo model inside of Damso.
    Demo,
    /// An Ollama that was found.
    Ollama,
    /// The server in the settings.
    Server,
}

/// The model that would reply now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// The source of replies.
    pub source: Source,
    /// The model's name; `None` while the server has not been asked what it has.
    pub model: Option<String>,
}

/// The models that can be asked. Cheap to clone; clones share what they know, and connections.
#[derive(Clone)]
pub struct Models {
    shared: Arc<Shared>,
    http: reqwest::Client,
}

struct Shared {
    settings: Settings,
    /// The certificates that all clients trust: to read the system's takes most of a start.
    tls: rustls::ClientConfig,
    known: Mutex<Known>,
    /// Held while a server is asked what it has, so that many replies ask once; and how that last
    /// failed, and when.
    asking: tokio::sync::Mutex<Option<(Instant, ModelError)>>,
    /// The server's models, for people to choose from.
    listed: model_list::Listed,
    /// The models that know no message before the conversation.
    folded: openai::Folded,
}

/// Facts learned from servers.
#[derive(Default)]
struct Known {
    /// The first model of the server in the settings, or of Ollama.
    model: Option<String>,
    /// The time when an Ollama was last looked for in vain.
    missed: Option<Instant>,
}

impl Known {
    /// Tells whether Ollama need not be looked for.
    fn is_fresh(&self) -> bool {
        let rests = |missed: Instant| missed.elapsed() < OLLAMA_REST;
        self.model.is_some() || self.missed.is_some_and(rests)
    }
}

impl Models {
    /// Models for these settings; nothing is asked yet. The process needs its TLS provider first.
    ///
    /// # Errors
    /// If the base URL or the key cannot be used, or the HTTP client cannot be made.
    pub fn new(mut settings: Settings) -> Result<Self, SettingsError> {
        settings.api_key = settings.api_key.filter(|key| !key.expose().is_empty());
        settings.model = settings
            .model
            .map(|model| model.trim().to_owned())
            .filter(|model| !model.is_empty());
        if let Some(key) = &settings.api_key {
            http::HeaderValue::from_str(key.expose()).map_err(|_| SettingsError::Key)?;
        }
        for url in settings.base_url.iter().chain([&settings.ollama_url]) {
            let plain = url.username().is_empty() && url.password().is_none();
            let bare = url.query().is_none() && url.fragment().is_none();
            if !matches!(url.scheme(), "http" | "https") || !plain || !bare {
                return Err(SettingsError::BaseUrl);
            }
        }
        let tls = tls()?;
        let http = client(&settings, tls.clone())?;
        let shared = Shared {
            settings,
            tls,
            known: Mutex::default(),
            asking: Default::default(),
            listed: Default::default(),
            folded: Default::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            http,
        })
    }

    /// The same models, with connections of their own: each belongs to the runtime in which it was
    /// opened.
    ///
    /// # Errors
    /// If the HTTP client cannot be made.
    pub fn with_own_connections(&self) -> Result<Self, SettingsError> {
        let Shared { settings, tls, .. } = &*self.shared;
        Ok(Self {
            shared: self.shared.clone(),
            http: client(settings, tls.clone())?,
        })
    }

    /// Asks the server once what it has and logs what came of it. Nothing that goes wrong here is
    /// final: replies ask again.
    pub async fn look(&self) {
        if !self.configured() {
            if let Some((server, model)) = self.ollama().await {
                tracing::info!(model, server = server.base, "found Ollama");
            } else {
                tracing::info!("no model server configured: using the demo model");
            }
            return;
        }
        let server = self.configured_server();
        let wanted = self.shared.settings.model.as_deref();
        match server.models(LIST_PATIENCE).await {
            Err(trouble) => {
                tracing::warn!(%trouble, server = server.base, "could not list the model server's models")
            }
            Ok(list) => match (wanted, for_chats(&list)) {
                (Some(model), _) if list.iter().any(|name| name == model) => {
                    tracing::info!(model, server = server.base, "connected to the model server");
                }
                (Some(model), _) => {
                    tracing::warn!(
                        model,
                        server = server.base,
                        "the model server does not list this model"
                    );
                }
                (None, Some(model)) => {
                    tracing::info!(
                        model,
                        server = server.base,
                        "connected to the model server; OPENAI_MODEL is not set, using its first model"
                    );
                    self.known().model = Some(model.to_owned());
                }
                (None, None) => {
                    tracing::warn!(server = server.base, "the model server has no models")
                }
            },
        }
    }

    /// Returns the model that would reply as far as is known, without asking anybody.
    pub fn now(&self) -> Current {
        let known = self.known().model.clone();
        match (self.configured(), known) {
            (true, known) => Current {
                source: Source::Server,
                model: self.shared.settings.model.clone().or(known),
            },
            (false, Some(model)) => Current {
                source: Source::Ollama,
                model: Some(model),
            },
            (false, None) => Current {
                source: Source::Demo,
                model: Some(demo::NAME.to_owned()),
            },
        }
    }

    /// A reply to the last of the turns, which come oldest first. It ends with exactly one
    /// [`Event::End`]. Nothing happens until it is read; dropping it ends the request at once.
    pub fn reply(&self, turns: Vec<Turn>) -> Events {
        self.reply_with(turns, Options::default())
    }

    /// The same, as it was asked for.
    pub fn reply_with(&self, turns: Vec<Turn>, options: Options) -> Events {
        let models = self.clone();
        Box::pin(async_stream::stream! {
            let settings = &models.shared.settings;
            let limit = settings.history_limit.saturating_sub(options.length());
            let (turns, dropped) = history::newest(turns, limit);
            let turns = history::in_turn(turns);
            let dropped = dropped + options.before;
            let options = Arc::new(options);
            let turns: Arc<[Turn]> = turns.into();
            let mut started = false;
            let mut retries = 0;
            loop {
                let mut touched = false;
                let trouble = match models.choose(options.model.as_deref()).await {
                    Err(trouble) => trouble,
                    Ok((server, model)) => {
                        if !started {
                            started = true;
                            yield Event::Started { model: model.clone(), dropped };
                        }
                        let mut events = Box::pin(server.reply(model, turns.clone(), options.clone()));
                        loop {
                            match events.next().await {
                                Some(Event::End(Err(trouble))) => break trouble,
                                Some(event @ Event::End(Ok(_))) => {
                                    yield event;
                                    return;
                                }
                                Some(event) => {
                                    touched |= matches!(event, Event::Text(_) | Event::Reasoning(_));
                                    yield event;
                                }
                                None => break ModelError::new(ModelErrorKind::CutOff, "no end", &Secrets::default()),
                            }
                        }
                    }
                };
                retries += 1;
                let wait = if touched { None } else { retry::wait(&trouble, retries, settings.retry_base) };
                let Some(wait) = wait else {
                    models.forget(trouble.kind());
                    yield Event::End(Err(trouble));
                    return;
                };
                tracing::debug!(%trouble, ?wait, "retrying a request to the model server");
                yield Event::Retrying { attempt: retries, of: retry::RETRIES, wait, trouble: trouble.kind() };
                tokio::time::sleep(wait).await;
            }
        })
    }

    /// The server that is to answer, and its model. Asks servers only for what is not known yet.
    async fn choose(&self, asked: Option<&str>) -> Result<(Server, String), ModelError> {
        if !self.configured() {
            let Some((server, model)) = self.ollama().await else {
                return Ok((self.demo(), demo::NAME.to_owned()));
            };
            return Ok((server, asked.map_or(model, str::to_owned)));
        }
        let server = self.configured_server();
        if let Some(model) = asked {
            return Ok((server, model.to_owned()));
        }
        if let Some(model) = self.now().model {
            return Ok((server, model));
        }
        let began = Instant::now();
        let mut failed = self.shared.asking.lock().await;
        // Another reply may have asked meanwhile, and its answer, or that there was none, is ours too:
        // else many would wait for a silent server one after the other.
        if let Some(model) = self.now().model {
            return Ok((server, model));
        }
        if let Some((_, trouble)) = failed.as_ref().filter(|(at, _)| *at > began) {
            return Err(trouble.clone());
        }
        let patience = LIST_PATIENCE.min(self.shared.settings.first_token_timeout);
        let list = server.models(patience).await.inspect_err(|trouble| {
            *failed = Some((Instant::now(), trouble.clone()));
        })?;
        let Some(model) = for_chats(&list).map(str::to_owned) else {
            let said = "the server has no models";
            return Err(server.trouble(ModelErrorKind::UnknownModel, said));
        };
        self.known().model = Some(model.clone());
        Ok((server, model))
    }

    /// The Ollama nearby and its model, if it is there and has any.
    async fn ollama(&self) -> Option<(Server, String)> {
        let settings = &self.shared.settings;
        if !settings.find_ollama {
            return None;
        }
        let server = self.ollama_server();
        if !self.known().is_fresh() {
            let _asking = self.shared.asking.lock().await;
            // Another reply may have looked meanwhile.
            if !self.known().is_fresh() {
                let list = server.models(OLLAMA_PATIENCE).await.unwrap_or_default();
                let wanted = settings.model.clone().filter(|model| list.contains(model));
                let model = wanted.or_else(|| for_chats(&list).map(str::to_owned));
                let missed = model.is_none().then(Instant::now);
                *self.known() = Known { model, missed };
            }
        }
        let model = self.known().model.clone()?;
        Some((server, model))
    }

    /// Forgets what was learned from a server, which may be wrong once it is gone, or its model is.
    fn forget(&self, kind: ModelErrorKind) {
        let gone = kind == ModelErrorKind::Unreachable && !self.configured();
        if gone || kind == ModelErrorKind::UnknownModel {
            *self.known() = Known::default();
        }
    }

    fn configured(&self) -> bool {
        self.shared.settings.api_key.is_some() || self.shared.settings.base_url.is_some()
    }

    fn configured_server(&self) -> Server {
        let settings = &self.shared.settings;
        let openai = Url::parse(OPENAI).expect("it is a URL");
        self.server(
            settings.base_url.as_ref().unwrap_or(&openai),
            settings.api_key.clone().unwrap_or_default(),
            settings.headers.clone(),
        )
    }

    fn ollama_server(&self) -> Server {
        let none = (Secret::default(), Headers::default());
        self.server(&self.shared.settings.ollama_url, none.0, none.1)
    }

    fn server(&self, base: &Url, key: Secret, headers: Headers) -> Server {
        let keys = std::iter::once(key.clone()).filter(|key| !key.expose().is_empty());
        Server {
            http: self.http.clone(),
            demo: None,
            base: base.as_str().trim_end_matches('/').to_owned(),
            secrets: keys.chain(headers.secrets()).collect(),
            key,
            headers,
            folded: self.shared.folded.clone(),
            first_token_timeout: self.shared.settings.first_token_timeout,
            silence_timeout: self.shared.settings.silence_timeout,
        }
    }

    fn demo(&self) -> Server {
        let nowhere = Url::parse("http://demo.invalid/v1").expect("it is a URL");
        let demo = Demo {
            pace: self.shared.settings.demo_pace,
        };
        Server {
            demo: Some(demo),
            ..self.server(&nowhere, Secret::default(), Headers::default())
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.shared
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// TLS as servers of HTTP expect it, with the certificates that this system trusts.
fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let mut tls = rustls::ClientConfig::with_platform_verifier()?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

fn client(settings: &Settings, tls: rustls::ClientConfig) -> reqwest::Result<reqwest::Client> {
    let mut http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(settings.connect_timeout)
        // A redirect would take the key and the conversation to where nobody meant to send them.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("damso/", env!("CARGO_PKG_VERSION")));
    let configured = settings.api_key.is_some() || settings.base_url.is_some();
    let local = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    // No proxy leads to this very computer. And where there is to be none at all, reqwest 0.13.5 would
    // still send what goes to an address, not a name, through one.
    let no_proxy = ["NO_PROXY", "no_proxy"].map(|name| std::env::var(name).unwrap_or_default());
    let never = no_proxy
        .iter()
        .any(|names| names.split(',').any(|name| name.trim() == "*"));
    if never || settings.base_url.as_ref().map_or(!configured, local) {
        http = http.no_proxy();
    }
    http.build()
}
