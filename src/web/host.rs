//! Host names of this server, so that no page elsewhere can pass for it.

use std::net::IpAddr;
use url::Url;

/// The names under which browsers find this server: those that nobody else can have point here. A page
/// elsewhere could give its own name this machine's address (DNS rebinding); for a browser it is then
/// of one site with whatever answers here.
pub(crate) struct OwnHost {
    public: Option<String>,
    machine: Option<String>,
}

impl OwnHost {
    /// The names of a server with this public address on this machine.
    pub(crate) fn new(public_url: Option<&Url>) -> Self {
        let machine = hostname::get().ok();
        let machine = machine.and_then(|name| name.into_string().ok());
        Self::named(public_url.and_then(Url::host_str), machine.as_deref())
    }

    fn named(public: Option<&str>, machine: Option<&str>) -> Self {
        let name = |host: &str| name(host).to_ascii_lowercase();
        Self {
            public: public.map(name),
            machine: machine.map(name).filter(|name| !name.is_empty()),
        }
    }

    /// Tells whether this is one of its names, with a port or without: the public one, an address,
    /// the machine itself, or the machine's own name, by itself or as its neighbours call it.
    pub(crate) fn is(&self, host: &str) -> bool {
        let name = name(host).to_ascii_lowercase();
        let is_address = || {
            let bare = name.strip_prefix('[');
            let bare = bare.map_or(Some(&*name), |name| name.strip_suffix(']'));
            bare.is_some_and(|name| name.parse::<IpAddr>().is_ok())
        };
        let is_machine = |machine: &String| {
            let first = machine.split('.').next().unwrap_or_default();
            let local = name.strip_suffix(".local");
            name == *machine || name == first || local == Some(first)
        };
        self.public.as_ref() == Some(&name)
            || name == "localhost"
            || name.ends_with(".localhost")
            || is_address()
            || self.machine.as_ref().is_some_and(is_machine)
    }
}

/// The name in what a browser calls a host: without the port, and without the dot that ends a whole name.
fn name(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        // The last part of an address in brackets is no port.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_somebody_else_can_point_here_is_not_our_own() {
        let own = OwnHost::named(Some("chat.example.org"), Some("Box.lan.example"));
        for host in [
            "127.0.0.1:3000",
            "192.168.0.7",
            "10.0.0.1:80",
            "[::1]:3000",
            "[fe80::1]",
            "localhost",
            "LOCALHOST:3000",
            "localhost.:3000",
            "damso.localhost:3000",
            "box",
            "box:3000",
            "BOX.local:3000",
            "box.local.",
            "box.lan.example",
            "chat.example.org",
            "Chat.Example.Org:443",
        ] {
            assert!(own.is(host), "{host}");
        }
        for host in [
            "",
            ":3000",
            ".",
            "evil.example:3000",
            "127.0.0.1.evil.example",
            "127.0.0.1:3000.evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "box.evil.example",
            "evil.box",
            "box.box.local",
            "local",
            "otherbox",
            "chat.example.org.evil.example",
            "evil.chat.example.org",
            "example.org",
            "evil.example@127.0.0.1",
            "127.0.0.1@evil.example",
            "127.0.0.1/",
            "[::1",
            "::1]",
            "[evil.example]",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
        ] {
            assert!(!own.is(host), "{host}");
        }
        // Nothing is known of a machine without a name.
        let nameless = OwnHost::named(None, Some(""));
        assert!(nameless.is("127.0.0.1") && !nameless.is("") && !nameless.is(".local"));
        assert!(!nameless.is("chat.example.org"));
    }
}
