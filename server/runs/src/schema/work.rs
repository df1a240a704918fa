//! How much work a check can be at most, before it is done.
//!
//! References may lead a check round and round: two that lead to the same place double the work at every level of the answer.
//! A reference that comes back to its own place without going down into the value means nothing, and is refused. This counts,
//! for each level, how often a part of the schema can be asked about one value, in time that is the product of
//! their sizes. It may count too much, never too little; what stands under names it does not know is not followed by the
//! checker either.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// About a second.
pub(super) const MOST: u64 = 5_000_000;
/// Longest way from schema to schema that is followed: the checker's stack is as long.
const FARTHEST: usize = 400;

/// Keywords whose schemas are asked about the same value.
const HERE: [&str; 8] = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "extends"];
/// Keywords whose members are schemas that are asked about the same value.
const HERE_BY_NAME: [&str; 2] = ["dependentSchemas", "dependencies"];
/// Keywords whose schemas are asked about what the value holds. Each may be asked about any of it.
const BELOW: [&str; 9] = [
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "items",
    "additionalItems",
    "unevaluatedItems",
    "contains",
    "contentSchema",
    "prefixItems",
];
/// Keywords whose references lead to places that are not known from the schema's text alone.
const UNKNOWN: [&str; 2] = ["$dynamicRef", "$recursiveRef"];

/// The most steps that checking this value takes; `None`: it has no end, or is too much to count.
pub(super) fn bound(schema: &Value, value: &Value) -> Option<u64> {
    let mut counter = Counter { root: schema, known: HashMap::new(), way: 0 };
    let steps = counter.steps(schema, super::depth(value))?;
    steps.checked_mul(size(value))
}

/// Every reference leads to a place in the schema itself.
pub(super) fn references(schema: &Value) -> Result<(), String> {
    each(schema, &mut |members| {
        if let Some(unknown) = UNKNOWN.iter().find(|name| members.contains_key(**name)) {
            return Err(format!("{unknown} is not supported: use $ref"));
        }
        match members.get("$ref") {
            Some(Value::String(to)) if target(schema, to).is_none() => {
                Err(format!("$ref {to:?} leads nowhere: refer to a place in this schema, such as #/$defs/item"))
            }
            _ => Ok(()),
        }
    })
}

fn each(value: &Value, see: &mut impl FnMut(&Map<String, Value>) -> Result<(), String>) -> Result<(), String> {
    match value {
        Value::Object(members) => {
            see(members)?;
            members.values().try_for_each(|member| each(member, see))
        }
        Value::Array(items) => items.iter().try_for_each(|item| each(item, see)),
        _ => Ok(()),
    }
}

/// Where a reference leads: `#` or a pointer.
fn target<'a>(root: &'a Value, to: &str) -> Option<&'a Value> {
    let pointer = to.strip_prefix('#')?;
    if pointer.contains('%') {
        return None;
    }
    root.pointer(pointer)
}

/// How many values there are in it, itself included.
fn size(value: &Value) -> u64 {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(|member| 1 + size(member)).sum(),
        _ => 0,
    }
}

struct Counter<'a> {
    root: &'a Value,
    /// By place and levels left; `None` while it is being counted.
    known: HashMap<(*const Value, usize), Option<u64>>,
    /// How many schemas are being counted inside of each other.
    way: usize,
}

impl<'a> Counter<'a> {
    /// Steps along the dearest way down a value of so many levels.
    fn steps(&mut self, schema: &'a Value, levels: usize) -> Option<u64> {
        let Value::Object(members) = schema else { return Some(1) };
        let place = (std::ptr::from_ref(schema), levels);
        if let Some(known) = self.known.get(&place) {
            return *known;
        }
        if self.way >= FARTHEST {
            return None;
        }
        self.way += 1;
        self.known.insert(place, None);
        let mut steps = 1_u64;
        for (name, member) in members {
            let name = name.as_str();
            let more = match (name, member) {
                ("$ref", Value::String(to)) => match target(self.root, to) {
                    Some(there) => self.steps(there, levels)?,
                    None => return None,
                },
                _ if HERE.contains(&name) => self.all(member, levels)?,
                (_, Value::Object(named)) if HERE_BY_NAME.contains(&name) => self.sum(named.values(), levels)?,
                _ if levels <= 1 => size(member),
                // A value has one name: of all these only one is asked.
                ("properties", Value::Object(named)) => {
                    self.greatest(named.values(), levels - 1)?.checked_add(named.len() as u64)?
                }
                ("patternProperties", Value::Object(named)) => self.sum(named.values(), levels - 1)?,
                _ if BELOW.contains(&name) => self.all(member, levels - 1)?,
                // Lists of values are gone through.
                _ => size(member),
            };
            steps = steps.checked_add(more)?;
        }
        self.way -= 1;
        self.known.insert(place, Some(steps));
        Some(steps)
    }

    /// A schema or a list of them.
    fn all(&mut self, member: &'a Value, levels: usize) -> Option<u64> {
        match member {
            Value::Array(items) => self.sum(items.iter(), levels),
            one => self.steps(one, levels),
        }
    }

    fn sum(&mut self, schemas: impl Iterator<Item = &'a Value>, levels: usize) -> Option<u64> {
        let mut sum = 0_u64;
        for schema in schemas {
            sum = sum.checked_add(self.steps(schema, levels)?)?;
        }
        Some(sum)
    }

    fn greatest(&mut self, schemas: impl Iterator<Item = &'a Value>, levels: usize) -> Option<u64> {
        let mut most = 0;
        for schema in schemas {
            most = most.max(self.steps(schema, levels)?);
        }
        Some(most)
    }
}
