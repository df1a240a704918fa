//! A client's body in the neutral form, for a provider of another wire. Strict: what cannot be said there is refused by name.

mod items;

use serde_json::{Value, value::RawValue};

use super::fields::{Fields, says_nothing};
use crate::{
    Error,
    chat::{Cache, ChatRequest, Decimal, Effort, Format, Message, Reasoning, Role, Tool, ToolChoice},
};

/// Fields that are read here.
const READ: [&str; 16] = [
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "model",
    "parallel_tool_calls",
    "reasoning",
    "safety_identifier",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "user",
];
/// Fields another provider may do without.
const DROPPED: [&str; 6] =
    ["metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "service_tier", "store"];

/// The whole body in the neutral form.
pub fn decode_chat(body: &[u8]) -> Result<ChatRequest, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::body("the request body is not UTF-8 text"))?;
    let top = Fields::top(text)?;
    let mut chat = ChatRequest { model: top.required("model")?, ..ChatRequest::default() };
    let others = top.iter().filter(|(name, value)| !READ.contains(name) && !says_nothing(name, value));
    for (name, _) in others {
        if !DROPPED.contains(&name) {
            return Err(top.unsupported(name));
        }
        chat.dropped.push(name.to_owned());
    }
    includes(&top)?;
    if let Some(text) = top.string("instructions")? {
        chat.messages.push(Message::text(Role::System, text));
    }
    let lifetime = lifetime(&top)?;
    items::read(&top, lifetime, &mut chat)?;
    for (i, tool) in top.list("tools")?.into_iter().enumerate() {
        chat.tools.push(read_tool(&Fields::at(&format!("tools[{i}]"), tool.get())?)?);
    }
    chat.tool_choice = tool_choice(&top)?;
    chat.parallel_tool_calls = top.read("parallel_tool_calls", "true or false")?;
    chat.reasoning = reasoning(&top, &mut chat.dropped)?;
    chat.format = format(&top, &mut chat.dropped)?;
    chat.max_output_tokens = top.read("max_output_tokens", "a whole number")?;
    chat.temperature = decimal(&top, "temperature")?;
    chat.top_p = decimal(&top, "top_p")?;
    chat.user = user(&top, &mut chat.dropped)?;
    chat.stream = top.read("stream", "true or false")?.unwrap_or(false);
    Ok(chat)
}

/// Encrypted reasoning is given anyway; everything else would be missed.
fn includes(top: &Fields<'_>) -> Result<(), Error> {
    for (i, wish) in top.list("include")?.into_iter().enumerate() {
        if wish.get() != r#""reasoning.encrypted_content""# {
            return Err(top.foreign(&format!("include[{i}]"), wish.get().trim_matches('"')));
        }
    }
    Ok(())
}

/// How long a marked prompt is kept where its mark does not say.
fn lifetime(top: &Fields<'_>) -> Result<Cache, Error> {
    let Some(options) = top.child("prompt_cache_options")? else { return Ok(Cache::Short) };
    if options.read("prewarm", "true or false")? == Some(true) {
        return Err(options.unsupported("prewarm"));
    }
    items::lifetime(&options, Cache::Short)
}

fn read_tool(tool: &Fields<'_>) -> Result<Tool, Error> {
    let kind = tool.required("type")?;
    if kind != "function" {
        return Err(tool.foreign("type", &kind));
    }
    tool.only(&["type", "name", "description", "parameters", "strict"])?;
    Ok(Tool {
        name: tool.required("name")?,
        description: tool.string("description")?,
        schema: schema(tool, "parameters")?.unwrap_or_else(|| serde_json::json!({"type": "object", "properties": {}})),
        strict: tool.read("strict", "true or false")?,
        cache: None,
    })
}

fn schema(fields: &Fields<'_>, name: &str) -> Result<Option<Value>, Error> {
    let schema: Option<Value> = fields.read(name, "a JSON schema")?;
    match schema {
        Some(schema) if !schema.is_object() => Err(fields.invalid(name, "a JSON schema")),
        schema => Ok(schema),
    }
}

fn tool_choice(top: &Fields<'_>) -> Result<Option<ToolChoice>, Error> {
    let Some(raw) = top.raw("tool_choice") else { return Ok(None) };
    if raw.starts_with('"') {
        return match top.required("tool_choice")?.as_str() {
            "auto" => Ok(Some(ToolChoice::Auto)),
            "none" => Ok(Some(ToolChoice::None)),
            "required" => Ok(Some(ToolChoice::Required)),
            _ => Err(top.invalid("tool_choice", "'auto', 'none', 'required' or a function")),
        };
    }
    let choice = Fields::at("tool_choice", raw)?;
    match choice.required("type")?.as_str() {
        "function" => {
            choice.only(&["type", "name"])?;
            Ok(Some(ToolChoice::Named(choice.required("name")?)))
        }
        other => Err(choice.foreign("type", other)),
    }
}

fn reasoning(top: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Option<Reasoning>, Error> {
    let Some(asked) = top.child("reasoning")? else { return Ok(None) };
    asked.only(&["effort", "summary", "generate_summary", "context"])?;
    let effort = match asked.string("effort")?.as_deref() {
        None => None,
        Some("none") => Some(Effort::Off),
        Some("minimal") => Some(Effort::Minimal),
        Some("low") => Some(Effort::Low),
        Some("medium") => Some(Effort::Medium),
        Some("high") => Some(Effort::High),
        Some("xhigh" | "max") => Some(Effort::Max),
        Some(_) => return Err(asked.invalid("effort", "'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max'")),
    };
    // Which earlier thoughts the model reads again: only the upstream that wrote them can choose.
    if asked.string("context")?.is_some_and(|context| context != "auto") {
        note(dropped, "reasoning");
    }
    let show = asked.string("summary")?.or(asked.string("generate_summary")?).is_some();
    let reasoning = Reasoning { effort, budget: None, show };
    Ok(Some(reasoning).filter(|reasoning| *reasoning != Reasoning::default()))
}

fn format(top: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Option<Format>, Error> {
    let Some(text) = top.child("text")? else { return Ok(None) };
    text.only(&["format", "verbosity"])?;
    if text.string("verbosity")?.is_some_and(|verbosity| verbosity != "medium") {
        note(dropped, "verbosity");
    }
    let Some(format) = text.child("format")? else { return Ok(None) };
    Ok(Some(match format.required("type")?.as_str() {
        "text" => Format::Text,
        "json_object" => Format::Object,
        "json_schema" => {
            format.only(&["type", "name", "description", "schema", "strict"])?;
            Format::Schema {
                name: format.required("name")?,
                description: format.string("description")?,
                schema: schema(&format, "schema")?.ok_or_else(|| format.missing("schema"))?,
                strict: format.read("strict", "true or false")?,
            }
        }
        other => return Err(format.foreign("type", other)),
    }))
}

fn decimal(top: &Fields<'_>, name: &str) -> Result<Option<Decimal>, Error> {
    let Some(raw) = top.raw(name) else { return Ok(None) };
    Decimal::parse(raw).map_err(|_| top.invalid(name, "a number"))
}

/// `safety_identifier` is the newer name; where both are given and differ, one of them has no place.
fn user(top: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Option<String>, Error> {
    let (user, safety) = (top.string("user")?, top.string("safety_identifier")?);
    if user.is_some() && safety.is_some() && user != safety {
        note(dropped, "safety_identifier");
    }
    Ok(user.or(safety))
}

/// Names a field that was left out, once.
fn note(dropped: &mut Vec<String>, name: &str) {
    if !dropped.iter().any(|known| known == name) {
        dropped.push(name.to_owned());
    }
}

/// The raw values of a list of objects, each with its place.
fn objects<'a>(path: &str, list: Vec<&'a RawValue>) -> Result<Vec<Fields<'a>>, Error> {
    list.into_iter().enumerate().map(|(i, raw)| Fields::at(&format!("{path}[{i}]"), raw.get())).collect()
}

#[cfg(test)]
mod tests;
