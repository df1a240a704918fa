//! Two to four requests side by side: their figures, then their answers against that of the first.

use domain::{ApiError, ErrorKind, history::Compared, id::RequestId, run::DiffMode};
use leptos_router::hooks::{use_navigate, use_query_map};

use super::table::status;
use crate::{
    api::{self, Answer, Failure},
    components::{
        erase::{Erase, views},
        fetched::fetch,
        markdown::{MarkdownText, markdown},
        page::{Page, Parent},
        reactive::settled,
        skeleton::Shape,
        tabs::segments,
        time::time,
    },
    format::{amount, duration_or_dash, row_tokens},
    pages::{playground::diff_view, team},
    prelude::*,
};

const MODES: [(&str, &str); 4] = [("answers", "Answers"), ("words", "Words"), ("lines", "Lines"), ("json", "JSON")];

#[component]
pub fn HistoryCompare() -> impl IntoView {
    let team = team();
    let query = crate::components::reactive::settled(use_query_map());
    let asked = settled(Memo::new(move |_| {
        query.with(|query| (query.get("ids").unwrap_or_default(), query.get("diff").unwrap_or_default()))
    }));
    let compared = fetch(
        move || asked.with(|(ids, mode)| format!("{ids} {mode}")),
        move |_| {
            let (ids, mode) = asked.get_untracked();
            get(team.get_untracked(), ids, mode)
        },
    );
    let parent = Parent { href: Signal::derive(move || format!("/t/{}/history", team.get())), label: "History" };
    let navigate = use_navigate();
    let choose = Callback::new(move |mode: &'static str| {
        let ids = asked.with_untracked(|(ids, _)| ids.clone());
        let diff = if mode == "answers" { String::new() } else { format!("&diff={mode}") };
        let options = leptos_router::NavigateOptions {
            replace: true,
            scroll: false,
            ..leptos_router::NavigateOptions::default()
        };
        navigate(&format!("/t/{}/history/compare?ids={ids}{diff}", team.get_untracked()), options);
    });
    let mode = move || MODES.iter().find(|it| asked.with(|asked| asked.1 == it.0)).map_or("answers", |it| it.0);
    view! {
        <Page title="Compare requests" parent=parent>
            <div class="view-bar">{segments("Show", &MODES, Signal::derive(mode), choose)}</div>
            {compared.loaded(Shape::Text, move |all| {
                let is_diff = untrack(mode) != "answers";
                columns(all, &team.get_untracked(), is_diff)
            })}
        </Page>
    }
}

async fn get(team: String, ids: String, mode: String) -> Answer<Vec<Compared>> {
    let ids: Option<Vec<RequestId>> = ids.split(',').filter(|id| !id.is_empty()).map(RequestId::parse).collect();
    let mode = match mode.as_str() {
        "lines" => DiffMode::Lines,
        "json" => DiffMode::Json,
        _ => DiffMode::Words,
    };
    match ids.filter(|ids| (2..=4).contains(&ids.len())) {
        Some(ids) => api::history::compare(team, ids, mode).await,
        None => Err(Failure(ApiError::new(ErrorKind::Invalid, "choose two to four requests of the list"))),
    }
}

fn columns(all: Vec<Compared>, team: &str, is_diff: bool) -> AnyView {
    let class = format!("grid grid-one layout-grid cols-{}", all.len());
    let first = all.first().map(|it| it.public.clone()).unwrap_or_default();
    let cells = views(all, &|it| column(it, team, is_diff, &first));
    view! {
        <div class=class tabindex="0" role="region" aria-label="Requests side by side">
            {cells}
        </div>
    }
    .erase()
}

fn column(it: Compared, team: &str, is_diff: bool, first: &str) -> AnyView {
    let Compared { row, public, content, answer, diff } = it;
    let cost = amount(row.cost, row.unpriced, row.usage_source);
    let (input, output) = row_tokens(&row);
    let heading = format!("compare-{public}");
    let is_base = public == first;
    let body = match (content.lock.is_some(), is_diff && !is_base) {
        (true, _) => {
            view! { <p class="cell-waiting">"What was said is not here: open the request for the reason."</p> }.erase()
        }
        (false, true) if diff.is_empty() => {
            view! { <p class="cell-same">"The same answer as that of the first request."</p> }.erase()
        }
        (false, true) => diff_view(diff),
        (false, false) => {
            let text = MarkdownText::new(&answer);
            text.end();
            markdown(text)
        }
    };
    let metric = |label: &'static str, figure: String| {
        view! {
            <div class="metric">
                <dt>{label}</dt>
                <dd>{figure}</dd>
            </div>
        }
        .erase()
    };
    view! {
        <section class="cell compared" aria-labelledby=heading.clone()>
            <div class="cell-head">
                <h2 class="mono compared-name" id=heading.clone()>
                    <a href=format!("/t/{team}/history/{}", row.request)>{row.model.clone()}</a>
                </h2>
                {status(row.state, row.outcome)}
                {is_base.then(|| view! { <span class="tag">"base"</span> }.erase())}
            </div>
            <div class="cell-body" tabindex="0" role="region" aria-labelledby=heading.clone()>
                {body}
            </div>
            <div class="cell-foot">
                <dl class="metrics">
                    {metric("Cost", cost.text)} {metric("First byte", duration_or_dash(row.first_byte_ms))}
                    {metric("Total", duration_or_dash(row.total_ms))} {metric("Tokens", format!("{input} in, {output} out"))}
                    {metric("Provider", row.provider.clone())} {metric("Caller", row.caller.clone())}
                </dl>
                <p class="cell-notes">{time(row.time)}</p>
            </div>
        </section>
    }
    .erase()
}
