//! What the gateway knows about a request of any dialect: enough to allow, plan, bound and encode it.

use bytes::Bytes;

use crate::chat::ChatRequest;

/// A decoded request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Public model name as the client spelled it.
    pub model: String,
    pub stream: bool,
    /// The client wants to see usage at the end of its stream.
    pub wants_usage: bool,
    /// How many answers are asked for (`n`).
    pub answers: u32,
    pub max_output: Option<u32>,
    pub size: Size,
    pub source: Source,
}

/// Where the request comes from: a body of some wire, kept byte for byte, or our own form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A body of `/v1/chat/completions`, already checked to be one JSON object.
    OpenAiChat(Bytes),
    Neutral(ChatRequest),
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
    /// Part of the input cannot be seen from here (files, audio, stored conversations).
    pub opaque: bool,
}

impl From<ChatRequest> for Request {
    fn from(chat: ChatRequest) -> Self {
        let text_bytes = chat.messages.iter().map(|message| message.content.len() as u64).sum();
        let messages = u32::try_from(chat.messages.len()).unwrap_or(u32::MAX);
        Self {
            model: chat.model.clone(),
            stream: chat.stream,
            wants_usage: true,
            answers: 1,
            max_output: chat.max_output_tokens,
            size: Size { bytes: text_bytes, text_bytes, messages, ..Size::default() },
            source: Source::Neutral(chat),
        }
    }
}
