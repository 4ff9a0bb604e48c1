//! Reading what may be damaged: one value, or one row, that cannot be read is no reason not to show
//! the others.

use sqlx::{
    Database, Decode, FromRow, Postgres, Row, Sqlite, Type, ValueRef, error::BoxDynError,
    postgres::PgTypeInfo, sqlite::SqliteTypeInfo,
};

/// Text of which what is no text is shown as `\u{fffd}`. (PostgreSQL keeps nothing but text.)
pub struct Legible(String);

/// The same where there may be none.
pub struct MaybeLegible(Option<String>);

impl From<Legible> for String {
    fn from(text: Legible) -> Self {
        text.0
    }
}

impl From<MaybeLegible> for Option<String> {
    fn from(text: MaybeLegible) -> Self {
        text.0
    }
}

impl Type<Sqlite> for Legible {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }

    fn compatible(_: &SqliteTypeInfo) -> bool {
        // Whatever there is has bytes.
        true
    }
}

impl<'r> Decode<'r, Sqlite> for Legible {
    fn decode(value: <Sqlite as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        let bytes = <&[u8] as Decode<'r, Sqlite>>::decode(value)?;
        Ok(Self(String::from_utf8_lossy(bytes).into_owned()))
    }
}

impl Type<Postgres> for Legible {
    fn type_info() -> PgTypeInfo {
        <String as Type<Postgres>>::type_info()
    }

    fn compatible(kind: &PgTypeInfo) -> bool {
        <String as Type<Postgres>>::compatible(kind)
    }
}

impl<'r> Decode<'r, Postgres> for Legible {
    fn decode(value: <Postgres as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        <String as Decode<'r, Postgres>>::decode(value).map(Self)
    }
}

impl<D: Database> Type<D> for MaybeLegible
where
    Legible: Type<D>,
{
    fn type_info() -> D::TypeInfo {
        Legible::type_info()
    }

    fn compatible(kind: &D::TypeInfo) -> bool {
        Legible::compatible(kind)
    }
}

impl<'r, D: Database> Decode<'r, D> for MaybeLegible
where
    Legible: Decode<'r, D>,
{
    fn decode(value: D::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(match value.is_null() {
            true => None,
            false => Some(Legible::decode(value)?.0),
        }))
    }
}

/// The rows of a list, without those that cannot be read at all.
pub fn readable<'r, T: FromRow<'r, R>, R: Row>(rows: &'r [R]) -> Vec<T> {
    let read = rows.iter().map(T::from_row);
    read.filter_map(|row| {
        row.inspect_err(|error| tracing::error!(%error, "skipped a damaged row"))
            .ok()
    })
    .collect()
}
