//! Generated values of what this wire can say, in their canonical form.

use llm::{
    chat::{
        Cache, ChatRequest, Decimal, Effort, Format, Image, Message, Origin, Part, Reasoning, Role, Seal, Tool,
        ToolChoice,
    },
    event::{Answer, Response},
    tally::{InputTokens, OutputTokens, UsageReport},
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Value, json};

const MAX_TOKENS: u32 = 4_096;

fn text() -> impl Strategy<Value = String> {
    "[a-z äß👋\"\\\\\n{}:]{1,12}"
}

fn id() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_-]{1,8}"
}

fn arguments() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{}".to_owned()),
        Just("{\"a\": 1.50}".to_owned()),
        Just(r#"{"b":{"c":[1,null]},"a":"x\"}"}"#.to_owned()),
        text().prop_map(|text| json!({"z": text, "a": "é"}).to_string()),
    ]
}

fn cache() -> impl Strategy<Value = Option<Cache>> {
    option::of(prop_oneof![Just(Cache::Short), Just(Cache::Long)])
}

fn schema() -> impl Strategy<Value = Value> {
    text().prop_map(|name| json!({"type": "object", "properties": {name: {"type": "string"}, "a": {}}}))
}

fn text_part() -> impl Strategy<Value = Part> {
    (text(), cache()).prop_map(|(text, cache)| Part::Text { text, cache })
}

fn image_part() -> impl Strategy<Value = Part> {
    let image = prop_oneof![
        id().prop_map(|name| Image::Url(format!("https://e.org/{name}.png"))),
        id().prop_map(|data| Image::Inline { media_type: "image/webp".to_owned(), data }),
    ];
    (image, cache()).prop_map(|(image, cache)| Part::Image { image, detail: None, cache })
}

fn content() -> impl Strategy<Value = Part> {
    prop_oneof![3 => text_part(), 1 => image_part()]
}

fn call() -> impl Strategy<Value = Part> {
    (id(), id(), arguments(), cache()).prop_map(|(id, name, arguments, cache)| Part::ToolCall {
        id,
        name,
        arguments,
        cache,
    })
}

fn own_thought() -> impl Strategy<Value = Part> {
    let seal = |data| Some(Seal { origin: Origin::Anthropic, data });
    prop_oneof![
        (text(), "[A-Za-z0-9+/]{1,8}={0,2}").prop_map(move |(text, data)| Part::Reasoning { text, seal: seal(data) }),
        "[A-Za-z0-9+/]{1,8}".prop_map(move |data| Part::Reasoning { text: String::new(), seal: seal(data) }),
        "[A-Za-z0-9+/]{1,8}"
            .prop_map(move |data| Part::Reasoning { text: String::new(), seal: seal(format!("redacted:{data}")) }),
    ]
}

fn user_turn() -> impl Strategy<Value = Vec<Message>> {
    let result = (id(), vec(content(), 0..3), any::<bool>(), cache()).prop_map(|(id, content, is_error, cache)| {
        Message { role: Role::Tool, parts: vec![Part::ToolResult { id, content, is_error, cache }] }
    });
    (vec(result, 0..3), vec(content(), 0..3)).prop_map(|(mut messages, parts)| {
        // The turn says something.
        let parts = if parts.is_empty() && messages.is_empty() { vec![Part::text("q")] } else { parts };
        if !parts.is_empty() {
            messages.push(Message { role: Role::User, parts });
        }
        messages
    })
}

fn assistant_turn() -> impl Strategy<Value = Vec<Message>> {
    let part = prop_oneof![text_part(), call(), own_thought()];
    vec(part, 1..5).prop_map(|parts| vec![Message { role: Role::Assistant, parts }])
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let system = vec(text_part(), 0..3).prop_map(|parts| match parts.is_empty() {
        true => Vec::new(),
        false => vec![Message { role: Role::System, parts }],
    });
    (system, vec((user_turn(), assistant_turn()), 0..3), user_turn()).prop_map(|(system, rounds, last)| {
        let rounds = rounds.into_iter().flat_map(|(user, assistant)| user.into_iter().chain(assistant));
        system.into_iter().chain(rounds).chain(last).collect()
    })
}

fn tools() -> impl Strategy<Value = Vec<Tool>> {
    let tool = (id(), option::of(text()), schema(), option::of(any::<bool>()), cache())
        .prop_map(|(name, description, schema, strict, cache)| Tool { name, description, schema, strict, cache });
    vec(tool, 0..3)
}

fn reasoning() -> impl Strategy<Value = Option<Reasoning>> {
    let effort = || prop_oneof![Just(Effort::Low), Just(Effort::Medium), Just(Effort::High), Just(Effort::Max)];
    option::of(prop_oneof![
        Just(Reasoning { effort: Some(Effort::Off), ..Reasoning::default() }),
        Just(Reasoning { show: true, ..Reasoning::default() }),
        (effort(), any::<bool>()).prop_map(|(effort, show)| Reasoning { effort: Some(effort), budget: None, show }),
        (option::of(effort()), 1_024..MAX_TOKENS, any::<bool>()).prop_map(|(effort, budget, show)| Reasoning {
            effort,
            budget: Some(budget),
            show
        }),
    ])
}

/// Everything that the wire can say, as [`llm::wire::anthropic::decode_chat`] would read it.
pub fn chat() -> impl Strategy<Value = ChatRequest> {
    let choice = prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::None),
        Just(ToolChoice::Required),
        id().prop_map(ToolChoice::Named)
    ];
    let format = schema().prop_map(|schema| Format::Schema {
        name: "output".to_owned(),
        description: None,
        schema,
        strict: Some(true),
    });
    let sampling = (option::of(0..3), option::of(1..100u32));
    let small = (vec("[a-z]{1,4}", 0..3), option::of(text()), any::<bool>(), any::<bool>());
    (messages(), tools(), option::of(choice), option::of(format), reasoning(), sampling, small).prop_map(
        |(messages, tools, choice, format, reasoning, (sampled, top_k), (stop, user, stream, single))| {
            let is_thinking = reasoning.as_ref().is_some_and(|reasoning| reasoning.effort != Some(Effort::Off));
            let is_forced = matches!(choice, Some(ToolChoice::Required | ToolChoice::Named(_)));
            let tool_choice = choice.filter(|_| !(tools.is_empty() || is_forced && is_thinking));
            let has_switch = single && tool_choice.as_ref().is_some_and(|choice| *choice != ToolChoice::None);
            let number = |text: &str| Decimal::parse(text).unwrap();
            ChatRequest {
                model: "m".to_owned(),
                messages,
                tools,
                tool_choice,
                parallel_tool_calls: has_switch.then_some(false),
                format,
                reasoning,
                max_output_tokens: Some(MAX_TOKENS),
                stop,
                temperature: if sampled == Some(0) && !is_thinking { number("0.30") } else { None },
                top_p: if sampled == Some(1) { number("0.95") } else { None },
                top_k: top_k.filter(|_| !is_thinking),
                user,
                stream,
                ..ChatRequest::default()
            }
        },
    )
}

fn any_thought() -> impl Strategy<Value = Part> {
    let origin = prop_oneof![Just(Origin::OpenAi), Just(Origin::Gemini)];
    prop_oneof![
        own_thought(),
        text().prop_map(|text| Part::Reasoning { text, seal: None }),
        (prop_oneof![Just(String::new()), text()], origin, "[A-Za-z0-9+/.=]{1,8}")
            .prop_map(|(text, origin, data)| Part::Reasoning { text, seal: Some(Seal { origin, data }) }),
    ]
}

/// Could the events of these two be taken for those of one?
fn run_together(a: &Part, b: &Part) -> bool {
    matches!(
        (a, b),
        (Part::Text { .. }, Part::Text { .. }) | (Part::Reasoning { seal: None, .. }, Part::Reasoning { .. })
    )
}

/// A complete answer of any upstream with its usage.
pub fn response() -> impl Strategy<Value = Response> {
    let plain_call =
        (id(), id(), arguments()).prop_map(|(id, name, arguments)| Part::ToolCall { id, name, arguments, cache: None });
    let part = prop_oneof![text().prop_map(Part::text), plain_call, any_thought()];
    (vec(part, 0..6), 0..4usize, any::<[u16; 5]>()).prop_map(|(mut parts, finish, tokens)| {
        parts.dedup_by(|b, a| run_together(a, b));
        let has_calls = parts.iter().any(|part| matches!(part, Part::ToolCall { .. }));
        let words = [if has_calls { "tool_calls" } else { "stop" }, "length", "content_filter", "pause_turn"];
        let [input, cache_read, cache_write_short, cache_write_long, output] = tokens.map(u32::from);
        Response {
            answers: vec![Answer { parts, finish_reason: Some(words[finish].to_owned()) }],
            usage: Some(UsageReport {
                // A snapshot of nothing is not believed.
                input: Some(InputTokens { input: input + 1, cache_read, cache_write_short, cache_write_long }),
                output: Some(OutputTokens { output, reasoning: 0 }),
                is_final: true,
                ..UsageReport::default()
            }),
            ..Response::default()
        }
    })
}
