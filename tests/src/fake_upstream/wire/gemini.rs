//! Google's generateContent wire, written: candidates of parts, and chunks that each carry the counts so far.
//!
//! There is no terminator: the chunk with the finish reason is the last one. Calls come whole. The thought signature
//! stands on the first call, or on an empty text at the end.

use serde_json::{Value, json};

use super::{
    super::{
        answer::{Choice, Finish},
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

/// What the seal of a text stands over; a call's stands over its name.
pub const TEXT: &str = "text";

pub fn call_seal(name: &str) -> String {
    format!("call:{name}")
}

fn finish_word(choice: &Choice) -> &'static str {
    match choice.finish {
        Finish::Stop | Finish::Calls => "STOP",
        Finish::Length => "MAX_TOKENS",
        Finish::Filter => "SAFETY",
        Finish::Failed => "OTHER",
    }
}

pub fn whole(told: &Told<'_>) -> (Value, Option<Slip>) {
    if told.endpoint.is_array {
        return array(told);
    }
    let slip = told.slip(&told.answer.classes, ReportKind::Final);
    let candidates = told.answer.choices.iter().enumerate().map(|(index, choice)| {
        let mut parts = Vec::new();
        if !choice.reasoning.is_empty() {
            parts.push(json!({"text": choice.thoughts(), "thought": true}));
        }
        if !choice.pieces.is_empty() {
            parts.push(json!({"text": choice.text()}));
        }
        parts.extend(calls(told, choice));
        if told.answer.is_sealed
            && choice.calls.is_empty()
            && let Some(last) = parts.last_mut()
        {
            last["thoughtSignature"] = json!(seal::closed(Vendor::Gemini, TEXT));
        }
        let content = json!({"parts": parts, "role": "model"});
        json!({"content": content, "finishReason": finish_word(choice), "index": index})
    });
    let candidates = candidates.collect::<Vec<_>>();
    (chunk(told, &json!(candidates), slip.as_ref()), slip)
}

/// The chunks of a stream that was not asked for as events: one array.
fn array(told: &Told<'_>) -> (Value, Option<Slip>) {
    use super::super::events::Spelling;
    let events = events(told);
    let slip = events.iter().rev().find_map(|event| event.slip.clone());
    let chunks = events.iter().filter_map(|event| match &event.spelling {
        Spelling::Data { json, .. } => serde_json::from_str::<Value>(json).ok(),
        _ => None,
    });
    (chunks.collect(), slip)
}

/// The parts of the calls that are complete.
fn calls(told: &Told<'_>, choice: &Choice) -> Vec<Value> {
    let mut parts = Vec::new();
    for call in &choice.calls {
        if serde_json::from_str::<Value>(&call.text()).is_err() {
            continue;
        }
        let mut part = json!({"functionCall": {"name": call.name, "args": call.arguments}});
        if told.answer.is_sealed && parts.is_empty() {
            part["thoughtSignature"] = json!(seal::closed(Vendor::Gemini, &call_seal(&call.name)));
        }
        parts.push(part);
    }
    parts
}

fn chunk(told: &Told<'_>, candidates: &Value, slip: Option<&Slip>) -> Value {
    let mut body = json!({"candidates": candidates});
    if let Some(slip) = slip {
        body["usageMetadata"] = slip.raw.clone();
    }
    body["modelVersion"] = json!(told.model());
    if let Some(id) = told.id("") {
        body["responseId"] = json!(id);
    }
    body
}

/// Every chunk of a stream; the last of each candidate has its finish reason.
pub fn events(told: &Told<'_>) -> Vec<Event> {
    let choices = &told.answer.choices;
    let mut stream = Stream { told, events: Vec::new(), so_far: told.answer.classes.input_side() };
    // Thoughts nobody sees are counted with the first chunk.
    let mut hidden = told.hidden_reasoning();
    let thoughts = choices.iter().map(|choice| choice.reasoning.len()).max().unwrap_or(0);
    for at in 0..thoughts {
        for (index, choice) in choices.iter().enumerate() {
            let Some(piece) = choice.reasoning.get(at) else { continue };
            stream.part(Part::Thought, index, json!({"text": piece, "thought": true}), Event::thought(1));
        }
    }
    let longest = choices.iter().map(|choice| choice.pieces.len()).max().unwrap_or(0);
    for at in 0..longest {
        for (index, choice) in choices.iter().enumerate() {
            let Some(piece) = choice.pieces.get(at) else { continue };
            let mut gives = Event::output(1);
            gives.add(&std::mem::take(&mut hidden));
            stream.part(Part::Content { index, tokens: 1 }, index, json!({"text": piece}), gives);
        }
    }
    for (index, choice) in choices.iter().enumerate() {
        for (part, call) in calls(told, choice).into_iter().zip(&choice.calls) {
            let tokens = call.tokens() as u64;
            let mut gives = Event::output(tokens);
            gives.add(&std::mem::take(&mut hidden));
            stream.part(Part::Content { index, tokens }, index, part, gives);
        }
    }
    for (index, choice) in choices.iter().enumerate() {
        stream.finish(index, choice, index + 1 == choices.len());
    }
    let mut events = stream.events;
    let late = json!([{"content": {"parts": [{"text": "late"}], "role": "model"}, "index": 0}]);
    let late = Event::data(Part::Comment, &chunk(told, &late, None));
    terminate(&mut events, told.script, late);
    events
}

struct Stream<'a> {
    told: &'a Told<'a>,
    events: Vec<Event>,
    so_far: Classes,
}

impl Stream<'_> {
    fn part(&mut self, kind: Part, index: usize, part: Value, gives: Classes) {
        self.so_far.add(&gives);
        let slip = self.told.slip(&self.so_far, ReportKind::Partial);
        let candidates = json!([{"content": {"parts": [part], "role": "model"}, "index": index}]);
        let body = chunk(self.told, &candidates, slip.as_ref());
        self.events.push(Event::data(kind, &body).gives(gives).tells(slip));
        if self.told.script.comments {
            self.events.push(Event::comment(": keep-alive"));
        }
    }

    fn finish(&mut self, index: usize, choice: &Choice, is_last: bool) {
        let mut part = json!({"text": ""});
        if self.told.answer.is_sealed && choice.calls.is_empty() {
            part["thoughtSignature"] = json!(seal::closed(Vendor::Gemini, TEXT));
        }
        let content = json!({"parts": [part], "role": "model"});
        let candidates = json!([{"content": content, "finishReason": finish_word(choice), "index": index}]);
        let kind = if is_last { ReportKind::Final } else { ReportKind::Partial };
        let slip = self.told.slip(&self.told.answer.classes, kind);
        let body = chunk(self.told, &candidates, slip.as_ref());
        // What a call cut by the limit produced is in no part; it counts all the same.
        let mut rest = self.told.answer.classes;
        rest.output = rest.output.saturating_sub(self.so_far.output);
        rest.reasoning = rest.reasoning.saturating_sub(self.so_far.reasoning);
        let gives = if is_last {
            Classes { output: rest.output, reasoning: rest.reasoning, ..Classes::default() }
        } else {
            Classes::default()
        };
        self.events.push(Event::data(Part::Finish, &body).gives(gives).tells(slip.clone()));
        if is_last && self.told.script.usage == UsageForm::TwoChunks {
            let again = chunk(self.told, &json!([]), slip.as_ref());
            self.events.push(Event::data(Part::Usage, &again).tells(slip));
        }
    }
}
