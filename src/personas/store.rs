//! Personas in the database.

use super::{Persona, Typed};
use crate::{
    db::{Db, readable},
    error::Result,
    ids::PersonaId,
    presets::Preset,
    time::now,
    users::User,
    with_pool, with_tx,
};

/// Most personas of one person.
pub(super) const PERSONAS_LIMIT: i64 = 100;

impl Db {
    /// The user's personas, by name.
    pub(crate) async fn personas(&self, user: &User) -> Result<Vec<Persona>> {
        let sql = "select id, name, greeting, starters, preset
                   from personas where user_id = $1 order by lower(name), id";
        Ok(with_pool!(self.read, db => readable(
            &sqlx::query(sql).bind(user.id).fetch_all(db).await?
        )))
    }

    /// The user's persona. Somebody else's is not found.
    pub(crate) async fn persona(&self, user: &User, id: PersonaId) -> Result<Persona> {
        let sql = "select id, name, greeting, starters, preset
                   from personas where id = $1 and user_id = $2";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?))
    }

    /// Adds a persona. False when the user has as many as one may have.
    pub(super) async fn add_persona(
        &self,
        user: &User,
        typed: &Typed,
        preset: &Preset,
    ) -> Result<bool> {
        let sql = "insert into personas (id, user_id, name, greeting, starters, preset, created_at)
                   select $1, $2, $3, $4, $5, $6, $7
                   where (select count(*) from personas where user_id = $2) < $8";
        let mut tx = self.begin().await?;
        tx.advisory_lock(&user.id.0.to_string()).await?;
        let added = with_tx!(tx, db => sqlx::query(sql)
            .bind(PersonaId::new())
            .bind(user.id)
            .bind(&typed.name)
            .bind(&typed.greeting)
            .bind(&typed.starters)
            .bind(preset.json())
            .bind(now())
            .bind(PERSONAS_LIMIT)
            .execute(db)
            .await?
            .rows_affected());
        tx.commit().await?;
        Ok(added == 1)
    }

    /// Changes a persona that was found to be the user's.
    pub(super) async fn set_persona(
        &self,
        persona: &Persona,
        typed: &Typed,
        preset: &Preset,
    ) -> Result<()> {
        let preset = preset.in_place_of(&persona.preset).json();
        let sql = "update personas set name = $2, greeting = $3, starters = $4, preset = $5
                   where id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(persona.id)
            .bind(&typed.name)
            .bind(&typed.greeting)
            .bind(&typed.starters)
            .bind(preset)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Deletes a persona; the chats that began with it stay as they are.
    pub(super) async fn delete_persona(&self, persona: PersonaId) -> Result<()> {
        let sql = "delete from personas where id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql).bind(persona).execute(db).await?.rows_affected());
        Ok(())
    }
}
