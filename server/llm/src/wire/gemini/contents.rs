//! Messages as `contents` and `systemInstruction`.
//!
//! The results of one turn's calls stand in one content of the user, in the order of the calls: a call without an id finds
//! its result by name and order. What the user says next is a content of its own, so that a content of results has exactly
//! one result for each call, as the API demands.
//!
//! Thought signatures. A seal of ours stands before the part it belongs to and goes out on it; one with nothing behind it
//! goes out on an empty text, as it came. Gemini 3 refuses a turn whose first call is unsigned; for histories that lost the
//! signature or come from another model Google documents the stand-in [`UNSIGNED`] (guide "Thought signatures", FAQ).
//!
//! Images by URL go out as `fileData`: the API fetches public and signed URLs itself since January 2026 (guide "File input
//! methods"), except for models before 2.5.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    Dropped, VENDOR, is_made_id,
    parts::{Blob, FileData, FunctionCall, FunctionResponse, Piece, ResponsePart, media_type, object, outcome},
    thinking::Model,
};
use crate::{
    Error,
    chat::{Image, Message, Origin, Part, Role},
};

/// What stands for a thought signature that is lost.
const UNSIGNED: &str = "skip_thought_signature_validator";

#[derive(Debug, Serialize)]
pub(super) struct Content<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    parts: Vec<Piece<'a>>,
}

/// All that the messages say.
#[derive(Debug)]
pub(super) struct Said<'a> {
    pub(super) system: Option<Content<'a>>,
    pub(super) contents: Vec<Content<'a>>,
    pub(super) media_resolution: Option<&'static str>,
}

pub(super) fn write<'a>(messages: &'a [Message], model: Model<'_>, dropped: &mut Dropped) -> Result<Said<'a>, Error> {
    let mut writer = Writer {
        model,
        dropped,
        names: HashMap::new(),
        order: HashMap::new(),
        results: Vec::new(),
        system: Vec::new(),
        contents: Vec::new(),
        after_results: false,
        details: Vec::new(),
    };
    for (index, message) in messages.iter().enumerate() {
        writer.message(index, message)?;
    }
    writer.end_results();
    if model.is_at_least(3, 0) {
        writer.sign();
    }
    if writer.contents.is_empty() {
        return Err(Error::invalid(
            "messages",
            "Gemini needs a message of the user or the assistant that is not empty",
        ));
    }
    let media_resolution = media_resolution(&writer.details);
    let system = (!writer.system.is_empty()).then_some(Content { role: None, parts: writer.system });
    Ok(Said { system, contents: writer.contents, media_resolution })
}

struct Writer<'a, 'b> {
    model: Model<'b>,
    dropped: &'b mut Dropped,
    /// Names of all calls so far by id; the latest of an id counts.
    names: HashMap<&'a str, &'a str>,
    /// Places of the calls of the last turn of the model.
    order: HashMap<&'a str, usize>,
    /// Results of that turn, with the places of their calls.
    results: Vec<(usize, Piece<'a>)>,
    system: Vec<Piece<'a>>,
    contents: Vec<Content<'a>>,
    /// The last content holds results.
    after_results: bool,
    details: Vec<Option<&'a str>>,
}

impl<'a> Writer<'a, '_> {
    fn message(&mut self, index: usize, message: &'a Message) -> Result<(), Error> {
        match message.role {
            Role::System => self.system(index, message),
            Role::Tool => {
                message.parts.iter().enumerate().try_for_each(|(place, part)| self.result(index, place, part))
            }
            Role::User => {
                self.end_results();
                let parts = self.parts(index, message)?;
                self.add("user", parts);
                Ok(())
            }
            Role::Assistant => {
                self.end_results();
                if self.contents.last().is_none_or(|content| content.role != Some("model")) {
                    self.order.clear();
                }
                let parts = self.parts(index, message)?;
                self.add("model", parts);
                Ok(())
            }
        }
    }

    fn system(&mut self, index: usize, message: &'a Message) -> Result<(), Error> {
        if !self.contents.is_empty() || !self.results.is_empty() {
            return Err(Error::unsupported(format!("messages[{index}].role"), VENDOR));
        }
        for (place, part) in message.parts.iter().enumerate() {
            let Part::Text { text, cache } = part else { return Err(unsupported_part(index, place)) };
            self.mark(cache.is_some());
            if !text.is_empty() {
                self.system.push(Piece { text: Some(text), ..Piece::default() });
            }
        }
        Ok(())
    }

    /// Messages of one side in a row become one content.
    fn add(&mut self, role: &'static str, parts: Vec<Piece<'a>>) {
        if parts.is_empty() {
            return;
        }
        match self.contents.last_mut() {
            Some(last) if last.role == Some(role) && !self.after_results => last.parts.extend(parts),
            _ => self.contents.push(Content { role: Some(role), parts }),
        }
        self.after_results = false;
    }

    fn end_results(&mut self) {
        if self.results.is_empty() {
            return;
        }
        let mut results = std::mem::take(&mut self.results);
        results.sort_by_key(|(place, _)| *place);
        let parts = results.into_iter().map(|(_, piece)| piece).collect();
        self.contents.push(Content { role: Some("user"), parts });
        self.after_results = true;
    }

    /// The parts of one message. The API refuses an empty text that carries no signature, and it says nothing.
    fn parts(&mut self, index: usize, message: &'a Message) -> Result<Vec<Piece<'a>>, Error> {
        let mut pieces = Vec::new();
        let mut seal: Option<&'a str> = None;
        let mut calls = 0;
        for (place, part) in message.parts.iter().enumerate() {
            let piece = match part {
                Part::Text { text, cache } => {
                    self.mark(cache.is_some());
                    if text.is_empty() {
                        continue;
                    }
                    Piece { text: Some(text), ..Piece::default() }
                }
                Part::Image { image, detail, cache } => {
                    self.mark(cache.is_some());
                    self.details.push(detail.as_deref());
                    self.image(index, place, image)?
                }
                Part::Reasoning { text, seal: sealed } => {
                    let own = sealed.as_ref().filter(|sealed| sealed.origin == Origin::Gemini);
                    let Some(own) = own else {
                        self.dropped.add("reasoning");
                        continue;
                    };
                    pieces.extend(seal.replace(&own.data).map(Piece::signature));
                    if !text.is_empty() {
                        pieces.push(Piece { text: Some(text), thought: Some(true), ..Piece::default() });
                    }
                    continue;
                }
                Part::ToolCall { id, name, arguments, cache } => {
                    self.mark(cache.is_some());
                    let function_call = Some(self.call(index, calls, (id, name, arguments))?);
                    calls += 1;
                    Piece { function_call, ..Piece::default() }
                }
                Part::ToolResult { .. } => return Err(unsupported_part(index, place)),
            };
            pieces.push(Piece { thought_signature: seal.take(), ..piece });
        }
        pieces.extend(seal.map(Piece::signature));
        Ok(pieces)
    }

    fn image(&self, index: usize, place: usize, image: &'a Image) -> Result<Piece<'a>, Error> {
        match image {
            Image::Inline { media_type, data } => {
                Ok(Piece { inline_data: Some(Blob { mime_type: media_type, data }), ..Piece::default() })
            }
            Image::Url(url)
                if !self.model.is_before(2, 5) && (url.starts_with("https://") || url.starts_with("http://")) =>
            {
                let file_data = Some(FileData { mime_type: media_type(url), file_uri: url });
                Ok(Piece { file_data, ..Piece::default() })
            }
            Image::Url(_) => Err(Error::unsupported(format!("messages[{index}].content[{place}].image_url"), VENDOR)),
        }
    }

    fn call(
        &mut self,
        index: usize,
        place: usize,
        (id, name, arguments): (&'a str, &'a str, &'a str),
    ) -> Result<FunctionCall<'a>, Error> {
        let text = if arguments.trim().is_empty() { "{}" } else { arguments };
        let args = object(text).ok_or_else(|| {
            let param = format!("messages[{index}].tool_calls[{place}].function.arguments");
            Error::invalid(param, "the arguments of a call must be a JSON object")
        })?;
        self.names.insert(id, name);
        self.order.insert(id, self.order.len());
        Ok(FunctionCall { id: given(id), name, args })
    }

    fn result(&mut self, index: usize, place: usize, part: &'a Part) -> Result<(), Error> {
        let Part::ToolResult { id, content, is_error, cache } = part else {
            return Err(unsupported_part(index, place));
        };
        self.mark(cache.is_some());
        let Some(name) = self.names.get(id.as_str()).copied() else {
            let param = format!("messages[{index}].tool_call_id");
            return Err(Error::invalid(param, format!("no call before this message has the id '{id}'")));
        };
        let mut texts: Vec<&'a str> = Vec::new();
        let mut parts = Vec::new();
        for (place, part) in content.iter().enumerate() {
            match part {
                Part::Text { text, cache } => {
                    self.mark(cache.is_some());
                    texts.push(text);
                }
                // Only Gemini 3 and later read images in results.
                Part::Image { image: Image::Inline { media_type, data }, detail, cache }
                    if !self.model.is_before(3, 0) =>
                {
                    self.mark(cache.is_some());
                    self.details.push(detail.as_deref());
                    parts.push(ResponsePart { inline_data: Blob { mime_type: media_type, data } });
                }
                _ => return Err(unsupported_part(index, place)),
            }
        }
        let response = outcome(&texts, *is_error);
        let place = self.order.get(id.as_str()).copied().unwrap_or(usize::MAX);
        let function_response = Some(FunctionResponse { id: given(id), name, response, parts });
        self.results.push((place, Piece { function_response, ..Piece::default() }));
        Ok(())
    }

    /// The first call of each turn needs a signature.
    fn sign(&mut self) {
        for content in self.contents.iter_mut().filter(|content| content.role == Some("model")) {
            if let Some(first) = content.parts.iter_mut().find(|piece| piece.function_call.is_some()) {
                first.thought_signature.get_or_insert(UNSIGNED);
            }
        }
    }

    fn mark(&mut self, is_cached: bool) {
        if is_cached {
            self.dropped.add("cache_control");
        }
    }
}

fn unsupported_part(index: usize, place: usize) -> Error {
    Error::unsupported(format!("messages[{index}].content[{place}]"), VENDOR)
}

/// The id as the API knows it: ours it never saw.
fn given(id: &str) -> Option<&str> {
    Some(id).filter(|id| !id.is_empty() && !is_made_id(id))
}

/// How closely images are looked at is set for the whole request: as closely as any of them asks for, and coarsely only if
/// all of them do.
fn media_resolution(details: &[Option<&str>]) -> Option<&'static str> {
    if details.contains(&Some("high")) {
        return Some("MEDIA_RESOLUTION_HIGH");
    }
    (!details.is_empty() && details.iter().all(|detail| *detail == Some("low"))).then_some("MEDIA_RESOLUTION_LOW")
}

#[cfg(test)]
mod tests;
