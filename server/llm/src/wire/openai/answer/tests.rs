use super::*;
use crate::{
    chat::{Origin, Seal},
    event::ChatEvent,
    frame::{Decoder, FrameKind},
    tally::{InputTokens, OutputTokens},
    wire::openai::PLAIN,
};

fn kinds_with(input: &str, quirks: &'static Quirks) -> Vec<FrameKind> {
    let mut decoder = StreamDecoder::new(quirks);
    let mut frames = Vec::new();
    decoder.push(input.as_bytes(), &mut frames).unwrap();
    decoder.finish(&mut frames);
    frames.into_iter().map(|frame| frame.kind).collect()
}

fn kinds(input: &str) -> Vec<FrameKind> {
    kinds_with(input, &PLAIN)
}

/// Events of chunks whose only choice has these deltas.
fn events(deltas: &[&str]) -> Vec<ChatEvent> {
    let chunk = |delta: &&str| format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n");
    let input: String = deltas.iter().map(chunk).collect();
    kinds(&input).iter().flat_map(|kind| kind.events().to_vec()).collect()
}

/// Tool calls as a reader puts them together from pieces `{index, id, function}`, one per chunk.
fn calls(pieces: &[&str]) -> Vec<(String, String, String)> {
    let deltas: Vec<String> = pieces.iter().map(|piece| format!(r#"{{"tool_calls":[{piece}]}}"#)).collect();
    let deltas: Vec<&str> = deltas.iter().map(String::as_str).collect();
    let mut calls: Vec<(String, String, String)> = Vec::new();
    for event in events(&deltas) {
        let ChatEvent::ToolCall { slot, id, name, arguments, .. } = event else { panic!("{event:?}") };
        let slot = slot as usize;
        match (id, name) {
            (Some(id), Some(name)) if slot == calls.len() => calls.push((id, name, arguments)),
            (None, None) => calls[slot].2.push_str(&arguments),
            other => panic!("{other:?}"),
        }
    }
    calls
}

fn owned(calls: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    calls.iter().map(|(id, name, arguments)| ((*id).to_owned(), (*name).to_owned(), (*arguments).to_owned())).collect()
}

#[test]
fn bad_frames_are_told_apart_from_comments_and_the_end() {
    let input = ": ping\n\ndata: {oops\n\ndata: {}{}\n\ndata: [DONE]\n\n";
    assert_eq!(kinds(input), [FrameKind::Comment, FrameKind::Bad, FrameKind::Bad, FrameKind::End(Vec::new())]);
}

/// What servers do, each with the same two calls.
const SERVERS: &[(&str, &[&str])] = &[
    (
        "as documented, interleaved",
        &[
            r#"{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}"#,
            r#"{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}"#,
            r#"{"index":0,"function":{"arguments":"{\"x\""}}"#,
            r#"{"index":1,"function":{"arguments":"{}"}}"#,
            r#"{"index":0,"function":{"arguments":":1}"}}"#,
        ],
    ),
    (
        "without index",
        &[
            r#"{"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
            r#"{"function":{"arguments":":1}"}}"#,
            r#"{"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
    ),
    (
        "index always 0",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#,
            r#"{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
    ),
    (
        "index always 0, a new id before its name",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#,
            r#"{"index":0,"id":"b","function":{"arguments":""}}"#,
            r#"{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
    ),
    (
        "arguments as an object",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}"#,
            r#"{"index":1,"id":"b","function":{"name":"g","arguments":{}}}"#,
        ],
    ),
    (
        "id in each piece, empty names later",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
            r#"{"index":0,"id":"a","function":{"name":"","arguments":"{\"x\""}}"#,
            r#"{"index":0,"id":"a","function":{"name":"","arguments":":1}"}}"#,
            r#"{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
    ),
    (
        "id and name in each piece",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}"#,
            r#"{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
    ),
    (
        "a made-up id for each piece",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
            r#"{"index":0,"id":"z","function":{"name":null,"arguments":":1}"}}"#,
            r#"{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
    ),
    (
        "a name after the arguments began, gaps in the numbers",
        &[
            r#"{"index":3,"id":"a","function":{"arguments":"{\"x\""}}"#,
            r#"{"index":3,"function":{"name":"f","arguments":":1}"}}"#,
            r#"{"index":7,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
    ),
    (
        "empty and null fields",
        &[
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":null}}"#,
            r#"{"index":0,"id":"","function":{"name":null,"arguments":"{\"x\":1}"}}"#,
            r#"{"index":0,"id":null,"function":null}"#,
            r#"{"index":null,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
        ],
    ),
];

#[test]
fn pieces_of_calls_find_their_call_whatever_the_server_forgets() {
    let two = owned(&[("a", "f", "{\"x\":1}"), ("b", "g", "{}")]);
    for (server, pieces) in SERVERS {
        assert_eq!(calls(pieces), two, "{server}");
    }
}

#[test]
fn a_call_without_an_id_gets_one_that_differs_from_call_to_call() {
    let pieces = [
        r#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#,
        r#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#,
        r#"{"function":{"name":"g","arguments":"{}"}}"#,
    ];
    let found = calls(&pieces);
    assert_eq!(found.iter().map(|(_, name, _)| name.as_str()).collect::<Vec<_>>(), ["f", "f", "g"]);
    assert!(found.iter().all(|(id, ..)| id.starts_with("call_") && id.len() <= 40));
    assert!(found[0].0 != found[1].0 && found[1].0 != found[2].0);
    assert_eq!(calls(&pieces), found);
    let body = |id: &str| {
        format!(r#"{{"id":"{id}","choices":[{{"message":{{"tool_calls":[{{"id":"","function":{{"name":"f"}}}}]}}}}]}}"#)
    };
    let read = |id: &str| decode_whole(body(id).as_bytes(), &PLAIN).unwrap().answers[0].parts.clone();
    assert_ne!(read("one"), read("two"));
}

#[test]
fn a_call_that_is_never_named_goes_out_at_the_end() {
    let input = concat!(
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"{}\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
    );
    let events: Vec<ChatEvent> = kinds(input).iter().flat_map(|kind| kind.events().to_vec()).collect();
    assert!(matches!(&events[0], ChatEvent::ToolCall { arguments, .. } if arguments == "{}"), "{events:?}");
    assert!(matches!(&events[1], ChatEvent::Finish { .. }));
}

#[test]
fn thoughts_come_in_four_spellings() {
    let reasoning = |text: &str| ChatEvent::Reasoning { index: 0, text: text.to_owned() };
    for delta in [
        r#"{"reasoning_content":"hm"}"#,
        r#"{"reasoning":"hm","reasoning_content":""}"#,
        r#"{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"bare"}]}"#,
        r#"{"reasoning_details":[{"type":"reasoning.summary","summary":"hm"}]}"#,
        r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}"#,
    ] {
        assert_eq!(events(&[delta]), [reasoning("hm")], "{delta}");
    }
    let text = ChatEvent::Text { index: 0, text: "x".to_owned() };
    for deltas in [
        [r#"{"content":[{"type":"text","text":"x"}]}"#, r#"{"content":[]}"#],
        [r#"{"content":null,"refusal":"x"}"#, r#"{"content":"","reasoning":{}}"#],
    ] {
        assert_eq!(events(&deltas), std::slice::from_ref(&text));
    }
}

#[test]
fn a_seal_that_names_its_origin_is_kept() {
    let seal = Seal { origin: Origin::Anthropic, data: "sig".to_owned() };
    let entry = r#"{"type":"reasoning.text","text":"hm","signature":"tg1.anthropic.sig"}"#;
    assert_eq!(
        events(&[r#"{"reasoning_content":"hm"}"#, &format!(r#"{{"reasoning_details":[{entry}]}}"#)]),
        [ChatEvent::Reasoning { index: 0, text: "hm".to_owned() }, ChatEvent::Seal { index: 0, seal: seal.clone() }]
    );
    let body = format!(
        r#"{{"choices":[{{"message":{{"content":"x","reasoning":"hm","reasoning_details":[{entry}]}},"finish_reason":"stop"}}]}}"#
    );
    let parts = [Part::Reasoning { text: "hm".to_owned(), seal: Some(seal) }, Part::text("x")];
    assert_eq!(decode_whole(body.as_bytes(), &PLAIN).unwrap().answers[0].parts, parts);
}

#[test]
fn finish_reasons_have_four_words() {
    for (word, has_calls, known) in [
        ("stop", false, "stop"),
        ("stop", true, "tool_calls"),
        ("STOP", false, "stop"),
        ("eos", false, "stop"),
        ("model_length", false, "length"),
        ("MAX_TOKENS", true, "length"),
        ("tool_use", true, "tool_calls"),
        ("function_call", false, "tool_calls"),
        ("content_filter", true, "content_filter"),
        ("insufficient_system_resource", false, "insufficient_system_resource"),
    ] {
        assert_eq!(finish_reason(word.to_owned(), has_calls), known, "{word}");
    }
}

/// `is_final` and input of the usage reports of a stream.
fn reports(input: &str, quirks: &'static Quirks) -> Vec<(bool, Option<u32>)> {
    let kinds = kinds_with(input, quirks);
    let reports = kinds.iter().flat_map(FrameKind::events).filter_map(|event| match event {
        ChatEvent::Usage(report) => Some((report.is_final, report.input.map(|input| input.input))),
        _ => None,
    });
    reports.collect()
}

#[test]
fn usage_before_the_end_is_only_partial() {
    let input = concat!(
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}},{\"index\":1}],\"usage\":{\"prompt_tokens\":1}}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":2}}\n\n",
        "data: {\"choices\":[{\"index\":1,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3}}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4}}\n\n",
    );
    assert_eq!(reports(input, &PLAIN), [(false, Some(1)), (false, Some(2)), (true, Some(3)), (true, Some(4))]);
}

#[test]
fn usage_is_disjoint_in_streams_and_whole_answers_alike() {
    let usage = r#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
        "prompt_tokens_details":{"cached_tokens":30,"cache_write_tokens":20},
        "completion_tokens_details":{"reasoning_tokens":40,"rejected_prediction_tokens":5}}"#;
    let whole = format!(r#"{{"choices":[{{"message":{{"content":"x"}},"finish_reason":"stop"}}],"usage":{usage}}}"#);
    let whole = decode_whole(whole.as_bytes(), &PLAIN).unwrap().usage.unwrap();
    let input = InputTokens { input: 50, cache_read: 30, cache_write_short: 20, cache_write_long: 0 };
    assert_eq!((whole.input, whole.output), (Some(input), Some(OutputTokens { output: 10, reasoning: 40 })));
    let line = usage.replace('\n', "");
    let alone = kinds(&format!("data: {{\"choices\":[],\"usage\":{line}}}\n\n"));
    assert_eq!(alone, [FrameKind::UsageOnly(vec![ChatEvent::Usage(whole)])]);
}

#[test]
fn usage_is_found_where_the_vendor_puts_it() {
    static CHOICE: Quirks = Quirks { usage_at: UsageAt::Choice, ..PLAIN };
    static GROQ: Quirks = Quirks { usage_at: UsageAt::XGroq, ..PLAIN };
    let end = |choice: &str, chunk: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"stop\"{choice}}}]{chunk}}}\n\n")
    };
    let moonshot = end(r#","usage":{"prompt_tokens":7}"#, "");
    let groq = end("", r#","x_groq":{"id":"r","usage":{"prompt_tokens":7}}"#);
    let usual = end("", r#","usage":{"prompt_tokens":7}"#);
    for (input, quirks, found) in [
        (&moonshot, &CHOICE, true),
        (&groq, &GROQ, true),
        (&usual, &CHOICE, true),
        (&usual, &GROQ, true),
        (&moonshot, &PLAIN, false),
        (&groq, &PLAIN, false),
    ] {
        let expected: &[_] = if found { &[(true, Some(7))] } else { &[] };
        assert_eq!(reports(input, quirks), expected, "{input}");
    }
    let whole = r#"{"choices":[{"message":{"content":"x"},"usage":{"prompt_tokens":7}}]}"#;
    let usage = |quirks| decode_whole(whole.as_bytes(), quirks).unwrap().usage.and_then(|usage| usage.input);
    assert_eq!((usage(&CHOICE).map(|input| input.input), usage(&PLAIN)), (Some(7), None));
}

#[test]
fn a_chunk_of_usage_alone_can_be_hidden() {
    let alone = kinds("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n");
    assert!(matches!(alone.as_slice(), [FrameKind::UsageOnly(_)]));
    let azure = kinds("data: {\"choices\":[],\"prompt_filter_results\":[],\"usage\":null}\n\n");
    assert_eq!(azure, [FrameKind::Events(Vec::new())]);
}

#[test]
fn a_failure_in_mid_stream_is_told_in_the_upstreams_words() {
    for data in [
        r#"{"error":{"message":"boom","code":500}}"#,
        r#"{"error":"boom"}"#,
        r#"{"object":"error","message":"boom","code":400}"#,
        r#"{"choices":[],"usage":null,"error":{"message":"boom"}}"#,
    ] {
        let failed = ChatEvent::Failed { message: "boom".to_owned() };
        assert_eq!(kinds(&format!("data: {data}\n\n")), [FrameKind::Events(vec![failed])], "{data}");
    }
}

#[test]
fn answers_of_a_whole_body_stand_in_their_order() {
    let body = r#"{"choices":[{"index":1,"message":{"content":"b"}},{"index":0,"message":{"content":"a"}}]}"#;
    let answers = decode_whole(body.as_bytes(), &PLAIN).unwrap().answers;
    assert_eq!(
        answers.iter().map(|answer| answer.parts.clone()).collect::<Vec<_>>(),
        [[Part::text("a")], [Part::text("b")]]
    );
}

#[test]
fn what_is_no_completion_is_foreign() {
    for body in ["", "<html></html>", "{\"error\":{\"message\":\"x\"}}", "{\"choices\":[{\"message\":{\"content\":\"a"]
    {
        assert!(matches!(decode_whole(body.as_bytes(), &PLAIN), Err(Error::Foreign { .. })), "{body}");
    }
    assert!(is_error_body(br#"{"error":{"message":"x"}}"#));
    assert!(!is_error_body(b"<html>"));
    assert!(!is_error_body(br#"{"error":null}"#));
}
