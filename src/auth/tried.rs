//! Trying a password: only so often, and as long for one that is wrong as for one that is right.

use super::{
    DEVICE, User, guard,
    limit::both,
    name_key,
    network::Network,
    password,
    password::{Password, Verdict},
    store::Account,
};
use crate::{App, db::Db, error::Result, view::cookie};
use axum::http::HeaderMap;
use std::time::Duration;

/// Somebody who gives a password for an account.
pub(super) struct Trying<'a> {
    pub app: &'a App,
    pub headers: &'a HeaderMap,
    pub network: &'a Network,
    /// The account's name, as it was typed.
    pub name: &'a str,
}

/// What came of it.
pub(super) enum Tried {
    /// It is the account's.
    Right(Account),
    /// It is not, or there is no such account.
    Wrong,
    /// There were too many tries; so many seconds are to be waited.
    TooMany(u64),
}

impl Trying<'_> {
    /// Tries the password of somebody who is signed in.
    pub(super) async fn own_password(&self, user: &User, typed: &str) -> Result<Tried> {
        let account = self.app.db.account(&user.name).await?;
        // The name may be somebody else's since.
        let account = account.filter(|account| account.id == user.id);
        self.password(account, typed).await
    }

    /// Tries this password; the account is the one with that name.
    pub(super) async fn password(&self, account: Option<Account>, typed: &str) -> Result<Tried> {
        let Self { app, network, .. } = self;
        // By the account where there is one, so that another name makes no new tries. (No name begins
        // with a space.)
        let key = account.as_ref().map(|account| format!(" {}", account.id.0));
        let key = key.unwrap_or_else(|| name_key(self.name));
        let device = cookie(self.headers, DEVICE).unwrap_or_default();
        let known = match &account {
            Some(account) if !device.is_empty() => app.db.knows_device(account.id, &device).await?,
            _ => false,
        };
        let known_device = known.then(|| both(&key, &device));
        let network = network.to_string();
        let allowed = may_try(&app.db, &key, &network, known_device.as_deref());
        if let Err(wait) = allowed.await? {
            return Ok(Tried::TooMany(wait.as_secs().max(1)));
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
        let verdict = app.guard.passwords.verify(password, hash).await?;
        let Some(account) = account.filter(|_| !matches!(verdict, Verdict::Wrong)) else {
            return Ok(Tried::Wrong);
        };
        if let Verdict::Outdated(fresh) = verdict {
            app.db.renew_password_hash(&account, &fresh).await?;
        }
        if let Some(device) = known_device {
            app.db.forget_tries(&guard::BY_DEVICE, &device).await?;
        }
        Ok(Tried::Right(account))
    }
}

/// Counts a try; the inner error is how long to wait when there were too many.
async fn may_try(
    db: &Db,
    account: &str,
    network: &str,
    known_device: Option<&str>,
) -> Result<Result<(), Duration>> {
    let account_and_network = both(account, network);
    let mut limits = vec![(&guard::BY_NETWORK, network)];
    match known_device {
        Some(device) => limits.push((&guard::BY_DEVICE, device)),
        None => limits.extend([
            (&guard::BY_ACCOUNT_AND_NETWORK, account_and_network.as_str()),
            (&guard::BY_ACCOUNT, account),
        ]),
    }
    for (limit, key) in limits {
        if let Err(wait) = db.count_try(limit, key).await? {
            return Ok(Err(wait));
        }
    }
    Ok(Ok(()))
}
