use domain::grid::{AnswerFormat, TurnRole};

use super::*;

fn grid(dialect: &str, body: &Value) -> (Grid, Vec<String>) {
    let (grid, notes) = read(dialect, &body.to_string()).unwrap();
    assert!(grid.check().finish().is_ok(), "{:?}", grid.check().finish());
    (grid, notes)
}

fn said(grid: &Grid) -> Vec<(TurnRole, String)> {
    let (_, turns) = grid.said(&grid.variants[0], &grid.cases[0]).unwrap();
    turns.into_iter().map(|turn| (turn.role, turn.text)).collect()
}

fn notes_of(dialect: &str, body: &Value) -> String {
    grid(dialect, body).1.join("\n")
}

#[test]
fn hi_7_a_chat_of_openai_becomes_a_grid_with_all_that_it_said() {
    let (grid, notes) = grid(
        "openai_chat",
        &json!({
            "model": "m", "stream": true, "stream_options": {"include_usage": true}, "n": 3,
            "messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "hi"},
                         {"role": "assistant", "content": "hello"}, {"role": "user", "content": "go on"}],
            "max_tokens": 7, "temperature": 0.3, "seed": 5, "stop": "END", "reasoning_effort": "high",
            "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
            "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
            "logit_bias": {"1": 2}, "verbosity": "low", "mystery": [1], "parallel_tool_calls": false, "user": "u"
        }),
    );
    assert_eq!((grid.variants[0].model.as_str(), grid.prompt.system.as_str(), grid.samples), ("m", "Be brief.", 3));
    let turns = said(&grid);
    let texts: Vec<&str> = turns.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!((texts, turns[1].0), (vec!["hi", "hello", "go on"], TurnRole::Assistant));
    let settings = &grid.settings;
    assert_eq!((settings.max_output, settings.temperature.as_str(), settings.seed), (Some(7), "0.3", Some(5)));
    assert_eq!((settings.stop.as_slice(), settings.effort.as_str()), (["END".to_owned()].as_slice(), "high"));
    assert_eq!((settings.format, settings.tool_choice.as_str()), (AnswerFormat::Schema, "f"));
    assert_eq!((grid.prompt.tools[0].name.as_str(), grid.prompt.tools[0].description.as_str()), ("f", "d"));
    let extra: Value = serde_json::from_str(&settings.extra).unwrap();
    assert_eq!(
        extra,
        json!({"mystery": [1], "logit_bias": {"1": 2}, "verbosity": "low", "parallel_tool_calls": false, "user": "u"})
    );
    assert_eq!(notes, ["It asked for 3 answers: they are samples here."]);
}

#[test]
fn hi_7_other_dialects_become_the_same_grid_and_what_they_alone_can_say_is_named() {
    let (anthropic, notes) = grid(
        "anthropic_messages",
        &json!({"model": "m", "max_tokens": 7, "system": "Be brief.", "temperature": 0.3, "stop_sequences": ["END"],
                "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}], "metadata": {"user_id": "u"},
                "container": "c"}),
    );
    assert_eq!((anthropic.prompt.system.as_str(), said(&anthropic)[0].1.as_str()), ("Be brief.", "hi"));
    assert_eq!((anthropic.settings.max_output, anthropic.settings.temperature.as_str()), (Some(7), "0.3"));
    assert!(notes.iter().any(|note| note.contains("container")), "{notes:?}");
    let (responses, _) = grid(
        "openai_responses",
        &json!({"model": "m", "instructions": "Be brief.", "input": "hi", "max_output_tokens": 7}),
    );
    assert_eq!((responses.prompt.system.as_str(), said(&responses)[0].1.as_str()), ("Be brief.", "hi"));
    let (count, _) =
        grid("anthropic_count_tokens", &json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]}));
    assert_eq!(said(&count)[0].1, "hi");
    let (completions, notes) =
        grid("openai_completions", &json!({"model": "m", "prompt": ["fn a", "b"], "suffix": "}", "max_tokens": 9}));
    assert_eq!((said(&completions)[0].1.as_str(), completions.settings.max_output), ("fn a", Some(9)));
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(read("openai_embeddings", r#"{"model":"m","input":"hi"}"#).is_none());
}

#[test]
fn hi_7_images_tools_and_thoughts_of_earlier_messages_are_text_or_a_note() {
    let body = json!({"model": "m", "messages": [
        {"role": "user", "content": [{"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,[400 bytes of base64, sha256 ab]"}}]},
        {"role": "assistant", "content": "wait", "reasoning_content": "hm",
         "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "read", "arguments": "{\"p\":1}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "data"},
        {"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}, {"type": "text", "text": "and this"}]},
    ]});
    let (grid, notes) = grid("openai_chat", &body);
    let texts: Vec<String> = said(&grid).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["look", "wait\nread({\"p\":1})", "Result of c1:\ndata", "and this"]);
    let notes = notes.join("\n");
    for part in ["image of message 1", "tool calls", "Thoughts", "file"] {
        assert!(notes.contains(part), "{part} is not in {notes}");
    }
}

#[test]
fn hi_7_braces_of_a_stored_text_stand_for_themselves() {
    let text = "fill {{name}} and {{ name }}{{1}}";
    let (grid, _) = grid(
        "openai_chat",
        &json!({"model": "m", "messages": [
        {"role": "system", "content": "{{other}}"}, {"role": "user", "content": text}]}),
    );
    let (system, turns) = grid.said(&grid.variants[0], &grid.cases[0]).unwrap();
    assert_eq!((system.as_str(), turns[0].text.as_str()), ("{{other}}", "fill {{name}} and {{name}}{{1}}"));
}

#[test]
fn hi_7_what_the_form_would_refuse_goes_into_the_raw_json_or_is_cut_and_named() {
    let body = json!({"model": "m", "temperature": 1.5e0, "top_p": 7, "stop": ["a", "b", "c", "d", "e"],
        "messages": [{"role": "user", "content": "é".repeat(200_000)}]});
    let (grid, notes) = grid("openai_chat", &body);
    let extra: Value = serde_json::from_str(&grid.settings.extra).unwrap();
    assert_eq!((grid.settings.temperature.as_str(), &extra["top_p"]), ("1.5", &json!(7)));
    assert_eq!(extra["stop"].as_array().unwrap().len(), 5);
    assert!(notes.iter().any(|note| note.contains("Message 1 is cut")), "{notes:?}");
    let many: Vec<Value> = (0..150).map(|i| json!({"role": "user", "content": format!("m{i}")})).collect();
    let (grid, notes) = super::read("openai_chat", &json!({"model": "m", "messages": many}).to_string()).unwrap();
    assert_eq!((grid.prompt.turns.len(), grid.prompt.turns[99].text.as_str()), (100, "m149"));
    assert_eq!(notes, ["The first 50 messages are left out: there were too many."]);
}

#[test]
fn what_is_no_request_is_none_and_never_a_panic() {
    for body in
        ["", "{", "[]", "{}", r#"{"model":"m"}"#, r#"{"model":"m","messages":[]}"#, r#"{"messages":[{"role":1}]}"#]
    {
        for dialect in ["openai_chat", "openai_responses", "anthropic_messages", "openai_completions", "nobody"] {
            assert!(read(dialect, body).is_none(), "{dialect} {body}");
        }
    }
}

#[test]
fn every_recorded_request_becomes_a_grid_that_the_form_takes() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../llm/fixtures");
    for (folder, dialect) in
        [("openai_chat", "openai_chat"), ("anthropic", "anthropic_messages"), ("responses", "openai_responses")]
    {
        for entry in std::fs::read_dir(format!("{fixtures}/{folder}/requests")).unwrap() {
            let path = entry.unwrap().path();
            let body = std::fs::read_to_string(&path).unwrap();
            let (grid, _) = read(dialect, &body).unwrap_or_else(|| panic!("{}", path.display()));
            assert!(grid.check().finish().is_ok(), "{}: {:?}", path.display(), grid.check().finish());
            assert!(!said(&grid).is_empty(), "{}", path.display());
        }
    }
    assert!(
        !notes_of(
            "openai_chat",
            &json!({"model": "m", "web_search_options": {"x": 1}, "messages": [
        {"role": "user", "content": "hi", "name": "ada"}]})
        )
        .is_empty()
    );
}
