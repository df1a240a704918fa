//! A body in the neutral form, less what that cannot hold. The reading of `llm` is strict and names the first thing that it
//! cannot carry; here that is taken out, named, and the rest read again.

use bytes::Bytes;
use llm::{DIALECTS, chat::ChatRequest, wire};
use serde_json::{Map, Value};

/// Most things that are taken out of one body.
const MOST: usize = 64;

/// A request, and members of it that only the raw JSON can hold.
pub(super) struct Read {
    pub chat: ChatRequest,
    pub extra: Map<String, Value>,
}

/// `keeps_members`: what the neutral form does not hold may be said again as it is, in the same words.
pub(super) fn chat(
    dialect: &str,
    mut members: Map<String, Value>,
    keeps_members: bool,
    notes: &mut Vec<String>,
) -> Option<Read> {
    let dialect = DIALECTS.iter().find(|known| known.info().id == dialect)?;
    let mut extra = Map::new();
    for _ in 0..MOST {
        let body = Bytes::from(serde_json::to_vec(&members).ok()?);
        let read = dialect.decode(body).and_then(|request| wire::neutral(&request).map(|chat| chat.into_owned()));
        let field = match read {
            Ok(mut chat) => {
                for name in std::mem::take(&mut chat.dropped) {
                    match members.get(&name).filter(|_| keeps_members) {
                        Some(value) => _ = extra.insert(name, value.clone()),
                        None => notes.push(left_out(&name)),
                    }
                }
                return Some(Read { chat, extra });
            }
            Err(llm::Error::Invalid { param: Some(field), .. }) => field,
            Err(_) => return None,
        };
        let is_top = !field.contains(['.', '[']);
        if is_top && matches!(field.as_str(), "model" | "messages" | "input") {
            return None;
        }
        match members.shift_remove(&field).filter(|_| is_top) {
            Some(value) if keeps_members => _ = extra.insert(field, value),
            Some(_) => notes.push(left_out(&field)),
            None => {
                take_out(&mut members, &steps(&field))?;
                notes.push(left_out(&field));
            }
        }
    }
    None
}

fn left_out(field: &str) -> String {
    format!("{field} is left out: the playground has no place for it.")
}

/// One step of a path such as `messages[2].content[0].file`.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let mut pieces = part.split('[');
        steps.extend(pieces.next().filter(|name| !name.is_empty()).map(Step::Member));
        steps.extend(pieces.filter_map(|piece| piece.strip_suffix(']')?.parse().ok()).map(Step::Item));
    }
    steps
}

/// Takes out what the path names; when that is not there, because its absence is the fault, the item of a list that holds it.
fn take_out(members: &mut Map<String, Value>, steps: &[Step<'_>]) -> Option<()> {
    let (last, before) = steps.split_last()?;
    if let Some(holder) = find(members, before) {
        let taken = match (last, holder) {
            (Step::Member(name), Holder::Members(members)) => members.shift_remove(*name).is_some(),
            (Step::Item(at), Holder::Items(items)) if *at < items.len() => {
                items.remove(*at);
                true
            }
            _ => false,
        };
        if taken {
            return Some(());
        }
    }
    // The nearest list above.
    let item = before.iter().rposition(|step| matches!(step, Step::Item(_)))?;
    take_out(members, before.get(..=item)?)
}

enum Holder<'a> {
    Members(&'a mut Map<String, Value>),
    Items(&'a mut Vec<Value>),
}

fn find<'a>(members: &'a mut Map<String, Value>, steps: &[Step<'_>]) -> Option<Holder<'a>> {
    let Some((first, rest)) = steps.split_first() else { return Some(Holder::Members(members)) };
    let Step::Member(name) = first else { return None };
    let mut value = members.get_mut(*name)?;
    for step in rest {
        value = match step {
            Step::Member(name) => value.get_mut(*name)?,
            Step::Item(at) => value.get_mut(*at)?,
        };
    }
    match value {
        Value::Object(members) => Some(Holder::Members(members)),
        Value::Array(items) => Some(Holder::Items(items)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn without(path: &str) -> Option<Value> {
        let Value::Object(mut members) = json!({"messages": [{"content": [{"a": 1, "b": 2}, {"c": 3}]}], "x": 1})
        else {
            return None;
        };
        take_out(&mut members, &steps(path)).map(|()| Value::Object(members))
    }

    #[test]
    fn what_a_path_names_is_taken_out_and_nothing_else() {
        assert_eq!(
            without("messages[0].content[0].a"),
            Some(json!({"messages": [{"content": [{"b": 2}, {"c": 3}]}], "x": 1}))
        );
        assert_eq!(
            without("messages[0].content[1]"),
            Some(json!({"messages": [{"content": [{"a": 1, "b": 2}]}], "x": 1}))
        );
        assert_eq!(without("x"), Some(json!({"messages": [{"content": [{"a": 1, "b": 2}, {"c": 3}]}]})));
    }

    #[test]
    fn what_is_missing_takes_its_item_with_it() {
        assert_eq!(
            without("messages[0].content[1].type"),
            Some(json!({"messages": [{"content": [{"a": 1, "b": 2}]}], "x": 1}))
        );
        assert_eq!(without("y"), None);
        assert_eq!(without(""), None);
    }
}
