//! The versions of a message: those that follow the same one.

use super::tree::{LEVELS, branch};
use crate::{
    db::Db,
    error::Result,
    ids::{ChatId, MessageId},
    with_pool,
};

/// A message's place among those that follow the same one.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Siblings {
    pub id: MessageId,
    pub place: i64,
    pub count: i64,
    pub previous: Option<MessageId>,
    pub next: Option<MessageId>,
}

/// A message's siblings, where the condition says which those are.
macro_rules! siblings {
    ($same:literal) => {
        concat!(
            "select b.id,
                 (select count(*) from messages s where s.chat_id = $1 and ",
            $same,
            "         and s.id <= b.id and s.deleted_at is null) as place,
                 (select count(*) from messages s where s.chat_id = $1 and ",
            $same,
            "         and s.deleted_at is null) as count,
                 (select s.id from messages s where s.chat_id = $1 and ",
            $same,
            "         and s.id < b.id and s.deleted_at is null order by s.id desc limit 1) as previous,
                 (select s.id from messages s where s.chat_id = $1 and ",
            $same,
            "         and s.id > b.id and s.deleted_at is null order by s.id limit 1) as next
             from branch b where exists (select 1 from messages s where s.chat_id = $1 and ",
            $same,
            "         and s.id <> b.id and s.deleted_at is null)"
        )
    };
}

impl Db {
    /// The places among their siblings of those messages that have any, of the last ones of the
    /// branch that ends here.
    pub(crate) async fn siblings(
        &self,
        chat: ChatId,
        last: MessageId,
        shown: usize,
    ) -> Result<Vec<Siblings>> {
        let sql = branch!(
            siblings!("s.parent_id = b.parent_id"),
            " union all ",
            siblings!("s.parent_id is null"),
            " and b.parent_id is null"
        );
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(chat)
            .bind(last)
            .bind(i64::try_from(shown).unwrap_or(LEVELS))
            .fetch_all(db)
            .await?))
    }
}
