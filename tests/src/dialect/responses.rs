//! OpenAI's responses, as a client of it.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{PIXEL, QUESTION, RESULTS, SYSTEM, Said, Scenario, events, parameters, schema};
use crate::Answer;

pub(super) fn request(scenario: Scenario, model: &str, stream: bool, before: Option<&Said>) -> Value {
    let mut input = vec![json!({"role": "user", "content": [{"type": "input_text", "text": QUESTION}]})];
    let mut body = json!({"model": model, "max_output_tokens": 4_000, "instructions": SYSTEM, "store": false,
        "include": ["reasoning.encrypted_content"]});
    if stream {
        body["stream"] = json!(true);
    }
    match scenario {
        Scenario::Plain => {}
        Scenario::Tools | Scenario::Results => {
            body["tools"] = json!([{"type": "function", "name": "get_weather", "description": "The weather now.",
                "parameters": parameters(), "strict": false}]);
        }
        Scenario::Schema => {
            body["text"] =
                json!({"format": {"type": "json_schema", "name": "verdict", "strict": true, "schema": schema()}});
        }
        Scenario::Image => {
            input[0]["content"] = json!([{"type": "input_text", "text": QUESTION},
                {"type": "input_image", "detail": "auto", "image_url": format!("data:image/png;base64,{PIXEL}")}]);
        }
        Scenario::Reasoning => {
            body["reasoning"] = json!({"effort": "medium", "summary": "auto"});
        }
        // This dialect marks nothing that other wires know: its caches are the provider's own affair.
        Scenario::Cached => {
            body["prompt_cache_key"] = json!("weather");
        }
    }
    if let Some(before) = before {
        input.extend(before.seals.iter().map(|seal| serde_json::from_str(seal).unwrap_or(Value::Null)));
        input.extend(before.calls.iter().map(|(name, id, arguments)| {
            json!({"type": "function_call", "call_id": id, "name": name, "arguments": arguments.to_string()})
        }));
        input.extend(
            before
                .calls
                .iter()
                .zip(RESULTS)
                .map(|((_, id, _), result)| json!({"type": "function_call_output", "call_id": id, "output": result})),
        );
    }
    body["input"] = Value::Array(input);
    body
}

pub(super) fn read(answer: &Answer, stream: bool) -> Result<Said> {
    if stream { read_stream(answer) } else { read_whole(&answer.json()) }
}

fn read_whole(body: &Value) -> Result<Said> {
    ensure!(body["object"] == "response" && body["id"].is_string() && body["status"].is_string(), "{body}");
    let usage = &body["usage"];
    let cached = usage["input_tokens_details"]["cached_tokens"].as_u64().unwrap_or(0);
    let counts = usage["input_tokens"].as_u64().zip(usage["output_tokens"].as_u64());
    let mut said = Said {
        finish: body["status"].as_str().unwrap_or_default().to_owned(),
        usage: counts.map(|(input, output)| [input, output, cached]),
        ..Said::default()
    };
    for item in body["output"].as_array().context("no output")? {
        match item["type"].as_str().context("an item without a type")? {
            "message" => {
                for part in item["content"].as_array().context("no content")? {
                    said.text += part["text"].as_str().context("no text")?;
                }
            }
            "reasoning" => {
                for part in item["summary"].as_array().into_iter().chain(item["content"].as_array()).flatten() {
                    said.reasoning += part["text"].as_str().context("no text")?;
                }
                said.seals.push(item.to_string());
            }
            "function_call" => {
                let text = |name: &str| item[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
                let (name, id) = text("name").zip(text("call_id")).context("a call without name or id")?;
                said.calls.push((name, id, serde_json::from_str(&text("arguments").context("no arguments")?)?));
            }
            other => bail!("an item of type {other}"),
        }
    }
    Ok(said)
}

/// The last event holds the whole answer; the pieces before it must add up to the same.
fn read_stream(answer: &Answer) -> Result<Said> {
    let events = events(answer)?;
    let (mut text, mut arguments, mut last) = (String::new(), String::new(), None);
    for (number, (name, data)) in events.iter().enumerate() {
        let event: Value = serde_json::from_str(data)?;
        ensure!(name.as_deref() == event["type"].as_str() && last.is_none(), "{name:?} {data}");
        ensure!(event["sequence_number"] == number, "{number}: {data}");
        match event["type"].as_str().unwrap_or_default() {
            "response.output_text.delta" => text += event["delta"].as_str().context("no text")?,
            "response.function_call_arguments.delta" => arguments += event["delta"].as_str().context("no text")?,
            "response.completed" | "response.incomplete" => last = Some(event["response"].clone()),
            "response.failed" | "error" => bail!("{data}"),
            _ => {}
        }
    }
    let said = read_whole(&last.context("the stream does not end")?)?;
    ensure!(said.text == text, "{:?} is not {text:?}", said.text);
    let whole: usize = said.calls.len();
    ensure!(whole == 0 || !arguments.is_empty(), "calls without pieces");
    Ok(said)
}
