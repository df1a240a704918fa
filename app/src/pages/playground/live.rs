//! The state of a run in the browser: what the server rendered, completed by events. Text that arrives is gathered and shown
//! in turns.

use domain::{
    Money,
    event::{RunEvent, RunEventKind},
    grid::Grid,
    id::{CellId, RunId},
    run::{CellMetrics, CellState, Place, Progress, RunView},
    text::thousands,
};
use leptos::{prelude::*, server_fn::ServerFn};
use serde::Serialize;

pub use self::cell::{LiveCell, LiveSample, state_word};
use self::frames::Frames;
use crate::{
    api::{self, Failure, protocol::ask},
    components::{announcer::Announcer, later::Later, reactive::react, state::State, toast::Toasts},
    events::{Feed, FeedState, News, Topic},
    format::duration,
};

mod again;
mod cell;
mod frames;

/// The sums of a run are asked for again this long after something ended.
const TOTALS_MS: u64 = 700;

/// What a run has cost and how far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub progress: Progress,
    pub cost: Money,
    pub unpriced: bool,
}

/// A run, its columns and its first rows.
#[derive(Clone, Copy)]
pub struct LiveRun {
    pub id: RunId,
    pub team: StoredValue<String>,
    /// Never changes.
    pub grid: State<Grid>,
    pub may_change: bool,
    pub finished: RwSignal<bool>,
    pub stopping: RwSignal<bool>,
    pub totals: State<Totals>,
    /// By case and then by variant.
    pub cells: State<Vec<LiveCell>>,
    /// So many of its rows are here.
    pub rows: State<u32>,
    /// Rises whenever a sample ends: what is made of whole answers is asked for again.
    pub ended: State<u32>,
    pub feed: State<Option<Feed>>,
    /// How often its state was asked for: an answer that was overtaken is about the past.
    asked: StoredValue<u32>,
    frames: Frames,
    later: State<Option<Later>>,
    /// What is made while events arrive belongs to the page, not to nobody.
    owner: State<Option<Owner>>,
    announcer: Option<Announcer>,
    toasts: Option<Toasts>,
}

impl LiveRun {
    pub fn new(view: RunView) -> Self {
        let RunView { id, team, grid, finished, progress, cost, unpriced, cells, rows, may_change, .. } = view;
        let cells = State::new(cells.into_iter().map(LiveCell::new).collect());
        let it = Self {
            id,
            team: StoredValue::new(team),
            grid: State::new(grid),
            may_change,
            finished: RwSignal::new(finished),
            stopping: RwSignal::new(false),
            totals: State::new(Totals { progress, cost, unpriced }),
            cells,
            rows: State::new(rows),
            ended: State::new(0),
            feed: State::default(),
            asked: StoredValue::new(0),
            frames: Frames::new(cells),
            later: State::default(),
            owner: State::new(Owner::current()),
            announcer: use_context::<Announcer>(),
            toasts: use_context::<Toasts>(),
        };
        it.later.put(Some(Later::new(TOTALS_MS, move |_| it.fetch_totals())));
        it
    }

    pub fn columns(self) -> usize {
        self.grid.with_untracked(|grid| grid.variants.len())
    }

    pub fn cases(self) -> usize {
        self.grid.with_untracked(|grid| grid.cases.len())
    }

    pub fn model(self, variant: u16) -> String {
        let model = |grid: &Grid| grid.variants.get(usize::from(variant)).map(|it| it.model.clone());
        self.grid.with_untracked(model).unwrap_or_default()
    }

    /// Goes on from `cursor` in the browser, until the run or the page ends.
    pub fn follow(self, cursor: i64) -> RwSignal<FeedState> {
        let news = Callback::new(move |news: News| match news {
            News::Run(event) => self.hear(*event),
            News::History(_) => {}
        });
        let lost = Callback::new(move |()| self.fetch_again());
        let feed = Feed::new(Topic::Run(self.id), news, lost);
        self.feed.put(Some(feed));
        react(move || {
            feed.watch_visibility();
            if !self.finished.get_untracked() {
                feed.open(cursor.to_string());
            }
        });
        on_cleanup(move || feed.leave());
        feed.state
    }

    pub fn cell(self, id: CellId) -> Option<LiveCell> {
        self.cells.with_untracked(|cells| cells.iter().find(|cell| cell.id == id).copied())
    }

    pub fn cell_at(self, place: Place) -> Option<LiveCell> {
        self.cells.with(|cells| cells.iter().find(|cell| cell.place == place).copied())
    }

    fn hear(self, event: RunEvent) {
        match event.what {
            RunEventKind::Start { cell, sample, take } => {
                if let Some(cell) = self.cell(cell) {
                    self.owned(|| cell.begin(sample, take));
                }
            }
            RunEventKind::Delta { cell, sample, text } => {
                if let Some(sample) = self.cell(cell).and_then(|cell| cell.sample(sample)) {
                    sample.gather(&text);
                    self.frames.ask();
                }
            }
            RunEventKind::Tool { cell, sample, call } => {
                if let Some(sample) = self.cell(cell).and_then(|cell| cell.sample(sample)) {
                    sample.note_call(call);
                }
            }
            RunEventKind::Done { cell, sample, metrics } => self.end(cell, sample, CellState::Done, metrics, None),
            RunEventKind::Stopped { cell, sample, metrics } => {
                self.end(cell, sample, CellState::Stopped, metrics, None);
            }
            RunEventKind::Error { cell, sample, message, metrics } => {
                self.end(cell, sample, CellState::Failed, metrics, Some(message));
            }
            RunEventKind::RunChanged => self.fetch_again(),
            RunEventKind::RunDone => {
                self.finish();
                self.ask_totals();
            }
        }
    }

    fn end(self, cell: CellId, sample: u16, state: CellState, metrics: CellMetrics, message: Option<String>) {
        self.ask_totals();
        self.ended.update(|ended| *ended += 1);
        let Some(cell) = self.cell(cell) else { return };
        let Some(sample) = cell.sample(sample) else { return };
        sample.error.set(message);
        sample.end(state, metrics);
        request_animation_frame(move || cell.follow());
        cell.stopping.set(false);
        if let Some(announcer) = self.announcer {
            announcer.say(&self.sentence(cell, sample));
        }
    }

    /// "demo-fast finished, 412 tokens, 3.1 s"
    fn sentence(self, cell: LiveCell, sample: LiveSample) -> String {
        let metrics = sample.metrics.get_untracked();
        let mut parts =
            vec![format!("{} {}", self.model(cell.place.variant), state_word(sample.state.get_untracked()))];
        parts.extend(metrics.usage.map(|usage| format!("{} tokens", thousands(usage.total_output()))));
        parts.extend(metrics.total_ms.map(duration));
        parts.join(", ")
    }

    fn finish(self) {
        self.flush();
        self.finished.set(true);
        self.stopping.set(false);
        if let Some(feed) = self.feed.get_untracked() {
            feed.close();
        }
    }

    fn flush(self) {
        for cell in self.cells.get_untracked().into_iter().filter(|cell| cell.flush()) {
            request_animation_frame(move || cell.follow());
        }
    }

    /// Runs something that makes signals.
    fn owned(self, make: impl FnOnce()) {
        match self.owner.get_untracked() {
            Some(owner) => owner.with(make),
            None => make(),
        }
    }

    fn ask_totals(self) {
        if let Some(later) = self.later.get_untracked() {
            later.ask();
        }
    }

    fn fetch_totals(self) {
        let Some(team) = self.team.try_get_value() else { return };
        ask(api::runs::Get { team, run: self.id, rows: Some(0) }, move |answer| {
            if let Ok(RunView { progress, cost, unpriced, .. }) = answer {
                self.totals.set(Totals { progress, cost, unpriced });
            }
        });
    }

    /// Events are missing, or cells were queued again: the stored state is the truth, and its cursor the place to go on from.
    pub fn fetch_again(self) {
        self.fetch_rows(None, None);
    }

    /// The same with more rows; `then` runs when they are here.
    pub fn fetch_rows(self, rows: Option<u32>, then: Option<Callback<()>>) {
        let Some(team) = self.team.try_get_value() else { return };
        let wanted = rows.unwrap_or_default().max(self.rows.get_untracked());
        let turn = self.asked.get_value().wrapping_add(1);
        self.asked.set_value(turn);
        ask(api::runs::Get { team, run: self.id, rows: Some(wanted) }, move |answer| {
            // None: the page is gone.
            let Some(feed) = self.feed.get_untracked() else { return };
            match answer {
                _ if rows.is_none() && self.asked.get_value() != turn => {}
                Ok(view) => {
                    self.adopt(view, feed);
                    if let Some(then) = then {
                        then.run(());
                    }
                }
                // A run that was over has no news to wait for.
                Err(_) if rows.is_none() && self.finished.get_untracked() => {}
                Err(_) if rows.is_none() => feed.retry(),
                Err(failure) => self.tell(&failure.0.message),
            }
        });
    }

    fn adopt(self, view: RunView, feed: Feed) {
        let RunView { finished, cursor, cells, rows, progress, cost, unpriced, .. } = view;
        self.totals.set(Totals { progress, cost, unpriced });
        let mut is_new = false;
        self.owned(|| {
            let mut fresh = Vec::new();
            for view in cells {
                match self.cell(view.id) {
                    Some(cell) => is_new |= cell.replace(view),
                    None => fresh.push(LiveCell::new(view)),
                }
            }
            if !fresh.is_empty() {
                is_new = true;
                self.cells.update(|cells| cells.extend(fresh));
            }
        });
        if self.rows.get_untracked() != rows {
            self.rows.set(rows);
        }
        if is_new {
            self.ended.update(|ended| *ended += 1);
        }
        if finished {
            self.finish();
        } else {
            self.finished.set(false);
            feed.open(cursor.to_string());
        }
    }

    pub fn stop_cell(self, cell: LiveCell) {
        if cell.stopping.get_untracked() || !cell.is_running_untracked() {
            return;
        }
        cell.stopping.set(true);
        let input = api::runs::StopCell { team: self.team.get_value(), run: self.id, cell: cell.id };
        self.stop(input, cell.stopping);
    }

    pub fn stop_all(self) {
        if self.finished.get_untracked() {
            return;
        }
        self.stopping.set(true);
        self.stop(api::runs::Cancel { team: self.team.get_value(), run: self.id }, self.stopping);
    }

    /// What was not stopped is not stopping either.
    fn stop<I>(self, input: I, stopping: RwSignal<bool>)
    where
        I: ServerFn<Error = Failure, Output = ()> + Serialize,
    {
        ask(input, move |answer| {
            if let Err(failure) = answer {
                let _gone = stopping.try_set(false);
                self.tell(&failure.0.message);
            }
        });
    }

    pub fn tell(self, message: &str) {
        if let Some(toasts) = self.toasts {
            toasts.problem(crate::components::error_panel::sentence(message));
        }
    }
}
