//! What a client got: status, headers and every byte, with the checks all tests of the data plane share.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::HeaderMap;
use reqwest::Response;
use serde_json::Value;

use crate::fake_upstream::CANARY;

/// A complete answer. `is_broken` when the connection ended before the body did.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub is_broken: bool,
}

/// The error object of the OpenAI dialect, as its SDKs read it.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub kind: String,
    pub code: Option<String>,
}

impl Answer {
    pub async fn read(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = BytesMut::new();
        let mut is_broken = false;
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            match chunk {
                Ok(bytes) => body.extend_from_slice(&bytes),
                Err(_) => is_broken = true,
            }
        }
        Self { status, headers, body: body.freeze(), is_broken }
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or("(not UTF-8)")
    }

    /// `null` when the body is not JSON: every comparison with a value then fails and shows the body.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn refusal(&self) -> Refusal {
        let error = &self.json()["error"];
        Refusal {
            status: self.status,
            kind: error["type"].as_str().unwrap_or("(none)").to_owned(),
            code: error["code"].as_str().map(str::to_owned),
        }
    }

    /// The payloads of a stream's `data:` lines, comments and keep-alives left out.
    pub fn data(&self) -> Vec<&str> {
        self.text().lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect()
    }

    /// The visible text of a stream.
    pub fn streamed_text(&self) -> String {
        let piece = |data: &str| {
            let chunk = serde_json::from_str::<Value>(data).ok()?;
            chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned)
        };
        self.data().into_iter().filter_map(piece).collect()
    }

    /// What no client may ever see, wherever it may hide: secrets and the inner words of an upstream.
    pub fn leaks(&self, secrets: &[&str]) -> Vec<String> {
        let everything = format!("{:?}\n{}", self.headers, self.text());
        let forbidden = secrets.iter().copied().chain([CANARY, "handler.py", "It works!", "x-upstream-secret"]);
        forbidden.filter(|text| everything.contains(text)).map(str::to_owned).collect()
    }
}

impl Refusal {
    pub fn new(status: u16, kind: &str, code: &str) -> Self {
        Self { status, kind: kind.into(), code: Some(code.into()) }
    }
}
