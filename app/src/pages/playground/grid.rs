//! The columns of a run, and the line above them that says who ran it and how it goes.

use domain::run::{CellState, RunView};

use super::{
    cell::cell_view,
    compare::compare,
    live::{LiveCell, LiveRun},
};
use crate::{
    components::{
        badge::{Tone, badge},
        button::Button,
        erase::Erase,
        reactive,
        tabs::Tabs,
        time::time,
    },
    events::FeedState,
    prelude::*,
};

/// Ways to look at answers, as their buttons call them.
const RENDERED: &str = "Rendered";
pub const PLAIN: &str = "Plain";

/// The run, live when it is not finished.
pub fn grid(run: RunView, team: String) -> AnyView {
    let RunView { id, starter, created, finished, cursor, cells, .. } = run;
    let live = LiveRun::new(id, team.clone(), finished, cells);
    let feed = live.follow(cursor);
    let look = RwSignal::new(RENDERED.to_owned());
    let cells = live.cells();
    let class = format!("grid grid-{}", cells.len());
    let columns = cells.iter().map(|cell| cell_view(live, *cell, &team, look)).collect::<Vec<_>>();
    let stop = move || {
        let press = Callback::new(move |()| live.stop_all());
        (!live.finished.get())
            .then(|| view! { <Button label="Stop all" icon_name="stop" busy=live.stopping press=press /> }.erase())
    };
    view! {
        <section class="run" aria-label="Answers">
            <div class="run-bar">
                <span class="run-state">{progress(live, cells.clone())}</span>
                <span class="run-by">{starter} ", " {time(created)}</span>
                {connection(feed)}
                <div class="run-actions">
                    <Tabs label="Answers as" choices=[RENDERED, PLAIN].map(str::to_owned).to_vec() chosen=look />
                    {move || stop()}
                </div>
            </div>
            {cell_links(&cells)}
            <div class=class tabindex="0" role="region" aria-label="Answers side by side">
                {columns}
            </div>
            {compare(&cells)}
        </section>
    }
    .erase()
}

fn progress(live: LiveRun, cells: Vec<LiveCell>) -> AnyView {
    let all = cells.len();
    let text = move || {
        let done = cells.iter().filter(|cell| cell.state.get().is_final()).count();
        let failed = cells.iter().filter(|cell| cell.state.get() == CellState::Failed).count();
        match (live.finished.get(), failed) {
            (false, _) => badge(Tone::Active, format!("running, {done} of {all} done")),
            (true, 0) => badge(Tone::Ok, "finished"),
            (true, failed) if failed == all => badge(Tone::Bad, "failed"),
            (true, failed) => badge(Tone::Warn, format!("finished, {failed} of {all} failed")),
        }
    };
    reactive::live(text)
}

/// Says so when the page does not hear events as they happen.
fn connection(feed: RwSignal<FeedState>) -> AnyView {
    let words = move || match feed.get() {
        FeedState::Closed | FeedState::Live => None,
        FeedState::Reconnecting => Some(badge(Tone::Warn, "reconnecting")),
        FeedState::Polling => Some(badge(Tone::Warn, "no live stream, asking every 2 s")),
    };
    reactive::live(move || words().into_any())
}

/// Narrow screens show one column at a time; these lead to the others.
fn cell_links(cells: &[LiveCell]) -> AnyView {
    let links = cells
        .iter()
        .map(|cell| {
            view! {
                <a class="tab mono" href=format!("#cell-{}", cell.id)>
                    {cell.model.get_value()}
                </a>
            }
            .erase()
        })
        .collect::<Vec<_>>();
    view! {
        <nav class="tabs cell-links" aria-label="Columns">
            {links}
        </nav>
    }
    .erase()
}
