//! The address of whoever calls: the connection's other end, or what a configured number of trusted proxies says.

use std::net::{IpAddr, SocketAddr};

use axum::extract::Request;

use super::listen::Peer;

/// The client's address. With `trusted` proxies in front, the entry that the outermost of them added; headers from strangers
/// are never believed (`security.md` HT-4). `None`: that entry is missing or holds no address. Then nobody knows where the call
/// comes from: another entry is what the client wrote, and the connection's other end is a proxy.
pub fn client_address(request: &Request, trusted: usize) -> Option<IpAddr> {
    let Some(hops) = trusted.checked_sub(1) else {
        return request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    };
    // Every entry counts, whatever is in it: one that were left out would let the client move the others.
    let values = request.headers().get_all("x-forwarded-for").iter().rev();
    let entry = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b',')).nth(hops)?;
    address(std::str::from_utf8(entry).ok()?.trim())
}

/// An address, with or without brackets or the port that some proxies write.
fn address(entry: &str) -> Option<IpAddr> {
    if let Ok(address) = entry.parse() {
        return Some(address);
    }
    if let Ok(socket) = entry.parse::<SocketAddr>() {
        return Some(socket.ip());
    }
    entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(forwarded: &[&str], trusted: usize) -> Option<String> {
        let mut request = Request::new(axum::body::Body::empty());
        request.extensions_mut().insert(Peer("10.0.0.1:5".parse().unwrap()));
        for value in forwarded {
            request.headers_mut().append("x-forwarded-for", http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        client_address(&request, trusted).map(|address| address.to_string())
    }

    #[test]
    fn only_the_configured_number_of_proxies_is_believed() {
        for (forwarded, trusted, expected) in [
            (vec!["6.6.6.6"], 0, "10.0.0.1"),
            (vec![], 0, "10.0.0.1"),
            (vec!["6.6.6.6, 1.2.3.4"], 1, "1.2.3.4"),
            (vec!["6.6.6.6", "1.2.3.4"], 1, "1.2.3.4"),
            (vec!["6.6.6.6, 1.2.3.4, 10.0.0.9"], 2, "1.2.3.4"),
            (vec!["6.6.6.6,1.2.3.4", "10.0.0.9"], 2, "1.2.3.4"),
            (vec!["nonsense, , é, 1.2.3.4"], 1, "1.2.3.4"),
        ] {
            assert_eq!(address(&forwarded, trusted).as_deref(), Some(expected), "{forwarded:?} {trusted}");
        }
    }

    #[test]
    fn an_address_is_read_with_the_port_that_some_proxies_write() {
        for (forwarded, expected) in [
            ("6.6.6.6, 1.2.3.4:5678", "1.2.3.4"),
            ("6.6.6.6, [2001:db8::7]:443", "2001:db8::7"),
            ("6.6.6.6, [2001:db8::7]", "2001:db8::7"),
            ("6.6.6.6, 2001:db8::7", "2001:db8::7"),
        ] {
            assert_eq!(address(&[forwarded], 1).as_deref(), Some(expected), "{forwarded}");
        }
    }

    /// Another entry is one that the client wrote, and the peer is a proxy: neither is where the call comes from.
    #[test]
    fn where_the_proxy_says_no_address_there_is_none() {
        for (forwarded, trusted) in [
            (vec!["6.6.6.6, unknown"], 1),
            (vec!["6.6.6.6, "], 1),
            (vec!["6.6.6.6, é"], 1),
            (vec!["6.6.6.6", "[1.2.3.4"], 1),
            (vec!["6.6.6.6, 1.2.3.4:port"], 1),
            (vec!["nonsense, 10.0.0.9"], 2),
            (vec!["1.2.3.4"], 2),
            (vec![""], 1),
            (vec![], 1),
        ] {
            assert_eq!(address(&forwarded, trusted), None, "{forwarded:?} {trusted}");
        }
    }
}
