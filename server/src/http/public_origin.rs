//! The one trusted origin, from `PUBLIC_URL`; never from a Host header.

use url::Url;

/// Origins that a browser may send from. More than one only for a local set-up without `PUBLIC_URL`.
#[derive(Clone, Debug)]
pub struct PublicOrigin {
    /// Without a trailing slash.
    url: String,
    origins: Vec<String>,
    https: bool,
    loopback: bool,
}

impl PublicOrigin {
    /// The configured URL, or the port we listen on under both names of this machine.
    pub fn new(configured: Option<&Url>, port: u16) -> Self {
        match configured {
            Some(url) => Self {
                url: url.origin().ascii_serialization(),
                origins: vec![url.origin().ascii_serialization()],
                https: url.scheme() == "https",
                loopback: match url.host() {
                    Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
                    Some(url::Host::Ipv4(address)) => address.is_loopback(),
                    Some(url::Host::Ipv6(address)) => address.is_loopback(),
                    None => false,
                },
            },
            None => Self {
                url: format!("http://localhost:{port}"),
                origins: vec![format!("http://localhost:{port}"), format!("http://127.0.0.1:{port}")],
                https: false,
                loopback: true,
            },
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn trusts(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own == origin)
    }

    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Plain http on a public name: the shell warns.
    pub fn is_exposed(&self) -> bool {
        !self.https && !self.loopback
    }

    /// `__Host-tg` needs https; on plain http the name is `tg`.
    pub fn cookie_name(&self) -> &'static str {
        if self.https { "__Host-tg" } else { "tg" }
    }
}
