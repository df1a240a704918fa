//! `load upstream`: the smallest provider of the OpenAI chat wire, on a free loopback port.
//!
//! It answers at once, or as a stream whose first text leaves at once and the rest at a pace, and it counts what it
//! accepted by the first part of the path: `POST /NAME/v1/chat/completions`, `GET /count/NAME`. No journal and no fault
//! is here: `fake-upstream` is the oracle of tests, and its fsync would be measured instead of the gateway.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::arguments::Arguments;

const PACE_MS: u64 = 20;
const PIECES: usize = 5;
const PIECE: &str = "It waits for itself. ";

type Body = UnsyncBoxBody<Bytes, Infallible>;

struct Upstream {
    pace: Duration,
    accepted: Mutex<BTreeMap<String, u64>>,
}

pub async fn run(words: &[&str]) -> Result<()> {
    let arguments = Arguments::read(words, &["--pace-ms"], &[])?;
    let pace = Duration::from_millis(arguments.number("--pace-ms", 1, 10_000)?.unwrap_or(PACE_MS));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    // The one line another program waits for.
    println!("listening on http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let upstream = Arc::new(Upstream { pace, accepted: Mutex::default() });
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        connections.spawn(serve(stream, Arc::clone(&upstream)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, upstream: Arc<Upstream>) {
    if let Err(error) = stream.set_nodelay(true) {
        eprintln!("upstream: nodelay: {error}");
    }
    let service = service_fn(move |request| {
        let upstream = Arc::clone(&upstream);
        async move { Ok::<_, Infallible>(upstream.answer(request).await) }
    });
    // An error here is the other side leaving.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Upstream {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path().to_owned();
        let answered = match (request.method(), path.split('/').collect::<Vec<_>>().as_slice()) {
            (&Method::POST, ["", name, "v1", "chat", "completions"]) => self.chat(name, request).await,
            (&Method::GET, ["", "count", name]) => Ok(whole("text/plain", self.count(name).to_string())),
            _ => Ok(refusal(StatusCode::NOT_FOUND, "there is no such path")),
        };
        answered.unwrap_or_else(|error| refusal(StatusCode::BAD_REQUEST, &format!("{error:#}")))
    }

    fn count(&self, name: &str) -> u64 {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied().unwrap_or(0)
    }

    async fn chat(&self, name: &str, request: Request<Incoming>) -> Result<Response<Body>> {
        let body = request.into_body().collect().await.context("broken body")?.to_bytes();
        *self.accepted.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default() += 1;
        let asked: Value = serde_json::from_slice(&body).context("the body is not JSON")?;
        ensure!(asked["messages"].is_array(), "messages are missing");
        if asked["stream"] == true {
            let wants_usage = asked["stream_options"]["include_usage"] == true;
            return Ok(self.stream(wants_usage));
        }
        Ok(whole("application/json", completion()))
    }

    fn stream(&self, wants_usage: bool) -> Response<Body> {
        let pace = self.pace;
        let frames = stream::unfold(0, move |index| async move {
            if index == PIECES {
                return None;
            }
            if index > 0 {
                tokio::time::sleep(pace).await;
            }
            Some((Ok(Frame::data(Bytes::from(piece(index, wants_usage)))), index + 1))
        });
        answer("text/event-stream", StreamBody::new(frames).boxed_unsync())
    }
}

/// Everything that leaves in one write: the role goes with the first text, the end with the last.
fn piece(index: usize, wants_usage: bool) -> String {
    let mut text = String::new();
    if index == 0 {
        text.push_str(&event(&json!({"role": "assistant", "content": ""}), None));
    }
    text.push_str(&event(&json!({"content": PIECE}), None));
    if index + 1 == PIECES {
        text.push_str(&event(&json!({}), Some("stop")));
        if wants_usage {
            let usage = json!({
                "id": "chatcmpl-load", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "load",
                "choices": [], "usage": usage()
            });
            text.push_str(&format!("data: {usage}\n\n"));
        }
        text.push_str("data: [DONE]\n\n");
    }
    text
}

fn event(delta: &Value, finish_reason: Option<&str>) -> String {
    let chunk = json!({
        "id": "chatcmpl-load", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "load",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    });
    format!("data: {chunk}\n\n")
}

fn completion() -> String {
    let message = json!({"role": "assistant", "content": PIECE.repeat(PIECES)});
    let body = json!({
        "id": "chatcmpl-load", "object": "chat.completion", "created": 1_700_000_000, "model": "load",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage()
    });
    body.to_string()
}

fn usage() -> Value {
    json!({"prompt_tokens": 40, "completion_tokens": 25, "total_tokens": 65})
}

fn whole(kind: &'static str, text: String) -> Response<Body> {
    answer(kind, Full::new(Bytes::from(text)).boxed_unsync())
}

fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    let mut refusal = whole("application/json", json!({"error": {"message": message}}).to_string());
    *refusal.status_mut() = status;
    refusal
}

fn answer(kind: &'static str, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_piece_brings_text_and_the_last_one_the_end() {
        assert!(piece(0, false).contains(r#""content":"It"#));
        let last = piece(PIECES - 1, true);
        assert!(last.contains(r#""total_tokens":65"#) && last.ends_with("data: [DONE]\n\n"));
        assert!(!piece(PIECES - 1, false).contains("usage"));
    }

    #[test]
    fn the_mark_the_workers_look_for_is_what_is_sent() {
        // `json!` keeps the order of fields and writes no spaces; a worker relies on the latter.
        assert!(event(&json!({"content": "x"}), None).contains(r#"{"content":"x"}"#));
    }
}
