//! A client's body: checked and weighed as far as every gateway must understand it, and edited in place for the vendor.

use bytes::Bytes;

use super::{
    block::is_ours,
    fields::{Fields, items},
};
use crate::{
    Error,
    json::{self, Object},
    request::{Operation, Request, Size, Source},
    wire::{Encoded, Wire},
};

/// What the vendor adds to the prompt for a tool of its own that the client runs: the longest documented is 735 tokens.
const VENDOR_TOOL_BYTES: u64 = 1_024;

/// Reads a body of `/v1/messages`. Everything else in it stays untouched.
pub fn decode_request(body: Bytes) -> Result<Request, Error> {
    let (scale, fields) = weigh(&body)?;
    let max_output = fields.max_tokens.ok_or_else(|| Error::invalid("max_tokens", "you must provide 'max_tokens'"))?;
    Ok(Request {
        operation: Operation::Chat,
        model: fields.model,
        stream: fields.stream,
        // Every answer of this wire tells its usage.
        wants_usage: true,
        answers: 1,
        max_output: Some(max_output),
        unsaid_limit: None,
        adapts: false,
        long_cache: scale.long_cache,
        metadata: Vec::new(),
        size: scale.size,
        source: Source::Body { wire: Wire::Anthropic, bytes: body },
    })
}

/// Reads a body of `/v1/messages/count_tokens`.
pub fn decode_count_request(body: Bytes) -> Result<Request, Error> {
    let (scale, fields) = weigh(&body)?;
    Ok(Request {
        operation: Operation::Count,
        model: fields.model,
        stream: false,
        wants_usage: true,
        answers: 1,
        max_output: None,
        unsaid_limit: None,
        adapts: false,
        long_cache: scale.long_cache,
        metadata: Vec::new(),
        size: scale.size,
        source: Source::Body { wire: Wire::AnthropicCount, bytes: body },
    })
}

/// The client's own bytes with the upstream's model name, and without thoughts of other vendors: the blocks that we wrote
/// ourselves are not the vendor's, and it would refuse them.
pub fn for_upstream(body: &[u8], upstream_model: &str) -> Result<Encoded, Error> {
    let text = text_of(body)?;
    let object = Object::parse(text).map_err(|problem| problem.about(None))?;
    let model = json::quote(upstream_model);
    let own = match object.get("messages") {
        Some(messages) if messages.contains("\"tg1.") => without_our_thoughts(messages)?,
        _ => None,
    };
    Ok(match own {
        Some(messages) => {
            // Where a budget is set, the vendor wants its own thoughts before the calls that are being answered.
            let has_budget = object.get("thinking").is_some_and(|thinking| thinking.contains("\"enabled\""));
            let mut changes = vec![("model", model.as_str()), ("messages", messages.as_str())];
            changes.extend(has_budget.then_some(("thinking", r#"{"type":"disabled"}"#)));
            Encoded { body: object.with(&changes), dropped: vec!["reasoning".to_owned()] }
        }
        None => Encoded { body: object.with(&[("model", &model)]), dropped: Vec::new() },
    })
}

/// The few fields that are read.
struct Known {
    model: String,
    stream: bool,
    max_tokens: Option<u32>,
}

fn text_of(body: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(body).map_err(|_| Error::body("the request body is not UTF-8 text"))
}

/// The body as text that a parser may see.
pub(super) fn checked(body: &[u8]) -> Result<&str, Error> {
    let text = text_of(body)?;
    if !json::is_shallow(text) {
        return Err(Error::body(format!("the request body is nested deeper than {} levels", json::DEPTH_LIMIT)));
    }
    Ok(text)
}

/// Adds up everything that may become prompt text. What we do not know counts by the bytes of its JSON, which are never
/// fewer than those of its text.
fn weigh(body: &[u8]) -> Result<(Scale, Known), Error> {
    let text = checked(body)?;
    let top = Fields::parse(text, "")?;
    let known = Known {
        model: top.string("model")?.filter(|model| !model.is_empty()).ok_or_else(|| top.missing("model"))?,
        stream: top.boolean("stream")?.unwrap_or(false),
        max_tokens: top.get("max_tokens", "a whole number")?,
    };
    if top.raw("messages").is_none() {
        return Err(top.missing("messages"));
    }
    let messages = top.list("messages")?;
    if messages.is_empty() {
        return Err(Error::invalid("messages", "'messages' must hold at least one message"));
    }
    let mut scale = Scale::default();
    scale.size.messages = u32::try_from(messages.len()).unwrap_or(u32::MAX);
    for (raw, path) in messages {
        scale.message(&Fields::parse(raw, &path)?)?;
    }
    if let Some(system) = top.raw("system") {
        scale.content(system, "system")?;
    }
    for (raw, path) in top.list("tools")? {
        scale.tool(raw, &path)?;
    }
    scale.marker(&top);
    scale.rest(&top);
    scale.size.bytes += scale.size.text_bytes;
    Ok((scale, known))
}

#[derive(Default)]
struct Scale {
    size: Size,
    long_cache: bool,
}

impl Scale {
    fn message(&mut self, message: &Fields<'_>) -> Result<(), Error> {
        message.need_string("role")?;
        match message.raw("content") {
            Some(content) => self.content(content, &message.at("content")),
            None => Err(message.missing("content")),
        }
    }

    fn content(&mut self, raw: &str, path: &str) -> Result<(), Error> {
        let wrong = || Error::invalid(path, format!("'{path}' must be a string or a list of content blocks"));
        match raw.as_bytes().first() {
            Some(b'"') => {
                let text: String = serde_json::from_str(raw).map_err(|_| wrong())?;
                self.size.text_bytes += text.len() as u64;
            }
            Some(b'[') => {
                for (raw, path) in items(raw, path)? {
                    self.block(raw, &path)?;
                }
            }
            _ => return Err(wrong()),
        }
        Ok(())
    }

    fn block(&mut self, raw: &str, path: &str) -> Result<(), Error> {
        let block = Fields::parse(raw, path)?;
        self.marker(&block);
        match block.need_string("type")?.as_str() {
            "text" => {
                self.size.text_bytes += block.need_string("text")?.len() as u64;
                self.size.bytes += block.raw("citations").map_or(0, str::len) as u64;
            }
            "image" => {
                self.size.images += 1;
                let source = block.object("source")?;
                self.size.bytes += source.and_then(|source| source.raw("url")).map_or(0, str::len) as u64;
            }
            "tool_use" => {
                let text = [block.raw("name"), block.raw("input")].into_iter().flatten();
                self.size.text_bytes += text.map(|raw| raw.len() as u64).sum::<u64>();
            }
            "tool_result" => {
                if let Some(content) = block.raw("content") {
                    self.content(content, &block.at("content"))?;
                }
            }
            "document" => self.document(&block, raw)?,
            "thinking" | "redacted_thinking" | "search_result" => self.size.bytes += raw.len() as u64,
            // Work of the vendor's own tools, stored files, and what is newer than this version.
            _ => self.size.opaque = true,
        }
        Ok(())
    }

    /// A document is as long as its text, if it is text.
    fn document(&mut self, block: &Fields<'_>, raw: &str) -> Result<(), Error> {
        let source = block.object("source")?;
        let is_text = match &source {
            Some(source) => matches!(source.string("type")?.as_deref(), Some("text")),
            None => false,
        };
        self.size.bytes += raw.len() as u64;
        self.size.opaque |= !is_text;
        Ok(())
    }

    fn tool(&mut self, raw: &str, path: &str) -> Result<(), Error> {
        let tool = Fields::parse(raw, path)?;
        self.marker(&tool);
        self.size.tools = self.size.tools.saturating_add(1);
        self.size.bytes += raw.len() as u64;
        let kind = tool.string("type")?.unwrap_or_default();
        let is_client_side =
            ["bash_", "text_editor_", "computer_", "memory_"].iter().any(|prefix| kind.starts_with(prefix));
        match kind.as_str() {
            "" | "custom" => {}
            _ if is_client_side => self.size.bytes += VENDOR_TOOL_BYTES,
            // The vendor runs it, and what it finds becomes input.
            _ => self.size.opaque = true,
        }
        Ok(())
    }

    fn marker(&mut self, fields: &Fields<'_>) {
        let Some(raw) = fields.raw("cache_control") else { return };
        self.long_cache |= Object::parse(raw).is_ok_and(|marker| marker.get("ttl") == Some("\"1h\""));
    }

    fn rest(&mut self, top: &Fields<'_>) {
        for name in top.names() {
            let length = top.raw(name).map_or(0, str::len) as u64;
            match name {
                "model" | "messages" | "system" | "tools" | "stream" | "max_tokens" | "metadata" | "cache_control" => {}
                "mcp_servers" | "container" | "thread" => self.size.opaque = true,
                // A compaction pass reads the conversation once more, as far as the window goes.
                "context_management" => {
                    self.size.opaque |= top.raw(name).is_some_and(|raw| raw.contains("compact"));
                    self.size.bytes += length;
                }
                _ => self.size.bytes += length,
            }
        }
    }
}

/// The messages without the blocks of thought that we wrote; `None` when there are none.
fn without_our_thoughts(messages: &str) -> Result<Option<String>, Error> {
    let mut kept_messages = Vec::new();
    let mut is_changed = false;
    for (raw, path) in items(messages, "messages")? {
        let message = Object::parse(raw).map_err(|problem| problem.about(Some(&path)))?;
        let content = message.get("content").filter(|content| content.starts_with('[') && content.contains("\"tg1."));
        let Some(content) = content else {
            kept_messages.push(raw.to_owned());
            continue;
        };
        let blocks = items(content, &format!("{path}.content"))?;
        let count = blocks.len();
        let kept: Vec<&str> = blocks.into_iter().map(|(raw, _)| raw).filter(|raw| !is_our_thought(raw)).collect();
        if kept.len() == count {
            kept_messages.push(raw.to_owned());
            continue;
        }
        is_changed = true;
        // A message of nothing else says nothing: the turns around it are combined by the vendor.
        if !kept.is_empty() {
            kept_messages.push(message.with(&[("content", &format!("[{}]", kept.join(",")))]));
        }
    }
    Ok(is_changed.then(|| format!("[{}]", kept_messages.join(","))))
}

fn is_our_thought(raw: &str) -> bool {
    let Ok(block) = Fields::parse(raw, "") else { return false };
    let sealed = match block.string("type").ok().flatten().as_deref() {
        Some("thinking") => block.string("signature"),
        Some("redacted_thinking") => block.string("data"),
        _ => return false,
    };
    sealed.ok().flatten().is_some_and(|sealed| is_ours(&sealed))
}

#[cfg(test)]
mod tests;
