//! The text of a message as it was typed, or as it came from the model.

use crate::{db::Db, error::Result, ids::MessageId, users::User, with_pool};

impl Db {
    /// Returns the text of the user's message; of a reply that is being made, what the journal has
    /// of it.
    pub(crate) async fn text_of(&self, user: &User, id: MessageId) -> Result<String> {
        let sql = "select m.body || coalesce((
                       select string_agg(p.text, '' order by p.seq) from reply_parts p
                       where p.message_id = m.id and p.kind = 'body'), '')
                   from messages m join chats c on c.id = m.chat_id
                   where m.id = $1 and c.user_id = $2 and m.deleted_at is null";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?))
    }
}
