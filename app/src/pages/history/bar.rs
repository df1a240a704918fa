//! Above the list: words to search for, the span, the chips of what is filtered, saved views and exports.

use domain::history::{FacetValue, Facets, Filter, Op};

use super::{
    ask::{Ask, Asked},
    sidebar::{field_word, value_word},
};
use crate::{
    browser,
    components::{
        erase::{Erase, views},
        icon::icon,
        later::Later,
        reactive::{live, react},
        state::State,
    },
    prelude::*,
};

const SEARCH_MS: u64 = 350;
/// The address and what it is called.
const SPANS: [(&str, &str); 5] =
    [("now-1h", "1 h"), ("now-24h", "24 h"), ("now-7d", "7 d"), ("now-30d", "30 d"), ("now-90d", "90 d")];

pub const SEARCH: &str = "history-q";

/// A GET form too: search, span, and the filters of the sidebar, which is inside it.
pub fn search_bar(asked: Asked, exports: AnyView) -> AnyView {
    let words = StoredValue::new(String::new());
    let search = Later::new(SEARCH_MS, move |_| {
        asked.type_on(&Ask { q: words.get_value(), ..asked.now() });
    });
    let now = asked.now();
    // A chip that is taken away empties the box; nobody's typing is touched.
    react(move || {
        let q = asked.get().q;
        if !browser::has_focus(SEARCH) {
            browser::set_field_text(SEARCH, &q);
        }
    });
    view! {
        <div class="history-bar">
            <label class="visually-hidden" for=SEARCH>
                "Words in what was said, or an id"
            </label>
            <input
                class="input filters-search"
                id=SEARCH
                name="q"
                type="search"
                placeholder="Search text or id"
                value=now.q
                on:input=move |event| {
                    words.set_value(event_target_value(&event));
                    search.ask();
                }
            />
            {live(move || spans(&asked.get()))}
            {typed_span(asked)}
            <noscript>
                <button class="button" type="submit">
                    "Apply"
                </button>
            </noscript>
            <div class="history-tools">{exports}</div>
        </div>
    }
    .erase()
}

fn spans(ask: &Ask) -> AnyView {
    let links = views(SPANS.to_vec(), &|(from, label)| {
        // What an empty address means.
        let usual = if ask.q.is_empty() { "now-30d" } else { "now-7d" };
        let now = if ask.from.is_empty() { usual } else { ask.from.as_str() };
        let is_on = ask.to.is_empty() && now == from;
        view! {
            <a class="tab" href=ask.spanning(from, "").address("") aria-current=is_on.then_some("true")>
                {label}
            </a>
        }
        .erase()
    });
    view! {
        <div class="tabs" role="group" aria-label="Span">
            {links}
        </div>
    }
    .erase()
}

/// `now-36h`, `2026-11-01`, `2026-11-01T14:00+01:00`.
fn typed_span(asked: Asked) -> AnyView {
    let end = move |name: &'static str, label: &'static str, placeholder: &'static str, of: fn(&Ask) -> String| {
        view! {
            <label class="visually-hidden" for=format!("history-{name}")>
                {label}
            </label>
            <input
                class="input history-time"
                id=format!("history-{name}")
                name=name
                type="text"
                autocomplete="off"
                placeholder=placeholder
                value=of(&asked.now())
                prop:value=move || of(&asked.get())
                on:change=move |event| {
                    let text = event_target_value(&event).trim().to_owned();
                    let now = asked.now();
                    let next = if name == "from" { now.spanning(&text, &now.to) } else { now.spanning(&now.from, &text) };
                    asked.go(&next);
                }
            />
        }
        .into_any()
    };
    view! {
        <span class="history-span">
            {end("from", "From", "from: now-7d", |ask| ask.from.clone())}
            {end("to", "To", "to: now", |ask| ask.to.clone())}
        </span>
    }
    .erase()
}

/// One for each filter: what it says, and the way without it.
pub fn chips(asked: Asked, facets: State<Option<Facets>>) -> AnyView {
    live(move || {
        let ask = asked.get();
        if !ask.is_set() {
            return ().into_any();
        }
        let known = facets.get();
        let mut all = views(ask.filters.clone(), &|filter| {
            let words = filter_words(&filter, known.as_ref());
            chip(words, ask.without(&filter).address(""))
        });
        if !ask.q.is_empty() {
            all.push(chip(format!("Said: {}", ask.q), Ask { q: String::new(), ..ask.clone() }.address("")));
        }
        view! {
            <div class="history-chips" role="group" aria-label="Filters in force">
                {all}
                <a class="button button-quiet" href=ask.cleared().address("")>
                    "Clear all"
                </a>
            </div>
        }
        .erase()
    })
}

fn chip(words: String, without: String) -> AnyView {
    let label = format!("Remove filter {words}");
    view! {
        <span class="chip">
            <span>{words}</span>
            <a class="button button-icon" href=without title=label.clone() aria-label=label.clone()>
                {icon("x")}
            </a>
        </span>
    }
    .erase()
}

/// "Status: timed out, cancelled", "Cost from $0.05"
fn filter_words(filter: &Filter, known: Option<&Facets>) -> String {
    let Filter { field, op, values } = filter;
    let name = field_word(*field);
    let label = |value: &String| {
        let of = |it: &Facets| {
            let facet = it.facets.iter().find(|facet| facet.field == *field)?;
            facet.values.iter().find(|it| it.value == *value).map(|FacetValue { label, .. }| label.clone())
        };
        known.and_then(of).unwrap_or_else(|| value_word(*field, value))
    };
    let first = values.first().and_then(|value| value.parse::<i64>().ok()).unwrap_or_default();
    let size = match field {
        domain::history::Field::Cost => domain::Money(first).short(),
        domain::history::Field::Latency => crate::format::duration(u32::try_from(first).unwrap_or(u32::MAX)),
        _ => domain::text::thousands(u64::try_from(first).unwrap_or_default()),
    };
    match op {
        Op::In => format!("{name}: {}", values.iter().map(label).collect::<Vec<_>>().join(", ")),
        Op::Not => format!("{name}: not {}", values.iter().map(label).collect::<Vec<_>>().join(", ")),
        Op::Gte => format!("{name} from {size}"),
        Op::Lt => format!("{name} below {size}"),
    }
}

#[cfg(test)]
mod tests {
    use domain::history::Field;

    use super::*;

    #[test]
    fn hi_2_a_filter_is_said_in_words() {
        let words = |text: &str| filter_words(&Filter::parse(text).unwrap(), None);
        assert_eq!(words("status:in:timeout,cancelled"), "Status: timed out, cancelled");
        assert_eq!(words("model:not:a"), "Model: not a");
        assert_eq!(words("cost:gte:50000000"), "Cost from $0.05");
        assert_eq!(words("latency:lt:1500"), "Duration below 1.5 s");
        let value = FacetValue { value: "1".into(), label: "ci".into(), count: 3 };
        let facets =
            Facets { facets: vec![domain::history::Facet { field: Field::Key, values: vec![value] }], counted: None };
        assert_eq!(filter_words(&Filter::parse("key:in:1").unwrap(), Some(&facets)), "Key: ci");
    }
}
