//! Addresses that more than one part of the program knows.

use crate::ids::{ChatId, MessageId};

/// Address for somebody who has signed in: the empty chat, which is at `/` too, but under an
/// address that nobody has seen signed out. (Links shows a page it was sent to from its cache.)
pub(crate) const HOME: &str = "/chats/new";

/// The address for signing out.
pub(crate) const SIGN_OUT: &str = "/logout";

/// Returns where a reply is watched that is being made. The chat's `/live` would do, but Links
/// shows a page that it was sent to before from its cache; so each reply has an address of its own.
pub(crate) fn live_address(chat: ChatId, reply: MessageId) -> String {
    format!("/chats/{chat}/live/{reply}")
}

/// The path when it is an address of our own, else `/`.
///
/// A browser reads `//host` and `/\host` as other sites, and skips tabs and line ends inside.
pub fn local_path(path: &str) -> &str {
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic());
    let local = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if plain && local { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_addresses_are_gone_back_to() {
        for bad in [
            "//evil",
            "/\\evil",
            "https:evil",
            "https://evil",
            "/\tevil",
            "/a\r\nb: c",
            "",
            "evil",
            "/%0d\u{ac00}",
        ] {
            assert_eq!(local_path(bad), "/", "{bad:?}");
        }
        for good in ["/", "/chats/1?x=2", "/login"] {
            assert_eq!(local_path(good), good);
        }
    }
}
