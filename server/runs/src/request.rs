//! A cell as a request: the JSON of OpenAI's chat completions, as any client of this gateway sends it.
//!
//! Pure. One more parameter: its line in [`parameters`]. Never here: which provider takes what; the gateway says that.

use std::collections::{BTreeMap, HashMap};

use domain::{
    grid::{AnswerFormat, Case, Grid, Prompt, Settings, Tool, Turn, TurnRole, Variant},
    id::ImageId,
    run::Place,
};
use llm::chat::Decimal;
use serde_json::{Value, json, value::RawValue};

/// Members that the workbench sets itself; raw JSON does not change them.
pub(crate) const OWN: [&str; 4] = ["model", "messages", "stream", "n"];
/// What the schema of an answer is called on the wire.
const SCHEMA_NAME: &str = "answer";

/// An image as a data URL holds it.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub media_type: String,
    /// Base64.
    pub data: String,
}

pub(crate) type Pictures = HashMap<ImageId, Picture>;

/// The whole body of a cell's call. `more` are the messages of a turn that is under way. `Err` says in words for people why
/// there is none.
pub(crate) fn body(grid: &Grid, place: Place, pictures: &Pictures, more: &[Value]) -> Result<String, String> {
    let (variant, case) = at(grid, place).ok_or("There is no such cell in this run.")?;
    let prompt = grid.prompt_of(variant);
    let mut members = Members::default();
    members.set("model", &variant.model)?;
    let mut messages = said(grid, variant, case, pictures)?;
    messages.extend_from_slice(more);
    members.set("messages", &messages)?;
    tools(&mut members, prompt, grid.settings_of(variant))?;
    parameters(&mut members, grid.settings_of(variant))?;
    members.set("stream", &true)?;
    members.set("stream_options", &json!({"include_usage": true}))?;
    for (name, raw) in extra(grid.settings_of(variant))? {
        if !OWN.contains(&name.as_str()) {
            members.raw(&name, raw.get());
        }
    }
    Ok(members.finish())
}

/// The variant and the case of a cell.
pub(crate) fn at(grid: &Grid, place: Place) -> Option<(&Variant, &Case)> {
    Some((grid.variants.get(usize::from(place.variant))?, grid.cases.get(usize::from(place.case))?))
}

/// The images of a cell, each once.
pub(crate) fn images(grid: &Grid, place: Place) -> Vec<ImageId> {
    let Some((variant, case)) = at(grid, place) else { return Vec::new() };
    let turns = grid.prompt_of(variant).turns.iter().chain(&case.turns);
    let mut ids: Vec<ImageId> = turns.flat_map(|turn| turn.images.iter().map(|image| image.id)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn said(grid: &Grid, variant: &Variant, case: &Case, pictures: &Pictures) -> Result<Vec<Value>, String> {
    let (system, turns) = grid.said(variant, case).map_err(|fault| format!("The prompt is wrong: {fault}."))?;
    if system.is_empty() && turns.is_empty() {
        return Err("There is nothing to send: write a message first.".to_owned());
    }
    let system = (!system.is_empty()).then(|| json!({"role": "system", "content": system}));
    let turns = turns.iter().map(|turn| message(turn, pictures));
    system.into_iter().map(Ok).chain(turns).collect()
}

fn message(turn: &Turn, pictures: &Pictures) -> Result<Value, String> {
    let role = match turn.role {
        TurnRole::User => "user",
        TurnRole::Assistant => return Ok(json!({"role": "assistant", "content": turn.text})),
    };
    if turn.images.is_empty() {
        return Ok(json!({"role": role, "content": turn.text}));
    }
    let mut parts = Vec::with_capacity(turn.images.len() + 1);
    if !turn.text.is_empty() {
        parts.push(json!({"type": "text", "text": turn.text}));
    }
    for image in &turn.images {
        let Picture { media_type, data } =
            pictures.get(&image.id).ok_or("An image of this cell is no longer there: add it again.")?;
        let url = format!("data:{media_type};base64,{data}");
        parts.push(json!({"type": "image_url", "image_url": {"url": url}}));
    }
    Ok(json!({"role": role, "content": parts}))
}

fn tools(members: &mut Members, prompt: &Prompt, settings: &Settings) -> Result<(), String> {
    // A choice among no tools is refused by many, and says nothing.
    if prompt.tools.is_empty() {
        return Ok(());
    }
    let tools = prompt.tools.iter().map(tool).collect::<Result<Vec<String>, String>>()?;
    members.raw("tools", &format!("[{}]", tools.join(",")));
    match settings.tool_choice.as_str() {
        "" => Ok(()),
        word @ ("auto" | "none" | "required") => members.set("tool_choice", &word),
        name => members.set("tool_choice", &json!({"type": "function", "function": {"name": name}})),
    }
}

fn tool(tool: &Tool) -> Result<String, String> {
    let mut function = Members::default();
    function.set("name", &tool.name)?;
    if !tool.description.is_empty() {
        function.set("description", &tool.description)?;
    }
    function.raw("parameters", json(&tool.schema, "The schema of a tool")?.get());
    Ok(format!(r#"{{"type":"function","function":{}}}"#, function.finish()))
}

fn parameters(members: &mut Members, settings: &Settings) -> Result<(), String> {
    let Settings {
        max_output,
        temperature,
        top_p,
        top_k,
        frequency_penalty,
        presence_penalty,
        seed,
        stop,
        effort,
        format,
        schema,
        tool_choice: _,
        extra: _,
    } = settings;
    match format {
        AnswerFormat::Text => {}
        AnswerFormat::Json => members.set("response_format", &json!({"type": "json_object"}))?,
        AnswerFormat::Schema => {
            let mut named = Members::default();
            named.set("name", &SCHEMA_NAME)?;
            named.raw("schema", json(schema, "The schema of the answer")?.get());
            let format = format!(r#"{{"type":"json_schema","json_schema":{}}}"#, named.finish());
            members.raw("response_format", &format);
        }
    }
    if !effort.is_empty() {
        members.set("reasoning_effort", effort)?;
    }
    // The newer name: the gateway says it under the one that its target knows.
    members.option("max_completion_tokens", *max_output)?;
    members.option("stop", Some(stop).filter(|stop| !stop.is_empty()))?;
    for (name, text) in [
        ("temperature", temperature),
        ("top_p", top_p),
        ("frequency_penalty", frequency_penalty),
        ("presence_penalty", presence_penalty),
    ] {
        // In its own spelling: 0.30 stays 0.30.
        let number = Decimal::parse(text).map_err(|error| format!("The parameter {name} is wrong: {error}."))?;
        members.option(name, number)?;
    }
    members.option("top_k", *top_k)?;
    members.option("seed", *seed)
}

/// The raw JSON of the settings, by name.
pub(crate) fn extra(settings: &Settings) -> Result<BTreeMap<String, Box<RawValue>>, String> {
    if settings.extra.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_json::from_str(&settings.extra).map_err(|error| format!("The raw JSON of the settings is wrong: {error}."))
}

/// JSON text as it is, checked.
fn json<'a>(text: &'a str, what: &str) -> Result<&'a RawValue, String> {
    serde_json::from_str(text).map_err(|error| format!("{what} is not JSON: {error}."))
}

/// A JSON object in the making: names in their order, each with its JSON text.
#[derive(Default)]
struct Members(Vec<(String, String)>);

impl Members {
    fn set(&mut self, name: &str, value: &(impl serde::Serialize + ?Sized)) -> Result<(), String> {
        let text = serde_json::to_string(value).map_err(|error| format!("{name} cannot be written: {error}."))?;
        self.raw(name, &text);
        Ok(())
    }

    fn option(&mut self, name: &str, value: Option<impl serde::Serialize>) -> Result<(), String> {
        value.map_or(Ok(()), |value| self.set(name, &value))
    }

    /// Replaces what the name had.
    fn raw(&mut self, name: &str, text: &str) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => text.clone_into(old),
            None => self.0.push((name.to_owned(), text.to_owned())),
        }
    }

    fn finish(self) -> String {
        let members = self.0.into_iter().map(|(name, text)| format!("{}:{text}", Value::from(name)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests;
