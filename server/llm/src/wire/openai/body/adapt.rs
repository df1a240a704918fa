//! A body of our own in the words of one upstream of this wire.
//!
//! A client chooses its upstream and knows its ways; a run asks many at once in one spelling. Here that spelling meets
//! [`Quirks`]: a limit and a seed get the name that is known there, and what is not known is left out and named.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::super::{Quirks, note};
use crate::{
    Error,
    json::{self, Object},
    wire::Encoded,
};

/// The older name of a limit, and the newer one, which wins.
const LIMITS: [&str; 2] = ["max_tokens", "max_completion_tokens"];
/// Thoughts of earlier answers, in plain text.
const THOUGHTS: &str = "reasoning_content";

pub(super) fn adapted(body: &[u8], quirks: &Quirks) -> Result<Encoded, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::body("the request body is not UTF-8 text"))?;
    let object = Object::parse(text).map_err(|problem| problem.about(None))?;
    let mut dropped = Vec::new();
    let mut fields: Vec<(&str, Cow<'_, str>)> = Vec::new();
    for (name, raw) in object.fields() {
        match name {
            _ if LIMITS.contains(&name) => {}
            "seed" => fields.push((quirks.seed_field, raw.into())),
            "top_k" if !quirks.top_k => note(&mut dropped, name),
            "messages" => fields.push((name, without_lost_thoughts(raw, quirks).map_or(raw.into(), Cow::Owned))),
            _ => fields.push((name, raw.into())),
        }
    }
    if let Some(limit) = LIMITS.iter().rev().find_map(|name| object.get(name)) {
        fields.push((quirks.cap_field, limit.into()));
    }
    let mut body = String::with_capacity(text.len() + 32);
    for (i, (name, raw)) in fields.iter().enumerate() {
        // Somebody may have said it under the upstream's own name as well; the first one counts.
        if fields.iter().take(i).any(|(other, _)| other == name) {
            continue;
        }
        body.push(if body.is_empty() { '{' } else { ',' });
        body.push_str(&json::quote(name));
        body.push(':');
        body.push_str(raw);
    }
    body.push('}');
    Ok(Encoded { body, dropped })
}

/// The messages without thoughts that this server would refuse: only some take their own back, and only with the tool calls
/// that they led to. `None` when there are none.
fn without_lost_thoughts(raw: &str, quirks: &Quirks) -> Option<String> {
    if !raw.contains(THOUGHTS) {
        return None;
    }
    let mut messages: Vec<Map<String, Value>> = serde_json::from_str(raw).ok()?;
    for message in &mut messages {
        if !(quirks.keeps_thoughts && message.contains_key("tool_calls")) {
            message.shift_remove(THOUGHTS);
        }
    }
    serde_json::to_string(&messages).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::openai::{OPENAI, PLAIN};

    const BODY: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0.30,"seed":7,"top_k":5,"max_completion_tokens":9,"x":{"y":1.0e2}}"#;

    fn sent(body: &str, quirks: &Quirks) -> (Value, Vec<String>) {
        let Encoded { body, dropped } = adapted(body.as_bytes(), quirks).unwrap();
        (serde_json::from_str(&body).unwrap(), dropped)
    }

    #[test]
    fn pg_5_each_upstream_hears_the_limit_and_the_seed_under_its_own_name() {
        let mistral = Quirks { seed_field: "random_seed", ..PLAIN };
        let (body, dropped) = sent(BODY, &mistral);
        assert_eq!((&body["max_tokens"], &body["random_seed"], &body["top_k"]), (&9.into(), &7.into(), &5.into()));
        assert!(body.get("seed").is_none() && body.get("max_completion_tokens").is_none() && dropped.is_empty());
    }

    #[test]
    fn pg_5_what_an_upstream_does_not_know_is_left_out_and_named_and_the_rest_keeps_its_spelling() {
        let Encoded { body, dropped } = adapted(BODY.as_bytes(), &OPENAI).unwrap();
        assert_eq!(dropped, ["top_k"]);
        assert!(body.contains(r#""temperature":0.30"#) && body.contains(r#""x":{"y":1.0e2}"#), "{body}");
        assert!(body.contains(r#""max_completion_tokens":9"#) && !body.contains("top_k"), "{body}");
    }

    #[test]
    fn a_limit_that_is_said_under_both_names_is_said_once() {
        let (body, _) = sent(r#"{"model":"m","max_tokens":5,"max_completion_tokens":9}"#, &PLAIN);
        assert_eq!(body, serde_json::json!({"model": "m", "max_tokens": 9}));
    }

    #[test]
    fn thoughts_go_back_only_where_they_are_understood() {
        let body = r#"{"messages":[{"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[{}]},{"role":"assistant","content":"a","reasoning_content":"ha"}]}"#;
        let kept = |quirks| {
            let (body, _) = sent(body, quirks);
            [0, 1].map(|i| body["messages"][i].get(THOUGHTS).is_some())
        };
        assert_eq!(kept(&PLAIN), [false, false]);
        assert_eq!(kept(&Quirks { keeps_thoughts: true, ..PLAIN }), [true, false]);
    }
}
