//! The fake over a real socket: what a gateway would see, and what the journal says about it afterwards.

use futures_util::StreamExt as _;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::http_client;

mod transport;
mod vendors;

async fn fake(script: Script) -> FakeUpstream {
    let fake = FakeUpstream::start().await.unwrap();
    fake.script(script);
    fake
}

async fn post(fake: &FakeUpstream, body: &Value) -> reqwest::Result<Response> {
    let request = http_client().post(format!("{}/chat/completions", fake.base_url()));
    request.bearer_auth("sk-presented").header("x-tallygate-attempt-id", "attempt-1").json(body).send().await
}

fn plain() -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
}

fn streamed() -> Value {
    let mut body = plain();
    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": true});
    body
}

async fn ended(fake: &FakeUpstream) -> Request {
    fake.journal().until(|all| all.last().is_some_and(|one| one.end != End::Open)).await.unwrap().pop().unwrap()
}

#[tokio::test]
async fn a_plain_answer_reports_the_usage_that_is_journaled() {
    let fake = fake(Script::default()).await;

    let answer: Value = post(&fake, &plain()).await.unwrap().json().await.unwrap();

    let request = ended(&fake).await;
    let usage = request.usage.unwrap();
    assert_eq!(request.end, End::Finished);
    assert_eq!(request.attempt.as_deref(), Some("attempt-1"));
    assert_eq!(answer["usage"]["prompt_tokens"], usage.prompt);
    assert_eq!(answer["usage"]["completion_tokens"], usage.completion);
    assert_eq!(request.served_tokens, usage.completion - usage.reasoning);
}

#[tokio::test]
async fn a_stream_ends_with_done_and_is_recorded_byte_for_byte() {
    let fake = fake(Script { split_bytes: std::num::NonZeroUsize::new(1), ..Script::words(30) }).await;

    let response = post(&fake, &streamed()).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let chunks: Vec<_> = response.bytes_stream().map(Result::unwrap).collect().await;

    let bytes = chunks.concat();
    assert!(bytes.ends_with(b"data: [DONE]\n\n"));
    assert!(chunks.len() > bytes.len() / 2, "{} chunks for {} bytes", chunks.len(), bytes.len());
    assert_eq!(fake.exchanges()[0].sent, bytes);
    assert_eq!(ended(&fake).await.end, End::Finished);
}

#[tokio::test]
async fn the_request_is_journaled_before_any_answer() {
    let fake = fake(Script::fault(Fault::HangBeforeHead)).await;

    let waiting = {
        let url = format!("{}/chat/completions", fake.base_url());
        fake.tasks.spawn(async move { http_client().post(url).json(&plain()).send().await.unwrap().status() })
    };
    let seen = fake.journal().until(|all| all.len() == 1).await.unwrap();
    assert_eq!(seen[0].end, End::Open);

    fake.release();
    assert_eq!(waiting.await.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_leaves_is_journaled() {
    let fake = fake(Script::fault(Fault::HangAfter { frames: 3 })).await;

    let mut chunks = post(&fake, &streamed()).await.unwrap().bytes_stream();
    chunks.next().await.unwrap().unwrap();
    drop(chunks);

    let request = ended(&fake).await;
    assert_eq!((request.end, request.usage), (End::ClientGone, None));
    assert_eq!(request.served_tokens, 2);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_journaled() {
    let fake = fake(Script::fault(Fault::HangBeforeHead)).await;

    let url = format!("{}/chat/completions", fake.base_url());
    let waiting = fake.tasks.spawn(async move { http_client().post(url).json(&plain()).send().await });
    fake.journal().until(|all| all.len() == 1).await.unwrap();
    waiting.abort();

    assert_eq!(ended(&fake).await.end, End::ClientGone);
}

#[tokio::test]
async fn a_cut_stream_delivers_its_frames_and_then_breaks() {
    for how in [Cut::Fin, Cut::Rst] {
        let fake = fake(Script::cut_after(4, how)).await;

        let chunks: Vec<_> = post(&fake, &streamed()).await.unwrap().bytes_stream().collect().await;

        let text: Vec<u8> = chunks.iter().flatten().flat_map(|bytes| bytes.to_vec()).collect();
        assert_eq!(String::from_utf8(text).unwrap().matches("data: {").count(), 4, "{how:?}");
        assert!(chunks.last().unwrap().is_err(), "{how:?}");
        let request = ended(&fake).await;
        assert_eq!((request.end, request.served_tokens), (End::Cut, 3));
    }
}

#[tokio::test]
async fn a_cut_plain_answer_is_shorter_than_its_length_says() {
    let fake = fake(Script::cut_after(4, Cut::Fin)).await;
    let response = post(&fake, &plain()).await.unwrap();
    assert!(response.content_length().unwrap() > 100);
    assert!(response.bytes().await.is_err());
    assert_eq!(ended(&fake).await.end, End::Cut);
}

#[tokio::test]
async fn a_connection_cut_before_the_head_gives_no_response() {
    let fake = fake(Script::fault(Fault::CutBeforeHead { how: Cut::Rst })).await;
    assert!(post(&fake, &plain()).await.is_err());
    assert_eq!(ended(&fake).await.end, End::Cut);
}

#[tokio::test]
async fn refused_connections_are_not_journaled_and_the_port_comes_back() {
    let fake = fake(Script::default()).await;
    fake.refuse_connections().await.unwrap();
    assert!(post(&fake, &plain()).await.unwrap_err().is_connect());
    fake.accept_connections().await.unwrap();
    assert_eq!(post(&fake, &plain()).await.unwrap().status(), StatusCode::OK);
    assert_eq!(fake.journal().requests().unwrap().len(), 1);
}

#[tokio::test]
async fn statuses_come_with_the_body_the_script_names() {
    let fake = fake(Script::default()).await;
    let cases = [
        (Script::rate_limited("7"), 429, "rate_limit_exceeded"),
        (Script::status(401), 401, "sk-presented"),
        (Script::status(500), 500, "server_error"),
        (Script::foreign(500, ErrorBody::Foreign), 500, CANARY),
        (Script::foreign(200, ErrorBody::Html), 200, "<!DOCTYPE html>"),
        (Script::foreign(200, ErrorBody::Empty), 200, ""),
    ];
    for (script, status, part) in cases {
        fake.script(script);
        let response = post(&fake, &plain()).await.unwrap();
        assert_eq!(response.status(), status);
        if status == 429 {
            assert_eq!(response.headers()["retry-after"], "7");
        }
        assert!(response.text().await.unwrap().contains(part));
        assert_eq!(ended(&fake).await.end, End::Refused(status));
    }
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_body_are_refused_as_the_api_does() {
    let options = Options { api_key: Some("sk-right".into()), ..Options::default() };
    let guarded = FakeUpstream::start_with(options).await.unwrap();
    assert_eq!(post(&guarded, &plain()).await.unwrap().status(), StatusCode::UNAUTHORIZED);

    let fake = fake(Script::default()).await;
    let bad =
        [json!({"messages": []}), json!({"model": "m", "messages": []}), json!({"model": "m--wrods", "messages": [1]})];
    for body in bad {
        let response = post(&fake, &body).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.json::<Value>().await.unwrap()["error"]["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn scripts_and_the_journal_are_reachable_over_http() {
    let fake = fake(Script::default()).await;
    let admin = format!("http://{}/_fake", fake.address());
    let put = http_client().put(format!("{admin}/script?model=m")).json(&Script::status(503)).send().await.unwrap();
    assert_eq!(put.status(), StatusCode::NO_CONTENT);
    assert_eq!(post(&fake, &plain()).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);

    ended(&fake).await;
    let requests: Vec<Request> =
        http_client().get(format!("{admin}/journal")).send().await.unwrap().json().await.unwrap();
    assert_eq!(requests[0].end, End::Refused(503));
}

#[tokio::test]
async fn what_would_be_said_is_told_without_waiting_and_leaves_no_trace() {
    let fake = fake(Script { before_head_ms: 60_000, ..Script::cut_after(2, Cut::Fin) }).await;
    let admin = format!("http://{}/_fake/answer", fake.address());
    let told = http_client().post(&admin).json(&plain()).send().await.unwrap().json::<Value>().await.unwrap();
    assert!(fake.journal().requests().unwrap().is_empty());

    fake.script(Script::default());
    let answer = post(&fake, &plain()).await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(told["text"], answer["choices"][0]["message"]["content"]);
    let refused = http_client().post(&admin).json(&json!({"model": "m"})).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_restarted_fake_continues_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    for count in 1..=2 {
        let options = Options { journal: Some(path.clone()), ..Options::default() };
        let fake = FakeUpstream::start_with(options).await.unwrap();
        post(&fake, &plain()).await.unwrap().bytes().await.unwrap();
        let requests = fake.journal().until(|all| all.len() == count).await.unwrap();
        assert_eq!(requests.last().unwrap().seq, count as u64);
    }
}
