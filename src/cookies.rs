//! Cookies as every browser reads them.

use axum::http::{HeaderMap, HeaderValue, header};

/// The order in which the attributes of a cookie are written.
const ORDER: [&str; 7] = [
    "path", "domain", "max-age", "expires", "secure", "httponly", "samesite",
];

/// Writes the attributes of the cookies that a response sets in an order of our own. Lynx takes
/// `SameSite` for the start of another cookie, so that whatever stands behind it is lost: without its
/// path a new session would hold on a part of the site only.
pub fn put_in_order(headers: &mut HeaderMap) {
    let header::Entry::Occupied(cookies) = headers.entry(header::SET_COOKIE) else {
        return;
    };
    let (_, lines) = cookies.remove_entry_mult();
    let lines: Vec<HeaderValue> = lines.map(|line| in_order(&line).unwrap_or(line)).collect();
    for line in lines {
        headers.append(header::SET_COOKIE, line);
    }
}

fn in_order(line: &HeaderValue) -> Option<HeaderValue> {
    let mut parts = line.to_str().ok()?.split(';').map(str::trim);
    let cookie = parts.next()?;
    let mut attributes: Vec<&str> = parts.collect();
    attributes.sort_by_key(|attribute| {
        let (name, _) = attribute.split_once('=').unwrap_or((attribute, ""));
        let known = ORDER
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name));
        // Others stand before the last one too.
        known.unwrap_or(ORDER.len() - 2)
    });
    attributes.insert(0, cookie);
    attributes.join("; ").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lynx_takes_for_another_cookie_comes_last() {
        for (written, sent) in [
            (
                "session=a=b; HttpOnly; SameSite=Lax; Path=/; Max-Age=5",
                "session=a=b; Path=/; Max-Age=5; HttpOnly; SameSite=Lax",
            ),
            (
                "__Host-session=x; HttpOnly; SameSite=Strict; Secure; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
                "__Host-session=x; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Secure; HttpOnly; SameSite=Strict",
            ),
            (
                "a=;samesite=none;Partitioned;secure;path=/x;domain=d",
                "a=; path=/x; domain=d; secure; Partitioned; samesite=none",
            ),
            ("SameSite=x; Path=/", "SameSite=x; Path=/"),
            ("plain=1", "plain=1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.append("set-cookie", "first=1".parse().unwrap());
            headers.append("set-cookie", written.parse().unwrap());
            put_in_order(&mut headers);
            let all: Vec<_> = headers.get_all("set-cookie").iter().collect();
            assert_eq!(all, ["first=1", sent]);
        }
    }
}
