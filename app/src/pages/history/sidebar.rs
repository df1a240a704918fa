//! The filters of History with their counts. Works as a plain GET form; in the browser every choice applies at once. Counts are
//! fetched after the list, since they are slower.

use domain::{
    Money,
    history::{Facet, FacetValue, Facets, Field, Op},
    ledger::Outcome,
    task::TaskClass,
    text::thousands,
};

use super::{
    ask::{Ask, Asked},
    table::verdict_word,
};
use crate::{
    browser,
    components::{
        button::{Look, plain_button},
        erase::{Erase, views},
        reactive::{live, react, remade, when},
        state::State,
        text_box::{TextBox, text_box},
    },
    format::{outcome_word, task_word},
    prelude::*,
};

/// Values of a group before somebody asks for all.
const SHOWN: usize = 8;

/// What a person calls a field.
pub fn field_word(field: Field) -> &'static str {
    match field {
        Field::Model => "Model",
        Field::Provider => "Provider",
        Field::Status => "Status",
        Field::Key => "Key",
        Field::Person => "Person",
        Field::Origin => "Origin",
        Field::Task => "Task",
        Field::Tag => "Tag",
        Field::Dialect => "API",
        Field::Flag => "Marks",
        Field::Verdict => "Verdict",
        Field::Cost => "Cost",
        Field::Latency => "Duration",
        Field::Tokens => "Tokens",
    }
}

/// What a person calls a value; keys and people are told by the counts.
pub fn value_word(field: Field, value: &str) -> String {
    let word = match field {
        Field::Status => Outcome::parse(value).map(outcome_word),
        Field::Task => TaskClass::parse(value).map(task_word),
        Field::Verdict => domain::feedback::Acceptance::parse(value).map(verdict_word),
        _ => None,
    };
    word.map_or_else(|| if value == "none" { "not said".to_owned() } else { value.to_owned() }, str::to_owned)
}

/// Fields with values of our own: they can be chosen before the counts are there, and without JavaScript.
fn own_values(field: Field) -> Vec<&'static str> {
    match field {
        Field::Status => {
            let mut all = vec!["running"];
            all.extend(Outcome::ALL.map(Outcome::as_str));
            all
        }
        Field::Task => TaskClass::ALL.map(TaskClass::as_str).into_iter().chain(["none"]).collect(),
        Field::Origin => vec!["api", "playground", "run", "probe"],
        Field::Verdict => vec!["accepted", "edited", "rejected", "none"],
        Field::Flag => vec!["uncertain", "unpriced", "overrun", "estimated"],
        _ => Vec::new(),
    }
}

pub fn sidebar(asked: Asked, facets: State<Option<Facets>>) -> AnyView {
    let fields: Vec<Field> = Field::ALL.into_iter().filter(|field| !field.is_number()).collect();
    let groups = views(fields, &|field| group(asked, facets, field));
    let counted = move || {
        let most = facets.with(|facets| facets.as_ref().and_then(|it| it.counted));
        most.map(|most| format!("Counts are of the newest {}.", thousands(u64::from(most))))
    };
    view! {
        {groups}
        {bounds(asked)}
        <p class="field-note">{counted}</p>
    }
    .into_any()
}

fn group(asked: Asked, facets: State<Option<Facets>>, field: Field) -> AnyView {
    let all = RwSignal::new(false);
    let values = move || {
        let counts = facets.with(|facets| {
            let found = |it: &Facets| it.facets.iter().find(|facet| facet.field == field).cloned();
            facets.as_ref().and_then(found)
        });
        merged(field, counts, &asked.get())
    };
    let rows = move || {
        let (ask, values) = (asked.get(), values());
        let hidden = if all.get() { 0 } else { values.len().saturating_sub(SHOWN) };
        let is_shown = |index: usize, value: &FacetValue| index < SHOWN || ask.has(field, &value.value);
        let shown = values.into_iter().enumerate().filter(|(index, value)| all.get() || is_shown(*index, value));
        let rows = views(shown.map(|(_, value)| value).collect(), &|value| value_box(asked, &ask, field, value));
        let more = (hidden > 0).then(|| plain_button(Look::Quiet, format!("{hidden} more"), "", move || all.set(true)));
        view! {
            {rows}
            {more}
        }
        .into_any()
    };
    let is_open =
        matches!(field, Field::Status | Field::Model) || asked.now().filters.iter().any(|it| it.field == field);
    // Made again when it opens: browsers go on hiding from assistive technology what they got while it was closed.
    let opened = RwSignal::new(false);
    let rows = move || live(rows);
    view! {
        <details
            class="facet"
            open=is_open
            hidden=move || values().is_empty()
            on:toggle=move |_| {
                let _gone = opened.try_set(true);
            }
        >
            <summary>{field_word(field)}</summary>
            <div class="facet-values" role="group" aria-label=field_word(field)>
                {remade(move || opened.track(), rows)}
            </div>
        </details>
    }
    .erase()
}

/// The values of a field that are worth showing: counted ones first, then those of our own that are chosen or possible.
fn merged(field: Field, counts: Option<Facet>, ask: &Ask) -> Vec<FacetValue> {
    let is_counted = counts.is_some();
    let mut values = counts.map(|facet| facet.values).unwrap_or_default();
    for value in own_values(field) {
        // Once the counts are there, what nothing has is only shown while it is chosen.
        if !values.iter().any(|it| it.value == value) && (!is_counted || ask.has(field, value)) {
            values.push(FacetValue { value: value.to_owned(), label: value_word(field, value), count: 0 });
        }
    }
    for filter in ask.filters.iter().filter(|it| it.field == field && it.op == Op::In) {
        for value in &filter.values {
            if !values.iter().any(|it| it.value == *value) {
                values.push(FacetValue { value: value.clone(), label: value_word(field, value), count: 0 });
            }
        }
    }
    values
}

fn value_box(asked: Asked, ask: &Ask, field: Field, value: FacetValue) -> AnyView {
    let FacetValue { value, label, count } = value;
    let is_on = ask.has(field, &value);
    let text = domain::history::Filter { field, op: Op::In, values: vec![value.clone()] }.text();
    let count = (count > 0).then(|| view! { <span class="facet-count">{thousands(u64::from(count))}</span> }.erase());
    view! {
        <label class="facet-value">
            <input
                type="checkbox"
                name="f"
                value=text
                checked=is_on
                prop:checked=is_on
                on:change=move |_| asked.go(&asked.now().toggled(field, &value))
            />
            <span class="facet-label">{label}</span>
            {count}
        </label>
    }
    .erase()
}

/// A bound that is typed.
struct Bound {
    field: Field,
    op: Op,
    label: &'static str,
    /// From what is typed to what the address holds, and back.
    read: fn(&str) -> Option<i64>,
    write: fn(i64) -> String,
}

static BOUNDS: [Bound; 5] = [
    Bound { field: Field::Cost, op: Op::Gte, label: "Cost from, $", read: dollars, write: dollar_text },
    Bound { field: Field::Cost, op: Op::Lt, label: "Cost below, $", read: dollars, write: dollar_text },
    Bound { field: Field::Latency, op: Op::Gte, label: "Longer than, s", read: seconds, write: second_text },
    Bound { field: Field::Latency, op: Op::Lt, label: "Shorter than, s", read: seconds, write: second_text },
    Bound { field: Field::Tokens, op: Op::Gte, label: "Tokens from", read: whole, write: |it| it.to_string() },
];

/// Decimal text in units of `10^-places`, exactly.
fn decimal(text: &str, places: u32) -> Option<i64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if fraction.len() > places as usize || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // The zero in front is for no digits at all.
    let fraction: i64 = format!("0{fraction:0<width$}", width = places as usize).parse().ok()?;
    whole.checked_mul(10i64.checked_pow(places)?)?.checked_add(fraction)
}

fn dollars(text: &str) -> Option<i64> {
    decimal(text, 9)
}

fn dollar_text(nanos: i64) -> String {
    trimmed(&Money(nanos).exact())
}

fn seconds(text: &str) -> Option<i64> {
    decimal(text, 3)
}

fn second_text(ms: i64) -> String {
    trimmed(&format!("{}.{:03}", ms / 1_000, ms % 1_000))
}

fn trimmed(text: &str) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn whole(text: &str) -> Option<i64> {
    decimal(&text.replace(',', ""), 0)
}

fn bounds(asked: Asked) -> AnyView {
    let is_open = BOUNDS.iter().any(|bound| asked.now().size(bound.field, bound.op).is_some());
    let open = RwSignal::new(is_open);
    let fields = move || views(BOUNDS.iter().collect(), &|bound| bound_box(asked, bound)).into_any();
    view! {
        <details class="facet" open=is_open on:toggle=move |_| { let _gone = open.try_set(true); }>
            <summary>"Cost, duration, tokens"</summary>
            <div class="facet-bounds">{when(move || open.get(), fields)}</div>
        </details>
    }
    .erase()
}

fn bound_box(asked: Asked, bound: &'static Bound) -> AnyView {
    let first = asked.now().size(bound.field, bound.op).map(bound.write).unwrap_or_default();
    let typed = RwSignal::new(first.clone());
    let wrong = RwSignal::new(false);
    let it = TextBox {
        id: format!("history-{}-{}", bound.field.as_str(), bound.op.as_str()),
        label: bound.label.to_owned(),
        inputmode: "decimal",
        error: Signal::derive(move || wrong.get().then(|| "use a number such as 0.05".to_owned())),
        ..TextBox::default()
    };
    // A bound that is taken away elsewhere leaves its box; nobody's typing is touched.
    let id = it.id.clone();
    react(move || {
        let now = asked.get().size(bound.field, bound.op).map(bound.write).unwrap_or_default();
        if !browser::has_focus(&id) {
            browser::set_field_text(&id, &now);
            typed.set(now);
        }
    });
    let apply = Callback::new(move |()| {
        let text = typed.get_untracked();
        let value = (bound.read)(&text);
        wrong.set(value.is_none() && !text.trim().is_empty());
        if !wrong.get_untracked() {
            let value = value.filter(|_| !text.trim().is_empty());
            asked.go(&asked.now().sized(bound.field, bound.op, value));
        }
    });
    text_box(it, first, Callback::new(move |text| typed.set(text)), apply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hi_2_bounds_are_read_exactly_and_written_as_they_were_typed() {
        assert_eq!(dollars("0.05"), Some(50_000_000));
        assert_eq!(dollar_text(50_000_000), "0.05");
        assert_eq!(dollars("12"), Some(12_000_000_000));
        assert_eq!(dollar_text(12_000_000_000), "12");
        assert_eq!(seconds("1.5"), Some(1_500));
        assert_eq!(second_text(1_500), "1.5");
        assert_eq!(whole("12,000"), Some(12_000));
        for bad in ["a", "-1", "-0.5", "1.2.3", "0.0000000001"] {
            assert_eq!(dollars(bad), None, "{bad}");
        }
    }

    #[test]
    fn hi_2_values_are_shown_while_they_are_chosen_or_counted() {
        let ask = Ask::default().toggled(Field::Status, "timeout").toggled(Field::Model, "gone");
        let value = |value: &str, count| FacetValue { value: value.into(), label: value.into(), count };
        let counts = Facet { field: Field::Status, values: vec![value("success", 7)] };
        let found = |field, counts| merged(field, counts, &ask).into_iter().map(|it| it.value).collect::<Vec<_>>();
        assert_eq!(found(Field::Status, Some(counts)), ["success", "timeout"]);
        assert_eq!(found(Field::Status, None).len(), Outcome::ALL.len() + 1);
        assert_eq!(found(Field::Model, None), ["gone"]);
    }
}
