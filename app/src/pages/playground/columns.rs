//! The columns of a grid: a chip for each model, with a lock that opens what it has of its own, and the list to choose from.

use domain::grid::{Grid, MAX_VARIANTS, Variant};

use super::{
    address::Address,
    draft::{Draft, plain},
    panel::Panel,
};
use crate::{
    api::models::ModelChoice,
    browser,
    components::{
        badge::{Tone, badge},
        button::icon_button,
        erase::{Erase, views},
        error_panel::sentence,
        icon::icon,
        reactive::live,
        state::State,
    },
    prelude::*,
};

/// `address`: where the choice is written, as long as the page is not a run's own.
pub fn columns(draft: Draft, all: Vec<ModelChoice>, panel: State<Panel>, address: Option<Address>) -> AnyView {
    let change = Callback::new(move |change: Change| {
        draft.reshape(&|grid| change.apply(grid));
        if let Some(address) = address {
            let names: Vec<String> = draft.read(|grid| grid.variants.iter().map(|it| it.model.clone()).collect());
            address.name_models(&names);
        }
    });
    let error = draft.problem("variants".to_owned());
    let boxes = views(all, &|model| model_box(draft, &model, change));
    let chips = move || {
        draft.shape.track();
        let variants: Vec<(usize, Variant)> = draft.read(|grid| grid.variants.iter().cloned().enumerate().collect());
        let all = variants.len();
        views(variants, &|(index, variant)| chip(index, all, &variant, panel, change)).into_any()
    };
    let count = move || {
        draft.shape.track();
        format!("{} of {MAX_VARIANTS} columns", draft.read(|grid| grid.variants.len()))
    };
    view! {
        <div class="picker" role="group" aria-label="Models">
            {live(chips)}
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

/// What a press does to the columns.
#[derive(Clone)]
enum Change {
    Toggle(String),
    Remove(usize),
    /// The same model once more, to vary its prompt or its parameters.
    Copy(usize),
    Swap(usize, usize),
}

impl Change {
    fn apply(&self, grid: &mut Grid) {
        let list = &mut grid.variants;
        match self {
            Self::Toggle(name) => {
                let before = list.len();
                list.retain(|it| it.model != *name);
                if list.len() == before && before < MAX_VARIANTS {
                    list.push(plain(name));
                }
            }
            Self::Remove(index) if *index < list.len() => drop(list.remove(*index)),
            Self::Copy(index) => {
                if let Some(copy) = list.get(*index).filter(|_| list.len() < MAX_VARIANTS).cloned() {
                    list.insert(index + 1, copy);
                }
            }
            Self::Swap(one, other) if *one < list.len() && *other < list.len() => list.swap(*one, *other),
            Self::Remove(_) | Self::Swap(..) => {}
        }
    }
}

/// What a column has of its own, in words.
pub fn own_words(variant: &Variant) -> &'static str {
    match (&variant.prompt, &variant.settings) {
        (None, None) => "",
        (Some(_), None) => "own prompt",
        (None, Some(_)) => "own parameters",
        (Some(_), Some(_)) => "own prompt and parameters",
    }
}

fn chip(index: usize, all: usize, variant: &Variant, panel: State<Panel>, change: Callback<Change>) -> AnyView {
    let name = variant.model.clone();
    let menu = format!("column-menu-{index}");
    let own = own_words(variant);
    let lock = if own.is_empty() {
        icon_button("lock", format!("Give {name} its own prompt or parameters"), move || {
            panel.set(Panel::Column(index))
        })
    } else {
        icon_button("unlock", format!("{name} has its {own}"), move || panel.set(Panel::Column(index)))
    };
    let item = move |label: &'static str, what: Change| {
        view! {
            <button
                class="menu-item"
                type="button"
                on:click=move |_| {
                    browser::hide_popovers();
                    change.run(what.clone());
                }
            >
                {label}
            </button>
        }
        .erase()
    };
    let more = format!("More about {name}");
    view! {
        <span class=if own.is_empty() { "chip" } else { "chip chip-own" }>
            <span class="mono">{name.clone()}</span>
            {(!own.is_empty()).then(|| view! { <span class="chip-note">{own}</span> }.erase())}
            {lock}
            <button
                class="button button-icon"
                type="button"
                title=more.clone()
                aria-label=more
                popovertarget=menu.clone()
            >
                {icon("more")}
            </button>
            <span class="menu menu-near" id=menu popover="auto">
                {(all < MAX_VARIANTS).then(|| item("Add the same model again", Change::Copy(index)))}
                {(index > 0).then(|| item("Move left", Change::Swap(index, index - 1)))}
                {(index + 1 < all).then(|| item("Move right", Change::Swap(index, index + 1)))}
            </span>
            {icon_button("x", format!("Remove {name}"), move || change.run(Change::Remove(index)))}
        </span>
    }
    .erase()
}

fn model_box(draft: Draft, model: &ModelChoice, change: Callback<Change>) -> AnyView {
    let name = model.name.clone();
    let (mine, other, label) = (name.clone(), name.clone(), name.clone());
    let has = |grid: &Grid, name: &str| grid.variants.iter().any(|it| it.model == name);
    let is_chosen = move || {
        draft.shape.track();
        draft.read(|grid| has(grid, &mine))
    };
    let is_full = move || {
        draft.shape.track();
        draft.read(|grid| grid.variants.len() >= MAX_VARIANTS && !has(grid, &other))
    };
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
                on:change=move |_| change.run(Change::Toggle(name.clone()))
            />
            <span class="mono">{label}</span>
            {price}
        </label>
    }
    .erase()
}
