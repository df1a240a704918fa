//! Which addresses may be called: the rule is `domain::destination`, here it meets URLs (`security.md` OC-1, OC-2).
//!
//! A literal is judged before anything is sent; the addresses behind a name are judged in the resolver that the connection
//! really uses.

use std::net::IpAddr;

pub(crate) use domain::destination::AllowList;
use domain::destination::Verdict;
use url::{Host, Url};

/// The address is not one that this instance may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not allowed")]
pub(crate) struct Blocked;

/// Reads the stored entries; one that cannot be read allows nothing and is logged.
pub(crate) fn allow_list(entries: &[String]) -> AllowList {
    let is_readable = |entry: &&str| {
        let read = AllowList::parse([*entry]);
        if let Err(problem) = &read {
            tracing::warn!(problem, "an entry of the private-address allow-list cannot be read");
        }
        read.is_ok()
    };
    AllowList::parse(entries.iter().map(String::as_str).filter(is_readable)).unwrap_or_default()
}

/// May this address be called at this port?
pub(crate) fn check(allow: &AllowList, address: IpAddr, port: u16) -> Result<(), Blocked> {
    match allow.verdict(address, port) {
        Verdict::Allowed => Ok(()),
        Verdict::Private | Verdict::Never => Err(Blocked),
    }
}

/// The URL's host, when it is an address and not a name, must be allowed. Names are checked in the resolver.
pub(crate) fn check_literal(url: &Url, allow: &AllowList) -> Result<(), Blocked> {
    let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(Blocked)?;
    match literal(url) {
        Some(address) => check(allow, address, port),
        None => Ok(()),
    }
}

/// Does the URL name a private address, or this machine, in so many words?
pub(crate) fn is_literal_private(url: &Url) -> bool {
    match literal(url) {
        Some(address) => AllowList::default().verdict(address, 0) == Verdict::Private,
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

#[cfg(test)]
mod tests;
