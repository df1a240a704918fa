//! HTTP for tests: one way to make a client, so that no test forgets a setting.

use std::sync::Once;

/// A client without proxies and without redirects. Panics when TLS cannot be set up: no test could go on.
#[expect(clippy::expect_used, reason = "a test tool; nothing can be tested without it")]
pub fn http_client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Another part of the process may have chosen a provider already; any one will do.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("the HTTP client can be built")
}
