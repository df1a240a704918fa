//! A limit of the gateway's own on the length of an answer, said in the words of the client's body, so that the upstream keeps
//! it and the bound of the call is a fact.

use std::borrow::Cow;

use bytes::Bytes;

use crate::{
    Error,
    json::Object,
    request::{Operation, Request, Source},
    wire::Wire,
};

/// Fields of the chat wire that limit an answer. Which of them an upstream understands is its own matter.
const CHAT: &[&str] = &["max_completion_tokens", "max_tokens"];

impl Request {
    /// No answer has more than `most` tokens. A smaller limit of the client stays; a request whose answer is no text stays as it
    /// is.
    pub fn limit_output(&mut self, most: u32) -> Result<(), Error> {
        if !matches!(self.operation, Operation::Chat | Operation::Fill) {
            return Ok(());
        }
        let limit = |asked: Option<u32>| Some(asked.map_or(most, |asked| asked.min(most)));
        match &mut self.source {
            Source::Neutral(chat) => chat.max_output_tokens = limit(chat.max_output_tokens),
            Source::Body { wire, bytes } => match limited(*wire, bytes, most)? {
                Limited::AsItIs => {}
                Limited::Edited(body) => *bytes = body,
                Limited::Unsaid => self.unsaid_limit = Some(most),
            },
        }
        self.max_output = limit(self.max_output);
        Ok(())
    }

    /// A chat body with the limit that it does not say, under the name that this upstream knows.
    pub(crate) fn with_limit<'a>(&self, body: &'a Bytes, cap_field: &str) -> Result<Cow<'a, [u8]>, Error> {
        let Some(limit) = self.unsaid_limit else { return Ok(Cow::Borrowed(body)) };
        Ok(Cow::Owned(object(body)?.with(&[(cap_field, &limit.to_string())]).into_bytes()))
    }
}

/// What becomes of a body.
enum Limited {
    AsItIs,
    Edited(Bytes),
    /// It says no limit, and what the field is called depends on the upstream.
    Unsaid,
}

fn limited(wire: Wire, body: &[u8], most: u32) -> Result<Limited, Error> {
    let names: &[&str] = match wire {
        Wire::OpenAiChat => CHAT,
        Wire::Completions | Wire::Anthropic => &["max_tokens"],
        Wire::Responses => &["max_output_tokens"],
        Wire::Embeddings | Wire::AnthropicCount | Wire::Gemini | Wire::GeminiCount | Wire::GeminiEmbeddings => {
            return Ok(Limited::AsItIs);
        }
    };
    let object = object(body)?;
    let said: Vec<(&str, &str)> =
        names.iter().filter_map(|name| object.get(name).map(|asked| (*name, asked))).collect();
    let most_text = most.to_string();
    let changes: Vec<(&str, &str)> = match names {
        [only] if said.is_empty() => vec![(only, &most_text)],
        _ if said.is_empty() => return Ok(Limited::Unsaid),
        // What is no number was refused when the body was read.
        _ => {
            let is_above = |asked: &str| asked.parse::<u32>().map_or(true, |asked| asked > most);
            said.iter().filter(|(_, asked)| is_above(asked)).map(|(name, _)| (*name, most_text.as_str())).collect()
        }
    };
    if changes.is_empty() { Ok(Limited::AsItIs) } else { Ok(Limited::Edited(Bytes::from(object.with(&changes)))) }
}

fn object(body: &[u8]) -> Result<Object<'_>, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::body("the request body is not UTF-8 text"))?;
    Object::parse(text).map_err(|problem| problem.about(None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        DIALECTS, PROVIDERS,
        chat::{ChatRequest, Message, Role},
        providers::Destination,
    };

    fn decoded(dialect: &str, body: &str) -> Request {
        let dialect = DIALECTS.iter().find(|known| known.info().id == dialect).unwrap();
        dialect.decode(Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    fn sent(request: &Request, kind: &str, preset: &str) -> serde_json::Value {
        let provider = PROVIDERS.iter().find(|provider| provider.info().kind == kind).unwrap();
        let destination =
            Destination { base_url: "https://e.org", upstream_model: "up", preset, max_output: Some(64_000) };
        serde_json::from_slice(&provider.encode(request, &destination).unwrap().body).unwrap()
    }

    const CHAT_BODY: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]LIMIT}"#;

    fn chat(limit: &str) -> Request {
        decoded("openai_chat", &CHAT_BODY.replace("LIMIT", limit))
    }

    #[test]
    fn a_larger_limit_shrinks_a_smaller_one_stays_byte_for_byte() {
        for (limit, kept, most) in [
            (r#","max_tokens":500"#, r#","max_tokens":100"#, 100),
            (r#","max_tokens": 7 "#, r#","max_tokens": 7 "#, 7),
            (r#","max_tokens":7,"max_completion_tokens":500"#, r#","max_tokens":7,"max_completion_tokens":100"#, 100),
            (r#","max_tokens":100"#, r#","max_tokens":100"#, 100),
        ] {
            let mut request = chat(limit);
            request.limit_output(100).unwrap();
            let Source::Body { bytes, .. } = &request.source else { panic!("a body stays a body") };
            assert_eq!(bytes, &CHAT_BODY.replace("LIMIT", kept));
            assert_eq!((request.max_output, request.unsaid_limit), (Some(most), None));
        }
    }

    #[test]
    fn without_a_limit_of_the_client_every_upstream_hears_ours_under_the_name_it_knows() {
        for (limit, kind, preset, field) in [
            ("", "openai", "", "max_completion_tokens"),
            ("", "openai-compatible", "", "max_tokens"),
            ("", "openai-compatible", "mistral", "max_tokens"),
            ("", "openai-compatible", "groq", "max_completion_tokens"),
            (r#","max_tokens":null"#, "openai-compatible", "", "max_tokens"),
            ("", "anthropic", "", "max_tokens"),
            ("", "demo", "", "max_tokens"),
        ] {
            let mut request = chat(limit);
            request.limit_output(100).unwrap();
            assert_eq!((request.max_output, request.unsaid_limit), (Some(100), Some(100)));
            assert_eq!(sent(&request, kind, preset)[field], 100, "{kind} {preset}");
        }
        let mut request = chat("");
        request.limit_output(100).unwrap();
        assert_eq!(sent(&request, "gemini", "")["generationConfig"]["maxOutputTokens"], 100);
    }

    #[test]
    fn wires_with_one_name_say_it_themselves() {
        for (dialect, body, kind, field) in [
            ("openai_responses", r#"{"model":"m","input":"hi"}"#, "openai", "max_output_tokens"),
            (
                "openai_responses",
                r#"{"model":"m","input":"hi","max_output_tokens":500}"#,
                "openai",
                "max_output_tokens",
            ),
            ("openai_responses", r#"{"model":"m","input":"hi"}"#, "anthropic", "max_tokens"),
            ("openai_completions", r#"{"model":"m","prompt":"fn a"}"#, "openai-compatible", "max_tokens"),
            (
                "anthropic_messages",
                r#"{"model":"m","max_tokens":500,"messages":[{"role":"user","content":"hi"}]}"#,
                "anthropic",
                "max_tokens",
            ),
        ] {
            let mut request = decoded(dialect, body);
            request.limit_output(100).unwrap();
            assert_eq!(request.max_output, Some(100));
            assert_eq!(sent(&request, kind, "")[field], 100, "{dialect} to {kind}");
        }
    }

    #[test]
    fn a_chat_of_our_own_is_limited_and_what_has_no_answer_in_text_is_left_alone() {
        let messages = vec![Message::text(Role::User, "hi")];
        let mut request = Request::from(ChatRequest { model: "m".to_owned(), messages, ..ChatRequest::default() });
        request.limit_output(100).unwrap();
        assert_eq!(request.max_output, Some(100));
        assert_eq!(sent(&request, "openai-compatible", "")["max_tokens"], 100);

        let mut embed = decoded("openai_embeddings", r#"{"model":"m","input":"hi"}"#);
        let before = embed.clone();
        embed.limit_output(100).unwrap();
        assert_eq!(embed, before);
    }
}
