use super::*;
use crate::chat::{Origin, Part, Seal};
use crate::wire::DROPPABLE;

fn read(body: &str) -> ChatRequest {
    let chat = decode_chat(body.as_bytes()).unwrap();
    assert!(chat.dropped.iter().all(|name| DROPPABLE.contains(&name.as_str())), "{:?}", chat.dropped);
    chat
}

fn with(fields: &str) -> String {
    format!(r#"{{"model":"m","input":"x",{fields}}}"#)
}

fn items(items: &str) -> String {
    format!(r#"{{"model":"m","input":[{items}]}}"#)
}

fn refused(body: &str) -> (String, String) {
    match decode_chat(body.as_bytes()) {
        Err(Error::Invalid { param: Some(param), message }) => (param, message),
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn what_another_provider_cannot_do_is_refused_by_name() {
    for (field, param) in [
        (r#""previous_response_id":"resp_1""#, "previous_response_id"),
        (r#""conversation":"conv_1""#, "conversation"),
        (r#""background":true"#, "background"),
        (r#""prompt":{"id":"p"}"#, "prompt"),
        (r#""max_tool_calls":3"#, "max_tool_calls"),
        (r#""truncation":"auto""#, "truncation"),
        (r#""context_management":[{"type":"compaction"}]"#, "context_management"),
        (r#""top_logprobs":2"#, "top_logprobs"),
        (r#""unheard_of":1"#, "unheard_of"),
        (r#""include":["reasoning.encrypted_content","message.output_text.logprobs"]"#, "include[1]"),
        (r#""tools":[{"type":"function","name":"f","output_schema":{"type":"object"}}]"#, "tools[0].output_schema"),
        (r#""reasoning":{"mode":"pro"}"#, "reasoning.mode"),
        (r#""tool_choice":{"type":"allowed_tools","mode":"auto","tools":[]}"#, "tool_choice.type"),
        (r#""text":{"format":{"type":"grammar"}}"#, "text.format.type"),
        (r#""prompt_cache_options":{"prewarm":true}"#, "prompt_cache_options.prewarm"),
    ] {
        assert_eq!(refused(&with(field)).0, param, "{field}");
    }
    for kind in ["web_search", "file_search", "computer_use_preview", "code_interpreter", "mcp", "custom"] {
        let (param, message) = refused(&with(&format!(r#""tools":[{{"type":"{kind}","name":"x"}}]"#)));
        assert_eq!(param, "tools[0].type");
        assert!(message.contains(kind), "{message}");
    }
}

#[test]
fn items_that_cannot_be_said_are_refused_by_path() {
    for (item, param) in [
        (r#"{"type":"item_reference","id":"msg_1"}"#, "input[0].type"),
        (r#"{"id":"msg_1"}"#, "input[0].type"),
        (r#"{"type":"web_search_call","id":"ws_1"}"#, "input[0].type"),
        (r#"{"role":"user","content":[{"type":"input_file","file_id":"f"}]}"#, "input[0].content[0].type"),
        (r#"{"role":"user","content":[{"type":"input_image","file_id":"f"}]}"#, "input[0].content[0].file_id"),
        (r#"{"role":"critic","content":"x"}"#, "input[0].role"),
        (r#"{"role":"user","content":[]}"#, "input[0].content"),
        (r#"{"role":"user"}"#, "input[0].content"),
        (r#"{"type":"function_call","call_id":"c","name":"f","arguments":"","namespace":"n"}"#, "input[0].namespace"),
        (r#"{"type":"function_call","name":"f","arguments":""}"#, "input[0].call_id"),
        (r#"{"type":"function_call_output","call_id":"c"}"#, "input[0].output"),
    ] {
        assert_eq!(refused(&items(item)).0, param, "{item}");
    }
}

#[test]
fn defaults_mean_nothing_and_harmless_wishes_are_named() {
    let chat = read(&with(
        r#""background":false,"truncation":"disabled","store":false,"service_tier":"auto","top_logprobs":0,
            "metadata":{},"text":{"verbosity":"medium"},"reasoning":{"mode":"standard","context":"auto"},
            "stream_options":{"include_obfuscation":false},"include":[],"tools":null"#,
    ));
    assert_eq!(chat.dropped, [""; 0]);
    assert_eq!((chat.reasoning, chat.format), (None, None));
    let chat = read(&with(
        r#""store":true,"service_tier":"flex","metadata":{"a":"b"},"text":{"verbosity":"low"},"prompt_cache_key":"k",
            "prompt_cache_retention":"24h","prompt_cache_options":{"mode":"explicit"},"user":"u",
            "safety_identifier":"s","reasoning":{"context":"all_turns"}"#,
    ));
    assert_eq!(
        chat.dropped,
        [
            "store",
            "service_tier",
            "metadata",
            "prompt_cache_key",
            "prompt_cache_retention",
            "prompt_cache_options",
            "reasoning",
            "verbosity",
            "safety_identifier"
        ]
    );
    assert_eq!(chat.user.as_deref(), Some("u"));
}

#[test]
fn one_turn_of_the_model_is_one_message() {
    let chat = read(&items(
        r#"{"role":"user","content":"q"},
        {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],
            "encrypted_content":"gAA"},
        {"role":"assistant","content":"t"},
        {"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{}"},
        {"type":"function_call_output","call_id":"c1","output":"1"},
        {"role":"assistant","content":[{"type":"output_text","text":"end","annotations":[]},{"type":"refusal","refusal":"no"}]}"#,
    ));
    let roles: Vec<Role> = chat.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::Assistant]);
    let seal = Some(Seal { origin: Origin::OpenAi, data: "rs_1#gAA".to_owned() });
    assert_eq!(chat.messages[1].parts[0], Part::Reasoning { text: "a\n\nb".to_owned(), seal });
    assert_eq!(chat.messages[1].parts.len(), 3);
    assert_eq!(chat.messages[3].parts, [Part::text("end"), Part::text("no")]);
}

#[test]
fn reasoning_that_only_its_upstream_keeps_is_left_out_and_named() {
    let chat = read(&items(r#"{"type":"reasoning","id":"rs_1","summary":[]},{"role":"user","content":"q"}"#));
    assert_eq!((chat.messages.len(), chat.dropped), (1, vec!["reasoning".to_owned()]));
}

#[test]
fn foreign_seals_find_their_origin() {
    let chat = read(&items(
        r#"{"type":"reasoning","id":"rs_tg_1_0","summary":[],"encrypted_content":"tg1.anthropic.Eq"},
        {"role":"assistant","content":"t"}"#,
    ));
    let seal = Some(Seal { origin: Origin::Anthropic, data: "Eq".to_owned() });
    assert_eq!(chat.messages[0].parts[0], Part::Reasoning { text: String::new(), seal });
}

#[test]
fn cache_marks_have_the_lifetime_of_the_request_unless_they_state_one() {
    let mark = |ttl: &str| {
        format!(r#"{{"type":"input_text","text":"x","prompt_cache_breakpoint":{{"mode":"explicit"{ttl}}}}}"#)
    };
    let content = [mark(""), mark(r#","ttl":"30m""#), mark(r#","ttl":"12h""#)].join(",");
    for (options, first) in [("{}", Cache::Short), (r#"{"ttl":"12h"}"#, Cache::Long)] {
        let chat = read(&format!(
            r#"{{"model":"m","input":[{{"role":"user","content":[{content}]}}],"prompt_cache_options":{options}}}"#
        ));
        let caches: Vec<Option<Cache>> = chat.messages[0]
            .parts
            .iter()
            .map(|part| if let Part::Text { cache, .. } = part { *cache } else { None })
            .collect();
        assert_eq!(caches, [Some(first), Some(Cache::Short), Some(Cache::Long)]);
    }
}

#[test]
fn every_effort_has_its_word() {
    for (word, effort) in [
        ("none", Effort::Off),
        ("minimal", Effort::Minimal),
        ("low", Effort::Low),
        ("medium", Effort::Medium),
        ("high", Effort::High),
        ("xhigh", Effort::Max),
        ("max", Effort::Max),
    ] {
        let chat = read(&with(&format!(r#""reasoning":{{"effort":"{word}","summary":"detailed"}}"#)));
        assert_eq!(chat.reasoning, Some(Reasoning { effort: Some(effort), budget: None, show: true }));
    }
    assert_eq!(refused(&with(r#""reasoning":{"effort":"extreme"}"#)).0, "reasoning.effort");
}
