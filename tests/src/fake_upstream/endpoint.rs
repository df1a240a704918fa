//! Which vendor's door a request knocked at: path, wire, model of the URL, and where the credential is.
//!
//! Pure: a path and headers in, an `Endpoint` out. One more door is one more line in `of`.

use axum::http::{HeaderMap, header};
use serde::{Deserialize, Serialize};

/// Whose rules, errors and headers apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    OpenAi,
    Azure,
    Anthropic,
    Gemini,
}

/// What is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    #[default]
    OpenaiChat,
    Completions,
    /// Mistral's prefix and suffix: asked like completions, answered like chat.
    Fim,
    Responses,
    Embeddings,
    Anthropic,
    AnthropicCount,
    Gemini,
    GeminiCount,
    GeminiEmbed,
}

impl Wire {
    /// Counting tokens costs nothing.
    pub fn is_count(self) -> bool {
        matches!(self, Self::AnthropicCount | Self::GeminiCount)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub vendor: Vendor,
    pub wire: Wire,
    /// Gemini names the model in the URL.
    pub model: Option<String>,
    /// Gemini asks for a stream in the URL.
    pub is_stream: bool,
    /// A Gemini stream without `alt=sse` is a JSON array.
    pub is_array: bool,
    /// A Gemini embedding of one text instead of several.
    pub is_single: bool,
}

impl Endpoint {
    /// `None`: no API has this path.
    pub fn of(path: &str, query: &str) -> Option<Self> {
        let google = path.strip_prefix("/v1beta/").or_else(|| {
            // Google's stable version has the path of everybody's list of models, and a method behind it.
            path.strip_prefix("/v1/").filter(|rest| rest.starts_with("models/"))
        });
        if let Some(rest) = google {
            return Self::gemini(rest, query);
        }
        let (vendor, rest) = match path.strip_prefix("/openai/v1/") {
            Some(rest) => (Vendor::Azure, rest),
            None => (Vendor::OpenAi, path.strip_prefix("/v1/").unwrap_or(path)),
        };
        let (vendor, wire) = match rest {
            "chat/completions" => (vendor, Wire::OpenaiChat),
            "completions" | "/beta/completions" => (vendor, Wire::Completions),
            "fim/completions" | "/fim/completions" => (vendor, Wire::Fim),
            "responses" => (vendor, Wire::Responses),
            "embeddings" => (vendor, Wire::Embeddings),
            "messages" if vendor == Vendor::OpenAi => (Vendor::Anthropic, Wire::Anthropic),
            "messages/count_tokens" if vendor == Vendor::OpenAi => (Vendor::Anthropic, Wire::AnthropicCount),
            _ => return None,
        };
        Some(Self { vendor, wire, model: None, is_stream: false, is_array: false, is_single: false })
    }

    fn gemini(rest: &str, query: &str) -> Option<Self> {
        let (model, method) = rest.strip_prefix("models/")?.rsplit_once(':')?;
        let is_stream = method == "streamGenerateContent";
        let wire = match method {
            "generateContent" | "streamGenerateContent" => Wire::Gemini,
            "countTokens" => Wire::GeminiCount,
            "batchEmbedContents" | "embedContent" => Wire::GeminiEmbed,
            _ => return None,
        };
        Some(Self {
            vendor: Vendor::Gemini,
            wire,
            model: Some(decoded(model)),
            is_stream,
            is_array: is_stream && parameter(query, "alt") != Some("sse"),
            is_single: method == "embedContent",
        })
    }
}

impl Vendor {
    /// The credential the caller presented, where this vendor looks for it; empty when there is none.
    pub fn credential<'a>(self, head: &'a HeaderMap, query: &'a str) -> &'a str {
        let value = |name: &str| head.get(name).and_then(|value| value.to_str().ok());
        let found = match self {
            Self::OpenAi => value(header::AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer ")),
            Self::Azure => value("api-key"),
            Self::Anthropic => value("x-api-key"),
            Self::Gemini => value("x-goog-api-key").or_else(|| parameter(query, "key")),
        };
        found.unwrap_or("")
    }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Percent-decoded; a malformed escape stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.filter(|_| *first == b'%').and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_door_leads_to_its_wire() {
        let wire = |path: &str| Endpoint::of(path, "").map(|endpoint| (endpoint.vendor, endpoint.wire));
        assert_eq!(wire("/v1/chat/completions"), Some((Vendor::OpenAi, Wire::OpenaiChat)));
        assert_eq!(wire("/openai/v1/responses"), Some((Vendor::Azure, Wire::Responses)));
        assert_eq!(wire("/beta/completions"), Some((Vendor::OpenAi, Wire::Completions)));
        assert_eq!(wire("/fim/completions"), Some((Vendor::OpenAi, Wire::Fim)));
        assert_eq!(wire("/v1/messages/count_tokens"), Some((Vendor::Anthropic, Wire::AnthropicCount)));
        assert_eq!(wire("/v1beta/models/m:batchEmbedContents"), Some((Vendor::Gemini, Wire::GeminiEmbed)));
        assert_eq!(wire("/v1/models/m:generateContent"), Some((Vendor::Gemini, Wire::Gemini)));
        for unknown in ["/v1/models/m", "/v1/audio/speech", "/openai/v1/messages", "/v1beta/models/m:fly", "/"] {
            assert_eq!(wire(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_gemini_url_names_model_and_form() {
        let endpoint = Endpoint::of("/v1beta/models/fake-g--words%3D3:streamGenerateContent", "alt=sse&key=k").unwrap();
        assert_eq!(endpoint.model.as_deref(), Some("fake-g--words=3"));
        assert!(endpoint.is_stream && !endpoint.is_array);
        assert!(Endpoint::of("/v1beta/models/g:streamGenerateContent", "").unwrap().is_array);
    }
}
