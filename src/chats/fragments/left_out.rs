//! The part of a long chat that the model was not sent, told where the rest begins.

use crate::{
    App,
    db::Db,
    error::Result,
    ids::{ChatId, MessageId},
    messages::{
        rows::{Message, Role},
        window::Window,
    },
    time::grouped,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};

/// Says how many messages were left out, above the first that was sent for the branch's last reply.
#[derive(Template)]
#[template(path = "fragments/left_out.html")]
pub(crate) struct LeftOut {
    /// The first message that was sent.
    pub before: MessageId,
    sentence: String,
}

impl HtmlSafe for LeftOut {}

impl LeftOut {
    /// Of the branch that ends with this message.
    pub(crate) async fn of(
        db: &Db,
        view: &View,
        chat: ChatId,
        last: &Message,
    ) -> Result<Option<Self>> {
        if last.role != Role::Assistant || last.dropped <= 0 {
            return Ok(None);
        }
        let before = db.nth_of_branch(chat, last.id, last.dropped).await?;
        Ok(before.map(|before| Self {
            before,
            ..Self::sample(view, last.dropped)
        }))
    }

    /// So many, wherever.
    pub(crate) fn sample(view: &View, count: i64) -> Self {
        Self {
            before: MessageId::new(),
            sentence: view.t.reply_dropped(count, grouped(count)),
        }
    }
}

impl Window {
    /// Finds what the model was not sent of the branch for its last reply.
    pub(crate) async fn left_out(
        &self,
        app: &App,
        view: &View,
        chat: ChatId,
    ) -> Result<Option<LeftOut>> {
        match (self.messages.last(), self.leaf) {
            (Some(last), Some(leaf)) if last.id == leaf => {
                LeftOut::of(&app.db, view, chat, last).await
            }
            (_, Some(leaf)) => {
                let last = app.db.message(leaf).await?;
                LeftOut::of(&app.db, view, chat, &last).await
            }
            (_, None) => Ok(None),
        }
    }
}
