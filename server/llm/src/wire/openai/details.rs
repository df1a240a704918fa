//! `reasoning_details`: thoughts with their seals, in requests and answers.
//!
//! The list says more than `reasoning_content`, so where both hold text the list wins and the plain text is its copy.
//! Source: OpenRouter, "Reasoning tokens", preserving reasoning blocks.

use serde_json::{Map, Value};

use super::OWN_ORIGIN;
use crate::chat::{Part, Seal};

/// Types of entries that we read.
pub(super) const TYPES: [&str; 3] = ["reasoning.text", "reasoning.summary", "reasoning.encrypted"];

/// One entry of the list, or one piece of it in a stream.
#[derive(Debug, Default)]
pub(super) struct Detail {
    pub text: String,
    pub seal: Option<Seal>,
    /// It carries a seal whose origin nobody knows: it cannot be brought back.
    pub is_lost: bool,
    /// Id of the tool call that it stands before.
    call: Option<String>,
    /// Pieces with the same number are one entry.
    number: Option<u64>,
}

impl Detail {
    /// `None` when the entry is of no type we know.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (said, lock) = match value.get("type").and_then(Value::as_str)? {
            "reasoning.text" => (text("text"), text("signature")),
            "reasoning.summary" => (text("summary"), text("signature")),
            "reasoning.encrypted" => (None, text("data")),
            _ => return None,
        };
        let seal = lock.and_then(|lock| Seal::from_client(lock, OWN_ORIGIN));
        Some(Self {
            text: said.unwrap_or_default().to_owned(),
            is_lost: lock.is_some() && seal.is_none(),
            seal,
            call: text("id").map(str::to_owned),
            number: value.get("index").and_then(Value::as_u64),
        })
    }

    /// Clients that keep a stream's pieces as they came send them back one by one.
    fn goes_on(&self, next: &Self) -> bool {
        self.number.is_some() && self.number == next.number && self.seal.is_none() && !self.is_lost
    }

    fn add(&mut self, next: Self) {
        self.text.push_str(&next.text);
        self.seal = next.seal;
        self.is_lost = next.is_lost;
        self.call = self.call.take().or(next.call);
    }

    fn into_part(self) -> Option<Part> {
        let is_something = !self.text.is_empty() || self.seal.is_some();
        is_something.then_some(Part::Reasoning { text: self.text, seal: self.seal })
    }
}

/// Entries of a list, pieces joined.
pub(super) fn read(values: &[Value]) -> Vec<Detail> {
    let mut details: Vec<Detail> = Vec::new();
    for next in values.iter().filter_map(Detail::read) {
        match details.last_mut() {
            Some(last) if last.goes_on(&next) => last.add(next),
            _ => details.push(next),
        }
    }
    details
}

/// The parts of an assistant's message in order: thoughts, texts, and the calls with what belongs before each.
pub(super) fn arrange(plain: String, details: Vec<Detail>, texts: Vec<Part>, calls: Vec<Part>) -> Vec<Part> {
    let mut parts = Vec::new();
    if !plain.is_empty() && details.iter().all(|detail| detail.text.is_empty()) {
        parts.push(Part::Reasoning { text: plain, seal: None });
    }
    let is_call =
        |detail: &Detail, call: &Part| matches!(call, Part::ToolCall { id, .. } if Some(id) == detail.call.as_ref());
    let (mut bound, free): (Vec<Detail>, Vec<Detail>) =
        details.into_iter().partition(|detail| calls.iter().any(|call| is_call(detail, call)));
    parts.extend(free.into_iter().filter_map(Detail::into_part));
    parts.extend(texts);
    for call in calls {
        let (here, later): (Vec<Detail>, Vec<Detail>) = bound.into_iter().partition(|detail| is_call(detail, &call));
        bound = later;
        parts.extend(here.into_iter().filter_map(Detail::into_part));
        parts.push(call);
    }
    parts
}

/// One entry for a client. `call` is the id of the tool call that it stands before.
pub(super) fn write(text: &str, seal: Option<&Seal>, call: Option<&str>, number: u32) -> Value {
    let seal = seal.map(|seal| seal.for_client(OWN_ORIGIN));
    let mut entry = Map::new();
    let mut set = |name: &str, value: Value| entry.insert(name.to_owned(), value);
    match seal {
        Some(data) if text.is_empty() => {
            set("type", "reasoning.encrypted".into());
            set("data", data.into());
        }
        seal => {
            set("type", "reasoning.text".into());
            set("text", text.into());
            seal.map(|signature| set("signature", signature.into()));
        }
    }
    call.map(|call| set("id", call.into()));
    set("index", number.into());
    Value::Object(entry)
}

/// The list of a whole answer: all of its thoughts when one of them is sealed, else none.
pub(super) fn of_parts(parts: &[Part]) -> Vec<Value> {
    let is_sealed = |part: &Part| matches!(part, Part::Reasoning { seal: Some(_), .. });
    if !parts.iter().any(is_sealed) {
        return Vec::new();
    }
    let mut entries = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        let Part::Reasoning { text, seal } = part else { continue };
        let next = parts[i..].iter().find(|part| !matches!(part, Part::Reasoning { .. }));
        let call = if let Some(Part::ToolCall { id, .. }) = next { Some(id.as_str()) } else { None };
        let number = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        entries.push(write(text, seal.as_ref(), call, number));
    }
    entries
}
