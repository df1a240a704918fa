//! The rows of the table about work: runs, the playground, history, verdicts.

use domain::{
    feedback::{GiveVerdict, NewVote, PairVote, Preference, Verdict, VerdictsQuery},
    grid::Grid,
    history::{HistoryQuery, NewView},
    id::{AttemptId, CaseSetId, CellId, ImageId, RequestId, RunId, ViewId},
    run::{Continue, DiffMode, NewCaseSet, NewRun, RunAgain, RunQuery},
};
use uuid::Uuid;

use super::{Operation, Target};
use crate::runs::{grid, new, place};

const NINE: Uuid = Uuid::from_u128(9);
const RUN: RunId = RunId(NINE);
const CELL: CellId = CellId(NINE);
const REQUEST: RequestId = RequestId(NINE);

/// Nothing of what is called unknown is there.
pub fn operations() -> Vec<(&'static str, Operation)> {
    runs().into_iter().chain(playground()).chain(history()).chain(feedback()).collect()
}

fn runs() -> Vec<(&'static str, Operation)> {
    operations![
        ("runs::start", c, a, t, control::runs::start(c, a, run())),
        ("runs::forecast", c, a, t, control::runs::forecast(c, a, "alpha", run().grid, vec![])),
        ("runs::list", c, a, t, control::runs::list(c, a, run_query())),
        ("runs::get (unknown)", c, a, t, control::runs::get(c, a, "alpha", RUN, None)),
        ("runs::events (unknown)", c, a, t, control::runs::events(c, a, RUN, 0, 1)),
        ("runs::exact (unknown)", c, a, t, control::runs::exact(c, a, "alpha", RUN, CELL, 0)),
        ("runs::diff (unknown)", c, a, t, control::runs::diff(c, a, "alpha", RUN, 0, DiffMode::Words)),
        ("runs::again (unknown)", c, a, t, control::runs::again(c, a, again())),
        ("runs::continue_turn (unknown)", c, a, t, control::runs::continue_turn(c, a, continued())),
        ("runs::rename (unknown)", c, a, t, control::runs::rename(c, a, "alpha", RUN, "x")),
        ("runs::stop_cell (unknown)", c, a, t, control::runs::stop_cell(c, a, "alpha", RUN, CELL)),
        ("runs::cancel (unknown)", c, a, t, control::runs::cancel(c, a, "alpha", RUN)),
    ]
    .into()
}

fn playground() -> Vec<(&'static str, Operation)> {
    operations![
        ("playground::draft", c, a, t, control::playground::draft(c, a, "alpha")),
        ("playground::save_draft", c, a, t, control::playground::save_draft(c, a, "alpha", Grid::default())),
        ("playground::add_image (none)", c, a, t, control::playground::add_image(c, a, "alpha", "")),
        ("playground::image (unknown)", c, a, t, control::playground::image(c, a, "alpha", ImageId(NINE))),
        ("playground::read_cases", c, a, t, control::playground::read_cases(c, a, "a\n1\n")),
        ("playground::case_sets", c, a, t, control::playground::case_sets(c, a, "alpha")),
        ("playground::case_set (unknown)", c, a, t, control::playground::case_set(c, a, "alpha", CaseSetId(NINE))),
        ("playground::save_case_set", c, a, t, control::playground::save_case_set(c, a, case_set(t))),
        (
            "playground::remove_set (unknown)",
            c,
            a,
            t,
            control::playground::remove_case_set(c, a, "alpha", CaseSetId(NINE))
        ),
    ]
    .into()
}

fn history() -> Vec<(&'static str, Operation)> {
    operations![
        ("history::list", c, a, t, control::history::list(c, a, query())),
        ("history::facets", c, a, t, control::history::facets(c, a, query())),
        ("history::around (unknown)", c, a, t, control::history::around(c, a, query(), REQUEST)),
        ("history::newer", c, a, t, control::history::newer(c, a, query(), Some(AttemptId(NINE)))),
        ("history::exported", c, a, t, control::history::exported(c, a, "alpha")),
        ("history::get (unknown)", c, a, t, control::history::get(c, a, "alpha", REQUEST)),
        ("history::content (unknown)", c, a, t, control::history::content(c, a, "alpha", REQUEST)),
        ("history::set_task (unknown)", c, a, t, control::history::set_task(c, a, "alpha", REQUEST, None)),
        ("history::replay (unknown)", c, a, t, control::history::replay(c, a, "alpha", REQUEST)),
        ("history::compare (unknown)", c, a, t, control::history::compare(c, a, "alpha", two(), DiffMode::Words)),
        ("history::views", c, a, t, control::history::views(c, a, "alpha")),
        ("history::save_view", c, a, t, control::history::save_view(c, a, view(t))),
        ("history::remove_view (unknown)", c, a, t, control::history::remove_view(c, a, "alpha", ViewId(NINE))),
    ]
    .into()
}

fn feedback() -> Vec<(&'static str, Operation)> {
    operations![
        ("feedback::give (unknown)", c, a, t, control::feedback::give(c, a, verdict())),
        ("feedback::vote (unknown)", c, a, t, control::feedback::vote(c, a, vote())),
        ("feedback::pairs (unknown)", c, a, t, control::feedback::pairs(c, a, "alpha", RUN)),
        ("feedback::report", c, a, t, control::feedback::report(c, a, verdicts())),
    ]
    .into()
}

fn alpha() -> String {
    "alpha".to_owned()
}

fn run() -> NewRun {
    new(grid(&["big"], &["trees"]))
}

fn run_query() -> RunQuery {
    RunQuery { team: alpha(), ..RunQuery::default() }
}

fn again() -> RunAgain {
    RunAgain { team: alpha(), run: RUN, cells: vec![], failed_only: false }
}

fn continued() -> Continue {
    Continue { team: alpha(), run: RUN, cell: CELL, sample: 0, results: vec![] }
}

fn case_set(target: &Target) -> NewCaseSet {
    NewCaseSet { team: alpha(), name: format!("set {}", target.nr), shared: true, cases: run().grid.cases }
}

fn query() -> HistoryQuery {
    HistoryQuery { team: alpha(), ..HistoryQuery::default() }
}

fn two() -> Vec<RequestId> {
    vec![REQUEST, RequestId(Uuid::from_u128(10))]
}

fn view(target: &Target) -> NewView {
    NewView { team: alpha(), name: format!("view {}", target.nr), query: String::new(), shared: true }
}

fn verdict() -> GiveVerdict {
    GiveVerdict { team: alpha(), request: REQUEST, verdict: Verdict::default(), kept: None }
}

fn vote() -> NewVote {
    let vote = PairVote { left: place(0, 0), right: place(1, 0), preference: Preference::Tie, blind: false };
    NewVote { team: alpha(), run: RUN, vote }
}

fn verdicts() -> VerdictsQuery {
    VerdictsQuery { team: alpha(), ..VerdictsQuery::default() }
}
