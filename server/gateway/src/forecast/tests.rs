use std::sync::Arc;

use bytes::Bytes;
use llm::{Dialect, dialects::openai_chat::OpenAiChat};

use super::*;
use crate::snapshot::Deployment;

fn model(kind: &str, capabilities: Option<&[Capability]>) -> Model {
    Model {
        name: "m".to_owned(),
        context_window: Some(1_000),
        max_output: Some(500),
        capabilities: capabilities.map(<[_]>::to_vec),
        created_at: DateTime::UNIX_EPOCH,
        deployments: vec![Arc::new(Deployment::for_test(kind, "https://a.example/v1", None))],
    }
}

fn request(members: &str) -> Request {
    let body = format!(r#"{{"model":"m","stream":true,"messages":[{{"role":"user","content":"hi"}}]{members}}}"#);
    Request { adapts: true, ..OpenAiChat.decode(Bytes::from(body)).unwrap() }
}

/// Field and fatality of what a target of this kind does not take.
fn refusals(kind: &str, members: &str) -> Vec<(String, bool)> {
    let mut request = request(members);
    let team = domain::id::TeamId(uuid::Uuid::nil());
    let plan = plan::plan(&request, &model(kind, None), team, DateTime::UNIX_EPOCH).unwrap();
    let found = refused(&mut request, &plan.first());
    assert!(found.iter().all(|limitation| limitation.reason.ends_with('.')), "{found:?}");
    found.into_iter().map(|limitation| (limitation.field, limitation.is_fatal)).collect()
}

#[test]
fn pg_5_every_parameter_that_a_target_does_not_take_is_named_and_not_just_the_first() {
    let all = r#","top_k":5,"seed":7,"frequency_penalty":0.5,"response_format":{"type":"json_object"},"stop":[" "],"mystery":1"#;
    let found = refusals("anthropic", all);
    for fatal in ["response_format", "stop[0]", "mystery"] {
        assert!(found.contains(&(fatal.to_owned(), true)), "{fatal} is not in {found:?}");
    }
    for dropped in ["seed", "frequency_penalty"] {
        assert!(found.contains(&(dropped.to_owned(), false)), "{dropped} is not in {found:?}");
    }
    assert_eq!(refusals("openai", all), [("top_k".to_owned(), false)]);
    assert_eq!(refusals("openai-compatible", all), []);
}

#[test]
fn pg_7_a_model_that_is_known_to_lack_something_is_named_before_the_run() {
    let image = r#","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]"#;
    let body = format!(
        r#"{{"model":"m","stream":true{image},"tools":[{{}}],"response_format":{{"type":"json_schema","json_schema":{{}}}}}}"#
    );
    let request = OpenAiChat.decode(Bytes::from(body)).unwrap();
    let lacking = |capabilities| -> Vec<String> {
        let found = missing(&request, &model("openai", capabilities));
        assert!(found.iter().all(|limitation| limitation.is_fatal));
        found.into_iter().map(|limitation| limitation.field).collect()
    };
    assert_eq!(lacking(Some(&[])), ["messages", "tools", "response_format"]);
    assert_eq!(lacking(Some(&[Capability::Images, Capability::JsonSchema])), ["tools"]);
    assert!(lacking(None).is_empty(), "what nobody told us is not known");
}

#[test]
fn pg_5_thought_is_not_asked_of_a_model_that_is_known_to_have_none() {
    for (capabilities, left_out) in
        [(None, false), (Some([Capability::Tools].as_slice()), true), (Some(&[Capability::Reasoning]), false)]
    {
        let mut request = request(r#","reasoning_effort":"high""#);
        let fitted = fit(&mut request, &model("openai", capabilities));
        assert_eq!((fitted.is_empty(), request.field("reasoning_effort").is_none()), (!left_out, left_out));
    }
}

#[test]
fn pg_4_a_context_that_is_too_small_is_told_with_both_numbers() {
    let told = |members: &str| overflow(&request(members), &model("openai", None));
    assert_eq!(told(""), None);
    assert_eq!(told(r#","max_tokens":991"#), None);
    assert!(told(r#","max_tokens":992"#).is_some_and(|text| text.contains("992") && text.contains("1000 tokens")));
    let long = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{}"}}]}}"#, "a".repeat(3_100));
    let long = OpenAiChat.decode(Bytes::from(long)).unwrap();
    assert!(overflow(&long, &model("openai", None)).is_some());
    assert!(overflow(&long, &Model { context_window: None, ..model("openai", None) }).is_none());
}
