//! Input items as messages. What the model said in one turn (text, reasoning, calls) is one assistant message.

use super::{Fields, note, objects};
use crate::{
    Error,
    chat::{Cache, ChatRequest, Message, Part, Role},
    wire::responses::item,
};

/// Appends the input to the messages. `lifetime` holds for cache marks that state none.
pub fn read(top: &Fields<'_>, lifetime: Cache, chat: &mut ChatRequest) -> Result<(), Error> {
    let raw = top.raw("input").ok_or_else(|| top.missing("input"))?;
    if raw.starts_with('"') {
        chat.messages.push(Message::text(Role::User, top.required("input")?));
        return Ok(());
    }
    if !raw.starts_with('[') {
        return Err(top.invalid("input", "a string or a list of items"));
    }
    for item in objects("input", top.list("input")?)? {
        match item.string("type")?.as_deref() {
            None if item.raw("role").is_some() => message(&item, lifetime, chat)?,
            Some("message") => message(&item, lifetime, chat)?,
            Some("function_call") => {
                let part = call(&item)?;
                assistant(chat).push(part);
            }
            Some("function_call_output") => {
                let parts = vec![result(&item, lifetime)?];
                chat.messages.push(Message { role: Role::Tool, parts });
            }
            Some("reasoning") => match reasoning(&item)? {
                Some(part) => assistant(chat).push(part),
                None => note(&mut chat.dropped, "reasoning"),
            },
            // An id alone is a reference into what the upstream keeps.
            None => return Err(item.foreign("type", "item_reference")),
            Some(other) => return Err(item.foreign("type", other)),
        }
    }
    Ok(())
}

/// The turn of the model that is being read.
fn assistant(chat: &mut ChatRequest) -> &mut Vec<Part> {
    if chat.messages.last().is_none_or(|last| last.role != Role::Assistant) {
        chat.messages.push(Message { role: Role::Assistant, parts: Vec::new() });
    }
    let last = chat.messages.len() - 1;
    &mut chat.messages[last].parts
}

fn message(item: &Fields<'_>, lifetime: Cache, chat: &mut ChatRequest) -> Result<(), Error> {
    item.only(&["type", "id", "role", "content", "status", "phase"])?;
    let role = match item.required("role")?.as_str() {
        "user" => Role::User,
        "system" | "developer" => Role::System,
        "assistant" => Role::Assistant,
        _ => return Err(item.invalid("role", "'user', 'system', 'developer' or 'assistant'")),
    };
    let mut parts = content(item, "content", lifetime)?;
    if role == Role::Assistant {
        parts.retain(|part| !matches!(part, Part::Text { text, .. } if text.is_empty()));
        if !parts.is_empty() {
            assistant(chat).append(&mut parts);
        }
        return Ok(());
    }
    if parts.is_empty() {
        return Err(item.invalid("content", "a string or a list of at least one part"));
    }
    chat.messages.push(Message { role, parts });
    Ok(())
}

fn content(item: &Fields<'_>, name: &str, lifetime: Cache) -> Result<Vec<Part>, Error> {
    match item.raw(name) {
        None => Err(item.missing(name)),
        Some(raw) if raw.starts_with('"') => Ok(vec![Part::text(item.required(name)?)]),
        Some(raw) if raw.starts_with('[') => {
            let parts = objects(&item.path(name), item.list(name)?)?;
            parts.iter().map(|fields| part(fields, lifetime)).collect()
        }
        Some(_) => Err(item.invalid(name, "a string or a list of parts")),
    }
}

fn part(part: &Fields<'_>, lifetime: Cache) -> Result<Part, Error> {
    match part.required("type")?.as_str() {
        "input_text" => {
            part.only(&["type", "text", "prompt_cache_breakpoint"])?;
            Ok(Part::Text { text: part.required("text")?, cache: mark(part, lifetime)? })
        }
        // What an answer adds to its text is about the text, and in it.
        "output_text" => {
            part.only(&["type", "text", "annotations", "logprobs"])?;
            Ok(Part::text(part.required("text")?))
        }
        "refusal" => {
            part.only(&["type", "refusal"])?;
            Ok(Part::text(part.required("refusal")?))
        }
        "input_image" => {
            part.only(&["type", "image_url", "detail", "prompt_cache_breakpoint"])?;
            let url = part.required("image_url")?;
            let detail = part.string("detail")?.filter(|detail| detail != "auto");
            Ok(Part::Image { image: item::image(&url), detail, cache: mark(part, lifetime)? })
        }
        other => Err(part.foreign("type", other)),
    }
}

fn mark(part: &Fields<'_>, lifetime: Cache) -> Result<Option<Cache>, Error> {
    part.child("prompt_cache_breakpoint")?.map(|mark| self::lifetime(&mark, lifetime)).transpose()
}

pub fn lifetime(mark: &Fields<'_>, otherwise: Cache) -> Result<Cache, Error> {
    match mark.string("ttl")?.as_deref() {
        None => Ok(otherwise),
        Some("30m") => Ok(Cache::Short),
        Some("12h") => Ok(Cache::Long),
        Some(_) => Err(mark.invalid("ttl", "'30m' or '12h'")),
    }
}

fn call(item: &Fields<'_>) -> Result<Part, Error> {
    item.only(&["type", "id", "call_id", "name", "arguments", "status"])?;
    Ok(Part::ToolCall {
        id: item.required("call_id")?,
        name: item.required("name")?,
        arguments: item.required("arguments")?,
        cache: None,
    })
}

fn result(item: &Fields<'_>, lifetime: Cache) -> Result<Part, Error> {
    item.only(&["type", "id", "call_id", "name", "output", "status"])?;
    let content = content(item, "output", lifetime)?;
    Ok(Part::ToolResult { id: item.required("call_id")?, content, is_error: false, cache: None })
}

/// `None` for a mere reference to reasoning that its upstream keeps.
fn reasoning(item: &Fields<'_>) -> Result<Option<Part>, Error> {
    item.only(&["type", "id", "summary", "content", "encrypted_content", "status"])?;
    let mut whole = serde_json::Map::new();
    for name in ["summary", "content"] {
        for part in objects(&item.path(name), item.list(name)?)? {
            part.required("text")?;
        }
        whole.insert(name.to_owned(), item.read(name, "a list")?.unwrap_or_default());
    }
    let text = item::reasoning_text(&whole.into());
    let id = item.string("id")?;
    let encrypted = item.string("encrypted_content")?.filter(|text| !text.is_empty());
    let seal = encrypted.and_then(|encrypted| item::seal(id.as_deref(), &encrypted));
    Ok((!text.is_empty() || seal.is_some()).then_some(Part::Reasoning { text, seal }))
}
