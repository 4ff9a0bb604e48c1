//! Chats and messages as they are stored.

use crate::{
    ids::{ChatId, MessageId},
    models,
    presets::Preset,
    users::User,
};
use sha2::{Digest, Sha256};

impl MessageId {
    /// Another key, as old as this one and always the same, for this text of this person.
    pub(crate) fn for_text(self, user: &User, text: &str) -> Self {
        let mut hash = Sha256::new_with_prefix(self.0);
        hash.update(user.id.0);
        hash.update(text);
        let hash = hash.finalize();
        let mut bytes = *self.0.as_bytes();
        bytes[6..].copy_from_slice(&hash[6..16]);
        let key = uuid::Builder::from_bytes(bytes);
        let key = key.with_version(uuid::Version::SortRand);
        Self(key.with_variant(uuid::Variant::RFC4122).into_uuid())
    }
}

/// The columns of a [`Chat`] `c`.
macro_rules! chat_columns {
    () => {
        "c.id, c.title, c.leaf, c.preset, c.persona, c.title_by"
    };
}
pub(crate) use chat_columns;

/// The columns of a [`Message`] `m`.
macro_rules! message_columns {
    () => {
        "m.id, m.parent_id, m.role, m.body, m.reasoning, m.state, m.problem, m.said, m.model, m.dropped,
         m.created_at, m.prompt_tokens, m.completion_tokens, m.is_estimate, m.written_in,
         m.ended_at"
    };
}
pub(crate) use message_columns;

/// A chat as the list and its own page show it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Chat {
    /// The key.
    pub id: ChatId,
    /// The first line of the first message, or what its owner called it.
    #[sqlx(try_from = "crate::db::Legible")]
    pub title: String,
    /// The message at the end of the branch that is shown.
    pub leaf: Option<MessageId>,
    /// The settings of its replies.
    #[sqlx(try_from = "crate::db::Legible")]
    pub preset: Preset,
    /// The name of the persona with which it began.
    #[sqlx(try_from = "crate::db::MaybeLegible")]
    pub persona: Option<String>,
    /// The origin of the title: `line`, `asked`, `model` or `person`.
    #[sqlx(try_from = "crate::db::Legible")]
    pub title_by: String,
}

impl Chat {
    /// Tells whether the model may be making a title.
    pub fn awaits_title(&self) -> bool {
        matches!(self.title_by.as_str(), "line" | "asked")
    }
}

/// The author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Role {
    /// A person.
    User,
    /// The model.
    Assistant,
}

/// The state of a message; `replies::lifecycle` says how it gets there. A person's message is
/// complete from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum MessageState {
    /// The reply waits in line until it is its turn.
    Queued,
    /// It is being made.
    Streaming,
    /// It came to its end.
    Complete,
    /// A person stopped it.
    Stopped,
    /// The server that made it went down.
    Interrupted,
    /// It could not be had, or broke off.
    Failed,
}

impl MessageState {
    /// Tells whether a reply in this state is being made.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Queued | Self::Streaming)
    }
}

/// A message as it is stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Message {
    /// The key.
    pub id: MessageId,
    /// The message it answers or follows.
    pub parent_id: Option<MessageId>,
    /// The author.
    pub role: Role,
    /// A person's text as typed, or a reply's Markdown.
    #[sqlx(try_from = "crate::db::Legible")]
    pub body: String,
    /// The model's thoughts before its reply.
    #[sqlx(try_from = "crate::db::Legible")]
    pub reasoning: String,
    /// The place where it is set.
    pub state: MessageState,
    /// The reason why a reply failed or ended early: a `ModelErrorKind`, `length`, `filtered` or
    /// `cut_short`.
    #[sqlx(try_from = "crate::db::MaybeLegible")]
    pub problem: Option<String>,
    /// The model server's words about that, for administrators.
    pub said: Option<String>,
    /// The model that replied.
    #[sqlx(try_from = "crate::db::MaybeLegible")]
    pub model: Option<String>,
    /// Earlier messages that were left out of what the model was sent.
    pub dropped: i64,
    /// The time when it was sent, or begun.
    pub created_at: i64,
    /// The facts that are told below a reply.
    #[sqlx(flatten)]
    pub made: Made,
}

/// Facts about the making of a reply.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub struct Made {
    /// Tokens of the conversation that was sent.
    pub prompt_tokens: Option<i64>,
    /// Tokens of the reply.
    pub completion_tokens: Option<i64>,
    /// The server told none: they are estimates.
    pub is_estimate: bool,
    /// Microseconds from its first token to its end.
    pub written_in: Option<i64>,
    /// The time when it ended.
    pub ended_at: Option<i64>,
}

impl Message {
    /// Tells whether there is something to carry on from: text of a reply that ended before its
    /// end.
    pub fn can_continue(&self) -> bool {
        use MessageState::{Complete, Failed, Interrupted, Stopped};
        let cut = match self.state {
            Stopped | Interrupted | Failed => true,
            Complete => matches!(self.problem.as_deref(), Some("length" | "cut_short")),
            _ => false,
        };
        cut && self.role == Role::Assistant && !self.body.trim().is_empty()
    }
}

impl From<&Message> for models::Turn {
    fn from(message: &Message) -> Self {
        let role = match message.role {
            Role::User => models::Role::User,
            Role::Assistant => models::Role::Assistant,
        };
        Self {
            role,
            text: message.body.clone(),
        }
    }
}
