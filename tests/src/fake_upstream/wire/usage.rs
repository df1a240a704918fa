//! Usage as each wire writes it, and in every odd form a server was seen to write it.
//!
//! The one place that knows which field holds which class. `slip` pairs the bytes with what a reader can take from
//! them, so that a test never derives one from the other.

use serde_json::{Value, json};

use super::{
    super::{
        endpoint::Wire,
        events::Slip,
        script::{CachePlace, UsageForm},
        tally::{Classes, Report, ReportKind},
    },
    Told,
};

/// Usage of `classes`; `None` leaves the field out.
pub fn slip(told: &Told<'_>, classes: &Classes, kind: ReportKind) -> Option<Slip> {
    let wire = told.asked.wire;
    let form = told.script.usage;
    let unreadable = |raw: Value| Some(Slip { raw, report: None });
    let odd = |value: &Value| {
        let mut raw = object(told, classes);
        for name in counters(wire) {
            raw[name] = value.clone();
        }
        unreadable(raw)
    };
    match form {
        UsageForm::Missing => None,
        UsageForm::Null => unreadable(Value::Null),
        UsageForm::Negative => odd(&json!(-1)),
        UsageForm::Huge => odd(&json!(9_223_372_036_854_775_808_u64)),
        UsageForm::Fraction => odd(&json!(12.5)),
        UsageForm::Text => odd(&json!("12")),
        UsageForm::Object => odd(&json!({"total": 12})),
        UsageForm::Zero => {
            let zero = Classes::default();
            Some(Slip { raw: object(told, &zero), report: Some(report(wire, &zero, kind)) })
        }
        UsageForm::WholeFloat => {
            let mut raw = object(told, classes);
            for name in counters(wire) {
                raw[name] = whole_float(raw[name].as_u64().unwrap_or(0));
            }
            Some(Slip { raw, report: Some(report(wire, classes, kind)) })
        }
        _ => Some(Slip { raw: object(told, classes), report: Some(report(wire, classes, kind)) }),
    }
}

fn report(wire: Wire, classes: &Classes, kind: ReportKind) -> Report {
    let classes = match wire {
        // This wire does not tell thinking from text.
        Wire::Anthropic => classes.without_split(),
        Wire::Completions | Wire::Fim => classes.without_split(),
        _ => *classes,
    };
    Report { kind, classes, has_output: true }
}

/// The counters of the two sides, which the odd forms replace.
fn counters(wire: Wire) -> [&'static str; 2] {
    match wire {
        Wire::Responses | Wire::Anthropic => ["input_tokens", "output_tokens"],
        Wire::Gemini => ["promptTokenCount", "candidatesTokenCount"],
        _ => ["prompt_tokens", "completion_tokens"],
    }
}

fn object(told: &Told<'_>, classes: &Classes) -> Value {
    let (wire, form) = (told.asked.wire, told.script.usage);
    let cached = classes.cache_read + if form == UsageForm::CachedAbovePrompt { 5 } else { 0 };
    let completion = if form == UsageForm::AdditiveReasoning { classes.output } else { classes.completion() };
    let total = classes.prompt() + classes.completion() + if form == UsageForm::SumMismatch { 7 } else { 0 };
    match wire {
        Wire::Anthropic => anthropic(classes, told.script.service_tier.as_deref().unwrap_or("standard")),
        Wire::Responses => json!({
            "input_tokens": classes.prompt(),
            "input_tokens_details": written(json!({"cached_tokens": cached}), classes),
            "output_tokens": completion,
            "output_tokens_details": {"reasoning_tokens": classes.reasoning},
            "total_tokens": total
        }),
        Wire::Gemini => gemini(classes, cached, total),
        Wire::Embeddings => json!({"prompt_tokens": classes.prompt(), "total_tokens": classes.prompt()}),
        Wire::Completions | Wire::Fim => {
            json!({"prompt_tokens": classes.prompt(), "completion_tokens": completion, "total_tokens": total})
        }
        _ => chat(told.script.cache_place, classes, cached, [completion, total]),
    }
}

fn chat(place: CachePlace, classes: &Classes, cached: u64, [completion, total]: [u64; 2]) -> Value {
    let mut usage = json!({
        "prompt_tokens": classes.prompt(),
        "completion_tokens": completion,
        "total_tokens": total,
        "prompt_tokens_details": written(json!({"cached_tokens": cached, "audio_tokens": 0}), classes),
        "completion_tokens_details": {
            "reasoning_tokens": classes.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0
        }
    });
    match place {
        CachePlace::Details => {}
        CachePlace::TopLevel => {
            usage.as_object_mut().map(|usage| usage.shift_remove("prompt_tokens_details"));
            usage["cached_tokens"] = json!(cached);
        }
        CachePlace::HitMiss => {
            usage.as_object_mut().map(|usage| usage.shift_remove("prompt_tokens_details"));
            usage["prompt_cache_hit_tokens"] = json!(cached);
            usage["prompt_cache_miss_tokens"] = json!(classes.prompt().saturating_sub(cached));
        }
        CachePlace::Creation => {
            usage["prompt_tokens_details"] =
                json!({"cached_tokens": cached, "cache_creation_input_tokens": classes.cache_write()});
        }
    }
    usage
}

/// Cache writes appear only where there are any.
fn written(mut details: Value, classes: &Classes) -> Value {
    if classes.cache_write() > 0 {
        details["cache_write_tokens"] = json!(classes.cache_write());
    }
    details
}

fn anthropic(classes: &Classes, tier: &str) -> Value {
    json!({
        "input_tokens": classes.input,
        "cache_creation_input_tokens": classes.cache_write(),
        "cache_read_input_tokens": classes.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": classes.cache_write_short,
            "ephemeral_1h_input_tokens": classes.cache_write_long
        },
        "output_tokens": classes.completion(),
        "service_tier": tier
    })
}

/// Google leaves counts out that are zero, except the prompt's.
fn gemini(classes: &Classes, cached: u64, total: u64) -> Value {
    let mut usage = json!({"promptTokenCount": classes.prompt(), "candidatesTokenCount": classes.output});
    if cached > 0 {
        usage["cachedContentTokenCount"] = json!(cached);
    }
    if classes.reasoning > 0 {
        usage["thoughtsTokenCount"] = json!(classes.reasoning);
    }
    usage["totalTokenCount"] = json!(total);
    usage["promptTokensDetails"] = json!([{"modality": "TEXT", "tokenCount": classes.prompt()}]);
    usage
}

fn whole_float(count: u64) -> Value {
    u32::try_from(count).map_or(Value::Null, |count| json!(f64::from(count)))
}
