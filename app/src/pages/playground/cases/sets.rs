//! Case sets: rows with a name, kept for oneself or for the team.

use domain::run::{CaseSet, NewCaseSet};

use super::super::{draft::Draft, panel::Panel};
use crate::{
    api,
    components::{
        badge::tag,
        button::{Look, icon_button, plain_button},
        erase::{Erase, views},
        fetched::{Fetched, fetch},
        field::{FieldInfo, text_field},
        select::checkbox,
        skeleton::Shape,
        state::State,
        submit::{Submit, form_error},
    },
    format::plural,
    prelude::*,
};

const NAME: FieldInfo =
    FieldInfo { placeholder: "Parsing tasks", ..FieldInfo::new("case-set-name", "name", "Keep these cases as") };

pub fn view(draft: Draft, panel: State<Panel>) -> AnyView {
    let team = draft.team.get_untracked();
    let sets = fetch(move || team.clone(), api::playground::case_sets);
    let submit = Submit::new();
    view! {
        {save(draft, sets, submit)}
        <section class="panel-part">
            <h3>"Kept"</h3>
            {sets.loaded(Shape::Text, move |all| list(draft, panel, sets, submit, all))}
        </section>
    }
    .into_any()
}

fn save(draft: Draft, sets: Fetched<Vec<CaseSet>>, submit: Submit) -> AnyView {
    let (name, shared) = (RwSignal::new(String::new()), RwSignal::new(false));
    let keep = move || {
        let (team, cases) = (draft.team.get_untracked(), draft.read(|grid| grid.cases.clone()));
        let input =
            NewCaseSet { team, name: name.get_untracked().trim().to_owned(), shared: shared.get_untracked(), cases };
        submit.ask(api::playground::SaveCaseSet { input }, move |_| {
            name.set(String::new());
            sets.refetch();
        });
    };
    let count = draft.read(|grid| plural(grid.cases.len() as u64, "case", "cases"));
    view! {
        <section class="panel-part">
            {text_field(NAME, name, submit.of_field("name"))}
            {checkbox("case-set-shared", "Share with the team", "Everybody in the team can load it.", shared)}
            {form_error(submit.error.into())}
            <div>{plain_button(Look::Primary, format!("Keep {count}"), "", keep)}</div>
        </section>
    }
    .erase()
}

fn list(draft: Draft, panel: State<Panel>, sets: Fetched<Vec<CaseSet>>, submit: Submit, all: Vec<CaseSet>) -> AnyView {
    if all.is_empty() {
        return view! { <p class="form-text">"None yet. A set that is kept can be loaded into any prompt with the same variables."</p> }
            .erase();
    }
    let rows = views(all, &|set: CaseSet| {
        let CaseSet { id, name, cases, owner, shared, is_mine } = set;
        let load = move || {
            submit.ask(api::playground::AskCaseSet { team: draft.team.get_untracked(), id }, move |cases| {
                draft.reshape(&|grid| grid.cases.clone_from(&cases));
                panel.set(Panel::Closed);
            });
        };
        let remove = is_mine.then(|| {
            icon_button("x", format!("Remove {name}"), move || {
                let input = api::playground::RemoveCaseSet { team: draft.team.get_untracked(), id };
                submit.ask(input, move |()| sets.refetch());
            })
        });
        view! {
            <li class="kept">
                <div>
                    <p>{name.clone()} {shared.then(|| tag("shared"))}</p>
                    <p class="sub">{plural(u64::from(cases), "case", "cases")} ", " {owner}</p>
                </div>
                {plain_button(Look::Secondary, "Load", "", load)}
                {remove}
            </li>
        }
        .erase()
    });
    view! { <ul class="kept-list">{rows}</ul> }.erase()
}
