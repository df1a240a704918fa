//! A body for the vendor from the neutral form.

mod conversation;
mod options;

use serde::Serialize;

use super::{block::Content, block::Marker, read::drop_field};
use crate::{
    Error,
    chat::{ChatRequest, Decimal, Format, Message, Origin, Part, Role},
    wire::Encoded,
};

/// Whom an error names.
const VENDOR: &str = "Anthropic";
/// The limit of an answer when neither the client nor the model's entry has one: this wire demands one, and every current
/// model can write that much.
const DEFAULT_MAX_TOKENS: u32 = 8_192;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<Content<'a>>,
    messages: Vec<conversation::Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<options::Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<options::Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<options::OutputConfig<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

#[derive(Serialize)]
struct ToolBody<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: &'a serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Marker>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

/// A body from the neutral form.
pub fn encode_chat(chat: &ChatRequest, upstream_model: &str, max_output: Option<u32>) -> Result<Encoded, Error> {
    refuse(chat)?;
    let mut dropped = chat.dropped.clone();
    let max_tokens = chat.max_output_tokens.or(max_output).unwrap_or(DEFAULT_MAX_TOKENS);
    let mut reasoning = chat.reasoning.as_ref();
    if reasoning.is_some() && has_lost_thoughts(&chat.messages) {
        reasoning = None;
        drop_field(&mut dropped, "reasoning");
    }
    let thinking = options::thinking(reasoning, upstream_model, max_tokens, &mut dropped);
    let is_thinking = thinking.as_ref().is_some_and(options::Thinking::is_on);
    let sampling = options::sampling(chat, is_thinking, &mut dropped);
    let (system, messages) = conversation::write(&chat.messages, &mut dropped)?;
    let tools = chat.tools.iter().map(|tool| ToolBody {
        name: &tool.name,
        description: tool.description.as_deref(),
        input_schema: &tool.schema,
        strict: tool.strict,
        cache_control: tool.cache.map(Marker::from),
    });
    let body = Body {
        model: upstream_model,
        max_tokens,
        system,
        messages,
        tools: tools.collect(),
        tool_choice: options::choice(chat, is_thinking)?,
        output_config: options::output_config(chat, upstream_model, thinking.as_ref()),
        thinking,
        stop_sequences: &chat.stop,
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        top_k: sampling.top_k,
        metadata: chat.user.as_deref().map(|user_id| Metadata { user_id }),
        stream: chat.stream,
    };
    let body = serde_json::to_string(&body).map_err(|error| Error::body(error.to_string()))?;
    Ok(Encoded { body, dropped })
}

/// Is a tool loop under way whose thoughts the client did not keep, or that another vendor began? The vendor goes on
/// thinking only where its own signed thoughts stand before the calls.
fn has_lost_thoughts(messages: &[Message]) -> bool {
    let is_in_loop = messages.last().is_some_and(|message| message.role == Role::Tool);
    let turn = messages.iter().rfind(|message| message.role == Role::Assistant);
    let is_own =
        |part: &Part| matches!(part, Part::Reasoning { seal: Some(seal), .. } if seal.origin == Origin::Anthropic);
    is_in_loop && turn.is_some_and(|turn| !turn.parts.iter().any(is_own))
}

/// What this wire has no word for.
fn refuse(chat: &ChatRequest) -> Result<(), Error> {
    if chat.answers.is_some_and(|answers| answers > 1) {
        return Err(Error::unsupported("n", VENDOR));
    }
    if matches!(chat.format, Some(Format::Object)) {
        return Err(Error::unsupported("response_format", VENDOR));
    }
    // The vendor takes no stop sequence of white space alone.
    match chat.stop.iter().position(|stop| stop.trim().is_empty()) {
        Some(at) => Err(Error::unsupported(format!("stop[{at}]"), VENDOR)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
