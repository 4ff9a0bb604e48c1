//! Names of browsers, from what they say of themselves.

use crate::text::clean_line;
use axum::http::{HeaderMap, header};

/// Characters of it that are kept, and those that are shown where its name is not known.
const KEPT: usize = 300;
const SHOWN: usize = 60;

/// Words that tell browsers apart, and the browsers' names. Many say that they are others as well:
/// the first one here that fits is right.
const BROWSERS: [(&str, &str); 25] = [
    ("w3m/", "w3m"),
    ("Lynx/", "Lynx"),
    ("ELinks/", "ELinks"),
    ("Links (", "Links"),
    ("curl/", "curl"),
    ("KAKAOTALK", "KakaoTalk"),
    ("NAVER(", "NAVER"),
    ("Whale/", "Whale"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Epiphany/", "GNOME Web"),
    ("Safari/", "Safari"),
];

/// The same of systems.
const SYSTEMS: [(&str, &str); 9] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
    ("Linux", "Linux"),
];

/// Returns what a browser says that it is; empty when it says nothing.
pub(crate) fn said(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT);
    let said = said.map_or_else(String::new, |said| {
        String::from_utf8_lossy(said.as_bytes()).into_owned()
    });
    clean_line(&said).chars().take(KEPT).collect()
}

/// Its name and that of its system, or else how what it says begins; none when it says nothing.
pub(crate) fn name(said: &str) -> Option<String> {
    let find = |names: &[(&str, &'static str)]| {
        let mut names = names.iter();
        names
            .find(|(mark, _)| said.contains(mark))
            .map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser}, {system}")),
        (Some(browser), None) => Some(browser.to_owned()),
        (None, _) if said.is_empty() => None,
        (None, _) if said.chars().count() <= SHOWN => Some(said.to_owned()),
        (None, _) => {
            let start: String = said.chars().take(SHOWN).collect();
            Some(format!("{}…", start.trim_end()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_their_own_names() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (said, known) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
                "Firefox, Linux",
            ),
            (
                format!("Mozilla/5.0 (Linux; Android 10; K) {webkit} Chrome/140.0.0.0 Mobile Safari/537.36"),
                "Chrome, Android",
            ),
            (
                format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"),
                "Edge, Windows",
            ),
            (
                format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/140.0.0.0 Whale/4.33.325.17 Safari/537.36"),
                "Whale, Windows",
            ),
            (
                format!("Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918N) {webkit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"),
                "Samsung Internet, Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1".to_owned(),
                "Safari, iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15".to_owned(),
                "Safari, macOS",
            ),
            ("w3m/0.5.3+git20230121".to_owned(), "w3m"),
            (
                "Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8".to_owned(),
                "Lynx",
            ),
            (
                "Links (2.28; Linux 6.1 x86_64; GNU C 12.2; text)".to_owned(),
                "Links, Linux",
            ),
            ("Something of its own/1.0".to_owned(), "Something of its own/1.0"),
        ] {
            assert_eq!(name(&said).as_deref(), Some(known), "{said}");
        }
        assert_eq!(name(""), None);
        let long = name(&"긴 이름".repeat(50)).unwrap_or_default();
        assert_eq!(long.chars().count(), SHOWN + 1);
    }

    #[test]
    fn what_a_browser_says_is_one_short_line() {
        let mut headers = HeaderMap::new();
        assert_eq!(said(&headers), "");
        let odd = [b"Od\td \xff\xe2\x80\xae".as_slice(), &[b'x'; 5000]].concat();
        let odd = axum::http::HeaderValue::from_bytes(&odd).unwrap();
        headers.insert(header::USER_AGENT, odd);
        let said = said(&headers);
        assert!(said.starts_with("Odd \u{fffd}xx"), "{said}");
        assert_eq!(said.chars().count(), KEPT);
    }
}
