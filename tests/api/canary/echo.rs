//! A careless provider: whatever is asked of it, it refuses and quotes the credential that came along.

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// Listens on loopback; where. It ends with the tasks.
pub async fn listen(tasks: &TaskTracker) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tasks.spawn(async move { axum::serve(listener, Router::new().fallback(refuse)).await });
    address
}

/// The status stands in the name of the model, `echo-400`; a list of models is refused with 401.
async fn refuse(uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let status = asked["model"].as_str().and_then(|name| name.rsplit('-').next()?.parse().ok()).unwrap_or(401);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
    let credential = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let message = format!("Incorrect API key provided: {credential} for {uri}. All headers: {headers:?}");
    let error =
        json!({"error": {"message": message, "type": "invalid_request_error", "param": credential, "code": null}});
    (status, [("x-upstream-key", credential.to_owned())], axum::Json(error)).into_response()
}
