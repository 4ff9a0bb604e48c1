//! The part of a long chat that the model was not sent, told where the rest begins.

use crate::{
    db::Db,
    error::Result,
    messages::{
        rows::{ChatId, Message, MessageId, Role},
        tree::{LEVELS, branch},
    },
    time::grouped,
    web::view::View,
    with_pool,
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

impl Db {
    /// The message of a branch that has so many before it.
    async fn nth_of_branch(
        &self,
        chat: ChatId,
        last: MessageId,
        before: i64,
    ) -> Result<Option<MessageId>> {
        let sql = branch!("select id from branch order by depth desc limit 1 offset $4");
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(last)
            .bind(LEVELS)
            .bind(before)
            .fetch_optional(db)
            .await?))
    }
}
