//! One column: model and state on top, the answer, what it took below.

use domain::run::{CellMetrics, CellState};

use super::live::{LiveCell, LiveRun, state_word};
use crate::{
    components::{
        badge::{Tone, badge},
        button::IconButton,
        copy_button::copy_button_of,
        erase::Erase,
        error_panel::sentence,
        markdown::{markdown, plain},
        reactive,
        submit::problem,
    },
    format::{MISSING, amount, duration_or_dash, tokens_per_second},
    prelude::*,
};

pub fn cell_view(live: LiveRun, cell: LiveCell, team: &str, look: RwSignal<String>) -> AnyView {
    let heading = format!("model-{}", cell.id);
    let labelled = heading.clone();
    let model = cell.model.get_value();
    let running = move || matches!(cell.state.get(), CellState::Queued | CellState::Running);
    let stop_name = format!("Stop {model}");
    let stop = move || {
        let press = Callback::new(move |()| live.stop_cell(cell));
        running().then(|| {
            view! { <IconButton icon_name="stop" label=stop_name.clone() disabled=cell.stopping press=press /> }.erase()
        })
    };
    let body = move || match look.get().as_str() {
        super::grid::PLAIN => plain(cell.answer),
        _ => markdown(cell.answer),
    };
    view! {
        <section class="cell" id=format!("cell-{}", cell.id) aria-labelledby=labelled.clone()>
            <div class="cell-head">
                <h2 class="mono" id=heading title=model.clone()>
                    {model.clone()}
                </h2>
                {move || state_badge(cell.state.get(), cell.stopping.get())}
                <div class="cell-tools">{move || stop()} {copy_button_of("Copy answer".to_owned(), cell.answer.text())}</div>
            </div>
            <div
                class="cell-body"
                id=cell.body_id()
                role="log"
                tabindex="0"
                aria-live="off"
                aria-labelledby=labelled.clone()
                aria-busy=move || running().to_string()
            >
                {reactive::live(body)}
                {move || waiting(cell)}
                {move || cell.error.get().map(|message| problem(sentence(&message)))}
            </div>
            {footer(cell, team.to_owned())}
        </section>
    }
    .erase()
}

fn state_badge(state: CellState, stopping: bool) -> AnyView {
    let tone = match state {
        CellState::Queued | CellState::Stopped => Tone::Neutral,
        CellState::Running => Tone::Active,
        CellState::Done => Tone::Ok,
        CellState::Failed => Tone::Bad,
    };
    let word = if stopping && !state.is_final() { "stopping" } else { state_word(state) };
    badge(tone, word)
}

/// What an empty box means.
fn waiting(cell: LiveCell) -> AnyView {
    let empty = cell.answer.text().with(String::is_empty);
    let words = match cell.state.get() {
        CellState::Queued if empty => "Waiting for its turn",
        CellState::Running if empty => "Waiting for the first token",
        CellState::Stopped if empty => "Stopped before the first token",
        CellState::Done if empty => "The model answered with nothing",
        _ => return ().into_any(),
    };
    view! { <p class="cell-waiting">{words}</p> }.erase()
}

fn footer(cell: LiveCell, team: String) -> AnyView {
    let metrics = move || view_metrics(&cell.metrics.get(), &team);
    view! { <div class="cell-foot">{move || metrics()}</div> }.erase()
}

fn metric(label: &'static str, figure: String, title: String, class: &'static str) -> AnyView {
    view! {
        <div class=class>
            <dt>{label}</dt>
            <dd title=title>{figure}</dd>
        </div>
    }
    .erase()
}

fn view_metrics(it: &CellMetrics, team: &str) -> AnyView {
    let cost = amount(it.cost, it.unpriced, it.usage_source);
    let tokens = it.usage.map_or_else(
        || MISSING.to_owned(),
        |usage| {
            format!(
                "{} in, {} out",
                domain::text::thousands(usage.total_input()),
                domain::text::thousands(usage.total_output())
            )
        },
    );
    let speed = it
        .usage
        .zip(it.first_token_ms)
        .zip(it.total_ms)
        .and_then(|((usage, first), total)| tokens_per_second(usage.total_output(), first, total));
    let reasoning = it.usage.filter(|usage| usage.reasoning > 0);
    let token_title = reasoning.map_or_else(String::new, |usage| format!("{} of them reasoning", usage.reasoning));
    let link = it.request.map(|request| {
        view! {
            <a class="cell-receipt" href=format!("/t/{team}/history/{request}")>
                "Receipt"
            </a>
        }
        .erase()
    });
    let served = it.model_served.clone().map(|model| format!("served by {model}")).unwrap_or_default();
    let finish = it.finish_reason.clone().unwrap_or_else(|| MISSING.to_owned());
    let cost_class = if cost.unpriced { "metric metric-main cost-unknown" } else { "metric metric-main" };
    view! {
        <dl class="metrics">
            {metric("Cost", cost.text, cost.title, cost_class)}
            {metric("First token", duration_or_dash(it.first_token_ms), String::new(), "metric")}
            {metric("Total", duration_or_dash(it.total_ms), String::new(), "metric")}
            {metric("Tokens", tokens, token_title, "metric")}
            {metric("Speed", speed.unwrap_or_else(|| MISSING.to_owned()), "Output tokens after the first".to_owned(), "metric")}
            {metric("Finish", finish, served, "metric")}
        </dl>
        {link}
    }
    .erase()
}
