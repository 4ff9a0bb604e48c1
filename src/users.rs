//! `User`: somebody who has an account.

use crate::{
    appearance::{Appearance, COMPOSER},
    i18n::Lang,
    ids::UserId,
};

/// The rights of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum UserRole {
    /// To do with what is their own.
    Member,
    /// Change what concerns everybody, too.
    Administrator,
}

/// Somebody who is signed in. As an argument of a handler it lets nobody else in.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct User {
    /// The key, for looking up what is theirs.
    pub id: UserId,
    /// The name they chose.
    pub name: String,
    /// Their rights.
    pub role: UserRole,
    language: Option<String>,
    #[sqlx(flatten)]
    appearance: Appearance,
    composer: Option<String>,
    time_zone: Option<String>,
    pub(crate) created_at: i64,
}

impl User {
    /// Tells whether they may change what concerns everybody.
    pub fn is_admin(&self) -> bool {
        self.role == UserRole::Administrator
    }

    /// The language they chose for their account.
    pub(crate) fn language(&self) -> Option<Lang> {
        self.language.as_deref().and_then(Lang::for_tag)
    }

    /// Returns the appearance of pages that they chose.
    pub(crate) fn appearance(&self) -> &Appearance {
        &self.appearance
    }

    /// Returns the way in which they send a message: one of the words of [`COMPOSER`].
    pub(crate) fn composer(&self) -> &'static str {
        COMPOSER.word(self.composer.as_deref())
    }

    /// The name of the time zone they chose.
    pub(crate) fn time_zone(&self) -> Option<&str> {
        self.time_zone.as_deref()
    }
}
