//! What people say about answers, by model, prompt version, kind of work or for the whole team: acceptance and stars with their
//! intervals, and blind votes on pairs of models. Every figure says of how many (`product.md` FB-6).

use domain::feedback::{Verdicts, VerdictsBy, VerdictsQuery, VerdictsRow};
use domain::interval::{Share, Spread};
use leptos_router::{hooks::use_query_map, params::ParamsMap};

use super::{playground::pair_rows, team};
use crate::{
    api,
    components::{
        button::{Look, link_button},
        empty_state::empty_state,
        erase::{Erase, views},
        fetched::fetch,
        page::Page,
        reactive::live,
        skeleton::Shape,
        table::{Column, figures, table, text},
        time::missing,
    },
    format::{hundredths, percent, plural, query_value, task_word},
    prelude::*,
};

const GROUPS: [(VerdictsBy, &str, &str); 4] = [
    (VerdictsBy::Model, "model", "Model"),
    (VerdictsBy::PromptVersion, "prompt", "Prompt version"),
    (VerdictsBy::TaskClass, "task", "Kind of work"),
    (VerdictsBy::Team, "team", "Whole team"),
];

const SPANS: [(&str, &str); 3] = [("now-7d", "7 d"), ("", "30 d"), ("now-90d", "90 d")];

/// What the address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ask {
    team: String,
    by: VerdictsBy,
    from: String,
    to: String,
}

impl Ask {
    fn address(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(GROUPS.iter().skip(1).find(|it| it.0 == self.by).map(|it| format!("by={}", it.1)));
        for (name, value) in [("from", &self.from), ("to", &self.to)] {
            if !value.is_empty() {
                parts.push(format!("{name}={}", query_value(value)));
            }
        }
        let mark = if parts.is_empty() { "" } else { "?" };
        format!("/t/{}/verdicts{mark}{}", self.team, parts.join("&"))
    }
}

#[derive(Clone, Copy)]
struct Asked {
    team: Signal<String>,
    query: Memo<ParamsMap>,
}

impl Asked {
    fn get(self) -> Ask {
        let query = self.query.read();
        let text = |name| query.get(name).unwrap_or_default();
        let by = text("by");
        let by = GROUPS.iter().find(|it| it.1 == by).map(|it| it.0).unwrap_or_default();
        Ask { team: self.team.get(), by, from: text("from"), to: text("to") }
    }
}

#[component]
pub fn VerdictReport() -> impl IntoView {
    let team = team();
    let asked = Asked { team, query: crate::components::reactive::settled(use_query_map()) };
    let report = fetch(
        move || asked.get().address(),
        move |_| {
            let Ask { team, by, from, to } = untrack(|| asked.get());
            api::feedback::report(VerdictsQuery { team, by, from, to })
        },
    );
    view! {
        <Page title="Verdicts">
            {live(move || controls(&asked.get()))}
            {report.loaded(Shape::Table, move |it| content(it, &untrack(|| asked.get())))}
        </Page>
    }
}

/// Links: they work without JavaScript, and each is an address to share.
fn controls(ask: &Ask) -> AnyView {
    let link = |word: &'static str, to: Ask| {
        let is_here = (to == *ask).then_some("true");
        view! {
            <a class="tab" href=to.address() aria-current=is_here>
                {word}
            </a>
        }
        .erase()
    };
    let groups = views(GROUPS.to_vec(), &|(by, _, word)| link(word, Ask { by, ..ask.clone() }));
    let spans = views(SPANS.to_vec(), &|(from, word)| {
        link(word, Ask { from: from.to_owned(), to: String::new(), ..ask.clone() })
    });
    view! {
        <div class="filters">
            <div class="tabs" role="group" aria-label="One row for each">
                {groups}
            </div>
            <div class="tabs" role="group" aria-label="Span">
                {spans}
            </div>
        </div>
    }
    .erase()
}

fn content(it: Verdicts, ask: &Ask) -> AnyView {
    let Verdicts { rows, span, pairs } = it;
    if rows.is_empty() && pairs.is_empty() {
        let action = link_button(Look::Primary, format!("/t/{}/playground", ask.team), "Open playground", "columns");
        let words = "Accept, reject or rate an answer in the playground or in History, or report outcomes by the API.";
        return empty_state("scale", "No verdict in this span", words.to_owned(), Some(action));
    }
    let pairs = (!pairs.is_empty()).then(|| {
        view! {
            <section class="page-section" aria-labelledby="verdict-pairs">
                <h2 id="verdict-pairs">"Blind votes on pairs of models"</h2>
                {pair_rows(pairs)}
            </section>
        }
        .erase()
    });
    view! {
        <p class="page-lead">
            {format!("Of requests {span}. Stars and outcomes are what people and their tools said, never the score of a judge.")}
        </p>
        {verdict_table(rows, ask.by)}
        {pairs}
    }
    .into_any()
}

fn verdict_table(rows: Vec<VerdictsRow>, by: VerdictsBy) -> AnyView {
    const OF_MODEL: [Column; 8] = columns("Model");
    const OF_PROMPT: [Column; 8] = columns("Prompt version");
    const OF_TASK: [Column; 8] = columns("Kind of work");
    const OF_TEAM: [Column; 8] = columns("Team");
    let columns: &[Column] = match by {
        VerdictsBy::Model => &OF_MODEL,
        VerdictsBy::PromptVersion => &OF_PROMPT,
        VerdictsBy::TaskClass => &OF_TASK,
        VerdictsBy::Team => &OF_TEAM,
    };
    let rows = views(rows, &|it| row(it, by));
    table("Verdicts", "verdict-table", columns, rows)
}

const fn columns(of: &'static str) -> [Column; 8] {
    [
        text(of),
        figures("Outcomes"),
        figures("Accepted, 95 % interval"),
        figures("With edits"),
        figures("Rejected"),
        figures("Stars, 95 % interval"),
        figures("Changed, median"),
        figures("Blind pairs won"),
    ]
}

fn row(it: VerdictsRow, by: VerdictsBy) -> AnyView {
    let VerdictsRow { of, n, accepted: _, edited, rejected, acceptance, rating, edit_distance, distances, blind_wins } =
        it;
    let name = match (of.is_empty(), by) {
        (true, VerdictsBy::Team) => "All".to_owned(),
        (true, _) => "Not said".to_owned(),
        (false, VerdictsBy::TaskClass) => {
            domain::task::TaskClass::parse(&of).map(task_word).map_or(of.clone(), str::to_owned)
        }
        (false, _) => of.clone(),
    };
    let changed = match edit_distance {
        Some(share) => view! { <span title=plural(u64::from(distances), "edited answer", "edited answers")>{percent(share)}</span> }.erase(),
        None => missing("No edited answer with a known distance"),
    };
    view! {
        <tr>
            <th scope="row" class=if by == VerdictsBy::TaskClass { "" } else { "mono" }>
                {name}
            </th>
            <td class="figures">{n}</td>
            <td class="figures">{share(acceptance, "No outcome")}</td>
            <td class="figures">{edited}</td>
            <td class="figures">{rejected}</td>
            <td class="figures">{stars(rating)}</td>
            <td class="figures">{changed}</td>
            <td class="figures">{share(blind_wins, "No blind vote with a winner")}</td>
        </tr>
    }
    .erase()
}

/// "78.4 % (49.0 to 94.3), n 10"
fn share(it: Share, why: &'static str) -> AnyView {
    if it.n == 0 {
        return missing(why);
    }
    let words = format!("{} ({} to {})", percent(it.value), percent(it.low), percent(it.high));
    view! {
        {words}
        <span class="sub">{format!("n {}", domain::text::thousands(u64::from(it.n)))}</span>
    }
    .into_any()
}

fn stars(it: Spread) -> AnyView {
    if it.n == 0 {
        return missing("No stars");
    }
    let words = format!("{} ({} to {})", hundredths(it.mean), hundredths(it.low), hundredths(it.high));
    view! {
        {words}
        <span class="sub">{format!("n {}", domain::text::thousands(u64::from(it.n)))}</span>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fb_6_the_address_of_the_report_leaves_defaults_out() {
        let ask = Ask { team: "core".to_owned(), ..Ask::default() };
        assert_eq!(ask.address(), "/t/core/verdicts");
        let ask = Ask { by: VerdictsBy::TaskClass, from: "now-7d".to_owned(), ..ask };
        assert_eq!(ask.address(), "/t/core/verdicts?by=task&from=now-7d");
    }
}
