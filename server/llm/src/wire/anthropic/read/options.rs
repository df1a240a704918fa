//! Tools, thinking, answer format and the smaller fields.

use serde_json::Value;

use super::{
    super::fields::{ELSEWHERE, Fields},
    blocks::vendors_own,
    drop_field, marker, one_of,
};
use crate::{
    Error,
    chat::{Effort, Format, Reasoning, Tool, ToolChoice},
};

/// The name of an answer's schema: this wire has none, others demand one.
pub(super) const SCHEMA_NAME: &str = "output";

pub(super) fn tools(top: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Vec<Tool>, Error> {
    top.list("tools")?.into_iter().map(|(raw, path)| tool(&Fields::parse(raw, &path)?, dropped)).collect()
}

fn tool(tool: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Tool, Error> {
    match tool.string("type")?.as_deref() {
        None | Some("custom") => {}
        Some(kind) => return Err(vendors_own(tool, kind)),
    }
    let harmless = ["allowed_callers", "defer_loading", "eager_input_streaming"];
    let known = ["type", "name", "description", "input_schema", "strict", "cache_control"];
    tool.only(&[known.as_slice(), harmless.as_slice()].concat())?;
    let callers: Vec<String> = tool.get("allowed_callers", "a list of strings")?.unwrap_or_default();
    if callers.iter().any(|caller| caller != "direct") {
        return Err(Error::unsupported(tool.at("allowed_callers"), ELSEWHERE));
    }
    if tool.boolean("defer_loading")? == Some(true) {
        return Err(Error::unsupported(tool.at("defer_loading"), ELSEWHERE));
    }
    // How finely arguments are cut into pieces, not what they are.
    if tool.boolean("eager_input_streaming")? == Some(true) {
        drop_field(dropped, "eager_input_streaming");
    }
    let schema: Value = tool.get("input_schema", "an object")?.ok_or_else(|| tool.missing("input_schema"))?;
    if !schema.is_object() {
        return Err(one_of(tool.at("input_schema"), "an object"));
    }
    Ok(Tool {
        name: tool.need_string("name")?,
        description: tool.string("description")?,
        schema,
        strict: tool.boolean("strict")?,
        cache: marker(tool)?,
    })
}

/// The choice, and whether calls may come in parallel: the default is left unsaid.
pub(super) fn tool_choice(top: &Fields<'_>) -> Result<(Option<ToolChoice>, Option<bool>), Error> {
    let Some(choice) = top.object("tool_choice")? else { return Ok((None, None)) };
    choice.only(&["type", "name", "disable_parallel_tool_use"])?;
    let kind = match choice.need_string("type")?.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Named(choice.need_string("name")?),
        _ => return Err(one_of(choice.at("type"), "'auto', 'any', 'tool' or 'none'")),
    };
    let is_single = choice.boolean("disable_parallel_tool_use")?.unwrap_or(false);
    Ok((Some(kind), is_single.then_some(false)))
}

/// `output_config.format`, or `output_format` as it was called before.
pub(super) fn format(top: &Fields<'_>) -> Result<Option<Format>, Error> {
    let config = top.object("output_config")?;
    if let Some(config) = &config {
        config.only(&["effort", "format"])?;
    }
    let current = config.as_ref().map_or(Ok(None), |config| config.object("format"))?;
    let format = match (current, top.object("output_format")?) {
        (Some(_), Some(_)) => {
            let message = "'output_format' is the earlier name of 'output_config.format': give one of them";
            return Err(Error::invalid("output_format", message));
        }
        (Some(format), None) | (None, Some(format)) => format,
        (None, None) => return Ok(None),
    };
    format.only(&["type", "schema"])?;
    match format.need_string("type")?.as_str() {
        "json_schema" => {}
        _ => return Err(one_of(format.at("type"), "'json_schema'")),
    }
    let schema: Value = format.get("schema", "an object")?.ok_or_else(|| format.missing("schema"))?;
    if !schema.is_object() {
        return Err(one_of(format.at("schema"), "an object"));
    }
    // The vendor holds its answers to the schema, always.
    Ok(Some(Format::Schema { name: SCHEMA_NAME.to_owned(), description: None, schema, strict: Some(true) }))
}

/// The table in `anthropic.rs`.
pub(super) fn reasoning(top: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Option<Reasoning>, Error> {
    let effort = match top.object("output_config")? {
        Some(config) => effort(&config)?,
        None => None,
    };
    let Some(thinking) = top.object("thinking")? else {
        return Ok(effort.map(|effort| Reasoning { effort: Some(effort), ..Reasoning::default() }));
    };
    thinking.only(&["type", "budget_tokens", "display"])?;
    let show = match thinking.string("display")?.as_deref() {
        None | Some("summarized") => true,
        Some("omitted") => false,
        Some(_) => return Err(one_of(thinking.at("display"), "'summarized' or 'omitted'")),
    };
    let budget: Option<u32> = thinking.get("budget_tokens", "a whole number")?;
    Ok(Some(match thinking.need_string("type")?.as_str() {
        "enabled" => {
            let budget = budget.ok_or_else(|| thinking.missing("budget_tokens"))?;
            Reasoning { effort, budget: Some(budget), show }
        }
        "adaptive" => {
            let default = (!show).then_some(Effort::High);
            Reasoning { effort: effort.or(default), budget: None, show }
        }
        "disabled" => {
            // Without thought the effort of an answer has no other name.
            if effort.is_some() {
                drop_field(dropped, "reasoning");
            }
            Reasoning { effort: Some(Effort::Off), ..Reasoning::default() }
        }
        _ => return Err(one_of(thinking.at("type"), "'enabled', 'adaptive' or 'disabled'")),
    }))
}

fn effort(config: &Fields<'_>) -> Result<Option<Effort>, Error> {
    Ok(Some(match config.string("effort")?.as_deref() {
        None => return Ok(None),
        Some("low") => Effort::Low,
        Some("medium") => Effort::Medium,
        Some("high") => Effort::High,
        Some("xhigh" | "max") => Effort::Max,
        Some(_) => return Err(one_of(config.at("effort"), "'low', 'medium', 'high', 'xhigh' or 'max'")),
    }))
}

pub(super) fn user(top: &Fields<'_>, dropped: &mut Vec<String>) -> Result<Option<String>, Error> {
    let Some(metadata) = top.object("metadata")? else { return Ok(None) };
    if metadata.names().any(|name| name != "user_id") {
        drop_field(dropped, "metadata");
    }
    metadata.string("user_id")
}

/// Edits of the vendor's own thoughts mean nothing elsewhere: no thought of one vendor reaches another. Other edits change
/// what a model reads.
pub(super) fn context_management(top: &Fields<'_>) -> Result<(), Error> {
    let Some(management) = top.object("context_management")? else { return Ok(()) };
    management.only(&["edits"])?;
    for (raw, path) in management.list("edits")? {
        let edit = Fields::parse(raw, &path)?;
        let kind = edit.need_string("type")?;
        if !kind.starts_with("clear_thinking_") {
            return Err(vendors_own(&edit, &kind));
        }
    }
    Ok(())
}
