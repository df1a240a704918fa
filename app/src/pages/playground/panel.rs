//! The drawer beside the form: what one column has of its own, the messages of one case, cases to bring in and to keep.

use domain::grid::Grid;

use super::{
    cases,
    draft::{Draft, Messages, Owner},
    parts,
    prompt::{messages_view, prompt_view},
    settings::{format_view, settings_view},
    tools::tools_view,
};
use crate::{
    components::{
        button::{Look, plain_button},
        drawer::drawer,
        erase::Erase,
        reactive::{react, remade, settled},
        state::State,
    },
    prelude::*,
};

/// What is open beside the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Panel {
    #[default]
    Closed,
    Column(usize),
    Case(usize),
    /// CSV or JSON lines.
    Import,
    Sets,
}

pub fn panel_view(draft: Draft, panel: State<Panel>) -> AnyView {
    let open = RwSignal::new(false);
    react(move || open.set(panel.get() != Panel::Closed));
    react(move || {
        if !open.get() && panel.get_untracked() != Panel::Closed {
            panel.set(Panel::Closed);
        }
    });
    let title = Signal::derive(move || match panel.get() {
        Panel::Closed => String::new(),
        Panel::Column(index) => {
            let model = draft.read(|grid| grid.variants.get(index).map(|it| it.model.clone())).unwrap_or_default();
            format!("Column {}: {model}", index + 1)
        }
        Panel::Case(index) => format!("Messages of case {}", index + 1),
        Panel::Import => "Bring in cases".to_owned(),
        Panel::Sets => "Case sets".to_owned(),
    });
    drawer("playground-panel", title, open, move || {
        remade(move || panel.track(), move || parts::beside(panel.get_untracked(), draft, panel))
    })
}

pub fn content(which: Panel, draft: Draft, panel: State<Panel>) -> AnyView {
    match which {
        Panel::Closed => ().into_any(),
        Panel::Column(index) => column(draft, index),
        Panel::Case(index) => case(draft, index),
        Panel::Import => cases::import::view(draft, panel),
        Panel::Sets => cases::sets::view(draft, panel),
    }
}

/// A part of a column that is shared or its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Prompt,
    Settings,
}

impl Part {
    fn is_own(self, grid: &Grid, index: usize) -> bool {
        grid.variants.get(index).is_some_and(|variant| match self {
            Self::Prompt => variant.prompt.is_some(),
            Self::Settings => variant.settings.is_some(),
        })
    }

    /// What is its own begins as a copy of what is shared.
    fn switch(self, grid: &mut Grid, index: usize) {
        let (prompt, settings) = (grid.prompt.clone(), grid.settings.clone());
        let Some(variant) = grid.variants.get_mut(index) else { return };
        match self {
            Self::Prompt => variant.prompt = if variant.prompt.is_some() { None } else { Some(prompt) },
            Self::Settings => variant.settings = if variant.settings.is_some() { None } else { Some(settings) },
        }
    }
}

fn column(draft: Draft, index: usize) -> AnyView {
    let part = move |part: Part, title: &'static str, shared: &'static str, fields: fn(Draft, Owner) -> AnyView| {
        // Only its own switch makes the fields again: they follow the shape of the grid themselves.
        let is_own = settled(Memo::new(move |_| {
            draft.shape.track();
            draft.read(|grid| part.is_own(grid, index))
        }));
        let body = move || {
            let own = is_own.get_untracked();
            let label = if own { "Share again" } else { "Unlock" };
            let icon = if own { "lock" } else { "unlock" };
            let press = move || draft.reshape(&|grid| part.switch(grid, index));
            view! {
                <div class="section-head">
                    <h3>{title}</h3>
                    {plain_button(Look::Secondary, label, icon, press)}
                </div>
                {if own { fields(draft, Owner::Column(index)) } else { note(shared) }}
            }
            .into_any()
        };
        view! { <section class="panel-part">{remade(move || is_own.track(), body)}</section> }.erase()
    };
    let prompt = |draft: Draft, owner: Owner| {
        view! {
            {prompt_view(draft, owner)}
            <h4>"Tools"</h4>
            {tools_view(draft, owner)}
        }
        .into_any()
    };
    let settings =
        |draft: Draft, owner: Owner| view! { {settings_view(draft, owner)} {format_view(draft, owner)} }.into_any();
    view! {
        {part(Part::Prompt, "Prompt and tools", "Says what all columns say.", prompt)}
        {part(Part::Settings, "Parameters", "Has the parameters of all columns.", settings)}
    }
    .into_any()
}

fn note(words: &'static str) -> AnyView {
    view! { <p class="form-text">{words}</p> }.erase()
}

fn case(draft: Draft, index: usize) -> AnyView {
    view! {
        <p class="form-text">"These messages follow those of the prompt, in this case only."</p>
        {messages_view(draft, Messages::Case(index))}
    }
    .into_any()
}
