//! Clients by port, each with a resolver that checks every address at the moment it is connected to.
//!
//! A changed allow-list makes new clients, so that no pooled connection outlives the permission it was opened under.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{
    Client, ClientBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

use super::address::{self, AllowList, Blocked};

const CONNECT: Duration = Duration::from_secs(10);
/// Shorter than the keep-alive of common servers, so that few pooled connections are found closed.
const IDLE: Duration = Duration::from_secs(30);
const AGENT: &str = concat!("tallygate/", env!("CARGO_PKG_VERSION"));

#[derive(Default)]
pub(super) struct Clients(Mutex<ByPort>);

#[derive(Default)]
struct ByPort {
    allow: Arc<AllowList>,
    clients: HashMap<u16, Client>,
}

impl Clients {
    /// The client for a port under this allow-list; `None` when TLS cannot be set up on this machine.
    pub(super) fn get(&self, port: u16, allow: &Arc<AllowList>) -> Option<Client> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.allow != *allow {
            *held = ByPort { allow: allow.clone(), clients: HashMap::new() };
        }
        if let Some(client) = held.clients.get(&port) {
            return Some(client.clone());
        }
        let client = client(port, allow)?;
        held.clients.insert(port, client.clone());
        Some(client)
    }
}

/// A client; on a machine without certificate authorities one that can reach plain HTTP only, and says so.
fn client(port: u16, allow: &Arc<AllowList>) -> Option<Client> {
    // The provider sqlx brings. A second installation is refused, which is fine: it is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let full = builder(port, allow.clone()).build();
    full.or_else(|error| {
        tracing::error!(%error, "no certificate authorities on this machine: providers with https cannot be reached");
        builder(port, allow.clone()).tls_certs_only(std::iter::empty()).build()
    })
    .inspect_err(|error| tracing::error!(%error, "no HTTP client"))
    .ok()
}

fn builder(port: u16, allow: Arc<AllowList>) -> ClientBuilder {
    Client::builder()
        .user_agent(AGENT)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .http1_only()
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .dns_resolver(Checked { port, allow })
}

/// Resolves names and drops every address that may not be called. The connection uses exactly what is left.
struct Checked {
    port: u16,
    allow: Arc<AllowList>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (port, allow) = (self.port, self.allow.clone());
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), port)).await?.collect();
            let allowed: Vec<SocketAddr> =
                found.iter().copied().filter(|address| address::check(&allow, address.ip(), port).is_ok()).collect();
            if allowed.is_empty() && !found.is_empty() {
                tracing::warn!(
                    host = name.as_str(),
                    port,
                    "a provider's name resolves to addresses that are not allowed"
                );
                return Err(Blocked.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn resolve(allow: &[&str]) -> Result<usize, String> {
        let allow = address::allow_list(&allow.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>());
        let checked = Checked { port: 9_000, allow: Arc::new(allow) };
        let addresses = checked.resolve("localhost".parse().unwrap()).await.map_err(|error| error.to_string())?;
        Ok(addresses.count())
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_stopped_unless_home_is_listed() {
        assert_eq!(resolve(&[]).await, Err(Blocked.to_string()));
        assert_eq!(resolve(&["127.0.0.1:9001", "[::1]:9001"]).await, Err(Blocked.to_string()));
        assert!(resolve(&["127.0.0.1:9000", "[::1]:9000"]).await.unwrap() > 0);
    }
}
