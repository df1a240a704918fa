//! The output items of a stream, and how much of each was said already.
//!
//! The same text may come up to four times: in pieces, as a whole when its part is done, in its item, in the final response.
//! Each text remembers how many of its bytes went on; only the rest follows.

use serde_json::Value;

use crate::{
    event::ChatEvent,
    wire::responses::{
        answer::{Kind, arguments, call, seal_of},
        item::{BETWEEN, part_text, said, texts},
    },
};

/// Which text of an item. The number is the position of its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Text(u64),
    Summary(u64),
    Thought(u64),
    Arguments,
}

impl Class {
    fn kind(self) -> Kind {
        match self {
            Self::Text(_) => Kind::Message,
            Self::Summary(_) | Self::Thought(_) => Kind::Reasoning,
            Self::Arguments => Kind::Call,
        }
    }
}

#[derive(Debug, Default)]
pub struct Items {
    items: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    output_index: u64,
    kind: Kind,
    id: Option<String>,
    /// Of a call.
    slot: u32,
    /// A call whose id and name went out, reasoning whose seal did.
    is_known: bool,
    texts: Vec<Text>,
}

#[derive(Debug)]
struct Text {
    class: Class,
    /// Said when it was announced; whether pieces repeat it shows when they come.
    announced: String,
    sent: usize,
}

impl Items {
    pub fn has(&self, kind: Kind) -> bool {
        self.items.iter().any(|item| item.kind == kind)
    }

    /// An item begins.
    pub fn open(&mut self, output_index: u64, item: &Value, events: &mut Vec<ChatEvent>) {
        let id = said(item, "id").map(str::to_owned);
        let is_open = |known: &Item| known.output_index == output_index && known.id == id && id.is_some();
        if self.items.iter().any(is_open) {
            return;
        }
        let new = self.add(output_index, Kind::of(item), id);
        new.name(item, events);
        match new.kind {
            Kind::Message => {
                let contents = texts(item, "content").enumerate();
                contents.for_each(|(i, text)| new.text(Class::Text(i as u64)).announce(text));
            }
            Kind::Call => new.text(Class::Arguments).announce(arguments(item)),
            Kind::Reasoning | Kind::Other => {}
        }
    }

    /// A part of a message begins.
    pub fn announce(&mut self, output_index: u64, content_index: u64, part: &Value) {
        if said(part, "type") != Some("reasoning_text") {
            let class = Class::Text(content_index);
            self.item(output_index, class.kind()).text(class).announce(part_text(part));
        }
    }

    pub fn part_done(&mut self, output_index: u64, content_index: u64, part: &Value, events: &mut Vec<ChatEvent>) {
        let is_thought = said(part, "type") == Some("reasoning_text");
        let class = if is_thought { Class::Thought(content_index) } else { Class::Text(content_index) };
        self.done(output_index, class, part_text(part), events);
    }

    /// A piece of a text.
    pub fn delta(&mut self, output_index: u64, class: Class, piece: &str, events: &mut Vec<ChatEvent>) {
        if piece.is_empty() {
            return;
        }
        let item = self.item(output_index, class.kind());
        // A call without a name waits for the item that has one.
        if item.kind == Kind::Call && !item.is_known {
            return;
        }
        let piece = item.text(class).take(piece);
        item.say(class, &piece, events);
    }

    /// A whole text, of which some may have gone out.
    pub fn done(&mut self, output_index: u64, class: Class, whole: &str, events: &mut Vec<ChatEvent>) {
        self.item(output_index, class.kind()).complete(class, whole, events);
    }

    /// An item is over.
    pub fn close(&mut self, output_index: u64, item: &Value, events: &mut Vec<ChatEvent>) {
        let known = self.item(output_index, Kind::of(item));
        known.id = known.id.take().or_else(|| said(item, "id").map(str::to_owned));
        known.complete_all(item, events);
    }

    /// The final response: its items are those that were streamed, found by id, else by their order within their kind.
    pub fn finish(&mut self, output: &[Value], events: &mut Vec<ChatEvent>) {
        let ids: Vec<Option<&str>> = output.iter().map(|item| said(item, "id")).collect();
        let is_named = |known: &Item| known.id.is_some() && ids.contains(&known.id.as_deref());
        let mut unnamed: Vec<(Kind, usize)> = self
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| !is_named(item))
            .map(|(at, item)| (item.kind, at))
            .collect();
        for item in output {
            let (kind, id) = (Kind::of(item), said(item, "id"));
            let by_id = self.items.iter().position(|known| id.is_some() && known.id.as_deref() == id);
            let known = by_id.or_else(|| {
                let next = unnamed.iter().position(|(of, _)| *of == kind)?;
                Some(unnamed.remove(next).1)
            });
            match known {
                Some(at) => self.items[at].complete_all(item, events),
                None => self.add(u64::MAX, kind, id.map(str::to_owned)).complete_all(item, events),
            }
        }
    }

    fn add(&mut self, output_index: u64, kind: Kind, id: Option<String>) -> &mut Item {
        let calls = self.items.iter().filter(|item| item.kind == Kind::Call).count();
        let slot = u32::try_from(calls).unwrap_or(u32::MAX);
        self.items.push(Item { output_index, kind, id, slot, is_known: false, texts: Vec::new() });
        let last = self.items.len() - 1;
        &mut self.items[last]
    }

    /// The newest item of this kind at this place; one that nobody announced begins here.
    fn item(&mut self, output_index: u64, kind: Kind) -> &mut Item {
        let is_it = |item: &Item| item.output_index == output_index && item.kind == kind;
        match self.items.iter().rposition(is_it) {
            Some(at) => &mut self.items[at],
            None => self.add(output_index, kind, None),
        }
    }
}

impl Item {
    fn text(&mut self, class: Class) -> &mut Text {
        let at = self.texts.iter().position(|text| text.class == class).unwrap_or_else(|| {
            self.texts.push(Text { class, announced: String::new(), sent: 0 });
            self.texts.len() - 1
        });
        &mut self.texts[at]
    }

    fn complete(&mut self, class: Class, whole: &str, events: &mut Vec<ChatEvent>) {
        if whole.is_empty() || (self.kind == Kind::Call && !self.is_known) {
            return;
        }
        let rest = self.text(class).rest(whole);
        self.say(class, &rest, events);
    }

    fn complete_all(&mut self, item: &Value, events: &mut Vec<ChatEvent>) {
        self.name(item, events);
        match self.kind {
            Kind::Message => self.complete_list(item, "content", Class::Text, events),
            Kind::Reasoning => {
                self.complete_list(item, "summary", Class::Summary, events);
                self.complete_list(item, "content", Class::Thought, events);
                if let Some(seal) = seal_of(item).filter(|_| !self.is_known) {
                    self.is_known = true;
                    events.push(ChatEvent::Seal { index: 0, seal });
                }
            }
            Kind::Call => self.complete(Class::Arguments, arguments(item), events),
            Kind::Other => {}
        }
    }

    fn complete_list(&mut self, item: &Value, list: &str, class: fn(u64) -> Class, events: &mut Vec<ChatEvent>) {
        for (i, text) in texts(item, list).enumerate() {
            self.complete(class(i as u64), text, events);
        }
    }

    /// The first piece of a call says whose it is.
    fn name(&mut self, item: &Value, events: &mut Vec<ChatEvent>) {
        let (id, name) = call(item);
        if self.kind == Kind::Call && !self.is_known && id.is_some() && name.is_some() {
            self.is_known = true;
            events.push(ChatEvent::ToolCall { index: 0, slot: self.slot, id, name, arguments: String::new() });
        }
    }

    fn say(&mut self, class: Class, piece: &str, events: &mut Vec<ChatEvent>) {
        if piece.is_empty() {
            return;
        }
        let piece = piece.to_owned();
        events.push(match class {
            Class::Text(_) => ChatEvent::Text { index: 0, text: piece },
            Class::Arguments => {
                ChatEvent::ToolCall { index: 0, slot: self.slot, id: None, name: None, arguments: piece }
            }
            Class::Summary(_) | Class::Thought(_) => {
                if !self.is_told(class) {
                    return;
                }
                let begins = self.text(class).sent == piece.len();
                let follows = self.texts.iter().any(|text| text.class != class && text.sent > 0);
                let text = if begins && follows { format!("{BETWEEN}{piece}") } else { piece };
                ChatEvent::Reasoning { index: 0, text }
            }
        });
    }

    /// An item may have a summary and the full text: the one that came first is told, the other would say it again.
    fn is_told(&self, class: Class) -> bool {
        let first = self.texts.iter().find(|text| text.sent > 0).map_or(class, |text| text.class);
        matches!((first, class), (Class::Summary(_), Class::Summary(_)) | (Class::Thought(_), Class::Thought(_)))
    }
}

impl Text {
    fn announce(&mut self, text: &str) {
        if self.sent == 0 {
            text.clone_into(&mut self.announced);
        }
    }

    /// A piece, after what was announced unless it says that again.
    fn take(&mut self, piece: &str) -> String {
        let announced = std::mem::take(&mut self.announced);
        let piece = if announced.starts_with(piece) { piece.to_owned() } else { announced + piece };
        self.sent += piece.len();
        piece
    }

    /// What of the whole was not said yet.
    fn rest(&mut self, whole: &str) -> String {
        self.announced.clear();
        let rest = whole.get(self.sent..).unwrap_or_default().to_owned();
        self.sent += rest.len();
        rest
    }
}
