//! The keys of what people have: of themselves, their chats, messages and personas.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use uuid::Uuid;

/// The key of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
pub struct UserId(pub Uuid);

/// Declares the key of a table. In an address, what is no key is the key of nothing.
macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new key, later than all before it.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        // A page of a chat has hundreds of keys, and there is nothing to escape in them.
        impl askama::filters::HtmlSafe for $name {}

        impl askama::FastWritable for $name {
            fn write_into(
                &self,
                dest: &mut dyn fmt::Write,
                _: &dyn askama::Values,
            ) -> askama::Result<()> {
                let mut digits = Uuid::encode_buffer();
                Ok(dest.write_str(self.0.hyphenated().encode_lower(&mut digits))?)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                Ok(Self(Uuid::try_parse(&text).unwrap_or_default()))
            }
        }
    };
}

key! {
    /// The key of a chat.
    ChatId
}
key! {
    /// The key of a message, a person's or the model's.
    MessageId
}
key! {
    /// The key of a persona.
    PersonaId
}
