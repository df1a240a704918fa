//! Thinking, tool choice, answer format and sampling, by the tables in `anthropic.rs`.

use serde::Serialize;
use serde_json::Value;

use super::{VENDOR, drop_field};
use crate::{
    Error,
    chat::{ChatRequest, Decimal, Effort, Format, Reasoning, ToolChoice},
};

/// The least budget the vendor takes.
const LEAST_BUDGET: u32 = 1_024;
/// The least `top_p` it takes with thinking on.
const LEAST_TOP_P: f64 = 0.95;

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Thinking {
    Enabled {
        budget_tokens: u32,
        /// Unsaid where thoughts are shown: so it is by default on every model that takes a budget.
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
    Adaptive {
        display: &'static str,
    },
    Disabled,
}

impl Thinking {
    pub fn is_on(&self) -> bool {
        !matches!(self, Self::Disabled)
    }
}

/// Models from before adaptive thinking, by parts of their names: they take a budget and know no `display` and no effort.
const BUDGET_ONLY: &[&str] = &["claude-3", "-4-0", "-4-1", "-4-5", "-4-2025"];

pub(super) fn takes_effort(model: &str) -> bool {
    !BUDGET_ONLY.iter().any(|part| model.contains(part))
}

/// What an effort is in tokens, for models that know no effort.
fn budget_of(effort: Effort) -> u32 {
    match effort {
        Effort::Off => 0,
        Effort::Minimal => LEAST_BUDGET,
        Effort::Low => 4_096,
        Effort::Medium => 8_192,
        Effort::High => 16_384,
        Effort::Max => 32_000,
    }
}

pub(super) fn thinking(
    reasoning: Option<&Reasoning>,
    model: &str,
    max_tokens: u32,
    dropped: &mut Vec<String>,
) -> Option<Thinking> {
    let reasoning = reasoning?;
    if !takes_effort(model) {
        // Half of the answer is left for the answer.
        let asked = reasoning.effort.map(|effort| budget_of(effort).min((max_tokens / 2).max(LEAST_BUDGET)));
        return match reasoning.budget.or(asked) {
            None if !reasoning.show => None,
            Some(0) => Some(Thinking::Disabled),
            _ if max_tokens <= LEAST_BUDGET => {
                drop_field(dropped, "reasoning");
                None
            }
            budget => {
                let budget_tokens = budget.unwrap_or(LEAST_BUDGET).clamp(LEAST_BUDGET, max_tokens - 1);
                Some(Thinking::Enabled { budget_tokens, display: None })
            }
        };
    }
    let display = if reasoning.show { "summarized" } else { "omitted" };
    match (reasoning.effort, reasoning.budget) {
        (Some(Effort::Off), _) | (_, Some(0)) => Some(Thinking::Disabled),
        (_, Some(_)) if max_tokens <= LEAST_BUDGET => {
            drop_field(dropped, "reasoning");
            None
        }
        (_, Some(budget)) => {
            let budget_tokens = budget.clamp(LEAST_BUDGET, max_tokens - 1);
            Some(Thinking::Enabled { budget_tokens, display: (!reasoning.show).then_some(display) })
        }
        (Some(_), None) => Some(Thinking::Adaptive { display }),
        (None, None) => reasoning.show.then_some(Thinking::Adaptive { display }),
    }
}

#[derive(Serialize)]
pub(super) struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<OutputFormat<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "json_schema")]
struct OutputFormat<'a> {
    schema: std::borrow::Cow<'a, Value>,
}

pub(super) fn output_config<'a>(
    chat: &'a ChatRequest,
    model: &str,
    thinking: Option<&Thinking>,
) -> Option<OutputConfig<'a>> {
    let effort = chat.reasoning.as_ref().and_then(|reasoning| reasoning.effort).filter(|_| takes_effort(model));
    let effort = effort.filter(|_| thinking.is_some_and(Thinking::is_on)).and_then(|effort| match effort {
        Effort::Off => None,
        Effort::Minimal | Effort::Low => Some("low"),
        Effort::Medium => Some("medium"),
        Effort::High => Some("high"),
        Effort::Max => Some("max"),
    });
    let format = match &chat.format {
        Some(Format::Schema { description, schema, .. }) => {
            Some(OutputFormat { schema: described(schema, description.as_deref()) })
        }
        Some(Format::Text | Format::Object) | None => None,
    };
    (effort.is_some() || format.is_some()).then_some(OutputConfig { effort, format })
}

/// A schema has no name on this wire, and its description stands in the schema itself.
fn described<'a>(schema: &'a Value, description: Option<&str>) -> std::borrow::Cow<'a, Value> {
    let (Some(description), Some(members)) = (description, schema.as_object()) else {
        return std::borrow::Cow::Borrowed(schema);
    };
    let described = match members.get("description").and_then(Value::as_str) {
        Some(own) => format!("{description}\n{own}"),
        None => description.to_owned(),
    };
    let mut members = members.clone();
    members.insert("description".to_owned(), Value::from(described));
    std::borrow::Cow::Owned(Value::Object(members))
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Choice<'a> {
    Auto {
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        disable_parallel_tool_use: bool,
    },
    Any {
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        disable_parallel_tool_use: bool,
    },
    Tool {
        name: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        disable_parallel_tool_use: bool,
    },
    None,
}

pub(super) fn choice(chat: &ChatRequest, is_thinking: bool) -> Result<Option<Choice<'_>>, Error> {
    let is_forced = matches!(chat.tool_choice, Some(ToolChoice::Required | ToolChoice::Named(_)));
    // The vendor forces no tool on a model that thinks, and none where there are none.
    if is_forced && (is_thinking || chat.tools.is_empty()) {
        return Err(Error::unsupported("tool_choice", VENDOR));
    }
    if chat.tools.is_empty() {
        return Ok(None);
    }
    let disable_parallel_tool_use = chat.parallel_tool_calls == Some(false);
    Ok(match &chat.tool_choice {
        Some(ToolChoice::Auto) => Some(Choice::Auto { disable_parallel_tool_use }),
        Some(ToolChoice::Required) => Some(Choice::Any { disable_parallel_tool_use }),
        Some(ToolChoice::Named(name)) => Some(Choice::Tool { name, disable_parallel_tool_use }),
        Some(ToolChoice::None) => Some(Choice::None),
        None => disable_parallel_tool_use.then_some(Choice::Auto { disable_parallel_tool_use }),
    })
}

pub(super) struct Sampling<'a> {
    pub temperature: Option<&'a Decimal>,
    pub top_p: Option<&'a Decimal>,
    pub top_k: Option<u32>,
}

/// What of the sampling fields the vendor takes; the others are named as dropped.
pub(super) fn sampling<'a>(chat: &'a ChatRequest, is_thinking: bool, dropped: &mut Vec<String>) -> Sampling<'a> {
    let mut sampling =
        Sampling { temperature: chat.temperature.as_ref(), top_p: chat.top_p.as_ref(), top_k: chat.top_k };
    // It knows no temperature above 1.
    if sampling.temperature.is_some_and(|temperature| is_thinking || value(temperature) > 1.0) {
        sampling.temperature = None;
        drop_field(dropped, "temperature");
    }
    // Its newer models take one of the two.
    let is_second = sampling.temperature.is_some();
    if sampling.top_p.is_some_and(|top_p| is_second || is_thinking && value(top_p) < LEAST_TOP_P) {
        sampling.top_p = None;
        drop_field(dropped, "top_p");
    }
    if is_thinking && sampling.top_k.take().is_some() {
        drop_field(dropped, "top_k");
    }
    if chat.seed.is_some() {
        drop_field(dropped, "seed");
    }
    for (penalty, name) in
        [(&chat.frequency_penalty, "frequency_penalty"), (&chat.presence_penalty, "presence_penalty")]
    {
        // Zero is the default everywhere.
        if penalty.as_ref().is_some_and(|penalty| value(penalty) != 0.0) {
            drop_field(dropped, name);
        }
    }
    sampling
}

/// Near enough to compare; the text itself is what is sent.
fn value(number: &Decimal) -> f64 {
    number.as_str().parse().unwrap_or_default()
}
