//! The HTTP face of the fake: `/v1/chat/completions`, `/v1/models`, and `/_fake/*` to steer it from another process.
//!
//! Order matters: a request is journaled before anything else is decided about it. One more wire (completions,
//! embeddings, another vendor) is one more route here and one more module beside `wire`.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post, put},
};
use bytes::Bytes;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::{
    answer::{ChatRequest, answer},
    journal::{Entry, Journal},
    listen::Connection,
    player::{Player, Stage, Visit, pause, released},
    script::{ErrorBody, Fault, Script},
    unix_ms, wire,
};

const BODY_LIMIT: usize = 64 << 20;
/// Requests kept for tests that compare bytes; a long test must ask before it makes this many.
const KEPT: usize = 256;
const MODELS: [&str; 4] =
    ["fake-small", "fake-large", "fake-slow--first=400--pace=60", "fake-long--words=600--pace=20"];

/// One request and what was sent back for it, byte for byte.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub seq: u64,
    pub head: HeaderMap,
    pub body: Bytes,
    pub sent: Bytes,
}

struct Kept {
    seq: u64,
    head: HeaderMap,
    body: Bytes,
    sent: Arc<Mutex<Vec<u8>>>,
}

/// The state behind every route.
pub struct Shared {
    pub journal: Journal,
    pub scripts: Mutex<Scripts>,
    pub gate: watch::Sender<bool>,
    pub api_key: Option<String>,
    pub next_seq: AtomicU64,
    pub is_recording: bool,
    kept: Mutex<VecDeque<Kept>>,
}

/// The script for everybody, and scripts for single upstream models.
#[derive(Default)]
pub struct Scripts {
    pub general: Script,
    pub by_model: HashMap<String, Script>,
}

impl Shared {
    pub fn new(journal: Journal, next_seq: u64, script: Script, api_key: Option<String>, is_recording: bool) -> Self {
        Self {
            journal,
            scripts: Mutex::new(Scripts { general: script, by_model: HashMap::new() }),
            gate: watch::Sender::new(false),
            api_key,
            next_seq: AtomicU64::new(next_seq),
            is_recording,
            kept: Mutex::default(),
        }
    }

    pub fn exchanges(&self) -> Vec<Exchange> {
        let copy = |kept: &Kept| Exchange {
            seq: kept.seq,
            head: kept.head.clone(),
            body: kept.body.clone(),
            sent: Bytes::copy_from_slice(&kept.sent.lock().unwrap_or_else(PoisonError::into_inner)),
        };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().map(copy).collect()
    }

    fn script(&self, model: &str) -> Result<Script> {
        let scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        scripts.by_model.get(model).unwrap_or(&scripts.general).for_model(model)
    }

    fn keep(&self, seq: u64, head: &HeaderMap, body: &Bytes) -> Option<Arc<Mutex<Vec<u8>>>> {
        if !self.is_recording {
            return None;
        }
        let sent = Arc::<Mutex<Vec<u8>>>::default();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Kept { seq, head: head.clone(), body: body.clone(), sent: Arc::clone(&sent) });
        Some(sent)
    }
}

pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/models", get(models))
        .route("/_fake/script", put(put_script).get(get_script))
        .route("/_fake/hold", post(hold))
        .route("/_fake/release", post(release))
        .route("/_fake/journal", get(journal))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(shared)
}

async fn chat(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    head: HeaderMap,
    body: Bytes,
) -> Response {
    match respond(&shared, connection, &head, &body).await {
        Ok(response) => response,
        // The fake itself is broken (its disk, most likely): loud, and unlike anything a script can ask for.
        Err(error) => (StatusCode::INSUFFICIENT_STORAGE, format!("fake upstream: {error:#}\n")).into_response(),
    }
}

async fn respond(shared: &Shared, connection: Arc<Connection>, head: &HeaderMap, body: &Bytes) -> Result<Response> {
    let asked = serde_json::from_slice::<ChatRequest>(body);
    let (model, stream) = asked.as_ref().map_or(("", false), |asked| (asked.model.as_str(), asked.stream));
    let mut visit = accept(shared, head, body, model, stream).await?;
    let sent = shared.keep(visit.seq, head, body);

    let presented = bearer(head);
    if shared.api_key.as_deref().is_some_and(|key| key != presented) {
        let (kind, body) = wire::error(401, ErrorBody::Dialect, presented);
        return Ok(refuse(&mut visit, 401, kind, body, None));
    }
    let script = match shared.script(model) {
        Ok(script) => script,
        Err(error) => return Ok(complain(&mut visit, &format!("{error:#}"), Some("model"))),
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => {
            let message = format!("We could not parse the JSON body of your request. ({error})");
            return Ok(complain(&mut visit, &message, None));
        }
    };
    if let Err((message, field)) = asked.check() {
        return Ok(complain(&mut visit, &message, Some(field)));
    }

    pause(script.before_head_ms).await;
    if script.fault == Fault::HangBeforeHead {
        released(&mut shared.gate.subscribe()).await;
    }
    if let Fault::CutBeforeHead { how } = script.fault {
        visit.cut();
        connection.cut(how);
        std::future::pending::<()>().await;
    }
    if let Some((status, retry_after, form)) = instead(&script.fault, asked.stream) {
        let (kind, body) = wire::error(status, form, presented);
        return Ok(refuse(&mut visit, status, kind, body, retry_after));
    }
    let stage = Stage {
        visit,
        journal: shared.journal.clone(),
        usage: None,
        script,
        connection,
        gate: shared.gate.subscribe(),
        sent,
    };
    serve(&asked, stage).await
}

/// The status that answers instead of a completion, if the script wants one.
fn instead(fault: &Fault, is_stream: bool) -> Option<(u16, Option<&str>, ErrorBody)> {
    match fault {
        Fault::Status { status, retry_after, body } => Some((*status, retry_after.as_deref(), *body)),
        Fault::ErrorAfter { .. } if !is_stream => Some((500, None, ErrorBody::Dialect)),
        _ => None,
    }
}

async fn accept(shared: &Shared, head: &HeaderMap, body: &Bytes, model: &str, stream: bool) -> Result<Visit> {
    let seq = shared.next_seq.fetch_add(1, Ordering::SeqCst);
    let attempt = head.get("x-tallygate-attempt-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body_sha256 = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    let entry = Entry::Accepted { seq, attempt, body_sha256, model: model.into(), stream, at_ms: unix_ms() };
    shared.journal.append_durable(&entry).await?;
    Ok(Visit::new(seq, shared.journal.clone()))
}

async fn serve(asked: &ChatRequest, mut stage: Stage) -> Result<Response> {
    let answer = answer(asked, &stage.script)?;
    let seq = stage.visit.seq;
    let envelope = wire::Envelope {
        id: format!("chatcmpl-{}{seq}", &answer.id[..20]),
        created: unix_ms() / 1000,
        model: asked.model.clone(),
    };
    stage.usage = wire::usage(&answer.tokens, stage.script.usage).map(|raw| Entry::Usage {
        seq,
        reported: wire::reported(&answer.tokens, stage.script.usage),
        raw,
    });

    let mut response = Response::new(Body::empty());
    let kind;
    let frames = if asked.stream {
        kind = "text/event-stream; charset=utf-8";
        let include_usage = asked.stream_options.as_ref().is_some_and(|options| options.include_usage);
        wire::broken(wire::frames(&envelope, &answer, &stage.script, include_usage), &stage.script)
    } else {
        kind = "application/json";
        let pieces = u64::try_from(answer.choices[0].pieces.len())?;
        pause(stage.script.before_first_token_ms + stage.script.between_tokens_ms * pieces).await;
        let whole = wire::completion(&envelope, &answer, &stage.script);
        let (frames, length) = wire::broken_whole(whole, &mut stage.script);
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        frames
    };
    dress(&mut response, kind, seq);
    *response.body_mut() = Player::new(stage, frames).into_body();
    Ok(response)
}

/// Refuses the caller's own mistake, as the API would.
fn complain(visit: &mut Visit, message: &str, field: Option<&str>) -> Response {
    let body = wire::error_body(message, "invalid_request_error", field, None);
    refuse(visit, 400, "application/json", body, None)
}

fn refuse(visit: &mut Visit, status: u16, kind: &'static str, body: Bytes, retry_after: Option<&str>) -> Response {
    visit.refused(status);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    dress(&mut response, kind, visit.seq);
    response
}

/// The headers every answer of the API carries.
fn dress(response: &mut Response, kind: &'static str, seq: u64) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("openai-version", HeaderValue::from_static("2020-10-01"));
    headers.insert("openai-processing-ms", HeaderValue::from_static("12"));
    headers.insert("x-upstream-secret", HeaderValue::from_static(wire::CANARY));
    if let Ok(id) = HeaderValue::from_str(&format!("req_fake{seq:024}")) {
        headers.insert("x-request-id", id);
    }
}

fn bearer(head: &HeaderMap) -> &str {
    let value = head.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or("")
}

async fn models(State(shared): State<Arc<Shared>>, head: HeaderMap) -> Response {
    let presented = bearer(&head);
    if shared.api_key.as_deref().is_some_and(|key| key != presented) {
        let (kind, body) = wire::error(401, ErrorBody::Dialect, presented);
        return (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, kind)], body).into_response();
    }
    Json(wire::models(&MODELS, 1_700_000_000)).into_response()
}

#[derive(Deserialize)]
struct ForModel {
    model: Option<String>,
}

async fn put_script(
    State(shared): State<Arc<Shared>>,
    Query(which): Query<ForModel>,
    Json(script): Json<Script>,
) -> StatusCode {
    let mut scripts = shared.scripts.lock().unwrap_or_else(PoisonError::into_inner);
    match which.model {
        Some(model) => drop(scripts.by_model.insert(model, script)),
        None => scripts.general = script,
    }
    StatusCode::NO_CONTENT
}

async fn get_script(State(shared): State<Arc<Shared>>) -> Json<Script> {
    Json(shared.scripts.lock().unwrap_or_else(PoisonError::into_inner).general.clone())
}

async fn hold(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.gate.send_replace(false);
    StatusCode::NO_CONTENT
}

async fn release(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.gate.send_replace(true);
    StatusCode::NO_CONTENT
}

async fn journal(State(shared): State<Arc<Shared>>) -> Response {
    match shared.journal.requests() {
        Ok(requests) => Json(requests).into_response(),
        Err(error) => (StatusCode::INSUFFICIENT_STORAGE, format!("fake upstream: {error:#}\n")).into_response(),
    }
}
