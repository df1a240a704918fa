//! Does an answer fit the schema it was asked for (`product.md` PG-6)?
//!
//! Nothing is fetched: a schema that refers to anything outside itself is wrong. A schema is somebody's input, so what checking
//! it would cost is known before ([`work`]), and what would take too long is told instead of done.

mod work;

use domain::run::SchemaVerdict;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

/// Most faults that are told.
const MOST_FAULTS: usize = 20;
/// Longest text of one fault, in bytes.
const LONGEST_FAULT: usize = 300;
/// Longest answer that is checked.
const LONGEST_ANSWER: usize = 256 * 1024;
/// Deepest nesting of a schema.
const DEEPEST: usize = 64;
/// Steps that a pattern may go back before it counts as not matched.
const BACKTRACKS: usize = 10_000;
/// Most memory of one compiled pattern, in bytes.
const PATTERN_BYTES: usize = 1024 * 1024;

/// Is it a JSON schema that answers can be checked with? `Err` names the place.
pub(crate) fn check(schema: &str) -> Result<(), String> {
    let schema = parsed(schema)?;
    compiled(&schema).map(|_| ())
}

/// Checks a whole answer, on a thread that may be busy with it.
pub(crate) async fn verdict(schema: String, answer: String) -> SchemaVerdict {
    let checking = tokio::task::spawn_blocking(move || faults(&schema, &answer));
    let faults = checking.await.unwrap_or_else(|_| vec!["The answer could not be checked.".to_owned()]);
    SchemaVerdict { faults }
}

/// What does not fit; nothing when all does.
fn faults(schema: &str, answer: &str) -> Vec<String> {
    let schema = match parsed(schema) {
        Ok(schema) => schema,
        Err(why) => return vec![format!("The schema is wrong: {why}")],
    };
    if answer.len() > LONGEST_ANSWER {
        return vec![format!("The answer is longer than {} KiB and was not checked.", LONGEST_ANSWER / 1024)];
    }
    let answer: Value = match serde_json::from_str(answer.trim()) {
        Ok(answer) => answer,
        Err(error) => {
            return vec![format!("The answer is not JSON: line {}, column {}.", error.line(), error.column())];
        }
    };
    let validator = match compiled(&schema) {
        Ok(validator) => validator,
        Err(why) => return vec![format!("The schema is wrong: {why}")],
    };
    match work::bound(&schema, &answer) {
        Some(steps) if steps <= work::MOST => told(&validator, &answer),
        _ => vec!["The schema goes round too often to be checked against this answer.".to_owned()],
    }
}

fn told(validator: &Validator, answer: &Value) -> Vec<String> {
    let mut faults: Vec<String> = validator.iter_errors(answer).take(MOST_FAULTS).map(|error| fault(&error)).collect();
    faults.dedup();
    faults
}

/// `/items/0: 3 is not of type "string"`.
fn fault(error: &ValidationError<'_>) -> String {
    let place = error.instance_path().as_str();
    let text = error.to_string();
    let mut fault = if place.is_empty() { text } else { format!("{place}: {text}") };
    if fault.len() > LONGEST_FAULT {
        fault.truncate(fault.floor_char_boundary(LONGEST_FAULT));
        fault.push('…');
    }
    fault
}

fn parsed(schema: &str) -> Result<Value, String> {
    let schema: Value = serde_json::from_str(schema)
        .map_err(|error| format!("line {}, column {}: this is not JSON", error.line(), error.column()))?;
    if !schema.is_object() {
        return Err("write a JSON object such as {\"type\": \"object\"}".to_owned());
    }
    if depth(&schema) > DEEPEST {
        return Err(format!("it is nested deeper than {DEEPEST} levels"));
    }
    Ok(schema)
}

fn compiled(schema: &Value) -> Result<Validator, String> {
    // Only what this can count is checked.
    work::references(schema)?;
    if work::bound(schema, &Value::Null).is_none() {
        return Err("it refers to itself without end".to_owned());
    }
    let patterns = PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS).size_limit(PATTERN_BYTES);
    let options = jsonschema::options().offline().with_pattern_options(patterns);
    options.build(schema).map_err(|error| fault(&error))
}

/// How deep it is nested; a plain value is 1.
fn depth(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
