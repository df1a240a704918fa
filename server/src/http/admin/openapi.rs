//! The OpenAPI 3.1 document of the public API, made of the endpoints and of the schemas of their types.

use domain::{ApiError, ErrorKind, error::FieldError};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    GROUPS,
    endpoint::{Content, Endpoint, Group, Parameter},
    scopes,
};

/// What every call may be refused with, beside what its own answer says.
const REFUSALS: &[(&str, &str)] = &[
    ("400", "A field is wrong, unknown or missing. All wrong fields are named."),
    ("401", "No token, or one that is unknown, expired or revoked."),
    ("403", "The token's scopes or its owner's role do not allow this."),
    ("404", "There is no such thing, or it belongs to another team."),
    ("409", "The name is taken, or somebody else changed it since."),
    ("413", "The body is larger than 64 KiB."),
    ("503", "The server is too busy or its database is away: try again in a moment."),
];

/// What stands between braces in paths.
const IN_PATH: &[(&str, &str)] = &[
    ("team", "Slug of a team"),
    ("key", "Id of a key"),
    ("user", "Id of a member"),
    ("invitation", "Id of an invitation"),
    ("model", "Id of a model"),
];

/// The document, with the address of this instance.
pub fn document(public_url: &str) -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for group in GROUPS {
        for endpoint in group.endpoints {
            let of_path = paths.entry(endpoint.path()).or_insert_with(|| json!({}));
            if let Some(of_path) = of_path.as_object_mut() {
                of_path.insert(endpoint.method().to_lowercase(), operation(group, endpoint, &mut schemas));
            }
        }
    }
    let mut definitions = schemas.take_definitions(true);
    definitions.insert("Error".to_owned(), error_schema());
    definitions.sort_keys();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tallygate management API",
            "version": "1",
            "summary": "Manage keys, members and models, and read usage.",
            "description": "Every call takes a management token, made under My tokens, in the header Authorization. A token acts \
                            as the person who made it, within its scopes. Times are RFC 3339 in UTC. Unknown fields and \
                            parameters are refused by name.",
        },
        "servers": [{ "url": public_url }],
        "security": [{ "token": [] }],
        "tags": GROUPS.iter().map(|group| json!({ "name": group.name, "description": group.about })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": definitions,
            "responses": responses(),
            "securitySchemes": { "token": security() },
        },
    })
}

fn operation(group: &Group, endpoint: &Endpoint, schemas: &mut SchemaGenerator) -> Value {
    let scope = match endpoint.scope {
        Some(scope) => format!("Takes a token with the scope `{}`.", scope.as_str()),
        None => "Takes any token.".to_owned(),
    };
    let about = [endpoint.about, &scope].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    let mut operation = json!({
        "operationId": endpoint.id,
        "tags": [group.name],
        "summary": endpoint.summary,
        "description": about,
        "x-scope": endpoint.scope.map(|scope| scope.as_str()),
        "parameters": in_path(endpoint).chain(endpoint.query.iter().map(in_query)).collect::<Vec<_>>(),
    });
    if let (Some(body), Some(operation)) = (endpoint.body, operation.as_object_mut()) {
        operation.insert("requestBody".to_owned(), json!({ "required": true, "content": content(body, schemas) }));
    }
    let mut answers = Map::new();
    let good = match endpoint.answer {
        Some(answer) => json!({ "description": "It is done.", "content": content(answer, schemas) }),
        None => json!({ "description": "It is done; there is nothing to say." }),
    };
    answers.insert(endpoint.status().as_str().to_owned(), good);
    for (status, _) in REFUSALS {
        answers.insert((*status).to_owned(), json!({ "$ref": format!("#/components/responses/{status}") }));
    }
    if let Some(operation) = operation.as_object_mut() {
        operation.insert("responses".to_owned(), Value::Object(answers));
    }
    operation
}

fn content(content: Content, schemas: &mut SchemaGenerator) -> Value {
    json!({ "application/json": { "schema": (content.schema)(schemas), "example": (content.example)() } })
}

fn in_path(endpoint: &Endpoint) -> impl Iterator<Item = Value> {
    endpoint.path_parameters().map(|name| {
        let about = IN_PATH.iter().find(|(known, _)| *known == name).map_or("", |(_, about)| *about);
        json!({ "name": name, "in": "path", "required": true, "description": about, "schema": { "type": "string" } })
    })
}

fn in_query(parameter: &Parameter) -> Value {
    let Parameter { name, about, required, example } = *parameter;
    let mut shown = json!({
        "name": name,
        "in": "query",
        "required": required,
        "description": about,
        "schema": { "type": "string" },
    });
    if name == "limit" {
        shown["schema"] = json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 });
    }
    if !example.is_empty() && name != "limit" {
        shown["example"] = example.into();
    }
    shown
}

fn responses() -> Value {
    let of_status = |(status, about): &(&str, &str)| {
        let schema = json!({ "$ref": "#/components/schemas/Error" });
        let mut content = json!({ "schema": schema });
        if *status == "400" {
            content["example"] = error_example();
        }
        ((*status).to_owned(), json!({ "description": about, "content": { "application/json": content } }))
    };
    Value::Object(REFUSALS.iter().map(of_status).collect())
}

fn error_example() -> Value {
    let error = ApiError {
        fields: vec![FieldError { field: "name".to_owned(), message: "name is required".to_owned() }],
        request_id: Some("req_0190b6a0000070008000000000000001".to_owned()),
        ..ApiError::new(ErrorKind::Invalid, "name is required")
    };
    json!({ "error": error })
}

fn error_schema() -> Value {
    use ErrorKind as Kind;
    let kinds = [
        Kind::Unauthenticated,
        Kind::Forbidden,
        Kind::NotFound,
        Kind::Invalid,
        Kind::Conflict,
        Kind::Throttled,
        Kind::Unavailable,
        Kind::Internal,
    ];
    let text = json!({ "type": "string" });
    let field = json!({
        "type": "object",
        "properties": { "field": text, "message": text },
        "required": ["field", "message"],
    });
    json!({
        "description": "A refusal. `request_id` also stands in the header x-request-id.",
        "type": "object",
        "properties": { "error": {
            "type": "object",
            "properties": {
                "kind": { "type": "string", "enum": kinds },
                "message": text,
                "fields": { "type": "array", "items": field },
                "request_id": { "type": ["string", "null"] },
            },
            "required": ["kind", "message", "fields", "request_id"],
        } },
        "required": ["error"],
    })
}

fn security() -> Value {
    let scopes: Vec<String> = scopes().map(|scope| format!("`{}`: {}.", scope.as_str(), scope.summary())).collect();
    json!({
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "tgm_…",
        "description": format!("A management token. Its scopes: {}", scopes.join(" ")),
    })
}
