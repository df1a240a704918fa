//! Base URLs as people type them: one parser, one set of rules for form, API and bundle (`security.md` OC-1 to OC-3).
//!
//! Names that resolve are checked again at connect time by `gateway`, with the same list and the same rule
//! (`domain::destination`). The address that was saved is the one the credential is sealed for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domain::destination::{AllowList, Verdict};
use url::{Host, Url};

/// Ports of services that speak something else and could be made to act by an HTTP request.
const ODD_PORTS: [u16; 21] =
    [0, 7, 9, 19, 21, 22, 23, 25, 53, 69, 79, 110, 111, 119, 135, 139, 143, 445, 465, 587, 6000];

const NEVER: &str = "this address is never allowed";

/// The parsed URL, or what is wrong with the text.
pub fn parse(text: &str, allowed: &AllowList) -> Result<Url, String> {
    let example = "enter an address such as https://api.example.com/v1";
    let text = text.trim();
    if text.len() > 2_000 || text.chars().any(char::is_control) {
        return Err(example.to_owned());
    }
    let url = Url::parse(text).map_err(|_| example.to_owned())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("use http or https".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("leave name and password out of the address: there is a field for the credential".to_owned());
    }
    if url.fragment().is_some() || url.query().is_some() {
        return Err("leave out everything from ? or # on".to_owned());
    }
    let port = url.port_or_known_default().ok_or(example)?;
    if ODD_PORTS.contains(&port) {
        return Err(format!("port {port} belongs to another service"));
    }
    let verdict = match url.host().ok_or(example)? {
        Host::Ipv4(address) => allowed.verdict(IpAddr::V4(address), port),
        Host::Ipv6(address) => allowed.verdict(IpAddr::V6(address), port),
        Host::Domain(name) => verdict_of_name(name, port, allowed),
    };
    match verdict {
        Verdict::Allowed => Ok(url),
        Verdict::Never => Err(NEVER.to_owned()),
        Verdict::Private => Err(format!(
            "ask an instance admin to add {}:{port} to the private-address allow-list",
            url.host_str().filter(|host| !is_local(host)).unwrap_or("127.0.0.1")
        )),
    }
}

/// Only what a name says by itself; where it points to is decided when it is connected to.
fn verdict_of_name(name: &str, port: u16, allowed: &AllowList) -> Verdict {
    let bare = name.trim_end_matches('.').to_ascii_lowercase();
    if bare.is_empty() || bare == "metadata" || bare.ends_with("metadata.google.internal") {
        return Verdict::Never;
    }
    if !is_local(&bare) {
        return Verdict::Allowed;
    }
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let listed = loopback.into_iter().any(|address| allowed.verdict(address, port) == Verdict::Allowed);
    if listed { Verdict::Allowed } else { Verdict::Private }
}

fn is_local(name: &str) -> bool {
    let bare = name.trim_end_matches('.');
    bare.eq_ignore_ascii_case("localhost") || bare.to_ascii_lowercase().ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(list: &[&str], text: &str) -> String {
        let allowed = AllowList::parse(list.iter().copied()).unwrap();
        parse(text, &allowed).map_or_else(|message| message, |url| url.to_string())
    }

    #[test]
    fn public_addresses_pass() {
        for good in [
            "https://api.example.com/v1",
            "http://api.example.com:8080/",
            "https://8.8.8.8/v1",
            "https://[2606:4700::1111]/",
        ] {
            assert_eq!(said(&[], good), good);
        }
    }

    #[test]
    fn private_addresses_need_the_list_in_every_spelling() {
        for private in [
            "http://127.0.0.1:9000/v1",
            "http://localhost:9000",
            "http://LOCALHOST.:9000",
            "http://a.localhost:9000",
            "http://2130706433:9000",
            "http://0x7f000001:9000",
            "http://0177.0.0.1:9000",
            "http://127.1:9000",
            "http://[::1]:9000",
            "http://[::ffff:127.0.0.1]:9000",
            "http://①②⑦.0.0.1:9000",
            "http://10.0.0.1:9000",
            "http://192.168.1.1:9000",
            "http://[fd00::1]:9000",
        ] {
            let message = said(&[], private);
            assert!(
                message.starts_with("ask an instance admin to add ") && message.contains(":9000 "),
                "{private}: {message}"
            );
        }
        for allowed in ["http://127.0.0.1:9000/v1", "http://localhost:9000/", "http://127.1:9000/"] {
            assert!(said(&["127.0.0.1:9000"], allowed).starts_with("http://"), "{allowed}");
        }
        assert!(said(&["127.0.0.1:9000"], "http://127.0.0.1:9001").contains("127.0.0.1:9001 to the private-address"));
        assert!(said(&[], "http://localhost:9000").contains("add 127.0.0.1:9000 to"));
    }

    #[test]
    fn some_addresses_are_never_allowed() {
        for never in [
            "http://169.254.169.254/latest",
            "http://2852039166",
            "http://0xa9fea9fe",
            "http://[::ffff:169.254.169.254]",
            "http://[fe80::1]",
            "http://0.0.0.0",
            "http://[::]",
            "http://224.0.0.1",
            "http://metadata.google.internal",
            "http://METADATA.google.internal.",
            "http://100.100.100.200",
        ] {
            assert_eq!(said(&["0.0.0.0/1", "128.0.0.0/1", "::/1"], never), NEVER, "{never}");
        }
    }

    #[test]
    fn everything_that_is_not_plain_http_is_refused() {
        for wrong in [
            "",
            "api.example.com",
            "ftp://example.com",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://",
            "https://user:pass@example.com",
            "https://user@example.com",
            "https://example.com/#x",
            "https://example.com/?a=b",
            "http://example.com:22",
            "http://example.com:99999",
            "http://[fe80::1%25eth0]/",
            "https://exa mple.com",
            "data:text/plain,x",
        ] {
            let message = said(&["0.0.0.0/1"], wrong);
            assert!(!message.starts_with("http://") && !message.starts_with("https://"), "{wrong}: {message}");
        }
    }
}
