//! A client's body as far as every gateway must understand it: checked and weighed, or edited in place.

use bytes::Bytes;
use serde_json::{Value, value::RawValue};

use super::{
    fields::{Fields, says_nothing},
    item,
};
use crate::{
    Error,
    chat::{Origin, Seal},
    json::{self, Object},
    request::{Operation, Request, Size, Source},
    wire::Wire,
};

/// Reads a body of `/v1/responses`. Everything that is not looked at here stays untouched.
pub fn decode_request(body: Bytes) -> Result<Request, Error> {
    let text = std::str::from_utf8(&body).map_err(|_| Error::body("the request body is not UTF-8 text"))?;
    if !json::is_shallow(text) {
        return Err(Error::body(format!("the request body is nested deeper than {} levels", json::DEPTH_LIMIT)));
    }
    let top = Fields::top(text)?;
    let model = top.required("model")?;
    if model.is_empty() {
        return Err(top.missing("model"));
    }
    let stream = top.read("stream", "true or false")?.unwrap_or(false);
    let max_output = top.read("max_output_tokens", "a whole number")?;
    if top.read::<bool>("background", "true or false")?.unwrap_or(false) {
        // Its answer comes later and elsewhere: nobody here would see what it used.
        return Err(Error::unsupported("background", "a gateway that accounts for every call"));
    }
    let mut weight = Weight::default();
    weight.body(&top)?;
    Ok(Request {
        operation: Operation::Chat,
        model,
        stream,
        // Every terminal event of this wire carries usage.
        wants_usage: true,
        answers: 1,
        max_output,
        unsaid_limit: None,
        adapts: false,
        long_cache: weight.long_cache,
        metadata: metadata(&top)?,
        size: weight.size,
        source: Source::Body { wire: Wire::Responses, bytes: body.clone() },
    })
}

/// The client's own bytes with the upstream's model name. Reasoning that another provider signed, or that only we gave a
/// name, is left out: this upstream could neither read it nor find it.
pub fn for_upstream(body: &[u8], upstream_model: &str, _stream: bool) -> Result<String, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::body("the request body is not UTF-8 text"))?;
    let object = Object::parse(text).map_err(|problem| problem.about(None))?;
    let model = json::quote(upstream_model);
    Ok(match own_reasoning(&object) {
        Some(input) => object.with(&[("model", &model), ("input", &input)]),
        None => object.with(&[("model", &model)]),
    })
}

/// The input without foreign reasoning; `None` when there is none.
fn own_reasoning(object: &Object<'_>) -> Option<String> {
    let input = object.get("input").filter(|input| input.contains("\"reasoning\""))?;
    let items: Vec<&RawValue> = serde_json::from_str(input).ok()?;
    let kept: Vec<&str> = items.iter().map(|item| item.get()).filter(|item| !is_foreign_reasoning(item)).collect();
    (kept.len() < items.len()).then(|| format!("[{}]", kept.join(",")))
}

fn is_foreign_reasoning(raw: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(raw) else { return false };
    if item::said(&value, "type") != Some("reasoning") {
        return false;
    }
    let is_ours = item::said(&value, "id").is_some_and(|id| id.starts_with(item::OUR_REASONING));
    let is_foreign = item::said(&value, "encrypted_content").is_some_and(|data| {
        let own = Seal { origin: Origin::OpenAi, data: data.to_owned() };
        Seal::from_client(data, Some(Origin::OpenAi)) != Some(own)
    });
    is_ours || is_foreign
}

fn metadata(top: &Fields<'_>) -> Result<Vec<(String, String)>, Error> {
    let Some(pairs) = top.child("metadata")? else { return Ok(Vec::new()) };
    pairs.iter().map(|(name, _)| Ok((name.to_owned(), pairs.string(name)?.unwrap_or_default()))).collect()
}

/// Adds up everything that may become prompt text. What we do not know counts by the bytes of its JSON, which are never
/// fewer than those of its text.
#[derive(Default)]
struct Weight {
    size: Size,
    long_cache: bool,
}

/// Fields that never become prompt text.
const WEIGHTLESS: [&str; 6] = ["model", "input", "instructions", "stream", "store", "user"];
/// Fields that add to the prompt what cannot be seen from here.
const OPAQUE: [&str; 6] =
    ["context_management", "conversation", "max_tool_calls", "previous_response_id", "prompt", "truncation"];

impl Weight {
    fn body(&mut self, top: &Fields<'_>) -> Result<(), Error> {
        for (name, value) in top.iter().filter(|(name, _)| !WEIGHTLESS.contains(name)) {
            self.size.bytes += value.len() as u64;
            self.size.opaque |= OPAQUE.contains(&name) && !says_nothing(name, value);
        }
        if let Some(text) = top.string("instructions")? {
            self.size.messages += 1;
            self.size.text_bytes += text.len() as u64;
        }
        for (i, tool) in top.list("tools")?.into_iter().enumerate() {
            let tool = Fields::at(&format!("tools[{i}]"), tool.get())?;
            self.size.tools += 1;
            self.size.opaque |= tool.string("type")?.as_deref() != Some("function");
        }
        if let Some(options) = top.child("prompt_cache_options")? {
            self.lifetime(&options)?;
        }
        self.input(top)?;
        self.size.bytes += self.size.text_bytes;
        Ok(())
    }

    fn input(&mut self, top: &Fields<'_>) -> Result<(), Error> {
        let has_stored = ["conversation", "previous_response_id", "prompt"].iter().any(|name| top.raw(name).is_some());
        match top.raw("input") {
            None if has_stored => {}
            None => return Err(top.missing("input")),
            Some(raw) if raw.starts_with('"') => {
                self.size.messages += 1;
                self.size.text_bytes += top.required("input")?.len() as u64;
            }
            Some(raw) if raw.starts_with('[') => {
                let items = top.list("input")?;
                if items.is_empty() && !has_stored {
                    return Err(Error::invalid("input", "'input' must hold at least one item"));
                }
                for (i, item) in items.into_iter().enumerate() {
                    self.item(&Fields::at(&format!("input[{i}]"), item.get())?, item.get())?;
                }
            }
            Some(_) => return Err(top.invalid("input", "a string or a list of items")),
        }
        Ok(())
    }

    fn item(&mut self, item: &Fields<'_>, raw: &str) -> Result<(), Error> {
        self.size.messages += 1;
        match item.string("type")?.as_deref() {
            None if item.raw("role").is_some() => self.message(item),
            Some("message") => self.message(item),
            Some("function_call") => self.text(item, &["name", "arguments"]),
            Some("function_call_output") => self.content(item, "output"),
            Some("reasoning") => {
                let id = item.string("id")?.filter(|id| !id.starts_with(item::OUR_REASONING));
                let has_all = item.string("encrypted_content")?.is_some() || !item.list("content")?.is_empty();
                // Without its content the item stands for what the upstream keeps.
                self.size.opaque |= id.is_some() && !has_all;
                self.size.text_bytes += raw.len() as u64;
                Ok(())
            }
            _ => {
                self.size.bytes += raw.len() as u64;
                self.size.opaque = true;
                Ok(())
            }
        }
    }

    fn message(&mut self, item: &Fields<'_>) -> Result<(), Error> {
        item.required("role")?;
        self.content(item, "content")
    }

    fn text(&mut self, item: &Fields<'_>, names: &[&str]) -> Result<(), Error> {
        for name in names {
            self.size.text_bytes += item.string(name)?.unwrap_or_default().len() as u64;
        }
        Ok(())
    }

    fn content(&mut self, item: &Fields<'_>, name: &str) -> Result<(), Error> {
        match item.raw(name) {
            None => Ok(()),
            Some(raw) if raw.starts_with('"') => self.text(item, &[name]),
            Some(raw) if raw.starts_with('[') => {
                let path = item.path(name);
                for (i, part) in item.list(name)?.into_iter().enumerate() {
                    self.part(&Fields::at(&format!("{path}[{i}]"), part.get())?, part.get())?;
                }
                Ok(())
            }
            Some(_) => Err(item.invalid(name, "a string or a list of parts")),
        }
    }

    fn part(&mut self, part: &Fields<'_>, raw: &str) -> Result<(), Error> {
        if let Some(mark) = part.child("prompt_cache_breakpoint")? {
            self.lifetime(&mark)?;
        }
        match part.string("type")?.as_deref() {
            Some("input_text" | "output_text") => self.text(part, &["text"])?,
            Some("refusal") => self.text(part, &["refusal"])?,
            Some("input_image") => {
                self.size.images += 1;
                let url = part.string("image_url")?.unwrap_or_default();
                self.size.bytes += if url.starts_with("data:") { 0 } else { url.len() as u64 };
            }
            _ => {
                self.size.bytes += raw.len() as u64;
                self.size.opaque = true;
            }
        }
        Ok(())
    }

    fn lifetime(&mut self, mark: &Fields<'_>) -> Result<(), Error> {
        self.long_cache |= mark.string("ttl")?.as_deref() == Some("12h");
        Ok(())
    }
}

#[cfg(test)]
mod tests;
