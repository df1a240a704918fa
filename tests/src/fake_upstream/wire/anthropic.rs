//! The Anthropic messages wire, written: a message of blocks, or the events that build it up.
//!
//! Counters in a stream are snapshots: the start knows the input and a placeholder of output, the delta near the end
//! knows both but no longer how the cache writes split.

use serde_json::{Value, json};

use super::{
    super::{
        answer::{Call, Choice, Finish},
        endpoint::Vendor,
        events::{Event, Part, Slip},
        faults::terminate,
        script::UsageForm,
        seal,
        tally::{Classes, ReportKind},
    },
    Told,
};

pub mod read;

/// The start's output count, which means nothing.
const PLACEHOLDER: u64 = 1;
/// What the start claims too much when the delta corrects it.
const CLAIMED: u64 = 50;

pub fn whole(told: &Told<'_>) -> (Value, Option<Slip>) {
    let choice = &told.answer.choices[0];
    let slip = told.slip(&told.answer.classes, ReportKind::Final);
    let mut body = message(told, blocks(told, choice));
    body["stop_reason"] = json!(stop_reason(choice));
    body["stop_sequence"] = json!(choice.stopped_by);
    put_usage(&mut body, slip.as_ref());
    (body, slip)
}

fn message(told: &Told<'_>, content: Vec<Value>) -> Value {
    let mut body = json!({});
    if let Some(id) = told.id("msg_") {
        body["id"] = json!(id);
    }
    let rest = json!({
        "type": "message", "role": "assistant", "model": told.model(), "content": content, "stop_reason": null,
        "stop_sequence": null
    });
    if let (Value::Object(body), Value::Object(rest)) = (&mut body, rest) {
        body.extend(rest);
    }
    body
}

fn put_usage(body: &mut Value, slip: Option<&Slip>) {
    if let Some(slip) = slip {
        body["usage"] = slip.raw.clone();
    }
}

fn stop_reason(choice: &Choice) -> &'static str {
    match choice.finish {
        Finish::Stop if choice.stopped_by.is_some() => "stop_sequence",
        Finish::Stop | Finish::Failed => "end_turn",
        Finish::Length => "max_tokens",
        Finish::Calls => "tool_use",
        Finish::Filter => "refusal",
    }
}

fn blocks(told: &Told<'_>, choice: &Choice) -> Vec<Value> {
    let mut blocks = Vec::new();
    if !choice.reasoning.is_empty() {
        let text = choice.thoughts();
        blocks.push(if told.script.redacts_reasoning {
            redacted(&text)
        } else {
            json!({"type": "thinking", "thinking": text, "signature": seal::seal(Vendor::Anthropic, &text)})
        });
    }
    if !choice.pieces.is_empty() {
        blocks.push(json!({"type": "text", "text": choice.text()}));
    }
    let whole = |call: &&Call| serde_json::from_str::<Value>(&call.text()).is_ok();
    for call in choice.calls.iter().filter(whole) {
        blocks.push(json!({"type": "tool_use", "id": id(call), "name": call.name, "input": call.arguments}));
    }
    blocks
}

fn redacted(thoughts: &str) -> Value {
    json!({"type": "redacted_thinking", "data": seal::closed(Vendor::Anthropic, thoughts)})
}

fn id(call: &Call) -> String {
    format!("toolu_{}", call.id)
}

/// Every event of a stream, from `message_start` to `message_stop`.
pub fn events(told: &Told<'_>) -> Vec<Event> {
    let choice = &told.answer.choices[0];
    let mut stream = Stream { told, events: Vec::new(), so_far: told.answer.classes.input_side(), index: 0 };
    stream.start();
    if !choice.reasoning.is_empty() {
        stream.thoughts(choice);
    }
    if !choice.pieces.is_empty() {
        stream.text(&choice.pieces);
    }
    for call in &choice.calls {
        stream.call(call);
    }
    stream.end(choice);
    let mut events = stream.events;
    let late = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "late"}});
    terminate(&mut events, told.script, Event::named(Part::Comment, Some("content_block_delta"), &late));
    events
}

struct Stream<'a> {
    told: &'a Told<'a>,
    events: Vec<Event>,
    so_far: Classes,
    index: usize,
}

impl Stream<'_> {
    fn push(&mut self, part: Part, body: &Value, gives: Classes, slip: Option<Slip>) {
        let name = NAMES.into_iter().find(|name| body["type"] == **name);
        self.so_far.add(&gives);
        self.events.push(Event::named(part, name, body).gives(gives).tells(slip));
    }

    fn side(&mut self, body: &Value) {
        self.push(Part::Role, body, Classes::default(), None);
    }

    fn start(&mut self) {
        let told = self.told;
        let mut input = told.answer.classes.input_side();
        if told.script.usage == UsageForm::StartCorrected {
            input.input += CLAIMED;
        }
        let mut slip = told.slip(&Classes { output: PLACEHOLDER, ..input }, ReportKind::Partial);
        if let Some(report) = slip.as_mut().and_then(|slip| slip.report.as_mut()) {
            report.classes.output = 0;
            report.has_output = false;
        }
        let mut body = message(told, Vec::new());
        put_usage(&mut body, slip.as_ref());
        let hidden = told.hidden_reasoning();
        self.push(Part::Role, &json!({"type": "message_start", "message": body}), hidden, slip);
    }

    fn open(&mut self, block: &Value, gives: Classes) {
        let part = if gives == Classes::default() { Part::Role } else { Part::Content { index: 0, tokens: 1 } };
        let body = json!({"type": "content_block_start", "index": self.index, "content_block": block});
        self.push(part, &body, gives, None);
        if self.index == 0 {
            self.side(&json!({"type": "ping"}));
        }
    }

    fn delta(&mut self, part: Part, delta: &Value, gives: Classes) {
        let body = json!({"type": "content_block_delta", "index": self.index, "delta": delta});
        self.push(part, &body, gives, None);
        if self.told.script.usage == UsageForm::Cumulative {
            self.running();
        }
        if self.told.script.comments {
            self.events.push(Event::comment(": keep-alive"));
        }
    }

    fn close(&mut self) {
        self.side(&json!({"type": "content_block_stop", "index": self.index}));
        self.index += 1;
    }

    fn thoughts(&mut self, choice: &Choice) {
        let text = choice.thoughts();
        if self.told.script.redacts_reasoning {
            let gives = Event::thought(choice.reasoning.len() as u64);
            self.so_far.add(&gives);
            self.open(&redacted(&text), Classes::default());
            if let Some(event) = self.events.last_mut() {
                event.gives = gives;
            }
        } else {
            self.open(&json!({"type": "thinking", "thinking": "", "signature": ""}), Classes::default());
            for piece in &choice.reasoning {
                self.delta(Part::Thought, &json!({"type": "thinking_delta", "thinking": piece}), Event::thought(1));
            }
            let signature = seal::seal(Vendor::Anthropic, &text);
            let delta = json!({"type": "signature_delta", "signature": signature});
            self.delta(Part::Role, &delta, Classes::default());
        }
        self.close();
    }

    fn text(&mut self, pieces: &[String]) {
        self.open(&json!({"type": "text", "text": ""}), Classes::default());
        for piece in pieces {
            let part = Part::Content { index: 0, tokens: 1 };
            self.delta(part, &json!({"type": "text_delta", "text": piece}), Event::output(1));
        }
        self.close();
    }

    fn call(&mut self, call: &Call) {
        self.open(&json!({"type": "tool_use", "id": id(call), "name": call.name, "input": {}}), Event::output(1));
        self.delta(Part::Role, &json!({"type": "input_json_delta", "partial_json": ""}), Classes::default());
        for piece in &call.pieces {
            let part = Part::Content { index: 0, tokens: 1 };
            self.delta(part, &json!({"type": "input_json_delta", "partial_json": piece}), Event::output(1));
        }
        self.close();
    }

    /// Running counts of a compatible server.
    fn running(&mut self) {
        let slip = self.told.slip(&self.so_far, ReportKind::Partial).map(unsplit);
        let mut body = json!({"type": "message_delta", "delta": {"stop_reason": null, "stop_sequence": null}});
        put_usage(&mut body, slip.as_ref());
        self.push(Part::Role, &body, Classes::default(), slip);
    }

    fn end(&mut self, choice: &Choice) {
        let script = self.told.script;
        let mut slip = self.told.slip(&self.told.answer.classes, ReportKind::Final).map(unsplit);
        match (script.usage, &mut slip) {
            (UsageForm::PlaceholderStart, slip) => *slip = None,
            (UsageForm::StartZeroed, Some(slip)) => {
                for name in ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"] {
                    slip.raw[name] = json!(0);
                }
            }
            _ => {}
        }
        let delta = json!({"stop_reason": stop_reason(choice), "stop_sequence": choice.stopped_by});
        let mut body = json!({"type": "message_delta", "delta": delta});
        put_usage(&mut body, slip.as_ref());
        if script.usage == UsageForm::TwoChunks {
            self.push(Part::Usage, &body, Classes::default(), slip.clone());
        }
        self.push(Part::Finish, &body, Classes::default(), slip);
        self.push(Part::Done, &json!({"type": "message_stop"}), Classes::default(), None);
    }
}

const NAMES: [&str; 7] = [
    "message_start",
    "content_block_start",
    "ping",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
];

/// The delta's usage has neither the split of the cache writes nor the tier.
fn unsplit(mut slip: Slip) -> Slip {
    if let Value::Object(raw) = &mut slip.raw {
        raw.shift_remove("cache_creation");
        raw.shift_remove("service_tier");
    }
    slip
}
