//! Tools that a model called: their arguments, what they were told, and the boxes for results that a person types.

use domain::run::{CellState, Continue, ToolCall};

use super::live::{LiveCell, LiveRun, LiveSample};
use crate::{
    api, browser,
    components::{
        button::{Look, plain_button},
        code_block::coloured_block,
        erase::{Erase, views},
        json_text::pretty,
        reactive::live,
        submit::{Submit, form_error},
        text_box::{TextBox, text_box},
    },
    format::marked,
    prelude::*,
};

pub fn calls_view(run: LiveRun, cell: LiveCell, sample: LiveSample) -> AnyView {
    live(move || {
        let calls = sample.calls.get();
        if calls.is_empty() {
            return ().into_any();
        }
        let is_open =
            run.may_change && sample.state.get() == CellState::Done && calls.iter().any(|call| call.result.is_none());
        let rows = views(calls.clone(), &|call| call_view(&call, is_open));
        view! {
            <div class="calls">
                {rows}
                {is_open.then(|| results(run, cell, sample, calls))}
            </div>
        }
        .erase()
    })
}

fn call_view(call: &ToolCall, is_open: bool) -> AnyView {
    let arguments = pretty(&call.arguments).unwrap_or_else(|| call.arguments.clone());
    let result = match &call.result {
        Some(result) => coloured_block("Result".to_owned(), "json", result.clone()),
        None if is_open => ().into_any(),
        None => view! { <p class="cell-waiting">"No result yet"</p> }.erase(),
    };
    view! {
        <div class="call">
            <p class="call-name">
                "Calls " <span class="mono">{marked(&call.name)}</span>
            </p>
            {coloured_block("Arguments".to_owned(), "json", arguments)}
            {result}
        </div>
    }
    .erase()
}

/// A box for each call without a result, and the button by which the turn goes on.
fn results(run: LiveRun, cell: LiveCell, sample: LiveSample, calls: Vec<ToolCall>) -> AnyView {
    let open: Vec<ToolCall> = calls.into_iter().filter(|call| call.result.is_none()).collect();
    let id = move |index: usize| format!("{}-{}-result-{index}", cell.element_id(), sample.position);
    let ids: Vec<String> = open.iter().map(|call| call.id.clone()).collect();
    let submit = Submit::new();
    let boxes = views(open.into_iter().enumerate().collect(), &|(index, call): (usize, ToolCall)| {
        let it = TextBox {
            id: id(index),
            label: format!("Result of {}", call.name),
            mono: true,
            rows: 2,
            ..TextBox::default()
        };
        // Read when the turn goes on: the box outlives what is known about the call.
        text_box(it, String::new(), Callback::new(|_: String| ()), Callback::new(|()| ()))
    });
    let go_on = move || {
        let typed = |index| browser::field_text(&id(index)).map(|field| field.value).unwrap_or_default();
        let results = ids.iter().enumerate().map(|(index, call)| (call.clone(), typed(index))).collect();
        let input =
            Continue { team: run.team.get_value(), run: run.id, cell: cell.id, sample: sample.position, results };
        submit.ask(api::runs::ContinueTurn { input }, move |()| run.fetch_again());
    };
    view! {
        <div class="call-results">
            {boxes}
            {form_error(submit.error.into())}
            <div>{plain_button(Look::Secondary, "Continue", "play", go_on)}</div>
        </div>
    }
    .erase()
}
