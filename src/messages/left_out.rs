//! The first message of a branch that a model was sent.

use super::tree::{LEVELS, branch};
use crate::{
    db::Db,
    error::Result,
    ids::{ChatId, MessageId},
    with_pool,
};

impl Db {
    /// The message of a branch that has so many before it.
    pub(crate) async fn nth_of_branch(
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
