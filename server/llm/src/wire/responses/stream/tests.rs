use serde_json::json;

use super::*;
use crate::chat::Seal;
use crate::frame::Decoder;

fn kinds(events: &[Value]) -> Vec<FrameKind> {
    let input: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    read(&input)
}

fn read(input: &str) -> Vec<FrameKind> {
    let mut decoder = StreamDecoder::new();
    let mut frames = Vec::new();
    decoder.push(input.as_bytes(), &mut frames).unwrap();
    decoder.finish(&mut frames);
    frames.into_iter().map(|frame| frame.kind).collect()
}

fn events(input: &[Value]) -> Vec<ChatEvent> {
    kinds(input).iter().flat_map(|kind| kind.events().to_vec()).collect()
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::Text { index: 0, text: text.to_owned() }
}

fn thought(text: &str) -> ChatEvent {
    ChatEvent::Reasoning { index: 0, text: text.to_owned() }
}

fn piece(slot: u32, arguments: &str) -> ChatEvent {
    ChatEvent::ToolCall { index: 0, slot, id: None, name: None, arguments: arguments.to_owned() }
}

fn named(slot: u32, id: &str) -> ChatEvent {
    let (id, name) = (Some(id.to_owned()), Some("f".to_owned()));
    ChatEvent::ToolCall { index: 0, slot, id, name, arguments: String::new() }
}

fn finish(reason: &str) -> ChatEvent {
    ChatEvent::Finish { index: 0, reason: reason.to_owned() }
}

fn message(text: &str) -> Value {
    json!({"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": text}]})
}

fn function(id: &str, arguments: &str) -> Value {
    json!({"type": "function_call", "id": format!("fc_{id}"), "call_id": id, "name": "f", "arguments": arguments})
}

fn completed(output: &[Value]) -> Value {
    json!({"type": "response.completed", "response": {"status": "completed", "output": output}})
}

#[test]
fn a_text_that_is_said_four_times_goes_on_once() {
    let seen = events(&[
        json!({"type": "response.output_text.delta", "output_index": 0, "delta": "all "}),
        json!({"type": "response.output_text.done", "output_index": 0, "text": "all of it"}),
        json!({"type": "response.content_part.done", "output_index": 0,
            "part": {"type": "output_text", "text": "all of it"}}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": message("all of it")}),
        completed(&[message("all of it")]),
    ]);
    assert_eq!(seen, [text("all "), text("of it"), finish("stop")]);
}

#[test]
fn any_of_the_four_is_enough() {
    for said in [
        json!({"type": "response.output_text.delta", "output_index": 0, "delta": "x"}),
        json!({"type": "response.output_text.done", "output_index": 0, "text": "x"}),
        json!({"type": "response.content_part.done", "output_index": 0, "part": {"type": "output_text", "text": "x"}}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": message("x")}),
        completed(&[message("x")]),
    ] {
        let seen = events(&[said.clone(), completed(&[message("x")])]);
        assert_eq!(seen.iter().filter(|event| **event == text("x")).count(), 1, "{said}");
    }
}

#[test]
fn what_an_item_starts_with_is_repeated_by_its_pieces_or_goes_before_them() {
    let added = json!({"type": "response.output_item.added", "output_index": 0, "item": function("c", "{\"a\":1}")});
    let delta =
        |delta: &str| json!({"type": "response.function_call_arguments.delta", "output_index": 0, "delta": delta});
    assert_eq!(
        events(&[added.clone(), delta("{\"a\""), delta(":1}")]),
        [named(0, "c"), piece(0, "{\"a\""), piece(0, ":1}")]
    );
    assert_eq!(events(&[added.clone(), delta(" ")]), [named(0, "c"), piece(0, "{\"a\":1} ")]);
    assert_eq!(
        events(&[added, completed(&[function("c", "{\"a\":1}")])]),
        [named(0, "c"), piece(0, "{\"a\":1}"), finish("tool_calls")]
    );
}

#[test]
fn slots_count_calls_only_and_a_call_without_a_name_waits_for_it() {
    let seen = events(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": message("")}),
        json!({"type": "response.output_item.added", "output_index": 1, "item": function("a", "")}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{"}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{}"}),
        json!({"type": "response.function_call_arguments.done", "output_index": 2, "arguments": "{\"b\":1}"}),
        json!({"type": "response.output_item.done", "output_index": 2, "item": function("b", "{\"b\":1}")}),
    ]);
    assert_eq!(seen, [named(0, "a"), piece(0, "{}"), named(1, "b"), piece(1, "{\"b\":1}")]);
}

#[test]
fn summaries_are_apart_and_the_seal_is_the_final_one() {
    let item = |sealed: &str| {
        json!({"type": "reasoning", "id": "rs_1", "encrypted_content": sealed,
            "summary": [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}],
            "content": [{"type": "reasoning_text", "text": "all of it again"}]})
    };
    let begun = json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "half"});
    let seen = events(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": begun}),
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "one"}),
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 1, "delta": "tw"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item("whole")}),
        completed(&[item("whole")]),
    ]);
    let seal = Seal { origin: crate::chat::Origin::OpenAi, data: "rs_1#whole".to_owned() };
    assert_eq!(
        seen,
        [thought("one"), thought("\n\ntw"), thought("o"), ChatEvent::Seal { index: 0, seal }, finish("stop")]
    );
}

#[test]
fn the_final_response_is_matched_by_id_then_by_order_within_a_kind() {
    let other =
        |id: &str, text: &str| json!({"type": "message", "id": id, "content": [{"type": "output_text", "text": text}]});
    let added =
        |index: u64, item: Value| json!({"type": "response.output_item.done", "output_index": index, "item": item});
    // The stream left out an empty item, so its places have a gap, and it never told the first one.
    let seen = events(&[added(3, other("msg_b", "b")), completed(&[other("msg_a", "a"), other("msg_b", "b")])]);
    assert_eq!(seen, [text("b"), text("a"), finish("stop")]);
    // Some proxies give every event another id.
    let seen = events(&[
        added(0, other("x1", "a")),
        added(1, other("x2", "b")),
        completed(&[other("y1", "a"), other("y2", "b")]),
    ]);
    assert_eq!(seen, [text("a"), text("b"), finish("stop")]);
}

#[test]
fn every_terminal_event_ends_the_stream_with_its_usage() {
    for (kind, last) in [
        ("response.completed", finish("stop")),
        ("response.incomplete", finish("content_filter")),
        ("response.failed", ChatEvent::Failed { message: "overloaded".to_owned() }),
        ("response.cancelled", ChatEvent::Failed { message: "the provider cancelled the answer".to_owned() }),
    ] {
        let response = json!({"output": [], "usage": {"input_tokens": 3, "output_tokens": 1},
            "incomplete_details": {"reason": "content_filter"}, "error": {"code": "x", "message": "overloaded"}});
        let seen = kinds(&[json!({"type": kind, "response": response})]);
        let [FrameKind::End(events)] = seen.as_slice() else { panic!("{seen:?}") };
        assert!(events.contains(&last), "{kind}: {events:?}");
        let finals = events.iter().filter(|event| matches!(event, ChatEvent::Usage(report) if report.is_final)).count();
        assert_eq!(finals, 1, "{kind}");
    }
}

#[test]
fn a_failure_is_read_in_every_shape() {
    for event in [
        json!({"type": "error", "code": "x", "message": "broke", "param": null, "sequence_number": 3}),
        json!({"type": "error", "error": {"type": "server_error", "code": "x", "message": "broke"}}),
        json!({"error": {"message": "broke"}}),
        json!({"error": "broke"}),
    ] {
        assert_eq!(events(&[event]), [ChatEvent::Failed { message: "broke".to_owned() }]);
    }
}

#[test]
fn bad_frames_are_told_apart_from_comments_and_from_news() {
    let input =
        ": ping\n\ndata: {oops\n\ndata: 5\n\ndata: {\"type\":\"response.novelty\"}\n\ndata: {}\n\ndata: [DONE]\n\n";
    assert_eq!(
        read(input),
        [
            FrameKind::Comment,
            FrameKind::Bad,
            FrameKind::Bad,
            FrameKind::Events(Vec::new()),
            FrameKind::Events(Vec::new()),
            FrameKind::Comment
        ]
    );
}
