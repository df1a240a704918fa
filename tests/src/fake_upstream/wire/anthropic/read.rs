//! The Anthropic messages wire, read: top-level fields, tools, thinking; the turns are in `turns`.
//!
//! Unknown fields are refused everywhere, as the API does.

use super::super::{
    super::{
        asked::{Asked, Thinks},
        check::{At, Checked, Complaint},
        endpoint::Wire,
        summary::{Format, Tool},
    },
    params,
};

mod turns;

const FIELDS: [&str; 22] = [
    "model",
    "messages",
    "max_tokens",
    "system",
    "stop_sequences",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "thinking",
    "metadata",
    "service_tier",
    "container",
    "context_management",
    "mcp_servers",
    "output_config",
    "output_format",
    "cache_control",
    "inference_geo",
    "speed",
];
const COUNT_FIELDS: [&str; 11] = [
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "cache_control",
    "mcp_servers",
    "context_management",
];
const MOST_MARKERS: usize = 4;
const LEAST_BUDGET: u64 = 1024;

pub fn read(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let is_count = asked.wire == Wire::AnthropicCount;
    root.known(if is_count { &COUNT_FIELDS } else { &FIELDS })?;
    if !is_count {
        asked.cap = Some(root.need("max_tokens")?.positive()?);
        asked.sample("max_tokens", root.field("max_tokens").as_ref());
    }
    asked.is_stream = root.maybe("stream", At::flag)?.unwrap_or(false);
    sampling(root, asked)?;
    tools(root, asked)?;
    choice(root, asked)?;
    thinking(root, asked)?;
    format(root, asked)?;
    system(root, asked)?;
    marker(root, asked)?;
    let messages = root.need("messages")?;
    turns::read(&messages, asked)?;
    markers(asked)?;
    asked.content = messages.value.to_string().into_bytes();
    Ok(())
}

fn sampling(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    root.maybe("temperature", |at| at.within(0.0, 1.0))?;
    root.maybe("top_p", |at| at.within(0.0, 1.0))?;
    root.maybe("top_k", At::count)?;
    root.maybe("service_tier", |at| at.one_of(&["auto", "standard_only"]))?;
    for name in ["temperature", "top_p", "top_k", "service_tier"] {
        asked.sample(name, root.field(name).as_ref());
    }
    if let Some(metadata) = root.field("metadata") {
        metadata.known(&["user_id"])?;
        metadata.maybe("user_id", At::text)?;
    }
    if let Some(stops) = root.field("stop_sequences") {
        for stop in stops.items()? {
            let text = stop.text()?;
            if text.trim().is_empty() {
                return Err(stop.wrong("each stop sequence must contain non-whitespace"));
            }
            asked.stops.push(text.into());
        }
        asked.sample("stop", Some(&stops));
    }
    Ok(())
}

fn tools(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    for tool in root.list("tools")? {
        let kind = tool.maybe("type", At::text)?.unwrap_or("custom");
        if kind != "custom" {
            let is_known =
                ["web_search_", "web_fetch_", "code_execution_", "bash_", "text_editor_", "computer_", "memory_"]
                    .iter()
                    .any(|start| kind.starts_with(start));
            if !is_known {
                return Err(tool
                    .need("type")?
                    .wrong(&format!("Input tag '{kind}' does not match any of the expected tags")));
            }
            asked.summary.ignored.push(format!("tool {kind}"));
            continue;
        }
        tool.known(&[
            "type",
            "name",
            "description",
            "input_schema",
            "cache_control",
            "strict",
            "eager_input_streaming",
            "input_examples",
            "defer_loading",
            "allowed_callers",
        ])?;
        let name = tool.need("name")?;
        if !params::is_name(name.text()?) {
            return Err(name.wrong("String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"));
        }
        let schema = tool.need("input_schema")?;
        schema.need("type")?.one_of(&["object"])?;
        if asked.summary.tools.iter().any(|tool| tool.name == name.value.as_str().unwrap_or("")) {
            return Err(Complaint::on("tools", "tools: Tool names must be unique."));
        }
        asked.read_along(schema.value);
        marker(&tool, asked)?;
        asked.summary.tools.push(Tool {
            name: name.text()?.into(),
            description: tool.maybe("description", At::text)?.unwrap_or("").into(),
            schema: schema.value.clone(),
            is_strict: tool.maybe("strict", At::flag)?.unwrap_or(false),
        });
    }
    Ok(())
}

fn choice(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let Some(choice) = root.field("tool_choice") else { return Ok(()) };
    if root.field("tools").is_none() {
        return Err(Complaint::on(
            "tool_choice",
            "tool_choice: tool_choice may only be specified while providing tools.",
        ));
    }
    choice.known(&["type", "name", "disable_parallel_tool_use"])?;
    asked.summary.is_parallel = !choice.maybe("disable_parallel_tool_use", At::flag)?.unwrap_or(false);
    match choice.need("type")?.one_of(&["auto", "any", "tool", "none"])? {
        "tool" => params::named_choice(&choice.need("name")?, asked)?,
        "any" => asked.summary.tool_choice = "required".into(),
        word => asked.summary.tool_choice = word.into(),
    }
    Ok(())
}

fn thinking(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let Some(thinking) = root.field("thinking") else { return Ok(()) };
    thinking.known(&["type", "budget_tokens", "display"])?;
    thinking.maybe("display", |at| at.one_of(&["summarized", "omitted"]))?;
    let budget = match thinking.need("type")?.one_of(&["enabled", "disabled", "adaptive"])? {
        "disabled" => {
            asked.summary.reasoning = Some("off".into());
            asked.thinks = Thinks::Never;
            return Ok(());
        }
        "adaptive" => None,
        _ => Some(budget(&thinking, asked)?),
    };
    asked.summary.reasoning = Some(budget.map_or("adaptive".into(), |budget| budget.to_string()));
    asked.thinks = Thinks::Asked { is_visible: true, is_sealed: true, budget };
    if let Some(at) = root.field("temperature").filter(|at| at.value.as_f64() != Some(1.0)) {
        return Err(at.wrong("`temperature` may only be set to 1 when thinking is enabled."));
    }
    if let Some(at) = root.field("top_k") {
        return Err(at.wrong("`top_k` must be unset when thinking is enabled."));
    }
    if let Some(at) = root.field("top_p").filter(|at| at.value.as_f64().is_some_and(|top| top < 0.95)) {
        return Err(at.wrong("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled."));
    }
    if asked.summary.tool_choice == "required" || asked.summary.tool_choice.starts_with('=') {
        let message = "tool_choice: Thinking may not be enabled when tool_choice forces tool use.";
        return Err(Complaint::on("tool_choice", message));
    }
    Ok(())
}

fn budget(thinking: &At<'_>, asked: &Asked) -> Checked<u64> {
    let at = thinking.need("budget_tokens")?;
    let budget = at.count()?;
    if budget < LEAST_BUDGET {
        return Err(at.wrong("Input should be greater than or equal to 1024"));
    }
    if asked.cap.is_some_and(|cap| cap <= budget) {
        let message = "`max_tokens` must be greater than `thinking.budget_tokens`.";
        return Err(Complaint::on("max_tokens", message));
    }
    Ok(budget)
}

fn format(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let config = root.field("output_config");
    if let Some(config) = &config {
        config.known(&["effort", "format", "task_budget"])?;
        let effort = config.maybe("effort", |at| at.one_of(&["low", "medium", "high", "xhigh", "max"]))?;
        if let (Some(effort), None | Some("adaptive")) = (effort, asked.summary.reasoning.as_deref()) {
            asked.summary.reasoning = Some(effort.into());
        }
    }
    let format = config.and_then(|config| config.field("format")).or_else(|| root.field("output_format"));
    let Some(format) = format else { return Ok(()) };
    format.known(&["type", "schema"])?;
    format.need("type")?.one_of(&["json_schema"])?;
    let schema = format.need("schema")?;
    let is_open = schema.value.get("additionalProperties") != Some(&serde_json::Value::Bool(false));
    if schema.object()?.get("type").is_some_and(|kind| kind == "object") && is_open {
        return Err(schema.wrong("For 'object' type, 'additionalProperties' must be explicitly set to false"));
    }
    asked.read_along(schema.value);
    asked.summary.format =
        Some(Format::JsonSchema { name: String::new(), schema: schema.value.clone(), is_strict: true });
    Ok(())
}

fn system(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let Some(system) = root.field("system") else { return Ok(()) };
    if system.value.is_string() {
        asked.system(system.text()?);
        return Ok(());
    }
    for block in system.items()? {
        block.need("type")?.one_of(&["text"])?;
        block.known(&["type", "text", "cache_control", "citations"])?;
        let text = block.need("text")?;
        if text.text()?.is_empty() {
            return Err(Complaint::on(&block.path, format!("{}: text content blocks must be non-empty", block.path)));
        }
        asked.system(text.text()?);
        marker(&block, asked)?;
    }
    Ok(())
}

/// `cache_control`, with its lifetime.
fn marker(at: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let Some(marker) = at.field("cache_control") else { return Ok(()) };
    marker.known(&["type", "ttl"])?;
    marker.need("type")?.one_of(&["ephemeral"])?;
    let ttl = marker.maybe("ttl", |ttl| ttl.one_of(&["5m", "1h"]))?.unwrap_or("5m");
    // The mark of the whole request stands for the last block, so it does not take part in the order.
    if ttl == "1h" && !at.path.is_empty() && asked.summary.cache_markers.iter().any(|earlier| earlier == "5m") {
        let message = "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`.";
        return Err(marker.wrong(message));
    }
    asked.summary.cache_markers.push(ttl.into());
    Ok(())
}

fn markers(asked: &Asked) -> Checked<()> {
    let count = asked.summary.cache_markers.len();
    if count > MOST_MARKERS {
        let message = format!("A maximum of 4 blocks with cache_control may be provided. Found {count}.");
        return Err(Complaint::on("cache_control", message));
    }
    Ok(())
}
