//! What the parts of a run share: the run, how it is looked at, and what its keys do.

use domain::{id::CellId, run::Place};
use leptos::{ev, prelude::*};

use super::{
    address::{Address, Layout},
    blind::Blind,
    diff::Diffs,
    launch::{Launch, Scope},
    live::{LiveCell, LiveRun},
};
use crate::{browser, components::state::State};

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Body {
    #[default]
    Rendered,
    Plain,
    Json,
}

impl Body {
    pub const ALL: [(Self, &'static str, &'static str); 3] =
        [(Self::Rendered, "rendered", "Rendered"), (Self::Plain, "plain", "Plain"), (Self::Json, "json", "JSON")];
}

#[derive(Clone, Copy)]
pub struct Desk {
    pub run: LiveRun,
    pub launch: Launch,
    pub address: Address,
    pub diffs: Diffs,
    pub blind: Blind,
    pub body: State<Body>,
    /// Scrolling one answer scrolls the others of its row.
    pub linked: RwSignal<bool>,
    pub focused: State<Option<Place>>,
    /// The sample whose exact request is open.
    pub exact: State<Option<(CellId, u16)>>,
    /// Which column a narrow screen shows.
    pub in_view: State<u32>,
}

impl Desk {
    pub fn new(launch: Launch, run: LiveRun, address: Address, blind: Blind) -> Self {
        let diffs = Diffs::new(run, address);
        Self {
            run,
            launch,
            address,
            diffs,
            blind,
            body: State::default(),
            linked: RwSignal::new(false),
            focused: State::default(),
            exact: State::default(),
            in_view: State::default(),
        }
    }

    /// Columns in the order of the screen.
    pub fn order(self) -> Vec<u16> {
        match self.address.look().blind {
            true => self.blind.shuffled(),
            false => (0..small(self.run.columns())).collect(),
        }
    }

    /// Rows on the screen.
    pub fn shown(self) -> Vec<u16> {
        let look = self.address.look();
        let cases = u32::from(small(self.run.cases())).min(self.run.rows.get());
        let is_different = |case: &u16| !look.only_different || look.base.is_none() || self.diffs.differs(*case);
        let all: Vec<u16> = (0..small(cases as usize)).filter(is_different).collect();
        match (look.layout, look.at) {
            (Layout::Grid, _) => all,
            // One row: that of the address, or the first one.
            (_, at) => {
                let wanted = at.map(|at| at.case).filter(|case| u32::from(*case) < cases);
                wanted.or(all.first().copied()).into_iter().collect()
            }
        }
    }

    /// What a column is called while names may be hidden.
    pub fn name(self, variant: u16) -> String {
        if self.blind.hidden.get() { self.blind.letter(variant) } else { self.run.model(variant) }
    }

    /// "gpt-4o, case 3"; the row only where there are several.
    pub fn title(self, place: Place) -> String {
        let name = self.name(place.variant);
        if self.run.cases() > 1 { format!("{name}, case {}", place.case + 1) } else { name }
    }

    /// The place of the focus view.
    pub fn at(self) -> Place {
        let first = self.order().first().copied().unwrap_or_default();
        let columns = u16::try_from(self.run.columns()).unwrap_or(u16::MAX);
        let case = self.shown().first().copied().unwrap_or_default();
        let wanted = self.address.look().at.map(|at| at.variant).filter(|variant| *variant < columns);
        Place { variant: wanted.unwrap_or(first), case }
    }

    /// Goes `columns` to the right and `rows` down, as far as there are any.
    pub fn step(self, from: Place, columns: isize, rows: isize) -> Place {
        let order = untrack(|| self.order());
        let column = order.iter().position(|it| *it == from.variant).unwrap_or_default();
        let variant = order.get(column.saturating_add_signed(columns)).copied().unwrap_or(from.variant);
        let last = u16::try_from(self.run.cases()).unwrap_or(u16::MAX).saturating_sub(1);
        let rows = i16::try_from(rows).unwrap_or_default();
        Place { variant, case: from.case.saturating_add_signed(rows).min(last) }
    }

    /// Shows another cell or row.
    pub fn go(self, place: Place) {
        if u32::from(place.case) >= self.run.rows.get_untracked() {
            self.load_more();
        }
        self.address.change(|look| look.at = Some(place));
    }

    pub fn load_more(self) {
        let rows = self.run.rows.get_untracked() + domain::run::ROWS_SHOWN;
        self.run.fetch_rows(Some(rows), None);
    }

    fn focused_cell(self) -> Option<LiveCell> {
        let place = self.focused.get_untracked()?;
        untrack(|| self.run.cell_at(place))
    }

    /// The shortcuts of `ui.md` 7. Tells whether the key was one.
    pub fn key(self, event: &ev::KeyboardEvent) -> bool {
        let key = event.key();
        let is_held = event.ctrl_key() || event.meta_key();
        match key.as_str() {
            "." if is_held => self.run.stop_all(),
            "Enter" if event.shift_key() && !browser::is_typing(event) => match self.focused.get_untracked() {
                Some(place) => self.launch.run(Scope::Cell(place)),
                None => return false,
            },
            "Escape" if !browser::has_layer() => match self.focused_cell() {
                Some(cell) => self.run.stop_cell(cell),
                None => return false,
            },
            "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" if !browser::is_typing(event) => {
                return self.arrow(&key, event.alt_key());
            }
            _ => return false,
        }
        true
    }

    /// Left and right go from column to column; up and down scroll, and go from row to row with Alt.
    fn arrow(self, key: &str, is_alt: bool) -> bool {
        let Some(from) = self.focused.get_untracked() else { return false };
        let to = match key {
            "ArrowLeft" => self.step(from, -1, 0),
            "ArrowRight" => self.step(from, 1, 0),
            "ArrowUp" if is_alt => self.step(from, 0, -1),
            "ArrowDown" if is_alt => self.step(from, 0, 1),
            _ => return false,
        };
        if to == from {
            return false;
        }
        if self.address.look_now().layout != Layout::Grid {
            self.go(to);
        }
        request_animation_frame(move || {
            if let Some(cell) = untrack(|| self.run.cell_at(to)) {
                browser::focus(&cell.body_id());
            }
        });
        true
    }

    /// Scrolls the other answers of a row to where this one is.
    pub fn scrolled(self, cell: LiveCell) {
        let share = browser::scrolled(&cell.body_id());
        // A last scroll may be told when the page has gone.
        if cell.at_end.try_set_value(share >= 1_000).is_some() || !self.linked.get_untracked() {
            return;
        }
        // Those that follow are told to scroll too: only the one with the focus leads, while there is one in the row.
        if self.focused.get_untracked().is_some_and(|at| at.case == cell.place.case && at != cell.place) {
            return;
        }
        let row = self.run.cells.with_untracked(|cells| {
            cells.iter().filter(|it| it.place.case == cell.place.case && it.id != cell.id).copied().collect::<Vec<_>>()
        });
        for other in row {
            browser::scroll_to_share(&other.body_id(), share);
        }
    }
}

fn small(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
