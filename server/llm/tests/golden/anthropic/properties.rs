//! What holds for every value and every stream.

#![expect(clippy::panic, reason = "a value that cannot be is a broken test")]

use bytes::Bytes;
use llm::{
    chat::{ChatRequest, Part, Role},
    event::{Answer, ChatEvent, Response},
    frame::Decoder,
    wire::anthropic::{self, StreamDecoder},
};
use proptest::{collection::vec, prelude::*, sample::Index, test_runner::RngSeed};

use super::{encoded, envelope, events, frames, values};
use crate::{fixtures, meaning};

fn config() -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::with_cases(384) }
}

/// The events that say this answer, every text in pieces of a few characters.
fn said(response: &Response) -> Vec<ChatEvent> {
    let pieces = |text: &str| -> Vec<String> {
        text.chars().collect::<Vec<_>>().chunks(3).map(|piece| piece.iter().collect()).collect()
    };
    let mut events = vec![ChatEvent::Start { id: None, model: None }];
    let mut slot = 0;
    let answer = &response.answers[0];
    for part in &answer.parts {
        match part {
            Part::Text { text, .. } => {
                events.extend(pieces(text).into_iter().map(|text| ChatEvent::Text { index: 0, text }));
            }
            Part::Reasoning { text, seal } => {
                events.extend(pieces(text).into_iter().map(|text| ChatEvent::Reasoning { index: 0, text }));
                events.extend(seal.clone().map(|seal| ChatEvent::Seal { index: 0, seal }));
            }
            Part::ToolCall { id, name, arguments, .. } => {
                events.push(begin(slot, id, name));
                events.extend(pieces(arguments).into_iter().map(|piece| more(slot, piece)));
                slot += 1;
            }
            Part::Image { .. } | Part::ToolResult { .. } => panic!("no part of an answer"),
        }
    }
    let reason = answer.finish_reason.clone();
    events.extend(reason.map(|reason| ChatEvent::Finish { index: 0, reason }));
    events.extend(response.usage.clone().map(ChatEvent::Usage));
    events
}

fn begin(slot: u32, id: &str, name: &str) -> ChatEvent {
    let (id, name) = (Some(id.to_owned()), Some(name.to_owned()));
    ChatEvent::ToolCall { index: 0, slot, id, name, arguments: String::new() }
}

fn more(slot: u32, arguments: String) -> ChatEvent {
    ChatEvent::ToolCall { index: 0, slot, id: None, name: None, arguments }
}

/// The answer that events say. Redacted thoughts never belong to the text before them.
fn heard(events: &[ChatEvent]) -> Response {
    let mut answer = Answer::default();
    let mut response = Response::default();
    for event in events {
        match (event, answer.parts.last_mut()) {
            (ChatEvent::Text { text, .. }, Some(Part::Text { text: last, .. }))
            | (ChatEvent::Reasoning { text, .. }, Some(Part::Reasoning { text: last, seal: None })) => {
                last.push_str(text)
            }
            (ChatEvent::Text { text, .. }, _) => answer.parts.push(Part::text(text.as_str())),
            (ChatEvent::Reasoning { text, .. }, _) => {
                answer.parts.push(Part::Reasoning { text: text.clone(), seal: None });
            }
            (ChatEvent::Seal { seal, .. }, Some(Part::Reasoning { seal: last @ None, .. })) => {
                *last = Some(seal.clone())
            }
            (ChatEvent::Seal { seal, .. }, _) => {
                answer.parts.push(Part::Reasoning { text: String::new(), seal: Some(seal.clone()) });
            }
            (ChatEvent::ToolCall { id: Some(id), name: Some(name), arguments, .. }, _) => {
                let (id, name, arguments) = (id.clone(), name.clone(), arguments.clone());
                answer.parts.push(Part::ToolCall { id, name, arguments, cache: None });
            }
            (ChatEvent::ToolCall { arguments, .. }, Some(Part::ToolCall { arguments: last, .. })) => {
                last.push_str(arguments);
            }
            (ChatEvent::Finish { reason, .. }, _) => answer.finish_reason = Some(reason.clone()),
            (ChatEvent::Usage(report), _) => response.usage = Some(report.clone()),
            (ChatEvent::Start { .. }, _) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
    response.answers = vec![answer];
    response
}

/// Less what is of the envelope, not of the answer.
fn bare(mut response: Response) -> Response {
    (response.id, response.model) = (None, None);
    if let Some(usage) = &mut response.usage {
        usage.raw = None;
    }
    response
}

/// Blocks count from 0, and one is open at a time.
fn is_well_formed(stream: &str) -> bool {
    let mut next = 0;
    let mut open = None;
    let mut kinds = Vec::new();
    for data in stream.lines().filter_map(|line| line.strip_prefix("data: ")) {
        let event: serde_json::Value = serde_json::from_str(data).unwrap();
        let kind = event["type"].as_str().unwrap().to_owned();
        let index = event["index"].as_u64();
        match kind.as_str() {
            "content_block_start" if open.is_none() && index == Some(next) => (open, next) = (index, next + 1),
            "content_block_delta" if open.is_some() && index == open => {}
            "content_block_stop" if open.is_some() && index == open => open = None,
            kind if kind.starts_with("content_block") => return false,
            _ => {}
        }
        kinds.push(kind);
    }
    let ends = kinds.first().map(String::as_str) == Some("message_start")
        && kinds.ends_with(&["message_delta".to_owned(), "message_stop".to_owned()]);
    ends && open.is_none() && kinds.iter().filter(|kind| *kind == "message_start").count() == 1
}

fn is_in_a_loop(chat: &ChatRequest) -> bool {
    chat.messages.last().is_some_and(|message| message.role == Role::Tool)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_request_comes_back_as_it_was_written(mut chat in values::chat()) {
        if is_in_a_loop(&chat) {
            // Whether such a turn may think depends on its seals: a test beside the code says how.
            chat.reasoning = None;
        }
        let written = anthropic::encode_chat(&chat, "m", None).unwrap();
        prop_assert_eq!(&written.dropped, &[""; 0]);
        prop_assert_eq!(anthropic::decode_chat(written.body.as_bytes()).unwrap(), chat);
        // What we write is what we would accept, and weigh by no less than its text.
        let request = anthropic::decode_request(Bytes::from(written.body)).unwrap();
        prop_assert!(request.size.bytes >= request.size.text_bytes);
    }

    #[test]
    fn a_whole_answer_comes_back_as_it_was_written(response in values::response()) {
        let written = anthropic::encode_whole(&response, &envelope());
        prop_assert_eq!(bare(anthropic::decode_whole(&written, false).unwrap()), response);
    }

    #[test]
    fn a_streamed_answer_comes_back_as_it_was_written(response in values::response()) {
        let written = encoded(&said(&response), true);
        prop_assert!(is_well_formed(&written), "{}", written);
        prop_assert_eq!(bare(heard(&events(written.as_bytes()))), response);
    }

    #[test]
    fn calls_arrive_complete_and_in_order_however_their_pieces_interleave(
        calls in vec(("[a-z]{1,4}", vec("[a-z\"{}:]{0,3}", 0..5)), 1..4),
        turns in vec(any::<Index>(), 20),
    ) {
        let calls: Vec<(String, Vec<String>)> = calls
            .into_iter()
            .map(|(name, values)| {
                let text = serde_json::json!({"values": values}).to_string();
                (name, text.chars().collect::<Vec<_>>().chunks(4).map(|piece| piece.iter().collect()).collect())
            })
            .collect();
        let mut queues: Vec<Vec<ChatEvent>> = Vec::new();
        for (slot, (name, pieces)) in calls.iter().enumerate() {
            let slot = u32::try_from(slot).unwrap();
            let rest = pieces.iter().map(|piece| more(slot, piece.clone()));
            queues.push(std::iter::once(begin(slot, &format!("id{slot}"), name)).chain(rest).rev().collect());
        }
        // Calls begin in order, their pieces come in any.
        let mut mixed: Vec<ChatEvent> = queues.iter_mut().filter_map(Vec::pop).collect();
        for turn in &turns {
            mixed.extend(turn.get_mut(&mut queues).pop());
        }
        mixed.extend(queues.into_iter().flat_map(|queue| queue.into_iter().rev()));
        let written = encoded(&mixed, true);
        prop_assert!(is_well_formed(&written), "{}", written);
        let expected: Vec<Part> = calls
            .into_iter()
            .enumerate()
            .map(|(slot, (name, pieces))| Part::ToolCall {
                id: format!("id{slot}"), name, arguments: pieces.concat(), cache: None,
            })
            .collect();
        prop_assert_eq!(&heard(&events(written.as_bytes())).answers[0].parts, &expected);
    }

    #[test]
    fn any_chunking_of_a_stream_means_the_same(which in any::<Index>(), cuts in vec(any::<Index>(), 0..12)) {
        let recorded = fixtures("anthropic/streams");
        let (name, bytes) = which.get(&recorded);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let (cut, whole) = (frames(&pieces), frames(&[bytes]));
        prop_assert_eq!(meaning(&cut), meaning(&whole), "{}", name);
    }

    #[test]
    fn no_bytes_make_a_reader_fall_over(
        folder in prop_oneof![Just("requests"), Just("answers"), Just("streams")],
        which in any::<Index>(),
        changes in vec((any::<Index>(), any::<u8>(), 0..3u8), 0..6),
    ) {
        let recorded = fixtures(&format!("anthropic/{folder}"));
        let mut bytes = which.get(&recorded).1.clone();
        for (at, byte, change) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at + 1),
            }
        }
        let body = Bytes::from(bytes);
        if anthropic::decode_request(body.clone()).is_ok() {
            // What a client may send goes out to the vendor.
            anthropic::for_upstream(&body, "m").unwrap();
        }
        let _ = anthropic::decode_count_request(body.clone());
        if let Ok(chat) = anthropic::decode_chat(&body) {
            let _ = anthropic::encode_chat(&chat, "m", None);
        }
        if let Ok(response) = anthropic::decode_whole(&body, true) {
            let written = anthropic::encode_whole(&response, &envelope());
            anthropic::decode_whole(&written, true).unwrap();
        }
        let _ = anthropic::decode_count(&body);
        let _ = anthropic::error_type(&body);
        let mut frames = Vec::new();
        let mut decoder = StreamDecoder::new(true);
        let _ = decoder.push(&body, &mut frames);
        decoder.finish(&mut frames);
        let seen: Vec<ChatEvent> = frames.iter().flat_map(|frame| frame.kind.events().to_vec()).collect();
        let written = encoded(&seen, true);
        prop_assert!(is_well_formed(&written), "{}", written);
    }
}
