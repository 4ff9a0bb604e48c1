//! The columns of all tables, for what treats them alike: moving from one database to another.

/// A table, as it is in every kind of database.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Number of its columns, from the first, that are its key.
    pub key: usize,
    /// Its columns, those of the key first.
    pub columns: &'static [(&'static str, Type)],
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A key.
    Uuid,
    /// Text.
    Text,
    /// A number or a time.
    Number,
    /// Yes or no.
    Flag,
    /// Bytes.
    Bytes,
}

use Type::{Bytes, Flag, Number, Text, Uuid};

/// Everything that belongs to people. What others refer to comes before them.
pub static TABLES: [Table; 9] = [
    Table {
        name: "users",
        key: 1,
        columns: &[
            ("id", Uuid),
            ("name", Text),
            ("name_key", Text),
            ("password_hash", Text),
            ("language", Text),
            ("created_at", Number),
            ("served_at", Number),
            ("theme", Text),
            ("text_size", Text),
            ("density", Text),
            ("composer", Text),
            ("time_zone", Text),
            ("password_no", Number),
            ("deleted_at", Number),
            ("role", Text),
        ],
    },
    Table {
        name: "sessions",
        key: 1,
        columns: &[
            ("key_hash", Bytes),
            ("user_id", Uuid),
            ("data", Text),
            ("expires_at", Number),
            ("password_no", Number),
            ("user_agent", Text),
            ("created_at", Number),
            ("seen_at", Number),
        ],
    },
    Table {
        name: "devices",
        key: 2,
        columns: &[
            ("token_hash", Bytes),
            ("user_id", Uuid),
            ("created_at", Number),
        ],
    },
    Table {
        name: "chats",
        key: 1,
        columns: &[
            ("id", Uuid),
            ("user_id", Uuid),
            ("title", Text),
            ("leaf", Uuid),
            ("created_at", Number),
            ("active_at", Number),
            ("preset", Text),
            ("persona", Text),
            ("title_by", Text),
        ],
    },
    Table {
        name: "messages",
        key: 1,
        columns: &[
            ("id", Uuid),
            ("chat_id", Uuid),
            ("user_id", Uuid),
            ("parent_id", Uuid),
            ("role", Text),
            ("body", Text),
            ("reasoning", Text),
            ("state", Text),
            ("problem", Text),
            ("model", Text),
            ("dropped", Number),
            ("prompt_tokens", Number),
            ("completion_tokens", Number),
            ("created_at", Number),
            ("ended_at", Number),
            ("queued_at", Number),
            ("instance", Uuid),
            ("attempt", Number),
            ("stop_asked", Flag),
            ("deleted_at", Number),
            ("deleted_with", Uuid),
            ("is_estimate", Flag),
            ("written_in", Number),
            ("asked_model", Text),
            ("said", Text),
        ],
    },
    Table {
        name: "reply_parts",
        key: 3,
        columns: &[
            ("message_id", Uuid),
            ("kind", Text),
            ("seq", Number),
            ("text", Text),
        ],
    },
    Table {
        name: "defaults",
        key: 1,
        columns: &[("user_id", Uuid), ("preset", Text), ("titles", Flag)],
    },
    Table {
        name: "personas",
        key: 1,
        columns: &[
            ("id", Uuid),
            ("user_id", Uuid),
            ("name", Text),
            ("greeting", Text),
            ("starters", Text),
            ("preset", Text),
            ("created_at", Number),
        ],
    },
    Table {
        name: "usage",
        key: 1,
        columns: &[
            ("id", Uuid),
            ("user_id", Uuid),
            ("day", Number),
            ("model", Text),
            ("prompt_tokens", Number),
            ("cached_tokens", Number),
            ("completion_tokens", Number),
            ("reasoning_tokens", Number),
            ("replies", Number),
            ("is_estimate", Flag),
        ],
    },
];

/// Tables of running processes, which mean nothing in another database.
pub const NOT_COPIED: [&str; 2] = ["instances", "tries"];

impl Table {
    /// The columns' names with commas between.
    pub(super) fn column_list(&self) -> String {
        list(self.columns)
    }

    /// The same of the key.
    pub(super) fn key_list(&self) -> String {
        list(&self.columns[..self.key])
    }
}

fn list(columns: &[(&str, Type)]) -> String {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}
