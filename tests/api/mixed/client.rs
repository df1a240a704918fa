//! The clients of the mix: each asks, listens or leaves, and keeps of its answer only what is compared later.

use std::time::Duration;

use bytes::BytesMut;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use tests::{Answer, World, dialect::Dialect, http_client};
use tokio::time::timeout;

use super::{
    arrange::Place,
    mix::{Ask, Leave, Work},
};

/// No answer of the mix takes so long, retries included.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Clients {
    http: Client,
    base: String,
    key: String,
}

/// A call as its client saw it.
pub struct Called {
    pub ask: Ask,
    /// Empty when the client left before the head.
    pub request_id: Option<String>,
    /// `None` when the client left.
    pub heard: Option<Heard>,
    /// What is wrong whatever the books say.
    pub wrong: Vec<String>,
}

/// What is left of an answer.
#[derive(Debug, Default)]
pub struct Heard {
    pub status: u16,
    pub cost: Option<String>,
    pub source: Option<String>,
    pub is_estimated_count: bool,
    pub has_retry_after: bool,
    /// A whole answer, or a stream with its terminal marker.
    pub is_complete: bool,
    pub has_error: bool,
    /// Why the answer says it ended, in its dialect's word.
    pub finish: String,
    /// As the dialect counts: input, output, read from a cache.
    pub told: Option<[u64; 3]>,
}

impl Clients {
    pub fn new(place: &Place) -> Self {
        Self { http: http_client(), base: place.server.url(""), key: place.key.clone() }
    }

    pub async fn call(&self, ask: Ask) -> Called {
        let sending = self.request(&ask).send();
        let mut called = Called { ask, request_id: None, heard: None, wrong: Vec::new() };
        let patience = match called.ask.leaves {
            Some(Leave::BeforeHead(patience)) => patience,
            _ => PATIENCE,
        };
        let mut response = match timeout(patience, sending).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                called.wrong.push(format!("no answer: {error:?}"));
                return called;
            }
            Err(_) => {
                if patience == PATIENCE {
                    called.wrong.push("no head in time".into());
                }
                return called;
            }
        };
        called.request_id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let most = match called.ask.leaves {
            Some(Leave::After(bytes)) => bytes,
            _ => usize::MAX,
        };
        let answer = match timeout(PATIENCE, read(&mut response, most)).await {
            Ok((body, is_over, is_broken)) => {
                let answer = Answer { status, headers, body: body.freeze(), is_broken };
                called.wrong.extend(leaks(&answer, &self.key));
                if !is_over {
                    return called;
                }
                answer
            }
            Err(_) => {
                called.wrong.push("the answer did not end in time".into());
                return called;
            }
        };
        called.hear(&answer);
        called
    }

    fn request(&self, ask: &Ask) -> RequestBuilder {
        let request = self.http.post(format!("{}{}", self.base, ask.work.path())).bearer_auth(&self.key);
        let request = request
            .header("content-type", "application/json")
            .header("x-tallygate-conversation", ask.index.to_string())
            .body(ask.body());
        if ask.may_retry { request } else { request.header("x-tallygate-fallback", "off") }
    }
}

/// At least `most` bytes, unless the answer ends before; whether it ended, and whether it broke.
async fn read(response: &mut Response, most: usize) -> (BytesMut, bool, bool) {
    let mut body = BytesMut::new();
    while body.len() < most {
        match response.chunk().await {
            Ok(Some(bytes)) => body.extend_from_slice(&bytes),
            Ok(None) => return (body, true, false),
            Err(_) => return (body, true, true),
        }
    }
    (body, false, false)
}

fn leaks(answer: &Answer, key: &str) -> Option<String> {
    let leaks = answer.leaks(&[World::PROVIDER_SECRET, key]);
    (!leaks.is_empty()).then(|| format!("leaks {leaks:?}: {}", answer.text()))
}

impl Called {
    fn hear(&mut self, answer: &Answer) {
        if answer.is_broken {
            self.wrong.push(format!("the connection broke: {}", answer.text()));
        }
        if self.request_id.is_none() {
            self.wrong.push("no request id".into());
        }
        let mut heard = Heard {
            status: answer.status,
            has_retry_after: answer.header("retry-after").is_some(),
            is_estimated_count: answer.header("x-tallygate-estimated").is_some(),
            ..Heard::default()
        };
        let said = if answer.status == 200 && self.ask.stream {
            streamed(&self.ask, answer, &mut heard)
        } else {
            whole(&self.ask, answer, &mut heard)
        };
        if let Err(error) = said {
            self.wrong.push(format!("{error:#}\n{}", answer.text()));
        }
        self.heard = Some(heard);
    }
}

fn whole(ask: &Ask, answer: &Answer, heard: &mut Heard) -> anyhow::Result<()> {
    heard.cost = answer.header("x-tallygate-cost").map(str::to_owned);
    heard.source = answer.header("x-tallygate-usage-source").map(str::to_owned);
    let body = answer.json();
    heard.is_complete = answer.status == 200;
    // OpenAI's responses have a complete answer with an error in it.
    heard.has_error = !heard.is_complete && body["error"]["message"].is_string();
    anyhow::ensure!(heard.is_complete || heard.has_error, "status {} with this body", answer.status);
    if heard.is_complete {
        heard.told = match ask.work {
            Work::Chat(dialect, _) => {
                let said = dialect.read(answer, false)?;
                heard.finish = said.finish;
                said.usage
            }
            Work::Fill | Work::Embed => usage(&body["usage"]),
            Work::Count => {
                anyhow::ensure!(body["input_tokens"].as_u64().is_some_and(|count| count > 0), "no count");
                None
            }
        };
    }
    Ok(())
}

fn streamed(ask: &Ask, answer: &Answer, heard: &mut Heard) -> anyhow::Result<()> {
    let text = answer.text();
    let data = answer.data();
    heard.is_complete = match ask.work {
        Work::Chat(Dialect::Messages, _) => text.contains("event: message_stop"),
        Work::Chat(Dialect::Responses, _) => {
            text.contains("event: response.completed") || text.contains("event: response.incomplete")
        }
        _ => data.contains(&"[DONE]"),
    };
    let events = || data.iter().filter_map(|data| serde_json::from_str::<Value>(data).ok());
    heard.has_error = events()
        .any(|event| !event["error"].is_null() || event["type"] == "error" || event["type"] == "response.failed");
    let receipt = text.lines().find_map(|line| line.strip_prefix(": tallygate "));
    if let Some(receipt) = receipt.and_then(|receipt| serde_json::from_str::<Value>(receipt).ok()) {
        heard.cost = receipt["cost_usd"].as_str().map(str::to_owned);
        heard.source = receipt["usage_source"].as_str().map(str::to_owned);
    }
    if heard.is_complete {
        heard.told = match ask.work {
            Work::Chat(dialect, _) => dialect.read(answer, true)?.usage,
            _ => events().filter_map(|event| usage(&event["usage"])).next_back(),
        };
    }
    Ok(())
}

/// Of the wires without caches.
fn usage(usage: &Value) -> Option<[u64; 3]> {
    Some([usage["prompt_tokens"].as_u64()?, usage["completion_tokens"].as_u64().unwrap_or(0), 0])
}
