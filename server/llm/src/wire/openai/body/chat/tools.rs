//! Tools and the choice among them.

use serde_json::{Value, json};

use super::{fields::Fields, messages};
use crate::{
    Error,
    chat::{Tool, ToolChoice},
};

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Vec<Tool>, Error> {
    fields.list("tools")?.into_iter().map(|(raw, path)| tool(raw, &path)).collect()
}

fn tool(raw: &str, path: &str) -> Result<Tool, Error> {
    let mut fields = Fields::parse(raw, path)?;
    if fields.required::<String>("type", "a string")? != "function" {
        return Err(fields.unsupported("type"));
    }
    let Some(mut function) = fields.object("function")? else { return Err(fields.missing("function")) };
    let tool = Tool {
        name: function.required("name", "a string")?,
        description: function.get("description", "a string")?,
        schema: function.schema("parameters")?.unwrap_or_else(no_arguments),
        strict: function.get("strict", "true or false")?,
        cache: messages::cache(&mut fields)?,
    };
    function.finish()?;
    fields.finish()?;
    Ok(tool)
}

/// What leaving `parameters` out means.
fn no_arguments() -> Value {
    json!({"type": "object", "properties": {}})
}

pub(super) fn choice(fields: &mut Fields<'_>) -> Result<Option<ToolChoice>, Error> {
    let what = "auto, none, required or a function";
    let Some(raw) = fields.raw("tool_choice") else { return Ok(None) };
    if let Ok(word) = serde_json::from_str::<String>(raw) {
        return match word.as_str() {
            "auto" => Ok(Some(ToolChoice::Auto)),
            "none" => Ok(Some(ToolChoice::None)),
            "required" => Ok(Some(ToolChoice::Required)),
            _ => Err(fields.wrong("tool_choice", what)),
        };
    }
    let mut choice = Fields::parse(raw, "tool_choice")?;
    match choice.required::<String>("type", "a string")?.as_str() {
        "function" => {}
        kind @ ("allowed_tools" | "custom") => return Err(choice.unsupported(kind)),
        _ => return Err(fields.wrong("tool_choice", what)),
    }
    let Some(mut function) = choice.object("function")? else { return Err(choice.missing("function")) };
    let name = function.required("name", "a string")?;
    function.finish()?;
    choice.finish()?;
    Ok(Some(ToolChoice::Named(name)))
}
