//! The turn of a sample: what the model said and called, and what it was told, until it has its last word.
//!
//! Pure. A step keeps the assistant's message as a client would send it back, sealed reasoning and all: some vendors go on
//! only where their own signed thoughts stand before the calls. One more way to answer a call: its branch in [`reply`].

use std::collections::HashSet;

use domain::{
    grid::{Tool, ToolReply},
    run::ToolCall,
};
use llm::{chat::Part, wire::openai};
use serde_json::{Value, json};
use store::runs::Step;

/// Arguments that somebody left out.
const NO_ARGUMENTS: &str = "{}";

#[derive(Debug, Default)]
pub(crate) struct Turn {
    steps: Vec<Step>,
}

impl Turn {
    /// Goes on where an earlier take ended.
    pub fn resumed(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// All calls so far, in order.
    pub fn calls(&self) -> Vec<ToolCall> {
        self.steps.iter().flat_map(|step| step.calls.iter().cloned()).collect()
    }

    /// What the model said last.
    pub fn last_text(&self) -> &str {
        self.steps.last().map_or("", |step| step.text.as_str())
    }

    /// Is some call of the last step without a result?
    pub fn is_open(&self) -> bool {
        self.steps.last().is_some_and(|step| step.calls.iter().any(|call| call.result.is_none()))
    }

    /// The messages that follow those of the grid.
    pub fn messages(&self) -> Vec<Value> {
        let mut messages = Vec::new();
        for step in &self.steps {
            messages.push(step.said.clone().unwrap_or_else(|| said(&parts_of(step))));
            messages.extend(step.calls.iter().map(|call| {
                let result = call.result.as_deref().unwrap_or_default();
                json!({"role": "tool", "tool_call_id": call.id, "content": result})
            }));
        }
        messages
    }

    /// Adds what the model said. Its calls get ids that no other call of the turn has: some servers give none, or begin anew.
    pub fn add(&mut self, mut parts: Vec<Part>) {
        let mut taken: HashSet<String> = self.calls().into_iter().map(|call| call.id).collect();
        let mut step = Step::default();
        for part in &mut parts {
            match part {
                Part::Text { text, .. } => {
                    *text = storable(text);
                    step.text.push_str(text);
                }
                Part::ToolCall { id, name, arguments, .. } => {
                    *id = fresh(id, &taken);
                    taken.insert(id.clone());
                    *name = storable(name);
                    *arguments = storable(arguments);
                    if arguments.trim().is_empty() {
                        NO_ARGUMENTS.clone_into(arguments);
                    }
                    let (id, name, arguments) = (id.clone(), name.clone(), arguments.clone());
                    step.calls.push(ToolCall { id, name, arguments, result: None });
                }
                Part::Reasoning { text, .. } => *text = storable(text),
                Part::Image { .. } | Part::ToolResult { .. } => {}
            }
        }
        step.said = Some(said(&parts));
        self.steps.push(step);
    }

    /// Answers the open calls of the last step as far as their tools answer by themselves.
    pub fn answer(&mut self, tools: &[Tool]) {
        let Some(step) = self.steps.last_mut() else { return };
        for call in step.calls.iter_mut().filter(|call| call.result.is_none()) {
            let tool = tools.iter().find(|tool| tool.name == call.name);
            call.result = tool.and_then(|tool| reply(tool, call));
        }
    }
}

/// What a tool says by itself; `None` when a person says it.
fn reply(tool: &Tool, call: &ToolCall) -> Option<String> {
    match tool.reply {
        ToolReply::Typed => None,
        ToolReply::Fixed => Some(tool.result.clone()),
        ToolReply::Echo => Some(call.arguments.clone()),
    }
}

/// The assistant's message as a client sends it back.
fn said(parts: &[Part]) -> Value {
    let mut message = openai::message(parts);
    if let Some(members) = message.as_object_mut() {
        // It says nothing, and not every server knows it.
        members.shift_remove("refusal");
    }
    message
}

/// The same of a step whose message nobody kept.
fn parts_of(step: &Step) -> Vec<Part> {
    let text = (!step.text.is_empty()).then(|| Part::text(step.text.as_str()));
    let calls = step.calls.iter().map(|call| Part::ToolCall {
        id: call.id.clone(),
        name: call.name.clone(),
        arguments: call.arguments.clone(),
        cache: None,
    });
    text.into_iter().chain(calls).collect()
}

fn fresh(id: &str, taken: &HashSet<String>) -> String {
    let id = storable(id);
    if !id.is_empty() && !taken.contains(&id) {
        return id;
    }
    // One more than there are taken: one of them is free.
    (0..=taken.len()).map(|number| format!("call_{number}")).find(|id| !taken.contains(id)).unwrap_or(id)
}

/// Postgres stores no NUL.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use llm::{
        Dialect,
        chat::{Origin, Seal},
        wire,
    };

    use super::*;

    fn call(id: &str, name: &str, arguments: &str) -> Part {
        Part::ToolCall { id: id.into(), name: name.into(), arguments: arguments.into(), cache: None }
    }

    fn tool(name: &str, reply: ToolReply) -> Tool {
        Tool { name: name.into(), reply, result: "42".into(), ..Tool::default() }
    }

    fn results(turn: &Turn) -> Vec<Option<String>> {
        turn.calls().into_iter().map(|call| call.result).collect()
    }

    #[test]
    fn pg_6_fixed_and_echoed_results_come_by_themselves_and_typed_ones_wait() {
        let mut turn = Turn::default();
        turn.add(vec![call("a", "fixed", "{}"), call("b", "echo", "{\"x\":1}")]);
        let tools = [tool("fixed", ToolReply::Fixed), tool("echo", ToolReply::Echo), tool("typed", ToolReply::Typed)];
        turn.answer(&tools);
        assert_eq!(results(&turn), [Some("42".to_owned()), Some("{\"x\":1}".to_owned())]);
        assert!(!turn.is_open());
        turn.add(vec![call("c", "fixed", ""), call("d", "typed", ""), call("e", "invented", "")]);
        turn.answer(&tools);
        assert_eq!(results(&turn)[2..], [Some("42".to_owned()), None, None]);
        assert!(turn.is_open());
    }

    #[test]
    fn pg_6_a_resumed_turn_says_the_same_messages_with_the_typed_results() {
        let mut turn = Turn::default();
        turn.add(vec![Part::text("let me see"), call("a", "typed", "{\"x\":1}")]);
        let stored = serde_json::to_string(turn.steps()).unwrap();
        let mut steps: Vec<Step> = serde_json::from_str(&stored).unwrap();
        steps[0].calls[0].result = Some("typed by hand".into());
        let resumed = Turn::resumed(steps);
        assert!(!resumed.is_open());
        assert_eq!(
            resumed.messages(),
            [
                json!({"role": "assistant", "content": "let me see", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "typed", "arguments": "{\"x\":1}"}}]}),
                json!({"role": "tool", "tool_call_id": "a", "content": "typed by hand"}),
            ]
        );
        // Also when nobody kept the message itself.
        let bare = Turn::resumed(resumed.steps().iter().cloned().map(|step| Step { said: None, ..step }).collect());
        assert_eq!(bare.messages(), resumed.messages());
    }

    #[test]
    fn pg_6_signed_thoughts_find_their_way_back_before_the_calls_they_led_to() {
        let seal = Seal { origin: Origin::Anthropic, data: "c2lnbmVk".into() };
        let parts = vec![
            Part::Reasoning { text: "hm".into(), seal: Some(seal) },
            Part::text("one moment"),
            call("a", "fixed", "{}"),
        ];
        let mut turn = Turn::default();
        turn.add(parts.clone());
        turn.answer(&[tool("fixed", ToolReply::Fixed)]);
        let mut messages = vec![json!({"role": "user", "content": "go"})];
        messages.extend(turn.messages());
        let body = json!({"model": "m", "stream": true, "messages": messages}).to_string();
        let request = llm::dialects::openai_chat::OpenAiChat.decode(body.into()).unwrap();
        let chat = wire::neutral(&request).unwrap();
        assert_eq!(chat.messages[1].parts, parts);
        assert_eq!(chat.messages[2].role, llm::chat::Role::Tool);
    }

    #[test]
    fn every_call_of_a_turn_has_an_id_of_its_own_and_nothing_holds_a_nul() {
        let mut turn = Turn::default();
        turn.add(vec![call("", "f", ""), call("x", "f", "a\0b"), call("x", "f", "")]);
        turn.add(vec![Part::text("a\0"), call("x", "f", ""), call("call_0", "f", "")]);
        let ids: Vec<String> = turn.calls().into_iter().map(|call| call.id).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 5, "{ids:?}");
        let said = turn.messages();
        let sent: Vec<&Value> = said[0]["tool_calls"].as_array().unwrap().iter().map(|call| &call["id"]).collect();
        assert_eq!(sent, ids[..3].iter().collect::<Vec<_>>());
        assert!(!serde_json::to_string(turn.steps()).unwrap().contains("\\u0000"));
        assert_eq!(turn.calls()[0].arguments, "{}");
    }
}
