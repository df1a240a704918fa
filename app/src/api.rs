//! Server functions: one file per resource, the same names as in `control`, bodies of one line.
//!
//! Never here: rules, SQL, permission checks. One more operation: a function in `control`, one here, and its place in the
//! inventory of `server::http`. Arguments only grow, with `#[serde(default)]`; nothing that writes uses a GET encoding.

use domain::ApiError;
use leptos::{prelude::*, server_fn::codec::JsonEncoding};
use serde::{Deserialize, Serialize};

pub mod catalog;
pub mod history;
mod json;
pub mod keys;
pub mod models;
pub mod prices;
pub mod protocol;
pub mod providers;
pub mod runs;
pub mod sessions;
pub mod settings;
pub mod teams;
pub mod tree;

/// [`ApiError`] as the error of a server function. A type of its own because the trait is foreign to `domain`, which stays
/// free of the web framework.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Failure(pub ApiError);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl FromServerFnError for Failure {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        use domain::ErrorKind;
        let (kind, message) = match error {
            // The texts of the framework may name types; only our own words reach a page.
            ServerFnErrorErr::Request(_) => (ErrorKind::Unavailable, "the server cannot be reached"),
            ServerFnErrorErr::Deserialization(_) => {
                (ErrorKind::Unavailable, "the answer could not be read: reload the page")
            }
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                (ErrorKind::Invalid, "the request could not be read: reload the page and try again")
            }
            _ => (ErrorKind::Internal, "something went wrong on the server"),
        };
        Self(ApiError::new(kind, message))
    }
}

/// What every server function answers with.
pub type Answer<T> = Result<T, Failure>;

#[cfg(feature = "ssr")]
pub use on_server::{actor, context, respond};

#[cfg(feature = "ssr")]
mod on_server {
    use control::{Actor, Context};
    use domain::{ApiError, ErrorKind};
    use leptos::prelude::*;

    use super::{Answer, Failure};

    /// The operations' context, provided by `server` for each request.
    pub fn context() -> Answer<Context> {
        use_context::<Context>().ok_or_else(|| refuse(ApiError::new(ErrorKind::Internal, "no context")))
    }

    /// The person behind the session of this request.
    pub fn actor() -> Answer<Actor> {
        use_context::<http::request::Parts>()
            .and_then(|parts| parts.extensions.get::<Actor>().cloned())
            .ok_or_else(|| refuse(ApiError::new(ErrorKind::Unauthenticated, "sign in to go on")))
    }

    /// Turns the answer of an operation into that of a server function, with the status that its error asks for: without
    /// it every error would be a 500.
    pub fn respond<T>(result: Result<T, control::Error>) -> Answer<T> {
        result.map_err(|error| refuse(error.into_api()))
    }

    fn refuse(error: ApiError) -> Failure {
        if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
            let status = http::StatusCode::from_u16(error.kind.status());
            response.set_status(status.unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR));
        }
        Failure(error)
    }
}
