use std::collections::BTreeSet;

use domain::permission::Permission;
use serde_json::{Value, json};

use super::*;

/// Everything that clients build on. A difference here is a difference for them.
#[test]
fn the_document_is_as_it_was() {
    insta::assert_json_snapshot!("openapi", document("https://tallygate.example.com"));
}

#[test]
fn every_endpoint_has_names_of_its_own() {
    let ids: BTreeSet<&str> = endpoints().map(|endpoint| endpoint.id).collect();
    let routes: BTreeSet<&str> = endpoints().map(|endpoint| endpoint.route).collect();
    assert_eq!((ids.len(), routes.len()), (endpoints().count(), endpoints().count()));
    for endpoint in endpoints() {
        assert!(endpoint.path().starts_with("/api/v1/"), "{}", endpoint.route);
        assert!(["GET", "POST", "PATCH", "DELETE"].contains(&endpoint.method()), "{}", endpoint.route);
        assert!(!endpoint.summary.ends_with('.') && !endpoint.summary.is_empty(), "{}", endpoint.route);
    }
}

/// A scope that reads must not write: the inventory's word alone would not stop it.
#[test]
fn what_only_reads_is_a_get_and_what_changes_asks_for_a_scope_that_writes() {
    for endpoint in endpoints() {
        let Some(scope) = endpoint.scope else {
            assert_eq!(endpoint.method(), "GET", "{}", endpoint.route);
            continue;
        };
        assert_eq!(scope.as_str().ends_with(".write"), endpoint.method() != "GET", "{}", endpoint.route);
        assert!(scope.lets(Permission::ReadTeam), "{}: nobody could see the team", endpoint.route);
    }
    assert_eq!(scopes().count(), TokenScope::ALL.len(), "a scope that opens nothing is a promise");
}

/// The fields that a schema names, as far down as the example goes, are those of the example.
fn compare(at: &str, schema: &Value, example: &Value, document: &Value) {
    let named = schema["$ref"].as_str().map(|path| document.pointer(path.trim_start_matches('#')).unwrap());
    let schema = named.unwrap_or(schema);
    if let Some(choices) = schema["anyOf"].as_array().filter(|_| !example.is_null()) {
        return compare(at, &choices[0], example, document);
    }
    match example {
        Value::Object(fields) => {
            let Some(properties) = schema["properties"].as_object() else {
                assert!(schema["additionalProperties"].is_object(), "{at}: {schema}");
                return;
            };
            for (name, value) in fields {
                let of_field = properties.get(name).unwrap_or_else(|| panic!("{at}.{name} is in no schema"));
                compare(&format!("{at}.{name}"), of_field, value, document);
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(fields.contains_key(name.as_str().unwrap()), "{at}: the example lacks {name}");
            }
        }
        Value::Array(items) if schema["items"].is_object() => {
            items.iter().for_each(|item| compare(&format!("{at}[]"), &schema["items"], item, document));
        }
        Value::String(text) if schema["enum"].is_array() => {
            assert!(schema["enum"].as_array().unwrap().contains(&json!(text)), "{at}: {text}");
        }
        _ => {}
    }
}

#[test]
fn examples_are_what_their_schemas_say() {
    let document = document("https://tallygate.example.com");
    for endpoint in endpoints() {
        let operation = &document["paths"][endpoint.path()][endpoint.method().to_lowercase()];
        let status = endpoint.status().as_str().to_owned();
        for content in [&operation["requestBody"]["content"], &operation["responses"][status]["content"]] {
            let content = &content["application/json"];
            compare(endpoint.id, &content["schema"], &content["example"], &document);
        }
    }
}

#[test]
fn every_path_parameter_is_described_and_every_reference_leads_somewhere() {
    let document = document("https://tallygate.example.com");
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#").skip(1) {
        let path = part.split('"').next().unwrap();
        assert!(document.pointer(path).is_some(), "{path}");
    }
    for path in document["paths"].as_object().unwrap().values() {
        for operation in path.as_object().unwrap().values() {
            for parameter in operation["parameters"].as_array().unwrap() {
                assert_ne!(parameter["description"], "", "{parameter}");
            }
        }
    }
}

#[test]
fn the_page_shows_every_endpoint_with_its_fields() {
    let page = reference("https://tallygate.example.com");
    let shown: Vec<_> = page.groups.iter().flat_map(|group| &group.endpoints).collect();
    assert_eq!(shown.len(), endpoints().count());
    let create = shown.iter().find(|shown| shown.method == "POST" && shown.path.ends_with("/keys")).unwrap();
    let kind = |name: &str| {
        let found = create.parameters.iter().find(|parameter| parameter.name == name).unwrap();
        (found.place.as_str(), found.kind.as_str(), found.required)
    };
    assert_eq!(kind("team"), ("path", "text", true));
    assert_eq!(kind("name"), ("body", "text", true));
    assert_eq!(kind("models"), ("body", "\"all\" or list of text", true));
    assert_eq!(kind("max_output"), ("body", "whole number or null", false));
    assert_eq!(kind("kind"), ("body", "one of personal, service", false));
    assert!(create.request.contains("\"name\": \"ci\"") && create.response.contains("\"secret\""));
}

fn sent(pairs: &[(&'static str, &str)]) -> Result<String, u16> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, value.parse().unwrap());
    }
    token(&headers).map(str::to_owned).map_err(|error| error.kind.status())
}

#[test]
fn one_bearer_token_is_taken_and_nothing_else() {
    assert_eq!(sent(&[("authorization", "Bearer tgm_x")]), Ok("tgm_x".to_owned()));
    assert_eq!(sent(&[("authorization", "bearer  tgm_x "), ("cookie", "tg=1")]), Ok("tgm_x".to_owned()));
    for missing in [
        &[][..],
        &[("cookie", "tg=1")],
        &[("x-api-key", "tgm_x")],
        &[("authorization", "Basic x")],
        &[("authorization", "Bearer ")],
    ] {
        assert_eq!(sent(missing), Err(401), "{missing:?}");
    }
    for two in [
        [("authorization", "Bearer tgm_x"), ("authorization", "Bearer tgm_y")],
        [("authorization", "Bearer tgm_x"), ("x-api-key", "tgm_x")],
        [("authorization", "Bearer tgm_x"), ("api-key", "tg_x")],
    ] {
        assert_eq!(sent(&two), Err(400), "{two:?}");
    }
}
