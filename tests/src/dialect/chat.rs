//! OpenAI's chat completions, as a client of it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{PIXEL, QUESTION, RESULTS, SYSTEM, Said, Scenario, events, parameters, schema};
use crate::Answer;

pub(super) fn request(scenario: Scenario, model: &str, stream: bool, before: Option<&Said>) -> Value {
    let mut messages = vec![json!({"role": "system", "content": SYSTEM}), json!({"role": "user", "content": QUESTION})];
    let mut body = json!({"model": model, "max_tokens": 4_000});
    if stream {
        body["stream"] = json!(true);
        body["stream_options"] = json!({"include_usage": true});
    }
    match scenario {
        Scenario::Plain => {}
        Scenario::Tools | Scenario::Results => {
            body["tools"] = json!([{"type": "function", "function": {
                "name": "get_weather", "description": "The weather now.", "parameters": parameters()}}]);
        }
        Scenario::Schema => {
            body["response_format"] =
                json!({"type": "json_schema", "json_schema": {"name": "verdict", "strict": true, "schema": schema()}});
        }
        Scenario::Image => {
            messages[1]["content"] = json!([{"type": "text", "text": QUESTION},
                {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PIXEL}")}}]);
        }
        Scenario::Reasoning => {
            body["reasoning_effort"] = json!("medium");
        }
        Scenario::Cached => {
            messages[0]["content"] = json!([{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}]);
        }
    }
    if let Some(before) = before {
        let calls: Vec<Value> = before
            .calls
            .iter()
            .map(|(name, id, arguments)| {
                json!({"id": id, "type": "function",
                    "function": {"name": name, "arguments": arguments.to_string()}})
            })
            .collect();
        let mut assistant = json!({"role": "assistant", "content": null, "tool_calls": calls});
        if !before.seals.is_empty() {
            assistant["reasoning_details"] =
                before.seals.iter().map(|seal| serde_json::from_str(seal).unwrap_or(Value::Null)).collect();
        }
        messages.push(assistant);
        for ((_, id, _), result) in before.calls.iter().zip(RESULTS) {
            messages.push(json!({"role": "tool", "tool_call_id": id, "content": result}));
        }
    }
    body["messages"] = Value::Array(messages);
    body
}

pub(super) fn read(answer: &Answer, stream: bool) -> Result<Said> {
    if stream { read_stream(answer) } else { read_whole(&answer.json()) }
}

fn usage(usage: &Value) -> Option<[u64; 3]> {
    let cached = usage["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or(0);
    Some([usage["prompt_tokens"].as_u64()?, usage["completion_tokens"].as_u64()?, cached])
}

fn read_whole(body: &Value) -> Result<Said> {
    ensure!(body["object"] == "chat.completion" && body["id"].is_string() && body["created"].is_u64(), "{body}");
    let choice = &body["choices"][0];
    let message = &choice["message"];
    ensure!(message["role"] == "assistant", "{body}");
    let mut said = Said {
        text: message["content"].as_str().unwrap_or_default().to_owned(),
        reasoning: message["reasoning_content"].as_str().unwrap_or_default().to_owned(),
        seals: message["reasoning_details"].as_array().into_iter().flatten().map(Value::to_string).collect(),
        finish: choice["finish_reason"].as_str().context("no finish reason")?.to_owned(),
        usage: usage(&body["usage"]),
        ..Said::default()
    };
    for call in message["tool_calls"].as_array().into_iter().flatten() {
        ensure!(call["type"] == "function", "{body}");
        said.calls.push(parse(&call["id"], &call["function"]["name"], &call["function"]["arguments"])?);
    }
    Ok(said)
}

fn parse(id: &Value, name: &Value, arguments: &Value) -> Result<(String, String, Value)> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let arguments = serde_json::from_str(arguments.as_str().context("arguments are text")?)?;
    Ok((text(name).context("a call without a name")?, text(id).context("a call without an id")?, arguments))
}

fn read_stream(answer: &Answer) -> Result<Said> {
    let mut said = Said::default();
    let mut calls: BTreeMap<u64, [String; 3]> = BTreeMap::new();
    let events = events(answer)?;
    let (last, chunks) = events.split_last().context("an empty stream")?;
    ensure!(last.1 == "[DONE]", "the stream does not end: {}", last.1);
    for (_, data) in chunks {
        let chunk: Value = serde_json::from_str(data)?;
        ensure!(chunk["object"] == "chat.completion.chunk", "{chunk}");
        said.usage = usage(&chunk["usage"]).or(said.usage);
        let choice = &chunk["choices"][0];
        let delta = &choice["delta"];
        said.text += delta["content"].as_str().unwrap_or_default();
        said.reasoning += delta["reasoning_content"].as_str().unwrap_or_default();
        said.seals.extend(delta["reasoning_details"].as_array().into_iter().flatten().map(Value::to_string));
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let slot = calls.entry(call["index"].as_u64().context("a call without an index")?).or_default();
            slot[0] += call["id"].as_str().unwrap_or_default();
            slot[1] += call["function"]["name"].as_str().unwrap_or_default();
            slot[2] += call["function"]["arguments"].as_str().unwrap_or_default();
        }
        if let Some(finish) = choice["finish_reason"].as_str() {
            said.finish = finish.to_owned();
        }
    }
    for [id, name, arguments] in calls.into_values() {
        said.calls.push(parse(&json!(id), &json!(name), &json!(arguments))?);
    }
    ensure!(!said.finish.is_empty(), "no finish reason");
    Ok(said)
}
