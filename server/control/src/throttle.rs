//! Slowing down guesses at sign-in, at links and at the current password (`security.md` LG-2, LG-4).
//!
//! Here: what tries are counted by. The counting is `store::sessions::failures`. Never here: what a try was about.

use std::net::IpAddr;

use auth::digest;
use store::{pool, sessions::failures};

use crate::{Context, Error};

/// The network that somebody comes from. An IPv6 network is a /64, because one host owns that many addresses. Whoever comes
/// from nowhere known is counted together.
pub(crate) fn network(address: Option<IpAddr>) -> String {
    format!("network {}", prefix(address))
}

/// The account as seen from one network. The e-mail address is hashed so that the table lists no one's.
pub(crate) fn account(email: &str, address: Option<IpAddr>) -> String {
    let hash: String =
        digest::of(email.as_bytes()).as_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("account {hash} from {}", prefix(address))
}

/// An address as requests carry it.
pub(crate) fn parse(address: Option<&str>) -> Option<IpAddr> {
    address.and_then(|text| text.parse().ok())
}

/// Takes one try of a network, before anything is looked up.
pub(crate) async fn take(ctx: &Context, network: &str) -> Result<(), Error> {
    let mut tx = pool::begin(&ctx.pools.auth).await?;
    if !failures::take_network(&mut tx, network).await? {
        return Err(Error::Throttled);
    }
    Ok(pool::commit(tx).await?)
}

/// What turned out to be no guess costs no try.
pub(crate) async fn give_back(ctx: &Context, network: &str) -> Result<(), Error> {
    let mut db = pool::connection(&ctx.pools.auth).await?;
    Ok(failures::give_back_network(&mut db, network).await?)
}

fn prefix(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(v4)) => v4.to_string(),
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one_ipv4_address_or_one_ipv6_64() {
        let network = |address: &str| network(Some(address.parse().unwrap()));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }

    #[test]
    fn an_account_is_counted_apart_from_each_network_and_without_its_address() {
        let account = |email: &str, address: &str| account(email, Some(address.parse().unwrap()));
        assert_ne!(account("ada@example.com", "192.0.2.1"), account("ada@example.com", "192.0.2.2"));
        assert_ne!(account("ada@example.com", "192.0.2.1"), account("bob@example.com", "192.0.2.1"));
        assert!(!account("ada@example.com", "192.0.2.1").contains("ada"));
    }
}
