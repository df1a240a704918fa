//! The whole of a client's body in the neutral form, strictly: what another provider cannot be told is refused by name.

mod blocks;
mod options;

use super::{body::checked, fields::Fields};
use crate::{
    Error,
    chat::{Cache, ChatRequest, Decimal, Message, Part},
};

/// Every field that is read, somewhere below. Others are refused if they say anything.
const FIELDS: &[&str] = &[
    "cache_control",
    "context_management",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "output_config",
    "output_format",
    "service_tier",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

/// The whole body in the neutral form.
pub fn decode_chat(body: &[u8]) -> Result<ChatRequest, Error> {
    let top = Fields::parse(checked(body)?, "")?;
    top.only(FIELDS)?;
    let mut dropped = Vec::new();
    let (tool_choice, parallel_tool_calls) = options::tool_choice(&top)?;
    let mut chat = ChatRequest {
        model: top.need_string("model")?,
        messages: blocks::messages(&top, &mut dropped)?,
        tools: options::tools(&top, &mut dropped)?,
        tool_choice,
        parallel_tool_calls,
        format: options::format(&top)?,
        reasoning: options::reasoning(&top, &mut dropped)?,
        max_output_tokens: top.get("max_tokens", "a whole number")?,
        stop: top.get("stop_sequences", "a list of strings")?.unwrap_or_default(),
        temperature: number(&top, "temperature")?,
        top_p: number(&top, "top_p")?,
        top_k: top.get("top_k", "a whole number")?,
        user: options::user(&top, &mut dropped)?,
        stream: top.boolean("stream")?.unwrap_or(false),
        ..ChatRequest::default()
    };
    if top.string("service_tier")?.is_some_and(|tier| tier != "auto") {
        drop_field(&mut dropped, "service_tier");
    }
    options::context_management(&top)?;
    if let Some(cache) = marker(&top)? {
        mark_last(&mut chat.messages, cache);
    }
    chat.dropped = dropped;
    Ok(chat)
}

/// Notes a field of [`crate::wire::DROPPABLE`], once.
pub(super) fn drop_field(dropped: &mut Vec<String>, name: &str) {
    if !dropped.iter().any(|dropped| dropped == name) {
        dropped.push(name.to_owned());
    }
}

fn number(top: &Fields<'_>, name: &str) -> Result<Option<Decimal>, Error> {
    let wrong = |_| Error::invalid(name, format!("'{name}' must be a number"));
    top.raw(name).map_or(Ok(None), |raw| Decimal::parse(raw).map_err(wrong))
}

/// `cache_control` of a block, a tool or the whole request.
fn marker(fields: &Fields<'_>) -> Result<Option<Cache>, Error> {
    let Some(marker) = fields.object("cache_control")? else { return Ok(None) };
    marker.only(&["type", "ttl"])?;
    match marker.need_string("type")?.as_str() {
        "ephemeral" => {}
        _ => return Err(one_of(marker.at("type"), "'ephemeral'")),
    }
    match marker.string("ttl")?.as_deref() {
        None | Some("5m") => Ok(Some(Cache::Short)),
        Some("1h") => Ok(Some(Cache::Long)),
        Some(_) => Err(one_of(marker.at("ttl"), "'5m' or '1h'")),
    }
}

/// A marker of the whole request stands for one on its last block that can have one.
fn mark_last(messages: &mut [Message], cache: Cache) {
    let last =
        messages.iter_mut().rev().flat_map(|message| message.parts.iter_mut().rev()).find_map(|part| match part {
            Part::Text { cache, .. }
            | Part::Image { cache, .. }
            | Part::ToolCall { cache, .. }
            | Part::ToolResult { cache, .. } => Some(cache),
            Part::Reasoning { .. } => None,
        });
    if let Some(slot) = last {
        slot.get_or_insert(cache);
    }
}

fn one_of(path: String, words: &str) -> Error {
    let message = format!("'{path}' must be {words}");
    Error::invalid(path, message)
}

#[cfg(test)]
mod tests;
