//! A chat's title: the first line of its first message, or what its owner calls it.

use super::rows::Chat;
use crate::{db::Db, error::Result, text::clean_line, with_pool};

/// Most characters of a chat's title.
pub const TITLE_LIMIT: usize = 80;

/// A chat's first title: the first line that says something, not too long.
pub(crate) fn title_from(text: &str) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let line = clean_line(line);
    if line.chars().count() <= TITLE_LIMIT {
        return line;
    }
    let kept: String = line.chars().take(TITLE_LIMIT - 1).collect();
    format!("{}…", kept.trim_end())
}

impl Db {
    /// Gives the chat another title.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rename_chat(&self, chat: &Chat, title: &str) -> Result<()> {
        let sql = "update chats set title = $2, title_by = 'person' where id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(chat.id)
            .bind(title)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }
}
