//! The only HTTP client of the product, and the only file of the gateway that sees a credential's text.
//!
//! No redirects, no proxy from the environment, no retries of its own, addresses checked in the resolver the connection
//! really uses and, for literals, before (`security.md` 12). Sending takes a `&Reservation`: without one nobody can call a model.
//! Asking for a list of models is free, and is a GET that nobody else can make.

mod address;
mod ask;
mod body;
mod client;
mod demo;
mod scrub;

use std::{io, sync::Arc, time::Duration};

use auth::Credential;
use bytes::Bytes;
use domain::provider::AuthScheme;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use llm::providers::{HttpRequest, Script};
use reqwest::{Body, Response};
use url::Url;

use crate::{
    capture::Capture,
    ledger::Reservation,
    snapshot::{Deployment, Secret},
};

pub(crate) use address::{AllowList, allow_list};
use address::{Blocked, check_literal, is_literal_private};
pub(crate) use ask::Question;
pub(crate) use body::Left;
use body::Watched;
use client::Clients;

/// What joins an upstream's journal with our ledger. It goes only to destinations that are literally private: those are
/// test doubles and servers of one's own, where the id helps and tells no stranger anything.
const ATTEMPT_HEADER: &str = "x-tallygate-attempt-id";

/// Sends requests. One client per port, because the allow-list may name ports and a resolver sees only names.
pub(crate) struct Upstream {
    clients: Clients,
}

/// A request on its way out.
pub(crate) struct Outgoing<'a> {
    pub allow: &'a Arc<AllowList>,
    pub request: HttpRequest,
    /// Headers of the client that go with it.
    pub passed: HeaderMap,
    pub stream: bool,
    /// Set as soon as any of it leaves.
    pub left: &'a Left,
    /// Where the exchange is written down, if anybody asked for it.
    pub capture: Option<&'a Capture>,
}

/// An answer whose head is here.
pub(crate) struct Answer {
    pub status: u16,
    pub content_type: String,
    pub retry_after: Option<String>,
    body: AnswerBody,
    capture: Option<Capture>,
}

enum AnswerBody {
    Http(Box<Response>),
    Demo(demo::Player),
}

/// The connection broke in the middle of an answer.
#[derive(Debug)]
pub(crate) struct Broken;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum SendError {
    /// The address is not one this instance may call. Nothing was sent.
    Blocked,
    /// The credential cannot be opened. Nothing was sent.
    Unreadable,
    /// No connection. Nothing was sent.
    Unreachable { timed_out: bool },
    /// Somebody answers, but not with a certificate that can be trusted. Nothing was sent.
    Untrusted,
    /// The request went out, at least in part, and no answer came.
    Lost,
}

impl Upstream {
    pub(crate) fn new() -> Self {
        Self { clients: Clients::default() }
    }

    /// Sends one request and waits for the head of its answer.
    pub(crate) async fn send(
        &self,
        reservation: &Reservation,
        deployment: &Deployment,
        outgoing: Outgoing<'_>,
    ) -> Result<Answer, SendError> {
        let Outgoing { allow, request, passed, stream, left, capture } = outgoing;
        if let Some(script) = deployment.provider.script(&request) {
            left.set();
            if let Some(capture) = capture {
                capture.asked(deployment, &request.url, &headers(HeaderMap::new(), &request, stream), &request.body);
            }
            return Ok(Answer::from_script(script).captured(capture));
        }
        let url = destination(deployment, &request)?;
        check_literal(&url, allow).map_err(|Blocked| SendError::Blocked)?;
        let mut headers = headers(passed, &request, stream);
        if let Some(capture) = capture {
            // Before the credential joins them.
            capture.asked(deployment, url.as_str(), &headers, &request.body);
        }
        match &deployment.secret {
            Secret::None => {}
            Secret::Unreadable => return Err(SendError::Unreadable),
            Secret::Open(credential) => authorize(deployment.provider.info().auth, credential, &mut headers)?,
        }
        if is_literal_private(&url)
            && let Ok(id) = HeaderValue::from_str(&reservation.attempt.id.to_string())
        {
            headers.insert(ATTEMPT_HEADER, id);
        }
        let client = self
            .clients
            .get(url.port_or_known_default().unwrap_or(0), allow)
            .ok_or(SendError::Unreachable { timed_out: false })?;
        let sent =
            client.post(url).headers(headers).body(Body::wrap(Watched::new(request.body, left.clone()))).send().await;
        sent.map(|response| Answer::from_http(response).captured(capture)).map_err(|error| classify(&error))
    }
}

/// The headers of a request, but for its credential.
fn headers(passed: HeaderMap, request: &HttpRequest, stream: bool) -> HeaderMap {
    let mut headers = passed;
    let accept = if stream { "text/event-stream" } else { "application/json" };
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in &request.headers {
        // The client's own word about its dialect wins.
        headers.entry(*name).or_insert(HeaderValue::from_static(value));
    }
    headers
}

impl Answer {
    fn from_script(script: Script) -> Self {
        Self {
            status: script.status,
            content_type: script.content_type.to_owned(),
            retry_after: None,
            body: AnswerBody::Demo(demo::Player::new(script)),
            capture: None,
        }
    }

    /// From here on what is read of it is written down as well.
    fn captured(mut self, capture: Option<&Capture>) -> Self {
        if let Some(capture) = capture {
            capture.answered(self.status);
            self.capture = Some(capture.clone());
        }
        self
    }

    fn from_http(response: Response) -> Self {
        let text = |name: header::HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        Self {
            status: response.status().as_u16(),
            content_type: text(header::CONTENT_TYPE).to_ascii_lowercase(),
            retry_after: Some(text(header::RETRY_AFTER)).filter(|value| !value.is_empty()),
            body: AnswerBody::Http(Box::new(response)),
            capture: None,
        }
    }

    /// The next bytes; `None` at the end. Cancelling the wait loses nothing.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        let bytes = match &mut self.body {
            AnswerBody::Http(response) => response.chunk().await.map_err(|_| Broken)?,
            AnswerBody::Demo(player) => player.next().await,
        };
        if let (Some(capture), Some(bytes)) = (&self.capture, &bytes) {
            capture.heard(bytes);
        }
        Ok(bytes)
    }

    /// The whole body, unless it is longer than `limit` or takes longer than `patience`.
    pub(crate) async fn read(&mut self, limit: usize, patience: Duration) -> Result<Bytes, Broken> {
        let reading = async {
            let mut body = Vec::new();
            while let Some(bytes) = self.chunk().await? {
                body.extend_from_slice(&bytes);
                if body.len() > limit {
                    return Err(Broken);
                }
            }
            Ok(Bytes::from(body))
        };
        tokio::time::timeout(patience, reading).await.map_err(|_| Broken)?
    }
}

/// An upstream's error body, fit for the client that caused it: our credential and whatever looks like a key are gone.
/// `None` when it is not text.
pub(crate) fn scrubbed(deployment: &Deployment, body: &[u8]) -> Option<String> {
    std::str::from_utf8(body).ok().map(|text| scrubbed_text(deployment, text))
}

/// A text without this deployment's credential and without whatever looks like a key.
pub(crate) fn scrubbed_text(deployment: &Deployment, text: &str) -> String {
    let secret = match &deployment.secret {
        Secret::Open(credential) => Some(credential.expose_secret()),
        Secret::None | Secret::Unreadable => None,
    };
    scrub::scrub(text, secret)
}

/// A text without anything that looks like a key.
pub(crate) fn masked(text: &str) -> String {
    scrub::scrub(text, None)
}

/// The URL to call. Its origin is that of the deployment's base URL, for which the credential was opened.
fn destination(deployment: &Deployment, request: &HttpRequest) -> Result<Url, SendError> {
    below(deployment.base_url.as_ref().ok_or(SendError::Blocked)?, &request.url)
}

/// The URL, if it is a plain one of the base URL's origin.
fn below(base: &Url, url: &str) -> Result<Url, SendError> {
    let url = Url::parse(url).map_err(|_| SendError::Blocked)?;
    let is_plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    if !is_plain || url.fragment().is_some() || auth::Origin::of(&url) != auth::Origin::of(base) {
        return Err(SendError::Blocked);
    }
    Ok(url)
}

fn authorize(scheme: AuthScheme, credential: &Credential, headers: &mut HeaderMap) -> Result<(), SendError> {
    let secret = credential.expose_secret();
    let (name, text) = match scheme {
        AuthScheme::None => return Ok(()),
        AuthScheme::Bearer => (header::AUTHORIZATION, format!("Bearer {secret}")),
        AuthScheme::ApiKeyX => (HeaderName::from_static("x-api-key"), secret.to_owned()),
        AuthScheme::ApiKeyGoogle => (HeaderName::from_static("x-goog-api-key"), secret.to_owned()),
        AuthScheme::ApiKey => (HeaderName::from_static("api-key"), secret.to_owned()),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| SendError::Unreadable)?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

fn classify(error: &reqwest::Error) -> SendError {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(cause) = source {
        if cause.is::<Blocked>() {
            return SendError::Blocked;
        }
        if is_handshake(cause) {
            return SendError::Untrusted;
        }
        source = cause.source();
    }
    if error.is_connect() || error.is_builder() {
        return SendError::Unreachable { timed_out: error.is_timeout() };
    }
    SendError::Lost
}

/// Did the TLS handshake fail? An error of the operating system names what it wraps in no source, and may wrap another one.
fn is_handshake(cause: &(dyn std::error::Error + 'static)) -> bool {
    let wrapped = || cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    cause.is::<rustls::Error>() || wrapped().is_some_and(|wrapped| is_handshake(wrapped))
}
