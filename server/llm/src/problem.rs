//! Our own refusals and failures, before any dialect words them (`product.md` 5.4).
//!
//! A `Problem` holds only what a stranger may read. One more kind: a variant, its line in `ProblemKind::facts`, and its
//! line in each dialect's table.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// What kind of problem it is: clients read it as `error.tallygate.kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    InvalidApiKey,
    TwoCredentials,
    /// The key is right, and somebody has paused it.
    KeyPaused,
    /// The key is right, and does not come from where it may.
    NetworkNotAllowed,
    /// The key is right, and not made for this.
    ScopeMissing,
    ModelNotFound,
    InvalidRequest,
    RequestTooLarge,
    NotFound,
    MethodNotAllowed,
    UpstreamRateLimited,
    UpstreamUnreachable,
    DestinationBlocked,
    UpstreamAccount,
    /// The upstream failed or answered something that is no answer.
    UpstreamError,
    NoTargetAvailable,
    DeadlineExceeded,
    AdmissionUnavailable,
    Overloaded,
    Internal,
}

impl ProblemKind {
    /// The word clients match, and the HTTP status.
    const fn facts(self) -> (&'static str, u16) {
        match self {
            Self::InvalidApiKey => ("invalid_api_key", 401),
            Self::TwoCredentials => ("two_credentials", 400),
            Self::KeyPaused => ("key_paused", 403),
            Self::NetworkNotAllowed => ("network_not_allowed", 403),
            Self::ScopeMissing => ("scope_missing", 403),
            Self::ModelNotFound => ("model_not_found", 404),
            Self::InvalidRequest => ("invalid_request", 400),
            Self::RequestTooLarge => ("request_too_large", 413),
            Self::NotFound => ("not_found", 404),
            Self::MethodNotAllowed => ("method_not_allowed", 405),
            Self::UpstreamRateLimited => ("upstream_rate_limited", 429),
            Self::UpstreamUnreachable => ("upstream_unreachable", 502),
            Self::DestinationBlocked => ("destination_blocked", 502),
            Self::UpstreamAccount => ("upstream_account", 502),
            Self::UpstreamError => ("upstream_error", 502),
            Self::NoTargetAvailable => ("no_target_available", 503),
            Self::DeadlineExceeded => ("deadline_exceeded", 504),
            Self::AdmissionUnavailable => ("admission_unavailable", 503),
            Self::Overloaded => ("overloaded", 503),
            Self::Internal => ("internal", 500),
        }
    }

    pub const fn as_str(self) -> &'static str {
        self.facts().0
    }

    pub const fn status(self) -> u16 {
        self.facts().1
    }
}

/// One refusal or failure of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    /// For people: lower case is the dialect's business, so this is a whole sentence.
    pub message: String,
    /// The field that is wrong.
    pub param: Option<String>,
    /// `req_…`.
    pub request_id: String,
    /// Whole seconds.
    pub retry_after: Option<u32>,
}

/// A complete HTTP answer of a dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpBody {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl HttpBody {
    /// JSON with the headers every problem has, whatever its dialect.
    pub(crate) fn json(problem: &Problem, body: String) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(id) = HeaderValue::from_str(&problem.request_id) {
            headers.insert(HeaderName::from_static("x-request-id"), id.clone());
            headers.insert(HeaderName::from_static("request-id"), id);
        }
        if let Some(seconds) = problem.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let status = StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers, body: Bytes::from(body) }
    }
}
