//! The HTTP face of the fake: every vendor's paths, and `/_fake/*` in `control`.
//!
//! Order matters: a request is journaled before anything else is decided about it. Which path speaks which wire is in
//! `endpoint`; what a wire says is in `wire`.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use axum::{
    Extension, Router,
    body::Body,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    answer::{Answer, answer},
    asked::Asked,
    check::{Checked, Complaint},
    endpoint::{Endpoint, Vendor, Wire},
    errors,
    events::{Frame, Part, render, with_extra},
    faults,
    journal::{Entry, Journal},
    listen::Connection,
    models,
    player::{Player, Stage, Visit, pause, released},
    script::{Ending, ErrorBody, Fault, Script},
    summary::digest,
    tally::Classes,
    unix_ms, wire,
};

mod control;

const BODY_LIMIT: usize = 64 << 20;
/// Requests kept for tests that compare bytes; a long test must ask before it makes this many.
const KEPT: usize = 256;

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
    control::router().fallback(speak).layer(DefaultBodyLimit::max(BODY_LIMIT)).with_state(shared)
}

/// One request, as it came.
struct Knock<'a> {
    endpoint: Endpoint,
    uri: &'a Uri,
    head: &'a HeaderMap,
    body: &'a Bytes,
}

async fn speak(
    State(shared): State<Arc<Shared>>,
    Extension(connection): Extension<Arc<Connection>>,
    method: Method,
    uri: Uri,
    head: HeaderMap,
    body: Bytes,
) -> Response {
    let query = uri.query().unwrap_or("");
    if method == Method::GET
        && let Some(list) = models::list(&shared, uri.path(), query, &head)
    {
        return list;
    }
    let Some(endpoint) = Endpoint::of(uri.path(), query) else {
        let unknown = Complaint { status: 404, ..Complaint::new(format!("Invalid URL ({method} {})", uri.path())) };
        return (StatusCode::NOT_FOUND, errors::complaint(Vendor::OpenAi, &unknown)).into_response();
    };
    if method != Method::POST {
        let wrong = Complaint { status: 405, ..Complaint::new(format!("Not allowed: {method} {}", uri.path())) };
        return (StatusCode::METHOD_NOT_ALLOWED, errors::complaint(endpoint.vendor, &wrong)).into_response();
    }
    let knock = Knock { endpoint, uri: &uri, head: &head, body: &body };
    match respond(&shared, connection, &knock).await {
        Ok(response) => response,
        // The fake itself is broken (its disk, most likely): loud, and unlike anything a script can ask for.
        Err(error) => (StatusCode::INSUFFICIENT_STORAGE, format!("fake upstream: {error:#}\n")).into_response(),
    }
}

async fn respond(shared: &Shared, connection: Arc<Connection>, knock: &Knock<'_>) -> Result<Response> {
    let vendor = knock.endpoint.vendor;
    let value = serde_json::from_slice::<Value>(knock.body);
    let asked = match &value {
        Ok(value) => wire::read(&knock.endpoint, value),
        Err(error) => Err(Complaint::new(format!("We could not parse the JSON body of your request. ({error})"))),
    };
    // The model and the stream of a request that is refused are journaled as well.
    let said = value.as_ref().ok().and_then(|value| value["model"].as_str()).unwrap_or("");
    let model = knock.endpoint.model.as_deref().unwrap_or(said);
    let stream = value.as_ref().is_ok_and(|value| value["stream"] == true) || knock.endpoint.is_stream;
    let mut visit = accept(shared, knock, model, stream, &asked).await?;
    let sent = shared.keep(visit.seq, knock.head, knock.body);

    let presented = vendor.credential(knock.head, knock.uri.query().unwrap_or(""));
    if shared.api_key.as_deref().is_some_and(|key| key != presented) {
        let (status, body) = errors::unauthorized(vendor, presented);
        return Ok(refuse(&mut visit, vendor, status, "application/json", body, None));
    }
    let script = match shared.script(model) {
        Ok(script) => script,
        Err(error) => return Ok(complain(&mut visit, vendor, &Complaint::on("model", format!("{error:#}")))),
    };
    let asked = match needs_version(knock).and(asked) {
        Ok(asked) => asked,
        Err(complaint) => return Ok(complain(&mut visit, vendor, &complaint)),
    };

    let answer = answer(&asked, &script)?;
    if !matches!(script.fault, Fault::Status { .. }) && !asked.wire.is_count() {
        visit.read(answer.classes.input_side());
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
    if script.interim {
        connection.hint();
    }
    if let Some((status, retry_after, form)) = instead(&script, &asked) {
        let (kind, body) = errors::error(vendor, status, form, presented);
        let mut response = refuse(&mut visit, vendor, status, kind, body, retry_after);
        if (300..400).contains(&status) {
            // To itself: whoever follows is seen twice in the journal.
            response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(knock.uri.path())?);
        }
        return Ok(response);
    }
    let journal = shared.journal.clone();
    let stage = Stage { visit, journal, script, connection, gate: shared.gate.subscribe(), sent };
    serve(&knock.endpoint, &asked, &answer, stage).await
}

/// Anthropic answers nobody who does not name a version of its API.
fn needs_version(knock: &Knock<'_>) -> Checked<()> {
    if knock.endpoint.vendor == Vendor::Anthropic && !knock.head.contains_key("anthropic-version") {
        return Err(Complaint::on("anthropic-version", "anthropic-version: header is required"));
    }
    Ok(())
}

/// The status that answers instead of a completion, if the script wants one.
fn instead<'a>(script: &'a Script, asked: &Asked) -> Option<(u16, Option<&'a str>, ErrorBody)> {
    let broken = Some((500, None, ErrorBody::Dialect));
    match &script.fault {
        Fault::Status { status, retry_after, body } => Some((*status, retry_after.as_deref(), *body)),
        _ if asked.is_stream => None,
        Fault::ErrorAfter { .. } | Fault::ErrorWithUsageAfter { .. } => broken,
        // Only the responses wire has a complete answer that is a failure.
        _ if script.ending == Ending::Failed && asked.wire != Wire::Responses => broken,
        _ => None,
    }
}

async fn accept(
    shared: &Shared,
    knock: &Knock<'_>,
    model: &str,
    stream: bool,
    asked: &Checked<Asked>,
) -> Result<Visit> {
    let seq = shared.next_seq.fetch_add(1, Ordering::SeqCst);
    let attempt = knock.head.get("x-tallygate-attempt-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let entry = Entry::Accepted {
        seq,
        attempt,
        body_sha256: digest(knock.body),
        model: model.into(),
        stream,
        at_ms: unix_ms(),
        wire: knock.endpoint.wire,
        path: knock.uri.path().into(),
        summary: asked.as_ref().ok().map(|asked| Box::new(asked.summary())),
    };
    // First the visit: a client that leaves while the line is being written has its end journaled as well.
    let visit = Visit::new(seq, shared.journal.clone());
    shared.journal.append_durable(&entry).await?;
    Ok(visit)
}

async fn serve(endpoint: &Endpoint, asked: &Asked, answer: &Answer, mut stage: Stage) -> Result<Response> {
    let script = stage.script.clone();
    let seq = stage.visit.seq;
    let envelope = wire::Envelope { seq, created: unix_ms() / 1000 };
    let told = wire::Told { endpoint, asked, answer, script: &script, envelope: &envelope };

    let mut response = Response::new(Body::empty());
    let kind;
    let frames = if asked.is_stream && !endpoint.is_array {
        kind = "text/event-stream; charset=utf-8";
        render(faults::broken(told.events(), &told), &script)
    } else {
        kind = "application/json";
        let pieces = answer.choices.first().map_or(0, |choice| choice.reasoning.len() as u64 + choice.output_tokens());
        pause(script.before_first_token_ms + script.between_tokens_ms * pieces).await;
        let (body, slip) = told.whole();
        let tokens = answer.classes.output;
        let gives = Classes { output: tokens, reasoning: answer.classes.reasoning, ..Classes::default() };
        // Printed with two spaces and a final line end, as the APIs do.
        let bytes = with_extra(format!("{body:#}\n"), &script).into();
        let whole = Frame { part: Part::Whole { tokens }, bytes, gives, slip };
        faults::broken_whole(whole, &mut stage.script)
    };
    let frames = match script.fault {
        Fault::GzipBomb { megabytes } => {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            faults::gzip_bomb(megabytes)?
        }
        _ => frames,
    };
    let total = frames.iter().map(|frame| frame.bytes.len()).sum();
    if let Some(length) = script.length(total, kind == "application/json") {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    dress(&mut response, endpoint.vendor, kind, seq);
    *response.body_mut() = Player::new(stage, frames).into_body();
    Ok(response)
}

/// Refuses the caller's own mistake, as the API would.
fn complain(visit: &mut Visit, vendor: Vendor, complaint: &Complaint) -> Response {
    let body = errors::complaint(vendor, complaint);
    refuse(visit, vendor, complaint.status, "application/json", body, None)
}

fn refuse(
    visit: &mut Visit,
    vendor: Vendor,
    status: u16,
    kind: &'static str,
    body: Bytes,
    retry_after: Option<&str>,
) -> Response {
    visit.refused(status);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(value) = retry_after.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    dress(&mut response, vendor, kind, visit.seq);
    response
}

/// The headers every answer of the vendor carries.
fn dress(response: &mut Response, vendor: Vendor, kind: &'static str, seq: u64) {
    let fixed: &[(&'static str, &'static str)] = match vendor {
        Vendor::OpenAi => &[("openai-version", "2020-10-01"), ("openai-processing-ms", "12")],
        Vendor::Azure => &[("x-ms-region", "Sweden Central"), ("x-ms-deployment-name", "fake")],
        Vendor::Anthropic => &[
            ("anthropic-organization-id", "11111111-2222-4333-8444-555555555555"),
            ("anthropic-ratelimit-requests-remaining", "49"),
        ],
        Vendor::Gemini => &[("server-timing", "gfet4t7; dur=12"), ("x-content-type-options", "nosniff")],
    };
    let id = match vendor {
        Vendor::OpenAi => Some("x-request-id"),
        Vendor::Azure => Some("apim-request-id"),
        Vendor::Anthropic => Some("request-id"),
        Vendor::Gemini => None,
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert("x-upstream-secret", HeaderValue::from_static(errors::CANARY));
    for (name, value) in fixed {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    if let (Some(name), Ok(id)) = (id, HeaderValue::from_str(&format!("req_fake{seq:024}"))) {
        headers.insert(name, id);
    }
}
