//! What a run would cost, beside the button that starts it (`product.md` PG-4), and what of it cannot run.

use domain::{
    grid::Grid,
    run::{Blocked, Forecast},
    text::thousands,
};

use super::draft::{Draft, Kept};
use crate::{
    components::{
        erase::{Erase, views},
        error_panel::sentence,
        icon::icon,
        reactive::live,
    },
    format::plural,
    prelude::*,
};

/// Reasons that are listed; of more of them people read the number.
const LISTED: usize = 6;

pub fn guard(draft: Draft) -> AnyView {
    let words = move || {
        draft.forecast.with(|forecast| match forecast {
            Some(forecast) => said(forecast),
            None => view! { <span>"The cost is shown before anything runs."</span> }.erase(),
        })
    };
    let stopped = move || {
        draft.forecast.with(|forecast| match forecast {
            Some(forecast) if !forecast.blocked.is_empty() => {
                draft.read(|grid| blocked(grid, &forecast.blocked, forecast.cells))
            }
            _ => ().into_any(),
        })
    };
    let kept = move || match draft.kept.get() {
        Kept::Untouched => "",
        Kept::Waiting => "Draft not kept yet",
        Kept::Saved => "Draft kept",
        Kept::Failed => "The draft could not be kept: it stays in this tab only",
    };
    view! {
        <div class="guard" aria-busy=move || draft.asking.get().to_string()>
            <p class="guard-words" role="status">
                {live(words)}
            </p>
            <p class="guard-kept">{kept}</p>
            {live(stopped)}
        </div>
    }
    .erase()
}

/// "12 cells, about $0.18, at most $0.61, no budget"
pub fn sentence_of(it: &Forecast) -> String {
    let mut parts = vec![plural(u64::from(it.cells), "cell", "cells")];
    if it.samples > it.cells {
        parts.push(plural(u64::from(it.samples), "answer", "answers"));
    }
    parts.push(format!("about {}", it.expected.short()));
    parts.push(format!("at most {}", it.worst.short()));
    parts.push(match it.budget_left {
        Some(left) => format!("budget left {}", left.short()),
        None => "no budget".to_owned(),
    });
    parts.join(", ")
}

fn said(it: &Forecast) -> AnyView {
    if let Some(first) = it.problems.first() {
        let more = match it.problems.len() {
            1 => String::new(),
            all => format!(" {} more fields need attention.", all - 1),
        };
        return view! { <span>{format!("{}{more}", sentence(&first.message))}</span> }.erase();
    }
    if it.cells == 0 {
        return view! { <span>"No cell can run."</span> }.erase();
    }
    let exact = format!("${} expected, ${} at most", it.expected.exact(), it.worst.exact());
    let is_over = it.budget_left.is_some_and(|left| left < it.worst);
    let unpriced = (!it.unpriced.is_empty()).then(|| {
        let words = format!("{} without a price: in neither sum", it.unpriced.join(", "));
        view! { <span class="guard-warn">{words}</span> }.erase()
    });
    let over =
        is_over.then(|| view! { <span class="guard-warn">"At most is more than the budget has left"</span> }.erase());
    view! {
        <span class="guard-sum" title=exact>
            {sentence_of(it)}
        </span>
        {unpriced}
        {over}
    }
    .into_any()
}

fn blocked(grid: &Grid, all: &[Blocked], cells: u32) -> AnyView {
    let row = |it: &Blocked| {
        let model = grid.variants.get(usize::from(it.place.variant)).map(|variant| variant.model.as_str());
        let at = match grid.cases.len() {
            1 => String::new(),
            _ => format!(", case {}", it.place.case + 1),
        };
        let reason = sentence(&it.reason);
        view! {
            <li>
                <span class="mono">{model.unwrap_or_default().to_owned()}</span>
                {at}
                ": "
                {reason}
            </li>
        }
        .erase()
    };
    let rows = views(all.iter().take(LISTED).collect(), &row);
    let more = all.len().saturating_sub(LISTED);
    let more = (more > 0).then(|| view! { <li>{format!("and {} more", thousands(more as u64))}</li> }.erase());
    let rest = if cells == 0 { "" } else { ", the others can" };
    let title = format!("{} cannot run{rest}", plural(all.len() as u64, "cell", "cells"));
    view! {
        <div class="guard-blocked">
            {icon("alert")}
            <div>
                <p>{title}</p>
                <ul>{rows} {more}</ul>
            </div>
        </div>
    }
    .erase()
}

#[cfg(test)]
mod tests {
    use domain::Money;

    use super::*;

    #[test]
    fn pg_4_the_guard_says_cells_costs_and_budget() {
        let forecast = Forecast {
            cells: 12,
            samples: 12,
            expected: Money(180_000_000),
            worst: Money(610_000_000),
            ..Forecast::default()
        };
        assert_eq!(sentence_of(&forecast), "12 cells, about $0.18, at most $0.61, no budget");
        let forecast = Forecast { samples: 36, budget_left: Some(Money(14_200_000_000)), ..forecast };
        assert_eq!(sentence_of(&forecast), "12 cells, 36 answers, about $0.18, at most $0.61, budget left $14.20");
    }
}
