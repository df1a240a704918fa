//! The parts of the playground that wait in files of their own until somebody opens them: what a request carries besides its
//! prompt, and what is looked at behind an answer. One more: two functions here, the inner one in one of the two files.

use domain::id::CellId;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use super::{
    composer::{self, Part},
    desk::Desk,
    draft::Draft,
    exact,
    launch::Launch,
    live::LiveRun,
    pairs::pair_table,
    panel::{self, Panel},
};
use crate::{components::state::State, lazy::arriving, prelude::*};

type Made = Result<AnyView, SplitLoaderError>;

/// The form of a run, and what is open beside it.
pub fn request(launch: Launch) -> AnyView {
    arriving(Box::pin(make_request(launch)))
}

#[wasm_split(PlaygroundForm, wasm_split_path = ::leptos::wasm_split, fallible)]
fn make_request(launch: Launch) -> Made {
    let panel = State::default();
    Ok(view! { {composer::of_run(launch, panel)} {panel::panel_view(launch.draft, panel)} }.into_any())
}

/// A part of the form.
pub fn form(which: Part, draft: Draft, panel: State<Panel>) -> AnyView {
    arriving(Box::pin(make_form(which, draft, panel)))
}

#[wasm_split(PlaygroundForm, wasm_split_path = ::leptos::wasm_split, fallible)]
fn make_form(which: Part, draft: Draft, panel: State<Panel>) -> Made {
    Ok(which.view(draft, panel))
}

/// What is open beside the form.
pub fn beside(which: Panel, draft: Draft, panel: State<Panel>) -> AnyView {
    arriving(Box::pin(make_beside(which, draft, panel)))
}

#[wasm_split(PlaygroundForm, wasm_split_path = ::leptos::wasm_split, fallible)]
fn make_beside(which: Panel, draft: Draft, panel: State<Panel>) -> Made {
    Ok(panel::content(which, draft, panel))
}

/// What went over the wire.
pub fn wires(run: LiveRun, cell: CellId, sample: u16) -> AnyView {
    arriving(Box::pin(make_wires(run, cell, sample)))
}

#[wasm_split(PlaygroundMore, wasm_split_path = ::leptos::wasm_split, fallible)]
fn make_wires(run: LiveRun, cell: CellId, sample: u16) -> Made {
    Ok(exact::content(run, cell, sample))
}

/// Votes on pairs.
pub fn pairs(desk: Desk) -> AnyView {
    arriving(Box::pin(make_pairs(desk)))
}

#[wasm_split(PlaygroundMore, wasm_split_path = ::leptos::wasm_split, fallible)]
fn make_pairs(desk: Desk) -> Made {
    Ok(pair_table(desk))
}
