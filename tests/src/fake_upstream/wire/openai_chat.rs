//! The OpenAI chat wire, written: completions and chunks, and the answer to Mistral's prefix-and-suffix requests.

use serde_json::{Value, json};

use super::{
    super::{
        answer::{Call, Choice, Finish},
        endpoint::Wire,
        events::{Event, Part, Slip},
        faults::terminate,
        script::{UsageForm, UsagePlace},
        tally::{Classes, ReportKind},
    },
    Told,
};

pub mod read;

const FINGERPRINT: &str = "fp_44709d6fcb";

/// The finish reason in this wire's words.
pub fn finish_word(told: &Told<'_>, choice: &Choice) -> &'static str {
    match choice.finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        // A call that was forced by name is an ordinary end to this API.
        Finish::Calls if told.asked.summary.tool_choice.starts_with('=') => "stop",
        Finish::Calls => "tool_calls",
        Finish::Filter => "content_filter",
        Finish::Failed => "error",
    }
}

/// A complete chat completion.
pub fn whole(told: &Told<'_>) -> (Value, Option<Slip>) {
    let choices: Vec<Value> = told.answer.choices.iter().enumerate().map(|(at, one)| message(told, at, one)).collect();
    let mut body = envelope(told, "chat.completion");
    body["choices"] = json!(choices);
    let slip = told.slip(&told.answer.classes, ReportKind::Final);
    if let Some(slip) = &slip {
        match told.script.usage_place {
            UsagePlace::XGroq => body["x_groq"] = json!({"id": "req_01", "usage": slip.raw}),
            UsagePlace::Choice => body["choices"][0]["usage"] = slip.raw.clone(),
            UsagePlace::Chunk | UsagePlace::Finish => {}
        }
        if told.script.usage_place != UsagePlace::Choice {
            body["usage"] = slip.raw.clone();
        }
    }
    body["service_tier"] = json!(told.script.service_tier.as_deref().unwrap_or("default"));
    body["system_fingerprint"] = json!(FINGERPRINT);
    (body, slip)
}

fn message(told: &Told<'_>, index: usize, choice: &Choice) -> Value {
    let content = if choice.pieces.is_empty() && !choice.calls.is_empty() { Value::Null } else { json!(choice.text()) };
    let mut message = json!({"role": "assistant", "content": content, "refusal": null, "annotations": []});
    if !choice.reasoning.is_empty() {
        message["reasoning_content"] = json!(choice.thoughts());
    }
    if !choice.calls.is_empty() {
        let call = |call: &Call| {
            json!({
                "id": format!("call_{}", call.id), "type": "function",
                "function": {"name": call.name, "arguments": call.text()}
            })
        };
        message["tool_calls"] = choice.calls.iter().map(call).collect();
    }
    json!({"index": index, "message": message, "logprobs": null, "finish_reason": finish_word(told, choice)})
}

fn envelope(told: &Told<'_>, object: &str) -> Value {
    let mut body = json!({});
    if let Some(id) = told.id("chatcmpl-") {
        body["id"] = json!(id);
    }
    body["object"] = json!(object);
    body["created"] = json!(told.envelope.created);
    body["model"] = json!(told.model());
    body
}

/// Every event of a stream in order: role, thoughts, content, calls, finish, usage when asked for, `[DONE]`.
pub fn events(told: &Told<'_>) -> Vec<Event> {
    let choices = &told.answer.choices;
    let mut chunks = Chunks { told, so_far: told.answer.classes.input_side(), events: Vec::new() };
    for (index, choice) in choices.iter().enumerate() {
        let content = if choice.pieces.is_empty() && !choice.calls.is_empty() { Value::Null } else { json!("") };
        let hidden = if index == 0 { told.hidden_reasoning() } else { Classes::default() };
        chunks.delta(Part::Role, index, &json!({"role": "assistant", "content": content, "refusal": null}), hidden);
    }
    chunks.side_by_side(
        choices,
        |choice| choice.reasoning.len(),
        |chunks, index, at| {
            let delta = json!({"reasoning_content": choices[index].reasoning[at]});
            chunks.delta(Part::Thought, index, &delta, Event::thought(1));
        },
    );
    chunks.side_by_side(
        choices,
        |choice| choice.pieces.len(),
        |chunks, index, at| {
            let part = Part::Content { index, tokens: 1 };
            chunks.delta(part, index, &json!({"content": choices[index].pieces[at]}), Event::output(1));
        },
    );
    for (index, choice) in choices.iter().enumerate() {
        for (at, call) in choice.calls.iter().enumerate() {
            chunks.call(index, at, call);
        }
    }
    for (index, choice) in choices.iter().enumerate() {
        chunks.finish(index, finish_word(told, choice), index + 1 == choices.len());
    }
    let has_chunk = matches!(told.script.usage_place, UsagePlace::Chunk | UsagePlace::XGroq);
    if told.asked.include_usage && has_chunk {
        chunks.usage();
    }
    let mut events = chunks.events;
    events.push(Event::plain(Part::Done, "[DONE]"));
    let late = json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "late"}}]});
    terminate(&mut events, told.script, Event::data(Part::Comment, &late));
    events
}

struct Chunks<'a> {
    told: &'a Told<'a>,
    /// For servers that report running counts.
    so_far: Classes,
    events: Vec<Event>,
}

impl Chunks<'_> {
    /// Calls `write` with choice and piece, piece by piece over all choices.
    fn side_by_side(
        &mut self,
        choices: &[Choice],
        length: impl Fn(&Choice) -> usize,
        write: impl Fn(&mut Self, usize, usize),
    ) {
        let longest = choices.iter().map(&length).max().unwrap_or(0);
        for at in 0..longest {
            for (index, choice) in choices.iter().enumerate() {
                if at < length(choice) {
                    write(self, index, at);
                }
            }
            if self.told.script.comments {
                self.events.push(Event::comment(": keep-alive"));
            }
        }
    }

    fn call(&mut self, index: usize, at: usize, call: &Call) {
        let part = Part::Content { index, tokens: 1 };
        let function = json!({"name": call.name, "arguments": ""});
        let opening = json!({"index": at, "id": format!("call_{}", call.id), "type": "function", "function": function});
        self.delta(part.clone(), index, &json!({"tool_calls": [opening]}), Event::output(1));
        for piece in &call.pieces {
            let delta = json!({"tool_calls": [{"index": at, "function": {"arguments": piece}}]});
            self.delta(part.clone(), index, &delta, Event::output(1));
        }
    }

    fn delta(&mut self, part: Part, index: usize, delta: &Value, gives: Classes) {
        self.so_far.add(&gives);
        let choices = json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": null}]);
        let is_running = self.told.script.usage == UsageForm::Cumulative && self.told.asked.include_usage;
        let slip = if is_running { self.told.slip(&self.so_far, ReportKind::Partial) } else { None };
        let usage = slip.as_ref().map(|slip| slip.raw.clone()).or_else(|| self.null_usage());
        let event = Event::data(part, &self.chunk(choices, usage)).gives(gives).tells(slip);
        self.events.push(event);
    }

    fn finish(&mut self, index: usize, word: &str, is_last: bool) {
        let script = self.told.script;
        let mut choices = json!([{"index": index, "delta": {}, "logprobs": null, "finish_reason": word}]);
        let twice = script.usage == UsageForm::TwoChunks && self.told.asked.include_usage;
        let here = is_last && (script.usage_place != UsagePlace::Chunk || twice);
        let slip = if here { self.told.slip(&self.told.answer.classes, ReportKind::Final) } else { None };
        let raw = slip.as_ref().map(|slip| slip.raw.clone());
        let mut usage = self.null_usage();
        let mut groq = None;
        match script.usage_place {
            UsagePlace::Choice => {
                if let Some(raw) = raw {
                    choices[0]["usage"] = raw;
                }
            }
            UsagePlace::XGroq => groq = raw,
            UsagePlace::Chunk | UsagePlace::Finish => usage = raw.or(usage),
        }
        let mut chunk = self.chunk(choices, usage);
        if let Some(raw) = groq {
            chunk["x_groq"] = json!({"id": "req_01", "usage": raw});
        }
        self.events.push(Event::data(Part::Finish, &chunk).tells(slip));
    }

    fn usage(&mut self) {
        if let Some(slip) = self.told.slip(&self.told.answer.classes, ReportKind::Final) {
            let chunk = self.chunk(json!([]), Some(slip.raw.clone()));
            self.events.push(Event::data(Part::Usage, &chunk).tells(Some(slip)));
        }
    }

    /// With `include_usage` the API writes `"usage":null` into every chunk but the last.
    fn null_usage(&self) -> Option<Value> {
        (self.told.asked.include_usage && self.told.script.usage != UsageForm::Missing).then_some(Value::Null)
    }

    fn chunk(&self, choices: Value, usage: Option<Value>) -> Value {
        let mut chunk = envelope(self.told, "chat.completion.chunk");
        if self.told.asked.wire != Wire::Fim {
            chunk["service_tier"] = json!(self.told.script.service_tier.as_deref().unwrap_or("default"));
            chunk["system_fingerprint"] = json!(FINGERPRINT);
        }
        chunk["choices"] = choices;
        if let Some(usage) = usage {
            chunk["usage"] = usage;
        }
        chunk
    }
}
