//! The wire of OpenAI's embeddings: texts in, vectors out, as numbers or as base64 of little-endian 32-bit floats.
//!
//! Source: the embeddings reference of the OpenAI API. Vectors are never computed with, only carried.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Error, Request,
    event::Response,
    frame::Envelope,
    json,
    request::{Operation, Size, Source},
    tally::{OutputTokens, UsageReport},
    wire::{
        DROPPABLE, Wire,
        fields::{self, Texts},
        openai::{Quirks, report},
    },
};

/// Path below a base URL such as `https://api.example.com/v1`.
pub const PATH: &str = "/embeddings";

/// Bytes of one component of a vector.
const COMPONENT: usize = size_of::<f32>();

/// Reads a client's body as far as the gateway must understand it.
pub fn decode_request(body: Bytes) -> Result<Request, Error> {
    let text = fields::text(&body)?;
    let object = fields::object(text)?;
    let model = fields::model(&object)?;
    let input = Texts::read(object.get("input").ok_or_else(|| fields::missing("input"))?, "input")?;
    encoding_format(&object)?;
    fields::read::<u32>(&object, "dimensions", "a whole number")?;
    let is_weighed =
        |name: &str| matches!(name, "model" | "input" | "encoding_format" | "dimensions" | "user" | "stream");
    let others = object.fields().filter(|(name, _)| !is_weighed(name)).map(|(_, value)| value.len() as u64);
    let size = Size {
        bytes: input.bytes() + others.sum::<u64>(),
        text_bytes: input.bytes(),
        messages: input.count(),
        inputs: input.count(),
        opaque: matches!(input, Texts::Tokens(_)),
        ..Size::default()
    };
    Ok(Request {
        operation: Operation::Embed,
        model,
        stream: false,
        wants_usage: true,
        answers: 1,
        // Vectors are no output tokens.
        max_output: Some(0),
        unsaid_limit: None,
        adapts: false,
        long_cache: false,
        metadata: Vec::new(),
        size,
        source: Source::Body { wire: Wire::Embeddings, bytes: body.clone() },
    })
}

fn encoding_format(object: &json::Object<'_>) -> Result<bool, Error> {
    match fields::read::<String>(object, "encoding_format", "'float' or 'base64'")?.as_deref() {
        None | Some("float") => Ok(false),
        Some("base64") => Ok(true),
        Some(_) => Err(Error::invalid("encoding_format", "'encoding_format' must be 'float' or 'base64'")),
    }
}

/// Does this body ask for vectors as base64? What [`Envelope::base64`] is filled from.
pub fn wants_base64(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    json::Object::parse(text).is_ok_and(|object| encoding_format(&object) == Ok(true))
}

/// The client's own bytes with only our fields replaced.
pub fn for_upstream(body: &[u8], upstream_model: &str) -> Result<String, Error> {
    let object = fields::object(fields::text(body)?)?;
    Ok(object.with(&[("model", &json::quote(upstream_model))]))
}

/// What is asked for, for a provider whose embeddings are of another wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedRequest {
    pub inputs: Vec<String>,
    pub dimensions: Option<u32>,
    /// The client wants its vectors as base64.
    pub base64: bool,
    /// Fields left out because [`DROPPABLE`] allows it.
    pub dropped: Vec<String>,
}

/// The whole body in a form that any provider can be asked in.
pub fn decode_inputs(body: &[u8]) -> Result<EmbedRequest, Error> {
    const ELSEWHERE: &str = "another provider's API";
    let object = fields::object(fields::text(body)?)?;
    let inputs = match Texts::read(object.get("input").ok_or_else(|| fields::missing("input"))?, "input")? {
        Texts::One(text) => vec![text],
        Texts::Many(texts) => texts,
        Texts::Tokens(_) => return Err(Error::unsupported("input[0]", ELSEWHERE)),
    };
    let mut dropped = Vec::new();
    for (name, raw) in object.fields() {
        match name {
            "model" | "input" | "dimensions" | "encoding_format" => {}
            _ if fields::is_default(raw, "null") => {}
            _ if DROPPABLE.contains(&name) => dropped.push(name.to_owned()),
            _ => return Err(Error::unsupported(name, ELSEWHERE)),
        }
    }
    let dimensions = fields::read(&object, "dimensions", "a whole number")?;
    Ok(EmbedRequest { inputs, dimensions, base64: encoding_format(&object)?, dropped })
}

#[derive(Deserialize)]
struct Whole {
    model: Option<String>,
    data: Vec<Item>,
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    index: u32,
    embedding: Vector,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vector {
    Base64(String),
    Numbers(Vec<f32>),
}

impl Vector {
    fn numbers(self) -> Option<Vec<f32>> {
        let text = match self {
            Self::Numbers(numbers) => return Some(numbers),
            Self::Base64(text) => text,
        };
        let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.len().is_multiple_of(COMPONENT))?;
        let component = |bytes: &[u8]| bytes.try_into().map(f32::from_le_bytes).ok();
        bytes.chunks_exact(COMPONENT).map(component).collect()
    }
}

/// Reads a complete answer. A body that is not one is [`Error::Foreign`].
pub fn decode_whole(body: &[u8], quirks: &Quirks) -> Result<Response, Error> {
    let foreign = Error::Foreign { expected: "a list of embeddings" };
    let mut whole: Whole = serde_json::from_slice(body).map_err(|_| foreign.clone())?;
    whole.data.sort_by_key(|item| item.index);
    let vectors: Option<Vec<Vec<f32>>> = whole.data.into_iter().map(|item| item.embedding.numbers()).collect();
    let usage = whole.usage.as_ref().and_then(|value| report(value, true, quirks)).map(without_output);
    Ok(Response { model: whole.model, vectors: vectors.ok_or(foreign)?, usage, ..Response::default() })
}

/// Nothing is written by an embedding model: the output side is known to be zero wherever the input side is known.
fn without_output(report: UsageReport) -> UsageReport {
    let output = report.input.map(|_| OutputTokens::default());
    UsageReport { output, ..report }
}

/// A complete answer for a client, its vectors as the client asked for them.
///
/// The dialect has no answer without usage: where the upstream tells none, the estimate stands in, and the header
/// `x-tallygate-usage-source` says so.
pub fn encode_whole(response: &Response, envelope: &Envelope) -> Bytes {
    let reported = response.usage.as_ref().and_then(|usage| usage.input);
    let tokens = reported.map_or(u64::from(envelope.input_estimate), |input| {
        [input.input, input.cache_read, input.cache_write_short, input.cache_write_long]
            .into_iter()
            .map(u64::from)
            .sum()
    });
    let data = response.vectors.iter().enumerate().map(|(index, vector)| {
        let embedding = if envelope.base64 { Components::Base64(base64(vector)) } else { Components::Numbers(vector) };
        Embedding { object: "embedding", index, embedding }
    });
    let usage = Tokens { prompt_tokens: tokens, total_tokens: tokens };
    let answer = Answer { object: "list", data: data.collect(), model: &envelope.model, usage };
    // Plain data with text keys: there is nothing in it that cannot be written.
    Bytes::from(serde_json::to_vec(&answer).unwrap_or_default())
}

#[derive(Serialize)]
struct Answer<'a> {
    object: &'static str,
    data: Vec<Embedding<'a>>,
    model: &'a str,
    usage: Tokens,
}

#[derive(Serialize)]
struct Embedding<'a> {
    object: &'static str,
    index: usize,
    embedding: Components<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Components<'a> {
    Numbers(&'a [f32]),
    Base64(String),
}

#[derive(Serialize)]
struct Tokens {
    prompt_tokens: u64,
    total_tokens: u64,
}

fn base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|component| component.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests;
