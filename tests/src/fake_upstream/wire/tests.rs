use serde_json::{Map, json};

use super::{
    super::{
        answer::answer,
        events::{Frame, render},
        faults,
        script::{CachePlace, DataForm, Fault, LineEnd, Terminator, UsageForm, UsagePlace},
        tally::Report,
    },
    *,
};

mod anthropic;
mod gemini;
mod openai_chat;
mod others;
mod responses;

/// A body of this wire that works, for tests that change one thing.
pub fn body(path: &str) -> Value {
    let hi = json!([{"role": "user", "content": "hi"}]);
    match path {
        "/v1/messages" => json!({"model": "m", "max_tokens": 4096, "messages": hi}),
        "/v1/responses" => json!({"model": "m", "input": "hi"}),
        GEMINI => json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}),
        _ => json!({"model": "m", "messages": hi, "stream_options": {"include_usage": true}, "stream": true}),
    }
}

pub const CHAT: &str = "/v1/chat/completions";
pub const GEMINI: &str = "/v1beta/models/m:streamGenerateContent";
pub const STREAMS: [&str; 4] = [CHAT, "/v1/messages", "/v1/responses", GEMINI];

pub fn asked(path: &str, extra: &Value) -> Checked<Asked> {
    let mut body = body(path);
    for (name, value) in extra.as_object().cloned().unwrap_or_default() {
        body[name] = value;
    }
    read(&Endpoint::of(path, "alt=sse").unwrap(), &body)
}

pub fn complaint(path: &str, extra: &Value) -> Complaint {
    asked(path, extra).expect_err(&extra.to_string())
}

pub struct Played {
    pub frames: Vec<Frame>,
    pub whole: Value,
    pub slip: Option<Slip>,
    pub classes: Classes,
}

pub fn play(path: &str, extra: &Value, script: &Script) -> Played {
    let endpoint = Endpoint::of(path, "alt=sse").unwrap();
    let asked = asked(path, extra).unwrap();
    let answer = answer(&asked, script).unwrap();
    let envelope = Envelope { seq: 1, created: 1_700_000_000 };
    let told = Told { endpoint: &endpoint, asked: &asked, answer: &answer, script, envelope: &envelope };
    let frames = render(faults::broken(told.events(), &told), script);
    let (whole, slip) = told.whole();
    Played { frames, whole, slip, classes: answer.classes }
}

impl Played {
    /// The JSON of every event, in order; what is not JSON is left out.
    pub fn data(&self) -> Vec<Value> {
        self.frames.iter().filter_map(data).collect()
    }

    /// The events of this type.
    pub fn of(&self, kind: &str) -> Vec<Value> {
        self.data().into_iter().filter(|event| event["type"] == kind).collect()
    }

    /// What a reader knows in the end.
    pub fn report(&self) -> Option<Report> {
        self.frames.iter().filter_map(|frame| frame.slip.as_ref()?.report).next_back()
    }

    pub fn given(&self) -> Classes {
        let mut sum = self.classes.input_side();
        for frame in &self.frames {
            sum.add(&frame.gives);
        }
        sum
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.frames.iter().flat_map(|frame| frame.bytes.to_vec()).collect::<Vec<_>>()).into()
    }
}

pub fn data(frame: &Frame) -> Option<Value> {
    let text = std::str::from_utf8(&frame.bytes).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("data: "))?;
    serde_json::from_str(line).ok()
}

#[test]
fn every_stream_gives_exactly_what_it_counts() {
    for path in STREAMS {
        for script in [Script::words(5), Script { reasoning_tokens: Some(9), ..Script::words(5) }] {
            let played = play(path, &json!({}), &script);
            assert_eq!(played.given(), played.classes, "{path}");
            let report = played.report().unwrap();
            assert_eq!(report.kind, ReportKind::Final, "{path}");
            assert_eq!(report.classes.completion(), played.classes.completion(), "{path}");
            assert_eq!(played.slip.as_ref().unwrap().report, Some(report), "{path}");
        }
    }
}

#[test]
fn every_form_of_usage_is_what_it_says_on_every_wire() {
    let forms = [
        (UsageForm::Zero, "0"),
        (UsageForm::Negative, "-1"),
        (UsageForm::Huge, "9223372036854775808"),
        (UsageForm::Fraction, "12.5"),
        (UsageForm::Text, "\"12\""),
        (UsageForm::Object, r#"{"total":12}"#),
        (UsageForm::WholeFloat, "5.0"),
    ];
    let counter = ["completion_tokens", "output_tokens", "output_tokens", "candidatesTokenCount"];
    for (path, counter) in STREAMS.into_iter().zip(counter) {
        for (form, text) in forms {
            let script = Script { usage: form, reasoning_tokens: Some(0), ..Script::words(5) };
            let slip = play(path, &json!({}), &script).slip.unwrap();
            assert_eq!(slip.raw[counter].to_string(), text, "{path} {form:?}");
            let is_readable = matches!(form, UsageForm::Zero | UsageForm::WholeFloat);
            assert_eq!(slip.report.is_some(), is_readable, "{path} {form:?}");
        }
        assert_eq!(play(path, &json!({}), &Script::usage(UsageForm::Missing)).slip, None);
        let null = play(path, &json!({}), &Script::usage(UsageForm::Null)).slip.unwrap();
        assert_eq!((null.raw, null.report), (Value::Null, None));
    }
}

#[test]
fn an_error_in_mid_stream_has_the_vendors_shape_and_may_carry_usage() {
    for path in STREAMS {
        let plain = play(path, &json!({}), &Script::fault(Fault::ErrorAfter { frames: 3 }));
        assert_eq!(plain.frames.len(), 4, "{path}");
        let error = data(plain.frames.last().unwrap()).unwrap();
        assert!(error["error"].is_object() || error["type"] == "error", "{path} {error}");
        assert!(plain.frames.last().unwrap().slip.is_none());

        let counted = play(path, &json!({}), &Script::fault(Fault::ErrorWithUsageAfter { frames: 8 }));
        let report = counted.report().unwrap();
        assert_eq!(
            (report.kind, report.classes.completion()),
            (ReportKind::Final, counted.given().completion()),
            "{path}"
        );
    }
}

#[test]
fn broken_frames_do_not_change_what_was_produced() {
    let faults = [
        Fault::BadFrameAfter { frames: 4 },
        Fault::BadFramesAfter { frames: 4, count: 3 },
        Fault::BadUtf8After { frames: 4 },
        Fault::TwoObjectsAfter { frames: 4 },
        Fault::SplitObjectAfter { frames: 4 },
        Fault::HugeLineAfter { frames: 4, megabytes: 1 },
    ];
    for path in STREAMS {
        let good = play(path, &json!({}), &Script::words(9));
        for fault in faults.clone() {
            let script = Script { fault: fault.clone(), ..Script::words(9) };
            let played = play(path, &json!({}), &script);
            assert_eq!(played.given(), good.classes, "{path} {fault:?}");
            assert_ne!(played.frames.len(), good.frames.len(), "{path} {fault:?}");
        }
    }
    let huge = play(CHAT, &json!({}), &Script::fault(Fault::HugeLineAfter { frames: 2, megabytes: 3 }));
    assert!(huge.frames.iter().map(|frame| frame.bytes.len()).sum::<usize>() > 3 << 20);
}

#[test]
fn two_objects_share_a_line_and_one_object_spans_two_events() {
    let script = Script { fault: Fault::TwoObjectsAfter { frames: 2 }, ..Script::words(5) };
    assert!(play(CHAT, &json!({}), &script).text().contains(r#"}{"id":"#));
    let script = Script { fault: Fault::SplitObjectAfter { frames: 2 }, ..Script::words(5) };
    let played = play(CHAT, &json!({}), &script);
    let halves: Vec<_> = played.frames[2..4]
        .iter()
        .map(|frame| std::str::from_utf8(&frame.bytes).unwrap().trim().strip_prefix("data: ").unwrap().to_owned())
        .collect();
    assert!(halves.iter().all(|half| serde_json::from_str::<Map<String, Value>>(half).is_err()));
    assert!(serde_json::from_str::<Map<String, Value>>(&halves.concat()).is_ok());
}

#[test]
fn line_ends_marks_and_spaces_follow_the_script_on_every_wire() {
    for path in STREAMS {
        for (line_end, end) in [(LineEnd::CrLf, "\r\n\r\n"), (LineEnd::Cr, "\r\r")] {
            let script = Script { line_end, ..Script::words(2) };
            let frames = play(path, &json!({}), &script).frames;
            assert!(frames.iter().all(|frame| frame.bytes.ends_with(end.as_bytes())), "{path}");
        }
        let bom = play(path, &json!({}), &Script { bom: true, ..Script::words(2) });
        assert!(bom.frames[0].bytes.starts_with(b"\xef\xbb\xbf") && !bom.frames[1].bytes.starts_with(b"\xef"));
        let tight = play(path, &json!({}), &Script { data_form: DataForm::Tight, ..Script::words(2) }).text();
        assert!(tight.contains("data:{") && !tight.contains("data: "));
        let lines = play(path, &json!({}), &Script { data_form: DataForm::TwoLines, ..Script::words(2) }).text();
        assert!(lines.contains("data: {\ndata: \""));
        let mixed = play(path, &json!({}), &Script { line_end: LineEnd::Mixed, ..Script::words(9) }).text();
        assert!(mixed.contains("\r\n\r\n") && mixed.contains("\r\r") && mixed.contains("}\n\n"));
    }
}

#[test]
fn terminators_go_missing_double_or_are_followed_by_data() {
    for (path, mark) in
        [(CHAT, "[DONE]"), ("/v1/messages", "\"message_stop\""), ("/v1/responses", "\"response.completed\"")]
    {
        for (terminator, count) in [(Terminator::Missing, 0), (Terminator::Doubled, 2), (Terminator::DataAfter, 1)] {
            let text = play(path, &json!({}), &Script { terminator, ..Script::words(2) }).text();
            assert_eq!(text.matches(mark).count(), count, "{path} {terminator:?}");
            assert_eq!(text.trim_end().ends_with('}') && text.contains("late"), terminator == Terminator::DataAfter);
        }
    }
}

#[test]
fn extra_fields_keep_their_odd_spelling_and_stay_json() {
    for path in STREAMS {
        let played = play(path, &json!({}), &Script { extra_fields: true, ..Script::words(2) });
        for event in played.data() {
            assert_eq!(event["x_vendor"]["scale"], 150.0, "{path}");
        }
        assert!(played.text().contains(r#""scale":1.50e+2, "name":"\u00fcber""#), "{path}");
    }
}

#[test]
fn the_served_model_and_the_ids_follow_the_script() {
    let script = Script { served_model: Some("other".into()), id: IdForm::Same, ..Script::words(2) };
    for (path, model, id) in [
        (CHAT, "model", "id"),
        ("/v1/messages", "model", "id"),
        ("/v1/responses", "model", "id"),
        (GEMINI, "modelVersion", "responseId"),
    ] {
        let whole = play(path, &json!({}), &script).whole;
        assert_eq!(whole[model], "other", "{path}");
        assert!(whole[id].as_str().unwrap().ends_with("always-the-same"), "{path}");
        let nameless = play(path, &json!({}), &Script { id: IdForm::Missing, ..Script::words(2) }).whole;
        assert_eq!(nameless.get(id), None, "{path}");
    }
}

#[test]
fn an_answer_ends_as_the_script_says() {
    let words = [
        (CHAT, "content_filter", "length", "error"),
        ("/v1/messages", "refusal", "max_tokens", "error"),
        ("/v1/responses", "content_filter", "max_output_tokens", "response.failed"),
        (GEMINI, "SAFETY", "MAX_TOKENS", "error"),
    ];
    for (path, filter, length, failed) in words {
        let ends = [(Ending::ContentFilter, filter), (Ending::Incomplete, length), (Ending::Failed, failed)];
        for (ending, word) in ends {
            let played = play(path, &json!({}), &Script { ending, ..Script::words(3) });
            assert!(played.text().contains(&format!("\"{word}\"")), "{path} {ending:?} {}", played.text());
            assert_eq!(played.report().unwrap().kind, ReportKind::Final, "{path} {ending:?}");
        }
    }
}

#[test]
fn usage_stands_where_imitators_put_it() {
    for (usage_place, at) in [
        (UsagePlace::Finish, "/usage/completion_tokens"),
        (UsagePlace::Choice, "/choices/0/usage/completion_tokens"),
        (UsagePlace::XGroq, "/x_groq/usage/completion_tokens"),
    ] {
        let script = Script { usage_place, ..Script::words(3) };
        let played = play(CHAT, &json!({"stream_options": null}), &script);
        let finish = played.data().into_iter().find(|event| event["choices"][0]["finish_reason"] == "stop").unwrap();
        assert_eq!(finish.pointer(at).and_then(Value::as_u64), Some(played.classes.completion()), "{at}");
    }
}

#[test]
fn cached_input_stands_where_imitators_put_it() {
    let places = [
        (CachePlace::TopLevel, "/cached_tokens", 7),
        (CachePlace::HitMiss, "/prompt_cache_hit_tokens", 7),
        (CachePlace::HitMiss, "/prompt_cache_miss_tokens", 93),
        (CachePlace::Creation, "/prompt_tokens_details/cache_creation_input_tokens", 5),
    ];
    for (cache_place, at, count) in places {
        let counts = Script { prompt_tokens: Some(100), cached_tokens: Some(7), ..Script::words(3) };
        let script = Script { cache_place, cache_write_tokens: Some(5), ..counts };
        let played = play(CHAT, &json!({}), &script);
        assert_eq!(played.whole["usage"].pointer(at), Some(&json!(count)), "{at}");
        assert_eq!(played.report().unwrap().classes, played.classes);
    }
}
