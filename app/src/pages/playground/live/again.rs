//! Cells of a run on their way to the server once more.

use domain::{id::CellId, run::RunAgain};
use leptos::prelude::*;

use super::{super::launch::Scope, LiveRun};
use crate::{api, components::submit::Submit};

impl LiveRun {
    pub fn again(self, submit: Submit, scope: Scope) {
        let is_all_here = self.cells.with_untracked(Vec::len) >= self.columns() * self.cases();
        if matches!(scope, Scope::Column(_)) && !is_all_here {
            // The cells below have no ids here yet.
            let all = u32::try_from(self.cases()).unwrap_or(u32::MAX);
            let then = Callback::new(move |()| self.queue(submit, scope));
            return self.fetch_rows(Some(all), Some(then));
        }
        self.queue(submit, scope);
    }

    fn queue(self, submit: Submit, scope: Scope) {
        let failed_only = scope == Scope::Failed;
        let cells: Vec<CellId> = match scope {
            Scope::All | Scope::Failed => Vec::new(),
            _ => self
                .cells
                .with_untracked(|all| all.iter().filter(|cell| scope.holds(cell.place)).map(|cell| cell.id).collect()),
        };
        let input = RunAgain { team: self.team.get_value(), run: self.id, cells, failed_only };
        submit.ask(api::runs::Again { input }, move |samples: u32| match samples {
            0 => self.tell("nothing to run: these cells are running already"),
            _ => self.fetch_again(),
        });
    }
}
