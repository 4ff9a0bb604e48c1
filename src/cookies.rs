//! Cookies as every browser reads them.

use crate::error::{Error, Result};
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use tower_sessions::cookie::{Cookie, SameSite, time::Duration};

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

/// The beginning of the name of a cookie that browsers take only from this very host, over https.
pub(crate) const HOST_ONLY: &str = "__Host-";

/// The value of a cookie that the request carries, by the name that it has over http or over https.
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let find = |is_it: &dyn Fn(&str) -> bool| {
        let all = headers.get_all(header::COOKIE).into_iter();
        all.filter_map(|value| value.to_str().ok())
            .flat_map(|value| Cookie::split_parse(value.to_owned()))
            .filter_map(Result::ok)
            .find(|cookie| is_it(cookie.name()))
            .map(|cookie| cookie.value().to_owned())
    };
    find(&|given| given.strip_prefix(HOST_ONLY) == Some(name))
        .or_else(|| find(&|given| given == name))
}

/// Lifetime of cookies that are kept for long.
pub(crate) const YEAR: Duration = Duration::days(365);

/// Sets a cookie that is kept for some time. Where it is secure it is also this host's alone.
pub(crate) fn add_cookie(
    response: &mut Response,
    name: &str,
    value: &str,
    time: Duration,
    secure: bool,
) -> Result<()> {
    let name = match secure {
        true => format!("{HOST_ONLY}{name}"),
        false => name.to_owned(),
    };
    let cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax)
        .max_age(time);
    let cookie = HeaderValue::try_from(cookie.to_string()).map_err(Error::internal)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(())
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
