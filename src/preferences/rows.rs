//! Preferences in the database.

use crate::{appearance::Appearance, db::Db, error::Result, ids::UserId, with_pool};

impl Db {
    /// Keeps what a user chose of how the pages look; the rest stays as it is.
    pub(crate) async fn set_look(&self, user: UserId, look: &Appearance) -> Result<()> {
        let sql = "update users
                   set theme = coalesce($2, theme), text_size = coalesce($3, text_size),
                       density = coalesce($4, density)
                   where id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(user)
            .bind(&look.theme)
            .bind(&look.text_size)
            .bind(&look.density)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Keeps how a user wants to send messages.
    pub(crate) async fn set_composer(&self, user: UserId, composer: &str) -> Result<()> {
        let sql = "update users set composer = $2 where id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(user)
            .bind(composer)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }
}
