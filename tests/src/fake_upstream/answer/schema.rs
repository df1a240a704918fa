//! Values that satisfy a JSON schema, with strings that are hard to carry.
//!
//! Covers what tools and structured output use: types (in lower case, or in Google's upper case), enum, const, items,
//! properties, anyOf, local references, least and most. Deeper than eight levels only required properties are filled.

use serde_json::{Map, Value, json};

use super::random::{index, next};

/// No schema of a test needs more; a schema that refers to itself would never end.
const DEEPEST: usize = 8;
const TEXTS: [&str; 5] = [
    "Zürich \"Altstadt\" \\ 日本",
    "naïve\n🦀 line",
    "größer/kleiner → \"½\"",
    "C:\\neu\\tür\t\"x\"",
    "Ελλάδα {\"a\": [1]}",
];

/// Arguments for a tool with this schema of parameters; `null` is a tool without any.
pub fn arguments(schema: &Value, seed: &mut u64) -> Value {
    match schema {
        Value::Object(_) => match value(schema, seed) {
            Value::Object(object) => Value::Object(object),
            _ => json!({}),
        },
        _ => json!({}),
    }
}

/// An object for those who ask for JSON without saying which.
pub fn object(seed: &mut u64) -> Value {
    json!({"answer": text(seed), "items": [1, 2, {"nested": true}], "empty": null})
}

pub fn value(schema: &Value, seed: &mut u64) -> Value {
    fill(schema, schema, seed, 0)
}

fn fill(root: &Value, schema: &Value, seed: &mut u64, depth: usize) -> Value {
    if depth > 2 * DEEPEST {
        return Value::Null;
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|path| root.pointer(path.strip_prefix('#')?)) {
        return fill(root, target, seed, depth + 1);
    }
    if let Some(fixed) = schema.get("const") {
        return fixed.clone();
    }
    if let Some(values) = schema["enum"].as_array().filter(|values| !values.is_empty()) {
        return values[index(seed, values.len())].clone();
    }
    for name in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[name].as_array().and_then(|all| all.first()) {
            return fill(root, first, seed, depth + 1);
        }
    }
    match kind(schema).as_str() {
        "object" => Value::Object(properties(root, schema, seed, depth)),
        "array" => array(root, schema, seed, depth),
        "integer" => json!(whole(schema, seed)),
        "number" => number(schema, seed),
        "boolean" => json!(next(seed).is_multiple_of(2)),
        "null" => Value::Null,
        _ => json!(fitting(schema, seed)),
    }
}

fn kind(schema: &Value) -> String {
    let named = match &schema["type"] {
        Value::String(name) => Some(name.as_str()),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    };
    let guessed = if schema["properties"].is_object() { "object" } else { "string" };
    named.unwrap_or(guessed).to_ascii_lowercase()
}

fn properties(root: &Value, schema: &Value, seed: &mut u64, depth: usize) -> Map<String, Value> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut object = Map::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if depth < DEEPEST || required.contains(&name.as_str()) {
            object.insert(name.clone(), fill(root, property, seed, depth + 1));
        }
    }
    // Required and not described: any value will do.
    for name in required {
        if !object.contains_key(name) {
            object.insert(name.to_owned(), json!(text(seed)));
        }
    }
    object
}

fn array(root: &Value, schema: &Value, seed: &mut u64, depth: usize) -> Value {
    let least = schema["minItems"].as_u64().unwrap_or(1).max(1);
    let count = least.min(schema["maxItems"].as_u64().unwrap_or(u64::MAX)).min(64);
    if depth >= DEEPEST {
        return json!([]);
    }
    (0..count).map(|_| fill(root, &schema["items"], seed, depth + 1)).collect()
}

fn whole(schema: &Value, seed: &mut u64) -> i64 {
    let least = schema["minimum"].as_i64().or_else(|| schema["exclusiveMinimum"].as_i64().map(|least| least + 1));
    let most = schema["maximum"].as_i64().or_else(|| schema["exclusiveMaximum"].as_i64().map(|most| most - 1));
    let drawn = i64::try_from(next(seed) % 90).unwrap_or(0);
    match (least, most) {
        (Some(least), Some(most)) if most > least => least + drawn % (most - least + 1),
        (Some(least), None) => least + drawn,
        (None, Some(most)) => most - drawn,
        (Some(only), Some(_)) => only,
        (None, None) => drawn,
    }
}

fn number(schema: &Value, seed: &mut u64) -> Value {
    let bounds = [&schema["minimum"], &schema["maximum"]].map(Value::as_f64);
    match bounds {
        [None, None] => json!(21.5),
        [Some(least), Some(most)] => json!(least + (most - least) / 2.0),
        _ => json!(whole(schema, seed)),
    }
}

fn fitting(schema: &Value, seed: &mut u64) -> String {
    let text = match schema["format"].as_str() {
        Some("date") => "2024-02-29".to_owned(),
        Some("date-time") => "2024-02-29T12:30:00Z".to_owned(),
        Some("time") => "12:30:00".to_owned(),
        Some("email") => "grete@example.org".to_owned(),
        Some("uri" | "url") => "https://example.org/%C3%BC".to_owned(),
        Some("uuid") => "123e4567-e89b-42d3-a456-426614174000".to_owned(),
        _ => text(seed).to_owned(),
    };
    let most = schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    let least = schema["minLength"].as_u64().and_then(|least| usize::try_from(least).ok()).unwrap_or(0).min(10_000);
    let mut text: String = text.chars().take(most).collect();
    while text.chars().count() < least {
        text.push('ß');
    }
    text
}

fn text(seed: &mut u64) -> &'static str {
    TEXTS[index(seed, TEXTS.len())]
}
