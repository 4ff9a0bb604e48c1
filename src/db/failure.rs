//! Failures of the database, as errors for whoever asked.

use crate::{
    db,
    error::{Error, NotWritten},
};
use sqlx::sqlite::SqliteError;

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound if !db::is_in_doubt() => Self::NotFound,
            error => match kept_from(&error) {
                Some(Kept::Writing(why)) => Self::NotWritten(why, error.into()),
                Some(Kept::Answering) => Self::Unavailable(error.into()),
                None => Self::internal(error),
            },
        }
    }
}

/// The work that the database cannot do at the moment, and may be able to again by itself.
enum Kept {
    Writing(NotWritten),
    Answering,
}

fn kept_from(error: &sqlx::Error) -> Option<Kept> {
    use Kept::{Answering, Writing};
    use NotWritten::{Broken, Moved, NoRoom, ReadOnly};
    use sqlx::Error::{
        Database, Io, PoolClosed, PoolTimedOut, Protocol, RowNotFound, Tls, WorkerCrashed,
    };
    let error = match error {
        Io(error) if error.get_ref().is_some_and(|inner| inner.is::<db::Moved>()) => {
            return Some(Writing(Moved));
        }
        // Not found by a connection that has crashed.
        RowNotFound => return Some(Answering),
        Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed => {
            return Some(Answering);
        }
        Database(error) => error,
        _ => return None,
    };
    let code = error.code()?;
    if error.try_downcast_ref::<SqliteError>().is_some() {
        // The last byte is the error, those before it say more of it.
        return Some(match code.parse::<u32>().ok()? & 0xff {
            SQLITE_FULL => Writing(NoRoom),
            SQLITE_IOERR => Writing(Broken),
            SQLITE_READONLY => Writing(ReadOnly),
            // What cannot be read is taken for damaged, too.
            SQLITE_BUSY | SQLITE_LOCKED | SQLITE_NOMEM | SQLITE_CANTOPEN | SQLITE_CORRUPT => {
                Answering
            }
            _ => return None,
        });
    }
    Some(match &*code {
        "53100" => Writing(NoRoom),
        // Not a primary server, or an operator has made it so; or taken the right to write.
        "25006" | "42501" => Writing(ReadOnly),
        // No connection, not let in, no such database, too few resources, shut down by an operator; waited
        // for a lock too long, or stood still too long, or in each other's way.
        code if ["08", "28", "3D", "53", "57P", "55P03", "25P03", "40P01"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            Answering
        }
        // The system has failed it.
        code if code.starts_with("58") => Writing(Broken),
        _ => return None,
    })
}

const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_NOMEM: u32 = 7;
const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;
