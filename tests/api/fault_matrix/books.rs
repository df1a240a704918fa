//! Does the row of a call say what the matrix says, and does the money agree with the provider's journal?

use tests::{
    Attempt,
    fake_upstream::{Classes, ReportKind},
    kinds,
};

use super::{
    row::{Books, Charge},
    stage::Record,
};

pub fn check(books: &Books, record: &Record<'_>) -> Result<(), String> {
    let attempt = record.attempt;
    let is_as_stated = attempt.state == books.state
        && attempt.outcome.as_deref() == Some(books.outcome)
        && attempt.usage_source.as_deref().filter(|source| *source != "none") == books.source
        && books.model_served.is_none_or(|model| attempt.model_served.as_deref() == Some(model));
    let mut flags: Vec<&str> = attempt.flags.iter().map(String::as_str).collect();
    flags.sort_unstable();
    let mut expected = books.flags.clone();
    expected.sort_unstable();
    if !is_as_stated || flags != expected {
        return Err(format!("books: expected {books:?}\n  found {attempt:?}"));
    }
    charge(books.charge, books, record)
        .map_err(|error| format!("money: {error}\n  {attempt:?}\n  reported {:?}", record.request.reported))
}

fn charge(charge: Charge, books: &Books, record: &Record<'_>) -> Result<(), &'static str> {
    let (attempt, reported) = (record.attempt, record.request.reported);
    let may_overrun = books.flags.contains(&"overrun");
    if attempt.charged_nano > attempt.reserved_nano && !may_overrun {
        return Err("more than was reserved");
    }
    let is_right = match charge {
        Charge::Nothing => attempt.charged_nano == 0 && attempt.cost_nano.unwrap_or(0) == 0,
        Charge::Reserved => attempt.charged_nano == attempt.reserved_nano && attempt.reserved_nano > 0,
        Charge::Reported => {
            reported.kind != ReportKind::None
                && counted(attempt) == Some(reported.classes)
                && attempt.cost_nano == Some(kinds::cost_nano(&reported.classes))
                && attempt.cost_nano == Some(attempt.charged_nano)
        }
        Charge::Estimated => is_priced(attempt) && attempt.charged_nano > 0,
        Charge::InputReported => {
            let input = counted(attempt).map(Classes::input_side);
            // One is the placeholder that the start of such a stream brings.
            let is_placeholder = attempt.output_tokens == Some(1);
            !reported.has_output
                && input == Some(reported.classes.input_side())
                && !is_placeholder
                && is_priced(attempt)
        }
    };
    if is_right { Ok(()) } else { Err("not what the rule of charging says") }
}

/// The cost is that of the row's own counts, and charged.
fn is_priced(attempt: &Attempt) -> bool {
    let cost = counted(attempt).map(|classes| kinds::cost_nano(&classes));
    cost.is_some() && attempt.cost_nano == cost && attempt.cost_nano == Some(attempt.charged_nano)
}

/// The row's counts; absent while one of them is.
pub fn counted(attempt: &Attempt) -> Option<Classes> {
    let count = |tokens: Option<i64>| tokens.and_then(|tokens| u64::try_from(tokens).ok());
    Some(Classes {
        input: count(attempt.input_tokens)?,
        cache_read: count(attempt.cache_read_tokens)?,
        cache_write_short: count(attempt.cache_write_short_tokens)?,
        cache_write_long: count(attempt.cache_write_long_tokens)?,
        output: count(attempt.output_tokens)?,
        reasoning: count(attempt.reasoning_tokens)?,
    })
}
