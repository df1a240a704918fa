//! Request bodies of the OpenAI wire: checked and weighed here; edited, read in full and written below.
//!
//! The reading here is lenient: it is for requests whose bytes go on as they are.

mod adapt;
mod chat;
mod edit;
mod long_cache;
mod write;

pub use chat::decode_chat;
pub use edit::for_upstream;
pub(crate) use edit::without_field;
pub use write::encode_chat;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::{
    Error,
    json::{self, Object},
    request::{Operation, Request, Size, Source},
    wire::{Encoded, Wire},
};

use super::Quirks;

/// Reads a body of `/v1/chat/completions` as far as the gateway must understand it. Everything else stays untouched.
pub fn decode_request(body: Bytes) -> Result<Request, Error> {
    let text = text(&body)?;
    let object = Object::parse(text).map_err(|problem| problem.about(None))?;
    let model: String = read(&object, "model", "a string")?.ok_or_else(|| missing("model"))?;
    if model.is_empty() {
        return Err(missing("model"));
    }
    let stream = read(&object, "stream", "true or false")?.unwrap_or(false);
    let max_tokens: Option<u32> = read(&object, "max_tokens", "a whole number")?;
    let max_completion_tokens: Option<u32> = read(&object, "max_completion_tokens", "a whole number")?;
    let answers: u32 = read(&object, "n", "a whole number")?.unwrap_or(1);
    if answers == 0 {
        return Err(Error::invalid("n", "'n' must be at least 1"));
    }
    let size = weigh(&object)?;
    let wants_usage = wants_usage(&object)?;
    let metadata = metadata(&object)?;
    Ok(Request {
        operation: Operation::Chat,
        model,
        stream,
        wants_usage,
        answers,
        // Both may be set; the upstream picks one of them, so the greater is what can happen.
        max_output: max_tokens.max(max_completion_tokens),
        unsaid_limit: None,
        adapts: false,
        long_cache: long_cache::is_asked(text),
        metadata,
        size,
        source: Source::Body { wire: Wire::OpenAiChat, bytes: body.clone() },
    })
}

/// The body of a chat request for an upstream of the same wire: a client's own bytes with our fields replaced, or, where the
/// body is ours, in the words of that upstream.
pub fn upstream_body(request: &Request, body: &Bytes, upstream_model: &str, quirks: &Quirks) -> Result<Encoded, Error> {
    let limited = request.with_limit(body, quirks.cap_field)?;
    if !request.adapts {
        let body = for_upstream(&limited, upstream_model, request.stream, quirks)?;
        // A body whose bytes were kept drops nothing.
        return Ok(Encoded { body, dropped: Vec::new() });
    }
    let Encoded { body, dropped } = adapt::adapted(&limited, quirks)?;
    Ok(Encoded { body: for_upstream(body.as_bytes(), upstream_model, request.stream, quirks)?, dropped })
}

/// The body as text that a parser may see.
fn text(body: &[u8]) -> Result<&str, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::body("the request body is not UTF-8 text"))?;
    if !json::is_shallow(text) {
        return Err(Error::body(format!("the request body is nested deeper than {} levels", json::DEPTH_LIMIT)));
    }
    Ok(text)
}

fn missing(param: &str) -> Error {
    Error::invalid(param, format!("you must provide '{param}'"))
}

fn read<T: serde::de::DeserializeOwned>(object: &Object<'_>, name: &str, what: &str) -> Result<Option<T>, Error> {
    let Some(raw) = object.get(name) else { return Ok(None) };
    serde_json::from_str(raw).map(Some).map_err(|_| Error::invalid(name, format!("'{name}' must be {what}")))
}

fn wants_usage(object: &Object<'_>) -> Result<bool, Error> {
    let Some(raw) = object.get("stream_options") else { return Ok(false) };
    let options = Object::parse(raw).map_err(|problem| problem.about(Some("stream_options")))?;
    Ok(options.get("include_usage") == Some("true"))
}

fn metadata(object: &Object<'_>) -> Result<Vec<(String, String)>, Error> {
    let Some(raw) = object.get("metadata") else { return Ok(Vec::new()) };
    let pairs = Object::parse(raw).map_err(|problem| problem.about(Some("metadata")))?;
    let pair = |(name, raw): (&str, &str)| match serde_json::from_str::<String>(raw) {
        Ok(value) => Ok((name.to_owned(), value)),
        Err(_) => {
            let param = format!("metadata.{name}");
            Err(Error::invalid(&param, format!("'{param}' must be a string")))
        }
    };
    pairs.fields().map(pair).collect()
}

/// Adds up everything that may become prompt text. What we do not know counts by the bytes of its JSON, which are never
/// fewer than those of its text.
fn weigh(object: &Object<'_>) -> Result<Size, Error> {
    let raw = object.get("messages").ok_or_else(|| missing("messages"))?;
    let messages: Vec<&RawValue> =
        serde_json::from_str(raw).map_err(|_| Error::invalid("messages", "'messages' must be a list"))?;
    if messages.is_empty() {
        return Err(Error::invalid("messages", "'messages' must hold at least one message"));
    }
    let mut size = Size { messages: u32::try_from(messages.len()).unwrap_or(u32::MAX), ..Size::default() };
    for (i, message) in messages.iter().enumerate() {
        weigh_message(message.get(), &format!("messages[{i}]"), &mut size)?;
    }
    size.bytes += size.text_bytes;
    for (name, value) in object.fields().filter(|(name, _)| !matches!(*name, "model" | "messages" | "stream" | "user"))
    {
        size.bytes += value.len() as u64;
        if matches!(name, "tools" | "functions") {
            let count = serde_json::from_str::<Vec<&RawValue>>(value).map_or(0, |tools| tools.len());
            size.tools += u32::try_from(count).unwrap_or(u32::MAX);
        }
        size.opaque |= name == "web_search_options" && value != "null";
    }
    Ok(size)
}

fn weigh_message(raw: &str, param: &str, size: &mut Size) -> Result<(), Error> {
    let message = Object::parse(raw).map_err(|problem| problem.about(Some(param)))?;
    let role = message.get("role").unwrap_or("null");
    if serde_json::from_str::<String>(role).is_err() {
        return Err(Error::invalid(format!("{param}.role"), format!("'{param}.role' must be a string")));
    }
    for (name, value) in message.fields() {
        match name {
            "role" => {}
            "content" => weigh_content(value, &format!("{param}.content"), size)?,
            _ => size.bytes += value.len() as u64,
        }
    }
    Ok(())
}

fn weigh_content(raw: &str, param: &str, size: &mut Size) -> Result<(), Error> {
    let wrong = || Error::invalid(param, format!("'{param}' must be a string or a list of parts"));
    match raw.as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(raw).map_err(|_| wrong())?;
            size.text_bytes += text.len() as u64;
        }
        Some(b'[') => {
            let parts: Vec<&RawValue> = serde_json::from_str(raw).map_err(|_| wrong())?;
            for (i, part) in parts.iter().enumerate() {
                weigh_part(part.get(), &format!("{param}[{i}]"), size)?;
            }
        }
        _ if raw == "null" => {}
        _ => return Err(wrong()),
    }
    Ok(())
}

fn weigh_part(raw: &str, param: &str, size: &mut Size) -> Result<(), Error> {
    let part = Object::parse(raw).map_err(|problem| problem.about(Some(param)))?;
    match part.get("type") {
        Some(r#""text""#) => {
            let text: String = read(&part, "text", "a string")?.unwrap_or_default();
            size.text_bytes += text.len() as u64;
        }
        Some(r#""refusal""#) => size.bytes += raw.len() as u64,
        Some(r#""image_url""#) => size.images += 1,
        _ => size.opaque = true,
    }
    Ok(())
}

#[cfg(test)]
mod tests;
