//! A message that was not taken, shown with its text and the reason.

use super::{
    chat::ChatPage,
    htmx_answers::{Created, IN_ITS_PLACE},
};
use crate::{
    App,
    error::{Error, Refusal, Result},
    ids::MessageId,
    messages::rows::Chat,
    users::User,
    web::{errors::Notice, view::View},
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

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
    pub(crate) fn by(reason: Refusal, view: &View, text: String) -> Self {
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
    reason: Refusal,
) -> Result<Response> {
    let refused = Refused::by(reason, &view, text);
    if !view.htmx || reason != Refusal::GoneOn {
        return refused.shown(app, view, user, chat, through).await;
    }
    // The chat as it is now, with the text in its box.
    let status = refused.status;
    let page = refused.page(app, view, user, chat, through).await?;
    Ok((status, IN_ITS_PLACE, Created::from(page)).into_response())
}
