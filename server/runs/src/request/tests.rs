use domain::grid::{ImageRef, ToolReply};
use uuid::Uuid;

use super::*;

mod properties;

const HERE: Place = Place { variant: 0, case: 0 };

fn grid(change: impl FnOnce(&mut Grid)) -> Grid {
    let variants = vec![Variant { model: "small".into(), ..Variant::default() }];
    let mut grid = Grid { variants, ..Grid::default() };
    grid.prompt.turns[0].text = "hello".into();
    change(&mut grid);
    grid
}

fn text(grid: &Grid) -> String {
    body(grid, HERE, &Pictures::new(), &[]).unwrap()
}

fn value(grid: &Grid) -> Value {
    serde_json::from_str(&text(grid)).unwrap()
}

#[test]
fn pg_1_a_plain_cell_says_its_model_and_its_messages_and_nothing_else() {
    assert_eq!(
        text(&grid(|_| {})),
        r#"{"model":"small","messages":[{"role":"user","content":"hello"}],"stream":true,"stream_options":{"include_usage":true}}"#
    );
}

#[test]
fn pg_1_the_system_prompt_turns_and_the_case_s_own_messages_come_in_order_with_values_put_in() {
    let body = value(&grid(|grid| {
        grid.prompt.system = "Speak {{language}}.".into();
        grid.prompt.turns.push(Turn { role: TurnRole::Assistant, text: "hi".into(), ..Turn::default() });
        grid.cases[0].values = vec![("language".into(), "Rust".into())];
        grid.cases[0].turns = vec![Turn { text: "{{stays}}".into(), ..Turn::default() }];
    }));
    let said: Vec<(&str, &str)> = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (message["role"].as_str().unwrap(), message["content"].as_str().unwrap()))
        .collect();
    assert_eq!(said, [("system", "Speak Rust."), ("user", "hello"), ("assistant", "hi"), ("user", "{{stays}}")]);
}

#[test]
fn pg_5_parameters_are_sent_as_they_were_typed_and_empty_ones_are_not_sent() {
    let text = text(&grid(|grid| {
        grid.settings = Settings {
            max_output: Some(50),
            temperature: "0.30".into(),
            top_p: "1.0".into(),
            top_k: Some(5),
            frequency_penalty: "-0.5".into(),
            presence_penalty: "2".into(),
            seed: Some(-7),
            stop: vec!["END".into()],
            effort: "low".into(),
            format: AnswerFormat::Json,
            tool_choice: "required".into(),
            ..Settings::default()
        };
    }));
    for member in [
        r#""max_completion_tokens":50"#,
        r#""temperature":0.30"#,
        r#""top_p":1.0"#,
        r#""top_k":5"#,
        r#""frequency_penalty":-0.5"#,
        r#""presence_penalty":2"#,
        r#""seed":-7"#,
        r#""stop":["END"]"#,
        r#""reasoning_effort":"low""#,
        r#""response_format":{"type":"json_object"}"#,
    ] {
        assert!(text.contains(member), "{member} is not in {text}");
    }
    assert!(!text.contains("tool_choice"), "there are no tools to choose among");
}

#[test]
fn pg_5_a_variant_s_own_prompt_and_settings_replace_the_shared_ones() {
    let body = value(&grid(|grid| {
        grid.settings.temperature = "1".into();
        grid.variants[0].settings = Some(Settings { top_p: "0.5".into(), ..Settings::default() });
        let turns = vec![Turn { text: "mine".into(), ..Turn::default() }];
        grid.variants[0].prompt = Some(Prompt { turns, ..Prompt::default() });
    }));
    assert_eq!((&body["top_p"], body.get("temperature")), (&json!(0.5), None));
    assert_eq!(body["messages"], json!([{"role": "user", "content": "mine"}]));
}

#[test]
fn pg_5_raw_json_comes_last_and_never_changes_what_the_workbench_sets_itself() {
    let body = value(&grid(|grid| {
        grid.settings.temperature = "1".into();
        grid.settings.extra =
            r#"{"temperature": 0.2, "model": "other", "messages": [], "stream": false, "n": 5, "logit_bias": {"1": 2}}"#
                .into();
    }));
    assert_eq!((&body["temperature"], &body["logit_bias"]["1"]), (&json!(0.2), &json!(2)));
    assert_eq!((&body["model"], &body["stream"], body.get("n")), (&json!("small"), &json!(true), None));
    assert_eq!(body["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn pg_6_tools_and_schemas_keep_the_text_of_their_json() {
    let text = text(&grid(|grid| {
        let schema = r#"{ "z": 1.50, "a": {} }"#.to_owned();
        grid.prompt.tools = vec![
            Tool { name: "read".into(), schema: schema.clone(), reply: ToolReply::Echo, ..Tool::default() },
            Tool { name: "list".into(), description: "Lists.".into(), schema: "{}".into(), ..Tool::default() },
        ];
        grid.settings.tool_choice = "read".into();
        grid.settings.format = AnswerFormat::Schema;
        grid.settings.schema = schema;
    }));
    assert!(text.contains(r#""tools":[{"type":"function","function":{"name":"read","parameters":{ "z": 1.50, "a": {} }}},{"type":"function","function":{"name":"list","description":"Lists.","parameters":{}}}]"#), "{text}");
    assert!(text.contains(r#""tool_choice":{"type":"function","function":{"name":"read"}}"#));
    assert!(text.contains(
        r#""response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{ "z": 1.50, "a": {} }}}"#
    ));
}

#[test]
fn pg_7_images_are_data_urls_beside_the_text_and_a_lost_one_is_told() {
    let id = ImageId(Uuid::from_u128(7));
    let image = ImageRef { id, media_type: "image/png".into(), bytes: 3, width: 1, height: 1 };
    let grid = grid(|grid| grid.prompt.turns[0].images = vec![image.clone(), image]);
    assert_eq!(images(&grid, HERE), [id]);
    let pictures = Pictures::from([(id, Picture { media_type: "image/png".into(), data: "QUJD".into() })]);
    let body: Value = serde_json::from_str(&body(&grid, HERE, &pictures, &[]).unwrap()).unwrap();
    let url = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}});
    assert_eq!(body["messages"][0]["content"], json!([{"type": "text", "text": "hello"}, url, url]));
    assert!(super::body(&grid, HERE, &Pictures::new(), &[]).unwrap_err().contains("no longer there"));
}

#[test]
fn a_cell_that_cannot_be_said_says_why() {
    let why = |change: fn(&mut Grid)| body(&grid(change), HERE, &Pictures::new(), &[]).unwrap_err();
    assert!(why(|grid| grid.prompt.turns.clear()).contains("write a message"));
    assert!(why(|grid| grid.prompt.system = "{{gone}}".into()).contains("{{gone}}"));
    assert!(why(|grid| grid.settings.extra = "[".into()).contains("raw JSON"));
    assert!(why(|grid| grid.settings.temperature = "hot".into()).contains("temperature"));
    assert!(why(|grid| grid.variants.clear()).contains("no such cell"));
}

#[test]
fn the_messages_of_a_turn_under_way_follow_those_of_the_grid() {
    let more = [json!({"role": "assistant", "content": null, "tool_calls": []}), json!({"role": "tool"})];
    let body: Value = serde_json::from_str(&body(&grid(|_| {}), HERE, &Pictures::new(), &more).unwrap()).unwrap();
    assert_eq!(body["messages"].as_array().unwrap()[1..], more);
}

#[test]
fn every_body_is_one_that_the_gateway_reads() {
    use llm::Dialect;
    let grid = grid(|grid| {
        grid.prompt.system = "é\u{1f980}\"\\".into();
        grid.settings.temperature = "0.5".into();
        grid.settings.extra = r#"{"x": {"y": [1, 2]}}"#.into();
    });
    let request = llm::dialects::openai_chat::OpenAiChat.decode(text(&grid).into()).unwrap();
    assert_eq!((request.model.as_str(), request.stream, request.size.messages), ("small", true, 2));
}
