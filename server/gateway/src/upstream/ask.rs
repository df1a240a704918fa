//! A free question: a GET without body that names its own credential. It is no model call, so there is nothing to reserve.

use std::sync::Arc;

use auth::Credential;
use domain::provider::AuthScheme;
use http::{HeaderMap, HeaderValue, header};
use llm::offer::ListRequest;
use url::Url;

use super::{
    Answer, SendError, Upstream,
    address::{AllowList, Blocked, check_literal},
    authorize, below, classify,
};

/// A question on its way out.
pub(crate) struct Question<'a> {
    pub allow: &'a Arc<AllowList>,
    /// What was typed: nothing goes to another origin.
    pub base: &'a Url,
    pub request: ListRequest,
    pub scheme: AuthScheme,
    pub credential: Option<&'a Credential>,
}

impl Upstream {
    /// Asks, and waits for the head of the answer.
    pub(crate) async fn ask(&self, question: Question<'_>) -> Result<Answer, SendError> {
        let Question { allow, base, request, scheme, credential } = question;
        let url = below(base, &request.url)?;
        check_literal(&url, allow).map_err(|Blocked| SendError::Blocked)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in request.headers {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Some(credential) = credential {
            authorize(scheme, credential, &mut headers)?;
        }
        let client = self
            .clients
            .get(url.port_or_known_default().unwrap_or(0), allow)
            .ok_or(SendError::Unreachable { timed_out: false })?;
        client.get(url).headers(headers).send().await.map(Answer::from_http).map_err(|error| classify(&error))
    }
}
