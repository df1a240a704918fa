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

use super::{super::script::Script, Shared};

pub fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_fake/script", put(put_script).get(get_script))
        .route("/_fake/hold", post(hold))
        .route("/_fake/release", post(release))
        .route("/_fake/journal", get(journal))
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
