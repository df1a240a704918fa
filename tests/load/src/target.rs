//! Where requests go and what they say. Made once; a call only clones it.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use serde_json::json;

/// Whole answer at once, or a paced stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Stream,
}

/// One base URL with everything a chat request to it needs.
pub struct Target {
    /// `127.0.0.1:3000`.
    pub authority: String,
    path: Uri,
    host: HeaderValue,
    authorization: HeaderValue,
    plain: Bytes,
    stream: Bytes,
}

impl Target {
    /// `url` ends before `/chat/completions`.
    pub fn new(url: &str, key: &str, model: &str) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url:?} is not a URL"))?;
        ensure!(is_loopback(&uri), "load goes to loopback addresses only, not to {url}");
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        ensure!(uri.port().is_some(), "{url} names no port");
        let path = format!("{}/chat/completions", uri.path().trim_end_matches('/'));
        let body = |kind: Kind| {
            let messages = json!([
                {"role": "system", "content": "You are a careful reviewer of code. Answer in one sentence."},
                {"role": "user", "content": "Why does this function never end, and what would you change in it?"}
            ]);
            let body = json!({"model": model, "stream": kind == Kind::Stream, "max_tokens": 64, "messages": messages});
            Bytes::from(body.to_string())
        };
        Ok(Self {
            host: HeaderValue::from_str(&authority)?,
            authority,
            path: path.parse()?,
            authorization: HeaderValue::from_str(&format!("Bearer {key}"))?,
            plain: body(Kind::Plain),
            stream: body(Kind::Stream),
        })
    }

    pub fn request(&self, kind: Kind) -> Request<Full<Bytes>> {
        let body = match kind {
            Kind::Plain => self.plain.clone(),
            Kind::Stream => self.stream.clone(),
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.clone();
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request
    }
}

pub fn is_loopback(uri: &Uri) -> bool {
    // Names are not resolved here: what a name points at can change between the check and the call.
    uri.scheme_str() == Some("http") && matches!(uri.host(), Some("127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_addresses_are_loaded() {
        assert!(Target::new("http://127.0.0.1:3000/v1", "k", "m").is_ok());
        for url in ["http://192.0.2.1:80", "https://127.0.0.1:80", "http://localhost:80", "http://127.0.0.1.example:80"]
        {
            assert!(Target::new(url, "k", "m").is_err(), "{url}");
        }
    }

    #[test]
    fn the_path_follows_the_base_url() {
        let target = Target::new("http://127.0.0.1:3000/direct/v1/", "k", "m").unwrap();
        assert_eq!(target.request(Kind::Plain).uri(), "/direct/v1/chat/completions");
    }
}
