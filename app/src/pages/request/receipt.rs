//! The bill of one attempt: tokens by class × rate = amount, and what was held back for it.

use domain::{
    Money,
    history::AttemptDetail,
    ledger::AttemptState,
    price::{PriceClass, PriceComponent},
    text::thousands,
    usage::{Usage, UsageSource},
};

use crate::{
    components::{
        erase::Erase,
        table::{Column, figures, table, text},
        time::time,
    },
    format::{MISSING, amount, exact_product},
    prelude::*,
};

/// Tokens of one class.
fn tokens(usage: &Usage, class: PriceClass) -> u32 {
    match class {
        PriceClass::Input => usage.input,
        PriceClass::CacheRead => usage.cache_read,
        PriceClass::CacheWriteShort => usage.cache_write_short,
        PriceClass::CacheWriteLong => usage.cache_write_long,
        PriceClass::Output => usage.output,
        PriceClass::Reasoning => usage.reasoning,
        PriceClass::Request => 1,
    }
}

/// The rate that applied to a class: that of the highest tier the input reached, else what the class borrows.
fn rate(price: &[PriceComponent], class: PriceClass, total_input: u64) -> Option<&PriceComponent> {
    let own = price
        .iter()
        .filter(|c| c.class == class && (c.above_input_tokens == 0 || u64::from(c.above_input_tokens) < total_input))
        .max_by_key(|c| c.above_input_tokens);
    match (own, class) {
        (Some(own), _) => Some(own),
        (None, PriceClass::CacheRead | PriceClass::CacheWriteShort | PriceClass::CacheWriteLong) => {
            rate(price, PriceClass::Input, total_input)
        }
        (None, PriceClass::Reasoning) => rate(price, PriceClass::Output, total_input),
        (None, _) => None,
    }
}

fn source_words(source: Option<UsageSource>) -> &'static str {
    match source {
        Some(UsageSource::Final) => "Token counts are the provider's own, from the end of its answer.",
        Some(UsageSource::Partial) => "Token counts are the provider's last ones from before its answer broke off.",
        Some(UsageSource::Estimated) => "Token counts are estimated here: the provider gave none.",
        Some(UsageSource::None) | None => "No tokens were counted.",
    }
}

pub fn receipt(it: &AttemptDetail) -> AnyView {
    const COLUMNS: &[Column] = &[text("Class"), figures("Tokens"), figures("Rate $/M"), figures("Amount")];
    let Some(usage) = it.row.usage else {
        return ledger_lines(it);
    };
    let price = it.price.clone().unwrap_or_default();
    let rows: Vec<AnyView> = PriceClass::ALL.into_iter().filter_map(|class| line(&price, &usage, class)).collect();
    let since = it.price_since.clone().map(|stamp| view! { " Price in force since " {time(stamp)} "." }.erase());
    view! {
        {table("Cost by token class", "receipt-table", COLUMNS, rows)}
        {ledger_lines(it)}
        <p class="form-text">
            {source_words(it.row.usage_source)} " The sum is rounded up once, to a nano-dollar." {since}
        </p>
    }
    .erase()
}

fn line(price: &[PriceComponent], usage: &Usage, class: PriceClass) -> Option<AnyView> {
    let count = tokens(usage, class);
    let rate = rate(price, class, usage.total_input());
    let always = matches!(class, PriceClass::Input | PriceClass::Output);
    // A class that was not used, or a price per request that does not exist, is no line of the bill.
    if (count == 0 && !always) || (class == PriceClass::Request && rate.is_none()) {
        return None;
    }
    let amount = rate.map_or_else(|| "unpriced".to_owned(), |c| exact_product(count, c.rate.0));
    let per_million = match (rate, class) {
        (None, _) => MISSING.to_owned(),
        (Some(_), PriceClass::Request) => "per request".to_owned(),
        (Some(c), _) => c.rate.per_million(),
    };
    let row = view! {
        <tr>
            <th scope="row">{class.words()}</th>
            <td class="figures">{thousands(u64::from(count))}</td>
            <td class="figures">{per_million}</td>
            <td class="figures">{amount}</td>
        </tr>
    };
    Some(row.into_any())
}

/// What was held back before the call, and what it cost in the end.
fn ledger_lines(it: &AttemptDetail) -> AnyView {
    let exact = |amount: Money| format!("${}", amount.exact());
    let cost = amount(it.row.cost, it.row.unpriced, it.row.usage_source);
    let bound =
        format!("for at most {} input and {} output tokens", thousands(it.input_bound), thousands(it.output_cap));
    let mut lines = vec![
        ledger_line("", "Reserved before sending", it.reserved.short(), exact(it.reserved), bound),
        ledger_line("", "Cost", cost.text, cost.title.clone(), cost.title),
        ledger_line("ledger-total", "Charged", it.charged.short(), exact(it.charged), exact(it.charged)),
    ];
    // What the reservation was too high or too low by, once the attempt is over.
    let rest = it.reserved.0.saturating_sub(it.charged.0);
    let (words, note) = match it.row.state {
        AttemptState::Uncertain => ("Given back", "What the provider billed is not known: all of it counts"),
        _ if rest < 0 => ("Above the reservation", "It cost more than its bound, and is charged in full"),
        _ => ("Given back", "Reserved less charged"),
    };
    if it.row.state != AttemptState::Reserved {
        let amount = Money(rest.saturating_abs());
        lines.push(ledger_line("", words, amount.short(), exact(amount), note.to_owned()));
    }
    view! { <dl class="ledger-lines">{lines}</dl> }.erase()
}

fn ledger_line(class: &'static str, term: &'static str, amount: String, exact: String, note: String) -> AnyView {
    view! {
        <div class=class>
            <dt>{term}</dt>
            <dd title=exact>{amount}</dd>
            <dd class="ledger-note">{note}</dd>
        </div>
    }
    .erase()
}
