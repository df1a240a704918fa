//! The OpenAI chat wire, read: what the API refuses is refused here, in its words.

use serde_json::Value;

use super::super::{
    super::{
        asked::{Asked, Thinks},
        check::{At, Checked, Complaint},
        summary::{Call, Format, ToolResult},
    },
    params,
};

const FIELDS: [&str; 42] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "stop",
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "user",
    "metadata",
    "store",
    "service_tier",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
    "modalities",
    "audio",
    "prediction",
    "verbosity",
    "web_search_options",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "functions",
    "function_call",
    "top_k",
    "min_p",
    "repetition_penalty",
    "safe_prompt",
    "random_seed",
    "enable_thinking",
    "reasoning_format",
];

pub fn read(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let messages = root.need("messages")?;
    let turns = messages.some_items().map_err(|complaint| match messages.value.as_array() {
        Some(_) => Complaint::on(
            "messages",
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        ),
        None => complaint,
    })?;
    params::notice_unknown(root, asked, &FIELDS)?;
    params::stream(root, asked)?;
    params::choices(root, asked)?;
    if root.field("max_tokens").is_some() && root.field("max_completion_tokens").is_some() {
        let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
        return Err(Complaint::on("max_tokens", message).code("invalid_parameter_combination"));
    }
    params::cap(root, asked, "max_tokens")?;
    params::cap(root, asked, "max_completion_tokens")?;
    params::stops(root, asked)?;
    params::sampling(root, asked)?;
    if root.field("top_logprobs").is_some() && root.maybe("logprobs", At::flag)? != Some(true) {
        let message = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.";
        return Err(Complaint::on("top_logprobs", message));
    }
    asked.sample("top_k", root.field("top_k").as_ref());
    tools(root, asked)?;
    format(root, asked)?;
    if let Some(effort) = root.field("reasoning_effort") {
        let is_asked = params::effort(&effort, asked)?;
        let asked_for = Thinks::Asked { is_visible: false, is_sealed: false, budget: None };
        asked.thinks = if is_asked { asked_for } else { Thinks::Never };
    }
    Conversation::default().read(&turns, asked)?;
    asked.content = messages.value.to_string().into_bytes();
    Ok(())
}

fn tools(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let tools = root.field("tools");
    for tool in tools.as_ref().map_or(Ok(Vec::new()), At::some_items)? {
        tool.need("type")?.one_of(&["function"])?;
        params::function(&tool.need("function")?, asked)?;
        params::marker(&tool, asked)?;
    }
    for name in ["tool_choice", "parallel_tool_calls"] {
        if tools.is_none() && root.field(name).is_some_and(|at| at.value != "none" && at.value != "auto") {
            let message = format!("Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.");
            return Err(Complaint::on(name, message));
        }
    }
    asked.summary.is_parallel = root.maybe("parallel_tool_calls", At::flag)?.unwrap_or(true);
    let Some(choice) = root.field("tool_choice") else { return Ok(()) };
    if choice.value.is_string() {
        asked.summary.tool_choice = choice.one_of(&["none", "auto", "required"])?.into();
        return Ok(());
    }
    choice.need("type")?.one_of(&["function"])?;
    params::named_choice(&choice.need("function")?.need("name")?, asked)
}

fn format(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let Some(format) = root.field("response_format") else { return Ok(()) };
    match format.need("type")?.one_of(&["text", "json_object", "json_schema"])? {
        "json_object" => asked.summary.format = Some(Format::JsonObject),
        "json_schema" => params::json_schema(&format.need("json_schema")?, asked)?,
        _ => {}
    }
    Ok(())
}

/// What the turns so far leave open.
#[derive(Default)]
struct Conversation {
    /// Calls without an answer: id and name.
    open: Vec<(String, String)>,
    /// All calls of the latest turn that made some.
    made: Vec<(String, String)>,
}

impl Conversation {
    fn read(mut self, turns: &[At<'_>], asked: &mut Asked) -> Checked<()> {
        for turn in turns {
            let roles = ["system", "developer", "user", "assistant", "tool", "function"];
            let role = turn.need("role")?.one_of(&roles)?;
            if role != "tool" {
                self.all_answered(turn)?;
            }
            asked.ends_with_result = matches!(role, "tool" | "function");
            match role {
                "system" | "developer" => {
                    asked.weigh(16);
                    for text in texts(&turn.need("content")?, asked)? {
                        asked.system(text);
                    }
                }
                "user" => {
                    asked.turn("user");
                    user(&turn.need("content")?, asked)?;
                }
                "assistant" => {
                    asked.turn("assistant");
                    self.assistant(turn, asked)?;
                }
                "tool" => self.result(turn, asked)?,
                _ => {
                    turn.need("name")?.text()?;
                }
            }
            params::marker(turn, asked)?;
        }
        match turns.last() {
            Some(last) => self.all_answered(last),
            None => Ok(()),
        }
    }

    fn assistant(&mut self, turn: &At<'_>, asked: &mut Asked) -> Checked<()> {
        if let Some(content) = turn.field("content") {
            for text in texts(&content, asked)? {
                asked.say(text);
            }
        } else if turn.field("tool_calls").is_none() && turn.field("refusal").is_none() && turn.field("audio").is_none()
        {
            let message = format!("Invalid value for 'content': expected a string, got null. ({}.content)", turn.path);
            return Err(Complaint::on(&format!("{}.content", turn.path), message));
        }
        if turn.field("reasoning_content").is_some() || turn.field("reasoning").is_some() {
            asked.summary.unsealed_reasoning += 1;
        }
        self.made.clear();
        for call in turn.field("tool_calls").as_ref().map_or(Ok(Vec::new()), At::some_items)? {
            call.need("type")?.one_of(&["function"])?;
            let id = call.need("id")?.text()?;
            let function = call.need("function")?;
            let (name, text) = (function.need("name")?.text()?, function.need("arguments")?.text()?);
            asked.weigh(text.len() + name.len());
            let arguments = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.into()));
            asked.summary.calls.push(Call { name: name.into(), arguments });
            self.made.push((id.into(), name.into()));
        }
        self.open.clone_from(&self.made);
        Ok(())
    }

    fn result(&mut self, turn: &At<'_>, asked: &mut Asked) -> Checked<()> {
        let id = turn.need("tool_call_id")?;
        let place = format!("{}.role", turn.path);
        if self.made.is_empty() {
            let message = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
            return Err(Complaint::on(&place, message));
        }
        let text = id.text()?;
        let Some((_, name)) = self.made.iter().find(|(made, _)| made == text) else {
            let message =
                format!("Invalid parameter: 'tool_call_id' of '{text}' not found in 'tool_calls' of previous message.");
            return Err(Complaint::on(&id.path, message));
        };
        let said = texts(&turn.need("content")?, asked)?.concat();
        asked.weigh(said.len() + 16);
        asked.summary.results.push(ToolResult { tool: name.clone(), text: said, is_error: false });
        self.open.retain(|(open, _)| open != text);
        Ok(())
    }

    fn all_answered(&self, at: &At<'_>) -> Checked<()> {
        if self.open.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = self.open.iter().map(|(id, _)| id.as_str()).collect();
        let message = format!(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
            ids.join(", ")
        );
        Err(Complaint::on(&format!("{}.role", at.path), message))
    }
}

/// A content of text only: a string, or parts of type `text`.
fn texts<'a>(content: &At<'a>, asked: &mut Asked) -> Checked<Vec<&'a str>> {
    if content.value.is_string() {
        return Ok(vec![content.text()?]);
    }
    let mut texts = Vec::new();
    for part in content.some_items()? {
        let kind = part.need("type")?.one_of(&["text", "refusal"])?;
        texts.push(part.need(kind)?.text()?);
        params::marker(&part, asked)?;
    }
    Ok(texts)
}

fn user(content: &At<'_>, asked: &mut Asked) -> Checked<()> {
    if content.value.is_string() {
        asked.say(content.text()?);
        return Ok(());
    }
    for part in content.some_items()? {
        match part.need("type")?.one_of(&["text", "image_url", "input_audio", "file"])? {
            "text" => asked.say(part.need("text")?.text()?),
            "image_url" => {
                let image = part.need("image_url")?;
                image.object()?;
                image.maybe("detail", |at| at.one_of(&["auto", "low", "high"]))?;
                asked.image_url(&image.need("url")?)?;
            }
            "input_audio" => {
                let audio = part.need("input_audio")?;
                audio.need("data")?.text()?;
                let kind = audio.need("format")?.one_of(&["wav", "mp3"])?;
                asked.summary.files.push(format!("audio/{kind}"));
            }
            _ => {
                let file = part.need("file")?;
                let named = file.field("file_id").or_else(|| file.field("filename"));
                let Some(named) = named else { return Err(file.need("file_id").err().unwrap_or(file.wrong("empty"))) };
                asked.summary.files.push(format!("file {}", named.text()?));
            }
        }
        params::marker(&part, asked)?;
    }
    Ok(())
}
