//! Bytes as the OpenAI chat API writes them: bodies, stream frames, errors, the model list.
//!
//! Pure: an answer and a script in, bytes out. Field order, spacing and the place of `usage` follow what the real API
//! sends, because clients and gateways lean on all three. A new oddity of some server is a branch here.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Tokens},
    script::{ErrorBody, Fault, LineEnd, Script, Terminator, UsageForm},
};

/// Stands in every body no client may ever see: a test looks for it in what the gateway answered.
pub const CANARY: &str = "canary-7b1f-internal-detail";

/// Fields and number forms that only survive when nobody decodes and encodes them again.
const EXTRA: &str = r#" "x_vendor" : { "scale":1.50e+2, "name":"\u00fcber", "list":[ 1,2 ,null ] },"#;

/// What one piece of an answer is, for the journal and for faults that count pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Role,
    /// Output of choice `index` worth `tokens`.
    Content {
        index: usize,
        tokens: u64,
    },
    Finish,
    Usage,
    Done,
    Comment,
    /// A whole body that is not streamed.
    Whole {
        tokens: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub part: Part,
    pub bytes: Bytes,
}

/// What differs from answer to answer without being content.
#[derive(Clone, Debug)]
pub struct Envelope {
    pub id: String,
    pub created: u64,
    pub model: String,
}

/// The usage a response reports under `form`: `None` leaves the field out.
pub fn usage(tokens: &Tokens, form: UsageForm) -> Option<Value> {
    let zero = Tokens::default();
    let odd = |value: Value| {
        let mut usage = usage_object(tokens);
        usage["prompt_tokens"] = value.clone();
        usage["completion_tokens"] = value;
        Some(usage)
    };
    match form {
        UsageForm::Normal => Some(usage_object(tokens)),
        UsageForm::Missing => None,
        UsageForm::Null => Some(Value::Null),
        UsageForm::Zero => Some(usage_object(&zero)),
        UsageForm::Negative => odd(json!(-1)),
        UsageForm::Huge => odd(json!(9_223_372_036_854_775_808_u64)),
        UsageForm::Fraction => odd(json!(12.5)),
        UsageForm::Text => odd(json!("12")),
        UsageForm::Object => odd(json!({"total": 12})),
        UsageForm::WholeFloat => {
            let mut usage = usage_object(tokens);
            usage["prompt_tokens"] = whole_float(tokens.prompt);
            usage["completion_tokens"] = whole_float(tokens.completion);
            Some(usage)
        }
    }
}

/// The counts a reader can take from `form`; `None` when it reports nothing usable.
pub fn reported(tokens: &Tokens, form: UsageForm) -> Option<Tokens> {
    match form {
        UsageForm::Normal | UsageForm::WholeFloat => Some(*tokens),
        UsageForm::Zero => Some(Tokens::default()),
        UsageForm::Missing
        | UsageForm::Null
        | UsageForm::Negative
        | UsageForm::Huge
        | UsageForm::Fraction
        | UsageForm::Text
        | UsageForm::Object => None,
    }
}

fn usage_object(tokens: &Tokens) -> Value {
    json!({
        "prompt_tokens": tokens.prompt,
        "completion_tokens": tokens.completion,
        "total_tokens": tokens.prompt + tokens.completion,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": tokens.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0
        }
    })
}

fn whole_float(count: u64) -> Value {
    u32::try_from(count).map_or(Value::Null, |count| json!(f64::from(count)))
}

/// A complete chat completion, printed with two spaces and a final line end as the API does.
pub fn completion(envelope: &Envelope, answer: &Answer, script: &Script) -> Frame {
    let choices: Vec<Value> = answer
        .choices
        .iter()
        .enumerate()
        .map(|(index, choice)| {
            json!({
                "index": index,
                "message": {"role": "assistant", "content": choice.text(), "refusal": null, "annotations": []},
                "logprobs": null,
                "finish_reason": choice.finish_reason
            })
        })
        .collect();
    let mut body = json!({
        "id": envelope.id, "object": "chat.completion", "created": envelope.created, "model": envelope.model,
        "choices": choices
    });
    if let Some(usage) = usage(&answer.tokens, script.usage) {
        body["usage"] = usage;
    }
    body["service_tier"] = json!("default");
    body["system_fingerprint"] = json!(FINGERPRINT);

    let tokens = answer.choices.iter().map(|choice| choice.pieces.len() as u64).sum();
    Frame { part: Part::Whole { tokens }, bytes: finish(format!("{body:#}\n"), script).into() }
}

const FINGERPRINT: &str = "fp_44709d6fcb";

/// Every frame of a stream in order: role, content, finish, usage when asked for, `[DONE]`.
pub fn frames(envelope: &Envelope, answer: &Answer, script: &Script, include_usage: bool) -> Vec<Frame> {
    let chunks = Chunks { envelope, script, include_usage };
    let mut frames = Vec::new();
    for index in 0..answer.choices.len() {
        let delta = json!({"role": "assistant", "content": "", "refusal": null});
        frames.push(chunks.choice(Part::Role, index, &delta, None));
    }
    let longest = answer.choices.iter().map(|choice| choice.pieces.len()).max().unwrap_or(0);
    for at in 0..longest {
        for (index, choice) in answer.choices.iter().enumerate() {
            let Some(piece) = choice.pieces.get(at) else { continue };
            let part = Part::Content { index, tokens: 1 };
            frames.push(chunks.choice(part, index, &json!({"content": piece}), None));
        }
        if script.comments {
            frames.push(Frame { part: Part::Comment, bytes: event(": keep-alive", script.line_end) });
        }
    }
    for (index, choice) in answer.choices.iter().enumerate() {
        frames.push(chunks.choice(Part::Finish, index, &json!({}), Some(choice.finish_reason)));
    }
    if include_usage && let Some(usage) = usage(&answer.tokens, script.usage) {
        frames.push(chunks.chunk(Part::Usage, &json!([]), Some(usage)));
    }
    frames.extend(terminator(script));
    frames
}

/// A stream with the script's bad frame or error event in it.
pub fn broken(mut frames: Vec<Frame>, script: &Script) -> Vec<Frame> {
    match script.fault {
        Fault::BadFrameAfter { frames: at } if at <= frames.len() => frames.insert(at, bad_frame(script.line_end)),
        Fault::ErrorAfter { frames: at } => {
            frames.truncate(at);
            frames.push(error_frame(script.line_end));
        }
        _ => {}
    }
    frames
}

/// A plain answer in halves, so that a fault has a middle to happen in; with it the length its head promises.
pub fn broken_whole(whole: Frame, script: &mut Script) -> (Vec<Frame>, usize) {
    let length = whole.bytes.len();
    let mut bytes = whole.bytes;
    let rest = bytes.split_off(length / 2);
    let first = Frame { part: whole.part, bytes };
    match &mut script.fault {
        Fault::BadFrameAfter { .. } => (vec![first], length / 2),
        Fault::CutAfter { frames, .. } | Fault::HangAfter { frames } => {
            *frames = 1;
            (vec![first, Frame { part: Part::Comment, bytes: rest }], length)
        }
        _ => (vec![first, Frame { part: Part::Comment, bytes: rest }], length),
    }
}

struct Chunks<'a> {
    envelope: &'a Envelope,
    script: &'a Script,
    include_usage: bool,
}

impl Chunks<'_> {
    fn choice(&self, part: Part, index: usize, delta: &Value, finish_reason: Option<&str>) -> Frame {
        let choices = json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": finish_reason}]);
        // With `include_usage` the API writes `"usage":null` into every chunk but the last.
        let usage = (self.include_usage && self.script.usage != UsageForm::Missing).then_some(Value::Null);
        self.chunk(part, &choices, usage)
    }

    fn chunk(&self, part: Part, choices: &Value, usage: Option<Value>) -> Frame {
        let mut chunk = json!({
            "id": self.envelope.id, "object": "chat.completion.chunk", "created": self.envelope.created,
            "model": self.envelope.model, "service_tier": "default", "system_fingerprint": FINGERPRINT,
            "choices": choices
        });
        if let Some(usage) = usage {
            chunk["usage"] = usage;
        }
        let text = finish(chunk.to_string(), self.script);
        Frame { part, bytes: event(&format!("data: {text}"), self.script.line_end) }
    }
}

fn terminator(script: &Script) -> Vec<Frame> {
    let done = || Frame { part: Part::Done, bytes: event("data: [DONE]", script.line_end) };
    match script.terminator {
        Terminator::Done => vec![done()],
        Terminator::Missing => vec![],
        Terminator::Doubled => vec![done(), done()],
        Terminator::DataAfter => {
            let late = r#"data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"late"}}]}"#;
            vec![done(), Frame { part: Part::Comment, bytes: event(late, script.line_end) }]
        }
    }
}

/// An error object where a chunk belongs, as the API sends it when it breaks in mid-stream.
fn error_frame(line_end: LineEnd) -> Frame {
    let message = "The server had an error while processing your request. Sorry about that!";
    let body = json!({"error": {"message": message, "type": "server_error", "param": null, "code": null}});
    Frame { part: Part::Comment, bytes: event(&format!("data: {body}"), line_end) }
}

fn bad_frame(line_end: LineEnd) -> Frame {
    Frame { part: Part::Comment, bytes: event(r#"data: {"id":"chatcmpl-broken","choices":[{"#, line_end) }
}

fn event(line: &str, line_end: LineEnd) -> Bytes {
    format!("{line}{end}{end}", end = line_end.text()).into()
}

/// Puts the extra fields in front: the text stays one JSON object.
fn finish(text: String, script: &Script) -> String {
    match text.strip_prefix('{') {
        Some(rest) if script.extra_fields => format!("{{{EXTRA}{rest}"),
        _ => text,
    }
}

/// Body and content type of an answer that is not a completion. `presented` is the bearer token the caller sent: some
/// servers repeat it, so a gateway that copies their words leaks its credential.
pub fn error(status: u16, form: ErrorBody, presented: &str) -> (&'static str, Bytes) {
    match form {
        ErrorBody::Dialect => ("application/json", dialect_error(status, presented)),
        ErrorBody::Foreign => {
            let detail = format!("{CANARY}: handler.py line 42, authorization={presented}");
            ("application/json", json!({"detail": [{"loc": ["/srv/app"], "msg": detail}]}).to_string().into())
        }
        ErrorBody::Html => {
            let page = format!(
                "<!DOCTYPE html><html><head><title>{CANARY}</title></head><body><h1>It works!</h1>{presented}</body></html>"
            );
            ("text/html; charset=utf-8", page.into())
        }
        ErrorBody::Empty => ("application/json", Bytes::new()),
    }
}

fn dialect_error(status: u16, presented: &str) -> Bytes {
    let (message, kind, code) = match status {
        401 => (
            format!("Incorrect API key provided: {presented}. You can find your API key in your account settings."),
            "invalid_request_error",
            Some("invalid_api_key"),
        ),
        403 => (format!("Project {CANARY} does not have access to this model."), "invalid_request_error", None),
        404 => ("The model does not exist or you do not have access to it.".into(), "invalid_request_error", {
            Some("model_not_found")
        }),
        413 | 422 => ("The request was too much for this model.".into(), "invalid_request_error", None),
        429 => (
            "Rate limit reached for this organization on tokens per min (TPM): Limit 30000, Used 30000.".into(),
            "tokens",
            Some("rate_limit_exceeded"),
        ),
        400..=499 => {
            ("Unsupported value: 'temperature' does not support this value.".into(), "invalid_request_error", {
                Some("unsupported_value")
            })
        }
        _ => (format!("The server had an error while processing your request ({CANARY})."), "server_error", None),
    };
    let param = (status == 400).then_some("temperature");
    error_body(&message, kind, param, code)
}

/// `{"error": {...}}`, printed as the API prints it.
pub fn error_body(message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Bytes {
    let body = json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
    format!("{body:#}\n").into()
}

/// `GET /v1/models`: the names a demo or a browser test can use, each a script of its own.
pub fn models(names: &[&str], created: u64) -> Value {
    let data: Vec<Value> = names
        .iter()
        .map(|name| json!({"id": name, "object": "model", "created": created, "owned_by": "fake-upstream"}))
        .collect();
    json!({"object": "list", "data": data})
}

#[cfg(test)]
mod tests;
