//! Refusals of a message or a reply, in words and with what was typed.

use super::htmx_answers::{Created, IN_ITS_PLACE};
use crate::{
    App,
    auth::user::User,
    chats::pages::chat::ChatPage,
    error::{Error, NotWritten, Notice, Result},
    messages::rows::{Chat, MessageId},
    web::view::View,
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// The reason why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The person has as many replies running and waiting as they may have.
    TooManyRunning,
    /// The chat's last reply is still being written.
    StillReplying,
    /// The chat has gone on since the page was made that this came from.
    GoneOn,
    /// The key of this form was used before, for something else.
    KeyUsed,
    /// The server is about to end.
    Ending,
    /// The database takes nothing at the moment.
    NotWritten(NotWritten),
    /// The person has sent much in a short time; so many seconds are to be waited.
    TooFast(u64),
}

impl NotTaken {
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

/// A refusal.
pub(crate) struct Refused {
    pub status: StatusCode,
    /// The reason.
    pub notice: Notice,
    /// The typed text, which is kept.
    pub text: String,
}

impl Refused {
    /// That nothing was taken, or begun by a button.
    pub(crate) fn by(reason: NotTaken, view: &View, text: String) -> Self {
        Self {
            status: reason.status(),
            notice: reason.notice(view, !text.is_empty()),
            text,
        }
    }

    /// Says so: for htmx beside what was typed, else on the branch through this message.
    pub(crate) async fn shown(
        self,
        app: &App,
        view: View,
        user: &User,
        chat: Chat,
        through: Option<MessageId>,
    ) -> Result<Response> {
        let status = self.status;
        if view.htmx {
            // The text is still in the box.
            return Ok(self.notice.for_htmx(status));
        }
        let page = self.page(app, view, user, chat, through).await?;
        Ok((status, page).into_response())
    }

    async fn page(
        self,
        app: &App,
        view: View,
        user: &User,
        chat: Chat,
        through: Option<MessageId>,
    ) -> Result<ChatPage> {
        // It may have gone on since.
        let chat = app.db.chat(user, chat.id).await?;
        let leaf = match through {
            Some(message) => app.db.leaf_through(&chat, message).await,
            None => Err(Error::NotFound),
        };
        let leaf = match leaf {
            Ok(leaf) => Some(leaf),
            // It was deleted meanwhile.
            Err(Error::NotFound) => chat.leaf,
            Err(error) => return Err(error),
        };
        let window = app.db.window(chat.id, leaf).await?;
        let mut page = ChatPage::of(app, view, user, chat, window, self.text).await?;
        page.conversation.composer.notice = Some(self.notice);
        Ok(page)
    }
}

/// Does not take a message, or does not go on with a reply, and says why, on the branch through this
/// message. What was typed is kept.
pub(crate) async fn refuse(
    app: &App,
    view: View,
    user: &User,
    chat: Chat,
    through: Option<MessageId>,
    text: String,
    reason: NotTaken,
) -> Result<Response> {
    let refused = Refused::by(reason, &view, text);
    if !view.htmx || reason != NotTaken::GoneOn {
        return refused.shown(app, view, user, chat, through).await;
    }
    // The chat as it is now, with the text in its box.
    let status = refused.status;
    let page = refused.page(app, view, user, chat, through).await?;
    Ok((status, IN_ITS_PLACE, Created::from(page)).into_response())
}
