//! `/health`: the process lives. `/ready`: the database answers and the snapshot is loaded.

use axum::extract::State;
use http::StatusCode;

use super::{router::AppState, routes::Routes};

pub fn routes() -> Routes {
    Routes::new().get("/health", || async { "ok\n" }).get("/ready", ready)
}

async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    if state.gateway.ready().await {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}
