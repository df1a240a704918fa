//! Chat and responses at OpenAI's family: which endpoint each request reaches, and how its answer is read.

use bytes::Bytes;
use llm::{
    Error, Request,
    chat::{ChatRequest, Effort, Message, Reasoning, Role},
    providers::{self, Destination},
    request::Source,
    wire::Wire,
};

fn neutral() -> ChatRequest {
    ChatRequest {
        model: "m".to_owned(),
        messages: vec![Message::text(Role::User, "hi")],
        max_output_tokens: Some(9),
        ..ChatRequest::default()
    }
}

fn thinking() -> ChatRequest {
    ChatRequest { reasoning: Some(Reasoning { effort: Some(Effort::High), budget: None, show: true }), ..neutral() }
}

fn responses(body: &'static str) -> Request {
    Request {
        source: Source::Body { wire: Wire::Responses, bytes: Bytes::from_static(body.as_bytes()) },
        ..neutral().into()
    }
}

/// Where a request goes and the wire that comes back, or the field that is refused.
fn route(kind: &str, base_url: &str, preset: &str, request: &Request) -> Result<(String, Wire), String> {
    let destination = Destination { base_url, upstream_model: "up", preset, max_output: None };
    match providers::find(kind).unwrap().encode(request, &destination) {
        Ok(sent) => Ok((sent.url, sent.reader.wire)),
        Err(Error::Invalid { param, .. }) => Err(param.unwrap_or_default()),
        Err(other) => Err(other.to_string()),
    }
}

#[test]
fn each_request_reaches_the_endpoint_that_loses_nothing() {
    let fresh = responses(r#"{"model":"m","input":"hi","stream":false}"#);
    let resumed = responses(r#"{"model":"m","input":"hi","previous_response_id":"resp_1"}"#);
    let plain = Request::from(neutral());
    let sealed = Request::from(thinking());
    let seeded = Request::from(ChatRequest { seed: Some(1), ..thinking() });
    let dated = "https://r.openai.azure.com/openai/deployments/d";
    for (kind, base_url, preset, chat, [want_fresh, want_resumed, want_sealed]) in [
        ("openai", "", "", "https://api.openai.com/v1/chat/completions", [true, true, true]),
        (
            "azure-openai",
            "https://r.openai.azure.com",
            "",
            "https://r.openai.azure.com/openai/v1/chat/completions",
            [true, true, true],
        ),
        (
            "azure-openai",
            dated,
            "",
            "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
            [false, false, false],
        ),
        (
            "openai-compatible",
            "https://llm.example.com/v1",
            "",
            "https://llm.example.com/v1/chat/completions",
            [false, false, false],
        ),
        ("openai-compatible", "", "mistral", "https://api.mistral.ai/v1/chat/completions", [false, false, false]),
        ("openai-compatible", "", "groq", "https://api.groq.com/openai/v1/chat/completions", [true, false, false]),
        ("openai-compatible", "", "xai", "https://api.x.ai/v1/chat/completions", [true, true, false]),
    ] {
        let at = format!("{kind} {preset} {base_url}");
        let natively = || Ok((chat.replace("/chat/completions", "/responses"), Wire::Responses));
        let as_chat = || Ok((chat.to_owned(), Wire::OpenAiChat));
        let to = |request| route(kind, base_url, preset, request);
        assert_eq!(to(&fresh), if want_fresh { natively() } else { as_chat() }, "{at}");
        let refused = || Err("previous_response_id".to_owned());
        assert_eq!(to(&resumed), if want_resumed { natively() } else { refused() }, "{at}");
        assert_eq!(to(&plain), as_chat(), "{at}");
        assert_eq!(to(&sealed), if want_sealed { natively() } else { as_chat() }, "{at}");
        assert_eq!(to(&seeded), as_chat(), "{at}");
    }
}
