//! The browsers that an account knows, as somebody has signed in to it there before.
//!
//! A browser has a token for each account, in one cookie. The tokens are made here: what a request
//! brings along is never remembered as a token of an account that did not have it.

use crate::{
    cookies::{YEAR, add_cookie, cookie},
    db::Db,
    error::Result,
    ids::UserId,
};
use axum::{http::HeaderMap, response::Response};
use uuid::Uuid;

/// The cookie's name.
const NAME: &str = "device";

/// The number of accounts that a browser remembers, and the length of a token.
const ACCOUNTS: usize = 8;
const LENGTH: usize = 32;

/// The tokens that a browser has, that of the account used last first.
#[derive(Clone)]
pub(super) struct Device(Vec<String>);

impl Device {
    /// The browser that sent this request.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let tokens = cookie(headers, NAME).unwrap_or_default();
        let tokens = tokens.split('.').filter(|token| token.len() == LENGTH);
        Self(tokens.take(ACCOUNTS).map(str::to_owned).collect())
    }

    /// Its token of this account, if the account knows it.
    pub(super) async fn known_to(&self, db: &Db, user: UserId) -> Result<Option<String>> {
        for token in &self.0 {
            if db.knows_device(user, token).await? {
                return Ok(Some(token.clone()));
            }
        }
        Ok(None)
    }

    /// Somebody whose account knows it.
    pub(super) async fn owner(&self, db: &Db) -> Result<Option<UserId>> {
        for token in &self.0 {
            let owner = db.owner_of_device(token).await?;
            if owner.is_some() {
                return Ok(owner);
            }
        }
        Ok(None)
    }

    /// Makes the account know this browser, and the browser itself.
    pub(super) async fn remember(
        mut self,
        db: &Db,
        user: UserId,
        response: &mut Response,
        secure: bool,
    ) -> Result<()> {
        let token = match self.known_to(db, user).await? {
            Some(token) => token,
            None => Uuid::new_v4().simple().to_string(),
        };
        if let Err(error) = db.add_device(user, &token).await {
            // It only keeps strangers from locking this browser out.
            tracing::warn!(%error, "could not save a known browser");
        }
        self.0.retain(|other| *other != token);
        self.0.insert(0, token);
        self.0.truncate(ACCOUNTS);
        add_cookie(response, NAME, &self.0.join("."), YEAR, secure)
    }
}
