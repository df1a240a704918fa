//! Which addresses the product may connect to: public ones, private ones of the instance's allow-list, some never.
//!
//! Pure, and the only such rule: `control` asks when an address is saved, `gateway` asks the addresses that the connection
//! really uses (`security.md` OC-1 to OC-3). One more forbidden network is one line in [`NEVER`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What may be done with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Public, or private and on the list.
    Allowed,
    /// Private or loopback, and not on the list.
    Private,
    /// Link-local, metadata, multicast, unspecified: no list can allow it.
    Never,
}

/// The private addresses that this instance may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(Vec<Entry>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    network: Network,
    /// `None`: every port.
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u8,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Network {
    Network { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
}

const fn v6(a: u16, b: u16, c: u16, last: u16, prefix: u8) -> Network {
    Network { address: IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, last)), prefix }
}

const NEVER: [Network; 13] = [
    v4(0, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
    // Metadata services of clouds that do not live in the link-local range.
    v4(100, 100, 100, 200, 32),
    v4(168, 63, 129, 16, 32),
    v4(192, 0, 0, 192, 32),
    v6(0xfd00, 0x0ec2, 0, 0x254, 128),
    v6(0, 0, 0, 0, 128),
    v6(0xfe80, 0, 0, 0, 10),
    v6(0xff00, 0, 0, 0, 8),
    // Tunnels that carry an IPv4 address inside: Teredo with the special block around it, and 6to4.
    v6(0x2001, 0, 0, 0, 23),
    v6(0x2002, 0, 0, 0, 16),
];

const GLOBAL_V6: Network = v6(0x2000, 0, 0, 0, 3);

const PRIVATE: [Network; 15] = [
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v6(0, 0, 0, 1, 128),
    v6(0x0064, 0xff9b, 1, 0, 48),
    v6(0x2001, 0x0db8, 0, 0, 32),
    v6(0xfc00, 0, 0, 0, 7),
    v6(0xfec0, 0, 0, 0, 10),
];

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                (network.to_bits() ^ address.to_bits()) & mask == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                (network.to_bits() ^ address.to_bits()) & mask == 0
            }
            _ => false,
        }
    }
}

impl AllowList {
    /// Reads `127.0.0.1:9000`, `10.0.0.0/8`, `10.0.0.0/8:443`, `::1`, `[::1]:9000`. The message names the first wrong entry.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        entries.into_iter().map(entry).collect::<Result<_, _>>().map(Self)
    }

    /// May the product connect to this address and port?
    pub fn verdict(&self, address: IpAddr, port: u16) -> Verdict {
        let address = canonical(address);
        let is_private = PRIVATE.iter().any(|network| network.contains(address));
        // Of IPv6 only the global unicast block is known to be public; what else there is, is nobody's to call.
        let is_strange = address.is_ipv6() && !GLOBAL_V6.contains(address) && !is_private;
        if is_strange || NEVER.iter().any(|network| network.contains(address)) {
            return Verdict::Never;
        }
        let listed = |entry: &Entry| entry.network.contains(address) && entry.port.is_none_or(|only| only == port);
        if !is_private || self.0.iter().any(listed) {
            return Verdict::Allowed;
        }
        Verdict::Private
    }
}

/// The IPv4 address inside a mapped (`::ffff:a.b.c.d`), compatible (`::a.b.c.d`) or translated (`64:ff9b::a.b.c.d`) one.
fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address.to_canonical() else { return address.to_canonical() };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, high, _] | [0x0064, 0xff9b, 0, 0, 0, 0, high, _] if high != 0 => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        _ => IpAddr::V6(v6),
    }
}

fn entry(text: &str) -> Result<Entry, String> {
    let text = text.trim();
    let wrong = || format!("{text:?} is no address: write 127.0.0.1:9000, 10.0.0.0/8 or [::1]:9000");
    let (network, port) = match (text.strip_prefix('['), text.matches(':').count()) {
        (Some(rest), _) => {
            let (network, rest) = rest.split_once(']').ok_or_else(wrong)?;
            (network, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or_else(wrong)?) })
        }
        (None, 1) => text.split_once(':').map(|(network, port)| (network, Some(port))).ok_or_else(wrong)?,
        (None, _) => (text, None),
    };
    let port = port.map(|port| port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong)).transpose()?;
    let (address, prefix) =
        network.split_once('/').map_or((network, None), |(address, prefix)| (address, Some(prefix)));
    let address = canonical(address.parse().map_err(|_| wrong())?);
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => longest,
        Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= longest).ok_or_else(wrong)?,
    };
    if NEVER.iter().any(|never| never.prefix <= prefix && never.contains(address)) {
        return Err(format!("{text:?}: this address is never allowed"));
    }
    Ok(Entry { network: Network { address, prefix }, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(list: &[&str], address: &str, port: u16) -> Verdict {
        AllowList::parse(list.iter().copied()).expect("list").verdict(address.parse().expect("address"), port)
    }

    #[test]
    fn public_addresses_pass_private_ones_need_the_list() {
        for public in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "100.128.0.1"] {
            assert_eq!(verdict(&[], public, 443), Verdict::Allowed, "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "::1",
            "fc00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "::127.0.0.1",
        ] {
            assert_eq!(verdict(&[], private, 443), Verdict::Private, "{private}");
        }
    }

    #[test]
    fn some_addresses_are_never_allowed_whatever_the_list_says() {
        let everything = ["0.0.0.0/1", "128.0.0.0/1", "8000::/1"];
        for never in [
            "0.0.0.0",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "2002:a9fe:a9fe::1",
        ] {
            assert_eq!(verdict(&everything, never, 80), Verdict::Never, "{never}");
        }
    }

    #[test]
    fn an_entry_allows_its_address_or_network_and_its_port_only() {
        assert_eq!(verdict(&["127.0.0.1:9000"], "127.0.0.1", 9000), Verdict::Allowed);
        assert_eq!(verdict(&["127.0.0.1:9000"], "127.0.0.1", 9001), Verdict::Private);
        assert_eq!(verdict(&["127.0.0.1:9000"], "127.0.0.2", 9000), Verdict::Private);
        assert_eq!(verdict(&["10.0.0.0/8"], "10.9.9.9", 1), Verdict::Allowed);
        assert_eq!(verdict(&["10.0.0.0/8:443"], "10.9.9.9", 80), Verdict::Private);
        assert_eq!(verdict(&["[::1]:9000"], "::1", 9000), Verdict::Allowed);
        assert_eq!(verdict(&["::1"], "::1", 5), Verdict::Allowed);
        assert_eq!(verdict(&["fc00::/7"], "fd12::1", 5), Verdict::Allowed);
    }

    #[test]
    fn wrong_entries_are_named() {
        for wrong in [
            "",
            "localhost",
            "10.0.0.0/33",
            "10.0.0.1:0",
            "10.0.0.1:99999",
            "[::1",
            "[::1]9000",
            "example.com:80",
            "169.254.169.254",
            "fe80::1",
        ] {
            let message = AllowList::parse([wrong]).expect_err(wrong);
            assert!(message.contains(&format!("{wrong:?}")), "{message}");
        }
    }
}
