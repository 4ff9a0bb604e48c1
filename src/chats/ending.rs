//! How a reply ended, in words, and what can be done about it.

use super::{Message, MessageId, MessageState, facts::Facts};
use crate::{
    i18n::Texts,
    models::{Parameter, TroubleKind},
    view::View,
};
use askama::{Template, filters::HtmlSafe};

/// How a reply ended, below its text: what happened, and another try where that makes sense.
#[derive(Template)]
#[template(path = "fragments/ending.html")]
pub(super) struct Ending {
    view: View,
    /// That earlier messages were left out of what the model was sent.
    dropped: Option<String>,
    pub sentence: Option<String>,
    pub retry: Option<MessageId>,
    /// Whether it can also be carried on from its text.
    can_continue: bool,
    /// How it was made.
    pub(super) facts: Option<Facts>,
}

impl HtmlSafe for Ending {}

impl Ending {
    /// A key for another attempt.
    fn token(&self) -> MessageId {
        MessageId::new()
    }

    pub(super) fn of(message: &Message, view: &View) -> Self {
        use MessageState::{Complete, Failed, Interrupted, Queued, Stopped, Streaming};
        let (t, state) = (view.t, message.state);
        let problem = message.problem.as_deref();
        let sentence = match (state, problem) {
            (Stopped, _) => Some(t.reply_stopped()),
            (Interrupted, _) => Some(t.reply_interrupted()),
            (Failed, code) => Some(failure(t, code.and_then(|code| code.parse().ok()))),
            (Complete, Some("length")) => Some(t.reply_length()),
            (Complete, Some("filtered")) => Some(t.reply_filtered()),
            (Complete | Queued | Streaming, _) => None,
        };
        let can_continue = message.can_continue();
        let again = can_continue || matches!(state, Failed | Interrupted | Stopped);
        let retry = again.then_some(message.id);
        let dropped = (message.dropped > 0).then(|| t.reply_dropped(message.dropped));
        Self {
            view: view.clone(),
            dropped,
            sentence,
            retry,
            can_continue,
            facts: Facts::of(message, view),
        }
    }
}

/// Why a reply failed, and what to do.
fn failure(t: &Texts, kind: Option<TroubleKind>) -> String {
    let Some(kind) = kind else {
        return t.reply_failed();
    };
    match kind {
        TroubleKind::WrongKey => t.reply_wrong_key(),
        TroubleKind::UnknownModel => t.reply_unknown_model(),
        TroubleKind::TooLong => t.reply_too_long(),
        TroubleKind::RateLimited => t.reply_rate_limited(),
        TroubleKind::Unreachable => t.reply_unreachable(),
        TroubleKind::Overloaded => t.reply_overloaded(),
        TroubleKind::Silent => t.reply_silent(),
        TroubleKind::CutOff => t.reply_cut_off(),
        TroubleKind::TooLarge => t.reply_too_large(),
        TroubleKind::Refused => t.reply_refused(),
        TroubleKind::Garbled => t.reply_garbled(),
        TroubleKind::Reported => t.reply_reported(),
        TroubleKind::Rejects(Parameter::Temperature) => t.reply_rejects_temperature(),
        TroubleKind::Rejects(Parameter::TopP) => t.reply_rejects_top_p(),
        TroubleKind::Rejects(Parameter::MaxTokens) => t.reply_rejects_max_tokens(),
        TroubleKind::Rejects(Parameter::Effort) => t.reply_rejects_effort(),
    }
}
