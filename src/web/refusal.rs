//! Refusals of a message or a reply, in words and with what was typed.

use super::{errors::Notice, view::View};
use crate::error::{NotWritten, Refusal};
use axum::{http::StatusCode, response::Response};

impl Refusal {
    /// Returns the sentence for whoever has typed something, or only pressed a button.
    pub(crate) fn sentence(self, view: &View, typed: bool) -> String {
        match self {
            Self::TooManyRunning if !typed => view.t.reply_too_many_running(),
            Self::Ending if !typed => view.t.reply_ending(),
            Self::TooManyRunning => view.t.composer_too_many_running(),
            Self::StillReplying => view.t.composer_still_replying(),
            Self::GoneOn => view.t.composer_gone_on(),
            Self::KeyUsed if typed => view.t.composer_key_used(),
            Self::KeyUsed => view.t.error_bad_request(),
            Self::Ending => view.t.composer_ending(),
            Self::NotWritten(why) if !typed => why.sentence(view.t),
            Self::NotWritten(NotWritten::NoRoom) => view.t.composer_no_room(),
            Self::NotWritten(_) => view.t.composer_not_written(),
            Self::TooFast(seconds) => view.t.composer_too_fast(seconds),
        }
    }

    /// The notice of it. What keeps it from being taken is mostly over when a reply has ended.
    pub(crate) fn notice(self, view: &View, typed: bool) -> Notice {
        Notice {
            passes: !matches!(self, Self::GoneOn | Self::KeyUsed),
            ..notice(self.sentence(view, typed))
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::GoneOn => StatusCode::CONFLICT,
            Self::Ending | Self::NotWritten(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooFast(_) => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

/// A notice beside what was typed, for htmx.
pub(crate) fn problem(sentence: String) -> Response {
    notice(sentence).for_htmx(StatusCode::UNPROCESSABLE_ENTITY)
}

pub(crate) fn notice(sentence: String) -> Notice {
    Notice {
        sentence,
        link: None,
        passes: false,
    }
}
