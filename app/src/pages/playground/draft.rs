//! What is about to run: one grid in a signal, what the server says about it, and its keeping while there is no run.
//!
//! Typing changes the grid and renders nothing; adding and removing fields raises `shape`, and lists are made again. Never
//! here: views. One more thing that a form changes: a closure given to [`Draft::type_in`] or [`Draft::reshape`].

use domain::{
    error::FieldError,
    grid::{Case, Grid, MAX_VARIANTS, Prompt, Settings, Turn, Variant},
    run::Forecast,
};
use leptos::prelude::*;

use crate::{
    api::{self, models::ModelChoice, protocol::ask},
    components::{
        later::Later,
        reactive::{react, settled},
        state::State,
        submit::Submit,
        toast::Toasts,
    },
};

const FORECAST_MS: u64 = 400;
const SAVE_MS: u64 = 1_000;

/// Whose prompt or settings a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Of all columns that have none of their own.
    All,
    /// Of one column.
    Column(usize),
}

impl Owner {
    /// `prompt`, or `variants.2.prompt`: as the check of a grid names its fields.
    pub fn path(self, part: &str) -> String {
        match self {
            Self::All => part.to_owned(),
            Self::Column(index) => format!("variants.{index}.{part}"),
        }
    }

    pub fn prompt(self, grid: &mut Grid) -> Option<&mut Prompt> {
        match self {
            Self::All => Some(&mut grid.prompt),
            Self::Column(index) => grid.variants.get_mut(index)?.prompt.as_mut(),
        }
    }

    pub fn settings(self, grid: &mut Grid) -> Option<&mut Settings> {
        match self {
            Self::All => Some(&mut grid.settings),
            Self::Column(index) => grid.variants.get_mut(index)?.settings.as_mut(),
        }
    }
}

/// A list of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Messages {
    Prompt(Owner),
    Case(usize),
}

impl Messages {
    pub fn path(self) -> String {
        match self {
            Self::Prompt(owner) => format!("{}.turns", owner.path("prompt")),
            Self::Case(index) => format!("cases.{index}.turns"),
        }
    }

    pub fn of(self, grid: &mut Grid) -> Option<&mut Vec<Turn>> {
        match self {
            Self::Prompt(owner) => Some(&mut owner.prompt(grid)?.turns),
            Self::Case(index) => Some(&mut grid.cases.get_mut(index)?.turns),
        }
    }
}

/// Whether the server has the draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kept {
    #[default]
    Untouched,
    Waiting,
    Saved,
    Failed,
}

#[derive(Clone, Copy)]
pub struct Draft {
    pub team: Signal<String>,
    pub grid: State<Grid>,
    pub shape: State<u32>,
    /// Is it something else than the run on the page? Always, where there is none.
    pub differs: RwSignal<bool>,
    pub forecast: State<Option<Forecast>>,
    /// A newer forecast is on its way.
    pub asking: RwSignal<bool>,
    /// Somebody tried to run it: all wrong fields are shown, not only those that were left.
    pub tried: RwSignal<bool>,
    pub kept: State<Kept>,
    /// The run on its way to the server, and why it was refused.
    pub submit: Submit,
    pub toasts: Option<Toasts>,
    left: State<Vec<String>>,
    run: State<Option<Grid>>,
}

impl Draft {
    /// `run`: the grid of the run on the page.
    pub fn new(team: Signal<String>, grid: Grid, run: Option<Grid>) -> Self {
        Self {
            team,
            differs: RwSignal::new(run.as_ref() != Some(&grid)),
            grid: State::new(grid),
            shape: State::new(0),
            forecast: State::new(None),
            asking: RwSignal::new(false),
            tried: RwSignal::new(false),
            kept: State::new(Kept::Untouched),
            submit: Submit::new(),
            toasts: use_context(),
            left: State::new(Vec::new()),
            run: State::new(run),
        }
    }

    /// Keeps only models that exist, and chooses the first ones when none is left.
    pub fn prefill(self, all: &[ModelChoice], most: usize) {
        self.grid.change(|grid| {
            grid.variants.retain(|variant| all.iter().any(|model| model.name == variant.model));
            if grid.variants.is_empty() {
                grid.variants.extend(all.iter().take(most).map(|model| plain(&model.name)));
            }
        });
    }

    /// Puts these models in place of the columns; what a column has of its own stays where its model does.
    pub fn choose(self, models: &[String]) {
        self.grid.change(|grid| {
            let old = std::mem::take(&mut grid.variants);
            for name in models.iter().take(MAX_VARIANTS) {
                let known = old.iter().find(|variant| variant.model == *name);
                grid.variants.push(known.cloned().unwrap_or_else(|| plain(name)));
            }
        });
    }

    /// A change that needs nothing rendered: what was typed is in its box already.
    pub fn type_in(self, change: &dyn Fn(&mut Grid)) {
        // A field may still speak when its page has gone.
        if self.grid.is_gone() {
            return;
        }
        self.grid.update(|grid| change(grid));
        let differs = self.grid.with_untracked(|grid| self.run.with_untracked(|run| run.as_ref() != Some(grid)));
        if self.differs.get_untracked() != differs {
            self.differs.set(differs);
        }
    }

    /// A change by which fields come or go.
    pub fn reshape(self, change: &dyn Fn(&mut Grid)) {
        self.type_in(change);
        self.shape.update(|shape| *shape += 1);
    }

    pub fn read<T>(self, read: impl FnOnce(&Grid) -> T) -> T {
        self.grid.with_untracked(read)
    }

    /// The same through what finds a place for writing.
    pub fn look<T>(self, look: &dyn Fn(&mut Grid) -> Option<T>) -> Option<T> {
        self.grid.change(look).flatten()
    }

    /// Somebody went away from a field: from now on it says what is wrong with it.
    pub fn leave(self, path: &str) {
        if !self.left.with_untracked(|left| left.iter().any(|it| it == path)) {
            self.left.update(|left| left.push(path.to_owned()));
        }
    }

    /// What is wrong with a field, once somebody has left it or tried to run. While a newer forecast is on its way it says what
    /// it said: a line that comes and goes would move the button that somebody is about to press.
    pub fn problem(self, path: String) -> Signal<Option<String>> {
        let memo = Memo::new(move |before: Option<&Option<String>>| {
            let refused = self.submit.error.with(|error| of_field(&error.as_ref()?.fields, &path));
            if refused.is_some() {
                return refused;
            }
            let is_shown = self.tried.get() || self.left.with(|left| left.contains(&path));
            if !is_shown {
                return None;
            }
            if self.asking.get() {
                return before.cloned().flatten();
            }
            self.forecast.with(|forecast| of_field(&forecast.as_ref()?.problems, &path))
        });
        settled(memo).into()
    }

    /// Why a parameter has no effect: the reason when no column takes it, otherwise which ones do not.
    pub fn unsupported(self, owner: Owner, field: &str) -> (bool, String) {
        self.forecast.with(|forecast| match forecast {
            Some(forecast) => self.grid.with_untracked(|grid| unsupported(grid, forecast, owner, field)),
            None => (false, String::new()),
        })
    }

    /// Asks for the forecast and keeps the draft, from now on, after each change.
    pub fn watch(self, keeps: bool) {
        let asked = State::default();
        let forecast = Later::new(FORECAST_MS, move |turn| self.ask(asked, turn));
        asked.put(Some(forecast));
        let save = Later::new(SAVE_MS, move |_| self.save());
        let is_first = StoredValue::new(true);
        react(move || {
            self.grid.track();
            self.asking.set(true);
            if is_first.try_update_value(std::mem::take) == Some(true) {
                return forecast.now();
            }
            forecast.ask();
            if keeps {
                self.kept.set(Kept::Waiting);
                save.ask();
            }
        });
    }

    fn ask(self, later: State<Option<Later>>, turn: u32) {
        let Some(team) = self.team.try_get_untracked() else { return };
        let input = api::runs::AskForecast { team, grid: self.grid.get_untracked(), only: Vec::new() };
        ask(input, move |answer| {
            if later.get_untracked().is_some_and(|later| later.is_last(turn)) {
                // Without an answer the old one would be about something else.
                self.forecast.set(answer.ok());
                let _gone = self.asking.try_set(false);
            }
        });
    }

    fn save(self) {
        let Some(team) = self.team.try_get_untracked() else { return };
        let input = api::playground::SaveDraft { team, grid: self.grid.get_untracked() };
        ask(input, move |answer| self.kept.set(if answer.is_ok() { Kept::Saved } else { Kept::Failed }));
    }
}

/// A column that shares everything.
pub fn plain(model: &str) -> Variant {
    Variant { model: model.to_owned(), ..Variant::default() }
}

/// A row for one more case: the same variables, nothing in them.
pub fn blank_case(grid: &Grid) -> Case {
    let values = grid.variables().into_iter().map(|name| (name, String::new())).collect();
    Case { values, ..Case::default() }
}

fn of_field(problems: &[FieldError], path: &str) -> Option<String> {
    // Of a run that was refused, the grid is a part.
    let is_it = |it: &&FieldError| it.field.strip_prefix("grid.").unwrap_or(&it.field) == path;
    problems.iter().find(is_it).map(|it| it.message.clone())
}

fn unsupported(grid: &Grid, forecast: &Forecast, owner: Owner, field: &str) -> (bool, String) {
    let concerns = |index: usize, variant: &Variant| match owner {
        Owner::All => variant.settings.is_none(),
        Owner::Column(mine) => mine == index,
    };
    let (mut all, mut refused) = (0, Vec::new());
    for (index, variant) in grid.variants.iter().enumerate() {
        if !concerns(index, variant) {
            continue;
        }
        all += 1;
        let found = forecast.unsupported.iter().find(|it| usize::from(it.variant) == index && it.field == field);
        refused.extend(found.map(|it| (variant.model.clone(), it.reason.clone())));
    }
    match refused.first() {
        None => (false, String::new()),
        Some((_, reason)) if refused.len() == all => (true, crate::components::error_panel::sentence(reason)),
        Some(_) => {
            let names: Vec<String> = refused.into_iter().map(|(model, _)| model).collect();
            (false, format!("Not taken by {}.", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::{grid::Grid, run::Unsupported};

    use super::*;

    #[test]
    fn pg_5_a_parameter_is_disabled_only_when_no_column_takes_it() {
        let mut grid = Grid { variants: vec![plain("a"), plain("b")], ..Grid::default() };
        let not = |variant| Unsupported { variant, field: "seed".into(), reason: "the model has no seed".into() };
        let mut forecast = Forecast { unsupported: vec![not(1)], ..Forecast::default() };
        assert_eq!(unsupported(&grid, &forecast, Owner::All, "seed"), (false, "Not taken by b.".into()));
        assert_eq!(unsupported(&grid, &forecast, Owner::All, "top_k"), (false, String::new()));
        forecast.unsupported.push(not(0));
        assert_eq!(unsupported(&grid, &forecast, Owner::All, "seed"), (true, "The model has no seed.".into()));
        forecast.unsupported.remove(1);
        grid.variants[0].settings = Some(Settings::default());
        assert!(unsupported(&grid, &forecast, Owner::All, "seed").0);
        assert_eq!(unsupported(&grid, &forecast, Owner::Column(0), "seed"), (false, String::new()));
    }
}
