//! What an answer took: time, tokens by class, cost, who served it, whether it fits its schema.

use domain::{
    run::{CellMetrics, SchemaVerdict},
    text::thousands,
    usage::Usage,
};

use super::{desk::Desk, live::LiveSample};
use crate::{
    components::{
        badge::{Tone, badge},
        erase::{Erase, views},
    },
    format::{MISSING, amount, duration_or_dash, plural, tokens_per_second},
    prelude::*,
};

pub fn metrics_view(desk: Desk, sample: LiveSample) -> AnyView {
    let it = sample.metrics.get();
    let team = desk.run.team.get_value();
    // Who served it says which model it was.
    let is_hidden = desk.blind.hidden.get();
    let served = (!is_hidden).then(|| served(&it)).flatten();
    let link = it.request.filter(|_| !is_hidden).map(|request| {
        view! {
            <a class="cell-link" href=format!("/t/{team}/history/{request}")>
                "Receipt"
            </a>
        }
        .erase()
    });
    view! {
        {figures(&it)}
        <div class="cell-notes">
            {it.schema.as_ref().map(schema)}
            {served}
            {link}
        </div>
    }
    .into_any()
}

fn figures(it: &CellMetrics) -> AnyView {
    let cost = amount(it.cost, it.unpriced, it.usage_source);
    let speed = it
        .usage
        .zip(it.first_token_ms)
        .zip(it.total_ms)
        .and_then(|((usage, first), total)| tokens_per_second(usage.total_output(), first, total));
    let (tokens, classes) = it.usage.map_or_else(|| (MISSING.to_owned(), String::new()), |usage| token_words(&usage));
    let cost_class = if cost.unpriced { "metric metric-main cost-unknown" } else { "metric metric-main" };
    view! {
        <dl class="metrics">
            {metric("Cost", cost.text, cost.title, cost_class)}
            {metric("First token", duration_or_dash(it.first_token_ms), String::new(), "metric")}
            {metric("Total", duration_or_dash(it.total_ms), String::new(), "metric")}
            {metric("Tokens", tokens, classes, "metric")}
            {metric("Speed", speed.unwrap_or_else(|| MISSING.to_owned()), "Output tokens after the first".to_owned(), "metric")}
            {metric("Finish", it.finish_reason.clone().unwrap_or_else(|| MISSING.to_owned()), String::new(), "metric")}
        </dl>
    }
    .erase()
}

fn metric(label: &'static str, figure: String, title: String, class: &'static str) -> AnyView {
    view! {
        <div class=class>
            <dt>{label}</dt>
            <dd title=title>{figure}</dd>
        </div>
    }
    .erase()
}

/// "1,204 in, 412 out", and each class by its name.
pub fn token_words(usage: &Usage) -> (String, String) {
    let short = format!("{} in, {} out", thousands(usage.total_input()), thousands(usage.total_output()));
    let classes = [
        (usage.input, "input"),
        (usage.cache_read, "read from cache"),
        (usage.cache_write_short, "written to cache"),
        (usage.cache_write_long, "written to cache for an hour"),
        (usage.output, "output"),
        (usage.reasoning, "reasoning"),
    ];
    let long: Vec<String> = classes
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{} {name}", thousands(u64::from(count))))
        .collect();
    (short, long.join(", "))
}

/// "demo-fast at demo, 2 attempts, 3 calls, 512 from cache"
fn served(it: &CellMetrics) -> Option<AnyView> {
    let mut words = match (&it.model_served, &it.provider) {
        (Some(model), Some(provider)) => format!("{model} at {provider}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => return None,
    };
    let mut more = Vec::new();
    if it.attempts > 1 {
        more.push(plural(u64::from(it.attempts), "attempt", "attempts"));
    }
    if it.calls > 1 {
        more.push(plural(u64::from(it.calls), "call", "calls"));
    }
    if let Some(usage) = it.usage {
        if usage.cache_read > 0 {
            more.push(format!("{} from cache", thousands(u64::from(usage.cache_read))));
        }
        if usage.reasoning > 0 {
            more.push(format!("{} reasoning", thousands(u64::from(usage.reasoning))));
        }
    }
    for part in more {
        words.push_str(", ");
        words.push_str(&part);
    }
    Some(view! { <span class="cell-served" title=words.clone()>{words.clone()}</span> }.erase())
}

fn schema(verdict: &SchemaVerdict) -> AnyView {
    if verdict.faults.is_empty() {
        return badge(Tone::Ok, "fits the schema");
    }
    let faults = views(verdict.faults.clone(), &|fault| view! { <li class="mono">{fault}</li> }.erase());
    view! {
        <details class="cell-schema">
            <summary>{badge(Tone::Bad, format!("{} of the schema", plural(verdict.faults.len() as u64, "fault", "faults")))}</summary>
            <ul>{faults}</ul>
        </details>
    }
    .erase()
}
