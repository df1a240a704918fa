//! Messages of the neutral form on the wire.

use std::borrow::Cow;

use serde::Serialize;

use super::{Marker, Markers};
use crate::{
    Error,
    chat::{Image, Message, Part, Role},
    wire::openai::note,
};

/// Whom it is said to, in a refusal.
const TARGET: &str = "the OpenAI chat API";

#[derive(Default, Serialize)]
pub(super) struct WireMessage<'a> {
    role: &'static str,
    /// `null` stands beside tool calls alone.
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Pieces(Vec<Piece<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece<'a> {
    Text {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Marker>,
    },
    ImageUrl {
        image_url: ImageUrl<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<Marker>,
    },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

#[derive(Serialize)]
struct WireCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: CalledFunction<'a>,
}

#[derive(Serialize)]
struct CalledFunction<'a> {
    name: &'a str,
    arguments: &'a str,
}

pub(super) fn write<'a>(messages: &'a [Message], markers: &mut Markers) -> Result<Vec<WireMessage<'a>>, Error> {
    let mut written = Vec::with_capacity(messages.len());
    for (i, message) in messages.iter().enumerate() {
        let path = format!("messages[{i}]");
        match message.role {
            Role::System => written.push(plain("system", &message.parts, &path, markers)?),
            Role::User => written.push(user(&message.parts, &path, markers)?),
            Role::Assistant => written.push(assistant(&message.parts, &path, markers)?),
            Role::Tool => {
                for part in &message.parts {
                    written.push(tool(part, &path, markers)?);
                }
            }
        }
    }
    Ok(written)
}

fn refused(path: &str, i: usize) -> Error {
    Error::unsupported(format!("{path}.content[{i}]"), TARGET)
}

/// A message of nothing but text.
fn plain<'a>(
    role: &'static str,
    parts: &'a [Part],
    path: &str,
    markers: &mut Markers,
) -> Result<WireMessage<'a>, Error> {
    let pieces = parts.iter().enumerate().map(|(i, part)| text(part, markers).ok_or_else(|| refused(path, i)));
    let content = content(pieces.collect::<Result<_, _>>()?, "\n\n");
    Ok(WireMessage { role, content: Some(content), ..WireMessage::default() })
}

fn user<'a>(parts: &'a [Part], path: &str, markers: &mut Markers) -> Result<WireMessage<'a>, Error> {
    let mut pieces = Vec::with_capacity(parts.len());
    for (i, part) in parts.iter().enumerate() {
        let piece = text(part, markers).or_else(|| image(part, markers));
        pieces.push(piece.ok_or_else(|| refused(path, i))?);
    }
    Ok(WireMessage { role: "user", content: Some(content(pieces, "\n\n")), ..WireMessage::default() })
}

fn assistant<'a>(parts: &'a [Part], path: &str, markers: &mut Markers) -> Result<WireMessage<'a>, Error> {
    let (mut pieces, mut tool_calls) = (Vec::new(), Vec::new());
    let mut thoughts = None;
    // Thoughts of another vendor carry its seal; these never had one.
    let keeps = markers.keeps_thoughts && parts.iter().any(|part| matches!(part, Part::ToolCall { .. }));
    for (i, part) in parts.iter().enumerate() {
        match part {
            Part::Text { .. } => pieces.extend(text(part, markers)),
            Part::Reasoning { text, seal: None } if keeps => thoughts.get_or_insert_with(String::new).push_str(text),
            Part::Reasoning { .. } => note(&mut markers.dropped, "reasoning"),
            Part::ToolCall { id, name, arguments, cache } => {
                if cache.is_some() {
                    note(&mut markers.dropped, "cache_control");
                }
                tool_calls.push(WireCall { id, r#type: "function", function: CalledFunction { name, arguments } });
            }
            Part::Image { .. } | Part::ToolResult { .. } => return Err(refused(path, i)),
        }
    }
    // Its texts are pieces of one answer: they stand as close together as the reader saw them.
    let content = (!pieces.is_empty() || tool_calls.is_empty()).then(|| content(pieces, ""));
    Ok(WireMessage { role: "assistant", content, reasoning_content: thoughts, tool_calls, tool_call_id: None })
}

fn tool<'a>(part: &'a Part, path: &str, markers: &mut Markers) -> Result<WireMessage<'a>, Error> {
    let Part::ToolResult { id, content: parts, is_error, cache } = part else {
        return Err(Error::unsupported(format!("{path}.role"), TARGET));
    };
    let mut pieces = Vec::with_capacity(parts.len() + 1);
    if *is_error {
        // There is no field for it, and the model must not take a failure for a result.
        pieces.push(Piece::Text { text: "Error:", cache_control: None });
    }
    for (i, part) in parts.iter().enumerate() {
        pieces.push(text(part, markers).ok_or_else(|| refused(path, i))?);
    }
    if let Some(marker) = markers.write(*cache) {
        match pieces.last_mut() {
            Some(Piece::Text { cache_control, .. } | Piece::ImageUrl { cache_control, .. }) => {
                cache_control.get_or_insert(marker);
            }
            None => note(&mut markers.dropped, "cache_control"),
        }
    }
    let content = Some(content(pieces, "\n\n"));
    Ok(WireMessage { role: "tool", content, tool_call_id: Some(id), ..WireMessage::default() })
}

fn text<'a>(part: &'a Part, markers: &mut Markers) -> Option<Piece<'a>> {
    let Part::Text { text, cache } = part else { return None };
    Some(Piece::Text { text, cache_control: markers.write(*cache) })
}

fn image<'a>(part: &'a Part, markers: &mut Markers) -> Option<Piece<'a>> {
    let Part::Image { image, detail, cache } = part else { return None };
    let url = match image {
        Image::Url(url) => Cow::from(url),
        Image::Inline { media_type, data } => Cow::from(format!("data:{media_type};base64,{data}")),
    };
    let image_url = ImageUrl { url, detail: detail.as_deref() };
    Some(Piece::ImageUrl { image_url, cache_control: markers.write(*cache) })
}

/// One string where it can be: many compatible servers refuse lists.
fn content<'a>(pieces: Vec<Piece<'a>>, between: &str) -> Content<'a> {
    let is_plain = |piece: &Piece<'a>| matches!(piece, Piece::Text { cache_control: None, .. });
    if !pieces.iter().all(is_plain) {
        return Content::Pieces(pieces);
    }
    let text = |piece: &Piece<'a>| match piece {
        Piece::Text { text, .. } => *text,
        Piece::ImageUrl { .. } => "",
    };
    match pieces.as_slice() {
        [one] => Content::Text(Cow::from(text(one))),
        several => Content::Text(Cow::from(several.iter().map(text).collect::<Vec<_>>().join(between))),
    }
}
