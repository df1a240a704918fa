//! `/v1`: every dialect on its own paths, and the model list. Keys only: cookies are never looked at here.
//!
//! A refusal speaks the dialect of the path that was asked for; what belongs to no dialect speaks the first one.

use axum::{
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use domain::{id::RequestId, key::KeyScope};
use gateway::{Call, ModelEntry, Reply};
use http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use llm::{DIALECTS, Dialect, Problem, ProblemKind};
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tower_http::timeout::RequestBodyTimeoutLayer;

use super::{
    caller::client_address,
    router::{AppState, BODY_IDLE},
    routes::Routes,
};

/// Largest request body. Above it the answer is 413 in the client's dialect.
const MAX_BODY: usize = 32 * 1024 * 1024;

pub fn routes() -> Routes {
    let mut routes = Routes::new().get("/v1/models", models).get("/v1/models/{*id}", model);
    for dialect in DIALECTS.iter().copied() {
        for path in dialect.info().paths {
            let handler = move |state, request| call(state, dialect, request);
            routes = routes.post_or(path, handler, move |request| wrong_method(dialect, request));
        }
    }
    routes.any("/v1/{*rest}", unknown).layer(RequestBodyTimeoutLayer::new(BODY_IDLE))
}

async fn call(State(state): State<AppState>, dialect: &'static dyn Dialect, request: Request) -> Response {
    let received = Instant::now();
    let id = id_of(&state, &request);
    let address = client_address(&request, state.trusted_proxies);
    let (parts, body) = request.into_parts();
    // A key in an address ends up in logs: it is refused even if it is right.
    if parts.uri.query().is_some_and(|query| ["tg_", "tgm_"].iter().any(|start| query.contains(start))) {
        return refuse(dialect, id, ProblemKind::TwoCredentials);
    }
    // The key comes first: a stranger's body is not even read.
    let caller = match state.gateway.authenticate(&parts.headers, address, KeyScope::Inference) {
        Ok(caller) => caller,
        Err(error) => return answer(dialect.render(&error.problem(id)).into()),
    };
    let body = match read(body, &parts.headers).await {
        Ok(body) => body,
        Err(kind) => return refuse(dialect, id, kind),
    };
    let call = Call { request_id: id, caller, dialect, headers: parts.headers, body, received };
    match state.gateway.serve(call).await {
        Ok(reply) => answer(reply),
        Err(error) => answer(dialect.render(&error.problem(id)).into()),
    }
}

/// The whole body, or what is wrong with it.
async fn read(body: Body, headers: &HeaderMap) -> Result<Bytes, ProblemKind> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(ProblemKind::RequestTooLarge);
    }
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ProblemKind::RequestTooLarge),
        Err(error) => {
            tracing::debug!(%error, "request body ended early");
            Err(ProblemKind::InvalidRequest)
        }
    }
}

fn refuse(dialect: &dyn Dialect, id: RequestId, kind: ProblemKind) -> Response {
    let message = match kind {
        ProblemKind::RequestTooLarge => "The request body is larger than 32 MiB.",
        ProblemKind::MethodNotAllowed => "This path takes POST.",
        ProblemKind::TwoCredentials => "Keys do not belong in the address. Send yours in the Authorization header.",
        ProblemKind::NotFound => "There is nothing at this path. See /v1/models for what your key may call.",
        _ => "The request body could not be read to its end.",
    };
    let problem =
        Problem { kind, message: message.to_owned(), param: None, request_id: id.public(), retry_after: None };
    answer(dialect.render(&problem).into())
}

async fn wrong_method(dialect: &'static dyn Dialect, request: Request) -> Response {
    let mut response = refuse(dialect, id_in(&request), ProblemKind::MethodNotAllowed);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

async fn unknown(request: Request) -> Response {
    refuse(listing(request.headers()), id_in(&request), ProblemKind::NotFound)
}

/// The dialect of a path that belongs to none: Anthropic's for clients that name its version, else OpenAI's.
fn listing(headers: &HeaderMap) -> &'static dyn Dialect {
    let id = if headers.contains_key("anthropic-version") { "anthropic_messages" } else { "openai_chat" };
    DIALECTS.iter().copied().find(|dialect| dialect.info().id == id).unwrap_or(DIALECTS[0])
}

async fn models(State(state): State<AppState>, request: Request) -> Response {
    let is_anthropic = request.headers().contains_key("anthropic-version");
    listed(&state, &request, |models| {
        let entry = if is_anthropic { anthropic_entry } else { entry };
        let data: Vec<Value> = models.iter().map(entry).collect();
        let ends = |model: Option<&ModelEntry>| model.map(|model| model.name.clone());
        Some(if is_anthropic {
            json!({ "data": data, "has_more": false, "first_id": ends(models.first()), "last_id": ends(models.last()) })
        } else {
            json!({ "object": "list", "data": data })
        })
    })
}

async fn model(State(state): State<AppState>, Path(name): Path<String>, request: Request) -> Response {
    let entry = if request.headers().contains_key("anthropic-version") { anthropic_entry } else { entry };
    listed(&state, &request, |models| models.iter().find(|model| model.name == name).map(entry))
}

/// What this key may call, shaped by `shape`; `None` is the same 404 for a model that does not exist and one that is not allowed.
fn listed(state: &AppState, request: &Request, shape: impl FnOnce(&[ModelEntry]) -> Option<Value>) -> Response {
    let id = id_of(state, request);
    let dialect = listing(request.headers());
    let address = client_address(request, state.trusted_proxies);
    let caller = match state.gateway.authenticate(request.headers(), address, KeyScope::Inference) {
        Ok(caller) => caller,
        Err(error) => return answer(dialect.render(&error.problem(id)).into()),
    };
    match shape(&state.gateway.models(&caller)) {
        Some(body) => ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response(),
        None => {
            let message = "The model does not exist, or this key may not use it.".to_owned();
            let kind = ProblemKind::ModelNotFound;
            let problem =
                Problem { kind, message, param: Some("model".to_owned()), request_id: id.public(), retry_after: None };
            answer(dialect.render(&problem).into())
        }
    }
}

/// A model in OpenAI's shape.
fn entry(model: &ModelEntry) -> Value {
    json!({ "id": model.name, "object": "model", "created": model.created_at.timestamp(), "owned_by": "tallygate" })
}

/// The same in Anthropic's.
fn anthropic_entry(model: &ModelEntry) -> Value {
    let created = model.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    json!({ "type": "model", "id": model.name, "display_name": model.name, "created_at": created })
}

fn answer(reply: Reply) -> Response {
    let body = match reply.body {
        gateway::Body::Whole(bytes) => Body::from(bytes),
        gateway::Body::Stream(chunks) => {
            Body::from_stream(ReceiverStream::new(chunks).map(Ok::<Bytes, std::convert::Infallible>))
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

fn id_in(request: &Request) -> RequestId {
    request.extensions().get::<RequestId>().copied().unwrap_or(RequestId(uuid::Uuid::nil()))
}

fn id_of(state: &AppState, request: &Request) -> RequestId {
    request.extensions().get::<RequestId>().copied().unwrap_or_else(|| state.gateway.request_id())
}
