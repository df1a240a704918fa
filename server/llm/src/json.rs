//! One JSON object whose top level can be read and edited in place: everything that is not replaced stays byte for byte.
//!
//! Never here: a whole document in memory as values. Order, unknown fields, number spellings and white space survive.

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::Error;

/// Deepest nesting we accept.
pub const DEPTH_LIMIT: usize = 64;

/// The top level of an object: names and the raw text of their values.
#[derive(Debug)]
pub struct Object<'a> {
    text: &'a str,
    fields: Vec<(String, &'a str)>,
}

impl<'a> Object<'a> {
    /// Reads one object. A name that occurs twice is refused: two readers could disagree about which one counts.
    pub fn parse(text: &'a str) -> Result<Self, Problem> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let fields = reader.deserialize_map(FieldsVisitor).map_err(Problem::from)?;
        reader.end().map_err(Problem::from)?;
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Problem::Duplicate(twice[0].to_owned()));
        }
        Ok(Self { text, fields })
    }

    /// The raw value of a field; `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| *value).filter(|value| *value != "null")
    }

    pub fn fields(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The object with these fields set to these raw values; a field that is not there yet is appended.
    pub fn with(&self, changes: &[(&str, &str)]) -> String {
        let mut edited = String::with_capacity(self.text.len() + 128);
        let mut from = 0;
        for (name, value) in &self.fields {
            let Some((_, new)) = changes.iter().find(|(changed, _)| changed == name) else { continue };
            // Both are slices of the same text, so the difference of their addresses is an offset into it.
            let at = value.as_ptr() as usize - self.text.as_ptr() as usize;
            edited.push_str(&self.text[from..at]);
            edited.push_str(new);
            from = at + value.len();
        }
        let close = self.text.rfind('}').unwrap_or(self.text.len());
        edited.push_str(&self.text[from..close]);
        let mut is_first = self.fields.is_empty();
        for (name, value) in changes.iter().filter(|(name, _)| !self.fields.iter().any(|(field, _)| field == name)) {
            if !is_first {
                edited.push(',');
            }
            is_first = false;
            edited.push_str(&quote(name));
            edited.push(':');
            edited.push_str(value);
        }
        edited.push_str(&self.text[close..]);
        edited
    }
}

/// Why a text is not an object we accept.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    Syntax { line: usize, column: usize },
    NotAnObject,
    Duplicate(String),
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        if error.is_data() { Self::NotAnObject } else { Self::Syntax { line: error.line(), column: error.column() } }
    }
}

impl Problem {
    /// The same about a field, or about the whole body when `param` is `None`.
    pub fn about(self, param: Option<&str>) -> Error {
        let what = param.unwrap_or("the request body");
        match self {
            Self::Syntax { line, column } => {
                Error::body(format!("{what} is not valid JSON: it breaks at line {line}, column {column}"))
            }
            Self::NotAnObject => {
                Error::Invalid { param: param.map(str::to_owned), message: format!("{what} must be a JSON object") }
            }
            Self::Duplicate(name) => {
                let message = format!("field '{name}' occurs twice");
                Error::invalid(param.map_or_else(|| name.clone(), |param| format!("{param}.{name}")), message)
            }
        }
    }
}

/// A text as a JSON string.
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Does the nesting of brackets stay within [`DEPTH_LIMIT`]? Checked before any parser sees the text.
pub fn is_shallow(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > DEPTH_LIMIT {
                    return false;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Vec<(String, &'de str)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            fields.push((name, value.get()));
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_touches_only_the_named_fields() {
        let text = "{ \"b\" : 1.0e+2,\n \"a\": {\"x\":[1, 2]} , \"model\":\"m\"}\n";
        let object = Object::parse(text).unwrap();
        assert_eq!(
            object.with(&[("model", "\"up\""), ("new", "true")]),
            "{ \"b\" : 1.0e+2,\n \"a\": {\"x\":[1, 2]} , \"model\":\"up\",\"new\":true}\n"
        );
        assert_eq!(Object::parse("{}").unwrap().with(&[("a", "1"), ("b", "2")]), "{\"a\":1,\"b\":2}");
    }

    #[test]
    fn a_field_that_occurs_twice_is_refused_however_it_is_spelled() {
        assert_eq!(Object::parse(r#"{"a":1,"\u0061":2}"#).unwrap_err(), Problem::Duplicate("a".to_owned()));
    }

    #[test]
    fn what_is_no_object_says_so() {
        assert_eq!(Object::parse("[1]").unwrap_err(), Problem::NotAnObject);
        assert!(matches!(Object::parse("{\"a\":").unwrap_err(), Problem::Syntax { line: 1, .. }));
        assert!(matches!(Object::parse("{} x").unwrap_err(), Problem::Syntax { .. }));
    }

    #[test]
    fn brackets_inside_strings_do_not_nest() {
        assert!(is_shallow(&format!("\"{}\"", "[".repeat(100))));
        assert!(is_shallow(&format!("\"\\\"{}\"", "[".repeat(100))));
        assert!(is_shallow(&format!("{}{}", "[".repeat(64), "]".repeat(64))));
        assert!(!is_shallow(&"[".repeat(65)));
    }
}
