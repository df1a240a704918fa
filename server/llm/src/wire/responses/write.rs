//! A body for an upstream of this wire, from the neutral form.

use serde::Serialize;
use serde_json::{Value, json};

use super::item;
use crate::{
    Error,
    chat::{ChatRequest, Decimal, Effort, Format, Message, Origin, Part, Reasoning, Role, Tool, ToolChoice},
    wire::Encoded,
};

const VENDOR: &str = "OpenAI's responses API";

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    store: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    include: &'a [&'a str],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

/// A body from the neutral form.
pub fn encode_chat(chat: &ChatRequest, upstream_model: &str) -> Result<Encoded, Error> {
    if chat.answers.is_some_and(|answers| answers != 1) {
        return Err(Error::unsupported("n", VENDOR));
    }
    if !chat.stop.is_empty() {
        return Err(Error::unsupported("stop", VENDOR));
    }
    let mut writer = Writer { input: Vec::new(), has_seal: false, dropped: chat.dropped.clone() };
    for (i, message) in chat.messages.iter().enumerate() {
        writer.message(message, &format!("messages[{i}]"))?;
    }
    writer.left_out(chat);
    let thinks = chat.reasoning.as_ref().is_some_and(|asked| effort(asked) != Some(Effort::Off));
    let include: &[&str] = if thinks || writer.has_seal { &["reasoning.encrypted_content"] } else { &[] };
    let body = Body {
        model: upstream_model,
        input: writer.input,
        tools: chat.tools.iter().map(tool).collect(),
        tool_choice: chat.tool_choice.as_ref().map(tool_choice),
        parallel_tool_calls: chat.parallel_tool_calls,
        text: chat.format.as_ref().map(|wanted| json!({"format": format(wanted)})),
        reasoning: chat.reasoning.as_ref().and_then(reasoning),
        max_output_tokens: chat.max_output_tokens,
        temperature: chat.temperature.as_ref(),
        top_p: chat.top_p.as_ref(),
        user: chat.user.as_deref(),
        store: false,
        include,
        stream: chat.stream,
    };
    let body = serde_json::to_string(&body).map_err(|_| Error::body("the request cannot be written as JSON"))?;
    Ok(Encoded { body, dropped: writer.dropped })
}

struct Writer {
    input: Vec<Value>,
    /// Some reasoning goes back to where it came from, so the model thinks.
    has_seal: bool,
    dropped: Vec<String>,
}

impl Writer {
    fn drop(&mut self, name: &str) {
        if !self.dropped.iter().any(|known| known == name) {
            self.dropped.push(name.to_owned());
        }
    }

    fn left_out(&mut self, chat: &ChatRequest) {
        let absent = [
            ("frequency_penalty", chat.frequency_penalty.is_some()),
            ("presence_penalty", chat.presence_penalty.is_some()),
            ("seed", chat.seed.is_some()),
            ("top_k", chat.top_k.is_some()),
            ("reasoning", chat.reasoning.as_ref().is_some_and(|asked| asked.budget.is_some())),
            ("cache_control", chat.tools.iter().any(|tool| tool.cache.is_some())),
        ];
        absent.iter().filter(|(_, is_set)| *is_set).for_each(|(name, _)| self.drop(name));
    }

    fn message(&mut self, message: &Message, path: &str) -> Result<(), Error> {
        match message.role {
            Role::System => self.said("system", message, path),
            Role::User => self.said("user", message, path),
            Role::Assistant => self.assistant(message, path),
            Role::Tool => self.results(message, path),
        }
    }

    fn said(&mut self, role: &str, message: &Message, path: &str) -> Result<(), Error> {
        let allows_images = message.role == Role::User;
        let content = self.content(&message.parts, allows_images, path)?;
        self.input.push(json!({"role": role, "content": content}));
        Ok(())
    }

    /// One text as it is, else a list of parts.
    fn content(&mut self, parts: &[Part], allows_images: bool, path: &str) -> Result<Value, Error> {
        if let [Part::Text { text, cache: None }] = parts {
            return Ok(text.as_str().into());
        }
        let mut content = Vec::with_capacity(parts.len());
        for (i, part) in parts.iter().enumerate() {
            let (value, cache) = match part {
                Part::Text { text, cache } => (json!({"type": "input_text", "text": text}), cache),
                Part::Image { image, detail, cache } if allows_images => {
                    let mut value = json!({"type": "input_image", "image_url": item::image_url(image)});
                    if let Some(detail) = detail {
                        value["detail"] = detail.as_str().into();
                    }
                    (value, cache)
                }
                _ => return Err(Error::unsupported(format!("{path}.content[{i}]"), VENDOR)),
            };
            if cache.is_some() {
                self.drop("cache_control");
            }
            content.push(value);
        }
        Ok(content.into())
    }

    fn assistant(&mut self, message: &Message, path: &str) -> Result<(), Error> {
        for (i, part) in message.parts.iter().enumerate() {
            match part {
                Part::Text { text, cache } => {
                    self.marked(cache.is_some());
                    if !text.is_empty() {
                        self.input.push(json!({"role": "assistant", "content": text}));
                    }
                }
                Part::Reasoning { text, seal } => match seal {
                    Some(seal) if seal.origin == Origin::OpenAi => {
                        self.has_seal = true;
                        self.input.push(reasoning_item(text, &seal.data));
                    }
                    _ => self.drop("reasoning"),
                },
                Part::ToolCall { id, name, arguments, cache } => {
                    self.marked(cache.is_some());
                    let arguments = if arguments.is_empty() { "{}" } else { arguments };
                    let call = json!({"type": "function_call", "call_id": id, "name": name, "arguments": arguments});
                    self.input.push(call);
                }
                Part::Image { .. } | Part::ToolResult { .. } => {
                    return Err(Error::unsupported(format!("{path}.content[{i}]"), VENDOR));
                }
            }
        }
        Ok(())
    }

    fn results(&mut self, message: &Message, path: &str) -> Result<(), Error> {
        for (i, part) in message.parts.iter().enumerate() {
            let Part::ToolResult { id, content, is_error, cache } = part else {
                return Err(Error::unsupported(format!("{path}.content[{i}]"), VENDOR));
            };
            self.marked(cache.is_some());
            let output = match content.as_slice() {
                [] => "".into(),
                parts => self.content(parts, true, path)?,
            };
            let output = if *is_error { failed(output) } else { output };
            self.input.push(json!({"type": "function_call_output", "call_id": id, "output": output}));
        }
        Ok(())
    }

    fn marked(&mut self, is_marked: bool) {
        if is_marked {
            self.drop("cache_control");
        }
    }
}

/// The output of a tool that failed: no field says so here.
fn failed(output: Value) -> Value {
    match output {
        Value::String(text) => format!("Error: {text}").into(),
        Value::Array(mut parts) => {
            parts.insert(0, json!({"type": "input_text", "text": "Error: "}));
            parts.into()
        }
        other => other,
    }
}

fn reasoning_item(text: &str, seal: &str) -> Value {
    let (id, encrypted) = item::unseal(seal);
    let mut item = json!({"type": "reasoning"});
    if let Some(id) = id {
        item["id"] = id.into();
    }
    item["summary"] = if text.is_empty() { json!([]) } else { json!([{"type": "summary_text", "text": text}]) };
    item["encrypted_content"] = encrypted.into();
    item
}

fn tool(tool: &Tool) -> Value {
    let mut value = json!({"type": "function", "name": tool.name});
    if let Some(description) = &tool.description {
        value["description"] = description.as_str().into();
    }
    value["parameters"] = tool.schema.clone();
    value["strict"] = tool.strict.unwrap_or(false).into();
    value
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => "auto".into(),
        ToolChoice::None => "none".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => json!({"type": "function", "name": name}),
    }
}

fn format(format: &Format) -> Value {
    match format {
        Format::Text => json!({"type": "text"}),
        Format::Object => json!({"type": "json_object"}),
        Format::Schema { name, description, schema, strict } => {
            let mut value = json!({"type": "json_schema", "name": name});
            if let Some(description) = description {
                value["description"] = description.as_str().into();
            }
            value["schema"] = schema.clone();
            if let Some(strict) = strict {
                value["strict"] = (*strict).into();
            }
            value
        }
    }
}

fn reasoning(asked: &Reasoning) -> Option<Value> {
    let effort = effort(asked).map(|effort| match effort {
        Effort::Off => "none",
        Effort::Minimal => "minimal",
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Max => "xhigh",
    });
    let mut value = serde_json::Map::new();
    if let Some(effort) = effort {
        value.insert("effort".to_owned(), effort.into());
    }
    if asked.show {
        value.insert("summary".to_owned(), "auto".into());
    }
    (!value.is_empty()).then(|| value.into())
}

/// As asked, or the nearest word for a number of tokens.
fn effort(asked: &Reasoning) -> Option<Effort> {
    asked.effort.or(asked.budget.map(|budget| match budget {
        0 => Effort::Off,
        1..4_096 => Effort::Low,
        4_096..16_384 => Effort::Medium,
        _ => Effort::High,
    }))
}

#[cfg(test)]
mod tests;
