//! Home of a team: the last 24 hours, what is left to do, the newest requests. `?welcome=1` follows set-up.

use domain::team::TeamHome;
use leptos_router::hooks::use_query_map;

use self::first_run::FirstRun;
use super::{history::table::request_table, team};
use crate::{
    api,
    components::{
        button::{Look, link_button},
        erase::Erase,
        fetched::fetch,
        form::Shows,
        icon::icon,
        page::Page,
        reactive::settled,
        reveal::KeyReveal,
        skeleton::Shape,
        stat::{Stat, stats},
    },
    format::{MISSING, plural},
    prelude::*,
};

mod first_run;

#[component]
pub fn Home() -> impl IntoView {
    let team = team();
    let home = fetch(move || team.get(), api::teams::home);
    let revealed = RwSignal::new(None::<Shows>);
    let query = use_query_map();
    let welcome = settled(Memo::new(move |_| query.read().get("welcome").is_some()));
    let actions = view! {
        <a class="button button-primary" href=move || format!("/t/{}/playground", team.get())>
            <span>"Open playground"</span>
        </a>
    }
    .erase();
    view! {
        <Page title="Home" actions=actions>
            {home.loaded(
                Shape::Stats,
                move |it| {
                    let new = it.providers == 0 || (welcome.get_untracked() && it.keys == 0);
                    let team_name = team.get_untracked();
                    view! {
                        {new.then(|| view! { <FirstRun team=team home=home revealed=revealed /> }.erase())}
                        {(!new || it.requests_24h > 0).then(|| figures(&it, &team_name))} {checklist(&it, &team_name)}
                        {recent(it, &team_name)}
                    }
                        .erase()
                },
            )}
        </Page>
        <KeyReveal id="first-key" revealed=revealed />
    }
}

fn figures(it: &TeamHome, team: &str) -> AnyView {
    let share = match it.requests_24h {
        0 => String::new(),
        all => {
            let per_mille = (it.errors_24h * 1_000 + all / 2) / all;
            format!("{}.{} % of {}", per_mille / 10, per_mille % 10, plural(all, "request", "requests"))
        }
    };
    let unpriced = it.unpriced_24h > 0;
    // Nothing but unpriced requests: the sum is not zero, it is unknown.
    let cost_known = it.unpriced_24h < it.requests_24h || it.requests_24h == 0;
    let cost_note = match it.unpriced_24h {
        0 => "estimates, if any, included".to_owned(),
        n => format!("without {}", plural(n, "unpriced request", "unpriced requests")),
    };
    stats(vec![
        Stat {
            label: "Requests, last 24 h",
            figure: domain::text::thousands(it.requests_24h),
            note: if it.requests_24h == 0 { "none yet".to_owned() } else { String::new() },
            href: format!("/t/{team}/history"),
            ..Stat::default()
        },
        Stat {
            label: "Failed, last 24 h",
            figure: domain::text::thousands(it.errors_24h),
            note: share,
            href: format!("/t/{team}/history?from=now-24h&f=status:not:success,running"),
            ..Stat::default()
        },
        Stat {
            label: "Cost, last 24 h",
            figure: if cost_known { it.cost_24h.short() } else { MISSING.to_owned() },
            exact: if cost_known { format!("${}", it.cost_24h.exact()) } else { "Unknown: no price".to_owned() },
            note: cost_note,
            warn: unpriced,
            ..Stat::default()
        },
        Stat {
            label: "Models",
            figure: domain::text::thousands(it.models),
            note: match it.unpriced_models {
                0 => "all priced".to_owned(),
                n => format!("{} unpriced", domain::text::thousands(n)),
            },
            warn: it.unpriced_models > 0,
            href: format!("/t/{team}/models"),
            ..Stat::default()
        },
    ])
}

/// Hidden once everything on it is done.
fn checklist(it: &TeamHome, team: &str) -> AnyView {
    let steps = [
        (it.models > 0, "Connect a model", "A provider and at least one of its models.", "models?add=1"),
        (it.keys > 0, "Create a key", "What your editor or program sends.", "keys?new=1"),
        (
            it.requests_24h > 0 || !it.recent.is_empty(),
            "Make the first call",
            "From a client or the playground.",
            "keys",
        ),
        (it.runs > 0, "Compare models", "One prompt, several answers side by side.", "playground"),
    ];
    if steps.iter().all(|(done, ..)| *done) {
        return ().into_any();
    }
    let rows = steps
        .into_iter()
        .map(|(done, title, text, path)| {
            let words = if done { "done" } else { "to do" };
            view! {
                <li class=if done { "todo todo-done" } else { "todo" }>
                    <span class="todo-mark">{if done { icon("check") } else { icon("circle") }}</span>
                    <a href=format!("/t/{team}/{path}")>{title}</a>
                    <span class="todo-text">{text}</span>
                    <span class="visually-hidden">{words}</span>
                </li>
            }
            .erase()
        })
        .collect::<Vec<_>>();
    view! {
        <section class="page-section" aria-labelledby="home-steps">
            <h2 id="home-steps">"First steps"</h2>
            <ul class="todos">{rows}</ul>
        </section>
    }
    .erase()
}

fn recent(it: TeamHome, team: &str) -> AnyView {
    if it.recent.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="page-section" aria-labelledby="home-recent">
            <div class="section-head">
                <h2 id="home-recent">"Newest requests"</h2>
                {link_button(Look::Quiet, format!("/t/{team}/history"), "All requests", "")}
            </div>
            {request_table(it.recent, team)}
        </section>
    }
    .erase()
}
