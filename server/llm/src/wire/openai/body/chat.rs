//! A client's body in the neutral form, read strictly: for an upstream of another wire.
//!
//! The table in `wire/openai.rs` says what becomes of each field. One more field: read it here, or name it in one of the
//! lists below; whatever is in neither is refused by name.

mod fields;
mod messages;
mod tools;

use serde_json::Value;

use self::fields::Fields;
use super::super::note;
use crate::{
    Error,
    chat::{ChatRequest, Decimal, Effort, Format, Reasoning},
};

/// Fields that may be left out, and the value that asks for nothing.
const DROPPED: [(&str, &str); 10] = [
    ("cache_control", "null"),
    ("logit_bias", "{}"),
    ("metadata", "{}"),
    ("prompt_cache_key", "null"),
    ("prompt_cache_options", "null"),
    ("prompt_cache_retention", "null"),
    ("safety_identifier", "null"),
    ("service_tier", "\"auto\""),
    ("store", "false"),
    ("verbosity", "\"medium\""),
];

/// Fields that only say what holds anyway when they have this value.
const DEFAULTS: [(&str, &str); 3] = [("logprobs", "false"), ("top_logprobs", "0"), ("modalities", "[\"text\"]")];

/// The whole body in the neutral form.
///
/// Errors name the field: one that is wrong, or one that another provider's API could not be told.
pub fn decode_chat(body: &[u8]) -> Result<ChatRequest, Error> {
    let mut fields = Fields::parse(super::text(body)?, "")?;
    let mut dropped = Vec::new();
    let mut chat = ChatRequest {
        model: fields.required("model", "a string")?,
        messages: messages::read(&mut fields, &mut dropped)?,
        tools: tools::read(&mut fields)?,
        tool_choice: tools::choice(&mut fields)?,
        parallel_tool_calls: fields.get("parallel_tool_calls", "true or false")?,
        format: format(&mut fields)?,
        reasoning: reasoning(&mut fields)?,
        max_output_tokens: limit(&mut fields)?,
        stop: stop(&mut fields)?,
        answers: fields.get("n", "a whole number")?.filter(|answers| *answers != 1),
        temperature: decimal(&mut fields, "temperature")?,
        top_p: decimal(&mut fields, "top_p")?,
        top_k: top_k(&mut fields)?,
        frequency_penalty: decimal(&mut fields, "frequency_penalty")?,
        presence_penalty: decimal(&mut fields, "presence_penalty")?,
        seed: fields.get("seed", "a whole number")?,
        user: fields.get("user", "a string")?,
        stream: fields.get("stream", "true or false")?.unwrap_or(false),
        dropped: Vec::new(),
    };
    if chat.answers == Some(0) {
        return Err(Error::invalid("n", "'n' must be at least 1"));
    }
    // Only says how our own stream shows usage.
    fields.raw("stream_options");
    for (name, nothing) in DROPPED {
        if fields.raw(name).is_some_and(|raw| !is_same(raw, nothing)) {
            note(&mut dropped, name);
        }
    }
    for (name, default) in DEFAULTS {
        if fields.raw(name).is_some_and(|raw| !is_same(raw, default)) {
            return Err(fields.unsupported(name));
        }
    }
    fields.finish()?;
    chat.dropped = dropped;
    Ok(chat)
}

/// Do two JSON texts mean the same?
fn is_same(raw: &str, other: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text).ok();
    value(raw) == value(other)
}

fn limit(fields: &mut Fields<'_>) -> Result<Option<u32>, Error> {
    let newer = fields.get("max_completion_tokens", "a whole number")?;
    let older = fields.get("max_tokens", "a whole number")?;
    Ok(newer.or(older))
}

fn stop(fields: &mut Fields<'_>) -> Result<Vec<String>, Error> {
    let Some(raw) = fields.raw("stop") else { return Ok(Vec::new()) };
    let one = serde_json::from_str::<String>(raw).map(|stop| vec![stop]);
    one.or_else(|_| serde_json::from_str(raw)).map_err(|_| fields.wrong("stop", "a string or a list of strings"))
}

fn decimal(fields: &mut Fields<'_>, name: &str) -> Result<Option<Decimal>, Error> {
    let Some(raw) = fields.raw(name) else { return Ok(None) };
    Decimal::parse(raw).map_err(|_| fields.wrong(name, "a number"))
}

fn top_k(fields: &mut Fields<'_>) -> Result<Option<u32>, Error> {
    let what = "a whole number";
    match fields.get::<i64>("top_k", what)? {
        // vLLM: all tokens.
        None | Some(-1 | 0) => Ok(None),
        Some(k) => u32::try_from(k).map(Some).map_err(|_| fields.wrong("top_k", what)),
    }
}

fn format(fields: &mut Fields<'_>) -> Result<Option<Format>, Error> {
    let Some(mut format) = fields.object("response_format")? else { return Ok(None) };
    let read = match format.required::<String>("type", "a string")?.as_str() {
        "text" => Format::Text,
        "json_object" => Format::Object,
        "json_schema" => {
            let Some(mut schema) = format.object("json_schema")? else { return Err(format.missing("json_schema")) };
            let read = Format::Schema {
                name: schema.required("name", "a string")?,
                description: schema.get("description", "a string")?,
                schema: schema.schema("schema")?.unwrap_or_else(|| Value::Object(serde_json::Map::new())),
                strict: schema.get("strict", "true or false")?,
            };
            schema.finish()?;
            read
        }
        _ => return Err(format.unsupported("type")),
    };
    format.finish()?;
    Ok(Some(read))
}

fn reasoning(fields: &mut Fields<'_>) -> Result<Option<Reasoning>, Error> {
    let plain = effort(fields, "reasoning_effort")?;
    let mut reasoning = Reasoning { effort: plain, ..Reasoning::default() };
    if let Some(mut asked) = fields.object("reasoning")? {
        let effort = effort(&mut asked, "effort")?;
        let is_on: Option<bool> = asked.get("enabled", "true or false")?;
        let is_hidden: Option<bool> = asked.get("exclude", "true or false")?;
        reasoning.budget = asked.get("max_tokens", "a whole number")?;
        reasoning.effort = if is_on == Some(false) { Some(Effort::Off) } else { effort.or(plain) };
        let asks = effort.is_some() || reasoning.budget.is_some() || is_on == Some(true) || is_hidden == Some(false);
        reasoning.show = asks && is_hidden != Some(true);
        asked.finish()?;
    }
    if reasoning.effort == Some(Effort::Off) {
        reasoning = Reasoning { effort: Some(Effort::Off), ..Reasoning::default() };
    }
    Ok(Some(reasoning).filter(|reasoning| *reasoning != Reasoning::default()))
}

fn effort(fields: &mut Fields<'_>, name: &str) -> Result<Option<Effort>, Error> {
    let Some(word) = fields.get::<String>(name, "a string")? else { return Ok(None) };
    Ok(Some(match word.as_str() {
        "none" => Effort::Off,
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" | "max" => Effort::Max,
        _ => return Err(fields.wrong(name, "one of none, minimal, low, medium, high, xhigh")),
    }))
}

#[cfg(test)]
mod tests;
