//! Models: the names clients send, what they cost, how much they take. A model without a price says so; it is never $0.

use domain::model::{ModelSummary, PriceText};
use leptos_router::hooks::use_query_map;

use self::add::AddDialog;
use super::team;
use crate::{
    api,
    components::{
        badge::{Tone, badge, tag},
        button::{Button, Look, link_button},
        empty_state::empty_state,
        erase::Erase,
        fetched::fetch,
        field::FieldInfo,
        page::Page,
        reactive::react,
        skeleton::Shape,
        table::{Column, actions, figures, table, text},
        time::missing,
    },
    format::{MISSING, count_or_dash, query_value},
    prelude::*,
};

mod add;
pub use add::tokens;

const INPUT: FieldInfo = FieldInfo {
    inputmode: "decimal",
    placeholder: "2.50",
    ..FieldInfo::new("model-price-input", "price.input", "Input")
};
const CACHED: FieldInfo = FieldInfo {
    inputmode: "decimal",
    placeholder: "0.25",
    ..FieldInfo::new("model-price-cached", "price.cache_read", "Cached input")
};
const OUTPUT: FieldInfo = FieldInfo {
    inputmode: "decimal",
    placeholder: "10.00",
    ..FieldInfo::new("model-price-output", "price.output", "Output")
};

#[component]
pub fn Models() -> impl IntoView {
    let team = team();
    let list = fetch(move || team.get(), api::models::list);
    let adding = RwSignal::new(false);
    let query = use_query_map();
    react(move || {
        if query.read().get("add").is_some() {
            adding.set(true);
        }
    });
    let add = Callback::new(move |()| adding.set(true));
    let catalog = format!("/t/{}/models/catalogue", team.get_untracked());
    let actions = view! {
        {link_button(Look::Secondary, catalog, "Catalogue", "search")}
        <Button look=Look::Primary label="Add model" icon_name="plus" press=add />
    }
    .into_any();
    view! {
        <Page title="Models" actions=actions>
            {list.loaded(Shape::Table, move |all| models(all, team, add))}
        </Page>
        <AddDialog team=team open=adding list=list />
    }
}

fn models(all: Vec<ModelSummary>, team: Signal<String>, add: Callback<()>) -> AnyView {
    const COLUMNS: &[Column] = &[
        text("Model"),
        text("Provider"),
        figures("Input $/M"),
        figures("Cached $/M"),
        figures("Output $/M"),
        figures("Context"),
        figures("Max output"),
        actions("Actions"),
    ];
    if all.is_empty() {
        let action = view! { <Button look=Look::Primary label="Add model" icon_name="plus" press=add /> }.erase();
        let words = "A model is a name your clients send, bound to a provider and a price.";
        return empty_state("box", "No model yet", words.to_owned(), Some(action));
    }
    let unpriced = all.iter().filter(|model| model.price.is_none()).count() as u64;
    let team = team.get_untracked();
    let rows = all.into_iter().map(|model| row(model, &team)).collect();
    view! {
        {(unpriced > 0).then(|| unpriced_banner(unpriced))}
        {table("Models", "model-table", COLUMNS, rows)}
        <p class="table-foot">"Prices are dollars per million tokens."</p>
    }
    .erase()
}

fn unpriced_banner(count: u64) -> AnyView {
    let who = if count == 1 { "1 model has no price" } else { "Some models have no price" };
    view! {
        <p class="banner banner-warn">
            {crate::components::icon::icon("alert")}
            <span>{who} ": what its calls cost is unknown and missing from every sum."</span>
        </p>
    }
    .erase()
}

fn row(model: ModelSummary, team: &str) -> AnyView {
    let ModelSummary {
        id, name, aliases, upstream, provider, shared, context_window, max_output, price, editable, ..
    } = model;
    let alias = (!aliases.is_empty()).then(|| format!("also {}", aliases.join(", ")));
    let retires = model.retires_on.map(|day| format!("retires {day}"));
    let sub: Vec<String> = [alias, retires].into_iter().flatten().collect();
    let upstream = (upstream != name).then(|| view! { <span class="sub mono">{upstream}</span> }.erase());
    let try_it = format!("/t/{team}/playground?models={}", query_value(&name));
    let label = match (price.is_some(), editable) {
        (false, true) => "Set price",
        (true, true) => "Change price",
        (_, false) => "Price",
    };
    let price_page = format!("/t/{team}/models/{id}");
    let unconfirmed = model.price_unconfirmed.then(|| badge(Tone::Warn, "price unconfirmed"));
    view! {
        <tr>
            <th scope="row">
                <span class="mono">{name}</span>
                {shared.then(|| tag("shared"))}
                {unconfirmed}
                {(!sub.is_empty()).then(|| view! { <span class="sub">{sub.join(" · ")}</span> }.erase())}
            </th>
            <td>{provider} {upstream}</td>
            {price_cells(price)}
            <td class="figures">{limit(context_window, "Context size not stated")}</td>
            <td class="figures">{limit(max_output, "Output limit not stated")}</td>
            <td class="row-actions">
                {link_button(Look::Quiet, try_it, "Try", "")} {link_button(Look::Secondary, price_page, label, "")}
            </td>
        </tr>
    }
    .erase()
}

fn limit(tokens: Option<u32>, why: &'static str) -> AnyView {
    match tokens {
        Some(_) => count_or_dash(tokens.map(u64::from)).into_any(),
        None => missing(why),
    }
}

fn price_cells(price: Option<PriceText>) -> AnyView {
    let Some(PriceText { input, cache_read, output }) = price else {
        return view! {
            <td class="figures">{badge(Tone::Warn, "unpriced")}</td>
            <td class="figures">{missing("Unpriced")}</td>
            <td class="figures">{missing("Unpriced")}</td>
        }
        .into_any();
    };
    let cell = |text: String| if text.is_empty() { MISSING.to_owned() } else { text };
    view! {
        <td class="figures">{cell(input)}</td>
        <td class="figures">{cell(cache_read)}</td>
        <td class="figures">{cell(output)}</td>
    }
    .erase()
}
