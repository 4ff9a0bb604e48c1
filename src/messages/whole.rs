//! The keys of a whole branch.

use super::tree::{LEVELS, branch};
use crate::{
    db::Db,
    error::Result,
    ids::{ChatId, MessageId},
    with_pool,
};

impl Db {
    /// The messages of the branch that ends here, from the earliest.
    pub(crate) async fn branch_ids(
        &self,
        chat: ChatId,
        leaf: Option<MessageId>,
    ) -> Result<Vec<MessageId>> {
        let sql = branch!("select id from branch order by depth desc");
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(chat)
            .bind(leaf)
            .bind(LEVELS)
            .fetch_all(db)
            .await?))
    }
}
