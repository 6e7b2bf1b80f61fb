//! Which addresses may be dialled.
//!
//! Public addresses, always; others only under `private = true`; the host's own listeners only when the grant names
//! exactly that address (or `localhost`) and port. Addresses that carry an IPv4 address inside count as the address
//! inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

/// What one origin may dial under one grant.
#[derive(Debug, Clone)]
pub(crate) struct AddressRule {
    pub(crate) private: bool,
    /// The grant names the address and port itself, so it may be one of the host's own.
    pub(crate) own: bool,
    pub(crate) forbidden: Arc<[SocketAddr]>,
}

/// Why an address is not dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressRefused {
    #[error("the name leads to an address that is not public")]
    NotPublic,
    #[error("the name leads to a listener of the host itself")]
    OwnListener,
}

impl AddressRule {
    pub(crate) fn check(&self, address: IpAddr, port: u16) -> Result<(), AddressRefused> {
        if !self.own && self.forbidden.iter().any(|listener| reaches(address, port, *listener)) {
            return Err(AddressRefused::OwnListener);
        }
        if !self.private && !is_public(address) {
            return Err(AddressRefused::NotPublic);
        }
        Ok(())
    }
}

/// Whether dialling this address and port ends at this listener.
fn reaches(address: IpAddr, port: u16, listener: SocketAddr) -> bool {
    if port != listener.port() {
        return false;
    }
    let address = dialled(address);
    let bound = listener.ip().to_canonical();
    if bound.is_unspecified() { is_own(address) } else { address == bound }
}

/// Linux takes 0.0.0.0 and :: for the loopback address.
fn dialled(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) if v4.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(v6) if v6.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

/// Whether the address belongs to an interface of this machine: the system binds a socket to no other.
fn is_own(address: IpAddr) -> bool {
    address.is_loopback() || UdpSocket::bind((address, 0)).is_ok()
}

/// Whether an address is reachable from everywhere. Source: the special-purpose registries of IANA (RFC 6890 and its
/// updates).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127 | 240..=255, _, _) => true, // this network, private, loopback, reserved and broadcast
        (100, 64..=127, _) => true,               // shared address space of carriers (RFC 6598)
        (169, 254, _) => true,                    // link local, and the metadata services of clouds
        (172, 16..=31, _) | (192, 168, _) => true, // private
        (192, 0, 0) => true,                      // protocol assignments
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => true, // documentation
        (192, 88, 99) => true,                    // 6to4 relays
        (198, 18 | 19, _) => true,                // benchmarking
        (224..=239, _, _) => true,                // multicast
        (168, 63, 129) => d == 16,                // Azure's metadata and DNS service: public in form, internal in fact
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let inside = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inside(high, low), // NAT64 (RFC 6052)
        [0x2002, high, low, ..] => inside(high, low),               // 6to4 (RFC 3056)
        [0x2001, 0..=0x1ff, ..] => false, // Teredo, benchmarking, ORCHID and other assignments
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false, // documentation
        // Only 2000::/3 is given out as global unicast; loopback, link local, unique local, multicast, the site's own
        // NAT64 prefix (64:ff9b:1::/48) and everything unassigned lie outside.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn public_addresses() {
        for text in [
            "1.1.1.1",
            "93.184.216.34",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "64:ff9b::1.1.1.1",
            "::ffff:8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(public(text), "{text}");
        }
    }

    #[test]
    fn addresses_that_are_not_public() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "127.0.0.1",
            "127.255.0.9",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.170",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "4000::1",
        ] {
            assert!(!public(text), "{text}");
        }
    }

    #[test]
    fn own_listeners_are_refused_under_every_spelling() {
        let rule =
            |listener: &str, own| AddressRule { private: true, own, forbidden: Arc::from([listener.parse().unwrap()]) };
        for listener in ["127.0.0.1:9180", "0.0.0.0:9180", "[::ffff:127.0.0.1]:9180", "[::]:9180"] {
            for address in ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0"] {
                let address = address.parse().unwrap();
                assert_eq!(
                    rule(listener, false).check(address, 9180),
                    Err(AddressRefused::OwnListener),
                    "{listener} {address}"
                );
                assert_eq!(rule(listener, false).check(address, 9181), Ok(()));
                assert_eq!(rule(listener, true).check(address, 9180), Ok(()));
            }
        }
        assert_eq!(
            rule("0.0.0.0:9180", false).check("10.255.255.254".parse().unwrap(), 9180),
            Ok(()),
            "another machine's"
        );
    }
}
