//! Which models: chips, and a list of checkboxes behind *Choose models*. The choice is in the address.

use domain::run::MAX_VARIANTS;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    api::models::ModelChoice,
    components::{
        badge::{Tone, badge},
        erase::Erase,
        error_panel::sentence,
        icon::icon,
    },
    format::query_value,
    prelude::*,
};

/// `in_address`: the choice is written into the address, as long as the page is not a run's own.
pub fn picker(
    chosen: RwSignal<Vec<String>>,
    all: Vec<ModelChoice>,
    team: Signal<String>,
    error: Signal<Option<String>>,
    in_address: bool,
) -> AnyView {
    let navigate = use_navigate();
    let toggle = Callback::new(move |name: String| {
        chosen.update(|list| {
            let before = list.len();
            list.retain(|it| *it != name);
            if list.len() == before && before < MAX_VARIANTS {
                list.push(name);
            }
        });
        if in_address {
            let names =
                chosen.with_untracked(|list| list.iter().map(|it| query_value(it)).collect::<Vec<_>>().join(","));
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&format!("/t/{}/playground?models={names}", team.get_untracked()), options);
        }
    });
    let boxes = all.iter().map(|model| model_box(model, chosen, toggle)).collect::<Vec<_>>();
    let count = move || format!("{} of {MAX_VARIANTS} columns", chosen.with(Vec::len));
    view! {
        <div class="picker" role="group" aria-label="Models">
            {move || chosen.get().into_iter().map(|name| chip(name, toggle)).collect::<Vec<_>>()}
            <button class="button picker-open" type="button" popovertarget="model-picker" aria-describedby="picker-note">
                {icon("plus")}
                <span>"Choose models"</span>
            </button>
            <p class=move || if error.with(Option::is_some) { "field-note field-error" } else { "field-note" } id="picker-note">
                {move || error.get().map_or_else(count, |message| sentence(&message))}
            </p>
            <div class="menu picker-menu" id="model-picker" popover="auto">
                <p class="menu-caption">"Models of this team"</p>
                <div class="check-list">{boxes}</div>
            </div>
        </div>
    }
    .erase()
}

fn chip(name: String, toggle: Callback<String>) -> AnyView {
    let label = format!("Remove {name}");
    view! {
        <span class="chip">
            <span class="mono">{name.clone()}</span>
            <button type="button" title=label.clone() aria-label=label.clone() on:click=move |_| toggle.run(name.clone())>
                {icon("x")}
            </button>
        </span>
    }
    .erase()
}

fn model_box(model: &ModelChoice, chosen: RwSignal<Vec<String>>, toggle: Callback<String>) -> AnyView {
    let name = model.name.clone();
    let (mine, other, label) = (name.clone(), name.clone(), name.clone());
    let is_chosen = move || chosen.with(|list| list.contains(&mine));
    let is_full = move || chosen.with(|list| list.len() >= MAX_VARIANTS && !list.contains(&other));
    let price = match model.price.is_empty() {
        false => view! { <span class="sub">{model.price.clone()}</span> }.erase(),
        true => badge(Tone::Warn, "unpriced"),
    };
    view! {
        <label class="check-item">
            <input
                type="checkbox"
                prop:checked=is_chosen
                disabled=is_full
                on:change=move |_| toggle.run(name.clone())
            />
            <span class="mono">{label}</span>
            {price}
        </label>
    }
    .erase()
}
