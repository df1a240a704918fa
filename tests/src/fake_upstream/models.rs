//! Lists of models in each vendor's shape: the names a demo or a browser test can use, each a script of its own.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{endpoint::Vendor, errors, serve::Shared};

const MODELS: [&str; 4] =
    ["fake-small", "fake-large", "fake-slow--first=400--pace=60", "fake-long--words=600--pace=20"];
const CREATED: u64 = 1_700_000_000;

/// The answer to a `GET`; `None` when `path` is no list of models.
pub fn list(shared: &Shared, path: &str, query: &str, head: &HeaderMap) -> Option<Response> {
    let (vendor, one) = asked(path, head)?;
    let presented = vendor.credential(head, query);
    if shared.api_key.as_deref().is_some_and(|key| key != presented) {
        let (status, body) = errors::unauthorized(vendor, presented);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
        return Some((status, [(header::CONTENT_TYPE, "application/json")], body).into_response());
    }
    let Some(name) = one else { return Some(Json(all(vendor)).into_response()) };
    if MODELS.contains(&name) {
        return Some(Json(model(vendor, name)).into_response());
    }
    let (kind, body) = errors::error(vendor, 404, super::script::ErrorBody::Dialect, presented);
    Some((StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, kind)], body).into_response())
}

/// Whose list, and the one model when the path names it.
fn asked<'a>(path: &'a str, head: &HeaderMap) -> Option<(Vendor, Option<&'a str>)> {
    let (vendor, rest) = if let Some(rest) = path.strip_prefix("/v1beta/models") {
        (Vendor::Gemini, rest)
    } else if let Some(rest) = path.strip_prefix("/openai/v1/models") {
        (Vendor::Azure, rest)
    } else {
        let rest = path.strip_prefix("/v1/models")?;
        // Three vendors share this path; their headers tell them apart.
        let has = |name: &str| head.contains_key(name);
        if has("x-goog-api-key") {
            (Vendor::Gemini, rest)
        } else if has("anthropic-version") || has("x-api-key") {
            (Vendor::Anthropic, rest)
        } else {
            (Vendor::OpenAi, rest)
        }
    };
    match rest {
        "" => Some((vendor, None)),
        one => one.strip_prefix('/').map(|name| (vendor, Some(name))),
    }
}

fn all(vendor: Vendor) -> Value {
    let models: Vec<Value> = MODELS.iter().map(|name| model(vendor, name)).collect();
    match vendor {
        Vendor::OpenAi | Vendor::Azure => json!({"object": "list", "data": models}),
        Vendor::Anthropic => {
            json!({"data": models, "has_more": false, "first_id": MODELS[0], "last_id": MODELS[MODELS.len() - 1]})
        }
        Vendor::Gemini => json!({"models": models}),
    }
}

fn model(vendor: Vendor, name: &str) -> Value {
    match vendor {
        Vendor::OpenAi | Vendor::Azure => {
            json!({"id": name, "object": "model", "created": CREATED, "owned_by": "fake-upstream"})
        }
        Vendor::Anthropic => {
            json!({"type": "model", "id": name, "display_name": name, "created_at": "2023-11-14T22:13:20Z"})
        }
        Vendor::Gemini => json!({
            "name": format!("models/{name}"), "baseModelId": name, "version": "001", "displayName": name,
            "description": "A model of the fake upstream", "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens", "batchEmbedContents"]
        }),
    }
}
