//! Parameters that several wires of the OpenAI family share, with the same names and limits.

use super::super::{
    asked::Asked,
    check::{At, Checked, Complaint, misspelled},
    summary::{Format, Tool},
};

/// What this server accepts as `n`.
const MOST_CHOICES: u64 = 8;

/// Unknown fields are ignored unless they look like a slip of the pen.
pub fn notice_unknown(root: &At<'_>, asked: &mut Asked, known: &[&str]) -> Checked<()> {
    for name in root.object()?.keys().filter(|name| !known.contains(&name.as_str())) {
        if misspelled(name, known).is_some() {
            return Err(root.unknown(name));
        }
        asked.summary.ignored.push(name.clone());
    }
    Ok(())
}

pub fn sampling(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    root.maybe("temperature", |at| at.within(0.0, 2.0))?;
    root.maybe("top_p", |at| at.within(0.0, 1.0))?;
    root.maybe("presence_penalty", |at| at.within(-2.0, 2.0))?;
    root.maybe("frequency_penalty", |at| at.within(-2.0, 2.0))?;
    root.maybe("seed", At::whole)?;
    root.maybe("logit_bias", At::object)?;
    root.maybe("user", At::text)?;
    root.maybe("metadata", At::object)?;
    root.maybe("store", At::flag)?;
    root.maybe("service_tier", |at| at.one_of(&["auto", "default", "flex", "scale", "priority", "standard_only"]))?;
    for name in ["temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "service_tier", "logit_bias"]
    {
        asked.sample(name, root.field(name).as_ref());
    }
    let retention = root.maybe("prompt_cache_retention", |at| at.one_of(&["in-memory", "in_memory", "24h"]))?;
    if retention == Some("24h") {
        asked.summary.cache_markers.push("24h".into());
    }
    root.maybe("prompt_cache_key", At::text)?;
    Ok(())
}

pub fn stream(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    asked.is_stream = root.maybe("stream", At::flag)?.unwrap_or(false);
    if let Some(options) = root.field("stream_options") {
        if !asked.is_stream {
            let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
            return Err(Complaint::on("stream_options", message));
        }
        asked.include_usage = options.maybe("include_usage", At::flag)?.unwrap_or(false);
        options.maybe("include_obfuscation", At::flag)?;
    }
    Ok(())
}

pub fn choices(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    asked.n = root.maybe("n", At::count)?.unwrap_or(1);
    if !(1..=MOST_CHOICES).contains(&asked.n) {
        let message = "Invalid 'n': integer out of range. Expected a value between 1 and 8.";
        return Err(Complaint::on("n", message));
    }
    asked.sample("n", root.field("n").as_ref());
    Ok(())
}

/// `stop` as one string or up to four.
pub fn stops(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let Some(stop) = root.field("stop") else { return Ok(()) };
    asked.stops = if stop.value.is_string() {
        vec![stop.text()?.to_owned()]
    } else {
        stop.items()?.iter().map(|item| item.text().map(str::to_owned)).collect::<Checked<_>>()?
    };
    if asked.stops.len() > 4 {
        return Err(stop.wrong("array too long. Expected an array with maximum length 4."));
    }
    let stops = serde_json::json!(asked.stops);
    asked.summary.sampling.insert("stop".into(), stops);
    Ok(())
}

/// A limit of tokens under `name`.
pub fn cap(root: &At<'_>, asked: &mut Asked, name: &str) -> Checked<()> {
    let Some(at) = root.field(name) else { return Ok(()) };
    if at.count()? == 0 {
        let message = format!("Invalid '{name}': integer below minimum value. Expected a value >= 1.");
        return Err(Complaint::on(name, message).code("integer_below_min_value"));
    }
    asked.cap = Some(at.count()?);
    asked.sample("max_tokens", Some(&at));
    Ok(())
}

/// A function tool: `at` holds `name`, `description`, `parameters`, `strict`.
pub fn function(at: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let name = at.need("name")?;
    if !is_name(name.text()?) {
        let message = "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.";
        return Err(name.wrong(message));
    }
    let is_strict = at.maybe("strict", At::flag)?.unwrap_or(false);
    at.maybe("parameters", At::object)?;
    let schema = at.field("parameters");
    if let Some(schema) = &schema {
        if schema.field("type").is_none_or(|kind| kind.value != "object") {
            return Err(schema.wrong("schema must be a JSON Schema of 'type: \"object\"'."));
        }
        strict(schema, is_strict)?;
        asked.read_along(schema.value);
    }
    asked.summary.tools.push(Tool {
        name: name.text()?.into(),
        description: at.maybe("description", At::text)?.unwrap_or("").into(),
        schema: schema.map(|schema| schema.value.clone()).unwrap_or_default(),
        is_strict,
    });
    Ok(())
}

pub fn is_name(name: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    !name.is_empty() && name.len() <= 64 && name.chars().all(fits)
}

/// `{name, schema, strict}` of structured output.
pub fn json_schema(at: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let name = at.need("name")?;
    if !is_name(name.text()?) {
        return Err(name.wrong("string does not match pattern '^[a-zA-Z0-9_-]+$'."));
    }
    let schema = at.need("schema")?;
    schema.object()?;
    at.maybe("description", At::text)?;
    let is_strict = at.maybe("strict", At::flag)?.unwrap_or(false);
    strict(&schema, is_strict)?;
    asked.read_along(schema.value);
    asked.summary.format =
        Some(Format::JsonSchema { name: name.text()?.into(), schema: schema.value.clone(), is_strict });
    Ok(())
}

/// Strict schemas list every property as required and forbid others.
fn strict(schema: &At<'_>, is_strict: bool) -> Checked<()> {
    if !is_strict {
        return Ok(());
    }
    let is_closed = schema.value.get("additionalProperties") == Some(&serde_json::Value::Bool(false));
    if !is_closed {
        let message = "In context=(), 'additionalProperties' is required to be supplied and to be false.";
        return Err(schema.wrong(message));
    }
    let required: Vec<&str> =
        schema.value["required"].as_array().into_iter().flatten().filter_map(|one| one.as_str()).collect();
    let properties = schema.value["properties"].as_object();
    match properties.into_iter().flatten().find(|(name, _)| !required.contains(&name.as_str())) {
        Some((name, _)) => {
            let message = format!(
                "In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing '{name}'."
            );
            Err(schema.wrong(&message))
        }
        None => Ok(()),
    }
}

/// A choice of a tool by name must be one of those that were given.
pub fn named_choice(at: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let name = at.text()?;
    if !asked.summary.tools.iter().any(|tool| tool.name == name) {
        return Err(at.wrong(&format!("Tool choice '{name}' not found in 'tools' parameter.")));
    }
    asked.summary.tool_choice = format!("={name}");
    Ok(())
}

/// An effort word; `none` asks for no reasoning at all. `true` when it asks for some.
pub fn effort(at: &At<'_>, asked: &mut Asked) -> Checked<bool> {
    let word = at.one_of(&["none", "minimal", "low", "medium", "high", "xhigh", "max"])?;
    asked.summary.reasoning = Some(word.into());
    Ok(word != "none")
}

/// A `cache_control` marker, where a wire of this family takes Anthropic's.
pub fn marker(at: &At<'_>, asked: &mut Asked) -> Checked<()> {
    if let Some(marker) = at.field("cache_control") {
        marker.need("type")?.one_of(&["ephemeral"])?;
        let ttl = marker.maybe("ttl", |ttl| ttl.one_of(&["5m", "1h"]))?.unwrap_or("5m");
        asked.summary.cache_markers.push(ttl.into());
    }
    Ok(())
}
