//! How answers differ from those of the base column: asked of the server, shown in the cells with signs.

use domain::run::{CellDiff, DiffKind, DiffMode, DiffPart, Place};

use super::{address::Address, live::LiveRun};
use crate::{
    api::{self, protocol::ask},
    components::{
        erase::{Erase, views},
        later::Later,
        reactive::react,
        state::State,
    },
    format::marked,
    prelude::*,
};

/// After an answer ended, the differences are asked for again this much later.
const AGAIN_MS: u64 = 400;

#[derive(Clone, Copy)]
pub struct Diffs {
    found: State<Vec<CellDiff>>,
    /// What `found` answers: the base and the mode.
    of: State<Option<(u16, DiffMode)>>,
}

impl Diffs {
    pub fn new(run: LiveRun, address: Address) -> Self {
        let it = Self { found: State::default(), of: State::default() };
        let ask = Later::new(AGAIN_MS, move |_| it.fetch(run, address));
        let first = StoredValue::new(true);
        react(move || {
            run.ended.track();
            let look = address.look();
            // An address may name a column that the run does not have.
            let asked = look.base.filter(|base| usize::from(*base) < run.columns()).map(|base| (base, look.diff));
            match asked {
                None => it.of.set(None),
                // Another question is answered at once, a new answer after a while.
                Some(_) if it.of.get_untracked() != asked || first.get_value() => ask.now(),
                Some(_) => ask.ask(),
            }
            first.set_value(false);
        });
        it
    }

    fn fetch(self, run: LiveRun, address: Address) {
        let Some(team) = run.team.try_get_value() else { return };
        let look = address.look_now();
        let Some(base) = look.base else { return };
        ask(api::runs::Diff { team, run: run.id, base, mode: look.diff }, move |answer| match answer {
            Ok(found) => {
                self.found.set(found);
                self.of.set(Some((base, look.diff)));
            }
            Err(failure) => run.tell(&failure.0.message),
        });
    }

    /// `None`: not compared. An empty list: the same text.
    pub fn at(self, place: Place) -> Option<Vec<DiffPart>> {
        let (base, _) = self.of.get()?;
        if place.variant == base {
            return None;
        }
        self.found.with(|found| found.iter().find(|it| it.place == place).map(|it| it.parts.clone()))
    }

    /// Does any answer of the row differ from that of the base?
    pub fn differs(self, case: u16) -> bool {
        self.of.get().is_none()
            || self.found.with(|found| found.iter().any(|it| it.place.case == case && !it.parts.is_empty()))
    }
}

/// Stretches with `+` and `-`: in lines when they are lines.
pub fn diff_view(parts: Vec<DiffPart>) -> AnyView {
    let rows = views(parts, &|part| {
        let text = marked(&part.text);
        match part.kind {
            DiffKind::Same => text.into_any(),
            DiffKind::Added => view! { <ins>{sign("+")} {text}</ins> }.erase(),
            DiffKind::Removed => view! { <del>{sign("−")} {text}</del> }.erase(),
        }
    });
    view! { <div class="diff">{rows}</div> }.erase()
}

fn sign(sign: &'static str) -> AnyView {
    view! { <span class="diff-sign">{sign}</span> }.erase()
}
