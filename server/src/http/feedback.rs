//! `POST /api/v1/feedback`: what became of answers, told by whoever called with a key (`product.md` 16). An editor needs the id
//! of its request and nothing else.

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use domain::{
    feedback::{FeedbackItem, MAX_ITEMS},
    key::KeyScope,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_http::timeout::RequestBodyTimeoutLayer;

use super::{
    caller::client_address,
    router::{AppState, BODY_IDLE},
    routes::Routes,
};

/// Largest body: a hundred texts of what was kept.
const MAX_BODY: usize = 8 * 1024 * 1024;
const PATH: &str = "/api/v1/feedback";

pub fn routes() -> Routes {
    Routes::new().post_or(PATH, feedback, wrong_method).layer(RequestBodyTimeoutLayer::new(BODY_IDLE))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// One by one, so that a wrong item costs no other its place.
    feedback: Vec<Value>,
}

async fn feedback(State(state): State<AppState>, request: Request) -> Response {
    let address = client_address(&request, state.trusted_proxies);
    let (parts, body) = request.into_parts();
    // The key comes first: a stranger's body is not even read.
    let caller = match state.gateway.authenticate(&parts.headers, address, KeyScope::FeedbackWrite) {
        Ok(caller) => caller,
        Err(error) => {
            let problem = error.problem(state.gateway.request_id());
            let status = StatusCode::from_u16(problem.kind.status()).unwrap_or(StatusCode::UNAUTHORIZED);
            return refuse(status, problem.kind.as_str(), &problem.message);
        }
    };
    let Some(key) = caller.key() else { return refuse(StatusCode::UNAUTHORIZED, "no_key", "Send a key.") };
    let items = match read(body, &parts.headers).await {
        Ok(items) => items,
        Err(refusal) => return refusal,
    };
    let read: Vec<Result<FeedbackItem, String>> =
        items.into_iter().map(|item| serde_json::from_value(item).map_err(|error| error.to_string())).collect();
    let good = read.iter().filter_map(|item| item.as_ref().ok()).cloned().collect();
    let results = match control::feedback::by_key(&state.control, caller.team(), key, good).await {
        Ok(results) => results,
        Err(error) => {
            tracing::error!(%error, "feedback cannot be written");
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Feedback cannot be written at the moment.");
        }
    };
    Json(answer(&read, results)).into_response()
}

/// One result for each item, in the order of the items.
fn answer(read: &[Result<FeedbackItem, String>], results: Vec<Result<(), domain::error::FieldError>>) -> Value {
    let mut results = results.into_iter();
    let mut accepted = 0;
    let items: Vec<Value> = read
        .iter()
        .map(|item| {
            let result = match item {
                Ok(_) => results.next(),
                Err(message) => {
                    let message = message.clone();
                    Some(Err(domain::error::FieldError { field: field_in(&message), message }))
                }
            };
            match result {
                Some(Ok(())) => {
                    accepted += 1;
                    json!({ "status": "ok" })
                }
                Some(Err(error)) => {
                    json!({ "status": "error", "error": { "field": error.field, "message": error.message } })
                }
                None => json!({ "status": "error", "error": { "field": "", "message": "not looked at" } }),
            }
        })
        .collect();
    json!({ "accepted": accepted, "results": items })
}

/// The field that the reader's message names between backticks.
fn field_in(message: &str) -> String {
    message.split('`').nth(1).unwrap_or_default().to_owned()
}

async fn read(body: Body, headers: &HeaderMap) -> Result<Vec<Value>, Response> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let too_large = || refuse(StatusCode::PAYLOAD_TOO_LARGE, "request_too_large", "The body is larger than 8 MiB.");
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    let bytes = match Limited::new(body, MAX_BODY).collect().await {
        Ok(whole) => whole.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(too_large()),
        Err(error) => {
            tracing::debug!(%error, "request body ended early");
            return Err(refuse(StatusCode::BAD_REQUEST, "invalid_request", "The body could not be read to its end."));
        }
    };
    let Asked { feedback } = serde_json::from_slice(&bytes).map_err(|error| {
        let message =
            format!("Send {{\"feedback\": [{{\"request_id\": \"req_…\", \"outcome\": \"accepted\"}}]}}: {error}.");
        refuse(StatusCode::BAD_REQUEST, "invalid_request", &message)
    })?;
    if !(1..=MAX_ITEMS).contains(&feedback.len()) {
        let message = format!("Send 1 to {MAX_ITEMS} items.");
        return Err(refuse(StatusCode::BAD_REQUEST, "invalid_request", &message));
    }
    Ok(feedback)
}

async fn wrong_method() -> Response {
    let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This path takes POST.");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, Json(json!({"error": {"kind": kind, "message": message}}))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fb_1_every_item_gets_its_result_in_its_place() {
        let wrong = serde_json::from_value::<FeedbackItem>(json!({"request_id": "req_1", "colour": 1}));
        let read =
            vec![Ok(FeedbackItem::default()), wrong.map_err(|error| error.to_string()), Ok(FeedbackItem::default())];
        let unknown = domain::error::FieldError { field: "request_id".into(), message: "no such request".into() };
        let told = answer(&read, vec![Ok(()), Err(unknown)]);
        assert_eq!(told["accepted"], 1);
        assert_eq!(told["results"][0], json!({ "status": "ok" }));
        assert_eq!(told["results"][1]["error"]["field"], "colour");
        assert_eq!(told["results"][2]["error"]["field"], "request_id");
    }
}
