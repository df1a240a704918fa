//! Messages and their parts.

use serde_json::Value;

use super::fields::Fields;
use crate::{
    Error,
    chat::{Cache, Image, Message, Part, Role},
    wire::openai::{details, note},
};

pub(super) fn read(fields: &mut Fields<'_>, dropped: &mut Vec<String>) -> Result<Vec<Message>, Error> {
    let messages = fields.list("messages")?;
    if messages.is_empty() {
        return Err(Error::invalid("messages", "'messages' must hold at least one message"));
    }
    messages.into_iter().map(|(raw, path)| message(raw, &path, dropped)).collect()
}

fn message(raw: &str, path: &str, dropped: &mut Vec<String>) -> Result<Message, Error> {
    let mut fields = Fields::parse(raw, path)?;
    let message = match fields.required::<String>("role", "a string")?.as_str() {
        "system" | "developer" => Message { role: Role::System, parts: content(&mut fields)? },
        "user" => Message { role: Role::User, parts: content(&mut fields)? },
        "assistant" => Message { role: Role::Assistant, parts: assistant(&mut fields, dropped)? },
        "tool" => Message { role: Role::Tool, parts: vec![tool_result(&mut fields)?] },
        "function" => return Err(fields.unsupported("role")),
        _ => return Err(fields.wrong("role", "one of system, developer, user, assistant, tool")),
    };
    // Some gateways read a marker of the whole message; there is no saying which of its parts is meant.
    if fields.raw("cache_control").is_some() {
        note(dropped, "cache_control");
    }
    fields.finish()?;
    Ok(message)
}

/// Content that must be there.
fn content(fields: &mut Fields<'_>) -> Result<Vec<Part>, Error> {
    match fields.raw("content") {
        Some(raw) => parts(raw, &fields.at("content")),
        None => Err(fields.missing("content")),
    }
}

fn parts(raw: &str, path: &str) -> Result<Vec<Part>, Error> {
    let wrong = || Error::invalid(path, format!("'{path}' must be a string or a list of parts"));
    if let Ok(text) = serde_json::from_str::<String>(raw) {
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(raw).map_err(|_| wrong())?;
    items.into_iter().enumerate().map(|(i, item)| part(item.get(), &format!("{path}[{i}]"))).collect()
}

fn part(raw: &str, path: &str) -> Result<Part, Error> {
    let mut fields = Fields::parse(raw, path)?;
    let part = match fields.required::<String>("type", "a string")?.as_str() {
        "text" => Part::Text { text: fields.required("text", "a string")?, cache: cache(&mut fields)? },
        "refusal" => Part::Text { text: fields.required("refusal", "a string")?, cache: cache(&mut fields)? },
        "image_url" => {
            let Some(mut image) = fields.object("image_url")? else { return Err(fields.missing("image_url")) };
            let part = Part::Image {
                image: address(&mut image)?,
                // What leaving it out means.
                detail: image.get::<String>("detail", "a string")?.filter(|detail| detail != "auto"),
                cache: cache(&mut fields)?,
            };
            image.finish()?;
            part
        }
        // OpenAI repeats the type as the name of the member that holds the thing.
        kind @ ("input_audio" | "file" | "video_url" | "audio_url") => return Err(fields.unsupported(kind)),
        _ => return Err(fields.unsupported("type")),
    };
    fields.finish()?;
    Ok(part)
}

fn address(fields: &mut Fields<'_>) -> Result<Image, Error> {
    let url: String = fields.required("url", "a string")?;
    let Some(rest) = url.strip_prefix("data:") else { return Ok(Image::Url(url)) };
    let (head, data) = rest.split_once(',').unwrap_or_default();
    let Some(head) = head.strip_suffix(";base64") else {
        return Err(fields.wrong("url", "an address or a data URL in base64"));
    };
    let media_type = head.split(';').next().unwrap_or_default();
    Ok(Image::Inline { media_type: media_type.to_owned(), data: data.to_owned() })
}

/// The cache marker of a part or a tool.
pub(super) fn cache(fields: &mut Fields<'_>) -> Result<Option<Cache>, Error> {
    let Some(mut marker) = fields.object("cache_control")? else { return Ok(None) };
    if marker.required::<String>("type", "a string")? != "ephemeral" {
        return Err(marker.wrong("type", "ephemeral"));
    }
    let cache = match marker.get::<String>("ttl", "a string")?.as_deref() {
        None | Some("5m") => Cache::Short,
        Some("1h") => Cache::Long,
        Some(_) => return Err(marker.wrong("ttl", "5m or 1h")),
    };
    marker.finish()?;
    Ok(Some(cache))
}

fn tool_result(fields: &mut Fields<'_>) -> Result<Part, Error> {
    // The id of the call says which tool it was.
    fields.raw("name");
    let id = fields.required("tool_call_id", "a string")?;
    Ok(Part::ToolResult { id, content: content(fields)?, is_error: false, cache: None })
}

fn assistant(fields: &mut Fields<'_>, dropped: &mut Vec<String>) -> Result<Vec<Part>, Error> {
    let mut texts = match fields.raw("content") {
        Some(raw) => parts(raw, &fields.at("content"))?,
        None => Vec::new(),
    };
    let refusal: Option<String> = fields.get("refusal", "a string")?;
    // OpenAI's own clients send back what they read out of the content.
    fields.raw("parsed");
    texts.extend(refusal.filter(|refusal| !refusal.is_empty()).map(Part::text));
    let calls: Vec<Part> =
        fields.list("tool_calls")?.into_iter().map(|(raw, path)| tool_call(raw, &path)).collect::<Result<_, _>>()?;
    let own: Option<String> = fields.get("reasoning_content", "a string")?;
    let copy: Option<String> = fields.get("reasoning", "a string")?;
    let details = thoughts(fields, dropped)?;
    Ok(details::arrange(own.or(copy).unwrap_or_default(), details, texts, calls))
}

fn thoughts(fields: &mut Fields<'_>, dropped: &mut Vec<String>) -> Result<Vec<details::Detail>, Error> {
    let mut entries = Vec::new();
    for (raw, path) in fields.list("reasoning_details")? {
        let kind = Fields::parse(raw, &path)?.required::<String>("type", "a string")?;
        if !details::TYPES.contains(&kind.as_str()) {
            return Err(Error::invalid(&path, format!("'{path}.type' must be one of {}", details::TYPES.join(", "))));
        }
        entries.push(serde_json::from_str::<Value>(raw).map_err(|_| fields.wrong("reasoning_details", "a list"))?);
    }
    let details = details::read(&entries);
    if details.iter().any(|detail| detail.is_lost) {
        note(dropped, "reasoning");
    }
    Ok(details)
}

fn tool_call(raw: &str, path: &str) -> Result<Part, Error> {
    let mut fields = Fields::parse(raw, path)?;
    let kind: Option<String> = fields.get("type", "a string")?;
    if kind.is_some_and(|kind| kind != "function") {
        return Err(fields.unsupported("type"));
    }
    // Left over from a stream's pieces.
    fields.raw("index");
    let Some(mut function) = fields.object("function")? else { return Err(fields.missing("function")) };
    // OpenAI's own clients send back what they read out of the arguments.
    function.raw("parsed_arguments");
    let call = Part::ToolCall {
        id: fields.required("id", "a string")?,
        name: function.required("name", "a string")?,
        arguments: function.get("arguments", "a string")?.unwrap_or_default(),
        cache: None,
    };
    function.finish()?;
    fields.finish()?;
    Ok(call)
}
