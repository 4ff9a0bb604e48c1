//! Which network a request comes from.

use crate::App;
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};
use std::{
    convert::Infallible,
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// The network that a request comes from.
pub(super) struct Network(IpAddr);

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromRequestParts<App> for Network {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.ip());
        let trusted = |address: IpAddr| {
            let address = address.to_canonical();
            app.config
                .trusted_proxies
                .iter()
                .any(|net| net.contains(&address))
        };
        // Each proxy adds the address it was asked from at the end; what stands before the first
        // one that is not ours could be made up.
        let lists = parts.headers.get_all("x-forwarded-for").into_iter();
        let hops: Vec<IpAddr> = lists
            .filter_map(|list| list.to_str().ok())
            .flat_map(|list| list.split(','))
            .map_while(|hop| hop.trim().parse().ok())
            .collect();
        let address = std::iter::once(peer).chain(hops.into_iter().rev());
        let mut address = address.skip_while(|address| trusted(*address));
        Ok(Self(network(address.next().unwrap_or(peer))))
    }
}

/// The network that an address counts as: itself, or for IPv6 the /64 that one subscriber has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_has_one_network() {
        let network = |address: &str| network(address.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:10.0.0.1"), network("10.0.0.1"));
        assert_ne!(network("10.0.0.1"), network("10.0.0.2"));
    }
}
