//! The state of a run in the browser: what the server rendered, completed by events. Text that arrives is gathered and shown
//! once per frame.

use domain::{
    event::{RunEvent, RunEventKind},
    id::{CellId, RunId},
    run::{CellMetrics, CellState, CellView, RunView},
    text::thousands,
};
use leptos::prelude::*;

use crate::{
    api, browser,
    components::{announcer::Announcer, markdown::MarkdownText, reactive::react, toast::Toasts},
    events::{Feed, FeedState},
    format::duration,
};

/// One column.
#[derive(Clone, Copy)]
pub struct LiveCell {
    pub id: CellId,
    pub model: StoredValue<String>,
    pub state: RwSignal<CellState>,
    pub answer: MarkdownText,
    pub error: RwSignal<Option<String>>,
    pub metrics: RwSignal<CellMetrics>,
    /// Asked to stop; the server has not confirmed yet.
    pub stopping: RwSignal<bool>,
    pending: StoredValue<String>,
}

impl LiveCell {
    fn new(view: CellView) -> Self {
        let CellView { id, model, state, text, error, metrics } = view;
        Self {
            id,
            model: StoredValue::new(model),
            state: RwSignal::new(state),
            answer: MarkdownText::new(&text),
            error: RwSignal::new(error),
            metrics: RwSignal::new(metrics),
            stopping: RwSignal::new(false),
            pending: StoredValue::new(String::new()),
        }
    }

    /// Id of the box that scrolls.
    pub fn body_id(self) -> String {
        format!("answer-{}", self.id)
    }

    /// Shows what has been gathered and stays at the end when the reader was there.
    fn flush(self) {
        let Some(text) = self.pending.try_update_value(std::mem::take).filter(|it| !it.is_empty()) else { return };
        let follow = browser::is_at_end(&self.body_id());
        self.answer.push(&text);
        if follow {
            request_animation_frame(move || browser::scroll_to_end(&self.body_id()));
        }
    }

    fn replace(self, view: CellView) {
        let CellView { id: _, model: _, state, text, error, metrics } = view;
        self.pending.set_value(String::new());
        self.answer.replace(&text);
        self.state.set(state);
        self.error.set(error);
        self.metrics.set(metrics);
    }

    fn end(self, state: CellState, metrics: CellMetrics) {
        self.flush();
        self.metrics.set(metrics);
        self.state.set(state);
        self.stopping.set(false);
    }

    /// "demo-fast finished, 412 tokens, 3.1 s"
    fn sentence(self) -> String {
        let metrics = self.metrics.get_untracked();
        let mut parts = vec![format!("{} {}", self.model.get_value(), state_word(self.state.get_untracked()))];
        parts.extend(metrics.usage.map(|usage| format!("{} tokens", thousands(usage.total_output()))));
        parts.extend(metrics.total_ms.map(duration));
        parts.join(", ")
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

/// All columns of a run.
#[derive(Clone, Copy)]
pub struct LiveRun {
    pub id: RunId,
    pub finished: RwSignal<bool>,
    pub stopping: RwSignal<bool>,
    team: StoredValue<String>,
    cells: StoredValue<Vec<LiveCell>>,
    frame_asked: StoredValue<bool>,
    feed: StoredValue<Option<Feed>>,
    announcer: Option<Announcer>,
    toasts: Option<Toasts>,
}

impl LiveRun {
    pub fn new(id: RunId, team: String, finished: bool, cells: Vec<CellView>) -> Self {
        Self {
            id,
            finished: RwSignal::new(finished),
            stopping: RwSignal::new(false),
            team: StoredValue::new(team),
            cells: StoredValue::new(cells.into_iter().map(LiveCell::new).collect()),
            frame_asked: StoredValue::new(false),
            feed: StoredValue::new(None),
            announcer: use_context::<Announcer>(),
            toasts: use_context::<Toasts>(),
        }
    }

    pub fn cells(self) -> Vec<LiveCell> {
        self.cells.get_value()
    }

    /// Goes on from `cursor` in the browser, until the run or the page ends.
    pub fn follow(self, cursor: i64) -> RwSignal<FeedState> {
        let event = Callback::new(move |event: RunEvent| self.hear(event));
        let lost = Callback::new(move |()| self.fetch_again());
        let feed = Feed::new(self.id, event, lost);
        self.feed.set_value(Some(feed));
        react(move || {
            if !self.finished.get_untracked() {
                feed.watch_visibility();
                feed.open(cursor);
            }
        });
        on_cleanup(move || feed.close());
        feed.state
    }

    fn cell(self, id: CellId) -> Option<LiveCell> {
        self.cells.with_value(|cells| cells.iter().find(|cell| cell.id == id).copied())
    }

    fn hear(self, event: RunEvent) {
        match event.what {
            RunEventKind::Start { cell } => {
                if let Some(cell) = self.cell(cell) {
                    cell.state.set(CellState::Running);
                }
            }
            RunEventKind::Delta { cell, text } => {
                if let Some(cell) = self.cell(cell) {
                    cell.pending.update_value(|pending| pending.push_str(&text));
                    self.ask_frame();
                }
            }
            RunEventKind::Done { cell, metrics } => self.end(cell, CellState::Done, metrics, None),
            RunEventKind::Stopped { cell, metrics } => self.end(cell, CellState::Stopped, metrics, None),
            RunEventKind::Error { cell, message, metrics } => {
                self.end(cell, CellState::Failed, metrics, Some(message));
            }
            RunEventKind::RunDone => self.finish(),
        }
    }

    fn end(self, cell: CellId, state: CellState, metrics: CellMetrics, message: Option<String>) {
        let Some(cell) = self.cell(cell) else { return };
        cell.error.set(message);
        cell.end(state, metrics);
        if let Some(announcer) = self.announcer {
            announcer.say(&cell.sentence());
        }
    }

    fn finish(self) {
        self.cells().into_iter().for_each(LiveCell::flush);
        self.finished.set(true);
        self.stopping.set(false);
        if let Some(feed) = self.feed.get_value() {
            feed.close();
        }
    }

    /// One frame for all columns.
    fn ask_frame(self) {
        if self.frame_asked.get_value() {
            return;
        }
        self.frame_asked.set_value(true);
        request_animation_frame(move || {
            // The page may have gone since.
            if self.frame_asked.try_set_value(false).is_none() {
                self.cells.try_with_value(Clone::clone).into_iter().flatten().for_each(LiveCell::flush);
            }
        });
    }

    /// Events are missing: the stored state is the truth, and its cursor the place to go on from.
    fn fetch_again(self) {
        let Some(team) = self.team.try_get_value() else { return };
        leptos::task::spawn_local(async move {
            let answer = api::runs::get(team, self.id).await;
            // None: the page is gone.
            let Some(Some(feed)) = self.feed.try_get_value() else { return };
            match answer {
                Ok(view) => self.adopt(view, feed),
                Err(_) => feed.retry(),
            }
        });
    }

    fn adopt(self, view: RunView, feed: Feed) {
        let RunView { finished, cursor, cells, .. } = view;
        for view in cells {
            if let Some(cell) = self.cell(view.id) {
                cell.replace(view);
            }
        }
        if finished { self.finish() } else { feed.open(cursor) }
    }

    pub fn stop_cell(self, cell: LiveCell) {
        cell.stopping.set(true);
        let work = api::runs::stop_cell(self.team.get_value(), self.id, cell.id);
        leptos::task::spawn_local(async move {
            if let Err(failure) = work.await {
                let _gone = cell.stopping.try_set(false);
                self.tell(&failure.0.message);
            }
        });
    }

    pub fn stop_all(self) {
        self.stopping.set(true);
        let work = api::runs::cancel(self.team.get_value(), self.id);
        leptos::task::spawn_local(async move {
            if let Err(failure) = work.await {
                let _gone = self.stopping.try_set(false);
                self.tell(&failure.0.message);
            }
        });
    }

    fn tell(self, message: &str) {
        if let Some(toasts) = self.toasts {
            toasts.problem(crate::components::error_panel::sentence(message));
        }
    }
}
