//! `/health`: the process lives. `/ready`: the database answers and the snapshot is loaded.

use axum::{Router, extract::State, routing::get};
use http::StatusCode;

use super::router::AppState;

pub fn routes() -> Router<AppState> {
    Router::new().route("/health", get(|| async { "ok\n" })).route("/ready", get(ready))
}

async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    if state.gateway.ready().await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}
