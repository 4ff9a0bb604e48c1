//! Rows of any table, read from one database and written to another of any kind.

use super::{NOT_COPIED, TABLES, Table, Tx, Type};
use crate::with_tx;
use futures_util::{Stream, StreamExt};
use sqlx::{AssertSqlSafe, Executor, QueryBuilder, Row as _};
use std::{fmt, pin::Pin};
use uuid::Uuid;

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are those of Type")]
pub enum Value {
    Uuid(Option<Uuid>),
    Text(Option<String>),
    Number(Option<i64>),
    Flag(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

/// The values of a row, in the order of the table's columns.
pub type Row = Vec<Value>;

impl Value {
    /// Returns its rough size in bytes.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(Some(text)) => text.len(),
            Self::Bytes(Some(bytes)) => bytes.len(),
            _ => 16,
        }
    }
}

/// For a message that names a row by its key.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uuid(Some(id)) => id.fmt(f),
            Self::Text(Some(text)) => fmt::Debug::fmt(text, f),
            Self::Number(Some(number)) => number.fmt(f),
            Self::Flag(Some(flag)) => flag.fmt(f),
            Self::Bytes(Some(bytes)) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            _ => f.write_str("null"),
        }
    }
}

impl Tx {
    /// All rows of a table by their keys, which come in the same order from each kind of database:
    /// keys are numbers and bytes, and the few words that `kind` may be.
    pub fn rows(
        &mut self,
        table: &'static Table,
    ) -> Pin<Box<dyn Stream<Item = sqlx::Result<Row>> + '_>> {
        let (columns, key) = (table.column_list(), table.key_list());
        let sql = AssertSqlSafe(format!(
            "select {columns} from {} order by {key}",
            table.name
        ));
        with_tx!(*self, db => Box::pin(sqlx::query(sql).fetch(db).map(|row| {
            let row = row?;
            let columns = table.columns.iter().enumerate();
            columns
                .map(|(at, (_, kind))| {
                    Ok(match kind {
                        Type::Uuid => Value::Uuid(row.try_get(at)?),
                        Type::Text => Value::Text(row.try_get(at)?),
                        Type::Number => Value::Number(row.try_get(at)?),
                        Type::Flag => Value::Flag(row.try_get(at)?),
                        Type::Bytes => Value::Bytes(row.try_get(at)?),
                    })
                })
                .collect()
        })))
    }

    /// Adds rows to a table; there must be at least one.
    ///
    /// # Errors
    /// When the database fails, or does not take them.
    pub async fn add_rows(&mut self, table: &Table, rows: Vec<Row>) -> sqlx::Result<()> {
        let start = format!("insert into {} ({}) ", table.name, table.column_list());
        with_tx!(*self, db => {
            let mut insert = QueryBuilder::new(start);
            insert.push_values(rows, |mut row, values| {
                for value in values {
                    match value {
                        Value::Uuid(id) => row.push_bind(id),
                        Value::Text(text) => row.push_bind(text),
                        Value::Number(number) => row.push_bind(number),
                        Value::Flag(flag) => row.push_bind(flag),
                        Value::Bytes(bytes) => row.push_bind(bytes),
                    };
                }
            });
            insert.build().persistent(false).execute(db).await?;
        });
        Ok(())
    }

    /// Tells whether the table has a row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_rows(&mut self, table: &Table) -> sqlx::Result<bool> {
        let sql = AssertSqlSafe(format!("select exists (select 1 from {})", table.name));
        with_tx!(*self, db => sqlx::query_scalar(sql).fetch_one(db).await)
    }

    /// Lets nobody else write to any table up to the end of this transaction. (The file of SQLite
    /// is its process's own anyway.)
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lock_tables(&mut self) -> sqlx::Result<()> {
        let Self::Postgres(tx) = self else {
            return Ok(());
        };
        let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
        let names = [&names[..], &NOT_COPIED].concat().join(", ");
        let sql = AssertSqlSafe(format!("lock table {names} in exclusive mode"));
        tx.execute(sql).await?;
        Ok(())
    }

    /// Lets rows come before those that they refer to, up to the end of this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn defer_references(&mut self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(tx) => tx
                .execute("pragma defer_foreign_keys = on")
                .await?
                .rows_affected(),
            Self::Postgres(tx) => tx
                .execute("set constraints all deferred")
                .await?
                .rows_affected(),
        };
        Ok(())
    }
}
