//! A complete answer of an upstream. Reading is lenient: items that say nothing here are left out.

use serde_json::Value;

use super::{
    item::{reasoning_text, said, seal, texts},
    usage,
};
use crate::{
    Error,
    chat::{Part, Seal},
    event::{Answer, Response},
};

/// Reads a complete answer. A body that is not one (a web page, half a document, an error) is [`Error::Foreign`].
pub fn decode_whole(body: &[u8]) -> Result<Response, Error> {
    let foreign = Error::Foreign { expected: "a response" };
    let Ok(whole) = serde_json::from_slice::<Value>(body) else { return Err(foreign) };
    let Some(output) = whole.get("output").and_then(Value::as_array) else { return Err(foreign) };
    let mut parts = Vec::new();
    output.iter().for_each(|item| read(item, &mut parts));
    let has_calls = parts.iter().any(|part| matches!(part, Part::ToolCall { .. }));
    let status = said(&whole, "status").unwrap_or("completed");
    if matches!(status, "queued" | "in_progress") {
        return Err(foreign);
    }
    let text = |name: &str| said(&whole, name).map(str::to_owned);
    Ok(Response {
        id: text("id"),
        model: text("model"),
        answers: vec![Answer { parts, finish_reason: finish_reason(&whole, status, has_calls) }],
        usage: whole.get("usage").and_then(|value| usage::report(value, true)),
        ..Response::default()
    })
}

fn read(item: &Value, parts: &mut Vec<Part>) {
    match Kind::of(item) {
        Kind::Message => parts.extend(texts(item, "content").filter(|text| !text.is_empty()).map(Part::text)),
        Kind::Reasoning => {
            let (text, seal) = (reasoning_text(item), seal_of(item));
            if !text.is_empty() || seal.is_some() {
                parts.push(Part::Reasoning { text, seal });
            }
        }
        Kind::Call => {
            let (id, name) = call(item);
            parts.push(Part::ToolCall {
                id: id.unwrap_or_default(),
                name: name.unwrap_or_default(),
                arguments: arguments(item).to_owned(),
                cache: None,
            });
        }
        Kind::Other => {}
    }
}

/// What an item of an answer is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Message,
    Reasoning,
    Call,
    /// Work the upstream did by itself.
    Other,
}

impl Kind {
    pub fn of(item: &Value) -> Self {
        match said(item, "type") {
            Some("message") => Self::Message,
            Some("reasoning") => Self::Reasoning,
            Some("function_call" | "custom_tool_call") => Self::Call,
            _ => Self::Other,
        }
    }
}

/// Id and name of a call.
pub fn call(item: &Value) -> (Option<String>, Option<String>) {
    let id = said(item, "call_id").or_else(|| said(item, "id"));
    (id.map(str::to_owned), said(item, "name").map(str::to_owned))
}

/// What a call says: arguments of a function, free text for a custom tool.
pub fn arguments(item: &Value) -> &str {
    said(item, "arguments").or_else(|| said(item, "input")).unwrap_or_default()
}

pub fn seal_of(item: &Value) -> Option<Seal> {
    said(item, "encrypted_content").and_then(|encrypted| seal(said(item, "id"), encrypted))
}

/// Why the answer ended. `None` while it goes on in the background.
pub fn finish_reason(response: &Value, status: &str, has_calls: bool) -> Option<String> {
    let reason = match status {
        "completed" if has_calls => "tool_calls",
        "completed" => "stop",
        "queued" | "in_progress" => return None,
        "incomplete" => match response.pointer("/incomplete_details/reason").and_then(Value::as_str) {
            Some("max_output_tokens") => "length",
            Some(reason) => reason,
            None => "incomplete",
        },
        other => other,
    };
    Some(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decode(body: Value) -> Response {
        decode_whole(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn what_is_no_response_is_foreign() {
        let queued = r#"{"status":"queued","output":[]}"#;
        for body in ["", "<html></html>", "[]", r#"{"error":{"message":"x"}}"#, r#"{"output":[{"type":"mess"#, queued] {
            assert!(matches!(decode_whole(body.as_bytes()), Err(Error::Foreign { .. })), "{body}");
        }
    }

    #[test]
    fn the_status_and_its_reason_tell_how_it_ended() {
        let call = json!([{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]);
        for (status, reason, output, finish) in [
            (json!("completed"), json!(null), json!([]), Some("stop")),
            (json!(null), json!(null), json!([]), Some("stop")),
            (json!("completed"), json!(null), call.clone(), Some("tool_calls")),
            (json!("incomplete"), json!({"reason": "max_output_tokens"}), call, Some("length")),
            (json!("incomplete"), json!({"reason": "content_filter"}), json!([]), Some("content_filter")),
            (json!("incomplete"), json!({"reason": "steered"}), json!([]), Some("steered")),
            (json!("incomplete"), json!(null), json!([]), Some("incomplete")),
            (json!("failed"), json!(null), json!([]), Some("failed")),
            (json!("cancelled"), json!(null), json!([]), Some("cancelled")),
        ] {
            let response = decode(json!({"status": status, "incomplete_details": reason, "output": output}));
            assert_eq!(response.finish_reason(), finish, "{status} {reason}");
        }
    }

    #[test]
    fn a_failed_answer_keeps_its_usage() {
        let response = decode(json!({"status": "failed", "error": {"code": "server_error", "message": "x"},
            "output": [], "usage": {"input_tokens": 3, "output_tokens": 0}}));
        assert_eq!(response.usage.and_then(|usage| usage.input).map(|input| input.input), Some(3));
    }

    #[test]
    fn items_become_parts_in_order_and_refusals_are_text() {
        let response = decode(json!({"output": [
            {"type": "reasoning", "id": "rs_1", "encrypted_content": "gAA",
                "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {"type": "message", "content": [{"type": "output_text", "text": "x"}, {"type": "refusal", "refusal": "no"}]},
            {"type": "reasoning", "id": "rs_2", "summary": [], "content": [{"type": "reasoning_text", "text": "c"}]},
            {"type": "reasoning", "id": "rs_3", "summary": []},
            {"type": "custom_tool_call", "call_id": "c1", "name": "patch", "input": "*** x"}
        ]}));
        let seal = Some(Seal { origin: crate::chat::Origin::OpenAi, data: "rs_1#gAA".to_owned() });
        assert_eq!(
            response.answers[0].parts,
            [
                Part::Reasoning { text: "a\n\nb".to_owned(), seal },
                Part::text("x"),
                Part::text("no"),
                Part::Reasoning { text: "c".to_owned(), seal: None },
                Part::ToolCall {
                    id: "c1".to_owned(),
                    name: "patch".to_owned(),
                    arguments: "*** x".to_owned(),
                    cache: None
                },
            ]
        );
    }
}
