//! What Postgres can hold: its text and its JSON have no NUL, so it becomes the replacement character.
//!
//! Here: the two ways into a column, and the way back out of a JSON one. Never here: statements.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::Error;

pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A value for a `jsonb` column.
pub(crate) fn json(column: &'static str, value: &(impl Serialize + ?Sized)) -> Result<Value, Error> {
    let mut value = serde_json::to_value(value).map_err(|error| Error::Unknown { column, value: error.to_string() })?;
    clean(&mut value);
    Ok(value)
}

/// What a `jsonb` column holds, as the type that wrote it.
pub(crate) fn parsed<T: DeserializeOwned>(column: &'static str, value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|error| Error::Unknown { column, value: error.to_string() })
}

fn clean(value: &mut Value) {
    match value {
        Value::String(held) if held.contains('\0') => *held = text(held),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(members) => {
            if members.keys().any(|name| name.contains('\0')) {
                *members = std::mem::take(members).into_iter().map(|(name, member)| (text(&name), member)).collect();
            }
            members.values_mut().for_each(clean);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn no_nul_is_left_anywhere_and_all_else_stays() {
        let value = json!({"a\0": ["x\0y", 1, null, {"b": "\0"}], "c": "é"});
        let clean = super::json("t", &value).unwrap();
        assert_eq!(clean, json!({"a\u{fffd}": ["x\u{fffd}y", 1, null, {"b": "\u{fffd}"}], "c": "é"}));
    }
}
