//! Messages and their content blocks, and the system prompt.

use super::{
    super::{
        block::{redacted_seal, signature_seal},
        fields::{ELSEWHERE, Fields, items},
    },
    drop_field, marker, one_of,
};
use crate::{
    Error,
    chat::{Image, Message, Part, Role},
};

/// The system prompt and the conversation. The tool results of a user's turn become messages of their own, before the rest.
pub(super) fn messages(top: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Vec<Message>, Error> {
    let mut messages = Vec::new();
    if let Some(raw) = top.raw("system") {
        let parts = content(raw, "system", Role::System, dropped)?;
        push(&mut messages, Role::System, parts);
    }
    if top.raw("messages").is_none() {
        return Err(top.missing("messages"));
    }
    for (raw, path) in top.list("messages")? {
        let message = Fields::parse(raw, &path)?;
        message.only(&["role", "content"])?;
        let role = match message.need_string("role")?.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            _ => return Err(one_of(message.at("role"), "'user' or 'assistant'")),
        };
        let raw = message.raw("content").ok_or_else(|| message.missing("content"))?;
        let parts = content(raw, &message.at("content"), role, dropped)?;
        let (results, rest): (Vec<Part>, Vec<Part>) =
            parts.into_iter().partition(|part| matches!(part, Part::ToolResult { .. }));
        messages.extend(results.into_iter().map(|result| Message { role: Role::Tool, parts: vec![result] }));
        push(&mut messages, role, rest);
    }
    Ok(messages)
}

/// An empty list of blocks says nothing.
fn push(messages: &mut Vec<Message>, role: Role, parts: Vec<Part>) {
    if !parts.is_empty() {
        messages.push(Message { role, parts });
    }
}

fn content(raw: &str, path: &str, role: Role, dropped: &mut Vec<String>) -> Result<Vec<Part>, Error> {
    let wrong = || Error::invalid(path, format!("'{path}' must be a string or a list of content blocks"));
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(raw).map(|text| vec![Part::text(text)]).map_err(|_| wrong()),
        Some(b'[') => {
            let mut parts = Vec::new();
            for (raw, path) in items(raw, path)? {
                let block = Fields::parse(raw, &path)?;
                parts.extend(part(&block, role, dropped)?);
            }
            Ok(parts)
        }
        _ => Err(wrong()),
    }
}

/// `None` for a block that says nothing to anybody here. Inside of a tool result the role is `Tool`.
fn part(block: &Fields<'_>, role: Role, dropped: &mut Vec<String>) -> Result<Option<Part>, Error> {
    let kind = block.need_string("type")?;
    match (kind.as_str(), role) {
        ("text", _) => text(block).map(Some),
        ("image", Role::User | Role::Tool) => image(block).map(Some),
        ("tool_result", Role::User) => tool_result(block, dropped).map(Some),
        ("tool_use", Role::Assistant) => tool_use(block).map(Some),
        ("thinking", Role::Assistant) => thinking(block, dropped),
        ("redacted_thinking", Role::Assistant) => redacted_thinking(block, dropped),
        ("image" | "tool_result" | "tool_use" | "thinking" | "redacted_thinking", _) => {
            let path = block.at("type");
            let message = format!("'{path}' cannot be '{kind}' in this place");
            Err(Error::invalid(path, message))
        }
        // Documents, search results, work of the vendor's own tools, and what is newer than this version.
        _ => Err(vendors_own(block, &kind)),
    }
}

/// Names what only the vendor itself understands.
pub(super) fn vendors_own(fields: &Fields<'_>, kind: &str) -> Error {
    let path = fields.path();
    let message = format!("'{path}' ('{kind}') cannot be said to {ELSEWHERE}; leave it out or choose another model");
    Error::invalid(path, message)
}

fn text(block: &Fields<'_>) -> Result<Part, Error> {
    block.only(&["type", "text", "cache_control"])?;
    Ok(Part::Text { text: block.need_string("text")?, cache: marker(block)? })
}

fn image(block: &Fields<'_>) -> Result<Part, Error> {
    block.only(&["type", "source", "cache_control"])?;
    let source = block.object("source")?.ok_or_else(|| block.missing("source"))?;
    let image = match source.need_string("type")?.as_str() {
        "base64" => {
            source.only(&["type", "media_type", "data"])?;
            Image::Inline { media_type: source.need_string("media_type")?, data: source.need_string("data")? }
        }
        "url" => {
            source.only(&["type", "url"])?;
            Image::Url(source.need_string("url")?)
        }
        kind => return Err(vendors_own(&source, kind)),
    };
    Ok(Part::Image { image, detail: None, cache: marker(block)? })
}

fn tool_use(block: &Fields<'_>) -> Result<Part, Error> {
    block.only(&["type", "id", "name", "input", "cache_control", "caller"])?;
    if let Some(caller) = block.object("caller")?
        && caller.need_string("type")? != "direct"
    {
        return Err(Error::unsupported(caller.path(), ELSEWHERE));
    }
    let input = block.raw("input").ok_or_else(|| block.missing("input"))?;
    Fields::parse(input, &block.at("input"))?;
    Ok(Part::ToolCall {
        id: block.need_string("id")?,
        name: block.need_string("name")?,
        arguments: input.to_owned(),
        cache: marker(block)?,
    })
}

fn tool_result(block: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Part, Error> {
    block.only(&["type", "tool_use_id", "content", "is_error", "cache_control"])?;
    let content = match block.raw("content") {
        Some(raw) => content(raw, &block.at("content"), Role::Tool, dropped)?,
        None => Vec::new(),
    };
    Ok(Part::ToolResult {
        id: block.need_string("tool_use_id")?,
        content,
        is_error: block.boolean("is_error")?.unwrap_or(false),
        cache: marker(block)?,
    })
}

fn thinking(block: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Option<Part>, Error> {
    block.only(&["type", "thinking", "signature"])?;
    let text = block.need_string("thinking")?;
    let seal = signature_seal(&block.string("signature")?.unwrap_or_default());
    if text.is_empty() && seal.is_none() {
        drop_field(dropped, "reasoning");
        return Ok(None);
    }
    Ok(Some(Part::Reasoning { text, seal }))
}

fn redacted_thinking(block: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Option<Part>, Error> {
    block.only(&["type", "data"])?;
    let seal = redacted_seal(&block.need_string("data")?);
    if seal.is_none() {
        drop_field(dropped, "reasoning");
    }
    Ok(seal.map(|seal| Part::Reasoning { text: String::new(), seal: Some(seal) }))
}
