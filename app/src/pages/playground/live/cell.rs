//! One cell and its samples while they stream.

use domain::{
    feedback::Verdict,
    id::CellId,
    run::{CellMetrics, CellState, CellView, Place, SampleView, ToolCall},
};
use leptos::prelude::*;

use crate::{
    browser,
    components::{markdown::MarkdownText, state::State},
};

#[derive(Clone, Copy)]
pub struct LiveCell {
    pub id: CellId,
    pub place: Place,
    /// In order of their position. Empty: not run yet.
    pub samples: State<Vec<LiveSample>>,
    /// Which of them is on the screen.
    pub shown: RwSignal<usize>,
    /// Asked to stop; the server has not confirmed yet.
    pub stopping: RwSignal<bool>,
    /// The reader is at the end of the box and stays there.
    pub at_end: StoredValue<bool>,
    /// Where the end was.
    top: StoredValue<i32>,
}

/// One completion.
#[derive(Clone, Copy)]
pub struct LiveSample {
    pub position: u16,
    take: State<u16>,
    pub state: State<CellState>,
    pub answer: MarkdownText,
    pub calls: State<Vec<ToolCall>>,
    pub error: RwSignal<Option<String>>,
    pub metrics: State<CellMetrics>,
    pub verdict: State<Option<Verdict>>,
    pending: StoredValue<String>,
}

impl LiveCell {
    pub fn new(view: CellView) -> Self {
        let CellView { id, place, samples } = view;
        Self {
            id,
            place,
            samples: State::new(samples.into_iter().map(LiveSample::new).collect()),
            shown: RwSignal::new(0),
            stopping: RwSignal::new(false),
            at_end: StoredValue::new(true),
            top: StoredValue::new(0),
        }
    }

    /// Id of the box that scrolls.
    pub fn body_id(self) -> String {
        format!("answer-{}", self.id)
    }

    /// Id of the cell itself, which the address may name.
    pub fn element_id(self) -> String {
        format!("cell-{}.{}", self.place.variant, self.place.case)
    }

    pub fn sample(self, position: u16) -> Option<LiveSample> {
        self.samples.with_untracked(|all| all.iter().find(|it| it.position == position).copied())
    }

    /// The one on the screen.
    pub fn current(self) -> Option<LiveSample> {
        let shown = self.shown.get();
        self.samples.with(|all| all.get(shown.min(all.len().saturating_sub(1))).copied())
    }

    /// The state of the whole cell; `None`: not run yet.
    pub fn state(self) -> Option<CellState> {
        let states: Vec<CellState> = self.samples.get().into_iter().map(|sample| sample.state.get()).collect();
        let order = [CellState::Running, CellState::Queued, CellState::Failed, CellState::Stopped, CellState::Done];
        order.into_iter().find(|state| states.contains(state))
    }

    pub fn is_running(self) -> bool {
        self.state().is_some_and(|state| !state.is_final())
    }

    pub fn is_running_untracked(self) -> bool {
        untrack(|| self.is_running())
    }

    /// A take began.
    pub fn begin(self, position: u16, take: u16) {
        match self.sample(position) {
            Some(sample) => sample.begin(take),
            None => {
                let sample = LiveSample::new(SampleView {
                    position,
                    take,
                    state: CellState::Running,
                    text: String::new(),
                    calls: Vec::new(),
                    error: None,
                    metrics: CellMetrics::default(),
                    verdict: None,
                });
                self.samples.update(|all| {
                    all.push(sample);
                    all.sort_by_key(|it| it.position);
                });
            }
        }
    }

    /// Has text arrived that is not shown yet?
    pub fn has_more(self) -> bool {
        let waits = |it: &LiveSample| it.pending.try_with_value(|text| !text.is_empty()) == Some(true);
        self.samples.with_untracked(|all| all.iter().any(waits))
    }

    /// Shows what has been gathered. Tells whether there was anything.
    pub fn flush(self) -> bool {
        // A reader who has just scrolled up is believed before the browser tells of it.
        if self.has_more() && browser::is_scrolled_up(&self.body_id(), self.top.try_get_value().unwrap_or_default()) {
            let _gone = self.at_end.try_set_value(false);
        }
        let mut any = false;
        for sample in self.samples.get_untracked() {
            any |= sample.flush();
        }
        any
    }

    /// Stays at the end when the reader was there.
    pub fn follow(self) {
        if self.at_end.try_get_value() == Some(true) {
            let _gone = self.top.try_set_value(browser::scroll_to_end(&self.body_id()));
        }
    }

    /// Tells whether anything was different.
    pub fn replace(self, view: CellView) -> bool {
        let known = self.samples.get_untracked();
        let mut all = Vec::new();
        let mut is_new = false;
        for sample in view.samples {
            match known.iter().find(|it| it.position == sample.position) {
                Some(old) => {
                    is_new |= old.replace(sample);
                    all.push(*old);
                }
                None => all.push(LiveSample::new(sample)),
            }
        }
        self.stopping.set(false);
        if all.len() != known.len() {
            is_new = true;
            self.samples.set(all);
        }
        is_new
    }
}

impl LiveSample {
    fn new(view: SampleView) -> Self {
        let SampleView { position, take, state, text, calls, error, metrics, verdict } = view;
        let answer = MarkdownText::new(&text);
        if state.is_final() {
            answer.end();
        }
        Self {
            position,
            take: State::new(take),
            state: State::new(state),
            answer,
            calls: State::new(calls),
            error: RwSignal::new(error),
            metrics: State::new(metrics),
            verdict: State::new(verdict),
            pending: StoredValue::new(String::new()),
        }
    }

    fn begin(self, take: u16) {
        // The first event of a take that was fetched already, text and all.
        if self.take.get_untracked() == take && self.answer.text().with_untracked(|text| !text.is_empty()) {
            return self.state.set(CellState::Running);
        }
        self.take.put(take);
        self.clear(CellState::Running);
    }

    fn clear(self, state: CellState) {
        self.pending.set_value(String::new());
        self.answer.replace("");
        self.calls.set(Vec::new());
        self.error.set(None);
        self.metrics.set(CellMetrics::default());
        self.verdict.set(None);
        self.state.set(state);
    }

    pub fn gather(self, text: &str) {
        self.pending.update_value(|pending| pending.push_str(text));
    }

    /// The same call comes again when its result is known.
    pub fn note_call(self, call: ToolCall) {
        self.calls.update(|calls| match calls.iter_mut().find(|it| it.id == call.id) {
            Some(known) => *known = call,
            None => calls.push(call),
        });
    }

    /// Was there anything?
    fn flush(self) -> bool {
        let Some(text) = self.pending.try_update_value(std::mem::take).filter(|it| !it.is_empty()) else {
            return false;
        };
        self.answer.push(&text);
        true
    }

    pub fn end(self, state: CellState, metrics: CellMetrics) {
        self.flush();
        self.answer.end();
        self.metrics.set(metrics);
        self.state.set(state);
    }

    /// What is the same already stays as it is: somebody may select it, or write a note on it.
    fn replace(self, view: SampleView) -> bool {
        if self.is_as(&view) {
            return false;
        }
        let SampleView { position: _, take, state, text, calls, error, metrics, verdict } = view;
        self.take.put(take);
        self.pending.set_value(String::new());
        self.answer.replace(&text);
        if state.is_final() {
            self.answer.end();
        }
        self.calls.set(calls);
        self.error.set(error);
        self.metrics.set(metrics);
        self.verdict.set(verdict);
        self.state.set(state);
        true
    }

    /// Is this what is shown, with nothing on its way?
    fn is_as(self, view: &SampleView) -> bool {
        let SampleView { position: _, take, state, text, calls, error, metrics, verdict } = view;
        untrack(|| {
            self.take.get() == *take
                && self.state.get() == *state
                && self.pending.with_value(String::is_empty)
                && self.answer.text().with(|shown| shown == text)
                && self.calls.with(|shown| shown == calls)
                && self.error.with(|shown| shown == error)
                && self.metrics.with(|shown| shown == metrics)
                && self.verdict.with(|shown| shown == verdict)
        })
    }
}

/// What a person calls the state of a cell.
pub fn state_word(state: CellState) -> &'static str {
    match state {
        CellState::Queued => "waiting",
        CellState::Running => "running",
        CellState::Done => "finished",
        CellState::Stopped => "stopped",
        CellState::Failed => "failed",
    }
}
