//! The table of requests; Home shows a short one.

use domain::{
    feedback::Acceptance,
    history::HistoryRow,
    ledger::{AttemptState, Outcome},
};

use crate::{
    components::{
        badge::{Tone, badge},
        erase::{Erase, views},
        table::{Column, figures, table, text},
        time::time,
    },
    format::{amount, duration_or_dash, marked, outcome_sentence, outcome_word, plural, row_tokens, task_word},
    prelude::*,
};

/// Columns of every table of requests.
pub const COLUMNS: [Column; 11] = [
    text("Time"),
    text("Model"),
    text("Provider"),
    text("Caller"),
    text("Status"),
    text("Task"),
    figures("In"),
    figures("Out"),
    figures("Cost"),
    figures("First byte"),
    figures("Total"),
];

pub fn request_table(rows: Vec<HistoryRow>, team: &str) -> AnyView {
    let rows = views(rows, &|it| {
        let href = format!("/t/{team}/history/{}", it.request);
        let id = format!("request-{}", it.request);
        view! { <tr>{cells(it, href, id)}</tr> }.erase()
    });
    table("Requests", "request-table", &COLUMNS, rows)
}

/// The cells of a row, without its own element.
pub fn cells(row: HistoryRow, href: String, id: String) -> AnyView {
    let (input, output) = row_tokens(&row);
    let cost = amount(row.cost, row.unpriced, row.usage_source);
    let status = status(row.state, row.outcome);
    let HistoryRow { time: stamp, origin, caller, model, provider, first_byte_ms, total_ms, attempts, verdict, .. } =
        row;
    let retried = (attempts > 1).then(|| {
        let words = plural(u64::from(attempts), "attempt", "attempts");
        view! { <span class="tag">{words}</span> }.erase()
    });
    let task = row.task.map(task_word).unwrap_or_default();
    view! {
        <th scope="row">
            <a id=id href=href>
                {time(stamp)}
            </a>
        </th>
        <td class="mono">{marked(&model)}</td>
        <td>{provider}</td>
        <td title=origin.clone()>{caller}</td>
        <td>{status} {retried} {verdict.map(verdict_mark)}</td>
        <td>{task}</td>
        <td class="figures">{input}</td>
        <td class="figures">{output}</td>
        <td class=if cost.unpriced { "figures cost-unknown" } else { "figures" } title=cost.title>
            {cost.text}
        </td>
        <td class="figures">{duration_or_dash(first_byte_ms)}</td>
        <td class="figures">{duration_or_dash(total_ms)}</td>
    }
    .into_any()
}

/// What a person calls a verdict.
pub fn verdict_word(verdict: Acceptance) -> &'static str {
    match verdict {
        Acceptance::Accepted => "accepted",
        Acceptance::Edited => "accepted with edits",
        Acceptance::Rejected => "rejected",
    }
}

fn verdict_mark(verdict: Acceptance) -> AnyView {
    let name = match verdict {
        Acceptance::Accepted => "thumb-up",
        Acceptance::Edited => "pencil",
        Acceptance::Rejected => "thumb-down",
    };
    let words = verdict_word(verdict);
    view! {
        <span class="verdict-mark" title=words>
            {crate::components::icon::icon(name)} <span class="visually-hidden">{words}</span>
        </span>
    }
    .erase()
}

/// State and outcome in one word, with a sentence for the title.
pub fn status(state: AttemptState, outcome: Option<Outcome>) -> AnyView {
    let (tone, word, sentence) = match (state, outcome) {
        (AttemptState::Reserved, _) => (Tone::Active, "running", "Reserved and on its way."),
        (_, Some(Outcome::Success)) => (Tone::Ok, outcome_word(Outcome::Success), outcome_sentence(Outcome::Success)),
        (AttemptState::Uncertain, None) => (Tone::Warn, "uncertain", "Nobody can know what the upstream did."),
        (AttemptState::Uncertain, Some(it)) => (Tone::Warn, outcome_word(it), outcome_sentence(it)),
        (_, Some(Outcome::Cancelled)) => {
            (Tone::Neutral, outcome_word(Outcome::Cancelled), outcome_sentence(Outcome::Cancelled))
        }
        (_, Some(it)) => (Tone::Bad, outcome_word(it), outcome_sentence(it)),
        (_, None) => (Tone::Neutral, "ended", "How it ended was not recorded."),
    };
    view! { <span title=sentence>{badge(tone, word)}</span> }.erase()
}
