//! The subset of OpenAPI that Google takes as a schema. What JSON Schema has and this has not is refused by name.

use super::super::super::super::check::{At, Checked};

const FIELDS: [&str; 23] = [
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "enum",
    "items",
    "properties",
    "required",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "pattern",
    "example",
    "anyOf",
    "propertyOrdering",
    "default",
    "typeUnspecified",
];
const TYPES: [&str; 14] = [
    "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL", "string", "number", "integer", "boolean",
    "array", "object", "null",
];

pub fn check(at: &At<'_>) -> Checked<()> {
    at.known(&FIELDS)?;
    let kind = at.maybe("type", |kind| kind.one_of(&TYPES))?.map(str::to_ascii_uppercase);
    if kind.is_none() && at.field("anyOf").is_none() {
        return Err(at.wrong("schema type is not specified."));
    }
    if let Some(format) = at.field("format").filter(|_| kind.as_deref() == Some("STRING"))
        && !matches!(format.text()?, "enum" | "date-time")
    {
        return Err(format.wrong("only 'enum' and 'date-time' are supported for STRING type"));
    }
    for value in at.list("enum")? {
        value.text()?;
    }
    if let Some(items) = at.field("items") {
        check(&items)?;
    } else if kind.as_deref() == Some("ARRAY") {
        return Err(at.wrong("items: missing field."));
    }
    for option in at.list("anyOf")? {
        check(&option)?;
    }
    let Some(properties) = at.field("properties") else { return Ok(()) };
    if properties.object()?.is_empty() {
        return Err(properties.wrong("should be non-empty for OBJECT type"));
    }
    for name in properties.object()?.keys() {
        if let Some(property) = properties.field(name) {
            check(&property)?;
        }
    }
    for name in at.list("required")? {
        let text = name.text()?;
        if !properties.object()?.contains_key(text) {
            return Err(name.wrong("property is not defined"));
        }
    }
    Ok(())
}
