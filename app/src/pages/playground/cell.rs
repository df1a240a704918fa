//! One cell: its state and its tools on top, the answer, what it took and what the reader says about it below.

use domain::run::CellState;

use super::{
    address::Layout,
    calls::calls_view,
    desk::{Body, Desk},
    diff::diff_view,
    launch::Scope,
    live::{LiveCell, LiveSample, state_word},
    metrics::metrics_view,
};
use crate::{
    components::{
        badge::{Tone, badge},
        button::{IconButton, Look, icon_button, plain_button},
        code_block::coloured_block,
        copy_button::copy_button_of,
        erase::Erase,
        error_panel::sentence,
        json_text::pretty,
        markdown::{markdown, plain},
        reactive::{live, settled, when},
        submit::problem,
    },
    format::plural,
    pages::verdict::verdict_row,
    prelude::*,
};

pub fn cell_view(desk: Desk, cell: LiveCell) -> AnyView {
    let place = cell.place;
    let heading = format!("{}-title", cell.element_id());
    let focus = move |_| desk.focused.set(Some(place));
    // Focus also leaves when the page does.
    let blur = move |_| {
        if desk.focused.get_untracked() == Some(place) {
            desk.focused.set(None);
        }
    };
    let is_focused = move || if desk.focused.get() == Some(place) { "cell cell-focused" } else { "cell" };
    view! {
        <section class=is_focused id=cell.element_id() aria-labelledby=heading.clone() on:focusin=focus on:focusout=blur>
            <div class="cell-head">
                <h4 class="mono cell-name" id=heading.clone()>
                    {move || desk.title(place)}
                </h4>
                {live(move || state_badge(cell))}
                <div class="cell-tools">{tools(desk, cell)}</div>
            </div>
            {live(move || pager(cell))}
            <div
                class="cell-body"
                id=cell.body_id()
                role="log"
                tabindex="0"
                aria-live="off"
                aria-labelledby=heading.clone()
                aria-busy=move || cell.is_running().to_string()
                on:scroll=move |_| desk.scrolled(cell)
            >
                {live(move || body(desk, cell))}
            </div>
            {live(move || foot(desk, cell))}
        </section>
    }
    .erase()
}

fn state_badge(cell: LiveCell) -> AnyView {
    let Some(state) = cell.state() else { return badge(Tone::Neutral, "not run") };
    let tone = match state {
        CellState::Queued | CellState::Stopped => Tone::Neutral,
        CellState::Running => Tone::Active,
        CellState::Done => Tone::Ok,
        CellState::Failed => Tone::Bad,
    };
    let word = if cell.stopping.get() && !state.is_final() { "stopping" } else { state_word(state) };
    badge(tone, word)
}

fn tools(desk: Desk, cell: LiveCell) -> AnyView {
    let place = cell.place;
    let title = move || untrack(|| desk.title(place));
    let run_or_stop = move || {
        if !desk.run.may_change {
            return ().into_any();
        }
        if cell.is_running() {
            let press = Callback::new(move |()| desk.run.stop_cell(cell));
            let label = format!("Stop {} (Esc)", title());
            return view! { <IconButton icon_name="stop" label=label disabled=cell.stopping press=press /> }.erase();
        }
        let press = move || desk.launch.run(Scope::Cell(place));
        icon_button("play", format!("Run {} (Shift Enter)", title()), press)
    };
    let text = move || cell.current().map(|sample| sample.answer.text().get()).unwrap_or_default();
    let exact = move || {
        let shown = cell.current().map(|sample| sample.position).unwrap_or_default();
        desk.exact.set(Some((cell.id, shown)));
    };
    let widen = move || {
        desk.address.change(|look| {
            look.layout = if look.layout == Layout::Focus { Layout::Grid } else { Layout::Focus };
            look.at = Some(place);
        });
    };
    // What went over the wire names the model.
    let known = move || !desk.blind.hidden.get();
    view! {
        {live(run_or_stop)}
        {copy_button_of("Copy answer".to_owned(), Signal::derive(text))}
        {when(known, move || icon_button("code", format!("Exact request of {}", title()), exact))}
        {icon_button("expand", format!("Focus on {}", title()), widen)}
    }
    .into_any()
}

/// "1 of 5, 3 distinct answers"
fn pager(cell: LiveCell) -> AnyView {
    let all = cell.samples.get();
    if all.len() < 2 {
        return ().into_any();
    }
    let shown = cell.shown.get().min(all.len() - 1);
    let ended: Vec<String> = all
        .iter()
        .filter(|it| it.state.get() == CellState::Done)
        .map(|it| it.answer.text().get_untracked().trim().to_owned())
        .collect();
    let mut distinct: Vec<&String> = ended.iter().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let words = match distinct.len() {
        0 => format!("{} of {}", shown + 1, all.len()),
        count => {
            let answers = plural(count as u64, "distinct answer", "distinct answers");
            format!("{} of {}, {answers}", shown + 1, all.len())
        }
    };
    let last = all.len() - 1;
    let page = |icon_name: &'static str, label: &'static str, to: Option<usize>| {
        let press = Callback::new(move |()| {
            if let Some(to) = to {
                cell.shown.set(to);
            }
        });
        view! { <IconButton icon_name=icon_name label=label.to_owned() disabled=to.is_none() press=press /> }.erase()
    };
    view! {
        <div class="cell-pager">
            {page("chevron-left", "Previous sample", shown.checked_sub(1))}
            <span>{words}</span>
            {page("chevron-right", "Next sample", Some(shown + 1).filter(|next| *next <= last))}
        </div>
    }
    .erase()
}

fn body(desk: Desk, cell: LiveCell) -> AnyView {
    let Some(sample) = cell.current() else {
        let press = move || desk.launch.run(Scope::Cell(cell.place));
        let run = desk.run.may_change.then(|| plain_button(Look::Secondary, "Run this cell", "play", press));
        return view! { <div class="cell-idle">"Not run yet." {run}</div> }.erase();
    };
    view! {
        {live(move || answer(desk, cell, sample))}
        {live(move || waiting(sample))}
        {calls_view(desk.run, cell, sample)}
        {live(move || sample.error.get().map(|message| problem(sentence(&message))).into_any())}
    }
    .into_any()
}

fn answer(desk: Desk, cell: LiveCell, sample: LiveSample) -> AnyView {
    let is_first = sample.position == 0;
    if is_first
        && sample.state.get().is_final()
        && let Some(parts) = desk.diffs.at(cell.place)
    {
        if !parts.is_empty() {
            return diff_view(parts);
        }
        let base = desk.address.look().base.map(|base| desk.name(base)).unwrap_or_default();
        return view! {
            <p class="cell-same">{format!("The same as {base}.")}</p>
            {printed(desk.body.get(), sample)}
        }
        .into_any();
    }
    printed(desk.body.get(), sample)
}

fn printed(body: Body, sample: LiveSample) -> AnyView {
    match body {
        Body::Rendered => markdown(sample.answer),
        Body::Plain => plain(sample.answer),
        Body::Json => live(move || {
            // Half an answer is no JSON: it is looked at when it has ended.
            if !sample.state.get().is_final() {
                return plain(sample.answer);
            }
            match sample.answer.text().with(|text| pretty(text)) {
                Some(json) => coloured_block("JSON".to_owned(), "json", json),
                None => view! {
                    <p class="cell-same">"This answer is no JSON."</p>
                    {plain(sample.answer)}
                }
                .into_any(),
            }
        }),
    }
}

/// What an empty box means.
fn waiting(sample: LiveSample) -> AnyView {
    let state = sample.state.get();
    // A memo, since text grows with every frame.
    let is_empty = settled(Memo::new(move |_| sample.answer.text().with(String::is_empty)));
    let words = match state {
        _ if !is_empty.get() || sample.calls.with(|calls| !calls.is_empty()) => return ().into_any(),
        CellState::Queued => "Waiting for its turn",
        CellState::Running => "Waiting for the first token",
        CellState::Stopped => "Stopped before the first token",
        CellState::Done => "The model answered with nothing",
        CellState::Failed => return ().into_any(),
    };
    view! { <p class="cell-waiting">{words}</p> }.erase()
}

fn foot(desk: Desk, cell: LiveCell) -> AnyView {
    let Some(sample) = cell.current() else { return ().into_any() };
    let team = desk.run.team.get_value();
    let key = format!("{}-{}", cell.element_id(), sample.position);
    let say = move || {
        let request = sample.metrics.with(|it| it.request);
        match request {
            Some(request) if sample.state.get().is_final() => {
                verdict_row(team.clone(), request, sample.verdict, key.clone())
            }
            _ => ().into_any(),
        }
    };
    view! {
        <div class="cell-foot">
            {live(move || metrics_view(desk, sample))}
            {live(say)}
        </div>
    }
    .erase()
}
