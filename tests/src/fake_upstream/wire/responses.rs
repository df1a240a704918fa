//! The OpenAI responses wire, written: one object of items, or named events with sequence numbers.
//!
//! Reasoning is an item of its own in front of what it led to; its id and its encrypted content can be checked when
//! they come back.

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

/// A complete response.
pub fn whole(told: &Told<'_>) -> (Value, Option<Slip>) {
    let slip = told.slip(&told.answer.classes, ReportKind::Final);
    let (status, _) = end(told);
    (response(told, status, &items(told), slip.as_ref()), slip)
}

/// The status of the response and the event that says so.
fn end(told: &Told<'_>) -> (&'static str, &'static str) {
    match choice(told).finish {
        Finish::Stop | Finish::Calls => ("completed", "response.completed"),
        Finish::Length | Finish::Filter => ("incomplete", "response.incomplete"),
        Finish::Failed => ("failed", "response.failed"),
    }
}

fn choice<'a>(told: &Told<'a>) -> &'a Choice {
    // This wire has one choice; `answer` never makes less.
    &told.answer.choices[0]
}

fn response(told: &Told<'_>, status: &str, output: &[Value], slip: Option<&Slip>) -> Value {
    let mut body = json!({});
    if let Some(id) = told.id("resp_") {
        body["id"] = json!(id);
    }
    let finish = choice(told).finish;
    let error = json!({"code": "server_error", "message": "The model failed to generate a response."});
    let reason = if finish == Finish::Filter { "content_filter" } else { "max_output_tokens" };
    let asked = told.asked;
    let rest = json!({
        "object": "response", "created_at": told.envelope.created, "status": status, "background": false,
        "error": if status == "failed" { error } else { Value::Null },
        "incomplete_details": if status == "incomplete" { json!({"reason": reason}) } else { Value::Null },
        "instructions": null, "max_output_tokens": asked.cap, "model": told.model(), "output": output,
        "parallel_tool_calls": asked.summary.is_parallel, "previous_response_id": null,
        "reasoning": {"effort": asked.summary.reasoning, "summary": null},
        "service_tier": told.script.service_tier.as_deref().unwrap_or("default"), "store": true,
        "temperature": 1.0, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "truncation": "disabled", "usage": slip.map(|slip| slip.raw.clone()), "user": null, "metadata": {}
    });
    if let (Value::Object(body), Value::Object(rest)) = (&mut body, rest) {
        body.extend(rest);
    }
    if slip.is_none() && told.script.usage == UsageForm::Missing {
        body.as_object_mut().map(|body| body.shift_remove("usage"));
    }
    body
}

/// The finished items, in the order of the stream.
fn items(told: &Told<'_>) -> Vec<Value> {
    let choice = choice(told);
    let mut items = Vec::new();
    if told.answer.classes.reasoning > 0 && told.asked.thinks.is_asked() {
        items.push(reasoning(told, choice, &choice.thoughts()));
    }
    if !choice.pieces.is_empty() {
        items.push(message(told, &choice.text(), status(choice)));
    }
    items.extend(choice.calls.iter().map(|call| function_call(call, &call.text(), "completed")));
    items
}

fn status(choice: &Choice) -> &'static str {
    if matches!(choice.finish, Finish::Stop | Finish::Calls) { "completed" } else { "incomplete" }
}

fn reasoning_id(told: &Told<'_>) -> String {
    seal::id("rs_", &told.answer.id)
}

fn reasoning(told: &Told<'_>, choice: &Choice, thoughts: &str) -> Value {
    let id = reasoning_id(told);
    let summary = if choice.reasoning.is_empty() { json!([]) } else { json!([summary_part(thoughts)]) };
    let mut item = json!({"id": id, "type": "reasoning", "summary": summary});
    if told.answer.is_sealed {
        item["encrypted_content"] = json!(seal::closed(Vendor::OpenAi, &id));
    }
    item
}

fn summary_part(text: &str) -> Value {
    json!({"type": "summary_text", "text": text})
}

fn message_id(told: &Told<'_>) -> String {
    seal::id("msg_", &told.answer.id)
}

fn message(told: &Told<'_>, text: &str, status: &str) -> Value {
    json!({
        "id": message_id(told), "type": "message", "status": status, "role": "assistant", "content": [text_part(text)]
    })
}

fn text_part(text: &str) -> Value {
    json!({"type": "output_text", "annotations": [], "logprobs": [], "text": text})
}

fn function_call(call: &Call, arguments: &str, status: &str) -> Value {
    json!({
        "id": seal::id("fc_", &call.id), "type": "function_call", "status": status, "arguments": arguments,
        "call_id": format!("call_{}", call.id), "name": call.name
    })
}

/// What breaks a stream: an error event, or with usage a response that failed.
pub fn error(told: &Told<'_>, number: usize, slip: Option<Slip>) -> Event {
    let Some(slip) = slip else {
        let body = json!({
            "type": "error", "sequence_number": number, "code": "server_error", "param": null,
            "message": "The server had an error while processing your request. Sorry about that!"
        });
        return Event::named(Part::Comment, Some("error"), &body);
    };
    let failed = response(told, "failed", &[], Some(&slip));
    let body = json!({"type": "response.failed", "sequence_number": number, "response": failed});
    Event::named(Part::Usage, Some("response.failed"), &body).tells(Some(slip))
}

/// Every event of a stream, from `response.created` to `response.completed`.
pub fn events(told: &Told<'_>) -> Vec<Event> {
    let mut stream = Stream { told, events: Vec::new(), output: Vec::new() };
    let choice = choice(told);
    stream.opening();
    if told.answer.classes.reasoning > 0 && told.asked.thinks.is_asked() {
        stream.reasoning(choice);
    }
    if !choice.pieces.is_empty() {
        stream.message(choice);
    }
    for call in &choice.calls {
        stream.call(call);
    }
    let (status, name) = end(told);
    let slip = told.slip(&told.answer.classes, ReportKind::Final);
    let last = response(told, status, &stream.output, slip.as_ref());
    stream.push(Part::Done, name, json!({"response": last}), Classes::default());
    let mut events = stream.events;
    if let Some(last) = events.last_mut() {
        last.slip = slip;
    }
    let late = json!({
        "type": "response.output_text.delta", "sequence_number": events.len(), "item_id": message_id(told),
        "output_index": 0, "content_index": 0, "delta": "late", "logprobs": []
    });
    terminate(&mut events, told.script, Event::named(Part::Comment, Some("response.output_text.delta"), &late));
    events
}

struct Stream<'a> {
    told: &'a Told<'a>,
    events: Vec<Event>,
    output: Vec<Value>,
}

impl Stream<'_> {
    fn push(&mut self, part: Part, name: &'static str, fields: Value, gives: Classes) {
        let number = self.events.iter().filter(|event| event.part != Part::Comment).count();
        let mut body = json!({"type": name, "sequence_number": number});
        if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
            body.extend(fields);
        }
        self.events.push(Event::named(part, Some(name), &body).gives(gives));
        if self.told.script.comments {
            self.events.push(Event::comment(": keep-alive"));
        }
    }

    fn side(&mut self, name: &'static str, fields: Value) {
        self.push(Part::Role, name, fields, Classes::default());
    }

    fn opening(&mut self) {
        let told = self.told;
        let hidden = told.hidden_reasoning();
        let slip = match told.script.usage {
            // A server that says early what it read: the end counts, not the sum.
            UsageForm::TwoChunks | UsageForm::Cumulative => {
                told.slip(&told.answer.classes.input_side(), ReportKind::Partial)
            }
            _ => None,
        };
        let begun = response(told, "in_progress", &[], None);
        self.push(Part::Role, "response.created", json!({"response": begun}), hidden);
        let going = response(told, "in_progress", &[], slip.as_ref());
        self.side("response.in_progress", json!({"response": going}));
        if let Some(event) = self.events.iter_mut().rfind(|event| event.part == Part::Role) {
            event.slip = slip;
        }
    }

    fn reasoning(&mut self, choice: &Choice) {
        let (id, at) = (reasoning_id(self.told), self.output.len());
        let begun = json!({"id": id, "type": "reasoning", "summary": []});
        self.side("response.output_item.added", json!({"output_index": at, "item": begun}));
        let place = json!({"item_id": id, "output_index": at, "summary_index": 0});
        if !choice.reasoning.is_empty() {
            self.side("response.reasoning_summary_part.added", with(&place, "part", summary_part("")));
            for piece in &choice.reasoning {
                let fields = with(&place, "delta", json!(piece));
                self.push(Part::Thought, "response.reasoning_summary_text.delta", fields, Event::thought(1));
            }
            let text = choice.thoughts();
            self.side("response.reasoning_summary_text.done", with(&place, "text", json!(text)));
            self.side("response.reasoning_summary_part.done", with(&place, "part", summary_part(&text)));
        }
        let item = reasoning(self.told, choice, &choice.thoughts());
        self.done(item);
    }

    fn message(&mut self, choice: &Choice) {
        let (id, at) = (message_id(self.told), self.output.len());
        let begun = json!({"id": id, "type": "message", "status": "in_progress", "role": "assistant", "content": []});
        self.side("response.output_item.added", json!({"output_index": at, "item": begun}));
        let place = json!({"item_id": id, "output_index": at, "content_index": 0});
        self.side("response.content_part.added", with(&place, "part", text_part("")));
        for piece in &choice.pieces {
            let fields = with(&with(&place, "delta", json!(piece)), "logprobs", json!([]));
            self.push(Part::Content { index: 0, tokens: 1 }, "response.output_text.delta", fields, Event::output(1));
        }
        let text = choice.text();
        let fields = with(&with(&place, "text", json!(text)), "logprobs", json!([]));
        self.side("response.output_text.done", fields);
        self.side("response.content_part.done", with(&place, "part", text_part(&text)));
        let item = message(self.told, &text, status(choice));
        self.done(item);
    }

    fn call(&mut self, call: &Call) {
        let at = self.output.len();
        let begun = function_call(call, "", "in_progress");
        let place = json!({"item_id": begun["id"], "output_index": at});
        let part = Part::Content { index: 0, tokens: 1 };
        let fields = json!({"output_index": at, "item": begun});
        self.push(part.clone(), "response.output_item.added", fields, Event::output(1));
        for piece in &call.pieces {
            let fields = with(&place, "delta", json!(piece));
            self.push(part.clone(), "response.function_call_arguments.delta", fields, Event::output(1));
        }
        self.side("response.function_call_arguments.done", with(&place, "arguments", json!(call.text())));
        self.done(function_call(call, &call.text(), "completed"));
    }

    fn done(&mut self, item: Value) {
        self.side("response.output_item.done", json!({"output_index": self.output.len(), "item": item}));
        self.output.push(item);
    }
}

fn with(place: &Value, name: &str, value: Value) -> Value {
    let mut fields = place.clone();
    fields[name] = value;
    fields
}
