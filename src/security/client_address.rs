//! The network that a request comes from.

use axum::http::HeaderMap;
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// The network that a request comes from.
pub(crate) struct Network(IpAddr);

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Network {
    /// The network of a request with these headers from this peer, which may be a proxy of ours.
    pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, trusts: impl Fn(IpAddr) -> bool) -> Self {
        Self(network_of(client(peer, headers, trusts)))
    }
}

/// The address that a request comes from: the peer's, or if that is a proxy of ours the one that it
/// says it was asked from, and so on.
///
/// Each proxy adds the address it was asked from at the end of `X-Forwarded-For`; what stands before
/// the first one that is not ours could be made up, and so could what cannot be read. `Forwarded` is
/// not believed: proxies that write the one header pass the other on as whoever asks has written it.
fn client(peer: IpAddr, headers: &HeaderMap, trusts: impl Fn(IpAddr) -> bool) -> IpAddr {
    let lines = headers.get_all("x-forwarded-for").into_iter().rev();
    let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let hops = hops.map(<[u8]>::trim_ascii).filter(|hop| !hop.is_empty());
    let mut client = peer;
    for hop in hops {
        match address(hop) {
            Some(before) if trusts(client) => client = before,
            _ => break,
        }
    }
    client
}

/// An address as proxies write it: by itself or with a port, IPv6 also in brackets, in quotes or not.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?;
    let hop = hop
        .strip_prefix('"')
        .and_then(|hop| hop.strip_suffix('"'))
        .unwrap_or(hop);
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || hop.parse().ok().map(|address: SocketAddr| address.ip());
    hop.parse().ok().or_else(bracketed).or_else(with_port)
}

/// The network that an address counts as: itself, or for IPv6 the /64 that one subscriber has.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ipnet::IpNet;

    #[test]
    fn a_subscriber_has_one_network() {
        let network = |address: &str| network_of(address.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:10.0.0.1"), network("10.0.0.1"));
        assert_ne!(network("10.0.0.1"), network("10.0.0.2"));
    }

    #[test]
    fn the_client_is_the_last_one_that_no_proxy_of_ours_vouches_for_further() {
        let proxies = ["10.9.9.9/32", "172.16.0.0/12", "fd00::/8"];
        let proxies: [IpNet; 3] = proxies.map(|net| net.parse().unwrap());
        let trusts = |address: IpAddr| {
            let address = address.to_canonical();
            proxies.iter().any(|net| net.contains(&address))
        };
        for (peer, lines, client) in [
            // Who is no proxy is not believed.
            ("198.51.100.1", &["203.0.113.1"][..], "198.51.100.1"),
            ("10.9.9.9", &[], "10.9.9.9"),
            ("10.9.9.9", &[""], "10.9.9.9"),
            ("10.9.9.9", &["203.0.113.1"], "203.0.113.1"),
            ("::ffff:10.9.9.9", &["203.0.113.1"], "203.0.113.1"),
            // From the right, to the first one that is not ours.
            ("10.9.9.9", &["1.1.1.1, 203.0.113.1"], "203.0.113.1"),
            (
                "10.9.9.9",
                &["1.1.1.1,203.0.113.1 ,172.16.0.7"],
                "203.0.113.1",
            ),
            (
                "10.9.9.9",
                &["203.0.113.1,\tfd00::7, 10.9.9.9"],
                "203.0.113.1",
            ),
            ("10.9.9.9", &["10.9.9.9, 172.16.0.7"], "10.9.9.9"),
            // Several headers are one list.
            ("10.9.9.9", &["1.1.1.1", "203.0.113.1"], "203.0.113.1"),
            (
                "10.9.9.9",
                &["203.0.113.1", "172.16.0.7", ""],
                "203.0.113.1",
            ),
            (
                "10.9.9.9",
                &["203.0.113.1,, ", " ,172.16.0.7,"],
                "203.0.113.1",
            ),
            // What stands before it may be anything.
            ("10.9.9.9", &["x, 203.0.113.1"], "203.0.113.1"),
            ("10.9.9.9", &["\u{e9}, 203.0.113.1"], "203.0.113.1"),
            ("10.9.9.9", &["unknown", "203.0.113.1"], "203.0.113.1"),
            // What cannot be read is the end: whoever is known last.
            ("10.9.9.9", &["203.0.113.1, x"], "10.9.9.9"),
            ("10.9.9.9", &["203.0.113.1", "\u{e9}"], "10.9.9.9"),
            (
                "10.9.9.9",
                &["203.0.113.1, _hidden, 172.16.0.7"],
                "172.16.0.7",
            ),
            ("10.9.9.9", &["1.1.1.1 203.0.113.1"], "10.9.9.9"),
            // As proxies write addresses.
            ("10.9.9.9", &["203.0.113.1:4711"], "203.0.113.1"),
            (
                "10.9.9.9",
                &["1.1.1.1:1, 203.0.113.1:4711, 172.16.0.7:80"],
                "203.0.113.1",
            ),
            ("10.9.9.9", &["2001:db8::7"], "2001:db8::7"),
            ("10.9.9.9", &["[2001:db8::7]"], "2001:db8::7"),
            ("10.9.9.9", &["[2001:DB8::7]:4711"], "2001:db8::7"),
            ("10.9.9.9", &["\"[2001:db8::7]:4711\""], "2001:db8::7"),
            ("10.9.9.9", &["\"203.0.113.1\""], "203.0.113.1"),
            ("10.9.9.9", &["203.0.113.1, [fd00::7]:80"], "203.0.113.1"),
            // What only looks like one.
            ("10.9.9.9", &["203.0.113.1:"], "10.9.9.9"),
            ("10.9.9.9", &["203.0.113.1:99999"], "10.9.9.9"),
            ("10.9.9.9", &["[203.0.113.1"], "10.9.9.9"),
            ("10.9.9.9", &["203.0.113"], "10.9.9.9"),
            ("10.9.9.9", &["\"203.0.113.1"], "10.9.9.9"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                let line = axum::http::HeaderValue::from_bytes(line.as_bytes()).unwrap();
                headers.append("x-forwarded-for", line);
            }
            // Not believed, whatever it says.
            headers.append("forwarded", "for=192.0.2.99".parse().unwrap());
            headers.append("x-real-ip", "192.0.2.99".parse().unwrap());
            let found = super::client(peer.parse().unwrap(), &headers, trusts);
            let client: IpAddr = client.parse().unwrap();
            assert_eq!(found.to_canonical(), client, "{peer}: {lines:?}");
        }
    }
}
