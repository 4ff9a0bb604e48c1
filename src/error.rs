//! `Error`: what can go wrong in a handler.

/// A handler's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The reason why a request was not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is somebody else's.
    #[error("not found")]
    NotFound,
    /// Only somebody signed in may ask this.
    #[error("signed out")]
    SignedOut,
    /// A form that was not on a page of ours.
    #[error("cross-site request")]
    CrossSite,
    /// A request under a name that is not this server's.
    #[error("foreign host")]
    ForeignHost,
    /// The person has as many pages open that follow a reply, or that are not read yet, as they may have.
    #[error("too many open pages")]
    TooManyOpen,
    /// All the memory there is for what is on its way to people is taken.
    #[error("no room in memory")]
    Full,
    /// The database cannot be had at the moment; the cause is for the log only.
    #[error(transparent)]
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
    /// A change could not be kept; the cause is for the log only.
    #[error("{1}")]
    NotWritten(NotWritten, Box<dyn std::error::Error + Send + Sync>),
    /// What was sent is not taken, for a reason that its sender is told beside it.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// Our own fault; the cause is for the log only.
    #[error(transparent)]
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// The reason why a message, or a request for a reply, is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
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

/// The reason why the database takes no changes at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotWritten {
    /// The disk is full.
    NoRoom,
    /// The disk fails.
    Broken,
    /// It may only be read.
    ReadOnly,
    /// The database's file is not where it was.
    Moved,
}

impl NotWritten {
    const ALL: [Self; 4] = [Self::NoRoom, Self::Broken, Self::ReadOnly, Self::Moved];
}

impl Error {
    /// A failure of our own with its cause.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// Tells whether the same may be done in a moment: it is for the database to come back.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NotWritten(..))
    }

    /// Sets what could not be kept apart from other failures: it is said beside what was typed.
    ///
    /// # Errors
    /// The other failures.
    pub(crate) fn not_written(self) -> Result<NotWritten> {
        match self {
            Self::NotWritten(why, cause) => {
                tracing::warn!(error = %cause, "could not save a change");
                Ok(why)
            }
            error => Err(error),
        }
    }

    /// Sets the reason for which something is not taken apart from failures.
    ///
    /// # Errors
    /// The failures.
    pub(crate) fn refusal(self) -> Result<Refusal> {
        match self {
            Self::Refused(why) => Ok(why),
            error => error.not_written().map(Refusal::NotWritten),
        }
    }
}

impl From<Refusal> for Error {
    fn from(why: Refusal) -> Self {
        Self::Refused(why)
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::internal(error)
    }
}

impl From<tower_sessions::session::Error> for Error {
    fn from(error: tower_sessions::session::Error) -> Self {
        use tower_sessions::{session, session_store};
        match error {
            session::Error::Store(session_store::Error::Backend(said)) => {
                match NotWritten::ALL
                    .into_iter()
                    .find(|why| said.starts_with(&format!("{why:?}: ")))
                {
                    Some(why) => Self::NotWritten(why, said.into()),
                    None => Self::Unavailable(said.into()),
                }
            }
            error => Self::internal(error),
        }
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        Self::internal(error)
    }
}
