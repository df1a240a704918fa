//! What all providers of OpenAI's family do alike: choose the endpoint, write the body, say how the answer is read.
//!
//! | request | goes to |
//! |---|---|
//! | a chat body | `/chat/completions`, its bytes kept |
//! | a responses body | `/responses`, its bytes kept, where the server has it; else through the neutral form to chat |
//! | any other chat | through the neutral form to chat, or to `/responses` where only that carries sealed reasoning |
//! | completions | the server's own way to fill ([`Fill`]), or a refusal |
//! | embeddings | `/embeddings`, its bytes kept, or a refusal |

use bytes::Bytes;

use crate::{
    Error, Request,
    chat::{ChatRequest, Effort, Origin, Part},
    json::Object,
    providers::{Destination, HttpRequest},
    request::{Operation, Source},
    wire::{
        Encoded, Reader, Wire, completions, embeddings, neutral,
        openai::{self, Fill, Quirks, Responses},
        responses,
    },
};

const RESPONSES_PATH: &str = "/responses";

/// One server of the family, as far as a request must know it.
pub struct Server<'a> {
    /// For refusals: `Groq`.
    pub title: &'a str,
    /// Without a slash at its end, and without a query.
    pub base_url: &'a str,
    /// What follows every path: empty, or `?api-version=…`.
    pub query: &'a str,
    pub quirks: &'static Quirks,
    /// Reasoning comes sealed, and only `/responses` takes it back.
    pub seals_reasoning: bool,
}

impl Server<'_> {
    pub fn encode(&self, request: &Request, destination: &Destination<'_>) -> Result<HttpRequest, Error> {
        let model = destination.upstream_model;
        if request.operation == Operation::Count {
            return Err(Error::unsupported("messages", &format!("{}, which counts no tokens", self.title)));
        }
        let (path, wire, encoded) = match &request.source {
            Source::Body { wire: Wire::OpenAiChat, bytes } => {
                let encoded = openai::upstream_body(request, bytes, model, self.quirks)?;
                (openai::CHAT_PATH, Wire::OpenAiChat, encoded)
            }
            Source::Body { wire: Wire::Responses, bytes } if self.quirks.responses != Responses::No => {
                self.check_state(bytes)?;
                let body = responses::for_upstream(bytes, model, request.stream)?;
                (RESPONSES_PATH, Wire::Responses, kept(body))
            }
            Source::Body { wire: Wire::Completions, bytes } => return self.fill(bytes, request, model),
            Source::Body { wire: Wire::Embeddings, bytes } => {
                if !self.quirks.embeddings {
                    return Err(Error::unsupported("input", &format!("{}, which has no embeddings", self.title)));
                }
                (embeddings::PATH, Wire::Embeddings, kept(embeddings::for_upstream(bytes, model)?))
            }
            _ => self.translated(&*neutral(request)?, model)?,
        };
        Ok(self.request(&format!("{}{path}", self.base_url), wire, encoded, request))
    }

    fn request(&self, url: &str, wire: Wire, encoded: Encoded, request: &Request) -> HttpRequest {
        HttpRequest {
            url: format!("{url}{}", self.query),
            headers: Vec::new(),
            body: Bytes::from(encoded.body),
            reader: Reader { wire, quirks: self.quirks, long_cache: request.long_cache },
            dropped: encoded.dropped,
        }
    }

    fn translated(&self, chat: &ChatRequest, model: &str) -> Result<(&'static str, Wire, Encoded), Error> {
        if self.prefers_responses(chat) {
            return Ok((RESPONSES_PATH, Wire::Responses, responses::encode_chat(chat, model)?));
        }
        Ok((openai::CHAT_PATH, Wire::OpenAiChat, openai::encode_chat(chat, model, self.quirks)?))
    }

    fn prefers_responses(&self, chat: &ChatRequest) -> bool {
        let can = self.seals_reasoning && self.quirks.responses != Responses::No;
        can && has_reasoning(chat) && fits_responses(chat)
    }

    /// A server that keeps no state would answer without what came before, and say nothing about it.
    fn check_state(&self, body: &[u8]) -> Result<(), Error> {
        if self.quirks.responses != Responses::Stateless {
            return Ok(());
        }
        let text = std::str::from_utf8(body).map_err(|_| Error::body("the request body is not UTF-8 text"))?;
        let object = Object::parse(text).map_err(|problem| problem.about(None))?;
        match ["previous_response_id", "conversation"].into_iter().find(|field| object.get(field).is_some()) {
            Some(field) => Err(Error::unsupported(field, &format!("{}, which keeps no conversations", self.title))),
            None => Ok(()),
        }
    }

    fn fill(&self, body: &[u8], request: &Request, model: &str) -> Result<HttpRequest, Error> {
        let base = match self.quirks.fill {
            Fill::None => {
                return Err(Error::unsupported("prompt", &format!("{}, which has no text completions", self.title)));
            }
            Fill::Completions { suffix: false } if completions::has_suffix(body)? => {
                return Err(Error::unsupported("suffix", &format!("{}, which fills no gaps", self.title)));
            }
            Fill::ChatShaped => {
                let encoded = completions::fill_chat_shaped(body, model, self.title)?;
                let url = format!("{}/fim{}", self.base_url, completions::PATH);
                return Ok(self.request(&url, Wire::OpenAiChat, encoded, request));
            }
            Fill::Completions { .. } => self.base_url.to_owned(),
            Fill::Beta => {
                let version = ["/v1", "/beta"].into_iter().find_map(|version| self.base_url.strip_suffix(version));
                format!("{}/beta", version.unwrap_or(self.base_url))
            }
        };
        let body = completions::for_upstream(body, model, request.stream, self.quirks)?;
        Ok(self.request(&format!("{base}{}", completions::PATH), Wire::Completions, kept(body), request))
    }
}

/// A body whose bytes were kept drops nothing.
fn kept(body: String) -> Encoded {
    Encoded { body, dropped: Vec::new() }
}

/// Is there reasoning to come, or reasoning of this origin to give back?
fn has_reasoning(chat: &ChatRequest) -> bool {
    let is_asked = chat.reasoning.as_ref().is_some_and(|reasoning| reasoning.effort != Some(Effort::Off));
    let is_ours =
        |part: &Part| matches!(part, Part::Reasoning { seal: Some(seal), .. } if seal.origin == Origin::OpenAi);
    is_asked || chat.messages.iter().flat_map(|message| &message.parts).any(is_ours)
}

/// Does the request ask for nothing that only chat has?
fn fits_responses(chat: &ChatRequest) -> bool {
    chat.stop.is_empty()
        && chat.answers.unwrap_or(1) <= 1
        && chat.seed.is_none()
        && chat.frequency_penalty.is_none()
        && chat.presence_penalty.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Message, Reasoning, Role, Seal};

    fn chat() -> ChatRequest {
        ChatRequest { messages: vec![Message::text(Role::User, "hi")], ..ChatRequest::default() }
    }

    fn thinking(effort: Effort) -> ChatRequest {
        ChatRequest { reasoning: Some(Reasoning { effort: Some(effort), ..Reasoning::default() }), ..chat() }
    }

    fn remembering(origin: Origin) -> ChatRequest {
        let seal = Some(Seal { origin, data: "sealed".to_owned() });
        let parts = vec![Part::Reasoning { text: String::new(), seal }, Part::text("hello")];
        let mut chat = chat();
        chat.messages.push(Message { role: Role::Assistant, parts });
        chat
    }

    fn server(quirks: &'static Quirks, seals_reasoning: bool) -> Server<'static> {
        Server { title: "Test", base_url: "https://a.example/v1", query: "", quirks, seals_reasoning }
    }

    #[test]
    fn sealed_reasoning_goes_where_it_survives() {
        let one_word = vec!["stop".to_owned()];
        for (chat, want, why) in [
            (chat(), false, "no reasoning"),
            (thinking(Effort::High), true, "reasoning is asked for"),
            (thinking(Effort::Off), false, "reasoning is switched off"),
            (remembering(Origin::OpenAi), true, "reasoning of this origin is given back"),
            (remembering(Origin::Anthropic), false, "reasoning of another origin"),
            (ChatRequest { stop: one_word, ..thinking(Effort::High) }, false, "stop"),
            (ChatRequest { answers: Some(2), ..thinking(Effort::High) }, false, "several answers"),
            (ChatRequest { answers: Some(1), ..thinking(Effort::High) }, true, "one answer"),
            (ChatRequest { seed: Some(1), ..thinking(Effort::High) }, false, "seed"),
        ] {
            assert_eq!(server(&openai::OPENAI, true).prefers_responses(&chat), want, "{why}");
            assert!(!server(&openai::OPENAI, false).prefers_responses(&chat), "{why}");
            assert!(!server(&openai::PLAIN, true).prefers_responses(&chat), "{why}");
        }
    }

    #[test]
    fn only_a_server_that_keeps_nothing_refuses_state() {
        const STATELESS: Quirks = Quirks { responses: Responses::Stateless, ..openai::PLAIN };
        let refused = |quirks, body: &str| server(quirks, false).check_state(body.as_bytes()).is_err();
        for field in ["previous_response_id", "conversation"] {
            let body = format!(r#"{{"model":"m","input":"x","{field}":"id"}}"#);
            assert!(refused(&STATELESS, &body) && !refused(&openai::OPENAI, &body), "{field}");
            assert!(!refused(&STATELESS, &format!(r#"{{"model":"m","{field}":null}}"#)), "{field}");
        }
    }
}
