//! Wire formats: serde types and rules of each, in both directions.
//!
//! A wire module offers, as far as its operation has them: `decode_request` (a client's body as a [`ChatRequest`], checked in
//! full), `encode_request` (a body from one), `decode_whole` and `StreamDecoder` (an upstream's answer), `encode_whole` and
//! `StreamEncoder` (an answer for a client). [`Reader`] and [`neutral`] choose among them, so that a provider or a dialect
//! names its wire and nothing more. One more wire: a module, a variant of [`Wire`], its branch in each `match` here.

use std::borrow::Cow;

use crate::{
    Error,
    chat::ChatRequest,
    event::{ChatEvent, Response},
    frame::{Decoder, Frame, FrameKind},
    request::{Request, Source},
    tally::UsageReport,
};

pub mod anthropic;
pub mod completions;
mod count;
pub mod embeddings;
mod fields;
pub mod gemini;
pub mod openai;
pub mod responses;

/// One format of bodies and streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    OpenAiChat,
    /// OpenAI's legacy completions.
    Completions,
    /// OpenAI's embeddings.
    Embeddings,
    /// OpenAI's responses.
    Responses,
    /// Anthropic's messages.
    Anthropic,
    AnthropicCount,
    /// Gemini's generateContent.
    Gemini,
    GeminiCount,
    GeminiEmbeddings,
}

/// A body from the neutral form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    pub body: String,
    /// Fields that the wire cannot say and may go without ([`DROPPABLE`]).
    pub dropped: Vec<String>,
}

/// Fields that a target may do without, named to the client in `x-tallygate-dropped`: they shape how an answer is sampled,
/// kept or counted, never what it may contain. Everything else that cannot be said is refused by name.
pub const DROPPABLE: &[&str] = &[
    "cache_control",
    "detail",
    "eager_input_streaming",
    "frequency_penalty",
    "logit_bias",
    "metadata",
    "parallel_tool_calls",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "seed",
    "service_tier",
    "store",
    "strict",
    "temperature",
    "top_k",
    "top_p",
    "user",
    "verbosity",
];

/// How an answer is read: the wire it comes on, and what must be known of the request or the vendor to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    pub wire: Wire,
    pub quirks: &'static openai::Quirks,
    /// The request asked for the long cache lifetime somewhere: what an unsplit count of cache writes then means.
    pub long_cache: bool,
}

impl Reader {
    pub fn new(wire: Wire) -> Self {
        Self { wire, quirks: &openai::PLAIN, long_cache: false }
    }

    /// Reads a complete answer.
    pub fn decode(&self, body: &[u8]) -> Result<Response, Error> {
        let mut response = self.read(body)?;
        if let Some(usage) = response.usage.as_mut().filter(|_| self.writes_long()) {
            lengthen(usage);
        }
        Ok(response)
    }

    fn read(&self, body: &[u8]) -> Result<Response, Error> {
        match self.wire {
            Wire::OpenAiChat => openai::decode_whole(body, self.quirks),
            Wire::Completions => completions::decode_whole(body, self.quirks),
            Wire::Embeddings => embeddings::decode_whole(body, self.quirks),
            Wire::Responses => responses::decode_whole(body),
            Wire::Anthropic => anthropic::decode_whole(body, self.long_cache),
            Wire::AnthropicCount => anthropic::decode_count(body),
            Wire::Gemini => gemini::decode_whole(body),
            Wire::GeminiCount => gemini::decode_count(body),
            Wire::GeminiEmbeddings => gemini::decode_embeddings(body),
        }
    }

    /// Reads a streamed answer. Wires that never stream are read as the wire of their family.
    pub fn decoder(&self) -> Box<dyn Decoder> {
        let decoder = self.plain_decoder();
        if self.writes_long() { Box::new(Lengthened(decoder)) } else { decoder }
    }

    fn plain_decoder(&self) -> Box<dyn Decoder> {
        match self.wire {
            Wire::OpenAiChat | Wire::Embeddings => Box::new(openai::StreamDecoder::new(self.quirks)),
            Wire::Completions => Box::new(completions::StreamDecoder::new(self.quirks)),
            Wire::Responses => Box::new(responses::StreamDecoder::new()),
            Wire::Anthropic | Wire::AnthropicCount => Box::new(anthropic::StreamDecoder::new(self.long_cache)),
            Wire::Gemini | Wire::GeminiCount | Wire::GeminiEmbeddings => Box::new(gemini::StreamDecoder::new()),
        }
    }

    /// OpenAI's wires do not say which lifetime a cache write has: the one that was asked for.
    fn writes_long(&self) -> bool {
        self.long_cache && matches!(self.wire, Wire::OpenAiChat | Wire::Responses)
    }

    /// Does a complete stream of this wire end with a marker, or just with its connection?
    pub fn has_end_marker(&self) -> bool {
        !matches!(self.wire, Wire::Gemini)
    }
}

fn lengthen(usage: &mut UsageReport) {
    if let Some(input) = usage.input.as_mut().filter(|input| input.cache_write_long == 0) {
        input.cache_write_long = std::mem::take(&mut input.cache_write_short);
    }
}

/// Reads a stream whose cache writes are all of the long lifetime.
struct Lengthened(Box<dyn Decoder>);

impl Lengthened {
    fn correct(frames: &mut [Frame]) {
        for frame in frames {
            let (FrameKind::Events(events) | FrameKind::UsageOnly(events) | FrameKind::End(events)) = &mut frame.kind
            else {
                continue;
            };
            for event in events {
                if let ChatEvent::Usage(usage) = event {
                    lengthen(usage);
                }
            }
        }
    }
}

impl Decoder for Lengthened {
    fn push(&mut self, bytes: &[u8], frames: &mut Vec<Frame>) -> Result<(), Error> {
        let from = frames.len();
        let result = self.0.push(bytes, frames);
        Self::correct(&mut frames[from..]);
        result
    }

    fn finish(&mut self, frames: &mut Vec<Frame>) {
        let from = frames.len();
        self.0.finish(frames);
        Self::correct(&mut frames[from..]);
    }
}

/// The request in the neutral form, for a provider that speaks another wire than the client.
pub fn neutral(request: &Request) -> Result<Cow<'_, ChatRequest>, Error> {
    let chat = neutral_source(&request.source)?;
    let Some(limit) = request.unsaid_limit else { return Ok(chat) };
    Ok(Cow::Owned(ChatRequest { max_output_tokens: Some(limit), ..chat.into_owned() }))
}

fn neutral_source(source: &Source) -> Result<Cow<'_, ChatRequest>, Error> {
    match source {
        Source::Neutral(chat) => Ok(Cow::Borrowed(chat)),
        Source::Body { wire, bytes } => match wire {
            Wire::OpenAiChat => openai::decode_chat(bytes).map(Cow::Owned),
            Wire::Responses => responses::decode_chat(bytes).map(Cow::Owned),
            Wire::Anthropic | Wire::AnthropicCount => anthropic::decode_chat(bytes).map(Cow::Owned),
            Wire::Completions => Err(Error::unsupported("prompt", "a provider without fill-in-the-middle")),
            Wire::Embeddings => Err(Error::unsupported("input", "a provider without embeddings")),
            // No client speaks these.
            Wire::Gemini | Wire::GeminiCount | Wire::GeminiEmbeddings => Err(Error::body("a body of no dialect")),
        },
    }
}
