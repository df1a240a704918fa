//! Votes on two columns: the buttons of a row, which two they are about, and the table of all votes.

use domain::feedback::{PairRow, Preference};

use super::desk::Desk;
use crate::{
    api,
    components::{
        button::{Look, plain_button},
        erase::{Erase, views},
        fetched::fetch,
        reactive::live,
        select::choice,
        skeleton::Shape,
        table::{Column, figures, table, text},
    },
    format::{MISSING, percent, plural},
    prelude::*,
};

pub fn vote_buttons(desk: Desk, case: u16) -> AnyView {
    let button = move |preference: Preference| {
        let label = move || {
            let (left, right) = desk.blind.pair.get();
            match preference {
                Preference::Left => format!("{} is better", desk.name(left)),
                Preference::Right => format!("{} is better", desk.name(right)),
                Preference::Tie => "Tie".to_owned(),
                Preference::BothBad => "Both bad".to_owned(),
            }
        };
        view! {
            <button
                class="button toggle"
                type="button"
                aria-pressed=move || (desk.blind.vote_of(case) == Some(preference)).to_string()
                on:click=move |_| desk.blind.vote(case, preference)
            >
                {label}
            </button>
        }
        .erase()
    };
    let order = [Preference::Left, Preference::Tie, Preference::BothBad, Preference::Right];
    let buttons = views(order.to_vec(), &button);
    view! {
        <div class="votes" role="group" aria-label=format!("Vote on case {}", case + 1)>
            {buttons}
        </div>
    }
    .erase()
}

/// Which two columns are voted on, and what all votes say once the names are shown.
pub fn pair_table(desk: Desk) -> AnyView {
    let blind = desk.blind;
    let side = move |is_left: bool| {
        let choices: Vec<(String, String)> =
            desk.order().into_iter().map(|variant| (variant.to_string(), desk.name(variant))).collect();
        let pair = blind.pair.get_untracked();
        let now = if is_left { pair.0 } else { pair.1 };
        let choose = Callback::new(move |value: String| {
            let Ok(variant) = value.parse::<u16>() else { return };
            blind.pair.update(|(left, right)| {
                // The same column on both sides: the other one goes to where this one came from.
                let (mine, other) = if is_left { (left, right) } else { (right, left) };
                if *other == variant {
                    *other = *mine;
                }
                *mine = variant;
            });
        });
        let (id, label) = if is_left { ("vote-left", "One side") } else { ("vote-right", "Other side") };
        choice(id.to_owned(), label.to_owned(), false, choices, Signal::stored(now.to_string()), choose)
    };
    let sides = move || {
        blind.pair.track();
        view! {
            {side(true)}
            {side(false)}
        }
        .into_any()
    };
    let reveal = move || match blind.hidden.get() {
        true => plain_button(Look::Secondary, "Show the names", "", move || blind.revealed.set(true)),
        false => ().into_any(),
    };
    let body = move || {
        match blind.hidden.get() {
        true => view! { <p class="form-text">"Names are shown once every row here has a vote, or when you ask for them."</p> }
            .erase(),
        false => counted(desk),
    }
    };
    view! {
        <section class="page-section" aria-labelledby="pairs-title">
            <div class="section-head">
                <h2 id="pairs-title">"Votes on pairs"</h2>
                {live(reveal)}
            </div>
            <div class="pair-sides">{live(sides)}</div>
            {live(body)}
        </section>
    }
    .erase()
}

fn counted(desk: Desk) -> AnyView {
    let run = desk.run;
    let pairs = fetch(
        move || desk.blind.counted.get().to_string(),
        move |_| api::feedback::pairs(run.team.get_value(), run.id),
    );
    pairs.loaded(Shape::Table, |rows| match rows.is_empty() {
        true => view! { <p class="form-text">"No vote yet."</p> }.erase(),
        false => pair_rows(rows),
    })
}

/// Pairs with their intervals; the page of verdicts shows those of models.
pub fn pair_rows(rows: Vec<PairRow>) -> AnyView {
    const COLUMNS: &[Column] = &[
        text("One side"),
        text("Other side"),
        figures("Won"),
        figures("Lost"),
        figures("Tie"),
        figures("Both bad"),
        figures("Share won, 95 % interval"),
    ];
    let rows = views(rows, &|row: PairRow| {
        let share = match row.share.n {
            0 => MISSING.to_owned(),
            _ => format!("{} ({} to {})", percent(row.share.value), percent(row.share.low), percent(row.share.high)),
        };
        let of = plural(u64::from(row.share.n), "vote with a winner", "votes with a winner");
        view! {
            <tr>
                <th scope="row" class="mono">
                    {row.left}
                </th>
                <td class="mono">{row.right}</td>
                <td class="figures">{row.wins}</td>
                <td class="figures">{row.losses}</td>
                <td class="figures">{row.ties}</td>
                <td class="figures">{row.both_bad}</td>
                <td class="figures" title=format!("Of {of}")>
                    {share}
                </td>
            </tr>
        }
        .erase()
    });
    table("Votes on pairs", "pair-table", COLUMNS, rows)
}
