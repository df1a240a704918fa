//! The public API for people: the same endpoints and schemas as in the document, in the form that the readable page shows.

use app::api::reference::{Endpoint as Shown, Group as ShownGroup, Parameter as ShownParameter, Reference};
use serde_json::Value;

use super::{GROUPS, endpoint::Endpoint, openapi};

const INTRODUCTION: &str = "Every call takes a management token, made under My tokens, in the header Authorization: Bearer tgm_…. A \
                            token acts as the person who made it, within its scopes, and dies with their account. Bodies are \
                            JSON; unknown fields and parameters are refused by name. Times are RFC 3339 in UTC. Lists come in \
                            pages: limit is 1 to 200, and `next` of one page is `after` of the following one. The whole API \
                            as an OpenAPI document: /api/v1/openapi.json.";

/// What the page shows. Made once at start: it has the schemas to read.
pub fn reference(public_url: &str) -> Reference {
    let document = openapi::document(public_url);
    let groups = GROUPS.iter().map(|group| ShownGroup {
        title: group.name.to_owned(),
        endpoints: group.endpoints.iter().map(|endpoint| shown(endpoint, &document)).collect(),
    });
    Reference {
        base_url: format!("{public_url}/api/v1"),
        introduction: INTRODUCTION.to_owned(),
        groups: groups.collect(),
    }
}

fn shown(endpoint: &Endpoint, document: &Value) -> Shown {
    let example = |content: Option<super::Content>| {
        content.and_then(|content| serde_json::to_string_pretty(&(content.example)()).ok()).unwrap_or_default()
    };
    let operation = &document["paths"][endpoint.path()][endpoint.method().to_lowercase()];
    let text = [endpoint.summary, endpoint.about].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
    Shown {
        method: endpoint.method().to_owned(),
        path: endpoint.path().to_owned(),
        summary: text.join(". ").trim_end_matches('.').to_owned() + ".",
        scope: endpoint.scope.map_or("any", |scope| scope.as_str()).to_owned(),
        parameters: addressed(operation).chain(fields(operation, document)).collect(),
        request: example(endpoint.body),
        response: example(endpoint.answer),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Parameters of the path and behind the question mark.
fn addressed(operation: &Value) -> impl Iterator<Item = ShownParameter> {
    operation["parameters"].as_array().into_iter().flatten().map(|parameter| ShownParameter {
        name: text(&parameter["name"]),
        place: text(&parameter["in"]),
        kind: kind(&parameter["schema"], &Value::Null),
        required: parameter["required"].as_bool().unwrap_or(false),
        text: text(&parameter["description"]),
    })
}

/// Fields of the body.
fn fields<'a>(operation: &'a Value, document: &'a Value) -> impl Iterator<Item = ShownParameter> + 'a {
    let schema = resolved(&operation["requestBody"]["content"]["application/json"]["schema"], document);
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(move |(name, schema)| ShownParameter {
        name: name.clone(),
        place: "body".to_owned(),
        kind: kind(schema, document),
        required: required.iter().any(|it| it == name),
        text: text(&schema["description"]),
    })
}

/// The schema itself, where a reference stands for it.
fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let named = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')).and_then(|path| document.pointer(path));
    named.unwrap_or(schema)
}

/// A schema in words: `text`, `whole number`, `list of text`, `text or null`, `one of admin, member`.
fn kind(schema: &Value, document: &Value) -> String {
    let schema = resolved(schema, document);
    if let Some(words) = schema["enum"].as_array() {
        return format!("one of {}", words.iter().map(text).collect::<Vec<_>>().join(", "));
    }
    if let Some(word) = schema["const"].as_str() {
        return format!("\"{word}\"");
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(kinds) = schema[choice].as_array() {
            return kinds.iter().map(|schema| kind(schema, document)).collect::<Vec<_>>().join(" or ");
        }
    }
    let one = |name: &str| match name {
        "integer" => "whole number".to_owned(),
        "string" => "text".to_owned(),
        "array" => format!("list of {}", kind(&schema["items"], document)),
        "object" if schema["additionalProperties"].is_object() => "texts by name".to_owned(),
        "boolean" => "true or false".to_owned(),
        name => name.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    }
}
