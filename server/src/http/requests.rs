//! `/api/v1/requests/{id}`: the receipt of a call, for the key that made it (`product.md` HI-6).
//!
//! Money is dollars as decimal text, exact to the nano-dollar; prices are dollars per million tokens. Times are UTC.

use axum::{
    Json,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use domain::{
    Money,
    history::{AttemptDetail, RequestDetail},
    id::RequestId,
    key::KeyScope,
    price::PriceComponent,
    usage::Usage,
};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{caller::client_address, router::AppState, routes::Routes};

pub fn routes() -> Routes {
    Routes::new().get("/api/v1/requests/{id}", receipt)
}

async fn receipt(State(state): State<AppState>, Path(id): Path<String>, request: Request) -> Response {
    let address = client_address(&request, state.trusted_proxies);
    let (request, _) = request.into_parts();
    // Who may call may read what came of it; a key that may only read its use may do so, too.
    let allowed = |scope| state.gateway.authenticate(&request.headers, address, scope);
    let caller = match allowed(KeyScope::Inference) {
        Err(gateway::Error::ScopeMissing(_)) => allowed(KeyScope::UsageRead),
        known => known,
    };
    let caller = match caller {
        Ok(caller) => caller,
        Err(error) => {
            let problem = error.problem(state.gateway.request_id());
            let status = StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::UNAUTHORIZED);
            return refuse(status, problem.kind.as_str(), &problem.message);
        }
    };
    let (Some(request), Some(key)) = (RequestId::parse(&id), caller.key()) else { return missing() };
    match control::history::receipt(&state.control, caller.team(), key, request).await {
        Ok(detail) => Json(shown(&detail)).into_response(),
        Err(control::Error::NotFound) => missing(),
        Err(error) => {
            tracing::error!(%error, "a receipt cannot be read");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The receipt cannot be read at the moment.")
        }
    }
}

fn missing() -> Response {
    refuse(StatusCode::NOT_FOUND, "not_found", "There is no such request of this key.")
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, Json(json!({"error": {"kind": kind, "message": message}}))).into_response()
}

fn shown(detail: &RequestDetail) -> Value {
    let RequestDetail { public, model_asked, dialect, stream, task, tags, conversation, attempts, route, .. } = detail;
    let tags: Map<String, Value> = tags.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
    json!({
        "id": public,
        "model": model_asked,
        "dialect": dialect,
        "stream": stream,
        "task": task.map(|task| task.as_str()),
        "tags": tags,
        "conversation": conversation,
        "route": {"name": "direct", "attempts": attempts.len(), "why": route},
        "cost_usd": total(attempts).map(Money::exact),
        "attempts": attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

/// `None` as long as one of them is unknown: an unknown cost is not zero.
fn total(attempts: &[AttemptDetail]) -> Option<Money> {
    attempts.iter().map(|attempt| attempt.row.cost).try_fold(Money::ZERO, |sum, cost| sum.checked_add(cost?))
}

fn attempt(attempt: &AttemptDetail) -> Value {
    let row = &attempt.row;
    json!({
        "number": attempt.number,
        "admitted_at": row.time.iso,
        "resolved_at": attempt.resolved.as_ref().map(|stamp| &stamp.iso),
        "provider": row.provider,
        "model": row.model,
        "upstream_model": attempt.upstream_model,
        "model_served": attempt.model_served,
        "upstream_id": attempt.upstream_id,
        "state": row.state,
        "outcome": row.outcome,
        "http_status": attempt.http_status,
        "finish_reason": attempt.finish_reason,
        "client_aborted": attempt.client_aborted,
        "usage": row.usage.as_ref().map(usage),
        "usage_source": row.usage_source.map(|source| source.header()),
        "price": attempt.price.as_ref().map(|components| json!({
            "since": attempt.price_since.as_ref().map(|stamp| &stamp.iso),
            "usd_per_million": components.iter().map(component).collect::<Vec<_>>(),
        })),
        "reserved": {
            "usd": attempt.reserved.exact(),
            "input_tokens": attempt.input_bound,
            "output_tokens": attempt.output_cap,
        },
        "charged_usd": attempt.charged.exact(),
        "cost_usd": row.cost.map(Money::exact),
        "unpriced": row.unpriced,
        "flags": attempt.flags,
        "first_byte_ms": row.first_byte_ms,
        "total_ms": row.total_ms,
    })
}

fn usage(usage: &Usage) -> Value {
    let Usage { input, cache_read, cache_write_short, cache_write_long, output, reasoning } = usage;
    json!({
        "input": input,
        "cache_read": cache_read,
        "cache_write_short": cache_write_short,
        "cache_write_long": cache_write_long,
        "output": output,
        "reasoning": reasoning,
    })
}

fn component(component: &PriceComponent) -> Value {
    json!({
        "class": component.class.as_str(),
        "above_input_tokens": component.above_input_tokens,
        "usd": component.rate.per_million(),
    })
}
