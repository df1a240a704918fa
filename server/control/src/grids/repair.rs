//! A grid without what is wrong in it, so that the rest of an unfinished form has a cost. Pure.

use std::collections::HashSet;

use domain::{
    grid::{Case, Grid, MAX_CASES, MAX_SAMPLES, MAX_VARIANTS, Prompt, Settings},
    run::Place,
};

use super::Checked;

/// The grid with defaults in place of what is wrong, and those of the places that are said as they were typed. `None`: nothing
/// of it can be judged.
pub(crate) fn repaired(grid: &Grid, checked: &Checked, asked: &[Place]) -> Option<(Grid, Vec<Place>)> {
    let wrong = Wrong::of(checked);
    let mut able: Vec<Place> = asked.iter().copied().filter(|place| checked.may_run(*place)).collect();
    able.retain(|place| {
        let variant = grid.variants.get(usize::from(place.variant));
        let is_shared_wrong = |variant: &domain::grid::Variant| {
            wrong.prompt && variant.prompt.is_none() || wrong.settings && variant.settings.is_none()
        };
        let is_wrong = variant.is_none_or(is_shared_wrong) || wrong.cases.contains(&usize::from(place.case));
        !is_wrong && !wrong.variants.contains(&usize::from(place.variant))
    });
    let mut grid = grid.clone();
    grid.variants.truncate(MAX_VARIANTS);
    grid.cases.truncate(MAX_CASES);
    grid.samples = grid.samples.clamp(1, MAX_SAMPLES);
    if wrong.prompt {
        grid.prompt = Prompt::default();
    }
    if wrong.settings {
        grid.settings = Settings::default();
    }
    for index in &wrong.variants {
        if let Some(variant) = grid.variants.get_mut(*index) {
            (variant.prompt, variant.settings) = (None, None);
        }
    }
    for index in &wrong.cases {
        if let Some(case) = grid.cases.get_mut(*index) {
            *case = Case::default();
        }
    }
    grid.check().finish().is_ok().then_some((grid, able))
}

/// The parts that wrong fields belong to.
#[derive(Default)]
struct Wrong {
    prompt: bool,
    settings: bool,
    variants: HashSet<usize>,
    cases: HashSet<usize>,
}

impl Wrong {
    fn of(checked: &Checked) -> Self {
        let mut wrong = Self::default();
        for fault in &checked.wrong {
            let mut path = fault.field.split('.');
            let (part, index) = (path.next(), path.next().and_then(|index| index.parse().ok()));
            match (part, index) {
                (Some("prompt"), _) => wrong.prompt = true,
                (Some("settings"), _) => wrong.settings = true,
                (Some("variants"), Some(index)) => drop(wrong.variants.insert(index)),
                (Some("cases"), Some(index)) => drop(wrong.cases.insert(index)),
                _ => {}
            }
        }
        wrong
    }
}
