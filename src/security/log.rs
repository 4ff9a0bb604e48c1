//! The events of accounts and of refusals in the log: never a key, a password, or a name as it was
//! typed.

use super::client_address::Network;
use crate::ids::UserId;
use tracing::field::display;

/// The part of the program by which these lines are found in the log, and chosen in `RUST_LOG`.
pub(crate) const TARGET: &str = "damso::security";

/// Something that whoever looks after a server may want to know. `docs/security.md` has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An account was made.
    AccountMade,
    /// An account was deleted by its owner.
    AccountDeleted,
    /// Somebody signed in.
    SignedIn,
    /// A password was wrong, or there is no such account.
    WrongPassword,
    /// Somebody signed out.
    SignedOut,
    /// An account has another password from now on, and its other sessions have ended.
    PasswordChanged,
    /// An account has another name from now on.
    NameChanged,
    /// One of an account's sessions was ended from another one.
    SessionEnded,
    /// All of an account's sessions were ended but the one that asked.
    OtherSessionsEnded,
}

impl Event {
    fn name(self) -> &'static str {
        match self {
            Self::AccountMade => "account_made",
            Self::AccountDeleted => "account_deleted",
            Self::SignedIn => "signed_in",
            Self::WrongPassword => "wrong_password",
            Self::SignedOut => "signed_out",
            Self::PasswordChanged => "password_changed",
            Self::NameChanged => "name_changed",
            Self::SessionEnded => "session_ended",
            Self::OtherSessionsEnded => "other_sessions_ended",
        }
    }

    /// Writes it to the log: from which network it came, and whose account it concerns, as far as
    /// that is known.
    pub(crate) fn log(self, network: Option<&Network>, account: Option<UserId>) {
        let (network, account) = (network.map(display), account.map(|id| display(id.0)));
        let event = self.name();
        match self {
            Self::WrongPassword => tracing::warn!(target: TARGET, event, network, account),
            _ => tracing::info!(target: TARGET, event, network, account),
        }
    }
}
