//! Google's generateContent wire, read: unknown names are refused everywhere, as its JSON reader does.
//!
//! The turns are in `contents`, the OpenAPI subset of schemas in `schema`.

use super::super::super::{
    asked::{Asked, Thinks},
    check::{At, Checked, Complaint},
    summary::{Format, Tool},
};

mod contents;
mod schema;

const FIELDS: [&str; 11] = [
    "model",
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "safetySettings",
    "generationConfig",
    "cachedContent",
    "labels",
    "store",
    "serviceTier",
];
const CONFIG: [&str; 21] = [
    "temperature",
    "topP",
    "topK",
    "candidateCount",
    "maxOutputTokens",
    "stopSequences",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "presencePenalty",
    "frequencyPenalty",
    "seed",
    "responseLogprobs",
    "logprobs",
    "thinkingConfig",
    "responseModalities",
    "speechConfig",
    "mediaResolution",
    "imageConfig",
    "enableEnhancedCivicAnswers",
    "audioTimestamp",
];
const MOST_CANDIDATES: u64 = 8;

pub fn read(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    root.known(&FIELDS)?;
    if let Some(config) = root.field("generationConfig") {
        config.known(&CONFIG)?;
        sampling(&config, asked)?;
        format(&config, asked)?;
        thinking(&config, asked)?;
    }
    tools(root, asked)?;
    choice(root, asked)?;
    if let Some(system) = root.field("systemInstruction") {
        system.known(&["parts", "role"])?;
        for part in system.need("parts")?.some_items()? {
            part.known(&["text"])?;
            asked.system(part.need("text")?.text()?);
        }
    }
    cached(root, asked)?;
    let contents = root.need("contents")?;
    contents::read(&contents, asked)?;
    asked.content = contents.value.to_string().into_bytes();
    Ok(())
}

/// `countTokens`: contents alone, or a whole request.
pub fn count(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    root.known(&["contents", "generateContentRequest"])?;
    if let Some(request) = root.field("generateContentRequest") {
        return read(&request, asked);
    }
    contents::read(&root.need("contents")?, asked)
}

fn sampling(config: &At<'_>, asked: &mut Asked) -> Checked<()> {
    config.maybe("temperature", |at| at.within(0.0, 2.0))?;
    config.maybe("topP", |at| at.within(0.0, 1.0))?;
    config.maybe("topK", |at| at.within(1.0, f64::MAX))?;
    config.maybe("seed", At::whole)?;
    config.maybe("presencePenalty", |at| at.within(-2.0, 2.0))?;
    config.maybe("frequencyPenalty", |at| at.within(-2.0, 2.0))?;
    let names = [
        ("temperature", "temperature"),
        ("topP", "top_p"),
        ("topK", "top_k"),
        ("seed", "seed"),
        ("presencePenalty", "presence_penalty"),
        ("frequencyPenalty", "frequency_penalty"),
        ("maxOutputTokens", "max_tokens"),
        ("candidateCount", "n"),
        ("stopSequences", "stop"),
    ];
    for (name, plain) in names {
        asked.sample(plain, config.field(name).as_ref());
    }
    asked.cap = config.maybe("maxOutputTokens", At::positive)?;
    if let Some(count) = config.field("candidateCount") {
        asked.n = count.positive()?;
        if asked.n > MOST_CANDIDATES {
            return Err(count.wrong("must be in the range [1, 8]."));
        }
    }
    if let Some(stops) = config.field("stopSequences") {
        asked.stops = stops.items()?.iter().map(|stop| stop.text().map(str::to_owned)).collect::<Checked<_>>()?;
        if asked.stops.len() > 5 {
            return Err(stops.wrong("at most 5 stop sequences are allowed."));
        }
    }
    Ok(())
}

fn format(config: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let kinds = ["text/plain", "application/json", "text/x.enum"];
    let kind = config.maybe("responseMimeType", |at| at.one_of(&kinds))?;
    let (google, json) = (config.field("responseSchema"), config.field("responseJsonSchema"));
    if let (Some(_), Some(json)) = (&google, &json) {
        return Err(json.wrong("must not be set together with response_schema."));
    }
    if let Some(google) = &google {
        schema::check(google)?;
    }
    if let Some(schema) = google.or(json) {
        schema.object()?;
        if !matches!(kind, Some("application/json" | "text/x.enum")) {
            return Err(schema.wrong("response_schema requires response_mime_type application/json."));
        }
        asked.read_along(schema.value);
        let schema = schema.value.clone();
        asked.summary.format = Some(Format::JsonSchema { name: String::new(), schema, is_strict: false });
    } else if kind == Some("application/json") {
        asked.summary.format = Some(Format::JsonObject);
    }
    Ok(())
}

fn thinking(config: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let Some(thinking) = config.field("thinkingConfig") else { return Ok(()) };
    thinking.known(&["includeThoughts", "thinkingBudget", "thinkingLevel"])?;
    let is_visible = thinking.maybe("includeThoughts", At::flag)?.unwrap_or(false);
    let budget = thinking.maybe("thinkingBudget", At::whole)?;
    let levels = ["MINIMAL", "LOW", "MEDIUM", "HIGH", "minimal", "low", "medium", "high"];
    let level = thinking.maybe("thinkingLevel", |at| at.one_of(&levels))?;
    if let (Some(_), Some(_)) = (budget, level) {
        return Err(Complaint::on(
            &thinking.path,
            "You can only set only one of thinking budget and thinking level. (thinkingConfig)",
        ));
    }
    if budget.is_some_and(|budget| budget < -1) {
        return Err(thinking.wrong("thinkingBudget: the thinking budget is out of range."));
    }
    asked.summary.reasoning = match (budget, level) {
        (Some(0), _) => Some("off".into()),
        (Some(-1), _) | (None, None) => Some("adaptive".into()),
        (Some(budget), _) => Some(budget.to_string()),
        (None, Some(level)) => Some(level.to_ascii_lowercase()),
    };
    let budget = budget.and_then(|budget| u64::try_from(budget).ok());
    asked.thinks = match budget {
        Some(0) => Thinks::Never,
        budget => Thinks::Asked { is_visible, is_sealed: true, budget },
    };
    Ok(())
}

fn tools(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    const KNOWN: [&str; 8] = [
        "functionDeclarations",
        "googleSearch",
        "googleSearchRetrieval",
        "codeExecution",
        "urlContext",
        "googleMaps",
        "fileSearch",
        "computerUse",
    ];
    for tool in root.list("tools")? {
        tool.known(&KNOWN)?;
        for name in tool.object()?.keys().filter(|name| *name != KNOWN[0] && *name != "function_declarations") {
            asked.summary.ignored.push(format!("tool {name}"));
        }
        for function in tool.list("functionDeclarations")? {
            declaration(&function, asked)?;
        }
    }
    Ok(())
}

fn declaration(function: &At<'_>, asked: &mut Asked) -> Checked<()> {
    function.known(&[
        "name",
        "description",
        "parameters",
        "parametersJsonSchema",
        "response",
        "responseJsonSchema",
        "behavior",
    ])?;
    let name = function.need("name")?;
    let text = name.text()?;
    let fits = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | ':' | '-');
    let begins = text.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
    if !begins || text.len() > 64 || !text.chars().all(fits) {
        let message = "Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 64.";
        return Err(name.wrong(message));
    }
    if asked.summary.tools.iter().any(|tool| tool.name == text) {
        return Err(name.wrong(&format!("Duplicate function declaration found: {text}")));
    }
    let (google, json) = (function.field("parameters"), function.field("parametersJsonSchema"));
    if let (Some(_), Some(json)) = (&google, &json) {
        return Err(json.wrong("must not be set together with parameters."));
    }
    if let Some(google) = &google {
        schema::check(google)?;
        if google.value["type"].as_str().is_none_or(|kind| !kind.eq_ignore_ascii_case("object")) {
            return Err(google.wrong("functionDeclaration parameters schema should be of type OBJECT."));
        }
    }
    let schema = google.or(json);
    if let Some(schema) = &schema {
        schema.object()?;
        asked.read_along(schema.value);
    }
    asked.summary.tools.push(Tool {
        name: text.into(),
        description: function.maybe("description", At::text)?.unwrap_or("").into(),
        schema: schema.map(|schema| schema.value.clone()).unwrap_or_default(),
        is_strict: false,
    });
    Ok(())
}

fn choice(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let Some(config) = root.field("toolConfig") else { return Ok(()) };
    config.known(&["functionCallingConfig", "retrievalConfig", "includeServerSideToolInvocations"])?;
    let Some(calling) = config.field("functionCallingConfig") else { return Ok(()) };
    calling.known(&["mode", "allowedFunctionNames"])?;
    let modes = ["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"];
    let mode = calling.maybe("mode", |at| at.one_of(&modes))?.unwrap_or("AUTO");
    let allowed = calling.list("allowedFunctionNames")?;
    for name in &allowed {
        let text = name.text()?;
        if !asked.summary.tools.iter().any(|tool| tool.name == text) {
            return Err(name.wrong(&format!("{text} is not among function_declarations.")));
        }
        if !matches!(mode, "ANY" | "VALIDATED") {
            return Err(name.wrong("allowed_function_names should only be set when mode is ANY or VALIDATED."));
        }
    }
    asked.summary.tool_choice = match (mode, allowed.as_slice()) {
        ("NONE", _) => "none".into(),
        ("ANY", [only]) => format!("={}", only.text()?),
        ("ANY", _) => "required".into(),
        _ => "auto".into(),
    };
    if mode == "ANY" && asked.summary.tools.is_empty() {
        return Err(calling.wrong("function calling mode ANY requires function_declarations."));
    }
    Ok(())
}

fn cached(root: &At<'_>, asked: &mut Asked) -> Checked<()> {
    let Some(cached) = root.field("cachedContent") else { return Ok(()) };
    let name = cached.text()?;
    if !name.starts_with("cachedContents/") {
        return Err(cached.wrong("must be of the form cachedContents/{id}."));
    }
    if ["systemInstruction", "tools", "toolConfig"].iter().any(|field| root.field(field).is_some()) {
        let message = "CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.";
        return Err(Complaint::on("cachedContent", message));
    }
    asked.summary.cache_markers.push(name.into());
    Ok(())
}
