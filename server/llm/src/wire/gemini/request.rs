//! Bodies from the neutral form.
//!
//! Tools and answers carry full JSON schema in `parametersJsonSchema` and `responseJsonSchema`: the older `parameters` and
//! `responseSchema` know a part of OpenAPI only, and a schema cut down to that would no longer be the client's.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::{
    Dropped, VENDOR,
    contents::{self, Content},
    thinking::{self, Model, ThinkingConfig},
};
use crate::{
    Error,
    chat::{ChatRequest, Decimal, Format, Tool, ToolChoice},
    wire::Encoded,
};

/// Most stop sequences of a request.
const STOP_LIMIT: usize = 5;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    /// Only where the request stands inside another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Content<'a>>,
    contents: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tools<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation_config: Option<GenerationConfig<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CountBody<'a> {
    generate_content_request: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<FunctionDeclaration<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionDeclaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<&'a Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    function_calling_config: FunctionCallingConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionCallingConfig<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_function_names: Option<[&'a str; 1]>,
}

#[derive(Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<&'a Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<&'a Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_resolution: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<Cow<'a, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<ThinkingConfig>,
}

/// A body of `generateContent` and `streamGenerateContent`. Usage comes unasked; the stream is chosen by the URL.
pub fn encode_chat(chat: &ChatRequest, upstream_model: &str) -> Result<Encoded, Error> {
    let mut dropped = Dropped(chat.dropped.clone());
    let body = body(chat, Model::new(upstream_model), &mut dropped)?;
    Ok(Encoded { body: text(&body)?, dropped: dropped.0 })
}

/// A body of `countTokens`. Only the form with a whole request in it counts the system instruction and the tools.
pub fn encode_count(chat: &ChatRequest, upstream_model: &str) -> Result<Encoded, Error> {
    let mut dropped = Dropped(chat.dropped.clone());
    let model = Model::new(upstream_model);
    let request = Body { model: Some(model.resource()), ..body(chat, model, &mut dropped)? };
    Ok(Encoded { body: text(&CountBody { generate_content_request: request })?, dropped: dropped.0 })
}

fn text(body: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(body).map_err(|error| Error::body(format!("the request cannot be written: {error}")))
}

fn body<'a>(chat: &'a ChatRequest, model: Model<'_>, dropped: &mut Dropped) -> Result<Body<'a>, Error> {
    let said = contents::write(&chat.messages, model, dropped)?;
    let tools = chat.tools.iter().enumerate().map(|(index, tool)| declaration(index, tool, dropped));
    let function_declarations = tools.collect::<Result<Vec<_>, Error>>()?;
    if chat.parallel_tool_calls == Some(false) {
        dropped.add("parallel_tool_calls");
    }
    if chat.user.is_some() {
        dropped.add("user");
    }
    let config = generation_config(chat, model, said.media_resolution, dropped)?;
    Ok(Body {
        model: None,
        system_instruction: said.system,
        contents: said.contents,
        tools: (!function_declarations.is_empty()).then_some([Tools { function_declarations }]),
        tool_config: tool_config(chat),
        generation_config: Some(config).filter(|config| *config != GenerationConfig::default()),
    })
}

fn declaration<'a>(index: usize, tool: &'a Tool, dropped: &mut Dropped) -> Result<FunctionDeclaration<'a>, Error> {
    let parameters_json_schema = match &tool.schema {
        // A function without parameters has no schema.
        Value::Null => None,
        Value::Object(schema) if schema.is_empty() => None,
        Value::Object(_) => Some(&tool.schema),
        _ => return Err(Error::unsupported(format!("tools[{index}].function.parameters"), VENDOR)),
    };
    if tool.strict == Some(true) {
        dropped.add("strict");
    }
    if tool.cache.is_some() {
        dropped.add("cache_control");
    }
    Ok(FunctionDeclaration { name: &tool.name, description: tool.description.as_deref(), parameters_json_schema })
}

fn tool_config(chat: &ChatRequest) -> Option<ToolConfig<'_>> {
    let choice = chat.tool_choice.as_ref()?;
    let (mode, name) = match choice {
        ToolChoice::Auto | ToolChoice::None if chat.tools.is_empty() => return None,
        ToolChoice::Auto => ("AUTO", None),
        ToolChoice::None => ("NONE", None),
        ToolChoice::Required => ("ANY", None),
        ToolChoice::Named(name) => ("ANY", Some([name.as_str()])),
    };
    Some(ToolConfig { function_calling_config: FunctionCallingConfig { mode, allowed_function_names: name } })
}

fn generation_config<'a>(
    chat: &'a ChatRequest,
    model: Model<'_>,
    media_resolution: Option<&'static str>,
    dropped: &mut Dropped,
) -> Result<GenerationConfig<'a>, Error> {
    if chat.stop.len() > STOP_LIMIT {
        return Err(Error::unsupported("stop", "Gemini, which takes at most five stop sequences"));
    }
    // The API's seed has 32 bits.
    let seed = chat.seed.and_then(|seed| i32::try_from(seed).ok());
    if seed.is_none() && chat.seed.is_some() {
        dropped.add("seed");
    }
    let (response_mime_type, response_json_schema) = format(chat, model)?;
    Ok(GenerationConfig {
        temperature: chat.temperature.as_ref(),
        top_p: chat.top_p.as_ref(),
        top_k: chat.top_k,
        max_output_tokens: chat.max_output_tokens,
        stop_sequences: &chat.stop,
        candidate_count: chat.answers.filter(|answers| *answers != 1),
        seed,
        presence_penalty: chat.presence_penalty.as_ref(),
        frequency_penalty: chat.frequency_penalty.as_ref(),
        media_resolution,
        response_mime_type,
        response_json_schema,
        thinking_config: chat.reasoning.as_ref().and_then(|reasoning| thinking::config(reasoning, model, dropped)),
    })
}

type FormatFields<'a> = (Option<&'static str>, Option<Cow<'a, Value>>);

/// The schema always binds, so `strict` says nothing new. Its name is a label without effect; its description, which the
/// model reads, moves into the schema.
fn format<'a>(chat: &'a ChatRequest, model: Model<'_>) -> Result<FormatFields<'a>, Error> {
    let (schema, description) = match &chat.format {
        None | Some(Format::Text) => return Ok((None, None)),
        Some(Format::Object) => (None, None),
        Some(Format::Schema { schema, description, .. }) => (Some(schema), description.as_ref()),
    };
    if model.is_before(3, 0) && !chat.tools.is_empty() {
        return Err(Error::unsupported("response_format", "Gemini before version 3 together with tools"));
    }
    let schema = schema.map(|schema| match (schema, description) {
        (Value::Object(members), Some(description)) if !members.contains_key("description") => {
            let mut members = members.clone();
            members.insert("description".to_owned(), Value::from(description.as_str()));
            Cow::Owned(Value::Object(members))
        }
        _ => Cow::Borrowed(schema),
    });
    Ok((Some("application/json"), schema))
}

#[cfg(test)]
mod tests;
