//! Reasons for which a message is not taken.

use crate::error::NotWritten;

/// The reason why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The person has as many replies running and waiting as they may have.
    TooManyRunning,
    /// The chat's last reply is still being written.
    StillReplying,
    /// The chat has gone on since the page was made that this came from.
    GoneOn,
    /// The key of this form was used before, for something else.
    KeyUsed,
    /// The server is about to end.
    Ending,
    /// The database takes nothing at the moment.
    NotWritten(NotWritten),
    /// The person has sent much in a short time; so many seconds are to be waited.
    TooFast(u64),
}
