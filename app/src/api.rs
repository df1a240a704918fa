//! Server functions: one file per resource, the same names as in `control`, bodies of one line.
//!
//! Never here: rules, SQL, permission checks. One more operation: a function in `control`, one here, and its place in the
//! inventory of `server::http`. Arguments only grow, with `#[serde(default)]`; nothing that writes uses a GET encoding.

use domain::ApiError;
use leptos::{prelude::*, server_fn::codec::JsonEncoding};
use serde::{Deserialize, Serialize};

pub mod audit;
pub mod bundle;
pub mod catalog;
pub mod feedback;
pub mod history;
pub mod invitations;
pub mod json;
pub mod keys;
pub mod members;
pub mod models;
pub mod permissions;
pub mod playground;
pub mod prices;
pub mod profile;
pub mod protocol;
pub mod providers;
pub mod reference;
pub mod runs;
pub mod sessions;
pub mod settings;
pub mod teams;
pub mod tokens;
pub mod tree;
pub mod users;
pub mod verdict;

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
use on_server::refuse;
#[cfg(feature = "ssr")]
pub use on_server::{actor, context, respond, secrets, signed_in};

#[cfg(feature = "ssr")]
mod on_server {
    use std::{future::Future, sync::Arc};

    use control::{Actor, Context, bundle::Secrets};
    use domain::{ApiError, ErrorKind};
    use leptos::prelude::*;

    use super::{Answer, Failure};

    /// The operations' context, provided by `server` for each request.
    pub fn context() -> Answer<Context> {
        use_context::<Context>().ok_or_else(|| refuse(ApiError::new(ErrorKind::Internal, "no context")))
    }

    /// The person behind the session of this request, if there is one.
    pub fn signed_in() -> Option<Actor> {
        use_context::<http::request::Parts>()?.extensions.get::<Actor>().cloned()
    }

    /// The same where there must be one.
    pub fn actor() -> Answer<Actor> {
        signed_in().ok_or_else(|| refuse(ApiError::new(ErrorKind::Unauthenticated, "sign in to go on")))
    }

    /// Where bundles of the browser may take secrets from, provided by `server`.
    pub fn secrets() -> Answer<Arc<dyn Secrets>> {
        use_context::<Arc<dyn Secrets>>().ok_or_else(|| refuse(ApiError::new(ErrorKind::Internal, "no secrets")))
    }

    /// Waits for an operation and turns its answer into that of a server function, with the status that its error asks for:
    /// without it every error would be a 500. What somebody had no right to is noted.
    pub async fn respond<T>(work: impl Future<Output = Result<T, control::Error>>) -> Answer<T> {
        let error = match work.await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if matches!(error, control::Error::Forbidden { .. })
            && let (Ok(context), Ok(actor)) = (context(), actor())
        {
            let path = use_context::<http::request::Parts>().map(|parts| parts.uri.path().to_owned());
            if let Err(error) = control::audit::refused(&context, &actor, &path.unwrap_or_default()).await {
                // Said in the log; the refusal stands either way.
                let _logged = error.into_api();
            }
        }
        Err(refuse(error.into_api()))
    }

    pub fn refuse(error: ApiError) -> Failure {
        if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
            let status = http::StatusCode::from_u16(error.kind.status());
            response.set_status(status.unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR));
        }
        Failure(error)
    }
}
