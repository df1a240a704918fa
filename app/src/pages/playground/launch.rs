//! Pressing *Run*, on whatever it stands: all of a grid, a column, a row, a cell, or what failed. As long as the form says what
//! the run on the page was made of, its cells run again; otherwise a new run begins, at an address of its own.

use domain::{
    ApiError,
    error::FieldErrors,
    id::RunId,
    run::{NewRun, Place},
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::draft::Draft;
use crate::{api, browser};

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    Column(u16),
    Row(u16),
    Cell(Place),
    /// Samples that failed or were stopped.
    Failed,
}

impl Scope {
    pub fn holds(self, place: Place) -> bool {
        match self {
            Self::All | Self::Failed => true,
            Self::Column(variant) => place.variant == variant,
            Self::Row(case) => place.case == case,
            Self::Cell(cell) => place == cell,
        }
    }
}

#[derive(Clone, Copy)]
pub struct Launch {
    pub draft: Draft,
    /// Runs cells of the run on the page again.
    again: Option<Callback<Scope>>,
    go: Callback<RunId>,
}

impl Launch {
    /// `again`: on the page of a run.
    pub fn new(draft: Draft, again: Option<Callback<Scope>>) -> Self {
        let navigate = use_navigate();
        let go = Callback::new(move |run: RunId| {
            let team = draft.team.get_untracked();
            navigate(&format!("/t/{team}/playground/{run}"), NavigateOptions::default());
        });
        Self { draft, again, go }
    }

    pub fn run(self, scope: Scope) {
        match self.again.filter(|_| scope == Scope::Failed || !self.draft.differs.get_untracked()) {
            Some(again) => again.run(scope),
            None => self.start(scope),
        }
    }

    pub fn has_run(self) -> bool {
        self.again.is_some()
    }

    fn start(self, scope: Scope) {
        if let Err(error) = self.check() {
            self.draft.tried.set(true);
            self.draft.submit.error.set(Some(error));
            return browser::focus_first_invalid();
        }
        let (team, grid) = (self.draft.team.get_untracked(), self.draft.grid.get_untracked());
        let mut only = Vec::new();
        if scope != Scope::All {
            let (variants, cases) = (0..small(grid.variants.len()), 0..small(grid.cases.len()));
            only.extend(variants.flat_map(|variant| cases.clone().map(move |case| Place { variant, case })));
            only.retain(|place| scope.holds(*place));
        }
        self.draft.tried.set(true);
        let input = NewRun { team, grid, name: String::new(), only };
        self.draft.submit.ask(api::runs::Start { input }, move |run| self.go.run(run));
    }

    /// What the browser can see is missing, before it asks the server.
    fn check(self) -> Result<(), ApiError> {
        let mut wrong = FieldErrors::default();
        self.draft.read(|grid| {
            if grid.variants.is_empty() {
                wrong.add("variants", "choose at least one model, two or more to compare");
            }
            let prompts = grid.variants.iter().map(|variant| grid.prompt_of(variant));
            let is_silent = |turns: &[domain::grid::Turn]| {
                turns.iter().all(|turn| turn.text.trim().is_empty() && turn.images.is_empty())
            };
            let has_cases = grid.cases.iter().any(|case| !is_silent(&case.turns));
            if !has_cases && prompts.into_iter().any(|prompt| is_silent(&prompt.turns)) {
                wrong.add("prompt.turns.0.text", "enter a prompt");
            }
        });
        wrong.finish()
    }
}

fn small(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
