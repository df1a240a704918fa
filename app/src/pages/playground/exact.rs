//! One sample as it went over the wire: as a client sends it, the same in other languages, what went to providers and what
//! came back (`product.md` PG-16). Secrets never reach this page.

use domain::{
    id::CellId,
    run::{Exact, Snippet, Wire},
};

use super::{live::LiveRun, parts};
use crate::{
    api,
    components::{
        code_block::coloured_block,
        drawer::drawer,
        erase::{Erase, views},
        fetched::fetch,
        json_text::pretty,
        reactive::{live, react},
        skeleton::Shape,
        state::State,
        tabs::Tabs,
    },
    prelude::*,
};

const CLIENT: &str = "Client";
const UPSTREAM: &str = "Upstream";

pub fn exact_drawer(run: LiveRun, shown: State<Option<(CellId, u16)>>) -> AnyView {
    let open = RwSignal::new(false);
    react(move || open.set(shown.with(Option::is_some)));
    react(move || {
        if !open.get() && shown.with_untracked(Option::is_some) {
            shown.set(None);
        }
    });
    let title = Signal::derive(move || match shown.get().and_then(|(cell, _)| run.cell(cell)) {
        Some(cell) => format!("Exact request, {}", run.model(cell.place.variant)),
        None => String::new(),
    });
    drawer("exact-request", title, open, move || match shown.get_untracked() {
        Some((cell, sample)) => parts::wires(run, cell, sample),
        None => ().into_any(),
    })
}

pub fn content(run: LiveRun, cell: CellId, sample: u16) -> AnyView {
    let team = run.team.get_value();
    let exact = fetch(move || team.clone(), move |team| api::runs::exact(team, run.id, cell, sample));
    exact.loaded(Shape::Text, exact_view)
}

fn exact_view(it: Exact) -> AnyView {
    let mut choices = vec![CLIENT.to_owned()];
    choices.extend(it.snippets.iter().map(|snippet| snippet.label.clone()));
    choices.push(UPSTREAM.to_owned());
    let chosen = RwSignal::new(CLIENT.to_owned());
    let body = move || {
        let chosen = chosen.get();
        if chosen == UPSTREAM {
            return upstream(&it.upstream);
        }
        match it.snippets.iter().find(|snippet| snippet.label == chosen) {
            Some(Snippet { label, code }) => coloured_block(label.clone(), language(label), code.clone()),
            None => json("POST /v1/chat/completions", &it.client),
        }
    };
    view! {
        <Tabs label="Form of the request" choices=choices chosen=chosen />
        {live(body)}
    }
    .into_any()
}

/// As the colours call it.
fn language(label: &str) -> &'static str {
    match label {
        "Python" => "python",
        "TypeScript" => "typescript",
        "Rust" => "rust",
        _ => "bash",
    }
}

fn json(label: &str, text: &str) -> AnyView {
    match pretty(text) {
        Some(json) => coloured_block(label.to_owned(), "json", json),
        None => coloured_block(label.to_owned(), "", text.to_owned()),
    }
}

fn upstream(wires: &[Wire]) -> AnyView {
    if wires.is_empty() {
        return view! { <p class="form-text">"Nothing has been sent yet."</p> }.erase();
    }
    let all = wires.len();
    views(wires.iter().enumerate().collect(), &|(index, wire): (usize, &Wire)| wire_view(index, all, wire)).into_any()
}

fn wire_view(index: usize, all: usize, wire: &Wire) -> AnyView {
    let mut headers = String::new();
    for (name, value) in &wire.headers {
        headers.extend([name, ": ", value, "\n"]);
    }
    let status = wire.status.map_or_else(|| "No answer came".to_owned(), |status| format!("Answer, status {status}"));
    let cut = wire.is_cut.then(|| {
        view! { <p class="form-text">"The answer is longer than what is kept: this is its beginning."</p> }.erase()
    });
    let title = if all > 1 { format!("Request {} of {all}", index + 1) } else { "Request".to_owned() };
    view! {
        <section class="panel-part">
            <h3>{title}</h3>
            <p class="mono wrap-anywhere">{format!("POST {}", wire.url)}</p>
            {(!headers.is_empty()).then(|| coloured_block("Headers".to_owned(), "", headers))}
            {json("Body", &wire.body)}
            {(!wire.answer.is_empty()).then(|| json(&status, &wire.answer))}
            {wire.answer.is_empty().then(|| view! { <p class="form-text">{status.clone()}</p> }.erase())}
            {cut}
        </section>
    }
    .erase()
}
