//! Choices of appearance and of writing: their words in forms, in cookies and in the database.

use crate::cookies::cookie;
use axum::http::HeaderMap;
use serde::Deserialize;

/// One thing to choose, and the words that it knows.
pub(crate) struct Choice {
    /// The name of its field, of its cookie and of its column.
    pub name: &'static str,
    /// The default, where nothing was chosen.
    pub usual: &'static str,
    others: &'static [&'static str],
}

pub(crate) const THEME: Choice = Choice {
    name: "theme",
    usual: "system",
    others: &["light", "dark"],
};

pub(crate) const TEXT_SIZE: Choice = Choice {
    name: "text_size",
    usual: "normal",
    others: &["small", "large", "larger"],
};

pub(crate) const DENSITY: Choice = Choice {
    name: "density",
    usual: "roomy",
    others: &["compact"],
};

/// Ways to send a message: with the Enter key, from a field of one line, or by the button only.
pub(crate) const COMPOSER: Choice = Choice {
    name: "composer",
    usual: "enter",
    others: &["line", "button"],
};

impl Choice {
    /// The word, if it is anything other than usual.
    fn other(&self, chosen: Option<&str>) -> Option<&'static str> {
        let mut others = self.others.iter().copied();
        others.find(|word| chosen == Some(word))
    }

    /// The word that was chosen, or the usual one.
    pub(crate) fn word(&self, chosen: Option<&str>) -> &'static str {
        self.other(chosen).unwrap_or(self.usual)
    }

    /// Returns what was sent, unless nobody could have chosen it.
    pub(crate) fn known(&self, sent: Option<String>) -> Option<String> {
        sent.filter(|word| self.word(Some(word)) == word)
    }
}

/// The colour behind everything, by day and by night; browsers give it to what is around the page.
const LIGHT_PAPER: &str = "#faf7f0";
const DARK_PAPER: &str = "#1c1d1b";

/// The appearance of pages that somebody chose.
#[derive(Clone, Debug, Default, Deserialize, sqlx::FromRow)]
#[serde(default)]
pub(crate) struct Appearance {
    pub theme: Option<String>,
    pub text_size: Option<String>,
    pub density: Option<String>,
}

impl Appearance {
    /// Returns what a browser remembers of it.
    pub(crate) fn of_cookies(headers: &HeaderMap) -> Self {
        let look = Self {
            theme: cookie(headers, THEME.name),
            text_size: cookie(headers, TEXT_SIZE.name),
            density: cookie(headers, DENSITY.name),
        };
        look.known()
    }

    /// The same without what nobody could have chosen.
    pub(crate) fn known(self) -> Self {
        Self {
            theme: THEME.known(self.theme),
            text_size: TEXT_SIZE.known(self.text_size),
            density: DENSITY.known(self.density),
        }
    }

    /// This one, and another one where nothing was chosen.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            theme: self.theme.or(other.theme),
            text_size: self.text_size.or(other.text_size),
            density: self.density.or(other.density),
        }
    }

    /// Returns what was chosen, by the name of its cookie.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            (THEME.name, &self.theme),
            (TEXT_SIZE.name, &self.text_size),
            (DENSITY.name, &self.density),
        ];
        all.into_iter()
            .filter_map(|(name, word)| Some((name, word.as_deref()?)))
    }

    /// Light or dark; none: as the system has it.
    pub(crate) fn theme(&self) -> Option<&'static str> {
        THEME.other(self.theme.as_deref())
    }

    /// Small, large or larger; none: normal.
    pub(crate) fn text_size(&self) -> Option<&'static str> {
        TEXT_SIZE.other(self.text_size.as_deref())
    }

    /// Compact; none: roomy.
    pub(crate) fn density(&self) -> Option<&'static str> {
        DENSITY.other(self.density.as_deref())
    }

    /// The paper's colours, each with the theme that has it.
    pub(crate) fn papers(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let all = [("light", LIGHT_PAPER), ("dark", DARK_PAPER)];
        let theme = self.theme();
        all.into_iter()
            .filter(move |(paper, _)| theme.is_none_or(|theme| theme == *paper))
    }
}
