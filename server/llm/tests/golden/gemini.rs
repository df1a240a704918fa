//! The wire of Gemini: answers and streams as it sends them, bodies as we send them.

mod requests;

use std::fmt::Write;

use llm::{
    chat::{ChatRequest, Message, Part, Role},
    event::{Answer, ChatEvent},
    frame::{Frame, FrameKind},
    request::Size,
    tally::{Limits, Tally},
    wire::{Reader, Wire, gemini},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{fixtures, line, meaning};

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut decoder = Reader::new(Wire::Gemini).decoder();
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut frames).unwrap();
    }
    decoder.finish(&mut frames);
    frames
}

#[test]
fn gemini_answers_say_this() {
    for (name, body) in fixtures("gemini/answers") {
        let response = Reader::new(Wire::Gemini).decode(&body).unwrap();
        insta::assert_debug_snapshot!(format!("answer__{name}"), response);
    }
}

#[test]
fn gemini_streams_have_these_events_and_counts() {
    for (name, bytes) in fixtures("gemini/streams") {
        let mut tally = Tally::default();
        let mut seen = String::new();
        for frame in read([bytes.as_slice()]) {
            frame.kind.events().iter().for_each(|event| tally.observe(event));
            writeln!(seen, "{}", line(&frame.kind)).unwrap();
        }
        let count = tally.count(&Size::default(), Limits { input: 1_000, output: 1_000 });
        insta::assert_snapshot!(format!("stream__{name}"), format!("{seen}\n{count:#?}"));
    }
}

#[test]
fn gemini_streams_mean_the_same_at_every_split() {
    for (name, bytes) in fixtures("gemini/streams") {
        let whole = read([bytes.as_slice()]);
        for at in 0..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(meaning(&read([head, tail])), meaning(&whole), "{name} split at {at}");
        }
    }
}

/// What the events of one answer add up to, by the rules of [`ChatEvent`].
fn add_up(events: &[ChatEvent], answer: u32) -> Answer {
    let mut sum = Answer::default();
    for event in events {
        match event {
            ChatEvent::Text { index, text } if *index == answer => match sum.parts.last_mut() {
                Some(Part::Text { text: last, .. }) => last.push_str(text),
                _ => sum.parts.push(Part::text(text.as_str())),
            },
            ChatEvent::Reasoning { index, text } if *index == answer => match sum.parts.last_mut() {
                Some(Part::Reasoning { text: last, seal: None }) => last.push_str(text),
                _ => sum.parts.push(Part::Reasoning { text: text.clone(), seal: None }),
            },
            ChatEvent::Seal { index, seal } if *index == answer => match sum.parts.last_mut() {
                Some(Part::Reasoning { seal: open @ None, .. }) => *open = Some(seal.clone()),
                _ => sum.parts.push(Part::Reasoning { text: String::new(), seal: Some(seal.clone()) }),
            },
            ChatEvent::ToolCall { index, id: Some(id), name: Some(name), arguments, .. } if *index == answer => {
                let (id, name, arguments) = (id.clone(), name.clone(), arguments.clone());
                sum.parts.push(Part::ToolCall { id, name, arguments, cache: None });
            }
            ChatEvent::Finish { index, reason } if *index == answer => sum.finish_reason = Some(reason.clone()),
            _ => {}
        }
    }
    sum
}

/// A part as the API sends it. Thoughts are signed, so that they may go back.
fn piece() -> impl Strategy<Value = Value> {
    let text = "[a-z\"\\\\ é🌍]{1,6}";
    let signed = |mut piece: Value, signature: Option<String>| {
        if let (Some(signature), Some(members)) = (signature, piece.as_object_mut()) {
            members.insert("thoughtSignature".to_owned(), Value::from(signature));
        }
        piece
    };
    let signature = || proptest::option::of("[A-Za-z0-9+/]{1,8}");
    prop_oneof![
        (text, signature()).prop_map(move |(text, signature)| signed(json!({"text": text}), signature)),
        (text, "[A-Z]{1,4}")
            .prop_map(|(text, signature)| { json!({"text": text, "thought": true, "thoughtSignature": signature}) }),
        "[A-Z]{1,4}".prop_map(|signature| json!({"text": "", "thoughtSignature": signature})),
        ("[a-z_]{1,5}", text, proptest::option::of("id-[a-z]{2}"), signature()).prop_map(
            move |(name, value, id, signature)| {
                let mut call = json!({"name": name, "args": {"q": value, "n": 1.5}});
                if let (Some(id), Some(members)) = (id, call.as_object_mut()) {
                    members.insert("id".to_owned(), Value::from(id));
                }
                signed(json!({"functionCall": call}), signature)
            }
        ),
    ]
}

fn whole(parts: &[Value]) -> Answer {
    let body = json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]});
    Reader::new(Wire::Gemini).decode(body.to_string().as_bytes()).unwrap().answers.remove(0)
}

proptest! {
    #[test]
    fn any_cuts_of_a_gemini_stream_give_the_same_events(which in any::<prop::sample::Index>(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let streams = fixtures("gemini/streams");
        let (_, bytes) = which.get(&streams);
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        at.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for to in at.into_iter().chain([bytes.len()]) {
            pieces.push(&bytes[from..to]);
            from = to;
        }
        let (cut, uncut) = (read(pieces), read([bytes.as_slice()]));
        prop_assert_eq!(meaning(&cut), meaning(&uncut));
    }

    #[test]
    fn a_gemini_stream_adds_up_to_the_whole_answer(parts in prop::collection::vec(piece(), 0..6)) {
        let mut stream = String::new();
        for part in &parts {
            write!(stream, "data: {}\r\n\r\n", json!({"candidates": [{"content": {"parts": [part]}}]})).unwrap();
        }
        write!(stream, "data: {}\r\n\r\n", json!({"candidates": [{"finishReason": "STOP"}]})).unwrap();
        let events: Vec<ChatEvent> =
            read([stream.as_bytes()]).iter().flat_map(|frame| frame.kind.events()).cloned().collect();
        prop_assert_eq!(add_up(&events, 0), whole(&parts));
    }

    #[test]
    fn a_turn_of_gemini_goes_back_as_it_came(parts in prop::collection::vec(piece(), 1..6)) {
        let answer = whole(&parts);
        let messages = vec![
            Message::text(Role::User, "q"),
            Message { role: Role::Assistant, parts: answer.parts.clone() },
        ];
        let chat = ChatRequest { model: "m".to_owned(), messages, ..ChatRequest::default() };
        let sent = gemini::encode_chat(&chat, "gemini-2.5-flash").unwrap();
        prop_assert!(sent.dropped.is_empty());
        let body: Value = serde_json::from_str(&sent.body).unwrap();
        let back = body["contents"][1]["parts"].as_array().unwrap();
        prop_assert_eq!(whole(back).parts, answer.parts);
    }

    #[test]
    fn mangled_gemini_bytes_never_panic(which in any::<prop::sample::Index>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8), end in any::<prop::sample::Index>()) {
        let mut all = fixtures("gemini/streams");
        all.extend(fixtures("gemini/answers"));
        let mut bytes = which.get(&all).1.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(bytes.len() + 1));
        for wire in [Wire::Gemini, Wire::GeminiCount, Wire::GeminiEmbeddings] {
            let _ = Reader::new(wire).decode(&bytes);
        }
        let _ = (gemini::is_error_body(&bytes), gemini::error_reason(&bytes));
        let frames = read([bytes.as_slice()]);
        prop_assert!(!frames.iter().any(|frame| matches!(frame.kind, FrameKind::End(_))));
    }
}
