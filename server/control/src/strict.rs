//! Strict reading of JSON bodies, for server functions and the public API alike: what is unknown, missing or of a wrong type is refused by the name of its field. A refusal
//! never repeats a value: it may be a secret in the wrong place.

use domain::{ApiError, ErrorKind};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

/// Reads one object. The first wrong field ends the reading; rules of `control` list all of theirs at once.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // A list would be read as the fields of an object in their order.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(ApiError::new(ErrorKind::Invalid, "the body must be a JSON object"));
    }
    let mut text = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut text).map_err(|error| {
        let path = error.path().to_string();
        // The reader calls it bad JSON, too, when another kind of value stands where a word is expected.
        match serde_json::from_slice::<IgnoredAny>(bytes) {
            Ok(_) if error.inner().classify() != Category::Data => of_a_wrong_type(path.trim_start_matches('.'), ""),
            _ => refused(&path, error.inner()),
        }
    })?;
    text.end().map_err(|error| refused("", &error))?;
    Ok(value)
}

fn refused(path: &str, error: &serde_json::Error) -> ApiError {
    if error.classify() != Category::Data {
        let (line, column) = (error.line(), error.column());
        return ApiError::new(ErrorKind::Invalid, format!("the body is no JSON: line {line}, column {column}"));
    }
    let text = error.to_string();
    // `invalid type: string "…", expected u32 at line 1 column 42`
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let path = path.trim_start_matches('.');
    let within = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if let Some(name) = quoted(text, "missing field `") {
        return ApiError::field(&within(name), format!("{} is required", within(name)));
    }
    if let Some(name) = quoted(text, "duplicate field `") {
        return ApiError::field(&within(name), format!("{} stands there twice", within(name)));
    }
    if text.starts_with("unknown field `") {
        return ApiError::field(path, format!("unknown field {path}{}", expected(text, ": known are")));
    }
    if ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant `"]
        .iter()
        .any(|it| text.starts_with(it))
    {
        return of_a_wrong_type(path, &expected(text, ": expected"));
    }
    // Words of our own.
    ApiError::field(path, text)
}

fn of_a_wrong_type(path: &str, right: &str) -> ApiError {
    let what = if path.is_empty() { "the body" } else { path };
    ApiError::field(path, format!("{what} is of a wrong type{right}"))
}

fn quoted<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.split('`').next()
}

/// What would be right, with `lead` before it. It stands last, behind whatever was sent.
fn expected(text: &str, lead: &str) -> String {
    let Some((_, right)) = text.rsplit_once(", expected ") else { return String::new() };
    let right = right.strip_prefix("one of ").unwrap_or(right);
    let right = match right {
        "u32" | "u64" | "usize" => "a whole number from 0",
        "i64" | "i32" => "a whole number",
        "a sequence" => "a list",
        "a map" => "an object",
        "a boolean" => "true or false",
        right if right.starts_with("struct ") => "an object",
        right => right,
    };
    format!("{lead} {}", right.replace('`', ""))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only read")]
        name: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only read")]
        most: Option<u32>,
        #[serde(default)]
        #[expect(dead_code, reason = "only read")]
        kind: Kind,
        #[serde(default)]
        #[expect(dead_code, reason = "only read")]
        inner: Vec<Inner>,
    }

    #[derive(Default, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        #[default]
        Personal,
        Service,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only read")]
        at: u32,
    }

    #[test]
    fn what_is_wrong_is_named_and_never_repeated() {
        for (text, field, message) in [
            (r#"{"name":1}"#, "name", "name is of a wrong type: expected a string"),
            (r#"{"nam":"canary"}"#, "nam", "unknown field nam: known are name, most, kind, inner"),
            (r#"{"name":"x","kind":["personal"]}"#, "kind", "kind is of a wrong type"),
            ("{}", "name", "name is required"),
            (r#"{"name":"x","name":"y"}"#, "name", "name stands there twice"),
            (r#"{"name":"x","most":-3}"#, "most", "most is of a wrong type: expected a whole number from 0"),
            (r#"{"name":"x","most":1.5}"#, "most", "most is of a wrong type: expected a whole number from 0"),
            (r#"{"name":"x","most":"canary"}"#, "most", "most is of a wrong type: expected a whole number from 0"),
            (
                r#"{"name":"x","kind":"canary, expected x"}"#,
                "kind",
                "kind is of a wrong type: expected personal or service",
            ),
            (r#"{"name":"x","inner":[{"at":1,"b":2}]}"#, "inner[0].b", "unknown field inner[0].b: known are at"),
            (
                r#"{"name":"x","inner":[{"at":"canary"}]}"#,
                "inner[0].at",
                "inner[0].at is of a wrong type: expected a whole number from 0",
            ),
            (r#"{"name":"x","inner":[{}]}"#, "inner[0].at", "inner[0].at is required"),
            (r#"{"name":"x","inner":null}"#, "inner", "inner is of a wrong type: expected a list"),
        ] {
            let error = read::<Body>(text.as_bytes()).err().unwrap();
            assert_eq!(error.kind, ErrorKind::Invalid, "{text}");
            assert_eq!(error.of_field(field), Some(message), "{text}: {error:?}");
            assert!(!error.message.contains("canary"), "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in [
            "",
            "  ",
            "[]",
            "\"x\"",
            "null",
            "1",
            r#"{"name":"x""#,
            r#"{"name":"x"} {}"#,
            "{\"name\":\"\u{0}",
            "name=x",
        ] {
            let error = read::<Body>(text.as_bytes()).err().unwrap();
            assert!(error.fields.is_empty() && error.message.starts_with("the body "), "{text}: {error:?}");
        }
        let deep = format!(r#"{{"name":{}"#, "[".repeat(100_000));
        assert!(read::<Body>(deep.as_bytes()).is_err());
    }
}
