//! Who may enter which route: one reviewed list (`security.md` AC-1). What is not listed needs a session.
//!
//! One more public route: a line in [`PUBLIC`], with the reason.

/// What a route asks for before its handler is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Public,
    /// A signed-in person; the operation checks the rest.
    Session,
    /// A virtual key; cookies are ignored.
    Key,
}

/// Routes without a credential, each with its reason. A path ending in `/` stands for everything below it.
pub const PUBLIC: &[(&str, &str)] = &[
    ("/setup", "makes the first owner, and only with the one-time code"),
    ("/sign-in", "how a session begins"),
    ("/sign-out", "ends whatever session the cookie names"),
    ("/health", "tells only that the process lives"),
    ("/ready", "tells only that the database answers"),
    ("/pkg/", "the browser files, the same for everyone"),
    ("/favicon.svg", "a picture"),
    ("/icons.svg", "pictures"),
    ("/robots.txt", "for crawlers"),
];

/// The class of a path: keys for `/v1` and `/api/v1`, the list above, a session for everything else.
pub fn access(path: &str) -> Access {
    if path == "/v1" || path.starts_with("/v1/") || path.starts_with("/api/v1/") {
        return Access::Key;
    }
    let listed = PUBLIC.iter().any(|(public, _)| match public.strip_suffix('/') {
        Some(_) => path.starts_with(public),
        None => path == *public,
    });
    if listed { Access::Public } else { Access::Session }
}

/// Every server function with its method: what tests send strangers to.
pub fn operations() -> Vec<(&'static str, http::Method)> {
    leptos::server_fn::axum::server_fn_paths().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_needs_a_session() {
        for path in ["/", "/t/core", "/ui/keys/list", "/ui/events", "/setup/x", "/sign-in/", "/healthz", "/pkg", "/v1x"]
        {
            assert_eq!(access(path), Access::Session, "{path}");
        }
        for path in ["/setup", "/sign-in", "/pkg/abc/tallygate.js", "/health"] {
            assert_eq!(access(path), Access::Public, "{path}");
        }
        assert_eq!(access("/v1/models"), Access::Key);
        assert_eq!(access("/api/v1/requests/req_1"), Access::Key);
    }
}
