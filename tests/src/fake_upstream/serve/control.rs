//! `/_fake/*`: steers the fake from another process and reads its journal.

use std::sync::{Arc, PoisonError};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post, put},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{answer::answer, endpoint::Endpoint, script::Script, wire},
    Shared,
};

pub fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_fake/script", put(put_script).get(get_script))
        .route("/_fake/hold", post(hold))
        .route("/_fake/release", post(release))
        .route("/_fake/journal", get(journal))
        .route("/_fake/answer", post(say))
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

/// What a chat request would be answered with, at once and without a trace: the oracle of tests that read answers. Waiting,
/// splitting and faults are left out.
async fn say(State(shared): State<Arc<Shared>>, Json(body): Json<Value>) -> Response {
    let said = Endpoint::of("/v1/chat/completions", "")
        .ok_or_else(|| "no such wire".to_owned())
        .and_then(|endpoint| wire::read(&endpoint, &body).map_err(|complaint| complaint.message))
        .and_then(|asked| {
            let script = shared.script(&asked.model).map_err(|error| format!("{error:#}"))?;
            answer(&asked, &script).map_err(|error| format!("{error:#}"))
        });
    match said {
        Ok(answer) => {
            let choice = answer.choices.into_iter().next().unwrap_or_default();
            Json(json!({"text": choice.text(), "pieces": choice.pieces})).into_response()
        }
        Err(problem) => (StatusCode::BAD_REQUEST, problem).into_response(),
    }
}
