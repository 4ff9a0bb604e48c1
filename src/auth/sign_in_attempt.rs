//! Checks a password: rate limited, and equally slow for an unknown account.

use super::{device::Device, name_key, rows::Account};
use crate::{
    App,
    error::Result,
    security::{
        client_address::Network,
        limits,
        log::Event,
        password::{self, Password, Verdict},
        rate_limit::{Counted, Limit, both},
    },
    users::User,
};
use axum::http::HeaderMap;
use std::time::Duration;

/// Somebody who gives a password for an account.
pub(crate) struct SignInAttempt<'a> {
    pub app: &'a App,
    pub headers: &'a HeaderMap,
    pub network: &'a Network,
    /// The account's name, as it was typed.
    pub name: &'a str,
}

/// The result.
pub(crate) enum SignInOutcome {
    /// It is the account's.
    Right(Account),
    /// It is not, or there is no such account.
    Wrong,
    /// There were too many tries; so many seconds are to be waited.
    TooMany(u64),
}

impl SignInAttempt<'_> {
    /// Tries the password of somebody who is signed in.
    pub(crate) async fn own_password(&self, user: &User, typed: &str) -> Result<SignInOutcome> {
        let account = self.app.db.account(&user.name).await?;
        // The name may be somebody else's since.
        let account = account.filter(|account| account.id == user.id);
        self.password(account, typed).await
    }

    /// Tries this password; the account is the one with that name.
    pub(crate) async fn password(
        &self,
        account: Option<Account>,
        typed: &str,
    ) -> Result<SignInOutcome> {
        let Self { app, network, .. } = self;
        let counted = self.counted_by(account.as_ref()).await?;
        // Whoever has none left need not stand in line.
        for (limit, key) in &counted {
            if let Some(wait) = app.db.may_try(limit, key).await? {
                return Ok(self.too_many(limit, key, wait));
            }
        }
        // Counted when it is its turn: of many who come at once, and are right, only a few count at
        // any moment.
        let turn = app.guard.passwords.turn().await?;
        for (limit, key) in &counted {
            if let Some(wait) = app.db.count_try(limit, key).await? {
                return Ok(self.too_many(limit, key, wait));
            }
        }
        let password = Password::new(typed);
        let too_long = password.length() > *password::LENGTH.end();
        // A password that can't be right is not hashed, but something is, so that it takes as long.
        let hash = account
            .as_ref()
            .filter(|_| !too_long)
            .map(|account| account.password_hash.clone());
        let password = if too_long {
            Password::new("")
        } else {
            password
        };
        let verdict = turn.verify(password, hash).await?;
        let id = account.as_ref().map(|account| account.id);
        let Some(account) = account.filter(|_| !matches!(verdict, Verdict::Wrong)) else {
            Event::WrongPassword.log(Some(network), id);
            return Ok(SignInOutcome::Wrong);
        };
        if let Verdict::Outdated(fresh) = verdict {
            app.db.renew_password_hash(&account, &fresh).await?;
        }
        let (own, shared): (Vec<_>, Vec<_>) = counted
            .into_iter()
            .partition(|(limit, _)| limits::is_of_one_person(limit));
        for own in &own {
            app.db.give_back_tries(own, &shared).await?;
        }
        Ok(SignInOutcome::Right(account))
    }

    /// The limits that hold for it, and by what each of them counts.
    async fn counted_by(&self, account: Option<&Account>) -> Result<Vec<Counted>> {
        // By the account where there is one, so that another name makes no new tries. (No name begins
        // with a space.)
        let key = account.map(|account| format!(" {}", account.id.0));
        let key = key.unwrap_or_else(|| name_key(self.name));
        if let Some(account) = account
            && let Some(token) = Device::of(self.headers)
                .known_to(&self.app.db, account.id)
                .await?
        {
            return Ok(vec![(&limits::BY_DEVICE, both(&key, &token))]);
        }
        let network = self.network.to_string();
        let account_and_network = both(&key, &network);
        Ok(vec![
            (&limits::BY_NETWORK, network),
            (&limits::BY_ACCOUNT_AND_NETWORK, account_and_network),
            (&limits::BY_ACCOUNT, key),
        ])
    }

    fn too_many(&self, limit: &Limit, key: &str, wait: Duration) -> SignInOutcome {
        self.app.guard.tell(limit, key, Some(self.network));
        SignInOutcome::TooMany(wait.as_secs().max(1))
    }
}
