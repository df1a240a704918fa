//! What holds for every request, answer and stream of this wire.

use llm::{
    chat::{
        ChatRequest, Decimal, Effort, Format, Image, Message, Origin, Part, Reasoning, Role, Seal, Tool, ToolChoice,
    },
    event::{Answer, ChatEvent, Response},
    tally::{InputTokens, OutputTokens, UsageReport},
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::json;

use super::{
    Bytes, decode_chat, decode_request, decode_whole, encode_chat, encode_whole, envelope, events, fixtures, kinds,
    read, write,
};

fn words() -> impl Strategy<Value = String> {
    prop_oneof![Just("x".to_owned()), Just("\"\\\n\u{1F642} e\u{301}".to_owned()), "\\PC{1,12}"]
}

fn name() -> impl Strategy<Value = String> {
    "[a-z_]{1,8}"
}

fn seal() -> impl Strategy<Value = Seal> {
    ("[0-9a-f]{1,6}", "[A-Za-z0-9+/]{1,20}={0,2}", any::<bool>()).prop_map(|(id, data, has_id)| Seal {
        origin: Origin::OpenAi,
        data: if has_id { format!("rs_{id}#{data}") } else { data },
    })
}

fn text() -> impl Strategy<Value = Part> {
    words().prop_map(Part::text)
}

fn image() -> impl Strategy<Value = Part> {
    let image = prop_oneof![
        "[a-z]{1,8}".prop_map(|path| Image::Url(format!("https://example.com/{path}.png"))),
        "[A-Za-z0-9+/]{4,12}".prop_map(|data| Image::Inline { media_type: "image/png".to_owned(), data }),
    ];
    let detail = option::of(prop_oneof![Just("low".to_owned()), Just("high".to_owned())]);
    (image, detail).prop_map(|(image, detail)| Part::Image { image, detail, cache: None })
}

fn call() -> impl Strategy<Value = Part> {
    (name(), name(), words()).prop_map(|(id, name, arguments)| Part::ToolCall { id, name, arguments, cache: None })
}

fn thought() -> impl Strategy<Value = Part> {
    (option::of(words()), seal())
        .prop_map(|(text, seal)| Part::Reasoning { text: text.unwrap_or_default(), seal: Some(seal) })
}

/// What somebody other than the model says; turns of the model are put between, never two in a row.
fn said() -> impl Strategy<Value = Message> {
    let role = prop_oneof![Just(Role::System), Just(Role::User)];
    let plain = (role, vec(text(), 1..3)).prop_map(|(role, parts)| Message { role, parts });
    let seen = vec(prop_oneof![text(), image()], 1..4).prop_map(|parts| Message { role: Role::User, parts });
    let result = (name(), vec(prop_oneof![text(), image()], 1..3)).prop_map(|(id, content)| Message {
        role: Role::Tool,
        parts: vec![Part::ToolResult { id, content, is_error: false, cache: None }],
    });
    prop_oneof![plain, seen, result]
}

fn turns() -> impl Strategy<Value = Vec<Message>> {
    let model = vec(prop_oneof![text(), call(), thought()], 0..4);
    vec((said(), model), 1..5).prop_map(|turns| {
        let mut messages = Vec::new();
        for (said, parts) in turns {
            messages.push(said);
            if !parts.is_empty() {
                messages.push(Message { role: Role::Assistant, parts });
            }
        }
        messages
    })
}

fn tool() -> impl Strategy<Value = Tool> {
    (name(), option::of(words()), any::<bool>()).prop_map(|(name, description, strict)| Tool {
        name,
        description,
        schema: json!({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "number"}}}),
        strict: Some(strict),
        cache: None,
    })
}

fn format() -> impl Strategy<Value = Format> {
    let schema = (name(), option::of(words()), option::of(any::<bool>())).prop_map(|(name, description, strict)| {
        Format::Schema { name, description, schema: json!({"type": "object", "b": 1, "a": 2}), strict }
    });
    prop_oneof![Just(Format::Text), Just(Format::Object), schema]
}

fn reasoning() -> impl Strategy<Value = Reasoning> {
    let efforts = [Effort::Off, Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::Max];
    (proptest::sample::select(efforts.to_vec()), any::<bool>()).prop_map(|(effort, show)| Reasoning {
        effort: Some(effort),
        budget: None,
        show,
    })
}

fn decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![Just("0.30"), Just("1"), Just("2e-1")].prop_map(|text| Decimal::parse(text).unwrap().unwrap())
}

fn choice() -> impl Strategy<Value = ToolChoice> {
    prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::None),
        Just(ToolChoice::Required),
        name().prop_map(ToolChoice::Named)
    ]
}

prop_compose! {
    fn chat()(
        messages in turns(),
        tools in vec(tool(), 0..3),
        tool_choice in option::of(choice()),
        parallel_tool_calls in option::of(any::<bool>()),
        format in option::of(format()),
        reasoning in option::of(reasoning()),
        max_output_tokens in option::of(any::<u32>()),
        (temperature, top_p) in (option::of(decimal()), option::of(decimal())),
        user in option::of(words()),
        stream in any::<bool>(),
    ) -> ChatRequest {
        ChatRequest {
            model: "m".to_owned(), messages, tools, tool_choice, parallel_tool_calls, format, reasoning,
            max_output_tokens, temperature, top_p, user, stream, ..ChatRequest::default()
        }
    }
}

fn usage() -> impl Strategy<Value = UsageReport> {
    (any::<[u16; 4]>(), any::<[u16; 2]>()).prop_map(|(input, output)| {
        let [input, cache_read, cache_write_short, cache_write_long] = input.map(u32::from);
        let [output, reasoning] = output.map(u32::from);
        UsageReport {
            input: Some(InputTokens { input, cache_read, cache_write_short, cache_write_long }),
            output: Some(OutputTokens { output, reasoning }),
            is_final: true,
            flags: Vec::new(),
            raw: None,
        }
    })
}

/// Seals of every origin, and texts that no blank line of a summary could split.
fn answer_part() -> impl Strategy<Value = Part> {
    let origin = prop_oneof![Just(Origin::OpenAi), Just(Origin::Anthropic), Just(Origin::Gemini)];
    let sealed = (option::of(words()), option::of((origin, "[A-Za-z0-9+/#]{1,20}")))
        .prop_map(|(text, seal)| (text.unwrap_or_default(), seal.map(|(origin, data)| Seal { origin, data })))
        .prop_filter("says something", |(text, seal)| !text.is_empty() || seal.is_some())
        .prop_map(|(text, seal)| Part::Reasoning { text, seal });
    prop_oneof![text(), call(), sealed]
}

fn response() -> impl Strategy<Value = Response> {
    (vec(answer_part(), 0..6), any::<u8>(), usage()).prop_map(|(parts, end, usage)| {
        let has_calls = parts.iter().any(|part| matches!(part, Part::ToolCall { .. }));
        let reason = match end % 4 {
            0 => "length",
            1 => "content_filter",
            2 => "incomplete",
            _ if has_calls => "tool_calls",
            _ => "stop",
        };
        Response {
            id: Some("resp_01k".to_owned()),
            model: Some("public/model".to_owned()),
            answers: vec![Answer { parts, finish_reason: Some(reason.to_owned()) }],
            usage: Some(usage),
            ..Response::default()
        }
    })
}

/// A response as a stream tells it.
fn told(response: &Response) -> Vec<ChatEvent> {
    let mut events = vec![ChatEvent::Start { id: response.id.clone(), model: response.model.clone() }];
    let mut slot = 0;
    for part in &response.answers[0].parts {
        match part {
            Part::Text { text, .. } => events.push(ChatEvent::Text { index: 0, text: text.clone() }),
            Part::Reasoning { text, seal } => {
                events.push(ChatEvent::Reasoning { index: 0, text: text.clone() });
                events.extend(seal.clone().map(|seal| ChatEvent::Seal { index: 0, seal }));
            }
            Part::ToolCall { id, name, arguments, .. } => {
                let (id, name) = (Some(id.clone()), Some(name.clone()));
                events.push(ChatEvent::ToolCall { index: 0, slot, id, name, arguments: arguments.clone() });
                slot += 1;
            }
            other => unreachable!("no answer has {other:?}"),
        }
    }
    let reason = response.answers[0].finish_reason.clone().unwrap();
    events.push(ChatEvent::Finish { index: 0, reason });
    events.extend(response.usage.clone().map(ChatEvent::Usage));
    events
}

/// What a reader keeps of a stream: pieces of one kind in a row are one, calls are whole, the rest of them apart.
#[derive(Debug, Default, PartialEq)]
struct Kept {
    start: Vec<ChatEvent>,
    said: Vec<(char, String)>,
    calls: Vec<[String; 3]>,
    end: Vec<ChatEvent>,
}

fn kept(events: &[ChatEvent]) -> Kept {
    let mut kept = Kept::default();
    for event in events {
        let (kind, text) = match event {
            ChatEvent::Text { text, .. } => ('t', text.clone()),
            ChatEvent::Reasoning { text, .. } => ('r', text.clone()),
            ChatEvent::Seal { seal, .. } => ('s', format!("{seal:?}")),
            ChatEvent::ToolCall { slot, id, name, arguments, .. } => {
                let slot = usize::try_from(*slot).unwrap();
                if let Some(id) = id {
                    assert_eq!(kept.calls.len(), slot);
                    kept.calls.push([id.clone(), name.clone().unwrap(), String::new()]);
                    kept.said.push(('c', String::new()));
                }
                kept.calls[slot][2].push_str(arguments);
                continue;
            }
            ChatEvent::Usage(report) => {
                kept.end.push(ChatEvent::Usage(UsageReport { raw: None, ..report.clone() }));
                continue;
            }
            other => {
                let list = if matches!(other, ChatEvent::Start { .. }) { &mut kept.start } else { &mut kept.end };
                list.push(other.clone());
                continue;
            }
        };
        match kept.said.last_mut() {
            _ if text.is_empty() => {}
            Some((last, said)) if *last == kind && kind != 's' => said.push_str(&text),
            _ => kept.said.push((kind, text)),
        }
    }
    kept
}

fn without_raw(mut response: Response) -> Response {
    response.usage.iter_mut().for_each(|usage| usage.raw = None);
    response
}

proptest! {
    #[test]
    fn a_request_survives_writing_and_reading(chat in chat()) {
        let encoded = encode_chat(&chat, "m").unwrap();
        prop_assert!(encoded.dropped.is_empty());
        prop_assert_eq!(&decode_chat(encoded.body.as_bytes()).unwrap(), &chat);
        let request = decode_request(Bytes::from(encoded.body)).unwrap();
        let neutral = llm::Request::from(chat);
        prop_assert!(request.size.bytes >= neutral.size.bytes, "{:?} {:?}", request.size, neutral.size);
        prop_assert_eq!(request.size.images, neutral.size.images);
        prop_assert_eq!((request.max_output, request.stream), (neutral.max_output, neutral.stream));
    }

    #[test]
    fn a_whole_answer_survives_writing_and_reading(response in response()) {
        let written = encode_whole(&response, &envelope());
        prop_assert_eq!(without_raw(decode_whole(&written).unwrap()), response);
    }

    #[test]
    fn a_streamed_answer_survives_writing_and_reading(response in response()) {
        let events_in = told(&response);
        prop_assert_eq!(kept(&events(&write(&events_in))), kept(&events_in));
    }

    #[test]
    fn any_chunks_of_a_stream_mean_the_same(
        at in any::<proptest::sample::Index>(),
        mut cuts in vec(any::<proptest::sample::Index>(), 0..8),
    ) {
        let streams = fixtures("responses/streams");
        let (name, bytes) = &streams[at.index(streams.len())];
        cuts.sort_by_key(|cut| cut.index(bytes.len()));
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts.iter().map(|cut| cut.index(bytes.len())) {
            pieces.push(&bytes[from..cut]);
            from = cut;
        }
        pieces.push(&bytes[from..]);
        prop_assert_eq!(kinds(&read(&pieces)), kinds(&read(&[bytes])), "{}", name);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        folder in proptest::sample::select(vec!["requests", "answers", "streams"]),
        at in any::<proptest::sample::Index>(),
        changes in vec((any::<proptest::sample::Index>(), any::<u8>(), 0..3u8), 1..12),
    ) {
        let files = fixtures(&format!("responses/{folder}"));
        let mut bytes = files[at.index(files.len())].1.clone();
        for (place, byte, how) in changes {
            let place = place.index(bytes.len().max(1));
            match how {
                0 if place < bytes.len() => bytes[place] = byte,
                1 => bytes.truncate(place),
                _ => bytes.insert(place.min(bytes.len()), b"\"{}[]:,0n"[usize::from(byte) % 9]),
            }
        }
        let _ = decode_request(Bytes::from(bytes.clone()));
        let _ = decode_chat(&bytes);
        let _ = decode_whole(&bytes);
        let _ = super::for_upstream(&bytes, "m", true);
        let _ = write(&events(&bytes));
    }
}
