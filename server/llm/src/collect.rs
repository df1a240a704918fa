//! A complete answer out of the events of a stream.

use std::collections::{BTreeMap, HashMap};

use crate::{
    chat::Part,
    event::{Answer, ChatEvent, Response},
};

/// Gathers events in order. What it gives is what the same answer would have been in one piece.
#[derive(Debug, Default)]
pub struct Collector {
    response: Response,
    answers: BTreeMap<u32, Pieces>,
    failure: Option<String>,
}

#[derive(Debug, Default)]
struct Pieces {
    answer: Answer,
    /// Where among the parts the call of a slot is.
    calls: HashMap<u32, usize>,
}

impl Collector {
    pub fn push(&mut self, event: &ChatEvent) {
        match event {
            ChatEvent::Start { id, model } => {
                self.response.id = self.response.id.take().or_else(|| id.clone());
                self.response.model = self.response.model.take().or_else(|| model.clone());
            }
            ChatEvent::Text { index, text } => self.of(*index).text(text),
            ChatEvent::Reasoning { index, text } => self.of(*index).reasoning(text),
            ChatEvent::Seal { index, seal } => {
                let parts = &mut self.of(*index).answer.parts;
                match parts.last_mut() {
                    Some(Part::Reasoning { seal: open @ None, .. }) => *open = Some(seal.clone()),
                    _ => parts.push(Part::Reasoning { text: String::new(), seal: Some(seal.clone()) }),
                }
            }
            ChatEvent::ToolCall { index, slot, id, name, arguments } => {
                self.of(*index).call(*slot, id.as_deref(), name.as_deref(), arguments);
            }
            ChatEvent::Finish { index, reason } => self.of(*index).answer.finish_reason = Some(reason.clone()),
            ChatEvent::Usage(report) => self.response.usage = Some(report.clone()),
            ChatEvent::Failed { message } => self.failure = Some(message.clone()),
        }
    }

    /// The failure that the upstream reported in the middle, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// What was said so far, answers in order of their index.
    pub fn finish(self) -> Response {
        let answers = self.answers.into_values().map(|pieces| pieces.answer).collect();
        Response { answers, ..self.response }
    }

    fn of(&mut self, index: u32) -> &mut Pieces {
        self.answers.entry(index).or_default()
    }
}

impl Pieces {
    fn text(&mut self, more: &str) {
        match self.answer.parts.last_mut() {
            Some(Part::Text { text, .. }) => text.push_str(more),
            _ if more.is_empty() => {}
            _ => self.answer.parts.push(Part::text(more)),
        }
    }

    fn reasoning(&mut self, more: &str) {
        match self.answer.parts.last_mut() {
            Some(Part::Reasoning { text, seal: None }) => text.push_str(more),
            _ if more.is_empty() => {}
            _ => self.answer.parts.push(Part::Reasoning { text: more.to_owned(), seal: None }),
        }
    }

    fn call(&mut self, slot: u32, its_id: Option<&str>, its_name: Option<&str>, more: &str) {
        let parts = &mut self.answer.parts;
        let at = *self.calls.entry(slot).or_insert_with(|| {
            let (id, name) = (String::new(), String::new());
            parts.push(Part::ToolCall { id, name, arguments: String::new(), cache: None });
            parts.len() - 1
        });
        let Some(Part::ToolCall { id, name, arguments, .. }) = parts.get_mut(at) else { return };
        // Some servers repeat them with every piece.
        if id.is_empty() {
            id.push_str(its_id.unwrap_or_default());
        }
        if name.is_empty() {
            name.push_str(its_name.unwrap_or_default());
        }
        arguments.push_str(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Origin, Seal};

    fn collected(events: &[ChatEvent]) -> Response {
        let mut collector = Collector::default();
        events.iter().for_each(|event| collector.push(event));
        collector.finish()
    }

    fn call(slot: u32, id: Option<&str>, name: Option<&str>, arguments: &str) -> ChatEvent {
        let text = |text: Option<&str>| text.map(str::to_owned);
        ChatEvent::ToolCall { index: 0, slot, id: text(id), name: text(name), arguments: arguments.to_owned() }
    }

    #[test]
    fn pg_6_thoughts_with_their_seals_text_and_interleaved_calls_become_parts_in_order() {
        let seal = Seal { origin: Origin::Anthropic, data: "signed".to_owned() };
        let response = collected(&[
            ChatEvent::Reasoning { index: 0, text: "h".to_owned() },
            ChatEvent::Reasoning { index: 0, text: "m".to_owned() },
            ChatEvent::Seal { index: 0, seal: seal.clone() },
            ChatEvent::Seal { index: 0, seal: seal.clone() },
            ChatEvent::Text { index: 0, text: "on".to_owned() },
            ChatEvent::Text { index: 0, text: "e".to_owned() },
            call(0, Some("a"), Some("read"), "{"),
            call(1, Some("b"), Some("list"), ""),
            call(0, Some("a"), Some("read"), "}"),
            ChatEvent::Text { index: 0, text: "two".to_owned() },
            ChatEvent::Finish { index: 0, reason: "tool_calls".to_owned() },
        ]);
        let part = |id: &str, name: &str, arguments: &str| Part::ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            cache: None,
        };
        let parts = vec![
            Part::Reasoning { text: "hm".to_owned(), seal: Some(seal.clone()) },
            Part::Reasoning { text: String::new(), seal: Some(seal) },
            Part::text("one"),
            part("a", "read", "{}"),
            part("b", "list", ""),
            Part::text("two"),
        ];
        assert_eq!(response.answers, [Answer { parts, finish_reason: Some("tool_calls".to_owned()) }]);
    }

    #[test]
    fn several_answers_stay_apart() {
        let said = |index, text: &str| ChatEvent::Text { index, text: text.to_owned() };
        let response = collected(&[said(1, "b"), said(0, "a"), said(1, "c")]);
        let texts: Vec<&[Part]> = response.answers.iter().map(|answer| answer.parts.as_slice()).collect();
        assert_eq!(texts, [&[Part::text("a")], &[Part::text("bc")]]);
    }
}
