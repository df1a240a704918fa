//! Anthropic's messages, as a client of it.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{PIXEL, QUESTION, RESULTS, SYSTEM, Said, Scenario, events, parameters, schema};
use crate::Answer;

pub(super) fn request(scenario: Scenario, model: &str, stream: bool, before: Option<&Said>) -> Value {
    let mut body = json!({"model": model, "max_tokens": 4_000, "system": SYSTEM});
    let mut messages = vec![json!({"role": "user", "content": QUESTION})];
    if stream {
        body["stream"] = json!(true);
    }
    match scenario {
        Scenario::Plain => {}
        Scenario::Tools | Scenario::Results => {
            body["tools"] =
                json!([{"name": "get_weather", "description": "The weather now.", "input_schema": parameters()}]);
        }
        Scenario::Schema => {
            body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema()}});
        }
        Scenario::Image => {
            messages[0]["content"] = json!([{"type": "text", "text": QUESTION}, {"type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}]);
        }
        Scenario::Reasoning => {
            body["thinking"] = json!({"type": "enabled", "budget_tokens": 2_000});
        }
        Scenario::Cached => {
            body["system"] = json!([{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}]);
        }
    }
    if let Some(before) = before {
        let mut content: Vec<Value> =
            before.seals.iter().map(|seal| serde_json::from_str(seal).unwrap_or(Value::Null)).collect();
        content.extend(
            before
                .calls
                .iter()
                .map(|(name, id, arguments)| json!({"type": "tool_use", "id": id, "name": name, "input": arguments})),
        );
        messages.push(json!({"role": "assistant", "content": content}));
        let results = before
            .calls
            .iter()
            .zip(RESULTS)
            .map(|((_, id, _), result)| json!({"type": "tool_result", "tool_use_id": id, "content": result}));
        messages.push(json!({"role": "user", "content": results.collect::<Vec<_>>()}));
    }
    body["messages"] = Value::Array(messages);
    body
}

pub(super) fn read(answer: &Answer, stream: bool) -> Result<Said> {
    if stream { read_stream(answer) } else { read_whole(&answer.json()) }
}

/// All of the input: what was neither read from nor written to a cache stands beside what was.
fn usage(usage: &Value) -> Option<[u64; 3]> {
    let of = |name: &str| usage[name].as_u64().unwrap_or(0);
    let cached = of("cache_read_input_tokens");
    let input = usage["input_tokens"].as_u64()? + cached + of("cache_creation_input_tokens");
    Some([input, usage["output_tokens"].as_u64()?, cached])
}

fn read_whole(body: &Value) -> Result<Said> {
    ensure!(body["type"] == "message" && body["role"] == "assistant" && body["id"].is_string(), "{body}");
    let mut said = Said {
        finish: body["stop_reason"].as_str().context("no stop reason")?.to_owned(),
        usage: usage(&body["usage"]),
        ..Said::default()
    };
    for block in body["content"].as_array().context("no content")? {
        take(block, &mut said)?;
    }
    Ok(said)
}

fn take(block: &Value, said: &mut Said) -> Result<()> {
    match block["type"].as_str().context("a block without a type")? {
        "text" => said.text += block["text"].as_str().context("no text")?,
        "thinking" => {
            said.reasoning += block["thinking"].as_str().context("no thinking")?;
            said.seals.push(block.to_string());
        }
        "redacted_thinking" => said.seals.push(block.to_string()),
        "tool_use" => {
            let text = |name: &str| block[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            let (name, id) = text("name").zip(text("id")).context("a call without name or id")?;
            ensure!(block["input"].is_object(), "{block}");
            said.calls.push((name, id, block["input"].clone()));
        }
        other => bail!("a block of type {other}"),
    }
    Ok(())
}

fn read_stream(answer: &Answer) -> Result<Said> {
    let mut said = Said::default();
    let mut block: Option<(u64, Value, String)> = None;
    let (mut is_started, mut is_over, mut next) = (false, false, 0);
    let mut counted = Value::Null;
    for (name, data) in events(answer)? {
        let event: Value = serde_json::from_str(&data)?;
        ensure!(name.as_deref() == event["type"].as_str() && !is_over, "{name:?} {data}");
        match event["type"].as_str().unwrap_or_default() {
            "ping" => {}
            "message_start" => {
                ensure!(!is_started && event["message"]["content"] == json!([]), "{data}");
                counted = event["message"]["usage"].clone();
                is_started = true;
            }
            "content_block_start" => {
                ensure!(is_started && block.is_none() && event["index"] == next, "{data}");
                block = Some((next, event["content_block"].clone(), String::new()));
            }
            "content_block_delta" => {
                let (index, open, json) = block.as_mut().context("a piece of no block")?;
                ensure!(event["index"] == *index, "{data}");
                grow(open, json, &event["delta"])?;
            }
            "content_block_stop" => {
                let (index, mut open, json) = block.take().context("the end of no block")?;
                ensure!(event["index"] == index, "{data}");
                if open["type"] == "tool_use" {
                    open["input"] = if json.is_empty() { json!({}) } else { serde_json::from_str(&json)? };
                }
                take(&open, &mut said)?;
                next += 1;
            }
            "message_delta" => {
                ensure!(block.is_none(), "a block is still open");
                said.finish = event["delta"]["stop_reason"].as_str().context("no stop reason")?.to_owned();
                for (name, value) in event["usage"].as_object().into_iter().flatten() {
                    counted[name] = value.clone();
                }
            }
            "message_stop" => is_over = true,
            other => bail!("an event of type {other}"),
        }
    }
    ensure!(is_over, "the stream does not end");
    said.usage = usage(&counted);
    Ok(said)
}

fn grow(open: &mut Value, json: &mut String, delta: &Value) -> Result<()> {
    let (field, piece) = match delta["type"].as_str().unwrap_or_default() {
        "text_delta" => ("text", &delta["text"]),
        "thinking_delta" => ("thinking", &delta["thinking"]),
        "signature_delta" => ("signature", &delta["signature"]),
        "input_json_delta" => {
            *json += delta["partial_json"].as_str().context("no text")?;
            return Ok(());
        }
        other => bail!("a piece of type {other}"),
    };
    let text = open[field].as_str().unwrap_or_default().to_owned() + piece.as_str().context("no text")?;
    open[field] = json!(text);
    Ok(())
}
