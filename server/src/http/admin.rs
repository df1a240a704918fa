//! `/api/v1`: the public API for scripts. Bearer tokens only; cookies are never looked at here (`security.md` CS-4).
//!
//! An endpoint is one value of [`Endpoint`] in the file of its resource. The router, the OpenAPI document, the readable page and
//! the inventory all read [`GROUPS`], so that one more endpoint is one entry and one more resource is one file and one line
//! below. Handlers are thin: they read, call `control`, and shape the answer. Never here: rules, permissions, SQL.

use axum::{
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
    routing::MethodFilter,
};
use control::{Actor, Error};
use domain::{ApiError, ErrorKind, id::RequestId, token::TokenScope};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tower_http::timeout::RequestBodyTimeoutLayer;

use super::{
    caller::client_address,
    router::{AppState, BODY_IDLE},
    routes::Routes,
};

mod asked;
mod endpoint;
mod keys;
mod members;
mod models;
mod openapi;
mod reference;
mod shapes;
mod teams;
mod usage;

use asked::Asked;
pub use endpoint::{Content, Endpoint, Group, Parameter};
pub use openapi::document;
pub use reference::reference;

/// Largest body of a request.
const MAX_BODY: usize = 64 * 1024;

/// All resources, in the order of the readable page.
pub static GROUPS: &[&Group] = &[&teams::GROUP, &keys::GROUP, &members::GROUP, &models::GROUP, &usage::GROUP];

pub fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    GROUPS.iter().flat_map(|group| group.endpoints)
}

pub fn routes() -> Routes {
    let mut routes = Routes::new().get("/api/v1/openapi.json", openapi);
    let mut paths: Vec<&str> = endpoints().map(Endpoint::path).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let of_path: Vec<&'static Endpoint> = endpoints().filter(|endpoint| endpoint.path() == path).collect();
        let allowed = of_path.iter().map(|endpoint| endpoint.method()).collect::<Vec<_>>().join(", ");
        let handlers = of_path.into_iter().map(|endpoint| {
            let handler = move |state, path, request| answer(state, endpoint, path, request);
            (endpoint.method(), filter(endpoint), handler)
        });
        routes = routes.methods(path, handlers.collect(), move |request| wrong_method(allowed.clone(), request));
    }
    routes.any("/api/v1/{*rest}", unknown).layer(RequestBodyTimeoutLayer::new(BODY_IDLE))
}

fn filter(endpoint: &Endpoint) -> MethodFilter {
    match endpoint.method() {
        "GET" => MethodFilter::GET,
        "POST" => MethodFilter::POST,
        "PATCH" => MethodFilter::PATCH,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::TRACE,
    }
}

async fn openapi(State(state): State<AppState>) -> Response {
    let document = document(&state.control.public_url).to_string();
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}

/// One call, from its credential to its answer.
async fn answer(
    State(state): State<AppState>,
    endpoint: &'static Endpoint,
    path: Result<Path<Vec<(String, String)>>, PathRejection>,
    request: Request,
) -> Response {
    let id = id_of(&request);
    let address = client_address(&request, state.trusted_proxies).map(|address| address.to_string());
    let (parts, body) = request.into_parts();
    // The token comes first: a stranger's body is not even read.
    let actor = match authenticate(&state, &parts, endpoint, address, &id).await {
        Ok(actor) => actor,
        Err(error) => return refuse(error, &id),
    };
    // A path that is no text names nothing that exists.
    let path = path.map(|Path(path)| path).unwrap_or_default();
    let asked = async {
        let body = read(body, &parts.headers).await?;
        let query = asked::query(endpoint, parts.uri.query().unwrap_or_default())?;
        Ok(Asked { ctx: state.control.clone(), actor: actor.clone(), path, query, body })
    };
    let asked = match asked.await {
        Ok(asked) => asked,
        Err(Unread::TooLarge) => return too_large(&id),
        Err(Unread::Wrong(error)) => return refuse(error, &id),
    };
    match (endpoint.run)(&asked).await {
        Ok(value) => match endpoint.answer {
            Some(_) => (endpoint.status(), axum::Json(value)).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        },
        Err(error) => {
            if matches!(error, Error::Forbidden { .. } | Error::NeedsPerson) {
                note_refusal(&state, &actor, endpoint).await;
            }
            refuse(error.into_api(), &id)
        }
    }
}

/// The person behind the one token of the request, within its scopes.
async fn authenticate(
    state: &AppState,
    parts: &Parts,
    endpoint: &Endpoint,
    address: Option<String>,
    id: &str,
) -> Result<Actor, ApiError> {
    let refused = |kind, message: &str| ApiError::new(kind, message);
    // A token in an address ends up in logs: it is refused even if it is right.
    if parts.uri.query().is_some_and(|query| query.contains("tgm_")) {
        return Err(refused(
            ErrorKind::Invalid,
            "tokens do not belong in the address: send yours in the header Authorization",
        ));
    }
    let text = token(&parts.headers)?;
    let unknown = || refused(ErrorKind::Unauthenticated, "this token is unknown, expired or revoked");
    let found = control::actor::of_token(&state.control, text).await.map_err(Error::into_api)?;
    let (actor, scopes) = found.ok_or_else(unknown)?;
    let actor = actor.at(address, Some(id.to_owned()));
    match endpoint.scope {
        Some(scope) if !scopes.has(scope) => {
            note_refusal(state, &actor, endpoint).await;
            let needs = format!("this needs a token with the scope {}", scope.as_str());
            Err(refused(ErrorKind::Forbidden, &needs))
        }
        _ => Ok(actor),
    }
}

/// The one credential of the request. Keys that call models have other headers too; here there is one.
fn token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (sent.next(), sent.next());
    let elsewhere = ["x-api-key", "api-key"].into_iter().any(|name| headers.contains_key(name));
    if second.is_some() || first.is_some() && elsewhere {
        let message = "send one credential only: a management token in the header Authorization";
        return Err(ApiError::new(ErrorKind::Invalid, message));
    }
    let missing = || {
        let message = "send a management token: Authorization: Bearer tgm_… (make one under My tokens)";
        ApiError::new(ErrorKind::Unauthenticated, message)
    };
    let value = first.and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
    match value.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => Ok(token.trim()),
        _ => Err(missing()),
    }
}

/// Failed authorization is an entry of the audit log. That it cannot be written must not hide the refusal itself.
async fn note_refusal(state: &AppState, actor: &Actor, endpoint: &Endpoint) {
    if let Err(error) = control::audit::refused(&state.control, actor, endpoint.route).await {
        tracing::warn!(%error, "a refusal could not be noted");
    }
}

/// Why a request is not even looked at. The first has a status of its own.
enum Unread {
    TooLarge,
    Wrong(ApiError),
}

impl From<ApiError> for Unread {
    fn from(error: ApiError) -> Self {
        Self::Wrong(error)
    }
}

async fn read(body: Body, headers: &HeaderMap) -> Result<bytes::Bytes, Unread> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY) {
        return Err(Unread::TooLarge);
    }
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(error) => {
            tracing::debug!(%error, "request body ended early");
            Err(ApiError::new(ErrorKind::Invalid, "the body could not be read to its end").into())
        }
    }
}

fn too_large(id: &str) -> Response {
    let error = ApiError::new(ErrorKind::Invalid, "the body is larger than 64 KiB");
    shown(StatusCode::PAYLOAD_TOO_LARGE, error, id)
}

async fn wrong_method(allowed: String, request: Request) -> Response {
    let error = ApiError::new(ErrorKind::Invalid, format!("this path takes {allowed}"));
    let mut response = shown(StatusCode::METHOD_NOT_ALLOWED, error, &id_of(&request));
    if let Ok(allowed) = HeaderValue::try_from(allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

async fn unknown(request: Request) -> Response {
    let message = "there is nothing at this path: see /api/v1/openapi.json";
    refuse(ApiError::new(ErrorKind::NotFound, message), &id_of(&request))
}

fn refuse(error: ApiError, id: &str) -> Response {
    shown(super::pages::status_of(error.kind), error, id)
}

/// `{"error": {"kind", "message", "fields", "request_id"}}`.
fn shown(status: StatusCode, error: ApiError, id: &str) -> Response {
    let error = ApiError { request_id: Some(id.to_owned()), ..error };
    let mut response = (status, axum::Json(serde_json::json!({ "error": error }))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn id_of(request: &Request) -> String {
    request.extensions().get::<RequestId>().map(RequestId::public).unwrap_or_default()
}

/// Every scope but those that no endpoint asks for yet.
pub fn scopes() -> impl Iterator<Item = TokenScope> {
    TokenScope::ALL.into_iter().filter(|scope| endpoints().any(|endpoint| endpoint.scope == Some(*scope)))
}

#[cfg(test)]
mod tests;
