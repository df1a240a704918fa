//! The neutral form of a request as a grid.

use domain::{
    grid::{
        AnswerFormat, Case, Grid, MAX_GRID_BYTES, MAX_SAMPLES, MAX_TEXT_BYTES, MAX_TOOLS, MAX_TURNS, Prompt, Settings,
        Tool, Turn, TurnRole, Variant,
    },
    template,
};
use llm::chat::{self, ChatRequest, Decimal, Effort, Format, Message, Part, Reasoning, Role, ToolChoice};
use serde_json::{Map, Value, json};

use super::lenient::Read;

pub(super) fn grid(read: Read, mut notes: Vec<String>) -> Option<(Grid, Vec<String>)> {
    let Read { chat, mut extra } = read;
    let ChatRequest { model, messages, tools, answers, .. } = &chat;
    let prompt = prompt(messages, tools, &mut notes);
    let samples = answers.unwrap_or(1).clamp(1, MAX_SAMPLES.into());
    if samples > 1 {
        notes.push(format!("It asked for {samples} answers: they are samples here."));
    }
    let settings = settings(&chat, &mut extra);
    let case = Case { values: as_they_are(&prompt), ..Case::default() };
    let mut grid = Grid {
        variants: vec![Variant { model: model.clone(), ..Variant::default() }],
        prompt,
        settings,
        cases: vec![case],
        samples: u8::try_from(samples).unwrap_or(1),
        ..Grid::default()
    };
    if !extra.is_empty() {
        grid.settings.extra = pretty(&Value::Object(extra));
    }
    notes.dedup();
    Some((grid, notes))
}

/// A value for each thing that looks like a variable, so that it stands for itself.
fn as_they_are(prompt: &Prompt) -> Vec<(String, String)> {
    let mut values: Vec<(String, String)> = Vec::new();
    for text in std::iter::once(&prompt.system).chain(prompt.turns.iter().map(|turn| &turn.text)) {
        for name in template::variables(text) {
            if !values.iter().any(|(known, _)| known == name) {
                values.push((name.to_owned(), format!("{{{{{name}}}}}")));
            }
        }
    }
    values
}

fn prompt(messages: &[Message], tools: &[chat::Tool], notes: &mut Vec<String>) -> Prompt {
    let mut system: Vec<String> = Vec::new();
    let mut turns: Vec<Turn> = Vec::new();
    for (i, message) in messages.iter().enumerate() {
        let text = shortened(text_of(message, i + 1, notes), i + 1, notes);
        let role = match message.role {
            Role::System => {
                if !turns.is_empty() {
                    notes.push("System messages between others stand together at the beginning.".to_owned());
                }
                system.push(text);
                continue;
            }
            Role::User | Role::Tool => TurnRole::User,
            Role::Assistant => TurnRole::Assistant,
        };
        turns.push(Turn { role, text, images: Vec::new() });
    }
    let before = turns.len();
    let mut bytes: usize = turns.iter().map(|turn| turn.text.len()).sum();
    while turns.len() > MAX_TURNS || bytes > MAX_GRID_BYTES / 2 {
        bytes -= turns.remove(0).text.len();
    }
    if before > turns.len() {
        notes.push(format!("The first {} messages are left out: there were too many.", before - turns.len()));
    }
    if tools.len() > MAX_TOOLS {
        notes.push(format!("Only the first {MAX_TOOLS} tools are here."));
    }
    let tools = tools.iter().take(MAX_TOOLS).map(|tool| Tool {
        name: tool.name.clone(),
        description: tool.description.clone().unwrap_or_default(),
        schema: pretty(&tool.schema),
        ..Tool::default()
    });
    let tools = tools.collect();
    if turns.is_empty() {
        turns.push(Turn::default());
    }
    Prompt { system: shortened(system.join("\n\n"), 1, notes), turns, tools }
}

/// What a message says, in text; what is none is named.
fn text_of(message: &Message, number: usize, notes: &mut Vec<String>) -> String {
    // The pieces of one answer stand as close as its reader saw them.
    let between = if message.role == Role::Assistant { "" } else { "\n\n" };
    let mut text = String::new();
    let mut add = |more: &str, between: &str| {
        if !text.is_empty() {
            text.push_str(between);
        }
        text.push_str(more);
    };
    for part in &message.parts {
        match part {
            Part::Text { text, .. } => add(text, between),
            Part::Image { .. } => notes.push(format!("An image of message {number} was not kept: add it again.")),
            Part::Reasoning { .. } => notes.push("Thoughts of earlier answers are left out.".to_owned()),
            Part::ToolCall { name, arguments, .. } => {
                notes.push(CALLS.to_owned());
                add(&format!("{name}({arguments})"), "\n");
            }
            Part::ToolResult { id, content, .. } => {
                notes.push(CALLS.to_owned());
                let result = Message { role: Role::User, parts: content.clone() };
                add(&format!("Result of {id}:\n{}", text_of(&result, number, notes)), "\n");
            }
        }
    }
    text
}

const CALLS: &str = "Earlier tool calls and their results are here as text.";

fn shortened(mut text: String, number: usize, notes: &mut Vec<String>) -> String {
    if text.len() > MAX_TEXT_BYTES {
        text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
        notes.push(format!("Message {number} is cut: it was longer than {} KiB.", MAX_TEXT_BYTES / 1024));
    }
    // A body is JSON, and may hold what no form takes.
    text.replace('\0', "\u{fffd}")
}

/// The fields of the form; what does not fit into one goes into `extra` under its own name.
fn settings(chat: &ChatRequest, extra: &mut Map<String, Value>) -> Settings {
    let mut settings = Settings { max_output: chat.max_output_tokens.filter(|most| *most > 0), ..Settings::default() };
    settings.top_k = chat.top_k.filter(|most| *most > 0);
    settings.seed = chat.seed;
    let number = |value: &Option<Decimal>| value.as_ref().map(|value| value.as_str().to_owned()).unwrap_or_default();
    settings.temperature = number(&chat.temperature);
    settings.top_p = number(&chat.top_p);
    settings.frequency_penalty = number(&chat.frequency_penalty);
    settings.presence_penalty = number(&chat.presence_penalty);
    settings.stop.clone_from(&chat.stop);
    if let Some(format) = &chat.format {
        set_format(&mut settings, format);
    }
    match &chat.tool_choice {
        None => {}
        Some(ToolChoice::Auto) => settings.tool_choice = "auto".to_owned(),
        Some(ToolChoice::None) => settings.tool_choice = "none".to_owned(),
        Some(ToolChoice::Required) => settings.tool_choice = "required".to_owned(),
        Some(ToolChoice::Named(name)) => settings.tool_choice.clone_from(name),
    }
    if let Some(reasoning) = &chat.reasoning {
        set_reasoning(&mut settings, reasoning, extra);
    }
    let mut keep = |name: &str, value: Value| {
        extra.entry(name.to_owned()).or_insert(value);
    };
    if let Some(parallel) = chat.parallel_tool_calls {
        keep("parallel_tool_calls", parallel.into());
    }
    if let Some(user) = &chat.user {
        keep("user", user.as_str().into());
    }
    for field in wrong_fields(&settings) {
        let take = |text: &mut String| serde_json::from_str(&std::mem::take(text)).unwrap_or(Value::Null);
        match field.as_str() {
            "temperature" => keep("temperature", take(&mut settings.temperature)),
            "top_p" => keep("top_p", take(&mut settings.top_p)),
            "frequency_penalty" => keep("frequency_penalty", take(&mut settings.frequency_penalty)),
            "presence_penalty" => keep("presence_penalty", take(&mut settings.presence_penalty)),
            "stop" => keep("stop", json!(std::mem::take(&mut settings.stop))),
            "max_output" => keep("max_completion_tokens", json!(settings.max_output.take())),
            "top_k" => keep("top_k", json!(settings.top_k.take())),
            _ => {}
        }
    }
    settings
}

fn set_format(settings: &mut Settings, format: &Format) {
    match format {
        Format::Text => {}
        Format::Object => settings.format = AnswerFormat::Json,
        Format::Schema { schema, .. } => {
            settings.format = AnswerFormat::Schema;
            settings.schema = pretty(schema);
        }
    }
}

fn set_reasoning(settings: &mut Settings, reasoning: &Reasoning, extra: &mut Map<String, Value>) {
    if let Some(budget) = reasoning.budget {
        // No field of the form is a number of tokens; this member is read by every target that has one.
        extra.entry("reasoning").or_insert_with(|| json!({"max_tokens": budget}));
    }
    let Some(effort) = reasoning.effort else { return };
    let word = match effort {
        Effort::Off => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Max => "xhigh",
    };
    word.clone_into(&mut settings.effort);
}

/// Fields that the form would refuse.
fn wrong_fields(settings: &Settings) -> Vec<String> {
    let grid = Grid { settings: settings.clone(), variants: vec![Variant::default()], ..Grid::default() };
    let fields = grid.check().finish().err().map(|error| error.fields).unwrap_or_default();
    fields.into_iter().filter_map(|error| error.field.strip_prefix("settings.").map(str::to_owned)).collect()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
