//! A whole page around a [`Sheet`]: search, table, buttons, form. One component for all pages of the kind, so that each costs
//! the browser little more than the calls it makes.
//!
//! One more page: a constant of [`SheetPage`] in `pages/`, its arrangement in `crate::sheets`.

use std::{future::Future, pin::Pin, rc::Rc};

use leptos_router::hooks::{use_params_map, use_query_map};

use super::{
    button::{Button, Look},
    empty_state::empty_state,
    erase::Erase,
    fetched::{Fetched, fetch},
    field::{FieldInfo, text_field},
    page::{Page, PageProps, Parent, Width},
    sheet::{Acts, Ask, Block, Fields, Sheet, blocks, wrong_fields},
    skeleton::Shape,
    submit::{Submit, form_error},
};
use crate::{api::Answer, browser, prelude::*};

const FORM: &str = "sheet-form";
const FILE: &str = "sheet-file";

pub type Work<T> = Pin<Box<dyn Future<Output = Answer<T>> + Send>>;

/// Where the subject comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A part of the path.
    Path(&'static str),
    /// Words that are searched for; what the field is called.
    Search(&'static str),
    /// A file that somebody chooses; what the field is called.
    File(&'static str),
}

pub struct SheetPage {
    pub title: &'static str,
    /// Is it a part of the page of models?
    pub of_models: bool,
    pub subject: Subject,
    pub load: fn(Ask) -> Work<Sheet>,
    /// What a button does, and what the form does: they answer with the sentence that is then said.
    pub press: fn(Ask) -> Work<String>,
    pub send: fn(Ask) -> Work<String>,
    /// Icon, title and words of a page that has nothing to show.
    pub empty: (&'static str, &'static str, &'static str),
    /// What stands above the form.
    pub form_title: &'static str,
    pub form_text: &'static str,
    /// Fields of the form besides those of the sheet.
    pub fields: &'static [FieldInfo],
    pub submit: &'static str,
}

/// What the page knows while it is open.
#[derive(Clone, Copy)]
struct State {
    page: &'static SheetPage,
    team: Signal<String>,
    /// Also the name of the file.
    subject: Signal<String>,
    file_name: RwSignal<String>,
    file: RwSignal<String>,
    submit: Submit,
    sheet: Fetched<Sheet>,
}

impl State {
    fn act(self, call: fn(Ask) -> Work<String>, value: String, fields: Fields) {
        let ask = Ask {
            team: self.team.get_untracked(),
            subject: self.subject.get_untracked(),
            file: self.file.get_untracked(),
            value,
            fields,
        };
        self.submit.tell(call(ask), Box::new(move || self.sheet.refetch()));
    }
}

/// What a page has besides its sheet: actions of its header, and what stands below.
pub type Around = (Option<AnyView>, Option<AnyView>);

pub fn sheet_page(page: &'static SheetPage) -> AnyView {
    sheet_page_with(page, |_, _| (None, None))
}

pub fn sheet_page_with(page: &'static SheetPage, around: fn(Signal<String>, Fetched<Sheet>) -> Around) -> AnyView {
    let (params, query) = (use_params_map(), use_query_map());
    let team: Signal<String> = Memo::new(move |_| params.read().get("team").unwrap_or_default()).into();
    let (file_name, file) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let subject = Memo::new(move |_| match page.subject {
        Subject::Path(name) => params.read().get(name).unwrap_or_default(),
        Subject::Search(_) => query.read().get("q").unwrap_or_default(),
        Subject::File(_) => file_name.get(),
    });
    let subject: Signal<String> = subject.into();
    let load = move |_| {
        let (team, subject, file) = (team.get_untracked(), subject.get_untracked(), file.get_untracked());
        // No file is chosen yet: there is nothing to ask for.
        if matches!(page.subject, Subject::File(_)) && subject.is_empty() {
            return Box::pin(std::future::ready(Ok(Sheet::default()))) as Work<Sheet>;
        }
        (page.load)(Ask { team, subject, file, ..Ask::default() })
    };
    let sheet = fetch(move || format!("{} {}", team.get(), subject.get()), load);
    let state = State { page, team, subject, file_name, file, submit: Submit::new(), sheet };
    let parent = page.of_models.then(|| {
        let href = Signal::derive(move || format!("/t/{}/models", team.get()));
        Parent { href, label: "Models" }
    });
    let head = match page.subject {
        Subject::Path(_) => ().into_any(),
        Subject::Search(label) => search(label, subject.get_untracked()),
        Subject::File(label) => file_field(label, state),
    };
    let content = sheet.loaded(Shape::Table, move |it| sheet_view(it, state));
    let (actions, below) = around(team, sheet);
    let children = ToChildren::to_children(move || view! { {head} {content} {below} });
    Page(PageProps { title: page.title, width: Width::Full, parent, actions, children }).into_any()
}

/// A GET form: the address says what was searched for.
fn search(label: &'static str, words: String) -> AnyView {
    view! {
        <form class="filters" method="get" action="">
            <input class="input sheet-search" type="search" name="q" aria-label=label placeholder=label value=words />
            <Button label="Search" icon_name="search" submit=true />
        </form>
    }
    .erase()
}

fn file_field(label: &'static str, state: State) -> AnyView {
    let read = move |_| {
        let done = move |name, text| {
            state.file.set(text);
            // The name is what the page watches; a file of the same name is compared again.
            if state.file_name.get_untracked() == name { state.sheet.refetch() } else { state.file_name.set(name) }
        };
        browser::read_file(FILE, Rc::new(done));
    };
    view! {
        <div class="field sheet-file">
            <p class="form-text">{state.page.form_text}</p>
            <label for=FILE>{label}</label>
            <input class="input" type="file" id=FILE on:change=read />
        </div>
    }
    .erase()
}

fn sheet_view(it: Sheet, state: State) -> AnyView {
    let (icon, title, words) = state.page.empty;
    if it.blocks.is_empty() && !title.is_empty() {
        return empty_state(icon, title, words.to_owned(), None);
    }
    let press = Callback::new(move |value: String| state.act(state.page.press, value, Vec::new()));
    let acts = Acts { press, submit: state.submit };
    let send: OnSubmit = Box::new(move |event| {
        event.prevent_default();
        state.act(state.page.send, String::new(), browser::form_fields(FORM));
    });
    let form = (!it.form.is_empty()).then(|| form(it.form, state, acts, send));
    view! { {blocks(it.blocks, acts)} {form} {form_error(state.submit.error.into())} }.into_any()
}

type OnSubmit = Box<dyn FnMut(leptos::ev::SubmitEvent)>;

fn form(it: Vec<Block>, state: State, acts: Acts, send: OnSubmit) -> AnyView {
    let SheetPage { form_title, form_text, fields, submit: label, .. } = state.page;
    let submit = state.submit;
    let mut texts = Vec::new();
    for field in *fields {
        texts.push(text_field(*field, RwSignal::new(String::new()), submit.of_field(field.name)));
    }
    view! {
        <form class="form sheet-form" id=FORM on:submit=send novalidate=true>
            {(!form_title.is_empty()).then(|| form_head(form_title, form_text))}
            {blocks(it, acts)}
            <div class="form-pair">{texts}</div>
            {wrong_fields(submit)}
            <div class="form-actions">
                <Button look=Look::Primary label=*label submit=true busy=submit.busy />
            </div>
        </form>
    }
    .erase()
}

fn form_head(title: &'static str, text: &'static str) -> AnyView {
    view! {
        <h2>{title}</h2>
        <p class="form-text">{text}</p>
    }
    .into_any()
}
