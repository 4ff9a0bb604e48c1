//! Passwords: what is accepted, and hashing off the async threads.

use super::common_words::Words;
use crate::error::{Error, Result};
use argon2::Argon2;
use password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::{
    sync::{Arc, LazyLock},
    thread,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;

/// Fewest and most characters of a password.
pub const LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// The number of first characters that are judged: the time that takes grows faster than they do.
const JUDGED: usize = 40;

/// Below this many guesses a password counts as one that everybody tries first.
const TOO_FEW_GUESSES: u64 = 1_000_000;

/// The hash that is verified when there is no such person, so that the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody").unwrap_or_default());

/// A password as typed, in the one form in which it is hashed and compared.
///
/// RFC 8265 (OpaqueString): every space becomes U+0020, then NFC, so that a Hangul password is
/// the same from a system that decomposes it.
pub struct Password(String);

impl Password {
    /// Brings what was typed into that form.
    pub fn new(typed: &str) -> Self {
        let spaces = |c: char| {
            if c.is_whitespace() && !c.is_control() {
                ' '
            } else {
                c
            }
        };
        Self(typed.chars().map(spaces).nfc().collect())
    }

    /// Counts its characters.
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }

    /// Tells whether two are the same.
    pub fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// Hashes and verifies passwords with argon2id, only so many at once: each takes 19 MiB and a
/// core for about 30 ms (OWASP's m=19456, t=2, p=1, the crate's default).
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// Judging new passwords: not in the turns of those who sign in.
    judging: Arc<Semaphore>,
}

/// The right to hash, which few have at the same time.
pub struct Turn(OwnedSemaphorePermit);

/// The result of comparing a password with a hash.
pub enum Verdict {
    /// It is another password, or there is no such person.
    Wrong,
    /// It is right.
    Right,
    /// It is right, but the hash was made with other parameters; here is a fresh one.
    Outdated(String),
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            turns: Arc::new(Semaphore::new(cores)),
            judging: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Passwords {
    /// Tells whether a new password is one that others would try first: a common one, one made of
    /// these words, or only a pattern.
    ///
    /// # Errors
    /// When the server cannot work.
    pub async fn is_common(&self, password: &Password, words: Words) -> Result<bool> {
        let turn = take(&self.judging).await?;
        let judged: String = password.0.chars().take(JUDGED).collect();
        turn.work(move || words.guesses(&judged) < TOO_FEW_GUESSES)
            .await
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// When the hash cannot be made.
    pub async fn hash(&self, password: Password) -> Result<String> {
        let turn = self.turn().await?;
        turn.work(move || hash(&password.0)).await?
    }

    /// Waits until it is one's turn to verify a password.
    ///
    /// # Errors
    /// When the server cannot work.
    pub async fn turn(&self) -> Result<Turn> {
        take(&self.turns).await
    }
}

async fn take(turns: &Arc<Semaphore>) -> Result<Turn> {
    let turn = turns.clone().acquire_owned().await;
    turn.map(Turn).map_err(Error::internal)
}

impl Turn {
    /// Tells whether the password belongs to the hash. Without a hash it takes as long and is
    /// wrong.
    ///
    /// # Errors
    /// When the server cannot work.
    pub async fn verify(self, password: Password, hash: Option<String>) -> Result<Verdict> {
        self.work(move || verify(&password.0, hash)).await
    }

    async fn work<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        // The turn goes along: someone who gives up does not free it while the work still runs.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = self.0;
            work()
        });
        done.await.map_err(Error::internal)
    }
}

fn hash(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash
        .map_err(|error| Error::internal(error.to_string()))?
        .to_string())
}

fn verify(password: &str, hash: Option<String>) -> Verdict {
    let known = hash.is_some();
    let phc = hash.unwrap_or_else(|| NOBODY.clone());
    let Ok(parsed) = PasswordHash::new(&phc) else {
        return Verdict::Wrong;
    };
    let right = Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok();
    if !(right && known) {
        return Verdict::Wrong;
    }
    let today = argon2::Params::default();
    let made_with = argon2::Params::try_from(&parsed);
    let same = made_with.is_ok_and(|old| {
        (old.m_cost(), old.t_cost(), old.p_cost())
            == (today.m_cost(), today.t_cost(), today.p_cost())
    });
    if same {
        return Verdict::Right;
    }
    self::hash(password).map_or(Verdict::Right, Verdict::Outdated)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn verified(password: &str, hash: Option<String>) -> Verdict {
        let turn = Passwords::default().turn().await.unwrap();
        turn.verify(Password::new(password), hash).await.unwrap()
    }

    #[tokio::test]
    async fn a_password_is_right_in_either_form_of_unicode() {
        let passwords = Passwords::default();
        let composed = Password::new("바다건너우체국");
        let hash = passwords.hash(composed).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let decomposed: String = "바다건너우체국".nfd().collect();
        assert_ne!(decomposed, "바다건너우체국");
        let verdict = verified(&decomposed, Some(hash.clone())).await;
        assert!(matches!(verdict, Verdict::Right));
        let verdict = verified("something else", Some(hash)).await;
        assert!(matches!(verdict, Verdict::Wrong));
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        for hash in [None, Some("garbage".to_owned())] {
            let verdict = verified("nobody", hash).await;
            assert!(matches!(verdict, Verdict::Wrong));
        }
    }

    #[tokio::test]
    async fn a_hash_with_other_parameters_is_made_anew() {
        let params = argon2::Params::new(8_192, 1, 1, None).unwrap();
        let old = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let hash = old.hash_password(b"an older password").unwrap().to_string();
        let Verdict::Outdated(fresh) = verified("an older password", Some(hash)).await else {
            panic!("not made anew")
        };
        assert!(fresh.contains("m=19456,t=2,p=1"));
    }
}
