//! Every route as a request: its path with ids filled in, and a valid body where it takes one.
//!
//! The endpoints of the public API also say which operation of the dashboard they stand for: its class is what their token's
//! owner must be allowed, beside the token's scope.

use http::Method;
use serde_json::{Value, json};
use server::http::inventory::{Class, OPERATIONS};

use super::{Form, Maker, Scene};

/// A request that anybody could send.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
}

/// Endpoint, the operation it stands for, and its body.
pub const ENDPOINTS: &[(&str, &str, Option<Maker>)] = &[
    ("GET /api/v1/teams", "teams/me", None),
    ("GET /api/v1/teams/{team}/invitations", "invitations/list", None),
    (
        "POST /api/v1/teams/{team}/invitations",
        "invitations/create",
        Some(|it| json!({"role": "viewer", "email": format!("new-{}@example.com", it.nr), "days": 3})),
    ),
    ("DELETE /api/v1/teams/{team}/invitations/{id}", "invitations/revoke", None),
    ("GET /api/v1/teams/{team}/keys", "keys/list", None),
    (
        "POST /api/v1/teams/{team}/keys",
        "keys/create",
        Some(
            |it| json!({"name": format!("key {}", it.nr), "kind": "service", "models": "all", "scopes": ["inference"]}),
        ),
    ),
    ("GET /api/v1/teams/{team}/keys/{id}", "keys/get", None),
    ("PATCH /api/v1/teams/{team}/keys/{id}", "keys/update", Some(|it| json!({"name": format!("key {}", it.nr)}))),
    ("DELETE /api/v1/teams/{team}/keys/{id}", "keys/revoke", None),
    ("POST /api/v1/teams/{team}/keys/{id}/rotate", "keys/rotate", Some(|_| json!({"overlap_hours": 1}))),
    ("POST /api/v1/teams/{team}/keys/{id}/pause", "keys/pause", None),
    ("POST /api/v1/teams/{team}/keys/{id}/resume", "keys/resume", None),
    ("GET /api/v1/teams/{team}/members", "members/list", None),
    ("PATCH /api/v1/teams/{team}/members/{user}", "members/set_role", Some(|_| json!({"role": "viewer"}))),
    ("DELETE /api/v1/teams/{team}/members/{user}", "members/remove", None),
    ("GET /api/v1/teams/{team}/models", "models/page", None),
    (
        "POST /api/v1/teams/{team}/models",
        "models/create",
        Some(|it| {
            let price = json!({"input": "1.00", "output": "2.00"});
            json!({"provider": it.side.provider_slug, "name": format!("model-{}", it.nr), "price": price})
        }),
    ),
    ("GET /api/v1/teams/{team}/models/{id}", "models/get", None),
    (
        "PATCH /api/v1/teams/{team}/models/{id}",
        "models/update",
        Some(|it| json!({"name": format!("model-{}", it.nr), "upstream": "fake-large"})),
    ),
    ("DELETE /api/v1/teams/{team}/models/{id}", "models/archive", None),
    ("GET /api/v1/teams/{team}/usage", "history/list", None),
];

/// Bodies of the routes that clients call with a key.
const CLIENTS: &[(&str, Maker)] = &[
    ("POST /api/v1/feedback", |it| json!({"feedback": [{"request_id": public(it), "outcome": "accepted"}]})),
    ("POST /v1/chat/completions", |it| json!({"model": it.side.model_name, "messages": said()})),
    ("POST /v1/completions", |it| json!({"model": it.side.model_name, "prompt": "fn main() {"})),
    ("POST /v1/embeddings", |it| json!({"model": it.side.model_name, "input": "some text"})),
    ("POST /v1/messages", |it| json!({"model": it.side.model_name, "max_tokens": 64, "messages": said()})),
    ("POST /v1/messages/count_tokens", |it| json!({"model": it.side.model_name, "messages": said()})),
    ("POST /v1/responses", |it| json!({"model": it.side.model_name, "input": "hello"})),
];

fn public(it: &Scene<'_>) -> String {
    format!("req_{}", it.side.request.replace('-', ""))
}

fn said() -> Value {
    json!([{"role": "user", "content": "hello"}])
}

/// The class of the operation that an endpoint stands for.
pub fn needs(route: &str) -> Class {
    let found = ENDPOINTS.iter().find(|(name, _, _)| same(name, route));
    let (_, operation, _) =
        found.unwrap_or_else(|| panic!("no body for {route}: add it to tests/api/surface/routes.rs"));
    let path = format!("/ui/{operation}");
    OPERATIONS.iter().find(|(name, _)| *name == path).unwrap_or_else(|| panic!("{path} is no operation")).1
}

/// The route on the things of the scene's team.
pub fn call(route: &str, form: Form, scene: &Scene<'_>) -> Call {
    let (method, pattern) = route.split_once(' ').expect("METHOD path");
    let method = if method == "ANY" { Method::GET } else { method.parse().expect("a method") };
    let endpoint = ENDPOINTS.iter().find(|(name, _, _)| same(name, route)).and_then(|(_, _, maker)| *maker);
    let client = CLIENTS.iter().find(|(name, _)| *name == route).map(|(_, maker)| *maker);
    let mut body = endpoint.or(client).map(|maker| maker(scene));
    if let (Form::Own, Some(kind)) = (form, body.as_mut().and_then(|body| body.get_mut("kind"))) {
        *kind = json!("personal");
    }
    if let (Form::Shared, Some(provider)) = (form, body.as_mut().and_then(|body| body.get_mut("provider"))) {
        *provider = json!("shared");
    }
    Call { method, path: filled(pattern, form, scene) + query(pattern, scene).as_str(), body }
}

fn query(pattern: &str, scene: &Scene<'_>) -> String {
    match pattern {
        "/ui/events" => format!("?topics=run:{}", scene.side.run),
        "/t/{team}/history/compare" => format!("?ids={},{}", scene.side.request, scene.side.run_request),
        "/api/v1/teams/{team}/usage" => "?from=2026-01-01&to=2026-01-31&by=day".to_owned(),
        _ => String::new(),
    }
}

/// The same route whatever its parameters are called.
fn same(one: &str, other: &str) -> bool {
    let shape = |route: &str| {
        route.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }.to_owned()).collect::<Vec<_>>()
    };
    shape(one) == shape(other)
}

fn filled(pattern: &str, form: Form, scene: &Scene<'_>) -> String {
    let side = scene.side;
    let own = scene.me.and_then(|me| me.key.as_ref());
    let mut before = "";
    let mut path = String::new();
    for part in pattern.split('/').skip(1) {
        let request = public(scene);
        let value = match (part.starts_with('{'), before) {
            (false, _) => part,
            (true, "t" | "teams") => &side.slug,
            (true, "keys") if form == Form::Own => own.map_or(side.id.as_str(), |key| &key.id),
            (true, "keys") if pattern.ends_with("/resume") => &side.keys.get("paused").unwrap_or(&side.key).id,
            (true, "keys") => &side.key.id,
            (true, "models") if pattern.starts_with("/v1/") => &side.model_name,
            (true, "models") if form == Form::Shared => &scene.tenants.shared.model,
            (true, "models") => &side.model,
            (true, "members") => &side.spare,
            (true, "invitations") => &side.invitation.id,
            (true, "playground") => &side.run,
            (true, "history") => &side.request,
            (true, "images") => &side.image,
            (true, "requests") => &request,
            (true, "pkg" | "v1" | "ui") => "nothing-here",
            (true, other) => panic!("what stands behind /{other}/ in {pattern}?"),
        };
        path.push('/');
        path.push_str(value);
        before = part;
    }
    path
}

#[test]
fn every_endpoint_has_its_operation() {
    let routes = server::http::inventory::routes();
    let is_endpoint = |class: &Class| matches!(class, Class::Token(_) | Class::AnyToken);
    let listed = |route: &str| ENDPOINTS.iter().any(|(name, _, _)| same(name, route));
    let missing: Vec<_> = routes.iter().filter(|(route, class)| is_endpoint(class) && !listed(route)).collect();
    assert!(missing.is_empty(), "add to tests/api/surface/routes.rs: {missing:?}");
    let gone: Vec<_> =
        ENDPOINTS.iter().filter(|(name, _, _)| !routes.iter().any(|(route, _)| same(name, route))).collect();
    assert!(gone.is_empty(), "{} endpoints are no routes, such as {}", gone.len(), gone[0].0);
}
