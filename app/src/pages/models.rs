//! Models: the names clients send, what they cost, how much they take. A model without a price says so; it is never $0.

use domain::model::{ModelSummary, PriceText};
use leptos_router::hooks::use_query_map;

use self::{add::AddDialog, price::PriceDialog};
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
mod price;

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
    let pricing = RwSignal::new(None::<ModelSummary>);
    let query = use_query_map();
    react(move || {
        if query.read().get("add").is_some() {
            adding.set(true);
        }
    });
    let add = Callback::new(move |()| adding.set(true));
    let actions = view! { <Button look=Look::Primary label="Add model" icon_name="plus" press=add /> }.erase();
    view! {
        <Page title="Models" actions=actions>
            {list.loaded(Shape::Table, move |all| models(all, team, add, pricing))}
        </Page>
        <AddDialog team=team open=adding list=list />
        <PriceDialog team=team model=pricing list=list />
    }
}

fn models(
    all: Vec<ModelSummary>,
    team: Signal<String>,
    add: Callback<()>,
    pricing: RwSignal<Option<ModelSummary>>,
) -> AnyView {
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
    let rows = all.into_iter().map(|model| row(model, &team, pricing)).collect();
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

fn row(model: ModelSummary, team: &str, pricing: RwSignal<Option<ModelSummary>>) -> AnyView {
    let for_dialog = model.clone();
    let ModelSummary { name, aliases, upstream, provider, shared, context_window, max_output, price, editable, .. } =
        model;
    let has_price = price.is_some();
    let alias = (!aliases.is_empty()).then(|| format!("also {}", aliases.join(", ")));
    let upstream = (upstream != name).then(|| view! { <span class="sub mono">{upstream}</span> }.erase());
    let try_it = format!("/t/{team}/playground?models={}", query_value(&name));
    let label = if has_price { "Change price" } else { "Set price" };
    let price_button = editable.then(|| {
        let open = Callback::new(move |()| pricing.set(Some(for_dialog.clone())));
        view! { <Button label=label press=open /> }.erase()
    });
    view! {
        <tr>
            <th scope="row">
                <span class="mono">{name}</span>
                {shared.then(|| tag("shared"))}
                {alias.map(|it| view! { <span class="sub">{it}</span> }.erase())}
            </th>
            <td>{provider} {upstream}</td>
            {price_cells(price)}
            <td class="figures">{limit(context_window, "Context size not stated")}</td>
            <td class="figures">{limit(max_output, "Output limit not stated")}</td>
            <td class="row-actions">{link_button(Look::Quiet, try_it, "Try", "")} {price_button}</td>
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
