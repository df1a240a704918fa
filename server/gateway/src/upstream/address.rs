//! Which addresses may be called (`security.md` OC-1, OC-2). Pure.
//!
//! Public ones yes; loopback and private ones only from the instance's list; link-local, metadata, multicast, unspecified and
//! reserved ones never, listed or not. Addresses that carry another one inside are judged by that one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The address is not one that this instance may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not allowed")]
pub(crate) struct Blocked;

/// Private addresses that may be called: `addr`, `addr:port`, `net/len`, `[v6]:port`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AllowList(Vec<Entry>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    address: IpAddr,
    length: u8,
    port: Option<u16>,
}

/// What kind of address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Public,
    Private,
    Never,
}

impl AllowList {
    /// Reads the entries; one that cannot be read allows nothing and is logged.
    pub(crate) fn parse(entries: &[String]) -> Self {
        let read = |text: &String| {
            let entry = Entry::parse(text.trim());
            if entry.is_none() {
                tracing::warn!(entry = text, "an entry of the private-address allow-list cannot be read");
            }
            entry
        };
        Self(entries.iter().filter_map(read).collect())
    }

    /// May this address be called at this port?
    pub(crate) fn check(&self, address: IpAddr, port: u16) -> Result<(), Blocked> {
        let address = inner(address);
        let is_allowed = match class(address) {
            Class::Public => true,
            Class::Private => self.0.iter().any(|entry| entry.covers(address, port)),
            Class::Never => false,
        };
        if is_allowed { Ok(()) } else { Err(Blocked) }
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Self> {
        if let Some((address, length)) = text.split_once('/') {
            let address: IpAddr = address.parse().ok()?;
            let length: u8 = length.parse().ok()?;
            let longest = if address.is_ipv4() { 32 } else { 128 };
            return (length <= longest).then_some(Self { address, length, port: None });
        }
        let whole = |address: IpAddr, port| Self { address, length: if address.is_ipv4() { 32 } else { 128 }, port };
        if let Ok(address) = text.trim_matches(['[', ']']).parse() {
            return Some(whole(address, None));
        }
        let socket: std::net::SocketAddr = text.parse().ok()?;
        Some(whole(socket.ip(), Some(socket.port())))
    }

    fn covers(&self, address: IpAddr, port: u16) -> bool {
        let is_in_network = match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                shares_prefix(u32::from(net).into(), u32::from(address).into(), 96 + u32::from(self.length))
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => shares_prefix(net.into(), address.into(), self.length.into()),
            _ => false,
        };
        is_in_network && self.port.is_none_or(|only| only == port)
    }
}

fn shares_prefix(a: u128, b: u128, length: u32) -> bool {
    length == 0 || (a ^ b).checked_shr(128 - length).unwrap_or(0) == 0
}

/// The URL's host, when it is an address and not a name, must be allowed. Names are checked in the resolver.
pub(crate) fn check_literal(url: &Url, allow: &AllowList) -> Result<(), Blocked> {
    let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(Blocked)?;
    match literal(url) {
        Some(address) => allow.check(address, port),
        None => Ok(()),
    }
}

/// Does the URL name a private address, or this machine, in so many words?
pub(crate) fn is_literal_private(url: &Url) -> bool {
    match literal(url) {
        Some(address) => class(inner(address)) == Class::Private,
        None => url.domain().is_some_and(|name| name.trim_end_matches('.') == "localhost"),
    }
}

/// The URL parser has already read decimal, hexadecimal and octal spellings.
fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// The IPv4 address inside a mapped, translated (NAT64) or tunnelled (6to4) IPv6 address.
fn inner(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) => v4(g, h),
        (0, 0, 0, 0, 0, 0) if g != 0 => v4(g, h),
        (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        (0x2002, ..) => v4(b, c),
        _ => address,
    }
}

fn class(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(address) => class_v4(address),
        IpAddr::V6(address) => class_v6(address),
    }
}

fn class_v4(address: Ipv4Addr) -> Class {
    match address.octets() {
        // Metadata services of clouds that do not use a link-local address.
        [100, 100, 100, 200] | [168, 63, 129, 16] => Class::Never,
        [0, ..] | [169, 254, ..] | [224..=255, ..] | [192, 0, 0, _] => Class::Never,
        [127 | 10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] | [198, 18 | 19, ..] => {
            Class::Private
        }
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Class::Private,
        _ => Class::Public,
    }
}

fn class_v6(address: Ipv6Addr) -> Class {
    let segments = address.segments();
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Class::Private,
        // The metadata service of one cloud, inside the private range.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254] => Class::Never,
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] | [0x2001, 0x0db8, ..] => Class::Private,
        // Global unicast without Teredo and the special block around it.
        [0x2001, 0..=0x01ff, ..] => Class::Never,
        [0x2000..=0x3fff, ..] => Class::Public,
        _ => Class::Never,
    }
}

#[cfg(test)]
mod tests;
