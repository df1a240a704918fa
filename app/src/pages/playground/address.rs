//! How a run is looked at, as the address says it: `view`, `base`, `diff`, `cell`, `only`, `blind`. Never what was said
//! (`ui.md` 9): a prompt in an address would be in every log on its way.

use domain::run::{DiffMode, Place};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_query_map},
    params::ParamsMap,
};

use crate::format::query_value;

/// How the cells are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    #[default]
    Grid,
    /// One row, its columns as a strip.
    Scroll,
    /// One cell.
    Focus,
}

impl Layout {
    pub const ALL: [(Self, &'static str, &'static str); 3] =
        [(Self::Grid, "grid", "Grid"), (Self::Scroll, "scroll", "Row"), (Self::Focus, "focus", "Focus")];
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub layout: Layout,
    /// The column that the others are compared with.
    pub base: Option<u16>,
    pub diff: DiffMode,
    /// Only rows where an answer differs from that of the base.
    pub only_different: bool,
    /// The cell of the focus view, the row of the scroll view.
    pub at: Option<Place>,
    /// Names are hidden until somebody voted.
    pub blind: bool,
}

pub const DIFFS: [(DiffMode, &str, &str); 3] =
    [(DiffMode::Words, "words", "Words"), (DiffMode::Lines, "lines", "Lines"), (DiffMode::Json, "json", "JSON")];

impl Look {
    pub fn read(text: &dyn Fn(&str) -> Option<String>) -> Self {
        let named = |name: &str| text(name).unwrap_or_default();
        let (layout, diff) = (named("view"), named("diff"));
        Self {
            layout: Layout::ALL.iter().find(|it| it.1 == layout).map(|it| it.0).unwrap_or_default(),
            base: text("base").and_then(|it| it.parse().ok()),
            diff: DIFFS.iter().find(|it| it.1 == diff).map(|it| it.0).unwrap_or_default(),
            only_different: text("only").is_some(),
            at: text("cell").and_then(|it| place(&it)),
            blind: text("blind").is_some(),
        }
    }

    /// What follows `?`. Defaults are left out.
    pub fn write(self) -> String {
        let mut parts = Vec::new();
        parts.extend(Layout::ALL.iter().skip(1).find(|it| it.0 == self.layout).map(|it| format!("view={}", it.1)));
        parts.extend(self.base.map(|base| format!("base={base}")));
        parts.extend(DIFFS.iter().skip(1).find(|it| it.0 == self.diff).map(|it| format!("diff={}", it.1)));
        parts.extend(self.only_different.then(|| "only=different".to_owned()));
        parts.extend(self.at.map(|at| format!("cell={}.{}", at.variant, at.case)));
        parts.extend(self.blind.then(|| "blind=1".to_owned()));
        parts.join("&")
    }
}

fn place(text: &str) -> Option<Place> {
    let (variant, case) = text.split_once('.')?;
    Some(Place { variant: variant.parse().ok()?, case: case.parse().ok()? })
}

/// The address of the page, read and written.
#[derive(Clone, Copy)]
pub struct Address {
    query: Memo<ParamsMap>,
    go: Callback<String>,
}

impl Address {
    pub fn of_page() -> Self {
        let query = crate::components::reactive::settled(use_query_map());
        let path = crate::components::reactive::settled(use_location().pathname);
        let navigate = use_navigate();
        let go = Callback::new(move |query: String| {
            let mark = if query.is_empty() { "" } else { "?" };
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&format!("{}{mark}{query}", path.get_untracked()), options);
        });
        Self { query, go }
    }

    pub fn look(self) -> Look {
        self.query.with(|query| Look::read(&|name| query.get(name)))
    }

    pub fn look_now(self) -> Look {
        untrack(|| self.look())
    }

    /// Names in `models=`.
    pub fn models(self) -> Vec<String> {
        let models = self.query.with_untracked(|query| query.get("models")).unwrap_or_default();
        models.split(',').filter(|it| !it.is_empty()).map(str::to_owned).collect()
    }

    pub fn change(self, change: impl FnOnce(&mut Look)) {
        let mut look = self.look_now();
        change(&mut look);
        self.go.run(look.write());
    }

    /// The columns of a page without a run.
    pub fn name_models(self, models: &[String]) {
        let names: Vec<String> = models.iter().map(|it| query_value(it)).collect();
        self.go.run(format!("models={}", names.join(",")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Look {
        let text = |name: &str| {
            query.split('&').find_map(|pair| pair.split_once('=').filter(|it| it.0 == name).map(|it| it.1.to_owned()))
        };
        Look::read(&text)
    }

    #[test]
    fn pg_15_the_address_reads_back_what_it_writes_and_leaves_defaults_out() {
        assert_eq!(Look::default().write(), "");
        let place = Place { variant: 1, case: 3 };
        for layout in Layout::ALL.map(|it| it.0) {
            for diff in DIFFS.map(|it| it.0) {
                let look = Look { layout, base: Some(0), diff, only_different: true, at: Some(place), blind: true };
                assert_eq!(read(&look.write()), look);
            }
        }
        assert_eq!(read(&Look::default().write()), Look::default());
    }

    #[test]
    fn nonsense_in_the_address_is_the_default() {
        assert_eq!(read("view=x&base=-1&diff=&cell=1&cell=a.b"), Look::default());
    }
}
