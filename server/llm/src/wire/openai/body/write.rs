//! A body from the neutral form.
//!
//! One more field: a line in [`fill`]; what the wire cannot say is refused by name or noted in `dropped`.

mod messages;

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::super::{Quirks, note};
use crate::{
    Error,
    chat::{Cache, ChatRequest, Effort, Format, Reasoning, Tool, ToolChoice},
    wire::Encoded,
};

/// A body from the neutral form. A stream asks for usage where that is a switch.
pub fn encode_chat(chat: &ChatRequest, upstream_model: &str, quirks: &Quirks) -> Result<Encoded, Error> {
    let mut markers = Markers {
        are_understood: quirks.cache_markers,
        keeps_thoughts: quirks.keeps_thoughts,
        dropped: chat.dropped.clone(),
    };
    let messages = messages::write(&chat.messages, &mut markers)?;
    let tools = chat.tools.iter().map(|tool| write_tool(tool, &mut markers)).collect();
    let mut dropped = markers.dropped;
    // A number of tokens has no place on this wire; the nearest word for it has.
    if chat.reasoning.as_ref().is_some_and(|reasoning| reasoning.budget.is_some()) {
        note(&mut dropped, "reasoning");
    }
    if chat.top_k.is_some() && !quirks.top_k {
        note(&mut dropped, "top_k");
    }
    let effort = chat.reasoning.as_ref().and_then(effort);
    let body = Body { chat, upstream_model, messages, tools, effort, quirks };
    let body = serde_json::to_string(&body)
        .map_err(|error| Error::body(format!("the request cannot be written as JSON: {error}")))?;
    Ok(Encoded { body, dropped })
}

/// Cache markers are written where the upstream knows them, else noted.
struct Markers {
    are_understood: bool,
    keeps_thoughts: bool,
    dropped: Vec<String>,
}

#[derive(Serialize)]
struct Marker {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl Markers {
    fn write(&mut self, cache: Option<Cache>) -> Option<Marker> {
        let cache = cache?;
        if !self.are_understood {
            note(&mut self.dropped, "cache_control");
            return None;
        }
        let ttl = match cache {
            Cache::Short => None,
            Cache::Long => Some("1h"),
        };
        Some(Marker { r#type: "ephemeral", ttl })
    }
}

#[derive(Serialize)]
struct WireTool<'a> {
    r#type: &'static str,
    function: WireFunction<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Marker>,
}

#[derive(Serialize)]
struct WireFunction<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

fn write_tool<'a>(tool: &'a Tool, markers: &mut Markers) -> WireTool<'a> {
    let Tool { name, description, schema, strict, cache } = tool;
    let function = WireFunction { name, description: description.as_deref(), parameters: schema, strict: *strict };
    WireTool { r#type: "function", function, cache_control: markers.write(*cache) }
}

#[derive(Serialize)]
struct WireSchema<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WireFormat<'a> {
    Text,
    JsonObject,
    JsonSchema { json_schema: WireSchema<'a> },
}

impl<'a> From<&'a Format> for WireFormat<'a> {
    fn from(format: &'a Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Object => Self::JsonObject,
            Format::Schema { name, description, schema, strict } => Self::JsonSchema {
                json_schema: WireSchema { name, description: description.as_deref(), schema, strict: *strict },
            },
        }
    }
}

/// `auto`, `none`, `required`, or the one function.
struct WireChoice<'a>(&'a ToolChoice);

impl Serialize for WireChoice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            ToolChoice::Auto => serializer.serialize_str("auto"),
            ToolChoice::None => serializer.serialize_str("none"),
            ToolChoice::Required => serializer.serialize_str("required"),
            ToolChoice::Named(name) => {
                serde_json::json!({"type": "function", "function": {"name": name}}).serialize(serializer)
            }
        }
    }
}

fn effort(reasoning: &Reasoning) -> Option<&'static str> {
    let by_budget = |budget: u32| match budget {
        0 => Effort::Off,
        1..4_096 => Effort::Low,
        4_096..16_384 => Effort::Medium,
        _ => Effort::High,
    };
    let effort = reasoning.effort.or_else(|| reasoning.budget.map(by_budget))?;
    Some(match effort {
        Effort::Off => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Max => "xhigh",
    })
}

struct Body<'a> {
    chat: &'a ChatRequest,
    upstream_model: &'a str,
    messages: Vec<messages::WireMessage<'a>>,
    tools: Vec<WireTool<'a>>,
    effort: Option<&'static str>,
    quirks: &'a Quirks,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        fill(self, &mut map)?;
        map.end()
    }
}

fn fill<M: SerializeMap>(body: &Body<'_>, map: &mut M) -> Result<(), M::Error> {
    let chat = body.chat;
    map.serialize_entry("model", body.upstream_model)?;
    map.serialize_entry("messages", &body.messages)?;
    // Words about tools are refused where there are none, and then say nothing anyway.
    let has_tools = !body.tools.is_empty();
    let choice = chat.tool_choice.as_ref();
    let choice = choice.filter(|choice| has_tools || !matches!(choice, ToolChoice::Auto | ToolChoice::None));
    set(map, "tools", has_tools.then_some(&body.tools))?;
    set(map, "tool_choice", choice.map(WireChoice))?;
    set(map, "parallel_tool_calls", chat.parallel_tool_calls.filter(|_| has_tools))?;
    set(map, "response_format", chat.format.as_ref().map(WireFormat::from))?;
    set(map, "reasoning_effort", body.effort)?;
    set(map, body.quirks.cap_field, chat.max_output_tokens)?;
    set(map, "stop", Some(&chat.stop).filter(|stop| !stop.is_empty()))?;
    set(map, "n", chat.answers.filter(|answers| *answers != 1))?;
    set(map, "temperature", chat.temperature.as_ref())?;
    set(map, "top_p", chat.top_p.as_ref())?;
    set(map, "top_k", chat.top_k.filter(|_| body.quirks.top_k))?;
    set(map, "frequency_penalty", chat.frequency_penalty.as_ref())?;
    set(map, "presence_penalty", chat.presence_penalty.as_ref())?;
    set(map, body.quirks.seed_field, chat.seed)?;
    set(map, "user", chat.user.as_deref())?;
    if chat.stream {
        map.serialize_entry("stream", &true)?;
        let options = serde_json::json!({"include_usage": true});
        set(map, "stream_options", body.quirks.include_usage.then_some(options))?;
    }
    Ok(())
}

fn set<M: SerializeMap>(map: &mut M, name: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}

#[cfg(test)]
mod tests;
