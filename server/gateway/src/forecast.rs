//! What a chat would be and cost before anybody sends it (`product.md` PG-4, PG-5, PG-7): the same model, plan and bound as the
//! real call, and which of its parameters its target does not take. Pure: no reservation, no network, no database.
//!
//! One more thing that a model may lack: its line in [`lacks`].

use chrono::{DateTime, Utc};
use domain::{
    Money,
    catalog::Capability,
    price::{Price, Variant},
    usage::Usage,
};
use llm::{Request, estimate};

use crate::{
    allow,
    caller::Caller,
    error::{self, Error},
    plan::{self, Target},
    snapshot::{Model, Snapshot},
};

/// Refused fields are taken out one by one to find the next; a body has fewer than this.
const MOST_LIMITATIONS: usize = 32;
/// How a body asks for thought: in OpenAI's words and in OpenRouter's.
const THOUGHT: [&str; 2] = ["reasoning_effort", "reasoning"];

/// One chat before it is sent.
#[derive(Clone, Debug)]
pub struct Forecasted {
    /// Short name of the provider that would be asked first.
    pub provider: String,
    /// Near the number of its input tokens, images aside.
    pub input_tokens: u32,
    /// Most tokens of its answer, as far as the limit holds for them.
    pub output_cap: u32,
    /// What would be reserved; `None` when there is no price.
    pub worst: Option<Money>,
    /// Why it does not fit into the model's context.
    pub overflow: Option<String>,
    pub limitations: Vec<Limitation>,
    price: Option<Price>,
    tiers: &'static [Variant],
    long_cache: bool,
    window: u32,
    bound: plan::Bound,
}

/// A field of the request that the target does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limitation {
    /// Path in the body, such as `top_k` or `messages[0].content[1]`; `messages` stands for images.
    pub field: String,
    /// In words.
    pub reason: String,
    /// The call fails with it; otherwise it goes without.
    pub is_fatal: bool,
}

impl Forecasted {
    /// Likely cost of a call with so many tokens; `None` when there is no price.
    pub fn cost(&self, input: u32, output: u32) -> Option<Money> {
        self.price.as_ref()?.cost(&Usage { input, output, ..Usage::default() }).map(|cost| cost.money)
    }

    /// What would be reserved for a call that follows this one in the same turn, with so many more tokens of input.
    pub fn worst_after(&self, more_input: u32) -> Option<Money> {
        let input = self.bound.input.saturating_add(more_input).min(self.window);
        let price = self.price.as_ref()?;
        plan::most(price, self.tiers, self.long_cache, input, self.bound.output)
    }

    /// Most output tokens that are paid for: the limit, and thoughts where they come on top.
    pub fn output_bound(&self) -> u32 {
        self.bound.output
    }
}

/// Leaves out what the model is known not to do and an answer can do without; tells what that was.
pub(crate) fn fit(request: &mut Request, model: &Model) -> Vec<&'static str> {
    if !lacks(model, Capability::Reasoning) {
        return Vec::new();
    }
    THOUGHT.into_iter().filter(|field| request.leave_out(field)).collect()
}

pub(crate) fn forecast(
    snapshot: &Snapshot,
    caller: &Caller,
    mut request: Request,
    now: DateTime<Utc>,
) -> Result<Forecasted, Error> {
    request.adapts = true;
    let model = allow::model(snapshot, caller, &request.model)?;
    if let Some(most) = allow::output_limit(caller, &model) {
        request.limit_output(most)?;
    }
    let mut limitations = missing(&request, &model);
    let left_out = |field: &str| Limitation {
        field: field.to_owned(),
        reason: format!("{} does not think aloud: it goes without.", model.name),
        is_fatal: false,
    };
    limitations.extend(fit(&mut request, &model).into_iter().map(left_out));
    let plan = plan::plan(&request, &model, caller.team, now)?;
    let target = plan.first();
    let worst = target.price.is_some().then(|| plan.worst());
    let forecasted = Forecasted {
        provider: target.deployment.provider_slug.clone(),
        input_tokens: tokens(&request),
        output_cap: target.bound.output_cap,
        worst,
        overflow: overflow(&request, &model),
        tiers: plan::tiers(&request),
        long_cache: request.long_cache,
        window: model.context_window.unwrap_or(estimate::UNKNOWN_CONTEXT),
        bound: target.bound,
        price: target.price.clone(),
        limitations: Vec::new(),
    };
    limitations.extend(refused(&mut request, &target));
    Ok(Forecasted { limitations, ..forecasted })
}

/// Is the model known not to do this? What nobody has told us about is not known.
fn lacks(model: &Model, capability: Capability) -> bool {
    model.capabilities.as_ref().is_some_and(|all| !all.contains(&capability))
}

/// What the request cannot do without and the model is known to lack.
fn missing(request: &Request, model: &Model) -> Vec<Limitation> {
    let wants_schema = || request.field("response_format").is_some_and(|format| format.contains("\"json_schema\""));
    let asked: [(Capability, bool, &str, &str); 3] = [
        (Capability::Images, request.size.images > 0, "messages", "reads no images"),
        (Capability::Tools, request.size.tools > 0, "tools", "calls no tools"),
        (Capability::JsonSchema, wants_schema(), "response_format", "keeps to no JSON schema"),
    ];
    let lacking = asked.into_iter().filter(|(capability, is_asked, _, _)| *is_asked && lacks(model, *capability));
    let limitation = |(_, _, field, what): (Capability, bool, &str, &str)| Limitation {
        field: field.to_owned(),
        reason: format!("{} {what}.", model.name),
        is_fatal: true,
    };
    lacking.map(limitation).collect()
}

/// Near the number of input tokens, also where they are more than fit.
fn tokens(request: &Request) -> u32 {
    estimate::local(request.size.text_bytes, u64::from(request.size.messages))
}

/// Does it fit, as far as an estimate can tell? A limit that the request names must have room beside it.
fn overflow(request: &Request, model: &Model) -> Option<String> {
    let window = model.context_window?;
    let input = tokens(request);
    let answer = request.max_output.unwrap_or(0);
    if input.saturating_add(answer) <= window {
        return None;
    }
    let beside = if answer > 0 { format!(" and an answer of up to {answer}") } else { String::new() };
    Some(format!(
        "About {input} tokens of input{beside} do not fit into the context of {}: {window} tokens.",
        model.name
    ))
}

/// What the target's own wire cannot say: each refusal by name, and what it leaves out.
fn refused(request: &mut Request, target: &Target) -> Vec<Limitation> {
    let title = target.deployment.provider.info().title;
    let mut found = Vec::new();
    while found.len() < MOST_LIMITATIONS {
        match target.encode(request) {
            Ok(encoded) => {
                let left_out = |field: String| Limitation {
                    reason: format!("{title} does not take it: the call goes without."),
                    is_fatal: false,
                    field,
                };
                found.extend(encoded.dropped.into_iter().map(left_out));
                break;
            }
            Err(llm::Error::Invalid { param, message }) => {
                let field = param.unwrap_or_default();
                let top = field.split(['.', '[']).next().unwrap_or_default().to_owned();
                found.push(Limitation { field, reason: error::sentence(&message), is_fatal: true });
                // What is left may hold more of the kind.
                if matches!(top.as_str(), "messages" | "model") || !request.leave_out(&top) {
                    break;
                }
            }
            Err(error) => {
                let reason = error::sentence(&error.to_string());
                found.push(Limitation { field: String::new(), reason, is_fatal: true });
                break;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
