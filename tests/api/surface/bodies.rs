//! A valid body for every server function.

use serde_json::{Value, json};
use tests::tenants::PASSWORD;

use super::{Maker, Scene};

/// What is asked on the team's things, or on nobody's in particular.
pub const PLAIN: &[(&str, Maker)] = &[
    ("audit/list", |_| json!({"query": {}})),
    ("audit/page", page),
    ("bundle/apply", |it| json!({"input": {"text": bundle(it)}})),
    (
        "bundle/apply_file",
        |it| json!({"ask": {"subject": "bundle.toml", "file": bundle(it), "fields": [["sure", "on"]]}}),
    ),
    ("bundle/export", |_| json!({})),
    ("bundle/page", |it| json!({"ask": {"subject": "bundle.toml", "file": bundle(it)}})),
    ("bundle/plan", |it| json!({"input": {"text": bundle(it)}})),
    ("catalog/add", |it| json!({"ask": {"team": it.side.slug, "value": catalogue(&it.side.provider_slug)}})),
    ("catalog/search", |it| json!({"ask": {"team": it.side.slug, "subject": ""}})),
    (
        "invitations/create",
        |it| json!({"input": {"team": it.side.slug, "role": "viewer", "email": format!("new-{}@example.com", it.nr), "days": 3}}),
    ),
    ("invitations/list", team),
    ("invitations/revoke", |it| json!({"team": it.side.slug, "id": it.side.invitation.id})),
    ("keys/create", |it| key(it, "service")),
    ("keys/get", |it| of_key(it, &it.side.key.id)),
    ("keys/list", team),
    ("keys/page", team_page),
    ("keys/pause", |it| of_key(it, &it.side.key.id)),
    ("keys/resume", |it| of_key(it, &it.side.keys.get("paused").unwrap_or(&it.side.key).id)),
    ("keys/revoke", |it| of_key(it, &it.side.key.id)),
    ("keys/rotate", |it| json!({"team": it.side.slug, "key": it.side.key.id, "overlap_hours": 1})),
    ("keys/update", |it| key_change(it, &it.side.key.id)),
    ("members/join", |it| json!({"team": it.side.slug, "role": "viewer"})),
    ("members/leave", team),
    ("members/list", team),
    ("members/page", team_page),
    ("members/remove", |it| json!({"team": it.side.slug, "user": it.side.spare})),
    ("members/set_role", |it| json!({"team": it.side.slug, "user": it.side.spare, "role": "viewer"})),
    ("models/archive", of_model),
    ("models/create", |it| model(it, &it.side.provider_slug)),
    ("models/get", of_model),
    ("models/list", team),
    ("models/page", team_page),
    ("models/update", |it| model_change(it, &it.side.model)),
    ("permissions/table", page),
    (
        "prices/confirm",
        |it| json!({"ask": {"team": it.side.slug, "value": format!("{} {}", it.side.model, it.side.price)}}),
    ),
    ("prices/create", |it| json!({"ask": {"team": it.side.slug, "subject": it.side.model, "fields": rates()}})),
    ("prices/import/accept", |_| json!({"ask": {"subject": "prices.json", "file": PRICES}})),
    ("prices/import/preview", |_| json!({"ask": {"subject": "prices.json", "file": PRICES}})),
    ("prices/list", |it| json!({"ask": {"team": it.side.slug, "subject": it.side.model}})),
    ("profile/change_password", |_| json!({"input": {"current": PASSWORD, "new": "seven short novels of somerville"}})),
    ("profile/get", nothing),
    ("profile/page", page),
    ("profile/update", |it| json!({"input": {"name": format!("Name {}", it.nr), "zone": "Europe/Berlin"}})),
    ("providers/archive", of_provider),
    ("providers/connect_demo", team),
    ("providers/create", |it| provider(it, false)),
    (
        "providers/import",
        |it| json!({"input": {"team": it.side.slug, "provider": it.side.provider, "models": ["fake-large"]}}),
    ),
    ("providers/kinds", nothing),
    ("providers/list", team),
    ("providers/offered", of_provider),
    ("providers/page", team_page),
    ("providers/test", |it| provider(it, false)),
    ("providers/test_stored", of_provider),
    ("providers/update", |it| provider_change(it, &it.side.provider)),
    ("reference/page", page),
    ("sessions/list", nothing),
    ("sessions/page", page),
    ("sessions/revoke", |it| json!({"session": it.me.map_or(it.side.id.as_str(), |me| me.session.as_str())})),
    ("sessions/revoke_others", nothing),
    ("settings/get", nothing),
    ("settings/page", page),
    ("settings/update", |it| {
        json!({"input": {
            "revision": it.tenants.revision("instance"), "name": format!("Instance {}", it.nr), "reporting_zone": "UTC",
            "allow_private": [it.tenants.upstream.address().to_string()], "store_content": "metadata",
        }})
    }),
    ("teams/create", |it| json!({"input": {"name": format!("Team {}", it.nr), "slug": format!("team-{}", it.nr)}})),
    ("teams/home", team),
    ("teams/list", nothing),
    ("teams/me", nothing),
    ("teams/page", page),
    ("teams/reader", nothing),
    ("teams/settings", team),
    ("teams/settings_page", team_page),
    ("teams/update", |it| {
        let revision = it.tenants.revision(&it.side.id);
        json!({"input": {"slug": it.side.slug, "revision": revision, "name": format!("T {}", it.nr), "store_content": "metadata"}})
    }),
    (
        "tokens/create",
        |it| json!({"input": {"name": format!("token {}", it.nr), "scopes": ["keys.read"], "team": "", "expires": ""}}),
    ),
    ("tokens/list", nothing),
    ("tokens/page", page),
    ("tokens/revoke", |it| json!({"token": it.me.map_or(it.side.id.as_str(), |me| me.token.id.as_str())})),
    ("users/disable", user),
    ("users/enable", user),
    ("users/end_sessions", user),
    ("users/list", nothing),
    ("users/page", page),
    ("users/reset_link", user),
    ("users/set_role", |it| json!({"user": it.side.spare, "role": "user"})),
];

/// The same on what belongs to the asker.
pub const OWN: &[(&str, Maker)] = &[
    ("keys/create", |it| key(it, "personal")),
    ("keys/get", |it| of_key(it, own_key(it))),
    ("keys/pause", |it| of_key(it, own_key(it))),
    ("keys/resume", |it| of_key(it, own_key(it))),
    ("keys/revoke", |it| of_key(it, own_key(it))),
    ("keys/rotate", |it| json!({"team": it.side.slug, "key": own_key(it), "overlap_hours": 1})),
    ("keys/update", |it| key_change(it, own_key(it))),
];

/// The same on what belongs to the whole instance.
pub const SHARED: &[(&str, Maker)] = &[
    ("catalog/add", |it| json!({"ask": {"team": it.side.slug, "value": catalogue("shared")}})),
    ("models/archive", |it| json!({"team": it.side.slug, "model": it.tenants.shared.model})),
    ("models/create", |it| model(it, "shared")),
    ("models/update", |it| model_change(it, &it.tenants.shared.model)),
    ("prices/confirm", |it| {
        let shared = &it.tenants.shared;
        json!({"ask": {"team": it.side.slug, "value": format!("{} {}", shared.model, shared.price)}})
    }),
    (
        "prices/create",
        |it| json!({"ask": {"team": it.side.slug, "subject": it.tenants.shared.model, "fields": rates()}}),
    ),
    ("providers/archive", |it| json!({"team": it.side.slug, "provider": it.tenants.shared.provider})),
    ("providers/create", |it| provider(it, true)),
    (
        "providers/import",
        |it| json!({"input": {"team": it.side.slug, "provider": it.tenants.shared.provider, "models": ["fake-large"]}}),
    ),
    ("providers/offered", |it| json!({"team": it.side.slug, "provider": it.tenants.shared.provider})),
    ("providers/test", |it| provider(it, true)),
    ("providers/test_stored", |it| json!({"team": it.side.slug, "provider": it.tenants.shared.provider})),
    ("providers/update", |it| provider_change(it, &it.tenants.shared.provider)),
];

/// What pages answer beside their first view: one thing, and the forms for it.
pub const PAGES: &[(&str, Maker)] = &[
    ("audit/page", |it| json!({"ask": {"fields": [["team", it.side.slug], ["object", it.side.key.id]]}})),
    ("keys/page", |it| json!({"ask": {"team": it.side.slug, "subject": it.side.key.id}})),
    ("keys/page", |it| value(it, "edit", &it.side.key.id)),
    ("keys/page", |it| value(it, "rotate", &it.side.key.id)),
    ("keys/page", |it| value(it, "revoke", &it.side.key.id)),
    ("keys/page", |it| json!({"ask": {"team": it.side.slug, "value": "new"}})),
    ("members/page", |it| value(it, "role", &it.side.spare)),
    ("members/page", |it| value(it, "remove", &it.side.spare)),
    ("members/page", |it| json!({"ask": {"team": it.side.slug, "value": "new"}})),
    ("members/page", |it| json!({"ask": {"team": it.side.slug, "value": "leave"}})),
    ("models/page", |it| value(it, "edit", &it.side.model)),
    ("models/page", |it| value(it, "archive", &it.side.model)),
    ("models/page", |it| json!({"ask": {"team": it.side.slug, "value": "new"}})),
    ("providers/page", |it| value(it, "edit", &it.side.provider)),
    ("providers/page", |it| value(it, "archive", &it.side.provider)),
    ("providers/page", |it| value(it, "offered", &it.side.provider)),
    ("teams/page", |it| json!({"ask": {"value": format!("join {}", it.side.slug)}})),
    ("tokens/page", |it| value(it, "revoke", it.side.tokens.get("own").map_or(&it.side.id, |token| &token.id))),
    ("users/page", |it| value(it, "role", &it.side.spare)),
    ("users/page", |it| value(it, "reset", &it.side.spare)),
    ("users/page", |it| value(it, "disable", &it.side.spare)),
];

fn value(it: &Scene<'_>, what: &str, id: &str) -> Value {
    json!({"ask": {"team": it.side.slug, "value": format!("{what} {id}")}})
}

const PRICES: &str = r#"{"nothing-that-is-here": {"mode": "chat"}}"#;

fn nothing(_: &Scene<'_>) -> Value {
    json!({})
}

fn page(_: &Scene<'_>) -> Value {
    json!({"ask": {}})
}

fn team_page(it: &Scene<'_>) -> Value {
    json!({"ask": {"team": it.side.slug}})
}

fn team(it: &Scene<'_>) -> Value {
    json!({"team": it.side.slug})
}

fn user(it: &Scene<'_>) -> Value {
    json!({"user": it.side.spare})
}

fn of_key(it: &Scene<'_>, key: &str) -> Value {
    json!({"team": it.side.slug, "key": key})
}

fn of_model(it: &Scene<'_>) -> Value {
    json!({"team": it.side.slug, "model": it.side.model})
}

fn of_provider(it: &Scene<'_>) -> Value {
    json!({"team": it.side.slug, "provider": it.side.provider})
}

fn own_key<'a>(it: &Scene<'a>) -> &'a str {
    it.me.and_then(|me| me.key.as_ref()).map_or(it.side.id.as_str(), |key| key.id.as_str())
}

fn rules() -> Value {
    json!({"models": "all", "scopes": ["inference"]})
}

fn key(it: &Scene<'_>, kind: &str) -> Value {
    json!({"input": {"team": it.side.slug, "name": format!("key {}", it.nr), "kind": kind, "rules": rules()}})
}

fn key_change(it: &Scene<'_>, key: &str) -> Value {
    let revision = it.tenants.revision(key);
    let name = format!("key {}", it.nr);
    json!({"input": {"team": it.side.slug, "key": key, "revision": revision, "name": name, "rules": rules()}})
}

fn model(it: &Scene<'_>, provider: &str) -> Value {
    let price = json!({"input": "1.00", "cache_read": "", "output": "2.00"});
    json!({"input": {"team": it.side.slug, "provider": provider, "name": format!("model-{}", it.nr), "price": price}})
}

fn model_change(it: &Scene<'_>, model: &str) -> Value {
    let revision = it.tenants.revision(model);
    let name = format!("model-{}", it.nr);
    json!({"input": {"team": it.side.slug, "model": model, "revision": revision, "name": name, "upstream": "fake-large"}})
}

fn provider(it: &Scene<'_>, shared: bool) -> Value {
    json!({"input": {
        "team": it.side.slug, "shared": shared, "slug": format!("provider-{}", it.nr), "kind": "openai-compatible",
        "base_url": it.tenants.upstream.base_url(), "credential": "sk-of-this-test-0123456789",
    }})
}

fn provider_change(it: &Scene<'_>, provider: &str) -> Value {
    json!({"input": {
        "team": it.side.slug, "provider": provider, "revision": it.tenants.revision(provider),
        "base_url": it.tenants.upstream.base_url(), "credential": "sk-another-of-this-test-0123456789",
    }})
}

/// Provider, vendor and model of the built-in catalogue, as its button carries them.
fn catalogue(provider: &str) -> String {
    format!("{provider} deepseek deepseek-v4-flash")
}

/// The form of a price: what it costs to be served, and nothing else filled in.
fn rates() -> Value {
    let rate = |number: usize| match number {
        0 => "3.00",
        4 => "9.00",
        _ => "",
    };
    let fields: Vec<Value> = (0..28).map(|number| json!([format!("rates.{number}"), rate(number)])).collect();
    Value::from(fields)
}

fn bundle(it: &Scene<'_>) -> String {
    format!("[[teams]]\nslug = \"team-{0}\"\nname = \"Team {0}\"\n", it.nr)
}
