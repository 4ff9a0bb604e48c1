//! The end of a reply in words, and what can be done about it.

use super::reply_info::Facts;
use crate::{
    i18n::Texts,
    ids::MessageId,
    messages::rows::{Message, MessageState},
    models::{ModelErrorKind, Parameter},
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};

/// The end of a reply, below its text: what happened, and another try where that makes sense.
#[derive(Template)]
#[template(path = "fragments/ending.html")]
pub(crate) struct Ending {
    view: View,
    pub sentence: Option<String>,
    /// The server's own words, for an administrator.
    said: Option<String>,
    pub retry: Option<MessageId>,
    /// True if it can also be carried on from its text.
    can_continue: bool,
    /// The facts about how it was made.
    pub(crate) facts: Option<Facts>,
}

impl HtmlSafe for Ending {}

impl Ending {
    /// A key for another attempt.
    fn token(&self) -> MessageId {
        MessageId::new()
    }

    pub(crate) fn of(message: &Message, view: &View) -> Self {
        use MessageState::{Complete, Failed, Interrupted, Queued, Stopped, Streaming};
        let (t, state) = (view.t, message.state);
        let problem = message.problem.as_deref();
        let is_empty = message.body.trim().is_empty() && message.reasoning.trim().is_empty();
        let sentence = match (state, problem) {
            (Stopped, _) if is_empty => Some(t.reply_stopped_early()),
            (Interrupted, _) if is_empty => Some(t.reply_interrupted_early()),
            (Failed, Some("cut_off")) if is_empty => Some(t.reply_cut_off_early()),
            (Stopped, _) => Some(t.reply_stopped()),
            (Interrupted, _) => Some(t.reply_interrupted()),
            (Failed, code) => Some(failure(t, code.and_then(|code| code.parse().ok()))),
            (Complete, Some("length")) => Some(t.reply_length()),
            (Complete, Some("filtered")) => Some(t.reply_filtered()),
            (Complete, Some("cut_short")) => Some(t.reply_cut_short()),
            (Complete | Queued | Streaming, _) => None,
        };
        let is_admin = view.user.as_ref().is_some_and(|user| user.is_admin());
        let said = message
            .said
            .as_deref()
            .filter(|_| is_admin && state == Failed);
        let can_continue = message.can_continue();
        let again = can_continue || matches!(state, Failed | Interrupted | Stopped);
        let retry = again.then_some(message.id);
        Self {
            view: view.clone(),
            sentence,
            said: said.map(|said| t.reply_said(said)),
            retry,
            can_continue,
            facts: Facts::of(message, view),
        }
    }
}

/// Tells why a reply failed, and what to do.
fn failure(t: &Texts, kind: Option<ModelErrorKind>) -> String {
    let Some(kind) = kind else {
        return t.reply_failed();
    };
    match kind {
        ModelErrorKind::WrongKey => t.reply_wrong_key(),
        ModelErrorKind::UnknownModel => t.reply_unknown_model(),
        ModelErrorKind::TooLong => t.reply_too_long(),
        ModelErrorKind::RateLimited => t.reply_rate_limited(),
        ModelErrorKind::NoCredit => t.reply_no_credit(),
        ModelErrorKind::Moderated => t.reply_moderated(),
        ModelErrorKind::Region => t.reply_region(),
        ModelErrorKind::Blocked => t.reply_blocked(),
        ModelErrorKind::Unreachable => t.reply_unreachable(),
        ModelErrorKind::Overloaded => t.reply_overloaded(),
        ModelErrorKind::Silent => t.reply_silent(),
        ModelErrorKind::CutOff => t.reply_cut_off(),
        ModelErrorKind::TooLarge => t.reply_too_large(),
        ModelErrorKind::Refused => t.reply_refused(),
        ModelErrorKind::Garbled => t.reply_garbled(),
        ModelErrorKind::Reported => t.reply_reported(),
        ModelErrorKind::Empty => t.reply_empty(),
        ModelErrorKind::OnlyThoughts => t.reply_only_thoughts(),
        ModelErrorKind::EndlessThoughts => t.reply_endless_thoughts(),
        ModelErrorKind::OnlyToolCall => t.reply_only_tool_call(),
        ModelErrorKind::OnlyMedia => t.reply_only_media(),
        ModelErrorKind::Rejects(Parameter::Temperature) => t.reply_rejects_temperature(),
        ModelErrorKind::Rejects(Parameter::TopP) => t.reply_rejects_top_p(),
        ModelErrorKind::Rejects(Parameter::MaxTokens) => t.reply_rejects_max_tokens(),
        ModelErrorKind::Rejects(Parameter::Effort) => t.reply_rejects_effort(),
    }
}
