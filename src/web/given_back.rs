//! A form that failed, given back with what was typed in it, so that it can be sent once more.

use bytes::Bytes;

/// The fields in which people write.
const WRITTEN: [&str; 7] = [
    "username",
    "content",
    "title",
    "name",
    "system_prompt",
    "greeting",
    "starters",
];

/// Marks a failed response with the form that was asked with.
#[derive(Clone)]
pub(crate) struct Brought(pub Bytes);

/// The form once more: to the same address, with the same token, so that it counts once.
pub(crate) struct GivenBack {
    pub(crate) action: String,
    /// Names and values of what people have written.
    pub(crate) written: Vec<(String, String)>,
    /// Those of everything else.
    pub(crate) others: Vec<(String, String)>,
    /// The passwords, which no page shows: they are to be typed again.
    pub(crate) passwords: Vec<String>,
}

impl GivenBack {
    /// None if nobody has written anything in it.
    pub(crate) fn of(action: String, brought: &Brought) -> Option<Self> {
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(&brought.0)
            .into_owned()
            .collect();
        let (passwords, fields): (Vec<_>, Vec<_>) = fields
            .into_iter()
            .partition(|(name, _)| name.contains("password"));
        let (written, others): (Vec<_>, Vec<_>) = fields
            .into_iter()
            .partition(|(name, _)| WRITTEN.contains(&name.as_str()));
        let is_blank = written.iter().all(|(_, value)| value.trim().is_empty());
        (!is_blank).then_some(Self {
            action,
            written,
            others,
            passwords: passwords.into_iter().map(|(name, _)| name).collect(),
        })
    }
}
