//! A value as it may be shown to whoever runs the server: an address without what opens it.

/// The value, if it is an address without its user information, its query and whatever else may
/// belong to a password that was not written as addresses want it.
pub(super) fn shown(value: &str, is_url: bool) -> String {
    match is_url || value.contains("://") {
        true => without_secrets(value),
        false => value.to_owned(),
    }
}

/// The address, with `…` in the place of what may be a secret. (A password may have any character in
/// it, so here the address is not read as a browser would.)
pub(super) fn without_secrets(url: &str) -> String {
    let is_scheme = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+');
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme.trim_start()) => (scheme, rest),
        _ => ("", url),
    };
    let start = match scheme {
        "" => String::new(),
        scheme => format!("{scheme}://"),
    };
    let query = rest.find(['?', '#']).unwrap_or(rest.len());
    let shown = match rest.rfind('@') {
        // A password with a question mark, or a query with an @: who knows.
        Some(at) if at > query => "…".to_owned(),
        Some(at) => format!("…{}", &rest[at..query]),
        None => without_password(&rest[..query]),
    };
    let end = match query < rest.len() && shown != "…" {
        true => "?…",
        false => "",
    };
    format!("{start}{shown}{end}")
}

/// The same, without what stands where the port would be and is none: a password whose host is missing.
fn without_password(rest: &str) -> String {
    let authority = rest.find(['/', '\\']).unwrap_or(rest.len());
    match rest[..authority].rfind(':') {
        Some(colon) if !is_end_of_host(&rest[colon + 1..authority]) => {
            format!("{}:…", &rest[..colon])
        }
        _ => rest.to_owned(),
    }
}

/// Tells whether it is a port, or the end of an address of version 6.
fn is_end_of_host(text: &str) -> bool {
    text.ends_with(']') || text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_opens_it() {
        for (url, told) in [
            ("https://host.example/v1", "https://host.example/v1"),
            ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
            ("http://[::1]/v1", "http://[::1]/v1"),
            ("localhost:11434", "localhost:11434"),
            ("https://me:SECRET@host/v1", "https://…@host/v1"),
            ("https://SECRET@host/v1", "https://…@host/v1"),
            ("me:SECRET@host", "…@host"),
            ("https:/me:SECRET@host", "…@host"),
            ("ftp://me:SECRET@host", "ftp://…@host"),
            ("https://host/v1?key=SECRET", "https://host/v1?…"),
            ("https://host/v1#SECRET", "https://host/v1?…"),
            ("host/v1?key=SECRET", "host/v1?…"),
            (
                "https://me:SECRET@host/v1?key=SECRET",
                "https://…@host/v1?…",
            ),
            // Passwords that were not written as addresses want it.
            ("https://me:SEC/RET@host", "https://…@host"),
            ("https://me:SEC@RET@host", "https://…@host"),
            ("https://me:SEC?RET@host", "https://…"),
            ("https://me:SEC#RET@host", "https://…"),
            ("https://me:SECRET", "https://me:…"),
            ("https://me:SECRET%40host/v1", "https://me:…"),
            ("https://host/v1?to=me@SECRET", "https://…"),
            ("me:SEC://RET@host", "…@host"),
        ] {
            assert_eq!(without_secrets(url), told, "{url}");
            assert_eq!(shown(url, true), told, "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_shown_as_typed() {
        for value in ["@cf/meta/llama-3", "model@2024#1", "127.0.0.1:http", "a?b"] {
            assert_eq!(shown(value, false), value);
        }
        let pasted = shown("https://me:SECRET@host", false);
        assert_eq!(pasted, "https://…@host");
    }
}
