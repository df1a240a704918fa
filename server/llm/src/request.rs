//! What the gateway knows about a request of any dialect: enough to allow, plan, bound and encode it.

use bytes::Bytes;

use crate::{
    chat::{ChatRequest, Image, Part},
    json::Object,
    wire::{Wire, embeddings, openai},
};

/// What kind of work is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Chat,
    /// Text after a prefix, before a suffix.
    Fill,
    Embed,
    /// How many tokens a chat request would have.
    Count,
}

/// A decoded request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub operation: Operation,
    /// Public model name as the client spelled it.
    pub model: String,
    pub stream: bool,
    /// The client wants to see usage at the end of its stream.
    pub wants_usage: bool,
    /// How many answers are asked for (`n`, times the number of prompts).
    pub answers: u32,
    pub max_output: Option<u32>,
    /// A limit of the gateway's own that the body does not say: its field has another name at every upstream.
    pub unsaid_limit: Option<u32>,
    /// The body is one of our own and no stranger's: what an upstream of its wire calls differently is renamed for it, and what
    /// that upstream does not know is left out and named.
    pub adapts: bool,
    /// The request marks some of its prompt for the long cache lifetime.
    pub long_cache: bool,
    /// The client's own key-value pairs (OpenAI `metadata`), for the ledger.
    pub metadata: Vec<(String, String)>,
    pub size: Size,
    pub source: Source,
}

/// Where the request comes from: a body of some wire, kept byte for byte, or our own form.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Already checked to be one JSON object.
    Body {
        wire: Wire,
        bytes: Bytes,
    },
    Neutral(Box<ChatRequest>),
}

/// What of a request can become prompt tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// UTF-8 bytes of everything that may become prompt text; never too few.
    pub bytes: u64,
    /// Bytes of message text alone: what a local estimate of the input counts.
    pub text_bytes: u64,
    pub messages: u32,
    pub tools: u32,
    pub images: u32,
    /// Inputs that are each read in a window of their own: texts to embed, prompts to complete. 0 is one.
    pub inputs: u32,
    /// Part of the input cannot be seen from here (files, audio, stored conversations).
    pub opaque: bool,
}

impl Request {
    /// Does the client want vectors as base64 and not as numbers?
    pub fn wants_base64(&self) -> bool {
        match &self.source {
            Source::Body { wire: Wire::Embeddings, bytes } => embeddings::wants_base64(bytes),
            Source::Body { .. } | Source::Neutral(_) => false,
        }
    }
}

impl Request {
    /// The service tier that the client asks its own provider for, as the body spells it.
    pub fn service_tier(&self) -> Option<String> {
        serde_json::from_str(self.field("service_tier")?).ok()
    }

    /// A field of the body as it is written; `None` also where it is `null`, and for a request that has no body.
    pub fn field(&self, name: &str) -> Option<&str> {
        let Source::Body { bytes, .. } = &self.source else { return None };
        // Most bodies have few fields: looking for the name first spares reading them.
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.contains(name))?;
        Object::parse(text).ok()?.get(name)
    }

    /// Takes a field out of a chat body, as if it had never been said. False when it says nothing there. The weight stays: it
    /// is a bound.
    pub fn leave_out(&mut self, name: &str) -> bool {
        let Source::Body { wire: Wire::OpenAiChat, bytes } = &mut self.source else { return false };
        let Some(less) = openai::without_field(bytes, name) else { return false };
        *bytes = less;
        true
    }
}

impl From<ChatRequest> for Request {
    fn from(chat: ChatRequest) -> Self {
        Self {
            operation: Operation::Chat,
            model: chat.model.clone(),
            stream: chat.stream,
            wants_usage: true,
            answers: chat.answers.unwrap_or(1),
            max_output: chat.max_output_tokens,
            unsaid_limit: None,
            adapts: false,
            long_cache: false,
            metadata: Vec::new(),
            size: Size::of(&chat),
            source: Source::Neutral(Box::new(chat)),
        }
    }
}

impl Size {
    fn of(chat: &ChatRequest) -> Self {
        let mut size = Self {
            messages: u32::try_from(chat.messages.len()).unwrap_or(u32::MAX),
            tools: u32::try_from(chat.tools.len()).unwrap_or(u32::MAX),
            ..Self::default()
        };
        chat.messages.iter().flat_map(|message| &message.parts).for_each(|part| size.add(part));
        size.bytes += size.text_bytes;
        for tool in &chat.tools {
            let description = tool.description.as_ref().map_or(0, String::len);
            size.bytes += (tool.name.len() + description + tool.schema.to_string().len()) as u64;
        }
        size.bytes += chat.stop.iter().map(|stop| stop.len() as u64).sum::<u64>();
        if let Some(crate::chat::Format::Schema { name, schema, .. }) = &chat.format {
            size.bytes += (name.len() + schema.to_string().len()) as u64;
        }
        size
    }

    fn add(&mut self, part: &Part) {
        match part {
            Part::Text { text, .. } | Part::Reasoning { text, seal: None } => self.text_bytes += text.len() as u64,
            Part::Reasoning { text, seal: Some(seal) } => self.text_bytes += (text.len() + seal.data.len()) as u64,
            Part::Image { image, .. } => {
                self.images += 1;
                if let Image::Url(url) = image {
                    self.bytes += url.len() as u64;
                }
            }
            Part::ToolCall { name, arguments, .. } => self.text_bytes += (name.len() + arguments.len()) as u64,
            Part::ToolResult { content, .. } => content.iter().for_each(|part| self.add(part)),
        }
    }
}
