//! IP networks that a key may come from: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`.

use std::net::IpAddr;

/// An address and how many of its leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// A single address is a network of one. Bits beyond the prefix must be zero: a typo there would mean another network.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no network: write 203.0.113.0/24, 2001:db8::/32 or a single address");
        let (address, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let address = address.to_canonical();
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => longest,
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= longest).ok_or_else(wrong)?,
        };
        let network = Self { address, bits };
        if network.prefix_of(address) != number(address) {
            return Err(format!("{text:?} has bits behind its prefix: write {}", network.first()));
        }
        Ok(network)
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && self.prefix_of(address) == self.prefix_of(self.address)
    }

    fn prefix_of(&self, address: IpAddr) -> u128 {
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let cut = longest - u32::from(self.bits);
        // A shift by all bits is no shift.
        if cut >= 128 { 0 } else { number(address) >> cut << cut }
    }

    fn first(&self) -> String {
        let first = self.prefix_of(self.address);
        match self.address {
            IpAddr::V4(_) => {
                format!("{}/{}", std::net::Ipv4Addr::from(u32::try_from(first).unwrap_or(0)), self.bits)
            }
            IpAddr::V6(_) => format!("{}/{}", std::net::Ipv6Addr::from(first), self.bits),
        }
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let longest = if self.address.is_ipv4() { 32 } else { 128 };
        if self.bits == longest { self.address.fmt(f) } else { write!(f, "{}/{}", self.address, self.bits) }
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_inside_when_the_prefix_is_the_same() {
        assert!(contains("203.0.113.0/24", "203.0.113.255"));
        assert!(!contains("203.0.113.0/24", "203.0.114.0"));
        assert!(contains("203.0.113.7", "203.0.113.7"));
        assert!(!contains("203.0.113.7", "203.0.113.8"));
        assert!(contains("0.0.0.0/0", "8.8.8.8") && !contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("::/0", "2001:db8::1") && !contains("::/0", "8.8.8.8"));
        assert!(contains("2001:db8::/32", "2001:db8:ffff::1") && !contains("2001:db8::/32", "2001:db9::1"));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address() {
        assert!(contains("203.0.113.0/24", "::ffff:203.0.113.9"));
        assert!(contains("::ffff:203.0.113.7", "203.0.113.7"));
    }

    #[test]
    fn what_is_no_network_is_refused_and_says_what_would_be_one() {
        for text in ["", "here", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "::/129", "1.2.3.4/24/8"] {
            assert!(Network::parse(text).is_err(), "{text:?}");
        }
        assert!(Network::parse("203.0.113.9/24").is_err_and(|error| error.ends_with("write 203.0.113.0/24")));
    }

    #[test]
    fn a_network_is_written_as_it_was_read() {
        for text in ["203.0.113.0/24", "203.0.113.7", "2001:db8::/32", "::1"] {
            assert_eq!(Network::parse(text).unwrap().to_string(), text);
        }
    }
}
