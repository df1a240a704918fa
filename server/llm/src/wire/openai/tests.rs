//! Laws of the wire over made-up requests and answers, and decoders that never panic.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use super::*;
use crate::{
    chat::{
        Cache, ChatRequest, Decimal, Effort, Format, Image, Message, Origin, Part, Reasoning, Role, Seal, Tool,
        ToolChoice,
    },
    event::{Answer, ChatEvent, Response},
    frame::{Decoder, Envelope, EventEncoder, Frame, FrameKind},
    tally::{InputTokens, OutputTokens, UsageReport},
};

static MARKING: Quirks = Quirks { cache_markers: true, ..PLAIN };

fn word() -> impl Strategy<Value = String> {
    prop_oneof![Just("東京 \"q\"\n".to_owned()), "[a-z ]{1,8}"]
}

fn cache() -> impl Strategy<Value = Option<Cache>> {
    option::of(select(vec![Cache::Short, Cache::Long]))
}

fn seal() -> impl Strategy<Value = Seal> {
    (select(vec![Origin::OpenAi, Origin::Anthropic, Origin::Gemini]), "[a-zA-Z0-9+/=.]{1,9}")
        .prop_map(|(origin, data)| Seal { origin, data })
}

/// Parts that need a list, or one plain text: what comes back as it was.
fn texts() -> impl Strategy<Value = Vec<Part>> {
    let marked = || {
        (word(), select(vec![Cache::Short, Cache::Long]), word())
            .prop_map(|(first, cache, second)| vec![Part::Text { text: first, cache: Some(cache) }, Part::text(second)])
    };
    prop_oneof![Just(Vec::new()), word().prop_map(|text| vec![Part::text(text)]), marked()]
}

fn image() -> impl Strategy<Value = Part> {
    let image = prop_oneof![
        Just(Image::Url("https://example.com/a.png?x=1,2".to_owned())),
        Just(Image::Inline { media_type: "image/jpeg".to_owned(), data: "/9j/4A==".to_owned() }),
    ];
    let detail = option::of(select(vec!["low".to_owned(), "high".to_owned()]));
    (image, detail, cache()).prop_map(|(image, detail, cache)| Part::Image { image, detail, cache })
}

fn call(id: String) -> impl Strategy<Value = Part> {
    (Just(id), "[a-z_]{1,6}", select(vec!["{}", "{\"a\": [1, 2.50]}", ""]))
        .prop_map(|(id, name, arguments)| Part::ToolCall { id, name, arguments: arguments.to_owned(), cache: None })
}

fn message() -> impl Strategy<Value = Message> {
    let of = |role: Role| move |parts: Vec<Part>| Message { role, parts };
    let result = texts().prop_map(|content| Message {
        role: Role::Tool,
        parts: vec![Part::ToolResult { id: "c1".to_owned(), content, is_error: false, cache: None }],
    });
    let user = (texts(), image(), texts()).prop_map(|(mut parts, image, more)| {
        parts.push(image);
        parts.extend(more);
        Message { role: Role::User, parts }
    });
    let assistant =
        (texts(), call("c1".to_owned()), option::of(call("c2".to_owned()))).prop_map(|(mut parts, first, second)| {
            parts.push(first);
            parts.extend(second);
            Message { role: Role::Assistant, parts }
        });
    prop_oneof![
        texts().prop_map(of(Role::System)),
        texts().prop_map(of(Role::User)),
        texts().prop_map(of(Role::Assistant)),
        user,
        assistant,
        result,
    ]
}

fn tool() -> impl Strategy<Value = Tool> {
    let schema = select(vec![json!({"type": "object", "properties": {"z": {}, "a": {}}}), json!({})]);
    ("[a-z]{1,6}", option::of(word()), schema, option::of(any::<bool>()), cache())
        .prop_map(|(name, description, schema, strict, cache)| Tool { name, description, schema, strict, cache })
}

fn format() -> impl Strategy<Value = Format> {
    let schema =
        ("[a-z]{1,6}", option::of(word()), option::of(any::<bool>())).prop_map(|(name, description, strict)| {
            Format::Schema { name, description, schema: json!({"type": "object"}), strict }
        });
    prop_oneof![Just(Format::Text), Just(Format::Object), schema]
}

fn decimal() -> impl Strategy<Value = Option<Decimal>> {
    option::of(select(vec!["0.30", "1", "-0.5", "1e-2"])).prop_map(|text| Decimal::parse(text.unwrap_or("")).unwrap())
}

prop_compose! {
    fn sampling()(
        max_output_tokens in option::of(any::<u32>()),
        stop in vec(word(), 0..3),
        answers in option::of(2..9_u32),
        temperature in decimal(),
        top_p in decimal(),
        top_k in option::of(1..99_u32),
        frequency_penalty in decimal(),
        presence_penalty in decimal(),
        seed in option::of(any::<i64>()),
        user in option::of(word()),
        stream in any::<bool>(),
    ) -> ChatRequest {
        ChatRequest {
            max_output_tokens, stop, answers, temperature, top_p, top_k, frequency_penalty, presence_penalty, seed, user,
            stream, ..ChatRequest::default()
        }
    }
}

prop_compose! {
    /// What the wire can say, in the form its reading gives.
    fn request()(
        sampling in sampling(),
        messages in vec(message(), 1..5),
        tools in vec(tool(), 1..3),
        tool_choice in option::of(prop_oneof![
            Just(ToolChoice::Auto), Just(ToolChoice::None), Just(ToolChoice::Required),
            Just(ToolChoice::Named("f".to_owned())),
        ]),
        parallel_tool_calls in option::of(any::<bool>()),
        format in option::of(format()),
        effort in option::of(select(vec![
            Effort::Off, Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::Max,
        ])),
    ) -> ChatRequest {
        let reasoning = effort.map(|effort| Reasoning { effort: Some(effort), ..Reasoning::default() });
        let model = "public".to_owned();
        ChatRequest { model, messages, tools, tool_choice, parallel_tool_calls, format, reasoning, ..sampling }
    }
}

fn usage() -> impl Strategy<Value = Option<UsageReport>> {
    let count = || 0..1_000_000_u32;
    let report = (count(), count(), count(), count(), count()).prop_map(|(input, read, written, output, reasoning)| {
        UsageReport {
            input: Some(InputTokens { input, cache_read: read, cache_write_short: written, cache_write_long: 0 }),
            output: Some(OutputTokens { output, reasoning }),
            is_final: true,
            ..UsageReport::default()
        }
    });
    option::of(report)
}

/// An answer as a reader of the wire finds it: thoughts, one text, calls with what belongs before them.
fn answer() -> impl Strategy<Value = Answer> {
    let thought = (word(), seal()).prop_map(|(text, seal)| Part::Reasoning { text, seal: Some(seal) });
    let locked = || seal().prop_map(|seal| Part::Reasoning { text: String::new(), seal: Some(seal) });
    let calls = (option::of(locked()), call("c1".to_owned()), option::of(locked()), call("c2".to_owned()));
    (option::of(thought), option::of(locked()), option::of(word()), option::of(calls)).prop_map(
        |(thought, other, text, calls)| {
            let mut parts: Vec<Part> = thought.into_iter().chain(other).collect();
            parts.extend(text.map(Part::text));
            let reason = if calls.is_some() { "tool_calls" } else { "length" };
            if let Some((before, first, between, second)) = calls {
                // Without a text between, the first would read on as one row with what is above.
                parts.extend(before);
                parts.push(first);
                parts.extend(between);
                parts.push(second);
            }
            Answer { parts, finish_reason: Some(reason.to_owned()) }
        },
    )
}

prop_compose! {
    fn response()(answers in vec(answer(), 1..4), usage in usage()) -> Response {
        Response { answers, usage, ..Response::default() }
    }
}

fn envelope() -> Envelope {
    let model = "public".to_owned();
    Envelope { id: "r1".to_owned(), model, created: 1, wants_usage: true, base64: false, input_estimate: 0 }
}

/// The same without what the envelope says, and without the raw text of usage.
fn bare(mut response: Response) -> Response {
    response.id = None;
    response.model = None;
    if let Some(usage) = &mut response.usage {
        usage.raw = None;
    }
    response
}

/// Events that say the same, texts and arguments cut in two.
fn events(response: &Response) -> Vec<ChatEvent> {
    let halves = |text: &str| {
        let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
        [text[..middle].to_owned(), text[middle..].to_owned()]
    };
    let mut events = vec![ChatEvent::Start { id: Some("up".to_owned()), model: None }];
    for (index, answer) in (0..).zip(&response.answers) {
        let mut slot = 0;
        for part in &answer.parts {
            match part {
                Part::Text { text, .. } => {
                    events.extend(halves(text).map(|text| ChatEvent::Text { index, text }));
                }
                Part::Reasoning { text, seal } => {
                    events.extend(halves(text).map(|text| ChatEvent::Reasoning { index, text }));
                    events.extend(seal.clone().map(|seal| ChatEvent::Seal { index, seal }));
                }
                Part::ToolCall { id, name, arguments, .. } => {
                    let [first, second] = halves(arguments);
                    let (id, name) = (Some(id.clone()), Some(name.clone()));
                    events.push(ChatEvent::ToolCall { index, slot, id, name, arguments: first });
                    events.push(ChatEvent::ToolCall { index, slot, id: None, name: None, arguments: second });
                    slot += 1;
                }
                Part::Image { .. } | Part::ToolResult { .. } => {}
            }
        }
        let reason = answer.finish_reason.clone().unwrap_or_default();
        events.push(ChatEvent::Finish { index, reason });
    }
    events.extend(response.usage.clone().map(ChatEvent::Usage));
    events
}

/// A complete answer from events.
fn assembled(frames: &[Frame]) -> Response {
    let mut response = Response::default();
    for event in frames.iter().flat_map(|frame| frame.kind.events()) {
        let (ChatEvent::Text { index, .. }
        | ChatEvent::Reasoning { index, .. }
        | ChatEvent::Seal { index, .. }
        | ChatEvent::ToolCall { index, .. }
        | ChatEvent::Finish { index, .. }) = event
        else {
            if let ChatEvent::Usage(report) = event {
                response.usage = Some(report.clone());
            }
            continue;
        };
        let index = *index as usize;
        if response.answers.len() <= index {
            response.answers.resize_with(index + 1, Answer::default);
        }
        add(&mut response.answers[index], event);
    }
    response
}

fn add(answer: &mut Answer, event: &ChatEvent) {
    match (event, answer.parts.last_mut()) {
        (ChatEvent::Text { text: more, .. }, Some(Part::Text { text, .. }))
        | (ChatEvent::Reasoning { text: more, .. }, Some(Part::Reasoning { text, seal: None })) => text.push_str(more),
        (ChatEvent::Text { text, .. }, _) => answer.parts.push(Part::text(text)),
        (ChatEvent::Reasoning { text, .. }, _) => {
            answer.parts.push(Part::Reasoning { text: text.clone(), seal: None });
        }
        (ChatEvent::Seal { seal: new, .. }, Some(Part::Reasoning { seal: seal @ None, .. })) => {
            *seal = Some(new.clone());
        }
        (ChatEvent::Seal { seal, .. }, _) => {
            answer.parts.push(Part::Reasoning { text: String::new(), seal: Some(seal.clone()) });
        }
        (ChatEvent::ToolCall { id: Some(id), name, arguments, .. }, _) => answer.parts.push(Part::ToolCall {
            id: id.clone(),
            name: name.clone().unwrap_or_default(),
            arguments: arguments.clone(),
            cache: None,
        }),
        (ChatEvent::ToolCall { arguments: more, .. }, Some(Part::ToolCall { arguments, .. })) => {
            arguments.push_str(more);
        }
        (ChatEvent::Finish { reason, .. }, _) => answer.finish_reason = Some(reason.clone()),
        (event, _) => panic!("{event:?}"),
    }
}

fn read(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut decoder = StreamDecoder::new(&PLAIN);
    let mut frames = Vec::new();
    pieces.iter().for_each(|piece| decoder.push(piece, &mut frames).unwrap());
    decoder.finish(&mut frames);
    frames
}

fn streamed(response: &Response) -> Vec<u8> {
    let mut encoder = StreamEncoder::new(envelope());
    let mut out = Vec::new();
    events(response).iter().for_each(|event| encoder.push(event, &mut out));
    encoder.finish(&mut out);
    out
}

const BODIES: [&str; 4] = [
    include_str!("../../../fixtures/openai_chat/requests/sdk_chat.json"),
    include_str!("../../../fixtures/openai_chat/requests/stream_with_tools.json"),
    include_str!("../../../fixtures/openai_chat/requests/agent_turn.json"),
    include_str!("../../../fixtures/openai_chat/answers/router_reasoning.json"),
];

/// A recorded text with some of its bytes replaced, removed or repeated.
fn mutated(texts: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<proptest::sample::Index>(), 0..4_u8, any::<u8>());
    (select(texts), vec(change, 1..6)).prop_map(|(text, changes)| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, kind, byte) in changes {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, b"{}[]\",:0n\\"[usize::from(byte) % 10]),
                2 => bytes.truncate(at.max(1)),
                _ => drop(bytes.splice(at..at + 1, text.bytes().take(usize::from(byte)))),
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn a_request_comes_back_as_it_was_said(chat in request()) {
        let encoded = encode_chat(&chat, "public", &MARKING).unwrap();
        prop_assert_eq!(&encoded.dropped, &Vec::<String>::new());
        let read = decode_chat(encoded.body.as_bytes());
        prop_assert_eq!(read, Ok(chat), "{}", encoded.body);
    }

    #[test]
    fn what_we_say_is_also_a_clients_body(chat in request()) {
        let body = encode_chat(&chat, "public", &MARKING).unwrap().body;
        let request = decode_request(body.into()).unwrap();
        prop_assert_eq!(request.stream, chat.stream);
        prop_assert_eq!(request.answers, chat.answers.unwrap_or(1));
        prop_assert_eq!(request.max_output, chat.max_output_tokens);
        let neutral = crate::Request::from(chat);
        prop_assert!(request.size.text_bytes <= neutral.size.bytes);
        prop_assert!(request.size.bytes >= neutral.size.text_bytes);
    }

    #[test]
    fn a_whole_answer_comes_back_as_it_was(response in response()) {
        let body = encode_whole(&response, &envelope());
        let read = decode_whole(&body, &PLAIN).unwrap();
        prop_assert_eq!(read.model.as_deref(), Some("public"));
        prop_assert_eq!(bare(read), response);
    }

    #[test]
    fn a_streamed_answer_comes_back_as_it_was(response in response()) {
        let bytes = streamed(&response);
        let frames = read(&[&bytes]);
        prop_assert!(!frames.iter().any(|frame| frame.kind == FrameKind::Bad));
        prop_assert_eq!(&frames.last().unwrap().kind, &FrameKind::End(Vec::new()));
        prop_assert_eq!(bare(assembled(&frames)), response, "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_stream_means_the_same_in_any_pieces(response in response(), cuts in vec(any::<proptest::sample::Index>(), 0..9)) {
        let bytes = streamed(&response);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.sort_unstable();
        let ends = cuts.iter().copied().chain([bytes.len()]);
        let pieces: Vec<&[u8]> = cuts.iter().copied().scan(0, |from, to| Some(std::mem::replace(from, to)))
            .chain([cuts.last().copied().unwrap_or(0)]).zip(ends).map(|(from, to)| &bytes[from..to]).collect();
        prop_assert_eq!(pieces.concat(), bytes.clone());
        prop_assert_eq!(read(&pieces), read(&[&bytes]));
    }

    #[test]
    fn nothing_a_peer_sends_makes_us_panic(bytes in prop_oneof![mutated(&BODIES), vec(any::<u8>(), 0..200)]) {
        let _ = decode_request(bytes.clone().into());
        let _ = decode_chat(&bytes);
        let _ = decode_whole(&bytes, &PLAIN);
        let _ = for_upstream(&bytes, "up", true, &Quirks { include_usage: false, ..PLAIN });
        let _ = is_error_body(&bytes);
        let line = [b"data: ".as_slice(), &bytes, b"\n\n"].concat();
        let _ = read(&[&line, &bytes, &line]);
    }

    #[test]
    fn a_body_that_is_read_in_full_can_be_written(bytes in mutated(&BODIES)) {
        if let Ok(chat) = decode_chat(&bytes) {
            match encode_chat(&chat, "up", &MARKING) {
                Ok(encoded) => prop_assert!(serde_json::from_str::<Value>(&encoded.body).is_ok()),
                Err(error) => {
                    let is_named = matches!(error, crate::Error::Invalid { param: Some(_), .. });
                    prop_assert!(is_named, "{}", error);
                }
            }
        }
    }
}
