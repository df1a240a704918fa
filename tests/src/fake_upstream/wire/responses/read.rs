//! The OpenAI responses wire, read: items instead of messages, calls and results tied by `call_id`.

use serde_json::Value;

use super::super::{
    super::{
        asked::{Asked, Thinks},
        check::{At, Checked, Complaint},
        endpoint::Vendor,
        seal,
        summary::{Call, Format, ToolResult},
    },
    params,
};

const FIELDS: [&str; 32] = [
    "model",
    "input",
    "instructions",
    "max_output_tokens",
    "stream",
    "stream_options",
    "temperature",
    "top_p",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "include",
    "store",
    "metadata",
    "user",
    "service_tier",
    "previous_response_id",
    "conversation",
    "prompt",
    "truncation",
    "background",
    "max_tool_calls",
    "top_logprobs",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "context_management",
    "prompt_cache_options",
    "moderation",
    "verbosity",
];
/// Fields of chat completions that this API does not know.
const MOVED: [&str; 12] = [
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "response_format",
    "reasoning_effort",
    "n",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
];
const LEAST_CAP: u64 = 16;

pub fn read(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let moved = root.object()?.keys().find(|name| MOVED.contains(&name.as_str()));
    if let Some(name) = moved {
        let message = format!("Unsupported parameter: '{name}'. In the Responses API, this parameter does not exist.");
        return Err(Complaint::on(name, message).code("unsupported_parameter"));
    }
    params::notice_unknown(root, asked, &FIELDS)?;
    params::stream(root, asked)?;
    params::sampling(root, asked)?;
    params::cap(root, asked, "max_output_tokens")?;
    if asked.cap.is_some_and(|cap| cap < LEAST_CAP) {
        let message = "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.";
        return Err(Complaint::on("max_output_tokens", message).code("integer_below_min_value"));
    }
    tools(root, asked)?;
    format(root, asked)?;
    reasoning(root, asked)?;
    if let Some(text) = root.maybe("instructions", At::text)? {
        asked.system(text);
    }
    let has_past = root.maybe("previous_response_id", At::text)?.is_some() || root.field("conversation").is_some();
    let input = root.need("input")?;
    if input.value.is_string() {
        asked.turn("user");
        asked.say(input.text()?);
    } else {
        Items { has_past, ..Items::default() }.read(&input.items()?, asked)?;
    }
    asked.content = input.value.to_string().into_bytes();
    Ok(())
}

fn tools(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    const HOSTED: [&str; 12] = [
        "function",
        "custom",
        "web_search",
        "web_search_preview",
        "file_search",
        "code_interpreter",
        "image_generation",
        "mcp",
        "local_shell",
        "shell",
        "apply_patch",
        "computer_use_preview",
    ];
    for tool in root.list("tools")? {
        match tool.need("type")?.one_of(&HOSTED)? {
            "function" => params::function(&tool, asked)?,
            hosted => asked.summary.ignored.push(format!("tool {hosted}")),
        }
    }
    asked.summary.is_parallel = root.maybe("parallel_tool_calls", At::flag)?.unwrap_or(true);
    let Some(choice) = root.field("tool_choice") else { return Ok(()) };
    if choice.value.is_string() {
        asked.summary.tool_choice = choice.one_of(&["none", "auto", "required"])?.into();
        return Ok(());
    }
    choice.need("type")?.one_of(&["function"])?;
    params::named_choice(&choice.need("name")?, asked)
}

fn format(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let Some(format) = root.field("text").and_then(|text| text.field("format")) else { return Ok(()) };
    match format.need("type")?.one_of(&["text", "json_object", "json_schema"])? {
        "json_object" => asked.summary.format = Some(Format::JsonObject),
        "json_schema" => params::json_schema(&format, asked)?,
        _ => {}
    }
    Ok(())
}

fn reasoning(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    const INCLUDES: [&str; 8] = [
        "reasoning.encrypted_content",
        "message.output_text.logprobs",
        "web_search_call.action.sources",
        "web_search_call.results",
        "file_search_call.results",
        "code_interpreter_call.outputs",
        "computer_call_output.output.image_url",
        "message.input_image.image_url",
    ];
    let mut is_sealed = false;
    for include in root.list("include")? {
        is_sealed |= include.one_of(&INCLUDES)? == "reasoning.encrypted_content";
    }
    let Some(reasoning) = root.field("reasoning") else { return Ok(()) };
    let is_asked = reasoning.field("effort").map(|effort| params::effort(&effort, asked)).transpose()?.unwrap_or(true);
    let summary = reasoning.maybe("summary", |at| at.one_of(&["auto", "concise", "detailed"]))?;
    let asked_for = Thinks::Asked { is_visible: summary.is_some(), is_sealed, budget: None };
    asked.thinks = if is_asked { asked_for } else { Thinks::Never };
    Ok(())
}

#[derive(Default)]
struct Items {
    /// The items of an earlier response are not seen here.
    has_past: bool,
    calls: Vec<(String, String)>,
    answered: Vec<String>,
}

impl Items {
    fn read(mut self, items: &[At<'_>], asked: &mut Asked) -> Checked<()> {
        for (number, item) in items.iter().enumerate() {
            let kinds = ["message", "function_call", "function_call_output", "reasoning", "item_reference"];
            let kind = item.maybe("type", |at| at.one_of(&kinds))?.unwrap_or("message");
            asked.ends_with_result = kind == "function_call_output";
            match kind {
                "message" => message(item, asked)?,
                "function_call" => self.call(item, asked)?,
                "function_call_output" => self.result(item, asked)?,
                "reasoning" => thought(item, items.get(number + 1), asked)?,
                _ => {
                    item.need("id")?.text()?;
                }
            }
        }
        match self.calls.iter().find(|(id, _)| !self.answered.contains(id)) {
            Some((id, _)) => Err(Complaint::on("input", format!("No tool output found for function call {id}."))),
            None => Ok(()),
        }
    }

    fn call(&mut self, item: &At<'_>, asked: &mut Asked) -> Checked<()> {
        if let Some(id) = item.field("id").filter(|id| !id.text().is_ok_and(|id| id.starts_with("fc"))) {
            return Err(id.wrong(&format!("{}. Expected an ID that begins with 'fc'.", id.value)));
        }
        let id = item.need("call_id")?.text()?;
        let (name, text) = (item.need("name")?.text()?, item.need("arguments")?.text()?);
        asked.aside(name.len() + text.len());
        let arguments = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.into()));
        asked.summary.calls.push(Call { name: name.into(), arguments });
        self.calls.push((id.into(), name.into()));
        Ok(())
    }

    fn result(&mut self, item: &At<'_>, asked: &mut Asked) -> Checked<()> {
        let id = item.need("call_id")?;
        let text = id.text()?;
        let call = self.calls.iter().find(|(made, _)| made == text);
        if call.is_none() && !self.has_past {
            let message = format!("No tool call found for function call output with call_id {text}.");
            return Err(Complaint::on(&id.path, message));
        }
        let output = item.need("output")?;
        let mut said = String::new();
        if output.value.is_string() {
            said.push_str(output.text()?);
        } else {
            for part in output.some_items()? {
                said.push_str(self::part(&part, asked)?.unwrap_or(""));
            }
        }
        asked.aside(said.len());
        let tool = call.map(|(_, name)| name.clone()).unwrap_or_default();
        asked.summary.results.push(ToolResult { tool, text: said, is_error: false });
        self.answered.push(text.into());
        Ok(())
    }
}

fn message(item: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let role = item.need("role")?.one_of(&["user", "assistant", "system", "developer"])?;
    let content = item.need("content")?;
    let is_system = matches!(role, "system" | "developer");
    if !is_system {
        asked.turn(role);
    }
    let put = |text: &str, asked: &mut Asked| if is_system { asked.system(text) } else { asked.say(text) };
    if content.value.is_string() {
        put(content.text()?, asked);
        return Ok(());
    }
    for part in content.some_items()? {
        let kind = part.need("type")?;
        // Output parts belong to the assistant and input parts to everybody else.
        let fitting: &[&'static str] = if role == "assistant" {
            &["output_text", "refusal"]
        } else {
            &["input_text", "input_image", "input_file"]
        };
        kind.one_of(fitting)?;
        if let Some(text) = self::part(&part, asked)? {
            put(text, asked);
        }
    }
    Ok(())
}

/// The text of a part; `None` for images and files, which are noted.
fn part<'a>(part: &At<'a>, asked: &mut Asked) -> Checked<Option<&'a str>> {
    match part.need("type")?.one_of(&["input_text", "output_text", "refusal", "input_image", "input_file"])? {
        "refusal" => part.need("refusal")?.text().map(Some),
        "input_image" => {
            part.maybe("detail", |at| at.one_of(&["auto", "low", "high"]))?;
            match part.field("file_id") {
                Some(file) => asked.image_at(file.text()?),
                None => asked.image_url(&part.need("image_url")?)?,
            }
            Ok(None)
        }
        "input_file" => {
            let named = ["file_id", "file_url", "filename"].iter().find_map(|name| part.field(name));
            let named = named.ok_or_else(|| part.wrong("Missing file_id, file_url or file_data."))?;
            asked.summary.files.push(format!("file {}", named.text()?));
            Ok(None)
        }
        _ => {
            params::marker(part, asked)?;
            part.need("text")?.text().map(Some)
        }
    }
}

/// A reasoning item: named by an id given out here, or carried along encrypted, and followed by what it led to.
fn thought(item: &At<'_>, next: Option<&At<'_>>, asked: &mut Asked) -> Checked<()> {
    let id = item.need("id")?.text()?;
    for part in item.need("summary")?.items()? {
        part.need("type")?.one_of(&["summary_text"])?;
        asked.weigh(part.need("text")?.text()?.len());
    }
    match item.maybe("encrypted_content", At::text)? {
        Some(sealed) => {
            if seal::open(Vendor::OpenAi, sealed).as_deref() != Some(id) {
                let start: String = sealed.chars().take(8).collect();
                let message = format!(
                    "The encrypted content {start}... could not be verified. Reason: Encrypted content could not be decrypted or parsed. ({}.encrypted_content)",
                    item.path
                );
                let field = format!("{}.encrypted_content", item.path);
                return Err(Complaint::on(&field, message).code("invalid_encrypted_content"));
            }
            asked.summary.sealed_reasoning += 1;
        }
        None if seal::is_id("rs_", id) => asked.summary.sealed_reasoning += 1,
        None => {
            let message = format!("Item with id '{id}' not found. ({}.id)", item.path);
            return Err(Complaint { status: 404, ..Complaint::on(&format!("{}.id", item.path), message) });
        }
    }
    let leads = next.is_some_and(|next| match next.value["type"].as_str() {
        Some("function_call" | "reasoning" | "item_reference") => true,
        Some("message") | None => next.value["role"] == "assistant",
        _ => false,
    });
    if !leads {
        let message = format!("Item '{id}' of type 'reasoning' was provided without its required following item.");
        return Err(Complaint::on(&item.path, message));
    }
    Ok(())
}
