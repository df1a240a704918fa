//! Which call of an answer a streamed piece belongs to.
//!
//! OpenAI numbers the calls and names each in its first piece. Compatible servers leave the number out, say 0 for every
//! call, repeat the id, the name or both in each piece, make up a new id for each piece, or name a call late.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::ToolCall;

/// The calls of one answer so far.
#[derive(Debug, Default)]
pub(super) struct Calls {
    slots: Vec<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    /// As the upstream counts.
    number: Option<u64>,
    id: Option<String>,
    name: String,
    /// Arguments that came before the name.
    held: String,
    /// Its first piece is out.
    is_open: bool,
    /// Its first piece had all of the arguments.
    is_whole: bool,
}

/// A piece as events have it: the first of a call has an id and a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub slot: u32,
    pub id: Option<String>,
    pub name: Option<String>,
    pub arguments: String,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Takes the next piece. `None` while it says nothing that could be passed on.
    pub(super) fn take(&mut self, call: &ToolCall, make_id: impl Fn(u32) -> String) -> Option<Piece> {
        let arguments = call.arguments();
        let at = self.find(call, &arguments).unwrap_or_else(|| {
            let number = call.index.as_ref().and_then(Value::as_u64);
            self.slots.push(Slot { number, ..Slot::default() });
            self.slots.len() - 1
        });
        let position = u32::try_from(at).unwrap_or(u32::MAX);
        let slot = &mut self.slots[at];
        slot.id = slot.id.take().or_else(|| call.id().map(str::to_owned));
        if slot.name.is_empty() {
            call.name().clone_into(&mut slot.name);
        }
        if slot.is_open {
            let says_more = !arguments.is_empty();
            return says_more.then_some(Piece { slot: position, id: None, name: None, arguments });
        }
        slot.held.push_str(&arguments);
        if slot.name.is_empty() {
            return None;
        }
        Some(slot.open(position, make_id))
    }

    /// The answer is complete: calls that were never named go out as they are.
    pub(super) fn close(&mut self, make_id: impl Fn(u32) -> String) -> Vec<Piece> {
        let closed = (0..).zip(&mut self.slots).filter(|(_, slot)| !slot.is_open);
        closed.map(|(position, slot)| slot.open(position, &make_id)).collect()
    }

    fn find(&self, call: &ToolCall, arguments: &str) -> Option<usize> {
        let number = call.index.as_ref().and_then(Value::as_u64);
        let last = self.slots.len().checked_sub(1);
        let at = match (number, call.id()) {
            (Some(number), _) => self.slots.iter().rposition(|slot| slot.number == Some(number)),
            (None, Some(id)) => self.slots.iter().rposition(|slot| slot.id.as_deref() == Some(id)).or(last),
            (None, None) => last,
        };
        at.filter(|at| self.slots[*at].goes_on(call, arguments))
    }
}

impl Slot {
    /// Is this piece more of the same call?
    fn goes_on(&self, call: &ToolCall, arguments: &str) -> bool {
        let is_more = call.name().is_empty() && !arguments.is_empty();
        match (call.id(), self.id.as_deref()) {
            (Some(new), Some(known)) if new == known => true,
            // A call begins with its name; an id alone with more arguments was made up for the piece.
            (Some(_), Some(_)) => is_more && !self.name.is_empty(),
            _ if call.name().is_empty() || self.name.is_empty() => true,
            _ => call.name() == self.name && !self.is_whole,
        }
    }

    fn open(&mut self, position: u32, make_id: impl Fn(u32) -> String) -> Piece {
        self.is_open = true;
        let arguments = std::mem::take(&mut self.held);
        self.is_whole = serde_json::from_str::<IgnoredAny>(&arguments).is_ok();
        let id = self.id.clone().unwrap_or_else(|| make_id(position));
        Piece { slot: position, id: Some(id), name: Some(self.name.clone()), arguments }
    }
}
