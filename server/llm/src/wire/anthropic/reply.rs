//! Answers written for clients of this wire: one message with its content blocks, whole or as a stream.

mod stream;

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

pub use stream::StreamEncoder;

use super::block::{Block, push_thought, tool_id, tool_input};
use crate::{
    chat::Part,
    estimate,
    event::Response,
    frame::Envelope,
    tally::{InputTokens, OutputTokens, UsageReport},
};

#[derive(Serialize)]
struct Message<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block<'a>>,
    stop_reason: Option<Cow<'a, str>>,
    stop_sequence: Option<&'a str>,
    usage: Usage,
}

impl<'a> Message<'a> {
    fn new(envelope: &'a Envelope, content: Vec<Block<'a>>, stop_reason: Option<Cow<'a, str>>, usage: Usage) -> Self {
        Self {
            id: format!("msg_{}", envelope.id),
            kind: "message",
            role: "assistant",
            model: &envelope.model,
            content,
            stop_reason,
            stop_sequence: None,
            usage,
        }
    }
}

/// Input beside the cache, output with thinking.
#[derive(Serialize)]
struct Usage {
    input_tokens: u32,
    cache_creation_input_tokens: u32,
    cache_read_input_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation: Option<CacheCreation>,
    output_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Serialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: u32,
    ephemeral_1h_input_tokens: u32,
}

#[derive(Serialize)]
struct OutputDetails {
    thinking_tokens: u32,
}

impl Usage {
    /// What is not known is estimated: this wire demands numbers. `output_bytes` were written so far.
    fn new(report: Option<&UsageReport>, envelope: &Envelope, output_bytes: u64) -> Self {
        let estimate = InputTokens { input: envelope.input_estimate, ..InputTokens::default() };
        let input = report.and_then(|report| report.input).unwrap_or(estimate);
        let output = report.and_then(|report| report.output).unwrap_or_else(|| {
            let output = if output_bytes == 0 { 0 } else { estimate::local(output_bytes, 1) };
            OutputTokens { output, reasoning: 0 }
        });
        let written = input.cache_write_short.saturating_add(input.cache_write_long);
        Self {
            input_tokens: input.input,
            cache_creation_input_tokens: written,
            cache_read_input_tokens: input.cache_read,
            cache_creation: (written > 0).then_some(CacheCreation {
                ephemeral_5m_input_tokens: input.cache_write_short,
                ephemeral_1h_input_tokens: input.cache_write_long,
            }),
            output_tokens: output.output.saturating_add(output.reasoning),
            output_tokens_details: (output.reasoning > 0)
                .then_some(OutputDetails { thinking_tokens: output.reasoning }),
        }
    }
}

/// The wire's word for the end of an answer; the upstream's own where there is none.
fn stop_reason(reason: &str, has_calls: bool) -> Cow<'_, str> {
    Cow::Borrowed(match reason {
        // Some servers call it a stop when the model calls a tool.
        "tool_calls" => "tool_use",
        "stop" if has_calls => "tool_use",
        "stop" => "end_turn",
        "length" => "max_tokens",
        "content_filter" => "refusal",
        own => own,
    })
}

/// The id of a tool call; one of our own where the upstream gave none.
fn call_id<'a>(id: &'a str, slot: usize, envelope: &Envelope) -> Cow<'a, str> {
    if id.is_empty() { Cow::Owned(format!("toolu_{}_{slot}", envelope.id)) } else { tool_id(id) }
}

/// A complete answer. The wire has one; a request for more never gets here.
pub fn encode_whole(response: &Response, envelope: &Envelope) -> Bytes {
    let answer = response.answers.first();
    let parts = answer.map(|answer| answer.parts.as_slice()).unwrap_or_default();
    let mut content = Vec::new();
    let mut calls = 0;
    for part in parts {
        match part {
            Part::Text { text, .. } if !text.is_empty() => content.push(Block::Text { text, cache_control: None }),
            Part::Reasoning { text, seal } => push_thought(text, seal.as_ref(), &mut content),
            Part::ToolCall { id, name, arguments, .. } => {
                let id = call_id(id, calls, envelope);
                content.push(Block::ToolUse { id, name, input: tool_input(arguments), cache_control: None });
                calls += 1;
            }
            // No answer of any wire has these.
            Part::Text { .. } | Part::Image { .. } | Part::ToolResult { .. } => {}
        }
    }
    let said = answer.and_then(|answer| answer.finish_reason.as_deref());
    let stop_reason = match said {
        Some(reason) => Some(stop_reason(reason, calls > 0)),
        None => (calls > 0).then_some(Cow::Borrowed("tool_use")),
    };
    let output_bytes = response.visible_bytes() + response.reasoning_bytes();
    let usage = Usage::new(response.usage.as_ref(), envelope, output_bytes);
    json(&Message::new(envelope, content, stop_reason, usage)).into()
}

/// The answer of a token count, or the estimate that stands in for it.
pub fn encode_count(response: &Response, envelope: &Envelope) -> Bytes {
    #[derive(Serialize)]
    struct Counted {
        input_tokens: u32,
    }
    json(&Counted { input_tokens: response.counted.unwrap_or(envelope.input_estimate) }).into()
}

/// Our own types always have a JSON form.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
