//! The other vendors over a real socket: their doors, their credentials, their refusals, and what the journal says.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{super::*, ended, fake};
use crate::http_client;

fn anthropic(fake: &FakeUpstream, body: &Value) -> RequestBuilder {
    let request = http_client().post(format!("{}/messages", fake.base_url()));
    request.header("x-api-key", "sk-right").header("anthropic-version", "2023-06-01").json(body)
}

fn message(stream: bool) -> Value {
    json!({"model": "m", "max_tokens": 900, "stream": stream, "messages": [{"role": "user", "content": "hi"}]})
}

fn contents() -> Value {
    json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]})
}

async fn guarded() -> FakeUpstream {
    FakeUpstream::start_with(Options { api_key: Some("sk-right".into()), ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn each_vendor_looks_for_its_credential_where_its_documentation_says() {
    let fake = guarded().await;
    let chat = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    let chat_url = format!("{}/chat/completions", fake.base_url());
    let azure_url = format!("{}/chat/completions", fake.azure_base_url());
    let gemini_url = format!("{}/models/m:generateContent", fake.gemini_base_url());
    let post = |url: &str, name: &'static str, value: &'static str, body: &Value| {
        let request = http_client().post(url).header(name, value).header("anthropic-version", "2023-06-01");
        request.json(body).send()
    };
    let cases = [
        (&chat_url, "authorization", "Bearer sk-right", &chat, 200),
        (&chat_url, "api-key", "sk-right", &chat, 401),
        (&azure_url, "api-key", "sk-right", &chat, 200),
        (&azure_url, "authorization", "Bearer sk-right", &chat, 401),
        (&gemini_url, "x-goog-api-key", "sk-right", &contents(), 200),
        (&gemini_url, "x-goog-api-key", "sk-wrong", &contents(), 400),
        (&gemini_url, "authorization", "Bearer sk-right", &contents(), 403),
    ];
    for (url, name, value, body, status) in cases {
        assert_eq!(post(url, name, value, body).await.unwrap().status(), status, "{url} {name}");
    }
    assert_eq!(anthropic(&fake, &message(false)).send().await.unwrap().status(), 200);
    let request = http_client().post(format!("{}/messages", fake.base_url())).bearer_auth("sk-right");
    let refused = request.json(&message(false)).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["type"], "authentication_error");
}

#[tokio::test]
async fn anthropic_wants_a_version_and_a_limit() {
    let fake = fake(Script::default()).await;
    let request = http_client().post(format!("{}/messages", fake.base_url())).json(&message(false));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["error"]["message"], "anthropic-version: header is required");
    let answer: Value =
        anthropic(&fake, &json!({"model": "m", "messages": []})).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["error"]["message"], "max_tokens: Field required");
    let request = ended(&fake).await;
    assert_eq!((request.end, request.wire, request.summary), (End::Refused(400), Wire::Anthropic, None));
    assert_eq!(request.produced, Classes::default());
}

#[tokio::test]
async fn the_journal_ends_with_what_was_produced_and_what_was_reported() {
    let fake = fake(Script { cached_tokens: Some(3), cache_write_tokens: Some(2), ..Script::words(20) }).await;
    let mut body = message(true);
    body["thinking"] = json!({"type": "adaptive"});

    anthropic(&fake, &body).send().await.unwrap().bytes().await.unwrap();

    let request = ended(&fake).await;
    assert_eq!((request.wire, request.path.as_str()), (Wire::Anthropic, "/v1/messages"));
    assert_eq!((request.produced.cache_read, request.produced.cache_write_short), (3, 2));
    assert_eq!((request.produced.output, request.produced.reasoning >= 12), (20, true));
    assert_eq!(request.reported.kind, ReportKind::Final);
    assert_eq!(request.reported.classes, request.produced.without_split());
    assert_eq!(request.usage, Some(Tokens::from(request.reported.classes)));
    assert_eq!(request.summary.unwrap().messages[0].text, "hi");
}

#[tokio::test]
async fn a_stream_cut_behind_its_start_has_reported_its_input_only() {
    let fake = fake(Script::cut_after(5, Cut::Fin)).await;

    assert!(anthropic(&fake, &message(true)).send().await.unwrap().bytes().await.is_err());

    let request = ended(&fake).await;
    assert_eq!((request.end, request.produced.output), (End::Cut, 2));
    assert_eq!((request.reported.kind, request.reported.has_output), (ReportKind::Partial, false));
    assert_eq!((request.reported.classes, request.usage), (request.produced.input_side(), None));
}

#[tokio::test]
async fn a_cut_gemini_stream_has_reported_what_it_sent() {
    let fake = fake(Script { fault: Fault::CutAfter { frames: 4, how: Cut::Rst }, ..Script::words(20) }).await;
    let url = format!("{}/models/m:streamGenerateContent?alt=sse", fake.gemini_base_url());

    assert!(http_client().post(url).json(&contents()).send().await.unwrap().bytes().await.is_err());

    let request = ended(&fake).await;
    assert_eq!((request.stream, request.produced.output), (true, 4));
    assert_eq!((request.reported.kind, request.reported.classes), (ReportKind::Partial, request.produced));
}

#[tokio::test]
async fn a_google_stream_without_events_is_an_array() {
    let fake = fake(Script::words(5)).await;
    let url = format!("{}/models/m:streamGenerateContent", fake.gemini_base_url());
    let answer: Value = http_client().post(url).json(&contents()).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer.as_array().unwrap().len(), 6);
    assert_eq!(ended(&fake).await.reported.kind, ReportKind::Final);
}

#[tokio::test]
async fn words_in_a_google_url_steer_the_answer() {
    let fake = fake(Script::default()).await;
    let url = |words: &str| format!("{}/models/fake{words}:generateContent", fake.gemini_base_url());
    let post = |url: String| http_client().post(url).json(&contents()).send();
    let refused = post(url("--429=3")).await.unwrap();
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"3".parse().unwrap()));
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["status"], "RESOURCE_EXHAUSTED");
    assert_eq!(post(url("--wrods")).await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_huge_line_is_sent_and_not_kept() {
    let script = Script { fault: Fault::HugeLineAfter { frames: 3, megabytes: 4 }, ..Script::words(5) };
    let fake = fake(script).await;
    for stream in [true, false] {
        let bytes = anthropic(&fake, &message(stream)).send().await.unwrap().bytes().await.unwrap();
        assert!(bytes.len() > 4 << 20);
        let kept = fake.exchanges().pop().unwrap().sent;
        assert!(kept.len() < 1 << 16, "{}", kept.len());
        assert_eq!(ended(&fake).await.end, End::Finished);
    }
}

#[tokio::test]
async fn counting_costs_nothing() {
    let fake = fake(Script::default()).await;
    let url = format!("{}/messages/count_tokens", fake.base_url());
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    let request = http_client().post(url).header("anthropic-version", "2023-06-01").json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert!(answer["input_tokens"].as_u64().unwrap() > 0);
    let request = ended(&fake).await;
    assert_eq!((request.wire, request.produced, request.usage), (Wire::AnthropicCount, Classes::default(), None));
}

#[tokio::test]
async fn every_vendor_lists_the_same_models_in_its_own_shape() {
    let fake = fake(Script::default()).await;
    let list = async |url: String, header: &'static str| {
        http_client().get(url).header(header, "2023-06-01").send().await.unwrap().json::<Value>().await.unwrap()
    };
    let models = format!("{}/models", fake.base_url());
    assert_eq!(list(models.clone(), "x-none").await["data"][0]["object"], "model");
    assert_eq!(list(models, "anthropic-version").await["data"][0]["type"], "model");
    let google = list(format!("{}/models", fake.gemini_base_url()), "x-none").await;
    assert_eq!(google["models"][1]["name"], "models/fake-large");
    let azure = list(format!("{}/models", fake.azure_base_url()), "x-none").await;
    assert_eq!(azure["data"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_unknown_path_is_no_request() {
    let fake = fake(Script::default()).await;
    let url = format!("{}/v1/audio/speech", fake.root_url());
    assert_eq!(http_client().post(url).send().await.unwrap().status(), 404);
    assert_eq!(fake.journal().requests().unwrap(), []);
}
