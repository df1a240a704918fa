//! The address of whoever calls: the connection's other end, or what a configured number of trusted proxies says.

use std::net::IpAddr;

use axum::extract::Request;

use super::listen::Peer;

/// The client's address. With `trusted` proxies in front, the entry that the outermost of them added; headers from strangers
/// are never believed (`security.md` HT-4).
pub fn client_address(request: &Request, trusted: usize) -> Option<IpAddr> {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    if trusted == 0 {
        return peer;
    }
    let forwarded: Vec<IpAddr> = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|entry| entry.trim().parse().ok())
        .collect();
    forwarded.len().checked_sub(trusted).and_then(|index| forwarded.get(index).copied()).or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_configured_number_of_proxies_is_believed() {
        let request = |forwarded: &str| {
            let mut request = Request::new(axum::body::Body::empty());
            request.extensions_mut().insert(Peer("10.0.0.1:5".parse().unwrap()));
            request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
            request
        };
        let address = |forwarded, trusted| client_address(&request(forwarded), trusted).unwrap().to_string();
        assert_eq!(address("6.6.6.6", 0), "10.0.0.1");
        assert_eq!(address("6.6.6.6, 1.2.3.4", 1), "1.2.3.4");
        assert_eq!(address("6.6.6.6, 1.2.3.4, 10.0.0.9", 2), "1.2.3.4");
        assert_eq!(address("1.2.3.4", 2), "10.0.0.1");
        assert_eq!(address("nonsense", 1), "10.0.0.1");
    }
}
