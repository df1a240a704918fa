//! Cases out of CSV or JSON lines, pasted, dropped or chosen: the server reads them, a person says which column is which
//! variable, and only then anything changes.

use std::rc::Rc;

use domain::{
    grid::{Case, MAX_CASES},
    run::{MAX_CASES_BYTES, ReadCases},
};

use super::super::{draft::Draft, panel::Panel};
use crate::{
    api, browser,
    components::{
        button::{Look, plain_button},
        erase::{Erase, views},
        later::Later,
        reactive::remade,
        select::choice,
        state::State,
        submit::{Submit, refusal},
        text_box::{TextBox, text_box},
    },
    format::plural,
    prelude::*,
};

const BOX: &str = "cases-text";
const FILE: &str = "cases-file";
/// What a column may be besides a variable.
const NAME: &str = " name";
const SKIP: &str = " skip";

#[derive(Clone, Copy)]
struct Import {
    text: RwSignal<String>,
    read: State<Option<ReadCases>>,
    /// What each column becomes, in the order of the columns.
    roles: State<Vec<String>>,
    submit: Submit,
}

pub fn view(draft: Draft, panel: State<Panel>) -> AnyView {
    let it = Import {
        text: RwSignal::new(String::new()),
        read: State::new(None),
        roles: State::new(Vec::new()),
        submit: Submit::new(),
    };
    let reading = Later::new(300, move |_| it.read());
    let typed = Callback::new(move |text: String| {
        it.text.set(text);
        reading.ask();
    });
    let take = move |event: &leptos::web_sys::Event| {
        browser::event_text(
            event,
            Rc::new(move |text: String| {
                browser::set_field_text(BOX, &text);
                // The drawer may be closed by now.
                let _gone = typed.try_run(text);
            }),
        )
    };
    let field = TextBox {
        id: BOX.to_owned(),
        label: "CSV with a head line, or JSON lines".to_owned(),
        hint: format!("At most {} MiB and {MAX_CASES} cases. Or drop a file here.", MAX_CASES_BYTES / 1024 / 1024),
        placeholder: "topic,language\nparsing,Rust",
        mono: true,
        rows: 10,
        ..TextBox::default()
    };
    view! {
        <div
            class="import"
            on:dragover=move |event| event.prevent_default()
            on:drop=move |event| {
                if take(&event) {
                    event.prevent_default();
                }
            }
        >
            {text_box(field, String::new(), typed, Callback::new(|()| ()))}
            <input
                class="visually-hidden"
                type="file"
                id=FILE
                accept=".csv,.tsv,.jsonl,.ndjson,.json,text/csv,application/json"
                tabindex="-1"
                aria-label="File of cases"
                on:change=move |event| {
                    take(&event);
                    browser::forget_files(&event);
                }
            />
            <div>{plain_button(Look::Secondary, "Choose a file", "file", || browser::click(FILE))}</div>
            {refusal(it.submit.error.into())}
            {remade(move || it.read.track(), move || it.found(draft, panel))}
        </div>
    }
    .erase()
}

impl Import {
    fn read(self) {
        let Some(text) = self.text.try_get_untracked() else { return };
        self.read.set(None);
        if text.trim().is_empty() {
            return self.submit.error.set(None);
        }
        if text.len() > MAX_CASES_BYTES {
            let words = format!("use at most {} MiB", MAX_CASES_BYTES / 1024 / 1024);
            return self.submit.error.set(Some(domain::ApiError::new(domain::ErrorKind::Invalid, words)));
        }
        self.submit.ask(api::playground::AskReadCases { text }, move |read: ReadCases| {
            let role = |name: &String| if name == "name" { NAME.to_owned() } else { name.clone() };
            self.roles.set(read.columns.iter().map(role).collect());
            self.read.set(Some(read));
        });
    }

    fn found(self, draft: Draft, panel: State<Panel>) -> AnyView {
        let Some(read) = self.read.get_untracked() else { return ().into_any() };
        let variables = draft.read(super::columns);
        let columns = read.columns.iter().cloned().enumerate().collect();
        let rows = views(columns, &|(index, column)| self.column(index, column, &variables));
        let count = plural(read.cases.len() as u64, "case", "cases");
        let put = move |replaces: bool| {
            let cases = self.mapped();
            draft.reshape(&|grid| {
                if replaces {
                    grid.cases.clear();
                }
                grid.cases.extend(cases.iter().cloned());
                grid.cases.truncate(MAX_CASES);
            });
            panel.set(Panel::Closed);
        };
        view! {
            <section class="panel-part">
                <h3>{format!("{count} found")}</h3>
                <div class="mapping">{rows}</div>
                <div class="form-actions">
                    {plain_button(Look::Primary, format!("Replace all with {count}"), "", move || put(true))}
                    {plain_button(Look::Secondary, format!("Add {count}"), "plus", move || put(false))}
                </div>
            </section>
        }
        .erase()
    }

    /// Which variable a column of the table is.
    fn column(self, index: usize, column: String, variables: &[String]) -> AnyView {
        let mut choices: Vec<(String, String)> = Vec::new();
        if !variables.contains(&column) {
            choices.push((column.clone(), format!("new variable {column}")));
        }
        choices.extend(variables.iter().map(|name| (name.clone(), format!("variable {name}"))));
        choices.push((NAME.to_owned(), "name of the case".to_owned()));
        choices.push((SKIP.to_owned(), "leave out".to_owned()));
        let now = Signal::derive(move || self.roles.with(|roles| roles.get(index).cloned()).unwrap_or_default());
        let choose = Callback::new(move |value: String| {
            self.roles.update(|roles| {
                if let Some(role) = roles.get_mut(index) {
                    *role = value;
                }
            });
        });
        choice(format!("cases-column-{index}"), format!("Column {column}"), false, choices, now, choose)
    }

    fn mapped(self) -> Vec<Case> {
        let roles = self.roles.get_untracked();
        self.read.with_untracked(|read| read.as_ref().map(|read| mapped(read, &roles)).unwrap_or_default())
    }
}

fn mapped(read: &ReadCases, roles: &[String]) -> Vec<Case> {
    let role_of = |column: &str| read.columns.iter().position(|it| it == column).and_then(|at| roles.get(at));
    let one = |case: &Case| {
        let mut out = Case { values: Vec::new(), ..case.clone() };
        for (column, value) in &case.values {
            match role_of(column).map(String::as_str) {
                Some(NAME) => out.name.clone_from(value),
                Some(SKIP) => {}
                Some(name) => out.values.push((name.to_owned(), value.clone())),
                None => out.values.push((column.clone(), value.clone())),
            }
        }
        out
    };
    read.cases.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pg_14_columns_become_what_somebody_said_they_are() {
        let values = [("a", "1"), ("b", "2"), ("c", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let case = Case { values: values.to_vec(), ..Case::default() };
        let read = ReadCases { columns: ["a", "b", "c"].map(str::to_owned).to_vec(), cases: vec![case] };
        let cases = mapped(&read, &["topic".to_owned(), NAME.to_owned(), SKIP.to_owned()]);
        let expected =
            Case { name: "2".to_owned(), values: vec![("topic".to_owned(), "1".to_owned())], ..Case::default() };
        assert_eq!(cases, [expected]);
    }
}
